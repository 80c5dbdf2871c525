"""What the short tables show, and what they give up on a narrow terminal."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.report.grid import render
from analyzer.report.views import short_form
from analyzer.tables.schema import TABLES

TABLE = TABLES["negotiations"]


def failed(**cells: Any) -> dict[str, list[Any]]:
    """A refused Kerberos logon, with everything a row can show."""
    row = {
        "capture": "a.pcap",
        "negotiation_id": 12,
        "first_frame": 1000,
        "last_frame": 1020,
        "client": "192.168.100.101",
        "client_port": 50000,
        "server": "192.168.100.102",
        "server_port": 445,
        "carrier": "smb2",
        "offered_mechs": ["ms-kerberos", "kerberos", "negoex", "ntlm"],
        "selected_mech": "ms-kerberos",
        "mechanism": "kerberos",
        "mechanism_detail": "aes256-cts-hmac-sha1-96",
        "outcome": "failure",
        "status": "STATUS_LOGON_FAILURE",
        "reason": "bad_credentials",
        "confidence": "certain",
        "realm": "NEGO.TEST",
        "spn": "cifs/files.nego.test",
    } | cells
    return {name: [row.get(name)] for name in TABLE.names}


@pytest.mark.parametrize("room", [80, 120, 200])
def test_a_failure_says_why_in_any_room(room: int) -> None:
    """Outcome, status and reason are what the table is read for."""
    line = render(short_form(TABLE, failed(), [0]), room)[-1]
    for shown in ("kerberos aes256", "failure", "LOGON_FAILURE", "bad_credential"):
        assert shown in line
    assert "STATUS_" not in line
    assert "certain" not in line


def test_extras_go_before_a_reason_gets_narrow() -> None:
    """A cut reason beside a service name would be the wrong choice."""
    line = render(short_form(TABLE, failed(reason="no_common_mechanism"), [0]), 120)[-1]
    assert "no_common_mechanism" in line
    assert "192.168.100.101" in line
    assert "cifs/" not in line


def test_a_realm_is_the_services() -> None:
    """A ticket names its service's realm in clear; the user, who may be of a trusted one, never."""
    head, _, line = render(short_form(TABLE, failed(), [0]), None)
    assert "cifs/files.nego.test@NEGO.TEST" in line
    assert " @NEGO.TEST" not in line
    assert "who" not in head
    named = render(short_form(TABLE, failed(user="ada", domain="NEGO"), [0]), None)[-1]
    assert "NEGO\\ada" in named


@pytest.mark.parametrize(
    ("ids", "shown"),
    [(None, ""), ([7], "7"), ([1, 2, 3, 4], "1,2,3,4"), ([1, 2, 3, 4, 9, 11], "1,2,3,4,+2")],
)
@pytest.mark.parametrize("table", ["findings", "kdc"])
def test_negotiations_left_out_are_counted(table: str, ids: list[int] | None, shown: str) -> None:
    """A list that is cut says so."""
    values: dict[str, list[Any]] = {name: [None] for name in TABLES[table].names}
    values["negotiation_ids"] = [ids]
    (column,) = [c for c in short_form(TABLES[table], values, [0]) if c.heading == "neg"]
    assert column.cells == [shown]
