"""NegoEx tokens: messages back to back, by which SPNEGO's extension agrees on a scheme.

Spec: MS-NEGOEX 2.2.2 (vectors, GUIDs), 2.2.5 (extensions), 2.2.6 (messages).
Not handled: the schemes' own tokens, which are opaque here as they are to NegoEx.
"""

from __future__ import annotations

import struct

from dissectors.anomaly import Anomaly
from dissectors.codes.nt_status import nt_status_name
from dissectors.mechs import NEGOEX_SCHEMES
from dissectors.recognise import NEGOEX_SIGNATURE
from dissectors.span import Field, Span
from dissectors.tokens.model import NegoexMessage, NegoexMessages, Token
from dissectors.tokens.recorder import Recorder

MESSAGE_LIMIT = 64
"""Messages read from one token."""
SCHEME_LIMIT = 64
"""Schemes read from one NEGO message; Windows offers one or two."""

_HEADER = struct.Struct("<8sIIII16s")
_VECTOR = struct.Struct("<II")  # offset, then a length in bytes, or a count in the lower 16 bits
_GUID = struct.Struct("<IHH")

_COMMON = 40  # bytes of the header that all messages have
_SCHEME = 16
_EXTENSION = 12

_NAMES = {
    0: "INITIATOR_NEGO",
    1: "ACCEPTOR_NEGO",
    2: "INITIATOR_META_DATA",
    3: "ACCEPTOR_META_DATA",
    4: "CHALLENGE",
    5: "AP_REQUEST",
    6: "VERIFY",
    7: "ALERT",
}
_FIXED = {0: 96, 1: 96, 2: 64, 3: 64, 4: 64, 5: 64, 6: 76, 7: 68}
"""Bytes before a message's payload; VERIFY and ALERT without the four that pad them."""
_NEGO = frozenset({0, 1})
_VERIFY = 6
_ALERT = 7


def decode_negoex(
    data: bytes, fields: list[Field] | None = None, base: int = 0, path: str = ""
) -> Token:
    """Decode a NegoEx token; with `fields`, write its tree there, from `base` on, below `path`."""
    messages: list[NegoexMessage] = []
    anomalies: list[Anomaly] = []
    if fields is not None:
        Recorder(fields, base, path).add("NEGOEX", 0, len(data), None)
    at = 0
    while at < len(data) or not messages:
        rest = data[at:]
        finding = None
        if len(messages) == MESSAGE_LIMIT:
            finding = ("limit-count", f"more than {MESSAGE_LIMIT} messages")
        elif not rest.startswith(NEGOEX_SIGNATURE[: len(rest)]):
            code = "trailing-bytes" if messages else "bad-value"
            finding = (code, "no NEGOEXTS signature")
        elif len(rest) < _COMMON:
            finding = ("truncated", "the header of a message is cut")
        if finding is not None:
            anomalies.append(Anomaly(finding[0], Span(base + at, base + len(data)), finding[1]))
            break
        reader = _Message(rest, base + at, anomalies)
        messages.append(reader.read())
        if fields is not None:
            tree = Recorder(fields, base + at, path).below("NEGOEX")
            reader.record(tree, str(len(messages) - 1))
        at += len(reader.data)
    return NegoexMessages(raw=data, messages=tuple(messages), anomalies=tuple(anomalies))


def guid_text(data: bytes, at: int = 0) -> str:
    """Text of the 16 bytes of a GUID, whose first three parts are little-endian."""
    first, second, third = _GUID.unpack_from(data, at)
    rest = data[at + 8 : at + 16].hex()
    return f"{first:08x}-{second:04x}-{third:04x}-{rest[:4]}-{rest[4:]}"


