"""Writes a workload: conversations as they begin, packets in order of time, in one file or several.

Memory stays flat whatever the size: conversations begin in order of time, so all packets before the start
of the next one are final; the few later ones wait. Truth goes beside the capture: `NAME.truth.json` with
the totals, `NAME.truth.jsonl` with a line for each negotiation.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads.packets import Noise, Rows, packets
from benchmarks.workloads.script import Bodies, Script, Truth
from benchmarks.workloads.shapes import SHAPES
from benchmarks.workloads.wire import EPOCH_S, FILE_HEADER, encode, ragged

SEED = 4178
AT_ONCE = 8_000_000  # bytes of capture whose packets are made at once
ROWS_AT_ONCE = 16_384
DECOYS = (
    b"NTLMSSP\0\2\0\0\0",
    bytes.fromhex("604806062b0601050502a03e"),
    b"WWW-Authenticate: Negotiate TlRMTVNTUAAC",
    bytes.fromhex("060a2b06010401823702020a"),
    b"\xfeSMB@\0",
    bytes.fromhex("a18199308196a0030a0101"),
)
"""Beginnings of tokens that lie in file contents: no negotiation must be made of them."""


class Wanted(NamedTuple):
    """Which capture: its shape, its size, in how many files, over how long."""

    shape: str
    size: int = 0  # bytes, about
    streams: int = 0  # instead of bytes
    files: int = 1
    seconds: int = 600
    seed: int = SEED


class _Files:
    """The capture file, or files as `dumpcap -b` names them, cut at equal numbers of bytes."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.paths: list[Path] = []
        self.first_frames: list[int] = []  # of each file, counted through
        self.frames = 0
        self.bytes = 0
        self._path = path
        self._parts = wanted.files
        self._room = wanted.size // wanted.files
        self._stream: Any = None

    def write(self, data: bytes, at: NDArray[np.int64], times: NDArray[np.int64]) -> None:
        """Append records that begin at these places."""
        done = 0
        while done < len(at):
            if self._stream is None or (self._left <= 0 and len(self.paths) < self._parts):
                self._next(int(times[done]))
            begin = int(at[done])
            fits = len(at)
            if len(self.paths) < self._parts:
                fits = max(int(np.searchsorted(at, begin + self._left)), done + 1)
            end = int(at[fits]) if fits < len(at) else len(data)
            self._stream.write(memoryview(data)[begin:end])
            self._left -= end - begin
            self.bytes += end - begin
            self.frames += fits - done
            done = fits

    def _next(self, time: int) -> None:
        self.close()
        path = self._path
        if self._parts > 1:
            begun = datetime.fromtimestamp(EPOCH_S + time // 1_000_000_000, UTC)
            number = f"{len(self.paths) + 1:05d}_{begun:%Y%m%d%H%M%S}"
            path = path.with_name(f"{path.stem}_{number}{path.suffix}")
        self.paths.append(path)
        self.first_frames.append(self.frames + 1)
        self._stream = path.open("wb")
        self._stream.write(FILE_HEADER)
        self.bytes += len(FILE_HEADER)
        self._left = self._room

    def close(self) -> None:
        """Nothing more comes."""
        if self._stream is not None:
            self._stream.close()


class _Frames:
    """First and last frame of each negotiation."""

    def __init__(self) -> None:
        self.first = np.zeros(0, np.int64)
        self.last = np.zeros(0, np.int64)

    def see(self, negotiation: NDArray[np.int64], first_frame: int, known: int) -> None:
        """Note packets in order; the first of them is frame `first_frame`."""
        missing = known - len(self.first)
        if missing > 0:
            self.first = np.r_[self.first, np.full(missing + known // 4, 1 << 62)]
            self.last = np.r_[self.last, np.zeros(missing + known // 4, np.int64)]
        at = np.flatnonzero(negotiation >= 0)
        frames = at + first_frame
        np.minimum.at(self.first, negotiation[at], frames)
        np.maximum.at(self.last, negotiation[at], frames)


class _Reel:
    """Turns a script to packets, keeps those that are not due yet, writes the others."""

    def __init__(self, script: Script, files: _Files, seed: int) -> None:
        self.script, self.files = script, files
        self.noise = Noise(seed)
        self.frames = _Frames()
        self._bodies = np.frombuffer(script.bodies.data, np.uint8)
        self._waiting: Rows | None = None
        self._heads = np.zeros(0, np.uint8)  # of the waiting packets

    def turn(self, due: int | None) -> None:
        """Write all packets before `due`; None: all there are."""
        streams, messages, heads = self.script.take()
        made = np.frombuffer(heads, np.uint8)
        rows = self.noise.disturb(packets(streams, messages)) if len(messages) else None
        if self._waiting is not None:
            if rows is None:
                rows, made = self._waiting, self._heads
            else:
                rows["head"] += len(self._heads)
                rows, made = np.concatenate([self._waiting, rows]), np.r_[self._heads, made]
        if rows is None:
            return
        rows = rows[np.argsort(rows["time"], kind="stable")]
        final = len(rows) if due is None else int(np.searchsorted(rows["time"], due))
        self._write(rows[:final], made)
        waiting = rows[final:]
        size = waiting["head_len"].astype(np.int64)
        if size.any():
            some = np.flatnonzero(size)
            self._heads = made[ragged(waiting["head"][some], size[some])]
            waiting["head"][some] = np.cumsum(size[some]) - size[some]
        self._waiting = waiting if len(waiting) else None

    def _write(self, rows: Rows, heads: NDArray[np.uint8]) -> None:
        known = len(self.script.truth.negotiations)
        for begin in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[begin : begin + ROWS_AT_ONCE]
            self.frames.see(some["negotiation"], self.files.frames + 1, known)
            data, at = encode(some, heads, self._bodies)
            self.files.write(data, at, some["time"])


def write(path: Path, wanted: Wanted) -> dict[str, Any]:
    """Write a capture and its truth; return the totals."""
    truth = Truth()
    script = Script(Random(wanted.seed), truth, Bodies(wanted.seed, DECOYS))  # noqa: S311
    files = _Files(path, wanted)
    reel = _Reel(script, files, wanted.seed)
    shape, made = SHAPES[wanted.shape], 0
    whole = wanted.streams or wanted.size
    while (done := truth.streams if wanted.streams else script.size) < whole:
        script.now = done * wanted.seconds * 1_000_000_000 // whole
        shape(script)
        if script.size - made > AT_ONCE:
            reel.turn(script.now)
            made = script.size
    reel.turn(None)
    files.close()
    return _write_truth(path, wanted, reel, files)


def _write_truth(path: Path, wanted: Wanted, reel: _Reel, files: _Files) -> dict[str, Any]:
    truth = reel.script.truth
    count = len(truth.negotiations)
    first, last = reel.frames.first[:count], reel.frames.last[:count]
    in_file = [np.searchsorted(files.first_frames, frames, "right") for frames in (first, last)]
    outcomes: dict[str, int] = {}
    with path.with_suffix(".truth.jsonl").open("w", encoding="ascii") as lines:
        places = zip(first.tolist(), last.tolist(), strict=True)
        for facts, (begin, end) in zip(truth.negotiations, places, strict=True):
            lines.write(json.dumps(facts | {"first_frame": begin, "last_frame": end}) + "\n")
            kind = f"{facts['carrier']} {facts['mechanism']} {facts['outcome']}"
            outcomes[kind] = outcomes.get(kind, 0) + 1
    totals = {
        **wanted._asdict(),
        "paths": [each.name for each in files.paths],
        "bytes": files.bytes,
        "packets": files.frames,
        "streams": truth.streams,
        "negotiations": count,
        "straddling": int((in_file[0] != in_file[1]).sum()),
        "tokens": dict(sorted(truth.tokens.items())),
        "kinds": dict(sorted(outcomes.items())),
        "retransmitted": reel.noise.retransmitted,
        "swapped": reel.noise.swapped,
    }
    path.with_suffix(".truth.json").write_text(json.dumps(totals, indent=1) + "\n", "ascii")
    return totals
