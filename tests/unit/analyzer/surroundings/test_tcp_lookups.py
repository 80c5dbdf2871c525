"""DNS over TCP, as far as a segment shows it."""

from __future__ import annotations

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from support.tcp_packets import index_of, packet

from analyzer.surroundings.name_facts import NameFact
from analyzer.surroundings.watch import Watch
from dissectors.names.dns import HEADER, MESSAGES, messages_of_segment


def over_tcp(*messages: bytes) -> bytes:
    """Each with its length in front."""
    return b"".join(len(data).to_bytes(2) + data for data in messages)


def question(name: str, ident: int = 7) -> bytes:
    """A question for an IPv4 address."""
    return bytes(DNS(id=ident, qd=[DNSQR(qname=name)]))


def answer(name: str, *to: str, ident: int = 7) -> bytes:
    """Its answer."""
    records = [DNSRR(rrname=name, ttl=300, rdata=each) for each in to]
    return bytes(DNS(id=ident, qr=1, qd=[DNSQR(qname=name)], an=records))


def told(*packets: tuple) -> list[tuple[str, str, tuple[str, ...], str, int]]:
    """Facts of these packets."""
    facts: list[NameFact] = []
    watch = Watch(facts.append)  # type: ignore[arg-type]
    watch.feed(index_of(list(packets), 1))
    watch.finish()
    return [(f.client, f.name, f.addresses, f.rcode, f.frame) for f in facts]


def talk(asked: bytes, said: bytes, port: int = 53, cut: int = 0) -> list[tuple]:
    """The client's segment and the server's."""
    ports = (40_000, port)
    return [packet(0, 5, asked, ports=ports), packet(1, 9, said, ports=ports, cut=cut)]


@pytest.mark.parametrize("port", [53, 5300])
def test_a_question_and_its_answer(port: int) -> None:
    """Known by their content on any port."""
    asked, said = over_tcp(question("web.test")), over_tcp(answer("web.test", "10.99.0.7"))
    assert told(*talk(asked, said, port)) == [
        ("10.0.0.10", "web.test", ("10.99.0.7",), "NOERROR", 2)
    ]
    assert told(*talk(asked, said, port)[:1]) == [("10.0.0.10", "web.test", (), "no-answer", 1)]


def test_several_messages_in_one_segment() -> None:
    """On the port of DNS."""
    names = ("web.test", "fs1.test")
    asked = over_tcp(*(question(name, ident=at) for at, name in enumerate(names)))
    said = over_tcp(*(answer(name, "10.99.0.7", ident=at) for at, name in enumerate(names)))
    assert [fact[1:3] for fact in told(*talk(asked, said))] == [
        (name, ("10.99.0.7",)) for name in names
    ]
    assert told(*talk(asked, said, 5300)) == []


def test_of_a_cut_answer_what_is_there_is_read() -> None:
    """By the snap length, or since it goes on in the next segment."""
    asked = over_tcp(question("web.test"))
    said = over_tcp(answer("web.test", "10.99.0.7", "10.99.0.8"))
    found = [("10.0.0.10", "web.test", ("10.99.0.7",), "NOERROR", 2)]
    assert told(*talk(asked, said, cut=4)) == found
    assert told(*talk(asked, said, 5300, cut=4)) == found
    assert told(*talk(asked, said[:-4])) == found


def test_what_only_looks_so_is_nothing() -> None:
    """A length that is none, flags that must be zero, too little."""
    good = over_tcp(question("web.test"))
    for bad in (b"\0\x01" + good[2:], good[:4] + b"\x78\0" + good[6:], good[:HEADER]):
        assert told(packet(0, 5, bad, ports=(40_000, 53))) == []
    assert told(packet(0, 5, good[:-1], ports=(40_000, 80))) == []


def test_messages_of_a_segment_are_bounded() -> None:
    """More than any sender puts into one."""
    assert messages_of_segment(over_tcp(*[question("a")] * 40)) == [question("a")] * MESSAGES
    assert messages_of_segment(b"") == []
