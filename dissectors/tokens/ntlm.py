"""NTLM messages: NEGOTIATE, CHALLENGE and AUTHENTICATE.

Optional elements of the fixed part (VERSION, MIC, TargetInfo, ...) are there if the payload begins
behind them. Flags alone do not tell: every generation of clients left out others. What writes a tree
(`ntlm_fields`) is imported by the first who asks for one.

Spec: MS-NLMP 2.2.1 (messages), 2.2.2.5 (flags), 2.2.2.10 (VERSION), 3.2.5.1.2 (MIC), appendix B.
"""

from __future__ import annotations

import struct
from typing import Any

from dissectors.anomaly import Anomaly
from dissectors.codes.ntlm_flags import (
    NEGOTIATE_LOCAL_CALL,
    NEGOTIATE_UNICODE,
    NEGOTIATE_VERSION,
)
from dissectors.recognise import NTLM_SIGNATURE
from dissectors.span import Field, Span
from dissectors.tokens.av_pairs import Pair, locate_av_pairs, read_av_pairs
from dissectors.tokens.model import (
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    OpaqueToken,
    Token,
)
from dissectors.tokens.ntlm_payload import Claim, Payload
from dissectors.tokens.ntlm_response import (
    V1_LENGTH,
    V2_LENGTH,
    V2_SHOWN,
    channel_binding,
    mic_promised,
    response_kind,
)
from dissectors.tokens.recorder import Recorder

_FIXED_NEGOTIATE = 16  # least bytes of each message: from there on, elements may be missing
_FIXED_CHALLENGE = 32
_FIXED_AUTHENTICATE = 52

_NEGOTIATE = ("DomainName", "Workstation")
_TARGET_NAME = ("TargetName",)
_TARGET_INFO = ("TargetInfo",)
_AUTHENTICATE = (
    "LmChallengeResponse",
    "NtChallengeResponse",
    "DomainName",
    "UserName",
    "Workstation",
)
_SESSION_KEY = ("EncryptedRandomSessionKey",)

_U32 = struct.Struct("<I")
_VERSION = struct.Struct("<BBHxxxB")


def decode_ntlm(
    data: bytes, fields: list[Field] | None = None, base: int = 0, path: str = ""
) -> Token:
    """Decode an NTLM message; with `fields`, write its tree there, from `base` on, below `path`."""
    decode = _DECODERS.get(data[8:12]) if data[:8] == NTLM_SIGNATURE else None
    if decode is None:
        if fields is not None and NTLM_SIGNATURE.startswith(data[:8]) and data:
            from dissectors.tokens.ntlm_fields import record_unknown  # noqa: PLC0415 - see above

            record_unknown(Recorder(fields, base, path), data)
        return _no_message(data, base)
    return decode(data, fields, base, path)


def _negotiate(data: bytes, fields: list[Field] | None, base: int, path: str) -> Token:
    payload = Payload(data, _FIXED_NEGOTIATE, base)
    domain, workstation = payload.read(16, _NEGOTIATE)
    flags = _flags(payload, 12)
    if 16 < payload.size < 32 and payload.size < payload.first:
        payload.report("truncated", 16, payload.size, "no room for both descriptors")
    token = NtlmNegotiate(
        raw=data,
        flags=flags,
        domain=payload.text_of(domain, unicode=False),  # OEM, whatever the flags say (2.2.1.1)
        workstation=payload.text_of(workstation, unicode=False),
        version=_version(payload, 32, flags),
        anomalies=payload.findings(),
    )
    if fields is not None:
        from dissectors.tokens.ntlm_fields import record_negotiate  # noqa: PLC0415 - see above

        record_negotiate(Recorder(fields, base, path), payload, token)
    return token


def _challenge(data: bytes, fields: list[Field] | None, base: int, path: str) -> Token:
    payload = Payload(data, _FIXED_CHALLENGE, base)
    (name,) = payload.read(12, _TARGET_NAME)
    info = payload.read(40, _TARGET_INFO)[0] if payload.first >= 48 else None
    flags = _flags(payload, 20)
    pairs, _ = _av_pairs(payload, info, 0)
    target_info = read_av_pairs(payload, pairs) if info and info[2] else None
    token = NtlmChallenge(
        raw=data,
        flags=flags,
        target_name=payload.text_of(name, _unicode(payload, flags, name)),
        server_challenge=data[24:32] if payload.size >= 32 else b"",
        target_info=target_info,
        version=_version(payload, 48, flags),
        local_call=bool(flags and flags & NEGOTIATE_LOCAL_CALL),
        anomalies=payload.findings(),
    )
    if fields is not None:
        from dissectors.tokens.ntlm_fields import record_challenge  # noqa: PLC0415 - see above

        record_challenge(Recorder(fields, base, path), payload, token, pairs)
    return token


