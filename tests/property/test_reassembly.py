"""Streams against a model: any segmentation, order, loss and cutting into blocks gives the same bytes."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stream_calls import calls_of
from support.tcp_packets import ACK, FIN, MS, RST, SYN, handshake, packet

from analyzer.capture.engine import StreamLimits
from analyzer.capture.model import IGNORE


def content(calls, side):
    """Offset -> byte of everything delivered; no byte twice."""
    found = {}
    for call in calls:
        if call[0] == "deliver" and call[1] == side:
            for at, byte in enumerate(call[3], call[2]):
                assert at not in found
                found[at] = byte
    return found


def segments_of(data, isn, sizes, sender, ack=0):
    """Cut bytes into segments, the sizes repeated as needed."""
    at, out = 0, []
    for size in itertools.cycle(sizes):
        if at >= len(data):
            return out
        out.append((at, packet(sender, isn + 1 + at, data[at : at + size], ack=ack)))
        at += size
    return out


ISNS = st.sampled_from([0, 1, 1000, 2**31 - 20, 2**32 - 1, 2**32 - 30])
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=4)
BYTES = st.binary(min_size=1, max_size=200)
CUTS = st.sets(st.integers(1, 60), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.data(), BYTES, BYTES, ISNS, ISNS, SIZES, CUTS)
def test_any_order_of_segments_gives_the_bytes_back(
    data, client, server, isn_c, isn_s, sizes, cuts
):
    """Shuffled, repeated and overlapping segments of both sides end up as what was sent."""
    packets = []
    for side, (sent, isn, ack) in enumerate(
        [(client, isn_c, isn_s + 1), (server, isn_s, isn_c + 1)]
    ):
        parts = [part for _, part in segments_of(sent, isn, sizes, side, ack)]
        extra = data.draw(
            st.lists(st.tuples(st.integers(0, len(sent) - 1), st.integers(1, 80)), max_size=5)
        )
        parts += [packet(side, isn + 1 + at, sent[at : at + size], ack=ack) for at, size in extra]
        packets += parts
    packets = handshake((isn_c, isn_s)) + data.draw(st.permutations(packets))
    calls, account = calls_of(packets, cuts)
    assert bytes(content(calls[0], 0).values()) == client
    assert bytes(content(calls[0], 1).values()) == server
    assert {call[0] for call in calls[0]} == {"open", "deliver", "end"}
    assert account.tcp_bytes_missing == 0


@settings(max_examples=200, deadline=None)
@given(st.data(), BYTES, ISNS, SIZES, CUTS)
def test_what_is_lost_is_told_and_the_rest_delivered(data, sent, isn, sizes, cuts):
    """Deliveries and losses tile the stream up to its last captured byte."""
    parts = segments_of(sent, isn, sizes, 0)
    kept = data.draw(st.lists(st.sampled_from(parts), min_size=1, unique_by=lambda part: part[0]))
    calls, account = calls_of(handshake((isn, 7)) + [part for _, part in kept], cuts)
    there = {at + i for at, part in kept for i in range(len(part[2]))}
    found = content(calls[0], 0)
    assert found == {at: sent[at] for at in there}
    lost = [
        at for call in calls[0] if call[0] == "lost" for at in range(call[2], call[2] + call[3])
    ]
    assert sorted(lost) == [at for at in range(max(there)) if at not in there]
    assert account.tcp_bytes_missing == len(lost)
    tiles = [call[2] for call in calls[0] if call[0] in {"deliver", "lost"}]
    assert tiles == sorted(tiles)


@st.composite
def noise(draw):
    """Packets of two connections that obey no rule, around a few sequence numbers."""
    base = draw(st.sampled_from([100, 2**32 - 10]))
    return [
        packet(
            draw(st.integers(0, 1)),
            base + draw(st.integers(0, 25)),
            draw(st.binary(max_size=9)),
            draw(st.sampled_from([ACK] * 12 + [SYN, SYN | ACK, FIN | ACK, RST, RST | ACK, 0])),
            base + draw(st.integers(0, 35)),
            cut=0,
            ports=(draw(st.sampled_from([40_000, 40_001])), 445),
            ts_ns=(1000 + draw(st.integers(0, 400))) * MS,
        )
        for _ in range(draw(st.integers(1, 40)))
    ]


def whims(seed):
    """Answers that skip, ignore or neither, the same for the same place."""

    def answer(side, offset):
        roll = (seed + side * 5 + offset * 7) % 23
        return IGNORE if roll == 11 and seed % 3 == 0 else roll if roll < seed % 11 else 0

    return answer


def starts_low(heads):
    """A rule for opening streams again."""
    return (heads >> np.uint64(56)) < np.uint64(90)


@settings(max_examples=300, deadline=None)
@given(noise(), st.sets(st.integers(1, 39)), st.integers(0, 40), st.booleans())
def test_blocks_make_no_difference(packets, cuts, seed, again):
    """Whatever the packets: one block, some blocks or a block per packet give the same calls."""
    limits = StreamLimits(held_bytes=40, grace_packets=4, linger_ns=30 * MS)
    reopen = starts_low if again else None
    whole, account = calls_of(packets, (), whims(seed), reopen=reopen, limits=limits)
    for some in (cuts, range(len(packets))):
        calls, other = calls_of(packets, some, whims(seed), reopen=reopen, limits=limits)
        assert calls == whole
        assert other == account


@settings(max_examples=200, deadline=None)
@given(st.data(), BYTES, SIZES, CUTS, st.integers(0, 40))
def test_skipped_bytes_are_not_delivered(data, sent, sizes, cuts, seed):
    """What is delivered is what was not skipped; a skip's end is told in the segment that holds it."""

    def answer(_side, offset):
        return (seed + offset * 7) % 23 if seed % 2 else seed

    parts = segments_of(sent, 5, sizes, 0)
    expected, skip = [], 0
    for at, part in parts:
        size = len(part[2])
        if skip > size:
            skip -= size
            continue
        expected.append((at + skip, part[2][skip:]))
        skip = answer(0, at + size)
    packets = [part for _, part in parts]
    for order in (packets, data.draw(st.permutations(packets))):
        calls, _ = calls_of(handshake((5, 7)) + order, cuts, answer)
        assert [call[2:4] for call in calls[0] if call[0] == "deliver"] == expected
