"""LDAP binds and what protects the directory's answers after them.

Spec: RFC 4513 6, RFC 4752 3, MS-ADTS 5.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.hits import account, by_client, by_server, with_frames
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.tables.weakness import WITHOUT_SECRET

_WITH_PROOF = 3
"""Frames of an exchange by SCRAM that got to the proof: three of first message, challenge, proof, answer."""
_ENDED = {"failure": ", and was refused"}
_REQUIRE = (
    "Set 'Domain controller: LDAP server signing requirements' to 'Require signing', and "
    "clients to negotiate it."
)


@rule(
    "NGS-LDAP-001",
    "medium",
    "LDAP bind without signing",
    means="Answers and changes of the directory can be altered on the way, and a relayed logon "
    "can be used.",
    remedy=_REQUIRE,
    references=("ATT&CK T1557.001", "ADV190023", "MS-ADTS 5.1.1.1.2", "Windows event 2889"),
)
def unsigned(row: Any) -> Iterator[Hit]:
    """A SASL bind with success, and messages outside TLS follow it that are neither signed nor sealed."""
    if (
        row.carrier == "ldap"
        and row.outcome == "success"
        and row.mechanism in {"kerberos", "ntlm"}
        and row.protection == "none"
        and not row.tls
        and row.mechanism_detail != "anonymous"
    ):
        why = (
            f"{row.client} bound to {row.server} by {row.mechanism}, and what follows is not signed"
        )
        yield by_server(row, why, evidence=with_frames(row, row.protection_frame))


@rule(
    "NGS-LDAP-002",
    "info",
    "LDAP signed and not sealed",
    means="Everybody on the way can read what is asked of the directory and answered.",
    remedy="Let clients ask for sealing, or use LDAPS.",
    references=("ATT&CK T1040", "RFC 4752 3"),
)
def not_sealed(row: Any) -> Iterator[Hit]:
    """After the bind messages are signed in the clear."""
    if row.carrier == "ldap" and row.outcome == "success" and row.protection == "sign":
        why = f"{row.client} reads from {row.server} signed, but in the clear"
        yield by_client(row, why, evidence=with_frames(row, row.protection_frame))


@rule(
    "NGS-LDAP-003",
    "low",
    "Bind refused for lack of protection",
    means="The server demands more than this client brings; the client will fail, or has just "
    "sent its password in vain.",
    remedy="Set the client to sign, to seal, or to use LDAPS.",
    references=("RFC 4511 4.1.9", "ADV190023", "Windows event 2888"),
)
def stronger_demanded(row: Any) -> Iterator[Hit]:
    """The bind is answered with strongerAuthRequired or confidentialityRequired.

    Also inappropriateAuthentication whose text is Cyrus SASL's own for it: SASL(-15), the mechanism is too
    weak, or SASL(-16), encryption is needed.
    """
    if row.carrier == "ldap" and row.reason == "stronger_auth_required":
        who = account(row.user, row.domain) if row.user else row.client
        bind = f"{row.mechanism} bind" if row.mechanism else "bind"  # its request may be lost
        yield by_client(row, f"{row.server} refused the {bind} of {who}: {row.status}")


@rule(
    "NGS-LDAP-004",
    "low",
    "Challenge and response by SASL without TLS",
    means="The password itself is not sent, but its proof can be attacked offline, also that of a refused "
    "try, and the session is not protected.",
    remedy="Bind inside TLS, or by GSSAPI with signing.",
    references=("ATT&CK T1110.002", "RFC 5802 9"),
)
def sasl_in_the_clear(row: Any) -> Iterator[Hit]:
    """SCRAM outside TLS with the client's proof, which is its second message, whatever became of it."""
    if row.mechanism != "scram" or row.tls or row.carrier != "ldap":
        return
    if row.mechanism_detail in WITHOUT_SECRET:
        return
    how = f"by {row.scheme} in the clear"
    if row.outcome == "success":
        yield by_client(row, f"{row.client} proved a password to {row.server} {how}")
    elif len(row.frames) >= _WITH_PROOF:
        why = f"{row.client} tried a password at {row.server} {how}{_ENDED.get(row.outcome, '')}"
        yield by_client(row, why)
