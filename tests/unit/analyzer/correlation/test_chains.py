"""Retries and fallbacks, across connections and carriers."""

from __future__ import annotations

import pytest
from support.correlated import SERVER, asked, joined, kerberos, ntlm, refused, stream

from analyzer.negotiation.model import Reason
from analyzer.negotiation.reasons import REASONS
from analyzer.negotiation.reasons.fallbacks import REFUSAL_NOT_SEEN
from dissectors.status import Status


def test_the_same_mechanism_again_is_a_retry() -> None:
    """On the same connection, after a refusal."""
    connection = stream()
    first, second = joined(
        refused(ntlm(100, 100, stream=connection)), ntlm(101, 110, stream=connection)
    )
    assert second.retry_of is first
    assert second.fallback_kind is None


def test_another_mechanism_on_a_new_connection_is_a_fallback() -> None:
    """Kerberos refused, NTLM a second later: kind, link and reason say so."""
    first, second = joined(refused(kerberos(100, 100), "service_key_mismatch"), ntlm(101, 110))
    assert second.fallback_from is first
    assert second.fallback_kind == "new-connection"
    assert second.reason is not None
    assert (second.reason.code, second.reason.confidence) == ("kerberos_refused", "likely")
    assert second.reason.evidence == first.reason.evidence
    assert "negotiation 1: service_key_mismatch" in second.reason.detail


@pytest.mark.parametrize(
    ("end", "seen"),
    [
        ({"outcome": "failure", "status": Status("failure", 401, "401", "http")}, True),
        ({"outcome": "incomplete", "gss_status": "KRB_AP_ERR_SKEW"}, True),
        ({"outcome": "incomplete", "gss_status": "reject"}, True),
        ({"outcome": "incomplete", "gss_status": "accept-incomplete"}, False),
        ({"outcome": "incomplete", "reason": Reason("no_answer", "", (101,), "possible")}, False),
        ({"outcome": "failure", "reason": Reason("connection_closed", "", (101,), "likely")}, False),
        ({"outcome": "incomplete", "completeness": "cut-off"}, False),
    ],
)  # fmt: skip
def test_a_refusal_is_told_where_one_is_seen(end: dict, seen: bool) -> None:
    """Silence, a connection closed, or an end that the capture lacks is no refusal."""
    _, row = joined(kerberos(100, 100, **end), ntlm(101, 110))
    assert row.reason is not None
    assert row.reason.code == "kerberos_refused"
    words = REASONS["kerberos_refused"].sentence if seen else REFUSAL_NOT_SEEN
    assert row.reason.detail.startswith(f"{words} (negotiation 1")


def test_a_second_password_is_no_decision_of_its_own() -> None:
    """Why it was NTLM stays the same while NTLM is tried again; of a guesser's many nobody looks back for ever."""
    rows = joined(
        refused(kerberos(100, 100), "service_key_mismatch"),
        *(refused(ntlm(101 + n, 110 + 10 * n)) for n in range(18)),
    )
    assert [row.fallback_reason for row in rows[1:18]] == ["kerberos_refused"] * 17
    assert rows[3].reason is not None
    assert (
        "NTLM since a Kerberos token was sent and refused (negotiation 1: " in rows[3].reason.detail
    )
    assert rows[18].fallback_reason == "ntlm_only_client"


def test_the_versions_of_smb_are_one_service() -> None:
    """A client that turns from SMB2 to SMB1 falls back to another carrier."""
    first, second = joined(
        refused(kerberos(100, 100, carrier="smb2", stream=stream(port=445))),
        ntlm(101, 110, carrier="smb1", stream=stream(port=139)),
    )
    assert second.fallback_from is first
    assert second.fallback_kind == "other-carrier"


def test_a_change_inside_is_told_first() -> None:
    """An optimistic Kerberos token, NTLM in the end."""
    (row,) = joined(
        ntlm(
            optimistic_mech="ms-kerberos",
            offered_mechs=["ms-kerberos", "ntlm"],
            selected_mech="ntlm",
        )
    )
    assert row.fallback_kind == "in-negotiation"
    assert row.reason is not None
    assert (row.reason.code, row.reason.confidence) == ("ntlm_selected_by_server", "likely")


def test_another_user_is_no_retry() -> None:
    """Two people at one machine; the first one's retry is still found behind the other's logon."""
    first, other, again = joined(
        refused(ntlm(100, 100, user="alice")),
        refused(ntlm(101, 110, user="bob")),
        ntlm(102, 120, user="LAB\\Alice"),
    )
    assert other.retry_of is None
    assert again.retry_of is first


def test_the_user_behind_a_ticket_counts() -> None:
    """Of a Kerberos logon only the KDC's exchange tells whose it is."""
    given = asked(90, "HTTP/web.lab.example", cname="bob")
    _, second = joined(refused(kerberos(100, 100)), ntlm(101, 110, user="alice"), kdc=[given])
    assert second.fallback_from is None


