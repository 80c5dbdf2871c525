"""What goes to other systems obeys their schemas; the parts used here are written down below.

Spec: OCSF 1.3 classes 3002 and 2004, ECS 8.11 field types, Zeek's ASCII format.
"""

from __future__ import annotations

import json
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from analyzer.analysis import read
from analyzer.report import siem
from analyzer.report.siem import zeek

ROOT = Path(__file__).resolve().parents[4]
WEAK = ("smb/mixed", "smb/relayed_http", "kdc/kerberoasting", "http/basic", "http/lm_only")
CASES = ("smb/mixed", "http/ntlm", "http/basic", "http/negotiate_kerberos", "ldap/anonymous")

TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer"}
TEXTS = {"type": "array", "items": TEXT, "minItems": 1}
IP = {"type": "string", "pattern": r"^[0-9a-f:.]+$"}
PORT = {"type": "integer", "minimum": 0, "maximum": 65535}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$"}


def thing(required: str = "", /, **members: Any) -> dict[str, Any]:
    """A JSON object with exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": required.split(),
        "additionalProperties": False,
    }


ENDPOINT = thing("ip", ip=IP, port=PORT, hostname=TEXT)
OCSF = {
    "metadata": thing(
        "version product",
        version={"const": "1.3.0"},
        product=thing("vendor_name", name=TEXT, vendor_name=TEXT),
        uid=TEXT,
    ),
    "time": NUMBER,
    "start_time": NUMBER,
    "end_time": NUMBER,
    "severity_id": {"enum": [0, 1, 2, 3, 4, 5, 6, 99]},
    "message": TEXT,
    "unmapped": {"type": "object"},
    "category_name": TEXT,
    "class_name": TEXT,
    "activity_name": TEXT,
}
AUTHENTICATION = thing(
    "activity_id category_uid class_uid metadata severity_id time type_uid user",
    **OCSF,
    category_uid={"const": 3},
    class_uid={"const": 3002},
    activity_id={"const": 1},
    type_uid={"const": 300201},
    status_id={"enum": [0, 1, 2, 99]},
    status=TEXT,
    status_code=TEXT,
    status_detail=TEXT,
    auth_protocol_id={"enum": [*range(12), 99]},
    auth_protocol=TEXT,
    is_cleartext={"type": "boolean"},
    is_remote={"type": "boolean"},
    logon_type_id={"const": 3},
    logon_type={"const": "Network"},
    user=thing("name", name=TEXT, domain=TEXT),
    src_endpoint=ENDPOINT,
    dst_endpoint=ENDPOINT,
    service=thing("name", name=TEXT),
)
DETECTION = thing(
    "activity_id category_uid class_uid finding_info metadata severity_id time type_uid",
    **OCSF,
    category_uid={"const": 2},
    class_uid={"const": 2004},
    activity_id={"enum": [1, 2, 3]},
    type_uid={"const": 200401},
    severity=TEXT,
    status_id={"enum": [0, 1, 2, 3, 4, 5, 99]},
    status=TEXT,
    confidence_id={"enum": [0, 1, 2, 3, 99]},
    confidence=TEXT,
    count=NUMBER,
    finding_info=thing(
        "uid title",
        uid={"type": "string", "pattern": "^[0-9a-f]{64}$"},
        title=TEXT,
        desc=TEXT,
        first_seen_time=NUMBER,
        last_seen_time=NUMBER,
        analytic=thing("type_id", uid=TEXT, name=TEXT, type_id={"const": 1}, type=TEXT),
    ),
    remediation=thing("desc", desc=TEXT, references=TEXTS),
    resources={"type": "array", "items": thing("", name=TEXT, type=TEXT)},
)
ECS_COMMON = {
    "@timestamp": MOMENT,
    "ecs": thing("version", version={"const": "8.11.0"}),
    "negoscope": {"type": "object"},
}
ECS_CATEGORIES = {"const": ["authentication", "network"]}
ECS_EVENT = thing(
    "kind category type outcome dataset",
    kind={"const": "event"},
    category=ECS_CATEGORIES,
    type={"const": ["start"]},
    outcome={"enum": ["success", "failure", "unknown"]},
    reason=TEXT,
    start=MOMENT,
    end=MOMENT,
    duration=NUMBER,
    dataset=TEXT,
)
ECS_NEGOTIATION = thing(
    "@timestamp ecs event",
    **ECS_COMMON,
    event=ECS_EVENT,
    source=thing("ip", ip=IP, port=PORT),
    destination=thing("ip", ip=IP, port=PORT, domain=TEXT),
    user=thing("", name=TEXT, domain=TEXT),
    network=thing("", community_id=TEXT, protocol=TEXT, transport=TEXT),
)
ECS_FINDING = thing(
    "ecs event rule message",
    **ECS_COMMON,
    event=thing(
        "kind category type severity dataset",
        kind={"const": "alert"},
        category=ECS_CATEGORIES,
        type={"enum": [["info"], ["indicator"]]},
        severity={"type": "integer", "minimum": 1, "maximum": 99},
        reason=TEXT,
        start=MOMENT,
        end=MOMENT,
        dataset=TEXT,
    ),
    message=TEXT,
    rule=thing("id name", id=TEXT, name=TEXT, description=TEXT, reference=TEXT),
    source=thing("address", ip=IP, address=TEXT),
    destination=thing("address", ip=IP, address=TEXT),
    user=thing("name", name=TEXT),
)
FINDINGS = {
    "rule_id": ["NGS-NTLM-001", "NGS-GUESS-001"],
    "severity": ["high", "medium"],
    "title": ["NTLMv1 response", "Many passwords tried"],
    "subject_kind": ["client", "user"],
    "subject": ["10.99.0.20", "ada"],
    "count": [2, 1],
    "negotiation_ids": [[1, 4], []],
    "evidence": [[7, 19], [3]],
    "why": ["10.99.0.20 answered with NTLMv1", "twelve\tpasswords, one user"],
    "remedy": ["refuse it", "lock the account"],
    "references": [["MS-NLMP 3.3.1", "ATT&CK T1110.002"], []],
    "captures": [["a.pcap"], ["a.pcap"]],
    "first_seen": [1_700_000_000_123_456_789, None],
    "last_seen": [1_700_000_001_000_000_000, None],
    "confidence": ["certain", "possible"],
}


def negotiations() -> tuple[dict[str, list[Any]], range]:
    """The table over some cases, and the numbers of its rows."""
    paths = [str(ROOT / "captures" / case / "capture.pcapng") for case in CASES]
    columns = read(paths).tables.columns["negotiations"]
    return columns, range(len(columns["capture"]))


@cache
def findings() -> tuple[dict[str, list[Any]], range]:
    """What the audit finds in some cases, and the numbers of its rows."""
    paths = [str(ROOT / "captures" / case / "capture.pcapng") for case in WEAK]
    columns = read(paths).audit().columns
    return columns, range(len(columns["rule_id"]))


@pytest.mark.parametrize(("form", "schema"), [("ocsf", AUTHENTICATION), ("ecs", ECS_NEGOTIATION)])
def test_negotiations_obey_the_schema(form: str, schema: dict[str, Any]) -> None:
    """One JSON document per row, with no member that the schema does not know."""
    columns, rows = negotiations()
    written = list(siem.lines(form, "negotiations", columns, rows))
    assert len(written) == len(rows) >= 9
    for line in written:
        Draft202012Validator(schema).validate(json.loads(line))


@pytest.mark.parametrize(("form", "schema"), [("ocsf", DETECTION), ("ecs", ECS_FINDING)])
def test_findings_obey_the_schema(form: str, schema: dict[str, Any]) -> None:
    """Also those without a time."""
    for line in siem.lines(form, "findings", FINDINGS, range(2)):
        document = json.loads(line)
        if form == "ecs":
            document.pop("@timestamp", None)
        Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize(("form", "schema"), [("ocsf", DETECTION), ("ecs", ECS_FINDING)])
def test_real_findings_obey_the_schema(form: str, schema: dict[str, Any]) -> None:
    """One document per row, with what the audit's own columns hold: services by name, several captures."""
    columns, rows = findings()
    assert {"client", "server", "user"} <= set(columns["subject_kind"])
    assert max(map(len, columns["captures"])) > 1
    assert list(columns) == list(FINDINGS)
    own = {"ocsf": "unmapped", "ecs": "negoscope"}[form]
    written = list(siem.lines(form, "findings", columns, rows))
    assert len(written) == len(rows) >= 10
    for row, line in enumerate(written):
        document = json.loads(line)
        Draft202012Validator(schema).validate(document)
        for name in ("captures", "evidence", "negotiation_ids"):
            assert document[own].get(name, []) == columns[name][row]


