"""What the decoders of ASN.1 tokens read with: typed members, and the wish for fields.

Spec: X.690 8; the types stand in the specifications of the tokens.
"""

from __future__ import annotations

from dissectors.der import BIT_STRING, GENERAL_STRING, INTEGER, OCTET_STRING, OID, Member, Reader
from dissectors.der_values import integer, oid_text, set_bits, string_text
from dissectors.span import Field

_BITS_READ = 5  # octets of a BIT STRING: the unused bits, and 32 bits


class Asn1Reader(Reader):
    """Reads values of members; a value of the wrong type or form is reported and None.

    `fields` receives what is recorded for showing, below `path`; None if nobody wants to see it.
    """

    __slots__ = ("fields", "inner", "mic", "path")

    def __init__(
        self, data: bytes, base: int = 0, fields: list[Field] | None = None, path: str = ""
    ) -> None:
        super().__init__(data, base)
        self.fields = fields
        self.path = path
        self.inner = 0  # where the token inside this one begins, for its decoder
        self.mic = 0  # where the content of mechListMIC begins, for its decoder

    def number(self, member: Member | None, what: str, tag: int = INTEGER) -> int | None:
        """Value of an INTEGER or ENUMERATED member."""
        if member is None:
            return None
        found, start, stop = member
        if found == tag and stop - start == 1 and self.data[start] < 0x80:
            return self.data[start]
        value = integer(self.data[start:stop]) if found == tag else None
        if value is None:
            self._no_value(member, tag, what)
        return value

    def oid(self, member: Member | None, what: str) -> str | None:
        """Dotted text of an OBJECT IDENTIFIER member."""
        if member is None:
            return None
        found, start, stop = member
        value = oid_text(self.data[start:stop]) if found == OID else None
        if value is None:
            self._no_value(member, OID, what)
        return value

    def octets(self, member: Member | None, what: str) -> bytes | None:
        """Content of an OCTET STRING member, as much as is there."""
        if member is None:
            return None
        found, start, stop = member
        if found == OCTET_STRING:
            return self.data[start:stop]
        self._no_value(member, OCTET_STRING, what)
        return None

    def text(self, member: Member | None, what: str, tag: int = GENERAL_STRING) -> str | None:
        """Text of a string or time member."""
        if member is None:
            return None
        found, start, stop = member
        if found == tag:
            return string_text(self.data[start:stop])
        self._no_value(member, tag, what)
        return None

    def bits(self, member: Member | None, what: str) -> tuple[int, ...] | None:
        """Numbers of the bits set in a BIT STRING member."""
        if member is None:
            return None
        found, start, stop = member
        value = set_bits(self.data[start:stop]) if found == BIT_STRING else None
        if value is None:
            self._no_value(member, BIT_STRING, what)
        elif stop - start > _BITS_READ:
            self.report("limit-count", start + _BITS_READ, stop, f"{what}: more than 32 bits")
        return value

    def _no_value(self, member: Member, tag: int, what: str) -> None:
        found, start, stop = member
        if found == tag:
            self.report("bad-value", start, stop, f"{what} cannot be read")
        else:
            self.wrong_tag(found, start, stop, what)

    def missing(self, start: int, stop: int, what: str) -> None:
        """Report that a mandatory element is absent, unless the token was cut before it."""
        if not self.cut:
            self.report("missing-field", start, stop, what)
