"""NTLM's challenges and responses as everybody sends them, each read by one flat function.

The least that a message of today has: every descriptor and the flags, text in UTF-16LE, fields that share
no byte, an NTLMv2 response or one of 24 bytes. `ntlm` reads all others, and what is shown.

Spec: MS-NLMP 2.2.1.2-2.2.1.3 (messages), 2.2.2.1 (AV_PAIR), 2.2.2.7, 2.2.2.10 (VERSION), 3.2.5.1.2 (MIC).
"""

from __future__ import annotations

import struct
from codecs import utf_16_le_decode
from functools import lru_cache
from typing import Any

from dissectors.codes.ntlm_flags import (
    NEGOTIATE_LOCAL_CALL,
    NEGOTIATE_UNICODE,
    NEGOTIATE_VERSION,
)
from dissectors.tokens.av_pairs import AV_PAIR_LIMIT, locate_av_pairs, read_av_pairs
from dissectors.tokens.model import NtlmAuthenticate, NtlmChallenge, Token
from dissectors.tokens.ntlm_payload import Payload
from dissectors.tokens.ntlm_response import (
    V1_LENGTH,
    V2_LENGTH,
    channel_binding,
    mic_promised,
    response_kind,
)

CHALLENGE = b"NTLMSSP\x00\x02\x00\x00\x00"
AUTHENTICATE = b"NTLMSSP\x00\x03\x00\x00\x00"

# Each descriptor as one number: length in the low 16 bits, offset in the high 32. So they sort by offset.
_CHALLENGE = struct.Struct("<12xQI8s8xQ")
_AUTHENTICATE = struct.Struct("<12x6QI")
_LENGTH = 0xFFFF
_OFFSET = 32
_VERSION_END = 8
_MIC = slice(72, 88)
_NO_MIC = bytes(16)
_RESPONSE_TYPES = b"\x01\x01"  # RespType and HiRespType, behind NTProofStr
_TIMESTAMP = b"\x07\x00\x08\x00"  # AvId and AvLen of MsvAvTimestamp
_TIMESTAMP_END = 12
_EOL = bytes(4)
_REMEMBERED = 512  # bytes of a text or of AV pairs that are worth remembering


def read_usual_ntlm(data: bytes) -> Token:
    """Read a CHALLENGE or AUTHENTICATE_MESSAGE; everything odd raises ValueError."""
    if data.startswith(AUTHENTICATE):
        return _authenticate(data)
    if data.startswith(CHALLENGE):
        return _challenge(data)
    raise ValueError


def _challenge(data: bytes) -> NtlmChallenge:
    size = len(data)
    if size < _CHALLENGE.size:
        raise ValueError
    name, flags, server_challenge, info = _CHALLENGE.unpack_from(data)
    if not flags & NEGOTIATE_UNICODE:
        raise ValueError
    name_at, info_at = name >> _OFFSET, info >> _OFFSET
    name_end, info_end = name_at + (name & _LENGTH), info_at + (info & _LENGTH)
    first = _CHALLENGE.size + (_VERSION_END if flags & NEGOTIATE_VERSION else 0)
    if first <= name_at <= name_end <= info_at < info_end == size or (
        first <= info_at < info_end <= name_at <= name_end == size
    ):
        return NtlmChallenge(
            data,
            (),
            None,
            None,
            flags,
            _text(data[name_at:name_end]),
            server_challenge,
            _target_info(data, info_at, info_end),
            _version(data[48:56]) if flags & NEGOTIATE_VERSION else None,
            bool(flags & NEGOTIATE_LOCAL_CALL),
        )
    raise ValueError


