"""Every export of every capture obeys its schema: ECS, OCSF and Zeek of negotiations and findings, SARIF.

A few of our own captures unless in a sweep (`NEGOSCOPE_SWEEP=1`), which takes all there are, others' too.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from support import ecs_schema
from support.facts import SWEEP, capture_name, captures
from support.ocsf_schema import class_schema
from support.zeek_log import Log

from analyzer.analysis import Analysis, read
from analyzer.capture.tshark_source import may_hold_keys
from analyzer.report import siem
from analyzer.report.sarif import as_sarif
from dissectors.visible import UNSAFE

SARIF = Path(__file__).parents[1] / "support" / "sarif_schema_2_1_0.json"
VALID_SARIF = Draft4Validator(json.loads(SARIF.read_text("utf-8")))
VALID_OCSF = {
    "negotiations": Draft202012Validator(class_schema("authentication")),
    "findings": Draft202012Validator(class_schema("detection_finding")),
}
ZEEK_PATHS = {"negotiations": "gssapi", "findings": "notice"}
CHOSEN = captures()[:: 1 if SWEEP else 10]


@cache
def analysis(path: Path) -> Analysis:
    """A capture; by Wireshark where it holds the keys of its connections."""
    by_keys = shutil.which("tshark") is not None and may_hold_keys(str(path))
    return read(path, engine="tshark" if by_keys else "native")


def exported(form: str, table: str, path: Path) -> list[str]:
    """The lines of a table, without what does not show itself."""
    columns = analysis(path).columns(table)
    lines = list(siem.lines(form, table, columns, range(rows(table, path))))
    assert not any(UNSAFE.search(line.replace("\t", " ")) for line in lines)
    return lines


def rows(table: str, path: Path) -> int:
    """How many a table has."""
    return len(next(iter(analysis(path).columns(table).values())))


def documents(form: str, table: str, path: Path) -> list[dict[str, Any]]:
    """The lines of a table as JSON, one for each row."""
    made = [json.loads(line) for line in exported(form, table, path)]
    assert len(made) == rows(table, path)
    return made


@pytest.mark.parametrize("path", CHOSEN, ids=capture_name)
def test_every_export_obeys_its_schema(path: Path) -> None:
    """Whatever a capture holds; Zeek's text and its JSON say the same."""
    for table, valid in VALID_OCSF.items():
        for document in documents("ecs", table, path):
            ecs_schema.check(document)
        for document in documents("ocsf", table, path):
            valid.validate(document)
        text = Log(exported("zeek", table, path))
        assert text.head["path"] == ZEEK_PATHS[table]
        assert [
            {name: value for name, value in row.items() if value is not None} for row in text.rows
        ] == [
            {name: value for name, value in document.items() if name != "_path"}
            for document in documents("zeek-json", table, path)
        ]
    sarif = as_sarif(analysis(path).audit(), {i.name: i.path for i in analysis(path).inputs})
    assert UNSAFE.search(sarif) is None
    document = json.loads(sarif)
    VALID_SARIF.validate(document)
    assert len(document["runs"][0]["results"]) == rows("findings", path)


def test_there_is_something_to_export() -> None:
    """The captures chosen hold many outcomes and findings of many rules; else the test above tells nothing."""
    outcomes = Counter(
        outcome for path in CHOSEN for outcome in analysis(path).columns("negotiations")["outcome"]
    )
    found = {rule for path in CHOSEN for rule in analysis(path).columns("findings")["rule_id"]}
    assert min(outcomes[name] for name in ("success", "failure", "incomplete")) > 0
    assert len(found) >= 15
