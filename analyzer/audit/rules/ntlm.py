"""NTLM's weak kinds of response, and accounts that should not use it.

Spec: MS-NLMP 2.2.2.3, 2.2.2.6, 3.3.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import account, by_client, by_user, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_SERVICE_NAME = re.compile(
    r"(svc|srv|service|sql|iis|backup)[-_.]|[-_.](svc|service)$", re.IGNORECASE
)
_LEVEL = (
    "Set 'Network security: LAN Manager authentication level' to 'Send NTLMv2 response "
    "only. Refuse LM & NTLM' "
    "on clients, servers and domain controllers."
)
_V1 = (
    "ATT&CK T1110.002",
    "ATT&CK T1557.001",
    "MS-NLMP 3.3.1",
    "CIS Windows: LAN Manager level",
)


@rule(
    "NGS-NTLM-001",
    "high",
    "NTLMv1 response",
    means="The response is DES over an 8-byte challenge: who records it finds the password's "
    "hash in hours.",
    remedy=_LEVEL,
    references=_V1,
)
def ntlmv1(row: Any) -> Iterator[Hit]:
    """The NT response has 24 bytes and was made from the server's challenge alone."""
    if row.mechanism_detail == "ntlmv1":
        yield by_client(row, f"{row.client} answered {place(row)} with NTLMv1")


@rule(
    "NGS-NTLM-002",
    "high",
    "NTLMv1 response with extended session security",
    means="The challenge is mixed with a nonce of the client, which stops prepared tables only: "
    "the response is still DES of the password's hash.",
    remedy=_LEVEL,
    references=_V1,
)
def ntlmv1_ess(row: Any) -> Iterator[Hit]:
    """A 24-byte NT response beside an LM field of 8 bytes and 16 zeros."""
    if row.mechanism_detail == "ntlmv1-ess":
        yield by_client(row, f"{row.client} answered {place(row)} with NTLMv1 and a client nonce")


@rule(
    "NGS-NTLM-003",
    "critical",
    "LM response",
    means="The LM response comes from a hash of two upper-case halves of seven letters: it "
    "falls in minutes.",
    remedy=_LEVEL + " Forbid storing LM hashes and change the passwords that were used.",
    references=("ATT&CK T1110.002", "MS-NLMP 3.3.1", "CIS Windows: LAN Manager level"),
    table=None,
)
def lm_response(facts: Facts) -> Iterator[Hit]:
    """The LM field holds a response of its own: no copy of the NT response, no nonce, no LMv2."""
    for token in facts.authenticates:
        if token.ntlm_lm == "lm":
            row = facts.by_negotiation[token.negotiation_id]
            beside = (
                "no NT response"
                if token.ntlm_response == "lm"
                else f"{token.ntlm_response} beside it"
            )
            yield by_client(
                row,
                f"{row.client} answered {place(row)} with an LM response ({beside})",
                evidence=token.frames,
            )


@rule(
    "NGS-NTLM-004",
    "medium",
    "Anonymous NTLM logon outside SMB",
    means="A session without any name was granted: what it may read, everybody may.",
    remedy="Forbid anonymous access in the application and the directory.",
    references=("ATT&CK T1087", "MS-NLMP 3.2.5.1.2"),
)
def anonymous(row: Any) -> Iterator[Hit]:
    """An AUTHENTICATE message without name and responses, and success."""
    if (
        row.mechanism == "ntlm"
        and row.outcome == "success"
        and row.carrier not in {"smb1", "smb2"}
        and (row.mechanism_detail == "anonymous" or row.reason == "anonymous")
    ):
        yield by_client(row, f"{row.client} was let in by {place(row)} without a name")


@rule(
    "NGS-NTLM-005",
    "medium",
    "Service or computer account over NTLM",
    means="Accounts of services and computers have rights that people lack; their NTLM logons "
    "can be relayed, "
    "and are often made on somebody else's demand.",
    remedy="Give the service a name the KDC knows and let it use Kerberos; put the account into "
    "Authentication Policies that forbid NTLM.",
    references=("ATT&CK T1187", "ATT&CK T1557.001", "ATT&CK T1078.002"),
)
def service_account(row: Any) -> Iterator[Hit]:
    """The NTLM user's name ends in `$` (a computer), or is spelt as services' names are."""
    if row.mechanism != "ntlm" or not row.user:
        return
    name = row.user.partition("@")[0]
    who = account(row.user, row.domain)
    did = "used NTLM with" if row.outcome == "success" else "tried NTLM with"
    if name.endswith("$"):
        yield by_user(row, f"the computer account {who} {did} {place(row)}")
    elif _SERVICE_NAME.search(name):
        why = f"{who}, by its name a service's, {did} {place(row)}"
        yield by_user(row, why, "possible")
