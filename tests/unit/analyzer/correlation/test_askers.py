"""Who asked the KDC: what other addresses than the client's own can show, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest
from support.correlated import (
    CLIENT,
    DOMAIN_MEMBER,
    SECOND,
    SERVER,
    asked,
    joined,
    kerberos,
    ntlm,
    reason_of,
    refused,
    stream,
)

from analyzer.correlation.kdc_rules import least
from analyzer.surroundings.model import ConnectionAttempt
from analyzer.surroundings.name_facts import NameFact

V6, STRANGER = "fd77::20", "10.0.0.99"
WEB = "HTTP/web.lab.example"


def look_up(client: str, at: float = 95, source: str = "dns") -> NameFact:
    """Somebody asks for the server's address."""
    return NameFact(source, client, "web.lab.example", (SERVER,), 5, int(at * SECOND))


def told(kdc: list[Any], *, user: str | None = None, **more: Any) -> tuple[str, str, str]:
    """Code, confidence and detail of the reason for NTLM."""
    reason = reason_of(ntlm(user=user), kdc=kdc, **more)
    return reason.code, reason.confidence, reason.detail


@pytest.mark.parametrize("error", [7, 8, 14, 29])
def test_the_same_user_by_the_other_ip_version(error: int) -> None:
    """One machine has addresses of both, but that it is this one is inferred: never certain."""
    _, sure, detail = told([asked(99, WEB, error, client=V6, cname="alice")], user="alice")
    assert sure == "likely"
    assert f"for {WEB}, asked by {V6}, for the same user" in detail
    _, sure, detail = told([asked(99, WEB, error, cname="alice")], user="alice")
    assert sure == "certain"
    assert "asked by" not in detail


@pytest.mark.parametrize("user", [None, "alice"])
def test_an_address_that_nothing_is_known_of(user: str | None) -> None:
    """Any host of the other version would do: possible, and said so; one of the same version is another."""
    code, sure, detail = told([asked(99, WEB, 8, client=V6)], user=user)
    assert (code, sure) == ("duplicate_spn", "possible")
    assert f"asked by {V6}, whose it is, nothing tells" in detail
    assert told([asked(99, WEB, 8, client=STRANGER)], user=user)[0] == "ntlm_only_client"


def test_who_looked_the_server_up_last() -> None:
    """That address is likely the client's; not one before it, long ago, later, or that only connected."""
    kdc = [asked(99, WEB, 8, client=V6)]
    _, sure, detail = told(kdc, names=[look_up(V6)])
    assert sure == "likely"
    assert f"asked by {V6}, which looked the server up" in detail
    for names in (
        [look_up(V6), look_up("fd77::99", 96)],
        [look_up(V6, 30)],
        [look_up(V6, 101)],
        [look_up(V6, source="sni")],
        [look_up(CLIENT)],
    ):
        assert told(kdc, names=names)[1] == "possible"
    assert told(kdc, names=[look_up(V6), look_up(STRANGER, 96)])[1] == "likely"


def test_requests_in_vain_of_an_address_that_nothing_is_known_of() -> None:
    """As for refusals: somebody's KDC is out of reach, possibly the client's."""
    vain = [asked(at, WEB, client=V6, frame_reply=None) for at in (85, 90, 95)]
    code, sure, detail = told(vain)
    assert (code, sure) == ("kdc_unreachable", "possible")
    assert f"asked by {V6}, whose it is, nothing tells" in detail
    assert told(vain, names=[look_up(V6)])[1] == "likely"
    other = [asked(at, WEB, client="fd77::99", frame_reply=None, frame_request=77) for at in (86,)]
    reason = reason_of(ntlm(), kdc=[*vain, *other], names=[look_up(V6)])
    assert 77 not in reason.evidence  # another's trouble proves nothing
    syn = ConnectionAttempt(V6, "fd77::1", 88, "tcp", (8, 9), 90 * SECOND, "reset")
    assert told(vain, names=[look_up(V6)], attempts=[syn])[1] == "likely"


def test_a_password_that_is_wrong_elsewhere() -> None:
    """What the KDC says to another machine is not said to the client, though the user is the same."""
    failed = {"exchange": "AS", "cname": "alice"}
    here = asked(99, "krbtgt/LAB", 24, **failed)
    reason = reason_of(refused(ntlm(user="alice")), kdc=[here])
    assert (reason.code, reason.confidence) == ("wrong_password", "likely")
    assert "a KDC to the client: " in reason.detail
    both = asked(99, "krbtgt/LAB", 24, client=V6, **failed)
    reason = reason_of(refused(ntlm(user="alice")), kdc=[both])
    assert (reason.code, reason.confidence) == ("wrong_password", "likely")
    assert f"a KDC to {V6}, for the same user: " in reason.detail
    elsewhere = asked(99, "krbtgt/LAB", 24, client=STRANGER, **failed)
    reason = reason_of(refused(ntlm(user="alice")), kdc=[elsewhere])
    assert (reason.code, reason.confidence) == ("bad_credentials", "likely")
    assert f"asked by {STRANGER}, for the same user) [frames 10, 11, possible]" in reason.detail


