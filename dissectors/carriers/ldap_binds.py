"""Which bind belongs to which authentication of an LDAP connection, and what its messages carry.

An authentication is a run of binds with one mechanism up to a result other than
saslBindInProgress. Answers find their request by message id. A later bind makes an earlier one
moot, so at most one authentication is unfinished, however many binds wait (AD's fast bind).

Spec: RFC 4511 4.2, RFC 4513 5, RFC 4752 3, MS-ADTS 5.1.1.1 (simple, SASL, Sicily).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dissectors.anomaly import Anomaly
from dissectors.carriers import sasl
from dissectors.carriers.base import (
    CLIENT,
    NO_SECRET,
    SERVER,
    Carrier,
    CarrierMessage,
    Exchange,
    Limits,
)
from dissectors.carriers.ldap_attempt import Attempt
from dissectors.carriers.ldap_message import (
    SASL,
    SICILY,
    SICILY_DISCOVERY,
    SICILY_NEGOTIATE,
    SIMPLE,
    BindRequest,
    BindResponse,
    policy_error,
    read_bind_request,
    read_bind_response,
)
from dissectors.recognise import NTLM_SIGNATURE, kind_of
from dissectors.span import Span
from dissectors.status import Status

if TYPE_CHECKING:
    from dissectors.carriers.ldap_pdu import Pdu

EXCHANGES = Limits().exchanges
SICILY_PACKAGE = "NTLM"  # MS-ADTS puts it into the name field, others write the user there
PACKAGES_LIMIT = 256  # bytes of Sicily's list of packages
PROMPT_LIMIT = 64  # bytes of a question of the server's that is no token


class Binds:
    """The binds of one connection."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._waiting: dict[int, Attempt] = {}  # message id -> whose answer is due
        self._unfinished: Attempt | None = None
        self._requests_lost = False  # an answer without request may belong to the unfinished one
        self.secured: Exchange | None = None  # the latest success, protecting what follows
        self.layered: Exchange | None = None  # whose security layer length-prefixed buffers may be

    # -- the client's legs -------------------------------------------------------------------------

    def request(self, pdu: Pdu) -> None:
        """Read a BindRequest."""
        anomalies: list[Anomaly] = []
        bind = read_bind_request(pdu.data, pdu.head, anomalies)
        if bind is None:
            self._malformed(pdu, "BindRequest")
            return
        credentials = b""
        if bind.credentials is not None:
            start, stop = bind.credentials
            credentials = pdu.data[start:stop]
        unfinished = self._unfinished
        later = unfinished is not None and (
            unfinished.answered  # what else should follow a saslBindInProgress
            if _kind_lost(pdu, bind)
            else unfinished.goes_on(bind, credentials)
        )
        attempt = unfinished if later and unfinished is not None else self._begin(pdu)
        exchange = attempt.exchange
        if exchange.scheme is None:
            self._describe(attempt, bind)
        if not later and bind.mechanism is not None:
            bound = sasl.channel_binding(bind.mechanism, credentials)
            if bound is not None:
                exchange.context["channel_binding"] = bound
        token: bytes | None = None
        place: Span | None = None
        if attempt.gss and bind.credentials is not None:
            header = 0 if later else sasl.gs2_header(bind.mechanism or "", credentials)
            token, place = credentials, bind.credentials
            if header:
                token, place = token[header:], Span(place.start + header, place.end)
        elif attempt.gss and later:
            token = b"" if pdu.cut is None else None  # no credentials at all: an empty leg
        elif bind.mechanism is not None and exchange.user is None and pdu.cut is None:
            exchange.user = sasl.claimed_user(bind.mechanism, credentials, attempt.prompt)
        self._note_secret(attempt, pdu, bind, credentials, later=later)
        layer_leg = False
        if later and bind.mechanism is not None and bind.mechanism.upper() == "GSSAPI":
            layer_leg = token is not None and (not token or sasl.is_wrap_token(token))
            attempt.note_layer("chosen", token)
        if bind.choice or not later or attempt.choice != SASL:
            attempt.choice = bind.choice
        attempt.asked, attempt.answered, attempt.prompt = True, False, b""
        attempt.layer_leg = layer_leg
        self._wait(pdu, attempt)
        pdu.say("request", exchange, anomalies, token=token, place=place, sasl_layer=layer_leg)

    def _begin(self, pdu: Pdu) -> Attempt:
        """Start an authentication; whoever binds is anonymous until it succeeds (RFC 4511 4.2.1)."""
        self.secured = self.layered = None
        return Attempt(Exchange("ldap"), pdu.head.message_id)

    def _describe(self, attempt: Attempt, bind: BindRequest) -> None:
        """Write down what the first request says, or the first that is there."""
        exchange = attempt.exchange
        if bind.version:
            exchange.carrier_version = f"LDAPv{bind.version}"
        if bind.choice == SIMPLE:
            exchange.scheme = exchange.mechanism = "simple"
            exchange.user = bind.name or None
            if not bind.has_password:
                how = "unauthenticated" if bind.name else "anonymous"
                exchange.mechanism_detail = how
                exchange.context[how] = True
        elif bind.choice in SICILY:
            exchange.scheme = "Sicily"
            attempt.gss = True
            self.layered = exchange
            if bind.name not in {"", SICILY_PACKAGE}:
                exchange.user = bind.name
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

    @staticmethod
    def _note_secret(
        attempt: Attempt, pdu: Pdu, bind: BindRequest, credentials: bytes, *, later: bool
    ) -> None:
        """Keep that no secret was sent, as long as all requests are there and whole."""
        exchange = attempt.exchange
        if attempt.gss or bind.choice == SIMPLE or (later and exchange.mechanism_detail is None):
            return
        none = (
            pdu.cut is None
            and bind.mechanism is not None
            and sasl.holds_secret(bind.mechanism, credentials, attempt.prompt) is False
        )
        exchange.mechanism_detail = NO_SECRET if none else None

    def _wait(self, pdu: Pdu, attempt: Attempt) -> None:
        message_id = pdu.head.message_id
        if len(self._waiting) >= EXCHANGES and message_id not in self._waiting:
            oldest = self._waiting.pop(next(iter(self._waiting)))
            detail = f"more than {EXCHANGES} binds without an answer"
            pdu.odd("limit-count", detail, oldest.exchange)
        self._waiting[message_id] = self._unfinished = attempt
        attempt.reaches(message_id)

    # -- the server's legs -------------------------------------------------------------------------

    def response(self, pdu: Pdu) -> None:
        """Read a BindResponse."""
        anomalies: list[Anomaly] = []
        response = read_bind_response(pdu.data, pdu.head, anomalies)
        if response is None:
            self._malformed(pdu, "BindResponse")
            return
        context: dict[str, Any] = {}
        if pdu.head.stop < pdu.head.size:
            error = policy_error(pdu.data, pdu.head, anomalies)
            if error is not None:
                context["policy_error"] = error
        attempt = self._waiting.pop(pdu.head.message_id, None)
        if attempt is None:
            attempt = self._without_request(pdu, anomalies)
            context["request_missing"] = True
        if attempt.choice == 0 or attempt.exchange.scheme is None:
            self._recognise(attempt, pdu.data, response)
        token, place = attempt.server_token(pdu.data, response)
        if not attempt.gss and response.credentials is not None:
            attempt.prompt = pdu.data[slice(*response.credentials)][:PROMPT_LIMIT]
        # an offer without the empty leg before it is one all the same
        layer_leg = attempt.layer_leg or (token is not None and sasl.is_wrap_token(token))
        if layer_leg:
            attempt.note_layer("offered", token)
        if self._requests_lost and attempt.exchange.mechanism_detail == NO_SECRET:
            attempt.exchange.mechanism_detail = None  # what is answered here may have held it
        status = attempt.status(response, token, whole=pdu.cut is None)
        schemes: tuple[str, ...] = ()
        if attempt.choice == SICILY_DISCOVERY and status.verdict == "continue":
            packages = pdu.data[slice(*response.matched_dn)][:PACKAGES_LIMIT]
            names = packages.decode("ascii", "backslashreplace").split(";")
            schemes = tuple(filter(None, names))
        self._conclude(attempt, status)
        pdu.say(
            "response",
            attempt.exchange,
            anomalies,
            token=token,
            place=place,
            status=status,
            schemes=schemes,
            sasl_layer=layer_leg,
            context=context,
        )

    def _without_request(self, pdu: Pdu, anomalies: list[Anomaly]) -> Attempt:
        """Find or make the attempt of an answer whose request the capture does not hold."""
        message_id = pdu.head.message_id
        if not self._requests_lost and not self._carrier.started_before:
            place = Span(0, len(pdu.data))
            anomalies.append(Anomaly("unmatched-response", place, f"msgid {message_id}"))
        attempt = self._unfinished
        if attempt is None or (attempt.asked and not (self._requests_lost and attempt.answered)):
            attempt = Attempt(Exchange("ldap"), message_id)
        attempt.reaches(message_id)
        return attempt

    def _recognise(self, attempt: Attempt, data: bytes, response: BindResponse) -> None:
        """Tell from the answer what the request, of which that is not there, must have been."""
        place = response.credentials
        if data.startswith(NTLM_SIGNATURE, response.matched_dn.start):
            attempt.exchange.scheme = "Sicily"
            attempt.choice, attempt.gss = SICILY_NEGOTIATE, True
        elif place is not None:
            attempt.gss |= kind_of(data[slice(*place)]) != "opaque"
        if attempt.gss or place is None:
            self.layered = attempt.exchange

    def _conclude(self, attempt: Attempt, status: Status) -> None:
        self._requests_lost = False
        newest = self._unfinished is None or self._unfinished is attempt
        if status.verdict == "continue":
            attempt.answered = True
            if newest:
                self._unfinished = attempt
        elif newest:
            self._unfinished = None
            if status.verdict == "success":
                self.secured = attempt.exchange
            else:
                self.layered = None

    # -- what else happens -------------------------------------------------------------------------

    def lost(self, side: int) -> None:
        """Note that bytes of `side` are missing, maybe requests among them."""
        self._requests_lost |= side == CLIENT

    def closed(self, by: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell every authentication without a result that the connection ends."""
        if not self._waiting and self._unfinished is None:
            return
        left = {id(attempt): attempt for attempt in self._waiting.values()}
        if self._unfinished is not None:
            left[id(self._unfinished)] = self._unfinished
        self._waiting.clear()
        self._unfinished = None
        who = "server" if by == SERVER else "client"
        for attempt in left.values():
            facts = {"event": "closed", "by": who, "how": how}
            self._carrier.emit(
                CarrierMessage("after", by, attempt.exchange, frame, (frame,), ts_ns, context=facts)
            )

    def unread(self, pdu: Pdu) -> None:
        """Say that a message is too large to be read."""
        attempt = self._waiting.get(pdu.head.message_id)
        exchange = None if attempt is None else attempt.exchange
        pdu.odd("limit-message-size", f"{pdu.head.size} bytes, not read", exchange)

    def _malformed(self, pdu: Pdu, what: str) -> None:
        if pdu.cut is None:  # else the gap explains it
            attempt = self._waiting.get(pdu.head.message_id)
            exchange = None if attempt is None else attempt.exchange
            pdu.odd("malformed-message", what, exchange)


def _kind_lost(pdu: Pdu, bind: BindRequest) -> bool:
    """Whether a BindRequest is cut before it tells how it authenticates."""
    if pdu.cut is None:
        return False
    return bind.choice == 0 or (bind.choice == SASL and bind.mechanism is None)
