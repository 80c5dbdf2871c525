"""Put carrier messages together to negotiations: one object per stream, fed in capture order.

A carrier says which exchange a message belongs to; the token-driven machine says when one exchange holds
more than one attempt (a client that starts over after a refusal). Nothing is concluded before the stream
ends, because protection and later refusals belong to the row too.
"""

from __future__ import annotations

from collections.abc import Callable

from analyzer.capture.model import Stream
from analyzer.negotiation import machine
from analyzer.negotiation.attempts import leave_out_hint, pass_on_hint, starts_over, superseded
from analyzer.negotiation.http_verdict import http_verdict
from analyzer.negotiation.listed import Lists
from analyzer.negotiation.mic import mic_missing
from analyzer.negotiation.model import (
    ACCEPTOR,
    INITIATOR,
    CarrierState,
    Negotiation,
    NoticedAnomaly,
    SchemeList,
    State,
    Step,
)
from analyzer.negotiation.offer import started_late
from analyzer.negotiation.one_sided import one_sided
from analyzer.negotiation.site import site_of
from analyzer.negotiation.verdict import conclude
from analyzer.negotiation.why import explain
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import SERVER, CarrierMessage, Exchange
from dissectors.span import Span
from dissectors.tokens.model import (
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmChallenge,
    Token,
)

NO_SPAN = Span(0, 0)
KEPT_PER_STREAM = 4096
"""Open negotiations of one stream; the oldest is concluded when there are more."""
TOUCHES_ALL = frozenset({"gap", "snaplen", "encrypted", "limit-buffer", "limit-streams"})
"""Anomalies of the connection that every negotiation still under way suffers from."""
STEPS_LIMIT = 1_024
"""Steps of one negotiation; what follows of its exchange is another one. A token in pieces takes 512."""
SPREAD_LIMIT = 1_000
"""Marks of one such code per stream; beyond them a negotiation gets only its first."""
_UNDECIDED = frozenset({CarrierState.OPEN, CarrierState.CONTINUING})
_ENVELOPES = frozenset({NegTokenInit, NegTokenResp})


