"""Lines of tshark: which packets they hold, and what they say of the capture."""

from __future__ import annotations

import pytest

from analyzer.capture.icmp import Unreachable
from analyzer.capture.model import NO_TIME, CaptureAccount
from analyzer.capture.tshark_lines import (
    FIELDS,
    LINK_TYPE_OF_ENCAPSULATION,
    UNREADABLE,
    Line,
    LineReader,
    Transport,
    address,
    columns,
    octets,
)

TCP = {
    "frame.number": "7",
    "frame.time_epoch": "1700000000.123456789",
    "frame.len": "60",
    "frame.cap_len": "60",
    "frame.encap_type": "1",
    "frame.protocols": "eth:ethertype:ip:tcp",
    "ip.src": "10.0.0.1",
    "ip.dst": "10.0.0.2",
    "tcp.stream": "3",
    "tcp.srcport": "40000",
    "tcp.dstport": "445",
    "tcp.seq_raw": "4294967295",
    "tcp.ack_raw": "5",
    "tcp.flags": "0x0018",
    "tcp.len": "3",
    "tcp.payload": "616263",
}
UDP = {
    **{name: TCP[name] for name in FIELDS[:5]},
    "frame.protocols": "eth:ethertype:ip:udp:cldap",
    "ip.src": "10.0.0.1",
    "ip.dst": "10.0.0.2",
    "udp.stream": "4",
    "udp.srcport": "500",
    "udp.dstport": "389",
    "udp.length": "10",
    "udp.payload": "3000",
}


def read(cells: dict[str, str], **changes: str) -> tuple[list[Transport], bytes, CaptureAccount]:
    """Packets and decrypted bytes of a line, and the account after it; `__` stands for `.` in names."""
    cells = cells | {name.replace("__", "."): value for name, value in changes.items()}
    account = CaptureAccount()
    line = LineReader(account).read("\t".join(cells.get(field, "") for field in FIELDS))
    assert line is not None
    return line.packets, line.decrypted, account


def test_a_tcp_packet() -> None:
    """All of it, numbers as on the wire."""
    (packet,), decrypted, account = read(TCP)
    v4 = 0xFFFF << 32
    assert packet == Transport(
        frame=7,
        ts_ns=1_700_000_000_123_456_789,
        proto=6,
        stream=3,
        ends=(0, v4 | 0x0A000001, 0, v4 | 0x0A000002, 40000, 445),
        payload=b"abc",
        wire_len=3,
        seq=4294967295,
        ack=5,
        flags=0x18,
    )
    assert decrypted == b""
    assert (account.packets, account.bytes, account.link_types) == (1, 60, {1})
    assert (account.first_ts_ns, account.last_ts_ns) == (packet.ts_ns, packet.ts_ns)


def test_a_packet_cut_by_the_snap_length() -> None:
    """Its payload is shorter than it was, and the account says that it was cut."""
    (packet,), _, account = read(TCP, frame__cap_len="58", tcp__payload="61")
    assert (packet.payload, packet.wire_len) == (b"a", 3)
    assert account.truncated_packets == 1


def test_a_packet_without_payload() -> None:
    """Length zero: no bytes, whatever there is behind it."""
    (packet,), _, _ = read(TCP, tcp__len="0", tcp__payload="")
    assert (packet.payload, packet.wire_len) == (b"", 0)


def test_a_datagram() -> None:
    """The header is not part of the payload."""
    (packet,), _, _ = read(UDP)
    assert (packet.proto, packet.stream, packet.payload, packet.wire_len) == (17, 4, b"0\0", 2)


def test_the_innermost_packet_of_a_tunnel() -> None:
    """Addresses of the inner header; the tunnel's UDP is none of ours."""
    (packet,), _, _ = read(
        TCP | {"udp.stream": "0", "udp.srcport": "1", "udp.dstport": "4789", "udp.length": "100"},
        frame__protocols="eth:ethertype:ip:udp:vxlan:eth:ethertype:ipv6:tcp",
        ip__src="192.0.2.1",
        ip__dst="192.0.2.2",
        ipv6__src="fd00::1",
        ipv6__dst="fd00::2",
        udp__payload="00" * 92,
    )
    assert packet.proto == 6
    assert packet.ends[:4] == (0xFD00 << 48, 1, 0xFD00 << 48, 2)


def test_a_tunnel_with_nothing_for_us() -> None:
    """ARP in VXLAN: no packet at all."""
    assert read(UDP, frame__protocols="eth:ethertype:ip:udp:vxlan:eth:ethertype:arp")[0] == []


def test_what_an_icmp_error_quotes_is_no_packet() -> None:
    """It was counted when it was sent."""
    quoted = "eth:ethertype:ip:icmp:ip:tcp"
    both = {"ip.src": "10.0.0.9,10.0.0.1", "ip.dst": "10.0.0.1,10.0.0.2"}
    assert read(TCP | both, frame__protocols=quoted)[0] == []


