"""What the steps of a negotiation show, gathered in one walk over them.

Nearly every column is read from the steps; what they say is sorted out here once, for all who ask.

Spec: RFC 4178 3.2 and 4.2.
"""

from __future__ import annotations

from analyzer.negotiation.mechanism import MechanismTokens, token_mechanism
from analyzer.negotiation.model import ACCEPTOR, INITIATOR, Step
from dissectors.status import Status
from dissectors.tokens.model import KrbError, NegTokenInit, NegTokenInit2, NegTokenResp, Token


class Seen:
    """Tokens, frames and verdicts of the steps, by what they are."""

    __slots__ = (
        "first",
        "frames",
        "gss_status",
        "hint",
        "hint_frame",
        "legs",
        "mics",
        "mics_cut",
        "offer",
        "offer_frame",
        "offer_ns",
        "raw",
        "selected",
        "selection_frame",
        "spnego",
        "states",
        "status",
        "times",
        "tokens",
    )

    frames: list[int]  # of all that belongs to it; where that is nothing, of what came after it
    times: list[int]  # of the same messages
    legs: int
    first: Step | None  # that is no hint
    tokens: MechanismTokens  # each step's mechanism token; see `mechanism_tokens`
    hint: NegTokenInit2 | None  # the latest
    offer: NegTokenInit | None  # the first
    selected: str | None  # OID of the acceptor's first supportedMech
    spnego: bool  # a token of SPNEGO that is no hint was seen
    states: list[str]  # every negState, in order
    mics: set[str]  # roles that sent a mechListMIC
    mics_cut: set[
        str
    ]  # roles of which a token is cut that shows none: a mechListMIC stands at its end
    raw: str | None  # mechanism of the first token outside SPNEGO that tells it
    status: Status | None  # the carrier's last verdict
    gss_status: str | None  # the acceptor's last negState, or the Kerberos error
    hint_frame: int | None  # of `hint`
    offer_frame: int | None  # of the client's first message
    offer_ns: int | None  # its time
    selection_frame: int | None  # of the acceptor's first token

    def __init__(self, steps: list[Step]) -> None:
        frames: list[int] = []
        times: list[int] = []
        tokens: MechanismTokens = []
        states: list[str] = []
        legs = 0
        spnego = False
        hint: NegTokenInit2 | None = None
        offer: NegTokenInit | None = None
        first: Step | None = None
        selected = raw = status = gss_status = None
        hint_frame = offer_frame = offer_ns = selection_frame = None
        self.mics = set()
        self.mics_cut = set()
        for step in steps:
            message, token, frame = step.message, step.token, step.frame
            kind = message.kind
            if first is None and kind != "hint":
                first = step
            if kind != "after":
                frames.append(frame)
                times.append(step.ts_ns)
            asks = kind == "request"
            answers = kind == "response"
            if answers and step.status is not None:
                status = step.status
            if token is None:
                if asks and offer_frame is None and step.role == INITIATOR:
                    offer_frame, offer_ns = frame, step.ts_ns
                continue
            if (asks or answers) and token.raw:
                legs += 1
            if type(token) is NegTokenInit2:
                hint, hint_frame = token, frame
                continue
            if asks:
                if offer_frame is None and step.role == INITIATOR:
                    offer_frame, offer_ns = frame, step.ts_ns
            elif answers and selection_frame is None:
                selection_frame = frame
            inner: Token | None = token
            if type(token) is NegTokenResp:
                spnego = True
                inner = token.inner
                state = token.neg_state
                if state is not None:
                    states.append(state)
                if token.mech_list_mic is not None:
                    self.mics.add(step.role)
                elif token.anomalies and _end_lost(step, token):
                    self.mics_cut.add(step.role)
                if step.role == ACCEPTOR:
                    gss_status = state or gss_status
                    if selected is None:
                        selected = token.supported_mech
            elif type(token) is NegTokenInit:
                spnego = True
                inner = token.inner
                offer = offer or token
                if token.mech_list_mic is not None:
                    self.mics.add(step.role)
                elif token.anomalies and _end_lost(step, token):
                    self.mics_cut.add(step.role)
            elif raw is None and token.raw and not message.sasl_layer:
                raw = token_mechanism(token)
            if inner is None:
                continue
            tokens.append((step, inner))
            if type(inner) is KrbError and inner.error and type(token) is not NegTokenInit:
                gss_status = inner.error  # says more than the negState beside it
        if not frames:
            frames = [step.frame for step in steps]
            times = [step.ts_ns for step in steps]
        self.frames, self.times, self.legs, self.first = frames, times, legs, first
        self.tokens, self.hint, self.offer, self.selected = tokens, hint, offer, selected
        self.spnego, self.states, self.raw = spnego, states, raw
        self.status, self.gss_status = status, gss_status
        self.hint_frame, self.offer_frame, self.offer_ns = hint_frame, offer_frame, offer_ns
        self.selection_frame = selection_frame


def _end_lost(step: Step, token: Token) -> bool:
    """The capture lacks the token's end; else it was sent as short as that."""
    return any(each.code == "truncated" for each in token.anomalies) and step.lost is not None
