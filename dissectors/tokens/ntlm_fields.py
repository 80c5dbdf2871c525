"""The tree of an NTLM message: every element of its fixed part, then the payload as it lies.

Spec: MS-NLMP 2.2.1.1-2.2.1.3, 2.2.2.7 (NTLMv2_CLIENT_CHALLENGE), 2.2.2.8 (NTLMv2_RESPONSE).
"""

from __future__ import annotations

import struct
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from dissectors.codes.ntlm_flags import ntlm_flag_names
from dissectors.tokens.av_pairs import Pair, filetime_text, record_av_pairs
from dissectors.tokens.ntlm_response import V2_LENGTH

if TYPE_CHECKING:
    from dissectors.tokens.model import NtlmAuthenticate, NtlmChallenge, NtlmNegotiate
    from dissectors.tokens.ntlm_payload import Payload
    from dissectors.tokens.recorder import Recorder

_SECRETS = frozenset(
    {
        "LmChallengeResponse",
        "NtChallengeResponse",
        "EncryptedRandomSessionKey",
        "ServerChallenge",
        "MIC",
    }
)

Element = tuple[int, int, str, Any, str | None]
"""`[start, stop)` of the fixed part, its name, value and text."""


def record_negotiate(recorder: Recorder, payload: Payload, token: NtlmNegotiate) -> None:
    """Write a NEGOTIATE_MESSAGE."""
    elements = [*_flags(12, token.flags), *_version(32, token.version)]
    texts = {"DomainName": token.domain, "Workstation": token.workstation}
    tree = _open(recorder, payload, "NEGOTIATE_MESSAGE", elements)
    _record_payload(tree, payload, texts)


def record_challenge(
    recorder: Recorder, payload: Payload, token: NtlmChallenge, pairs: list[Pair]
) -> None:
    """Write a CHALLENGE_MESSAGE; `pairs` are those of its TargetInfo."""
    elements = [*_flags(20, token.flags), *_version(48, token.version)]
    if token.server_challenge:
        elements.append((24, 32, "ServerChallenge", None, None))
    if payload.reaches(40):
        elements.append((32, 40, "Reserved", payload.data[32:40], None))
    tree = _open(recorder, payload, "CHALLENGE_MESSAGE", elements)
    _record_payload(tree, payload, {"TargetName": token.target_name}, pairs, token.target_info)


def record_authenticate(
    recorder: Recorder, payload: Payload, token: NtlmAuthenticate, pairs: list[Pair]
) -> None:
    """Write an AUTHENTICATE_MESSAGE; `pairs` are those of its NTLMv2 response."""
    elements = [*_flags(60, token.flags), *_version(64, token.version)]
    if payload.reaches(88):
        elements.append((72, 88, "MIC", None, None))
    texts = {
        "DomainName": token.domain,
        "UserName": token.user,
        "Workstation": token.workstation,
    }
    tree = _open(recorder, payload, "AUTHENTICATE_MESSAGE", elements)
    _record_payload(tree, payload, texts, pairs, token.target_info)


def _flags(at: int, flags: int | None) -> list[Element]:
    if flags is None:
        return []
    names = ", ".join(ntlm_flag_names(flags))
    return [(at, at + 4, "NegotiateFlags", flags, f"0x{flags:08x} ({names})")]


def _version(at: int, version: str | None) -> list[Element]:
    return [] if version is None else [(at, at + 8, "Version", version, None)]


def _open(recorder: Recorder, payload: Payload, name: str, elements: list[Element]) -> Recorder:
    """Write the message's branch and its fixed part."""
    recorder.add(name, 0, payload.size, None)
    tree = recorder.below(name)
    tree.add("Signature", 0, 8, "NTLMSSP\x00", "NTLMSSP")
    tree.add("MessageType", 8, 12, payload.data[8], name.removesuffix("_MESSAGE"))
    for start, stop, length, field, at in payload.claims:
        text = (
            f"{length} bytes at {start}"
            if stop - start == length
            else f"{length} bytes, not all there"
        )
        elements.append((at, at + 8, f"{field}Fields", length, text if length else "empty"))
    for start, stop, field, value, shown in sorted(elements, key=itemgetter(0)):
        if field in _SECRETS:
            tree.hide(field, start, stop)
        else:
            tree.add(field, start, stop, value, shown)
    return tree


def _record_payload(
    tree: Recorder,
    payload: Payload,
    texts: dict[str, str | None],
    pairs: list[Pair] | None = None,
    target_info: dict[str, Any] | None = None,
) -> None:
    """Write the payload fields in the order of their bytes."""
    for start, stop, length, name, _ in sorted(payload.claims):
        if not length:
            continue
        if name in _SECRETS:
            tree.hide(name, start, stop)
        else:
            text = texts.get(name)
            tree.add(
                name, start, stop, text, "not all there" if text is None and name in texts else None
            )
        if target_info is None or name not in {"TargetInfo", "NtChallengeResponse"}:
            continue
        branch = tree.below(name)
        if name == "NtChallengeResponse":
            _record_client_challenge(branch, payload.data, start, stop)
        record_av_pairs(branch, pairs or [], target_info)


def _record_client_challenge(tree: Recorder, data: bytes, start: int, stop: int) -> None:
    """Write what stands before the AV pairs of an NTLMv2 response, as far as it is there."""
    if stop - start < V2_LENGTH:
        return
    tree.hide("NTProofStr", start, start + 16)
    tree.add("RespType", start + 16, start + 17, data[start + 16])
    tree.add("HiRespType", start + 17, start + 18, data[start + 17])
    (filetime,) = struct.unpack_from("<Q", data, start + 24)
    tree.add("TimeStamp", start + 24, start + 32, filetime, filetime_text(filetime))
    tree.hide("ChallengeFromClient", start + 32, start + 40)
