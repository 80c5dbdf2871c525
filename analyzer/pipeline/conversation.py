"""What a carrier says of a conversation: its tokens, negotiations, exchanges with a KDC and oddities."""

from __future__ import annotations

from analyzer.backlog import Backlog
from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation, NoticedAnomaly
from analyzer.negotiation.rebuild import StreamNegotiations
from analyzer.negotiation.site import site_of
from analyzer.pipeline.faults import fault_anomaly
from analyzer.pipeline.sink import Options, Sink
from analyzer.surroundings.kdc import StreamKdc
from analyzer.surroundings.kdc_facts import is_cut
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    Carrier,
    CarrierAnomaly,
    CarrierMessage,
    Exchange,
)
from dissectors.carriers.token_pieces import TokenPieces
from dissectors.records import dataclass
from dissectors.span import Span
from dissectors.tokens import dissect_token
from dissectors.tokens.model import IakerbMessage

SAID_LIMIT = 64
"""Messages of one conversation that wait to be looked at."""
ANOMALIES_PER_KIND = 100
"""Rows of one anomaly code per stream; more are only counted."""
UNREAD = frozenset(
    {"gap", "snaplen", "cut-off", "desync", "malformed-message", "limit-message-size"}
)
"""Anomalies by which a side has said something that is not read; an answer, as far as is known."""


@dataclass(slots=True, eq=False)
class Closed:
    """One side has closed the connection."""

    side: int
    frame: int


Said = CarrierMessage | CarrierAnomaly | Closed
"""What a conversation waits to look at."""


