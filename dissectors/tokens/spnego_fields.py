"""The trees of SPNEGO's tokens: their schemas, and what schemas cannot say.

Spec: RFC 4178 4.2 and appendix A, MS-SPNG 2.2.1, 3.1.5 and appendix A.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.der import BIT_STRING, GENERAL_STRING, OCTET_STRING, SEQUENCE, Element, Reader
from dissectors.der import OID as OID_TAG
from dissectors.der_values import set_bits
from dissectors.recognise import kind_of
from dissectors.span import Field, Span
from dissectors.tokens.asn1_fields import record
from dissectors.tokens.asn1_leaves import OCTETS, OID, SECRET, TEXT, Leaf, Shown, number
from dissectors.tokens.asn1_nodes import ByContent, ByTag, ListOf, Members, Node
from dissectors.tokens.recorder import Recorder

if TYPE_CHECKING:
    from dissectors.tokens.asn1_reader import Asn1Reader
    from dissectors.tokens.model import NegTokenInit, NegTokenResp

MECH_LIMIT = 64
"""Mechanisms read from one list."""

NEG_STATES = {0: "accept-completed", 1: "accept-incomplete", 2: "reject", 3: "request-mic"}

CONTEXT_FLAGS = {
    0: "delegFlag",
    1: "mutualFlag",
    2: "replayFlag",
    3: "sequenceFlag",
    4: "anonFlag",
    5: "confFlag",
    6: "integFlag",
}

_SHOWN = 32  # octets of an unknown member that are shown
_OCTET_BITS = 8


# -- leaves ----------------------------------------------------------------------------------------


def _context_flags(content: bytes) -> Shown:
    """Names of the flags, and how many bits of the last octet the sender declares unused."""
    bits = set_bits(content)
    if bits is None:
        return None, f"<{len(content)} bytes>"
    flags = [CONTEXT_FLAGS.get(bit, f"bit({bit})") for bit in bits]
    size = _OCTET_BITS * (len(content) - 1) - content[0]
    unused = f"{content[0]} unused bit{'' if content[0] == 1 else 's'}"
    return flags, f"{', '.join(flags) or 'none'}; {size} bits, {unused}"


def _unknown(content: bytes) -> Shown:
    """Octets of a member that no specification names; whatever may be a token stays hidden."""
    element = Reader(content).read(0, len(content))
    token = content if element is None else content[element[1] : element[2]]
    if len(content) > _SHOWN or kind_of(token) != "opaque" or kind_of(content) != "opaque":
        return None, f"<{len(content)} bytes>"
    return content, content.hex(" ")


_FLAGS = Leaf(_context_flags, (BIT_STRING,))
_UNKNOWN = Leaf(_unknown)


# -- schemas ---------------------------------------------------------------------------------------


def _members(known: dict[int, tuple[str, Node]]) -> Members:
    """A SEQUENCE whose unknown members are shown with their octets."""
    unknown: dict[int, tuple[str, Node]] = {n: (f"[{n}]", _UNKNOWN) for n in range(0x20)}
    return Members(unknown | known)


def _foreign(content: bytes) -> Node:
    """What IBM i puts into the place of a MIC: a hint, its text with or without a tag of its own."""
    return ListOf(TEXT) if content[:1] == bytes((GENERAL_STRING,)) else _HINTS


_MECH_LIST = ListOf(OID, MECH_LIMIT)
_HINTS = _members({0: ("hintName", TEXT), 1: ("hintAddress", OCTETS)})
_MIC = ("mechListMIC", SECRET)
_INIT = _members(
    {
        0: ("mechTypes", _MECH_LIST),
        1: ("reqFlags", _FLAGS),
        2: ("mechToken", SECRET),
        3: ("mechListMIC", ByTag({OCTET_STRING: _MIC, SEQUENCE: ("negHints", _HINTS)})),
        4: _MIC,
    }
)
_RESP = _members(
    {
        0: ("negState", number(NEG_STATES)),
        1: ("supportedMech", OID),
        2: ("responseToken", SECRET),
        3: (
            "mechListMIC",
            ByTag({OCTET_STRING: _MIC, SEQUENCE: ("mechListMIC", ByContent(_foreign))}),
        ),
        4: ("mechTypes", ByTag({SEQUENCE: ("mechTypes", _MECH_LIST)})),
    }
)


# -- trees -----------------------------------------------------------------------------------------


def record_neg_token_init(reader: Asn1Reader, choice: Element, token: NegTokenInit) -> None:
    """Write the tree of a NegTokenInit or NegTokenInit2, if it is wanted."""
    record(reader, choice, token.token_type, _INIT)


def record_neg_token_resp(reader: Asn1Reader, choice: Element, token: NegTokenResp) -> None:
    """Write the tree of a NegTokenResp, if it is wanted."""
    fields = reader.fields
    if fields is None:
        return
    first = len(fields)
    record(reader, choice, token.token_type, _RESP)
    mic = token.mech_list_mic
    for row in range(first, len(fields)):
        field = fields[row]
        if field.name == "mechListMIC" and mic and mic == token.response_token:
            text = f"{len(mic)} bytes, a copy of responseToken, as Windows 2000 sends it"
            fields[row] = field._replace(text=text)
        elif field.name == "mechTypes" and token.late_mech_types is not None:
            _record_raw_list(reader, row, fields[first].span.end - reader.base)
            break


def _record_raw_list(reader: Asn1Reader, row: int, end: int) -> None:
    """Write a Late Fallback list anew if it is no SEQUENCE under its tag; the token ends at `end`."""
    assert reader.fields is not None
    field = reader.fields[row]
    data = reader.data
    quiet = Reader(data)
    member = quiet.read(field.span.start - reader.base, end)
    if member is None:
        return
    _, start, stop, after, at = member
    if data[start] == SEQUENCE:
        return
    if data[start] == OCTET_STRING:
        for _ in range(2):  # the string, and the list in it
            inner = quiet.read(start, stop)
            if inner is None:
                return
            start, stop = inner[1:3]
    elements = quiet.children(start, stop, MECH_LIMIT)
    span = Span(reader.base + at, reader.base + after)
    last = row
    while last < len(reader.fields) and reader.fields[last].span.end <= span.end:
        last += 1
    made = [Field(field.path, field.name, None, "", span)]
    tree = Recorder(made, reader.base, field.path)
    for rank, element in enumerate(elements):
        leaf = OID if element[0] == OID_TAG else OCTETS
        tree.add(str(rank), element[4], element[3], *leaf.show(data[element[1] : element[2]]))
    reader.fields[row:last] = made
