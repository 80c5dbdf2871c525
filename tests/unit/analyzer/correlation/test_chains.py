"""Retries and fallbacks, across connections and carriers."""

from __future__ import annotations

from support.correlated import asked, joined, kerberos, ntlm, refused, stream


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


def test_what_the_capture_lacks_is_no_failure() -> None:
    """An attempt without its end may have succeeded."""
    cut = ntlm(100, 100, outcome="incomplete", completeness="gap")
    _, second = joined(cut, ntlm(101, 110))
    assert second.retry_of is None
    given_up = ntlm(100, 100, outcome="incomplete")
    _, second = joined(given_up, ntlm(101, 110))
    assert second.retry_of is given_up