def _authenticate(data: bytes) -> NtlmAuthenticate:
    size = len(data)
    if size < _AUTHENTICATE.size:
        raise ValueError
    lm, nt, domain, user, workstation, key, flags = _AUTHENTICATE.unpack_from(data)
    lm_at, lm_length = lm >> _OFFSET, lm & _LENGTH
    nt_at, nt_length = nt >> _OFFSET, nt & _LENGTH
    domain_at, user_at, workstation_at = domain >> _OFFSET, user >> _OFFSET, workstation >> _OFFSET
    domain_end, user_end = domain_at + (domain & _LENGTH), user_at + (user & _LENGTH)
    workstation_end = workstation_at + (workstation & _LENGTH)
    key_at = key >> _OFFSET
    key_end = key_at + (key & _LENGTH)
    if (  # as Windows lays them out
        _AUTHENTICATE.size <= domain_at < domain_end <= user_at
        and user_end <= workstation_at
        and workstation_end <= lm_at
        and lm_at + lm_length <= nt_at
        and nt_at + nt_length <= key_at
        and key_end == size
    ):
        first = domain_at
    else:
        first = _first([lm, nt, domain, user, workstation, key], size)
    if not flags & NEGOTIATE_UNICODE:
        raise ValueError
    version = None
    if flags & NEGOTIATE_VERSION:
        if first < _MIC.start:
            raise ValueError
        version = _version(data[64:72])
    lm_response = data[lm_at : lm_at + lm_length]
    target_info: dict[str, Any] | None = None
    target_name = binding = None
    response: str | None
    if nt_length >= V2_LENGTH:
        if not data.startswith(_RESPONSE_TYPES, nt_at + 16):
            raise ValueError
        response = "ntlmv2"
        target_info = _target_info(data, nt_at + V2_LENGTH, nt_at + nt_length)
        target_name = target_info.get("MsvAvTargetName")
        binding = channel_binding(target_info, complete=True)
    elif nt_length in {0, V1_LENGTH}:
        response = response_kind(lm_response, lm_length, nt_length, bool(user & _LENGTH), flags)
    else:
        raise ValueError
    if first >= _MIC.stop and data[_MIC] != _NO_MIC:
        mic = "present"
    elif target_info and mic_promised(target_info):
        mic = "promised-missing"
    else:
        mic = "absent"
    return NtlmAuthenticate(
        data,
        (),
        None,
        None,
        flags,
        _text(data[user_at:user_end]),
        _text(data[domain_at:domain_end]),
        _text(data[workstation_at:workstation_end]),
        lm_response,
        data[nt_at : nt_at + nt_length],
        data[key_at:key_end],
        version,
        response,
        target_info,
        target_name,
        binding,
        mic,
    )


def _first(claims: list[int], size: int) -> int:
    """Where the payload begins that fields in any order fill up to the last byte, sharing none."""
    first = 0
    last = _AUTHENTICATE.size
    for claim in sorted(claims):
        length = claim & _LENGTH
        if length:
            start = claim >> _OFFSET
            if start < last:
                raise ValueError
            first = first or start
            last = start + length
    if not first or last != size:
        raise ValueError
    return first


# -- what comes again and again --------------------------------------------------------------------


def _text(raw: bytes) -> str:
    if len(raw) > _REMEMBERED:
        raise ValueError
    return _decoded(raw)


@lru_cache(maxsize=4096)
def _decoded(raw: bytes) -> str:
    return utf_16_le_decode(raw, "strict", True)[0]


@lru_cache(maxsize=256)
def _version(raw: bytes) -> str:
    return f"{raw[0]}.{raw[1]}.{raw[2] | raw[3] << 8}/{raw[7]}"


def _target_info(data: bytes, start: int, stop: int) -> dict[str, Any]:
    """AV pairs by name: only the time differs from one message of a server or client to the next."""
    if stop - start > _REMEMBERED:
        raise ValueError
    at = data.find(_TIMESTAMP, start, stop)
    if at < 0:
        return _pairs(data[start:stop]).copy()
    after = at + _TIMESTAMP_END
    found = _pairs_around(data[start:at], data[after:stop]).copy()
    found["MsvAvTimestamp"] = int.from_bytes(data[at + 4 : after], "little")
    return found


@lru_cache(maxsize=1024)
def _pairs(content: bytes) -> dict[str, Any]:
    """Pairs without any oddity, up to MsvAvEOL."""
    payload = Payload(content, 0, 0)
    found = read_av_pairs(payload, locate_av_pairs(payload, 0, payload.size, cut=False)[0])
    if payload.anomalies:
        raise ValueError
    return found


@lru_cache(maxsize=1024)
def _pairs_around(before: bytes, behind: bytes) -> dict[str, Any]:
    """Pairs on both sides of MsvAvTimestamp, and this in its place without its value."""
    first, last = _pairs_before(before), _pairs(behind)
    found = {**first, "MsvAvTimestamp": None, **last}
    count = len(first) + 1 + len(last)
    if len(found) != count or count > AV_PAIR_LIMIT:
        raise ValueError  # one stands twice
    return found


@lru_cache(maxsize=1024)
def _pairs_before(content: bytes) -> dict[str, Any]:
    """Pairs without any oddity that fill the content; MsvAvEOL comes later."""
    payload = Payload(content + _EOL, 0, 0)
    pairs, _ = locate_av_pairs(payload, 0, payload.size, cut=False)
    found = read_av_pairs(payload, pairs)
    if payload.anomalies or (pairs[-1][2] if pairs else 0) != len(content):
        raise ValueError
    return found
