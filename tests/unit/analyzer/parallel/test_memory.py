"""What processes that share a capture hold of it does not grow with the capture."""

from __future__ import annotations

import itertools
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.facts import ROOT
from support.packets import PSH, Packet, Segment, pcap, read_packets, segment_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CAPTURE = ROOT / "captures" / "http" / "negotiate_kerberos" / "capture.pcapng"
MB = 1 << 20
SIZE = 16 * MB
"""More than all blocks in shared memory hold, which are small here: see `PROGRAM`."""
MARGIN = 6 * MB
"""A third of what the larger capture has more would be 16 MB."""
CONNECTIONS = 24
BODY = bytes(16_000)

PROGRAM = """
import os
from analyzer.capture import source
source.READ_BYTES = 1 << 20
from analyzer.capture import records
records.MAX_CAP_LEN = 1 << 16
from analyzer.parallel import cutter, follower, processes

def tell(who):
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    line = f"{who} {int(status['VmHWM'].split()[0]) << 10}\\n"
    os.write(2, line.encode())  # at once: others write there too

run = processes._run
def told(work, arguments, *pipes):
    try:
        run(work, arguments, *pipes)
    finally:
        tell("reader" if work is cutter.work else f"follower-{arguments[0]}")

processes._run = told
%s
from analyzer.cli.main import main
try:
    main()
finally:
    tell("follower-0")
"""
KEEP_SHARE = """
take, kept = follower.Follower._take, []
def keeping(self, part):
    take(self, part)
    if self._number == 1:
        kept.append(bytes(part.block.buffer[: int(part.block.cap_len.sum()) // 3]))
follower.Follower._take = keeping
"""
KEEP_READ = """
show, kept = cutter.Cutter.show, []
def keeping(self, block):
    show(self, block)
    kept.append(bytes(block.buffer[: int(block.cap_len.sum()) // 3]))
cutter.Cutter.show = keeping
"""


def answer() -> tuple[Segment, list[Packet]]:
    """A packet of an HTTP server, and the whole capture that it is of."""
    packets = read_packets(CAPTURE)
    segments = [segment for packet in packets if (segment := segment_of(packet)) is not None]
    return next(each for each in segments if each.payload.startswith(b"HTTP/1.1 2")), packets


def downloads(size: int) -> bytes:
    """A capture of a logon, then of downloads side by side, so many bytes in all."""
    server, packets = answer()
    each = size // CONNECTIONS
    said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % each
    last = packets[-1]
    heading = packets_of(server, said, last)
    body = packets_of(server, BODY, last)
    made = [pcap(packets)]
    made += [heading(port, 1) for port in range(CONNECTIONS)]
    for begin in range(1 + len(said), 1 + len(said) + each, len(BODY)):
        made += [body(port, begin) for port in range(CONNECTIONS)]
    return b"".join(made)


def packets_of(like: Segment, payload: bytes, last: Packet) -> Callable[[int, int], bytes]:
    """Make records of packets that differ in the client's port and in where their payload belongs."""
    data = like.build(payload, flags=PSH | 16).data
    at = len(data) - len(payload) - len(like.head)
    clock = itertools.count(1)

    def record(port: int, seq: int) -> bytes:
        moment = last.ts_ns // 1000 + next(clock)
        head = struct.pack("<IIII", *divmod(moment, 1_000_000), len(data), len(data))
        ports = like.head[:2] + struct.pack(">HI", 30_000 + port, seq)
        return head + data[:at] + ports + data[at + 8 :]

    return record


def peaks(capture: Path, jobs: int, fault: str = "") -> dict[str, int]:
    """The most bytes that each process had in memory; there is one negotiation whatever the size."""
    words = ["negotiations", str(capture), "--jobs", str(jobs), "--format", "csv", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % fault, *words, "--columns", "outcome"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.split() == ["outcome", "success"]
    return {who: int(most) for who, most in map(str.split, done.stderr.splitlines())}


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two captures of the same connections, one four times as large as the other."""
    folder = tmp_path_factory.mktemp("captures")
    small, large = folder / "small.pcap", folder / "large.pcap"
    small.write_bytes(downloads(SIZE))
    large.write_bytes(downloads(4 * SIZE))
    return small, large


@pytest.mark.parametrize("jobs", [2, 3])
def test_no_process_grows_with_the_capture(captures: tuple[Path, Path], jobs: int) -> None:
    """Neither the one that reads nor any that follows."""
    before, after = (peaks(capture, jobs) for capture in captures)
    followers = [f"follower-{number}" for number in range(jobs)]
    assert sorted(before) == sorted(after) == [*followers, "reader"]
    assert {
        who: after[who] - before[who] for who in after if after[who] > before[who] + MARGIN
    } == {}


@pytest.mark.parametrize(("fault", "who"), [(KEEP_SHARE, "follower-1"), (KEEP_READ, "reader")])
def test_one_that_grows_is_found(captures: tuple[Path, Path], fault: str, who: str) -> None:
    """One process that keeps a third of what it sees: the measurement above tells it."""
    before, after = (peaks(capture, 2, fault) for capture in captures)
    grown = {each for each in after if after[each] > before[each] + MARGIN}
    assert grown == {who}
