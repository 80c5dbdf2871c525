"""What STATUS_INVALID_PARAMETER refuses, if the client's last token is whole and without fault.

Samba's controller gives it for a ticket that is over or not its own, and all of Samba for an NTLM MIC
that is wrong or was taken out: that the server could not read the token is then the least likely.

Spec: MS-ERREF 2.3, RFC 4120 3.2.3, MS-NLMP 2.2.1.3 and 3.2.5.1.2.
"""

from __future__ import annotations

from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import INITIATOR, Negotiation
from dissectors.anomaly import CODES
from dissectors.tokens.model import KrbApReq, NtlmAuthenticate, Token


def sound_token_refused(negotiation: Negotiation, tokens: MechanismTokens) -> str | None:
    """The reason's code: `kerberos_refused`, `integrity_failure`, or None if the token may be malformed."""
    last = _last_sound(negotiation, tokens)
    if isinstance(last, KrbApReq) and last.ticket_cipher is not None:
        return "kerberos_refused"
    if isinstance(last, NtlmAuthenticate) and last.mic in {"present", "promised-missing"}:
        return "integrity_failure"
    return None


def _last_sound(negotiation: Negotiation, tokens: MechanismTokens) -> Token | None:
    """What the mechanism said in the client's last token, unless anything is wrong with it or around it."""
    sent = [step for step in negotiation.steps if step.role == INITIATOR and step.is_leg]
    if not sent:
        return None
    found = [token for step, token in tokens if step is sent[-1]]
    around = [] if sent[-1].token is None else [sent[-1].token]
    return None if any(map(_faulty, found + around)) else next(iter(found), None)


def _faulty(token: Token) -> bool:
    return any(CODES[each.code].group != "note" for each in token.findings)
