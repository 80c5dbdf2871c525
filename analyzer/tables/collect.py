"""Gather what the pipeline says of one or more captures into table columns.

Columns are plain lists in schema order; pandas is not needed for them. Of a finished negotiation only its
row is kept, unless `keep_steps` asks for the objects (to show one of them).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from analyzer.capture.model import CaptureAccount, Stream
from analyzer.correlation import correlate, link_forward
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.negotiation.site import Site, may_be_one
from analyzer.surroundings.kdc_chains import link_chains
from analyzer.surroundings.model import Fact, SchemesListed, Surroundings
from analyzer.tables import rows
from analyzer.tables.blocks import Block
from analyzer.tables.gc_pause import gc_paused
from analyzer.tables.kdc_rows import kdc_row
from analyzer.tables.name_rows import name_row
from analyzer.tables.packed import Cells
from analyzer.tables.schema import TABLES, schema
from analyzer.tables.token_rows import token_row
from analyzer.tables.waiting_negotiations import WaitingNegotiations
from analyzer.tables.waiting_rows import WaitingRows
from dissectors.carriers.base import CarrierMessage
from dissectors.records import NamedTuple
from dissectors.span import Span

Entry = TypeVar("Entry")

Columns = Mapping[str, Sequence[Any]]
"""A table by the names of its columns."""

REFERRING = frozenset({"tokens", "offers", "kdc"})
"""Tables whose rows refer to negotiations before these have numbers."""
ROWS_AT_ONCE = 1024
"""Rows that are held besides their columns."""
LOOK_AHEAD = 16
"""Negotiations behind a list of schemes among which the one is looked for that the list was for."""


class Listed(NamedTuple):
    """A list of names that a server's carrier gave; each becomes a row of `offers`."""

    stream_id: int
    client: str
    server: str
    carrier: str
    site: Site | None
    schemes: tuple[str, ...]
    frame: int
    ts_ns: int
    tls: bool


class Gathered(NamedTuple):
    """What a `Collector` holds of a capture, or of a share of it, that it is handed on with."""

    negotiations: list[Negotiation]
    tokens: WaitingRows
    offers: WaitingRows
    lists: list[Listed]
    anomalies: list[NoticedAnomaly]
    surroundings: Surroundings
    token_count: int


