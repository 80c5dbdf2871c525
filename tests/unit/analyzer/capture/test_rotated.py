"""Rotated captures: which files belong together, and that they read as the capture they are parts of."""

from __future__ import annotations

import shutil
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, read
from analyzer.capture.file_ends import ends
from analyzer.capture.inputs import RotatedInput, expand
from analyzer.capture.rotated import join_rotated

ROOT = Path(__file__).resolve().parents[4]
RING = "ring_{:05d}_2026112712{:02d}00.pcap"


def records(path: Path) -> tuple[bytes, list[bytes]]:
    """Header and records of a capture, written as pcap."""
    from scapy.utils import rdpcap, wrpcap

    packets = rdpcap(str(path))
    plain = path.parent / "plain.pcap"
    wrpcap(str(plain), packets, nano=True)
    data = plain.read_bytes()
    plain.unlink()
    found, position = [], 24
    while position < len(data):
        (length,) = struct.unpack_from("<I", data, position + 8)
        found.append(data[position : position + 16 + length])
        position += 16 + length
    return data[:24], found


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """One of our captures of several connections, as a pcap file."""
    source = tmp_path / "source" / "capture.pcapng"
    source.parent.mkdir()
    shutil.copy(ROOT / "captures" / "smb" / "smb311_ntlm" / "capture.pcapng", source)
    head, all_records = records(source)
    made = tmp_path / "whole.pcap"
    made.write_bytes(head + b"".join(all_records))
    return made


def cut(whole: Path, folder: Path, pattern: str, at: list[int]) -> list[str]:
    """Cut a pcap file before the records `at`."""
    head, all_records = records(whole)
    folder.mkdir()
    bounds = [0, *at, len(all_records)]
    names = []
    for number, (begin, end) in enumerate(pairwise(bounds), 1):
        path = folder / pattern.format(number, number)
        path.write_bytes(head + b"".join(all_records[begin:end]))
        names.append(str(path))
    return names


def table(analysis: Analysis, name: str) -> dict[str, list[object]]:
    """A table without the capture's name."""
    return {
        column: cells for column, cells in analysis.columns(name).items() if column != "capture"
    }


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("pattern", [RING, "D_{:02d}.pcap", "trace.pcap{}"])
def test_a_set_reads_as_the_capture_it_was(
    whole: Path, tmp_path: Path, pattern: str, jobs: int
) -> None:
    """Wherever files were changed, negotiations, tokens and frames are those of the one capture."""
    alone = read(whole)
    count = alone.columns("captures")["packets"][0]
    for number, at in enumerate(([9], [5, 9, 10], [count // 2, count - 1])):
        names = cut(whole, tmp_path / str(number), pattern, at)
        together = read(names, jobs=jobs)
        assert len(together.inputs) == 1
        for name in ("negotiations", "tokens", "offers", "anomalies"):
            assert table(together, name) == table(alone, name)
        told = together.columns("captures")
        assert told["files"] == [[Path(name).name for name in names]]
        assert told["file_frames"] == [[1, *(place + 1 for place in at)]]
        assert together.columns("negotiations")["capture"][0].startswith(Path(names[0]).name + "..")


def test_files_can_be_read_apart(whole: Path, tmp_path: Path) -> None:
    """On request every file of a set is a capture of its own."""
    names = cut(whole, tmp_path / "set", RING, [9])
    apart = read(names, rotated=False)
    assert len(apart.inputs) == 2
    assert len(apart.columns("captures")["capture"]) == 2


def test_a_file_of_a_set_that_is_broken_is_lost_alone(whole: Path, tmp_path: Path) -> None:
    """What lies before and behind it is read; the loss is stated with the file's name."""
    names = cut(whole, tmp_path / "set", RING, [5, 12])
    sources = expand(names)
    (joined,) = join_rotated(sources)
    assert isinstance(joined, RotatedInput)
    Path(names[1]).write_bytes(b"no longer a capture")
    from analyzer.analysis import begin
    from analyzer.reading import read_inputs

    analysis = read_inputs([joined], begin())
    told = analysis.columns("captures")
    count = read(whole).columns("captures")["packets"][0]
    assert told["packets"] == [count - 7]
    assert told["complete"] == [False]
    assert told["lost"] == [[f"{Path(names[1]).name}: the file could not be read"]]


def test_captures_that_are_only_numbered_stay_apart(tmp_path: Path) -> None:
    """Names that count prove nothing where times do not go on, or go back."""
    own = ROOT / "captures" / "smb"
    for number, case in enumerate(("smb311_ntlm", "smb311_kerberos"), 1):
        shutil.copy(own / case / "capture.pcapng", tmp_path / f"case{number}.pcapng")
    sources = expand([str(tmp_path)])
    times = [ends(source) for source in sources]
    assert all(first is not None and last is not None for first, last in times)
    assert join_rotated(sources) == sources


def test_ends_of_a_large_file_are_told_from_its_tail(whole: Path, tmp_path: Path) -> None:
    """First and last packet's time, as reading it all tells them, for pcap and pcapng."""
    head, all_records = records(whole)
    large = tmp_path / "large.pcap"
    large.write_bytes(head + b"".join(all_records) * (1 + (3 << 20) // whole.stat().st_size))
    (source,) = expand([str(large)])
    told = read(large).columns("captures")
    assert ends(source) == (told["first_ts"][0], told["last_ts"][0])


def test_the_end_of_a_pcapng_file_is_found_backwards(tmp_path: Path) -> None:
    """Blocks are walked from the file's end, by the length that closes each."""
    data = (ROOT / "captures" / "smb" / "smb311_ntlm" / "capture.pcapng").read_bytes()
    (first,) = struct.unpack_from("<I", data, 4)
    (second,) = struct.unpack_from("<I", data, first + 4)
    begin = first + second
    packets = data[begin:]
    large = tmp_path / "large.pcapng"
    large.write_bytes(data[:begin] + packets * (1 + (3 << 20) // len(packets)))
    (source,) = expand([str(large)])
    told = read(large).columns("captures")
    assert ends(source) == (told["first_ts"][0], told["last_ts"][0])
