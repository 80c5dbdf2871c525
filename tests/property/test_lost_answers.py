"""A KDC whose answer the capture lacks is not one that did not answer.

The invariant: whichever packets of KDCs are dropped from a capture, no negotiation says `kdc_unreachable` more
surely than `possible` unless it does with all of them; and no request over TCP is told to have no answer. What
a client acknowledges, how it goes on and how soon tell that it was answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import facts
from support.facts import capture_name, captures, rows_of
from support.packets import SYN, Packet, datagram_of, pcapng, read_packets, segment_of

from analyzer.analysis import read

DROPPED = 10_000 if facts.SWEEP else 1
"""Packets dropped one at a time, of a capture in which nobody runs NTLM; else all of them in turn."""
RECORDED = [path for path in captures() if path.name == "capture.pcapng"]
WAITS = {"http/kdc_error"}
"""Where a client asks again and again, waiting for seconds each time, since a KDC says so over UDP: without more
than one of its answers it looks just like a client that has none."""
Row = dict[str, Any]


class Told(NamedTuple):
    """What a capture says of KDCs."""

    unreachable: list[tuple[str, int]]  # clients to whom that is more than possible
    silent: list[tuple[str, int]]  # clients whose requests over TCP had no answer
    kdcs: set[tuple[str, int]]
    ntlm: bool


@cache
def told(path: Path) -> Told:
    """Read it."""
    columns = read(path, tables=["negotiations", "kdc"]).tables.columns
    negotiations, exchanges = rows_of(columns["negotiations"]), rows_of(columns["kdc"])
    of_kdc = [row for row in exchanges if row["transport"] != "iakerb"]
    return Told(
        [ends(row) for row in negotiations if _says_unreachable(row)],
        [ends(row) for row in of_kdc if row["answer"] == "none" and row["transport"] != "udp"],
        {(row["server"], row["server_port"]) for row in of_kdc},
        any(row["mechanism"] == "ntlm" for row in negotiations),
    )


def _says_unreachable(row: Row) -> bool:
    """By one of its two reasons, or beside another one without a word of doubt."""
    told_so = [
        row[f"{kind}confidence"] != "possible"
        for kind, code in (("", row["reason"]), ("fallback_", row["fallback_reason"]))
        if code == "kdc_unreachable"
    ]
    words = row["reason_detail"] or ""
    beside = "reached no KDC" in words and "though the client went on at once" not in words
    return any(told_so) if told_so else beside


def ends(row: Row) -> tuple[str, int]:
    """Who asks."""
    return row["client"], row["client_port"]


def said_by(packet: Packet, kdcs: set[tuple[str, int]]) -> bool:
    """The packet, or a fragment of it, comes from one of the KDCs."""
    datagram = datagram_of(packet)
    if datagram is None or len(datagram.body) < 2:
        return False
    return (str(ip_address(datagram.src)), int.from_bytes(datagram.body[:2])) in kdcs


def dropped(path: Path, packets: list[Packet]) -> Iterator[tuple[str, set[int]]]:
    """Places of packets to drop, each with what they are."""
    known = told(path)
    places = [at for at, packet in enumerate(packets) if said_by(packet, known.kdcs)]
    segments = {at: segment_of(packets[at]) for at in places}
    speaking = [at for at, s in segments.items() if s is None or s.payload]
    greeting = [at for at, s in segments.items() if s is not None and s.flags & SYN]
    yield "all", {*places}
    yield "all that say something", {*speaking}
    yield "all but what says something", {*places} - {*speaking}
    yield "all that accept a connection", {*greeting}
    yield "all but the first", {*places[1:]}
    yield "all but what accepts", {*places} - {*greeting}
    if known.ntlm or facts.SWEEP:
        singly = places
    else:
        singly = speaking[RECORDED.index(path) % max(1, len(speaking)) :][:DROPPED]
    yield from ((f"frame {at + 1}", {at}) for at in singly)


def worth_it(at: int, path: Path) -> bool:
    """It has a KDC; unless in a sweep, those in which nobody asks why it was NTLM are tried by turns."""
    return bool(told(path).kdcs) and (facts.SWEEP or told(path).ntlm or at % 4 == 0)


TRIED = [path for at, path in enumerate(RECORDED) if worth_it(at, path)]


@pytest.mark.parametrize("path", TRIED, ids=capture_name)
def test_a_lost_answer_is_not_silence(path: Path, tmp_path: Path) -> None:
    """Each packet of KDCs lost, and all of a kind."""
    packets, known = read_packets(path), told(path)
    part = tmp_path / "part.pcapng"
    wrong = []
    for which, places in dropped(path, packets):
        if capture_name(path) in WAITS and len(places) > 1:
            continue
        part.write_bytes(pcapng([p for at, p in enumerate(packets) if at not in places]))
        found = told.__wrapped__(part)
        wrong += [
            f"{e} unreachable without {which}"
            for e in found.unreachable
            if e not in known.unreachable
        ]
        wrong += [f"{e} silent without {which}" for e in found.silent if e not in known.silent]
    assert wrong == []
