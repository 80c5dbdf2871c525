"""NTLM where Kerberos failed, was possible, or was never offered.

The reasons are those of docs/reasons.md; of a refused logon, `reason` tells the refusal, so that only what
was granted by NTLM is judged by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, by_offerer, by_server, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.negotiation.reasons import REASONS
from analyzer.negotiation.reasons.fallbacks import WHAT_NOT_WHY

_FAILED = {
    "kerberos_refused",
    "unknown_service",
    "etype_not_supported",
    "kdc_error",
    "kdc_unreachable",
    "duplicate_spn",
    "target_name_unresolved",
    "service_key_mismatch",
    "clock_skew",
    "ticket_expired",
    "ticket_not_yet_valid",
}
_CHOSEN = {"application_chose_ntlm", "ntlm_selected_by_server"}
_NEVER = {
    "ntlm_only_client",
    "no_kdc_traffic",
    "client_not_in_domain",
    "server_not_in_domain",
    "target_is_ip_address",
    "target_is_local_host",
    "local_account",
}
_MS = "Microsoft: NTLM auditing and restriction"


def _granted_since(row: Any, reasons: set[str]) -> Iterator[Hit]:
    """A logon that was granted by NTLM for one of `reasons`, also where its `reason` tells a flaw of it.

    Somebody's, as its response shows: nobody's has no ticket.
    """
    why_ntlm, somebody = row.fallback_reason, row.mechanism_detail is not None
    if row.mechanism == "ntlm" and row.outcome == "success" and somebody and why_ntlm in reasons:
        why = f"{row.client} used NTLM with {place(row)}: {REASONS[why_ntlm].sentence}"
        shown = row.evidence if row.reason == why_ntlm else None
        sure = row.fallback_confidence or "possible"
        if why_ntlm in WHAT_NOT_WHY and sure == "certain":
            sure = "likely"  # a ticket may have been asked for, whatever is offered here
        yield by_client(row, why, sure, shown)


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
    return _granted_since(row, _FAILED)


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
    """Server or client had Kerberos on offer in this very negotiation, or the client had a ticket."""
    return _granted_since(row, _CHOSEN)


@rule(
    "NGS-NTLM-012",
    "low",
    "NTLM without an offer of Kerberos",
    means="The client never offered Kerberos here, whatever it asked of a KDC: no ticket, an "
    "address for a name, a local account, or a setting.",
    remedy="Use names that the KDC knows in place of addresses, and accounts of the domain.",
    references=("ATT&CK T1557.001", _MS),
)
def kerberos_never_offered(row: Any) -> Iterator[Hit]:
    """A logon by NTLM whose client offered NTLM only, or could not have had a ticket."""
    return _granted_since(row, _NEVER)


@rule(
    "NGS-NTLM-013",
    "medium",
    "Server offers NTLM only",
    means="Nobody can reach this server by Kerberos: it is in no domain, has no key, or is set so; "
    "traps that gather responses look like this too.",
    remedy="Join the server to the domain or give it a keytab, and offer Kerberos first.",
    references=("ATT&CK T1557.001", _MS),
    table=None,
)
def server_ntlm_only(facts: Facts) -> Iterator[Hit]:
    """The server's NegTokenInit2 or its list of schemes names NTLM and nothing stronger.

    An SMB 1 server that was not asked for extended security lists nothing, and is not judged.
    """
    lists: dict[tuple[str, int, int], list[Any]] = {}
    for offer in facts.rows("offers"):
        if offer.by == "server":
            lists.setdefault((offer.capture, offer.stream_id, offer.frame), []).append(offer)
    cut = {
        (noticed.capture, noticed.stream_id, noticed.frame if noticed.code == "snaplen" else None)
        for noticed in facts.rows("anomalies")
        if noticed.code in {"snaplen", "gap"}
    }
    for (capture, stream, frame), offered in lists.items():
        if not cut.isdisjoint({(capture, stream, frame), (capture, stream, None)}):
            continue  # what the list does not name may be what is lost
        names = {offer.mech.lower() for offer in offered}
        if "ntlm" in names and names <= {"ntlm", "basic"}:
            first = offered[0]
            row = facts.by_negotiation.get(first.negotiation_id)
            listed = ", ".join(offer.mech for offer in offered)
            port = "" if row is None else f" on port {row.server_port}"
            why = (
                f"{first.server}{port} offers {first.client} over {first.carrier} nothing but "
                f"{listed}"
            )
            yield by_offerer(first, why)


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