def _authenticate(data: bytes, fields: list[Field] | None, base: int, path: str) -> Token:
    payload = Payload(data, _FIXED_AUTHENTICATE, base)
    lm, nt, domain, user, workstation = payload.read(12, _AUTHENTICATE)
    key = payload.read(52, _SESSION_KEY)[0] if payload.first >= 60 else None
    flags = _flags(payload, 60)
    unicode = _unicode(payload, flags, user)
    lm_response = payload.bytes_of(lm)
    nt_response = payload.bytes_of(nt)
    response: str | None = None
    target_info: dict[str, Any] | None = None
    pairs: list[Pair] = []
    complete = True
    if lm and nt and user:
        response = response_kind(lm_response, lm[2], nt[2], bool(user[2]), flags or 0)
        if response == "ntlmv2":
            pairs, complete = _av_pairs(payload, nt, V2_LENGTH)
            target_info = read_av_pairs(payload, pairs)
            if not b"\x01\x01".startswith(nt_response[16:18]):
                stop = min(nt[0] + 18, nt[1])
                payload.report("bad-value", nt[0] + 16, stop, "RespType is not 1")
            if len(nt_response) < V2_SHOWN:
                response = None  # announced, but what would show it is cut off
        elif nt[2] not in {0, V1_LENGTH}:
            payload.report("bad-value", nt[0], nt[1], f"NT response of {nt[2]} bytes")
    token = NtlmAuthenticate(
        raw=data,
        flags=flags,
        user=payload.text_of(user, unicode),
        domain=payload.text_of(domain, unicode),
        workstation=payload.text_of(workstation, unicode),
        lm_response=lm_response,
        nt_response=nt_response,
        session_key=payload.bytes_of(key),
        version=_version(payload, 64, flags),
        response=response,
        target_info=target_info,
        target_name=target_info.get("MsvAvTargetName") if target_info else None,
        channel_binding=None if target_info is None else channel_binding(target_info, complete),
        mic=_mic(payload, target_info, complete),
        anomalies=payload.findings(),
    )
    if fields is not None:
        from dissectors.tokens.ntlm_fields import record_authenticate  # noqa: PLC0415 - see above

        record_authenticate(Recorder(fields, base, path), payload, token, pairs)
    return token


_DECODERS = {
    b"\x01\x00\x00\x00": _negotiate,
    b"\x02\x00\x00\x00": _challenge,
    b"\x03\x00\x00\x00": _authenticate,
}


def _no_message(data: bytes, base: int) -> Token:
    """Keep bytes that are no NTLM message of the three."""
    if len(data) < 12 and NTLM_SIGNATURE.startswith(data[:8]):
        code, start, stop, detail = "truncated", 0, len(data), "no MessageType"
    elif data[:8] == NTLM_SIGNATURE:
        code, start, stop = "unknown-value", 8, 12
        detail = f"MessageType {int.from_bytes(data[8:12], 'little')}"
    else:
        code, start, stop, detail = "bad-value", 0, min(8, len(data)), "no NTLMSSP signature"
    return OpaqueToken(
        raw=data, anomalies=(Anomaly(code, Span(base + start, base + stop), detail),)
    )


# -- elements -------------------------------------------------------------------------------------


def _flags(payload: Payload, at: int) -> int | None:
    """Read NegotiateFlags; None in a message of the LM age, which has none, or in a cut one."""
    return int(_U32.unpack_from(payload.data, at)[0]) if payload.reaches(at + 4) else None


def _unicode(payload: Payload, flags: int | None, sample: Claim | None) -> bool:
    """Tell the encoding of text; without flags by the zero bytes of Latin names in UTF-16LE."""
    if flags is None:
        return 0 in payload.bytes_of(sample)
    return bool(flags & NEGOTIATE_UNICODE)


def _version(payload: Payload, at: int, flags: int | None) -> str | None:
    if not flags or not flags & NEGOTIATE_VERSION:
        return None
    if not payload.reaches(at + 8):
        payload.expect(at + 8)
        return None
    major, minor, build, revision = _VERSION.unpack_from(payload.data, at)
    return f"{major}.{minor}.{build}/{revision}"


def _av_pairs(payload: Payload, claim: Claim | None, skip: int) -> tuple[list[Pair], bool]:
    """Find the AV pairs of a field after its first `skip` bytes."""
    if not claim or not claim[2]:
        return [], False
    start, stop, length, _, _ = claim
    return locate_av_pairs(payload, start + skip, stop, cut=stop - start < length)


def _mic(payload: Payload, target_info: dict[str, Any] | None, complete: bool) -> str | None:
    """Tell about the MIC: a slot of zeros is none; one that the response promises must be there."""
    if payload.size < _FIXED_AUTHENTICATE or payload.lacks(88):
        return None
    if payload.reaches(88) and any(payload.data[72:88]):
        return "present"
    if target_info and mic_promised(target_info):
        return "promised-missing"
    return "absent" if complete else None
