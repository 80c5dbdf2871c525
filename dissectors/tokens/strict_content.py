"""What DER and BER forbid in the content octets of universal types.

Spec: X.690 8.2-8.6, 8.19-8.20, 8.23, 11.1-11.2; X.680 8 (numbers of the types).
Not handled: REAL, EXTERNAL, UTCTime and the rest of the types that no token has.
"""

from __future__ import annotations

_BOOLEAN, _INTEGER, _BIT_STRING, _NULL, _OID = 1, 2, 3, 5, 6
_ENUMERATED, _UTF8, _RELATIVE_OID, _SEQUENCE, _SET = 10, 12, 13, 16, 17
STRING_TYPES = frozenset({_BIT_STRING, 4, _UTF8, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30})
NAMES = {
    1: "BOOLEAN",
    2: "INTEGER",
    3: "BIT STRING",
    4: "OCTET STRING",
    5: "NULL",
    6: "OBJECT IDENTIFIER",
    10: "ENUMERATED",
    12: "UTF8String",
    13: "RELATIVE-OID",
    16: "SEQUENCE",
    17: "SET",
    19: "PrintableString",
    22: "IA5String",
    23: "UTCTime",
    24: "GeneralizedTime",
    27: "GeneralString",
}
"""Types by their universal tag number."""
CONSTRUCTED_TYPES = frozenset({_SEQUENCE, _SET})

Fault = tuple[str, str]
"""Code of a departure and what is said after the type's name."""


def type_name(number: int) -> str:
    """Name of a universal type."""
    return NAMES.get(number, "end-of-contents" if number == 0 else f"type {number}")


def content_fault(number: int, content: bytes) -> Fault | None:
    """What is wrong with the content of a primitive element; None if nothing is."""
    if number in (_INTEGER, _ENUMERATED):
        return _integer(content)
    if number == _BIT_STRING:
        return _bit_string(content)
    if number in (_OID, _RELATIVE_OID):
        return _arcs(content)
    if number == _BOOLEAN:
        return _boolean(content)
    if number == _NULL and content:
        return "bad-value", "holds something"
    if number == 0:
        return "bad-tag", "outside an indefinite length"
    if number in CONSTRUCTED_TYPES:
        return "bad-tag", "not constructed"
    if number == _UTF8 and not _is_utf8(content):
        return "bad-text", "is not UTF-8"
    return None


def _integer(content: bytes) -> Fault | None:
    if not content:
        return "bad-value", "without content"
    if len(content) > 1 and (content[0], content[1] >> 7) in ((0, 0), (0xFF, 1)):
        return "not-der", f"in {len(content)} octets where fewer would do"
    return None


def _boolean(content: bytes) -> Fault | None:
    if len(content) != 1:
        return "bad-value", f"of {len(content)} octets"
    return (
        None if content in (b"\x00", b"\xff") else ("not-der", f"TRUE as {content[0]:02x}, not ff")
    )


def _bit_string(content: bytes) -> Fault | None:
    if not content:
        return "bad-value", "without content"
    unused = content[0]
    if unused > 7:
        return "bad-value", f"with {unused} unused bits"
    if len(content) == 1:
        return ("bad-value", f"with {unused} unused bits of none") if unused else None
    if content[-1] & ((1 << unused) - 1):
        return "not-der", "with unused bits set"
    return None


def _arcs(content: bytes) -> Fault | None:
    if not content:
        return "bad-value", "without content"
    if content[-1] & 0x80:
        return "bad-value", "whose last arc has no end"
    begins = True
    for octet in content:
        if begins and octet == 0x80:
            return "bad-value", "with an arc in more octets than needed"
        begins = octet < 0x80
    return None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