def test_an_ip_is_an_address() -> None:
    """Elastic refuses a document with another text there: a service's name is an `address` only."""
    columns, rows = findings()
    named = 0
    for line in siem.lines("ecs", "findings", columns, rows):
        document = json.loads(line)
        for end in ("source", "destination"):
            host = document.get(end)
            if host is not None and "ip" in host:
                assert str(ip_address(host["ip"])) == host["address"]
            elif host is not None:
                assert "/" in host["address"]
                named += 1
    assert named


def test_negotiations_of_one_number_are_two_findings() -> None:
    """Numbers start anew with each reading, so that the captures belong to the identity."""
    two = {**FINDINGS, "rule_id": ["X", "X"], "subject_kind": ["negotiation"] * 2}
    two |= {"subject": ["7", "7"], "captures": [["a.pcap"], ["b.pcap"]]}
    uids = {
        json.loads(line)["finding_info"]["uid"]
        for line in siem.lines("ocsf", "findings", two, range(2))
    }
    assert len(uids) == 2


def test_a_finding_keeps_its_identity() -> None:
    """The same rule on the same subject is the same finding, whatever else was counted."""
    again = {**FINDINGS, "count": [99, 99], "why": ["x", "y"]}
    uids = [
        [
            json.loads(line)["finding_info"]["uid"]
            for line in siem.lines("ocsf", "findings", t, range(2))
        ]
        for t in (FINDINGS, again)
    ]
    assert uids[0] == uids[1]
    assert len(set(uids[0])) == 2