def test_several_packets_in_one_frame() -> None:
    """Aggregated frames of wireless networks: each with its own addresses and payload."""
    packets, _, _ = read(
        TCP,
        frame__protocols="wlan:llc:ip:tcp:llc:ip:tcp",
        ip__src="10.0.0.1,10.0.0.3",
        ip__dst="10.0.0.2,10.0.0.4",
        tcp__stream="3,8",
        tcp__srcport="40000,1",
        tcp__dstport="445,2",
        tcp__seq_raw="1,2",
        tcp__ack_raw="3,4",
        tcp__flags="0x0010,0x0018",
        tcp__len="0,2",
        tcp__payload="6869",
    )
    assert [(p.stream, p.ends[1] & 255, p.ends[4], p.payload) for p in packets] == [
        (3, 1, 40000, b""),
        (8, 3, 1, b"hi"),
    ]


def test_decrypted_records_of_tls() -> None:
    """In order; what else is shown as data was not decrypted."""
    tls = "eth:ethertype:ip:tcp:tls:data:data"
    assert read(TCP, frame__protocols=tls, data__data="6162,63")[1] == b"abc"
    plain = "eth:ethertype:ip:tcp:data"
    assert read(TCP, frame__protocols=plain, data__data="616263")[1] == b""


def test_frames_that_are_no_ip_are_counted() -> None:
    """ARP and the like."""
    packets, _, account = read(
        {name: TCP[name] for name in FIELDS[:5]}, frame__protocols="eth:ethertype:arp"
    )
    assert (packets, account.not_ip, account.packets) == ([], 1, 1)


@pytest.mark.parametrize(
    ("epoch", "ts_ns"),
    [
        ("", NO_TIME),
        ("5", 5_000_000_000),
        ("5.25", 5_250_000_000),
        ("-1.500000000", -1_500_000_000),
        ("-0.000000001", -1),
    ],
)
def test_times(epoch: str, ts_ns: int) -> None:
    """To the nanosecond, also before 1970; a packet may have none."""
    (packet,), _, account = read(TCP, frame__time_epoch=epoch)
    assert packet.ts_ns == ts_ns
    assert account.first_ts_ns == (None if ts_ns == NO_TIME else ts_ns)


@pytest.mark.parametrize("line", ["", "x", "\t" * (len(FIELDS) - 1), "1\t2\t3"])
def test_what_is_no_line_of_ours_is_counted(line: str) -> None:
    """And nothing is raised."""
    account = CaptureAccount()
    assert LineReader(account).read(line) is None
    assert account.undecoded == {UNREADABLE: 1}


def test_an_unknown_encapsulation_names_no_link_type() -> None:
    """Wireshark has more kinds than captures can name."""
    assert 199 not in LINK_TYPE_OF_ENCAPSULATION
    assert read(TCP, frame__encap_type="199")[2].link_types == set()


def test_bytes_of_older_versions() -> None:
    """With colons or without."""
    assert octets("61:62:63") == octets("616263") == b"abc"
    assert octets("61") == b"a"
    assert octets("") == b""


def test_what_is_no_address() -> None:
    """Is a ValueError, whatever the system calls it."""
    with pytest.raises(ValueError, match="host"):
        address("host")


def test_columns_hold_every_packet() -> None:
    """Payloads lie one behind the other; a block may be empty."""
    (packet,), _, _ = read(TCP)
    index = columns([packet, packet._replace(frame=8, payload=b"", wire_len=0)])
    assert index.frame.tolist() == [7, 8]
    assert index.payload(0) == b"abc"
    assert index.payload_len.tolist() == [3, 0]
    assert index.tcp_seq.tolist() == [4294967295] * 2
    assert len(columns([])) == 0


def test_an_icmp_error_tells_of_a_packet_that_did_not_arrive() -> None:
    """The quoted packet is none of the capture's; its ends and the code are told."""
    cells = {name: TCP[name] for name in FIELDS[:5]} | {
        "frame.protocols": "eth:ethertype:ip:icmp:ip:udp:kerberos",
        "ip.src": "10.0.0.2,10.0.0.1",
        "ip.dst": "10.0.0.1,10.0.0.2",
        "udp.stream": "4",
        "udp.srcport": "500",
        "udp.dstport": "88",
        "icmp.type": "3",
        "icmp.code": "3",
    }

    def line(**changes: str) -> Line:
        changed = cells | {name.replace("__", "."): value for name, value in changes.items()}
        text = "\t".join(changed.get(field, "") for field in FIELDS)
        found = LineReader(CaptureAccount()).read(text)
        assert found is not None
        return found

    v4 = 0xFFFF << 32
    assert line() == Line(
        [],
        b"",
        unreachable=Unreachable(
            7,
            1_700_000_000_123_456_789,
            "port unreachable",
            17,
            (0, v4 | 0x0A000001, 500),
            (0, v4 | 0x0A000002, 88),
        ),
    )
    assert line(icmp__type="11").unreachable is None
    assert line(icmp__code="4").unreachable is None
    assert line(frame__protocols="eth:ethertype:ip:icmp:ip:data").unreachable is None