class Collector:
    """Sink of one capture; `columns` of a `Tables` grow by it when the capture is done."""

    def __init__(self, tables: Tables, capture: str, *, packs: bool = True) -> None:
        self._tables = tables
        self._capture = capture
        packs = packs and not tables.keep_steps and tables.wanted.isdisjoint(REFERRING)
        self._negotiations = WaitingNegotiations(packs=packs)
        self._tokens = WaitingRows(tables.schema["tokens"])
        self._hint_places: dict[int, tuple[Step, int]] = {}  # id(step) -> step, place in _tokens
        self._offers = WaitingRows(tables.schema["offers"])
        self._lists: list[Listed] = []
        self._anomalies: list[NoticedAnomaly] = []
        self._surroundings = Surroundings()
        self.token_count = 0
        self.found = 0  # negotiations that are over

    def token(
        self, stream: Stream, step: Step, carrier: str, negotiation: Negotiation | None
    ) -> None:
        """Make the token's row."""
        self.token_count += 1
        if "tokens" not in self._tables.wanted:
            return
        row = token_row(self._capture, stream, step, carrier)
        if self._tables.secrets:
            assert step.token is not None
            row.append(step.token.raw.hex())
        place = self._tokens.add(row, negotiation)
        if step.message.kind == "hint":
            self._hint_places[id(step)] = (step, place)

    def negotiation(self, negotiation: Negotiation) -> None:
        """Keep a finished negotiation until its number is known."""
        self.found += 1
        self._anomalies.extend(negotiation.anomalies)
        if "offers" in self._tables.wanted:
            for row in rows.offer_rows(self._capture, negotiation):
                self._offers.add(row, negotiation)
        if negotiation.own_hint:
            self._claim_hints(negotiation)
        if not self._tables.keep_steps:
            negotiation.let_go()
        self._negotiations.add(negotiation)

    def _claim_hints(self, negotiation: Negotiation) -> None:
        for step in negotiation.steps:
            known = self._hint_places.pop(id(step), None)
            if known is not None:
                self._tokens.give(known[1], negotiation)

    def schemes(
        self, stream: Stream, carrier: str, site: Site | None, said: CarrierMessage
    ) -> None:
        """Keep a carrier's own list of names until it is known whose negotiation it leads to."""
        ends = stream.client, stream.server, stream.server_port
        schemes, frame, whole = said.schemes, said.frame, not said.context.get("cut")
        self._surroundings.add_list(SchemesListed(*ends, carrier, frame, schemes, whole, site))
        if "offers" in self._tables.wanted:
            tls = bool(said.context.get("tls"))
            about = (carrier, site, schemes, frame, said.ts_ns, tls)
            self._lists.append(Listed(stream.stream_id, stream.client, stream.server, *about))

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        """Keep an anomaly that belongs to no negotiation."""
        self._anomalies.append(noticed)

    def surrounding(self, fact: Fact) -> None:
        """Keep what may explain a negotiation."""
        self._surroundings.add(fact)

    def blank(self) -> Collector:
        """Make one like this that has gathered nothing, for another process that sends it back."""
        return Collector(self._tables.blank(), self._capture, packs=False)

    def gathered(self) -> Gathered:
        """All that was gathered, as it can be sent to another process."""
        return Gathered(
            self._negotiations.all(),
            self._tokens,
            self._offers,
            self._lists,
            self._anomalies,
            self._surroundings,
            self.token_count,
        )

    def take(self, part: Gathered, number_of: Callable[[int], int] | None = None) -> None:
        """Add what another process has gathered; `number_of` gives streams their numbers."""
        if number_of is not None:
            part = _renumbered(part, number_of)
        self.found += len(part.negotiations)
        self._negotiations.extend(part.negotiations)
        self._tokens.join(part.tokens, number_of)
        self._offers.join(part.offers, number_of)
        self._lists += part.lists
        self._anomalies += part.anomalies
        self._surroundings.join(part.surroundings)
        self.token_count += part.token_count

    def close(self, account: CaptureAccount, seconds: float) -> None:
        """Number the negotiations and add every row to the tables."""
        tables, negotiations = self._tables, self._negotiations.all()
        negotiations.sort(key=lambda n: (n.frames[0], n.stream.stream_id))  # and as they began
        for number, negotiation in enumerate(negotiations, tables.numbered + 1):
            negotiation.negotiation_id = number
        tables.numbered += len(negotiations)
        self._surroundings.put_in_order()
        link_chains(self._surroundings.kdc)
        correlate(negotiations, self._surroundings)
        in_order = ("frame", "stream_id", "token_index")
        tables.grow_by("tokens", self._tokens.columns(in_order))
        self._give_lists(negotiations)
        tables.grow_by("offers", self._offers.columns(("frame", "by", "rank")))
        self._anomalies.sort(key=_place_of)
        if "kdc" in tables.wanted:
            tables.extend("kdc", (kdc_row(self._capture, each) for each in self._surroundings.kdc))
        if "names" in tables.wanted:
            facts = self._surroundings.all_names()
            tables.extend("names", (name_row(self._capture, fact) for fact in facts))
        oddities = (rows.anomaly_row(self._capture, each) for each in self._anomalies)
        tables.extend("anomalies", oddities)
        counts = (self.token_count, len(negotiations), len(self._anomalies))
        tables.add(
            "captures", rows.capture_row(self._capture, account, counts, seconds, tables.engine)
        )
        if tables.keep_steps:
            link_forward(negotiations)
            tables.kept.extend(negotiations)
        self._anomalies.clear()
        over = _let_go(negotiations)
        tables.extend("negotiations", (rows.negotiation_row(self._capture, each) for each in over))

    def _give_lists(self, negotiations: list[Negotiation]) -> None:
        """A list of schemes belongs to the next negotiation about it on its connection, if there is one."""
        if not self._lists:
            return  # as where nobody wants `offers`
        following: dict[tuple[int, str], list[Negotiation]] = {}
        for negotiation in negotiations:  # in order of first frame
            key = negotiation.stream.stream_id, negotiation.carrier
            following.setdefault(key, []).append(negotiation)
        for listed in self._lists:
            takers = following.get((listed.stream_id, listed.carrier), [])
            at = bisect_right(takers, listed.frame, key=lambda taker: taker.first_frame)
            later = takers[at : at + LOOK_AHEAD]
            owner = next((taker for taker in later if may_be_one(taker.site, listed.site)), None)
            taken = None if owner is None else owner.scheme
            for row in rows.scheme_rows(self._capture, listed, taken):
                self._offers.add(row, owner)
        self._lists.clear()


