"""Failures that the KDC explains: a client that never sent its token, a server that asked a KDC for the user.

Spec: RFC 4120 3.1 and 3.3.
"""

from __future__ import annotations

from analyzer.correlation.context import Context
from analyzer.correlation.failed_logons import asked_by_server, failed_logon
from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_reasons import kdc_code, kdc_words
from analyzer.correlation.kdc_rules import Asker, Use, When, least
from analyzer.correlation.refused_tickets import refused_ticket
from analyzer.negotiation.model import Negotiation
from analyzer.negotiation.reasons import NT_STATUS_REASONS
from analyzer.negotiation.reasons.accounts import ACCOUNT_REASONS
from analyzer.surroundings.model import KdcExchange

TOLD_TO_CLIENT = frozenset({Asker.OWN, Asker.SAME_USER})
"""By whom a KDC must have been asked for its word on an account to be about this very logon."""
ACCOUNT_ERRORS = frozenset({1, 6, 18, 23, 24})
"""What a KDC says of the account or its password, which counts for NTLM and plain passwords as well."""


def asked_in_vain(negotiation: Negotiation, context: Context) -> Finding | None:
    """The client heard the server's mechanisms, was refused a ticket, and left without a token.

    That it left without one speaks for the ticket, so no name of the server is needed beside its class; that
    it left for want of the ticket is an inference.
    """
    reason = negotiation.reason
    if reason is None or reason.code != "no_credentials":
        return None
    refusal = refused_ticket(negotiation, context)
    if refusal is not None:
        rules = (Use.LEFT, refusal.asker, refusal.when, refusal.beside)
        sure = least(*(rule.value.confidence for rule in rules if rule is not None))
        return _left(reason.evidence, refusal.exchange, sure, refusal.remarks)
    failed = failed_logon(negotiation, context)
    if failed is None:
        return None
    return _left(reason.evidence, failed.exchange, failed.confidence, failed.remarks)


def _left(shown: tuple[int, ...], refused: KdcExchange, sure: str, remarks: str) -> Finding:
    evidence = (*shown, *refused.frames)
    return Finding(kdc_code(refused), sure, evidence, kdc_words(refused) + remarks, refused)


def said_by_kdc(negotiation: Negotiation, context: Context) -> Finding | None:
    """A KDC was asked for the same user just before, and says what the server does not.

    By the server, which tries a password it was given, or by the client, before it turned to NTLM. Only what
    it says of the account counts: a clock or an encryption type is Kerberos' trouble alone.
    """
    reason = negotiation.reason
    if reason is None or reason.code != "bad_credentials":
        return None
    refused, told = asked_by_server(negotiation, context.kdc), "the server"
    if refused is None:
        failed = failed_logon(negotiation, context, Use.ACCOUNT)
        if failed is None or failed.asker not in TOLD_TO_CLIENT:
            return None
        if failed.when is When.UNTIMED:
            return None  # that may be long ago, and another password
        refused = failed.exchange
        told = "the client" if failed.asker is Asker.OWN else f"{refused.client}, for the same user"
    if not (negotiation.user and refused.cname and _of_the_account(refused)):
        return None
    evidence = (*refused.frames, *reason.evidence)
    words = f"a KDC to {told}: {kdc_words(refused)}"
    return Finding(kdc_code(refused), Use.ACCOUNT.value.confidence, evidence, words, refused)


def _of_the_account(refused: KdcExchange) -> bool:
    if refused.nt_status in NT_STATUS_REASONS:
        return NT_STATUS_REASONS[refused.nt_status] in ACCOUNT_REASONS
    return refused.error_code in ACCOUNT_ERRORS
