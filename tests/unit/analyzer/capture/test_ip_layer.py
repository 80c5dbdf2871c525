"""IP headers with everything that is not plain, TCP and UDP, one header at a time."""

import struct

import pytest

from analyzer.capture.defrag import Defragmenter
from analyzer.capture.ip_layer import MAX_IP_LAYERS, STEPS
from analyzer.capture.model import CaptureAccount
from analyzer.capture.packet import (
    CUT,
    DECODED,
    ERROR,
    FRAGMENT,
    IPV4_MAPPED,
    IPV4_PROTOCOLS,
    IPV6_PROTOCOLS,
    NO_TRANSPORT,
    TOO_DEEP,
    Packet,
)

SOURCE, DESTINATION = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
SOURCE_6, DESTINATION_6 = b"\xfe\x80" + bytes(13) + b"\1", b"\xfe\x80" + bytes(13) + b"\2"


def ipv4(payload, protocol=6, *, options=b"", total=None, fragment=0, first=None):
    header = 20 + len(options)
    return (
        struct.pack(
            ">BBHHHBBH4s4s",
            0x40 | header // 4 if first is None else first,
            0,
            header + len(payload) if total is None else total,
            77,
            fragment,
            64,
            protocol,
            0,
            SOURCE,
            DESTINATION,
        )
        + options
        + payload
    )


def ipv6(payload, following=6, length=None):
    length = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28, length, following, 64) + SOURCE_6 + DESTINATION_6 + payload


def tcp(payload=b"", offset=5, flags=0x18):
    head = struct.pack(">HHIIBBHHH", 1111, 445, 1000, 2000, offset << 4, flags, 0, 0, 0)
    return head + bytes(max(offset - 5, 0) * 4) + payload


def udp(payload=b"", length=None, port=88):
    length = 8 + len(payload) if length is None else length
    return struct.pack(">HHHH", 2222, port, length, 0) + payload


def step(name, data, *, wire=None, defragmenter=None, protocols=IPV6_PROTOCOLS):
    defragmenter = defragmenter or Defragmenter(CaptureAccount())
    packet = Packet(data, 0, len(data), wire or len(data), 1, 0, defragmenter)
    packet.protocols = protocols
    return STEPS[name](packet), packet


def test_ipv4_addresses_are_mapped():
    """IPv4 addresses stand in the low half behind ::ffff."""
    outcome, packet = step("ip", ipv4(tcp()))
    assert outcome == "tcp"
    assert packet.source == (0, IPV4_MAPPED | 0x0A000001)
    assert packet.destination == (0, IPV4_MAPPED | 0x0A000002)
    assert packet.protocols is IPV4_PROTOCOLS


def test_ipv6_addresses():
    """IPv6 addresses stand in two halves."""
    outcome, packet = step("ip", ipv6(udp(), 17))
    assert outcome == "udp"
    assert packet.source == (0xFE80 << 48, 1)
    assert packet.destination == (0xFE80 << 48, 2)
    assert packet.protocols is IPV6_PROTOCOLS


def test_ipv4_options_are_skipped():
    """The transport begins behind the options."""
    outcome, packet = step("ip", ipv4(tcp(), options=b"\1" * 12))
    assert (outcome, packet.at) == ("tcp", 32)


@pytest.mark.parametrize("data", [ipv4(tcp(b"ab")), ipv6(tcp(b"ab"))])
def test_padding_is_not_payload(data):
    """The IP length ends the packet, whatever the frame has behind it."""
    _, packet = step("ip", data + b"trailer")
    assert packet.end == packet.captured == len(data)


@pytest.mark.parametrize("data", [ipv4(tcp(b"ab"), total=0), ipv6(tcp(b"ab"), length=0)])
def test_length_zero_reaches_to_the_end_of_the_wire(data):
    """Segmentation offload leaves the length 0: the packet is what the frame has."""
    _, packet = step("ip", data, wire=len(data) + 1000)
    assert (packet.captured, packet.end) == (len(data), len(data) + 1000)


@pytest.mark.parametrize("data", [ipv4(tcp(b"ab"), total=900), ipv6(tcp(b"ab"), length=900)])
def test_length_beyond_the_wire(data):
    """A length that the frame does not have is not believed."""
    outcome, packet = step("ip", data)
    assert (outcome, packet.end) == ("tcp", len(data))


def test_snap_length_leaves_the_wire_length():
    """What was not captured still counts as sent."""
    data = ipv4(tcp(b"x" * 500))
    _, packet = step("ip", data[:60], wire=len(data))
    assert (packet.captured, packet.end) == (60, len(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ipv4(tcp(), first=0x44), "bad-ipv4-header"),
        (ipv4(tcp(), first=0x4F), "bad-ipv4-header"),
        (ipv4(tcp(), total=19), "bad-ipv4-header"),
        (ipv4(tcp(), first=0x55), "bad-ip-header"),
        (ipv4(tcp())[:19], "bad-ipv4-header"),
        (ipv6(tcp())[:39], "bad-ipv6-header"),
        (b"", "bad-ip-header"),
    ],
)
def test_broken_ip_headers(data, reason):
    """A header that contradicts itself is the reason why the packet stays undecoded."""
    assert step("ip", data)[0] == reason


