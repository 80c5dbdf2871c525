"""Why was NTLM run and not Kerberos? Every answer that fits, from the negotiation and what its client did.

The answers are asked for in the order of how directly they show the cause: what was said in the
negotiation itself, what the KDC said, accounts, a KDC out of reach (which a local account needs not),
names, then the client's own choice.

Spec: MS-NLMP 2.2.2.1 and 2.2.2.5, RFC 4178 4.2, RFC 4559 4, MS-SPNG 3.2.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlation.accounts import account_findings, computer_of
from analyzer.correlation.context import Context
from analyzer.correlation.failed_logons import failed_logon
from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_reasons import kdc_words, why_ntlm_code
from analyzer.correlation.kdc_rules import BEFORE_NS, Beside, least
from analyzer.correlation.kerberos_use import KerberosUse
from analyzer.correlation.lost_answers import lost_answer, lost_words
from analyzer.correlation.offers import (
    NTLM_SCHEMES,
    choice_findings,
    offer_findings,
    only_ntlm,
    unwrapped_ntlm,
)
from analyzer.correlation.reach import unreachable_kdc
from analyzer.correlation.refused_tickets import refused_ticket
from analyzer.correlation.services import (
    account_of,
    is_address,
    label_of,
    named_by_client,
    principal,
)
from analyzer.correlation.tickets import granted_ticket
from analyzer.negotiation.model import KeyFrames, Negotiation
from analyzer.negotiation.reasons.fallbacks import REFUSAL_NOT_SEEN, WHAT_NOT_WHY
from analyzer.surroundings.model import KdcExchange

TOLD = 2
"""Findings that a reason names: the strongest and the next."""
RETRIES_LOOKED_BACK = 16
LOOPBACK = ("127.", "::1")
NOWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - an address where a token came without one


def why_ntlm(negotiation: Negotiation, context: Context) -> list[Finding]:
    """Reasons for NTLM that fit, in the order in which they are looked for."""
    frames = negotiation.key_frames
    if frames is None:
        return []
    earlier, sure = _kerberos_before(negotiation, context.kerberos)
    found = [
        *_refused_kerberos(negotiation, earlier, sure),
        *_same_machine(negotiation, frames),
        *offer_findings(negotiation, frames),
        *_refused_by_kdc(negotiation, context),
        *account_findings(negotiation, frames, context.kdc),
        *unreachable_kdc(negotiation, context),
        *_address_as_name(negotiation, frames, context),
        *choice_findings(negotiation, frames),
    ]
    found = _no_longer_sure(negotiation, found)
    if earlier is not None and earlier.mechanism == "kerberos":
        found = [_not_by_choice(finding) for finding in found]
    if len(found) < TOLD:  # what follows is never stronger
        found += _worked_elsewhere(negotiation, frames, context)
        found += context.names.unresolved(negotiation)
        found += unwrapped_ntlm(negotiation, frames)
        found += only_ntlm(negotiation, frames)
    if all(finding.code in WHAT_NOT_WHY for finding in found):
        found += _nothing_seen(negotiation, frames, context)
    lost = lost_answer(negotiation, context)
    if lost is not None and all(finding.code != "kdc_unreachable" for finding in found):
        found = [_lacking(finding, lost) for finding in found]
    return found


def _no_longer_sure(negotiation: Negotiation, found: list[Finding]) -> list[Finding]:
    """A refusal that the client must have kept in mind is only possible where any other cause fits too."""
    if len(found) < 2:
        return found
    since = negotiation.started_ns - BEFORE_NS
    most = Beside.OTHER_CAUSE.value.confidence
    return [
        finding._replace(confidence=least(finding.confidence, most))
        if finding.code != "kdc_unreachable"
        and finding.kdc is not None
        and finding.kdc.ts_ns < since
        else finding
        for finding in found
    ]


def _lacking(finding: Finding, lost: KdcExchange) -> Finding:
    """Name the lost answer with what is not sure, or tells no cause."""
    if finding.confidence != "possible" and finding.code not in WHAT_NOT_WHY:
        return finding
    return finding._replace(lacking=lost_words(lost))


def _not_by_choice(finding: Finding) -> Finding:
    """Who tried Kerberos just before would have had it, so that a choice of NTLM is only possible."""
    if finding.code != "application_chose_ntlm":
        return finding
    return finding._replace(confidence="possible")


def _proof(frames: KeyFrames) -> tuple[int, ...]:
    """Where the client shows that it runs NTLM."""
    first = frames.proof if frames.offer is None else frames.offer
    return () if first is None else (first,)


# -- in the negotiation, or the one before ------------------------------------------------------------------


def _kerberos_before(
    negotiation: Negotiation, kerberos: KerberosUse
) -> tuple[Negotiation | None, str]:
    """What the client ran before it turned to NTLM, and how sure that NTLM took it up.

    A second password does not make it another decision.
    """
    first = negotiation
    for _ in range(RETRIES_LOOKED_BACK):
        if first.retry_of is None:
            break
        first = first.retry_of
    if first.fallback_from is not None or first.retry_of is not None:
        return first.fallback_from, "likely"
    # an attempt between them, or a part of one, may be missing in the capture
    return kerberos.came_to_nothing(first), "possible"


def _refused_kerberos(
    negotiation: Negotiation, earlier: Negotiation | None, sure: str
) -> Iterator[Finding]:
    refusal = negotiation.kerberos_refusal
    if refusal is not None:
        yield Finding("kerberos_refused", "certain", (refusal.frame,), refusal.name)
    if earlier is None or earlier.mechanism != "kerberos":
        return
    words = f"negotiation {earlier.negotiation_id}"
    why = earlier.reason
    evidence: tuple[int, ...] = (earlier.last_frame,)
    if earlier.outcome == "incomplete" and sure == "possible":
        words += ", of which no end was seen"
    else:
        said = earlier.gss_status or (earlier.status.name if earlier.status is not None else "")
        if why is not None:
            evidence = why.evidence
            words += f": {why.code}"
        if said:
            words += f", {said}"
    sentence = "" if _says_no(earlier) else REFUSAL_NOT_SEEN
    yield Finding("kerberos_refused", sure, evidence, words, said=sentence)


def _says_no(earlier: Negotiation) -> bool:
    """A message refuses it: by the carrier's status, negState reject, or a Kerberos error."""
    closed = earlier.reason is not None and earlier.reason.code == "connection_closed"
    if earlier.outcome == "failure" and not closed:
        return True
    return (earlier.gss_status or "").startswith(("K", "reject"))


