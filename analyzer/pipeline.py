"""The only place where capture, dissectors and negotiation meet: from one input to its facts.

Packets become streams, streams find their carrier by content, carriers cut out tokens, tokens are
dissected and put together to negotiations. What comes out goes to a `Sink`, object by object, so that
nobody holds more than they need.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from analyzer.backlog import Backlog
from analyzer.capture.engine import StreamEngine
from analyzer.capture.inputs import Input
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import (
    IGNORE,
    CaptureAccount,
    CaptureLoss,
    OpenDatagrams,
    OpenStream,
    Stream,
)
from analyzer.capture.reader import open_capture
from analyzer.first_bytes import STRANGERS, looks_like_carrier, looks_like_datagram
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.negotiation.rebuild import StreamNegotiations
from analyzer.negotiation.site import Site, site_of
from analyzer.signature import find_signature
from analyzer.surroundings.kdc import StreamKdc
from analyzer.surroundings.watch import Watch
from analyzer.unclaimed import Unclaimed
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    Carrier,
    CarrierAnomaly,
    CarrierMessage,
    Exchange,
)
from dissectors.carriers.carrier_search import CarrierSearch, Found, Loss, Segment, carrier_of
from dissectors.carriers.token_pieces import TokenPieces
from dissectors.span import Span
from dissectors.tokens import dissect_token
from dissectors.tokens.model import IakerbMessage

if TYPE_CHECKING:
    from analyzer.capture.tshark_source import Wireshark
    from analyzer.surroundings.model import Fact

SAID_LIMIT = 64
"""Messages of one conversation that wait to be looked at."""
ANOMALIES_PER_KIND = 100
"""Rows of one anomaly code per stream; more are only counted."""


class Sink(Protocol):
    """Takes what a capture holds, in the order in which it becomes known."""

    def token(
        self, stream: Stream, step: Step, carrier: str, negotiation: Negotiation | None
    ) -> None:
        """One token; a hint's negotiation (None here) is told when that negotiation is over."""

    def negotiation(self, negotiation: Negotiation) -> None:
        """One finished negotiation; numbers are given later, in order of first frame."""

    def schemes(
        self, stream: Stream, carrier: str, site: Site | None, said: CarrierMessage
    ) -> None:
        """Mechanism or scheme names that a server's carrier lists, of a web server for one site."""

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        """An anomaly without a negotiation; those with one come along with it."""

    def surrounding(self, fact: Fact) -> None:
        """A KDC exchange, a name look-up or a vain connection attempt."""


@dataclass(slots=True)
class Options:
    """What a caller may ask of the pipeline."""

    decode_as: dict[tuple[str, int], str] = field(default_factory=dict)  # ("tcp", port) -> carrier
    per_message_tokens: bool = True  # GSS Wrap tokens after the logon become tokens too
    progress: Callable[[int], None] | None = None  # bytes of the input read so far
    wireshark: Wireshark | None = None  # read packets by it, not natively
    by_scapy: bool = False  # Scapy reads the headers of every packet


def run(
    source: Input, sink: Sink, options: Options, account: CaptureAccount | None = None
) -> tuple[CaptureAccount, float]:
    """Read one input to its end; return its account and the seconds it took.

    `account`: an empty one to be filled, for who looks into it meanwhile. Raises `CaptureError` if the
    input is no capture. Damage inside a capture is told in the account and as anomalies, never raised.
    """
    began = time.perf_counter()
    account = CaptureAccount() if account is None else account
    if options.wireshark is None:
        _read_natively(source, account, sink, options)
    else:
        _read_by_wireshark(source, account, sink, options, options.wireshark)
    conclude(account, sink)
    return account, time.perf_counter() - began


def conclude(account: CaptureAccount, sink: Sink) -> None:
    """Tell what of the input was lost, once it is read."""
    if account.truncated_packets:
        count = account.truncated_packets
        cut = f"{count} {'packet was' if count == 1 else 'packets were'} cut by the snap length"
        account.losses.append(CaptureLoss("snaplen", cut, count=account.truncated_packets))
    for loss in account.losses:
        sink.anomaly(_loss_anomaly(loss))


def _read_natively(source: Input, account: CaptureAccount, sink: Sink, options: Options) -> None:
    decoder = PacketDecoder(account, by_scapy=options.by_scapy)
    engine = stream_engine(account, sink, options)
    watch = Watch(sink.surrounding)
    for block in open_capture(source, account, options.progress):
        index = decoder.decode(block)
        engine.feed(index)
        watch.feed(index)
    decoder.finish()
    engine.finish()
    watch.finish()


