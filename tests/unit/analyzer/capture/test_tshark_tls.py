"""Decrypted bytes as streams of their own: numbered as Wireshark numbers them, begun and ended in time."""

from __future__ import annotations

import pytest

from analyzer.capture import tshark_tls
from analyzer.capture.streams import ACK, FIN, PSH, RST, SYN
from analyzer.capture.tshark_lines import Line, Transport
from analyzer.capture.tshark_sealed import Event
from analyzer.capture.tshark_tls import PlainStreams

CLIENT, SERVER = (0, 1, 0, 2, 40000, 443), (0, 2, 0, 1, 443, 40000)


def packet(flags: int, ends: tuple[int, ...] = CLIENT, stream: int = 9) -> Transport:
    return Transport(1, 0, 6, stream, ends, b"sealed", 6, 777, 888, flags)


def line(flags: int, plain: bytes = b"", ends: tuple[int, ...] = CLIENT, stream: int = 9) -> Line:
    return Line([packet(flags, ends, stream)], plain)


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
    made += streams.befallen(Event(packet(0), 5, 50, flags=FIN))
    made += streams.befallen(Event(packet(0, SERVER), 6, 60, flags=FIN))
    assert [(p.payload, p.seq, p.flags) for p in made] == [
        (b"", 9, SYN),
        (b"", 9, SYN | ACK),
        (b"hello", 10, 0),
        (b"welcome", 10, 0),
        (b"go", 15, 0),
        (b"on", 17, 0),
        (b"", 19, FIN),
        (b"", 17, FIN),
    ]
    assert all(p.wire_len == len(p.payload) for p in made)


def test_connections_that_are_not_decrypted_leave_nothing() -> None:
    """But their beginning, by which streams are numbered."""
    streams = PlainStreams()
    assert streams.packets(line(PSH | ACK)) == []
    assert streams.packets(line(FIN | ACK)) == []
    assert streams.befallen(Event(packet(0), 1, 0, flags=RST)) == []
    assert len(streams.packets(line(SYN))) == 1


def test_lost_bytes_count_as_plain_ones() -> None:
    """They take as much room, in the frame in which it was noticed, and what follows is behind them."""
    streams = PlainStreams()
    streams.packets(line(PSH | ACK, b"hello"))
    (lost,) = streams.befallen(Event(packet(0), 7, 70, lost=300))
    assert (lost.frame, lost.ts_ns, lost.payload, lost.wire_len) == (7, 70, b"", 300)
    (end,) = streams.befallen(Event(packet(0), 8, 80, flags=FIN))
    assert (lost.seq, end.seq, end.flags) == (15, 315, FIN)


def test_what_befell_before_anything_was_decrypted_is_told_then() -> None:
    """A direction may be lost for good in the handshake, and the other one be read."""
    streams = PlainStreams()
    assert streams.befallen(Event(packet(0, SERVER), 2, 20, lost=9)) == []
    made = streams.packets(line(PSH | ACK, b"hello"))
    assert [(p.frame, p.payload, p.wire_len, p.ends) for p in made] == [
        (1, b"hello", 5, CLIENT),
        (2, b"", 9, SERVER),
    ]
    assert len(streams.packets(line(PSH | ACK, b"again"))) == 1


def test_the_oldest_connections_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded whatever the capture holds."""
    monkeypatch.setattr(tshark_tls, "CONNECTIONS", 2)
    streams = PlainStreams()
    for stream in (1, 2, 3):
        streams.packets(line(PSH, b"x", stream=stream))
    assert streams.befallen(Event(packet(0, stream=1), 1, 0, flags=RST)) == []
    assert len(streams.befallen(Event(packet(0, stream=3), 1, 0, flags=RST))) == 1
    for stream in (4, 5, 6):
        streams.befallen(Event(packet(0, stream=stream), 1, 0, lost=1))
    made = {stream: len(streams.packets(line(PSH, b"x", stream=stream))) for stream in (6, 5, 4)}
    assert made == {6: 2, 5: 2, 4: 1}
