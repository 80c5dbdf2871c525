"""How values of primitive ASN.1 types are shown: content octets to a value and the text for people.

Spec: X.690 8; RFC 4120 5.2.1-5.2.4 (what Kerberos demands of strings, times and integers).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dissectors import der
from dissectors.der_values import integer, oid_text, set_bits, string_text
from dissectors.mechs import MECHS
from dissectors.records import NamedTuple
from dissectors.tokens.ntlm_amount import counted_bytes
from dissectors.visible import shortened, visible

Shown = tuple[Any, str]
"""Value and text of a field."""

SHOWN_OCTETS = 32
"""Octets of no known meaning that are written out."""

_BOOLEAN = 0x01
_STRINGS = (0x13, 0x14, 0x16, 0x1A)  # PrintableString, T61String, IA5String, VisibleString


class Leaf(NamedTuple):
    """A primitive type: content octets to value and text, if the tag is one of its own (none: any).

    Of a `secret` only the number of octets is shown.
    """

    show: Callable[[bytes], Shown]
    tags: tuple[int, ...] = ()
    secret: bool = False


def number(names: dict[int, str] | None = None) -> Leaf:
    """INTEGER or ENUMERATED, with names for some values."""

    def show(content: bytes) -> Shown:
        value = integer(content)
        if value is None:
            return None, _size(content)
        if names is None:
            return value, str(value)
        return value, f"{value} ({names[value]})" if value in names else f"unknown({value})"

    return Leaf(show, (der.INTEGER, der.ENUMERATED))


def quantity(text: Callable[[int], str]) -> Leaf:
    """INTEGER whose text is made from its value."""

    def show(content: bytes) -> Shown:
        value = integer(content)
        return (None, _size(content)) if value is None else (value, text(value))

    return Leaf(show, (der.INTEGER,))


def bits(names: dict[int, str]) -> Leaf:
    """BIT STRING of flags."""

    def show(content: bytes) -> Shown:
        value = set_bits(content)
        if value is None:
            return None, _size(content)
        flags = [names.get(bit, f"bit({bit})") for bit in value]
        return flags, ", ".join(flags) or "none"

    return Leaf(show, (der.BIT_STRING,))


def mask(names: dict[int, str]) -> Leaf:
    """Octets that are a little-endian number of flags, each named by its value."""

    def show(content: bytes) -> Shown:
        if not content:
            return _octets(content)
        value = int.from_bytes(content[:8], "little")
        flags = [names.get(1 << bit, f"bit({bit})") for bit in range(64) if value >> bit & 1]
        return value, f"0x{value:08x} ({', '.join(flags) or 'none'})"

    return Leaf(show)


def little_endian(text: Callable[[int], str] = str) -> Leaf:
    """Octets that are an unsigned little-endian number."""

    def show(content: bytes) -> Shown:
        value = int.from_bytes(content, "little")
        return value, text(value)

    return Leaf(show)


def _text(content: bytes) -> Shown:
    value = string_text(content)
    return value, visible(shortened(value))  # the value has all of it


def _time(content: bytes) -> Shown:
    """GeneralizedTime as sent, and as people write it if it is a time."""
    value = string_text(content)
    try:
        when = datetime.strptime(value, "%Y%m%d%H%M%SZ")  # noqa: DTZ007 - its Z is UTC
    except ValueError:
        return _text(content)
    return value, f"{visible(value)} ({when.isoformat(' ')} UTC)"


def _oid(content: bytes) -> Shown:
    value = oid_text(content)
    if value is None:
        return None, _size(content)
    return value, f"{value} ({MECHS[value]})" if value in MECHS else value


def _boolean(content: bytes) -> Shown:
    if len(content) != 1:
        return None, _size(content)
    return content != b"\0", "true" if content != b"\0" else "false"


def _size(content: bytes) -> str:
    return f"<{len(content)} bytes>"


def _octets(content: bytes) -> Shown:
    if not content:
        return content, "empty"
    return content, content.hex() if len(content) <= SHOWN_OCTETS else _size(content)


def _not_shown(content: bytes) -> Shown:
    return None, f"{counted_bytes(len(content))}, not shown"


INTEGER = number()
BOOLEAN = Leaf(_boolean, (_BOOLEAN,))
TEXT = Leaf(
    _text,
    # an OCTET STRING is how older MIT releases write a realm in IAKERB
    (der.GENERAL_STRING, der.UTF8_STRING, der.GENERALIZED_TIME, der.OCTET_STRING, *_STRINGS),
)
TIME = Leaf(_time, (der.GENERALIZED_TIME,))
OID = Leaf(_oid, (der.OID,))
OCTETS = Leaf(_octets)
"""Octets that anybody may see."""
OPAQUE = Leaf(lambda content: (None, _size(content)))
"""Octets that are opened elsewhere: their number is enough here."""
SECRET = Leaf(_not_shown, secret=True)
"""Octets that are nobody's business: ciphers, keyed checksums, proofs of a password."""