def stream_engine(
    account: CaptureAccount, sink: Sink, options: Options, *, by_first_frame: bool = False
) -> StreamEngine:
    """Make what follows the conversations of an input.

    `by_first_frame`: streams are numbered by their first frames, as not all of them are followed here.
    """

    def described(stream: Stream) -> Stream:
        if by_first_frame:
            stream.stream_id = stream.first_frame
        return stream

    backlog = Backlog()
    return _ConcludingEngine(
        account,
        lambda stream: StreamReader(described(stream), sink, options, backlog),
        lambda stream: DatagramReader(described(stream), sink, options, backlog),
        backlog,
        reopen=looks_like_carrier,
        wants_datagram=looks_like_datagram,
        strangers=None if "tcp" in {transport for transport, _ in options.decode_as} else STRANGERS,
    )


class _ConcludingEngine(StreamEngine):
    """At the end of the capture no conversation waits any longer."""

    def __init__(
        self,
        account: CaptureAccount,
        open_stream: OpenStream,
        open_datagrams: OpenDatagrams,
        backlog: Backlog,
        **rest: Any,
    ) -> None:
        super().__init__(account, open_stream, open_datagrams, **rest)
        self._backlog = backlog

    def finish(self) -> None:
        """Tell all open conversations that the capture ends, in order of their numbers."""
        super().finish()
        self._backlog.conclude()


def _read_by_wireshark(
    source: Input, account: CaptureAccount, sink: Sink, options: Options, how: Wireshark
) -> None:
    from analyzer.capture import tshark_source, tshark_streams  # noqa: PLC0415 - only where wanted

    watch, backlog = Watch(sink.surrounding), Backlog()
    consumers = tshark_streams.Consumers(
        stream=lambda stream: StreamReader(stream, sink, options, backlog),
        datagrams=lambda stream: DatagramReader(stream, sink, options, backlog),
        decrypted=lambda stream: DecryptedReader(stream, sink, options, backlog),
        reopen=looks_like_carrier,
        wants_datagram=looks_like_datagram,
        watch=watch.feed,
    )
    tshark_source.read(source, account, how, consumers, options.progress)
    backlog.conclude()
    watch.finish()


def _loss_anomaly(loss: CaptureLoss) -> NoticedAnomaly:
    start = loss.offset or 0
    span = Span(start, start + (loss.length or 0))
    return NoticedAnomaly(Anomaly(loss.code, span, loss.detail), loss.frame, None, None)


Said = CarrierMessage | CarrierAnomaly | None
"""What a conversation waits to look at; None: one of its sides closed it."""

# -- streams ---------------------------------------------------------------------------------------------


class _Conversation:
    """What TCP and UDP readers share: from carrier messages to sink.

    What is said is not looked at before there is some of it, at the latest when the conversation is over and
    its turn in the backlog comes; without a backlog at once.
    """

    def __init__(
        self, stream: Stream, sink: Sink, options: Options, backlog: Backlog | None = None
    ) -> None:
        self._backlog = backlog
        self._said: list[Said] = []
        self._patience = 1 if backlog is None else SAID_LIMIT
        self._one_direction = False  # the other side was never heard
        self._span_ns = 0  # first to last packet
        self.stream = stream
        self.sink = sink
        self.options = options
        self.negotiations = StreamNegotiations(stream, sink.negotiation)
        self.carrier: Carrier | None = None
        self._swap = 0  # 1: the carrier says that our client is its server
        self._told: dict[str, int] = {}
        self._token_frame, self._token_place = 0, -1  # of the latest token, its place in the frame
        self._pieces = TokenPieces()
        self._kdc: StreamKdc | None = None

    def emit(self, item: CarrierMessage | CarrierAnomaly) -> None:
        """Take what a carrier says."""
        said = self._said
        said.append(item)
        if len(said) >= self._patience:
            self._look_at_all()

    def notice(self, anomaly: Anomaly, frame: int, ts_ns: int) -> None:
        """Tell an anomaly of the connection itself."""
        self._say(CarrierAnomaly(CLIENT, frame, ts_ns, anomaly))

    def _say(self, item: Said) -> None:
        self._said.append(item)
        if len(self._said) >= self._patience:
            self._look_at_all()

    def _look_at_all(self) -> None:
        said, self._said = self._said, []
        for item in said:
            if type(item) is CarrierMessage:
                self._look_at(item)
            elif type(item) is CarrierAnomaly:
                self._look_at_anomaly(item)
            else:
                self.negotiations.closed = True

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
            self._stream_kdc().carried(item, part, negotiation)
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

    def held(self) -> int:
        """Bytes of tokens that were not looked at yet."""
        held = 0
        for item in self._said:
            if type(item) is CarrierMessage and item.token:
                held += len(item.token)
        return held

    def conclude(self) -> None:
        """Tell what never became whole, and anomalies only counted; conclude the negotiations."""
        self._look_at_all()
        self.negotiations.one_direction = self._one_direction
        self.negotiations.span_ns = self._span_ns
        for message in self._pieces.left():
            self._add(message, message.token)
        for code, told in self._told.items():
            if told > ANOMALIES_PER_KIND:
                detail = f"{told - ANOMALIES_PER_KIND} more of {code} in this stream"
                anomaly = Anomaly("limit-anomalies", Span(0, 0), detail)
                self.sink.anomaly(NoticedAnomaly(anomaly, None, None, self.stream.stream_id))
        self.negotiations.end()
        if self._kdc is not None:
            self._kdc.end()


