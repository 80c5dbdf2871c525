"""DCE/RPC in named pipes: its authentication is told by place, and file contents by nothing."""

from __future__ import annotations

import struct

import pytest

from dissectors.carriers.base import CLIENT, SERVER, CarrierAnomaly
from dissectors.carriers.smb import SmbCarrier

TOKEN = b"NTLMSSP\0\1\0\0\0" + bytes(20)
READ, WRITE, IOCTL = 8, 9, 11
BIND, BIND_ACK, ALTER, AUTH3, REQUEST = 11, 12, 14, 16, 0


def pdu(kind=BIND, token=TOKEN, *, minor=0, order="<", stub=40):
    """A PDU with an authentication trailer."""
    verifier = struct.pack("BBBBI", 10, 6, 0, 0, 1) + token if token else b""
    drep = bytes((0x10 if order == "<" else 0, 0, 0, 0))
    size = 16 + stub + len(verifier)
    head = bytes((5, minor, kind, 3)) + drep + struct.pack(f"{order}HHI", size, len(token), 2)
    return head + bytes(stub) + verifier


def smb2(command, body, *, answer=False):
    head = struct.pack(
        "<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 1, 0, command, 1, int(answer), 0, 1, 0, 0, 9, b""
    )
    return struct.pack(">I", len(head + body)) + head + body


def smb1(command, words, body, *, answer=False):
    flags = 0x80 if answer else 0
    head = struct.pack(
        "<4sBIBHH8sHHHHH", b"\xffSMB", command, 0, flags, 0xC001, 0, b"", 0, 0, 1, 2, 3
    )
    message = head + bytes((len(words) // 2,)) + words + struct.pack("<H", len(body)) + body
    return struct.pack(">I", len(message)) + message


def read_2(data):
    return SERVER, smb2(
        READ, struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data, answer=True
    )


def write_2(data):
    fixed = struct.pack("<HHIQ16sIIHHI", 49, 112, len(data), 0, b"f" * 16, 0, 0, 0, 0, 0)
    return CLIENT, smb2(WRITE, fixed + data)


def transceive_2(data):
    numbers = 120, len(data), 0, 0, 0, 1024, 1, 0
    return CLIENT, smb2(
        IOCTL, struct.pack("<HHI16s8I", 57, 0, 0x11C017, b"f" * 16, *numbers) + data
    )


def transceived_2(data):
    numbers = 112, 0, 112, len(data), 0, 0
    fixed = struct.pack("<HHI16s6I", 49, 0, 0x11C017, b"f" * 16, *numbers)
    return SERVER, smb2(IOCTL, fixed + data, answer=True)


def write_1(data):
    words = struct.pack("<BBHHIIHHHHHI", 0xFF, 0, 0, 5, 0, 0, 8, 0, 0, len(data), 64, 0)
    return CLIENT, smb1(0x2F, words, b"\0" + data)


def read_1(data):
    words = struct.pack("<BBHHHHHHH8s", 0xFF, 0, 0, 0, 0, 0, len(data), 60, 0, b"")
    return SERVER, smb1(0x2E, words, b"\0" + data, answer=True)


def transact_1(data):
    name = b"\0" + "\\PIPE\\".encode("utf-16-le") + b"\0\0\0"
    at = 32 + 1 + 32 + 2 + len(name)
    words = struct.pack(
        "<HHHHBBHIHHHHHBB", 0, len(data), 0, 1024, 0, 0, 0, 0, 0, 0, at, len(data), at, 2, 0
    )
    return CLIENT, smb1(0x25, words + struct.pack("<HH", 0x26, 5), name + data)


def transacted_1(data):
    words = struct.pack("<10H", 0, len(data), 0, 0, 56, 0, len(data), 56, 0, 0)
    return SERVER, smb1(0x25, words, b"\0" + data, answer=True)


CALLS = (
    read_2, write_2, transceive_2, transceived_2, write_1, read_1, transact_1, transacted_1,
)  # fmt: skip
DECOYS = {
    "a file": TOKEN * 3,
    "a call": pdu(REQUEST),
    "no authentication": pdu(token=b""),
    "another version": b"\4" + pdu()[1:],
    "another minor version": pdu(minor=2),
    "no data representation": pdu()[:4] + b"\x22" + pdu()[5:],
    "shorter than its trailer": pdu()[:8] + b"\x20\0" + pdu()[10:],
    "zeros": bytes(300),
}


def told(side, message, size=None):
    """Anomalies of a message, in segments of `size`."""
    out = []
    carrier = SmbCarrier(out.append)
    window = carrier.windows[side]
    for frame, at in enumerate(range(0, len(message), size or len(message)), 1):
        window.append(at, message[at : at + size] if size else message, frame, frame)
        if not window.skipping:
            carrier.feed(side)
    assert not len(window)
    return [item for item in out if isinstance(item, CarrierAnomaly)]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", [BIND, BIND_ACK, ALTER, 15, AUTH3])
def test_the_trailer_is_told(call, kind):
    """Whatever takes a PDU through a pipe: one row, whose range is the authentication value."""
    for data in (pdu(kind), pdu(kind, order=">"), pdu(kind, minor=1)):
        side, message = call(data)
        (row,) = told(side, message)
        assert (row.anomaly.code, row.side) == ("unclaimed-token", side)
        assert message[slice(*row.anomaly.span)] == TOKEN


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("size", [1, 10, 64, 100])
def test_segment_borders_change_nothing(call, size):
    """A message cut anywhere is waited for as far as it takes."""
    side, message = call(pdu())
    (row,) = told(side, message, size)
    assert message[slice(*row.anomaly.span)] == TOKEN


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", DECOYS)
def test_contents_of_files_are_nothing(call, name):
    """What does not begin as an authenticated PDU gives no row, whatever is in it."""
    assert told(*call(DECOYS[name])) == []


def test_a_value_in_the_next_message():
    """Where a PDU is longer than its message, all that is there of it is told."""
    side, message = read_2(pdu(token=b"t" * 2000)[:1024])
    (row,) = told(side, message)
    assert message[slice(*row.anomaly.span)] == pdu(token=b"t" * 2000)[64:1024]
    side, message = read_2(pdu(token=b"t" * 20, stub=2000)[:1024])
    (row,) = told(side, message)
    assert row.anomaly.span.length == 1024


def test_bulk_is_not_waited_for():
    """The header alone of a long message is enough to skip it."""
    side, message = read_2(pdu() + bytes(60_000))
    out = []
    carrier = SmbCarrier(out.append)
    carrier.windows[side].append(0, message[:70], 1, 1)
    carrier.feed(side)
    assert carrier.windows[side].skipping == len(message) - 70
