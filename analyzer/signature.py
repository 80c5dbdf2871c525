"""Find what looks like a GSS token in any bytes, without any dissector.

Shares no code with `dissectors`, so that it can contradict them: what it finds in streams that no carrier
has read becomes the anomaly `unclaimed-token`. `find_signature` is quick and tells whether there is any;
`find_tokens` tells where each begins and, of those with a DER header, where it ends.
"""

from __future__ import annotations

import re

from dissectors.records import NamedTuple

QUICK_BINARY = (
    b"NTLMSSP\x00",
    b"NEGOEXTS",
    b"\x06\x06\x2b\x06\x01\x05\x05\x02",  # OID of SPNEGO
    b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02",  # OID of Kerberos 5
    b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02",  # the same, as Windows 2000 wrote it
)
BINARY = (
    *QUICK_BINARY,
    b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a",  # OID of NTLM
    b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e",  # OID of NegoEx
    b"\x06\x06\x2b\x06\x01\x05\x02\x05",  # OID of IAKERB
)
QUICK_BASE64 = (
    b"TlRMTVNTUA",  # NTLMSSP at the three alignments of base64
    b"5UTE1TU1AA",
    b"OVExNU1NQA",
    b"BgYrBgEFBQI",  # the OID of SPNEGO at the three alignments
    b"YGKwYBBQUC",
    b"GBisGAQUFA",
)
BASE64 = (
    *QUICK_BASE64,
    b"BgkqhkiG9xIBAgI",  # the OID of Kerberos 5 at the three alignments
    b"YJKoZIhvcSAQIC",
    b"GCSqGSIb3EgECA",
)
QUICK = QUICK_BINARY + QUICK_BASE64
"""What the beginning of a conversation is asked for; the first token of nearly all holds one of these."""
TELLING = 32
"""Bytes from the beginning of a token within which its signature ends."""
LONGEST = 65_536  # bytes: a token that says it is longer is not believed

NEG_STATE = b"\xa0\x03\x0a\x01"  # of a NegTokenResp
_FRAME, _RESP, _SEQUENCE = 0x60, 0xA1, 0x30
_MOST_HEADERS = range(2, 7)  # sizes of tag and length octets
_TEXT_BEFORE = re.compile(rb"[A-Za-z0-9+/]*\Z")
_TEXT = re.compile(rb"[A-Za-z0-9+/]*=*")
_RESP_TEXT = re.compile(
    rb"o[QRY][A-Za-z0-9+/]{2}(?:BaADCgE|[A-Za-z0-9+/]{4}oAMKAQ|[A-Za-z0-9+/]{2,9}AwoB)[A-D]"
)
"""A NegTokenResp with negState as base64, its lengths in one, two or three octets."""


class Hit(NamedTuple):
    """What looks like a token: it begins at `start` and surely reaches to `sure`.

    `end` is where it ends, if it says so; it may lie behind the bytes at hand.
    """

    start: int
    sure: int
    end: int | None


def find_signature(data: bytes | bytearray) -> int:
    """Offset of the first signature in `data`, or -1."""
    hits = [at for signature in QUICK if (at := data.find(signature)) >= 0]
    at = -1
    while (at := data.find(NEG_STATE, at + 1)) >= 0:
        if (resp := _resp_around(data, at)) >= 0:
            hits.append(resp)
            break
    return min(hits, default=-1)


def find_tokens(data: bytes | bytearray) -> list[Hit]:
    """Everything that looks like a token, in order; those inside others too."""
    hits = []
    for signature in BINARY:
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            start = _header_before(data, at, _FRAME) if signature[0] == 6 else -1
            sure = at + len(signature)
            hits.append(Hit(at, sure, None) if start < 0 else Hit(start, sure, _end(data, start)))
    at = -1
    while (at := data.find(NEG_STATE, at + 1)) >= 0:
        if (start := _resp_around(data, at)) >= 0:
            hits.append(Hit(start, at + len(NEG_STATE), _end(data, start)))
    for signature in BASE64:
        at = 0
        while (at := data.find(signature, at)) >= 0:
            before = _TEXT_BEFORE.search(data, max(at - TELLING // 2, 0), at)
            hits.append(_text(data, at if before is None else before.start(), at + len(signature)))
            at = hits[-1].end or at + 1  # no look at the same text twice: it may be all there is
    at = 0
    while (match := _RESP_TEXT.search(data, at)) is not None:
        hits.append(_text(data, match.start(), match.end()))
        at = hits[-1].end or match.end()
    return sorted(hits, key=lambda hit: hit[:2])


def _text(data: bytes | bytearray, start: int, sure: int) -> Hit:
    """Base64 that goes on as far as its alphabet does."""
    text = _TEXT.match(data, start, start + LONGEST)
    return Hit(start, sure, sure if text is None else max(text.end(), sure))


def _resp_around(data: bytes | bytearray, at: int) -> int:
    """Where the NegTokenResp begins whose first member is at `at`, or -1."""
    sequence = _header_before(data, at, _SEQUENCE)
    return sequence if sequence < 0 else _header_before(data, sequence, _RESP)


def _header_before(data: bytes | bytearray, content: int, tag: int) -> int:
    """Where the element begins whose content begins at `content`, or -1."""
    for size in _MOST_HEADERS:
        start = content - size
        if start >= 0 and data[start] == tag:
            first = data[start + 1]
            if first <= 0x80 if size == 2 else first == 0x80 + size - 2:
                return start
    return -1


def _end(data: bytes | bytearray, start: int) -> int | None:
    """Where the element ends by its length octets."""
    length, content = data[start + 1], start + 2
    if length == 0x80:
        return None
    if length > 0x80:
        content += length & 0x7F
        length = int.from_bytes(data[start + 2 : content])
    return content + min(length, LONGEST)
