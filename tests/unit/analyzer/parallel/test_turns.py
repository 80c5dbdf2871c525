"""A text made by several processes is the text that one makes."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from support.facts import ROOT

from analyzer.cli.main import run
from analyzer.parallel.processes import WorkerError
from analyzer.parallel.turns import by_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = os.getpid()
pytestmark = [
    pytest.mark.usefixtures("forked"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # other tests leave threads
]


def pieces_of(count: int, then: Callable[[], Any] = lambda: None, at: int = -1) -> Any:
    """A text of so many pieces; before one of them another process does something."""

    def text(*, turn: int, turns: int) -> Iterator[str]:
        for number in range(turn, count, turns):
            if number == at and os.getpid() != HERE:
                then()
            yield f"{number} {'x' * 100_000}\n"

    return text


@pytest.mark.parametrize("jobs", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
def test_pieces_come_in_order(count: int, jobs: int) -> None:
    """All of them, however many processes there are for however few."""
    text = pieces_of(count)
    assert list(by_turns(text, jobs)) == list(text(turn=0, turns=1))


def test_one_that_dies_is_made_up_for() -> None:
    """What it had made is not made twice, and what it had not is made here."""
    text = pieces_of(9, lambda: os.kill(os.getpid(), signal.SIGKILL), at=5)
    assert list(by_turns(text, 2)) == list(text(turn=0, turns=1))


def test_an_error_of_ours_is_told() -> None:
    """It is an error, not a text that ends early."""
    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        list(by_turns(pieces_of(9, lambda: 1 // 0, at=5), 2))


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_rows_are_written_by_turns(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table is the same file for any number of processes, with its heading once."""
    monkeypatch.setattr("analyzer.cli.table.WORTH_SHARING", 1)
    monkeypatch.setattr("analyzer.report.export.CHUNK", 2)
    captures = [str(path) for path in sorted((ROOT / "captures").glob("*/*/capture.pcapng"))[::23]]
    files = [tmp_path / str(jobs) for jobs in (1, 2, 3)]
    for jobs, file in enumerate(files, start=1):
        words = ["tokens", *captures, "--format", form, "--jobs", str(jobs), "--quiet"]
        assert run([*words, "-o", str(file)]) == 0
    one, *others = (file.read_bytes() for file in files)
    assert one.count(b"\n") > 20
    assert all(other == one for other in others)
