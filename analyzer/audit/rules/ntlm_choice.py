"""NTLM where Kerberos failed, was possible, or was never offered.

The reasons are those of docs/reasons.md; of a refused logon, `reason` tells the refusal, so that only what
was granted by NTLM is judged by it. What a client never offered, its own first message alone tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, by_offerer, by_server, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.negotiation.reasons import REASONS
from analyzer.negotiation.reasons.fallbacks import REFUSAL_NOT_SEEN, WHAT_NOT_WHY

KERBEROS_FAILED = frozenset(
    {
        "kerberos_refused",
        "unknown_service",
        "unknown_user",
        "etype_not_supported",
        "kdc_error",
        "kdc_unreachable",
        "duplicate_spn",
        "clock_skew",
        "ticket_expired",
        "ticket_not_yet_valid",
    }
)
"""Why NTLM: Kerberos was tried, or wanted, and came to nothing (NGS-NTLM-010)."""
NTLM_CHOSEN = frozenset({"application_chose_ntlm", "ntlm_selected_by_server"})
"""Why NTLM: somebody took it though Kerberos was there (NGS-NTLM-011)."""
BY_THE_OFFER = frozenset(
    {
        "ntlm_only_client",
        "no_kdc_traffic",
        "client_not_in_domain",
        "server_not_in_domain",
        "target_is_ip_address",
        "target_is_local_host",
        "target_name_unresolved",
        "local_account",
    }
)
"""Why NTLM: nothing that says whether Kerberos was offered; the offer does (NGS-NTLM-011, NGS-NTLM-012)."""
TOLD_OF_THE_SERVER = frozenset({"ntlm_only_server"})
"""Why NTLM: the server's list, of which NGS-NTLM-013 tells; none of these three rules."""

_NOT_STRONGER = frozenset({"ntlm", "basic", "plain", "login", "digest", "digest-md5", "cram-md5"})
"""What a server may name beside NTLM, in lower case, and still leave no better choice."""
_KERBEROS = frozenset({"kerberos", "ms-kerberos", "kerberos-u2u", "kerberos-draft", "iakerb"})
_MS = "Microsoft: NTLM auditing and restriction"


def _granted_since(row: Any, reasons: frozenset[str], though: str = "") -> Iterator[Hit]:
    """A logon that was granted by NTLM for one of `reasons`, also where its `reason` tells a flaw of it.

    Somebody's, as its response shows: nobody's has no ticket.
    """
    why_ntlm = row.fallback_reason
    if why_ntlm not in reasons:
        return  # most are not: asked first, it spares the look at other cells
    if row.mechanism == "ntlm" and row.outcome == "success" and row.mechanism_detail is not None:
        sentence = REASONS[why_ntlm].sentence
        if why_ntlm == "kerberos_refused" and REFUSAL_NOT_SEEN in (row.reason_detail or ""):
            sentence = REFUSAL_NOT_SEEN
        because = though or f": {sentence}"
        why = f"{row.client} used NTLM with {place(row)}{because}"
        shown = row.evidence if row.reason == why_ntlm else None
        sure = row.fallback_confidence or "possible"
        if why_ntlm in WHAT_NOT_WHY and sure == "certain":
            sure = "likely"  # a ticket may have been asked for, whatever is offered here
        yield by_client(row, why, "possible" if though else sure, shown)


def _offers_kerberos(row: Any) -> bool:
    return not _KERBEROS.isdisjoint(row.offered_mechs or ())


@rule(
    "NGS-NTLM-010",
    "medium",
    "NTLM after Kerberos failed",
    means="Kerberos would be used if its names, keys or KDC were in order; until then the logon "
    "can be relayed.",
    remedy="Mend what `reason` names: register the service name, mend keys or encryption types, "
    "open the way to the KDC.",
    references=("ATT&CK T1557.001", _MS),
)
def kerberos_failed(row: Any) -> Iterator[Hit]:
    """A logon by NTLM before which a ticket was refused, not to be had, or not accepted."""
    return _granted_since(row, KERBEROS_FAILED)