class StreamNegotiations:
    """The negotiations of one connection."""

    def __init__(self, stream: Stream, finished: Callable[[Negotiation], None]) -> None:
        self.stream = stream
        self._finished = finished
        self._hints: list[Step] = []
        self._hint_used = False
        self._gap = False  # bytes are missing, since the first hint if there is one
        self._current: dict[int, Negotiation] = {}  # id(exchange) -> its latest negotiation
        self._open: list[Negotiation] = []  # in order of their first message
        self._answered = 0  # frame of the latest answer
        self._listed = Lists()
        self._spread: dict[str, int] = {}  # code -> marks on negotiations under way
        self._unmarked: dict[str, list[Negotiation]] = {}  # code -> begun since it was noticed last
        self._bytes_lost = False  # some of the connection's bytes are not in the capture
        self.one_direction = False  # set by who reads the stream: the other side was never heard
        self.span_ns = 0  # set by who reads the stream: from first packet to last with content
        self.closed = False  # set by who reads the stream: a FIN or RST was seen
        self.latest: Step | None = None  # of the latest message

    # -- feeding -----------------------------------------------------------------------------------

    def add(
        self, message: CarrierMessage, token: Token | None, token_index: int = 0
    ) -> Negotiation | None:
        """Take the next message with its dissected token; return the negotiation it belongs to."""
        kind, exchange, side = message.kind, message.exchange, message.side
        step = self.latest = Step(
            ACCEPTOR if side == SERVER else INITIATOR,
            side,
            message.frame,
            message.frames,
            message.ts_ns,
            token,
            message.status,
            message,
            token_index,
        )
        if kind == "hint":
            if message.schemes:
                said = message.context
                carrier, whole = said.get("carrier", "unknown"), not said.get("cut")
                site = site_of(carrier, said.get("server_name"), said, self.stream)
                listed = SchemeList(message.frame, message.schemes, whole=whole)
                self._listed.add(carrier, site, listed)
            if not self._hints:
                self._gap = False
            self._hints.append(step)
            del self._hints[:-8]  # a server that repeats its hint for ever
            return None
        if exchange is None:
            return None
        if kind == "after":
            negotiation = self._current.get(id(exchange))
            if negotiation is not None:
                self._after(negotiation, step)
            return negotiation
        if kind == "response":
            self._answered = step.frame
        negotiation = self._belongs_to(exchange, step)
        self._advance(negotiation, step)
        return negotiation

    def notice(self, noticed: NoticedAnomaly, exchange: Exchange | None = None) -> NoticedAnomaly:
        """Hang an anomaly on its exchange's negotiation, or a gap on every one that awaits its end."""
        self._note_loss(noticed.anomaly.code)
        if exchange is not None and (negotiation := self._current.get(id(exchange))) is not None:
            noticed = noticed._replace(negotiation=negotiation)
            negotiation.anomalies.append(noticed)
        elif noticed.anomaly.code in TOUCHES_ALL:
            noticed = self._mark(noticed)
        return noticed

    def _note_loss(self, code: str) -> None:
        self._bytes_lost |= code in {"gap", "snaplen"}
        self._gap |= code == "gap"

    def touch(self, noticed: NoticedAnomaly, exchange: Exchange | None = None) -> bool:
        """Mark those whom one more of many such anomalies meets first; tell whether there are any.

        Whoever was under way at the last one bears its mark already, so only who began since is looked at.
        """
        code = noticed.anomaly.code
        if code not in TOUCHES_ALL:
            return False
        self._note_loss(code)
        owner = self._current.get(id(exchange)) if exchange is not None else None
        if owner is not None:
            met = [owner]
        else:
            begun = self._unmarked.setdefault(code, list(self._current.values()))
            met = [
                negotiation
                for negotiation in begun
                if self._current.get(id(negotiation.exchange)) is negotiation
                and negotiation.carrier_state in _UNDECIDED
            ]
            begun.clear()
        marked = False
        for negotiation in met:
            if all(other.anomaly.code != code for other in negotiation.anomalies):
                negotiation.anomalies.append(noticed._replace(negotiation=negotiation))
                marked = True
        return marked

    def _mark(self, noticed: NoticedAnomaly) -> NoticedAnomaly:
        """Hang an anomaly on all that is under way: many gaps may meet many negotiations."""
        code = noticed.anomaly.code
        marks = self._spread.get(code, 0)
        for negotiation in self._current.values():
            if negotiation.carrier_state not in _UNDECIDED:
                continue
            if marks >= SPREAD_LIMIT and any(n.anomaly.code == code for n in negotiation.anomalies):
                continue
            marks += 1
            noticed = noticed._replace(negotiation=negotiation)
            negotiation.anomalies.append(noticed)
        self._spread[code] = marks
        return noticed

    def end(self) -> None:
        """The connection is over: conclude everything."""
        self._current.clear()
        waiting = self._open
        while waiting:
            # taken out first: whatever becomes of it, it is not told twice
            negotiation = waiting.pop(0)
            if not waiting or not pass_on_hint(negotiation, waiting[0]):
                self._conclude(negotiation)
        hints, self._hints = self._hints, []
        if hints and not self._hint_used:
            self._conclude_hint(hints)

    # -- grouping ----------------------------------------------------------------------------------

    def _belongs_to(self, exchange: Exchange, step: Step) -> Negotiation:
        current = self._current.get(id(exchange))
        if current is not None and not starts_over(current, step):
            if len(current.steps) < STEPS_LIMIT:
                return current
            self._anomaly(current, step, "limit-count", f"more than {STEPS_LIMIT} steps")
        return self._begin(exchange, step)

    def _begin(self, exchange: Exchange, step: Step) -> Negotiation:
        """A new attempt, to which the hints before it belong too."""
        negotiation = Negotiation(self.stream, exchange, exchange.carrier)
        site = site_of(exchange.carrier, exchange.server_name, exchange.context, self.stream)
        negotiation.listed = self._listed.latest(exchange.carrier, site)
        hints: list[Step] = []
        if self._hints and not step.request_missing:
            # else what lies between hint and answer is lost: they may not belong together
            hints = [hint for hint in self._hints if isinstance(hint.token, NegTokenInit2)]
        if hints and not self._hint_used:
            negotiation.own_hint = True
            negotiation.hint_apart = self._gap
            self._hint_used = True
            negotiation.steps.extend(hints)
        elif hints:
            negotiation.steps.append(hints[-1])
        elif exchange.context.get("hint_lost"):
            negotiation.hint_apart = self._gap
        if hints:
            negotiation.state = State.HINTED
        self._current[id(exchange)] = negotiation
        self._open.append(negotiation)
        for begun in self._unmarked.values():
            begun.append(negotiation)
            del begun[:-KEPT_PER_STREAM]
        if len(self._open) > KEPT_PER_STREAM:
            oldest = self._open.pop(0)
            if self._current.get(id(oldest.exchange)) is oldest:  # else it goes on as a later one
                del self._current[id(oldest.exchange)]
            self._conclude(oldest)
        return negotiation

    def _advance(self, negotiation: Negotiation, step: Step) -> None:
        token, status, message, role = step.token, step.status, step.message, step.role
        state = step.state_before = negotiation.state
        if token is not None:
            if token.raw and not message.sasl_layer:
                name = machine.symbol(role, token)
                if name is not None:
                    state, legal = machine.advance(state, role, name)
                    negotiation.state = state
                    if not legal:
                        words = f"{name} in {step.state_before}"
                        self._anomaly(negotiation, step, "token-out-of-order", words)
            inner = token.inner if type(token) in _ENVELOPES else token
            if type(inner) is NtlmChallenge:
                negotiation.challenged = True
        step.state_after = state
        if status is not None and message.kind == "response":
            verdict = status.verdict
            if status.layer == "http":
                verdict = http_verdict(
                    status,
                    state,
                    negotiation.steps,
                    let_in=bool(message.context.get("let_in")),
                )
            negotiation.carrier_state = machine.advance_carrier(negotiation.carrier_state, verdict)
        step.carrier_state = negotiation.carrier_state
        negotiation.steps.append(step)
        if type(token) is NegTokenResp and role == ACCEPTOR:
            self._note_spnego_rules(negotiation, step, token)

    def _after(self, negotiation: Negotiation, step: Step) -> None:
        """Keep what explains the outcome: a refusal later on, or a connection closed without answer."""
        context = step.message.context
        step.state_before = step.state_after = negotiation.state
        if context.get("event") == "closed":
            self.closed = True
            undecided = negotiation.carrier_state in _UNDECIDED
            awaited = undecided and negotiation.steps[-1].role == INITIATOR
            already = negotiation.steps[-1].message.context.get("event") == "closed"
            if not undecided or already:
                return
            if awaited and (self._bytes_lost or started_late(negotiation)):
                negotiation.answer_lost = True  # so the server's closing refuses nothing
            elif awaited and context.get("by") == "server":
                negotiation.carrier_state = machine.advance_carrier(
                    negotiation.carrier_state, "closed"
                )
            negotiation.steps.append(step)
        elif step.status is not None and not any(
            s.message.kind == "after" and s.status == step.status for s in negotiation.steps
        ):
            negotiation.steps.append(step)

    def _note_spnego_rules(self, negotiation: Negotiation, step: Step, token: NegTokenResp) -> None:
        """Rules between tokens, which no single token's dissector can check (RFC 4178 4.2.2, 5)."""
        mech = token.supported_mech
        if mech is None and token.neg_state is not None:
            return  # as most answers but the first: it says nothing that could go against a rule
        first = named = None
        for said in negotiation.steps:
            reply = said.token
            if type(reply) is NegTokenResp and said.role == ACCEPTOR:
                first = first or reply
                if reply.supported_mech:
                    named = reply.supported_mech
                    break
        if first is token and token.neg_state is None and step.state_before == State.OFFERED:
            self._anomaly(negotiation, step, "missing-neg-state")
        if mech is not None and mech != named:
            self._anomaly(negotiation, step, "late-selection-change", mech)

    def _anomaly(self, negotiation: Negotiation, step: Step, code: str, detail: str = "") -> None:
        span = Span(0, len(step.token.raw)) if step.token is not None else NO_SPAN
        negotiation.anomalies.append(
            NoticedAnomaly(
                Anomaly(code, span, detail),
                step.frame,
                step.ts_ns,
                self.stream.stream_id,
                negotiation,
            )
        )

    # -- concluding --------------------------------------------------------------------------------

    def _conclude(self, negotiation: Negotiation) -> None:
        negotiation.abandoned = self.closed or superseded(negotiation, self._open, self._answered)
        negotiation.bytes_lost = self._bytes_lost
        negotiation.answer_lost |= self._ends_in_tls(negotiation)
        if self.one_direction:
            negotiation.one_sided = one_sided(negotiation, self.span_ns)
            if negotiation.one_sided != "possible":
                self._anomaly(negotiation, negotiation.steps[-1], "one-direction")
        conclude(negotiation)
        missing = mic_missing(negotiation)
        if missing is not None:
            self._anomaly(negotiation, missing[0], "mic-missing", missing[1])
        if negotiation.hinted_mechs is not None and not negotiation.own_hint:
            leave_out_hint(negotiation)  # it was said once, for the first negotiation
        negotiation.reason = explain(negotiation)
        if negotiation.outcome_source == "conflict":
            self._anomaly(negotiation, negotiation.steps[-1], "verdict-conflict")
        self._finished(negotiation)

    def _ends_in_tls(self, negotiation: Negotiation) -> bool:
        """It waits for an answer inside TLS, of which nothing is decrypted behind the first lost byte."""
        exchange = negotiation.exchange
        return (
            self._bytes_lost
            and exchange is not None
            and exchange.encrypted
            and negotiation.carrier_state in _UNDECIDED
            and negotiation.steps[-1].role == INITIATOR
        )

    def _conclude_hint(self, said: list[Step]) -> None:
        hints = [hint for hint in said if isinstance(hint.token, NegTokenInit2)]
        if not hints:
            return
        carrier = hints[-1].message.context.get("carrier", "unknown")
        negotiation = Negotiation(self.stream, None, carrier, steps=hints, own_hint=True)
        negotiation.state = State.HINTED
        negotiation.answer_lost = self._bytes_lost  # the client may have gone on in what is lost
        self._conclude(negotiation)
