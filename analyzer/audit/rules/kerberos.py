"""Tickets as services get them: weak keys, no mutual proof, delegation, replay.

Spec: RFC 4120 3.2, 5.5.1; RFC 6649 and RFC 8429 (encryption types not to be used).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, by_server, kdc_hit, place, principal
from analyzer.audit.hops import (
    joined,
    less_sure,
    may_be_forwarded,
    may_be_one_host,
    same_exchange,
    side_by_side,
)
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.audit.seen_twice import Seen, connections
from analyzer.tables.etype_kinds import DES, RC4

_AES = (
    "Give the account AES keys (set msDS-SupportedEncryptionTypes and change its password), "
    "then forbid {0} by 'Network security: Configure encryption types allowed for Kerberos'."
)
_WITH_FORWARDED = 1000  # bytes of an authenticator that can hold a ticket
_AROUND_NS = 60_000_000_000
_TIME = itemgetter(0)
_KERBEROS_ALONE = {"gssapi", "kerberos"}
"""Schemes that name the mechanism: SASL's GSSAPI (RFC 4752), and WinRM's Kerberos over HTTP."""


def _service(row: Any) -> str:
    return row.spn or "a service without a name"


@rule(
    "NGS-KRB-001",
    "medium",
    "RC4 ticket or session key",
    means="RC4 keys are NT hashes without salt: the ticket can be attacked offline for the "
    "service's password.",
    remedy=_AES.format("RC4"),
    references=("ATT&CK T1558.003", "RFC 8429", "KB5021131"),
)
def rc4(row: Any) -> Iterator[Hit]:
    """The AP-REQ's ticket or authenticator is of RC4."""
    if row.ticket_etype in RC4:
        yield by_client(
            row, f"{row.client} showed {place(row)} a ticket for {_service(row)} sealed with RC4"
        )
    elif row.session_etype in RC4:
        yield by_client(
            row, f"{row.client} and {place(row)} share an RC4 session key for {_service(row)}"
        )


@rule(
    "NGS-KRB-002",
    "critical",
    "DES ticket or session key",
    means="DES keys are found by search in hours: whoever records the ticket can be the "
    "service, or any user to it.",
    remedy=_AES.format("DES"),
    references=("ATT&CK T1558.003", "RFC 6649"),
)
def des(row: Any) -> Iterator[Hit]:
    """The AP-REQ's ticket or authenticator is of single DES."""
    for what, etype in (("ticket", row.ticket_etype), ("session key", row.session_etype)):
        if etype in DES:
            yield by_client(
                row, f"{row.client} used a {what} of {etype} with {place(row)} for {_service(row)}"
            )
            return


@rule(
    "NGS-KRB-003",
    "info",
    "No mutual authentication",
    means="The server need not prove that it has the key: somebody who stands in for it is not "
    "noticed.",
    remedy="Let the client ask for mutual authentication (GSS_C_MUTUAL_FLAG), or trust TLS for "
    "the server's name.",
    references=("ATT&CK T1557", "RFC 4120 3.2.4", "RFC 4559 6"),
    table=None,
)
def not_mutual(facts: Facts) -> Iterator[Hit]:
    """An AP-REQ without the option mutual-required."""
    for token in facts.ap_requests:
        if token.krb_ap_options is not None and "mutual-required" not in token.krb_ap_options:
            row = facts.by_negotiation[token.negotiation_id]
            why = f"{row.client} asks {place(row)} for no proof in return"
            if token.krb_sname is not None:
                why += f" ({token.krb_sname})"
            yield by_client(row, why, evidence=token.frames)


@rule(
    "NGS-KRB-004",
    "medium",
    "Ticket-granting ticket handed on",
    means="The client gives a server all its rights: whoever takes over that server is the user "
    "everywhere.",
    remedy="Replace unconstrained delegation by constrained or resource-based delegation; mark "
    "important accounts "
    "as sensitive, or make them Protected Users.",
    references=("ATT&CK T1558", "ATT&CK T1550.003", "RFC 4120 2.6", "RFC 4121 4.1.1"),
    table=None,
)
def forwarded(facts: Facts) -> Iterator[Hit]:
    """The KDC gives a forwarded ticket, and an authenticator with room for it goes to another host."""
    controllers = {row.server for row in facts.rows("kdc") if row.transport in {"udp", "tcp"}}
    hosts = _addresses(facts)
    large: dict[tuple[str, str], list[tuple[int, Any]]] = defaultdict(list)
    elsewhere: set[tuple[str, str]] = set()
    for token in facts.ap_requests:
        if (token.krb_authenticator_length or 0) >= _WITH_FORWARDED:
            large[token.capture, token.src].append((token.ts or 0, token))
        if token.dst not in controllers:
            elsewhere.add((token.capture, token.src))
    for sent in large.values():
        sent.sort(key=_TIME)
    for row in facts.rows("kdc"):
        if "forwarded" not in (row.kdc_options or ()) or row.outcome != "success":
            continue
        keys = [(row.capture, address) for address in hosts[row.capture, row.client]]
        told = _first_after(row, [large[key] for key in keys if key in large])
        why = f"{row.client} got a forwarded ticket of {principal(row)}"
        if told is None:
            if any(key in elsewhere for key in keys):
                yield kdc_hit("client", row.client, row, why, "possible")
        elif told.dst not in controllers:  # these have the keys anyway, and are trusted by default
            size = told.krb_authenticator_length
            why += f" and an authenticator of {size} bytes went to {told.dst} over {told.carrier}"
            hit = kdc_hit("client", row.client, row, why, "likely")  # the size alone tells it
            evidence = (*hit.evidence, told.frame)
            yield hit._replace(evidence=evidence, negotiation_ids=(told.negotiation_id,))


