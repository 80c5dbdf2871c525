"""Tokens without a capture: one explained as a tree, several put together to the negotiation they are.

Pasted HTTP heads go through the same carrier and machines as a capture's streams do, so that statuses
count; single tokens make legs of one exchange whose carrier is not known. Frames are the numbers of
messages or tokens, in the order in which they were given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analyzer.capture.model import NO_TIME, Stream
from analyzer.errors import UsageError
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.negotiation.rebuild import StreamNegotiations
from analyzer.pasted.model import CLIENT, SERVER, Pasted, Talk
from analyzer.pasted.reading import read_pasted
from analyzer.pipeline import Options, StreamReader
from analyzer.report.exchange import Exchanged
from analyzer.report.explained import Explained, ExplainedExchange, explain_token
from analyzer.tables.rows import negotiation_row
from analyzer.tables.schema import TABLES
from dissectors.carriers.base import CarrierMessage, Exchange
from dissectors.tokens import dissect_token
from dissectors.tokens.model import (
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
    NegTokenInit,
    NegTokenInit2,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Token,
)

CAPTURE_STARTS = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)

GIVEN = "given text"
NOWHERE = "0.0.0.0"  # noqa: S104 - an address where text has none
OF_CAPTURES = (
    "stream_id", "community_id", "started", "ended", "duration_ms", "client", "client_port", "server",
    "server_port",
)  # fmt: skip

_SENDERS: dict[type[Token], int] = {
    NtlmNegotiate: CLIENT,
    NtlmChallenge: SERVER,
    NtlmAuthenticate: CLIENT,
    KrbApReq: CLIENT,
    KrbApRep: SERVER,
    KrbError: SERVER,
    KrbTgtReq: CLIENT,
    KrbTgtRep: SERVER,
    NegTokenInit2: SERVER,
    NegTokenInit: CLIENT,
}


def explain(given: bytes | str) -> Explained | ExplainedExchange:
    """Explain what was given: a token's bytes, or text that holds one or more tokens.

    Raises `UsageError` if it holds none.
    """
    if isinstance(given, bytes):
        if given.startswith(CAPTURE_STARTS):
            raise UsageError("token: this is a capture: negoscope tokens and show read it")
        return explain_token(given)
    found = read_pasted(given)
    if len(found.tokens) == 1 and not found.talks:
        return explain_token(found.tokens[0].data, line=found.tokens[0].line)
    collected = _Collected()
    for talk in found.talks:
        collected.talk(talk)
    if found.tokens:
        collected.tokens(found.tokens)
    return collected.result()


class _Collected:
    """Takes what the pipeline finds in pasted text, as `pipeline.Sink` does for captures."""

    def __init__(self) -> None:
        self._steps: list[tuple[Step, int]] = []
        self._negotiations: list[Negotiation] = []
        self._lines: dict[int, int] = {}
        self._frame = 0

    def talk(self, talk: Talk) -> None:
        """Read the HTTP messages of one origin; a successful CONNECT begins another connection."""
        reader: StreamReader | None = None
        offsets = [0, 0]
        tunnel = False
        for head in talk:
            if reader is None:
                host = next(
                    (h[5:].strip() for h in head.headers if h.lower().startswith("host:")), ""
                )
                reader = StreamReader(_stream(host or "server"), self, Options())
                offsets = [0, 0]
            self._frame += 1
            self._lines[self._frame] = head.line
            data = head.wire()
            reader.deliver(head.side, offsets[head.side], data, self._frame, NO_TIME)
            offsets[head.side] += len(data)
            if head.side == CLIENT:
                tunnel = head.first.startswith("CONNECT ")
            elif tunnel and head.first.split()[1].startswith("2"):
                reader.end(None, "capture-end", self._frame, NO_TIME)
                reader = None
        if reader is not None:
            reader.end(None, "capture-end", self._frame, NO_TIME)

    def tokens(self, tokens: list[Pasted]) -> None:
        """Make the tokens the legs of one exchange."""
        stream = _stream("server")
        negotiations = StreamNegotiations(stream, self.negotiation)
        exchange = Exchange(carrier="unknown")
        last: int | None = None
        for pasted in tokens:
            self._frame += 1
            self._lines[self._frame] = pasted.line
            side = _side(pasted, last)
            last = side
            token = dissect_token(pasted.data, from_acceptor=side == SERVER)
            hint = isinstance(token, NegTokenInit2)
            message = CarrierMessage(
                "hint" if hint else "request" if side == CLIENT else "response",
                side,
                None if hint else exchange,
                self._frame,
                (self._frame,),
                NO_TIME,
                token=pasted.data,
                context={"carrier": "unknown"} if hint else {},
            )
            negotiations.add(message, token)
            assert negotiations.latest is not None
            self._steps.append((negotiations.latest, self._frame))
        negotiations.end()

    # -- as a sink -------------------------------------------------------------------------------------

    def token(self, _stream: Stream, step: Step, _carrier: str, _negotiation: Any) -> None:
        """One token."""
        self._steps.append((step, step.frame))

    def negotiation(self, negotiation: Negotiation) -> None:
        """One finished negotiation."""
        self._negotiations.append(negotiation)

    def schemes(self, *_told: Any) -> None:
        """Scheme names without a token are no token."""

    def anomaly(self, _noticed: NoticedAnomaly) -> None:
        """What is odd about a token is told with the token."""

    def result(self) -> Explained | ExplainedExchange:
        """All tokens in order, and the negotiations that they make."""
        self._negotiations.sort(key=lambda negotiation: negotiation.first_frame)
        exchanges = []
        for number, negotiation in enumerate(self._negotiations, 1):
            negotiation.negotiation_id = number
            exchanges.append(Exchanged(negotiation, GIVEN, _row(negotiation)))
        tokens = [
            explain_token(step.token, role=step.role, line=self._lines[frame], number=frame)
            for step, frame in self._steps
            if step.token is not None
        ]
        if len(tokens) == 1 and all(
            len(negotiation.steps) == 1 for negotiation in self._negotiations
        ):
            return replace(tokens[0], number=None)
        return ExplainedExchange(tuple(tokens), tuple(exchanges))


def _stream(server: str) -> Stream:
    return Stream(0, "tcp", "client", 0, server, 0, 1, NO_TIME, "carrier")


def _row(negotiation: Negotiation) -> dict[str, Any]:
    """Cells of the `negotiations` row, without those that only a capture can fill."""
    named = negotiation.stream
    negotiation.stream = replace(named, client=NOWHERE, server=NOWHERE)
    cells = dict(
        zip(TABLES["negotiations"].names, negotiation_row(GIVEN, negotiation), strict=True)
    )
    negotiation.stream = named
    return cells | dict.fromkeys(OF_CAPTURES)


def _side(pasted: Pasted, last: int | None) -> int:
    """Who sent a token: as it was marked, by what it is, else the one who did not send the last."""
    if pasted.side is not None:
        return pasted.side
    token = dissect_token(pasted.data)
    for part in (token.inner, token):
        if part is not None and type(part) in _SENDERS:
            return _SENDERS[type(part)]
    return CLIENT if last == SERVER else SERVER if last == CLIENT else CLIENT
