"""What `read()` returns: the tables of one or more captures, made when first asked for."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from operator import index
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.arguments import cache_wanted, inputs_wanted, paths, wireshark_wanted
from analyzer.capture.inputs import Input, RemoteInput
from analyzer.capture.packet_objects import PacketInput
from analyzer.decode_as import Given, read_rules
from analyzer.derived import Derived
from analyzer.errors import UsageError
from analyzer.negotiation.model import Negotiation
from analyzer.pipeline import Options, run
from analyzer.reading import Progress, read_inputs
from analyzer.tables.collect import Collector, Columns, Tables
from analyzer.tables.schema import MADE_OF, TABLES

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

    from analyzer.cache.cache import Cache
    from analyzer.cache.made import About, Made
    from analyzer.capture.tshark_source import Wireshark
    from analyzer.cluster.cluster import Cluster
    from analyzer.notebook.explorer import Explorer
    from analyzer.report.exchange import Exchanged
    from analyzer.report.findings import Audited
    from analyzer.report.overview.summary import Summary


class Analysis:
    """The result of reading captures.

    Attributes `negotiations`, `tokens`, `offers`, `anomalies`, `captures`, `kdc`, `names`, `hosts` and
    `findings` are pandas frames with the columns and dtypes of docs/tables.md, also when empty. `errors`
    lists inputs that could not be read, `damaged` tells whether any input was cut or corrupt, `notices` what
    of a cache could not be used or kept.
    """

    def __init__(self, inputs: list[Input], tables: Tables, options: Options) -> None:
        self.inputs = inputs
        self.errors: list[str] = []
        self.notes: list[str] = []
        self.notices: list[str] = []
        self.cache: Cache | None = None
        self.cluster: Cluster | None = None  # while it reads
        self.damaged = False
        self.options = options
        self.asked: frozenset[str] = frozenset(TABLES)
        """What the caller has named, of tables and what is made of them."""
        self.jobs = 1
        """Processes that read."""
        self.jobs_asked = False  # that many are wanted whatever they gain
        self.derived = Derived(lambda: self.tables, tables.wanted)
        self._tables = tables
        self._waiting: Callable[[], None] | None = None  # fills the tables
        self._frames: dict[str, pd.DataFrame] = {}
        self._made: dict[str, Columns] = {}  # tables that need no rows of others any more
        self._last_ids: list[int] = []  # per input: number of its last negotiation

    @property
    def tables(self) -> Tables:
        """All rows. Those that wait in a cache until somebody looks are fetched now."""
        if self._waiting is not None:
            self._fetch(self._waiting)
        return self._tables

    def _fetch(self, fill: Callable[[], None]) -> None:
        """Fill the tables, or leave all as it is."""
        told: list[list[Any]] = [self.inputs, self.errors, self.notes, self._last_ids]
        before = [list(listed) for listed in told]
        empty, captures = self._tables, self._made.pop("captures")
        self._waiting, self._tables = None, empty.blank()
        for listed in told:
            listed.clear()
        try:
            fill()
        except BaseException:
            self._waiting, self._tables, self._made["captures"] = fill, empty, captures
            for listed, was in zip(told, before, strict=True):
                listed[:] = was
            raise

    def finished(self, source: Input, *, damaged: bool) -> None:
        """Note that an input has been read and its rows are in the tables."""
        self.inputs.append(source)
        self.damaged = self.damaged or damaged
        self._last_ids.append(self._tables.numbered)

    def put_off(self, made: Made, inputs: list[Input], fetch: Callable[[], None]) -> None:
        """Take what `made` knows of the captures, and `fetch` rows only when somebody looks at them."""
        about = made.about
        assert about is not None
        self.inputs += inputs
        self._last_ids += about.last_ids
        self.errors += about.errors
        self.notes += about.notes
        self.damaged = about.damaged
        self.derived.kept = made
        self._made["captures"] = about.captures
        self._waiting = fetch

    def about(self, sources: Sequence[Input]) -> About:
        """What there is to know without rows, of an analysis of these."""
        from analyzer.cache.made import About  # noqa: PLC0415 - only with a cache

        places = {source.identity: place for place, source in enumerate(sources)}
        captures = {name: list(cells) for name, cells in self.columns("captures").items()}
        read = [places[source.identity] for source in self.inputs]
        told = list(self.errors), list(self.notes)
        return About(read, list(self._last_ids), self.damaged, *told, captures)

    def columns(self, name: str) -> Columns:
        """Return the table `name` as lists of plain values; KeyError if there is no such table."""
        if name == "hosts" and name not in self._made:
            self._made[name] = self.derived.hosts()
        if name == "findings" and name not in self._made:
            self._made[name] = self.audit().columns
        return self._made[name] if name in self._made else self.tables.columns[name]

    def frame(self, name: str) -> pd.DataFrame:
        """Return the table `name` as a pandas frame; KeyError if there is no such table."""
        if name not in self._frames:
            from analyzer.tables.frame import to_frame  # noqa: PLC0415 - pandas only on demand

            self._frames[name] = to_frame(self._tables.schema[name], self.columns(name))
        return self._frames[name]

    @property
    def negotiations(self) -> pd.DataFrame:
        """One row per negotiation."""
        return self.frame("negotiations")

    @property
    def tokens(self) -> pd.DataFrame:
        """One row per token."""
        return self.frame("tokens")

    @property
    def offers(self) -> pd.DataFrame:
        """One row per offered mechanism."""
        return self.frame("offers")

    @property
    def anomalies(self) -> pd.DataFrame:
        """One row per oddity."""
        return self.frame("anomalies")

    @property
    def captures(self) -> pd.DataFrame:
        """One row per input, with what was lost of it."""
        return self.frame("captures")

    @property
    def kdc(self) -> pd.DataFrame:
        """One row per request to a Kerberos KDC and its answer."""
        return self.frame("kdc")

    @property
    def hosts(self) -> pd.DataFrame:
        """One row per client and one per server of each capture, made of the other tables."""
        return self.frame("hosts")

    @property
    def names(self) -> pd.DataFrame:
        """One row per look-up of a name, and per name that a client showed in TLS."""
        return self.frame("names")

    @property
    def findings(self) -> pd.DataFrame:
        """One row per thing that a rule of docs/rules.md found, for each subject; most severe first."""
        return self.frame("findings")

    def audit(
        self,
        rules: str | Sequence[str] | None = None,
        suppress: str | PathLike[str] | None = None,
    ) -> Audited:
        """Judge the tables by rules: who offers or uses what is weak, how sure that is, and what to do.

        `rules`: ids of docs/rules.md, beginnings of ids, or families, as a list or with commas; all by
        default. `suppress`: a TOML file of findings to leave out. Returns
        `analyzer.report.findings.Audited`, which prints as a table, shows in a notebook and has a `frame`.
        Raises `UsageError` for a rule that there is not, a file that is wrong, or where `read` was told to
        leave out tables that rules look at.
        """
        from datetime import UTC, datetime  # noqa: PLC0415 - only here

        from analyzer.audit.registry import chosen_rules  # noqa: PLC0415 - only where asked for
        from analyzer.audit.suppress import apply, read_suppressions  # noqa: PLC0415
        from analyzer.report.findings import Audited  # noqa: PLC0415

        missing = MADE_OF["findings"] - self._tables.wanted
        if missing:
            raise UsageError(f"an audit needs the tables left out: {', '.join(sorted(missing))}")
        chosen = chosen_rules(rules)
        entries = [] if suppress is None else read_suppressions(suppress)
        found = self.derived.findings(chosen)
        kept, hidden, notes = apply(found, entries, datetime.now(UTC).date())
        return Audited(kept, chosen, hidden, notes)

    def summary(self) -> Summary:
        """Tell what was read and lost, who used what, why NTLM, what failed, and what is weak.

        The result prints as text and shows as tables in a notebook; its `frame` counts negotiations by
        carrier, mechanism, mechanism_detail, outcome and reason.
        """
        from analyzer.report.overview.summary import Summary  # noqa: PLC0415
        from analyzer.tables.summary import summary_frame  # noqa: PLC0415

        parts = self.derived.overview().sections(None)
        return Summary(parts, lambda: summary_frame(self.tables.columns["negotiations"]))

    def to_parquet(self, folder: str | PathLike[str]) -> None:
        """Write every table that was asked for to `folder`, as `negotiations.parquet` and so on.

        All files appear when all are written. Times are UTC, dicts are JSON text. Raises `UsageError` where
        nothing can be written.
        """
        from analyzer.tables.folder import filled_at_once  # noqa: PLC0415 - only where asked for
        from analyzer.tables.parquet import write_parquet  # noqa: PLC0415 - brings DuckDB along

        with filled_at_once(Path(folder)) as staging:
            for name, table in self._tables.schema.items():
                if name in self._tables.wanted:
                    columns = self.columns(name)
                    rows = range(len(columns[table.names[0]]))
                    write_parquet(table, columns, rows, table.names, staging / f"{name}.parquet")

    def matrix(
        self,
        rows: str = "client",
        columns: str = "mechanism",
        *,
        values: str = "count",
        margins: bool = False,
    ) -> pd.DataFrame:
        """Count negotiations by two columns of theirs, most frequent first; nulls are `(none)`.

        `values`: `count`, or `outcome` for one count per outcome. `margins` adds the sums as `(all)`.
        Raises `UsageError` for a column that `negotiations` has not, with those that look like it.
        """
        from analyzer.tables.matrix import matrix_frame  # noqa: PLC0415 - pandas only on demand

        negotiations = self.tables.columns["negotiations"]
        return matrix_frame(negotiations, rows, columns, values=values, margins=margins)

    def negotiation(self, negotiation_id: int) -> Exchanged:
        """Return one negotiation with all its steps and tokens, by reading its capture again.

        Raises `UsageError` if there is no negotiation of that number.
        """
        place = self._place_of(negotiation_id)
        found = self._looked_into(place)[negotiation_id - self._ids_before(place) - 1]
        return self._exchanged(place, found, negotiation_id)

    def exchanges_with(self, negotiation_id: int) -> list[Exchanged]:
        """Return all negotiations of the capture that holds this one, which is read once for all."""
        place = self._place_of(negotiation_id)
        first = self._ids_before(place) + 1
        looked_into = enumerate(self._looked_into(place), first)
        return [self._exchanged(place, found, number) for number, found in looked_into]

    def _place_of(self, negotiation_id: int) -> int:
        """Which input holds a negotiation; `UsageError` if none does."""
        count = len(self.tables.columns["negotiations"]["negotiation_id"])
        try:
            negotiation_id = index(negotiation_id)  # numpy's integers are as good
        except TypeError:
            raise UsageError(f"{negotiation_id!r} is no negotiation's number") from None
        if not 1 <= negotiation_id <= count:
            raise UsageError(f"no negotiation {negotiation_id}; there are {count}")
        return bisect_left(self._last_ids, negotiation_id)

    def exchanges(self) -> Iterator[Exchanged]:
        """Every negotiation with its steps and tokens, in order: each capture is read again.

        Captures that are gone once they are read (standard input, packets of a generator) are left out.
        """
        for place in range(len(self.inputs)):
            with suppress(UsageError):
                first = self._ids_before(place) + 1
                for number, found in enumerate(self._looked_into(place), first):
                    yield self._exchanged(place, found, number)

    def _ids_before(self, place: int) -> int:
        """Number of the last negotiation before those of an input."""
        return self._last_ids[place - 1] if place else 0

    def _exchanged(self, place: int, found: Negotiation, negotiation_id: int) -> Exchanged:
        from analyzer.report.exchange import Exchanged  # noqa: PLC0415

        columns = self.tables.columns["negotiations"]
        row = {name: cells[negotiation_id - 1] for name, cells in columns.items()}
        return Exchanged(found, self.inputs[place].name, row)

    def _looked_into(self, place: int) -> list[Negotiation]:
        """All negotiations of an input with their steps; `UsageError` if it is gone."""
        source = self.inputs[place]
        if source.is_standard_input:
            raise UsageError(
                "standard input is gone once it is read: save it to a file to look closer"
            )
        if isinstance(source, PacketInput) and source.is_gone:
            raise UsageError(
                "these packets are gone once they are read: give a list to look closer"
            )
        return _negotiations_of(source, self.options, self._ids_before(place))

    def to_html(
        self,
        path: str | PathLike[str],
        *,
        with_secrets: bool = False,
        told: Callable[[int], object] | None = None,
    ) -> None:
        """Write a report as one HTML file that needs nothing else and can be handed on.

        It has the summary, pictures, findings with what to do, and the explorer for all negotiations, and
        is the same for the same captures. `with_secrets` also shows NTLM responses and tickets. `told(n)`
        hears how many negotiations are written. Raises `UsageError` where the file cannot be written.
        """
        from analyzer import __version__  # noqa: PLC0415
        from analyzer.report.overview.inputs import inputs  # noqa: PLC0415
        from analyzer.report.page import report_html  # noqa: PLC0415
        from analyzer.report.written import written  # noqa: PLC0415

        names = [source.name for source in self.inputs]
        title = names[0] if len(names) == 1 else f"{len(names)} captures"
        page = report_html(
            f"Authentication in {title}",
            __version__,
            [inputs(self.columns("captures"), timed=False), *self.derived.overview().parts[1:]],
            self.audit().findings,
            self.tables.columns["negotiations"],
            self.exchanges(),
            with_secrets=with_secrets,
            told=told,
        )
        with written(path) as out:
            out.write(page)

    def explore(self, *, with_secrets: bool = False) -> Explorer:
        """Show a widget to look around in: negotiations, the ladder of one, a token and its bytes.

        For JupyterLab, marimo and others that know anywidget; needs `pip install 'negoscope[notebook]'`.
        `with_secrets` also shows NTLM responses and tickets. Raises `UsageError` without anywidget.
        """
        try:
            from analyzer.notebook.explorer import Explorer  # noqa: PLC0415 - an extra
        except ImportError:
            raise UsageError(
                "the explorer needs anywidget: pip install 'negoscope[notebook]'"
            ) from None
        return Explorer(self, with_secrets=with_secrets)

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def __repr__(self) -> str:
        rows = len(self.tables.columns["negotiations"]["capture"])
        return f"<Analysis of {len(self.inputs)} capture(s): {rows} negotiation(s)>"


def _negotiations_of(source: Input, options: Options, before: int) -> list[Negotiation]:
    tables = Tables(frozenset(), keep_steps=True)
    tables.numbered = before  # so that they have their numbers, and refer to each other by them
    collector = Collector(tables, source.name)
    again = replace(options, progress=None, per_message_tokens=True)
    account, seconds = run(source, collector, again)
    collector.close(account, seconds)
    return tables.kept


def read(
    captures: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    tables: Iterable[str] | None = None,
    decode_as: Given = None,
    progress: Progress | bool | None = None,
    with_secrets: bool = False,
    engine: str = "native",
    tls_keylog: str | PathLike[str] | None = None,
    rotated: bool = True,
    jobs: int | None = 1,
    cache: str | PathLike[str] | Cache | None = None,
    client: Client | str | None = None,
    cluster_dir: str | PathLike[str] | None = None,
    insecure_cluster: bool = False,
) -> Analysis:
    """Read captures to their end and return their `Analysis`.

    `captures`: a path, a directory, a glob, `-` for standard input, or several of them. `tables`: names of
    the tables wanted (all by default; fewer is faster). `decode_as`: whose bytes go over a port, as a rule
    `tcp.port==4450,smb`, several of them, or a mapping `{("tcp", 4450): "smb"}`; with the engine `tshark`
    also rules that only Wireshark knows. `progress(input, bytes_read)` is called as an input is read; True
    draws a bar for each large input. `with_secrets` adds the tokens' bytes (NTLM responses, tickets) to
    `tokens`. `engine`: what reads packets, `native`, `scapy` or `tshark`
    (docs/engines.md); with `tshark`, `tls_keylog` names a TLS key log by which connections are decrypted.
    `rotated`: the files that one capture process has written in turn (`dumpcap -b`) are read as one capture,
    told by their names and times. `jobs`: how many processes read; None: one per processor where the captures
    are large enough to gain by it. Rows are the same for any number. A script that asks for more than one
    guards its own start (`if __name__ == "__main__":`), as with `multiprocessing`. `cache`: a folder where
    the rows of each capture are kept, and what is made of all of them, and found again as long as the files,
    the options and this program are the same; nothing is kept with secrets, of standard input, or by the
    engine `tshark`.

    `client`: a `distributed.Client`, or the address of a scheduler: workers of a dask.distributed cluster
    read, each one capture at a time, and rows are those of one process (docs/scale.md). Captures may lie at
    URLs that fsspec knows (`s3://bucket/x.pcap`). `cluster_dir`: a directory or URL that all workers share,
    where rows lie until they are merged; only a cluster on this machine needs none. A cluster that others
    can reach without encryption is refused unless `insecure_cluster` allows it.

    Raises `UsageError` if a path does not exist, the engine is not there or nobody knows a rule,
    `CaptureError` if none of the inputs is a capture. With several inputs the readable ones are used; the
    others are in `errors` and have a row in `captures`.
    """
    how = wireshark_wanted(engine, tls_keylog)
    analysis = begin(tables=tables, decode_as=decode_as, with_secrets=with_secrets, wireshark=how)
    if engine == "scapy":
        analysis.options.by_scapy = True
        analysis.tables.engine = engine
    analysis.jobs = (os.cpu_count() or 1) if jobs is None else jobs
    analysis.jobs_asked = jobs is not None
    if analysis.jobs < 1:
        raise UsageError(f"{jobs} processes can't read; give 1 or more")
    if client is not None and analysis.jobs_asked and analysis.jobs > 1:
        raise UsageError("jobs are processes of this machine; a cluster brings its own workers")
    if cache is not None:
        analysis.cache = cache_wanted(cache, analysis)
    sources = inputs_wanted(paths(captures), analysis)
    if how is not None and any(isinstance(source, RemoteInput) for source in sources):
        raise UsageError("Wireshark reads files, not URLs: fetch them first, or use another engine")
    if rotated and len(sources) > 1:
        from analyzer.capture.rotated import join_rotated  # noqa: PLC0415 - a single file needs none of it

        sources = join_rotated(sources)
    with ExitStack() as meanwhile:
        if progress is True:
            from analyzer.report.progress import ProgressBar  # noqa: PLC0415 - only where one is wanted

            progress = meanwhile.enter_context(ProgressBar()).update
        if client is not None:
            from analyzer.cluster.cluster import cluster  # noqa: PLC0415 - only where there is one

            secrets = with_secrets or tls_keylog is not None
            analysis.cluster = meanwhile.enter_context(
                cluster(client, cluster_dir, insecure=insecure_cluster, secrets=secrets)
            )
            meanwhile.callback(setattr, analysis, "cluster", None)
        return read_inputs(sources, analysis, progress or None)


def begin(
    *,
    tables: Iterable[str] | None = None,
    decode_as: Given = None,
    with_secrets: bool = False,
    wireshark: Wireshark | None = None,
) -> Analysis:
    """Make an `Analysis` without any input yet."""
    named = frozenset(TABLES if tables is None else tables)
    wanted = named.union(*(MADE_OF[name] for name in named & MADE_OF.keys())) & TABLES.keys()
    rules = read_rules(decode_as, with_wireshark=wireshark is not None)
    if wireshark is not None:
        wireshark = wireshark.with_rules(rules.for_wireshark)
    options = Options(
        decode_as=rules.carriers, per_message_tokens="tokens" in wanted, wireshark=wireshark
    )
    made = Tables(wanted, secrets=with_secrets)
    if wireshark is not None:
        made.engine = wireshark.name
    analysis = Analysis([], made, options)
    analysis.asked = named
    return analysis


def token(given: bytes | bytearray | memoryview | str | PathLike[str]) -> Any:
    """Explain a token given as bytes, base64, hex, header line, curl -v output, HAR, or a file of these.

    Returns `analyzer.report.explained.Explained`, which prints as a tree and shows as nested lists in a
    notebook; `ExplainedExchange`, with the negotiation they make, for text that holds several tokens.
    Raises `UsageError` if there is none.
    """
    from analyzer.explain import explain  # noqa: PLC0415

    return explain(given)
