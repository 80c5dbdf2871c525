"""Reads inputs in the way that is wanted: alone, by several processes, by a cluster, from rows once kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount
from analyzer.errors import CaptureError
from analyzer.pipeline import Options, run
from analyzer.tables.collect import Collector
from analyzer.tables.gc_pause import gc_paused
from analyzer.tables.schema import MADE_OF

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.cache.proof import Proof
    from analyzer.cluster.merge import CaptureRows

Progress = Callable[[Input, int], None]
"""Is told the bytes of an input that have been read so far."""


@runtime_checkable
class Watcher(Protocol):
    """A `Progress` that tells more than bytes."""

    def watch(self, account: Counted, collector: Found, together: Sequence[Input] = ()) -> None:
        """What follows is of this capture: look here for what has been counted and found so far.

        `together`: it is of all these, read side by side.
        """


class Counted(Protocol):
    """Has counted packets: a `CaptureAccount`."""

    @property
    def packets(self) -> int:
        """So far."""


class Found(Protocol):
    """Has found negotiations: a `Collector`."""

    @property
    def found(self) -> int:
        """So far."""


Reader = Callable[[Input, Collector, Options, CaptureAccount], tuple[CaptureAccount, float]]

Read = tuple[Input, "Collector | CaptureRows", tuple[CaptureAccount, float] | str]
"""A capture, what was gathered of it, and its account and the seconds it took, or why it can't be read."""


def read_inputs(
    sources: Iterable[Input], analysis: Analysis, progress: Progress | None = None
) -> Analysis:
    """Read all `sources` into `analysis`; see `read`."""
    captures = list(sources)
    if analysis.cache is None:
        _read_all(_read_each(captures, analysis, progress), analysis)
        return analysis
    from analyzer.cache.proof import prove  # noqa: PLC0415 - only where asked for

    analysis.cache.notices = analysis.notices  # also of what is made and kept later
    proofs = [prove(source, analysis.options) for source in captures]
    if not _put_off(captures, proofs, analysis):
        _read_or_recall(captures, proofs, analysis, progress)
    return analysis


def _put_off(sources: list[Input], proofs: list[Proof | None], analysis: Analysis) -> bool:
    """Read and recall no rows where all that is asked for was made of them before; see `Analysis.tables`."""
    from analyzer.cache.made import Made  # noqa: PLC0415 - only where asked for

    proven = [proof for proof in proofs if proof is not None]
    if analysis.errors or not analysis.asked <= MADE_OF.keys() or len(proven) < len(proofs):
        return False
    assert analysis.cache is not None
    made = Made(analysis.cache, [source.name for source in sources], proven)
    found = [made.find(what) for what in sorted(analysis.asked)]
    if not found or None in found:
        return False
    made.about = about = found[0]
    assert about is not None
    inputs = [sources[place] for place in about.read]
    analysis.put_off(made, inputs, lambda: _read_or_recall(sources, proofs, analysis, None))
    return True


def _read_or_recall(
    sources: list[Input], proofs: list[Proof | None], analysis: Analysis, progress: Progress | None
) -> None:
    """Read captures of which nothing is kept, and keep their rows; add kept rows of the others."""
    from analyzer.cache.made import Made  # noqa: PLC0415 - only where asked for

    assert analysis.cache is not None
    held: list[Proof] = []
    unknown = bool(analysis.errors)  # paths that there are not: no proof tells when they are
    _read_all(_with_cache(sources, proofs, analysis, progress, held), analysis)
    if len(held) == len(sources) and not unknown:
        made = analysis.derived.kept = Made(
            analysis.cache, [source.name for source in sources], held
        )
        made.about = analysis.about(sources)


def _read_all(reading: Iterable[Read], analysis: Analysis) -> None:
    """Add the rows of what is read."""
    made = analysis.tables
    for source, collector, done in reading:
        if isinstance(done, str):
            if source.from_directory:
                analysis.notes.append(done)
            else:
                analysis.errors.append(done)
                made.unreadable(source.name, done.removeprefix(f"{source.name}: "))
            continue
        account, seconds = done
        with gc_paused():
            collector.close(account, seconds)
        analysis.finished(source, damaged=account.damaged)
    if not analysis.inputs:  # nothing could be read: the caller's mistake
        said = analysis.errors or analysis.notes or ["no captures there"]
        raise CaptureError(said[0] if len(said) == 1 else f"{said[0]} (and {len(said) - 1} more)")


def _with_cache(
    sources: list[Input],
    proofs: list[Proof | None],
    analysis: Analysis,
    progress: Progress | None,
    held: list[Proof],
) -> Iterator[Read]:
    """Read what is not kept, and keep it; recall the rest. `held` gets proofs that the rows are of.

    While captures are read all tables are made, so that whatever is asked next is there.
    """
    from analyzer.cache.cache import KEPT, marks  # noqa: PLC0415 - only where asked for

    cache, made, options = analysis.cache, analysis.tables, analysis.options
    assert cache is not None
    asked = made.wanted
    made.wanted = asked | set(KEPT)
    options.per_message_tokens = True
    found = cache.look_up(sources, proofs, options)
    unknown = [source for source, (_, known) in zip(sources, found, strict=True) if not known]
    reading = _read_each(unknown, analysis, progress)
    for source, (proof, is_known) in zip(sources, found, strict=True):
        if is_known and proof is not None:
            damaged = cache.recall(proof, source, made, asked)
            if damaged is not None:
                analysis.finished(source, damaged=damaged)
                held.append(proof)
                continue
        before = marks(made)
        read = next(_read_each([source], analysis, progress) if is_known else reading)
        yield read
        if proof is not None and cache.still_holds(proof, source, options):
            held.append(proof)
            if not isinstance(read[2], str):
                cache.keep(proof, source, made, before)
        for name in made.wanted - asked:
            made.forget(name)
    made.wanted = asked


def _read_each(
    sources: list[Input], analysis: Analysis, progress: Progress | None
) -> Iterator[Read]:
    """Read captures, with as many processes as are wanted and worth it; tell them in their order."""
    made, options, jobs = analysis.tables, analysis.options, analysis.jobs or 1
    if analysis.cluster is not None:
        yield from analysis.cluster.read(sources, made, options, progress)
        return
    reader: Reader = run
    way = "alone"
    if jobs > 1:
        from analyzer.parallel.reading import way_of_sharing  # noqa: PLC0415 - only where asked for

        native = options.wireshark is None
        way = way_of_sharing(sources, jobs, asked=analysis.jobs_asked, shares=native)
    if way == "files":
        from analyzer.parallel.files import read_files  # noqa: PLC0415
        from analyzer.parallel.tally import Tally  # noqa: PLC0415

        tally = Tally(sources, progress)
        if isinstance(progress, Watcher):
            progress.watch(tally, tally, sources)
        yield from read_files(sources, made, options, jobs, tally)
        return
    if way == "shares":
        from analyzer.parallel.shares import read_shared  # noqa: PLC0415

        reader = partial(read_shared, jobs=jobs)
    for source in sources:
        collector = Collector(made, source.name)
        account = CaptureAccount()
        options.progress = _progress_of(source, progress)
        if isinstance(progress, Watcher):
            progress.watch(account, collector)
        try:
            yield source, collector, reader(source, collector, options, account)
        except CaptureError as error:
            yield source, collector, str(error)


def _progress_of(source: Input, progress: Progress | None) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda count: progress(source, count)
