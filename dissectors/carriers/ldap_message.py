"""The few LDAP messages that matter, read from their BER: binds, extended operations, root DSE entries.

Active Directory writes four length octets everywhere; RFC 4511 5.1 allows that, so it is no anomaly.
Positions count from the message's first byte. Passwords are seen, never kept.

Spec: RFC 4511 4.1.1, 4.2, 4.5, 4.12 and 5.1; MS-ADTS 5.1.1.1.3 (Sicily) and 5.1.1.1.1 (error texts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.sasl import MECHANISM_LIMIT
from dissectors.span import Span

BIND_REQUEST, BIND_RESPONSE, UNBIND = 0x60, 0x61, 0x42
SEARCH_REQUEST, SEARCH_ENTRY, SEARCH_DONE = 0x63, 0x64, 0x65
EXTENDED_REQUEST, EXTENDED_RESPONSE = 0x77, 0x78

OPERATIONS: dict[int, int] = dict.fromkeys(
    (BIND_REQUEST, UNBIND, SEARCH_REQUEST, 0x66, 0x68, 0x4A, 0x6C, 0x6E, 0x50, EXTENDED_REQUEST), CLIENT
) | dict.fromkeys(
    (
        BIND_RESPONSE,
        SEARCH_ENTRY,
        SEARCH_DONE,
        0x67,
        0x69,
        0x6B,
        0x6D,
        0x6F,
        0x73,
        EXTENDED_RESPONSE,
        0x79,
    ),
    SERVER,
)
"""protocolOp tag -> the side that sends it."""

SIMPLE, SASL = 0x80, 0xA3
SICILY_DISCOVERY, SICILY_NEGOTIATE, SICILY_RESPONSE = 0x89, 0x8A, 0x8B
SICILY = frozenset({SICILY_DISCOVERY, SICILY_NEGOTIATE, SICILY_RESPONSE})
"""Tags of the authentication CHOICE."""

START_TLS = b"1.3.6.1.4.1.1466.20037"
SASL_BIND_IN_PROGRESS = 14
ROOT_DSE = b"\x04\x00\x0a\x01\x00"  # baseObject "", scope baseObject

HEAD = 32
"""Bytes that always hold the whole header of a message, with the beginning of a search."""
TEXT_LIMIT = 4096  # of a name or an error text, in bytes
SCHEMES_LIMIT = 64  # mechanism names of one list

_MECHANISMS = b"supportedsaslmechanisms"
_DATA = re.compile(r"\bdata ([0-9a-fA-F]{1,8})\b")
_LEADING = re.compile(r"([0-9a-fA-F]{8}):")
_BAD_BINDINGS = 0x80090346

# What the content of an operation begins with; operations not listed are primitive.
_FIRST_TAG = {
    BIND_REQUEST: b"\x02",
    SEARCH_REQUEST: b"\x04",
    0x66: b"\x04",
    0x68: b"\x04",
    0x6C: b"\x04",
    0x6E: b"\x04",
    EXTENDED_REQUEST: b"\x80",
    BIND_RESPONSE: b"\x0a",
    SEARCH_ENTRY: b"\x04",
    SEARCH_DONE: b"\x0a",
    0x67: b"\x0a",
    0x69: b"\x0a",
    0x6B: b"\x0a",
    0x6D: b"\x0a",
    0x6F: b"\x0a",
    0x73: b"\x04",
    EXTENDED_RESPONSE: b"\x0a",
    0x79: b"\x80\x81",
}


class Head(NamedTuple):
    """The header of an LDAPMessage."""

    size: int  # of the whole message; 0: more bytes are needed
    message_id: int = 0
    op: int = 0
    body: int = 0  # where the operation's content begins and ends
    stop: int = 0


SHORT = Head(0)


def read_head(data: bytes) -> Head | None:
    """Read the header of a message; `SHORT` if it is cut, None if this is no LDAPMessage."""
    have = len(data)
    if data[:1] != b"\x30":
        return None
    if have < 7:  # the shortest of all messages
        return SHORT
    length = data[1]
    at = 2
    if length > 0x7F:
        at += length & 0x7F
        if not 2 < at < 7:
            return None
        length = int.from_bytes(data[2:at])
    size = at + length
    if have < at + 2:
        return SHORT
    digits = data[at + 1]
    if data[at] != 0x02 or not 0 < digits < 5:
        return None
    at += 2
    op_at = at + digits
    if have < op_at + 2:
        return SHORT
    op = data[op_at]
    if op not in OPERATIONS:
        return None
    length = data[op_at + 1]
    body = op_at + 2
    if length > 0x7F:
        body += length & 0x7F
        if not op_at + 2 < body < op_at + 7:
            return None
        if have < body:
            return SHORT
        length = int.from_bytes(data[op_at + 2 : body])
    stop = body + length
    if stop > size:
        return None
    return Head(size, int.from_bytes(data[at:op_at]), op, body, stop)


def sender(data: bytes) -> int | None:
    """Side that sends the message at the beginning of `data`; None if it is none or too little is there."""
    head = read_head(data)
    if head is None or not head.size:
        return None
    if head.op == UNBIND:
        if head.stop > head.body:
            return None
    elif head.op in _FIRST_TAG:
        first = data[head.body : head.body + 1]
        if head.body == head.stop or not first or first not in _FIRST_TAG[head.op]:
            return None
    elif head.body == head.stop:
        return None
    if head.stop < head.size and data[head.stop : head.stop + 1] not in {b"", b"\xa0"}:
        return None  # only controls may follow the operation
    return OPERATIONS[head.op]


class Elements:
    """Reads elements one after the other, none beyond `stop`: an element that is longer ends there too."""

    __slots__ = ("anomalies", "at", "cut", "data", "start", "stop", "whole")

    def __init__(self, data: bytes, at: int, stop: int, anomalies: list[Anomaly]) -> None:
        self.data = data
        self.at = at
        self.stop = min(stop, len(data))
        self.whole = stop <= len(data)  # else the message is cut, and cut elements are no news
        self.start = at  # content of the latest element: [start, at)
        self.cut = False  # the latest element is not all there
        self.anomalies = anomalies

    def inside(self) -> Elements:
        """Reader of the latest element's content."""
        inner = Elements(self.data, self.start, self.at, self.anomalies)
        inner.whole = self.whole
        return inner

    def next(self) -> int:
        """Go to the next element and return its tag; 0 if there is none."""
        at, stop, data = self.at, self.stop, self.data
        self.start = self.at = stop
        self.cut = False
        start = at + 2
        if start > stop:
            if at < stop:
                self._overrun(at)
            return 0
        length = data[at + 1]
        if length > 0x7F:
            start += length & 0x7F
            if start > stop or length == 0x80:
                self._overrun(at)
                return 0
            length = int.from_bytes(data[at + 2 : start])
        if start + length > stop:
            self._overrun(at)
            length = stop - start
        self.start = start
        self.at = start + length
        return data[at]

    def _overrun(self, at: int) -> None:
        self.cut = True
        if self.whole:
            detail = "an element longer than what holds it"
            self.anomalies.append(Anomaly("bad-length", Span(at, self.stop), detail))

    def value(self) -> bytes:
        """Content of the latest element."""
        return self.data[self.start : self.at]

    def text(self, limit: int = TEXT_LIMIT) -> str:
        r"""Content of the latest element as text, at most `limit` bytes; no UTF-8 becomes `\xNN`."""
        place = Span(self.start, self.at)
        if place.length > limit:
            detail = f"a text of {place.length} bytes cut at {limit}"
            self.anomalies.append(Anomaly("limit-message-size", place, detail))
        octets = self.data[self.start : min(self.at, self.start + limit)]
        try:
            return octets.decode()
        except UnicodeDecodeError:
            if place.length <= limit:
                self.anomalies.append(Anomaly("bad-text", place, "not UTF-8"))
            return octets.decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class BindRequest:
    """What a BindRequest says; `choice` 0 if it is cut before."""

    version: int
    name: str
    choice: int = 0
    mechanism: str | None = None  # of a SASL choice
    credentials: Span | None = None  # SASL credentials, or the token of a Sicily choice
    has_password: bool = False


