"""Several processes: the same rows for any number of them, and what is lost when one dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, begin, read
from analyzer.capture.inputs import expand
from analyzer.capture.model import CaptureAccount
from analyzer.errors import CaptureError, UsageError
from analyzer.parallel import cutter, files, follower, shares
from analyzer.parallel.reading import WORTH_SHARING, way_of_sharing
from analyzer.pipeline import run
from analyzer.tables.collect import Collector
from analyzer.tables.schema import TABLES

ROOT = Path(__file__).resolve().parents[4]
OWN = sorted(str(path) for path in (ROOT / "captures").glob("*/*/capture.pcapng"))
LARGE = [
    ROOT / ".." / "shared" / "corpus" / "files" / name
    for name in ("Pcaps__windows_miscellany.pcap", "mercury__pcaps.smb.pcap")
]
FEW = OWN[::23]


FORKED = [
    pytest.mark.usefixtures("forked"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # other tests leave threads
]


def forked_only(test: Any) -> Any:
    """Mark a test that changes what other processes do."""
    for mark in FORKED:
        test = mark(test)
    return test


def rows(analysis: Analysis) -> dict[str, Any]:
    """All tables but what reading took."""
    found = {name: dict(analysis.tables.columns[name]) for name in TABLES if name != "findings"}
    del found["captures"]["seconds"]
    return found


@pytest.mark.parametrize("jobs", [2, 3])
def test_files_side_by_side_give_the_same_rows(jobs: int) -> None:
    """However many processes read captures, the tables are those of one."""
    assert rows(read(FEW, jobs=jobs)) == rows(read(FEW))


def shared(path: str, jobs: int) -> dict[str, Any]:
    """The tables of one capture followed by several processes."""
    analysis = begin()
    (source,) = expand([path])
    collector = Collector(analysis.tables, source.name)
    account, seconds = shares.read_shared(source, collector, analysis.options, jobs=jobs)
    collector.close(account, seconds)
    return rows(analysis)


@pytest.mark.parametrize("path", FEW, ids=lambda path: "/".join(Path(path).parts[-3:-1]))
def test_shares_of_a_capture_give_the_same_rows(path: str) -> None:
    """A capture followed by two processes gives the rows of one."""
    assert shared(path, 2) == rows(read(path))


@pytest.mark.parametrize("jobs", [2, 3, 5])
@pytest.mark.parametrize("path", LARGE, ids=lambda path: path.name)
def test_shares_of_a_large_capture_give_the_same_rows(path: Path, jobs: int) -> None:
    """Many connections, names and KDC exchanges end up in the same rows, for any number of processes."""
    if not path.exists():
        pytest.skip("corpus not here")
    assert shared(str(path), jobs) == rows(read(path))


@forked_only
def test_blocks_larger_than_a_slot_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that does not fit into shared memory goes in pieces, and nothing else changes."""
    path = str(ROOT / "captures" / "http" / "negotiate" / "capture.pcapng")
    path = path if Path(path).exists() else OWN[0]
    whole = rows(read(path))
    monkeypatch.setattr("analyzer.parallel.ring.ROOM", 3000)
    assert shared(path, 2) == whole


def die() -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    """Meet an error of ours."""
    raise ZeroDivisionError("one of ours")


@forked_only
@pytest.mark.parametrize(
    ("fault", "said"),
    [(die, "ended by signal 9"), (fail, "failed: ZeroDivisionError: one of ours")],
)
def test_a_fault_loses_its_capture_only(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[], None], said: str
) -> None:
    """The capture is named among the errors and in `captures`; all others are read."""
    run = files.run

    def faulty(source: Any, *rest: Any) -> Any:
        if source.path == FEW[1]:
            fault()
        return run(source, *rest)

    monkeypatch.setattr(files, "run", faulty)
    analysis = read(FEW, jobs=2)
    assert [error.partition(": ")[2] for error in analysis.errors] == [
        f"not read to its end: the process that read it {said}"
    ]
    told = analysis.columns("captures")
    lost = [place for place, error in enumerate(told["error"]) if error is not None]
    assert len(lost) == 1
    assert len(told["capture"]) == len(FEW)
    alone = read([path for path in FEW if path != FEW[1]])
    numbers = len(alone.columns("negotiations")["capture"])
    assert len(analysis.columns("negotiations")["capture"]) == numbers


