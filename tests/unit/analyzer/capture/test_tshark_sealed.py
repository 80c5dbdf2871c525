"""What befalls TLS connections: gaps once proved, ends once nothing is missing before them."""

from __future__ import annotations

import pytest

from analyzer.capture import tshark_sealed
from analyzer.capture.streams import ACK, FIN, PSH, RST
from analyzer.capture.tshark_lines import Line, Transport
from analyzer.capture.tshark_sealed import Event, SealedStreams, turned

CLIENT, SERVER = (0, 1, 0, 2, 40000, 443), (0, 2, 0, 1, 443, 40000)
SECOND = 10**9


class Talk:
    """Packets of a connection, a second apart, as lines; `missing` are left out."""

    def __init__(self, streams: SealedStreams, stream: int = 9, start: int = 1) -> None:
        self.streams = streams
        self.stream = stream
        self.frame = start
        self.next = {CLIENT: 1_000, SERVER: 0xFFFF_FFF0}

    def say(
        self, ends: tuple[int, ...], size: int, flags: int = ACK, *, missing: bool = False
    ) -> Talk:
        """One packet; it is TLS if it has bytes."""
        seq, ack = self.next[ends], self.next[turned(ends)]
        packet = Transport(
            self.frame,
            self.frame * SECOND,
            6,
            self.stream,
            ends,
            bytes(size),
            size,
            seq,
            ack,
            flags,
        )
        self.next[ends] = (seq + size) & 0xFFFF_FFFF
        self.frame += 1
        if not missing:
            self.streams.see(Line([packet], b"", sealed=size > 0))
        return self


def told(events: list[Event]) -> list[tuple[tuple[int, ...], int, int, int]]:
    return [(event.packet.ends, event.frame, event.lost, event.flags) for event in events]


def test_nothing_is_told_of_whole_connections_but_their_end() -> None:
    """Whatever numbers they begin with."""
    streams = SealedStreams()
    talk = Talk(streams).say(CLIENT, 100).say(SERVER, 300).say(CLIENT, 20).say(SERVER, 0, FIN | ACK)
    assert told(streams.events()) == [(SERVER, 4, 0, FIN)]
    talk.say(CLIENT, 0, FIN | ACK)
    assert told(streams.events()) == [(CLIENT, 5, 0, FIN)]
    assert streams.events(at_end=True) == []


@pytest.mark.parametrize("first", [True, False])
def test_a_gap_is_told_once_with_the_frame_behind_it(first: bool) -> None:
    """Also where the very first bytes of the answer are missing; each direction's first gap only."""
    streams = SealedStreams()
    talk = Talk(streams).say(CLIENT, 100)
    if not first:
        talk.say(SERVER, 10)
    talk.say(SERVER, 300, missing=True).say(SERVER, 50)
    frame = talk.frame - 1
    for _ in range(3):
        talk.say(CLIENT, 20)
    assert told(streams.events()) == [(SERVER, frame, 300, 0)]
    talk.say(SERVER, 300, missing=True).say(SERVER, 50).say(CLIENT, 1).say(CLIENT, 1)
    assert streams.events() == []


def test_a_late_packet_is_no_gap() -> None:
    """It comes before the other side has acknowledged it, or soon after."""
    streams = SealedStreams()
    talk = Talk(streams).say(CLIENT, 100).say(SERVER, 10)
    late = talk.next[SERVER]
    talk.next[SERVER] = late + 5
    talk.say(SERVER, 30)
    assert streams.events() == []
    talk.next[SERVER] = late
    talk.say(SERVER, 5)
    talk.next[SERVER] = (late + 35) & 0xFFFF_FFFF
    talk.say(SERVER, 0, FIN | ACK)
    assert told(streams.events(at_end=True)) == [(SERVER, 5, 0, FIN)]


def test_an_end_waits_for_what_is_missing_before_it() -> None:
    """The FIN of a direction with a hole comes after the gap."""
    streams = SealedStreams()
    talk = Talk(streams).say(CLIENT, 100).say(SERVER, 10)
    talk.say(SERVER, 300, missing=True).say(SERVER, 0, FIN | ACK)
    assert streams.events() == []
    assert told(streams.events(at_end=True)) == [(SERVER, 4, 300, 0), (SERVER, 4, 0, FIN)]


def test_a_reset_ends_at_once() -> None:
    """What is missing then never comes."""
    streams = SealedStreams()
    talk = Talk(streams).say(CLIENT, 100).say(SERVER, 10)
    talk.say(SERVER, 300, missing=True).say(SERVER, 5).say(CLIENT, 0, RST)
    assert told(streams.events()) == [(SERVER, 4, 300, 0), (CLIENT, 5, 0, RST)]


def test_connections_without_tls_are_not_watched() -> None:
    """And what was said before TLS does not count."""
    streams = SealedStreams()
    plain = Transport(1, 0, 6, 3, CLIENT, b"CONNECT", 7, 5, 5, PSH | ACK)
    streams.see(Line([plain], b""))
    assert streams.events(at_end=True) == []


def test_ports_used_again_are_another_connection() -> None:
    """By Wireshark's number; the events name their own."""
    streams = SealedStreams()
    Talk(streams).say(CLIENT, 100).say(SERVER, 0, FIN | ACK)
    again = Talk(streams, stream=12, start=50)
    again.next = {CLIENT: 77_000, SERVER: 5_000}
    again.say(CLIENT, 100).say(CLIENT, 0, FIN | ACK)
    events = streams.events(at_end=True)
    assert [(e.packet.stream, e.frame, e.flags) for e in events] == [(9, 2, FIN), (12, 51, FIN)]


def test_the_oldest_connections_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded whatever the capture holds."""
    monkeypatch.setattr(tshark_sealed, "CONNECTIONS", 2)
    streams = SealedStreams()
    for stream in range(5):
        talk = Talk(streams, stream=stream, start=10 * stream + 1)
        talk.next[CLIENT] = 100_000 * (stream + 1)
        talk.say(CLIENT, 10)
    assert len(streams._known) == 2
    streams.events()
    assert not streams._begun
