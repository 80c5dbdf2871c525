"""Workloads hold what their truth says, the same bytes each time; both programs find exactly that."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
from collections import Counter
from pathlib import Path

import pytest
import zstandard

from analyzer.analysis import read
from benchmarks import compare, tokens_found
from benchmarks.workloads import shelf as shelves
from benchmarks.workloads.files import DECOYS, Wanted, write
from benchmarks.workloads.shelf import Shelf
from benchmarks.workloads.wire import FILE_HEADER
from benchmarks.workloads.worst import LARGEST, RECORDS

SIZES = {
    "haystack": 2_500_000,
    "dense": 1_500_000,
    "tiny": 1_000_000,
    "raw": 300_000,
    "bytes": 700_000,
    "backwards": 700_000,
    "syns": 100_000,
    "open": 300_000,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the workloads of these tests are."""
    return tmp_path_factory.mktemp("workloads")


def made(folder: Path, shape: str):
    """Path and truth of a small workload."""
    path = folder / f"{shape}.pcap"
    if not path.exists():
        write(path, Wanted(shape, SIZES[shape], seconds=60))
    return path, json.loads(path.with_suffix(".truth.json").read_text("ascii"))


def lines_of(path: Path):
    """The truth of each negotiation."""
    return [
        json.loads(line)
        for line in path.with_suffix(".truth.jsonl").read_text("ascii").splitlines()
    ]


def told(row: tuple[str, ...]) -> str:
    """Carrier, mechanism and outcome as the truth names them."""
    return " ".join(row)


@pytest.mark.parametrize("shape", SIZES)
def test_negoscope_finds_what_was_put_in(shape, folder):
    """Packets, streams, tokens, and of each negotiation carrier, mechanism, outcome, user and frames."""
    path, truth = made(folder, shape)
    analysis = read(path)
    of = analysis.columns("negotiations")
    captures = analysis.columns("captures")
    assert captures["packets"] == [truth["packets"]]
    assert captures["streams"] == [truth["streams"]]
    assert captures["lost"] == [[]]
    kinds = map(told, zip(of["carrier"], of["mechanism"], of["outcome"], strict=True))
    assert Counter(kinds) == truth["kinds"]
    tokens = analysis.columns("tokens")
    pairs = zip(tokens["token_type"], tokens["inner_type"], strict=True)
    assert Counter(name for pair in pairs for name in pair if name) == truth["tokens"]
    wanted = sorted(lines_of(path), key=lambda line: line["last_frame"])
    found = sorted(zip(of["last_frame"], of["first_frame"], of["user"], strict=True))
    assert [line["last_frame"] for line in wanted] == [last for last, _, _ in found]
    assert [line["user"] for line in wanted] == [user for _, _, user in found]
    # an HTTP request without a token, and what answers it, come before a negotiation
    assert all(
        line["first_frame"] <= first for line, (_, first, _) in zip(wanted, found, strict=True)
    )


@pytest.mark.parametrize("shape", ["haystack", "dense", "tiny", "backwards"])
def test_tshark_finds_the_same(shape, folder, tmp_path):
    """Both programs' tokens are the generator's."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not there")
    path, truth = made(folder, shape)
    workload = shelves.Workload(shape, (path,), truth)
    assert compare.compare(workload, 1, "tshark", tmp_path)["wrong"] == []
    truth["tokens"]["NegTokenResp"] += 1
    wrong = compare.compare(workload, 1, "tshark", tmp_path)["wrong"]
    assert [each.split()[0] for each in wrong] == ["negoscope", "tshark"]
    assert all("NegTokenResp" in each for each in wrong)


def test_same_seed_same_bytes(tmp_path):
    """The seed decides all; another one gives another capture."""
    captures = []
    for number, seed in enumerate((1, 1, 2)):
        path = tmp_path / f"{number}.pcap"
        write(path, Wanted("dense", 200_000, seed=seed))
        captures.append(path.read_bytes())
    assert captures[0] == captures[1]
    assert captures[0] != captures[2]


def test_size_and_disorder(tmp_path):
    """A capture has about the size asked for, and one segment in a thousand twice or late."""
    truth = write(tmp_path / "w.pcap", Wanted("dense", 6_000_000))
    assert abs(truth["bytes"] / 6_000_000 - 1) < 0.05
    assert (tmp_path / "w.pcap").stat().st_size == truth["bytes"]
    for what in ("retransmitted", "swapped"):
        assert 2 <= truth[what] <= truth["packets"] / 300


def test_headers_are_true(folder):
    """Times go up, lengths fit, IPv4's checksums are right, and none of both families is missing."""
    path, truth = made(folder, "dense")
    data, at, last, seen = path.read_bytes(), 24, 0, Counter()
    assert data.startswith(FILE_HEADER)
    while at < len(data):
        seconds, micros, kept, wire = struct.unpack_from("<IIII", data, at)
        assert kept == wire >= 60
        assert last <= (last := seconds * 1_000_000 + micros)
        ip = data[at + 30 : at + 16 + kept]
        seen[ip[0] >> 4] += 1
        if ip[0] == 0x45:
            total = sum(struct.unpack(">10H", ip[:20]))
            assert (total & 0xFFFF) + (total >> 16) == 0xFFFF
            assert struct.unpack_from(">H", ip, 2)[0] <= len(ip)
        at += 16 + kept
    assert sum(seen.values()) == truth["packets"]
    assert seen.keys() == {4, 6}