def test_cut_ip_headers():
    """A header of which the capture has only a part is cut, not broken."""
    for data, size in ((ipv4(tcp()), 20), (ipv6(tcp()), 40)):
        for length in range(size):
            assert step("ip", data[:length], wire=len(data))[0] == CUT


def test_other_protocols():
    """ICMP (and what it quotes), ESP and the like end the walk without complaint."""
    quoted = b"\x0b\0" + bytes(6) + ipv4(tcp())
    assert step("ip", ipv4(quoted, 1))[0] == NO_TRANSPORT
    assert step("ip", ipv6(bytes(4) + quoted, 58))[0] == NO_TRANSPORT
    assert step("ip", ipv4(bytes(20), 50))[0] == NO_TRANSPORT
    assert step("ip", ipv4(bytes(20), 0))[0] == NO_TRANSPORT  # hop-by-hop is IPv6's


def test_errors_about_other_packets():
    """ICMP's "destination unreachable" ends the walk where its message begins, in either version."""
    for data, begin in (
        (ipv4(b"\3\1" + bytes(6) + ipv4(tcp()), 1), 20),
        (ipv6(b"\1\1" + bytes(6) + ipv6(tcp()), 58), 40),
    ):
        outcome, packet = step("ip", data)
        assert (outcome, packet.at) == (ERROR, begin)
    assert step("ip", ipv4(b"\1\1" + bytes(6), 1))[0] == NO_TRANSPORT
    assert step("ip", ipv4(b"\3", 1)[:20])[0] == NO_TRANSPORT


def test_ip_layers_are_counted():
    """One IP header more than the limit is not read."""
    data = ipv4(tcp())
    packet = Packet(data, 0, 40, 40, 1, 0, Defragmenter(CaptureAccount()))
    packet.ip_layers = MAX_IP_LAYERS
    assert STEPS["ip"](packet) == TOO_DEEP


@pytest.mark.parametrize(
    ("name", "data", "following", "at"),
    [
        ("ipv6-extension", b"\x06\0" + bytes(6), "tcp", 8),
        ("ipv6-extension", b"\x3c\2" + bytes(22), "ipv6-extension", 24),
        ("ipv6-extension", b"\x2c\0" + bytes(6), "ipv6-fragment", 8),
        ("ipv6-extension", b"\x3b\0" + bytes(6), NO_TRANSPORT, 8),
        ("ah", b"\x11\4" + bytes(22), "udp", 24),
        ("ah", b"\x04\1" + bytes(10), "ip", 12),
        ("ipv6-fragment", b"\x06\0\0\0\0\0\0\7", "tcp", 8),
    ],
)
def test_extension_headers(name, data, following, at):
    """Extension headers are stepped over by their own units of length."""
    outcome, packet = step(name, data + bytes(40))
    assert (outcome, packet.at) == (following, at)


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("ipv6-extension", 2, "bad-ipv6-header"),
        ("ah", 2, "bad-ah-header"),
        ("ipv6-fragment", 8, "bad-ipv6-header"),
        ("tcp", 14, "bad-tcp-header"),
        ("udp", 8, "bad-udp-header"),
    ],
)
def test_short_headers(name, size, reason):
    """Each header says by itself that it is cut or broken."""
    for length in range(size):
        assert step(name, bytes(length), wire=60)[0] == CUT
        assert step(name, bytes(length))[0] == reason


@pytest.mark.parametrize(
    ("name", "header"),
    [("ipv6-extension", b"\x06\0"), ("ah", b"\x06\4"), ("ipv6-fragment", b"\x06\0\0\0\0\0\0\7")],
)
def test_least_that_is_read(name, header):
    """As many bytes as the step looks at are enough for it."""
    assert step(name, header, wire=60)[0] == "tcp"


def test_extension_past_the_end():
    """A length that leads out of the packet is found by the next header."""
    outcome, packet = step("ipv6-extension", b"\x06\xff" + bytes(30))
    assert outcome == "tcp"
    assert STEPS["tcp"](packet) == "bad-tcp-header"


