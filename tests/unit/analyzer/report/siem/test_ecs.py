"""What is written as ECS has the schema's fields, types and values, and says what the rows say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.captured import ROOT
from support.ecs_schema import check
from support.siem_rows import FINDINGS, changed, findings, negotiations

from analyzer.analysis import read
from analyzer.audit.registry import all_rules
from analyzer.report import siem


def written(table: str, columns: dict[str, list[Any]], rows: range) -> list[dict[str, Any]]:
    """The documents of rows."""
    return [json.loads(line) for line in siem.lines("ecs", table, columns, rows)]


def event(**cells: Any) -> dict[str, Any]:
    """The document of one negotiation with these cells."""
    (made,) = written("negotiations", changed(**cells), range(1))
    check(made)
    return made


def test_negotiations() -> None:
    """One document per row, with the row's words."""
    columns, rows = negotiations()
    documents = written("negotiations", columns, rows)
    assert len(documents) == len(rows) >= 20
    for row, made in enumerate(documents):
        check(made)
        assert made["event"]["kind"] == "event"
        assert made["event"].get("reason") == columns["reason_detail"][row]
        assert made["source"]["ip"] == columns["client"][row]
        assert made["network"]["transport"] == "tcp"
        assert made["network"]["protocol"] in {"http", "smb", "ldap"}


@pytest.mark.parametrize("real", [True, False])
def test_findings(real: bool) -> None:
    """Alerts of a rule that is described by what it means, whose subject is named as what it is."""
    columns, rows = findings() if real else (FINDINGS, range(2))
    named = 0
    for row, made in enumerate(written("findings", columns, rows)):
        check(made)
        assert made["event"]["kind"] == "alert"
        assert made["event"]["reason"] == columns["why"][row]
        rule = all_rules()[columns["rule_id"][row]]
        assert (made["rule"]["id"], made["rule"]["description"]) == (rule.rule_id, rule.means)
        for name in ("captures", "evidence", "negotiation_ids"):
            assert made["negoscope"].get(name, []) == columns[name][row]
        for end in ("source", "destination"):
            host = made.get(end, {})
            assert host.get("ip", host.get("address")) == host.get("address")
            named += "address" in host and "ip" not in host
    assert bool(named) == real  # a service by its name has no ip


def test_what_is_not_known_is_left_out() -> None:
    """Also a time: no document shows a made-up date."""
    made = event(started=None, ended=None, user="", domain=None, community_id=None)
    assert "@timestamp" not in made
    assert not {"start", "end", "duration"} & made["event"].keys()
    assert "user" not in made
    assert "transport" not in made["network"]


def test_an_incomplete_negotiation_has_no_known_outcome() -> None:
    """ECS has no word for it."""
    made = event(outcome="incomplete")
    assert made["event"]["outcome"] == "unknown"
    assert made["negoscope"]["outcome"] == "incomplete"


def test_an_address_is_no_domain() -> None:
    """The name by which the client asked may be an address."""
    assert event(server_name="web.nego.test")["server"]["domain"] == "web.nego.test"
    made = event(server_name="10.99.0.2")
    assert "domain" not in made["server"]
    assert made["negoscope"]["server_name"] == "10.99.0.2"


def test_the_transport_is_that_of_the_community_id() -> None:
    """The tables have no column for it."""
    ends = {"client": "192.168.1.52", "client_port": 54585, "server": "8.8.8.8", "server_port": 53}
    udp = event(**ends, community_id="1:d/FP5EW3wiY1vCndhwleRRKHowQ=")  # of the specification
    assert udp["network"]["transport"] == "udp"


@pytest.mark.parametrize(
    ("subject", "user"),
    [
        ("NEGO\\ada", {"name": "ada", "domain": "NEGO"}),
        ("ada@nego.test", {"name": "ada@nego.test"}),
        ("CN=Lovelace\\, Ada,DC=nego", {"name": "CN=Lovelace\\, Ada,DC=nego"}),
        ("(no name)", None),
        ("NEGO\\(name not seen)", None),
    ],
)
def test_the_account_of_a_finding(subject: str, user: dict[str, str] | None) -> None:
    """Name and domain apart; a distinguished name stays whole."""
    of_negotiation = {"subject": ["10.0.0.1", subject], "negotiation_ids": [[1], [2]]}
    made = written("findings", {**FINDINGS, **of_negotiation}, range(2))[1]
    check(made)
    assert made.get("user") == user
    assert made["negoscope"]["subject"] == subject


@pytest.mark.parametrize(
    ("rule_id", "numbers"), [("NGS-KDC-021", [3]), ("NGS-KDC-001", []), ("NGS-GUESS-002", [])]
)
@pytest.mark.parametrize(
    ("subject", "user"),
    [
        ("ada@NEGO.TEST", {"name": "ada", "domain": "NEGO.TEST"}),
        ("ada@nego.test@NEGO.TEST", {"name": "ada@nego.test", "domain": "NEGO.TEST"}),
        ("ada@?", {"name": "ada"}),
        ("(name not seen)@NEGO.TEST", None),
    ],
)
def test_the_account_that_a_kdc_was_asked_for(
    rule_id: str, numbers: list[int], subject: str, user: dict[str, str] | None
) -> None:
    """Name and realm apart; what is of no negotiation is of a KDC."""
    cells = {"rule_id": ["NGS-NTLM-001", rule_id], "subject": ["10.0.0.1", subject]}
    made = written("findings", FINDINGS | cells | {"negotiation_ids": [[1], numbers]}, range(2))[1]
    check(made)
    assert made.get("user") == user
    assert made.get("related", {}).get("user") == (user and [user["name"]])


def test_the_account_of_a_real_finding() -> None:
    """AS-REP roasting: the realm is no part of the name."""
    path = ROOT / "captures/kdc/asrep_roasting/capture.pcapng"
    columns = read(path).audit("NGS-KDC-001").columns
    (made,) = written("findings", columns, range(len(columns["subject"])))
    name, _, realm = columns["subject"][0].partition("@")
    assert made["user"] == {"name": name, "domain": realm}
    assert realm == "NEGO.TEST"