def _let_go(gathered: list[Entry]) -> Iterator[Entry]:
    """Hand them out in order and keep none: here and as columns they would take twice the room."""
    gathered.reverse()
    while gathered:
        yield gathered.pop()


def _place_of(noticed: NoticedAnomaly) -> tuple[bool, int, Span, int, str, str]:
    """Where an anomaly goes in its table, whoever told it first."""
    frame, anomaly, stream_id = noticed.frame, noticed.anomaly, noticed.stream_id
    where = (frame is None, frame or 0, anomaly.span, -1 if stream_id is None else stream_id)
    return (*where, anomaly.code, anomaly.detail)


def _renumbered(part: Gathered, number_of: Callable[[int], int]) -> Gathered:
    """Put the streams' final numbers in the place of provisional ones; rows get theirs as they join."""
    streams = {id(negotiation.stream): negotiation.stream for negotiation in part.negotiations}
    streams |= {id(exchange.stream): exchange.stream for exchange in part.surroundings.kdc}
    for stream in streams.values():
        stream.stream_id = number_of(stream.stream_id)
    lists = [listed._replace(stream_id=number_of(listed.stream_id)) for listed in part.lists]
    anomalies = [
        noticed
        if noticed.stream_id is None
        else noticed._replace(stream_id=number_of(noticed.stream_id))
        for noticed in part.anomalies
    ]
    return part._replace(lists=lists, anomalies=anomalies)


class Tables:
    """All tables as columns of plain values."""

    def __init__(
        self,
        wanted: frozenset[str] = frozenset(TABLES),
        *,
        keep_steps: bool = False,
        secrets: bool = False,
    ) -> None:
        self.wanted = wanted | {"negotiations", "captures"}
        self.secrets = secrets
        self.schema = schema(secrets=secrets)
        self.keep_steps = keep_steps
        self.engine = "native"
        self.numbered = 0
        self.kept: list[Negotiation] = []  # only with keep_steps
        self._growing = {
            name: {column.name: Cells(column.kind) for column in table.columns}
            for name, table in self.schema.items()
        }
        self.columns: dict[str, Columns] = dict(self._growing)

    def add(self, table: str, row: rows.Row) -> None:
        """Append one row, cells in schema order."""
        self.extend(table, [row])

    def extend(self, table: str, made: Iterable[rows.Row]) -> None:
        """Append rows, cells in schema order; they are turned to columns some at a time."""
        columns = self._growing[table].values()
        coming = iter(made)
        with gc_paused():
            while some := list(islice(coming, ROWS_AT_ONCE)):
                for column, cells in zip(columns, zip(*some, strict=True), strict=True):
                    column.extend(cells)

    def grow(self, table: str, made: Columns) -> None:
        """Append rows that are columns already, by their names."""
        for name, column in self._growing[table].items():
            column.extend(made[name])

    def grow_packed(self, table: str, made: Mapping[str, Block], count: int) -> None:
        """Append that many rows, each column of which is one block, by their names."""
        for name, column in self._growing[table].items():
            column.take(made[name], count)

    def grow_by(self, table: str, made: Iterable[tuple[str, Sequence[Any]]]) -> None:
        """Append rows that come as columns, one after the other."""
        growing = self._growing[table]
        for name, cells in made:
            growing[name].extend(cells)

    def forget(self, table: str) -> None:
        """Drop all rows of a table."""
        made = {column.name: Cells(column.kind) for column in self.schema[table].columns}
        self._growing[table] = self.columns[table] = made

    def blank(self) -> Tables:
        """Make tables of the same kind without rows."""
        return Tables(self.wanted, secrets=self.secrets)

    def unreadable(self, capture: str, error: str) -> None:
        """Add the `captures` row of an input that is no capture."""
        row: rows.Row = [None] * len(TABLES["captures"].columns)
        names = TABLES["captures"].names
        row[names.index("capture")] = capture
        row[names.index("complete")] = False
        row[names.index("error")] = error
        self.add("captures", row)