class StreamReader(_Conversation):
    """Consumer of one TCP stream: finds its carrier by content, then feeds it.

    Bytes that were seen before the carrier was known are replayed, so that the order in which the sides
    speak does not matter; so are gaps.
    """

    tells_early = False
    """Whether a gap is told of before the carrier is known, and where none ever will be."""

    def __init__(
        self, stream: Stream, sink: Sink, options: Options, backlog: Backlog | None = None
    ) -> None:
        super().__init__(stream, sink, options, backlog)
        self._search = CarrierSearch(options.decode_as.get(("tcp", stream.server_port)))
        self._unclaimed: Unclaimed | None = None  # there if bytes without a carrier showed a token
        self._listening = False  # no carrier was found: only tokens are looked for
        self._heard = [False, False]

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Feed a segment; see `capture.model.Consumer`."""
        self._heard[side] = True
        carrier = self.carrier
        if carrier is None:
            if not data:
                return 0
            segment = (side, offset, data, frame, ts_ns)
            if self._listening:
                return self._listen_on(segment)
            found = self._search.add(segment)
            if found is not None:
                return self._attach(found, side)
            return self._give_up() if self._search.in_vain else 0
        return carrier.receive(side ^ self._swap, offset, data, frame, ts_ns)

    def _attach(self, found: Found, side: int) -> int:
        """Take the carrier and replay what was held; the windows skip by themselves meanwhile."""
        kind, sender = found
        if sender != side and self.stream.role_source != "syn":
            self._swap = 1
            _swap_roles(self.stream)
        self.carrier = kind(self.emit, started_before=self.stream.started_before)
        self.carrier.per_message_tokens = self.options.per_message_tokens
        held = self._search.take()
        answer = 0
        for each in held:
            skip = (
                self._lose(each, told=self.tells_early)
                if isinstance(each, Loss)
                else self.deliver(*each)
            )
            if each[0] == side:
                answer = skip
        return answer

    def _give_up(self) -> int:
        """No carrier reads this stream; go on only where it showed a token."""
        held = self._search.give_up()
        if self._unclaimed is None and not self._shows_token():
            return self._no_more()
        self._listening = True
        self._listen(held)
        return 0

    def _shows_token(self) -> bool:
        """Whether what was seen holds what looks like a token, whatever protocol it is."""
        return any(find_signature(begun) >= 0 for begun in self._search.begun)

    def _listen_on(self, segment: Segment) -> int:
        """Look for more tokens in a stream that no carrier reads; one may still turn up in it."""
        found = self._search.again(segment)
        if found is not None:
            return self._attach(found, segment[0])
        self._listen([segment])
        return self._no_more() if self._unclaimed is None or self._unclaimed.over else 0

    def _no_more(self) -> int:
        """Nothing more of the stream is wanted, so its end will not be told."""
        self._look_at_all()
        return IGNORE

    def _listen(self, segments: list[Segment]) -> None:
        """Tell what looks like a token in bytes that no carrier reads."""
        if self._unclaimed is None:
            self._unclaimed = Unclaimed()
        for side, offset, data, frame, ts_ns in segments:
            for span in self._unclaimed.add(side, offset, data):
                who = "client" if side == CLIENT else "server"
                self.notice(Anomaly("unclaimed-token", span, f"sent by the {who}"), frame, ts_ns)

    def lost(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> int:
        """Tell the carrier of a gap, as soon as it is known; see `capture.model.Consumer`."""
        loss = Loss(side, offset, length, frame, ts_ns)
        if self.carrier is not None:
            return self._lose(loss)
        if self.tells_early:
            self.notice(self._loss("gap", offset, length), frame, ts_ns)
        shown = self._shows_token()
        dropped = self._search.lost(loss)
        if shown:
            self._listen(dropped)
        if self._unclaimed is not None:
            self._unclaimed.lost(side)
        return 0

    def _lose(self, loss: Loss, *, told: bool = False) -> int:
        """Pass over lost bytes; `told`: all but the carrier knows of them."""
        carrier = self.carrier
        assert carrier is not None
        side, offset, length, frame, ts_ns, cut = loss
        carrier_side = side ^ self._swap
        window = carrier.windows[carrier_side]
        cut |= frame == window.frame
        code = "snaplen" if cut else "gap"  # a packet cut short, or one not there
        window.restart(offset + length, code)
        window.frame, window.ts_ns = frame, ts_ns
        if not told:
            self.notice(self._loss(code, offset, length), frame, ts_ns)
        carrier.gap(carrier_side, length, frame, ts_ns)
        return window.skipping

    def _loss(self, code: str, offset: int, length: int) -> Anomaly:
        return Anomaly(code, Span(offset, offset + length), f"{length} bytes")

    def conflict(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> None:
        """A retransmission differs from the first copy; see `capture.model.Consumer`."""
        who = "client" if side ^ self._swap == CLIENT else "server"
        span = Span(offset, offset + length)
        self.notice(Anomaly("inconsistent-overlap", span, f"sent by the {who}"), frame, ts_ns)

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """The stream ends, or one side of it; see `capture.model.Consumer`."""
        if side is not None:
            self._heard[side] = True
            self._say(None)
        if self.carrier is None:
            if how not in {"fin", "rst"} and not self._listening:
                self._give_up()
        else:
            if how == "evicted":
                self.notice(Anomaly("limit-streams", Span(0, 0), "read no further"), frame, ts_ns)
            self.carrier.end(None if side is None else side ^ self._swap, how, frame, ts_ns)
        if how not in {"fin", "rst"}:
            self._one_direction = not (self.stream.both_sides or all(self._heard))
            self._span_ns = ts_ns - self.stream.first_ts_ns
            self.finish()


def _swap_roles(stream: Stream) -> None:
    stream.client, stream.server = stream.server, stream.client
    stream.client_port, stream.server_port = stream.server_port, stream.client_port
    stream.role_source = "carrier"


class DecryptedReader(StreamReader):
    """Consumer of the plain bytes inside a TLS connection.

    There is no second gap in a direction: what follows is not decrypted. So a carrier may never be found.
    """

    tells_early = True

    def emit(self, item: CarrierMessage | CarrierAnomaly) -> None:
        """Take what a carrier says; all of it went through TLS."""
        if isinstance(item, CarrierMessage):
            if item.exchange is not None:
                item.exchange.encrypted = True
            else:
                item.context["tls"] = True
        super().emit(item)

    def _loss(self, code: str, offset: int, length: int) -> Anomaly:
        detail = f"{length} bytes of TLS; nothing that follows them is decrypted"
        return Anomaly(code, Span(offset, offset + length), detail)


class DatagramReader(_Conversation):
    """Consumer of one UDP conversation."""

    def datagram(self, side: int, data: bytes, cut: int, frame: int, ts_ns: int) -> int:
        """Feed one payload; see `capture.model.DatagramConsumer`."""
        if self.carrier is None:
            found = carrier_of(data)
            if found is None or not found[0].datagram:
                return IGNORE
            kind, sender = found
            if sender != side:
                self._swap = 1
                _swap_roles(self.stream)
            self.carrier = kind(self.emit)
        if cut:
            span = Span(len(data), len(data) + cut)
            self.notice(Anomaly("snaplen", span, f"{cut} bytes of a datagram"), frame, ts_ns)
        self.carrier.datagram_received(side ^ self._swap, data, frame, ts_ns)
        return 0

    def end(self, _side: int | None, _how: str, _frame: int, _ts_ns: int) -> None:
        """The conversation ends; see `capture.model.DatagramConsumer`."""
        self.finish()
