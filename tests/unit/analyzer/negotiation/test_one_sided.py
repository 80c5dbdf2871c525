"""Where one side alone was heard: what is said of the other one, and how surely."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.packets import Packet, pcapng, read_packets, segment_of

import negoscope as ng

CAPTURES = Path(__file__).parents[4] / "captures"
CLIENT, SERVER = 0, 1
SYN = 2


def side_of(case: str, port: int, side: int) -> list[Packet]:
    """What one side of the connections to a port sent."""
    kept = []
    for packet in read_packets(CAPTURES / case / "capture.pcapng"):
        segment = segment_of(packet)
        if segment is not None:
            ports = segment.head[:2], segment.head[2:4]
            if ports[1 - side] == port.to_bytes(2, "big"):
                kept.append(packet)
    return kept


def payload_of(packet: Packet) -> bytes:
    """Bytes of a connection that a packet carries."""
    segment = segment_of(packet)
    return b"" if segment is None else segment.payload


def is_syn(packet: Packet) -> bool:
    """Whether it begins a connection."""
    segment = segment_of(packet)
    return segment is not None and bool(segment.flags & SYN)


def said(packets: list[Packet], target: Path) -> list[tuple[str, str, str, bool]]:
    """Reason, confidence and completeness of each row, and whether the anomaly is there."""
    target.write_bytes(pcapng(packets))
    tables = ng.read(str(target), tables=["negotiations", "anomalies"]).tables.columns
    rows, codes = tables["negotiations"], tables["anomalies"]["code"]
    names = ("reason", "confidence", "completeness")
    found = zip(*(rows[name] for name in names), strict=True)
    return [(*row, "one-direction" in codes) for row in found]


def first_message(packets: list[Packet]) -> list[Packet]:
    """The first packet with content alone."""
    return [packet for packet in packets if payload_of(packet)][:1]


def without_syn(packets: list[Packet]) -> list[Packet]:
    """As if the connection were older than the capture."""
    return [packet for packet in packets if not is_syn(packet)]


def stretched(packets: list[Packet]) -> list[Packet]:
    """A second passes before the last packet with content, which says the same again."""
    [message] = first_message(packets)
    return [message, message._replace(ts_ns=message.ts_ns + 1_000_000_000)]


def messages(packets: list[Packet]) -> list[Packet]:
    """Packets with content, none of them the first or last of the connection."""
    return [packet for packet in without_syn(packets) if payload_of(packet)]


def until_content(packets: list[Packet]) -> list[Packet]:
    """From the SYN on, up to the first message."""
    first = next(at for at, packet in enumerate(packets) if payload_of(packet))
    return packets[: first + 1]


CERTAIN = ("one_direction", "certain", "cut-off", True)
LIKELY = ("one_direction", "likely", "cut-off", True)
ENDED = ("capture_ended_early", "likely", "cut-off", False)
LATE = ("capture_started_late", "certain", "started-before-capture", False)
Change = Callable[[list[Packet]], list[Packet]]


@pytest.mark.parametrize(
    ("case", "port", "side", "change", "expected"),
    [
        pytest.param("http/basic", 80, CLIENT, until_content, CERTAIN, id="handshake"),
        pytest.param("http/basic", 80, CLIENT, first_message, ENDED, id="one packet"),
        pytest.param("http/basic", 80, CLIENT, stretched, LIKELY, id="a second"),
        pytest.param("http/basic", 80, CLIENT, without_syn, LIKELY, id="closed"),
        pytest.param("ldap/simple", 389, CLIENT, first_message, ENDED, id="one bind"),
        pytest.param("http/ntlm", 8080, CLIENT, messages, CERTAIN, id="third leg"),
        pytest.param("smb/raw_ntlm", 445, CLIENT, messages, CERTAIN, id="third leg of SMB"),
        pytest.param("http/ntlm", 8080, SERVER, first_message, LATE, id="an answer alone"),
    ],
)
def test_what_one_side_alone_shows(
    case: str,
    port: int,
    side: int,
    change: Change,
    expected: tuple[str, str, str, bool],
    tmp_path: Path,
) -> None:
    """It must be shown that the other side spoke; a capture that ends at once shows nothing."""
    packets = change(side_of(case, port, side))
    assert said(packets, tmp_path / "one_sided.pcapng") == [expected]
