"""Python's values as values of an ASN.1 type, and as DER.

    SEQUENCE      mapping by member's name; None leaves an OPTIONAL one out
    SEQUENCE OF   iterable
    CHOICE        mapping with one name
    BIT STRING    names or numbers of the bits that are 1, as many octets as the type wants
    OCTET STRING  bytes; ANY: their DER
    strings       text; GeneralizedTime: `YYYYMMDDhhmmssZ`, or a datetime with a time zone

Spec: X.680, X.690.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pyasn1.error import PyAsn1Error
from pyasn1.type import char, univ, useful

from dissectors.tokens.asn1.encoding import encode
from dissectors.tokens.build.error import BuildError

DUMMY = b"dummy-"
_TIME = re.compile(r"\d{14}Z")
_BITS_LIMIT = 1024


def dummy(length: int) -> bytes:
    """Bytes that nobody takes for a cipher or a key."""
    return (DUMMY * (length // len(DUMMY) + 1))[:length]


def der(kind: Any, value: Any, what: str = "the value") -> bytes:
    """DER of a value of the type; `BuildError` says what is wrong with it."""
    try:
        return encode(_made(kind, value, what))
    except PyAsn1Error as error:
        raise BuildError(f"{what} is not complete ({type(error).__name__})") from None


def _made(kind: Any, value: Any, what: str) -> Any:
    made: Any
    if isinstance(kind, univ.SequenceAndSetBase):  # a CHOICE is one, too
        made = kind.clone()  # type: ignore[no-untyped-call]
        for name, part in _mapping(value, what).items():
            if name not in kind.componentType:
                raise BuildError(f"{what} has no member {name}")
            if part is not None:
                made[name] = _made(kind.componentType[name].asn1Object, part, f"{what}.{name}")
        if not isinstance(kind, univ.Choice):
            for member in kind.componentType.namedTypes:
                if not member.isOptional and value.get(member.name) is None:
                    raise BuildError(f"{what} needs {member.name}")
        return made
    if isinstance(kind, univ.SequenceOf):
        made = kind.clone()  # type: ignore[no-untyped-call]
        made.clear()
        items = list(value)
        if not items and getattr(kind, "non_empty", False):
            raise BuildError(f"{what} must not be empty")
        for index, item in enumerate(items):
            made.append(_made(kind.componentType, item, f"{what}.{index}"))
        return made
    return kind.clone(_leaf(kind, value, what))


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BuildError(f"{what} is made of members, given by name")
    return value


def _leaf(kind: Any, value: Any, what: str) -> Any:
    """What pyasn1 wants for a primitive type."""
    if isinstance(kind, univ.BitString):
        return _bits(kind, value, what)
    if isinstance(kind, univ.Boolean):
        return int(bool(value))
    if isinstance(kind, univ.Integer):
        return _number(kind, value, what)
    if isinstance(kind, univ.ObjectIdentifier):
        return value
    if isinstance(kind, useful.GeneralizedTime):
        return _time(value, what)
    if isinstance(kind, char.AbstractCharacterString):
        if not isinstance(value, str):
            raise BuildError(f"{what} is a text")
        return value.encode()  # GeneralString too: what implementations do
    if not isinstance(value, bytes | bytearray | memoryview):
        raise BuildError(f"{what} is made of bytes")
    return bytes(value)


def _number(kind: Any, value: Any, what: str) -> int:
    names = kind.namedValues
    if isinstance(value, str) and value in names:
        return int(names[value])
    if isinstance(value, bool) or not isinstance(value, int):
        raise BuildError(
            f"{what} is a number" + (f" or one of {', '.join(names)}" if names else "")
        )
    low, high = getattr(kind, "bounds", (value, value))
    if not low <= value <= high:
        raise BuildError(f"{what} must be {low} to {high}, not {value}")
    return value


def _bits(kind: Any, value: Any, what: str) -> str:
    """Text of zeros and ones."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise BuildError(f"{what} is a collection of flags")
    least, most = getattr(kind, "sizes", (0, None))
    numbers = set()
    names = dict(kind.namedValues.items())
    for flag in value:
        number = names.get(flag, flag)
        if not isinstance(number, int) or not 0 <= number < (most or _BITS_LIMIT):
            raise BuildError(f"{what} has no flag {flag!r}")
        numbers.add(number)
    size = max(least, *(number + 1 for number in numbers)) if numbers else least
    return "".join("1" if number in numbers else "0" for number in range(size))


def _time(value: Any, what: str) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BuildError(f"{what} needs a time zone")
        return f"{value.astimezone(UTC):%Y%m%d%H%M%S}Z"
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise BuildError(f"{what} is a datetime, or a text YYYYMMDDhhmmssZ")
    return value
