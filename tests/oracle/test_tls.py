"""TLS by key logs: what went through TLS gives the rows that the same words give without it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import read
from analyzer.capture import tshark_streams
from analyzer.errors import UsageError
from tests.support.packets import Conversation, Packet, pcapng, read_packets, segment_of
from tests.support.tls_talk import Talk, through_tls, with_secrets

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

OF_THE_WAY = {
    *("capture", "started", "ended", "duration_ms", "first_frame", "last_frame", "frames"),
    *("client", "client_port", "server", "server_port", "stream_id", "community_id", "evidence"),
    *("client_seq", "server_seq"),
}
"""Cells that tell of packets and connections, not of what was said."""


def talk_of(name: str, port: int) -> Talk:
    """What both sides of a capture's only connection to `port` said, in order."""
    said: Talk = []
    for packet in read_packets(ROOT / "captures" / name / "capture.pcapng"):
        segment = segment_of(packet)
        if segment is None or not segment.payload:
            continue
        ports = [int.from_bytes(segment.head[at : at + 2], "big") for at in (0, 2)]
        if port in ports:
            side = int(ports[0] == port)
            if said and said[-1][0] == side:
                said[-1] = (side, said[-1][1] + segment.payload)
            else:
                said.append((side, segment.payload))
    assert len(said) >= 4
    return said


def negotiations(path: Path, **how: Any) -> list[dict[str, Any]]:
    """Rows without what tells of the way they came."""
    columns = read(path, **how).tables.columns["negotiations"]
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return [{key: row[key] for key in row if key not in OF_THE_WAY} for row in rows]


def save(tmp_path: Path, packets: list[Packet]) -> Path:
    path = tmp_path / "tls.pcapng"
    path.write_bytes(pcapng(packets))
    return path


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize(("port", "alpn"), [(443, None), (4711, "http/1.1"), (3306, None)])
def test_http_in_tls_gives_the_rows_of_plain_http(
    tmp_path: Path, version: str, port: int, alpn: str | None
) -> None:
    """Whatever the version, the port and what ALPN says; only the protection is another."""
    said = talk_of("http/negotiate_ntlm", 80)
    plain = Conversation(80)
    for side, data in said:
        (plain.client, plain.server)[side](data)
    expected = negotiations(save(tmp_path, plain.close().packets))
    assert len(expected) == 1
    assert expected[0]["mechanism"] == "ntlm"
    keylog = tmp_path / "keys.log"
    sealed = through_tls(Conversation(port), said, keylog, version, alpn, mss=300).close()
    path = save(tmp_path, sealed.packets)
    expected[0] |= {"protection": "tls", "tls": True}
    assert negotiations(path, engine="tshark", tls_keylog=keylog) == expected
    assert negotiations(path, engine="tshark") == []
    assert negotiations(path) == []


def test_tokens_in_tls_belong_to_the_frame_of_their_record(tmp_path: Path) -> None:
    """The frame in which Wireshark shows it, in the TCP stream that carried it."""
    keylog = tmp_path / "keys.log"
    said = talk_of("http/negotiate_ntlm", 80)
    sealed = through_tls(Conversation(443), said, keylog, mss=300).close()
    columns = read(
        save(tmp_path, sealed.packets), engine="tshark", tls_keylog=keylog
    ).tables.columns["tokens"]
    assert columns["stream_id"] == [0] * 4
    assert columns["src"] == ["10.0.0.1", "10.0.1.1"] * 2
    for frame, source in list(zip(columns["frame"], columns["src"], strict=True))[:3]:
        segment, behind = segment_of(sealed.packets[frame - 1]), segment_of(sealed.packets[frame])
        assert segment is not None
        assert behind is not None
        assert segment.datagram.src[2] == int(source.split(".")[2])
        assert segment.sender != behind.sender  # the last segment of what was said


def test_reordered_segments_of_tls_are_no_hindrance(tmp_path: Path) -> None:
    """Wireshark puts records together from segments in any order."""
    keylog = tmp_path / "keys.log"
    said = talk_of("http/negotiate_ntlm", 80)
    packets = through_tls(Conversation(443), said, keylog, mss=300).close().packets
    expected = negotiations(save(tmp_path, packets), engine="tshark", tls_keylog=keylog)
    assert len(expected) == 1
    swapped = 0
    for at in range(len(packets) - 2, 3, -1):
        here, there = segment_of(packets[at]), segment_of(packets[at + 1])
        assert here is not None
        assert there is not None
        if here.sender == there.sender and len(here.payload) == 300:
            packets[at], packets[at + 1] = packets[at + 1], packets[at]
            swapped += 1
    assert swapped > 3
    assert negotiations(save(tmp_path, packets), engine="tshark", tls_keylog=keylog) == expected


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_lost_segment_is_a_gap(tmp_path: Path, version: str) -> None:
    """Whichever segment of the talk is lost, it is told with the frame behind it, and nothing looks whole.

    Before, a lost answer looked like a server that closed the connection.
    """
    keylog = tmp_path / "keys.log"
    said = talk_of("http/negotiate_ntlm", 80)
    packets = through_tls(Conversation(443), said, keylog, version, mss=300).close().packets
    read_whole = read(save(tmp_path, packets), engine="tshark", tls_keylog=keylog).tables.columns
    assert read_whole["anomalies"]["code"] == []
    full = [at for at, packet in enumerate(packets) if segment_of(packet).payload]  # type: ignore[union-attr]
    answers = 0
    for at in full[2:]:  # without the hellos nothing can be decrypted
        lost = segment_of(packets[at])
        assert lost is not None
        same = [
            number
            for number, packet in enumerate(packets[:at] + packets[at + 1 :], 1)
            if number > at
            and (other := segment_of(packet)) is not None
            and other.sender == lost.sender
            and (other.payload or other.flags & 1)
        ]
        path = save(tmp_path, packets[:at] + packets[at + 1 :])
        columns = read(path, engine="tshark", tls_keylog=keylog).tables.columns
        anomalies = columns["anomalies"]
        gaps = [place for place, code in enumerate(anomalies["code"]) if code == "gap"]
        assert [anomalies["frame"][place] for place in gaps] == same[:1], at
        assert f"{len(lost.payload)} bytes of TLS" in anomalies["detail"][gaps[0]]
        (completeness,) = columns["negotiations"]["completeness"]
        (outcome,) = columns["negotiations"]["outcome"]
        server = lost.datagram.src[2] == 1
        assert (
            outcome == "incomplete"
        ) is server  # else the answer is there, but not what it answers
        assert completeness == "gap", at
        answers += server
    assert answers >= 6


