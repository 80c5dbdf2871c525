"""Put requests to a KDC and its answers together, conversation by conversation.

Over TCP answers come in the order of the requests, over UDP in any; there a request may be sent again, and
be answered as often. A request of which the answer was not seen is told as well, and so is an answer alone.
Where bytes of who answers are missing, or he is not in the capture at all, the answer is lost: that there was
none is not shown.

Spec: RFC 4120 3.1.2, 3.3.2, 7.2.1-7.2.2; MS-KKDCP 3.1.5.3; draft-ietf-kitten-iakerb 3 (inside a negotiation).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.kdc_facts import Reply, exchange_of, take_reply, take_request
from analyzer.surroundings.model import KdcExchange
from dissectors.carriers.base import SERVER, CarrierMessage
from dissectors.records import NamedTuple
from dissectors.status import Status
from dissectors.tokens.model import (
    IakerbMessage,
    KrbAsReq,
    KrbError,
    KrbKdcRep,
    KrbKdcReq,
    Token,
)

WAITING_LIMIT = 256
"""Requests of one conversation that await their answer; the oldest is told without one if there are more."""
CARRYING_LIMIT = 64
"""Negotiations of one stream that carry KDC messages at once."""

PROXY = "kkdcp"
ONE_BY_ONE = frozenset({PROXY, "iakerb"})
"""How clients ask that await each answer: behind a POST (RFC 9112 9.3.2), and in turns of a negotiation."""
_TORN = frozenset({"gap", "cut-off"})
"""Anomalies by which a message's end is not in the capture; a snap length cuts what was there."""


class _Asked(NamedTuple):
    """A request, as far as its answer must be known by it."""

    exchange: KdcExchange
    request: KrbKdcReq


class _Answered(NamedTuple):
    """An answer and the request that it was taken to answer."""

    asked: _Asked
    message: CarrierMessage
    reply: Reply
    cut: bool


class Pairing:
    """The exchanges of one conversation with a KDC."""

    def __init__(
        self,
        stream: Stream,
        transport: str,
        tell: Callable[[KdcExchange], None],
        carried_by: Negotiation | None = None,
    ) -> None:
        self._stream = stream
        self._transport = transport
        self._tell = tell
        self._carried_by = carried_by
        self._waiting: list[_Asked] = []
        self._latest: _Answered | None = None

    def add(self, message: CarrierMessage, token: Token, *, cut: bool = False) -> None:
        """Take the next message; one that is none of a KDC's is left alone.

        `cut`: what carries it lacks its end, which the message itself does not tell.
        """
        if isinstance(token, KrbKdcReq):
            exchange = self._exchange(message.ts_ns)
            exchange.frame_request = message.frame
            take_request(exchange, token, cut=cut)
            if self._transport in ONE_BY_ONE:
                self.lost()  # their answers came, and are not in the capture
            if self._transport == PROXY:
                self.end()
            if len(self._waiting) == WAITING_LIMIT:
                self._tell(self._waiting.pop(0).exchange)
            self._waiting.append(_Asked(exchange, token))
        elif isinstance(token, KrbKdcRep | KrbError):
            asked = self._asked_for(token)
            exchange = self._exchange(message.ts_ns) if asked is None else asked.exchange
            if asked is not None:
                self._waiting.remove(asked)
                asked = self._in_order(asked)
            _answer(exchange if asked is None else asked.exchange, message, token, cut=cut)
            self._latest = None if asked is None else _Answered(asked, message, token, cut)
            self._tell(exchange)

    def proxy_said(self, message: CarrierMessage, status: Status) -> None:
        """Note a proxy's response without a message of a KDC at the request that it names.

        One that is turned away gets no other answer; a body that cannot be read may have been a KDC's.
        """
        frame = message.context.get("request_frame")
        asked = next(
            (
                each
                for each in self._waiting
                if each.exchange.frame_request == frame and each.exchange.proxy_status is None
            ),
            None,
        )
        if asked is None:
            return
        exchange = asked.exchange
        exchange.frame_reply, exchange.reply_ts_ns = message.frame, message.ts_ns
        exchange.proxy_status = status.code
        if exchange.turned_away:
            self._waiting.remove(asked)
            self._tell(exchange)

    def _in_order(self, asked: _Asked) -> _Asked:
        """Give a request that was sent twice and answered twice the first answer; the second one's is due."""
        latest = self._latest
        if latest is None or latest.asked.request.raw != asked.request.raw:
            return asked
        if latest.asked.exchange.ts_ns < asked.exchange.ts_ns:
            return asked
        _answer(asked.exchange, latest.message, latest.reply, cut=latest.cut)
        return latest.asked

    def lost(self) -> None:
        """Something that was said by who answers cannot be read: it may be any of the answers due."""
        for asked in self._waiting:
            asked.exchange.reply_lost = not asked.exchange.turned_away
            asked.exchange.frame_closed = None

    def hung_up(self, frame: int) -> None:
        """Who answers has closed the connection: nothing more comes of what is not lost."""
        for asked in self._waiting:
            if not asked.exchange.reply_lost and asked.exchange.proxy_status is None:
                asked.exchange.frame_closed = frame

    def end(self) -> None:
        """The conversation is over: tell what was never answered."""
        waiting, self._waiting = self._waiting, []
        for asked in waiting:
            self._tell(asked.exchange)

    def _exchange(self, ts_ns: int) -> KdcExchange:
        stream = self._stream
        made = KdcExchange(
            stream,
            self._transport,
            stream.client,
            stream.client_port,
            stream.server,
            stream.server_port,
        )
        made.ts_ns = ts_ns
        made.carried_by = self._carried_by
        return made

    def _asked_for(self, reply: Reply) -> _Asked | None:
        """The request that `reply` answers: the oldest that fits, of those for the same service if any.

        Of one sent several times it is the latest, as the earlier ones were hardly sent in vain; and so
        it is of a client that comes with other pre-authentication data: it had the KDC's word on the first.
        """
        kind = exchange_of(reply)
        fitting = [each for each in self._waiting if kind in (None, each.exchange.exchange)]
        if not fitting:
            return None
        # on one connection of a proxy the response to the others went by, though it could not be read
        fitting = [each for each in fitting if each.exchange.proxy_status is None] or fitting
        same = [each for each in fitting if _same_service(each.request, reply)]
        # of those whose answer seems lost it may yet be, where no other fits
        due = [each for each in same or fitting if not each.exchange.reply_lost]
        first = (due or same or fitting)[0]
        repeated = [each for each in fitting if _carries_on(each.request, first.request)]
        return repeated[-1]


