"""Whoever reads, whence, and in whatever order: captures give the rows that one process gives, in every table.

Each fourth of all captures unless in a sweep (`NEGOSCOPE_SWEEP=1`), of slow modes still fewer.
"""

from __future__ import annotations

import gzip
import io
import math
import multiprocessing
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import zstandard
from support.captured import captures
from support.facts import SWEEP
from support.rotation import rotated

from analyzer.analysis import Analysis, begin, read
from analyzer.arguments import cache_wanted, wireshark_wanted
from analyzer.capture.compressed import GZIP_MAGIC, ZSTD_MAGIC
from analyzer.capture.inputs import Input, RotatedInput, expand, with_distinct_names
from analyzer.errors import CaptureError
from analyzer.parallel import files, shares
from analyzer.reading import read_inputs
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
SHARED_BY_SPAWNED = EVERY if SWEEP else EVERY[20::200]
"""The same by processes that load the program anew, which takes seconds for each."""
SETS_SHARED_OUT = EVERY if SWEEP else EVERY[30::150]
"""Captures in several files that several processes follow together."""
FROM_PIPES = EVERY if SWEEP else EVERY[::8]
"""Captures that are read one by one, twice."""
TO_WIRESHARK = [path for path in EVERY if path.endswith("capture.pcapng")][:: 1 if SWEEP else 20]
"""Of our own captures those that Wireshark reads twice."""
OF_THE_FILES = {"captures.files", "captures.file_frames", "captures.file_bytes"}
"""What a capture in several files tells of them."""


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


def but(found: dict[str, Any], *columns: str) -> dict[str, Any]:
    """The same without some columns, `TABLE.COLUMN`, or `COLUMN` of any table."""
    return {
        name: cells
        for name, cells in found.items()
        if not {name, name.split(".")[1]}.intersection(columns)
    }


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started anew, as on systems without fork."""
    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr(shares, "context", lambda: spawn)
    monkeypatch.setattr(files, "context", lambda: spawn)


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


@pytest.mark.usefixtures("spawned")
def test_processes_that_are_spawned(alone: dict[str, Any]) -> None:
    """Each loads the program anew, and reads captures of its own."""
    assert rows(read(ALL, jobs=2)) == alone


def _named(path: str) -> str:
    return "/".join(Path(path).parts[-3:])


@pytest.mark.parametrize("path", SHARED_OUT, ids=_named)
def test_shares_of_one_capture(path: str) -> None:
    """Several processes follow one capture, each a share of its conversations."""
    _against_one_process(path)


@pytest.mark.usefixtures("spawned")
@pytest.mark.parametrize("path", SHARED_BY_SPAWNED, ids=_named)
def test_shares_of_one_capture_by_spawned_processes(path: str) -> None:
    """The same by processes that load the program anew."""
    _against_one_process(path)


def _against_one_process(path: str) -> None:
    (source,) = expand([path])
    try:
        found = _shared_out(source)
    except CaptureError:
        with pytest.raises(CaptureError):
            read(path, jobs=1)
        return
    assert found == rows(read(path, jobs=1))


def _shared_out(source: Input) -> dict[str, Any]:
    analysis = begin()
    collector = Collector(analysis.tables, source.name)
    account, seconds = shares.read_shared(source, collector, analysis.options, jobs=3)
    collector.close(account, seconds)
    return rows(analysis)


def test_from_the_cache(alone: dict[str, Any], tmp_path: Path) -> None:
    """Kept once, recalled once."""
    assert rows(read(ALL, jobs=2, cache=tmp_path / "kept")) == alone
    assert rows(read(ALL, jobs=1, cache=tmp_path / "kept")) == alone


@contextmanager
def _piped(path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A capture comes through a pipe on standard input, where nobody can seek."""
    end, begin_ = os.pipe()

    def pour() -> None:
        with os.fdopen(begin_, "wb") as pipe, suppress(BrokenPipeError):
            pipe.write(Path(path).read_bytes())

    writer = Thread(target=pour)
    with os.fdopen(end, "rb") as stdin:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))
        writer.start()
        yield
    writer.join()


def _rows_or_refusal(path: str) -> dict[str, Any] | str:
    """What is read of a capture but its name, or what is said of a file that is none."""
    try:
        return but(rows(read(path)), "capture", "findings.captures")
    except CaptureError as error:
        return str(error).partition(": ")[2]


