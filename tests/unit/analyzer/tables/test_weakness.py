"""The closed list of what is weak, weakest first."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from analyzer.tables.weakness import RANK, WEAKNESSES, Run, etype_weakness, weakest_of


def run(mechanism: str | None, detail: str | None = None, **cells: Any) -> Run:
    """Cells of a successful logon."""
    known = dict.fromkeys(Run._fields) | {"outcome": "success", "tls": False}
    return Run(**(known | {"mechanism": mechanism, "mechanism_detail": detail} | cells))


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (run("basic"), "clear-password"),
        (run("basic", tls=True), "tls-password"),
        (run("simple", outcome="failure"), "clear-password"),
        (run("plain", "plaintext"), "clear-password"),
        (run("bearer"), "clear-password"),
        (run("simple", reason="unauthenticated_bind"), "anonymous"),
        (run(None, reason="anonymous"), "anonymous"),
        (run("ntlm", "anonymous"), "anonymous"),
        (run("ntlm", "anonymous", outcome="failure"), None),
        (run("ntlm", "lm"), "lm"),
        (run("ntlm", "ntlmv1"), "ntlmv1"),
        (run("ntlm", "ntlmv1", reason="guest_access"), "ntlmv1"),
        (run("ntlm", "ntlmv2", reason="guest_access"), "guest"),
        (run("ntlm", "ntlmv2", reason="guest_access", outcome="failure"), "ntlmv2"),
        (run("ntlm"), "ntlm"),
        (run("kerberos", ticket_etype="aes256-cts-hmac-sha1-96"), "kerberos"),
        (
            run(
                "kerberos", ticket_etype="aes256-cts-hmac-sha1-96", session_etype="arcfour-hmac-md5"
            ),
            "rc4",
        ),
        (run("iakerb", ticket_etype="des-cbc-md5", session_etype="arcfour-hmac-md5"), "des"),
        (run("digest"), "digest"),
        (run("scram"), "scram"),
        (run("negoex"), "other"),
        (run(None), None),
    ],
)
def test_the_weakest_thing_of_a_negotiation(seen: Run, code: str | None) -> None:
    """What is weakest counts, and only what the row shows."""
    assert weakest_of(seen) == code


@pytest.mark.parametrize(
    ("etype", "code"),
    [
        ("des-cbc-crc", "des"),
        ("des3-cbc-sha1", "des3"),
        ("old-des3-cbc-sha1", "des3"),
        ("arcfour-hmac-md5-exp", "rc4"),
        ("rc4-hmac-old", "rc4"),
        ("camellia256-cts-cmac", "kerberos"),
        ("des-plain", "des"),
        ("other", "kerberos"),
        ("unknown(99)", "kerberos"),
        (None, "kerberos"),
    ],
)
def test_encryption_types(etype: str | None, code: str) -> None:
    """Single DES, RC4 and triple DES are told from the rest."""
    assert etype_weakness(etype) == code


def test_the_order_is_the_documented_one() -> None:
    """A password in clear is the worst, Kerberos the best."""
    order = (
        "clear-password",
        "lm",
        "ntlmv1",
        "anonymous",
        "guest",
        "des",
        "rc4",
        "ntlmv2",
        "kerberos",
    )
    assert all(RANK[worse] < RANK[better] for worse, better in pairwise(order))
    assert list(WEAKNESSES)[-1] == "kerberos"
