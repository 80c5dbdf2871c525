"""One NegoEx message: its values, and where its vectors lie.

A message is a header of fixed layout and a payload, into which vectors of the header point: offsets count
from the message's first byte. Nothing says in which order they lie there, or that they do not overlap.

Spec: MS-NEGOEX 2.2.2 (vectors, GUIDs), 2.2.5 (checksums, extensions, alerts), 2.2.6 (messages).
"""

from __future__ import annotations

import struct
from functools import lru_cache

from dissectors.anomaly import Anomaly
from dissectors.mechs import NEGOEX_SCHEMES
from dissectors.records import NamedTuple
from dissectors.span import Span
from dissectors.tokens.model import NegoexAlert, NegoexExtension, NegoexMessage, OpaqueToken

ITEM_LIMIT = 64
"""Schemes, extensions or alerts read from one message; Windows offers one or two schemes."""

COMMON = 40
"""Bytes of the header that all messages have."""
SCHEME = 16
EXTENSION = 12
ALERT_ITEM = 12
PULSE = 8

NAMES = {
    0: "INITIATOR_NEGO",
    1: "ACCEPTOR_NEGO",
    2: "INITIATOR_META_DATA",
    3: "ACCEPTOR_META_DATA",
    4: "CHALLENGE",
    5: "AP_REQUEST",
    6: "VERIFY",
    7: "ALERT",
}
FIXED = {0: 96, 1: 96, 2: 64, 3: 64, 4: 64, 5: 64, 6: 76, 7: 68}
"""Bytes before a message's payload; VERIFY and ALERT without the four that pad them."""
NEGO = frozenset({0, 1})
EXCHANGE = frozenset({2, 3, 4, 5})
VERIFY = 6
ALERT = 7

ALERT_PULSE = 1
CRITICAL = 0x8000_0000

_HEADER = struct.Struct("<8sIIII16s")
_VECTOR = struct.Struct("<II")  # offset, then a length in bytes, or a count in the lower 16 bits
_ITEM = struct.Struct("<III")  # type, then a vector of bytes
_GUID = struct.Struct("<IHH")
_RFC_3961 = 1


class Claim(NamedTuple):
    """A part of the payload that a vector points to, as far as it is there."""

    start: int
    stop: int
    name: str  # of the field
    place: int  # of the vector


@lru_cache(maxsize=256)
def guid_text(guid: bytes) -> str:
    """Text of the 16 bytes of a GUID, whose first three parts are little-endian."""
    first, second, third = _GUID.unpack_from(guid)
    rest = guid[8:].hex()
    return f"{first:08x}-{second:04x}-{third:04x}-{rest[:4]}-{rest[4:]}"