class _Message:
    """One message, which begins `data`; all its offsets count from there."""

    def __init__(self, data: bytes, base: int, anomalies: list[Anomaly]) -> None:
        self._base = base
        self._anomalies = anomalies
        _, self.number, self.sequence, header, length, conversation = _HEADER.unpack_from(data)
        self.name = _NAMES.get(self.number) or f"unknown({self.number})"
        self.conversation = guid_text(conversation)
        self.schemes: list[str] = []
        self.cut = length > len(data)
        # a message that ends inside its own header hides where the next one begins
        self.data = data[:length] if length >= _COMMON else data
        fixed = _FIXED.get(self.number, _COMMON)
        if self.number not in _NAMES:
            self._report("unknown-value", 8, 12, f"MessageType {self.number}")
        if self.cut:
            self._report("truncated", 0, len(data), f"{len(data)} bytes of {length}")
        elif length < fixed:
            self._report("bad-length", 20, 24, f"{self.name} of {length} bytes")
        if not fixed <= header <= length:
            self._report("bad-length", 16, 20, f"{self.name} with a header of {header} bytes")

    def _report(self, code: str, start: int, stop: int, detail: str) -> None:
        self._anomalies.append(Anomaly(code, Span(self._base + start, self._base + stop), detail))

    def read(self) -> NegoexMessage:
        """Read the schemes, and hold every vector against the message's end."""
        data = self.data
        if self.number in _NEGO:
            start, stop = self._vector(80, _SCHEME)
            found = (stop - start) // _SCHEME
            if found > SCHEME_LIMIT:
                self._report("limit-count", start, stop, f"more than {SCHEME_LIMIT} schemes")
                stop = start + SCHEME_LIMIT * _SCHEME
            whole = range(start, stop - _SCHEME + 1, _SCHEME)
            self.schemes = [guid_text(data, place) for place in whole]
            self._vector(88, _EXTENSION)
        elif self.number in _NAMES and len(data) >= _COMMON + _SCHEME:
            self.schemes = [guid_text(data, _COMMON)]
            if self.number == _VERIFY:
                self._vector(68)
            elif self.number == _ALERT:
                self._vector(60, _EXTENSION)
            else:
                self._vector(56)
        return NegoexMessage(
            name=self.name,
            sequence=self.sequence,
            conversation_id=self.conversation,
            schemes=tuple(NEGOEX_SCHEMES.get(guid, guid) for guid in self.schemes),
        )

    def _vector(self, place: int, item: int = 0, *, quiet: bool = False) -> tuple[int, int]:
        """Where the content of the vector at `place` lies, as far as it does.

        A vector counts items of `item` bytes, or its bytes if `item` is 0.
        """
        end = len(self.data)
        if place + _VECTOR.size > end:
            return 0, 0
        offset, length = _VECTOR.unpack_from(self.data, place)
        if item:
            length = (length & 0xFFFF) * item
        if not length:
            return 0, 0
        if offset + length > end and not (self.cut or quiet):
            detail = f"{self.name}: {length} bytes at {offset} of {end}"
            self._report("bad-offset", place, place + _VECTOR.size, detail)
        return min(offset, end), min(offset + length, end)

    def record(self, recorder: Recorder, index: str) -> None:
        """Write the message's tree; what the schemes say to each other stays hidden."""
        data = self.data
        recorder.add(index, 0, len(data), None, self.name)
        tree = recorder.below(index)
        tree.add("Signature", 0, 8, "NEGOEXTS")
        for start, name in _WORDS.items():
            tree.add(name, start, start + 4, int.from_bytes(data[start : start + 4], "little"))
        tree.add("ConversationId", 24, 40, self.conversation)
        if self.number in _NEGO and len(data) >= _FIXED[self.number]:
            tree.add("Random", 40, 72, data[40:72])
            tree.add("ProtocolVersion", 72, 80, int.from_bytes(data[72:80], "little"))
            start, _ = self._vector(80, _SCHEME, quiet=True)
            for rank, guid in enumerate(self.schemes):
                place = start + _SCHEME * rank
                tree.below("AuthSchemes").add(
                    str(rank), place, place + _SCHEME, guid, _scheme_text(guid)
                )
        elif self.schemes:
            guid = self.schemes[0]
            tree.add("AuthScheme", _COMMON, _COMMON + _SCHEME, guid, _scheme_text(guid))
            self._record_rest(tree)

    def _record_rest(self, tree: Recorder) -> None:
        data = self.data
        if self.number == _ALERT:
            if len(data) >= 60:
                code = int.from_bytes(data[56:60], "little")
                tree.add("ErrorCode", 56, 60, code, nt_status_name(code))
            return
        name, place = ("Checksum", 68) if self.number == _VERIFY else ("Exchange", 56)
        start, stop = self._vector(place, quiet=True)
        if start < stop:
            tree.hide(name, start, stop)


_WORDS = {8: "MessageType", 12: "SequenceNum", 16: "cbHeaderLength", 20: "cbMessageLength"}


def _scheme_text(guid: str) -> str:
    name = NEGOEX_SCHEMES.get(guid)
    return f"{guid} ({name})" if name else guid
