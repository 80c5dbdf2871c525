"""SMB under any segmentation, any loss and any damage: same answers, no exception, bounded memory."""

from __future__ import annotations

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dissectors.anomaly import CODES
from dissectors.carriers.base import CarrierAnomaly, CarrierMessage, Limits
from dissectors.carriers.smb import SmbCarrier

LIMITS = Limits(message=100_000, held=2000, exchanges=16)


def packet(message):
    return struct.pack(">I", len(message)) + message


def smb2(command, mid, session, body, status=0, flags=0, following=0):
    return (
        struct.pack(
            "<4sHHIHHIIQIIQ16s",
            b"\xfeSMB",
            64,
            1,
            status,
            command,
            1,
            flags,
            following,
            mid,
            0,
            0,
            session,
            b"",
        )
        + body
    )


def smb1(command, reply, uid, mid, words, content, status=0):
    return (
        struct.pack(
            "<4sBIBHH8sHHHHH", b"\xffSMB", command, status, reply, 0xC001, 0, b"", 0, 0, 1, uid, mid
        )
        + bytes([len(words) // 2])
        + words
        + struct.pack("<H", len(content))
        + content
    )


def setup(token):
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token


def granted(token):
    return struct.pack("<HHHH", 9, 0, 72, len(token)) + token


PATH = "\\\\files\\docs".encode("utf-16-le")
PASSWORDS = struct.pack("<BBHHHHIHHII", 0xFF, 0, 0, 4096, 1, 0, 0, 24, 24, 0, 0)
CLIENT_BYTES = b"".join(
    [
        packet(smb1(0x72, 0, 0, 0, b"", b"\x02NT LM 0.12\0\x02SMB 2.???\0")),
        packet(smb1(0x73, 0, 0, 1, PASSWORDS, bytes(49) + "u\0d\0".encode("utf-16-le"))),
        packet(
            smb2(
                0,
                1,
                0,
                struct.pack("<HHHHI16sIHHHH", 36, 2, 1, 0, 0, b"", 104, 1, 0, 0x0210, 0x0311),
            )
        ),
        packet(smb2(1, 2, 0, setup(b"first leg"))),
        packet(smb2(1, 3, 0x11, setup(b"third leg" * 20))),
        packet(
            smb2(8, 4, 0x11, bytes(48), flags=8, following=112)
            + smb2(3, 5, 0x11, struct.pack("<HHHH", 9, 0, 72, len(PATH)) + PATH)
        ),
        packet(struct.pack("<4s16s16sIHHQ", b"\xfdSMB", b"", b"", 90, 0, 1, 0x11) + bytes(90)),
        packet(smb2(9, 6, 0x11, bytes(900))),
        packet(smb2(2, 7, 0x11, bytes(4))),
    ]
)
SERVER_BYTES = b"".join(
    [
        packet(smb1(0x73, 0x80, 7, 1, struct.pack("<BBHH", 0xFF, 0, 0, 1), b"OS\0")),
        packet(
            smb2(
                0,
                1,
                0,
                struct.pack("<HHHH16sIIIIQQHHI", 65, 1, 0x311, 0, b"", 7, 1, 1, 1, 5, 0, 128, 4, 0)
                + b"hint",
                flags=1,
            )
        ),
        b"\x85\x00\x00\x00",
        packet(smb2(1, 2, 0x11, granted(b"second leg"), 0xC0000016, 1)),
        packet(smb2(1, 3, 0x11, granted(b"fourth leg"), 0, 1)),
        packet(smb2(3, 5, 0x11, bytes(9), 0xC0000022, 1)),
        packet(smb2(8, 6, 0x11, bytes(1500), 0, 9)),
    ]
)
STREAMS = (CLIENT_BYTES, SERVER_BYTES)


class Wire:
    """Feeds segments; `None` for data is a loss."""

    def __init__(self):
        self.out = []
        self.carrier = SmbCarrier(self.out.append, limits=LIMITS)
        self.ends = [0, 0]
        self.frame = 0

    def segment(self, side, data, lost=0):
        self.frame += 1
        window = self.carrier.windows[side]
        if lost:
            passed = min(window.skipping, lost)
            left = window.skipping - passed
            self.ends[side] += lost
            if lost > passed:
                window.restart(self.ends[side])
                self.carrier.gap(side, lost - passed, self.frame, self.frame)
            else:
                window.restart(self.ends[side])
                window.skipping = left
        self.carrier.receive(side, self.ends[side], data, self.frame, self.frame)
        self.ends[side] += len(data)
        assert len(window) <= LIMITS.held + len(data) + 100

    def said(self):
        return [
            (m.kind, m.side, m.token, m.token_span, m.status, m.schemes, m.anomalies, m.context)
            for m in self.out
            if isinstance(m, CarrierMessage)
        ]


def pieces(data, cuts):
    borders = [0, *sorted({cut % len(data) for cut in cuts}), len(data)]
    return [data[a:b] for a, b in pairwise(borders)]


def run_whole():
    wire = Wire()
    wire.segment(0, CLIENT_BYTES)
    wire.segment(1, SERVER_BYTES)
    return wire


@given(st.lists(st.integers(0, 10_000), max_size=60), st.lists(st.integers(0, 10_000), max_size=60))
def test_any_segmentation(client_cuts, server_cuts):
    """However the streams are cut, the same is said."""
    wire, whole = Wire(), run_whole()
    for side, cuts in ((0, client_cuts), (1, server_cuts)):
        for piece in pieces(STREAMS[side], cuts):
            wire.segment(side, piece)
    assert wire.said() == whole.said()
    assert len(whole.said()) == 8
    assert [m.anomaly for m in wire.out if isinstance(m, CarrierAnomaly)] == []


DAMAGE = st.tuples(st.integers(0, 1), st.integers(0, 10_000), st.integers(0, 255))
SEGMENT = st.tuples(
    st.integers(0, 1), st.integers(1, 700), st.one_of(st.just(0), st.integers(1, 300))
)


@given(st.lists(DAMAGE, max_size=12), st.lists(SEGMENT, max_size=40))
def test_any_damage_and_loss(damage, segments):
    """Changed bytes and holes never raise; what is said stays inside the stream and the registry."""
    streams = [bytearray(STREAMS[0]), bytearray(STREAMS[1])]
    for side, at, value in damage:
        streams[side][at % len(streams[side])] = value
    wire = Wire()
    for side, length, lost in segments:
        begin = wire.ends[side] + lost
        data = bytes(streams[side][begin : begin + length])
        wire.segment(side, data, lost)
    wire.carrier.end(0, "fin", 1000, 0)
    wire.carrier.end(1, "rst", 1001, 0)
    wire.carrier.end(None, "capture-end", 1002, 0)
    for item in wire.out:
        anomalies = [item.anomaly] if isinstance(item, CarrierAnomaly) else item.anomalies
        assert {anomaly.code for anomaly in anomalies} <= set(CODES)
        if isinstance(item, CarrierAnomaly):
            assert 0 <= item.anomaly.span.start <= wire.ends[item.side]
        elif item.token:
            start, end = item.token_span
            assert end - start == len(item.token)
            assert bytes(streams[item.side][start:end]) == item.token
            assert item.frame == item.frames[-1] or item.frame > item.frames[-1]


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes(segments):
    """Arbitrary bytes on either side never raise."""
    wire = Wire()
    for number, data in enumerate(segments):
        SmbCarrier.probe(data)
        wire.segment(number % 2, data)
    wire.carrier.end(None, "capture-end", 1000, 0)
    tables = wire.carrier.smb2.logons
    assert max(len(tables.asked), len(tables.open), len(tables.owners)) <= LIMITS.exchanges