def test_ipv4_fragments_in_any_order():
    """The fragment that completes the datagram goes on with all of it."""
    defragmenter = Defragmenter(CaptureAccount())
    whole = udp(b"a" * 92)
    late = ipv4(whole[48:], 17, fragment=48 // 8)
    early = ipv4(whole[:48], 17, fragment=0x2000)
    assert step("ip", late, defragmenter=defragmenter)[0] == FRAGMENT
    outcome, packet = step("ip", early, defragmenter=defragmenter)
    assert outcome == "udp"
    assert packet.reassembled
    assert packet.data == whole
    assert (packet.at, packet.captured, packet.end) == (0, 100, 100)


def test_ipv6_fragments_take_the_first_ones_next_header():
    """Only the fragment at offset 0 tells what is inside."""
    defragmenter = Defragmenter(CaptureAccount())
    whole = tcp(b"b" * 60)
    early = ipv6(struct.pack(">BBHI", 6, 0, 0 | 1, 5) + whole[:40], 44)
    late = ipv6(struct.pack(">BBHI", 59, 0, 40, 5) + whole[40:], 44)
    for data in (early, late):
        outcome, packet = step("ip", data, defragmenter=defragmenter)
        assert outcome == "ipv6-fragment"
        outcome = STEPS["ipv6-fragment"](packet)
    assert outcome == "tcp"
    assert packet.data == whole


def test_odd_offset_and_single_byte():
    """Offsets count in eights, all 13 bits of them; one byte is enough for a fragment."""
    defragmenter = Defragmenter(CaptureAccount())
    whole = udp(b"c")
    assert (
        step("ip", ipv4(whole[:8], 17, fragment=0x2000), defragmenter=defragmenter)[0] == FRAGMENT
    )
    outcome, packet = step("ip", ipv4(whole[8:], 17, fragment=0x0001), defragmenter=defragmenter)
    assert (outcome, packet.data) == ("udp", whole)


def test_reserved_bit_and_dont_fragment_make_no_fragment():
    """Only MF and the offset make a fragment."""
    assert step("ip", ipv4(tcp(), fragment=0x4000))[0] == "tcp"
    assert step("ip", ipv4(tcp(), fragment=0x8000))[0] == "tcp"


@pytest.mark.parametrize(
    ("data", "wire", "outcome"),
    [
        (ipv4(b"", 17, fragment=0x2000), None, "bad-fragment"),
        (ipv4(bytes(100), 17, fragment=0x1FFF), None, "bad-fragment"),
        (ipv4(bytes(100), 17, fragment=0x2000, total=400), None, "bad-fragment"),
        (ipv4(bytes(100), 17, fragment=0x2000)[:60], 120, CUT),
        (ipv4(bytes(100), 1, fragment=0x2000), None, NO_TRANSPORT),
        (ipv4(bytes(8), 17, fragment=0x1FFF), None, "bad-fragment"),
    ],
)
def test_fragments_that_are_not_kept(data, wire, outcome):
    """Empty, too far, longer than the frame, cut by the capture, or of a protocol nobody follows."""
    account = CaptureAccount()
    defragmenter = Defragmenter(account)
    assert step("ip", data, wire=wire, defragmenter=defragmenter)[0] == outcome
    defragmenter.finish()
    assert account.losses == []


def test_tcp_fields():
    """Ports, numbers and flags as on the wire; the payload begins behind the options."""
    outcome, packet = step("tcp", tcp(b"data", offset=8, flags=0xD3))
    assert outcome == DECODED
    assert (packet.protocol, packet.source_port, packet.destination_port) == (6, 1111, 445)
    assert (packet.seq, packet.ack, packet.flags) == (1000, 2000, 0x13)
    assert packet.data[packet.at : packet.captured] == b"data"


@pytest.mark.parametrize("data", [tcp(offset=4), tcp(offset=0), tcp()[:18], tcp(offset=15)[:59]])
def test_bad_tcp_offset(data):
    """A data offset inside the header or past the end is no TCP."""
    assert step("tcp", data)[0] == "bad-tcp-header"


def test_tcp_options_cut_by_the_capture():
    """Ports and numbers count even if the capture ends inside the header."""
    data = tcp(b"x" * 100, offset=8)
    outcome, packet = step("tcp", data[:14], wire=len(data))
    assert outcome == DECODED
    assert (packet.at, packet.end) == (32, 132)


def test_udp_length_bounds_the_payload():
    """UDP's own length may be smaller than IP's, never larger."""
    assert step("udp", udp(b"abcdef", length=11))[1].end == 11
    assert step("udp", udp(b"abcdef", length=900))[1].end == 14
    assert step("udp", udp(b"abcdef", length=0))[1].end == 14
    assert step("udp", udp(b"abcdef", length=7))[0] == "bad-udp-header"


def test_udp_ports_of_tunnels():
    """By destination port alone; the way back uses it as well."""
    assert step("udp", udp(port=4789))[0] == "vxlan"
    assert step("udp", udp(port=8472))[0] == "vxlan"
    assert step("udp", udp(port=6081))[0] == "geneve"
    outcome, packet = step("udp", udp(b"x"))
    assert outcome == DECODED
    assert (packet.protocol, packet.source_port, packet.destination_port) == (17, 2222, 88)
    assert (packet.seq, packet.ack, packet.flags) == (0, 0, 0)
    assert packet.at == 8
