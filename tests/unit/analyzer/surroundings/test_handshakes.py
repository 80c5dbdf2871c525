"""Which connections to a KDC came about, by whatever of them was captured and wherever blocks end."""

from __future__ import annotations

import pytest
from support.tcp_packets import ACK, FIN, RST, SYN, handshake, index_of, packet

from analyzer.surroundings.model import ConnectionAttempt
from analyzer.surroundings.watch import Watch

PORTS = (40_000, 88)
ISNS = (1000, 9000)
REFUSAL = packet(1, 0, flags=RST | ACK, ack=1001, ports=PORTS)
GOES_ON = {
    "the server's SYN": packet(1, 9000, flags=SYN | ACK, ack=1001, ports=PORTS),
    "the client's ACK": packet(0, 1001, ack=9001, ports=PORTS),
    "the client's bytes": packet(0, 1001, b"asks", ack=9001, ports=PORTS),
    "the client's end": packet(0, 1001, flags=FIN | ACK, ack=9473, ports=PORTS),
    "the server's ACK": packet(1, 9001, ack=1005, ports=PORTS),
    "the server's bytes": packet(1, 9001, b"says", ack=1005, ports=PORTS),
    "a RST behind bytes": packet(1, 9001, flags=RST | ACK, ack=1005, ports=PORTS),
    "a RST to a segment with ACK": packet(1, 9001, flags=RST, ports=PORTS),
}


def attempts(*packets: tuple) -> list[tuple[str, tuple[int, ...]]]:
    """What came to nothing: how, and the frames; the same with every packet in a block of its own."""
    told = []
    for size in (len(packets), 1):
        facts: list[ConnectionAttempt] = []
        watch = Watch(facts.append)  # type: ignore[arg-type]
        for at in range(0, len(packets), size):
            watch.feed(index_of(list(packets[at : at + size]), at + 1))
        watch.finish()
        told.append([(each.how, each.frames) for each in facts])
    assert told[0] == told[1]
    return told[0]


def syn(port: int = 40_000) -> tuple:
    """The client's SYN."""
    return packet(0, ISNS[0], flags=SYN, ports=(port, 88))


def test_nothing_comes_back() -> None:
    """No answer, or a refusal."""
    assert attempts(syn(), syn()) == [("no-answer", (1, 2))]
    assert attempts(syn(), syn(), REFUSAL) == [("reset", (1, 2, 3))]


@pytest.mark.parametrize("follows", GOES_ON)
def test_what_only_an_open_connection_sends(follows: str) -> None:
    """It came about, though its SYN-ACK may be missing; a RST then refuses nothing."""
    assert attempts(syn(), GOES_ON[follows]) == []
    assert attempts(syn(), syn(), GOES_ON[follows], GOES_ON["the server's ACK"]) == []
    assert attempts(syn(), GOES_ON[follows], REFUSAL) == []


def test_a_connection_before_it() -> None:
    """The same ports were used for another one that came about; and others' packets prove nothing."""
    before = [GOES_ON["the client's bytes"], GOES_ON["the server's bytes"]]
    assert attempts(*before, syn()) == [("no-answer", (3,))]
    other = [(*each[:6], (40_001, 88), None) for each in handshake(ISNS)]
    assert attempts(syn(), *other) == [("no-answer", (1,))]
    assert attempts(syn(40_001), syn(), *other[1:]) == [("no-answer", (2,))]


def test_a_syn_that_is_captured_late() -> None:
    """Behind the answer to it: what follows shows that it was accepted."""
    accepted = GOES_ON["the server's SYN"]
    assert attempts(accepted, syn(), GOES_ON["the client's ACK"]) == []


def test_a_client_that_resets_has_not_been_answered() -> None:
    """It may do so because nothing comes."""
    reset = packet(0, 1001, flags=RST | ACK, ports=PORTS)
    assert attempts(syn(), reset) == [("no-answer", (1,))]
