"""Server names of ClientHellos in one segment and in several, packet by packet."""

from __future__ import annotations

import itertools

import pytest
from support.tcp_packets import ACK, SYN, index_of, packet
from support.tls_talk import client_hello

from analyzer.surroundings import hellos
from analyzer.surroundings.name_facts import NameFact
from analyzer.surroundings.watch import Watch
from dissectors.names.client_hello import hello_size, server_name

PORTS = (40_000, 636)
HELLO = client_hello("web.nego.test")
SHOWN = next(n for n in range(len(HELLO)) if server_name(HELLO[:n]) is not None)
"""Bytes that show the name."""


def segments(data: bytes, *borders: int, seq: int = 5, ports: tuple[int, int] = PORTS) -> list:
    """Packets of a client that sends `data`, cut at these places."""
    cuts = [0, *borders, len(data)]
    return [
        packet(0, seq + start, data[start:end], ports=ports)
        for start, end in itertools.pairwise(cuts)
    ]


def told(*blocks: list) -> list[tuple[str, int]]:
    """Names and frames that a watch tells of these blocks of packets."""
    facts: list[NameFact] = []
    watch = Watch(facts.append)  # type: ignore[arg-type]
    frame = 1
    for block in blocks:
        watch.feed(index_of(block, frame))
        frame += len(block)
    watch.finish()
    assert {(f.source, f.client, f.addresses) for f in facts} <= {
        ("sni", "10.0.0.10", ("10.0.0.20",))
    }
    return [(fact.name, fact.frame) for fact in facts]


@pytest.mark.parametrize("border", [6, 9, 40, SHOWN - 1])
def test_a_hello_in_two_segments(border: int) -> None:
    """In one block of packets or in two: the frame is the one that shows the name."""
    both = segments(HELLO, border)
    assert told(both) == told(both[:1], both[1:]) == [("web.nego.test", 2)]
    assert told(segments(HELLO, SHOWN)) == [("web.nego.test", 1)]


