"""What is written as OCSF obeys the published schema of its two classes, and says what the rows say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.ocsf_schema import class_schema
from support.siem_rows import FINDINGS, changed, findings, negotiations

from analyzer.report import siem

AUTHENTICATION = class_schema("authentication")
DETECTION = class_schema("detection_finding")


def written(table: str, columns: dict[str, list[Any]], rows: range) -> list[dict[str, Any]]:
    """The documents of rows."""
    return [json.loads(line) for line in siem.lines("ocsf", table, columns, rows)]


def event(**cells: Any) -> dict[str, Any]:
    """The event of one negotiation with these cells; it is valid."""
    (made,) = written("negotiations", changed(**cells), range(1))
    Draft202012Validator(AUTHENTICATION).validate(made)
    return made


def test_negotiations_obey_the_schema() -> None:
    """One event per row."""
    columns, rows = negotiations()
    events = written("negotiations", columns, rows)
    assert len(events) == len(rows) >= 20
    for made in events:
        Draft202012Validator(AUTHENTICATION).validate(made)


@pytest.mark.parametrize("real", [True, False])
def test_findings_obey_the_schema(real: bool) -> None:
    """Of captures, and made-up ones without a time."""
    columns, rows = findings() if real else (FINDINGS, range(2))
    for row, made in enumerate(written("findings", columns, rows)):
        Draft202012Validator(DETECTION).validate(made)
        own = made["unmapped"]
        assert own.get("negotiation_ids", []) == columns["negotiation_ids"][row]
        assert own.get("evidence", []) == columns["evidence"][row]
        assert made["finding_info"]["data_sources"] == columns["captures"][row]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("auth_protocol_id", 77),
        ("auth_protocol", "Kerberoast"),
        ("type_uid", 300202),
        ("time", "2026-11-27T17:45:48Z"),
        ("surprise", 1),
        ("user", {"domain": "NEGO"}),
        ("dst_endpoint", {"ip": "10.0.0.1", "hostname": "not a name"}),
    ],
)
def test_the_schema_is_strict(path: str, value: Any) -> None:
    """What is wrong is found, so that the tests above can fail."""
    assert not Draft202012Validator(AUTHENTICATION).is_valid({**event(), path: value})


@pytest.mark.parametrize(
    ("mechanism", "number", "caption"),
    [
        ("ntlm", 1, "NTLM"),
        ("kerberos", 2, "Kerberos"),
        ("iakerb", 2, "Kerberos"),
        ("digest", 3, "Digest"),
        ("bearer", 6, "OAUTH 2.0"),
        ("scram", 99, "scram"),
        ("negoex", 99, "negoex"),
        ("1.2.3.4", 99, "1.2.3.4"),
        (None, 0, "Unknown"),
    ],
)
def test_the_protocol(mechanism: str | None, number: int, caption: str) -> None:
    """A protocol without a number is Other with its name; none seen is Unknown."""
    made = event(mechanism=mechanism)
    assert (made["auth_protocol_id"], made["auth_protocol"]) == (number, caption)


def test_a_password_in_clear_is_told() -> None:
    """Basic, PLAIN and simple binds outside TLS; no anonymous one, and none without a password."""
    columns, rows = negotiations()
    for row, made in enumerate(written("negotiations", columns, rows)):
        reason = columns["reason"][row]
        clear = columns["mechanism"][row] in {"basic", "plain", "simple"} and reason not in {
            "anonymous",
            "unauthenticated_bind",
        }
        assert made["is_cleartext"] == clear
        assert made["logon_type_id"] == (8 if clear else 3)
    assert {"anonymous", "unauthenticated_bind"} <= set(columns["reason"])


@pytest.mark.parametrize(
    ("cells", "clear"),
    [
        ({"mechanism": "basic", "tls": True}, False),
        ({"mechanism": "basic", "tls": False}, True),
        ({"mechanism": "simple", "user": None, "reason": "stronger_auth_required"}, False),
        ({"mechanism": "anonymous", "user": None}, False),
        ({"mechanism": "bearer"}, True),
        ({"mechanism": "scram"}, False),
    ],
)
def test_what_is_clear(cells: dict[str, Any], clear: bool) -> None:
    """Not what TLS hides, nor what holds no secret."""
    assert event(**cells)["is_cleartext"] is clear


@pytest.mark.parametrize(
    ("cells", "user"),
    [
        ({"user": "ada", "domain": "NEGO"}, {"name": "ada", "domain": "NEGO"}),
        (
            {"user": None, "domain": None, "realm": "NEGO.TEST"},
            {"name": "unknown", "type_id": 0, "type": "Unknown"},
        ),
        (
            {"user": "", "domain": "", "mechanism": "ntlm", "mechanism_detail": "anonymous"},
            {"name": "anonymous", "type_id": 99, "type": "Anonymous"},
        ),
    ],
)
def test_the_user(cells: dict[str, Any], user: dict[str, Any]) -> None:
    """The realm of a ticket is no domain of its user; who is not named is marked so."""
    assert event(**cells)["user"] == user


def test_names_that_are_no_host_names() -> None:
    """They are not passed off as such."""
    made = event(workstation="my desk", server_name="10.0.0.1")
    assert made["src_endpoint"]["name"] == "my desk"
    assert made["dst_endpoint"]["name"] == "10.0.0.1"
    assert "hostname" not in made["src_endpoint"]
    assert event(server_name="web.nego.test")["dst_endpoint"]["hostname"] == "web.nego.test"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"carrier": "smb2", "status_code": 0xC000006D}, "0xc000006d"),
        ({"carrier": "http", "status_code": 401}, "401"),
        ({"carrier": "http", "status_code": None}, None),
    ],
)
def test_the_status_code(cells: dict[str, Any], code: str | None) -> None:
    """As Windows writes it where it is a Windows code."""
    assert event(**cells).get("status_code") == code


def test_times() -> None:
    """Milliseconds; the one that the schema demands is 0 where nothing is known."""
    made = event(started=1_700_000_000_123_456_789, ended=1_700_000_001_500_000_000)
    assert (made["time"], made["start_time"]) == (1_700_000_000_123, 1_700_000_000_123)
    assert (made["end_time"], made["duration"]) == (1_700_000_001_500, 1_376)
    made = event(started=None, ended=None)
    assert made["time"] == 0
    assert not {"start_time", "end_time", "duration"} & made.keys()


def test_negotiations_of_one_number_are_two_findings() -> None:
    """Numbers start anew with each reading, so that the captures belong to the identity."""
    two = {**FINDINGS, "rule_id": ["X", "X"], "subject_kind": ["negotiation"] * 2}
    two |= {"subject": ["7", "7"], "captures": [["a.pcap"], ["b.pcap"]]}
    made = written("findings", two, range(2))
    assert len({each["finding_info"]["uid"] for each in made}) == 2


def test_a_finding_keeps_its_identity() -> None:
    """The same rule on the same subject is the same finding, whatever else was counted."""
    again = {**FINDINGS, "count": [99, 99], "why": ["x", "y"]}
    uids = [
        [each["finding_info"]["uid"] for each in written("findings", table, range(2))]
        for table in (FINDINGS, again)
    ]
    assert uids[0] == uids[1]
    assert len(set(uids[0])) == 2


def test_techniques_of_a_finding() -> None:
    """By number, the sub-technique below its technique."""
    (first, second) = written("findings", FINDINGS, range(2))
    (attack,) = first["finding_info"]["attacks"]
    assert (attack["technique"]["uid"], attack["sub_technique"]["uid"]) == ("T1110", "T1110.002")
    assert "attacks" not in second["finding_info"]
