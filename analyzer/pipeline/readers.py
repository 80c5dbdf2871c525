"""Who takes the bytes of a conversation: they find its carrier by content, then feed it."""

from __future__ import annotations

from analyzer.backlog import Backlog
from analyzer.capture.model import IGNORE, Stream
from analyzer.pipeline.conversation import Closed, Conversation
from analyzer.pipeline.sink import Options, Sink
from analyzer.signature import find_signature
from analyzer.unclaimed import Unclaimed
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, CarrierAnomaly, CarrierMessage
from dissectors.carriers.carrier_search import CarrierSearch, Found, Loss, Segment, carrier_of
from dissectors.span import Span


class StreamReader(Conversation):
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
        try:
            self._heard[side] = True
            carrier = self.carrier
            if carrier is not None:
                return carrier.receive(side ^ self._swap, offset, data, frame, ts_ns)
            if self.failed:
                return IGNORE
            if not data:
                return 0
            segment = (side, offset, data, frame, ts_ns)
            if self._listening:
                return self._listen_on(segment)
            found = self._search.add(segment)
            if found is not None:
                return self._attach(found, side)
            return self._give_up() if self._search.in_vain else 0
        except Exception as fault:  # noqa: BLE001 - see `faults`
            self.fail(fault, frame, ts_ns)
            return IGNORE

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
            if self.failed:
                return IGNORE
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
        try:
            loss = Loss(side, offset, length, frame, ts_ns)
            if self.carrier is not None:
                return self._lose(loss)
            if self.failed:
                return IGNORE
            self._lose_unread(loss)
        except Exception as fault:  # noqa: BLE001 - see `faults`
            self.fail(fault, frame, ts_ns)
            return IGNORE
        return 0

    def _lose_unread(self, loss: Loss) -> None:
        """Note lost bytes while no carrier is known."""
        side, offset, length, frame, ts_ns, _ = loss
        if self.tells_early:
            self.notice(self._loss("gap", offset, length), frame, ts_ns, side)
        shown = self._shows_token()
        dropped = self._search.lost(loss)
        if shown:
            self._listen(dropped)
        if self._unclaimed is not None:
            self._unclaimed.lost(side)

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
            self.notice(self._loss(code, offset, length), frame, ts_ns, carrier_side)
        carrier.gap(carrier_side, length, frame, ts_ns)
        return window.skipping

    def _loss(self, code: str, offset: int, length: int) -> Anomaly:
        return Anomaly(code, Span(offset, offset + length), f"{length} bytes")

    def conflict(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> None:
        """A retransmission differs from the first copy; see `capture.model.Consumer`."""
        if self.failed:
            return
        try:
            who = "client" if side ^ self._swap == CLIENT else "server"
            span = Span(offset, offset + length)
            self.notice(Anomaly("inconsistent-overlap", span, f"sent by the {who}"), frame, ts_ns)
        except Exception as fault:  # noqa: BLE001 - see `faults`
            self.fail(fault, frame, ts_ns)

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """The stream ends, or one side of it; see `capture.model.Consumer`."""
        if self.failed:
            return
        try:
            if side is not None:
                self._heard[side] = True
                self._say(Closed(side ^ self._swap, frame))
            if self.carrier is not None:
                if how == "evicted":
                    self.notice(
                        Anomaly("limit-streams", Span(0, 0), "read no further"), frame, ts_ns
                    )
                self.carrier.end(None if side is None else side ^ self._swap, how, frame, ts_ns)
            elif how not in {"fin", "rst"} and not self._listening:
                self._give_up()
            if how not in {"fin", "rst"}:
                self._one_direction = not (self.stream.both_sides or all(self._heard))
                self._span_ns = ts_ns - self.stream.first_ts_ns
                self.finish()
        except Exception as fault:  # noqa: BLE001 - see `faults`
            self.fail(fault, frame, ts_ns)


def _swap_roles(stream: Stream) -> None:
    stream.client, stream.server = stream.server, stream.client
    stream.client_port, stream.server_port = stream.server_port, stream.client_port
    stream.role_source = "carrier"
    stream.server_heard = False  # it is not known of the other one


class DecryptedReader(StreamReader):
    """Consumer of the plain bytes inside a TLS connection.

    There is no second gap in a direction: what follows is not decrypted. So a carrier may never be found.
    """

    tells_early = True
    deaf_after_gap = True

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


class DatagramReader(Conversation):
    """Consumer of one UDP conversation."""

    def datagram(self, side: int, data: bytes, cut: int, frame: int, ts_ns: int) -> int:
        """Feed one payload; see `capture.model.DatagramConsumer`."""
        try:
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
        except Exception as fault:  # noqa: BLE001 - see `faults`
            self.fail(fault, frame, ts_ns)
            return IGNORE
        return 0

    def end(self, _side: int | None, _how: str, frame: int, ts_ns: int) -> None:
        """The conversation ends; see `capture.model.DatagramConsumer`."""
        try:
            self.finish()
        except Exception as fault:  # noqa: BLE001 - see `faults`
            self.fail(fault, frame, ts_ns)
