"""What a negotiation is: its steps in order, and the facts read from them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from analyzer.capture.model import Stream
from analyzer.negotiation.place import Located, locate
from analyzer.negotiation.site import Site
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CarrierMessage, Exchange
from dissectors.carriers.window import LOSSES
from dissectors.records import NamedTuple, dataclass
from dissectors.span import Span
from dissectors.status import Status
from dissectors.tokens.model import Token

if TYPE_CHECKING:
    from analyzer.surroundings.model import KdcExchange

INITIATOR = "initiator"
ACCEPTOR = "acceptor"
UNKNOWN = "unknown"
"""A carrier that was not seen: nobody but the acceptor's tokens can give a verdict."""


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
        return bool(self.message.context.get("request_missing"))

    @property
    def lost(self) -> str | None:
        """The reason why the message is not all there: `truncated`, `gap`; None if it is."""
        codes = {each.code for each in self.message.anomalies if each.code in LOSSES}
        if not codes:
            return None
        return "truncated" if "snaplen" in codes else "gap"

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


class Ticket(NamedTuple):
    """What the first AP-REQ of a negotiation shows outside its encrypted parts (RFC 4120 5.5.1)."""

    frame: int
    realm: str | None
    sname: str | None
    etype: int | None
    kvno: int | None
    session_etype: int | None  # of the authenticator, so the session key's
    ap_options: tuple[str, ...] | None  # None: not there to read
    authenticator_length: int | None  # bytes; a large one holds forwarded credentials
    ticket_id: bytes | None = None  # see dissectors.tokens.ticket_id


class NtlmServer(NamedTuple):
    """What an NTLM CHALLENGE says of who sent it (MS-NLMP 2.2.1.2, 2.2.2.1)."""

    frame: int
    target_name: str | None
    target_type: str | None  # `domain`, `server`; None: the flags say neither
    nb_computer: str | None
    nb_domain: str | None
    dns_computer: str | None
    dns_domain: str | None
    whole: bool = True  # nothing is cut off: a name that is missing was not said


class KeyFrames(NamedTuple):
    """Frames of the messages that a reason may rest on; None: there is no such message."""

    hint: int | None  # the server's latest NegTokenInit2
    offer: int | None  # the client's first token
    selection: int | None  # the acceptor's first answer
    proof: int | None  # the client's last token that proves who it is: AP-REQ, AUTHENTICATE


class SchemeList(NamedTuple):
    """Names of mechanisms or schemes that the server's carrier listed before the first token."""

    frame: int
    names: tuple[str, ...]
    same_connection: bool = True
    whole: bool = True  # nothing is cut off: a name that is missing was not said


class KerberosRefusal(NamedTuple):
    """A KRB-ERROR of the acceptor (RFC 4120 5.9.1)."""

    frame: int
    code: int
    name: str