def test_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is piped in has no name; all else is as of the file."""
    for path in FROM_PIPES:
        wanted = _rows_or_refusal(path)
        with _piped(path, monkeypatch):
            assert _rows_or_refusal("-") == wanted, path


@pytest.mark.parametrize(
    ("packing", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
def test_compressed(alone: dict[str, Any], tmp_path: Path, packing: str, pack: Any) -> None:
    """Only the column of the format tells; what is packed already stays as it is."""
    for path in map(Path, ALL):
        data = path.read_bytes()
        copy = tmp_path.joinpath(*path.parts[-4:])
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data if data.startswith((GZIP_MAGIC, ZSTD_MAGIC)) else pack(data))
    found = rows(read([str(tmp_path.joinpath(*Path(path).parts[-4:])) for path in ALL]))
    assert but(found, "captures.format") == but(alone, "captures.format")
    assert found["captures.format"] == [
        (kind, form if not form or "+" in form else f"{form}+{packing}")
        for kind, form in alone["captures.format"]
    ]


class Sets(NamedTuple):
    """Captures, and the same captures in three files each."""

    whole: list[str]
    cut: list[RotatedInput]


def in_files(paths: list[str], folder: Path) -> Sets:
    """Cut captures; those left out that are damaged, no captures, or too short."""
    whole, cut = [], []
    for number, path in enumerate(paths):
        with suppress(CaptureError):
            made = None if read(path).damaged else rotated(Path(path), folder / str(number))
            if made is not None:
                whole.append(path)
                cut.append(made)
    names = [source.name for source in with_distinct_names(expand(whole))]
    return Sets(whole, [replace(made, label=name) for made, name in zip(cut, names, strict=True)])


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Sets:
    """As many as there are."""
    return in_files(ALL, tmp_path_factory.mktemp("sets"))


@pytest.fixture(scope="module")
def whole_rows(sets: Sets) -> dict[str, Any]:
    """What one process finds in captures that are not cut."""
    return but(rows(read(sets.whole, rotated=False)), *OF_THE_FILES)


def test_sets_are_cut_where_it_matters(sets: Sets, whole_rows: dict[str, Any]) -> None:
    """Most captures can be cut, and many negotiations are on both sides of a cut."""
    assert len(sets.cut) > len(ALL) * 2 // 3
    apart = [part.path for made in sets.cut for part in made.parts]
    separately = read(apart, rotated=False).columns("negotiations")["capture"]
    assert len(separately) > len(whole_rows["negotiations.capture"]) * 1.05


@pytest.mark.parametrize("jobs", [1, 2])
def test_rotated_sets(sets: Sets, whole_rows: dict[str, Any], jobs: int) -> None:
    """Captures that lie in several files, read by one process or two."""
    analysis = begin()
    analysis.jobs = jobs
    assert but(rows(read_inputs(sets.cut, analysis)), *OF_THE_FILES) == whole_rows


def test_rotated_sets_from_the_cache(
    sets: Sets, whole_rows: dict[str, Any], tmp_path: Path
) -> None:
    """Kept once, recalled once."""
    for _ in range(2):
        analysis = begin()
        analysis.cache = cache_wanted(tmp_path / "kept", analysis)
        assert but(rows(read_inputs(sets.cut, analysis)), *OF_THE_FILES) == whole_rows


@pytest.mark.parametrize("path", SETS_SHARED_OUT, ids=_named)
def test_shares_of_a_rotated_set(path: str, tmp_path: Path) -> None:
    """Several processes follow the conversations that go on from file to file."""
    whole, cut = in_files([path], tmp_path)
    for source in cut:
        found, wanted = _shared_out(source), rows(read(whole))
        assert but(found, *OF_THE_FILES) == but(wanted, *OF_THE_FILES)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("path", TO_WIRESHARK, ids=_named)
def test_rotated_sets_by_wireshark(path: str, tmp_path: Path) -> None:
    """Files that Wireshark is shown as one capture, against the capture itself."""
    whole, (source,) = in_files([path], tmp_path)
    analysis = begin(wireshark=wireshark_wanted("tshark", None))
    found = rows(read_inputs([source], analysis))
    assert but(found, *OF_THE_FILES) == but(rows(read(whole, engine="tshark")), *OF_THE_FILES)


@pytest.mark.filterwarnings("default")  # dask's own are no matter of ours
def test_on_a_cluster(alone: dict[str, Any], sets: Sets) -> None:
    """Workers of a cluster read captures of their own, in one file or several."""
    pytest.importorskip("distributed", reason="needs the extra dask")
    from support.two_workers import two_workers

    from analyzer.cluster.cluster import cluster

    step = 1 if SWEEP else 8
    whole, analysis = read(sets.whole[::step], rotated=False), begin()
    cut = [
        replace(made, label=source.name)
        for made, source in zip(sets.cut[::step], whole.inputs, strict=True)
    ]
    with two_workers() as client:
        assert rows(read(ALL, client=client)) == alone
        with cluster(client, None, insecure=False, secrets=False) as analysis.cluster:
            found = rows(read_inputs(cut, analysis))
    assert but(found, *OF_THE_FILES) == but(rows(whole), *OF_THE_FILES)
