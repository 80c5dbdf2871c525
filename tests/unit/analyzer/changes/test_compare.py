"""What changed between two sides, and what did not."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.changes.compare import Change, compare
from analyzer.changes.source import USED, USED_OF_KDC, Side

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
    "completeness": "complete",
    "protection": "none",
    "reason": None,
    "tls": False,
    "ticket_etype": "aes256-cts-hmac-sha1-96",
    "session_etype": None,
    "channel_binding": None,
    "ntlm_mic": None,
    "client_signing": None,
    "server_signing": None,
    "delegation": None,
}
NTLM = {
    **KERBEROS,
    "mechanism": "ntlm",
    "mechanism_detail": "ntlmv2",
    "reason": "unknown_service",
    "ticket_etype": None,
}


TICKET: dict[str, Any] = {
    "client": "10.99.0.20",
    "sname": "HTTP/web.nego.test",
    "exchange": "TGS",
    "outcome": "success",
    "ticket_etype": "aes256-cts-hmac-sha1-96",
    "requested_etypes": ["aes256-cts-hmac-sha1-96"],
    "preauth": None,
    "request_cut": False,
}


def side(*rows: dict[str, Any]) -> Side:
    """One side that has these negotiations."""
    return Side({name: [row[name] for row in rows] for name in USED}, None)


def asked(*rows: dict[str, Any]) -> Side:
    """One side that has these KDC exchanges."""
    return side()._replace(kdc={name: [row[name] for row in rows] for name in USED_OF_KDC})


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


@pytest.mark.parametrize(
    ("aspect", "before", "after"),
    [
        ("channel_binding", "present", "absent"),
        ("channel_binding", "zero", "absent"),
        ("ntlm_mic", "present", "promised-missing"),
        ("client_signing", "required", "enabled"),
        ("server_signing", "required", "disabled"),
        ("delegation", False, True),
    ],
)
def test_a_demand_that_is_dropped_is_weaker(aspect: str, before: object, after: object) -> None:
    """And stronger the other way; where one side does not say, there is nothing to compare."""
    strong, weak = {**NTLM, aspect: before}, {**NTLM, aspect: after}
    assert told(compare(side(strong), side(weak)))[aspect][0] == "weaker"
    assert told(compare(side(weak), side(strong)))[aspect][0] == "stronger"
    assert compare(side(NTLM), side(weak)) == []


def test_smb_1_given_up_is_a_change_of_one_service() -> None:
    """Not NTLM that appears where there was none."""
    old, new = {**NTLM, "carrier": "smb1"}, {**NTLM, "carrier": "smb2"}
    [change] = compare(side(old), side(new))
    assert (change.verdict, change.aspect, change.carrier) == ("stronger", "carrier", "smb")
    [change] = compare(side(new), side(old, new))
    assert (change.verdict, change.before, change.after) == ("weaker", ["smb2"], ["smb1", "smb2"])


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({**KERBEROS, "mechanism": "simple", "mechanism_detail": None}, "weaker"),
        ({**KERBEROS, "mechanism": "basic", "tls": True, "mechanism_detail": None}, "different"),
        ({**KERBEROS, "ticket_etype": "des-cbc-md5"}, "weaker"),
        (KERBEROS, "different"),
        (NTLM, "weaker"),
    ],
)
def test_what_is_weak_and_new_is_weaker(row: dict[str, Any], verdict: str) -> None:
    """A clear password, DES or NTLM where there was nothing."""
    [change] = compare(side(), side(row))
    assert (change.change, change.verdict) == ("appeared", verdict)


def test_tickets_are_compared() -> None:
    """By the kind of their encryption."""
    rc4 = {**TICKET, "ticket_etype": "arcfour-hmac-md5"}
    found = told(compare(asked(TICKET), asked(rc4)))
    assert found == {"ticket": ("weaker", ["aes"], ["rc4"])}
    assert told(compare(asked(rc4), asked(TICKET)))["ticket"][0] == "stronger"
    assert compare(asked(TICKET), asked()) == []
    assert compare(asked(), asked(TICKET)) == []
    [change] = compare(asked(), asked(rc4))
    assert (change.change, change.verdict, change.carrier) == ("appeared", "weaker", "kdc")
    [change] = compare(asked(rc4), asked())
    assert (change.change, change.verdict, change.before) == ("vanished", "different", ["rc4"])


@pytest.mark.parametrize(
    ("etype", "told_as", "against_aes", "against_rc4"),
    [
        ("camellia256-cts-cmac", "camellia", "different", "weaker"),
        ("unknown(99)", "unknown(99)", "different", "different"),
        ("rc4-hmac-old-exp", "rc4", "stronger", None),
        ("des-plain", "des", "stronger", "stronger"),
        ("des3-cbc-sha1", "des3", "stronger", "weaker"),
    ],
)
def test_kinds_of_tickets(
    etype: str, told_as: str, against_aes: str, against_rc4: str | None
) -> None:
    """Camellia is no AES and as good; a type without a name is neither better nor worse than others."""
    ticket = asked({**TICKET, "ticket_etype": etype})
    rc4 = asked({**TICKET, "ticket_etype": "arcfour-hmac-md5"})
    assert told(compare(ticket, asked(TICKET)))["ticket"] == (against_aes, [told_as], ["aes"])
    found = told(compare(ticket, rc4)).get("ticket")
    assert found == (against_rc4 and (against_rc4, [told_as], ["rc4"]))


def test_a_new_ticket_is_told_if_it_is_weak() -> None:
    """Camellia is not, and of an unknown type nobody knows."""
    for etype, count in (("camellia128-cts-cmac", 0), ("unknown(99)", 0), ("rc4-md4", 1)):
        assert len(compare(asked(), asked({**TICKET, "ticket_etype": etype}))) == count, etype


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["aes256-cts-hmac-sha1-96", "camellia256-cts-cmac"], "aes"),
        (["camellia256-cts-cmac", "unknown(99)"], "camellia"),
        (["unknown(99)"], "other"),
        (["des3-cbc-sha1", "arcfour-hmac-md5-exp"], "rc4"),
    ],
)
def test_the_weakest_kind_of_a_list(names: list[str], kind: str) -> None:
    """Camellia is not called AES."""
    des = asked({**TICKET, "requested_etypes": ["des-cbc-md5"]})
    found = told(compare(asked({**TICKET, "requested_etypes": names}), des))
    assert found["weakest requested"][1:] == ([kind], ["des"])


def test_what_a_client_takes_and_proves_is_compared() -> None:
    """The weakest type that it asks for, and the proof before a ticket."""
    lax = {**TICKET, "requested_etypes": ["aes256-cts-hmac-sha1-96", "arcfour-hmac-md5"]}
    assert told(compare(asked(TICKET), asked(lax)))["weakest requested"] == (
        "weaker",
        ["aes"],
        ["rc4"],
    )
    logon = {**TICKET, "exchange": "AS", "preauth": "encrypted-timestamp"}
    bare = {**logon, "preauth": "none"}
    assert told(compare(asked(logon), asked(bare)))["pre-authentication"][0] == "weaker"
    assert compare(asked(logon), asked(logon, {**bare, "outcome": "failure"})) == []


CUT = {**NTLM, "completeness": "truncated"}
UNSEEN = {
    **CUT, "mechanism": None, "mechanism_detail": None, "outcome": "incomplete", "offered_mechs": [],
    "protection": None, "reason": "truncated",
}  # fmt: skip


def test_what_is_not_seen_is_no_change() -> None:
    """It is told that nothing is seen of it, either way; a logon that is all there and ran nothing is one."""
    for before, after in ((UNSEEN, NTLM), (NTLM, UNSEEN)):
        found = told(compare(side(before), side(after)))
        assert {verdict for verdict, _, _ in found.values()} == {"unknown", "different"}
        assert found["mechanism"][0] == found["outcome"][0] == "unknown"
        assert ["not seen"] in found["mechanism"]
        assert ["not seen"] in found["outcome"]
        assert found["reason"][0] == "different"
    gave_up = {**UNSEEN, "completeness": "complete"}
    found = told(compare(side(gave_up), side(NTLM)))
    assert found["mechanism"] == ("weaker", ["nothing"], ["ntlm (ntlmv2)"])
    assert found["outcome"] == ("stronger", ["incomplete"], ["success"])


def test_what_is_seen_beside_it_counts_unless_it_may_be_as_bad() -> None:
    """The side that looks better must be there whole; a part that adds nothing is not told."""
    assert compare(side(NTLM), side(NTLM, {**UNSEEN, "reason": NTLM["reason"]})) == []
    found = told(compare(side(KERBEROS, UNSEEN), side(NTLM)))
    assert found["mechanism"][0] == "unknown"
    assert told(compare(side(KERBEROS), side(NTLM, UNSEEN)))["mechanism"][0] == "weaker"
    assert told(compare(side(NTLM, UNSEEN), side(KERBEROS)))["mechanism"][0] == "stronger"
    # of a part with its verdict and its response nothing is missing that could be worse
    assert told(compare(side({**CUT, "mechanism_detail": "ntlmv2"}), side({**NTLM, "mechanism_detail": "ntlmv1"})))["mechanism"][0] == "weaker"  # fmt: skip
    assert told(compare(side({**CUT, "mechanism_detail": None}), side(NTLM)))["mechanism"][0] == "unknown"  # fmt: skip


def test_a_name_that_is_not_seen_may_be_the_other_sides() -> None:
    """NTLM with a service of the same server is not new, though it is called otherwise, or not at all."""
    other = {**NTLM, "server_name": "shop.nego.test"}
    nameless = {**NTLM, "server_name": None}
    for old in (side(NTLM, other), side(other, {**CUT, "server_name": "web.nego.test"})):
        [come] = [c for c in compare(old, side(nameless)) if c.change == "appeared"]
        assert come.verdict == "unknown"
    strong = side(KERBEROS, {**KERBEROS, "server_name": "shop.nego.test"})
    [come] = [c for c in compare(strong, side(nameless)) if c.change == "appeared"]
    assert come.verdict == "weaker"
    [come] = [c for c in compare(side(other), side(NTLM)) if c.change == "appeared"]
    assert come.verdict == "weaker"


def test_an_exchange_that_is_cut_is_no_change() -> None:
    """A list of types may go on, an answer may hold a ticket, and a service may be any."""
    rc4 = {**TICKET, "ticket_etype": "arcfour-hmac-md5", "requested_etypes": ["arcfour-hmac-md5"]}
    lost = {**TICKET, "request_cut": True, "ticket_etype": None, "outcome": "incomplete"}
    found = told(compare(asked(lost), asked(rc4)))
    assert found == {"ticket": ("unknown", ["not seen"], ["rc4"])}
    assert told(compare(asked(TICKET, lost), asked(rc4)))["weakest requested"][0] == "unknown"
    [gone] = compare(asked(rc4), asked({**lost, "sname": None}))
    assert (gone.change, gone.verdict) == ("vanished", "different")
    [come] = compare(asked({**lost, "sname": None}), asked(rc4))
    assert (come.change, come.verdict) == ("appeared", "unknown")
    refused = {**TICKET, "ticket_etype": None, "outcome": "failure"}
    assert compare(asked(TICKET), asked(refused)) == []


def test_exchanges_of_one_side_only_are_not_compared() -> None:
    """An export of negotiations says nothing of them."""
    assert compare(side(), asked({**TICKET, "ticket_etype": "des-cbc-crc"})) == []