@forked_only
def test_an_error_of_ours_is_an_error_of_the_shared_capture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So it is lost alone, as any capture that cannot be read."""

    def wrong(*_: Any) -> None:
        raise ZeroDivisionError("one of ours")

    monkeypatch.setattr(follower, "work", wrong)
    with pytest.raises(CaptureError, match="failed: ZeroDivisionError: one of ours"):
        shared(OWN[0], 2)


@forked_only
def test_a_follower_that_dies_is_an_error_of_its_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing hangs and nothing is half told: the capture could not be read."""

    def deadly(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(follower, "work", deadly)
    with pytest.raises(CaptureError, match="ended by signal 9"):
        shared(OWN[0], 2)


@forked_only
@pytest.mark.parametrize("at", ["open_capture", "show"])
def test_a_reader_that_dies_is_an_error_of_its_capture(
    monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Before there is a block, or amid them: who follows does not wait for more."""

    def deadly(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(cutter if at == "open_capture" else cutter.Cutter, at, deadly)
    with pytest.raises(CaptureError, match="ended by signal 9"):
        shared(OWN[0], 2)
    assert not multiprocessing.active_children()


@forked_only
def test_who_watches_a_shared_capture_sees_it_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of the file and packets, with each block; the account is right in the end."""
    monkeypatch.setattr("analyzer.capture.records.BLOCK_PACKETS", 5)
    (source,) = expand([FEW[0]])
    analysis, account = begin(), CaptureAccount()
    seen: list[tuple[int, int]] = []
    options = analysis.options
    options.progress = lambda count: seen.append((count, account.packets))
    collector = Collector(analysis.tables, source.name)
    shares.read_shared(source, collector, options, account, jobs=2)
    assert [count for count, _ in seen] == [source.size] * len(seen)
    assert [packets for _, packets in seen][:3] == [5, 10, 15]
    assert account.packets == seen[-1][1]
    alone = CaptureAccount()
    run(source, Collector(begin().tables, source.name), begin().options, alone)
    assert account == alone


@forked_only
def test_who_watches_a_shared_capture_sees_what_all_have_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each process tells how many negotiations are over; in the end those of all are counted once."""
    given: list[follower.Shared] = []
    make = follower.Shared
    monkeypatch.setattr(follower, "Shared", lambda *of: given.append(make(*of)) or given[0])
    path = str(ROOT / "captures" / "smb" / "mixed" / "capture.pcapng")
    (source,) = expand([path])
    analysis = begin()
    collector = Collector(analysis.tables, source.name)
    shares.read_shared(source, collector, analysis.options, jobs=2)
    assert 0 < sum(given[0].found) <= collector.found == len(read(path).negotiations)
    assert all(given[0].found)


@pytest.mark.parametrize("jobs", [2, 3])
def test_standard_input_is_shared(jobs: int) -> None:
    """The process that reads it is not the one that it was given to."""
    command = [sys.executable, "-c", "from analyzer.cli.main import main; main()", "negotiations"]
    with Path(FEW[0]).open("rb") as given:
        words = ["-", "--jobs", str(jobs), "--format", "csv", "--columns", "first_frame,outcome"]
        done = subprocess.run([*command, *words], stdin=given, capture_output=True, check=True)
    words = [FEW[0], "--format", "csv", "--columns", "first_frame,outcome"]
    alone = subprocess.run([*command, *words], capture_output=True, check=True)
    assert done.stdout == alone.stdout
    assert done.stdout.count(b"\n") > 1


def test_what_is_no_capture_stays_an_error(tmp_path: Path) -> None:
    """A file that is no capture is told as by one process."""
    bad = tmp_path / "bad.pcap"
    bad.write_bytes(b"nothing of the kind")
    analysis = read([OWN[0], str(bad), OWN[1]], jobs=2)
    assert analysis.errors == ["bad.pcap: not a capture"]
    with pytest.raises(CaptureError, match="not a capture"):
        read(str(bad), jobs=2)


def test_jobs_must_be_some() -> None:
    """Zero processes read nothing."""
    with pytest.raises(UsageError, match="0 processes"):
        read(OWN[0], jobs=0)


def test_small_captures_are_read_alone() -> None:
    """Processes are started where they gain something, or are asked for."""
    sources = expand(OWN[:3])
    assert way_of_sharing(sources, 4, asked=False, shares=True) == "alone"
    assert way_of_sharing(sources[:1], 4, asked=True, shares=True) == "shares"
    assert way_of_sharing(sources[:1], 4, asked=True, shares=False) == "alone"
    assert sum(source.size for source in sources) < WORTH_SHARING


def test_the_command_line_takes_jobs() -> None:
    """`--jobs` changes nothing but how long it takes."""
    outputs = [
        subprocess.run(
            [
                sys.executable,
                "-c",
                "from analyzer.cli.main import main; main()",
                "tokens",
                *FEW,
                "--jobs",
                str(jobs),
                "--format",
                "csv",
            ],
            capture_output=True,
            check=True,
        ).stdout
        for jobs in (1, 2)
    ]
    assert outputs[0]
    assert outputs[0] == outputs[1]


def test_processes_that_are_done_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """They end when they are told to, long before anybody would have to end them."""
    monkeypatch.setattr("analyzer.parallel.processes._GRACE_S", 60)
    began = time.monotonic()
    read(FEW[:3], jobs=3)
    assert time.monotonic() - began < 30


def test_spawned_processes_give_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a process with threads reads, or a system that has no fork."""
    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr(shares, "context", lambda: spawn)
    monkeypatch.setattr(files, "context", lambda: spawn)
    assert shared(FEW[0], 2) == rows(read(FEW[0]))
    assert rows(read(FEW[:3], jobs=2)) == rows(read(FEW[:3]))
