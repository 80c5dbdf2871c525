"""Questions and answers are paired, and memory is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR

from analyzer.surroundings import names
from analyzer.surroundings.names import NameLookups

if TYPE_CHECKING:
    from analyzer.surroundings.name_facts import NameFact

CLIENT = ("10.99.0.20", 5000)
SERVER = ("10.99.0.1", 53)


def question(name: str, ident: int = 7) -> bytes:
    """A question for an IPv4 address."""
    return bytes(DNS(id=ident, qr=0, qd=[DNSQR(qname=name)]))


def answer(name: str, to: str, ident: int = 7, *, repeated: bool = True) -> bytes:
    """Its answer; without the question where not `repeated`."""
    asked = [DNSQR(qname=name)] if repeated else []
    return bytes(DNS(id=ident, qr=1, qd=asked, an=[DNSRR(rrname=name, rdata=to)]))


def test_an_answer_takes_its_question_away() -> None:
    """One look-up is one fact, at the answer's frame."""
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    lookups.add(question("fs1.test"), CLIENT, SERVER, 1, 10)
    lookups.add(answer("fs1.test", "10.99.0.7"), SERVER, CLIENT, 2, 20)
    lookups.finish()
    [fact] = told
    assert (fact.source, fact.client, fact.name) == ("dns", "10.99.0.20", "fs1.test")
    assert (fact.addresses, fact.frame, fact.responder) == (("10.99.0.7",), 2, "10.99.0.1")


def test_an_answer_holds_as_long_as_all_its_records() -> None:
    """Of an alias and an address the shorter time counts; of others, and of none, nothing."""
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    records = [
        DNSRR(rrname="web.test", type="CNAME", ttl=60, rdata="fs1.test"),
        DNSRR(rrname="fs1.test", ttl=900, rdata="10.99.0.7"),
        DNSRR(rrname="other.test", ttl=5, rdata="10.99.0.8"),
    ]
    for an in (records, records[1:2], []):
        asked = DNSQR(qname=an[0].rrname if an else "web.test")
        lookups.add(bytes(DNS(id=7, qr=1, qd=[asked], an=an)), SERVER, CLIENT, 2, 20)
    assert [fact.ttl for fact in told] == [60, 900, None]


def test_a_question_without_answer_is_told_at_the_end() -> None:
    """With the frame that asked."""
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    lookups.add(question("nowhere.test"), CLIENT, SERVER, 1, 10)
    lookups.finish()
    assert [(f.rcode, f.frame, f.addresses) for f in told] == [("no-answer", 1, ())]


def test_the_port_tells_netbios() -> None:
    """The same bytes ask for a host's names there, and for a service elsewhere."""
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    asked = bytes(DNS(id=7, qr=0, qd=[DNSQR(qname="fs1", qtype="SRV")]))
    for port in (137, 53):
        lookups.add(asked, CLIENT, ("10.99.0.7", port), 1, 10)
        lookups.finish()
    assert [(f.source, f.record) for f in told] == [("nbns", "NBSTAT"), ("dns", "SRV")]


def netbios(flags: int, *, answered: bool) -> bytes:
    """A question for the name FS1, or its answer alone (RFC 1002 4.2.12, 4.2.13)."""
    head = (
        b"\0\7" + flags.to_bytes(2, "big") + (b"\0\0\0\1" if answered else b"\0\1\0\0") + bytes(4)
    )
    asked = b"\x20EGFDDBCACACACACACACACACACACACACA\0\0\x20\0\1"
    return head + asked + (b"\0\0\0\0\0\6\0\0\x0a\x63\0\7" if answered else b"")


@pytest.mark.parametrize(
    ("asked", "answered", "broadcast"),
    [
        (0x0110, None, True),  # B
        (0x0100, None, False),
        (None, 0x8500, True),  # the question was not captured: a node, without RA
        (None, 0x8580, False),  # RA: a name server
        (0x0110, 0x8580, True),  # a server that answers what everybody was asked
        (0x0100, 0x8500, False),
    ],
)
def test_netbios_asks_everybody_or_a_server(
    asked: int | None, answered: int | None, broadcast: bool
) -> None:
    """By the flags of the question, or of the answer where there is no question (RFC 1002 4.2.1.1)."""
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    client, server = ("10.99.0.20", 137), ("10.99.0.7", 137)
    if asked is not None:
        lookups.add(netbios(asked, answered=False), client, server, 1, 10)
    if answered is not None:
        lookups.add(netbios(answered, answered=True), server, client, 2, 20)
    lookups.finish()
    [fact] = told
    assert (fact.source, fact.name, fact.record) == ("nbns", "fs1", "NB")
    assert fact.broadcast == broadcast


@pytest.mark.parametrize(("port", "broadcast"), [(5355, True), (5353, True), (53, False)])
def test_multicast_asks_everybody(port: int, broadcast: bool) -> None:
    """LLMNR and mDNS do, DNS does not."""
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    lookups.add(question("fs1"), CLIENT, ("10.99.0.7", port), 1, 10)
    lookups.finish()
    assert [fact.broadcast for fact in told] == [broadcast]


def test_llmnr_is_answered_by_another_host() -> None:
    """The question goes to a group, the answer comes from whoever calls himself so."""
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    lookups.add(question("fs1"), CLIENT, ("224.0.0.252", 5355), 1, 10)
    lookups.add(answer("fs1", "10.99.0.66"), ("10.99.0.66", 5355), CLIENT, 2, 20)
    lookups.finish()
    assert [(f.source, f.client, f.responder) for f in told] == [
        ("llmnr", "10.99.0.20", "10.99.0.66")
    ]


def test_mdns_is_paired_by_name() -> None:
    """Its answers go to the group and repeat no question."""
    group = ("224.0.0.251", 5353)
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    lookups.add(question("fs1.local", 0), ("10.99.0.20", 5353), group, 1, 10)
    lookups.add(
        answer("fs1.local", "10.99.0.7", 0, repeated=False), ("10.99.0.7", 5353), group, 2, 20
    )
    lookups.finish()
    assert [(f.source, f.client, f.addresses) for f in told] == [
        ("mdns", "10.99.0.20", ("10.99.0.7",))
    ]


def test_waiting_questions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is told as unanswered when there are too many."""
    monkeypatch.setattr(names, "WAITING", 3)
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    for number in range(5):
        lookups.add(question(f"h{number}.test", number), CLIENT, SERVER, number, number)
    assert [fact.name for fact in told] == ["h0.test", "h1.test"]


def test_facts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound only what is new is told."""
    monkeypatch.setattr(names, "TOLD", 2)
    told: list[NameFact] = []
    lookups = NameLookups(told.append)
    for frame in range(6):
        lookups.add(answer("fs1.test", "10.99.0.7"), SERVER, CLIENT, frame, frame)
    assert len(told) == 3
