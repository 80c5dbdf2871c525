"""Decode-as rules handed to tshark: what Wireshark would not read by itself, and what it refuses."""

from __future__ import annotations

import json
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.packets import IPV4, Conversation, Packet, checksum, pcapng, read_packets
from support.tls_talk import through_tls, with_secrets
from support.tshark_talks import unknown_port

import negoscope as ng
from analyzer.analysis import read
from analyzer.capture.tshark_program import find_tshark
from analyzer.capture.tshark_rules import check_rules
from analyzer.cli.main import run
from analyzer.decode_as import read_rules
from analyzer.errors import UsageError
from dissectors.carriers import CARRIERS

ROOT = Path(__file__).resolve().parents[2]
SMB = ROOT / "captures" / "smb" / "smb311_ntlm" / "capture.pcapng"
TALK = [
    (0, b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\n\r\n"),
    (1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
]
VXLAN, TLS = "udp.port==5000,vxlan", "tcp.port==3306,tls"  # the second is another protocol's port
REFUSED = [
    ("tcp.port==8443,nonsense", 'Unknown protocol -- "nonsense"'),
    ("tcp.port==x,tls", 'Invalid selector number "x"'),
    ("no.such.table==1,tls", "Unknown layer type -- no.such.table"),
    ("ip.proto==4,tls", 'Protocol "tls" isn\'t valid for layer type "ip.proto"'),
    ("tcp.port==80", "doesn't follow the template"),
    ("--help", "doesn't follow the template"),
]


@pytest.fixture(scope="module", autouse=True)
def _tshark(require_tshark: None) -> None:
    """All of this needs tshark."""


def rows(analysis: Any, table: str = "negotiations") -> list[dict[str, Any]]:
    columns = analysis.tables.columns[table]
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def in_vxlan(packet: Packet, port: int) -> Packet:
    """An Ethernet packet inside VXLAN between two other hosts, to a UDP port (RFC 7348 5)."""
    body = struct.pack(">BxxxI", 8, 7 << 8) + packet.data
    udp = struct.pack(">HHHH", 50_000, port, 8 + len(body), 0) + body
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0)
    ip += bytes([172, 16, 0, 1, 172, 16, 0, 2])
    ip = ip[:10] + checksum(ip).to_bytes(2, "big") + ip[12:]
    data = packet.data[:12] + IPV4 + ip + udp
    return packet._replace(data=data, wire_len=len(data))


@pytest.fixture
def tunnelled(tmp_path: Path) -> Path:
    """A capture of SMB, each packet inside VXLAN on an odd port."""
    path = tmp_path / "vxlan.pcapng"
    path.write_bytes(pcapng([in_vxlan(packet, 5000) for packet in read_packets(SMB)]))
    return path


def sealed(tmp_path: Path, port: int, *, inside: bool) -> tuple[Path, Path]:
    """A TLS connection to a port, its keys beside or inside the capture; the capture and the key log."""
    keylog, path = tmp_path / "keys.log", tmp_path / "tls.pcapng"
    packets = through_tls(Conversation(port), TALK, keylog).close().packets
    path.write_bytes(with_secrets(packets, keylog) if inside else pcapng(packets))
    return path, keylog


def test_a_tunnel_on_an_odd_port(tunnelled: Path) -> None:
    """Only the rule tells Wireshark what the datagrams hold; then the rows are those without a tunnel."""
    assert rows(read(tunnelled, engine="tshark")) == []
    found = rows(read(tunnelled, engine="tshark", decode_as=VXLAN))
    expected = rows(read(SMB))
    assert len(found) == len(expected) > 0
    for row, other in zip(found, expected, strict=True):
        assert {**row, "capture": None} == {**other, "capture": None}


def test_tls_on_a_port_of_something_else(tmp_path: Path) -> None:
    """With keys in the capture alone Wireshark goes by the port; the rule says better."""
    path, _ = sealed(tmp_path, 3306, inside=True)
    assert rows(read(path, engine="tshark")) == []
    found = rows(read(path, engine="tshark", decode_as=[TLS]))
    assert [(row["scheme"], row["protection"]) for row in found] == [("Basic", "tls")]


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("rule", ["tcp.port==443,http", "tls.port==443,http", "tls.port==443,imap"])
def test_a_rule_for_what_is_inside_tls_hides_no_tls(
    tmp_path: Path, inside: bool, rule: str
) -> None:
    """A carrier named for a port of TLS is looked for inside, whoever brings the keys."""
    path, keylog = sealed(tmp_path, 443, inside=inside)
    how: dict[str, Any] = {} if inside else {"tls_keylog": keylog}
    found = rows(read(path, engine="tshark", decode_as=rule, **how))
    assert [(row["scheme"], row["protection"]) for row in found] == [("Basic", "tls")]


def test_our_own_rules_go_to_wireshark_too(tmp_path: Path) -> None:
    """SMB on an odd port gives the rows that the native engine gives with the same rule."""
    path = tmp_path / "smb.pcapng"
    path.write_bytes(pcapng(unknown_port().packets))
    rule = "tcp.port==4450,smb"
    native = read(path, decode_as=rule)
    wireshark = read(path, decode_as={("tcp", 4450): "smb"}, engine="tshark")
    assert wireshark.options.wireshark is not None
    assert wireshark.options.wireshark.decode_as == ("tcp.port==4450,nbss",)
    assert rows(wireshark) == rows(native)
    assert [row["carrier"] for row in rows(native)] == ["smb2"]


def test_both_sides_of_crosscheck_take_rules(tmp_path: Path, tunnelled: Path) -> None:
    """By our name of SMB tshark finds it on an odd port; what only it can read is its alone."""
    path = tmp_path / "smb.pcapng"
    path.write_bytes(pcapng(unknown_port().packets))
    assert set(ng.crosscheck(path)["class"]) == {"tshark-unknown-port"}
    found = ng.crosscheck(path, decode_as="tcp.port==4450,smb")
    assert "tshark-unknown-port" not in set(found["class"])
    assert "row" not in set(found["kind"])
    assert found["class"].notna().all()
    assert len(ng.crosscheck(tunnelled)) == 0
    kinds = Counter(ng.crosscheck(tunnelled, decode_as=[VXLAN])["kind"])
    assert kinds == {"row": len(rows(read(SMB), "tokens"))}


def test_names_of_carriers_are_known_to_tshark() -> None:
    """Whatever our carriers are called, tshark takes the rule."""
    rules = read_rules([f"tcp.port==4450,{name}" for name in CARRIERS], with_wireshark=True)
    assert len(rules.for_wireshark) == len(CARRIERS)
    check_rules(find_tshark(), rules.for_wireshark)


@pytest.mark.parametrize(("rule", "why"), REFUSED)
@pytest.mark.parametrize("words", [["negotiations", "--engine", "tshark"], ["crosscheck"]])
def test_a_refused_rule_is_one_line(
    words: list[str], rule: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, the rule and tshark's own words, though another rule is fine; nothing is read."""
    command = [*words, str(SMB), "--decode-as", VXLAN, f"--decode-as={rule}"]
    assert run(command) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.startswith(f"negoscope: decode-as rule {rule}: tshark refuses it: ")
    assert why in told.err


def test_a_refused_rule_raises_from_python() -> None:
    """The caller's mistake, in each way to read."""
    with pytest.raises(UsageError, match="tshark refuses it"):
        read(SMB, engine="tshark", decode_as="tcp.port==1,nonsense")
    with pytest.raises(UsageError, match="tshark refuses it"):
        ng.crosscheck(SMB, decode_as="tcp.port==1,nonsense")


def test_the_command_line_hands_rules_on(
    tunnelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Native reading refuses what only Wireshark knows, and says who can take it."""
    command = ["negotiations", str(tunnelled), "--format", "jsonl", "--decode-as", VXLAN]
    assert run([*command, "--engine", "tshark"]) == 0
    assert [json.loads(line)["carrier"] for line in capsys.readouterr().out.splitlines()]
    for engine in ("native", "scapy"):
        assert run([*command, "--engine", engine]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert "--engine tshark" in told.err