def test_a_password_in_clear_is_told() -> None:
    """Basic and simple binds outside TLS, and nothing else."""
    columns, rows = negotiations()
    for row, line in zip(rows, siem.lines("ocsf", "negotiations", columns, rows), strict=True):
        clear = columns["mechanism"][row] in {"basic", "simple"}
        assert json.loads(line)["is_cleartext"] == clear


READERS = {
    "time": float,
    "port": int,
    "count": int,
    "addr": str,
    "string": lambda text: "" if text == "(empty)" else text,
    "enum": str,
    "vector[string]": lambda text: [] if text == "(empty)" else text.split(","),
}


@pytest.mark.parametrize("table", ["negotiations", "findings", "made-up findings"])
def test_zeek_text_and_json_say_the_same(table: str) -> None:
    """Read by the types in the log's own header."""
    columns, rows = {
        "negotiations": negotiations,
        "findings": findings,
        "made-up findings": lambda: (FINDINGS, range(2)),
    }[table]()
    table = table.removeprefix("made-up ")
    text = list(siem.lines("zeek", table, columns, rows))
    head = dict(line[1:].split("\t", 1) for line in text if line.startswith("#") and "\t" in line)
    assert text[0] == "#separator \\x09"
    assert head["path"] == zeek.LOGS[table][0]
    fields, types = head["fields"].split("\t"), head["types"].split("\t")
    documents = [json.loads(line) for line in siem.lines("zeek-json", table, columns, rows)]
    lines = [line for line in text if not line.startswith("#")]
    assert len(lines) == len(documents) == len(rows)
    for line, document in zip(lines, documents, strict=True):
        cells = zip(fields, types, line.split("\t"), strict=True)
        told = {f: READERS[kind](cell) for f, kind, cell in cells if cell != "-"}
        assert told.keys() == document.keys() - {"_path"}
        for field, value in told.items():
            if isinstance(value, float):
                assert value == pytest.approx(document[field], abs=2e-6)
            elif isinstance(value, str) and "\\" in value:
                continue  # escaped here, another way in JSON
            elif value != [] or document[field]:
                assert value == document[field], field


def test_nothing_splits_a_zeek_line() -> None:
    """A tab from the wire is escaped."""
    line = list(siem.lines("zeek", "findings", FINDINGS, range(2)))[-1]
    assert "twelve\\x09passwords" in line.replace("\\t", "\\x09")
    assert len(line.split("\t")) == len(zeek.FINDINGS)