def read_bind_request(data: bytes, head: Head, anomalies: list[Anomaly]) -> BindRequest | None:
    """Read a BindRequest; None if it lacks version or name."""
    elements = Elements(data, head.body, head.stop, anomalies)
    if elements.next() != 0x02:
        return None
    version = int.from_bytes(elements.value()[:4])
    if elements.next() != 0x04:
        return None
    bind = BindRequest(version, elements.text())
    bind.choice = elements.next()
    place = Span(elements.start, elements.at)
    if bind.choice == SASL:
        inner = elements.inside()
        if inner.next() == 0x04 and not inner.cut:
            bind.mechanism = inner.text(MECHANISM_LIMIT)
            if inner.next() == 0x04:
                bind.credentials = Span(inner.start, inner.at)
    elif bind.choice in SICILY:
        bind.credentials = place
    else:
        bind.has_password = place.length > 0
    return bind


@dataclass(slots=True)
class BindResponse:
    """What a BindResponse says."""

    code: int
    matched_dn: Span  # Sicily's serverCreds stand here
    diagnostic: str | None = None
    credentials: Span | None = None  # serverSaslCreds


def read_bind_response(data: bytes, head: Head, anomalies: list[Anomaly]) -> BindResponse | None:
    """Read a BindResponse; None if it lacks the result code."""
    elements = Elements(data, head.body, head.stop, anomalies)
    if elements.next() != 0x0A or not 0 < elements.at - elements.start < 5:
        return None
    response = BindResponse(int.from_bytes(elements.value()), Span(elements.at, elements.at))
    if elements.next() == 0x04:
        response.matched_dn = Span(elements.start, elements.at)
        if elements.next() == 0x04:
            response.diagnostic = elements.text() or None
            while tag := elements.next():
                if tag == 0x87:
                    response.credentials = Span(elements.start, elements.at)
    return response


