"""Tokens made to cost as much as can be, most of them as large as a token may be; and what they must tell.

Each is a pattern that has exhausted or crashed some reader of tokens: nesting, counts, lengths and offsets
without measure, numbers and text at their extremes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from support.messages import (
    NTLM,
    NTLM_NEGOTIATE,
    SPNEGO,
    der,
    init_token,
    ntlm_challenge,
    resp_token,
)

from dissectors.tokens import TOKEN_LIMIT, build

ROOM = TOKEN_LIMIT - 200
KERBEROS = bytes.fromhex("06092a864886f712010202")
PKU2U = bytes.fromhex("5c33530deaf90d4db2ec4ae3786ec308")


class Worst(NamedTuple):
    """How it is made, and an anomaly that it must have; None: nothing is wrong with it."""

    make: Callable[[], bytes]
    code: str | None


def init(*members: bytes) -> bytes:
    """A NegTokenInit with these members."""
    return der(0x60, SPNEGO, der(0xA0, der(0x30, *members)))


def mechs(*oids: bytes) -> bytes:
    """mechTypes."""
    return der(0xA0, der(0x30, *oids))


def nested(tag: int, depth: int, room: int = 10_000_000) -> bytes:
    """Elements in elements, all their lengths true, within `room` bytes."""
    heads: list[bytes] = []
    size = 0
    while len(heads) < depth and size < room:
        octets = size.to_bytes((size.bit_length() + 7) // 8)
        head = bytes((tag, size)) if size < 0x80 else bytes((tag, 0x80 | len(octets))) + octets
        heads.append(head)
        size += len(head)
    return b"".join(reversed(heads))


def headers(tag: int, depth: int) -> bytes:
    """Headers alone, each of them promising what never comes."""
    return bytes((tag, 0x84, 0x7F, 0xFF, 0xFF, 0xFF)) * depth


def spnego_in_spnego(times: int) -> bytes:
    """A NegTokenInit in the mechToken of another, and so on."""
    token = NTLM_NEGOTIATE
    for _ in range(times):
        token = init_token(SPNEGO, token)
    return token


def negoex(number: int, body: bytes, header: int = 96, length: int | None = None) -> bytes:
    """One message of NegoEx whose header says what it likes."""
    words = struct.pack("<IIII", number, 0, header, 40 + len(body) if length is None else length)
    return b"NEGOEXTS" + words + bytes(16) + body


def challenge(pairs: bytes) -> bytes:
    """A CHALLENGE_MESSAGE with these AV pairs."""
    head = b"NTLMSSP\0\2\0\0\0" + struct.pack("<HHI", 0, 0, 56) + struct.pack("<I", 0xE2898215)
    return head + bytes(16) + struct.pack("<HHI", len(pairs), len(pairs), 56) + bytes(8) + pairs


def authenticate(*fields: tuple[int, int, int]) -> bytes:
    """An AUTHENTICATE_MESSAGE with these descriptors, and bytes for them to point at."""
    made = b"".join(struct.pack("<HHI", *field) for field in fields)
    head = b"NTLMSSP\0\3\0\0\0" + made + struct.pack("<I", 0xE2888215) + bytes(24)
    return head + bytes(0xFFFF - len(head))


def av(number: int, value: bytes = b"") -> bytes:
    """One AV pair."""
    return struct.pack("<HH", number, len(value)) + value


def many_padata(count: int) -> bytes:
    """An AS-REQ full of pre-authentication data."""
    return build.as_req(padata=[(2, b"")] * count)


def _vectors(schemes: int, extensions: int) -> bytes:
    counts = struct.pack("<IHHIHH", 96, schemes, 0, 96, extensions, 0)
    return negoex(0, bytes(40) + counts + bytes(ROOM))


def _exchanges() -> bytes:
    one = negoex(5, PKU2U + struct.pack("<II", 64, 0), 64)
    return one * (ROOM // len(one))


def _negoex_in_negoex() -> bytes:
    inner = negoex(5, PKU2U + struct.pack("<II", 64, 1) + b"x", 64)
    while len(inner) < ROOM:
        content = inner + inner[: min(len(inner), ROOM - len(inner))]
        inner = negoex(5, PKU2U + struct.pack("<II", 64, len(content)) + content, 64)
    return inner


WORST: dict[str, Worst] = {
    # -- nesting
    "100,000 SEQUENCEs in each other": Worst(lambda: init(der(0xA2, nested(0x30, 100_000))), "limit-token-size"),
    "SEQUENCEs in each other": Worst(lambda: init(der(0xA2, nested(0x30, 60_000, ROOM))), "bad-tag"),
    "100,000 indefinite lengths": Worst(lambda: b"\xa1\x80" + b"\x30\x80" * 100_000, "limit-token-size"),
    "indefinite lengths": Worst(lambda: init(mechs(b"\x24\x80" * (ROOM // 2))), "bad-tag"),
    "constructed strings": Worst(lambda: init(der(0xA2, nested(0x24, 20_000, ROOM))), "bad-tag"),
    "headers that promise": Worst(lambda: headers(0xA1, 1) + headers(0x30, ROOM // 6), "truncated"),
    "SPNEGO in SPNEGO, 50 times": Worst(lambda: spnego_in_spnego(50), "limit-depth"),
    "SPNEGO in SPNEGO, to the brim": Worst(lambda: spnego_in_spnego(1500), "limit-depth"),
    "NegoEx in NegoEx": Worst(_negoex_in_negoex, "limit-depth"),
    "Kerberos frames in each other": Worst(
        lambda: build.neg_token_init(["kerberos"], nested(0x60, 20_000, ROOM - 100)), None
    ),
    # -- lengths
    "a length of 2 to the 64th": Worst(lambda: init(b"\xa2\x88" + b"\xff" * 8 + bytes(ROOM)), "bad-length"),
    "lengths of 2 to the 64th": Worst(lambda: b"\xa1\x88" + b"\xff" * 8 + b"\x30\x88" + b"\xff" * 8, "truncated"),
    "a length of 126 octets": Worst(lambda: init(b"\xa2\xfe" + b"\xff" * 126), "bad-length"),
    "long lengths all over": Worst(lambda: init(b"\xa0\x84\0\0\0\x02\x30\0" * (ROOM // 8)), "limit-anomalies"),
    "tag numbers without end": Worst(lambda: init(b"\xbf" + b"\xff" * ROOM), "bad-length"),
    "1 MiB": Worst(lambda: init_token(NTLM, bytes(1 << 20)), "limit-token-size"),
    "1 MiB of NTLM": Worst(lambda: ntlm_challenge(b"c" * 8) + bytes(1 << 20), "limit-token-size"),
    "1 MiB of a Wrap": Worst(lambda: build.wrap_cfx(bytes(1 << 20)), "limit-token-size"),
    "1 MiB of NegoEx": Worst(lambda: _exchanges() * 17, "limit-token-size"),
    # -- counts
    "32,000 empty mechanisms": Worst(lambda: init(mechs(b"\6\0" * 32_000)), "limit-count"),
    "5,400 mechanisms": Worst(lambda: init(mechs(NTLM * 5_400)), "limit-count"),
    "mechanisms of one arc": Worst(lambda: init(mechs(b"\6\1\x2a" * (ROOM // 3))), "limit-count"),
    "unknown members": Worst(lambda: der(0xA1, der(0x30, b"\xa5\2\4\0" * (ROOM // 4))), "limit-anomalies"),
    "30,000 empty string parts": Worst(lambda: init(der(0xA2, der(0x24, b"\4\0" * 30_000))), "bad-tag"),
    "a million NULLs": Worst(lambda: init(mechs(b"\5\0" * 1_000_000)), "limit-token-size"),
    "5,000 padata": Worst(lambda: many_padata(5_000), "limit-count"),
    "5,000 padata of an error": Worst(
        lambda: build.krb_error(e_data=build.method_data([(2, b"")] * 5_000)), "limit-count"
    ),
    "names of 5,000 parts": Worst(lambda: build.ap_req(sname=(2, ["x"] * 5_000)), "limit-count"),
    "tickets without end": Worst(
        lambda: build.tgs_req(additional_tickets=[build.ticket("a/b", cipher=b"c")] * 500), "limit-count"
    ),
    # -- numbers
    "an OID of 65,000 arcs": Worst(lambda: init(mechs(der(6, b"\x2b" * 65_000))), "bad-value"),
    "an arc of 65,000 octets": Worst(lambda: init(mechs(der(6, b"\xff" * 65_000 + b"\x01"))), "bad-value"),
    "an INTEGER of 65,000 octets": Worst(
        lambda: der(0x7E, der(0x30, der(0xA6, der(2, b"\x7f" * 65_000)))), "bad-value"
    ),
    "an ENUMERATED of 65,000 octets": Worst(
        lambda: der(0xA1, der(0x30, der(0xA0, der(10, b"\x7f" * 65_000)))), "bad-value"
    ),
    "a BIT STRING of 65,000 octets": Worst(
        lambda: init(mechs(NTLM), der(0xA1, der(3, b"\0" + b"\xff" * 65_000))), "limit-count"
    ),
    # -- NTLM
    "16,000 AV pairs": Worst(lambda: challenge(av(1) * 16_000 + av(0)), "limit-count"),
    "AV pairs without an end": Worst(lambda: challenge(av(2, b"x\0") * 40), "missing-field"),
    "the latest of times": Worst(lambda: challenge(av(7, b"\xff" * 8) + av(0)), None),
    "a time before the year 1": Worst(lambda: challenge(av(7, bytes(7) + b"\x80") + av(0)), None),
    "the first time": Worst(lambda: challenge(av(7, bytes(8)) + av(0)), None),
    "lone surrogates": Worst(lambda: challenge(av(1, b"\0\xd8" * 30_000) + av(0)), "bad-text"),
    "descriptors of everything": Worst(lambda: authenticate(*[(0xFFFF, 0xFFFF, 0)] * 6), "overlapping-fields"),
    "descriptors of nothing": Worst(lambda: authenticate(*[(0xFFFF, 0, 0xFFFF_FFFF)] * 6), "truncated"),
    "a response of one byte": Worst(lambda: authenticate((24, 24, 88), (1, 1, 88), *[(0, 0, 88)] * 4), "bad-value"),
    # -- NegoEx
    "NegoEx: counts of 65,535": Worst(lambda: _vectors(0xFFFF, 0xFFFF), "limit-count"),
    "NegoEx: messages of no length": Worst(lambda: negoex(0, b"", 0, 0) * 1000, "bad-length"),
    "NegoEx: messages without end": Worst(_exchanges, "limit-count"),
    "NegoEx: 5,000 messages": Worst(lambda: negoex(7, b"", 40) * 5_000, "limit-token-size"),
    # -- per-message tokens
    "a Wrap turned by 65,535": Worst(lambda: build.wrap_cfx(bytes(ROOM), rrc=0xFFFF), None),
    "a Wrap of RFC 1964": Worst(lambda: build.wrap_1964(bytes(ROOM)), None),
    "a MIC of 64 KiB": Worst(lambda: resp_token(b"") + build.mic_cfx(bytes(ROOM)), "trailing-bytes"),
}  # fmt: skip
