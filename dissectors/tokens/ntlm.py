"""NTLM messages: NEGOTIATE, CHALLENGE and AUTHENTICATE.

Optional elements of the fixed part (VERSION, MIC, TargetInfo, ...) are there if the payload begins behind
them; flags alone do not tell, for every generation of clients left out others.

Spec: MS-NLMP 2.2.1 (messages), 2.2.2.5 (flags), 2.2.2.10 (VERSION), 3.2.5.1.2 (MIC), appendix B <11>, <12>.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from dissectors.anomaly import Anomaly
from dissectors.codes.ntlm_flags import (
    NEGOTIATE_LOCAL_CALL,
    NEGOTIATE_UNICODE,
    NEGOTIATE_VERSION,
)
from dissectors.recognise import NTLM_SIGNATURE
from dissectors.span import Field, Span
from dissectors.tokens.av_pairs import locate_av_pairs, read_av_pairs
from dissectors.tokens.model import (
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    OpaqueToken,
    Token,
)
from dissectors.tokens.ntlm_payload import Claim, Payload
from dissectors.tokens.ntlm_response import (
    V2_LENGTH,
    channel_binding,
    mic_promised,
    response_kind,
)

_FIXED_NEGOTIATE = 16  # least bytes, from where on descriptors may be missing or a payload begin
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
    """Decode an NTLM message; with `fields`, also write its tree there, `base` and `path` put before."""
    decode = _DECODERS.get(data[8:12]) if data[:8] == NTLM_SIGNATURE else None
    if decode is None:
        return _not_a_message(data, base)
    return decode(data, fields, base, path)


def _negotiate(data: bytes, fields: list[Field] | None, base: int, path: str) -> Token:
    payload = Payload(data, _FIXED_NEGOTIATE, base)
    domain, workstation = payload.read(16, _NEGOTIATE)
    flags = _flags(payload, 12)
    if 16 < payload.size < 32 < payload.first:
        payload.report("truncated", 16, payload.size, f"{payload.size} bytes, a descriptor is cut")
    token = NtlmNegotiate(
        raw=data,
        flags=flags,
        domain=payload.text_of(domain, unicode=False),
        workstation=payload.text_of(workstation, unicode=False),
        version=_version(payload, 32, flags),
        anomalies=payload.findings(),
    )
    if fields is not None:
        record_negotiate(Recorder(fields, base, path), token, payload)
    return token


def _challenge(data: bytes, fields: list[Field] | None, base: int, path: str) -> Token:
    payload = Payload(data, _FIXED_CHALLENGE, base)
    (name,) = payload.read(12, _TARGET_NAME)
    flags = _flags(payload, 20)
    pairs: list[Pair] | None = None
    if payload.reaches(48):
        (info,) = payload.read(40, _TARGET_INFO)
        if info and info[2]:
            pairs, _ = _av_pairs(payload, info, 0)
    token = NtlmChallenge(
        raw=data,
        flags=flags,
        target_name=payload.text_of(name, _unicode(flags, payload.bytes_of(name))),
        server_challenge=data[24:32] if payload.reaches(32) else b"",
        target_info=None if pairs is None else read_av_pairs(payload, pairs),
        version=_version(payload, 48, flags),
        local_call=flags is not None and bool(flags & NEGOTIATE_LOCAL_CALL),
        anomalies=payload.findings(),
    )
    if fields is not None:
        record_challenge(Recorder(fields, base, path), token, payload, pairs)
    return token


def _authenticate(data: bytes, fields: list[Field] | None, base: int, path: str) -> Token:
    payload = Payload(data, _FIXED_AUTHENTICATE, base)
    lm, nt, domain, user, workstation = payload.read(12, _AUTHENTICATE)
    key = payload.read(52, _SESSION_KEY)[0] if payload.reaches(60) else None
    flags = _flags(payload, 60)
    unicode = _unicode(flags, payload.bytes_of(user or domain))
    lm_response = payload.bytes_of(lm)
    response: str | None = None
    target_info: dict[str, Any] | None = None
    pairs: list[Pair] = []
    complete = True
    if lm and nt and user:
        response = response_kind(lm_response, lm[2], nt[2], bool(user[2]), flags or 0)
        if response == "ntlmv2":
            pairs, complete = _av_pairs(payload, nt, V2_LENGTH)
            target_info = read_av_pairs(payload, pairs)
        elif response is None and ...:
    token = NtlmAuthenticate(
        raw=data,
        flags=flags,
        user=payload.text_of(user, unicode),
        domain=payload.text_of(domain, unicode),
        workstation=payload.text_of(workstation, unicode),
        lm_response=lm_response,
        nt_response=payload.bytes_of(nt),
        session_key=payload.bytes_of(key),
        version=_version(payload, 64, flags),
        response=response,
        target_info=target_info,
        target_name=target_info and target_info.get("MsvAvTargetName"),
        channel_binding=None if target_info is None else channel_binding(target_info, complete),
        mic=...,
        anomalies=payload.findings(),
    )
