"""Encryption types that clients ask the KDC for and get.

Spec: RFC 4120 3.1.3, RFC 6649 (DES), RFC 8429 (RC4 and triple DES).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.etypes import listed, only_weak
from analyzer.audit.hits import kdc_hit, kdc_subject, principal, service, the_kdc
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.tables.etype_kinds import DES, RC4

_AES_KEYS = (
    "Give the account AES keys: set msDS-SupportedEncryptionTypes to AES and change its password."
)


@rule(
    "NGS-KDC-020",
    "medium",
    "RC4 service ticket",
    means="Whoever asks for this service's ticket can try passwords on it offline, quickly.",
    remedy=_AES_KEYS,
    references=("ATT&CK T1558.003", "RFC 8429", "KB5021131", "Windows event 4769"),
    table="kdc",
)
def rc4_service(row: Any) -> Iterator[Hit]:
    """The KDC issues a ticket of RC4 for a service."""
    if row.ticket_etype in RC4 and row.sname and not row.sname.startswith("krbtgt/"):
        yield kdc_hit("server", row.sname, row, f"{row.client} got an RC4 ticket for {row.sname}")


@rule(
    "NGS-KDC-021",
    "medium",
    "Logon with an RC4 key",
    means="The reply for this user is of RC4: a hash without salt, that also is a password for "
    "NTLM.",
    remedy=_AES_KEYS + " Make clients ask for AES.",
    references=("ATT&CK T1550.002", "RFC 8429", "Windows event 4768"),
    table="kdc",
)
def rc4_logon(row: Any) -> Iterator[Hit]:
    """The part of an AS-REP that is for the client is of RC4."""
    if row.exchange == "AS" and row.reply_etype in RC4:
        why = f"{principal(row)} logged on from {row.client} with an RC4 key"
        yield kdc_hit("user", principal(row), row, why)


@rule(
    "NGS-KDC-022",
    "low",
    "Client asks for RC4 only",
    means="The client takes no AES: it is old, set wrong, has an NT hash only, or wants tickets "
    "to crack.",
    remedy="Set 'Configure encryption types allowed for Kerberos' on the client to AES.",
    references=("ATT&CK T1558.003", "ATT&CK T1550.002", "RFC 8429"),
    table="kdc",
)
def rc4_only(row: Any) -> Iterator[Hit]:
    """The list of encryption types in the request holds RC4 (and DES) and nothing stronger.

    Likely where the request is armoured (FAST): the KDC goes by the list that is encrypted.
    """
    if only_weak(row) & RC4:
        why = (
            f"{row.client} asks for {service(row)} as {principal(row)} with "
            f"{listed(row.requested_etypes)} only"
        )
        yield kdc_hit("client", row.client, row, why, "likely" if row.fast else "certain")


@rule(
    "NGS-KDC-023",
    "low",
    "Client asks for DES",
    means="The client would take a ticket of DES if a KDC still gave one.",
    remedy="Forbid DES in the client's settings (allow_weak_crypto, encryption types).",
    references=("ATT&CK T1562.010", "RFC 6649", "CIS Windows: Kerberos encryption types"),
    table="kdc",
)
def des_asked(row: Any) -> Iterator[Hit]:
    """The list of encryption types in the request holds single DES."""
    asked = [etype for etype in row.requested_etypes or () if etype in DES]
    if asked:
        why = f"{row.client} takes {listed(asked)} for {service(row)}"
        yield kdc_hit("client", row.client, row, why)


@rule(
    "NGS-KDC-024",
    "critical",
    "The KDC gives DES",
    means="DES keys are found by search in hours: the account's key, and with it the account, "
    "is lost.",
    remedy="Forbid DES at the KDC; clear 'Use Kerberos DES encryption types for this account'. "
    + _AES_KEYS,
    references=("ATT&CK T1558", "RFC 6649"),
    table="kdc",
)
def des_given(row: Any) -> Iterator[Hit]:
    """A ticket or reply of single DES."""
    given = ""
    if row.ticket_etype in DES:
        given = f"a ticket of {row.ticket_etype}"
    elif row.reply_etype in DES:
        given = f"a reply sealed with {row.reply_etype}"
        if row.ticket_etype is not None:
            given += f", with a ticket of {row.ticket_etype},"
    if given:
        why = f"{the_kdc(row)} gave {row.client} {given} for {service(row)}"
        yield kdc_hit("server", kdc_subject(row), row, why)
