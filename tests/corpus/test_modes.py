"""Whoever reads, and in whatever order: captures give the rows that one process gives, in every table.

Each fourth of all captures unless in a sweep (`NEGOSCOPE_SWEEP=1`).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.captured import captures
from support.facts import SWEEP

from analyzer.analysis import Analysis, begin, read
from analyzer.capture.inputs import expand
from analyzer.errors import CaptureError
from analyzer.parallel import shares
from analyzer.tables import waiting_negotiations
from analyzer.tables.collect import Collector
from analyzer.tables.numbered import NUMBERED, TELLING
from analyzer.tables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.negotiation.model import Negotiation

EVERY = [str(path) for path in captures()]
ALL = EVERY if SWEEP else EVERY[::4]
SHARED_OUT = EVERY if SWEEP else EVERY[::37]
"""Captures that several processes follow together, which takes 0.2 s for each."""


def rows(analysis: Analysis, tables: Iterable[str] = TABLES) -> dict[str, Any]:
    """All tables but what reading took, with the type of every cell; a NaN equals a NaN."""
    found: dict[str, Any] = {}
    for name in tables:
        for column, cells in analysis.columns(name).items():
            if column != "seconds":
                found[f"{name}.{column}"] = [_exact(cell) for cell in cells]
    return found


def _exact(cell: Any) -> tuple[str, Any]:
    """The cell with its type; NaN, which never equals itself, as text."""
    if isinstance(cell, float) and math.isnan(cell):
        return "nan", None
    return type(cell).__name__, cell


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    """What one process finds."""
    return rows(read(ALL, jobs=1))


def test_there_is_much_to_compare(alone: dict[str, Any]) -> None:
    """No table is empty."""
    assert {column.split(".")[0] for column, cells in alone.items() if cells} == set(TABLES)
    assert len(alone["negotiations.capture"]) > 200


@pytest.mark.parametrize("jobs", [2, 3, 5])
def test_processes_side_by_side(alone: dict[str, Any], jobs: int) -> None:
    """Each reads captures of its own."""
    assert rows(read(ALL, jobs=jobs)) == alone


def test_negotiations_that_are_packed_while_they_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As long as no rows refer to them, all that can be are packed, three at a time."""
    asked = ["negotiations", "anomalies", "names"]
    as_they_are = rows(read(ALL, tables=asked, jobs=1), asked)
    for name, value in (("LATEST", 0), ("BLOCK", 3), ("RARE", 0)):
        monkeypatch.setattr(waiting_negotiations, name, value)
    packed: list[int] = []
    pack = waiting_negotiations._packed

    def counted(some: list[Negotiation]) -> Any:
        packed.append(len(some))
        return pack(some)

    monkeypatch.setattr(waiting_negotiations, "_packed", counted)
    assert rows(read(ALL, tables=asked, jobs=1), asked) == as_they_are
    assert sum(packed) > 100


def test_any_order() -> None:
    """A capture's own rows are the same wherever it stands among others."""
    there, back = read(ALL, jobs=2), read(ALL[::-1], jobs=1)
    for name in ("negotiations", "tokens", "anomalies", "offers", "kdc", "names"):
        assert sorted(_by_capture(there, name)) == sorted(_by_capture(back, name))


def _by_capture(analysis: Analysis, name: str) -> Iterator[str]:
    """Each row as text, without the numbers that tell its place among other captures' rows."""
    place = {*NUMBERED.get(name, ()), *TELLING.get(name, ())}
    columns = {
        column: list(cells)
        for column, cells in analysis.columns(name).items()
        if column not in place
    }
    for cells in zip(*columns.values(), strict=True):
        yield repr(cells)


@pytest.mark.parametrize("path", SHARED_OUT, ids=lambda path: "/".join(Path(path).parts[-3:]))
def test_shares_of_one_capture(path: str) -> None:
    """Several processes follow one capture, each a share of its conversations."""
    analysis = begin()
    (source,) = expand([path])
    collector = Collector(analysis.tables, source.name)
    try:
        account, seconds = shares.read_shared(source, collector, analysis.options, jobs=3)
    except CaptureError:
        with pytest.raises(CaptureError):
            read(path, jobs=1)
        return
    collector.close(account, seconds)
    assert rows(analysis) == rows(read(path, jobs=1))


def test_from_the_cache(alone: dict[str, Any], tmp_path: Path) -> None:
    """Kept once, recalled once."""
    assert rows(read(ALL, jobs=2, cache=tmp_path / "kept")) == alone
    assert rows(read(ALL, jobs=1, cache=tmp_path / "kept")) == alone


@pytest.mark.filterwarnings("default")  # dask's own are no matter of ours
def test_on_a_cluster(alone: dict[str, Any]) -> None:
    """Workers of a cluster read captures of their own."""
    pytest.importorskip("distributed", reason="needs the extra dask")
    from support.two_workers import two_workers

    with two_workers() as client:
        assert rows(read(ALL, client=client)) == alone
