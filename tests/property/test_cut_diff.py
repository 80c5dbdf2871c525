"""Of a part of a capture nothing is stronger or weaker than in the whole: what one of them lacks is no change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import facts
from support.facts import capture_name, captures, rows_of
from support.packets import Packet, pcapng, read_packets
from support.transport import one_way, snapped

from analyzer.analysis import read
from analyzer.changes.compare import compare
from analyzer.changes.source import Side, side_of

LARGEST = 500_000
SNAPS = (66, 90, 108, 128, 160, 200, 256, 300, 340, 400, 408, 417)
PIECES = 12
TURNS = 1 if facts.SWEEP else 8
"""Of the cuts of one capture every so many are tried, others of the next capture."""
RECORDED = [
    pytest.param(path, turn, id=capture_name(path))
    for turn, path in enumerate(path for path in captures() if path.name == "capture.pcapng")
]
GOES_ON = {("first", "protection")}
"""A session that signs when the capture ends may seal afterwards: its logon is whole, and seen whole."""

Row = dict[str, Any]


def cuts(packets: list[Packet]) -> Iterator[tuple[str, str, list[Packet]]]:
    """Parts: the kind, what was done, and what is left."""
    for size in SNAPS:
        yield "snap", f"{size} bytes of each", snapped(size)(packets)
    for piece in range(1, PIECES):
        at = len(packets) * piece // PIECES
        yield "first", f"first {at}", packets[:at]
        yield "last", f"without the first {at}", packets[at:]
    for end in (0, 1):
        yield "end", f"of end {end} only", one_way(end)(packets)


def read_side(packets: list[Packet], target: Path) -> Side:
    """What is compared of them."""
    target.write_bytes(pcapng(packets))
    return side_of(read(target, tables=["negotiations", "kdc"]).columns)


def ports(row: Row) -> frozenset[int]:
    """Both, as roles are a guess without the handshake."""
    return frozenset((row["client_port"], row["server_port"]))


def apart(one: Row, other: Row) -> tuple[int, int]:
    """How far two negotiations are from being the same one: ns between them, and at their ends."""
    between = max(0, one["started"] - other["ended"], other["started"] - one["ended"])
    return between, abs(one["started"] - other["started"]) + abs(one["ended"] - other["ended"])


def seen_in(part: Side, whole: Side) -> Side:
    """What the whole says of just that which a part shows something of: the rest may be a change."""
    rows = rows_of(whole.negotiations)
    wanted: set[int] = set()
    for mine in rows_of(part.negotiations):
        alike = [row for row in rows if ports(row) == ports(mine)]
        fresh = [row for row in alike if row["negotiation_id"] not in wanted]
        if alike:
            nearest = min(fresh or alike, key=lambda row: apart(row, mine))
            wanted.add(nearest["negotiation_id"])
    assert part.kdc is not None
    assert whole.kdc is not None
    asked = rows_of(part.kdc)
    return Side(
        _only(whole.negotiations, [row["negotiation_id"] in wanted for row in rows]),
        _only(whole.kdc, [any(_same(row, mine) for mine in asked) for row in rows_of(whole.kdc)]),
    )


def _same(exchange: Row, mine: Row) -> bool:
    begun = max(exchange["ts"], mine["ts"])
    ended = min(each["ts"] + round((each["duration_ms"] or 0) * 1e6) for each in (exchange, mine))
    return ports(exchange) == ports(mine) and begun <= ended + 1000  # ns that are rounded


def _only(columns: dict[str, list[Any]], kept: list[bool]) -> dict[str, list[Any]]:
    return {
        name: [cell for cell, keep in zip(cells, kept, strict=True) if keep]
        for name, cells in columns.items()
    }


@pytest.mark.parametrize(("path", "turn"), RECORDED)
def test_what_a_part_lacks_is_neither_stronger_nor_weaker(
    path: Path, turn: int, tmp_path: Path
) -> None:
    """Snap lengths, early ends, late starts, one direction; compared either way."""
    packets = read_packets(path)
    if sum(len(packet.data) for packet in packets) > LARGEST:
        pytest.skip("a large capture")
    whole = read_side(packets, tmp_path / "whole.pcapng")
    wrong = []
    for kind, done, kept in list(cuts(packets))[turn % TURNS :: TURNS]:
        part = read_side(kept, tmp_path / "part.pcapng")
        shown = seen_in(part, whole)
        assert compare(shown, shown) == []
        for changes in (compare(part, shown), compare(shown, part)):
            wrong += [
                f"{done}: {each.aspect} {each.verdict}, {each.before} to {each.after}"
                for each in changes
                if each.verdict in {"stronger", "weaker"} and (kind, each.aspect) not in GOES_ON
            ]
    assert wrong == []