def test_a_success_ends_a_chain() -> None:
    """What comes after a success takes nothing up."""
    _, _, third = joined(refused(kerberos(100, 100)), kerberos(101, 110), ntlm(102, 120))
    assert third.fallback_from is None


def test_too_late_is_no_retry() -> None:
    """Minutes later on a new connection somebody simply logs on."""
    _, second = joined(refused(ntlm(100, 100)), ntlm(400, 110))
    assert second.retry_of is None


def test_an_attempt_beside_another_takes_nothing_up() -> None:
    """It began before the other one was over."""
    _, second = joined(refused(ntlm(100, 100)), ntlm(100.05, 101))
    assert second.retry_of is None


def test_another_service_is_another_chain() -> None:
    """Other client, other server, other web port."""
    rows = joined(
        refused(ntlm(100, 100)),
        ntlm(101, 110, stream=stream("10.0.0.21")),
        ntlm(101, 120, stream=stream(server="10.0.0.3"), server_name="other.lab.example"),
        ntlm(101, 130, stream=stream(port=8080), server_name="other.lab.example"),
    )
    assert [row.retry_of for row in rows] == [None] * 4


def test_a_web_service_behind_two_addresses_is_one() -> None:
    """The name tells, where a load balancer or a second address stands before it."""
    first, second = joined(
        refused(ntlm(100, 100)), ntlm(101, 110, stream=stream(server="10.0.0.3"))
    )
    assert second.retry_of is first


def at(server: str, port: int = 80):
    """A connection to one of the web server's addresses."""
    return stream(server=server, port=port)


def test_the_addresses_of_a_site_have_one_order() -> None:
    """A success at another address ends the chain as well, and of two failures the later one is taken up."""
    rows = joined(refused(ntlm(100, 100)), ntlm(101, 110, stream=at("10.0.0.3")), ntlm(102, 120))
    assert [row.retry_of for row in rows] == [None, rows[0], None]
    rows = joined(
        refused(ntlm(100, 100)), refused(ntlm(101, 110, stream=at("10.0.0.3"))), ntlm(102, 120)
    )
    assert [row.retry_of for row in rows] == [None, rows[0], rows[1]]
    # one that names no site counts at its own address
    for server, taken in (("10.0.0.2", False), ("10.0.0.3", True)):
        nameless = ntlm(101, 110, stream=at(server), server_name=None)
        rows = joined(refused(ntlm(100, 100)), nameless, ntlm(102, 120))
        assert rows[2].retry_of is (rows[0] if taken else None)


def test_a_success_at_another_address_leaves_no_failure() -> None:
    """Kerberos failed at one address of the site and was taken at the other: NTLM is not for want of it."""
    first = refused(kerberos(50, 50), "unspecified_failure")
    taken = kerberos(60, 60, stream=at("10.0.0.3"))
    rows = joined(first, taken, ntlm(100, 100))
    assert rows[2].fallback_from is None
    assert rows[2].fallback_reason != "kerberos_refused"


def test_other_sites_at_the_address_hide_nothing() -> None:
    """Through a proxy a client talks to many sites at once; each has attempts of its own that are looked at."""
    many = [ntlm(101, 110 + 3 * n, server_name=f"s{n}.lab.example") for n in range(40)]
    first, *_, last = joined(refused(ntlm(100, 100)), *many, ntlm(102, 300))
    assert last.retry_of is first


@pytest.mark.parametrize(
    ("name", "other", "places", "one"),
    [
        ("web", "web.lab.example", (at(SERVER), at(SERVER)), True),
        ("web.lab.example", "web", (at(SERVER), at(SERVER)), True),
        ("web", "web.lab.example", (at(SERVER), at("10.0.0.3")), False),
        ("web", "web.lab.example", (at(SERVER), at(SERVER, 8080)), False),
        ("web.lab.example", "web.dev.example", (at(SERVER), at(SERVER)), False),
        ("web", "app.lab.example", (at(SERVER), at(SERVER)), False),
    ],
)
def test_a_short_name_and_a_full_one(name: str, other: str, places: tuple, one: bool) -> None:
    """One host where both lead to the same address and port."""
    first, second = joined(
        refused(ntlm(100, 100, server_name=name, stream=places[0])),
        ntlm(101, 110, server_name=other, stream=places[1]),
    )
    assert second.retry_of is (first if one else None)


def test_what_the_capture_lacks_is_no_failure() -> None:
    """An attempt without its end may have succeeded."""
    cut = ntlm(100, 100, outcome="incomplete", completeness="gap")
    _, second = joined(cut, ntlm(101, 110))
    assert second.retry_of is None
    given_up = ntlm(100, 100, outcome="incomplete")
    _, second = joined(given_up, ntlm(101, 110))
    assert second.retry_of is given_up
