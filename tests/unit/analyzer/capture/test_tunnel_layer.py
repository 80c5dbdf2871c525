"""Tunnel headers one at a time: optional fields, kinds of content, plausibility of UDP tunnels."""

import struct

import pytest

from analyzer.capture.defrag import Defragmenter
from analyzer.capture.model import CaptureAccount
from analyzer.capture.packet import CUT, DECODED, NO_TRANSPORT, NOT_IP, Packet
from analyzer.capture.tunnel_layer import BAD, STEPS


def step(name, data, wire=None):
    packet = Packet(data, 0, len(data), wire or len(data), 1, 0, Defragmenter(CaptureAccount()))
    return STEPS[name](packet), packet.at


def gre(flags, protocol):
    return struct.pack(">HH", flags, protocol) + bytes(60)


@pytest.mark.parametrize(
    ("flags", "size"),
    [(0, 4), (0x8000, 8), (0x2000, 8), (0x1000, 8), (0xA000, 12), (0x3000, 12), (0xB000, 16)],
)
def test_gre_optional_fields(flags, size):
    """Checksum, key and sequence number take four bytes each where flagged."""
    assert step("gre", gre(flags, 0x0800)) == ("ip", size)


@pytest.mark.parametrize(
    ("protocol", "following"),
    [
        (0x0800, "ip"),
        (0x86DD, "ip"),
        (0x6558, "ethernet"),
        (0x8847, "mpls"),
        (0x880B, "ppp"),
        (0x88BE, "ethernet"),
        (0x22EB, "erspan-3"),
        (0x0806, NOT_IP),
    ],
)
def test_gre_protocols(protocol, following):
    """The protocol field is an EtherType; ERSPAN without sequence number is type I."""
    assert step("gre", gre(0, protocol)) == (following, 4)


def test_erspan_2_has_a_sequence_number():
    """With one, a header of eight bytes follows."""
    assert step("gre", gre(0x1000, 0x88BE)) == ("erspan-2", 8)
    assert step("erspan-2", b"\x10" + bytes(20)) == ("ethernet", 8)
    assert step("erspan-2", b"\x20" + bytes(20))[0] == BAD


@pytest.mark.parametrize(
    ("word", "following", "size"),
    [
        (0, "ethernet", 12),
        (1, "ethernet", 20),
        (2 << 10, "ip", 12),
        (1 << 10, "erspan-frame-type", 12),
    ],
)
def test_erspan_3(word, following, size):
    """Frame type and the optional eight bytes stand in the last word."""
    assert step("erspan-3", b"\x20" + bytes(9) + struct.pack(">H", word) + bytes(30)) == (
        following,
        size,
    )


def test_erspan_3_version():
    """Another version is not read."""
    assert step("erspan-3", bytes(40))[0] == BAD


def test_gre_of_pptp():
    """Version 1 carries PPP behind key, sequence number and acknowledgment."""
    assert step("gre", gre(0x3001, 0x880B)) == ("ppp", 12)
    assert step("gre", gre(0x3081, 0x880B)) == ("ppp", 16)
    assert step("gre", gre(0x2081, 0x880B))[0] == NO_TRANSPORT


@pytest.mark.parametrize("flags", [0x4000, 0x0002, 0x0007])
def test_gre_that_is_not_read(flags):
    """Source routing and unknown versions are refused."""
    assert step("gre", gre(flags, 0x0800))[0] == BAD


@pytest.mark.parametrize(("name", "size"), [("gre", 4), ("erspan-2", 8), ("erspan-3", 12)])
def test_short_headers(name, size):
    """Cut by the capture, or broken if the wire ends there too."""
    for length in range(size):
        assert step(name, bytes(length), wire=40)[0] == CUT
        assert step(name, bytes(length))[0] == BAD
    first = {"gre": b"\0\0\x08\0", "erspan-2": b"\x10", "erspan-3": b"\x20"}[name]
    assert step(name, first.ljust(size, b"\0"))[0] in {"ip", "ethernet"}


def test_headers_with_nothing_behind():
    """VXLAN and GENEVE headers are recognised even if the capture ends there."""
    assert step("vxlan", b"\x08\0\0\0\0\0\x05\0") == ("ethernet", 8)
    assert step("geneve", b"\0\0\x08\0\0\0\x05\0") == ("ip", 8)


@pytest.mark.parametrize(
    "header",
    [b"\x08\0\0\0\0\0\x05\0", b"\x88\x48\x12\x34\xff\xff\xff\0"],
    ids=["vni", "group-policy"],
)
def test_vxlan(header):
    """The I flag, perhaps the group policy's, and zeros elsewhere."""
    assert step("vxlan", header + bytes(30)) == ("ethernet", 8)


@pytest.mark.parametrize(
    "payload",
    [
        b"\0\0\0\0\0\0\x05\0" + bytes(30),
        b"\x08\x10\0\0\0\0\x05\0" + bytes(30),
        b"\x0c\0\0\0\0\0\x05\0" + bytes(30),
        b"\x08\0\0\0\0\0\x05\1" + bytes(30),
        b"\x08\0\0\0\0\0\x05",
    ],
)
def test_vxlan_port_with_something_else(payload):
    """What does not look like VXLAN is plain UDP, untouched."""
    assert step("vxlan", payload) == (DECODED, 0)


@pytest.mark.parametrize(
    ("header", "following", "size"),
    [
        (b"\0\0\x65\x58\0\0\x05\0", "ethernet", 8),
        (b"\x02\x40\x65\x58\0\0\x05\0", "ethernet", 16),
        (b"\x3f\0\x08\0\0\0\x05\0", "ip", 260),
    ],
)
def test_geneve(header, following, size):
    """Options are counted in four bytes."""
    assert step("geneve", header + bytes(300)) == (following, size)


@pytest.mark.parametrize(
    "payload",
    [
        b"\x40\0\x65\x58\0\0\x05\0" + bytes(30),
        b"\0\0\x12\x34\0\0\x05\0" + bytes(30),
        b"\0\0\x65\x58\0\0\x05\1" + bytes(30),
        b"\0\0\x65\x58\0\0\x05",
    ],
)
def test_geneve_port_with_something_else(payload):
    """What does not look like GENEVE is plain UDP, untouched."""
    assert step("geneve", payload) == (DECODED, 0)


IP6 = b"\x60\0\0\0\0\4\6\x40" + bytes(32) + b"data"


@pytest.mark.parametrize(
    ("before", "following"),
    [
        (b"", "ip"),
        (b"\0\0" + bytes(6), "ip"),
        (b"\0\1\2\3" + bytes(14), "ip"),
        (b"\0\1\0\0" + bytes(9) + b"\0\0" + bytes(6), "ip"),
        (b"\0\2", DECODED),
        (b"\0\1\xff\xff", DECODED),
    ],
)
def test_teredo(before, following):
    """IPv6 may stand behind an authentication and an origin; what does not fit is plain UDP."""
    assert step("teredo", before + IP6) == (following, len(before) if following == "ip" else 0)
    assert step("teredo", before + IP6[:-1] + b"")[0] == DECODED
