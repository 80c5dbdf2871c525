"""From requests and responses to authentication exchanges: whose token, and what its answer says.

`WWW-Authenticate`/`Authorization` and `Proxy-Authenticate`/`Proxy-Authorization` are two families
that know nothing of each other; one request may carry a leg of both. An exchange is a run of legs
of one family with one scheme on one connection, up to a final verdict.

Spec: RFC 9110 11 and 15.5, RFC 4559 4-6, MS-NTHT 2, MS-N2HT 2-3, MS-WSMV 2.2.9.1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, CarrierAnomaly, CarrierMessage, Emit, Exchange
from dissectors.carriers.http_auth import (
    GSS_SCHEMES,
    challenges,
    credentials,
    name_of,
    text_of,
)
from dissectors.carriers.http_block import ORIGIN, PROXY
from dissectors.carriers.http_credentials import (
    Offer,
    about,
    goes_on,
    is_later_token,
    is_token,
    may_go_on,
    plain_logon,
    token_of,
)
from dissectors.carriers.http_head import Request, Response, host_key
from dissectors.carriers.http_telling import asked_for, schemes_of, told, version_of
from dissectors.span import Span
from dissectors.status import Status, Verdict

CHALLENGED = {ORIGIN: 401, PROXY: 407}
OFFERS_LIMIT = 64  # challenges read of one response


class Leg:
    """An exchange as the client's latest leg left it."""

    __slots__ = ("asked_last", "awaited", "cut", "exchange", "final", "left", "unknown")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.awaited = True  # no answer yet
        self.final = False  # a verdict was given: the next credentials begin a new exchange
        self.asked_last: str | None = (
            None  # by what the client ended the connection with the answer
        )
        self.cut = False  # the capture lost the end of the latest credentials
        self.left = False  # the connection was closed, and nothing decided
        self.unknown = False  # nobody knows what was answered to them

    @property
    def settled(self) -> bool:
        """What was answered is known and was no verdict: a further answer is to credentials not seen."""
        return not (self.awaited or self.unknown or self.final)


@lru_cache(1024)
def _status(verdict: Verdict, code: int, reason: bytes) -> Status:
    return Status(verdict, code, str(code), "http", text_of(reason) or None)


def _elsewhere(exchange: Exchange, request: Request) -> bool:
    """Tell whether a request is for another host or port than the exchange, as far as both name one."""
    known, host = exchange.context.get("host"), request.host
    if known is None or host is None:
        return False
    if known != host and host_key(known) != host_key(host):
        return True
    ports = exchange.context.get("port"), request.port
    return None not in ports and ports[0] != ports[1]