@pytest.mark.parametrize("size", [6, 7, 20, 100])
def test_a_hello_in_many_segments(size: int) -> None:
    """As long as they come in order, whatever lies between them."""
    packets = segments(HELLO, *range(size, len(HELLO), size))
    if len(packets) > hellos.SEGMENTS:
        packets = packets[: hellos.SEGMENTS]
    frame = -(-SHOWN // size)
    assert told(packets) == told(*([each] for each in packets)) == [("web.nego.test", frame)]
    other = packet(1, 9, b"\x16\x03\x03\0\x05\x02\0\0\0\0", ports=PORTS)
    mixed = [each for pair in packets for each in (pair, other)]
    assert told(mixed) == [("web.nego.test", 2 * frame - 1)]


def test_sequence_numbers_wrap() -> None:
    """The second segment begins behind 2^32."""
    assert told(segments(HELLO, 40, seq=2**32 - 20)) == [("web.nego.test", 2)]


def test_what_does_not_follow_is_of_another_connection() -> None:
    """Other ports, a hole, or a packet whose end was not captured."""
    first, second = segments(HELLO, 40)
    [elsewhere] = segments(HELLO[40:], seq=45, ports=(40_001, 636))
    assert told([first, elsewhere]) == []
    assert told([first, packet(0, 5 + 41, HELLO[41:], ports=PORTS)]) == []
    assert told([packet(0, 5, HELLO[:40], cut=3, ports=PORTS), second]) == []
    assert told([first, elsewhere, second]) == [("web.nego.test", 3)]


def test_a_hello_that_names_nobody_is_not_held() -> None:
    """It is all there."""
    facts: list[NameFact] = []
    watch = hellos.Hellos(facts.append)
    nameless = client_hello(None)
    index = index_of(segments(nameless, 40), 1)
    rows = index.payload_len.nonzero()[0]
    watch.feed(index, rows, index_first(nameless, 40))
    assert (facts, len(watch._held)) == ([], 0)


def index_first(data: bytes, border: int):
    """First octets of the two segments."""
    import numpy as np

    return np.array([data[0], data[border]], np.uint8)


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By number, and by the packets that come in between."""
    monkeypatch.setattr(hellos, "HELD", 2)
    ways = [segments(HELLO, 40, ports=(40_000 + n, 636)) for n in range(3)]
    assert told([way[0] for way in ways] + [way[1] for way in ways]) == [
        ("web.nego.test", 5),
        ("web.nego.test", 6),
    ]
    monkeypatch.setattr(hellos, "PATIENCE", 3)
    first, second = ways[0]
    other = packet(1, 9, b"x", ports=PORTS)
    assert told([first], [other] * 2, [second]) == [("web.nego.test", 4)]
    assert told([first], [other] * 5, [second]) == []


def test_the_size_of_a_hello_is_that_of_its_record() -> None:
    """A length beyond what a record may have is none."""
    assert hello_size(HELLO) == len(HELLO)
    assert hello_size(b"\x16\x03\x01\xff\xff") == 5 + 2**14


REQUESTS = [
    b"CONNECT web.nego.test:443 HTTP/1.1\r\nHost: web.nego.test:443\r\n\r\n",
    b"\x05\x02\x00\x02",  # SOCKS5: without logon, or with user and password
    b"\x04\x01\x01\xbb\x00\x00\x00\x01\x00web.nego.test\x00",  # SOCKS4a
]


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("border", [40, SHOWN])
def test_a_hello_inside_a_tunnel_names_not_the_proxy(request_: bytes, border: int) -> None:
    """The name is the other end's; what the same proxy is asked before, or by others, tells nothing of it."""
    ask = packet(0, 5, request_, ports=PORTS)
    said = packet(1, 9, b"HTTP/1.1 200 Connection established\r\n\r\n", ports=PORTS)
    hello = segments(HELLO, border, seq=5 + len(request_))
    assert told([ask, said, *hello]) == told([ask], [said], hello) == []
    other = segments(HELLO, ports=(40_001, 636))
    assert told([ask, said, *other]) == [("web.nego.test", 3)]
    assert told([*segments(HELLO), ask]) == [("web.nego.test", 1)]


def test_a_tunnel_ends_with_its_connection() -> None:
    """The port may be used again, for a server at the same address that is no proxy then."""
    ask = packet(0, 5, REQUESTS[0], ports=PORTS)
    inside = segments(HELLO, seq=5 + len(REQUESTS[0]))
    again = segments(HELLO, 40, seq=901)
    begins = packet(0, 900, flags=SYN, ports=PORTS)
    talk = [ask, *inside, begins, *again, packet(0, 2000, REQUESTS[0], ports=PORTS), *inside]
    expected = [("web.nego.test", 5)]
    assert told(talk) == told(*([each] for each in talk)) == told(talk[:2], talk[2:]) == expected
    answer = packet(1, 900, flags=SYN | ACK, ports=PORTS)  # the server's side ends no tunnel
    assert told([ask, answer, *inside]) == []


@pytest.mark.parametrize(
    "before",
    [
        bytes.fromhex(
            "301d02010177188016312e332e362e312e342e312e313436362e3230303337"
        ),  # LDAP StartTLS
        b"OPTIONS * HTTP/1.1\r\nHost: web.nego.test\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n",
        b"CONNECTION closed by peer\r\n",
        b"\x05\x00\x0b\x03\x10\x00\x00\x00" + bytes(64),  # a DCE/RPC bind
    ],
)
def test_a_hello_that_begins_tls_in_the_middle(before: bytes) -> None:
    """An upgrade is made with the server itself."""
    assert told([packet(0, 5, before, ports=PORTS), *segments(HELLO, seq=5 + len(before))]) == [
        ("web.nego.test", 2)
    ]


def test_tunnels_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten."""
    monkeypatch.setattr(hellos, "TUNNELS", 2)
    asked = [packet(0, 5, REQUESTS[0], ports=(40_000 + n, 636)) for n in range(3)]
    hello = [segments(HELLO, seq=5 + len(REQUESTS[0]), ports=(40_000 + n, 636)) for n in range(3)]
    assert told([*asked, *hello[0], *hello[1], *hello[2]]) == [("web.nego.test", 4)]