@rule(
    "NGS-NTLM-011",
    "medium",
    "NTLM although Kerberos was there",
    means="Somebody chose the weaker mechanism: an application's setting, the server's order, "
    "or a hand in between.",
    remedy="Set application and server to prefer Negotiate with Kerberos; forbid NTLM to this "
    "server.",
    references=("ATT&CK T1557.001", "RFC 4178 7", _MS),
)
def kerberos_was_there(row: Any) -> Iterator[Hit]:
    """Server or client had Kerberos on offer in this very negotiation, or the client had a ticket.

    Where only the client's list has it, and nothing says that it was not to be had, it is possible.
    """
    yield from _granted_since(row, NTLM_CHOSEN)
    if _offers_kerberos(row):
        yield from _granted_since(row, BY_THE_OFFER, ", though it offered Kerberos as well")


@rule(
    "NGS-NTLM-012",
    "low",
    "NTLM without an offer of Kerberos",
    means="The client never offered Kerberos here, whatever it asked of a KDC: no ticket, an "
    "address for a name, a name that nothing resolves, a local account, or a setting.",
    remedy="Use names that the KDC knows in place of addresses, and accounts of the domain.",
    references=("ATT&CK T1557.001", _MS),
    table=None,
)
def kerberos_never_offered(facts: Facts) -> Iterator[Hit]:
    """A logon by NTLM whose client's own first message, there to its end, offers no Kerberos.

    That is a NegTokenInit, NTLM's NEGOTIATE as it is, or SMB 1 without extended security, which knows no
    mechanisms. Not where a reason says that Kerberos failed (NGS-NTLM-010) or that NTLM was chosen
    (NGS-NTLM-011), nor where it is the server that offers NTLM only (NGS-NTLM-013).
    """
    seen = _offers_seen(facts)
    for row in facts.rows("negotiations"):
        no_choice = row.wrapper == "none" and row.carrier == "smb1"
        if (no_choice or row.negotiation_id in seen) and not _offers_kerberos(row):
            yield from _granted_since(row, BY_THE_OFFER)


def _offers_seen(facts: Facts) -> set[int]:
    """Negotiations whose client's first message is in the capture, and all of it."""
    return {
        token.negotiation_id
        for token in facts.rows("tokens", "token_type", {"NegTokenInit", "NTLM_NEGOTIATE"})
        if not facts.is_cut(token)
    }


@rule(
    "NGS-NTLM-013",
    "medium",
    "Server offers NTLM only",
    means="Who is told this list cannot come by Kerberos: the server, or this port or page of it, is in no "
    "domain, has no key, or is set so; traps that gather responses look like this too.",
    remedy="Join the server to the domain or give it a keytab, and offer Kerberos first.",
    references=("ATT&CK T1557.001", _MS),
    table=None,
)
def server_ntlm_only(facts: Facts) -> Iterator[Hit]:
    """The server's NegTokenInit2 or its list of schemes names NTLM and nothing stronger.

    Passwords as they are, and hashes of them by MD5 (Basic, PLAIN, Digest, CRAM-MD5), are not stronger.
    An SMB 1 server that was not asked for extended security lists nothing, and is not judged. Where the same
    host took Kerberos, the sentence says so: at another port or under another name it is likely that all of
    the server is meant, at the same one only possible.
    """
    cut = {
        (noticed.capture, noticed.stream_id, noticed.frame if noticed.code == "snaplen" else None)
        for noticed in facts.rows("anomalies")
        if noticed.code in {"snaplen", "gap"}
    }
    took = _took_kerberos(facts)
    for (capture, stream, frame), offered in _lists(facts).items():
        if not cut.isdisjoint({(capture, stream, frame), (capture, stream, None)}):
            continue  # what the list does not name may be what is lost
        names = {offer.mech.lower() for offer in offered}
        if "ntlm" in names and names <= _NOT_STRONGER:
            first = offered[0]
            row = facts.by_negotiation.get(first.negotiation_id)
            listed = ", ".join(offer.mech for offer in offered)
            port = "" if row is None else f" on port {row.server_port}"
            why = (
                f"{first.server}{port} offers {first.client} over {first.carrier} nothing but "
                f"{listed}"
            )
            hit = by_offerer(first, why)
            beside, there = _kerberos_beside(first, row, took)
            yield hit if beside is None else _weaker(hit, beside, there)


