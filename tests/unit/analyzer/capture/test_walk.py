"""Walks over whole packets: order of the steps, limits, unknown link types."""

import struct

from analyzer.capture import packet as tables
from analyzer.capture.defrag import Defragmenter
from analyzer.capture.ip_layer import MAX_IP_LAYERS
from analyzer.capture.model import CaptureAccount
from analyzer.capture.packet import DECODED, NOT_IP, TOO_DEEP, Packet
from analyzer.capture.scapy_source import SCAPY_TUNNELS
from analyzer.capture.walk import MAX_HEADERS, STEPS, walk

TCP = struct.pack(">HHIIBBHHH", 1111, 445, 7, 8, 0x50, 0x18, 0, 0, 0) + b"data"


def ipv4(payload, protocol):
    return (
        struct.pack(">BBHHHBBH8s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, bytes(8))
        + payload
    )


def ethernet(payload, ether_type):
    return bytes(12) + struct.pack(">H", ether_type) + payload


def walked(data, link_type=1):
    packet = Packet(data, 0, len(data), len(data), 1, 0, Defragmenter(CaptureAccount()))
    return walk(packet, link_type), packet


def test_every_named_header_has_a_step():
    """The tables of numbers name steps, or outcomes that are written down beside them."""
    names = set(tables.PPP_PROTOCOLS.values()) - {"ppp-compressed"}
    for table in (
        tables.LINK_TYPES,
        tables.ETHER_TYPES,
        tables.TUNNELLED,
        tables.IPV6_PROTOCOLS,
        tables.UDP_TUNNELS,
    ):
        names |= set(table.values())
    assert names <= {*STEPS, *SCAPY_TUNNELS}


def test_every_step_is_reached():
    """No step without a way to it: from a table, or from the step that names it."""
    named_by_steps = {"llc", "erspan-2", "erspan-3"}
    named = named_by_steps.union(
        tables.LINK_TYPES.values(),
        tables.TUNNELLED.values(),
        tables.IPV6_PROTOCOLS.values(),
        tables.UDP_TUNNELS.values(),
    )
    assert named == {*STEPS, *SCAPY_TUNNELS}


def test_numbers():
    """The numbers of the registries, written down a second time."""
    ip_links, ppp_links = (
        dict.fromkeys((12, 14, 101, 228, 229), "ip"),
        dict.fromkeys((9, 50), "ppp"),
    )
    loopbacks, cooked = (
        dict.fromkeys((0, 108), "loopback"),
        {113: "linux-cooked", 276: "linux-cooked-2"},
    )
    others = {1: "ethernet", 51: "pppoe"}
    assert {**ip_links, **ppp_links, **loopbacks, **cooked, **others} == tables.LINK_TYPES
    tags = dict.fromkeys((0x8100, 0x88A8, 0x9100, 0x9200), "vlan")
    mpls = dict.fromkeys((0x8847, 0x8848), "mpls")
    ether_types = {0x0800: "ip", 0x86DD: "ip", 0x8864: "pppoe", 0x88E7: "backbone"}
    assert {**tags, **mpls, **ether_types} == tables.ETHER_TYPES
    assert tables.TUNNELLED == {**tables.ETHER_TYPES, 0x6558: "ethernet", 0x880B: "ppp"}
    compressed = dict.fromkeys((0x2D, 0x2F, 0xFD), "ppp-compressed")
    plain = {0x21: "ip", 0x57: "ip", 0x281: "mpls", 0x283: "mpls"}
    assert {**plain, **compressed} == tables.PPP_PROTOCOLS
    protocols = {4: "ip", 6: "tcp", 17: "udp", 41: "ip", 47: "gre", 51: "ah"}
    assert protocols == tables.IPV4_PROTOCOLS
    extensions = {**dict.fromkeys((0, 43, 60, 135), "ipv6-extension"), 44: "ipv6-fragment"}
    assert {**protocols, **extensions} == tables.IPV6_PROTOCOLS
    tunnels = {4789: "vxlan", 8472: "vxlan", 6081: "geneve", 3544: "teredo"}
    assert {**tunnels, 2152: "gtp", 1701: "l2tp", 37008: "tzsp"} == tables.UDP_TUNNELS
    assert tables.IP_FAMILIES == (2, 10, 23, 24, 28, 30)
    assert (MAX_IP_LAYERS, MAX_HEADERS) == (8, 64)


def test_plain_packet():
    """Ethernet, IPv4 and TCP leave the packet at the payload."""
    outcome, packet = walked(ethernet(ipv4(TCP, 6), 0x0800) + b"padding")
    assert outcome == DECODED
    assert packet.data[packet.at : packet.captured] == b"data"


def test_unknown_link_type_names_its_number():
    """A link type that is not read is the reason itself."""
    assert walked(b"\0" * 60, 147)[0] == "link-type-147"


def test_not_ip():
    """ARP ends the walk without complaint."""
    assert walked(ethernet(bytes(46), 0x0806))[0] == NOT_IP


def test_ip_layers_up_to_the_limit():
    """As many IP headers as the limit allows are followed, one more is not."""
    data = TCP
    for layer in range(MAX_IP_LAYERS):
        data = ipv4(data, 4 if layer else 6)
    assert walked(ethernet(data, 0x0800))[0] == DECODED
    assert walked(ethernet(ipv4(data, 4), 0x0800))[0] == TOO_DEEP


def test_headers_up_to_the_limit():
    """VLAN tags without end stop at the limit of headers: Ethernet, tags, IP, TCP."""
    inside = struct.pack(">HH", 1, 0x0800) + ipv4(TCP, 6)
    fits = ethernet(b"\0\1\x81\0" * (MAX_HEADERS - 4) + inside, 0x8100)
    assert walked(fits)[0] == DECODED
    assert walked(ethernet(b"\0\1\x81\0" + fits[14:], 0x8100))[0] == TOO_DEEP
    assert walked(ethernet(b"\0\1\x81\0" * 10_000, 0x8100))[0] == TOO_DEEP
