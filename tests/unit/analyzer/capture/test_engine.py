"""The engine as a whole: empty blocks, strange times, bulk that is skipped without a call."""

import numpy as np

from analyzer.capture.engine import StreamEngine
from analyzer.capture.model import NO_TIME, CaptureAccount


def test_a_block_without_packets(net):
    """Nothing comes of nothing."""
    index = net.index([net.packet(0, 1, b"x")])
    empty = type(index)(
        buffer=bytes(128),
        **{
            name: getattr(index, name)[:0]
            for name in index.__slots__
            if name not in {"buffer", "extra"}
        },
    )
    account = CaptureAccount()
    engine = StreamEngine(account, lambda _: None, lambda _: None)
    engine.feed(empty)
    engine.finish()
    assert account == CaptureAccount()


def test_packets_without_time(net):
    """A hole is then given up by packets, and nothing lingers away."""
    packets = [*net.handshake, net.packet(0, 101, b"b"), *[net.packet(1, 500, ack=102)] * 66]
    account, calls = CaptureAccount(), []

    class Consumer:
        def lost(self, *call):
            calls.append(call)
            return 0

        deliver = lost

        def end(self, *_):
            pass

    engine = StreamEngine(account, lambda _: Consumer(), lambda _: None)
    index = net.index(packets)
    index.ts_ns[:] = NO_TIME
    engine.feed(index)
    assert calls == [(0, 0, 1, 4, NO_TIME), (0, 1, b"b", 4, NO_TIME)]


def test_skipped_bulk_costs_no_calls(net):
    """Half a megabyte in 512 segments: two deliveries."""
    segments = [net.packet(0, 100 + 1024 * at, bytes(1024)) for at in range(512)]
    (consumer,), _ = net.follow(
        net.handshake + segments,
        answer=lambda _side, offset: 511 * 1024 - 4 if offset == 1024 else 0,
        blocks=(200,),
    )
    assert [call[2:] for call in consumer.calls if call[0] == "deliver"] == [
        (0, bytes(1024), 4),
        (512 * 1024 - 4, bytes(4), 515),
    ]


def test_millions_of_conversations_fit(net):
    """A scan of 200,000 ports takes about fifty bytes each and asks nobody."""
    count = 200_000
    account = CaptureAccount()
    engine = StreamEngine(account, lambda _: 1 / 0, lambda _: None)
    one = net.index([net.packet(0, 5, flags=2)])
    columns = {
        name: np.repeat(getattr(one, name), 50_000)
        for name in one.__slots__
        if name not in {"buffer", "extra"}
    }
    for begin in range(0, count, 50_000):
        columns["src_lo"] = np.arange(begin, begin + 50_000, dtype=np.uint64)
        engine.feed(type(one)(buffer=one.buffer, **columns))
    table = engine._tcp._table
    assert account.streams == table.count == count
    used = sum(
        getattr(table, name)[:count].nbytes
        for name in vars(table)
        if isinstance(getattr(table, name), np.ndarray)
    )
    slots = table._table._keys.nbytes + table._table._numbers.nbytes
    assert (used + slots) / count < 80
