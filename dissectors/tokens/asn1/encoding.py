"""DER by pyasn1, with what its own DER encoder gets wrong put right.

That one writes some negative numbers an octet too long (-128 as `ff 80`), and it can't tell an OPTIONAL
SEQUENCE that is empty from one that is absent if all its members are OPTIONAL, as in NegHints.

Spec: X.690 8.3, 10-11.
"""

from __future__ import annotations

from typing import Any

from pyasn1.codec.ber import encoder
from pyasn1.type import univ


class _IntegerEncoder(encoder.AbstractItemEncoder):
    """INTEGER and ENUMERATED in as few octets as possible."""

    supportIndefLenMode = False  # noqa: N815 - pyasn1's own name

    def encodeValue(  # type: ignore[override]  # noqa: N802 - pyasn1's own name
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[bytes, bool, bool]:
        number = int(value)
        bits = (number if number >= 0 else ~number).bit_length()
        return number.to_bytes(bits // 8 + 1, signed=True), False, True


class _BooleanEncoder(encoder.AbstractItemEncoder):
    """BOOLEAN with TRUE as ff."""

    supportIndefLenMode = False  # noqa: N815

    def encodeValue(  # type: ignore[override]  # noqa: N802 - pyasn1's own name
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[bytes, bool, bool]:
        return (b"\xff" if value else b"\x00"), False, True


class _SequenceEncoder(encoder.SequenceEncoder):
    """SEQUENCE without members that are OPTIONAL and empty."""

    omitEmptyOptionals = True  # noqa: N815


_INSTEAD = {
    univ.Boolean: _BooleanEncoder(),
    univ.Integer: _IntegerEncoder(),
    univ.Enumerated: _IntegerEncoder(),
}
_TAG_MAP = {**encoder.TAG_MAP, **{kind.tagSet: by for kind, by in _INSTEAD.items()}}
_TYPE_MAP = {**encoder.TYPE_MAP, **{kind.typeId: by for kind, by in _INSTEAD.items()}}


_TYPE_MAP_WITHOUT_EMPTY_ONES = {**_TYPE_MAP, univ.Sequence.typeId: _SequenceEncoder()}


class _Items(encoder.SingleItemEncoder):
    fixedDefLengthMode = True  # noqa: N815
    fixedChunkSize = 0  # noqa: N815
    TAG_MAP = _TAG_MAP
    TYPE_MAP = _TYPE_MAP_WITHOUT_EMPTY_ONES


class _ItemsAndEmptyOnes(_Items):
    TYPE_MAP = _TYPE_MAP


class _Encoder(encoder.Encoder):
    SINGLE_ITEM_ENCODER = _Items


class _EncoderOfEmptyOnes(encoder.Encoder):
    SINGLE_ITEM_ENCODER = _ItemsAndEmptyOnes


_encode: Any = _Encoder()
_encode_with_empty_ones: Any = _EncoderOfEmptyOnes()


def encode(value: Any, *, keep_empty: bool = False) -> bytes:
    """DER of a value that has a type; raises what pyasn1 raises for one that is not complete.

    Members that are OPTIONAL, SEQUENCEs and empty are left out, or all written with `keep_empty`.
    """
    return bytes(_encode_with_empty_ones(value) if keep_empty else _encode(value))
