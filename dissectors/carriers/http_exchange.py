"""From requests and responses to authentication exchanges: whose token, and what its answer says.

`WWW-Authenticate`/`Authorization` and `Proxy-Authenticate`/`Proxy-Authorization` are two families
that know nothing of each other; one request may carry a leg of both. An exchange is a run of legs
of one family with one scheme on one connection, up to a final verdict.

Spec: RFC 9110 11 and 15.5, RFC 4559 4-6, MS-NTHT 2, MS-N2HT 2-3, MS-WSMV 2.2.9.1.
"""

from __future__ import annotations

from typing import Any

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    CarrierAnomaly,
    CarrierMessage,
    Emit,
    Exchange,
    MessageKind,
)
from dissectors.carriers.http_auth import GSS_SCHEMES, Challenge, challenges, credentials, text_of
from dissectors.carriers.http_credentials import (
    Offer,
    about,
    goes_on,
    is_later_token,
    is_token,
    plain_logon,
    token_of,
)
from dissectors.carriers.http_head import ORIGIN, PROXY, Field, Message, Request, Response
from dissectors.carriers.http_place import place_token
from dissectors.span import Span
from dissectors.status import Status, Verdict

CHALLENGED = {ORIGIN: 401, PROXY: 407}
OFFERS_LIMIT = 64  # challenges read of one response


class Leg:
    """An exchange as the client's latest leg left it."""

    __slots__ = ("awaited", "cut", "exchange", "final")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.awaited = True  # no answer yet
        self.final = False  # a verdict was given: the next credentials begin a new exchange
        self.cut = False  # the capture lost the end of the latest credentials


