"""Zeek's logs are read back by a small reader that knows nothing but the format: as `zeek-cut` does.

Spec: Zeek's ASCII log format: header lines, `\\xNN` for bytes, a backslash twice.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from support.siem_rows import FINDINGS, changed, findings, negotiations
from support.zeek_log import Log

from analyzer.report import siem
from analyzer.report.siem import zeek, zeek_ascii

MOMENT = re.compile(r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d")


def log(table: str, columns: dict[str, list[Any]], rows: range) -> Log:
    """The text log of rows."""
    return Log(list(siem.lines("zeek", table, columns, rows)))


@pytest.mark.parametrize("table", ["negotiations", "findings", "made-up findings"])
def test_text_and_json_say_the_same(table: str) -> None:
    """Names and values, read by the types in the log's own header."""
    columns, rows = {
        "negotiations": negotiations,
        "findings": findings,
        "made-up findings": lambda: (FINDINGS, range(2)),
    }[table]()
    table = table.removeprefix("made-up ")
    text = log(table, columns, rows)
    documents = [json.loads(line) for line in siem.lines("zeek-json", table, columns, rows)]
    assert len(text.rows) == len(documents) == len(rows)
    path = {"negotiations": "gssapi", "findings": "notice"}[table]
    assert text.head["path"] == path
    for row, document in zip(text.rows, documents, strict=True):
        assert document.pop("_path") == path
        assert {name: value for name, value in row.items() if value is not None} == document


def test_cells_are_those_of_the_tables() -> None:
    """Whatever text they hold."""
    columns, rows = negotiations()
    text = log("negotiations", columns, rows)
    for name in ("user", "domain", "offered_mechs", "status", "reason_detail", "tls", "capture"):
        assert [row[name] for row in text.rows] == columns[name]
    assert [row["id.resp_p"] for row in text.rows] == columns["server_port"]


def test_a_connection_has_one_uid() -> None:
    """In Zeek's form; the same in another reading, another one for another connection or capture."""
    columns, rows = negotiations()
    first, second = (log("negotiations", columns, rows) for _ in range(2))
    uids = [row["uid"] for row in first.rows]
    assert uids == [row["uid"] for row in second.rows]
    assert all(re.fullmatch(r"C[0-9A-Za-z]{1,17}", uid) for uid in uids)
    connections = list(zip(columns["capture"], columns["stream_id"], strict=True))
    assert len(set(uids)) == len(set(connections)) < len(rows)
    assert len(set(zip(uids, connections, strict=True))) == len(set(uids))
    (row,) = log("negotiations", changed(capture="other.pcap"), range(1)).rows
    assert row["uid"] not in uids


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("ada\tb", "ada\\x09b"),
        ("NEGO\\ada", "NEGO\\\\ada"),
        ("\\x09", "\\\\x09"),
        ("-", "\\x2d"),
        ("--", "--"),
        ("(empty)", "\\x28empty)"),
        ("", "(empty)"),
        ("a,b", "a,b"),
        ("caf\u00e9", "caf\u00e9"),
        ("a\u202eb\n\x1b", "a\\xe2\\x80\\xaeb\\x0a\\x1b"),
        ("\ud800", "\\xed\\xa0\\x80"),
        ("# no header", "# no header"),
        (None, "-"),
    ],
)
def test_text_is_escaped(text: str | None, cell: str) -> None:
    """Nothing breaks a line, and what was meant can be read back."""
    assert zeek_ascii.cell("string", text) == cell
    (row,) = log("negotiations", changed(user=text), range(1)).rows
    assert row["user"] == text


@pytest.mark.parametrize("items", [None, [], ["a,b", "-", "(empty)", "", "\\", "\t"], ["x"]])
def test_lists_are_escaped(items: list[str] | None) -> None:
    """The separator inside an item is no separator."""
    (row,) = log("negotiations", changed(offered_mechs=items), range(1)).rows
    assert row["offered_mechs"] == items


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (1_700_000_000_123_456_789, "1700000000.123456"),
        (0, "0.000000"),
        (999, "0.000000"),
        (-1_500_000_000, "-1.500000"),
        (-1_000, "-0.000001"),
    ],
)
def test_times(value: int, cell: str) -> None:
    """Seconds with microseconds, cut off; an interval may be negative."""
    assert zeek_ascii.cell("interval", value) == cell


def test_head_and_end_tell_the_rows_times() -> None:
    """Not those of the writing, so that one capture makes one log; 1970 where there is none."""
    log_head = log("findings", FINDINGS, range(2)).head
    assert log_head["open"] == "2023-11-14-22-13-20"
    assert log_head["close"] == "2023-11-14-22-13-21"
    for rows, columns in ((range(0), FINDINGS), (range(1), {**FINDINGS, "last_seen": [None]})):
        text = log("findings", columns, rows)
        assert len(text.rows) == len(rows)
        assert MOMENT.fullmatch(text.head["open"])
        assert text.head["close"] == "1970-01-01-00-00-00"
    far = {**FINDINGS, "last_seen": [1 << 62]}
    assert MOMENT.fullmatch(log("findings", far, range(1)).head["close"])


def test_who_a_notice_is_about() -> None:
    """Addresses where Zeek's notices have them; a name is no address."""
    columns, rows = findings()
    kinds = set()
    for row in log("findings", columns, rows).rows:
        kind, subject = row["subject_kind"], row["subject"]
        if kind == "client":
            assert row["src"] == subject
        elif kind == "server":
            assert row["dst"] in {subject, None}
            assert (row["dst"] is None) == ("/" in subject)
        elif kind == "user":
            assert row["user"] in subject
        kinds.add(kind)
    assert {"client", "server", "user"} <= kinds


def test_names_of_columns_are_not_repeated() -> None:
    """In either log."""
    for _, fields in zeek.LOGS.values():
        names = [field.name for field in fields]
        assert len(names) == len(set(names))