def _answer(exchange: KdcExchange, message: CarrierMessage, reply: Reply, *, cut: bool) -> None:
    exchange.frame_reply, exchange.reply_ts_ns = message.frame, message.ts_ns
    exchange.proxy_status, exchange.reply_lost, exchange.frame_closed = None, False, None
    exchange.reply_torn = any(anomaly.code in _TORN for anomaly in message.anomalies)
    take_reply(exchange, reply, message.ts_ns, cut=cut)


def _same_service(request: KrbKdcReq, reply: Reply) -> bool:
    asked, answered = request.sname, reply.sname
    return asked is not None and answered is not None and asked.casefold() == answered.casefold()


def _carries_on(later: KrbKdcReq, first: KrbKdcReq) -> bool:
    """It is the same request, or the AS-REQ that follows the KDC's refusal of the first (RFC 4120 3.1.1)."""
    if later.raw == first.raw:
        return True
    asked = {(each.cname, each.realm, each.sname) for each in (later, first)}
    return (
        isinstance(later, KrbAsReq)
        and isinstance(first, KrbAsReq)
        and first.cname is not None
        and len(asked) == 1
        and later.padata_types != first.padata_types
    )


class StreamKdc:
    """All KDC exchanges of one stream: its own, a proxy's, and those inside negotiations."""

    def __init__(self, stream: Stream, tell: Callable[[KdcExchange], None]) -> None:
        self._stream = stream
        self._tell = tell
        self._own: Pairing | None = None
        self._carried: OrderedDict[int, Pairing] = OrderedDict()  # id(negotiation) -> its exchanges
        self._left = False  # a side has closed the connection

    def add(self, message: CarrierMessage, token: Token) -> None:
        """Take a message of the kind `kdc`."""
        if self._own is None:
            transport = message.context.get("transport", self._stream.transport)
            self._own = Pairing(self._stream, transport, self._tell)
        self._own.add(message, token)

    def proxy_said(self, message: CarrierMessage, status: Status) -> None:
        """Take the status with which a KDC's proxy answers; without a request it tells nothing."""
        if self._own is not None:
            self._own.proxy_said(message, status)

    def carried(
        self,
        message: CarrierMessage,
        token: IakerbMessage,
        negotiation: Negotiation,
        *,
        cut: bool = False,
    ) -> None:
        """Take a negotiation's IAKERB token; it may hold no message at all, and may be `cut`."""
        if token.inner is None:
            return
        key = id(negotiation)
        pairing = self._carried.get(key)
        if pairing is None:
            pairing = Pairing(self._stream, "iakerb", self._tell, negotiation)
            self._carried[key] = pairing
            if len(self._carried) > CARRYING_LIMIT:
                self._carried.popitem(last=False)[1].end()
        pairing.add(message, token.inner, cut=cut)

    def lost(self) -> None:
        """Something of the server's side is not in the capture, or cannot be read."""
        for pairing in self._pairings:
            pairing.lost()

    def closed(self, side: int, frame: int) -> None:
        """A side has closed the connection; where the client did so first it has given up.

        The server's end shows that nothing was said before it only where its numbers are known from before.
        """
        stream = self._stream
        numbered = stream.server_heard and not stream.started_before
        if side == SERVER and numbered and not self._left:
            for pairing in self._pairings:
                pairing.hung_up(frame)
        self._left = True

    def end(self) -> None:
        """The stream is over."""
        for pairing in self._pairings:
            pairing.end()
        self._carried.clear()

    @property
    def _pairings(self) -> list[Pairing]:
        own = [] if self._own is None else [self._own]
        return [*own, *self._carried.values()]
