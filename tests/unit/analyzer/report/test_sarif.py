"""SARIF is valid by its schema, complete, stable, and holds no secret and nothing invisible.

The schema is SchemaStore's for SARIF 2.1.0 (`sarif-2.1.0-rtm.5.json`, as Microsoft's MIT-licensed package
`jest-sarif` carries it).
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft4Validator

from analyzer.analysis import read
from analyzer.audit.model import Finding
from analyzer.audit.registry import all_rules
from analyzer.report.findings import Audited
from analyzer.report.sarif import LEVELS, as_sarif, fingerprint
from dissectors.visible import UNSAFE

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = json.loads((ROOT / "tests" / "support" / "sarif_schema_2_1_0.json").read_text("utf-8"))
CASES = ("smb/relayed_http", "smb/mixed", "kdc/kerberoasting", "http/lm_only", "http/open_page")


def made(*cases: str, suppress: Path | None = None) -> dict[str, Any]:
    """SARIF of captures, parsed."""
    analysis = read([ROOT / "captures" / case / "capture.pcapng" for case in cases])
    paths = {source.name: source.path for source in analysis.inputs}
    text = as_sarif(analysis.audit(suppress=suppress), paths)
    assert UNSAFE.search(text) is None
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("case", CASES)
def test_it_is_valid(case: str) -> None:
    """By the schema, also without any finding."""
    Draft4Validator.check_schema(SCHEMA)
    document = made(case)
    errors = [f"{e.json_path}: {e.message}" for e in Draft4Validator(SCHEMA).iter_errors(document)]
    assert errors == []
    assert document["version"] == "2.1.0"


def test_the_schema_is_strict() -> None:
    """A wrong level and an unknown key are errors, so that the test above can fail."""
    document = made("http/lm_only")
    document["runs"][0]["results"][0]["level"] = "critical"
    document["runs"][0]["surprise"] = 1
    assert len(list(Draft4Validator(SCHEMA).iter_errors(document))) == 2


def test_results_point_to_rules_and_captures() -> None:
    """Index and id agree; every location names an artifact, negotiations and frames."""
    run = made("smb/relayed_http", "http/lm_only")["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == list(all_rules())
    assert run["results"]
    seen = set()
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert result["level"] == LEVELS[rule["properties"]["severity"]]
        assert rule["help"]["text"]
        assert result["suppressions"] == []
        for location in result["locations"]:
            index = location["physicalLocation"]["artifactLocation"]["index"]
            seen.add(run["artifacts"][index]["location"]["uri"].split("/")[-2])
            assert location["properties"]["frames"]
            assert location["logicalLocations"]
    assert seen == {"relayed_http", "lm_only"}


REFERENCE = re.compile(
    r"(?:file:///)?(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-F]{2})+"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-F]{2})+)*"
)
"""RFC 3986: a path without colon in any segment, relative or of a file; what else there is, is quoted."""


@pytest.mark.parametrize(
    "name",
    [
        b"a b.pcap",
        b"c:d.pcap",
        b"100%25?x#y.pcap",
        b"[1]<script>\"'`{|}^.pcap",
        "\u202egnp.pcap".encode(),
        b"\xff\xfe.pcap",
        b"new\nline.pcap",
        b"...pcap",
    ],
)
@pytest.mark.parametrize("below", [True, False])
def test_names_of_artifacts_are_uri_references(
    name: bytes, below: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a file is called: nothing is left raw, and the name can be read back."""
    monkeypatch.chdir(tmp_path if below else ROOT)
    path = str(tmp_path / "in here" / os.fsdecode(name))
    document = json.loads(as_sarif(Audited([], []), {"capture": path}))
    location = document["runs"][0]["artifacts"][0]["location"]
    assert list(Draft4Validator(SCHEMA).iter_errors(document)) == []
    assert REFERENCE.fullmatch(location["uri"])
    assert ("uriBaseId" in location) == below
    read_back = unquote_to_bytes(location["uri"].removeprefix("file://"))
    assert read_back == (b"in here/" + name if below else os.fsencode(path))