def sub_code(diagnostic: str) -> int | None:
    """Number in AD's error text: the one after `data`; where that says nothing, the one in front.

    A bad channel binding is always told in front, whatever stands after `data`.
    """
    leading = _LEADING.match(diagnostic)
    front = int(leading[1], 16) if leading else None
    found = _DATA.search(diagnostic)
    number = int(found[1], 16) if found else None
    if number is None or front is None:
        return number
    return front if front == _BAD_BINDINGS or number < 2 else number


def extended_name(data: bytes, head: Head) -> bytes:
    """OID of an ExtendedRequest."""
    elements = Elements(data, head.body, head.stop, [])
    return elements.value() if elements.next() == 0x80 else b""


def result_code(data: bytes, head: Head) -> int | None:
    """Result code of a response."""
    elements = Elements(data, head.body, head.stop, [])
    return int.from_bytes(elements.value()[:4]) if elements.next() == 0x0A else None


def sasl_mechanisms(data: bytes, head: Head, anomalies: list[Anomaly]) -> tuple[str, ...]:
    """Values of supportedSASLMechanisms in a SearchResultEntry, in wire order."""
    if _MECHANISMS not in data.lower():
        return ()
    entry = Elements(data, head.body, head.stop, anomalies)
    if entry.next() != 0x04 or entry.next() != 0x30:
        return ()
    attributes = entry.inside()
    while attributes.next() == 0x30:
        attribute = attributes.inside()
        if attribute.next() != 0x04 or attribute.value().lower() != _MECHANISMS:
            continue
        if attribute.next() != 0x31:
            continue
        values = attribute.inside()
        names: list[str] = []
        while values.next() == 0x04:
            if len(names) == SCHEMES_LIMIT:
                place = Span(values.start, attribute.at)
                detail = f"more than {SCHEMES_LIMIT} mechanism names"
                anomalies.append(Anomaly("limit-count", place, detail))
                break
            names.append(values.text(MECHANISM_LIMIT))
        return tuple(names)
    return ()
