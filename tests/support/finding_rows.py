"""Tables of a few rows made by hand, and what rules find in them: for near misses that no capture shows."""

from __future__ import annotations

from typing import Any

from analyzer.audit.model import Finding
from analyzer.audit.registry import all_rules
from analyzer.audit.run import audit
from analyzer.tables.collect import Tables

SECOND = 1_000_000_000
CAPTURE = "made.pcapng"

Row = dict[str, Any]


def columns_of(**rows: list[Row]) -> dict[str, dict[str, list[Any]]]:
    """Columns of all tables; what a row does not name is null there."""
    columns = Tables().columns
    for table, made in rows.items():
        unknown = {name for row in made for name in row} - set(columns[table])
        assert not unknown, f"no such column of {table}: {unknown}"
        for row in made:
            for name, cells in columns[table].items():
                cells.append(row.get(name))
    return columns


def found(rule_id: str, **rows: list[Row]) -> list[Finding]:
    """What one rule finds in these rows."""
    return audit(columns_of(**rows), [all_rules()[rule_id]])


def logon(number: int = 1, **cells: Any) -> Row:
    """A row of `negotiations`: a logon by NTLMv2 over HTTP that was granted, in three frames."""
    first = 10 * number
    return {
        "capture": CAPTURE,
        "negotiation_id": number,
        "stream_id": number,
        "started": number * SECOND,
        "frames": [first, first + 1, first + 2],
        "client": "10.0.0.20",
        "client_port": 40_000 + number,
        "server": "10.0.0.2",
        "server_port": 80,
        "carrier": "http",
        "wrapper": "spnego",
        "mechanism": "ntlm",
        "mechanism_detail": "ntlmv2",
        "outcome": "success",
        "user": "ada",
        "domain": "LAB",
        "tls": False,
    } | cells
