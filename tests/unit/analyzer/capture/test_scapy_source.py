"""Link types and tunnels read through Scapy: the same logons come out as over Ethernet."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.facts import captures, rows_of
from support.packets import IPV4, Packet, datagram_of, pcapng, read_packets

from analyzer.analysis import read
from analyzer.capture import scapy_source
from analyzer.capture.defrag import Defragmenter
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import CaptureAccount
from analyzer.capture.packet import DECODED, NOT_IP
from analyzer.capture.packet import Packet as Walked
from analyzer.capture.reader import open_capture
from analyzer.capture.walk import walk

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
CASES = [
    CAPTURES / "http/negotiate_ntlm",
    CAPTURES / "smb/smb311_kerberos",
    CAPTURES / "ldap/samba_ntlm_seal",
]
ADDRESSES = bytes.fromhex("001122334455 66778899aabb 000000000001")
ETHERNET_HEAD = bytes.fromhex("020000000001 020000000002")


def outer_udp(payload: bytes, port: int) -> bytes:
    """An Ethernet frame with UDP over IPv4 to a tunnel's port."""
    udp = struct.pack(">HHHH", 5555, port, 8 + len(payload), 0) + payload
    head = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 9, 17, 0, b"\1\1\1\1", b"\2\2\2\2"
    )
    return ETHERNET_HEAD + IPV4 + head + udp


def ether_type(ip: bytes) -> bytes:
    """EtherType of an IP packet."""
    return IPV4 if ip[0] >> 4 == 4 else b"\x86\xdd"


def ppp_protocol(ip: bytes) -> bytes:
    """PPP's number of it."""
    return b"\x00\x21" if ip[0] >> 4 == 4 else b"\x00\x57"


def dot11(ip: bytes, kind: int = 0x08, extra: bytes = b"", flags: int = 1) -> bytes:
    """An 802.11 data frame to the distribution system: three addresses, LLC and SNAP."""
    head = struct.pack("<BBH", kind, flags, 0) + ADDRESSES + b"\0\0" + extra
    return head + b"\xaa\xaa\x03\0\0\0" + ether_type(ip) + ip


def ethernet(ip: bytes) -> bytes:
    """An Ethernet frame."""
    return ETHERNET_HEAD + ether_type(ip) + ip


Wrap = Callable[[bytes], bytes]
LINKS: dict[str, tuple[int, Wrap]] = {
    "802.11": (105, dot11),
    "802.11 QoS": (105, lambda ip: dot11(ip, 0x88, b"\0\0")),
    "radiotap": (127, lambda ip: struct.pack("<BBHI", 0, 0, 8, 0) + dot11(ip)),
    "radiotap, FCS": (
        127,
        lambda ip: struct.pack("<BBHIB", 0, 0, 9, 2, 0x10) + dot11(ip) + b"fcs!",
    ),
    "prism": (119, lambda ip: struct.pack("<II", 0x44, 144) + bytes(136) + dot11(ip)),
    "AVS": (163, lambda ip: struct.pack(">II", 0x80211001, 64) + bytes(56) + dot11(ip)),
    "PPI, Ethernet": (192, lambda ip: struct.pack("<BBHI", 0, 0, 8, 1) + ethernet(ip)),
    "PPI, 802.11": (192, lambda ip: struct.pack("<BBHI", 0, 0, 8, 105) + dot11(ip)),
    "Cisco HDLC": (104, lambda ip: b"\x0f\0" + ether_type(ip) + ip),
    "PPP with direction": (204, lambda ip: b"\0\xff\x03" + ppp_protocol(ip) + ip),
    "Ethernet mPacket": (274, lambda ip: b"\x55" * 7 + b"\xd5" + ethernet(ip) + b"fcs!"),
    "GTP-U": (1, lambda ip: outer_udp(struct.pack(">BBHI", 0x30, 255, len(ip), 7) + ip, 2152)),
    "L2TP": (
        1,
        lambda ip: outer_udp(
            struct.pack(">HHH", 2, 1, 1) + b"\xff\x03" + ppp_protocol(ip) + ip, 1701
        ),
    ),
    "TZSP": (1, lambda ip: outer_udp(struct.pack(">BBHB", 1, 0, 1, 1) + ethernet(ip), 37008)),
}
"""Link type, and how an IP packet is wrapped."""


def ip_packets(path: Path) -> list[tuple[bytes, int]]:
    """IP packets of a capture and their times, the rest of their frames dropped."""
    found = []
    for packet in read_packets(path):
        datagram = datagram_of(packet)
        assert datagram is not None
        found.append((datagram.header + datagram.body, packet.ts_ns))
    return found


