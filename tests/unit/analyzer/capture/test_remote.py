"""Captures at URLs: found, read in pieces, and complained about in one line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import begin, read
from analyzer.capture.inputs import RemoteInput, expand, opened
from analyzer.errors import CaptureError, UsageError
from analyzer.reading import read_inputs

fsspec = pytest.importorskip("fsspec", reason="needs the extra dask")

ROOT = Path(__file__).resolve().parents[4]
OWN = sorted((ROOT / "captures").glob("http/*/capture.pcapng"))[:3]


@pytest.fixture
def memory() -> Iterator[Any]:
    """A store in memory with three captures and a hidden file."""
    system = fsspec.filesystem("memory")
    for number, path in enumerate(OWN):
        system.pipe_file(f"/lab/day/{number}.pcapng", path.read_bytes())
    system.pipe_file("/lab/day/.hidden", b"x")
    yield system
    system.rm("/lab", recursive=True)


@pytest.mark.parametrize("url", ["memory://lab/day", "memory://lab", "memory://lab/day/*.pcapng"])
def test_directories_and_patterns(memory: Any, url: str) -> None:
    """All captures there, by name, as of files."""
    found = expand([url])
    assert [source.name for source in found] == ["0.pcapng", "1.pcapng", "2.pcapng"]
    assert [source.size for source in found] == [path.stat().st_size for path in OWN]
    there, here = read(url), read(OWN)
    names = ("community_id", "frames", "outcome", "reason_detail")
    for name in names:
        assert list(there.columns("negotiations")[name]) == list(here.columns("negotiations")[name])


def test_a_file_url_is_a_path(memory: Any) -> None:
    """Read as any file."""
    (source,) = expand([f"file://{OWN[0]}"])
    assert type(source).__name__ == "Input"
    assert source.path == str(OWN[0])


def test_files_of_a_rotated_set_are_joined(memory: Any) -> None:
    """Their times are read through the store."""
    for number, path in enumerate(sorted(OWN, key=first_time), 1):
        memory.pipe_file(f"/lab/set/a_{number:05}_20261127120000.pcapng", path.read_bytes())
    analysis = read("memory://lab/set")
    assert len(analysis.inputs) == 1


def first_time(path: Path) -> int:
    """Of the first packet."""
    return int(read(path).columns("captures")["first_ts"][0])


class Endless:
    """A file of a store that counts how much is asked for at a time, and fails after some."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.largest = data, 0, 0

    def read(self, size: int) -> bytes:
        self.largest = max(self.largest, size)
        if self.at >= len(self.data):
            raise RuntimeError("the store\nhas gone")
        piece = self.data[self.at : self.at + size]
        self.at += len(piece)
        return piece

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        pass


def test_what_breaks_while_it_is_read_is_a_loss(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told in `captures` and as an anomaly; nothing is asked for whole."""
    file = Endless(OWN[0].read_bytes())
    monkeypatch.setattr(type(memory), "open", lambda *_: file)
    analysis = read("memory://lab/day/0.pcapng")
    assert analysis.damaged
    assert "reading failed: the store" in str(list(analysis.columns("anomalies")["detail"]))
    assert file.largest <= 1 << 23


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("memory://lab/none.pcap", "no such file or directory"),
        ("memory://lab/*.nothing", "no file matches"),
        ("nosuch://lab/x", "Protocol not known: nosuch"),
        ("simplecache::memory://lab/x", "a chain of file systems"),
    ],
)
def test_complaints(memory: Any, url: str, said: str) -> None:
    """The caller's mistake, in one line."""
    with pytest.raises(UsageError) as told:
        read(url)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_passwords_in_urls_are_refused_and_not_repeated() -> None:
    """They would be in every message, and in a cluster's dashboard."""
    with pytest.raises(UsageError, match="no passwords in URLs") as told:
        read("s3://key:5ec2e7@lab/x.pcap")
    assert "5ec2e7" not in str(told.value)


def test_wireshark_reads_no_urls(memory: Any) -> None:
    """It is told before anything runs."""
    if shutil.which("tshark") is None:
        pytest.skip("no tshark here")
    with pytest.raises(UsageError, match="Wireshark reads files, not URLs"):
        read("memory://lab/day", engine="tshark")


def test_what_is_gone_when_it_is_opened(memory: Any) -> None:
    """As a file that is not there."""
    gone = RemoteInput("memory://lab/gone.pcap")
    with pytest.raises(OSError, match="No such file or directory"):
        opened(gone)
    with pytest.raises(CaptureError, match=r"gone\.pcap: No such file or directory"):
        read_inputs([gone], begin())
