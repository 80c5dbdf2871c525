"""Our tokens of one capture, as objects with their row of the `tokens` table."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount, Stream
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.pipeline import Options, run
from analyzer.surroundings.model import Fact
from analyzer.tables.schema import TABLES
from analyzer.tables.token_rows import token_row
from dissectors.records import dataclass
from dissectors.tokens.model import Token

_NAMES = TABLES["tokens"].names


@dataclass(slots=True)
class OurToken:
    """One token that we found."""

    row: dict[str, Any]  # of the tokens table
    token: Token
    side: int  # 0: sent by the client

    @property
    def frame(self) -> int:
        """Frame that completes it."""
        return int(self.row["frame"])

    @property
    def stream_id(self) -> int:
        """Number of its connection."""
        return int(self.row["stream_id"])


@dataclass(slots=True)
class OurReading:
    """What we read of a capture, as far as tshark is held against it."""

    account: CaptureAccount
    tokens: list[OurToken] = field(default_factory=list)
    lost_in: dict[int, int] = field(default_factory=dict)
    """Stream -> frame in which bytes of it were first found missing, or cut."""


class _Sink:
    """Keeps tokens and losses."""

    def __init__(self, capture: str) -> None:
        self._capture = capture
        self.tokens: list[OurToken] = []
        self.lost_in: dict[int, int] = {}

    def token(
        self,
        stream: Stream,
        step: Step,
        carrier: str,
        _negotiation: Negotiation | None,
    ) -> None:
        assert step.token is not None
        row = token_row(self._capture, stream, step, carrier)
        named = dict(zip(_NAMES, row, strict=True))
        self.tokens.append(OurToken(named, step.token, step.side))

    def negotiation(self, negotiation: Negotiation) -> None:
        for noticed in negotiation.anomalies:
            self.anomaly(noticed)

    def schemes(self, *_: object) -> None:
        """Names without a token are of no interest here."""

    def surrounding(self, fact: Fact) -> None:
        """Facts without a token are of no interest here."""

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        lost = noticed.anomaly.code in _LOSSES
        if lost and noticed.stream_id is not None and noticed.frame is not None:
            known = self.lost_in.get(noticed.stream_id, noticed.frame)
            self.lost_in[noticed.stream_id] = min(known, noticed.frame)


_LOSSES = frozenset({"gap", "cut-off", "snaplen"})


def our_reading(source: Input, carriers: dict[tuple[str, int], str] | None = None) -> OurReading:
    """Read a capture, `carriers` by transport and server port.

    Tokens come in order of frame, connection and place. Raises `CaptureError`.
    """
    sink = _Sink(source.name)
    account, _ = run(source, sink, Options(decode_as=carriers or {}))
    order = ("frame", "stream_id", "token_index")
    sink.tokens.sort(key=lambda token: tuple(token.row[name] for name in order))
    return OurReading(account, sink.tokens, sink.lost_in)
