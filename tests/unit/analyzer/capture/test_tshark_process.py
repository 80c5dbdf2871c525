"""A program that prints lines: read whole, fed, watched, and gone afterwards whatever happens."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from analyzer.capture import tshark_process
from analyzer.capture.tshark_process import Child, running
from analyzer.errors import CaptureError


class Fed:
    """Bytes as a source."""

    compression = ""
    failure = None

    def __init__(self, data: bytes) -> None:
        self.left = data

    def readinto(self, view: memoryview) -> int:
        taken, self.left = self.left[: len(view)], self.left[len(view) :]
        view[: len(taken)] = taken
        return len(taken)


def python(code: str, feed: Any = None) -> Any:
    """A child that runs `code`."""
    return running([sys.executable, "-c", code], dict(os.environ), feed, "child")


def is_running(child: Child) -> bool:
    return child._process.returncode is None


def test_lines_come_whole_and_all() -> None:
    """However the pipe cuts them; the last one may have no end."""
    code = "import sys\nfor n in range(200_000): print(n, 'x' * 20)\nsys.stdout.write('end')"
    with python(code) as child:
        chunks = list(child.chunks())
    assert all(chunk.endswith(b"\n") for chunk in chunks[:-1])
    assert b"".join(chunks).splitlines() == [
        *(b"%d %s" % (n, b"x" * 20) for n in range(200_000)),
        b"end",
    ]
    assert child.status == 0


def test_status_and_complaints_are_kept() -> None:
    """As the program ended; complaints without bound are cut."""
    with python("import sys; sys.stderr.write('no\\n' * 100_000); sys.exit(3)") as child:
        assert list(child.chunks()) == []
    assert child.status == 3
    assert child.complaints[0] == "no"
    assert len(child.complaints) < 30_000


def test_it_is_fed_while_it_is_read() -> None:
    """More than any pipe holds, in both directions."""
    code = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
    data = b"".join(b"line %d\n" % n for n in range(400_000))
    with python(code, Fed(data)) as child:
        assert b"".join(child.chunks()) == data


def test_what_the_feed_raises_is_raised_where_lines_are_read() -> None:
    """Not lost in a thread; the child is told that there is no more."""

    class Spoilt(Fed):
        def readinto(self, view: memoryview) -> int:
            if not self.left:
                raise CaptureError("spoilt")
            return super().readinto(view)

    food = Spoilt(b"x" * tshark_process.CHUNK_BYTES)
    code = "import sys; print(len(sys.stdin.buffer.read()))"
    with python(code, food) as child:
        chunks = child.chunks()
        assert int(next(chunks)) == tshark_process.CHUNK_BYTES
        with pytest.raises(CaptureError, match="spoilt"):
            next(chunks)


def test_one_that_does_not_take_its_food_is_no_error() -> None:
    """It has ended for reasons of its own, which its status tells."""
    with python("import sys; sys.exit(2)", Fed(b"x" * 10_000_000)) as child:
        assert list(child.chunks()) == []
    assert child.status == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, GeneratorExit])
def test_it_is_gone_when_the_reader_leaves(error: type[BaseException]) -> None:
    """Ctrl-C included: no process is left behind."""
    seen: list[Child] = []

    def leave() -> None:
        with python("while True: print('x' * 100)") as child:
            seen.append(child)
            next(child.chunks())
            raise error

    with pytest.raises(error):
        leave()
    assert not is_running(seen[0])


def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time without a word."""
    monkeypatch.setattr(tshark_process, "SILENCE_SECONDS", 0.4)
    with (
        pytest.raises(CaptureError, match="child said nothing for 0 seconds"),
        python("import time; time.sleep(60)") as child,
    ):
        list(child.chunks())
    assert not is_running(child)


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be held in memory as a whole."""
    monkeypatch.setattr(tshark_process, "LINE_LIMIT", 1 << 20)
    code = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    with pytest.raises(CaptureError, match="a line that does not end"), python(code) as child:
        list(child.chunks())
    assert not is_running(child)


def test_a_program_that_is_not_there() -> None:
    """One line."""
    with (
        pytest.raises(CaptureError, match="child does not start"),
        running(["/nonexistent/child"], {}, None, "child"),
    ):
        pass
