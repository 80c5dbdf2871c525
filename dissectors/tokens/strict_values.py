"""Judge the values of a conforming token: against the limits of their types, and both readings.

pyasn1 reads the whole by its type; its values are held against those of the tolerant reading, matched by
the bytes they came from.

Spec: RFC 4120 5.2 (limits of KerberosString, KerberosTime, Int32 ..), RFC 4178 4.2.1 (ContextFlags).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pyasn1.codec.der import decoder
from pyasn1.type import char, univ, useful

from dissectors.der_values import string_text
from dissectors.span import Field, Span
from dissectors.tokens.asn1.encoding import encode
from dissectors.tokens.strict_der import DerWalk
from dissectors.tokens.strict_shape import Leaf

_LONGEST_NUMBER = 16  # octets; the longest of our types has 5
_WHOLE_SECONDS = re.compile(rb"\d{14}Z")
_UNNAMED_BIT = re.compile(r"bit\((\d+)\)")

DOUBTFUL: Any = object()

Text = (char.GeneralString, char.UTF8String, useful.GeneralizedTime)


def judge(walk: DerWalk, leaves: Iterable[Leaf]) -> None:
    """Name the values that are beyond the limits of their types."""
    for leaf in leaves:
        fault = _beyond(leaf, walk.data[leaf.start : leaf.stop])
        if fault is not None:
            walk.report(fault[0], leaf.start, leaf.stop, f"{leaf.path}: {fault[1]}")


def _beyond(leaf: Leaf, content: bytes) -> tuple[str, str] | None:
    """Code and words for a value beyond the limits of its type."""
    kind = leaf.kind
    if isinstance(kind, univ.Integer) and not isinstance(kind, univ.Boolean):
        return _number(kind, content)
    sizes = getattr(kind, "sizes", None)
    if sizes is not None and content and content[0] <= 7:
        least, most = sizes
        bits = max(8 * (len(content) - 1) - content[0], 0)
        if bits < least or (most is not None and bits > most):
            return "strict-mismatch", f"{bits} bits, {least} wanted"
    if isinstance(kind, useful.GeneralizedTime) and not _WHOLE_SECONDS.fullmatch(content):
        return "bad-value", "not YYYYMMDDhhmmssZ"
    if getattr(kind, "IA5String", False) and not content.isascii():
        return "strict-mismatch", "characters beyond IA5String, as many implementations send them"
    return None


def _number(kind: Any, content: bytes) -> tuple[str, str] | None:
    """The same for INTEGER and ENUMERATED."""
    if len(content) > _LONGEST_NUMBER:
        return "strict-mismatch", f"{len(content)} octets of a number"
    if not content:
        return None  # which is named already
    value = int.from_bytes(content, signed=True)
    if isinstance(kind, univ.Enumerated):
        names: Any = kind.namedValues
        return None if value in names.values() else ("unknown-value", str(value))
    low, high = getattr(kind, "bounds", (value, value))
    if low <= value <= high:
        return None
    if low == high:
        return "strict-mismatch", f"{value}, not {low}"
    if -(high + 1) // 2 <= value < low == 0:
        return "strict-mismatch", "an unsigned number written as a signed one"
    return "strict-mismatch", f"not {low} to {high}"  # the number itself may be nobody's business


# -- pyasn1 ----------------------------------------------------------------------------------------


def decoded(walk: DerWalk, kind: Any, at: int, stop: int, path: str, leaves: list[Leaf]) -> Any:
    """Let pyasn1 read `[at, stop)`; None if it can't, which is named if nothing is named yet."""
    raw = walk.data[at:stop]
    try:
        value, rest = decoder.decode(raw, asn1Spec=kind)
        encoded = encode(value)
        read = raw[: len(raw) - len(rest)]
        if encoded != read and encode(value, keep_empty=True) == read:
            encoded = read
    except Exception as error:  # noqa: BLE001 - pyasn1 lets other errors than its own escape
        if not _named(walk, at, stop):
            _narrow(walk, error, at, stop, path, leaves)
        return None
    if encoded != read and walk.long_lengths() is None and not _named(walk, at, stop):
        pairs = enumerate(zip(encoded, read, strict=False))
        first = next(
            (n for n, (ours, theirs) in pairs if ours != theirs), min(len(encoded), len(read))
        )
        walk.report("not-der", at + first, at + len(read), f"{path}: DER writes this otherwise")
    return value