def _same_machine(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    stream = negotiation.stream
    shown = _proof(frames)
    one_address = stream.server.startswith(LOOPBACK) or (
        stream.client == stream.server and stream.server not in NOWHERE
    )
    if negotiation.ntlm_local_call and negotiation.mechanism_detail == "local-call":
        # a relayed token may agree on it too: the addresses must not speak against it
        sure = "certain" if one_address else "likely"
        yield Finding("target_is_local_host", sure, shown, "NTLM agrees on a local call")
    elif one_address:
        words = f"{stream.client} talks to {stream.server}"
        yield Finding("target_is_local_host", "likely", shown, words)
    elif any(map(_is_localhost, named_by_client(negotiation))):
        words = f"named localhost, though {stream.client} talks to {stream.server}"
        yield Finding("target_is_local_host", "likely", shown, words)
    else:
        yield from _one_name(negotiation, frames)


def _one_name(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """Both ends call themselves the same, and so does the client call the server.

    The addresses differ, so it may be another machine of the same name, or one that only says so.
    """
    server, stream = negotiation.ntlm_server, negotiation.stream
    own = (negotiation.workstation or "").lower()
    if server is None or frames.proof is None or not own or computer_of(server) != own:
        return
    full = (server.dns_computer or "").lower()  # the short name is cut at 15 letters
    hosts = named_by_client(negotiation)
    named = next((host for host in hosts if label_of(host) == own or host == full), None)
    if named is not None:
        words = (
            f"named {named}, and both call themselves {negotiation.workstation}, "
            f"though {stream.client} talks to {stream.server}"
        )
        yield Finding("target_is_local_host", "likely", (server.frame, frames.proof), words)


def _is_localhost(host: str) -> bool:
    return host.partition(".")[0] == "localhost"


# -- what the KDC said -------------------------------------------------------------------------------------


def _refused_by_kdc(negotiation: Negotiation, context: Context) -> Iterator[Finding]:
    for refused in (
        refused_ticket(negotiation, context),
        failed_logon(negotiation, context),
    ):
        if refused is not None:
            exchange = refused.exchange
            words = kdc_words(exchange) + refused.remarks
            sure = refused.confidence
            if negotiation.scheme in NTLM_SCHEMES:
                sure = least(sure, Beside.NTLM_ALONE.value.confidence)
            yield Finding(why_ntlm_code(exchange), sure, exchange.frames, words, exchange)


def _worked_elsewhere(
    negotiation: Negotiation, frames: KeyFrames, context: Context
) -> Iterator[Finding]:
    """Kerberos would have been possible, so the application or its settings chose."""
    shown = _proof(frames)
    ticket: KdcExchange | None = granted_ticket(negotiation, context.kdc)
    if ticket is not None:
        words = f"it had a ticket for {ticket.ticket_sname or ticket.sname}"
        yield Finding("application_chose_ntlm", "possible", (*ticket.frames, *shown), words)
        return
    other = context.kerberos.accepted(negotiation)
    if other is not None:
        words = f"negotiation {other.negotiation_id} ran Kerberos with the same server before"
        evidence = (other.last_frame, *shown)
        yield Finding("application_chose_ntlm", "possible", evidence, words)


# -- names -------------------------------------------------------------------------------------------------


def _address_as_name(
    negotiation: Negotiation, frames: KeyFrames, context: Context
) -> Iterator[Finding]:
    """The SPN says best what the client asked its library for; else the name said to the server.

    An address may have a ticket: Windows asks for one where TryIPSPN is set, others always.
    """
    names = named_by_client(negotiation)
    chosen = names[-1:] if negotiation.spn else names[:1]
    if not chosen or not is_address(chosen[0]) or _address_has_ticket(negotiation, context):
        return
    chosen_before = negotiation.scheme in NTLM_SCHEMES
    # what is lost may hold the SPN, or show an anonymous logon, which needs no ticket
    seen = negotiation.mechanism_detail is not None and bool(negotiation.spn)
    unproved = negotiation.completeness != "complete" and not seen
    sure = "possible" if chosen_before or unproved else "likely"
    yield Finding("target_is_ip_address", sure, _proof(frames), chosen[0])


def _address_has_ticket(negotiation: Negotiation, context: Context) -> bool:
    """This client got a ticket for an address as the service's host, or used one with this server."""
    ticket = granted_ticket(negotiation, context.kdc)
    other = context.kerberos.accepted(negotiation)
    granted = (ticket.ticket_sname or ticket.sname) if ticket is not None else None
    asked = (principal(granted), principal(other.spn if other is not None else None))
    return any(spn is not None and is_address(spn.host) for spn in asked)


def _nothing_seen(
    negotiation: Negotiation, frames: KeyFrames, context: Context
) -> Iterator[Finding]:
    if frames.offer is None and frames.proof is None:
        return  # the capture holds nothing that the client sent, its requests to a KDC neither
    client, account = negotiation.stream.client, account_of(negotiation.user)
    if client in NOWHERE or account in context.kdc.accounts or context.sent_kerberos(negotiation):
        return
    evidence = _proof(frames) or (negotiation.first_frame,)
    yield Finding("no_kdc_traffic", "possible", evidence, f"none from {client}")
