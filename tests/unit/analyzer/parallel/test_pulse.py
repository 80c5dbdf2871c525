"""Processes that hang are missed by what they tell; those that are merely slow are not."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import read
from analyzer.capture.inputs import Input, RemoteInput, expand
from analyzer.errors import CaptureError
from analyzer.parallel import files, follower, pulse, shares
from analyzer.parallel.pulse import Patience, Pulse
from analyzer.parallel.reading import way_of_sharing
from analyzer.tables.collect import Collector, Tables

ROOT = Path(__file__).resolve().parents[4]
FEW = sorted(str(path) for path in (ROOT / "captures").glob("*/*/capture.pcapng"))[::40]
FOREVER_S = 600
MB = 1_000_000

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as it is told to who waits."""
    now = [0.0]
    monkeypatch.setattr(pulse.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(pulse, "STEP_S", 1e9)
    return now


@pytest.mark.usefixtures("forked")
def test_a_process_that_hangs_loses_its_capture_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended and named in `captures`; a process takes its place, and all others are read."""
    run = files.run

    def sleepy(source: Any, *rest: Any) -> Any:
        if source.path == FEW[1]:
            time.sleep(FOREVER_S)
        return run(source, *rest)

    monkeypatch.setattr(files, "run", sleepy)
    monkeypatch.setattr(pulse, "STALL_S", 3.0)
    began = time.monotonic()
    analysis = read(FEW, jobs=2)
    assert time.monotonic() - began < FOREVER_S / 10
    (error,) = analysis.errors
    why = "not read to its end: the process that read it made no progress for 3 s and was ended"
    assert error.endswith(f": {why}")
    told = analysis.columns("captures")
    assert [text for text in told["error"] if text is not None] == [why]
    assert len(told["capture"]) == len(FEW)
    alone = read([path for path in FEW if path != FEW[1]])
    assert list(analysis.columns("negotiations")["first_frame"]) == list(
        alone.columns("negotiations")["first_frame"]
    )
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("forked")
def test_a_process_that_is_slow_but_gets_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than any process may stand still."""
    run = files.run

    def slow(source: Any, sink: Any, options: Any, account: Any) -> Any:
        for count in range(1, 9):
            options.progress(count)
            time.sleep(0.5)
        return run(source, sink, options, account)

    monkeypatch.setattr(files, "run", slow)
    monkeypatch.setattr(pulse, "STALL_S", 2.5)
    analysis = read(FEW[:4], jobs=2)
    assert analysis.errors == []


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("hangs", ["_take", "follow"])
def test_a_follower_that_hangs_is_an_error_of_its_capture(
    monkeypatch: pytest.MonkeyPatch, hangs: str
) -> None:
    """Be it at the packets or before it tells what it found: the others are ended, and nothing hangs."""
    whole = getattr(follower.Follower, hangs)

    def sleepy(self: Any, *rest: Any) -> Any:
        if self._number == 1:
            time.sleep(FOREVER_S)
        return whole(self, *rest)

    monkeypatch.setattr(follower.Follower, hangs, sleepy)
    monkeypatch.setattr(pulse, "STALL_S", 1.0)
    (source,) = expand(FEW[:1])
    began = time.monotonic()
    with pytest.raises(CaptureError, match="made no progress for 1 s and was ended"):
        shares.read_shared(
            source,
            Collector(Tables(), source.name),
            read(FEW[:1]).options,
            jobs=2,
        )
    assert time.monotonic() - began < FOREVER_S / 10
    assert not multiprocessing.active_children()


def test_every_word_of_progress_gives_time_anew(clock: list[float]) -> None:
    """Bytes, packets or negotiations: whatever grows; the same word again is none."""
    patience = Patience(RemoteInput("s3://x/y.pcap", length=100 * MB))
    for number, told in enumerate([Pulse(1), Pulse(1, 1), Pulse(1, 1, 1)], 1):
        clock[0] = number * (pulse.STALL_S - 1)
        assert not patience.is_over()
        patience.told(told)
    clock[0] += pulse.STALL_S - 1
    patience.told(Pulse(1, 1, 1))
    clock[0] += 2
    assert patience.is_over()


def test_who_was_stopped_itself_loses_no_patience(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Ctrl-Z all stand still: the time until all go on is nobody's fault, but it does add up."""
    monkeypatch.setattr(pulse, "STEP_S", 5.0)
    patience = Patience(RemoteInput("s3://x/y.pcap", length=100 * MB))
    clock[0] += 100 * pulse.STALL_S
    assert not patience.is_over()
    for _ in range(int(pulse.STALL_S)):
        clock[0] += 1
        over = patience.is_over()
    assert over


def test_what_is_read_may_take_as_long_again(clock: list[float]) -> None:
    """To put together what was found in hours takes more than minutes."""
    patience = Patience(RemoteInput("s3://x/y.pcap", length=MB))
    for part in range(100):
        clock[0] += pulse.STALL_S / 2
        patience.told(Pulse(part * MB // 99, part + 1))
    took = clock[0]
    clock[0] += took - 1
    assert not patience.is_over()
    clock[0] += 2
    assert patience.is_over()


def test_wireshark_may_look_a_file_through_first(clock: list[float]) -> None:
    """Nothing is told until it tells the first packet."""
    source = RemoteInput("s3://x/y.pcap", length=100_000 * MB)
    clock[0] += pulse.STALL_S + 1
    assert not Patience(source).is_over()
    ours, theirs = Patience(source), Patience(source, looked_through=True)
    clock[0] += pulse.STALL_S + 1
    assert ours.is_over()
    assert not theirs.is_over()
    clock[0] += source.size / pulse.LOOKED_THROUGH_PER_S
    assert theirs.is_over()


def test_a_pipe_is_waited_for(clock: list[float], tmp_path: Path) -> None:
    """Its writer may have nothing to say for days."""
    pipe = tmp_path / "pipe"
    pipe.touch()  # as long as a pipe
    patience = Patience(Input(str(pipe)))
    clock[0] += 10 * pulse.STALL_S
    assert not patience.is_over()


@pytest.mark.usefixtures("forked")
def test_progress_is_told_by_those_who_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """While they read, not only at the end of each; some times a second, whatever they do."""
    run = files.run

    def eager(source: Any, sink: Any, options: Any, account: Any) -> Any:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            account.packets += 1
            options.progress(account.packets)
        account.packets = 0
        return run(source, sink, options, account)

    monkeypatch.setattr(files, "run", eager)
    assert way_of_sharing(expand(FEW[:4]), 2, asked=True, shares=True) == "files"
    told: list[tuple[str, int]] = []
    read(FEW[:4], jobs=2, progress=lambda source, count: told.append((source.path, count)))
    for path in FEW[:4]:
        counts = [count for source, count in told if source == path]
        assert 2 <= len(counts) <= 1.5 / pulse.BEAT_S + 4
        assert counts[-1] == Path(path).stat().st_size
