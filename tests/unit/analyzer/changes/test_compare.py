"""What changed between two sides, and what did not."""

from __future__ import annotations

from typing import Any

from analyzer.changes.compare import Change, compare
from analyzer.changes.source import USED

KERBEROS: dict[str, Any] = {
    "negotiation_id": 1,
    "client": "10.99.0.20",
    "server": "10.99.0.2",
    "server_name": "web.nego.test",
    "carrier": "http",
    "mechanism": "kerberos",
    "mechanism_detail": "aes256-cts-hmac-sha1-96",
    "offered_mechs": ["kerberos", "ntlm"],
    "outcome": "success",
    "protection": "none",
    "reason": None,
    "tls": False,
    "ticket_etype": "aes256-cts-hmac-sha1-96",
    "session_etype": None,
}
NTLM = {
    **KERBEROS,
    "mechanism": "ntlm",
    "mechanism_detail": "ntlmv2",
    "reason": "unknown_service",
    "ticket_etype": None,
}


def side(*rows: dict[str, Any]) -> dict[str, list[Any]]:
    """Columns of rows."""
    return {name: [row[name] for row in rows] for name in USED}


def told(changes: list[Change]) -> dict[str, tuple[str, list[str], list[str]]]:
    """Verdict, before and after by aspect."""
    return {change.aspect: (change.verdict, change.before, change.after) for change in changes}


def test_the_same_is_no_change() -> None:
    """However often it happened on either side."""
    assert compare(side(KERBEROS), side(KERBEROS, KERBEROS)) == []


def test_kerberos_becomes_ntlm() -> None:
    """The mechanism is weaker, and the reason says why."""
    found = told(compare(side(KERBEROS), side(NTLM)))
    assert found == {
        "mechanism": ("weaker", ["kerberos (aes256-cts-hmac-sha1-96)"], ["ntlm (ntlmv2)"]),
        "reason": ("different", ["nothing"], ["unknown_service"]),
    }


def test_ntlm_becomes_kerberos() -> None:
    """The other way it is stronger."""
    assert told(compare(side(NTLM), side(KERBEROS)))["mechanism"][0] == "stronger"


def test_the_worst_of_a_side_counts() -> None:
    """One NTLM logon among many tickets is what the policy has to get rid of."""
    found = told(compare(side(KERBEROS, NTLM), side(KERBEROS)))
    assert found["mechanism"][0] == "stronger"
    assert found["mechanism"][1] == ["kerberos (aes256-cts-hmac-sha1-96)", "ntlm (ntlmv2)"]


def test_a_failure_is_weaker_than_a_success() -> None:
    """Outcomes have an order too."""
    failed = {**KERBEROS, "outcome": "failure"}
    assert told(compare(side(KERBEROS), side(failed)))["outcome"][0] == "weaker"
    assert told(compare(side(failed), side(KERBEROS)))["outcome"][0] == "stronger"


def test_lost_protection_is_weaker() -> None:
    """Sealed before, plain after."""
    sealed = {**KERBEROS, "protection": "seal"}
    assert told(compare(side(sealed), side(KERBEROS)))["protection"][0] == "weaker"


def test_a_new_client_appears_and_an_old_one_vanishes() -> None:
    """With the mechanisms that it ran and a row to look at."""
    other = {**NTLM, "client": "10.99.0.21", "negotiation_id": 7}
    [gone, come] = compare(side(KERBEROS), side(other))
    assert (gone.change, gone.client, gone.count_after, gone.id_before) == (
        "vanished",
        "10.99.0.20",
        0,
        1,
    )
    assert (come.change, come.client, come.count_before, come.id_after) == (
        "appeared",
        "10.99.0.21",
        0,
        7,
    )


def test_a_server_without_name_is_known_by_its_address() -> None:
    """Where all others asked for the address by one name, it is that service; names have no case."""
    nameless = {**KERBEROS, "server_name": None}
    shouting = {**KERBEROS, "server_name": "WEB.nego.test"}
    assert compare(side(KERBEROS), side(nameless, shouting)) == []


def test_an_address_of_many_names_is_none_of_them() -> None:
    """A proxy or load balancer: nothing tells which service was meant."""
    nameless = {**KERBEROS, "server_name": None}
    other = {**KERBEROS, "server_name": "shop.nego.test"}
    services = {change.service for change in compare(side(KERBEROS, other), side(nameless))}
    assert services == {"web.nego.test", "shop.nego.test", "10.99.0.2"}
