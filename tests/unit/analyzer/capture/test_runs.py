"""Runs: one stream, one direction, in sequence; bare ACKs do not end them."""

import numpy as np

from analyzer.capture.runs import BlockRuns

F, S, R, A = 1, 2, 4, 16


def cut(net, packets, ids):
    index = net.index(packets)
    senders = np.array([p.sender for p in packets])
    rows = np.arange(len(packets))
    return BlockRuns(index, rows, np.array(ids), senders, np.zeros(50, np.int32), now=index.ts_ns)


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
        for at, (first, last) in enumerate(zip(block.first, block.first[1:], strict=False))
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
    assert block.run_begin == [0, 8]
    assert [block.payload(at) for at in (0, 1, 2)] == [b"ab", b"cd", b"xyz"]


def test_groups_are_streams_in_order(net):
    """Packets of interleaved streams are sorted by stream, each in capture order."""
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
    assert block.streams == [4, 9, 30]
    assert block.begin == [0, 3, 5, 6]
    assert block.run_begin == [0, 1, 2, 2]
    assert list(block.rows) == [1, 4, 5, 0, 2, 3]
    assert runs(block) == [(2, 2, 2, False, False), (1, 2, 2, False, False)]
    assert block.syns == [2]


def test_sequence_numbers_wrap_inside_a_run(net):
    """A run goes on over 2^32."""
    block = cut(net, [net.packet(0, 2**32 - 1, b"ab"), net.packet(0, 1, b"c")], [0, 0])
    assert runs(block) == [(1, 2, 3, False, False)]


def test_no_active_packet(net):
    """Only ACKs: groups without runs."""
    block = cut(net, [net.packet(0, 1), net.packet(1, 1)], [3, 4])
    assert (block.run_begin, runs(block), block.begin) == ([0, 0, 0], [], [0, 1, 2])


def test_reassembled_payloads(net):
    """Payloads of defragmented datagrams lie in `extra`."""
    packets = [net.packet(0, 1, b"ab"), net.packet(0, 3, b"cd")]
    index = net.index(packets)
    index.payload_offset[1] = -1
    index.extra[1] = b"CD"
    rows = np.arange(2)
    block = BlockRuns(index, rows, rows * 0, rows * 0, np.zeros(1, np.int32), now=index.ts_ns)
    assert [block.payload(0), block.payload(1)] == [b"ab", b"CD"]