@pytest.mark.parametrize("block", [1, 5])
def test_a_gap_is_the_same_in_blocks_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Whatever is known of it when a block ends."""
    keylog = tmp_path / "keys.log"
    said = talk_of("http/negotiate_ntlm", 80)
    packets = through_tls(Conversation(443), said, keylog, mss=300).close().packets
    for at in (7, 12, 15, len(packets) - 3):
        path = save(tmp_path, packets[:at] + packets[at + 1 :])
        expected = read(path, engine="tshark", tls_keylog=keylog).tables.columns
        with monkeypatch.context() as small:
            small.setattr(tshark_streams, "BLOCK_PACKETS", block)
            columns = read(path, engine="tshark", tls_keylog=keylog).tables.columns
        assert columns["negotiations"] == expected["negotiations"], at
        assert columns["anomalies"]["code"].count("gap") == 1, at
        for name in ("code", "frame", "detail"):
            assert sorted(map(str, columns["anomalies"][name])) == sorted(
                map(str, expected["anomalies"][name])
            ), (at, name)


def test_a_gap_in_a_connection_without_keys_is_none_of_ours(tmp_path: Path) -> None:
    """Nothing is decrypted of it, so nothing is missing."""
    keylog, other = tmp_path / "keys.log", tmp_path / "other.log"
    said = talk_of("http/negotiate_ntlm", 80)
    packets = through_tls(Conversation(443), said, other, mss=300).close().packets
    keylog.write_text("")
    path = save(tmp_path, packets[:12] + packets[13:])
    columns = read(path, engine="tshark", tls_keylog=keylog).tables.columns
    assert columns["anomalies"]["code"] == []


def test_keys_inside_the_capture_are_used(tmp_path: Path) -> None:
    """A Decryption Secrets Block needs no option, by path and through standard input's way."""
    keylog = tmp_path / "keys.log"
    sealed = through_tls(Conversation(443), talk_of("http/negotiate_ntlm", 80), keylog).close()
    path = tmp_path / "with_keys.pcapng"
    path.write_bytes(with_secrets(sealed.packets, keylog))
    assert [row["protection"] for row in negotiations(path, engine="tshark")] == ["tls"]


def test_ldap_after_starttls_is_read(tmp_path: Path) -> None:
    """What is said before and after the turn to TLS belongs to one connection."""
    keylog = tmp_path / "keys.log"
    start = Conversation(389)
    start.client(bytes.fromhex("301d02010177188016312e332e362e312e342e312e313436362e3230303337"))
    start.server(bytes.fromhex("300c02010178070a010004000400"))
    bind = (0, bytes.fromhex("301602010260110201030405636e3d6d658005") + b"hello"[:5])
    done = (1, bytes.fromhex("300c02010261070a010004000400"))
    sealed = through_tls(start, [bind, done], keylog).close()
    rows = negotiations(save(tmp_path, sealed.packets), engine="tshark", tls_keylog=keylog)
    assert [(r["carrier"], r["scheme"], r["outcome"], r["protection"]) for r in rows] == [
        ("ldap", "simple", "success", "tls")
    ]


def test_http_through_a_proxys_tunnel_is_read(tmp_path: Path) -> None:
    """CONNECT, its answer, then TLS in the same connection."""
    keylog = tmp_path / "keys.log"
    tunnel = Conversation(3128)
    tunnel.client(b"CONNECT web.nego.test:443 HTTP/1.1\r\nHost: web.nego.test:443\r\n\r\n")
    tunnel.server(b"HTTP/1.1 200 Connection established\r\n\r\n")
    said = talk_of("http/negotiate_ntlm", 80)
    path = save(tmp_path, through_tls(tunnel, said, keylog, "1.2").close().packets)
    rows = negotiations(path, engine="tshark", tls_keylog=keylog)
    assert [(r["carrier"], r["mechanism"], r["protection"]) for r in rows] == [
        ("http", "ntlm", "tls")
    ]


def test_a_negotiation_inside_tls_can_be_shown(tmp_path: Path) -> None:
    """Reading again for one negotiation decrypts again."""
    keylog = tmp_path / "keys.log"
    sealed = through_tls(Conversation(443), talk_of("http/negotiate_ntlm", 80), keylog).close()
    analysis = read(save(tmp_path, sealed.packets), engine="tshark", tls_keylog=keylog)
    assert analysis.negotiation(1).row["mechanism"] == "ntlm"


def test_only_wireshark_can_use_keys(tmp_path: Path) -> None:
    """The native engine says so, and a key log that is not there is the caller's mistake."""
    keylog = tmp_path / "keys.log"
    keylog.write_text("")
    with pytest.raises(UsageError, match="only be used by the engine tshark"):
        read(tmp_path, tls_keylog=keylog)
    with pytest.raises(UsageError, match="no such TLS key log"):
        read(tmp_path, engine="tshark", tls_keylog=tmp_path / "other.log")
