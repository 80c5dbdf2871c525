"""Failures that the KDC explains: a client that never sent its token, a server that asked a KDC for the user.

Spec: RFC 4120 3.1 and 3.3.
"""

from __future__ import annotations

from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex
from analyzer.correlation.kdc_reasons import kdc_code, kdc_words
from analyzer.correlation.tickets import asked_by_server, failed_logon, refused_ticket
from analyzer.negotiation.model import Negotiation


def asked_in_vain(negotiation: Negotiation, index: KdcIndex) -> Finding | None:
    """The client heard the server's mechanisms, was refused a ticket, and left without a token."""
    reason = negotiation.reason
    if reason is None or reason.code != "no_credentials":
        return None
    refusal = refused_ticket(negotiation, index)
    refused = refusal.exchange if refusal is not None else failed_logon(negotiation, index)
    if refused is None:
        return None
    evidence = (*reason.evidence, *refused.frames)
    return Finding(kdc_code(refused), "likely", evidence, kdc_words(refused), refused)


def said_by_kdc(negotiation: Negotiation, index: KdcIndex) -> Finding | None:
    """A KDC was asked for the same user just before, and says what the server does not.

    By the server, which tries a password it was given, or by the client, before it turned to NTLM.
    """
    reason = negotiation.reason
    if reason is None or reason.code != "bad_credentials":
        return None
    refused = asked_by_server(negotiation, index) or failed_logon(negotiation, index)
    if refused is None or not (negotiation.user and refused.cname):
        return None
    evidence = (*refused.frames, *reason.evidence)
    return Finding(kdc_code(refused), "likely", evidence, kdc_words(refused), refused)
