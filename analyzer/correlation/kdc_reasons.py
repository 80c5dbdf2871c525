"""Which reason a KDC's refusal is, for a client that then had no ticket.

A success by NTLM must not be called `wrong_password`: there, what is neither about the service nor about the
client's being known, its clock, its tickets or its way to a KDC is `kdc_error`, and the detail names it.
"""

from __future__ import annotations

from analyzer.negotiation.reasons import KRB_ERROR_REASONS, NT_STATUS_REASONS
from analyzer.surroundings.model import KdcExchange
from dissectors.codes.krb_error import krb_error_name
from dissectors.codes.nt_status import nt_status_name

WHY_NTLM = frozenset(
    {
        "unknown_service", "duplicate_spn", "unknown_user", "etype_not_supported",
        "clock_skew", "ticket_expired", "ticket_not_yet_valid", "kdc_unreachable",
    }
)  # fmt: skip
"""Reasons that a KDC's error may be for NTLM; all others are `kdc_error`."""


def kdc_code(exchange: KdcExchange) -> str:
    """The reason's code by the NTSTATUS or error code of a refused exchange."""
    if exchange.nt_status in NT_STATUS_REASONS:
        return NT_STATUS_REASONS[exchange.nt_status]
    return KRB_ERROR_REASONS.get(exchange.error_code or 0, "kdc_error")


def why_ntlm_code(exchange: KdcExchange) -> str:
    """The same, among the reasons for NTLM."""
    code = kdc_code(exchange)
    return code if code in WHY_NTLM else "kdc_error"


def kdc_words(exchange: KdcExchange) -> str:
    """What was asked and what the KDC said: `KDC_ERR_S_PRINCIPAL_UNKNOWN for HTTP/web.lab.example`."""
    code = exchange.error_code
    said = exchange.refusal or (krb_error_name(code) if code is not None else "no answer")
    if exchange.nt_status is not None:
        said += f", {nt_status_name(exchange.nt_status)}"
    if exchange.e_text:
        said += f" ({exchange.e_text})"
    if exchange.exchange == "AS" and exchange.cname:
        return f"{said} for the user {exchange.cname}"
    return f"{said} for {exchange.sname}" if exchange.sname else said
