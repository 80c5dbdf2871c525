"""Gather what the pipeline says of one or more captures into table columns.

Columns are plain lists in schema order; pandas is not needed for them. Of a finished negotiation only its
row is kept, unless `keep_steps` asks for the objects (to show one of them).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from analyzer.capture.model import CaptureAccount, Stream
from analyzer.correlation import correlate
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.surroundings.kdc_chains import link_chains
from analyzer.surroundings.model import Fact, SchemesListed, Surroundings
from analyzer.tables import rows
from analyzer.tables.kdc_rows import kdc_row
from analyzer.tables.name_rows import name_row
from analyzer.tables.schema import TABLES, schema
from analyzer.tables.token_rows import token_row

Columns = dict[str, list[Any]]


class Collector:
    """Sink of one capture; `columns` of a `Tables` grow by it when the capture is done."""

    def __init__(self, tables: Tables, capture: str) -> None:
        self._tables = tables
        self._capture = capture
        self._negotiations: list[Negotiation] = []
        self._tokens: list[tuple[rows.Row, Negotiation | None]] = []
        self._hint_places: dict[int, tuple[Step, int]] = {}  # id(step) -> step, index in _tokens
        self._offers: list[tuple[rows.Row, Negotiation | None]] = []
        self._lists: list[tuple[int, str, int, list[rows.Row]]] = []  # stream, carrier, frame, rows
        self._anomalies: list[NoticedAnomaly] = []
        self._surroundings = Surroundings()
        self.token_count = 0

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
        if step.message.kind == "hint":
            self._hint_places[id(step)] = (step, len(self._tokens))
        self._tokens.append((row, negotiation))

    def negotiation(self, negotiation: Negotiation) -> None:
        """Keep a finished negotiation until its number is known."""
        self._negotiations.append(negotiation)
        self._anomalies.extend(negotiation.anomalies)
        if "offers" in self._tables.wanted:
            self._offers.extend(
                (row, negotiation) for row in rows.offer_rows(self._capture, negotiation)
            )
        if negotiation.own_hint:
            self._claim_hints(negotiation)
        if not self._tables.keep_steps:
            negotiation.steps = []

    def _claim_hints(self, negotiation: Negotiation) -> None:
        for step in negotiation.steps:
            known = self._hint_places.pop(id(step), None)
            if known is not None:
                self._tokens[known[1]] = (self._tokens[known[1]][0], negotiation)

    def schemes(self, stream: Stream, carrier: str, schemes: tuple[str, ...], frame: int) -> None:
        """Make the rows of a carrier's own list of names."""
        ends = stream.client, stream.server, stream.server_port
        self._surroundings.add_list(SchemesListed(*ends, carrier, frame, schemes))
        if "offers" in self._tables.wanted:
            made = rows.scheme_rows(self._capture, stream, carrier, schemes, frame)
            self._lists.append((stream.stream_id, carrier, frame, made))

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        """Keep an anomaly that belongs to no negotiation."""
        self._anomalies.append(noticed)

    def surrounding(self, fact: Fact) -> None:
        """Keep what may explain a negotiation."""
        self._surroundings.add(fact)

    def close(self, account: CaptureAccount, seconds: float) -> None:
        """Number the negotiations and add every row to the tables."""
        tables = self._tables
        self._negotiations.sort(key=lambda n: (n.first_frame, n.stream.stream_id, n.last_frame))
        for number, negotiation in enumerate(self._negotiations, tables.numbered + 1):
            negotiation.negotiation_id = number
        tables.numbered += len(self._negotiations)
        self._surroundings.put_in_order()
        link_chains(self._surroundings.kdc)
        correlate(self._negotiations, self._surroundings)
        for negotiation in self._negotiations:
            tables.add("negotiations", rows.negotiation_row(self._capture, negotiation))
        self._tokens.sort(key=lambda pair: (pair[0][3], pair[0][2], pair[0][12]))
        for row, owner in self._tokens:
            if owner is not None:
                row[1] = (owner.passed_to or owner).negotiation_id
            tables.add("tokens", row)
        self._give_lists()
        self._offers.sort(key=lambda pair: (pair[0][12], pair[0][5], pair[0][6]))
        for row, owner in self._offers:
            row[1] = owner.negotiation_id if owner is not None else None
            tables.add("offers", row)
        self._anomalies.sort(key=lambda n: (n.frame is None, n.frame or 0, n.anomaly.span))
        if "kdc" in tables.wanted:
            for exchange in self._surroundings.kdc:
                tables.add("kdc", kdc_row(self._capture, exchange))
        if "names" in tables.wanted:
            for fact in self._surroundings.names:
                tables.add("names", name_row(self._capture, fact))
        for noticed in self._anomalies:
            tables.add("anomalies", rows.anomaly_row(self._capture, noticed))
        counts = (self.token_count, len(self._negotiations), len(self._anomalies))
        tables.add(
            "captures", rows.capture_row(self._capture, account, counts, seconds, tables.engine)
        )
        if tables.keep_steps:
            tables.kept.extend(self._negotiations)

    def _give_lists(self) -> None:
        """A list of schemes belongs to the next negotiation of its connection, if there is one."""
        following: dict[tuple[int, str], list[Negotiation]] = {}
        for negotiation in self._negotiations:  # in order of first frame
            key = negotiation.stream.stream_id, negotiation.carrier
            following.setdefault(key, []).append(negotiation)
        scheme, selected = (TABLES["offers"].names.index(name) for name in ("mech", "selected"))
        for stream_id, carrier, frame, made in self._lists:
            takers = following.get((stream_id, carrier), [])
            at = bisect_right(takers, frame, key=lambda taker: taker.first_frame)
            owner = takers[at] if at < len(takers) else None
            for row in made:
                row[selected] = owner is not None and row[scheme] == owner.scheme
                self._offers.append((row, owner))


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
        self.columns: dict[str, Columns] = {
            name: {column: [] for column in table.names} for name, table in self.schema.items()
        }
        self._appenders = {
            name: [values.append for values in columns.values()]
            for name, columns in self.columns.items()
        }

    def add(self, table: str, row: rows.Row) -> None:
        """Append one row, cells in schema order."""
        for append, cell in zip(self._appenders[table], row, strict=True):
            append(cell)

    def unreadable(self, capture: str, error: str) -> None:
        """Add the `captures` row of an input that is no capture."""
        row: rows.Row = [None] * len(TABLES["captures"].columns)
        names = TABLES["captures"].names
        row[names.index("capture")] = capture
        row[names.index("complete")] = False
        row[names.index("error")] = error
        self.add("captures", row)
