"""No column is lost on the way to another system."""

from __future__ import annotations

import json

import pytest

from analyzer.report.siem import ecs, ocsf
from analyzer.report.siem.mapping import constant, copied, writer
from analyzer.tables.schema import FINDINGS, NEGOTIATIONS


@pytest.mark.parametrize(
    ("fields", "table"),
    [
        (ecs.NEGOTIATION, NEGOTIATIONS),
        (ecs.FINDING, FINDINGS),
        (ocsf.NEGOTIATION, NEGOTIATIONS),
        (ocsf.FINDING, FINDINGS),
    ],
    ids=["ecs-negotiation", "ecs-finding", "ocsf-negotiation", "ocsf-finding"],
)
def test_every_column_is_held(fields: tuple, table: object) -> None:
    """By a field of the schema, or under a name of our own; no place is written twice."""
    held = {field.column for field in fields}
    assert set(table.names) <= held
    paths = [field.path for field in fields]
    assert len(paths) == len(set(paths))
    branches = {path.rsplit(".", 1)[0] for path in paths if "." in path}
    assert not branches & set(paths)


def test_what_says_nothing_is_left_out() -> None:
    """Null, empty text and list; not zero, not false."""
    fields = [copied(f"a.b.{name}", name) for name in "vwxyz"]
    row = {"v": None, "w": "", "x": [], "y": 0, "z": False}
    made = writer([*fields, constant("c", 1)])(row)
    assert json.loads(made) == {"a": {"b": {"y": 0, "z": False}}, "c": 1}
    assert writer(fields[:3])(row) == "{}"
