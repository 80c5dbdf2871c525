"""NTLM's messages, with all optional elements that their flags announce.

Responses, keys and challenges are dummies unless given. Payload fields lie in the order of Windows:
domain, user, workstation, responses, key.

Spec: MS-NLMP 2.2.1.1-2.2.1.3, 2.2.2.7, 2.2.2.8, 2.2.2.10, 3.2.5.1.2 (MIC).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Literal

from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.av_pairs import AvValue, av_pairs
from dissectors.tokens.build.error import BuildError
from dissectors.tokens.build.value import dummy

Response = Literal["ntlmv2", "ntlmv1", "ntlmv1-ess", "lm", "anonymous"]

SIGNATURE = b"NTLMSSP\x00"
VERSION = "10.0.19041/15"
A_FILETIME = 134_118_000_000_000_000  # in January 2026
DOMAIN_INFO: Mapping[str | int, AvValue] = {
    "MsvAvNbDomainName": "LAB",
    "MsvAvNbComputerName": "WEB",
    "MsvAvDnsDomainName": "lab.example",
    "MsvAvDnsComputerName": "web.lab.example",
    "MsvAvTimestamp": A_FILETIME,
}

NEGOTIATE_FLAGS = 0xE208_8297
CHALLENGE_FLAGS = 0xE289_8215
AUTHENTICATE_FLAGS = 0xE288_8215

_UNICODE = 0x1
_ANONYMOUS = 0x800
_OEM_DOMAIN_SUPPLIED = 0x1000
_OEM_WORKSTATION_SUPPLIED = 0x2000
_ESS = 0x8_0000
_TARGET_INFO = 0x80_0000
_HAS_VERSION = 0x200_0000
_KEY_EXCH = 0x4000_0000
_VERSION_TEXT = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,5})/(\d{1,3})")
_LONGEST = 0xFFFF
_MIC_PROMISED = 2


@builder
def ntlm_negotiate(
    *,
    flags: int = NEGOTIATE_FLAGS,
    domain: str = "",
    workstation: str = "",
    version: str | None = VERSION,
) -> bytes:
    """NEGOTIATE_MESSAGE; its names are in ASCII always. Flags follow what is given."""
    flags = _flagged(flags, _OEM_DOMAIN_SUPPLIED, bool(domain))
    flags = _flagged(flags, _OEM_WORKSTATION_SUPPLIED, bool(workstation))
    flags = _flagged(flags, _HAS_VERSION, version is not None)
    names = {
        "domain": _text(domain, 0, "domain"),
        "workstation": _text(workstation, 0, "workstation"),
    }
    head = SIGNATURE + struct.pack("<II", 1, flags)
    slots = _version(version)
    fields, payload = _laid(names, len(head) + 16 + len(slots), ("domain", "workstation"))
    return head + fields["domain"] + fields["workstation"] + slots + payload


@builder
def ntlm_challenge(
    *,
    target_name: str = "LAB",
    server_challenge: bytes | None = None,
    target_info: Mapping[str | int, AvValue] | bytes | None = DOMAIN_INFO,
    flags: int = CHALLENGE_FLAGS,
    version: str | None = VERSION,
    reserved: bytes = bytes(8),
) -> bytes:
    """CHALLENGE_MESSAGE; `target_info` as pairs by name or as bytes."""
    challenge = _sized(server_challenge, 8, "server_challenge")
    info = target_info if isinstance(target_info, bytes | None) else av_pairs(target_info)
    flags = _flagged(flags, _TARGET_INFO, info is not None)
    flags = _flagged(flags, _HAS_VERSION, version is not None)
    values = {"name": _text(target_name, flags, "target_name"), "info": info or b""}
    slots = _version(version)
    fields, payload = _laid(values, 48 + len(slots), ("name", "info"))
    head = SIGNATURE + struct.pack("<I", 2) + fields["name"] + struct.pack("<I", flags)
    return head + challenge + _sized(reserved, 8, "reserved") + fields["info"] + slots + payload


@builder
def ntlm_authenticate(
    *,
    user: str = "alice",
    domain: str = "LAB",
    workstation: str = "WORKSTATION",
    response: Response = "ntlmv2",
    target_info: Mapping[str | int, AvValue] | bytes | None = None,
    lm_response: bytes | None = None,
    nt_response: bytes | None = None,
    session_key: bytes | None = None,
    mic: bytes | None = None,
    flags: int = AUTHENTICATE_FLAGS,
    version: str | None = VERSION,
) -> bytes:
    """AUTHENTICATE_MESSAGE; `response` chooses the dummies for responses that are not given.

    A NTLMv2 response carries `target_info`, without it a challenge's usual one, and promises the MIC
    if there is one.
    """
    flags = _flagged(flags, _HAS_VERSION, version is not None)
    flags = _flagged(flags, _ANONYMOUS, response == "anonymous")
    if response in ("ntlmv1", "lm"):
        flags &= ~_ESS
    if response == "anonymous":
        user = domain = ""
    lm, nt = _responses(response, target_info, promised=mic is not None)
    key = dummy(16) if session_key is None and flags & _KEY_EXCH else session_key or b""
    values = {
        "domain": _text(domain, flags, "domain"),
        "user": _text(user, flags, "user"),
        "workstation": _text(workstation, flags, "workstation"),
        "lm": lm if lm_response is None else lm_response,
        "nt": nt if nt_response is None else nt_response,
        "key": key,
    }
    slots = _version(version)
    if mic is not None:
        slots = (slots or bytes(8)) + _sized(mic, 16, "mic")
    fields, payload = _laid(values, 64 + len(slots), tuple(values))
    order = ("lm", "nt", "domain", "user", "workstation", "key")
    head = SIGNATURE + struct.pack("<I", 3) + b"".join(fields[name] for name in order)
    return head + struct.pack("<I", flags) + slots + payload


@builder
def ntlmv2_response(
    target_info: Mapping[str | int, AvValue] | bytes = DOMAIN_INFO,
    *,
    nt_proof_str: bytes | None = None,
    timestamp: int = A_FILETIME,
    client_challenge: bytes | None = None,
) -> bytes:
    """NTLMv2_RESPONSE: NTProofStr and NTLMv2_CLIENT_CHALLENGE."""
    pairs = target_info if isinstance(target_info, bytes) else av_pairs(target_info)
    head = _sized(nt_proof_str, 16, "nt_proof_str") + b"\x01\x01" + bytes(6)
    challenge = _sized(client_challenge, 8, "client_challenge")
    return head + struct.pack("<Q", timestamp) + challenge + bytes(4) + pairs + bytes(4)


# -- parts -----------------------------------------------------------------------------------------


def _responses(
    kind: str, target_info: Mapping[str | int, AvValue] | bytes | None, *, promised: bool
) -> tuple[bytes, bytes]:
    """LM and NT response of a kind."""
    if kind == "ntlmv2":
        info = target_info
        if info is None:
            info = {**DOMAIN_INFO, "MsvAvFlags": _MIC_PROMISED} if promised else DOMAIN_INFO
        return bytes(24), ntlmv2_response(info)
    if target_info is not None:
        raise BuildError(f"a response of the kind {kind} has no target_info")
    kinds = {
        "ntlmv1": (dummy(24), dummy(24)),
        "ntlmv1-ess": (dummy(8) + bytes(16), dummy(24)),
        "lm": (dummy(24), b""),
        "anonymous": (b"\x00", b""),
    }
    if kind not in kinds:
        raise BuildError(f"response {kind!r}: one of ntlmv2, {', '.join(kinds)}")
    return kinds[kind]


def _flagged(flags: int, flag: int, on: bool) -> int:
    if not 0 <= flags <= 0xFFFF_FFFF:
        raise BuildError(f"flags must have 32 bits, not {flags:#x}")
    return flags | flag if on else flags & ~flag


def _text(text: str, flags: int, what: str) -> bytes:
    if flags & _UNICODE:
        return text.encode("utf-16-le", "surrogatepass")
    if not text.isascii():
        raise BuildError(f"{what} must be ASCII where NTLMSSP_NEGOTIATE_UNICODE is not set")
    return text.encode("ascii")


def _version(version: str | None) -> bytes:
    """VERSION, from `major.minor.build/revision`."""
    if version is None:
        return b""
    match = _VERSION_TEXT.fullmatch(version)
    numbers = [int(number) for number in match.groups()] if match else [256]
    if max(numbers[0], numbers[1 % len(numbers)], numbers[-1]) > 0xFF or numbers[2] > _LONGEST:
        raise BuildError(f"version {version!r}: major.minor.build/revision")
    major, minor, build, revision = numbers
    return struct.pack("<BBH3xB", major, minor, build, revision)


def _sized(value: bytes | None, size: int, what: str) -> bytes:
    if value is None:
        return dummy(size)
    if len(value) != size:
        raise BuildError(f"{what} has {size} bytes, not {len(value)}")
    return value


def _laid(
    values: Mapping[str, bytes], at: int, order: tuple[str, ...]
) -> tuple[dict[str, bytes], bytes]:
    """Descriptors of the fields by name, and the payload that begins at `at`."""
    fields: dict[str, bytes] = {}
    payload = b""
    for name in order:
        value = values[name]
        if len(value) > _LONGEST:
            raise BuildError(f"{name} has {len(value)} bytes, more than a field can have")
        fields[name] = struct.pack("<HHI", len(value), len(value), at + len(payload))
        payload += value
    return fields, payload
