"""The TCP streams that have a consumer: how they are opened, ended and, if they get too many, dropped."""

from __future__ import annotations

from collections import OrderedDict

from analyzer.capture.delivery import Start, StreamIgnoredError
from analyzer.capture.model import Consumer, OpenStream, PacketIndex, Stream
from analyzer.capture.pool import Pool
from analyzer.capture.reassembly import TcpStream
from analyzer.capture.roles import describe
from analyzer.capture.streams import CLOSED, FOLLOWED, IGNORED, SYN_BY, StreamTable


class Following:
    """The open streams, the one with the oldest packet first."""

    def __init__(self, pool: Pool, table: StreamTable, open_stream: OpenStream) -> None:
        self.waiting: OrderedDict[int, TcpStream] = OrderedDict()
        """Streams with a hole."""
        self.touched: dict[int, TcpStream] = {}
        """Those that were fed in this block and stay open."""
        self._pool = pool
        self._table = table
        self._open_stream = open_stream
        self._open: OrderedDict[int, TcpStream] = OrderedDict()
        self._reset: OrderedDict[int, TcpStream] = OrderedDict()  # the one silent for longest first

    def get(self, stream_id: int) -> TcpStream | None:
        """Return the stream if it is open."""
        return self._open.get(stream_id)

    def open(
        self,
        stream_id: int,
        index: PacketIndex,
        row: int,
        sender: int,
        syns: int,
        start: Start | None,
    ) -> TcpStream | None:
        """Ask who wants the stream of this packet; `syns` adds to what is known of its SYNs.

        A `start` tells that the stream had a consumer before: it is `resumed`, or `captured` amid
        another connection of the same endpoints.
        """
        table = self._table
        seen = table.seen.item(stream_id) | syns
        amid_another = start == "captured"
        if start is None:
            start = "syn" if seen & (SYN_BY[0] | SYN_BY[1]) else "captured"
        elif table.reopened[stream_id] >= self._pool.limits.reopened:
            table.state[stream_id] = IGNORED
            return None
        else:
            table.reopened[stream_id] += 1
        stream, client = describe(table, stream_id, index, row, sender, seen)
        if amid_another:
            stream.client_seq = stream.server_seq = None  # what is known are the other's
        return self.ask(stream, client, start, index.frame.item(row))

    def ask(self, stream: Stream, client: int, start: Start, frame: int) -> TcpStream | None:
        """Ask who wants a stream from a frame on; `settle` it once it has been fed."""
        stream_id = stream.stream_id  # whom it is told to may give it another
        stream.started_before |= start == "captured"
        consumer = self.consumer_of(stream)
        if consumer is None:
            self._table.state[stream_id] = IGNORED
            return None
        self._table.state[stream_id] = FOLLOWED
        flow = TcpStream(stream_id, consumer, client, self._pool, start)
        flow.since = frame
        return flow

    def consumer_of(self, stream: Stream) -> Consumer | None:
        """Ask who wants a stream, and make room for it."""
        consumer = self._open_stream(stream)
        if consumer is not None and len(self._open) >= self._pool.limits.open_streams:
            self._evict()
        return consumer

    def settle(self, flow: TcpStream) -> None:
        """Note how a stream stands after packets of a block."""
        stream_id = flow.stream_id
        if flow.finished:
            self.end(flow, "closed")
            return
        self._open[stream_id] = flow
        self._open.move_to_end(stream_id)
        self.touched[stream_id] = flow
        if flow.waiting:
            self.waiting[stream_id] = flow
        elif self.waiting:
            self.waiting.pop(stream_id, None)

    def relieve(self, flow: TcpStream) -> None:
        """Free held bytes, the longest waiting stream's first; `flow` is being fed."""
        self.waiting.setdefault(flow.stream_id, flow)
        while self.waiting and self._pool.held > self._pool.limits.held_overall:
            _, victim = self.waiting.popitem(last=False)
            try:
                victim.give_up()
            except StreamIgnoredError:
                if victim is flow:
                    raise
                self.ignore(victim)

    def sweep(self, now: int) -> None:
        """End what time has ended."""
        limits = self._pool.limits
        for flow in list(self.waiting.values()):
            try:
                flow.give_up_doomed(now)
            except StreamIgnoredError:
                self.ignore(flow)
                continue
            if flow.finished:
                self.end(flow, "closed")
            elif not flow.waiting:
                del self.waiting[flow.stream_id]
        for flow in sorted(self.touched.values(), key=lambda each: each.last_frame):
            self._open.move_to_end(flow.stream_id)
            if flow.ending:
                self._reset[flow.stream_id] = flow
                self._reset.move_to_end(flow.stream_id)
        self.touched.clear()
        while self._reset:
            flow = next(iter(self._reset.values()))
            if not flow.ending:
                del self._reset[flow.stream_id]  # the RST counted for nothing
            elif self.is_over(flow, now):
                self.end(flow, "closed")
            else:
                break
        while len(self._open) > limits.busy_streams:
            flow = next(iter(self._open.values()))
            if now - flow.last_ns < limits.idle_ns:
                break
            self._evict()

    def is_over(self, flow: TcpStream, now: int) -> bool:
        """Tell whether a stream was reset, and silent since then for so long that it is closed."""
        return flow.ending and now - flow.last_ns >= self._pool.limits.linger_ns

    def end(self, flow: TcpStream, how: str, frame: int | None = None, ts_ns: int = 0) -> None:
        """Tell all that can be told, then the end; it is that of the latest packet unless given."""
        if frame is None:
            frame, ts_ns = flow.last_frame, flow.last_ts_ns
        listens = True
        try:
            flow.give_up()
            flow.tell_proven()
        except StreamIgnoredError:
            listens = False
            flow.release()
        self._forget(flow, IGNORED if how == "evicted" else CLOSED)
        if listens:
            flow.consumer.end(None, how, frame, ts_ns)

    def reused(self, flow: TcpStream, frame: int, ts_ns: int, now: int) -> None:
        """End a stream whose 4-tuple another connection takes over with a SYN in `frame`."""
        try:
            flow.give_up_doomed(now)
        except StreamIgnoredError:
            self.ignore(flow)
            return
        if flow.finished or self.is_over(flow, now):
            self.end(flow, "closed")
        else:
            self.end(flow, "reused", frame, ts_ns)

    def ignore(self, flow: TcpStream) -> None:
        """Drop a stream whose consumer has had enough."""
        flow.release()
        self._forget(flow, IGNORED)

    def finish(self) -> None:
        """End all streams, in order of their numbers."""
        for _, flow in sorted(self._open.items()):
            self.end(flow, "capture-end")

    def _evict(self) -> None:
        self._pool.account.streams_evicted += 1
        self.end(next(iter(self._open.values())), "evicted")

    def _forget(self, flow: TcpStream, state: int) -> None:
        stream_id = flow.stream_id
        self._table.state[stream_id] = state
        for direction in flow.directions:
            if direction.memory:
                self._pool.forget(direction)
        if self._open.pop(stream_id, None) is not None:  # else it came and went within a block
            self.touched.pop(stream_id, None)
            self._reset.pop(stream_id, None)
        self.waiting.pop(stream_id, None)
