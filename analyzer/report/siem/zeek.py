"""Zeek logs: `gssapi` for negotiations, `notice` for findings; as tabbed text or as JSON lines.

Spec: Zeek's ASCII writer and its JSON variant (`LogAscii::use_json`), notice.log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.report.json_text import json_text
from analyzer.tables.collect import Columns
from dissectors.visible import visible

Fields = tuple[tuple[str, str, str], ...]
"""(Zeek field, Zeek type, our column)."""

NEGOTIATIONS: Fields = (
    ("ts", "time", "started"),
    ("community_id", "string", "community_id"),
    ("id.orig_h", "addr", "client"),
    ("id.orig_p", "port", "client_port"),
    ("id.resp_h", "addr", "server"),
    ("id.resp_p", "port", "server_port"),
    ("carrier", "string", "carrier"),
    ("scheme", "string", "scheme"),
    ("wrapper", "string", "wrapper"),
    ("hinted_mechs", "vector[string]", "hinted_mechs"),
    ("offered_mechs", "vector[string]", "offered_mechs"),
    ("optimistic_mech", "string", "optimistic_mech"),
    ("selected_mech", "string", "selected_mech"),
    ("mechanism", "string", "mechanism"),
    ("mechanism_detail", "string", "mechanism_detail"),
    ("outcome", "string", "outcome"),
    ("status", "string", "status"),
    ("reason", "string", "reason"),
    ("confidence", "string", "confidence"),
    ("user", "string", "user"),
    ("domain", "string", "domain"),
    ("workstation", "string", "workstation"),
    ("realm", "string", "realm"),
    ("spn", "string", "spn"),
    ("server_name", "string", "server_name"),
    ("protection", "string", "protection"),
    ("completeness", "string", "completeness"),
)

FINDINGS: Fields = (
    ("ts", "time", "last_seen"),
    ("note", "enum", "rule_id"),
    ("msg", "string", "why"),
    ("sub", "string", "title"),
    ("subject_kind", "string", "subject_kind"),
    ("subject", "string", "subject"),
    ("severity", "string", "severity"),
    ("confidence", "string", "confidence"),
    ("n", "count", "count"),
    ("first_seen", "time", "first_seen"),
    ("remedy", "string", "remedy"),
    ("references", "vector[string]", "references"),
)

LOGS = {"negotiations": ("gssapi", NEGOTIATIONS), "findings": ("notice", FINDINGS)}
"""Our table -> Zeek's path and fields."""


def text_lines(table: str, values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """A Zeek ASCII log: header lines, one line per row, tabs between fields."""
    path, fields = LOGS[table]
    yield "#separator \\x09"
    yield "#set_separator\t,"
    yield "#empty_field\t(empty)"
    yield "#unset_field\t-"
    yield f"#path\t{path}"
    yield "#fields\t" + "\t".join(field for field, _, _ in fields)
    yield "#types\t" + "\t".join(kind for _, kind, _ in fields)
    for row in rows:
        yield "\t".join(_text_cell(kind, values[name][row]) for _, kind, name in fields)


def json_lines(table: str, values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """The same as Zeek writes it in JSON: fields that are not set are left out, times are seconds."""
    path, fields = LOGS[table]
    for row in rows:
        made: dict[str, Any] = {"_path": path}
        for field, kind, name in fields:
            value = values[name][row]
            if value is not None:
                made[field] = round(value / 1e9, 6) if kind == "time" else value
        yield json_text(made)


def _text_cell(kind: str, value: Any) -> str:
    if value is None:
        return "-"
    if kind == "time":
        return f"{value // 1_000_000_000}.{value % 1_000_000_000 // 1000:06d}"
    if kind.startswith("vector"):
        return ",".join(_escaped(item).replace(",", "\\x2c") for item in value) or "(empty)"
    return _escaped(str(value)) or "(empty)"


def _escaped(text: str) -> str:
    shown = visible(text)
    return "\\x2d" if shown == "-" else shown
