"""Tickets and logons that look as if they were made from a stolen hash: they are of RC4 where AES is usual.

Single settings of old machines look alike, so that each rule wants the usual case beside the odd one, in the
same capture.

Spec: RFC 4120 3.1.3 and 5.3, RFC 8429, MS-KILE 3.3.5.7.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analyzer.audit.etypes import listed, only_weak
from analyzer.audit.facts import Facts
from analyzer.audit.hits import kdc_hit, principal, service, the_kdc
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.tables.etype_kinds import AES, RC4


def _of_own_realm(sname: str | None, realm: str | None) -> bool:
    """The service is the realm's own ticket-granting service, not that of another realm."""
    return bool(realm) and (sname or "").lower() == f"krbtgt/{(realm or '').lower()}"


@rule(
    "NGS-KDC-025",
    "high",
    "RC4 ticket-granting ticket in a realm that gives AES",
    means="The key of krbtgt seals every ticket-granting ticket of a realm. One that is sealed with "
    "its RC4 key where the KDC seals with AES was not issued by this KDC: it may be forged from "
    "krbtgt's stolen hash (golden ticket).",
    remedy="Find the host and the account; if no old domain controller issues such tickets, treat "
    "the domain as taken over and change krbtgt's password twice.",
    references=("ATT&CK T1558.001", "RFC 8429", "Windows event 4769"),
    table=None,
)
def forged_ticket(facts: Facts) -> Iterator[Hit]:
    """A TGS-REQ brings an RC4 ticket of krbtgt, and in the same capture its realm has AES ones only.

    A ticket that a reply issued, for whatever name of the realm, is none; one that none did may be older
    than the capture, so that this alone says nothing.
    """
    issued = {
        (row.ticket_id, row.ticket_etype) for row in facts.rows("kdc") if row.ticket_id is not None
    }
    given: dict[tuple[str, str], set[str]] = defaultdict(set)
    brought: list[tuple[tuple[str, str], Any]] = []
    for row in facts.rows("kdc"):
        realm = (row.capture, (row.realm or "").lower())
        if row.exchange == "TGS" and row.presented_etype in RC4:
            known = (row.presented_id, row.presented_etype) in issued
            if not known and _of_own_realm(row.presented_sname, row.realm):
                brought.append((realm, row))
        elif row.outcome == "success" and _of_own_realm(row.sname, row.realm):
            given[realm].add(row.ticket_etype or "")
    for realm, row in brought:
        if given[realm] and given[realm] <= AES:
            why = (
                f"{row.client} asked {the_kdc(row)} for {service(row)} with a ticket-granting ticket of "
                f"{row.presented_etype}; the KDC gives those of {', '.join(sorted(given[realm]))}"
            )
            yield kdc_hit("client", row.client, row, why, "possible")


@rule(
    "NGS-KDC-026",
    "medium",
    "RC4 logon from a host that has AES",
    means="The host asks for AES otherwise, and for this user with RC4 alone and a proof made with "
    "its key: who has only the NT hash of a password asks so (overpass-the-hash). Or somebody on the "
    "way took AES from the list.",
    remedy="Find out which program asked; end the account's sessions and change its password if "
    "none is known to.",
    references=("ATT&CK T1550.002", "RFC 8429", "Windows event 4768"),
    table=None,
)
def logon_by_hash(facts: Facts) -> Iterator[Hit]:
    """An AS-REQ with a timestamp lists RC4 and nothing stronger; the same client lists AES in others."""
    usual: set[tuple[str, str]] = set()
    odd: list[Any] = []
    for row in facts.rows("kdc"):
        if not AES.isdisjoint(row.requested_etypes or ()):
            usual.add((row.capture, row.client))
        elif only_weak(row) & RC4 and row.preauth == "encrypted-timestamp":
            odd.append(row)
    for row in odd:
        if (row.capture, row.client) in usual:
            why = (
                f"{row.client} asks for {service(row)} as {principal(row)} with "
                f"{listed(row.requested_etypes)} only, and with AES otherwise"
            )
            sure = "likely" if row.outcome == "success" else "possible"
            yield kdc_hit("user", principal(row), row, why, sure)