def _first_after(row: Any, lists: list[list[tuple[int, Any]]]) -> Any | None:
    """The first token within a minute of the row; each list is of (time, token), in order of time."""
    asked = row.ts or 0
    nearest = [
        sent[at] for sent in lists if (at := bisect_left(sent, asked, key=_TIME)) < len(sent)
    ]
    ts, token = min(nearest, key=_TIME, default=(asked + _AROUND_NS + 1, None))
    return token if ts - asked <= _AROUND_NS else None


def _addresses(facts: Facts) -> dict[tuple[str, str], set[str]]:
    """Addresses of who asks a KDC, by capture and asking address: also of the other IP version."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in facts.rows("kdc"):
        found[row.capture, row.client].add(row.client)
        for number in row.negotiation_ids or ():
            if number in facts.by_negotiation:
                found[row.capture, row.client].add(facts.by_negotiation[number].client)
    return found


@rule(
    "NGS-KRB-005",
    "high",
    "The same AP-REQ on two connections",
    means="An authenticator is good once. Sent a second time it is a replay, or a client that "
    "repeats itself, or (possible, if a host is server of one and client of the other) a port forwarder.",
    remedy="Find out who sent the second one; keep the services' replay caches on.",
    references=("ATT&CK T1550.003", "RFC 4120 3.2.3"),
    table=None,
)
def replayed(facts: Facts) -> Iterator[Hit]:
    """One Kerberos token in two connections; less sure of the same client, or through a host in between.

    One connection before and behind a NAT is one; possible, where all messages of two are the same, in step.
    """
    for (shown, first), (token, row) in _shown_again(facts):
        if same_exchange(first, row):
            continue
        # a replay asks for the same host too: over HTTP only a middle box that is seen as one will do
        between = joined(first, row)
        if between and may_be_one_host(first, row):
            continue
        why = (
            f"the AP-REQ that {first.client} sent {first.server} came again from {row.client} "
            f"to {row.server}, which ended in {row.outcome}"
        )
        numbers = (first.negotiation_id, row.negotiation_id)
        yield Hit(
            "client",
            row.client,
            why,
            (shown.frame, token.frame, *row.frames[-1:]),
            numbers,
            row.capture,
            row.started,
            less_sure(facts, first, row, _replay_confidence(first, row, between=between)),
        )


def _shown_again(facts: Facts) -> Iterator[tuple[Seen, Seen]]:
    """The same whole AP-REQ on two connections: where it came first, and each where it came again."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    for token in facts.ap_requests:
        if token.krb_authenticator_length is None or facts.is_cut(token):
            continue  # a client shows one ticket often; the authenticator behind it is what must be new
        row = facts.by_negotiation[token.negotiation_id]
        seen[token.inner_sha256 or token.sha256].append((token, row))
    for shown in seen.values():
        first, *others = connections(shown)
        for other in others:
            yield side_by_side(first, other)


def _replay_confidence(first: Any, row: Any, *, between: bool) -> str:
    if between and may_be_forwarded(first, row):
        return "possible"
    return "likely" if row.client == first.client else "certain"


@rule(
    "NGS-KRB-006",
    "info",
    "Ticket of another realm than the service's name",
    means="The service is reached over a trust, or its name is mapped to another realm than its "
    "domain's.",
    remedy="Check that the trust and the mapping of the name to a realm are meant.",
    references=("RFC 4120 1.2", "RFC 6806 8", "KB4490425", "Windows event 4769"),
)
def other_realm(row: Any) -> Iterator[Hit]:
    """The ticket's realm is not the DNS domain of the host in the service's name, nor one above it."""
    if not row.realm or not row.spn or "/" not in row.spn:
        return
    host = row.spn.split("/")[1].split(":")[0].lower().rstrip(".")
    _, dot, domain = host.partition(".")
    realm = row.realm.lower()
    if (
        dot
        and not host.replace(".", "").isdigit()
        and domain != realm
        and not domain.endswith("." + realm)
    ):
        why = f"{row.client} showed {place(row)} a ticket of {row.realm} for {row.spn}"
        yield by_client(row, why, "possible")


@rule(
    "NGS-KRB-007",
    "info",
    "Kerberos without SPNEGO",
    means="The mechanism was settled beforehand: there is no negotiation that could be changed, "
    "nor a choice.",
    remedy="Nothing needs to be done; where SPNEGO is expected, check the client's settings.",
    references=("RFC 4121 4", "RFC 4178 1"),
)
def raw_kerberos(row: Any) -> Iterator[Hit]:
    """The carrier holds a Kerberos token as it is, under a scheme that does not say Kerberos itself."""
    if row.wrapper == "raw-kerberos" and (row.scheme or "").lower() not in _KERBEROS_ALONE:
        yield by_client(row, f"{row.client} sent {place(row)} a Kerberos token without SPNEGO")


@rule(
    "NGS-KRB-008",
    "high",
    "Mutual authentication failed",
    means="The server could not prove that it is who the ticket is for: somebody stands in for it, or the "
    "name leads to another host.",
    remedy="Find out which host answered, and whether the client's name for it (DNS, SPN) is right.",
    references=("ATT&CK T1557", "RFC 4120 3.2.5", "RFC 4120 7.5.9"),
)
def server_unproved(row: Any) -> Iterator[Hit]:
    """A whole negotiation that failed with the reason `mutual_auth_failed`; as sure as that is."""
    if (
        row.reason == "mutual_auth_failed"
        and row.outcome == "failure"
        and row.completeness == "complete"
    ):
        meant = row.spn or "who its client asked for"
        why = f"{place(row)} did not prove to {row.client} that it is {meant}"
        yield by_server(row, why, row.confidence or "possible")
