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

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
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
    made = analysis.tables
    for source, collector, done in _read_or_recall(list(sources), analysis, progress):
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
    if analysis.cache is not None:
        analysis.notices += analysis.cache.notices
    if not analysis.inputs:  # nothing could be read: the caller's mistake
        said = analysis.errors or analysis.notes or ["no captures there"]
        raise CaptureError(said[0] if len(said) == 1 else f"{said[0]} (and {len(said) - 1} more)")
    return analysis


def _read_or_recall(
    sources: list[Input], analysis: Analysis, progress: Progress | None
) -> Iterator[Read]:
    """Read captures of which nothing is kept, and keep their rows; add kept rows of the others.

    While they are read all tables are made, so that whatever is asked next is there.
    """
    cache, made = analysis.cache, analysis.tables
    if cache is None:
        yield from _read_each(sources, analysis, progress)
        return
    from analyzer.cache.cache import KEPT, marks  # noqa: PLC0415 - only where asked for

    asked = made.wanted
    made.wanted = asked | set(KEPT)
    analysis.options.per_message_tokens = True
    found = cache.look_up(sources, analysis.options)
    unknown = [source for source, (_, known) in zip(sources, found, strict=True) if not known]
    reading = _read_each(unknown, analysis, progress)
    for source, (proof, is_known) in zip(sources, found, strict=True):
        if is_known and proof is not None:
            damaged = cache.recall(proof, source, made, asked)
            if damaged is not None:
                analysis.finished(source, damaged=damaged)
                continue
        before = marks(made)
        read = next(_read_each([source], analysis, progress) if is_known else reading)
        yield read
        if proof is not None and not isinstance(read[2], str):
            cache.keep(proof, source, analysis.options, made, before)
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
