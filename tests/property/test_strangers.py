"""Streams that are passed over as a whole: never one of which anything would have been told."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from support.carrier_talks import CARRIERS as CARRIERS_TALKED
from support.carrier_talks import talks
from support.stream_calls import feed_in_blocks
from support.tcp_packets import ACK, FIN, handshake, index_of, packet

from analyzer.capture.engine import StreamEngine
from analyzer.capture.model import CaptureAccount, PacketIndex
from analyzer.first_bytes import (
    STRANGERS,
    looks_like_carrier,
    looks_like_datagram,
    may_begin_message,
    may_show_token,
)
from analyzer.pipeline import Options, StreamReader
from analyzer.signature import QUICK, find_signature
from dissectors.carriers import CARRIERS, carrier_class
from dissectors.carriers.carrier_search import announces_itself
from dissectors.tokens.build import neg_token_resp

TALKS = [talk for name in CARRIERS_TALKED for talk in talks(name)]
TOKENS = (*QUICK, b"\xa1\x07\x30\x05" + b"\xa0\x03\x0a\x01\x01", neg_token_resp())
BANNERS = (
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"220 mail ESMTP\r\n",
    b"EHLO me\r\n",
    b"\x16\x03\x01\x00\x05",
)
PSH = 8


class Sink:
    """Notes all that it is told."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def token(self, stream, step, carrier, negotiation) -> None:
        self.calls.append(("token", stream.stream_id, step.frame, carrier))

    def negotiation(self, negotiation) -> None:
        where = negotiation.stream.stream_id, negotiation.carrier
        anomalies = [noticed.anomaly for noticed in negotiation.anomalies]
        self.calls.append(("negotiation", where, negotiation.outcome, anomalies))

    def schemes(self, stream, carrier, site, said) -> None:
        told = carrier, site, said.schemes, said.frame, said.ts_ns
        self.calls.append(("schemes", stream.stream_id, *told))

    def anomaly(self, noticed) -> None:
        self.calls.append(("anomaly", noticed.anomaly, noticed.frame, noticed.stream_id))

    def surrounding(self, fact) -> None:
        self.calls.append(("fact", type(fact), fact.frames))


def read(packets: list, cuts: list[int], **how: Any) -> tuple[list[Any], int, int, int]:
    """What is told of packets, how many streams there are and how many were asked for, bytes missing."""
    sink, account, asked = Sink(), CaptureAccount(), []

    def opened(stream):
        asked.append(stream)
        return StreamReader(stream, sink, Options())

    engine = StreamEngine(account, opened, lambda _stream: None, reopen=looks_like_carrier, **how)
    feed_in_blocks(engine, packets, cuts)
    return sink.calls, account.streams, len(asked), account.tcp_bytes_missing


def pieces(chance: random.Random) -> list[tuple[int, bytes]]:
    """What two sides say in small segments: noise, and now and then something, whole or cut anywhere."""
    found = []
    for _ in range(chance.choice([3, 9, 30, 60])):
        side = chance.randrange(2)
        text = chance.randbytes(chance.choice([1, 3, 8, 20]))
        luck = chance.random()
        if luck < 0.06:
            text = chance.choice(TOKENS)
        elif luck < 0.1:
            text = chance.choice(BANNERS)
        elif luck < 0.14:
            side, text = chance.choice(chance.choice(TALKS).turns)
        if luck < 0.2 and chance.random() < 0.5:
            at = chance.randrange(len(text) + 1)
            found += [(side, text[:at])]
            text = text[at:]
        found.append((side, text[:1500]))
    return [(side, text) for side, text in found if text]


def conversation(chance: random.Random, port: int) -> list:
    isns = [chance.randrange(2**32) for _ in range(2)]
    packets = handshake(isns) if chance.random() < 0.8 else []
    seq = [isn + 1 for isn in isns]
    for side, text in pieces(chance):
        packets.append(packet(side, seq[side], text, ACK | PSH, seq[1 - side]))
        seq[side] += len(text)
    if chance.random() < 0.7:
        packets += [packet(side, seq[side], b"", FIN | ACK, seq[1 - side]) for side in (0, 1)]
    return [(*each[:6], (port, 4450), None) for each in packets]


@pytest.mark.parametrize("seed", range(120))
def test_what_is_passed_over_would_have_told_nothing(seed):
    """With and without: the same tokens, negotiations, anomalies and facts."""
    chance = random.Random(seed)
    waiting = [conversation(chance, 40_000 + port) for port in range(6)]
    packets = []
    while any(waiting):
        packets.append(chance.choice([each for each in waiting if each]).pop(0))
    cuts = sorted(chance.choices(range(len(packets)), k=chance.choice([0, 0, 0, 2])))
    told, streams, asked, missing = read(packets, cuts, strangers=STRANGERS)
    expected, of, all_asked, lost = read(packets, cuts)
    assert (told, streams, missing) == (expected, of, lost)
    assert asked <= all_asked


