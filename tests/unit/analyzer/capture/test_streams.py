"""Stream numbers as Wireshark 4.0 gives them; the rules were found with tshark and made-up packets."""

import numpy as np
import pytest

from analyzer.capture.streams import SENT_BY, Packets, Segments, StreamTable

F, S, R, P, A = 1, 2, 4, 8, 16
C, V = 0, 1  # who sends: client, server


def feed(table, rows, keys=None, first=1):
    sender, seq, ack, flags = (np.array(column) for column in zip(*rows, strict=True))
    keys = np.array(keys or [5] * len(rows), np.uint64)
    frames = np.arange(first, first + len(rows))
    segments = Segments(seq.astype("u4"), ack.astype("u4"), flags.astype("u1"))
    return table.number_tcp(Packets(keys, sender, frames, frames), segments)


CASES = {
    "a SYN repeated": ([(C, 100, 0, S), (C, 100, 0, S)], [0, 0]),
    "another SYN": ([(C, 100, 0, S), (C, 101, 0, S)], [0, 1]),
    "FIN does not matter": ([(C, 100, 0, S), (C, 101, 501, F | A), (C, 100, 0, S)], [0, 0, 0]),
    "RST does not matter": ([(C, 100, 0, S), (V, 0, 101, R | A), (C, 100, 0, S)], [0, 0, 0]),
    "SYN late": ([(C, 101, 500, A), (C, 100, 0, S)], [0, 0]),
    "SYN late and other": ([(C, 101, 500, A), (C, 101, 0, S)], [0, 1]),
    "begin told by an ACK": ([(V, 500, 101, A), (C, 100, 0, S)], [0, 0]),
    "not told without ACK": ([(V, 500, 77, P), (C, 102, 0, S)], [0, 0]),
    "told otherwise by an ACK": ([(V, 500, 0, R | A), (C, 300, 0, S)], [0, 1]),
    "SYN/ACK begins nothing": ([(C, 100, 0, S), (V, 5, 101, S | A), (V, 6, 101, S | A)], [0, 0, 0]),
    "SYN/ACK corrects": (
        [(C, 3, 0, S), (C, 2, 9, S | A), (C, 2, 0, S), (C, 3, 0, S)],
        [0, 0, 0, 1],
    ),
    "the other side's SYN": ([(C, 100, 0, S), (V, 700, 0, S)], [0, 0]),
    "and after its SYN/ACK": ([(C, 1, 0, S), (V, 5, 2, S | A), (V, 7, 0, S)], [0, 0, 1]),
    "old packets go to the new": (
        [(C, 1, 0, S), (V, 5, 2, S | A), (C, 9, 0, S), (V, 5, 2, S | A)],
        [0, 0, 1, 1],
    ),
    "again and again": ([(C, 1, 0, S), (C, 2, 0, S), (C, 2, 0, S), (C, 3, 0, S)], [0, 1, 1, 2]),
    "base below zero": ([(C, 0, 0, A), (C, 2**32 - 1, 0, S), (C, 0, 0, S)], [0, 0, 1]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("by_packet", [False, True])
def test_when_a_conversation_begins_anew(name, by_packet):
    """One block or a block per packet: the numbers are tshark's."""
    rows, expected = CASES[name]
    table = StreamTable()
    if by_packet:
        numbers = [int(feed(table, [row], first=at)[0][0]) for at, row in enumerate(rows, 1)]
    else:
        numbers = feed(table, rows)[0].tolist()
    assert numbers == expected
    assert table.count == max(expected) + 1


def test_numbers_follow_first_appearance():
    """New conversations and reused ones are numbered in one order."""
    table = StreamTable()
    rows = [(C, 1, 0, S)] * 3 + [(C, 9, 0, S), (C, 1, 0, S), (C, 9, 0, S)]
    ids, ended = feed(table, rows, keys=[30, 10, 20, 10, 40, 20])
    assert ids.tolist() == [0, 1, 2, 3, 4, 5]
    assert ended == [(3, 1), (5, 2)]
    assert table.first_frame[:6].tolist() == [1, 2, 3, 4, 5, 6]
    ids, ended = feed(table, [(C, 9, 0, A), (C, 5, 0, S)], keys=[10, 10], first=7)
    assert ids.tolist() == [3, 6]
    assert ended == [(1, 3)]


def test_base_at_knows_what_held_before_a_correction():
    """Within a block, a packet sees the begin that was known when it came."""
    table = StreamTable()
    feed(table, [(V, 51, 2, A), (V, 90, 2, S | A), (V, 91, 2, A)])
    assert [table.base_at(0, V, frame) for frame in (1, 2, 3)] == [50, 90, 90]
    feed(table, [(V, 95, 2, A)], first=4)
    assert table.base_at(0, V, 1) == 90


def test_skips_bytes_by_what_was_known_at_the_time():
    """A FIN right behind the SYN has skipped nothing; a later SYN/ACK does not change that."""
    rows = [
        (V, 60, 2, S | A),
        (V, 61, 2, F | A),
        (V, 63, 2, F | A),
        (V, 80, 2, S | A),
        (V, 81, 2, F | A),
    ]
    table = StreamTable()
    sender, seq, ack, flags = (np.array(column) for column in zip(*rows, strict=True))
    ids, _ = feed(table, rows)
    packets = Packets(ids.astype("u8"), sender, np.arange(1, 6), np.arange(1, 6))
    segments = Segments(seq.astype("u4"), ack.astype("u4"), flags.astype("u1"))
    told = table.skips_bytes(ids, packets, segments, np.array([1, 2, 4]))
    assert told.tolist() == [False, True, False]


def test_both_sides_are_noticed_in_every_life():
    """Whose packets were captured is known of a reused conversation too."""
    table = StreamTable()
    ids, _ = feed(table, [(C, 1, 0, S), (C, 5, 0, S), (V, 9, 6, S | A), (C, 20, 0, S)])
    assert [
        [int(table.seen[i]) & bit != 0 for bit in SENT_BY] for i in dict.fromkeys(ids.tolist())
    ] == [
        [True, False],
        [True, True],
        [True, False],
    ]


def test_columns_grow_without_losing_anything():
    """Two thousand conversations in small blocks keep their numbers and first frames."""
    table = StreamTable()
    keys = list(range(1, 2001))
    for begin in range(0, 2000, 100):
        feed(table, [(C, 5, 0, S)] * 100, keys=keys[begin : begin + 100], first=begin + 1)
    ids, _ = feed(table, [(V, 7, 6, A)] * 2000, keys=keys, first=9000)
    assert ids.tolist() == list(range(2000))
    assert table.first_frame[:2000].tolist() == keys
    assert (table.base[:2000] == [5, 6]).all()


def test_learn_syns_tells_who_asked():
    """A SYN speaks for its sender, a SYN/ACK for the other side."""
    table = StreamTable()
    rows = [(C, 1, 0, S), (C, 1, 2, S | A), (V, 1, 0, A)]
    ids, _ = feed(table, rows, keys=[1, 2, 3])
    sender, seq, ack, flags = (np.array(column) for column in zip(*rows, strict=True))
    table.learn_syns(ids, sender, Segments(seq, ack, flags.astype("u1")))
    assert [int(table.seen[i]) & 6 for i in range(3)] == [2, 4, 0]
