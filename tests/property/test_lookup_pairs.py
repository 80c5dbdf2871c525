"""Look-ups paired by the block: the same facts as one datagram after the other gives."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR

from analyzer.capture.model import PacketIndex
from analyzer.surroundings import lookup_pairs
from analyzer.surroundings.lookup_pairs import ANSWERED, LONGEST, UNKNOWN, LookupPairs
from analyzer.surroundings.model import Surroundings
from analyzer.surroundings.name_facts import NameFact
from analyzer.surroundings.watch import Watch

HOSTS = [f"h{at}.nego.test" for at in range(4)]
SERVER = (0xFFFF_0A63_0001, 53)


def question(*names: str, ident: int = 1, kind: str = "A") -> bytes:
    return bytes(DNS(id=ident, qr=0, qd=[DNSQR(qname=name, qtype=kind) for name in names]))


def answer(
    *names: str, ident: int = 1, to: str = "10.99.0.7", rcode: int = 0, tc: int = 0
) -> bytes:
    asked = [DNSQR(qname=name) for name in names]
    told = [] if rcode or tc else [DNSRR(rrname=name, rdata=to) for name in names]
    return bytes(DNS(id=ident, qr=1, rcode=rcode, tc=tc, qd=asked, an=told))


def index_of(datagrams, first_frame):
    """Columns of datagrams: sender, receiver, payload, bytes cut off."""
    buffer, rows = bytearray(b"\xee" * 5), []
    for at, ((source, port), (target, to_port), data, cut) in enumerate(datagrams):
        rows.append((source, port, target, to_port, len(buffer), len(data) - cut, len(data), at))
        buffer += data[: len(data) - cut] + b"\xee" * (at % 3)
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    source, port, target, to_port, offset, size, wire, at = columns
    zero, frame = np.zeros(len(rows), np.uint64), first_frame + at
    none = np.zeros(len(rows), np.uint32)
    return PacketIndex(
        bytes(buffer) + bytes(128), frame, frame * 1000, np.full(len(rows), 17, np.uint8),
        zero, source.astype(np.uint64), zero, target.astype(np.uint64), port.astype(np.uint16),
        to_port.astype(np.uint16), offset, size, wire, none, none, none.astype(np.uint8),
    )  # fmt: skip


def traffic(chance: random.Random, count: int):
    """Few clients, ports and identifications, so that all sorts of coincidences come about."""
    found = []
    idents = chance.choice([3, 3, 500])
    while len(found) < count:
        client = (0xFFFF_0A63_0014 + chance.randrange(2), 40_000 + chance.randrange(2))
        ident, name = chance.randrange(idents), chance.choice(HOSTS)
        other = chance.choice(HOSTS)
        asked, told = question(name, ident=ident), answer(name, ident=ident)
        match chance.randrange(12):
            case 0:
                found.append((client, SERVER, asked, 0))  # and no answer, or another one's
            case 1:
                found.append((SERVER, client, told, 0))
            case 2:
                found += [(client, SERVER, asked, 0)] * 2 + [(SERVER, client, told, 0)]
            case 3:
                found += [(client, SERVER, asked, 0), *[(SERVER, client, told, 0)] * 2]
            case 4:
                found.append((client, SERVER, question(name, other, ident=ident), 0))
            case 5:
                found.append((SERVER, client, answer(name, other, ident=ident), 0))
            case 6:
                found += [(SERVER, client, told, 0), (client, SERVER, asked, 0)]
            case 7:
                multicast = (client[0], 5353)
                found += [(multicast, SERVER, asked, 0), (SERVER, multicast, told, 0)]
            case 8:
                found += [(client, SERVER, asked, 0), (SERVER, client, told, 3)]
            case 9:
                long = answer(name, ident=ident) + bytes(LONGEST)
                found += [(client, SERVER, asked, 0), (SERVER, client, long, 0)]
            case 10:
                found.append((client, SERVER, asked[:12] + chance.randbytes(9), 0))
            case _:
                said = chance.choice([{}, {"rcode": 3}, {"tc": 1}])
                said = answer(name, ident=ident, **said)
                found += [(client, SERVER, asked, 0), (SERVER, client, said, 0)]
    return found


def told(blocks, monkeypatch, few: int) -> list[NameFact]:
    monkeypatch.setattr(lookup_pairs, "FEW", few)
    facts = Surroundings()
    watch = Watch(facts.add)
    frame = 1
    for block in blocks:
        watch.feed(index_of(block, frame))
        frame += len(block)
    watch.finish()
    facts.put_in_order()
    return facts.all_names()


@pytest.mark.parametrize("seed", range(40))
def test_the_same_facts_either_way(seed, monkeypatch):
    """Whatever is asked, repeated, mixed up, cut or left open, and wherever blocks end."""
    chance = random.Random(seed)
    datagrams = traffic(chance, 150)
    cuts = [0, *sorted(chance.sample(range(1, 149), chance.choice([0, 1, 5]))), len(datagrams)]
    blocks = [datagrams[begin:end] for begin, end in pairwise(cuts)]
    assert told(blocks, monkeypatch, 1) == told(blocks, monkeypatch, 1 << 30) != []


def test_most_need_no_second_look(monkeypatch):
    """Questions with an answer are dropped, answers are known by their text."""
    monkeypatch.setattr(lookup_pairs, "FEW", 1)
    client = (0xFFFF_0A63_0014, 40_000)
    datagrams = []
    for ident in range(4):
        datagrams += [
            (client, SERVER, question(HOSTS[ident % 2], ident=ident), 0),
            (SERVER, client, answer(HOSTS[ident % 2], ident=ident), 0),
        ]
    datagrams.append((client, SERVER, question(HOSTS[3], ident=9), 0))
    pairs = LookupPairs().find(index_of(datagrams, 1), np.arange(9))
    assert pairs is not None
    assert pairs.text.tolist() == [ANSWERED, 0, ANSWERED, 1, ANSWERED, 0, ANSWERED, 1, UNKNOWN]
    assert [each.question.name for each in pairs.told] == HOSTS[:2]


def test_few_are_not_worth_it():
    """They are read one by one."""
    client = (0xFFFF_0A63_0014, 40_000)
    index = index_of([(client, SERVER, question(HOSTS[0]), 0)], 1)
    assert LookupPairs().find(index, np.arange(1)) is None
