"""Who asked the KDC: what other addresses than the client's own can show, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest
from support.correlated import CLIENT, SECOND, SERVER, asked, ntlm, reason_of, refused

from analyzer.correlation.kdc_rules import least
from analyzer.surroundings.model import ConnectionAttempt, NameFact

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