def _weaker(hit: Hit, beside: Any, there: bool) -> Hit:
    """The same, in the light of a negotiation by Kerberos with that host, `there` or elsewhere."""
    told = f"took Kerberos from {beside.client}"
    elsewhere = f"{beside.server} on port {beside.server_port} {told} over {beside.carrier}"
    return hit._replace(
        why=f"{hit.why}, though " + (f"it {told} there" if there else elsewhere),
        confidence="possible" if there else "likely",
        evidence=(*hit.evidence, beside.last_frame),
        negotiation_ids=(*hit.negotiation_ids, beside.negotiation_id),
    )


def _lists(facts: Facts) -> dict[tuple[str, int, int], list[Any]]:
    """Rows of `offers` by servers, list by list: capture, stream and frame."""
    lists: dict[tuple[str, int, int], list[Any]] = {}
    for offer in facts.rows("offers", "by", {"server"}):
        lists.setdefault((offer.capture, offer.stream_id, offer.frame), []).append(offer)
    return lists


def _took_kerberos(facts: Facts) -> dict[tuple[Any, ...], Any]:
    """First negotiation that ended in Kerberos, by capture, host, carrier, port, name: all or the first ones.

    A host is an address, or the name by which it was asked.
    """
    took: dict[tuple[Any, ...], Any] = {}
    for row in facts.rows("negotiations", "mechanism", {"kerberos"}):
        if row.outcome == "success":
            name = _name(row)
            for host in {row.server, name or row.server}:
                place = row.capture, host, row.carrier, row.server_port, name
                for known in range(2, len(place) + 1):
                    took.setdefault(place[:known], row)
    return took


def _name(row: Any) -> str | None:
    return row.server_name.lower().rstrip(".") if row.server_name else None


def _kerberos_beside(
    first: Any, row: Any | None, took: dict[tuple[Any, ...], Any]
) -> tuple[Any | None, bool]:
    """A negotiation by Kerberos with the host of a list, and whether it was where the list was given.

    `row` is the negotiation that took the list up: without it port and name are not known.
    """
    there: tuple[Any, ...] = first.capture, first.server, first.carrier
    if row is None:
        return took.get(there, took.get(there[:2])), there in took
    port, name = row.server_port, _name(row)
    same = [(port, name), (port, None)] if name is not None else [(port,)]
    for rest in same:
        if (*there, *rest) in took:
            return took[(*there, *rest)], True
    return took.get((first.capture, first.server), took.get((first.capture, name))), False


@rule(
    "NGS-NTLM-014",
    "low",
    "NTLM outside SPNEGO",
    means="Raw NTLM leaves no room for a better mechanism and is not covered by mechListMIC.",
    remedy="Let the application use Negotiate (SPNEGO) in place of NTLM.",
    references=("ATT&CK T1557.001", "MS-NLMP 1.4", "RFC 4178 7", _MS),
)
def raw_ntlm(row: Any) -> Iterator[Hit]:
    """The carrier holds NTLM messages as they are."""
    if row.wrapper == "raw-ntlm" and row.outcome == "success":
        yield by_client(row, f"{row.client} sends NTLM without SPNEGO to {place(row)}")


@rule(
    "NGS-NTLM-015",
    "info",
    "NTLM in use",
    means="A server that takes NTLM keeps every weakness of NTLM alive; the list says which "
    "ones still need it.",
    remedy="Find out why by `reason`, then restrict NTLM server by server.",
    references=("ATT&CK T1557.001", _MS),
)
def ntlm_accepted(row: Any) -> Iterator[Hit]:
    """A logon by NTLM that was granted, whatever the reason."""
    if row.mechanism == "ntlm" and row.outcome == "success":
        yield by_server(row, f"{row.server} let {row.client} in by NTLM over {row.carrier}")
