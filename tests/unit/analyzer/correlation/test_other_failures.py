"""Failures of others than NTLM that a KDC explains."""

from __future__ import annotations

import pytest
from support.correlated import SERVER, asked, joined, kerberos, ntlm, reason_of, refused

from analyzer.negotiation.model import Reason

SILENT = Reason("no_credentials", "no token", (100,), "possible")


def test_a_client_that_was_refused_its_ticket() -> None:
    """It heard the hint, asked the KDC in vain and left: the KDC's error is the reason."""
    row = kerberos(
        mechanism=None,
        spn=None,
        server_name=None,
        ticket=None,
        carrier="smb2",
        outcome="incomplete",
        reason=SILENT,
    )
    reason = reason_of(row, kdc=[asked(100.5, "cifs/dc1.lab.example", 50)])
    assert (reason.code, reason.confidence) == ("kdc_error", "likely")
    assert reason.evidence == (10, 11, 100)
    assert "KRB_AP_ERR_INAPP_CKSUM for cifs/dc1.lab.example" in reason.detail
    assert reason.detail.endswith("also: no token")


@pytest.mark.parametrize(
    ("named", "names", "why"),
    [
        ("dc1.lab.example", (), ("kdc_error", "likely")),
        (None, ("dc1.lab.example",), ("kdc_error", "possible")),
        (None, (), ("kdc_error", "possible")),
        ("alias.lab.example", ("dc1.lab.example",), ("no_credentials", "possible")),
    ],
)
def test_a_client_that_left_another_name(
    named: str | None, names: tuple[str, ...], why: tuple[str, str]
) -> None:
    """A logon to the name that was refused has the refusal for its cause already."""
    known = {"names": names, "ticket": None, "spn": None, "carrier": "smb2"}
    left = kerberos(
        101, 200, mechanism=None, outcome="incomplete", reason=SILENT, server_name=named, **known
    )
    first = ntlm(carrier="smb2", server_name="dc1.lab.example")
    joined(first, left, kdc=[asked(99, "cifs/dc1.lab.example", 50)])
    assert first.fallback_confidence == "certain"
    assert left.reason is not None
    assert (left.reason.code, left.reason.confidence) == why


def test_a_client_that_simply_left() -> None:
    """Without a KDC's refusal the pattern is all there is."""
    row = kerberos(mechanism=None, ticket=None, spn=None, outcome="incomplete", reason=SILENT)
    assert reason_of(row) == SILENT


def test_a_server_that_tries_the_password() -> None:
    """Basic is checked at the KDC, which says more than 401."""
    failed = asked(100.05, "krbtgt/LAB", 24, exchange="AS", cname="alice", client=SERVER)
    row = refused(kerberos(mechanism="basic", ticket=None, spn=None, user="alice"))
    reason = reason_of(row, kdc=[failed])
    assert (reason.code, reason.confidence) == ("wrong_password", "likely")
    assert "also: bad_credentials" in reason.detail
    row = refused(kerberos(mechanism="basic", ticket=None, spn=None, user="bob"))
    assert reason_of(row, kdc=[failed]).code == "bad_credentials"


def test_a_client_that_tried_kerberos_first() -> None:
    """The KDC names the cause that NTLM's answer hides; only for the same user."""
    unknown = asked(99, "krbtgt/LAB", 6, exchange="AS", cname="nobody")
    row = refused(ntlm(user="nobody"))
    assert reason_of(row, kdc=[unknown]).code == "unknown_user"
    assert reason_of(refused(ntlm(user="alice")), kdc=[unknown]).code == "bad_credentials"


def test_kerberos_own_trouble_is_no_cause_of_a_refused_password() -> None:
    """A clock or an encryption type does not make NTLM fail."""
    for error in (37, 14):
        skewed = asked(99, "krbtgt/LAB", error, exchange="AS", cname="alice")
        assert reason_of(refused(ntlm(user="alice")), kdc=[skewed]).code == "bad_credentials"
