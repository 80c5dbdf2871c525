"""Tokens without a capture: one explained as a tree, several put together to the negotiation they are.

Pasted HTTP heads go through the same carrier and machines as a capture's streams do, so that statuses
count; single tokens make legs of one exchange whose carrier is not known. Frames are the numbers of
messages or tokens, in the order in which they were given.
"""

from __future__ import annotations

import re
from dataclasses import replace
from os import PathLike
from typing import Any

from analyzer.capture.model import NO_TIME, Stream
from analyzer.correlation import correlate, link_forward
from analyzer.errors import UsageError
from analyzer.negotiation.model import ACCEPTOR, INITIATOR, Negotiation, NoticedAnomaly, Step
from analyzer.negotiation.rebuild import StreamNegotiations
from analyzer.pasted.given import read_file, text_or_bytes
from analyzer.pasted.model import CLIENT, SERVER, Head, Pasted, Talk
from analyzer.pasted.reading import Found, read_pasted
from analyzer.pipeline import Options, StreamReader
from analyzer.report.exchange import Exchanged
from analyzer.report.explained import Explained, ExplainedExchange, explain_token
from analyzer.surroundings.model import Surroundings
from analyzer.tables.rows import negotiation_row
from analyzer.tables.schema import TABLES
from dissectors.carriers.base import CarrierMessage, Exchange
from dissectors.recognise import kind_of
from dissectors.tokens import dissect_token
from dissectors.tokens.model import NegTokenInit2, Token
from dissectors.tokens.sender import sender_of

CAPTURE_STARTS = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)

GIVEN = "given text"
GIVEN_WORDS = "the given text"
ONE_FRAME = re.compile(r"\[frames (?=\d+, [a-z])")
NOWHERE = "0.0.0.0"  # noqa: S104 - an address where text has none
OF_CAPTURES = (
    "stream_id", "community_id", "started", "ended", "duration_ms", "client", "client_port", "server",
    "server_port",
)  # fmt: skip


def explain(given: object) -> Explained | ExplainedExchange:
    """Explain what was given: a token's bytes, text that holds one or more tokens, or a path of either.

    Bytes that are base64 or other text of a token are read as text. Raises `UsageError` if there is no
    token, or if it is nothing of these.
    """
    if isinstance(given, PathLike):
        given = read_file(given)
    if isinstance(given, (bytearray, memoryview)):
        given = bytes(given)
    if isinstance(given, bytes):
        return _of_bytes(given)
    if not isinstance(given, str):
        raise UsageError(f"token() takes bytes, text or a path, not {type(given).__name__}")
    return _of_text(read_pasted(given))


def _of_bytes(given: bytes) -> Explained | ExplainedExchange:
    if given.startswith(CAPTURE_STARTS):
        raise UsageError("token: this is a capture: negoscope tokens and show read it")
    text = text_or_bytes(given)
    if isinstance(text, str) and text.strip() and kind_of(given) == "opaque":
        try:
            return _of_text(read_pasted(text))
        except UsageError:
            pass  # a caller who hands over bytes means these
    return _alone(Pasted(given))


def _of_text(found: Found) -> Explained | ExplainedExchange:
    if len(found.tokens) == 1 and not found.talks:
        return _alone(found.tokens[0])
    collected = _Collected()
    collected.talks(found.talks)
    if found.tokens:
        collected.tokens(found.tokens)
    return collected.result()


def _alone(pasted: Pasted) -> Explained:
    """One token, of who is told or shown to have sent it."""
    side = _known_side(pasted)
    role = None if side is None else ACCEPTOR if side == SERVER else INITIATOR
    return explain_token(_dissected(pasted, side), role=role, line=pasted.line)


def _dissected(pasted: Pasted, side: int | None) -> Token:
    return dissect_token(pasted.data, from_acceptor=None if side is None else side == SERVER)


def _known_side(pasted: Pasted) -> int | None:
    """Who sent a token: as it was marked, else by what it is; None if neither tells."""
    if pasted.side is not None:
        return pasted.side
    sender = sender_of(dissect_token(pasted.data))
    return None if sender is None else SERVER if sender == ACCEPTOR else CLIENT


class _Collected:
    """Takes what the pipeline finds in pasted text, as `pipeline.Sink` does for captures."""

    def __init__(self) -> None:
        self._steps: list[tuple[Step, int]] = []
        self._negotiations: list[Negotiation] = []
        self._lines: dict[int, int] = {}
        self._frame = 0

    def talks(self, talks: list[Talk]) -> None:
        """Read the HTTP messages of all origins, numbered as they stand in the text."""
        heads = sorted((head for talk in talks for head in talk), key=lambda head: head.line)
        numbers = {id(head): number for number, head in enumerate(heads, 1)}
        for talk in talks:
            self._talk([(numbers[id(head)], head) for head in talk])
        self._steps.sort(key=lambda step: step[1])

    def _talk(self, talk: list[tuple[int, Head]]) -> None:
        """Read the HTTP messages of one origin; a successful CONNECT begins another connection."""
        reader: StreamReader | None = None
        offsets = [0, 0]
        tunnel = False
        for number, head in talk:
            if reader is None:
                host = next(
                    (h[5:].strip() for h in head.headers if h.lower().startswith("host:")), ""
                )
                reader = StreamReader(_stream(host or "server"), self, Options())
                offsets = [0, 0]
            self._frame = number
            self._lines[number] = head.line
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
            side = _known_side(pasted)
            if side is None:  # the one who did not send the last
                side = SERVER if last == CLIENT else CLIENT
            last = side
            token = _dissected(pasted, side)
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

    def surrounding(self, _fact: Any) -> None:
        """KDC traffic never comes as a pasted token."""

    def anomaly(self, _noticed: NoticedAnomaly) -> None:
        """What is odd about a token is told with the token."""

    def result(self) -> Explained | ExplainedExchange:
        """All tokens in order, and the negotiations that they make."""
        self._negotiations.sort(key=lambda negotiation: negotiation.first_frame)
        for number, negotiation in enumerate(self._negotiations, 1):
            negotiation.negotiation_id = number
        correlate(self._negotiations, Surroundings())
        link_forward(self._negotiations)
        exchanges = []
        for negotiation in self._negotiations:
            _of_messages(negotiation)
            exchanges.append(Exchanged(negotiation, GIVEN, _row(negotiation), of_text=True))
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


def _of_messages(negotiation: Negotiation) -> None:
    """Say the reason for messages of a text, where a capture's has frames."""
    reason = negotiation.reason
    if reason is not None:
        detail = reason.detail.replace("the capture", GIVEN_WORDS)
        detail = ONE_FRAME.sub("[message ", detail).replace("[frames ", "[messages ")
        negotiation.reason = reason._replace(detail=detail)


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
