"""Failures that the KDC explains: a client that never sent its token, a server that asked a KDC for the user.

Spec: RFC 4120 3.1 and 3.3.
"""

from __future__ import annotations

from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex
from analyzer.correlation.kdc_reasons import kdc_code, kdc_words
from analyzer.correlation.tickets import asked_by_server, failed_logon, refused_ticket
from analyzer.negotiation.model import Negotiation
from analyzer.negotiation.reasons import NT_STATUS_REASONS
from analyzer.negotiation.reasons.accounts import ACCOUNT_REASONS
from analyzer.surroundings.model import KdcExchange

ACCOUNT_ERRORS = frozenset({1, 6, 18, 23, 24})
"""What a KDC says of the account or its password, which counts for NTLM and plain passwords as well."""


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

    By the server, which tries a password it was given, or by the client, before it turned to NTLM. Only what
    it says of the account counts: a clock or an encryption type is Kerberos' trouble alone.
    """
    reason = negotiation.reason
    if reason is None or reason.code != "bad_credentials":
        return None
    by_server = asked_by_server(negotiation, index)
    refused = by_server or failed_logon(negotiation, index)
    if refused is None or not (negotiation.user and refused.cname and _of_the_account(refused)):
        return None
    evidence = (*refused.frames, *reason.evidence)
    words = f"a KDC to the {'server' if by_server else 'client'}: {kdc_words(refused)}"
    return Finding(kdc_code(refused), "likely", evidence, words, refused)


def _of_the_account(refused: KdcExchange) -> bool:
    if refused.nt_status in NT_STATUS_REASONS:
        return NT_STATUS_REASONS[refused.nt_status] in ACCOUNT_REASONS
    return refused.error_code in ACCOUNT_ERRORS