def test_decoys_lie_in_the_bulk(folder):
    """Beginnings of tokens are in file contents, more than there are tokens."""
    path, truth = made(folder, "haystack")
    data = path.read_bytes()
    assert sum(data.count(decoy) for decoy in DECOYS[:4]) > 0
    assert sum(truth["tokens"].values()) < 200


def test_a_rotated_set_is_the_capture_in_pieces(tmp_path):
    """The records are those of the capture in one file; negotiations that straddle files are one row."""
    one = write(tmp_path / "one.pcap", Wanted("dense", 2_000_000, seconds=1))
    folder = tmp_path / "set"
    folder.mkdir()
    truth = write(folder / "D.pcap", Wanted("dense", 2_000_000, files=4, seconds=1))
    pieces = [(folder / name).read_bytes() for name in truth["paths"]]
    assert len(pieces) == 4
    assert max(map(len, pieces)) < 1.2 * min(map(len, pieces))
    assert b"".join(piece[24:] for piece in pieces) == (tmp_path / "one.pcap").read_bytes()[24:]
    assert truth["straddling"] > 0
    assert lines_of(folder / "D.pcap") == lines_of(tmp_path / "one.pcap")
    negotiations = read(folder, tables=["negotiations"]).columns("negotiations")
    assert len(negotiations["capture"]) == one["negotiations"] == truth["negotiations"]


def test_numbers_of_streams(tmp_path):
    """A workload may be asked for by its streams."""
    truth = write(tmp_path / "w.pcap", Wanted("syns", streams=500))
    assert truth["streams"] == 500


@pytest.mark.parametrize("name", RECORDS)
def test_zeros(name, tmp_path):
    """That many packets of zeros; the bombs are a thousandth of their content or less."""
    ending, make = RECORDS[name]
    path = tmp_path / f"w{ending}"
    make(path, 4099 if name == "empty" else 99)
    data = path.read_bytes()
    if name == "empty":
        assert len(data) == 24 + 16 * 4099
        return
    with gzip.open(path) if name == "gzip-bomb" else zstandard.open(path) as stream:
        plain = stream.read()
    assert len(plain) == 24 + 99 * (16 + LARGEST)
    assert len(data) < len(plain) / 900


@pytest.mark.parametrize(
    ("shape", "code"), [("claims", "malformed-message"), ("tokens", "limit-count")]
)
def test_what_exhausts_is_told(shape, code, tmp_path):
    """16 MB that never come, and tokens of 64 KiB, are anomalies."""
    write(tmp_path / "w.pcap", Wanted(shape, 3_000_000))
    assert code in read(tmp_path / "w.pcap").columns("anomalies")["code"]


class TestShelf:
    """Workloads are made once, and again when anything they are made of has changed."""

    def test_made_once(self, tmp_path):
        shelf = Shelf(tmp_path)
        first = shelf.get("x", shape="tiny", size=50_000)
        first.path.write_bytes(b"kept")
        assert shelf.get("y", shape="tiny", size=50_000).path.read_bytes() == b"kept"
        assert shelf.get("x", shape="tiny", size=60_000).path != first.path

    def test_an_unfinished_one_is_made_again(self, tmp_path):
        shelf = Shelf(tmp_path)
        first = shelf.get("x", shape="tiny", size=50_000)
        whole = first.path.read_bytes()
        first.path.write_bytes(b"half")
        (first.path.parent / "truth").unlink()
        assert shelf.get("x", shape="tiny", size=50_000).path.read_bytes() == whole

    def test_another_generator_makes_another(self, tmp_path, monkeypatch):
        shelf = Shelf(tmp_path)
        first = shelf.get("x", shape="tiny", size=50_000)
        shelf.tidy()
        assert first.path.exists()
        monkeypatch.setattr(shelves, "_code", lambda: "changed")
        assert shelf.get("x", shape="tiny", size=50_000).path != first.path
        shelf.tidy()
        assert not first.path.exists()

    def test_compressed(self, tmp_path):
        shelf = Shelf(tmp_path)
        plain = shelf.get("x", shape="tiny", size=50_000)
        packed = shelf.get("x", "gz", shape="tiny", size=50_000)
        assert gzip.decompress(packed.path.read_bytes()) == plain.path.read_bytes()
        packed = shelf.get("x", "zst", shape="tiny", size=50_000)
        with zstandard.open(packed.path) as stream:
            assert stream.read() == plain.path.read_bytes()
        assert packed.truth["tokens"] == plain.truth["tokens"]
        assert packed.size < plain.size

    def test_folder_of_a_set(self, tmp_path):
        found = Shelf(tmp_path).get("x", shape="tiny", size=200_000, files=3)
        assert len(found.paths) == 3
        assert sorted(found.path.glob("*.pcap")) == list(found.paths)


def test_counts_of_tshark():
    """Fields that a frame holds several times have commas; both first tokens have one name."""
    lines = ["5\t0x00000001\t1\t\t\n", "6\t\t1,1\t1\t14,15\n", "7\t\t\t\t\n"]
    assert tokens_found.of_tshark(lines) == {
        "NTLM_NEGOTIATE": 1,
        "NegTokenInit": 3,
        "NegTokenResp": 1,
        "KRB_AP_REQ": 1,
        "KRB_AP_REP": 1,
    }
    truth = tokens_found.of_truth({"NegTokenInit": 1, "NegTokenInit2": 2, "NegTokenResp": 0})
    assert truth == {"NegTokenInit": 3}
    assert tokens_found.differences(truth, {"X": 1}, "it") == [
        "it found 0 NegTokenInit, not 3",
        "it found 1 X, not 0",
    ]