class Conversation:
    """What TCP and UDP readers share: from carrier messages to sink.

    What is said is not looked at before there is some of it, at the latest when the conversation is over and
    its turn in the backlog comes; without a backlog at once.
    """

    deaf_after_gap = False
    """Whether nothing of a side can be read behind its first gap."""

    def __init__(
        self, stream: Stream, sink: Sink, options: Options, backlog: Backlog | None = None
    ) -> None:
        self._backlog = backlog
        self._said: list[Said] = []
        self.held = 0
        """Bytes of tokens that were not looked at yet."""
        self._patience = 1 if backlog is None else SAID_LIMIT
        self._one_direction = False  # the other side was never heard
        self._deaf = False  # nothing more of the server can be read
        self._span_ns = 0  # first to last packet
        self.stream = stream
        self.sink = sink
        self.options = options
        self.negotiations = StreamNegotiations(stream, sink.negotiation)
        self.carrier: Carrier | None = None
        self.failed = False  # a fault of ours has ended it
        self._swap = 0  # 1: the carrier says that our client is its server
        self._told: dict[str, int] = {}
        self._token_frame, self._token_place = 0, -1  # of the latest token, its place in the frame
        self._pieces = TokenPieces()
        self._kdc: StreamKdc | None = None

    def emit(self, item: CarrierMessage | CarrierAnomaly) -> None:
        """Take what a carrier says."""
        said = self._said
        said.append(item)
        if type(item) is CarrierMessage and item.token:
            self.held += len(item.token)
        if len(said) >= self._patience:
            self._look_at_all()

    def notice(self, anomaly: Anomaly, frame: int, ts_ns: int, side: int = CLIENT) -> None:
        """Tell an anomaly of the connection itself; `side`: whose bytes it is about, where that matters."""
        self._say(CarrierAnomaly(side, frame, ts_ns, anomaly))

    def _say(self, item: Said) -> None:
        self._said.append(item)
        if len(self._said) >= self._patience:
            self._look_at_all()

    def _look_at_all(self) -> None:
        said, self._said, self.held = self._said, [], 0
        for item in said:
            if type(item) is CarrierMessage:
                self._look_at(item)
            elif type(item) is CarrierAnomaly:
                self._look_at_anomaly(item)
            elif type(item) is Closed:
                self.negotiations.closed = True
                if self._kdc is not None:
                    self._kdc.closed(item.side, item.frame)

    def _look_at(self, item: CarrierMessage) -> None:
        if item.kind == "kdc":
            self._add_kdc(item)
            return
        token = item.token
        if token:
            pieces = self._pieces
            token = pieces.whole(item)
            while pieces.abandoned:
                message = pieces.abandoned.pop()
                self._add(message, message.token)
        negotiation = self._add(item, token)
        if item.anomalies:
            for anomaly in item.anomalies:
                self._noticed(anomaly, item, negotiation)
        if item.schemes and item.kind == "hint":
            said = item.context
            carrier = item.exchange.carrier if item.exchange else said.get("carrier", "")
            site = site_of(carrier, said.get("server_name"), said, self.stream)
            self.sink.schemes(self.stream, carrier, site, item)

    def _add(self, item: CarrierMessage, token: bytes | None) -> Negotiation | None:
        """Dissect the token, if there is one, and put the message where it belongs."""
        if not token:
            return self.negotiations.add(item, None)
        dissected = dissect_token(
            token, from_acceptor=item.side == SERVER, sasl_layer=item.sasl_layer
        )
        frame = item.frame
        place = self._token_place = self._token_place + 1 if frame == self._token_frame else 0
        self._token_frame = frame
        negotiations, exchange = self.negotiations, item.exchange
        negotiation = negotiations.add(item, dissected, place)
        step = negotiations.latest
        assert step is not None
        carrier = item.context.get("carrier", "") if exchange is None else exchange.carrier
        self.sink.token(self.stream, step, carrier, negotiation)
        inner = dissected.inner
        for anomaly in dissected.findings:
            self._noticed(anomaly, item, negotiation)
        part = dissected if type(dissected) is IakerbMessage else inner
        if type(part) is IakerbMessage and negotiation is not None:
            self._stream_kdc().carried(item, part, negotiation, cut=is_cut(dissected))
        return negotiation

    def _add_kdc(self, item: CarrierMessage) -> None:
        """Pair a message to or from a KDC; it is no token, but may be as odd."""
        if item.status is not None:
            self._stream_kdc().proxy_said(item, item.status)
            return
        dissected = dissect_token(item.token or b"")
        self._stream_kdc().add(item, dissected)
        for anomaly in (*item.anomalies, *dissected.findings):
            self._noticed(anomaly, item, None)

    def _stream_kdc(self) -> StreamKdc:
        if self._kdc is None:
            self._kdc = StreamKdc(self.stream, self.sink.surrounding)
        return self._kdc

    def _look_at_anomaly(self, item: CarrierAnomaly) -> None:
        anomaly, exchange = item.anomaly, item.exchange
        if item.side == SERVER and anomaly.code in UNREAD:
            self._deaf = self._deaf or self.deaf_after_gap
            if self._kdc is not None:
                self._kdc.lost()
        noticed = NoticedAnomaly(anomaly, item.frame, item.ts_ns, self.stream.stream_id)
        if not self._worth_a_row(anomaly):
            self._only_marked(noticed, exchange)
            return
        noticed = self.negotiations.notice(noticed, exchange)
        if noticed.negotiation is None:
            self.sink.anomaly(noticed)

    def _noticed(
        self, anomaly: Anomaly, item: CarrierMessage, negotiation: Negotiation | None
    ) -> None:
        noticed = NoticedAnomaly(
            anomaly, item.frame, item.ts_ns, self.stream.stream_id, negotiation
        )
        if not self._worth_a_row(anomaly):
            self._only_marked(noticed, negotiation.exchange if negotiation is not None else None)
        elif negotiation is not None:
            negotiation.anomalies.append(noticed)
        elif self.negotiations.notice(noticed).negotiation is None:
            self.sink.anomaly(noticed)

    def _worth_a_row(self, anomaly: Anomaly) -> bool:
        told = self._told.get(anomaly.code, 0) + 1
        self._told[anomaly.code] = told
        return told <= ANOMALIES_PER_KIND

    def _only_marked(self, noticed: NoticedAnomaly, exchange: Exchange | None) -> None:
        """One of too many: it is counted, unless a negotiation that began since needs it."""
        if self.negotiations.touch(noticed, exchange):
            self._told[noticed.anomaly.code] -= 1

    def finish(self) -> None:
        """The conversation is over: conclude it when its turn comes, a long or empty one at once."""
        if self.carrier is not None:
            self.carrier.release()
        if self._backlog is None or not self._said or self.negotiations.latest is not None:
            self.conclude()
        else:
            self._backlog.add(self)

    def fail(self, fault: Exception, frame: int | None, ts_ns: int | None) -> None:
        """Tell of a fault of ours, and conclude what was known before; nothing more is read."""
        anomaly = fault_anomaly(fault)
        if self.failed:
            return  # it shows again in what is concluded
        self.failed, self.carrier = True, None
        self.sink.anomaly(NoticedAnomaly(anomaly, frame, ts_ns, self.stream.stream_id))
        self.conclude()

    def conclude(self) -> None:
        """Tell what never became whole, and anomalies only counted; conclude the negotiations.

        What a fault leaves over is concluded by a second call, so each thing is taken out before it is told.
        """
        try:
            self._look_at_all()
            self.negotiations.one_direction = self._one_direction
            self.negotiations.span_ns = self._span_ns
            for message in self._pieces.left():
                self._add(message, message.token)
            counted, self._told = self._told, {}
            for code, told in counted.items():
                if told > ANOMALIES_PER_KIND:
                    detail = f"{told - ANOMALIES_PER_KIND} more of {code} in this stream"
                    anomaly = Anomaly("limit-anomalies", Span(0, 0), detail)
                    self.sink.anomaly(NoticedAnomaly(anomaly, None, None, self.stream.stream_id))
            self.negotiations.end()
            if self._kdc is not None:
                if self._one_direction or self._deaf:
                    self._kdc.lost()
                self._kdc.end()
        except Exception as fault:  # noqa: BLE001 - see `faults`
            self.fail(fault, None, None)
