"""Runs a program that prints lines: feeds it, reads it in chunks, watches it, and always ends it.

Nothing of the output is kept but the chunk at hand. Whatever happens (the reader stops, an error, Ctrl-C),
the process is gone and waited for when the `with` block is left.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from analyzer.errors import CaptureError

if TYPE_CHECKING:
    from analyzer.capture.source import Source

CHUNK_BYTES = 1 << 20
LINE_LIMIT = 1 << 25
"""Bytes of one line; a packet of the largest size Wireshark reads takes far less."""
COMPLAINT_BYTES = 1 << 16
"""What is kept of the program's standard error; it may complain of every packet."""
SILENCE_SECONDS = 300.0
"""A program that says nothing for so long hangs, unless it waits for its input."""
_FEED_SECONDS = 2
_END_SECONDS = 10.0


class Child:
    """A running program, as `running` gives it."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self.name = name
        self.silent = False  # it was ended because it said nothing
        self.complaints: list[str] = []  # lines of its standard error, once it has ended
        self.status = 0  # exit status, negative: the signal that ended it
        self._process = process
        self._said = bytearray()
        self._fault: Exception | None = None  # why what feeds it gave no more
        self._heard = time.monotonic()
        self._waits_for_input = threading.Event()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    # -- for the reader --------------------------------------------------------------------------------

    def chunks(self) -> Iterator[bytes]:
        """Whole lines of standard output, many at a time, to the end of the program.

        Raises `CaptureError` for a line beyond `LINE_LIMIT`, or if the program had to be ended, and what
        the feed has raised.
        """
        out = self._process.stdout
        assert out is not None
        pieces: list[bytes] = []
        size = 0
        while data := out.read1(CHUNK_BYTES):  # type: ignore[attr-defined]  # it is buffered
            self._heard = time.monotonic()
            cut = data.rfind(b"\n") + 1
            if cut:
                yield b"".join((*pieces, data[:cut]))
                pieces, size = [], 0
            pieces.append(data[cut:])
            size += len(data) - cut
            if size > LINE_LIMIT:
                raise CaptureError(f"{self.name} printed a line that does not end")
        if size:
            yield b"".join(pieces)
        self._finish()

    def _finish(self) -> None:
        try:
            self.status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.status = self._process.wait()
        self._over.set()
        listener, _, *feeders = self._threads
        listener.join(_END_SECONDS)  # what it complained of
        for (
            feeder
        ) in feeders:  # what it tells is then told; it may sit in a read from a pipe, though
            feeder.join(_FEED_SECONDS)
        self.complaints = self._said.decode("utf-8", "replace").splitlines()
        if self._fault is not None:
            raise self._fault
        if self.silent:
            raise CaptureError(f"{self.name} said nothing for {SILENCE_SECONDS:.0f} seconds")

    # -- the threads -----------------------------------------------------------------------------------

    def attend(self, feed: Source | None) -> None:
        """Start what goes on beside reading: taking complaints, watching, feeding."""
        assert self._process.stderr is not None
        self._start(self._listen, self._process.stderr)
        self._start(self._watch)
        if feed is not None:
            assert self._process.stdin is not None
            self._start(self._feed, feed, self._process.stdin)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _listen(self, err: IO[bytes]) -> None:
        while data := err.read(4096):
            if len(self._said) < COMPLAINT_BYTES:
                self._said += data

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, SILENCE_SECONDS / 4)):
            if self._waits_for_input.is_set():
                self._heard = time.monotonic()
            elif time.monotonic() - self._heard > SILENCE_SECONDS:
                self.silent = True
                self._process.kill()
                return

    def _feed(self, feed: Source, into: IO[bytes]) -> None:
        view = memoryview(bytearray(CHUNK_BYTES))
        count = len(view)
        try:
            while count == len(view):
                self._waits_for_input.set()
                count = feed.readinto(view)
                self._waits_for_input.clear()
                try:
                    into.write(view[:count])
                except (OSError, ValueError):
                    break  # it has ended, or has had enough
        except Exception as fault:  # noqa: BLE001 - raised where the program is read
            self._fault = fault
        finally:
            with suppress(OSError, ValueError):
                into.close()

    def end(self) -> None:
        """End the program if it still runs, wait for it, and close what leads to it."""
        self._over.set()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for thread in self._threads[:2]:
            thread.join(_END_SECONDS)
        for stream in (self._process.stdout, self._process.stderr, self._process.stdin):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.close()


@contextmanager
def running(
    command: list[str], environment: dict[str, str], feed: Source | None, name: str
) -> Iterator[Child]:
    """Start `command`, called `name` in messages; its standard input is what `feed` gives, or nothing."""
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell; the arguments are ours
            command,
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
    except OSError as error:
        raise CaptureError(f"{name} does not start: {error.strerror or error}") from None
    child = Child(process, name)
    try:
        child.attend(feed)
        yield child
    finally:
        child.end()
