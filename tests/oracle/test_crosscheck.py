"""Every token, cell and field held against the tshark that is installed; only declared differences.

Starting tshark takes longer than reading a small capture by it. So one run for each of the project's own
captures tells of every packet, and verdicts and packets are held against the same run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from support.facts import SWEEP, capture_name, captures, rows_of, unless_refused
from support.packets import pcap
from support.tshark_talks import AGREED, TALKS
from support.tshark_verdicts import Row, row_of, verdict_frames, wrong_codes

from analyzer.analysis import read
from analyzer.capture.inputs import Input
from analyzer.capture.tshark_source import may_hold_keys
from analyzer.crosscheck.check import Checked, check_capture
from analyzer.crosscheck.declared import DECLARED
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.table import difference_columns, plain
from analyzer.crosscheck.tshark import TOKENS, their_packets
from analyzer.crosscheck.tshark_tokens import their_packet

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"
OWN = {capture_name(path): path for path in sorted((ROOT / "captures").rglob("capture.pcapng"))}
FOREIGN = {
    path.name: path
    for folder in ("corpus/files", "lab-sample/captures")
    for path in sorted((SHARED / folder).glob("*.*cap*"))
}
LARGEST = None if SWEEP else 2_000_000
"""Bytes of the largest capture of others that is read."""


@pytest.fixture(scope="module", autouse=True)
def _tshark(require_tshark: None) -> None:
    """All of this needs tshark."""


@cache
def checked(path: Path) -> Checked:
    """The result for one capture; tshark runs once for it."""
    return whole(path)[0] if path in OWN.values() else check_capture(Input(str(path)))


@cache
def whole(path: Path) -> tuple[Checked, list[Row]]:
    """The result for one capture out of all its packets, and what tshark says of verdicts in them."""
    rows: list[Row] = []
    names = TOKENS.split(" or ")

    def noted(path: str, frames: Iterable[int], decode_as: Iterable[str]) -> Iterator[Node]:
        for tree in their_packets(path, frames, decode_as):
            rows.append(row_of(tree))
            shown = any(node.name in names for node in tree.walk())
            assert shown or not their_packet(tree).tokens  # the usual filter would have shown it
            yield tree

    with (
        patch("analyzer.crosscheck.check.their_packets", noted),
        patch("analyzer.crosscheck.tshark.TOKENS", "frame"),
    ):
        return check_capture(Input(str(path))), rows


def without_reordering(path: Path) -> list[Row]:
    """What tshark says of verdicts if it takes segments as they come."""
    with (
        patch("analyzer.crosscheck.tshark.PREFERENCES", ()),
        patch("analyzer.crosscheck.tshark.TOKENS", "frame"),
    ):
        return [row_of(tree) for tree in their_packets(str(path), [])]


def unexplained(result: Checked) -> list[tuple[object, ...]]:
    """What nobody has declared, in a form that tells much and no secret."""
    return [(d.frame, d.kind, d.column, plain(d.ours), plain(d.theirs)) for d in result.unexplained]


def unmapped(result: Checked) -> dict[str, int]:
    """tshark's fields of tokens that are in no row of the mapping."""
    return {name: n for name, n in result.tally.items() if name.startswith("unmapped")}


@pytest.mark.parametrize("name", OWN)
def test_own_captures(name: str) -> None:
    """Nothing unexplained, and no field of tshark's passed over, in the project's own captures.

    Every verdict that tshark shows belongs to a negotiation and has its code; no packet is missed.
    """
    result, rows = whole(OWN[name])
    assert unexplained(result) == []
    assert unmapped(result) == {}
    engine = "tshark" if may_hold_keys(str(OWN[name])) else "native"
    columns = read(OWN[name], engine=engine).tables.columns
    negotiations = rows_of(columns["negotiations"])
    if {"gap", "snaplen"} & set(columns["anomalies"]["code"]):
        rows = without_reordering(OWN[name])  # by which tshark is silent behind a gap
    assert not wrong_codes(rows, negotiations)
    assert verdict_frames(rows) <= {frame for row in negotiations for frame in row["frames"]}
    assert columns["captures"]["packets"] == [len(rows)]


@pytest.mark.parametrize("name", FOREIGN)
def test_captures_of_others(name: str) -> None:
    """The same in public captures and in the lab's."""
    if LARGEST is not None and FOREIGN[name].stat().st_size > LARGEST:
        pytest.skip("large; NEGOSCOPE_SWEEP=1 reads it")
    with unless_refused(FOREIGN[name]):
        result = checked(FOREIGN[name])
        assert unexplained(result) == []
        assert unmapped(result) == {}


@pytest.mark.parametrize("name", [*TALKS, *AGREED])
def test_made_up_conversations(name: str, tmp_path: Path) -> None:
    """What captures seldom hold: the class that a talk is made for occurs in it, and nothing unexplained."""
    path = tmp_path / "talk.pcap"
    path.write_bytes(pcap({**TALKS, **AGREED}[name]().packets))
    result = check_capture(Input(str(path)))
    assert unexplained(result) == []
    assert unmapped(result) == {}
    found = {difference.declared for difference in result.differences}
    assert name in found if name in TALKS else not found
    assert result.tally["tokens"] + result.tally["ours only"] + result.tally["theirs only"] > 0


@pytest.mark.parametrize("name", DECLARED)
def test_no_declaration_is_stale(name: str) -> None:
    """Every class occurs where its example says: tshark still shows it so, or we still lack it."""
    capture, _, frame = DECLARED[name].example.partition(", frame ")
    if capture == "crafted":
        assert name in TALKS
        return
    path = OWN.get(capture) or FOREIGN.get(capture)
    if path is None:
        assert not SHARED.is_dir(), f"{capture} is not there"
        pytest.skip(f"{capture} is not there")
    there = {d.declared for d in checked(path).differences if d.frame == int(frame)}
    assert name in there


def test_secrets_are_told_by_length_and_digest() -> None:
    """No response, ticket or key of any difference is in the rows."""
    for name in ("smb/anonymous", "http/ntlm", "smb/smb311_ntlm"):
        result = checked(OWN[name])
        columns = difference_columns([(name, result.differences)])
        text = repr(columns)
        for difference in result.differences:
            token = difference.our_token.token if difference.our_token is not None else None
            for field in token.fields if token is not None else ():
                if field.secret and field.span.length >= 8:
                    raw = token.bytes_of(field)
                    assert raw.hex() not in text
                    assert raw.hex(":") not in text


def test_own_captures_are_there() -> None:
    """The names above are those of all captures."""
    assert set(OWN.values()) <= set(captures())
    assert shutil.which("tshark")
