"""Which bind belongs to which authentication of an LDAP connection, and what its messages carry.

An authentication is a run of binds with one mechanism up to a result other than saslBindInProgress. Answers
find their request by message id; binds of one connection follow each other, so at most one is unfinished.

Spec: RFC 4511 4.2, RFC 4513 5, RFC 4752 3, MS-ADTS 5.1.1.1 (simple, SASL, Sicily).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from dissectors.anomaly import Anomaly
from dissectors.carriers import sasl
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    TOKEN_LIMIT,
    Carrier,
    CarrierAnomaly,
    CarrierMessage,
    Cut,
    Exchange,
    Limits,
    MessageKind,
)
from dissectors.carriers.ldap_message import (
    SASL,
    SASL_BIND_IN_PROGRESS,
    SICILY,
    SICILY_DISCOVERY,
    SICILY_NEGOTIATE,
    SICILY_RESPONSE,
    SIMPLE,
    BindRequest,
    BindResponse,
    Head,
    read_bind_request,
    read_bind_response,
    sub_code,
)
from dissectors.codes.ldap_result import ldap_result_name
from dissectors.recognise import NTLM_SIGNATURE, kind_of
from dissectors.span import Span
from dissectors.status import Status, Verdict

SICILY_PACKAGE = "NTLM"  # in the name field, where other clients write the user


class Pdu(NamedTuple):
    """One LDAPMessage, as far as it is held."""

    side: int
    start: int  # stream offset of data[0]
    data: bytes
    head: Head
    cut: Cut | None = None  # the rest of the message is lost


@dataclass(slots=True)
class Attempt:
    """An authentication, as the messages to come need it."""

    exchange: Exchange
    first_id: int
    choice: int = 0  # of the latest request; 0 while no request was seen
    gss: bool = False  # its credentials are tokens
    answered: bool = False  # the server waits for the client's next leg
    layer_leg: bool = False  # the latest request belongs to the layer negotiation


class Binds:
    """The binds of one connection."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._waiting: dict[int, Attempt] = {}  # message id -> whose answer is due
        self._unfinished: Attempt | None = None
        self._requests_lost = False  # an answer without request may belong to the unfinished attempt
        self.secured: Exchange | None = None  # the latest success: later messages show its protection
        self.layered: Exchange | None = None  # whose security layer length-prefixed buffers may be

    # -- the client's legs -------------------------------------------------------------------------

    def request(self, pdu: Pdu) -> None:
        """Read a BindRequest."""
        anomalies: list[Anomaly] = []
        bind = read_bind_request(pdu.data, pdu.head, anomalies)
        if bind is None:
            self.malformed(pdu, "BindRequest")
            return
        credentials = b"" if bind.credentials is None else pdu.data[slice(*bind.credentials)]
        going_on = self._unfinished
        if going_on is not None and _goes_on(going_on, bind, credentials):
            attempt = going_on
        else:
            attempt = going_on = None  # type: ignore[assignment]
            attempt = self._begin(pdu, bind)
        exchange = attempt.exchange
        token: bytes | None = None
        place: Span | None = None
        if attempt.gss and bind.credentials is not None:
            skipped = sasl.token_offset(bind.mechanism or "", credentials) if going_on is None else 0
            token = credentials[skipped:]
            place = Span(bind.credentials.start + skipped, bind.credentials.end)
        elif attempt.gss and going_on is not None:
            token = b""  # the credentials are optional: an empty leg
        elif bind.mechanism is not None and exchange.user is None and pdu.cut is None:
            exchange.user = sasl.claimed_user(bind.mechanism, credentials)
        if bind.choice == SICILY_NEGOTIATE and bind.name not in {"", SICILY_PACKAGE}:
            exchange.user = bind.name
        layer_leg = False
        if going_on is not None and bind.mechanism is not None and bind.mechanism.upper() == "GSSAPI":
            layer_leg = not token or sasl.is_wrap_token(token)
            _note_layer(exchange, "chosen", token)
        attempt.choice, attempt.answered, attempt.layer_leg = bind.choice, False, layer_leg
        self._wait(pdu, attempt)
        self._say("request", pdu, exchange, anomalies, token=token, place=place, sasl_layer=layer_leg)

    def _begin(self, pdu: Pdu, bind: BindRequest) -> Attempt:
        exchange = Exchange("ldap", carrier_version=f"LDAPv{bind.version}")
        attempt = Attempt(exchange, pdu.head.message_id)
        self.secured = self.layered = None  # RFC 4511 4.2.1: whoever binds is anonymous until it succeeds
        if bind.choice == SIMPLE:
            exchange.scheme = exchange.mechanism = "simple"
            exchange.user = bind.name or None
            if not bind.has_password:
                exchange.context["unauthenticated" if bind.name else "anonymous"] = True
        elif bind.choice in SICILY:
            exchange.scheme = "Sicily"
            attempt.gss = bind.choice != SICILY_DISCOVERY
        elif bind.mechanism is not None:
            exchange.scheme = bind.mechanism
            attempt.gss = sasl.carries_gss(bind.mechanism)
            if not attempt.gss:
                exchange.mechanism = sasl.mechanism_name(bind.mechanism)
            if sasl.has_layer(bind.mechanism):
                self.layered = exchange
            if bind.name:
                exchange.context["name"] = bind.name
        elif bind.choice not in {0, SASL}:
            exchange.scheme = f"unknown({bind.choice & 0x1F})"
        return attempt

    def _wait(self, pdu: Pdu, attempt: Attempt) -> None:
        message_id = pdu.head.message_id
        if len(self._waiting) >= Limits().exchanges and message_id not in self._waiting:
            oldest = self._waiting.pop(next(iter(self._waiting)))
            detail = f"more than {Limits().exchanges} binds without an answer"
            self.odd(pdu, "limit-count", detail, oldest.exchange)
        self._waiting[message_id] = self._unfinished = attempt
        _name(attempt, message_id)

    # -- the server's legs -------------------------------------------------------------------------

    def response(self, pdu: Pdu) -> None:
        """Read a BindResponse."""
        anomalies: list[Anomaly] = []
        response = read_bind_response(pdu.data, pdu.head, anomalies)
        if response is None:
            self.malformed(pdu, "BindResponse")
            return
        context: dict[str, Any] = {}
        attempt = self._waiting.pop(pdu.head.message_id, None)
        if attempt is None:
            attempt = self._without_request(pdu, response, anomalies)
            context["request_missing"] = True
        token, place = _server_token(attempt, pdu.data, response)
        layer_leg = attempt.layer_leg
        if attempt.gss and token and not layer_leg and sasl.is_wrap_token(token):
            layer_leg = True  # the offer came without an empty leg before it, or that leg is lost
        _note_layer(attempt.exchange, "offered", token)
        status = _status(attempt, response, token)
        schemes: tuple[str, ...] = ()
        if attempt.choice == SICILY_DISCOVERY and status.verdict == "continue":
            packages = pdu.data[slice(*response.matched_dn)][:256].decode("ascii", "backslashreplace")
            schemes = tuple(filter(None, packages.split(";")))
        self._conclude(attempt, status)
        self._say(
            "response",
            pdu,
            attempt.exchange,
            anomalies,
            token=token,
            place=place,
            sasl_layer=layer_leg,
            status=status,
            schemes=schemes,
            context=context,
        )

    def _without_request(self, pdu: Pdu, response: BindResponse, anomalies: list[Anomaly]) -> Attempt:
        """Find or make the attempt of an answer whose request the capture does not hold."""
        expected = self._requests_lost or self._carrier.started_before
        if not expected:
            place = Span(0, len(pdu.data))
            anomalies.append(Anomaly("unmatched-response", place, f"msgid {pdu.head.message_id}"))
        going_on = self._unfinished
        if going_on is not None and (going_on.choice == 0 or (self._requests_lost and going_on.answered)):
            _name(going_on, pdu.head.message_id)
            return going_on
        attempt = Attempt(Exchange("ldap"), pdu.head.message_id)
        _name(attempt, pdu.head.message_id)
        creds = response.credentials
        attempt.gss = creds is not None and kind_of(pdu.data[slice(*creds)]) != "opaque"
        if pdu.data.startswith(NTLM_SIGNATURE, response.matched_dn.start):
            attempt.exchange.scheme, attempt.choice, attempt.gss = "Sicily", SICILY_RESPONSE, True
        elif attempt.gss or creds is None:
            self.layered = attempt.exchange
        return attempt

    def _conclude(self, attempt: Attempt, status: Status) -> None:
        newest = self._unfinished is None or self._unfinished is attempt
        if status.verdict == "continue":
            attempt.answered = True
            self._requests_lost = False
            if newest:
                self._unfinished = attempt
            return
        if newest:
            self._unfinished = None
            if status.verdict == "success":
                self.secured = attempt.exchange
            else:
                self.layered = None

    # -- what else happens -------------------------------------------------------------------------

    def lost(self, side: int) -> None:
        """Bytes of `side` are missing: requests or answers may have been among them."""
        if side == CLIENT:
            self._requests_lost = True

    def closed(self, by: int, how: str, frame: int, ts_ns: int) -> None:
        """The connection ends: say so to every authentication that has no result."""
        left = list(self._waiting.values())
        if self._unfinished is not None and self._unfinished not in left:
            left.append(self._unfinished)
        self._waiting.clear()
        self._unfinished = None
        told: set[int] = set()
        for attempt in left:
            if id(attempt) in told:
                continue
            told.add(id(attempt))
            facts = {"event": "closed", "by": "server" if by == SERVER else "client", "how": how}
            self._carrier.emit(
                CarrierMessage(
                    "after", by, attempt.exchange, frame, (frame,), ts_ns, context=facts
                )
            )

    def malformed(self, pdu: Pdu, what: str) -> None:
        """Say that a message cannot be read; a cut one was told as a gap."""
        if pdu.cut is None:
            self.odd(pdu, "malformed-message", what)

    def odd(self, pdu: Pdu, code: str, detail: str, exchange: Exchange | None = None) -> None:
        """Emit an anomaly about a whole message."""
        attempt = self._waiting.get(pdu.head.message_id)
        if exchange is None and attempt is not None:
            exchange = attempt.exchange
        end = pdu.start + pdu.head.size
        frame, _, ts_ns = self.frames(pdu, Span(0, len(pdu.data)))
        anomaly = Anomaly(code, Span(pdu.start, end), detail)
        self._carrier.emit(CarrierAnomaly(pdu.side, frame, ts_ns, anomaly, exchange))

    def frames(self, pdu: Pdu, place: Span) -> tuple[int, tuple[int, ...], int]:
        """Frame in which the message ends, those that carry `place` of it, time of the first."""
        if pdu.cut is not None:
            return pdu.cut.frames[-1], pdu.cut.frames, pdu.cut.ts_ns
        window = self._carrier.windows[pdu.side]
        last = pdu.start + len(pdu.data) - 1
        frames = window.frames(pdu.start + place.start, pdu.start + place.end)
        return window.frame_at(last), frames, window.ts_at(last)

    def _say(
        self,
        kind: MessageKind,
        pdu: Pdu,
        exchange: Exchange,
        anomalies: list[Anomaly],
        *,
        token: bytes | None,
        place: Span | None,
        sasl_layer: bool,
        status: Status | None = None,
        schemes: tuple[str, ...] = (),
        context: dict[str, Any] | None = None,
    ) -> None:
        if token is not None and len(token) > TOKEN_LIMIT:
            detail = f"{len(token)} bytes cut at {TOKEN_LIMIT}"
            anomalies.append(Anomaly("limit-token-size", place or Span(0, 0), detail))
            token = token[:TOKEN_LIMIT]
        if pdu.cut is not None:
            have = len(pdu.data)
            lost = Span(have, pdu.head.size)
            anomalies.append(Anomaly("gap", lost, f"{have} of {pdu.head.size} bytes are there"))
        frame, frames, ts_ns = self.frames(pdu, place if token and place else Span(0, len(pdu.data)))
        self._carrier.emit(
            CarrierMessage(
                kind,
                pdu.side,
                exchange,
                frame,
                frames,
                ts_ns,
                token,
                Span(pdu.start + place.start, pdu.start + place.end) if token and place else None,
                status,
                schemes,
                sasl_layer,
                tuple(anomalies),
                context or {},
            )
        )


