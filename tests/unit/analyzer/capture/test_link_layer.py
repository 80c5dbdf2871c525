"""Each link header by itself: what it names next and where it ends."""

import struct

import pytest

from analyzer.capture.defrag import Defragmenter
from analyzer.capture.link_layer import BAD, STEPS
from analyzer.capture.model import CaptureAccount
from analyzer.capture.packet import CUT, NOT_IP, Packet

ADDRESSES = bytes(12)
PAYLOAD = b"\x45" + bytes(29)


def step(name, data, wire=None):
    packet = Packet(data, 0, len(data), wire or len(data), 1, 0, Defragmenter(CaptureAccount()))
    return STEPS[name](packet), packet


@pytest.mark.parametrize(
    ("name", "header", "following"),
    [
        ("ethernet", ADDRESSES + b"\x08\x00", "ip"),
        ("ethernet", ADDRESSES + b"\x86\xdd", "ip"),
        ("ethernet", ADDRESSES + b"\x81\x00", "vlan"),
        ("ethernet", ADDRESSES + b"\x88\xa8", "vlan"),
        ("ethernet", ADDRESSES + b"\x88\x47", "mpls"),
        ("ethernet", ADDRESSES + b"\x88\x64", "pppoe"),
        ("ethernet", ADDRESSES + b"\x88\xe7", "backbone"),
        ("ethernet", ADDRESSES + b"\x08\x06", NOT_IP),
        ("ethernet", ADDRESSES + b"\x88\xcc", NOT_IP),
        ("vlan", b"\x20\x05\x08\x00", "ip"),
        ("vlan", b"\x20\x05\x91\x00", "vlan"),
        ("vlan", b"\x20\x05\x08\x06", NOT_IP),
        ("backbone", bytes(4), "ethernet"),
        ("llc", b"\xaa\xaa\x03\0\0\0\x08\x00", "ip"),
        ("llc", b"\x06\x06\x03", "ip"),
        ("linux-cooked", bytes(14) + b"\x08\x00", "ip"),
        ("linux-cooked", bytes(14) + b"\x81\x00", "vlan"),
        ("linux-cooked", bytes(14) + b"\x00\x04", "llc"),
        ("linux-cooked", bytes(14) + b"\x08\x06", NOT_IP),
        ("linux-cooked-2", b"\x86\xdd" + bytes(18), "ip"),
        ("linux-cooked-2", b"\x00\x04" + bytes(18), "llc"),
        ("linux-cooked-2", b"\x08\x06" + bytes(18), NOT_IP),
        ("loopback", b"\x02\0\0\0", "ip"),
        ("loopback", b"\0\0\0\x02", "ip"),
        ("loopback", b"\x1e\0\0\0", "ip"),
        ("loopback", b"\0\0\0\x18", "ip"),
        ("loopback", b"\0\0\0\x1c", "ip"),
        ("loopback", b"\x07\0\0\0", NOT_IP),
        ("ppp", b"\xff\x03\x00\x21", "ip"),
        ("ppp", b"\x00\x57", "ip"),
        ("ppp", b"\x21", "ip"),
        ("ppp", b"\xff\x03\x21", "ip"),
        ("ppp", b"\xff\x03\x02\x81", "mpls"),
        ("ppp", b"\xc0\x21", NOT_IP),
        ("ppp", b"\x2d", "ppp-compressed"),
        ("ppp", b"\x00\xfd", "ppp-compressed"),
        ("mpls", b"\x00\x06\x40\x40", "mpls"),
        ("mpls", b"\x00\x06\x41\x40", "ip"),
    ],
)
def test_names_the_next_header(name, header, following):
    """The header names what follows and ends where that begins."""
    outcome, packet = step(name, header + PAYLOAD)
    assert outcome == following
    assert packet.at == len(header)
    assert packet.end == len(header) + len(PAYLOAD)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("ethernet", ADDRESSES + b"\x08\x00"),
        ("vlan", b"\0\1\x08\x00"),
        ("llc", b"\xaa\xaa\x03\0\0\0\x08\x00"),
        ("linux-cooked", bytes(14) + b"\x08\x00"),
        ("linux-cooked-2", b"\x08\x00" + bytes(18)),
        ("loopback", b"\x02\0\0\0"),
        ("ppp", b"\x00\x21"),
        ("pppoe", b"\x11\0\0\1\0\x20"),
        ("mpls", b"\x00\x06\x41\x40\x45"),
    ],
)
def test_short_headers(name, header):
    """At every length a header is cut by the capture, or broken if the wire ends there too."""
    for length in range(3 if name == "llc" else 0, len(header)):
        if name == "mpls" and length == 4:
            continue  # the entry is whole, the payload's first byte is missing
        assert step(name, header[:length], wire=40)[0] == CUT
        assert step(name, header[:length])[0] == BAD
    assert step(name, header)[0] not in {CUT, BAD}


@pytest.mark.parametrize("name", ["ethernet", "vlan"])
def test_length_instead_of_ether_type(name):
    """Up to 1500 the field is a length that bounds the frame and leads to LLC."""
    head = {"ethernet": ADDRESSES, "vlan": b"\0\1"}[name]
    outcome, packet = step(name, head + struct.pack(">H", 20) + PAYLOAD)
    assert outcome == "llc"
    assert packet.end == packet.at + 20
    assert step(name, head + struct.pack(">H", 1500) + PAYLOAD)[0] == "llc"
    assert step(name, head + struct.pack(">H", 1501) + PAYLOAD)[0] == NOT_IP


def test_llc_of_others():
    """Spanning tree, foreign SNAP numbers and what is too short for either are not IP."""
    assert step("llc", b"\x42\x42\x03" + PAYLOAD)[0] == NOT_IP
    assert step("llc", b"\xaa\xaa\x03\0\0\x0c\x08\x00" + PAYLOAD)[0] == NOT_IP
    assert step("llc", b"\x42\x42")[0] == NOT_IP
    assert step("llc", b"\x06\x06", wire=30)[0] == CUT


def test_pppoe_length_bounds_the_payload():
    """What pads the frame behind the session's length is not payload."""
    outcome, packet = step("pppoe", b"\x11\0\0\1\0\x04" + PAYLOAD)
    assert outcome == "ppp"
    assert (packet.at, packet.end) == (6, 10)


def test_pppoe_discovery_is_not_ip():
    """Only code 0 carries PPP."""
    assert step("pppoe", b"\x11\x09\0\0\0\x04" + PAYLOAD)[0] == NOT_IP


def test_mpls_payload_is_told_by_its_first_bits():
    """Four or six is IP; another number is not guessed at."""
    bottom = b"\x00\x06\x41\x40"
    assert step("mpls", bottom + b"\x60" + bytes(39))[0] == "ip"
    assert step("mpls", bottom + b"\x00" + bytes(39))[0] == "mpls-payload"
    assert step("mpls", bottom, wire=50)[0] == CUT