def test_the_weakest_counts() -> None:
    """However many rules there are."""
    assert least("certain") == "certain"
    assert least("likely", "certain") == "likely"
    assert least("certain", "possible", "likely") == "possible"


def test_the_same_user_while_another_looked_the_server_up() -> None:
    """Names of users are no secret: who looked the server up last speaks against another address."""
    kdc = [asked(99, WEB, 14, client=V6, cname="alice")]
    _, sure, detail = told(kdc, user="alice", names=[look_up("fd77::99")])
    assert sure == "possible"
    assert f"asked by {V6}, for the same user, while another address looked the server up" in detail
    for names in ([], [look_up(V6)], [look_up(CLIENT)]):
        assert told(kdc, user="alice", names=names)[1] == "likely"


@pytest.mark.parametrize(
    ("domain", "server", "is_one"),
    [
        ("LAB", None, True),
        ("lab.example", None, True),
        ("", None, True),
        ("WEB", DOMAIN_MEMBER, False),  # the server's own accounts
        ("OTHER.EXAMPLE", None, False),
        ("CORP", None, False),  # mostly the realm's first label
        ("CORP", DOMAIN_MEMBER._replace(nb_domain="CORP"), True),  # but the server knows better
        ("LAB", DOMAIN_MEMBER._replace(dns_domain="lab.test"), False),
    ],
)
def test_the_same_name_in_another_domain(domain: str, server: Any, is_one: bool) -> None:
    r"""`FILES\ada` is not `ada@NEGO.TEST`."""
    here = {"user": "alice", "domain": domain, "ntlm_server": server}
    facts = {"cname": "alice", "crealm": "LAB.EXAMPLE"}
    row = ntlm(**here)
    reason_of(row, kdc=[asked(99, WEB, 14, client=V6, **facts)])
    assert (row.fallback_reason == "etype_not_supported") is is_one


def test_a_short_domain_does_not_tell_the_clients_own_requests_apart() -> None:
    """NetBIOS names of domains need not be the first label; the client's own address weighs more."""
    facts = {"cname": "alice", "crealm": "LAB.EXAMPLE"}
    for domain, code in (("CORP", "etype_not_supported"), ("CORP.EXAMPLE", "ntlm_only_client")):
        row = ntlm(user="alice", domain=domain)
        assert reason_of(row, kdc=[asked(99, WEB, 14, **facts)]).code == code


def test_attempts_of_the_address_that_looked_the_server_up() -> None:
    """SYNs name nobody: the look-up tells whose they are."""
    syn = ConnectionAttempt(V6, "fd77::1", 88, "tcp", (8, 9), 95 * SECOND, "no-answer")
    code, sure, detail = told([], names=[look_up(V6)], attempts=[syn])
    assert (code, sure) == ("kdc_unreachable", "likely")
    assert f"asked by {V6}" in detail
    for names in ([], [look_up("fd77::99")], [look_up(CLIENT)]):
        assert told([], names=names, attempts=[syn])[0] == "ntlm_only_client"


def test_no_request_is_said_only_where_none_was_seen() -> None:
    """Neither by the client's address nor by one that is known to be its own, and no token of it."""
    none_seen = "the capture holds no Kerberos request of this client"
    answered = asked(20, "krbtgt/LAB.EXAMPLE", client=V6, exchange="AS", cname="somebody")
    for names, is_said in (([look_up(V6)], False), ([], True), ([look_up("fd77::99")], True)):
        assert (none_seen in told([answered], user="alice", names=names)[2]) is is_said
    for server in ("10.0.0.3", SERVER):
        shown = kerberos(-900, 5, stream=stream(server=server), outcome="incomplete")
        _, row = joined(shown, ntlm())
        assert row.reason is not None
        assert none_seen not in row.reason.detail
    assert none_seen in told([])[2]


@pytest.mark.parametrize("error", [7, None])
def test_who_asked_and_logged_on_itself_is_another_one(error: int | None) -> None:
    """Nothing tells whose the address is but its own logon, which the KDC's word, or silence, explains."""
    other = stream(client=V6, server="fd77::2")
    for first, code in ((ntlm(96, 50, stream=other), "ntlm_only_client"), (None, "")):
        vain = asked(95, WEB, error, client=V6)
        if error is None:
            vain.frame_reply = None
        rows = joined(*(row for row in (first, ntlm()) if row is not None), kdc=[vain])
        told_first = rows[0].fallback_reason
        assert told_first == ("kdc_unreachable" if error is None else "unknown_service")
        assert rows[-1].fallback_reason == (code or told_first)
        if first is None:
            assert rows[-1].fallback_confidence == "possible"