def _goes_on(attempt: Attempt, bind: BindRequest, credentials: bytes) -> bool:
    """Whether a BindRequest is the next leg of an unfinished attempt.

    Where answers are missing from the capture, only tokens that begin nothing are taken for later legs.
    """
    if bind.choice == SICILY_NEGOTIATE:
        return attempt.choice == SICILY_DISCOVERY
    if bind.choice == SICILY_RESPONSE:
        return attempt.choice == SICILY_NEGOTIATE
    if bind.choice != SASL or attempt.exchange.scheme != bind.mechanism:
        return False
    if attempt.gss and sasl.begins_context(credentials):
        return False
    if attempt.answered:
        return True
    return attempt.gss and (kind_of(credentials) != "gss" or sasl.is_wrap_token(credentials))


def _server_token(
    attempt: Attempt, data: bytes, response: BindResponse
) -> tuple[bytes | None, Span | None]:
    """Token of an answer and its place."""
    place = response.credentials if attempt.choice not in SICILY else response.matched_dn
    if not attempt.gss or place is None:
        return None, None
    token = data[slice(*place)]
    if attempt.choice in SICILY and not token:
        return None, None  # an empty matchedDN is nobody's token
    return token, place


def _status(attempt: Attempt, response: BindResponse, token: bytes | None) -> Status:
    code, detail = response.code, response.diagnostic
    verdict: Verdict = "failure"
    if code == SASL_BIND_IN_PROGRESS:
        verdict = "continue"
    elif code == 0:
        # Sicily says success to each leg; a CHALLENGE or the list of packages is not the end (MS-ADTS 5.1.1.1.3)
        challenged = attempt.choice in SICILY and (token or b"").startswith(NTLM_SIGNATURE + b"\x02")
        going_on = challenged or attempt.choice == SICILY_DISCOVERY
        verdict = "continue" if going_on else "success"
    hidden = sub_code(detail) if detail else None
    return Status(verdict, code, ldap_result_name(code), "ldap", detail, hidden)


def _note_layer(exchange: Exchange, key: str, token: bytes | None) -> None:
    """Keep the offered or chosen security layers where the Wrap token is readable."""
    octets = sasl.layer_octets(token) if token else None
    if octets is not None:
        exchange.context.setdefault("sasl_layers", {})[key] = octets[0]


def _name(attempt: Attempt, message_id: int) -> None:
    first = attempt.first_id
    attempt.exchange.key = f"msgid {first}" if first == message_id else f"msgid {first}-{message_id}"
