"""Rows of the table `names`: who asked, what was answered, and by whom."""

from __future__ import annotations

from pathlib import Path

from support.facts import rows_of

from analyzer.analysis import read

ROOT = Path(__file__).resolve().parents[4]


def names(case: str) -> list[dict[str, object]]:
    """The table of an own capture."""
    path = ROOT / "captures" / case / "capture.pcapng"
    return rows_of(read(path, tables=["names"]).tables.columns["names"])


def test_answers_name_their_sender() -> None:
    """A neighbour's answer gives its own address, and DNS had said that there is no such name."""
    rows = names("smb/poisoned_name")
    lured = [row for row in rows if row["source"] == "llmnr" and row["addresses"]]
    assert {row["responder"] for row in lured} == {"10.99.0.3"}
    assert {row["client"] for row in lured} == {"10.99.0.20"}
    assert any(row["source"] == "dns" and row["rcode"] == "NXDOMAIN" for row in rows)


def test_names_shown_in_tls_have_no_answer() -> None:
    """A ClientHello's server name stands beside the look-ups, without addresses of an answer."""
    rows = names("http/tls_names")
    (shown,) = [row for row in rows if row["source"] == "sni"]
    assert shown["name"] == "web.nego.test"
    assert shown["record"] == ""


def test_it_is_empty_when_not_asked_for() -> None:
    """Other tables do not pay for it."""
    path = ROOT / "captures" / "smb" / "poisoned_name" / "capture.pcapng"
    assert read(path, tables=["negotiations"]).tables.columns["names"]["name"] == []