def _that_goes_on(offers: list[Offer], exchange: Exchange) -> Offer | None:
    """Find the challenge that continues an exchange."""
    for offer in offers:
        if (
            offer.challenge.scheme == exchange.scheme
            and offer.field.family == exchange.carrier
            and goes_on(offer)
        ):
            return offer
    return None


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
            leg.asked_last, leg.cut = request.last, field.cut is not None
            request.legs.append(leg)
            if sent.scheme not in GSS_SCHEMES:
                plain_logon(leg.exchange, sent, field, anomalies)
            self.emit(told("request", request, leg.exchange, field, sent, token, anomalies))
        request.fields = []  # no password outlives its telling

    def _leg_for(self, family: str, scheme: str, token: bytes | None, request: Request) -> Leg:
        """Go on with the open exchange, or begin one.

        Credentials begin an exchange after a verdict, and also where the answer to the latest ones is
        still due, for then each request is authenticated by itself; unless they cannot be first ones.
        So they do where it is not known, if the scheme needs one request only; and where another host is
        asked, as on a connection to a proxy.
        """
        latest = self._latest.get(family)
        if (
            latest is not None
            and not latest.final
            and latest.exchange.scheme == scheme
            and (not latest.awaited or is_later_token(token))
            and (not latest.unknown or may_go_on(scheme))
            and not (family == ORIGIN and _elsewhere(latest.exchange, request))
        ):
            latest.awaited, latest.unknown = True, False
            latest.exchange.context.pop("answer_unknown", None)
            return latest
        exchange = Exchange(family, f"request {request.ordinal}", version_of(request), scheme)
        exchange.context = context = asked_for(request)
        exchange.server_name = context.get("host") if family == ORIGIN else None
        if request.user_agent:
            context["user_agent"] = name_of(request.user_agent)
        self._latest[family] = leg = Leg(exchange)
        return leg

    # -- the server's legs ------------------------------------------------------------------------

    def answered(self, request: Request, response: Response) -> None:
        """Tell what a response says about the credentials of its request, and what it offers."""
        offers = self._offers(response) if response.fields else []
        used: list[Offer] = []
        for leg in request.legs:
            family = leg.exchange.carrier
            leg.awaited = False
            if response.code == CHALLENGED[PROXY] and family == ORIGIN:
                # the proxy kept the request: nothing reached the origin server
                self._tell(response, leg, "continue", offers, None)
                continue
            offer = _that_goes_on(offers, leg.exchange)
            if offer is not None:
                used.append(offer)
            elif leg.cut:
                self._unknown(leg)  # what was asked is not known, nor does this show it
                continue
            verdict = self._verdict(leg, response, offer)
            if verdict is not None:
                self._tell(response, leg, verdict, offers, offer)
        if response.sealed or request.sealed:
            self._count_sealed(request, response)
        if len(offers) > len(used):
            self._tell_offers(request, response, offers, used)

    def unasked(self, response: Response) -> None:
        """Tell what a response says whose request is not in the capture."""
        offers = self._offers(response)
        used: list[Offer] = []
        for offer in offers:
            family, scheme = offer.field.family, offer.challenge.scheme
            if not is_token(offer):
                continue
            leg = latest = self._latest.get(family)
            if leg is None or not leg.settled or leg.exchange.scheme != scheme:
                leg = Leg(Exchange(family, "", version_of(response), scheme))
                leg.awaited = False
                if latest is None or not latest.awaited:  # else what comes next takes that one up
                    self._latest[family] = leg
            used.append(offer)
            verdict = self._verdict(leg, response, offer)
            if verdict is not None:
                self._tell(response, leg, verdict, offers, offer, request_missing=True)
        self._unsettle(response, {offer.field.family for offer in used})
        self._count_sealed(None, response)
        self._tell_offers(None, response, offers, used)

    def _unsettle(self, response: Response, told: set[str]) -> None:
        """Take note that credentials not seen may have been answered, with a verdict that is not told."""
        for family, leg in self._latest.items():
            kept = response.code == CHALLENGED[PROXY] and family == ORIGIN
            if leg.settled and family not in told and not kept:
                self._unknown(leg)

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
        if challenged and response.cut and may_go_on(leg.exchange.scheme or ""):
            self._unknown(leg)  # the token may have stood in the part that is lost
            return None
        if response.to_tls:
            return "continue"  # the verdict will be inside
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
        token = field = said = None
        if offer is not None:
            field, said = offer
            if is_token(offer):
                token = token_of(said, field, anomalies)
        if request_missing:
            anomalies.append(Anomaly("unmatched-response", Span(0, 0), "no request for it"))
        if response.server:
            exchange.context["server"] = name_of(response.server)
        status = _status(verdict, response.code, response.reason)
        schemes = schemes_of(offers, exchange.carrier)
        message = told(
            "response", response, exchange, field, said, token, anomalies, status, schemes
        )
        if request_missing:
            message.context["request_missing"] = True
        if response.let_in:
            message.context["let_in"] = True
        last = leg.asked_last or response.last
        if last:
            message.context["last_by"] = "client" if leg.asked_last else "server"
            message.context["last_said"] = last
        self.emit(message)

    def _tell_offers(
        self, request: Request | None, response: Response, offers: list[Offer], used: list[Offer]
    ) -> None:
        """Tell a bare challenge list, and tokens that answer no leg of their scheme."""
        for family, code in CHALLENGED.items():
            bare = response.code == code
            listed = False
            for offer in offers:
                if offer.field.family != family:
                    continue
                listed = True
                if offer in used:
                    bare = False
                elif is_token(offer):
                    bare = False
                    self._hint(request, response, offers, family, offer)
            if bare and listed:
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
        token = field = said = None
        if offer is not None:
            field, said = offer
            token = token_of(said, field, anomalies)
        context: dict[str, Any] = {"carrier": family, "carrier_version": version_of(response)}
        if response.cut:
            context["cut"] = True  # more challenges may have stood behind
        if request is not None:
            context.update(asked_for(request))
            context["server_name"] = context.get("host") if family == ORIGIN else None
        if response.server:
            context["server"] = name_of(response.server)
        schemes = schemes_of(offers, family)
        hint = told("hint", response, None, field, said, token, anomalies, None, schemes, context)
        self.emit(hint)

    # -- afterwards -------------------------------------------------------------------------------

    def _count_sealed(self, request: Request | None, response: Response) -> None:
        sealed = response.sealed + (request is not None and request.sealed)
        if sealed and self.established is not None:
            self.established.sealed_messages += sealed
            self.established.context["protection_none"] = False

    def dropped(self, request: Request) -> None:
        """Give up waiting: the answer to this request is lost, or it is not known which one it is."""
        for leg in request.legs:
            self._unknown(leg)

    @staticmethod
    def _unknown(leg: Leg) -> None:
        leg.awaited, leg.unknown = False, True
        leg.exchange.context["answer_unknown"] = True

    def closed(self, request: Request, side: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell that the connection was closed while these credentials awaited an answer."""
        for leg in request.legs:
            if not leg.awaited:
                continue
            leg.awaited = False
            leg.final = True
            self._tell_closed(leg, side, how, frame, ts_ns)

    def left(self, side: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell that the connection was closed before the client went on with what it had begun."""
        for leg in self._latest.values():
            if leg.settled and not leg.left:
                leg.left = True
                self._tell_closed(leg, side, how, frame, ts_ns)

    def _tell_closed(self, leg: Leg, side: int, how: str, frame: int, ts_ns: int) -> None:
        by = "client" if side == CLIENT else "server"
        context = {"event": "closed", "by": by, "how": how}
        self.emit(
            CarrierMessage("after", side, leg.exchange, frame, (frame,), ts_ns, context=context)
        )
