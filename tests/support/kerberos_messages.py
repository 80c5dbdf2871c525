"""Kerberos messages: built ones for tests of decoders, and those that captures hold."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from support.facts import ROOT, SHARED, SWEEP
from support.packets import read_packets

from analyzer.errors import CaptureError

KERBEROS_OID = bytes.fromhex("06092a864886f712010202")
IAKERB_OID = bytes.fromhex("06062b0601050205")

HEAD = re.compile(
    rb"[\x6a-\x6f\x74-\x76\x7e](?:[\x00-\x7f]|\x81.|\x82..)\x30(?:[\x00-\x7f]|\x81.|\x82..)"
    rb"[\xa0\xa1]\x03\x02\x01\x05[\xa1\xa2]\x03\x02\x01[\x0a-\x0f\x14-\x16\x1e]",
    re.DOTALL,
)
"""First octets of a message: its tag, SEQUENCE, pvno 5 and msg-type."""

LAB_FILES = 12 if not SWEEP else None
CORPUS_FILES = ("dittofs__kerberos", "zeek__aduser1", "snort3_demo__kerberos", "john-samples__krb")


def der(tag: int, *parts: bytes) -> bytes:
    """An element with the shortest length."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + size.to_bytes(width) + content


def number(value: int) -> bytes:
    """INTEGER."""
    return der(0x02, value.to_bytes((value.bit_length() + 8) // 8, signed=True))


def text(value: str) -> bytes:
    """GeneralString."""
    return der(0x1B, value.encode())


def time(value: str) -> bytes:
    """GeneralizedTime."""
    return der(0x18, value.encode())


def flags(*bits: int) -> bytes:
    """KerberosFlags of 32 bits."""
    return der(0x03, b"\0" + sum(1 << 31 - bit for bit in bits).to_bytes(4))


def principal(*names: str, kind: int = 2) -> bytes:
    """PrincipalName."""
    return der(0x30, der(0xA0, number(kind)), der(0xA1, der(0x30, *map(text, names))))


def encrypted(etype: int, size: int, kvno: int | None = None) -> bytes:
    """EncryptedData with a cipher of zeros."""
    version = b"" if kvno is None else der(0xA1, number(kvno))
    return der(0x30, der(0xA0, number(etype)), version, der(0xA2, der(0x04, bytes(size))))


def ticket(enc_part: bytes, *names: str, realm: str = "LAB.EXAMPLE") -> bytes:
    """Ticket for a service."""
    return der(
        0x61,
        der(
            0x30,
            der(0xA0, number(5)),
            der(0xA1, text(realm)),
            der(0xA2, principal(*names)),
            der(0xA3, enc_part),
        ),
    )


def message(tag: int, kind: int, *members: bytes) -> bytes:
    """A message whose pvno and msg-type are [0] and [1]."""
    return der(tag, der(0x30, der(0xA0, number(5)), der(0xA1, number(kind)), *members))


def ap_req(*names: str) -> bytes:
    """AP-REQ with a ticket for a service."""
    part = ticket(encrypted(18, 90, 3), *names)
    return message(0x6E, 14, der(0xA2, flags(2)), der(0xA3, part), der(0xA4, encrypted(17, 40)))


def padata(kind: int, value: bytes) -> bytes:
    """PA-DATA."""
    return der(0x30, der(0xA1, number(kind)), der(0xA2, der(0x04, value)))


def kdc_req(tag: int, kind: int, *body: bytes, pa: tuple[bytes, ...] = ()) -> bytes:
    """AS-REQ or TGS-REQ."""
    data = (der(0xA3, der(0x30, *pa)),) if pa else ()
    parts = (der(0xA1, number(5)), der(0xA2, number(kind)), *data, der(0xA4, der(0x30, *body)))
    return der(tag, der(0x30, *parts))


def framed(token_id: str, *parts: bytes, oid: bytes = KERBEROS_OID) -> bytes:
    """A token in the GSS-API frame."""
    return der(0x60, oid, bytes.fromhex(token_id), *parts)


@cache
def recorded() -> tuple[bytes, ...]:
    """Kerberos messages of our captures, the lab's and the corpus', each once.

    Messages that go on in another packet are cut there.
    """
    paths = sorted((ROOT / "captures").rglob("capture.pcapng"))
    paths += sorted((SHARED / "lab-sample/captures").glob("*krb*"))[:LAB_FILES]
    paths += [
        path
        for path in sorted((SHARED / "corpus/files").glob("*"))
        if SWEEP or path.name.startswith(CORPUS_FILES)
    ]
    found: dict[bytes, None] = {}
    for path in paths:
        for data in _payloads(path):
            for match in HEAD.finditer(data):
                found[_cut(data[match.start() :])] = None
    return tuple(found)


def _payloads(path: Path) -> list[bytes]:
    try:
        return [packet.data for packet in read_packets(path)]
    except (CaptureError, AssertionError):
        return []


def _cut(data: bytes) -> bytes:
    """The message that begins here, as much of it as is there."""
    size = data[1]
    start = 2
    if size > 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[2:start])
    return data[: start + size]
