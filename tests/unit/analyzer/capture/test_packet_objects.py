"""Packet objects as records: bytes, times, lengths, blocks."""

from decimal import Decimal

import pytest

from analyzer.capture import packet_objects
from analyzer.capture.model import NO_LINK, NO_TIME, CaptureAccount
from analyzer.capture.packet_objects import PacketInput, nanoseconds, packet_bytes


class Thing:
    """As much of a packet as is needed."""

    def __init__(self, data=b"", time=0, wirelen=None, original=b""):
        self.data, self.time, self.wirelen, self.original = data, time, wirelen, original or data

    def __bytes__(self):
        return self.data


class Broken(Thing):
    def __bytes__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (Decimal("1764000000.123456789"), 1_764_000_000_123_456_789),
        (1.5, 1_500_000_000),
        (0, 0),
        (Decimal("NaN"), NO_TIME),
        (float("inf"), NO_TIME),
        (None, NO_TIME),
        ("soon", NO_TIME),
        (10**30, NO_TIME),
    ],
)
def test_times_are_exact(time, expected):
    """Decimals keep their nanoseconds; what is no time is none."""
    assert nanoseconds(time) == expected


def test_blocks_hold_every_packet(monkeypatch):
    """Blocks are bounded, frames go on from one to the next, and bytes are where they should be."""
    monkeypatch.setattr(packet_objects, "BLOCK_PACKETS", 4)
    things = [Thing(bytes([number]) * number, number, 100) for number in range(10)]
    account = CaptureAccount()
    blocks = list(PacketInput("x", packets=things, link_type_of=lambda _: 1).blocks(account))
    assert [block.first_frame for block in blocks] == [1, 5, 9]
    found = [
        block.buffer[at : at + size]
        for block in blocks
        for at, size in zip(block.offset.tolist(), block.cap_len.tolist(), strict=True)
    ]
    assert found == [thing.data for thing in things]
    assert all(block.wire_len.tolist() == [100] * len(block) for block in blocks)
    assert account.link_types == {1}
    assert account.file_bytes == 45


def test_unknown_link_types_are_counted():
    """A packet without a link type is a frame all the same."""
    account = CaptureAccount()
    (block,) = PacketInput("x", packets=[Thing(b"a")], link_type_of=lambda _: None).blocks(account)
    assert block.link_type.tolist() == [NO_LINK]
    assert account.undecoded == {"link-type-unknown": 1}


def test_a_packet_that_cannot_be_built_has_its_first_bytes():
    """Whatever the other library raises, the bytes that were read are there."""
    assert packet_bytes(Broken(original=b"read")) == b"read"
    assert packet_bytes(Thing(b"new", original=b"old")) == b"new"


def test_iterators_are_gone_once_read():
    """A list stays, an iterator does not."""
    assert not PacketInput("x", packets=[]).is_gone
    assert PacketInput("x", packets=iter([])).is_gone
