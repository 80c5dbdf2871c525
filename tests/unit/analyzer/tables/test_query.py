"""Conditions through DuckDB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import UsageError
from analyzer.tables import query
from analyzer.tables.collect import Tables
from analyzer.tables.schema import TABLES, Column, Table

CAPTURES = TABLES["captures"]
CAPTURE = (
    Path(__file__).resolve().parents[4] / "captures" / "smb" / "smb311_ntlm" / "capture.pcapng"
)


def captures(*, empty: bool = False) -> Tables:
    """A table whose only row holds nearly nothing, or not even that."""
    tables = Tables()
    if not empty:
        tables.unreadable("a.pcap", "not a capture")
    return tables


def test_a_condition_finds_rows_also_by_empty_columns() -> None:
    """A column without any value is still text, and can be compared as such."""
    columns = captures().columns["captures"]
    assert query.rows_where(CAPTURES, columns, "format IS NULL AND error LIKE 'not%'") == [0]
    assert query.rows_where(CAPTURES, columns, "format LIKE 'pcap%'") == []


@pytest.mark.parametrize(
    "condition",
    ["1=1) OR (1=1", "1=1) --", "1=1 /*", "1=1; SELECT 1", "1=1 UNION SELECT 1", "1=1, 2=2", ""],
)
def test_a_condition_stands_alone(condition: str) -> None:
    """Nothing may close the query's parentheses or add to the query."""
    with pytest.raises(UsageError, match="--where: "):
        query.rows_where(CAPTURES, captures().columns["captures"], condition)


def test_a_condition_without_end_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in a condition must not hold the terminal for ever."""
    monkeypatch.setattr(query, "SECONDS", 0.2)
    endless = "(SELECT sum(a.range * b.range % 7) FROM range(1000000000) a, range(1000000) b) + packets > 1"
    with pytest.raises(UsageError, match="not done after"):
        query.rows_where(CAPTURES, captures().columns["captures"], endless)


SMALL = Table(
    "small",
    "a row",
    (
        Column("name", "category", ""),
        Column("ts", "time", ""),
        Column("frames", "ints", ""),
        Column("mechs", "strs", ""),
        Column("count", "int", ""),
        Column("share", "float", ""),
        Column("fine", "bool", ""),
        Column("info", "dict", ""),
    ),
)
NOON = 1_764_244_800_000_000_000  # 2025-11-27 12:00:00 UTC
ROWS: dict[str, list[Any]] = {
    "name": ["a", None, "b"],
    "ts": [NOON, None, NOON + 1],
    "frames": [[1, 2], None, []],
    "mechs": [["ntlm", "kerberos"], [], None],
    "count": [1, None, -(1 << 62)],
    "share": [0.5, None, 2.0],
    "fine": [True, None, False],
    "info": [{"x": 1}, None, {}],
}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("name = 'a'", [0]),
        ("name <> 'a'", [2]),
        ("name IS NULL", [1]),
        ("name = NULL", []),
        ("NAME = 'b' OR \"name\" = 'a'", [0, 2]),
        ("ts = '2025-11-27 12:00:00'", [0]),
        ("ts >= '2025-11-27T12:00:00.000000001Z'", [2]),
        ("ts > TIMESTAMP '2025-11-27 11:00:00'", [0, 2]),
        ("ts IS NULL", [1]),
        ("ts + INTERVAL 1 HOUR > '2025-11-27 13:00:00'", [2]),
        ("len(frames) > 1", [0]),
        ("list_contains(mechs, 'ntlm')", [0]),
        ("'ntlm' = ANY(mechs)", [0]),
        ("mechs = []", [1]),
        ("mechs[1] = 'ntlm'", [0]),
        ("frames IS NULL", [1]),
        ("2 IN frames", [0]),
        ("count < 0", [2]),
        ("count IS NULL", [1]),
        ("share > 1", [2]),
        ("share IS NULL", [1]),
        ("fine", [0]),
        ("NOT fine", [2]),
        ("fine IS NULL", [1]),
        ("info->>'x' = '1'", [0]),
        ("info IS NULL", [1]),
        ("true", [0, 1, 2]),
        ("1", [0, 1, 2]),
        ("count = (SELECT max(count) FROM rows_of)", [0]),
        ("count(*) OVER () > 0", None),
        ("name ~ '^[ab]$' -- a remark", [0, 2]),
        ("name LIKE 'a%' AND\n share < 1", [0]),
    ],
)
def test_conditions_mean_what_sql_says(condition: str, found: list[int] | None) -> None:
    """Times to the nanosecond, lists as lists, null as null, names in any case."""
    if found is None:
        with pytest.raises(UsageError, match="--where: "):
            query.rows_where(SMALL, ROWS, condition)
    else:
        assert query.rows_where(SMALL, ROWS, condition) == found


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("nam = 'a'", r'"nam" not found.*'),
        ("name =", "syntax error"),
        ("name = 'a", "unterminated"),
        ('name = "a"', '"a" not found'),
        ("nothing(name)", "nothing does not exist"),
        ("frames > 'x'", "."),
        ("name", "Could not convert string 'a' to BOOL"),
        ("count > ?", "."),
        ("count > $1", "."),
    ],
)
def test_a_wrong_condition_is_told_in_one_line(condition: str, said: str) -> None:
    """In DuckDB's words, without a trace."""
    with pytest.raises(UsageError, match=f"^--where: .*{said}") as caught:
        query.rows_where(SMALL, ROWS, condition)
    assert "\n" not in str(caught.value)


def test_a_wrong_name_is_answered_with_those_like_it() -> None:
    """Also where it is one of columns that were not needed so far."""
    with pytest.raises(UsageError) as caught:
        query.rows_where(SMALL, ROWS, "shares > 1 AND name = 'a'")
    assert "shares" in str(caught.value)


@pytest.mark.parametrize(
    "condition",
    [
        "(SELECT count(*) FROM read_text('{path}')) > 0",
        "(SELECT count(*) FROM read_csv('{path}')) > 0",
        "(SELECT count(*) FROM read_blob('{path}')) > 0",
        "(SELECT count(*) FROM '{path}') > 0",
        "(SELECT count(*) FROM glob('{folder}/*')) > 0",
        "(SELECT count(*) FROM sniff_csv('{path}')) > 0",
        "(SELECT count(*) FROM read_parquet('http://127.0.0.1/x')) > 0",
        "(SELECT count(*) FROM ROWS) > 0",
        "(SELECT count(*) FROM given) > 0",
        "getenv('HOME') <> ''",
        "(COPY rows_of TO '{path}')",
        "(ATTACH '{path}')",
        "(INSTALL httpfs)",
        "(SET enable_external_access = true)",
        "(PRAGMA database_list) IS NULL",
        "true; COPY rows_of TO '{path}'",
        "true) TO '{path}' --",
    ],
)
def test_a_condition_reaches_nothing_outside(condition: str, tmp_path: Path) -> None:
    """No file, no network, no variable of this program, no environment, no setting, no statement."""
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"^--where: "):
        query.rows_where(SMALL, ROWS, condition.format(path=path, folder=tmp_path))
    assert path.read_text() == "a,b\n1,2\n"
    assert [found.name for found in tmp_path.iterdir()] == ["secret.csv"]


def test_a_condition_needs_no_pandas() -> None:
    """It costs a third of a second that nobody waits for."""
    code = (
        "import sys\nfrom analyzer.cli.main import run\n"
        f"assert run(['negotiations', {str(CAPTURE)!r}, '--where', 'legs > 1', '--format', 'jsonl']) == 0\n"
        "heavy = {'pandas', 'pyarrow', 'scapy'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
