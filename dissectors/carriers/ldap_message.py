"""What binds, extended operations and entries of the root DSE say, read from their BER.

Positions count from the message's first byte. Passwords are seen, never kept.

Spec: RFC 4511 4.2, 4.5.2, 4.12 and 5.1; MS-ADTS 5.1.1.1.3 (Sicily), 5.1.1.1.1 (error texts).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dissectors.anomaly import Anomaly
from dissectors.carriers.sasl import MECHANISM_LIMIT
from dissectors.records import dataclass
from dissectors.span import Span

if TYPE_CHECKING:
    from dissectors.carriers.ldap_pdu import Head

SIMPLE, SASL = 0x80, 0xA3
SICILY_DISCOVERY, SICILY_NEGOTIATE, SICILY_RESPONSE = 0x89, 0x8A, 0x8B
SICILY = frozenset({SICILY_DISCOVERY, SICILY_NEGOTIATE, SICILY_RESPONSE})
"""Tags of the authentication CHOICE."""

SASL_BIND_IN_PROGRESS = 14
START_TLS = b"1.3.6.1.4.1.1466.20037"
ROOT_DSE = b"\x04\x00\x0a\x01\x00"  # baseObject "", scope baseObject

PASSWORD_POLICY = b"1.3.6.1.4.1.42.2.27.8.5.1"
CONTROLS, POLICY_ERROR = 0xA0, 0x81  # tags
POLICY_ERRORS = frozenset(
    bytes([number]) for number in range(9)
)  # passwordExpired to passwordInHistory

TEXT_LIMIT = 4096  # of a name or an error text, in bytes
SCHEMES_LIMIT = 64  # mechanism names of one list

_new_tuple = tuple.__new__
_MECHANISMS = b"supportedsaslmechanisms"
_DATA = re.compile(r"\bdata ([0-9a-fA-F]{1,8})\b")
_LEADING = re.compile(r"([0-9a-fA-F]{8}):")
_BAD_BINDINGS = 0x80090346


class Elements:
    """Reads elements one after the other; one that is longer than its container ends with it."""

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
        """Return a reader of the latest element's content."""
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

    def place(self) -> Span:
        """Return where the latest element's content lies."""
        return Span(self.start, self.at)

    def value(self) -> bytes:
        """Return the latest element's content."""
        return self.data[self.start : self.at]

    def text(self, limit: int = TEXT_LIMIT) -> str:
        r"""Return up to `limit` bytes of it as text; what is no UTF-8 becomes `\xNN`."""
        octets = self.value()
        if len(octets) > limit:
            detail = f"a text of {len(octets)} bytes cut at {limit}"
            self.anomalies.append(Anomaly("limit-message-size", self.place(), detail))
            return octets[:limit].decode("utf-8", "backslashreplace")
        try:
            return octets.decode()
        except UnicodeDecodeError:
            if not self.cut:
                self.anomalies.append(Anomaly("bad-text", self.place(), "not UTF-8"))
            return octets.decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class BindRequest:
    """What a BindRequest says; `choice` is 0 if the message is cut before it, `version` too."""

    version: int
    name: str
    choice: int = 0
    mechanism: str | None = None  # of a SASL choice
    credentials: Span | None = None  # SASL credentials, or the token of a Sicily choice
    has_password: bool = False


def read_bind_request(data: bytes, head: Head, anomalies: list[Anomaly]) -> BindRequest | None:
    """Read a BindRequest; None if it lacks version or name, unless the message is cut before them."""
    usual = _usual_request(data, head.body, head.stop)
    if usual is not None:
        return usual
    elements = Elements(data, head.body, head.stop, anomalies)
    bind = BindRequest(0, "")
    for expected in (0x02, 0x04):
        tag = elements.next()
        if tag != expected:
            return None if tag or elements.whole else bind
        if tag == 0x02:
            bind.version = int.from_bytes(elements.value()[:4])
    bind.name = elements.text()
    bind.choice = elements.next()
    if bind.choice == SASL:
        inner = elements.inside()
        if inner.next() == 0x04 and not inner.cut:
            bind.mechanism = inner.text(MECHANISM_LIMIT)
            if inner.next() == 0x04:
                bind.credentials = inner.place()
    elif bind.choice in {SICILY_NEGOTIATE, SICILY_RESPONSE}:
        bind.credentials = elements.place()
    elif bind.choice:
        bind.has_password = elements.at > elements.start or elements.cut
    return bind


def _usual_request(data: bytes, at: int, stop: int) -> BindRequest | None:
    """Read what nearly all binds are: SASL, no name, every element as long as what holds it; else None."""
    if not at + 10 <= stop <= len(data):
        return None
    if data[at : at + 2] != b"\x02\x01" or data[at + 3 : at + 6] != b"\x04\x00\xa3":
        return None
    start = _last_content(data, at + 5, stop)
    if not start or start + 2 > stop or data[start] != 0x04 or data[start + 1] > MECHANISM_LIMIT:
        return None
    end = start + 2 + data[start + 1]
    name = data[start + 2 : end]
    if end > stop or not name.isascii():
        return None
    credentials = None
    if end < stop:
        start = _last_content(data, end, stop) if data[end] == 0x04 and end + 2 <= stop else 0
        if not start:
            return None
        credentials = _new_tuple(Span, (start, stop))
    return BindRequest(data[at + 2], "", SASL, name.decode("ascii"), credentials)


