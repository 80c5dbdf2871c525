"""NetBIOS and direct TCP packets, told by their first bytes."""

from __future__ import annotations

import pytest

from dissectors.carriers.netbios import answers, called_name, next_border, plausible


def encoded(name: str) -> bytes:
    letters = bytes(
        0x41 + half for byte in name.ljust(15).encode() + b"\x20" for half in divmod(byte, 16)
    )
    return b"\x20" + letters + b"\x00"


def packet(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


SMB2_REQUEST = packet(b"\xfeSMB\x40\x00" + bytes(58))
SMB2_RESPONSE = packet(b"\xfeSMB\x40\x00" + bytes(10) + b"\x01" + bytes(47))
SMB1_REQUEST = packet(b"\xffSMBr" + bytes(30))
SMB1_RESPONSE = packet(b"\xffSMBr" + bytes(4) + b"\x88" + bytes(25))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (SMB2_REQUEST, False),
        (SMB2_RESPONSE, True),
        (SMB1_REQUEST, False),
        (SMB1_RESPONSE, True),
        (packet(b"\xfdSMB" + bytes(60)), False),
        (packet(b"\xfcSMB" + bytes(60)), False),
        (b"\x81\x00\x00\x44" + encoded("FILES") + encoded("CLIENT"), False),
        (b"\x82\x00\x00\x00", True),
        (b"\x82\x00\x00\x00" + SMB1_RESPONSE, True),
        (b"\x83\x00\x00\x01\x82", True),
        (b"\x85\x00\x00\x00", False),
        (b"\x85\x00\x00\x00" + SMB2_RESPONSE, True),
    ],
)
def test_sender(head, expected):
    """Every kind of packet names its sender; what either may send counts as the client's."""
    assert answers(head) is expected


@pytest.mark.parametrize(
    "head",
    [
        b"\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(30),
        bytes(64),
        SMB2_REQUEST[:20],
        packet(b"\xfeSMB\x41\x00" + bytes(58)),
        packet(b"\xfeSMB")[:4] + b"\xfeSMB" + bytes(60),
        packet(b"\xfeSM\x00\x40\x00" + bytes(58)),
        b"\x82\x00\x00\x00" + b"anything else at all, not SMB",
        b"\x85\x00\x00\x01\x00",
        b"\x81\x00\x00\x44" + bytes(68),
    ],
)
def test_others_are_refused(head):
    """Other protocols, broken headers and heads too short to tell are nobody's."""
    assert answers(head) is None


def test_called_name():
    """A first-level encoded name loses its padding and its suffix byte."""
    assert called_name(encoded("FILES")) == "FILES"
    assert called_name(b"\x20" + b"a" * 32) is None
    assert called_name(b"\x20AB") is None


def test_border_behind_rubbish():
    """The next border is found behind bytes that only look like one."""
    rubbish = b"xSMB" * 5 + b"\x00\x00\x00\x10\xfeSMB\x40\x00"
    data = bytearray(rubbish + SMB2_REQUEST)
    assert next_border(data, 0) == (len(rubbish), True)
    assert plausible(data, len(rubbish))


def test_no_border_keeps_a_possible_beginning():
    """Bytes that may be the beginning of a border stay for the next look."""
    for kept in range(1, 14):
        data = bytearray(b"-" * 40 + SMB2_REQUEST[:kept])
        border, found = next_border(data, 0)
        assert found is (kept >= 10)
        assert border <= 40


def test_no_border_before_the_start():
    """The search never goes back behind where it began."""
    data = bytearray(SMB2_REQUEST)
    border, found = next_border(data, 1)
    assert not found
    assert border >= 1
