"""Digests by which secrets of tokens can be told equal without being shown.

A relay is seen by the same challenge or response in two places. Only as much is kept as that needs: part
of a digest tells equal from different. Who holds a guess can test it, as with the digest of the whole token.

Spec: MS-NLMP 2.2.1.2, 2.2.2.3-2.2.2.6, 3.3.1.
"""

from __future__ import annotations

from hashlib import sha256

from dissectors.tokens.model import NtlmAuthenticate
from dissectors.tokens.ntlm_response import is_whole

ID_DIGITS = 16
_V1_LENGTH = 24  # bytes of an LM, LMv2, NTLMv1 or NTLMv1-ESS response


def short_digest(secret: bytes) -> str | None:
    """First `ID_DIGITS` hex digits of the SHA-256; None of nothing."""
    return sha256(secret).hexdigest()[:ID_DIGITS] if secret else None


def response_digest(token: NtlmAuthenticate) -> str | None:
    """`short_digest` of the NT response; None of one that is not all there: its rest may be another's."""
    return short_digest(token.nt_response) if is_whole(token) else None


def lm_response_kind(token: NtlmAuthenticate) -> str | None:
    """What the LM response is: a kind of the column `ntlm_lm`.

    None for a length that none has, and where a part of either response is missing: beside half an NT
    response its copy is not known.
    """
    lm, nt = token.lm_response, token.nt_response
    if not is_whole(token):
        return None
    if not lm:
        return "absent"
    if not any(lm):
        return "zero"
    if len(lm) != _V1_LENGTH:
        return None
    if lm == nt:
        return "copy"
    if len(nt) > _V1_LENGTH:
        return "lmv2"
    return "client-challenge" if not any(lm[8:]) else "lm"
