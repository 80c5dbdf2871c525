"""What an AUTHENTICATE_MESSAGE answers a challenge with, told by the bytes of its two responses.

Spec: MS-NLMP 2.2.2.3-2.2.2.8 (LM_RESPONSE to NTLMv2_CLIENT_CHALLENGE), 3.2.5.1.2 (anonymous), 3.3.1, 3.3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dissectors.codes.ntlm_flags import NEGOTIATE_EXTENDED_SESSIONSECURITY, NEGOTIATE_LOCAL_CALL
from dissectors.tokens.av_pairs import MIC_PROMISED

if TYPE_CHECKING:
    from dissectors.tokens.model import NtlmAuthenticate

V1_LENGTH = 24
"""Bytes of an LM, LMv2, NTLMv1 or NTLMv1-ESS response."""
V2_LENGTH = 44
"""Least bytes of an NTLMv2 response: NTProofStr 16, client challenge up to its AV pairs 28."""

V2_SHOWN = 18
"""Bytes of an NTLMv2 response up to its response types, which tell what it is."""

_ZERO_16 = bytes(16)
_LM_LENGTH, _NT_LENGTH = 12, 20  # where the descriptors of an AUTHENTICATE_MESSAGE say them


def response_kind(lm: bytes, lm_length: int, nt_length: int, user: bool, flags: int) -> str | None:
    """Classify by the lengths, the LM response's bytes and, where they leave a doubt, the flags.

    `user` tells that a user is named. None if the responses are of no known kind, or not all there.
    """
    if nt_length >= V2_LENGTH:
        return "ntlmv2"
    if len(lm) != lm_length or nt_length not in (0, V1_LENGTH):
        return None
    if nt_length:
        # With extended session security the LM field holds the client's challenge and zeros: that tells it
        # from NTLMv1, whose NT response is as long. All zero it tells nothing, and the flag must.
        if lm[8:] == _ZERO_16 and (any(lm[:8]) or flags & NEGOTIATE_EXTENDED_SESSIONSECURITY):
            return "ntlmv1-ess"
        return "ntlmv1"
    if lm_length == V1_LENGTH:
        return "lm" if any(lm) else None
    if not lm and flags & NEGOTIATE_LOCAL_CALL:
        return "local-call"
    return "anonymous" if lm in {b"", b"\x00"} and not user else None


def is_whole(token: NtlmAuthenticate) -> bool:
    """Tell whether both responses have the bytes that their descriptors announce (MS-NLMP 2.2.1.3)."""
    held = len(token.lm_response), len(token.nt_response)
    return held == tuple(
        int.from_bytes(token.raw[at : at + 2], "little") for at in (_LM_LENGTH, _NT_LENGTH)
    )


def channel_binding(target_info: dict[str, Any], complete: bool) -> str | None:
    """Tell what MsvAvChannelBindings says; None if the list lacks its end and so may lack the pair."""
    bindings = target_info.get("MsvAvChannelBindings")
    if bindings is None:
        return "absent" if complete else None
    return "present" if bindings.strip("0") else "zero"


def mic_promised(target_info: dict[str, Any]) -> bool:
    """Tell whether the response, which nobody can change unseen, says that a MIC comes along."""
    flags = target_info.get("MsvAvFlags")
    return isinstance(flags, int) and bool(flags & MIC_PROMISED)
