"""The trees of the two responses of an AUTHENTICATE_MESSAGE: their parts by name, their bytes hidden.

Spec: MS-NLMP 2.2.2.3 (LM_RESPONSE), 2.2.2.4 (LMv2_RESPONSE), 2.2.2.6 (NTLM_RESPONSE), 2.2.2.7
(NTLMv2_CLIENT_CHALLENGE), 2.2.2.8 (NTLMv2_RESPONSE), 3.3.1 and 3.3.2 (how they are put together).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.tokens.ntlm_amount import hidden_bytes, part_there, zero_bytes
from dissectors.tokens.ntlm_filetime import filetime_text
from dissectors.tokens.ntlm_response import V1_LENGTH

if TYPE_CHECKING:
    from dissectors.tokens.recorder import Recorder

LM = "LmChallengeResponse"
NT = "NtChallengeResponse"

_NT_KINDS = {
    "ntlmv1": "NTLM_RESPONSE of NTLMv1",
    "ntlmv1-ess": "NTLM_RESPONSE of NTLMv1 with extended session security",
    "ntlmv2": "NTLMv2_RESPONSE",
}

_CLIENT_CHALLENGE = (
    (0, 16, "NTProofStr"),
    (16, 17, "RespType"),
    (17, 18, "HiRespType"),
    (18, 20, "Reserved1"),
    (20, 24, "Reserved2"),
    (24, 32, "TimeStamp"),
    (32, 40, "ChallengeFromClient"),
    (40, 44, "Reserved3"),
)
_SECRETS = frozenset({"NTProofStr", "ChallengeFromClient"})


def record_lm_response(
    tree: Recorder,
    lm: bytes,
    at: tuple[int, int],
    length: int,
    kind: str | None,
    *,
    repeated: bool,
) -> None:
    """Write the LM response `lm` of a response of that kind; `repeated` if it equals the NT response."""
    start, stop = at
    told = hidden_bytes(stop - start, length)
    if len(lm) != length:
        _hide(tree, LM, at, told)
    elif not any(lm):
        nobody = " (anonymous)" if kind == "anonymous" else ""
        _hide(tree, LM, at, f"{zero_bytes(length)} in place of a response{nobody}")
    elif length != V1_LENGTH:
        _hide(tree, LM, at, told)
    elif kind == "ntlmv1-ess":
        _hide(tree, LM, at, f"client challenge of extended session security, {told}")
        parts = tree.below(LM)
        parts.hide("ClientChallenge", start, start + 8)
        parts.add("Z(16)", start + 8, stop, lm[8:], zero_bytes(16))
    elif kind == "ntlmv2":
        _hide(tree, LM, at, f"LMv2_RESPONSE, {told}")
        parts = tree.below(LM)
        parts.hide("Response", start, start + 16)
        parts.hide("ChallengeFromClient", start + 16, stop)
    else:
        what = "the NT response again" if repeated else "LM_RESPONSE"
        _hide(tree, LM, at, f"{what}, {told}")


def record_nt_response(
    tree: Recorder, data: bytes, at: tuple[int, int], length: int, kind: str | None
) -> None:
    """Write the NT response that stands `at`; of NTLMv2 also its parts, up to the AV pairs."""
    start, stop = at
    told = hidden_bytes(stop - start, length)
    name = _NT_KINDS.get(kind or "")
    _hide(tree, NT, at, f"{name}, {told}" if name else told)
    if kind != "ntlmv2":
        return
    parts = tree.below(NT)
    for first, after, part in _CLIENT_CHALLENGE:
        here, there = start + first, min(start + after, stop)
        if here >= stop:
            break
        if there < start + after:
            text = part_there(there - here, after - first)
            parts.add(part, here, there, None, text, secret=part in _SECRETS)
        elif part in _SECRETS:
            parts.hide(part, here, there)
        else:
            _record_plain(parts, part, data[here:there], here)


def _record_plain(parts: Recorder, name: str, raw: bytes, at: int) -> None:
    """Write a part that is no secret."""
    stop = at + len(raw)
    number = int.from_bytes(raw, "little")
    if name == "TimeStamp":
        parts.add(name, at, stop, number, filetime_text(number))
    elif name in {"RespType", "HiRespType"}:
        parts.add(name, at, stop, number, None if number == 1 else f"{number} (must be 1)")
    else:
        parts.add(name, at, stop, raw, raw.hex() + (" (must be zero)" if number else ""))


def _hide(tree: Recorder, name: str, at: tuple[int, int], text: str) -> None:
    tree.add(name, *at, None, text, secret=True)
