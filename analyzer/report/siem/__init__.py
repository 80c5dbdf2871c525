"""Negotiations and findings in the words of other systems: Elastic, OCSF and Zeek.

Each format is a module with a function per table; `lines` picks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analyzer.report.siem import ecs, ocsf, zeek
from analyzer.report.siem.record import records

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns

FORMATS = ("ecs", "ocsf", "zeek", "zeek-json")
TABLES = ("negotiations", "findings")
"""Tables that have these formats."""

_BY_ROW = {
    ("ecs", "negotiations"): ecs.negotiation,
    ("ecs", "findings"): ecs.finding,
    ("ocsf", "negotiations"): ocsf.negotiation,
    ("ocsf", "findings"): ocsf.finding,
}


def lines(form: str, table: str, values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """Lines of `rows` of a table in one of `FORMATS`."""
    if form == "zeek":
        return zeek.text_lines(table, values, rows)
    if form == "zeek-json":
        return zeek.json_lines(table, values, rows)
    return map(_BY_ROW[form, table], records(values, rows))