def _last_content(data: bytes, at: int, stop: int) -> int:
    """Where the content of the element at `at` begins, if it ends at `stop`; else 0."""
    length, start = data[at + 1], at + 2
    if length > 0x7F:
        if length == 0x80:  # indefinite
            return 0
        start += length & 0x7F
        length = int.from_bytes(data[at + 2 : start])
    return start if start + length == stop else 0


@dataclass(slots=True)
class BindResponse:
    """What a BindResponse says."""

    code: int
    matched_dn: Span  # Sicily's serverCreds stand here
    diagnostic: str | None = None
    credentials: Span | None = None  # serverSaslCreds


def read_bind_response(data: bytes, head: Head, anomalies: list[Anomaly]) -> BindResponse | None:
    """Read a BindResponse; None if it lacks the result code."""
    usual = _usual_response(data, head.body, head.stop)
    if usual is not None:
        return usual
    elements = Elements(data, head.body, head.stop, anomalies)
    if elements.next() != 0x0A or elements.cut or not 0 < elements.at - elements.start < 5:
        return None
    code = int.from_bytes(elements.value())
    matched = elements.next() == 0x04
    response = BindResponse(code, elements.place())
    if matched and elements.next() == 0x04:
        response.diagnostic = elements.text().rstrip("\0") or None  # AD ends it with NUL
        while tag := elements.next():
            if tag == 0x87:
                response.credentials = elements.place()
    return response


def _usual_response(data: bytes, at: int, stop: int) -> BindResponse | None:
    """Read what nearly all answers are: no name, no text, maybe credentials up to the end; else None."""
    if not at + 7 <= stop <= len(data):
        return None
    if data[at : at + 2] != b"\x0a\x01" or data[at + 3 : at + 7] != b"\x04\x00\x04\x00":
        return None
    credentials = None
    end = at + 7
    if end < stop:
        start = _last_content(data, end, stop) if data[end] == 0x87 and end + 2 <= stop else 0
        if not start:
            return None
        credentials = _new_tuple(Span, (start, stop))
    return BindResponse(data[at + 2], _new_tuple(Span, (at + 5, at + 5)), None, credentials)


def policy_error(data: bytes, head: Head, anomalies: list[Anomaly]) -> int | None:
    """Read the error of a password policy's response control, which stands behind the answer it is about.

    0 to 8; None if it names none, or one that there is not.

    Spec: RFC 4511 4.1.11, draft-behera-ldap-password-policy-10 6.2.
    """
    elements = Elements(data, head.stop, head.size, anomalies)
    if elements.next() != CONTROLS:
        return None
    controls = elements.inside()
    while controls.next() == 0x30:
        control = controls.inside()
        if control.next() != 0x04 or control.value() != PASSWORD_POLICY:
            continue
        if control.next() != 0x04:  # or criticality stands before the value
            control.next()
        value = control.inside()
        if value.next() == 0x30:
            parts = value.inside()
            while tag := parts.next():
                if tag == POLICY_ERROR and not parts.cut:
                    error = parts.value()
                    if error in POLICY_ERRORS:
                        return error[0]
                    detail = "no error that a password policy has"
                    anomalies.append(Anomaly("bad-value", parts.place(), detail))
                    return None
    return None


def sub_code(diagnostic: str, *, whole: bool = True) -> int | None:
    """Find the number in AD's error text: after `data`; if that says nothing, in front.

    A bad channel binding is always told in front, whatever stands after `data`. Of a text that is not
    `whole`, a number at its end may go on in what is lost.
    """
    leading = _LEADING.match(diagnostic)
    front = int(leading[1], 16) if leading else None
    found = _DATA.search(diagnostic)
    if found and not whole and found.end() == len(diagnostic):
        found = None
    number = int(found[1], 16) if found else None
    if front == _BAD_BINDINGS:
        return front
    if number is None or front is None:
        return number
    return front if number < 2 else number


def extended_name(data: bytes, head: Head) -> bytes:
    """Read the OID of an ExtendedRequest."""
    elements = Elements(data, head.body, head.stop, [])
    return elements.value() if elements.next() == 0x80 else b""


def result_code(data: bytes, head: Head) -> int | None:
    """Read the result code of a response."""
    elements = Elements(data, head.body, head.stop, [])
    return int.from_bytes(elements.value()[:4]) if elements.next() == 0x0A else None


def sasl_mechanisms(data: bytes, head: Head, anomalies: list[Anomaly]) -> tuple[str, ...]:
    """Read supportedSASLMechanisms of a SearchResultEntry, in wire order; () if it has none."""
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
                detail = f"more than {SCHEMES_LIMIT} mechanism names"
                anomalies.append(Anomaly("limit-count", Span(values.start, values.stop), detail))
                break
            names.append(values.text(MECHANISM_LIMIT))
        return tuple(names)
    return ()