def _named(walk: DerWalk, at: int, stop: int) -> bool:
    """Tell whether a departure inside `[at, stop)` is known already."""
    return any(at <= a.span.start and a.span.end <= stop for a in walk.findings)


def _narrow(
    walk: DerWalk, error: Exception, at: int, stop: int, path: str, leaves: list[Leaf]
) -> None:
    """Name what pyasn1 rejects: the value that it can't read alone, else the whole."""
    # its message may quote the wire: the kind of error must do
    detail = f"pyasn1 rejects it ({type(error).__name__})"
    for leaf in leaves:
        try:
            decoder.decode(walk.data[leaf.at : leaf.stop], asn1Spec=leaf.kind)
        except Exception:  # noqa: BLE001 - the same
            walk.report("strict-mismatch", leaf.at, leaf.stop, f"{leaf.path}: {detail}")
            return
    walk.report("strict-mismatch", at, stop, f"{path}: {detail}")


# -- both readings ---------------------------------------------------------------------------------


def compare(
    walk: DerWalk,
    value: Any,
    leaves: Iterable[Leaf],
    fields: dict[Span, list[Field]],
    told: Sequence[Span],
) -> dict[str, Any]:
    """Hold pyasn1's values against the tolerant reading's fields, matched by their bytes.

    Returns them by path below the message; a value whose bytes are odd already, here or by what the
    tolerant reading has `told`, is `DOUBTFUL`.
    """
    values: dict[str, Any] = {}
    for leaf in leaves:
        name = leaf.path.partition(".")[2]
        odd = any(span.start < leaf.stop and leaf.at < span.end for span in told)
        if odd or _named(walk, leaf.at, leaf.stop):
            values[name] = DOUBTFUL  # pyasn1 takes an INTEGER without content for 0
            continue
        strict = values[name] = plain(member(value, leaf), leaf.kind)
        for field in fields.get(Span(leaf.at, leaf.stop), ()):
            tolerant = _comparable(field.value, leaf.kind)
            if tolerant is not None and type(tolerant) is type(strict) and tolerant != strict:
                detail = f"{leaf.path}: the two readings differ"
                walk.report("strict-mismatch", leaf.at, leaf.stop, detail)
    return values


def member(value: Any, leaf: Leaf) -> Any:
    """pyasn1's value of a leaf in that of the whole."""
    for key in leaf.keys:
        value = value[key]
    return value


def plain(value: Any, kind: Any) -> Any:
    """A value of pyasn1 as Python's own: bits as the set of those that are 1, text as text."""
    if isinstance(kind, univ.Boolean):
        return bool(value)
    if isinstance(kind, univ.Integer):
        return int(value)
    if isinstance(kind, univ.ObjectIdentifier):
        return str(value)
    if isinstance(kind, univ.BitString):
        return {number for number, bit in enumerate(value) if bit}
    octets = value.asOctets()
    return string_text(octets) if isinstance(kind, Text) else octets


def _comparable(value: Any, kind: Any) -> Any:
    """A field's value in the same form; None if it can't be compared."""
    if not isinstance(kind, univ.BitString) or not isinstance(value, list | tuple):
        return value
    numbers: set[int] = set()
    for name in value:
        unnamed = _UNNAMED_BIT.fullmatch(str(name))
        if unnamed:
            numbers.add(int(unnamed[1]))
        elif kind.namedValues and name in kind.namedValues:
            numbers.add(kind.namedValues[name])
        else:
            return None
    return numbers
