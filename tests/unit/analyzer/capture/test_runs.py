"""Runs: one stream, one direction, in sequence; bare ACKs do not end them."""

import numpy as np

from analyzer.capture.runs import BlockRuns, Followed

F, S, R, A = 1, 2, 4, 16

NONE = np.zeros(0, np.intp)


def cut(net, packets, ids):
    return of(net.index(packets), [p.sender for p in packets], ids)


def of(index, senders, ids):
    """Runs of all packets of an index that are active."""
    packets = Followed(np.arange(len(ids)), np.array(ids), np.array(senders))
    active = np.flatnonzero((index.payload_wire_len > 0) | (index.tcp_flags & (F | R)))
    block = BlockRuns(index, packets, active, np.zeros(50_000, np.int32), now=index.ts_ns)
    block.cut(without=NONE, whole=NONE)
    return block


def runs(block):
    """(first active packet's frame, packets, bytes, odd, fin) of every run."""
    return [
        (
            block.frame[first],
            last - first,
            block.total[last] - block.total[first],
            block.run_odd[at],
            block.run_fin[at],
        )
        for at, (first, last) in enumerate(zip(block.first, block.end, strict=True))
    ]


def test_where_runs_end(net):
    """At another direction, a gap, an odd packet and behind a FIN; not at ACKs."""
    p = net.packet
    block = cut(
        net,
        [
            p(0, 10, b"ab"), p(1, 50), p(0, 12, b"cd"),  # one run around an ACK
            p(1, 50, b"xyz"), p(1, 53, b"x"),  # the other direction
            p(0, 14, b"e"), p(0, 17, b"f"),  # a gap
            p(0, 18, b"ghi", cut=1), p(0, 21, b"jk"),  # cut by snaplen
            p(0, 23, b"l", F | A), p(0, 24, b"", R), p(0, 24, b"m"),
        ],
        [7] * 12,
    )  # fmt: skip
    assert runs(block) == [
        (1, 2, 4, False, False),
        (4, 2, 4, False, False),
        (6, 1, 1, False, False),
        (7, 1, 1, False, False),
        (8, 1, 3, True, False),
        (9, 2, 3, False, True),
        (11, 1, 0, True, False),
        (12, 1, 1, False, False),
    ]
    assert list(block.run_begin) == [0, 8]
    assert [block.payload(at) for at in (0, 1, 2)] == [b"ab", b"cd", b"xyz"]


def test_groups_are_streams_in_order(net):
    """Packets of interleaved streams are sorted by stream, each in capture order; ACKs count where asked."""
    p = net.packet
    packets = [
        p(0, 5, b"a"),
        p(0, 5, b"b"),
        p(0, 6, b"c"),
        p(1, 1),
        p(0, 6, b"d"),
        p(0, 9, flags=S),
    ]
    block = cut(net, packets, [9, 4, 9, 30, 4, 4])
    assert list(block.streams) == [4, 9]
    assert list(block.run_begin) == [0, 1, 2]
    assert list(block.row) == [1, 4, 0, 2]
    assert runs(block) == [(2, 2, 2, False, False), (1, 2, 2, False, False)]
    assert [block.all_of(stream) for stream in (4, 9, 30, 5)] == [
        ([1, 4, 5], [0, 0, 0]),
        ([0, 2], [0, 0]),
        ([3], [1]),
        ([], []),
    ]


def test_sequence_numbers_wrap_inside_a_run(net):
    """A run goes on over 2^32."""
    block = cut(net, [net.packet(0, 2**32 - 1, b"ab"), net.packet(0, 1, b"c")], [0, 0])
    assert runs(block) == [(1, 2, 3, False, False)]


def test_no_active_packet(net):
    """Only ACKs: nothing."""
    block = cut(net, [net.packet(0, 1), net.packet(1, 1)], [3, 4])
    assert (list(block.run_begin), runs(block), list(block.streams)) == ([0], [], [])


def test_reassembled_payloads(net):
    """Payloads of defragmented datagrams lie in `extra`."""
    packets = [net.packet(0, 1, b"ab"), net.packet(0, 3, b"cd")]
    index = net.index(packets)
    index.payload_offset[1] = -1
    index.extra[1] = b"CD"
    block = of(index, [0, 0], [0, 0])
    assert [block.payload(0), block.payload(1)] == [b"ab", b"CD"]


def test_left_out_groups_have_no_runs(net):
    """The runs of the others are the same as ever."""
    p = net.packet
    packets = [
        p(0, 5, b"a"),
        p(0, 5, b"b"),
        p(1, 9, b"x"),
        p(0, 5, b"c"),
        p(0, 6, b"d"),
        p(0, 9, b"e"),
    ]
    block = cut(net, packets, [4, 8, 8, 9, 4, 9])
    assert runs(block) == [
        (1, 2, 2, False, False),
        (2, 1, 1, False, False),
        (3, 1, 1, False, False),
        (4, 1, 1, False, False),
        (6, 1, 1, False, False),
    ]
    block.cut(without=np.array([1]), whole=NONE)
    assert list(block.run_begin) == [0, 1, 1, 3]
    assert [run[0] for run in runs(block)] == [1, 4, 6]
    block.cut(without=np.array([0, 1, 2]), whole=NONE)
    assert (list(block.run_begin), runs(block)) == ([0, 0, 0, 0], [])


def test_stream_numbers_far_apart(net):
    """Whether numbers are marked or sorted makes no difference."""
    packets = [net.packet(0, 5 + at, b"a") for at in range(4)]
    for ids in ([49, 1, 49, 3], [40_000, 1, 40_000, 3]):
        block = of(net.index(packets), [0] * 4, ids)
        assert list(block.streams) == sorted(set(ids))
        assert list(block.run_begin) == [0, 1, 2, 4]


def test_groups_told_as_a_whole_have_no_runs(net):
    """But their heads may open them again, unlike those of groups that are left out."""
    block = cut(net, [net.packet(0, 1, b"GO" * 4), net.packet(0, 1, b"GO" * 4)], [4, 8])
    block.cut(without=np.array([0]), whole=np.array([1]))
    assert block.first == []
    assert block.promising(lambda heads: heads > 0) == {8: [1]}
