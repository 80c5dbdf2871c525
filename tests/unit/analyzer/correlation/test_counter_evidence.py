"""What takes a KDC's refusal back, or speaks against it: also where the other IP version had the ticket."""

from __future__ import annotations

from typing import Any

import pytest
from support.correlated import CLIENT, asked, joined, kerberos, ntlm, reason_of, refused, stream

WEB = "HTTP/web.lab.example"
FIRST = "krbtgt/LAB.EXAMPLE"
SIX = "fd00::20"
ADA = {"user": "ada", "domain": "LAB"}


def no(at: float = 96, **facts: Any):
    """The ticket for the web server is refused in frames 10 and 11."""
    return asked(at, WEB, 7, **facts)


def yes(at: float = 97, **facts: Any):
    """It is granted in frames 12 and 13."""
    return asked(at, WEB, frame_request=12, frame_reply=13, **facts)


@pytest.mark.parametrize(("by", "then"), [(CLIENT, SIX), (SIX, CLIENT)])
def test_the_same_user_has_it_over_the_other_version(by: str, then: str) -> None:
    """A machine has an address of each, and the ticket is in one cache."""
    refusal, grant = no(client=by, cname="ada"), yes(client=then, cname="ada")
    assert reason_of(ntlm(**ADA), kdc=[refusal, grant]).code != "unknown_service"
    # not before, not another user's
    early = yes(90, client=then, cname="ada")
    assert reason_of(ntlm(**ADA), kdc=[early, refusal]).code == "unknown_service"
    bob = yes(client=then, cname="bob")
    assert reason_of(ntlm(**ADA), kdc=[refusal, bob]).code == "unknown_service"


@pytest.mark.parametrize(
    ("client", "confidence"), [(SIX, "likely"), ("10.0.0.99", "certain"), (None, "certain")]
)
def test_an_address_of_nobody_knows_whom_has_it(client: str | None, confidence: str) -> None:
    """Of the other version it may be the client's, so the refusal is no longer certain."""
    granted = [yes(client=client)] if client else []
    reason = reason_of(ntlm(), kdc=[no(), *granted])
    assert (reason.code, reason.confidence) == ("unknown_service", confidence)
    assert ("other IP version had the ticket since" in reason.detail) is (confidence == "likely")


@pytest.mark.parametrize(
    ("user", "told"),
    [("ada", "ntlm_only_client"), (None, "likely"), ("bob", "certain")],
)
def test_a_ticket_shown_over_the_other_version(user: str | None, told: str) -> None:
    """As if it had been granted there: the KDC's answer may be missing in the capture."""
    shown = kerberos(97, 50, stream=stream(SIX, "fd00::2"), user=user)
    _, row = joined(shown, ntlm(**ADA), kdc=[no()])
    if user == "ada":
        assert row.fallback_reason == told
    else:
        assert (row.fallback_reason, row.fallback_confidence) == ("unknown_service", told)


def failed(code: int = 24, **facts: Any):
    """Ada is refused a first ticket in frames 10 and 11."""
    return asked(96, FIRST, code, exchange="AS", cname="ada", **facts)


@pytest.mark.parametrize(
    ("sname", "facts"),
    [
        (FIRST, {"exchange": "AS", "cname": "ada"}),
        (FIRST, {"exchange": "AS", "cname": "ada", "client": SIX}),
        ("cifs/fs.lab.example", {}),  # whose, its request does not tell
        ("cifs/fs.lab.example", {"ticket_used_names": ("ada",), "client": SIX}),
    ],
)
@pytest.mark.parametrize("client", [CLIENT, SIX])
def test_who_is_granted_any_ticket_has_a_first_one(
    sname: str, facts: dict[str, Any], client: str
) -> None:
    """By either address, and be it a service's ticket."""
    if client == SIX:
        facts = {**facts, "client": CLIENT if facts.get("client") == SIX else SIX}
    granted = asked(97, sname, frame_request=12, frame_reply=13, **facts)
    refusal = failed(client=client)
    assert reason_of(ntlm(**ADA), kdc=[refusal]).code == "kdc_error"
    assert reason_of(ntlm(**ADA), kdc=[refusal, granted]).code == "ntlm_only_client"


@pytest.mark.parametrize(
    ("sname", "facts"),
    [
        (FIRST, {"exchange": "AS", "cname": "bob"}),
        (FIRST, {"exchange": "AS", "cname": "bob", "client": SIX}),
        ("cifs/fs.lab.example", {"client": SIX}),
        ("cifs/fs.lab.example", {"ticket_used_names": ("client$",)}),
        (FIRST, {"exchange": "AS", "cname": "ada", "client": "10.0.0.99"}),
    ],
)
def test_the_ticket_of_another_is_no_first_one(sname: str, facts: dict[str, Any]) -> None:
    """Of another user or the machine itself, or at another machine."""
    granted = asked(97, sname, frame_request=12, frame_reply=13, **facts)
    assert reason_of(ntlm(**ADA), kdc=[failed(), granted]).code == "kdc_error"


@pytest.mark.parametrize("client", [CLIENT, SIX])
def test_a_password_is_wrong_until_a_first_ticket_is_granted(client: str) -> None:
    """A service's ticket may rest on an older first one, so it takes nothing back of what is said of passwords."""
    first = asked(97, FIRST, exchange="AS", cname="ada", client=client)
    first.frame_request, first.frame_reply = 12, 13
    other = asked(97, "cifs/fs.lab.example", frame_request=12, frame_reply=13)
    assert reason_of(refused(ntlm(**ADA)), kdc=[failed(), first]).code == "bad_credentials"
    assert reason_of(refused(ntlm(**ADA)), kdc=[failed(), other]).code == "wrong_password"


def test_a_ticket_shown_over_the_other_version_is_of_a_first_one() -> None:
    """Only the same user's: nothing else tells whose the address is."""
    for user, code in (("ada", "ntlm_only_client"), ("bob", "kdc_error"), (None, "kdc_error")):
        shown = kerberos(97, 50, stream=stream(SIX, "fd00::9"), user=user)
        _, row = joined(shown, ntlm(**ADA), kdc=[failed()])
        assert row.fallback_reason == code