def test_rules_describe_themselves() -> None:
    """Title, meaning, remedy, level and a page to read; weaknesses by their numbers."""
    run = made("http/lm_only")["runs"][0]
    paged = 0
    for told, rule in zip(run["tool"]["driver"]["rules"], all_rules().values(), strict=True):
        assert told["shortDescription"]["text"] == rule.title
        assert rule.means in told["fullDescription"]["text"]
        assert rule.remedy in told["help"]["text"]
        assert told["defaultConfiguration"]["level"] == LEVELS[rule.severity]
        assert re.fullmatch(r"[A-Za-z0-9]+", told["name"])
        paged += told.get("helpUri", "").startswith("https://")
        assert told["help"]["markdown"].count("](https://") <= len(rule.references)
        numbered = [each for each in rule.references if each.startswith("CWE-")]
        assert len([t for t in told["properties"]["tags"] if "cwe" in t]) == len(numbered)
    assert paged > 50


def test_paths_below_the_working_directory_are_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a base that is named; others are absolute. Odd names are quoted."""
    copy = tmp_path / "a b#\u00e9.pcapng"
    copy.write_bytes((ROOT / "captures" / "http" / "lm_only" / "capture.pcapng").read_bytes())
    analysis = read(copy)
    paths = {source.name: source.path for source in analysis.inputs}
    monkeypatch.chdir(tmp_path)
    run = json.loads(as_sarif(analysis.audit(), paths))["runs"][0]
    assert run["artifacts"][0]["location"] == {
        "uri": "a%20b%23%C3%A9.pcapng",
        "uriBaseId": "WORKDIR",
    }
    assert "WORKDIR" in run["originalUriBaseIds"]
    monkeypatch.chdir("/")
    monkeypatch.chdir(ROOT / "tests")
    run = json.loads(as_sarif(analysis.audit(), paths))["runs"][0]
    assert run["artifacts"][0]["location"]["uri"].startswith("file:///")
    assert "originalUriBaseIds" not in run


def test_fingerprints_are_stable() -> None:
    """The same weakness of the same host has one fingerprint in every capture; others have another."""
    one = read(ROOT / "captures" / "smb" / "guest" / "capture.pcapng").audit("NGS-SMB-002").findings
    two = (
        read(ROOT / "captures" / "smb" / "share_denied" / "capture.pcapng")
        .audit("NGS-SMB-002")
        .findings
    )
    assert fingerprint(one[0]) == fingerprint(two[0])
    run = made("smb/relayed_http", "kdc/kerberoasting")["runs"][0]
    prints = [each["partialFingerprints"]["negoscope/v1"] for each in run["results"]]
    assert len(prints) == len(set(prints))


def test_suppressed_ones_are_marked(tmp_path: Path) -> None:
    """They stay results, with the reason as justification."""
    known = tmp_path / "known.toml"
    known.write_text('[[suppress]]\nrule = "relay"\nreason = "a test\u202e of ours"\n', "utf-8")
    document = made("smb/relayed_http", suppress=known)
    assert list(Draft4Validator(SCHEMA).iter_errors(document)) == []
    marked = [each for each in document["runs"][0]["results"] if each["suppressions"]]
    assert {each["ruleId"] for each in marked} == {"NGS-RELAY-001", "NGS-RELAY-002"}
    assert marked[0]["suppressions"][0]["justification"] == "a test\\u202e of ours"


@pytest.mark.parametrize(
    ("wire", "shown"),
    [
        ("[click](http://evil)", "\\[click\\](http://evil)"),
        ("\\[a\\](b)", "\\\\\\[a\\\\\\](b)"),
        ("NEGO\\ada", "NEGO\\ada"),
    ],
)
def test_wire_text_makes_no_link(wire: str, shown: str) -> None:
    """Brackets are escaped, also those that come with a backslash; other backslashes stay."""
    rule = all_rules()["NGS-NTLM-001"]
    finding = Finding(rule, "user", wire, f"{wire} was seen", "certain", 1)
    run = json.loads(as_sarif(Audited([finding], [rule]), {}))["runs"][0]
    assert run["results"][0]["message"]["text"].startswith(f"{rule.title}: {shown} was seen. ")
