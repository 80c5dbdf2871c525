"""The trees of the three NTLM messages.

Spec: MS-NLMP 2.2.1.1-2.2.1.3, 2.2.2.5 (NegotiateFlags), 2.2.2.10 (VERSION).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dissectors.tokens.av_pairs import Pair
from dissectors.tokens.ntlm_amount import hidden_bytes, part_there, zero_bytes
from dissectors.tokens.ntlm_av_fields import record_av_pairs
from dissectors.tokens.ntlm_padding import record_padding
from dissectors.tokens.ntlm_parts import Parts, Write
from dissectors.tokens.ntlm_payload import Claim, Payload
from dissectors.tokens.ntlm_response import V2_LENGTH
from dissectors.tokens.ntlm_response_fields import record_lm_response, record_nt_response
from dissectors.tokens.ntlm_text import rescued_oem
from dissectors.visible import shortened

if TYPE_CHECKING:
    from dissectors.tokens.model import NtlmAuthenticate, NtlmChallenge, NtlmNegotiate
    from dissectors.tokens.recorder import Recorder


def record_negotiate(recorder: Recorder, payload: Payload, token: NtlmNegotiate) -> None:
    """Write a NEGOTIATE_MESSAGE."""
    parts = Parts(payload, "NEGOTIATE_MESSAGE")
    parts.flags(12, token.flags)
    parts.version(32, token.version, token.flags)
    texts = {"DomainName": token.domain, "Workstation": token.workstation}
    for claim in parts.claimed():
        parts.put(claim[0], claim[1], _name(payload, claim, texts[claim[3]]))
    parts.write(recorder)


def record_challenge(
    recorder: Recorder, payload: Payload, token: NtlmChallenge, pairs: list[Pair]
) -> None:
    """Write a CHALLENGE_MESSAGE; `pairs` are those of its TargetInfo."""
    parts = Parts(payload, "CHALLENGE_MESSAGE")
    parts.flags(20, token.flags)
    parts.element(24, 32, "ServerChallenge", lambda tree, *at: tree.hide("ServerChallenge", *at))
    parts.element(32, 40, "Reserved", _context(payload.data[32:40], token.local_call))
    parts.version(48, token.version, token.flags)
    for claim in parts.claimed():
        if claim[3] == "TargetName":
            write = _name(payload, claim, token.target_name)
        else:
            write = _target_info(payload, claim[2], pairs, token.target_info or {})
        parts.put(claim[0], claim[1], write)
    parts.write(recorder)


def record_authenticate(
    recorder: Recorder, payload: Payload, token: NtlmAuthenticate, pairs: list[Pair]
) -> None:
    """Write an AUTHENTICATE_MESSAGE; `pairs` are those of its NTLMv2 response."""
    parts = Parts(payload, "AUTHENTICATE_MESSAGE")
    parts.flags(60, token.flags)
    parts.version(64, token.version, token.flags)
    parts.element(72, 88, "MIC", _mic(token.mic))
    texts = {
        "DomainName": token.domain,
        "UserName": token.user,
        "Workstation": token.workstation,
    }
    for claim in parts.claimed():
        start, stop, length, name, _ = claim
        write: Write
        if name in texts:
            write = _name(payload, claim, texts[name])
        elif name == "LmChallengeResponse":
            write = _lm_response(token, length)
        elif name == "NtChallengeResponse":
            write = _nt_response(payload, token, length, pairs)
        else:
            write = _session_key(length)
        parts.put(start, stop, write)
    parts.write(recorder, token.response)


def record_unknown(recorder: Recorder, data: bytes) -> None:
    """Write what begins like an NTLM message and is none of the three."""
    recorder.add("UNKNOWN_MESSAGE", 0, len(data), None)
    tree = recorder.below("UNKNOWN_MESSAGE")
    if len(data) < 8:
        tree.add("Signature", 0, len(data), None, part_there(len(data), 8))
        return
    tree.add("Signature", 0, 8, "NTLMSSP\x00", "NTLMSSP")
    if len(data) < 12:
        if len(data) > 8:
            text = part_there(len(data) - 8, 4)
            tree.add("MessageType", 8, len(data), None, text)
        return
    number = int.from_bytes(data[8:12], "little")
    tree.add("MessageType", 8, 12, number, f"{number} (unknown)")
    record_padding(tree, data, 12, len(data))


# -- elements -------------------------------------------------------------------------------------


def _context(raw: bytes, local: bool) -> Write:
    """Reserved, in which a server may tell a client on its own machine where its context is."""
    text = raw.hex()
    if any(raw):
        text += ", the server's handle of this logon"
        text += " (a local call: the client looks it up)" if local else ""
    return lambda tree, *at: tree.add("Reserved", *at, raw, text)


def _mic(mic: str | None) -> Write:
    if mic == "present":
        return lambda tree, *at: tree.hide("MIC", *at)
    promised = ", though the response promises a MIC" if mic == "promised-missing" else ", no MIC"
    return lambda tree, *at: tree.add("MIC", *at, None, zero_bytes(16) + promised, secret=True)


# -- payload --------------------------------------------------------------------------------------


def _name(payload: Payload, claim: Claim, value: str | None) -> Write:
    """Tell a name; one in an OEM code page keeps the bytes that are no ASCII visible as such."""
    start, stop, length, name, _ = claim
    raw = payload.data[start:stop]
    if value is None:
        text = part_there(stop - start, length)
    elif not raw.isascii() and value == rescued_oem(raw):
        text = f"{shortened(value)} (OEM, code page not known)"
    else:
        text = shortened(value)
    return lambda tree, *at: tree.add(name, *at, value, text)


def _target_info(payload: Payload, length: int, pairs: list[Pair], values: dict[str, Any]) -> Write:
    def write(tree: Recorder, start: int, stop: int) -> None:
        count = f"{len(pairs)} AV pair{'s' if len(pairs) != 1 else ''}"
        if stop - start != length:
            count = f"{part_there(stop - start, length)}, {count}"
        tree.add("TargetInfo", start, stop, None, count)
        record_av_pairs(tree.below("TargetInfo"), payload.data, start, stop, pairs, values)

    return write


def _lm_response(token: NtlmAuthenticate, length: int) -> Write:
    lm, kind = token.lm_response, token.response
    repeated = lm == token.nt_response
    return lambda tree, *at: record_lm_response(tree, lm, at, length, kind, repeated=repeated)


def _nt_response(
    payload: Payload, token: NtlmAuthenticate, length: int, pairs: list[Pair]
) -> Write:
    def write(tree: Recorder, start: int, stop: int) -> None:
        v2 = token.target_info is not None and stop > start
        kind = "ntlmv2" if v2 else token.response
        record_nt_response(tree, payload.data, (start, stop), length, kind)
        values, at = token.target_info, start + V2_LENGTH
        if values is not None and at < stop:
            branch = tree.below("NtChallengeResponse")
            record_av_pairs(branch, payload.data, at, stop, pairs, values)

    return write


def _session_key(length: int) -> Write:
    name = "EncryptedRandomSessionKey"
    return lambda tree, start, stop: tree.add(
        name, start, stop, None, hidden_bytes(stop - start, length), secret=True
    )
