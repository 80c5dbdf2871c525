"""Negotiations wait in little room where they are rare, and come back as they were."""

from __future__ import annotations

import tracemalloc
from array import array
from copy import copy
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.capture.inputs import Input
from analyzer.negotiation.model import NoticedAnomaly
from analyzer.pipeline import Options, run
from analyzer.tables.collect import REFERRING, Collector, Tables
from analyzer.tables.waiting_negotiations import BLOCK, LATEST, RARE, WaitingNegotiations
from dissectors.anomaly import Anomaly
from dissectors.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.negotiation.model import Negotiation

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
CASES = ("http/negotiate_kerberos", "smb/smb311_ntlm", "smb/two_sessions", "ldap/gss_spnego_seal")
MANY = 4 * BLOCK
RARE_ROOM = 500
"""Bytes that one may take where they are rare: its stream, and its part of a block."""
DENSE_ROOM = 1400
"""Bytes that one may take as an object."""


def over(case: str) -> list[Negotiation]:
    """Negotiations of a capture, as a `Collector` keeps them."""
    source = Input(str(CAPTURES / case / "capture.pcapng"))
    collector = Collector(Tables(frozenset()), source.name)
    run(source, collector, Options())
    return collector.gathered().negotiations


@pytest.fixture(scope="module")
def seen() -> list[Negotiation]:
    """Some over each carrier, without anomalies."""
    found = [each for case in CASES for each in over(case) if not each.anomalies]
    assert {each.carrier for each in found} >= {"http", "smb2", "ldap"}
    return found


def repeated(seen: list[Negotiation], count: int, packets: int) -> Iterator[Negotiation]:
    """So many like these, each on a connection of its own, one in every so many packets."""
    for number in range(1, count + 1):
        made = copy(seen[number % len(seen)])
        made.stream = copy(made.stream)
        made.stream.stream_id = number + 10_000
        made.stream.first_frame = number * packets
        made.stream.first_ts_ns += number
        made.stream.client = f"10.0.{number >> 8}.{number & 255}"
        made.started_ns += number
        made.ended_ns += number
        made.frames = array("Q", (number * packets + frame for frame in range(len(made.frames))))
        yield made


@pytest.mark.parametrize(("packets", "room"), [(5 * RARE, RARE_ROOM), (RARE // 5, DENSE_ROOM)])
def test_room_that_one_takes(seen: list[Negotiation], packets: int, room: int) -> None:
    """By how much all that wait grow from one count to another: a million take a million times this."""
    waiting = WaitingNegotiations(packs=True)
    first = LATEST + 2 * BLOCK
    tracemalloc.start()
    for each in repeated(seen, first + MANY, packets):
        waiting.add(each)
        if waiting.count == first:
            before = tracemalloc.get_traced_memory()[0]
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert room / 2 < taken / MANY < room, taken / MANY


@pytest.mark.parametrize("packets", [5 * RARE, RARE // 5])
def test_they_come_back_as_they_were(seen: list[Negotiation], packets: int) -> None:
    """In their order, with their streams, and those that an anomaly refers to as the same objects."""
    given = list(repeated(seen, LATEST + 3 * BLOCK + 7, packets))
    for each in given[::100]:
        oddity = Anomaly("gap", Span(0, 1), "")
        each.anomalies = [NoticedAnomaly(oddity, 1, 0, each.stream.stream_id, each)]
    waiting = WaitingNegotiations(packs=True)
    for each in given:
        waiting.add(each)
    found = list(waiting.all())
    assert waiting.count == len(found) == len(given)
    names = [field.name for field in fields(given[0])]
    for was, now in zip(given, found, strict=True):
        assert now.stream is was.stream
        assert [getattr(now, name) for name in names] == [getattr(was, name) for name in names]
        assert type(now.frames) is type(was.frames)
        if was.anomalies:
            assert now is was
    packed = sum(was is not now for was, now in zip(given, found, strict=True))
    assert (packed > 2 * BLOCK) == (packets > RARE)
    assert all(one is other for one, other in zip(waiting.all(), found, strict=True))


def test_rows_that_refer_to_them() -> None:
    """Where rows of other tables wait for their numbers they stay the objects that these know."""
    for table in REFERRING:
        assert not Collector(Tables(frozenset({table})), "made")._negotiations._packs
    assert Collector(Tables(frozenset()), "made")._negotiations._packs
    assert not Collector(Tables(frozenset()), "made").blank()._negotiations._packs
    assert not Collector(Tables(frozenset(), keep_steps=True), "made")._negotiations._packs
