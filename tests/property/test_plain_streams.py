"""Streams taken as a whole: the same calls as packet by packet, whatever the packets and blocks."""

from __future__ import annotations

import random

import numpy as np
import pytest
from support.stream_calls import calls_of
from support.tcp_packets import ACK, FIN, RST, SYN, handshake, packet

from analyzer.capture import stream_packets
from analyzer.capture.model import IGNORE, CaptureAccount
from analyzer.capture.openings import Openings
from analyzer.capture.whole_stream import FEW

PSH = 8


def conversation(chance: random.Random, port: int) -> list:
    """One connection, sometimes without its beginning, its end, or with a packet out of order."""
    isns = [chance.choice([0, 2**32 - 9, 77_000]) for _ in range(2)]
    seq = [isn + 1 for isn in isns]
    packets = handshake(isns) if chance.random() < 0.8 else []
    for _ in range(chance.randrange(9)):
        side = chance.randrange(2)
        data = bytes(chance.choices(range(97, 123), k=chance.choice([1, 4, 30])))
        flags = ACK | chance.choice([0, PSH])
        packets.append(packet(side, seq[side], data, flags, seq[1 - side]))
        seq[side] += len(data)
    if chance.random() < 0.7:
        for side in chance.sample((0, 1), 2):
            packets.append(packet(side, seq[side], b"", FIN | ACK, seq[1 - side]))
    elif chance.random() < 0.3:
        packets.append(packet(0, seq[0], b"", RST))
    if packets and chance.random() < 0.4:
        at = chance.randrange(len(packets))
        packets.insert(chance.randrange(len(packets)), packets[at])
    return [(*each[:6], (port, 445), None) for each in packets]


def mixed(chance: random.Random) -> list:
    """Several connections, each in its order."""
    waiting = [conversation(chance, 40_000 + port) for port in range(chance.choice([1, 3, 8]))]
    found = []
    while any(waiting):
        found.append(chance.choice([each for each in waiting if each]).pop(0))
    return found


def told(packets: list, cuts: list[int], answer) -> tuple[dict, CaptureAccount]:
    """What is told of them where a payload that begins with a, b or c wakes a stream that is ignored."""
    return calls_of(packets, cuts, answer, reopen=lambda heads: heads >> np.uint64(56) < ord("d"))


@pytest.mark.parametrize("seed", range(150))
def test_the_lane_of_plain_streams_tells_the_same(seed, monkeypatch):
    """Nothing plain, all read with care: the same calls in the same order, the same account."""
    chance = random.Random(seed)
    packets = mixed(chance)
    cuts = sorted(chance.choices(range(len(packets) + 1), k=chance.choice([0, 0, 1, 3])))
    answers = chance.choice([(0,), (0, 0, 9), (0, 0, 40, IGNORE)])

    def answer(side: int, offset: int) -> int:
        return answers[(side + offset) % len(answers)]

    quick = told(packets, cuts, answer)
    monkeypatch.setattr(
        Openings, "plain", lambda self, _block: np.zeros(len(self.streams), np.bool_)
    )
    assert quick == told(packets, cuts, answer)


def test_most_streams_are_plain(monkeypatch):
    """Else the test above would prove nothing."""
    found = []
    plain = Openings.plain

    def noted(self, block):
        answer = plain(self, block)
        found.extend(answer.tolist())
        return answer

    monkeypatch.setattr(Openings, "plain", noted)
    for seed in range(30):
        told(mixed(random.Random(seed)), [], lambda _side, _offset: 0)
    assert 0.5 < sum(found) / len(found) < 1


def test_many_streams_are_told_as_a_whole(monkeypatch):
    """Those that end in their block; the same test proves that nobody sees a difference."""
    found = []
    whole = stream_packets.tell_whole

    def noted(packets, *rest):
        found.append(len(packets))
        return whole(packets, *rest)

    monkeypatch.setattr(stream_packets, "tell_whole", noted)
    for seed in range(30):
        told(mixed(random.Random(seed)), [], lambda _side, _offset: 0)
    assert len(found) > 30


@pytest.mark.parametrize("count", [FEW, FEW + 1])
@pytest.mark.parametrize("skip", [0, 5])
def test_few_packets_and_many(count, skip, monkeypatch):
    """How many packets a stream has makes no difference to what is told of it."""
    isns = [2**32 - 20, 500]
    packets = handshake(isns)
    for at in range(count - 2):
        packets.append(packet(0, isns[0] + 1 + 3 * at, b"abc", ACK, isns[1] + 1))
    end = isns[0] + 1 + 3 * (count - 2)
    packets.append(packet(0, end, b"", FIN | ACK, isns[1] + 1))
    packets.append(packet(1, isns[1] + 1, b"", FIN | ACK, end + 1))
    quick = told(packets, [], lambda _side, _offset: skip)
    monkeypatch.setattr(
        Openings, "plain", lambda self, _block: np.zeros(len(self.streams), np.bool_)
    )
    assert quick == told(packets, [], lambda _side, _offset: skip)
    assert quick[0][0][-1][:3] == ("end", None, "closed")


def test_syns_are_counted_up_to_the_first_bytes():
    """A SYN that comes later in the block does not tell who is the client."""
    packets = [packet(1, 500, b"hello"), packet(1, 499, flags=SYN | ACK), packet(0, 7, b"x")]
    for cuts in ([], [1], [1, 2]):
        calls, _ = told(packets, cuts, lambda _side, _offset: 0)
        assert calls[0][0] == ("open", 40_000, "port", True)