def stream(*texts: bytes, ends: bool = True) -> list:
    packets, seq = handshake([10, 20]), 11
    for text in texts:
        packets.append(packet(0, seq, text, ACK | PSH, 21))
        seq += len(text)
    if ends:
        packets += [packet(0, seq, b"", FIN | ACK, 21), packet(1, 21, b"", FIN | ACK, seq + 1)]
    return packets


@pytest.mark.parametrize(
    ("packets", "asked"),
    [
        (stream(b"\xffnothing", b"\xffof", b"\xffinterest"), 0),
        (stream(*[b"\xffnoise"] * 12, ends=False), 0),  # enough segments and bytes
        (stream(*[b"\xffnoise"] * 11, ends=False), 1),  # one less: it may still be something
        (stream(*[b"\xff"] * 40, ends=False), 1),  # not enough bytes
        (stream(b"\xffx", b"GET / HTTP/1.1\r\n"), 1),
        (stream(b"G", b"ET / HTTP/1.1\r\n"), 1),  # cut
        (stream(b"\xffx", b"NTLM", b"SSP\0"), 1),
        (stream(b"\xffx", b"NTLM")[:-2], 1),  # goes on
        (stream(b"\xffx" * 5000), 1),  # large: the usual way costs little
    ],
)
def test_which_are_passed_over(packets, asked):
    """Those that are over or have shown enough, and have nothing that looks like something."""
    assert read(packets, [], strangers=STRANGERS)[2] == asked


def heads_of(*texts: bytes) -> np.ndarray:
    return np.array([int.from_bytes(text[:8].ljust(8, b"\0")) for text in texts], np.uint64)


def test_no_beginning_of_a_message_is_overlooked():
    """Whatever a carrier takes for its own, from any part of it and as far as any segment goes, is marked."""
    chance, seen = random.Random(7), set()
    for talk in TALKS:
        for _, data in talk.turns:
            text = data[: chance.choice([4, 8, 30, 4096])]
            for name in CARRIERS:
                if carrier_class(name).probe(text) is not None:
                    seen.add(name)
                    assert may_begin_message(heads_of(text)).tolist() == [True], text[:16]
    assert seen == set(CARRIERS)


@pytest.mark.parametrize(
    "text", [b"\x82\0\0\0", b"\x83\0\0\1\x80", b"\x85\0\0\0", b"0\x05\x02\x01\x01\x42\x00"]
)
def test_the_shortest_messages_are_not_overlooked(text):
    """A NetBIOS answer, an LDAP unbind."""
    assert STRANGERS.begins(text)
    assert may_begin_message(heads_of(text)).tolist() == [True]


def test_what_announces_itself_amid_a_stream_is_marked():
    """Nothing that would open an ignored stream again is passed over."""
    chance = random.Random(8)
    for _ in range(2000):
        text = chance.choice(
            [b"HTTP", b"\0\0\0\x9f\xfeSMB", b"\0\1\0\0\xfdSMB"]
        ) + chance.randbytes(4)
        assert announces_itself(text)
        assert may_begin_message(heads_of(text)).tolist() == [True]


def test_every_signature_leaves_a_mark():
    """What `find_signature` finds lies at a place that is marked."""
    for token in TOKENS:
        text = b"\xff" * 5 + token
        assert find_signature(text) >= 0
        assert may_show_token(np.frombuffer(text, np.uint8)).size


def test_other_beginnings_are_mostly_not_marked():
    """One in a hundred random heads at most needs a closer look."""
    heads = np.frombuffer(random.Random(9).randbytes(80_000), np.uint64)
    assert may_begin_message(heads).mean() < 0.01
    assert looks_like_datagram(heads).mean() < 0.01


def test_reassembled_payloads_go_the_usual_way():
    """Bytes of defragmented datagrams lie elsewhere."""
    packets = stream(b"\xffnothing", b"\xffof", b"\xffinterest")
    index: PacketIndex = index_of(packets, 1)
    index.payload_offset[3], index.extra[3] = -1, b"\xffnothing"
    asked = []
    engine = StreamEngine(CaptureAccount(), asked.append, lambda _stream: None, strangers=STRANGERS)
    engine.feed(index)
    assert len(asked) == 1
