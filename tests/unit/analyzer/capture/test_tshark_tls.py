"""Decrypted bytes as streams of their own: numbered as Wireshark numbers them, begun and ended in time."""

from __future__ import annotations

import pytest

from analyzer.capture import tshark_tls
from analyzer.capture.streams import ACK, FIN, PSH, RST, SYN
from analyzer.capture.tshark_lines import Line, Transport
from analyzer.capture.tshark_tls import PlainStreams

CLIENT, SERVER = (0, 1, 0, 2, 40000, 443), (0, 2, 0, 1, 443, 40000)


def line(flags: int, plain: bytes = b"", ends: tuple[int, ...] = CLIENT, stream: int = 9) -> Line:
    packet = Transport(1, 0, 6, stream, ends, b"sealed", 6, 777, 888, flags)
    return Line([packet], plain)


def test_plain_bytes_are_counted_in_each_direction() -> None:
    """From Wireshark's number of the connection on, so that another connection is another stream."""
    streams = PlainStreams()
    lines = [
        line(SYN),
        line(SYN | ACK, ends=SERVER),
        line(PSH | ACK, b"hello"),
        line(PSH | ACK, b"welcome", SERVER),
        line(PSH | ACK, b"go"),
        line(FIN | ACK, b"on"),
        line(FIN | ACK, ends=SERVER),
    ]
    made = [packet for each in lines for packet in streams.packets(each)]
    assert [(p.payload, p.seq, p.flags) for p in made] == [
        (b"", 9, SYN),
        (b"", 9, SYN | ACK),
        (b"hello", 10, 0),
        (b"welcome", 10, 0),
        (b"go", 15, 0),
        (b"on", 17, FIN),
        (b"", 17, FIN),
    ]
    assert all(p.wire_len == len(p.payload) for p in made)


def test_connections_that_are_not_decrypted_leave_nothing() -> None:
    """But their beginning, by which streams are numbered."""
    streams = PlainStreams()
    assert streams.packets(line(PSH | ACK)) == []
    assert streams.packets(line(FIN | ACK)) == []
    assert streams.packets(line(RST)) == []
    assert len(streams.packets(line(SYN))) == 1


def test_the_oldest_connections_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded whatever the capture holds."""
    monkeypatch.setattr(tshark_tls, "CONNECTIONS", 2)
    streams = PlainStreams()
    for stream in (1, 2, 3):
        streams.packets(line(PSH, b"x", stream=stream))
    assert streams.packets(line(RST, stream=1)) == []
    assert len(streams.packets(line(RST, stream=3))) == 1