def rows(path: Path, **options: Any) -> list[list[dict[str, Any]]]:
    """Negotiations and tokens, without the file's name."""
    columns = read(path, **options).tables.columns
    made = [rows_of(columns[name]) for name in ("negotiations", "tokens")]
    for row in made[0] + made[1]:
        del row["capture"]
    return made


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_link_gives_the_same_rows(name: str, case: Path, tmp_path: Path) -> None:
    """A logon is the same one, whatever its packets are wrapped in; that Scapy read them is told."""
    link_type, wrap = LINKS[name]
    packets = ip_packets(case / "capture.pcapng")
    plain, wrapped = tmp_path / "plain.pcapng", tmp_path / "wrapped.pcapng"
    plain.write_bytes(pcapng([Packet(ethernet(ip), ts) for ip, ts in packets]))
    wrapped.write_bytes(pcapng([Packet(wrap(ip), ts, link_type=link_type) for ip, ts in packets]))
    assert rows(wrapped) == rows(plain)
    assert rows(plain)[0]
    account = CaptureAccount()
    decoder = PacketDecoder(account)
    from analyzer.capture.inputs import Input

    for block in open_capture(Input(str(wrapped)), account):
        decoder.decode(block)
    assert sum(account.by_scapy.values()) == len(packets)
    assert not account.undecoded


def walked(data: bytes, link_type: int) -> tuple[str, Walked]:
    """The outcome of one packet."""
    packet = Walked(data, 0, len(data), len(data), 1, 0, Defragmenter(CaptureAccount()))
    return walk(packet, link_type), packet


IP = bytes.fromhex(
    "45000028000000004006000001010101020202020050c0000000000100000002501000000000 0000"
)


@pytest.mark.parametrize(
    ("data", "link_type", "outcome"),
    [
        (dot11(IP), 105, DECODED),
        (dot11(IP, flags=0x41), 105, scapy_source.ENCRYPTED),
        (dot11(IP, 0x88, b"\x80\0"), 105, scapy_source.AGGREGATED),
        (b"\x80\0\0\0" + ADDRESSES + bytes(40), 105, NOT_IP),  # a beacon
        (b"\xd4\0\0\0" + ADDRESSES[:6], 105, NOT_IP),  # an acknowledgment
        (b"", 127, NOT_IP),
        (struct.pack("<BBHI", 0, 0, 8, 0xFFFF) + bytes(60), 192, NOT_IP),
        (outer_udp(b"no tunnel at all", 2152), 1, DECODED),
        (outer_udp(b"", 1701), 1, DECODED),
    ],
)
def test_what_holds_no_ip_is_told(data: bytes, link_type: int, outcome: str) -> None:
    """Encrypted and aggregated frames are losses, management frames are none; odd UDP stays UDP."""
    found, packet = walked(data, link_type)
    assert found == outcome
    if link_type == 1:
        assert packet.destination_port in {2152, 1701}


@pytest.mark.parametrize("name", LINKS)
def test_no_prefix_and_no_flipped_byte_raises(name: str) -> None:
    """Cut and damaged headers end in an outcome."""
    link_type, wrap = LINKS[name]
    whole = wrap(IP)
    for size in range(len(whole)):
        assert walked(whole[:size], link_type)[0]
    for at in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        assert walked(bytes(damaged), link_type)[0]
        assert walk_all(bytes(damaged), link_type)


def walk_all(data: bytes, link_type: int) -> str:
    """The outcome when Scapy reads everything."""
    packet = Walked(data, 0, len(data), len(data), 1, 0, Defragmenter(CaptureAccount()))
    return walk(packet, link_type, by_scapy=True)


def test_whatever_scapy_raises_becomes_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that fails loses its packet, which the account names."""

    def fail(_location: object) -> object:
        def layer(_data: bytes) -> object:
            raise RecursionError

        return layer

    monkeypatch.setattr(scapy_source, "_layer_class", fail)
    assert walked(dot11(IP), 105)[0] == scapy_source.FAILED
    assert walk_all(ethernet(IP), 1) == scapy_source.FAILED


@pytest.mark.parametrize(
    "path", captures(), ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}"
)
def test_the_engine_agrees_with_the_native_one(path: Path) -> None:
    """With Scapy reading every header the rows are the same, in every capture of ours."""
    assert rows(path, engine="scapy") == rows(path)
