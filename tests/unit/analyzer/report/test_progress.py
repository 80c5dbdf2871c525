"""What the progress bar tells, and when there is one."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from support.facts import ROOT

from analyzer.analysis import read
from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount
from analyzer.report import progress
from analyzer.report.progress import ProgressBar
from analyzer.tables.collect import Collector, Tables

MIXED = ROOT / "captures" / "smb" / "mixed" / "capture.pcapng"
NTLM = ROOT / "captures" / "http" / "ntlm" / "capture.pcapng"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar for inputs of any size, drawn anew each time."""
    monkeypatch.setattr(progress, "WORTH_A_BAR", 0)
    monkeypatch.setenv("TQDM_MININTERVAL", "0")


@pytest.mark.usefixtures("at_once")
def test_it_tells_the_bytes_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Of each input by its name; at the end all bytes are read, and the bar is gone."""
    with ProgressBar() as bar:
        analysis = read([str(MIXED), str(NTLM)], progress=bar.update)
    assert len(analysis.inputs) == 2
    drawn = capsys.readouterr().err
    assert "mixed/capture.pcapng" in drawn
    assert "ntlm/capture.pcapng" in drawn
    assert drawn.endswith("\r")


def test_a_small_input_needs_none(capsys: pytest.CaptureFixture[str]) -> None:
    """It is read before anybody could read the bar."""
    read(str(MIXED), progress=True)
    assert capsys.readouterr().err == ""


def test_none_where_it_is_not_wanted() -> None:
    """As in a pipe."""
    assert ProgressBar(enabled=False).update is None


def test_the_facts_are_those_of_the_input_that_is_read() -> None:
    """Counted so far in this process; nothing is said of what other processes count."""
    bar = ProgressBar()
    assert bar.facts() == ""
    account, collector = CaptureAccount(), Collector(Tables(frozenset()), "x.pcap")
    bar.watch(account, collector)
    assert bar.facts() == ""
    account.packets = 10**15
    assert bar.facts().endswith(" packets/s")
    collector.found = 1234
    assert bar.facts().endswith(" packets/s, 1,234 negotiations")


@pytest.mark.usefixtures("at_once")
def test_captures_read_side_by_side_have_one_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All bytes, packets per second and negotiations of all of them, as the processes tell."""
    again = shutil.copy(MIXED, tmp_path / "again.pcapng")
    with ProgressBar() as bar:
        analysis = read([str(MIXED), str(again)], progress=bar.update, jobs=2)
        assert bar._bar.n == 2 * MIXED.stat().st_size
        facts = bar.facts()
    found = len(analysis.columns("negotiations")["capture"])
    assert facts.endswith(f" packets/s, {found} negotiations")
    drawn = capsys.readouterr().err
    assert "2 captures" in drawn
    assert "capture.pcapng" not in drawn


@pytest.mark.usefixtures("at_once")
def test_a_bar_needs_no_thread() -> None:
    """With one, other processes could not be forked, and would start slowly."""
    threads = threading.active_count()
    with ProgressBar() as bar:
        bar(Input(str(MIXED)), 1)
        assert bar._bar is not None
        assert threading.active_count() == threads