class Exchanges:
    """The authentication exchanges of one connection."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.established: Exchange | None = None  # latest success with an origin server
        self._latest: dict[str, Leg] = {}  # by family

    # -- the client's legs ------------------------------------------------------------------------

    def asked(self, request: Request) -> None:
        """Tell the credentials of a request, each family's by itself."""
        families: set[str] = set()
        for field in request.fields:
            sent = credentials(field.value)
            if sent is None and field.cut is not None:
                continue  # not even the scheme's name is there
            if sent is None or field.family in families:
                what = "no scheme's name" if sent is None else "a second field of its kind"
                anomaly = about(field, "bad-header", f"credentials: {what}")
                self.emit(CarrierAnomaly(CLIENT, request.frame, request.ts_ns, anomaly))
                continue
            families.add(field.family)
            anomalies: list[Anomaly] = []
            token = token_of(sent, field, anomalies) if sent.scheme in GSS_SCHEMES else None
            leg = self._leg_for(field.family, sent.scheme, token, request)
            leg.cut = field.cut is not None
            request.legs.append(leg)
            if sent.scheme not in GSS_SCHEMES:
                plain_logon(leg.exchange, sent, field, anomalies)
            message = _message("request", request, leg.exchange, field, sent, token, anomalies)
            self.emit(message)
        request.fields = []  # no password outlives its telling

    def _leg_for(self, family: str, scheme: str, token: bytes | None, request: Request) -> Leg:
        """Go on with the open exchange, or begin one.

        Credentials begin an exchange after a verdict, and also where the answer to the latest ones is
        still due, for then each request is authenticated by itself; unless they cannot be first ones.
        """
        latest = self._latest.get(family)
        if (
            latest is not None
            and not latest.final
            and latest.exchange.scheme == scheme
            and (not latest.awaited or is_later_token(token))
        ):
            latest.awaited = True
            return latest
        exchange = Exchange(family, f"request {request.ordinal}", _version(request), scheme)
        exchange.context = _asked_for(request)
        exchange.server_name = exchange.context.get("host") if family == ORIGIN else None
        if request.user_agent:
            exchange.context["user_agent"] = text_of(request.user_agent)
        self._latest[family] = leg = Leg(exchange)
        return leg

    # -- the server's legs ------------------------------------------------------------------------

    def answered(self, request: Request, response: Response) -> None:
        """Tell what a response says about the credentials of its request, and what it offers."""
        offers = self._offers(response)
        used: list[Offer] = []
        for leg in request.legs:
            family = leg.exchange.carrier
            leg.awaited = False
            if response.code == CHALLENGED[PROXY] and family == ORIGIN:
                continue  # the proxy kept the request: nothing reached the origin server
            mine = [
                offer
                for offer in offers
                if offer.field.family == family and offer.challenge.scheme == leg.exchange.scheme
            ]
            offer = next((offer for offer in mine if goes_on(offer)), None)
            if offer is not None:
                used.append(offer)
            elif leg.cut:
                continue  # what was asked is not known, nor does this show that it answers it
            verdict = self._verdict(leg, response, offer)
            if verdict is not None:
                self._tell(response, leg, verdict, offers, offer)
        self._count_sealed(request, response)
        self._tell_offers(request, response, offers, used)

    def unasked(self, response: Response) -> None:
        """Tell what a response says whose request is not in the capture."""
        offers = self._offers(response)
        used: list[Offer] = []
        for offer in offers:
            family, scheme = offer.field.family, offer.challenge.scheme
            if not is_token(offer):
                continue
            leg = self._latest.get(family)
            if leg is None or leg.final or leg.exchange.scheme != scheme:
                leg = Leg(Exchange(family, "", _version(response), scheme))
                self._latest[family] = leg
            leg.awaited = False
            used.append(offer)
            verdict = self._verdict(leg, response, offer)
            if verdict is not None:
                self._tell(response, leg, verdict, offers, offer, request_missing=True)
        self._count_sealed(None, response)
        self._tell_offers(None, response, offers, used)

    def _offers(self, response: Response) -> list[Offer]:
        """List every challenge of a response; of Authentication-Info only tokens (RFC 4559 5)."""
        found: list[Offer] = []
        for field in response.fields:
            for challenge in challenges(field.value):
                offer = Offer(field, challenge)
                if field.info and not is_token(offer):
                    continue
                if len(found) == OFFERS_LIMIT:
                    anomaly = about(field, "limit-count", f"more than {OFFERS_LIMIT} challenges")
                    self.emit(CarrierAnomaly(SERVER, response.frame, response.ts_ns, anomaly))
                    return found
                found.append(offer)
        return found

    def _verdict(self, leg: Leg, response: Response, offer: Offer | None) -> Verdict | None:
        challenged = response.code == CHALLENGED[leg.exchange.carrier]
        if challenged and offer is not None:
            return "continue"
        if challenged and response.cut:
            return None  # the token may have stood in the part that is lost
        leg.final = True
        if challenged:
            return "failure"
        leg.exchange.context["protection_none"] = True
        if leg.exchange.carrier == ORIGIN:
            self.established = leg.exchange
        return "success"

    def _tell(
        self,
        response: Response,
        leg: Leg,
        verdict: Verdict,
        offers: list[Offer],
        offer: Offer | None,
        *,
        request_missing: bool = False,
    ) -> None:
        exchange = leg.exchange
        anomalies: list[Anomaly] = []
        token = None
        if offer is not None and is_token(offer):
            token = token_of(offer.challenge, offer.field, anomalies)
        if request_missing:
            anomalies.append(Anomaly("unmatched-response", Span(0, 0), "no request for it"))
        if response.server:
            exchange.context["server"] = text_of(response.server)
        field, said = offer or (None, None)
        message = _message("response", response, exchange, field, said, token, anomalies)
        message.status = Status(
            verdict, response.code, str(response.code), "http", text_of(response.reason) or None
        )
        message.schemes = _schemes(offers, exchange.carrier)
        if request_missing:
            message.context["request_missing"] = True
        if response.let_in:
            message.context["let_in"] = True
        self.emit(message)

    def _tell_offers(
        self, request: Request | None, response: Response, offers: list[Offer], used: list[Offer]
    ) -> None:
        """Tell a bare challenge list, and tokens that answer no leg of their scheme."""
        for family, code in CHALLENGED.items():
            mine = [offer for offer in offers if offer.field.family == family]
            spent = [offer for offer in mine if offer in used]
            tokens = [offer for offer in mine if is_token(offer)]
            for offer in tokens:
                if offer not in spent:
                    self._hint(request, response, offers, family, offer)
            if mine and not tokens and not spent and response.code == code:
                self._hint(request, response, offers, family, None)

    def _hint(
        self,
        request: Request | None,
        response: Response,
        offers: list[Offer],
        family: str,
        offer: Offer | None,
    ) -> None:
        anomalies: list[Anomaly] = []
        token = None
        if offer is not None:
            token = token_of(offer.challenge, offer.field, anomalies)
        field, said = offer or (None, None)
        hint = _message("hint", response, None, field, said, token, anomalies)
        hint.schemes = _schemes(offers, family)
        hint.context = {"carrier": family, "carrier_version": _version(response)}
        if request is not None:
            hint.context.update(_asked_for(request))
            hint.context["server_name"] = hint.context.get("host") if family == ORIGIN else None
        if response.server:
            hint.context["server"] = text_of(response.server)
        self.emit(hint)

    # -- afterwards -------------------------------------------------------------------------------

    def _count_sealed(self, request: Request | None, response: Response) -> None:
        sealed = response.sealed + (request is not None and request.sealed)
        if sealed and self.established is not None:
            self.established.sealed_messages += sealed
            self.established.context["protection_none"] = False

    def dropped(self, request: Request) -> None:
        """Give up waiting: the answer to this request is lost."""
        for leg in request.legs:
            leg.awaited = False

    def closed(self, request: Request, side: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell that the connection was closed while these credentials awaited an answer."""
        for leg in request.legs:
            if not leg.awaited:
                continue
            leg.awaited = False
            leg.final = True
            by = "client" if side == CLIENT else "server"
            context = {"event": "closed", "by": by, "how": how}
            self.emit(
                CarrierMessage("after", side, leg.exchange, frame, (frame,), ts_ns, context=context)
            )


# -- pieces ---------------------------------------------------------------------------------------


def _message(
    kind: MessageKind,
    source: Message,
    exchange: Exchange | None,
    field: Field | None,
    said: Challenge | None,
    token: bytes | None,
    anomalies: list[Anomaly],
) -> CarrierMessage:
    message = CarrierMessage(
        kind,
        CLIENT if kind == "request" else SERVER,
        exchange,
        source.frame,
        source.frames if field is None or token is None else field.frames,
        source.ts_ns,
        token,
        anomalies=tuple(anomalies),
    )
    if token and field is not None and said is not None:
        place_token(message, field, said)
    return message


def _schemes(offers: list[Offer], family: str) -> tuple[str, ...]:
    mine = (o.challenge.scheme for o in offers if o.field.family == family and not o.field.info)
    return tuple(dict.fromkeys(mine))


def _asked_for(request: Request) -> dict[str, Any]:
    context = {"method": text_of(request.method), "uri": request.uri}
    host = request.host
    if host:
        context["host"] = host
        if request.method == b"CONNECT" or "://" in context["uri"]:
            context["target"] = host
    return context


def _version(message: Message) -> str:
    return text_of(message.version)