class MessageReader:
    """Reads the message that begins `data`; `base` is where that stands in the outermost token."""

    def __init__(self, data: bytes, base: int, anomalies: list[Anomaly]) -> None:
        self._base = base
        self._anomalies = anomalies
        _, self.number, self.sequence, header, length, conversation = _HEADER.unpack_from(data)
        self.name = NAMES.get(self.number) or f"unknown({self.number})"
        self.conversation = guid_text(conversation)
        self.schemes: list[str] = []
        self.claims: list[Claim] = []
        self.cut = length > len(data)
        # a message that ends inside its own header hides where the next one begins
        self.data = data[:length] if length >= COMMON else data
        self.fixed = FIXED.get(self.number, COMMON)
        if self.number not in NAMES:
            self._report("unknown-value", 8, 12, f"MessageType {self.number}")
        if self.cut:
            self._report("truncated", 0, len(data), f"{len(data)} bytes of {length}")
        elif length < self.fixed:
            self._report("bad-length", 20, 24, f"{self.name} of {length} bytes")
        if not self.fixed <= header <= length:
            self._report("bad-length", 16, 20, f"{self.name} with a header of {header} bytes")

    def _report(self, code: str, start: int, stop: int, detail: str) -> None:
        self._anomalies.append(Anomaly(code, Span(self._base + start, self._base + stop), detail))

    def read(self) -> NegoexMessage:
        """Read the message's values, and hold every vector against the message's end."""
        message = NegoexMessage(
            name=self.name,
            message_type=self.number,
            sequence=self.sequence,
            conversation_id=self.conversation,
        )
        whole = len(self.data) >= self.fixed
        if self.number in NEGO:
            self._read_nego(message, whole=whole)
        elif self.number in NAMES and len(self.data) >= COMMON + SCHEME:
            self.schemes = [guid_text(self.data[COMMON : COMMON + SCHEME])]
            if whole and self.number in EXCHANGE:
                self._read_exchange(message)
            elif whole and self.number == VERIFY:
                self._read_verify(message)
            elif whole:
                self._read_alert(message)
        message.schemes = tuple(NEGOEX_SCHEMES.get(guid, guid) for guid in self.schemes)
        self._check_overlaps()
        return message

    # -- the four layouts --------------------------------------------------------------------------

    def _read_nego(self, message: NegoexMessage, *, whole: bool) -> None:
        schemes = self._vector(80, "AuthSchemes", SCHEME)
        if schemes is not None:
            found = range(schemes.start, schemes.stop - SCHEME + 1, SCHEME)
            self.schemes = [guid_text(self.data[place : place + SCHEME]) for place in found]
        if not whole:
            return
        message.protocol_version = int.from_bytes(self.data[72:80], "little")
        if message.protocol_version:
            self._report("unknown-value", 72, 80, f"ProtocolVersion {message.protocol_version}")
        extensions = []
        for kind, value in self._items(88, "Extensions", "ExtensionValue"):
            extensions.append(
                NegoexExtension(extension_type=kind, critical=bool(kind & CRITICAL), value=value)
            )
        message.extensions = tuple(extensions)

    def _read_exchange(self, message: NegoexMessage) -> None:
        claim = self._vector(56, "Exchange")
        content = b"" if claim is None else self.data[claim.start : claim.stop]
        message.exchange = OpaqueToken(raw=content)
        start = self.fixed if claim is None else claim.start
        message.exchange_span = Span(self._base + start, self._base + start + len(content))

    def _read_verify(self, message: NegoexMessage) -> None:
        length, scheme, message.checksum_type = struct.unpack_from("<IIi", self.data, 56)
        if length != 20:
            self._report("bad-length", 56, 60, f"checksum with a header of {length} bytes")
        if scheme != _RFC_3961:
            self._report("unknown-value", 60, 64, f"ChecksumScheme {scheme}")
        self._vector(68, "ChecksumValue")

    def _read_alert(self, message: NegoexMessage) -> None:
        message.error_code = int.from_bytes(self.data[56:60], "little")
        alerts = []
        for kind, value in self._items(60, "Alerts", "AlertValue"):
            alert = NegoexAlert(alert_type=kind, value=value)
            if kind == ALERT_PULSE and len(value) >= PULSE:
                alert.reason = int.from_bytes(value[4:PULSE], "little")
            alerts.append(alert)
        message.alerts = tuple(alerts)

    # -- vectors -----------------------------------------------------------------------------------

    def _items(self, place: int, name: str, value: str) -> list[tuple[int, bytes]]:
        """Type and value of the extensions or alerts in the vector at `place`."""
        claim = self._vector(place, name, EXTENSION)
        found: list[tuple[int, bytes]] = []
        if claim is not None:
            for at in range(claim.start, claim.stop - EXTENSION + 1, EXTENSION):
                (kind,) = struct.unpack_from("<I", self.data, at)
                part = self._vector(at + 4, f"{value}[{len(found)}]")
                found.append((kind, b"" if part is None else self.data[part.start : part.stop]))
        return found

    def _vector(self, place: int, name: str, item: int = 0) -> Claim | None:
        """Claim the content of the vector at `place`, as far as it is there; None if it is empty.

        A vector counts items of `item` bytes, or its bytes if `item` is 0.
        """
        end = len(self.data)
        if place + _VECTOR.size > end:
            return None
        offset, length = _VECTOR.unpack_from(self.data, place)
        count = length & 0xFFFF
        if item:
            length = count * item
        if not length:
            return None
        if offset + length > end and not self.cut:
            detail = f"{self.name}: {length} bytes at {offset} of {end}"
            self._report("bad-offset", place, place + _VECTOR.size, detail)
        start, stop = min(offset, end), min(offset + length, end)
        if item and count > ITEM_LIMIT:
            what = f"more than {ITEM_LIMIT} items in {name}"
            self._report("limit-count", min(start + ITEM_LIMIT * item, stop), stop, what)
            stop = min(stop, start + ITEM_LIMIT * item)
        if start == stop:
            return None
        claim = Claim(start, stop, name, place)
        self.claims.append(claim)
        return claim

    def _check_overlaps(self) -> None:
        """Tell the first two parts that share bytes; the header counts as one."""
        self.claims.sort()
        at, name = self.fixed, "the header"
        for claim in self.claims:
            if claim.start < at:
                detail = f"{claim.name} and {name}"
                self._report("overlapping-fields", claim.start, min(at, claim.stop), detail)
                return
            at, name = claim.stop, claim.name
