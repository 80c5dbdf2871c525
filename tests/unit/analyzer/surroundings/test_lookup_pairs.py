"""Look-ups that are paired by the block tell what each by itself would tell, and few become objects."""

from __future__ import annotations

import random

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from support.correlated import ntlm, stream
from support.tcp_packets import index_of, packet

from analyzer.capture.model import PacketIndex
from analyzer.correlation.wanted_names import wanted_names
from analyzer.surroundings import lookup_pairs, names
from analyzer.surroundings.model import Surroundings
from analyzer.surroundings.name_facts import NameFact
from analyzer.surroundings.watch import Watch

BLOCK = 100
UDP = 17


def blocks(seed: int) -> list[PacketIndex]:
    """A busy network: questions come again, late, in vain; several share an identification."""
    chance = random.Random(seed)
    packets = []
    for number in range(300):
        name, ident = f"host{chance.randrange(40)}.test", chance.randrange(200)
        record = chance.choice(["A", "A", "A", "PTR"])
        asked = [DNSQR(qname=name, qtype=record)]
        found = [DNSRR(rrname=name, ttl=60, rdata=f"10.99.0.{chance.randrange(9)}")]
        if record == "PTR":
            found = [DNSRR(rrname=name, type="PTR", rdata="fs1.test")]
        kind = chance.randrange(9)
        question = bytes(DNS(id=ident, qd=asked))
        answer = bytes(DNS(id=ident, qr=1, qd=asked, an=found))
        if kind == 0:
            answer = bytes(DNS(id=ident, qr=1, rcode=3, qd=asked))
        elif kind == 1:  # too long to be compared
            answer = bytes(DNS(id=ident, qr=1, tc=1, qd=asked, an=found * 9))
        ports = (40_000 + chance.randrange(3), 53)
        said = [packet(0, 0, question, ports=ports), packet(1, 0, answer, ports=ports)]
        if kind == 2:
            said.insert(1, said[0])
        elif kind == 3:
            said.pop()
        elif kind == 4:  # asked for again, in a datagram that is too long to be compared
            said.insert(1, packet(0, 0, question + bytes(lookup_pairs.LONGEST), ports=ports))
        if number % 7 == 0:  # the answer comes much later
            packets.insert(chance.randrange(len(packets) + 1), said.pop(0))
        packets += said
    parts = [index_of(packets[at : at + BLOCK], at + 1) for at in range(0, len(packets), BLOCK)]
    for part in parts:
        part.proto[:], part.tcp_flags[:] = UDP, 0
    return parts


def told(parts: list[PacketIndex]) -> Surroundings:
    """What is told of them."""
    found = Surroundings()
    watch = Watch(found.add)
    for part in parts:
        watch.feed(part)
    watch.finish()
    found.put_in_order()
    return found


@pytest.mark.parametrize("most", [names.TOLD, 250])
@pytest.mark.parametrize("seed", range(4))
def test_pairs_tell_the_same(seed: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a block's look-ups are paired at once or one by one; beyond the limit too."""
    monkeypatch.setattr(names, "TOLD", most)
    paired = told(blocks(seed))
    assert sum(map(len, paired.answered)) > most // 10 or most == names.TOLD
    monkeypatch.setattr(lookup_pairs, "FEW", BLOCK + 1)
    alone = told(blocks(seed))
    assert not alone.answered
    assert paired.all_names() == alone.names


def test_few_become_objects() -> None:
    """Those that lead to a negotiation's server, to no host, or failed for somebody."""
    found = told(blocks(1))
    everything = found.all_names()
    negotiation = ntlm(stream=stream(server="10.99.0.7"))
    failed = {fact.name for fact in everything if not fact.addresses}
    wanted = wanted_names([negotiation], found)
    assert 0 < len(wanted) < len(everything)
    assert wanted_names([], found) == []

    def matters(fact: NameFact) -> bool:
        return "10.99.0.7" in fact.addresses or fact.record == "PTR" or fact.name in failed

    assert [f for f in everything if matters(f)] == [f for f in wanted if matters(f)]