@dataclass(slots=True, eq=False)
class Negotiation:
    """One attempt by one client to authenticate: the columns of TABLES.md, and the steps behind them."""

    stream: Stream
    exchange: Exchange | None  # None: only the server's hint was seen
    carrier: str
    steps: list[Step] = field(default_factory=list)
    state: str = State.START
    carrier_state: str = CarrierState.OPEN
    challenged: bool = False  # NTLM's challenge was seen
    abandoned: bool = False  # the connection was closed, or another attempt took its place
    own_hint: bool = False  # the first of its connection: the hint's frames belong to it
    answer_lost: bool = False  # it was never answered, but bytes of its connection are missing
    hint_apart: bool = False  # packets with its own hint, or between it and the rest, are missing
    bytes_lost: bool = False  # some bytes of its connection are missing, wherever
    one_sided: str | None = None  # if one side alone was heard: how sure the other was not captured
    first_lost: bool = False  # the first thing seen of it is not the first thing that was said
    passed_to: Negotiation | None = None  # no row of its own: its token counts for that one

    negotiation_id: int = 0  # given at the end; it stays 0 if a fault kept it from being told
    frames: Sequence[int] = ()
    started_ns: int = 0
    ended_ns: int = 0
    legs: int = 0
    carrier_version: str | None = None
    version_frame: int | None = None  # of the server's message that chose it
    exchange_key: str | None = None  # the carrier's own name of the exchange
    scheme: str | None = None
    wrapper: str | None = None  # None: neither a token nor the logon's kind was seen
    flow: str = "unknown"
    hinted_mechs: list[str] | None = None
    offered_mechs: list[str] | None = None
    hint_cut: bool = False  # the end of the list is lost: what is missing in it may have been there
    offer_cut: bool = False
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
    followed_by: tuple[
        Negotiation, ...
    ] = ()  # what takes it up; only where rows are kept to be shown
    user: str | None = None
    domain: str | None = None
    workstation: str | None = None
    realm: str | None = None
    spn: str | None = None
    server_name: str | None = None
    protection: str | None = None
    protection_frame: int | None = None  # of the first message after the logon that shows it
    signed_messages: int = 0
    sealed_messages: int = 0
    channel_binding: str | None = None
    ntlm_mic: str | None = None
    delegation: bool | None = None
    completeness: str = "complete"
    session_etype: int | None = None  # of the Kerberos session key, as AP-REQ or AP-REP show it
    tls: bool | None = None  # its tokens went through TLS that was decrypted
    mic_needed: bool | None = None  # RFC 4178 5 demands mechListMIC
    client_signing: str | None = None  # `required`, `enabled`, `disabled` (SMB SecurityMode)
    server_signing: str | None = None
    # facts kept when the steps are let go: what correlation and the audit need
    ticket: Ticket | None = None
    ntlm_server: NtlmServer | None = None
    ntlm_local_call: bool = False  # NTLM's flag for client and server on one machine was set
    user_agent: str | None = None
    key_frames: KeyFrames | None = None  # None: only the server's hint was seen, or it is not NTLM
    offer_ns: int | None = None  # times of two of them
    proof_ns: int | None = None
    listed: SchemeList | None = None
    site: Site | None = None  # None where the client names none, or there are no sites
    kerberos_refusal: KerberosRefusal | None = None  # the last of them
    # filled in by analyzer.correlation
    names: tuple[str, ...] = ()  # other names of the server, learnt in the capture
    canonical_names: tuple[str, ...] = ()  # those that DNS told the client for the one it names
    reverse_names: tuple[str, ...] = ()  # those that the address leads to, by whomever asked
    name_looked_up: bool = False  # `server_name` is such a name too: the client itself shows none
    fallback_reason: str | None = None  # why NTLM, or another mechanism; whatever came of it
    fallback_confidence: str | None = None
    kdc: KdcExchange | None = None  # what gave its ticket, or refused the one it would have needed
    anomalies: list[NoticedAnomaly] = field(default_factory=list)

    @property
    def syn_seen(self) -> bool:
        """The connection's beginning is in the capture, so none of it is older."""
        stream = self.stream
        began = stream.role_source == "syn" and not stream.started_before
        return stream.transport == "tcp" and began

    @property
    def answer_unknown(self) -> bool:
        """What was answered to it last is lost, or one of several answers: the carrier cannot tell which."""
        return self.exchange is not None and bool(self.exchange.context.get("answer_unknown"))

    @property
    def first_frame(self) -> int:
        """Frame of the first message that belongs to it."""
        return self.frames[0]

    @property
    def last_frame(self) -> int:
        """Frame of the carrier's verdict, or of the last message there is."""
        return self.frames[-1]

    def let_go(self) -> None:
        """Drop what is not needed any more once it is over, for those who do not look into its steps.

        There may be millions of negotiations, and all wait for the last one to be read. What is dropped
        can't be added to again.
        """
        self.exchange = None
        self.steps = ()  # type: ignore[assignment] # adding to it would raise
        if not self.anomalies:
            self.anomalies = ()  # type: ignore[assignment]
        if self.mechanism != "ntlm":  # they tell why it was NTLM
            self.key_frames = self.offer_ns = self.proof_ns = None
        self.frames = array("Q", self.frames)

    def went_on_over(self, later: Negotiation) -> str:
        """Over what `later`, which takes this one up, came: a name that `fallback_kind` may have."""
        if later.carrier != self.carrier:
            return "other-carrier"
        return "same-connection" if later.stream is self.stream else "new-connection"
