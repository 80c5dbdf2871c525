"""Two connections with the same tokens: a relay, a replay, or a box in between that hands them on."""

from __future__ import annotations

import pytest

from tests.support.finding_rows import SECOND, Row, found, logon

MIDDLE = "10.0.0.66"


def two(first: Row, second: Row, **token: object) -> dict[str, list[Row]]:
    """Rows of two logons, the second through a host in between, and one token with the same bytes for each."""
    rows = [
        logon(1, server=MIDDLE) | first,
        logon(2, client=MIDDLE) | second,
    ]
    tokens = [
        {
            "capture": row["capture"],
            "negotiation_id": row["negotiation_id"],
            "frame": row["frames"][2],
            "ts": row["started"],
            "src": row["client"],
            "dst": row["server"],
        }
        | token
        for row in rows
    ]
    return {"negotiations": rows, "tokens": tokens}


ANSWER = {"token_type": "NTLM_AUTHENTICATE", "ntlm_response_id": "5e", "ntlm_response": "ntlmv2"}
CHALLENGE = {"token_type": "NTLM_CHALLENGE", "ntlm_challenge_id": "c4"}
TICKET = {
    "token_type": "KRB_AP_REQ",
    "krb_authenticator_length": 200,
    "inner_sha256": "00" * 32,
}
SEALED = {"carrier": "ldap", "protection": "seal", "sealed_messages": 4}
SAME_PORT = {"client": "10.0.0.20", "client_port": 40_001}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"carrier": "ldap"}, {"carrier": "smb2"}, ["certain"]),
        ({"carrier": "smb2", "exchange": "1"}, {"carrier": "smb2", "exchange": "2"}, ["certain"]),
        ({"carrier": "ldap"}, {"carrier": "ldap"}, ["likely"]),
        ({"server_name": "web.lab"}, {"server_name": "back.lab"}, ["likely"]),
        (SEALED, SEALED, []),
        (SEALED, SEALED | {"sealed_messages": 0, "protection": None}, ["likely"]),
        ({"carrier": "ldap"}, {"carrier": "ldap"} | SAME_PORT, []),
    ],
    ids=["other carrier", "smb2", "forwarder", "other host", "sealed", "one sealed", "dnat"],
)
def test_what_the_same_answer_and_challenge_prove(
    first: Row, second: Row, expected: list[str]
) -> None:
    """A relay changes the protocol, or has an SMB 2 session of its own; what is sealed it cannot go on with."""
    for rule, token in (("NGS-RELAY-001", CHALLENGE), ("NGS-RELAY-002", ANSWER)):
        assert [hit.confidence for hit in found(rule, **two(first, second, **token))] == expected


def test_another_session_id_proves_a_relay_whatever_its_address() -> None:
    """Who stands in the path may keep the client's address and port; the server's session id it cannot choose."""
    smb = {"carrier": "smb2", "exchange": "1"}
    again = {"carrier": "smb2", "exchange": "2"} | SAME_PORT
    assert [hit.confidence for hit in found("NGS-RELAY-002", **two(smb, again, **ANSWER))] == [
        "certain"
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"carrier": "ldap"}, {"carrier": "ldap"}, ["possible"]),
        ({"carrier": "ldap"}, {"carrier": "ldap", "client": "10.0.0.77"}, ["certain"]),
        ({"carrier": "ldap"}, {"carrier": "http"}, ["certain"]),
        (SEALED, SEALED, []),
        ({"carrier": "ldap"}, {"carrier": "ldap"} | SAME_PORT, []),
    ],
    ids=["forwarder", "a stranger", "other carrier", "sealed", "dnat"],
)
def test_what_the_same_ticket_proves(first: Row, second: Row, expected: list[str]) -> None:
    """A port forwarder sends the AP-REQ of its client again; who stands apart from both replays it."""
    shown = found("NGS-KRB-005", **two(first, second, **TICKET))
    assert [hit.confidence for hit in shown] == expected


@pytest.mark.parametrize(
    ("host", "other", "one"),
    [
        ("web", "WEB.", True),
        ("web.lab", "web", True),
        ("web.lab", "web.lab.example", False),
        ("web", "webmail", False),
        ("web", None, True),
    ],
)
def test_one_host_however_it_is_written(host: str, other: str | None, one: bool) -> None:
    """Case, the last dot and a missing domain make no second host."""
    rows = two({"server_name": host}, {"server_name": other}, **ANSWER)
    assert bool(found("NGS-RELAY-006", **rows)) is one
    assert bool(found("NGS-RELAY-002", **rows)) is not one


def test_a_forwarded_ticket_is_looked_for_by_time() -> None:
    """The first large authenticator within a minute after the KDC's answer, whatever came before."""
    rows = [logon(n, mechanism="kerberos") for n in (1, 2, 3)]
    shown = [
        {
            "capture": row["capture"],
            "negotiation_id": row["negotiation_id"],
            "frame": row["frames"][0],
            "ts": row["started"],
            "src": row["client"],
            "dst": row["server"],
            "carrier": "http",
            "krb_authenticator_length": 3000,
            "token_type": "KRB_AP_REQ",
        }
        for row in reversed(rows)
    ]
    asked = {
        "capture": rows[0]["capture"],
        "client": rows[0]["client"],
        "server": "10.0.0.1",
        "transport": "udp",
        "kdc_options": ["forwarded"],
        "outcome": "success",
        "frame_request": 15,
        "frame_reply": 16,
    }
    found_at = {
        at: found("NGS-KRB-004", negotiations=rows, tokens=shown, kdc=[asked | {"ts": at * SECOND}])
        for at in (2, 3, 4)
    }
    assert [n for n, (hit,) in found_at.items() if hit.confidence == "likely"] == [2, 3]
    (second,) = found_at[2]
    assert list(second.places[rows[0]["capture"]].evidence) == [15, 16, 20]
