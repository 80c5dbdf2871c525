"""The joins, in the order in which they depend on each other."""

from __future__ import annotations

from analyzer.correlation.chains import join_chains
from analyzer.correlation.context import Context
from analyzer.correlation.finding import Finding, as_reason, strongest
from analyzer.correlation.kdc_index import KdcIndex
from analyzer.correlation.kerberos_use import KerberosUse
from analyzer.correlation.list_index import ListIndex
from analyzer.correlation.name_index import NameIndex
from analyzer.correlation.other_failures import asked_in_vain, said_by_kdc
from analyzer.correlation.ticket_owners import tell_owners
from analyzer.correlation.tickets import attach, join_tickets
from analyzer.correlation.wanted_names import wanted_names
from analyzer.correlation.why_ntlm import why_ntlm
from analyzer.negotiation.model import Negotiation
from analyzer.negotiation.reasons import ALSO
from analyzer.surroundings.model import Surroundings


def correlate(negotiations: list[Negotiation], surroundings: Surroundings) -> None:
    """Fill links between negotiations, KDC exchanges and names, and the reasons they give.

    `negotiations` is in order of first frame, numbered; changed in place. The time it takes grows as their
    number: every look-up is a bisection and looks at a bounded number of neighbours.
    """
    tell_owners(surroundings.kdc)
    facts = wanted_names(negotiations, surroundings)
    index = KdcIndex(surroundings.kdc, surroundings.attempts, facts)
    names = NameIndex(facts)
    lists = ListIndex(surroundings.lists)
    for negotiation in negotiations if facts else ():
        names.learn(negotiation)
    for negotiation in negotiations:
        if negotiation.listed is None:
            lists.learn(negotiation)
    join_tickets(negotiations, index)
    join_chains(negotiations)
    context = Context(index, names, KerberosUse(negotiations))
    for negotiation in negotiations:
        if negotiation.mechanism == "ntlm" and negotiation.mechanism_detail != "anonymous":
            _tell_why_ntlm(negotiation, strongest(why_ntlm(negotiation, context)))
        if negotiation.reason is not None:
            better = asked_in_vain(negotiation, context) or said_by_kdc(negotiation, context)
            if better is not None:
                _overrule(negotiation, better)
    for negotiation in negotiations:
        if negotiation.fallback_from is not None:
            _tell_why_another(negotiation)


def _tell_why_ntlm(negotiation: Negotiation, found: list[Finding]) -> None:
    if not found:
        return
    exchange = next((finding.kdc for finding in found if finding.kdc is not None), None)
    if exchange is not None:
        attach(negotiation, exchange)
    negotiation.fallback_reason = found[0].code
    negotiation.fallback_confidence = found[0].confidence
    reason = negotiation.reason
    stated = negotiation.outcome == "failure"  # a message says so, however little it tells
    if reason is None:
        negotiation.reason = as_reason(found)
    elif not stated and reason.confidence == "possible" and found[0].kdc is not None:
        _overrule(negotiation, found[0])
    else:
        frames = ", ".join(str(frame) for frame in sorted(set(found[0].evidence)))
        since = f"NTLM since {found[0].sentence} [frames {frames}, {found[0].confidence}]"
        if found[0].lacking:
            since += f"; the capture lacks {found[0].lacking}"
        negotiation.reason = reason._replace(detail=f"{reason.detail}; {since}")


def _tell_why_another(negotiation: Negotiation) -> None:
    """Not NTLM, but another mechanism than the attempt before: because that one came to nothing."""
    earlier = negotiation.fallback_from
    if earlier is None or earlier.reason is None or negotiation.mechanism == "ntlm":
        return
    negotiation.fallback_reason = earlier.reason.code
    # that the one follows from the other is an inference
    certain = earlier.reason.confidence == "certain"
    negotiation.fallback_confidence = "likely" if certain else earlier.reason.confidence


def _overrule(negotiation: Negotiation, finding: Finding) -> None:
    """The finding is stronger than the reason so far, which its detail still names."""
    if finding.kdc is not None:
        attach(negotiation, finding.kdc)
    before = negotiation.reason
    reason = as_reason([finding])
    if before is not None:
        reason = reason._replace(detail=f"{reason.detail}{ALSO}{before.detail}")
    negotiation.reason = reason
