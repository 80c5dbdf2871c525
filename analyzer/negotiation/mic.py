"""Whether SPNEGO's list of mechanisms had to be protected by mechListMIC, and was not.

The MIC is due where the acceptor did not take the mechanism that the initiator wanted most: else
somebody on the way could have cut the list. Two OIDs of Kerberos count as one mechanism.

Spec: RFC 4178 5, MS-SPNG 3.3.5 and Appendix A (what Windows makes of it).
Not handled: whether the acceptor would have preferred a mechanism that the initiator did not list.
"""

from __future__ import annotations

from analyzer.negotiation.mechanism import KERBEROS_NAMES, MechanismTokens
from analyzer.negotiation.model import ACCEPTOR, Negotiation, State, Step
from dissectors.codes.ntlm_flags import NEGOTIATE_SIGN
from dissectors.tokens.model import NegTokenInit, NegTokenResp, NtlmAuthenticate

_SAME = frozenset({"kerberos", "ms-kerberos"})


def mic_needed(negotiation: Negotiation, tokens: MechanismTokens) -> bool | None:
    """Tell whether RFC 4178 demands the MIC; None without SPNEGO or where it cannot be seen."""
    if negotiation.wrapper != "spnego":
        return None
    if "request-mic" in (negotiation.neg_states or ()):
        return True
    offered, selected = negotiation.offered_mechs, negotiation.selected_mech
    if not offered or selected is None:
        return None
    wanted = offered[0]
    if wanted == selected or {wanted, selected} == _SAME:
        return False
    if selected == "ntlm" and negotiation.mechanism == "ntlm":
        return _ntlm_has_integrity(tokens)
    kerberos = selected in _SAME and negotiation.mechanism == "kerberos"
    return True if kerberos and wanted not in KERBEROS_NAMES else None


def _ntlm_has_integrity(tokens: MechanismTokens) -> bool | None:
    """Without NTLMSSP_NEGOTIATE_SIGN there is nothing to make a MIC with; without a user, who knows."""
    for _, token in tokens:
        if isinstance(token, NtlmAuthenticate) and token.flags is not None:
            return None if token.response == "anonymous" else bool(token.flags & NEGOTIATE_SIGN)
    return None


def mic_missing(negotiation: Negotiation) -> tuple[Step, str] | None:
    """Find the acceptance that came without the MIC that was due, and say why it was due.

    Only where nothing else can explain it: all tokens are there, and none came outside SPNEGO.
    """
    if not negotiation.mic_needed or negotiation.mech_list_mic != "absent":
        return None
    accepted = _acceptance(negotiation)
    if accepted is None:
        return None
    if "request-mic" in (negotiation.neg_states or ()):
        return accepted, "request-mic was answered without it"
    if negotiation.outcome != "success" or negotiation.completeness != "complete":
        return None
    for step in negotiation.steps:
        in_spnego = isinstance(step.token, (NegTokenInit, NegTokenResp))
        if step.is_leg and not in_spnego:
            return None
    offered = negotiation.offered_mechs or [""]
    return accepted, f"{negotiation.selected_mech} was taken though {offered[0]} stands first"


def _acceptance(negotiation: Negotiation) -> Step | None:
    if negotiation.state != State.ACCEPTED:
        return None
    for step in negotiation.steps:
        token = step.token
        if (
            step.role == ACCEPTOR
            and isinstance(token, NegTokenResp)
            and token.neg_state == "accept-completed"
        ):
            return step
    return None
