"""What a negotiation is: its steps in order, and the facts read from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from analyzer.capture.model import Stream
from analyzer.negotiation.place import Located, locate
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CarrierMessage, Exchange
from dissectors.span import Span
from dissectors.status import Status
from dissectors.tokens.model import Token

INITIATOR = "initiator"
ACCEPTOR = "acceptor"


class State:
    """States of the token-driven machine (what the GSS side has said)."""

    START = "START"
    HINTED = "HINTED"
    OFFERED = "OFFERED"
    ANSWERED = "ANSWERED"
    MIC_REQUESTED = "MIC_REQUESTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class CarrierState:
    """States of the carrier-driven machine (what the carrier has said)."""

    OPEN = "open"
    CONTINUING = "continuing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(slots=True)
class Step:
    """One message of a negotiation: its token, who sent it, and what it did to both machines."""

    role: str  # INITIATOR or ACCEPTOR
    side: int  # transport side, as in CarrierMessage
    frame: int
    frames: tuple[int, ...]
    ts_ns: int
    token: Token | None
    status: Status | None
    message: CarrierMessage
    token_index: int = 0  # place of the token among those that end in the same frame
    state_before: str = State.START
    state_after: str = State.START
    carrier_state: str = CarrierState.OPEN

    @property
    def request_missing(self) -> bool:
        """The carrier saw this answer without its question."""
        message = self.message
        said = message.context.get("request_missing")
        if not said and message.exchange is not None:
            said = message.exchange.context.get("request_missing")
        return bool(said)

    def locate(self, span: Span) -> tuple[Located, ...]:
        """Where the token's bytes `span` lie in the stream, and which frames carried them.

        An entry for each contiguous run, in token order: usually one, more for a token in pieces or for
        folded base64. None for bytes that the token does not have, or a step without a token.
        """
        return locate(self.message, span)

    @property
    def is_leg(self) -> bool:
        """A token that counts as a leg: present, not empty, neither hint nor per-message token."""
        if self.token is None or not self.token.raw:
            return False
        return self.message.kind in {"request", "response"}


class NoticedAnomaly(NamedTuple):
    """An anomaly with its place in the capture; becomes a row of `anomalies`."""

    anomaly: Anomaly
    frame: int | None
    ts_ns: int | None
    stream_id: int | None
    negotiation: Negotiation | None = None


class Reason(NamedTuple):
    """Why it failed, fell back or is incomplete: a code of reasons.REASONS and what proves it."""

    code: str
    detail: str
    evidence: tuple[int, ...]
    confidence: str  # `certain`, `likely`, `possible`


@dataclass(slots=True, eq=False)
class Negotiation:
    """One attempt by one client to authenticate: the columns of TABLES.md, and the steps behind them."""

    stream: Stream
    exchange: Exchange | None  # None: only the server's hint was seen
    carrier: str
    steps: list[Step] = field(default_factory=list)
    state: str = State.START
    carrier_state: str = CarrierState.OPEN
    abandoned: bool = False  # the connection was closed, or another attempt took its place
    own_hint: bool = False  # the first of its connection: the hint's frames belong to it
    answer_lost: bool = False  # it was never answered, but bytes of its connection are missing
    passed_to: Negotiation | None = None  # no row of its own: its token counts for that one

    negotiation_id: int = 0
    frames: tuple[int, ...] = ()
    started_ns: int = 0
    ended_ns: int = 0
    legs: int = 0
    carrier_version: str | None = None
    scheme: str | None = None
    wrapper: str | None = None  # None: neither a token nor the logon's kind was seen
    flow: str = "unknown"
    hinted_mechs: list[str] | None = None
    offered_mechs: list[str] | None = None
    optimistic_mech: str | None = None
    selected_mech: str | None = None
    mechanism: str | None = None
    mechanism_detail: str | None = None
    neg_states: list[str] | None = None
    mech_list_mic: str | None = None
    outcome: str = "incomplete"
    outcome_source: str | None = None
    status: Status | None = None
    gss_status: str | None = None
    reason: Reason | None = None
    retry_of: Negotiation | None = None
    fallback_from: Negotiation | None = None
    fallback_kind: str | None = None
    user: str | None = None
    domain: str | None = None
    workstation: str | None = None
    realm: str | None = None
    spn: str | None = None
    server_name: str | None = None
    protection: str | None = None
    signed_messages: int = 0
    sealed_messages: int = 0
    channel_binding: str | None = None
    ntlm_mic: str | None = None
    delegation: bool | None = None
    completeness: str = "complete"
    anomalies: list[NoticedAnomaly] = field(default_factory=list)

    @property
    def first_frame(self) -> int:
        """Frame of the first message that belongs to it."""
        return self.frames[0]

    @property
    def last_frame(self) -> int:
        """Frame of the carrier's verdict, or of the last message there is."""
        return self.frames[-1]
