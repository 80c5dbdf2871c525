"""What all token layers share: our decoders read them, and untouched they build to their own bytes.

A packet that was dissected and not changed builds to exactly the bytes it came from, however malformed.
As soon as one of its fields is changed, or one of a token inside it, it is encoded anew from its fields,
by the rules of its specification: what no field stands for (odd orders, padding, long lengths) is gone, and
building raises `BuildError`, a `ValueError`, for what has no place in it.

Dissecting raises on no bytes: what cannot be read stays in a `GSS_Opaque` behind what could.
"""

from __future__ import annotations

import json
import struct
from typing import Any, ClassVar

from scapy.config import conf
from scapy.fields import FlagValue
from scapy.packet import NoPayload, Packet, Raw

from dissectors.layers.fields import Secret, snapshot
from dissectors.recognise import content_offset
from dissectors.tokens import dissect_token
from dissectors.tokens.build import BuildError
from dissectors.tokens.model import Token


class GSS_Opaque(Raw):
    """Bytes in a token's place that are no token we know, or the rest behind one.

    A `Raw` of which a representation tells the length only.
    """

    name = "GSS opaque bytes"
    fields_desc = [Secret("load", b"")]

    def do_dissect(self, s: bytes) -> bytes:
        """Take all bytes."""
        self.fields["load"] = s
        self.raw_packet_cache = s
        self.raw_packet_cache_fields = {}
        self.explicit = 1
        return b""

    def self_build(self) -> bytes:
        """Give the bytes."""
        return bytes(self.load or b"")

    def mysummary(self) -> str:
        """Number of bytes."""
        return f"{len(self.load or b'')} opaque bytes"


class GssPacket(Packet):
    """Base of the token layers; a subclass says how its fields are read and encoded."""

    attributes: ClassVar[tuple[str, ...]] = ()
    """What a packet has besides its fields; copies have it too."""

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Values of the fields, by name, and how many bytes of `data` are theirs (0: not mine)."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """Bytes of the layer, from its fields."""
        raise NotImplementedError

    def do_dissect(self, s: bytes) -> bytes:
        """Fill the fields; return what is not theirs."""
        try:
            values, length = self.read(s)
        except Exception:  # whatever is wrong with us, wire bytes must not raise
            if conf.debug_dissector:
                raise
            values, length = {}, 0
        kept = {}
        for field in self.fields_desc:
            value = field.any2i(self, values.get(field.name)) if length else None
            self.fields[field.name] = value
            if field.islist or field.holds_packets or field.ismutable:
                kept[field.name] = snapshot(field, value)
        self.raw_packet_cache = s[:length]
        self.raw_packet_cache_fields = kept
        self.explicit = 1
        return s[length:]

    def self_build(self) -> bytes:
        """Give the bytes as they came, or encode the fields if they have been changed since."""
        if self.raw_packet_cache is not None:
            kept = self.raw_packet_cache_fields or {}
            if all(snapshot(*self.getfield_and_val(name)) == was for name, was in kept.items()):
                return bytes(self.raw_packet_cache)
            self.raw_packet_cache = self.raw_packet_cache_fields = None
        try:
            return self.encode()
        except BuildError:
            raise
        except (AttributeError, OverflowError, TypeError, ValueError, struct.error) as error:
            raise BuildError(f"{self.name}: a field can't have its value ({error})") from error

    def hold(self, built: bytes, names: tuple[str, ...]) -> bytes:
        """Return `built`, if it says the same as the fields `names`, which are only read.

        Raises `BuildError` if one was given another value than the bytes have.
        """
        values, _ = self.read(built)
        for name in names:
            if self.getfieldval(name) not in (None, values.get(name)):
                raise BuildError(f"{self.name}: {name} is only read; set load to other bytes")
        return built

    def default_payload_class(self, _payload: bytes) -> Any:
        """Keep what follows, and hide it: it may be the rest of a secret."""
        return GSS_Opaque

    # -- copies ------------------------------------------------------------------------------------

    def copy(self) -> Any:
        """Copy everything."""
        return self._hand_on(super().copy())

    def clone_with(self, payload: Any = None, **kargs: Any) -> Any:
        """Copy with other values, as Scapy does where a field has several."""
        return self._hand_on(super().clone_with(payload, **kargs))

    def _hand_on(self, clone: Any) -> Any:
        for name in self.attributes:
            setattr(clone, name, getattr(self, name))
        return clone

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle fields and payload; Scapy's own way keeps bytes only, which tell less."""
        fields = {
            name: int(v) if isinstance(v, FlagValue) else v for name, v in self.fields.items()
        }
        caches = self.raw_packet_cache, self.raw_packet_cache_fields
        attributes = {name: getattr(self, name) for name in self.attributes}
        payload = None if isinstance(self.payload, NoPayload) else self.payload
        return _restored, (type(self), fields, caches, attributes, self.explicit, payload)

    # -- everything as text ------------------------------------------------------------------------

    def _command(self, json: bool = False) -> list[tuple[str, Any]]:
        """Name and value of each field; in JSON with the payload, which Scapy leaves out inside a field."""
        told = super()._command(json=json)
        if json and not isinstance(self.payload, NoPayload):
            told.append(("payload", dict(self.payload._command(json=True))))  # noqa: SLF001 - Scapy's
        return told

    def json(self) -> str:
        """Everything as JSON, tokens inside tokens included."""
        return json.dumps(dict(self._command(json=True)))

    @property
    def frame_header(self) -> bytes:
        """Bytes of the GSS-API frame's header in front of this token, as they came."""
        below = self.underlayer
        if below is None or "this_mech" not in below.default_fields:
            return b""
        return bytes(below.raw_packet_cache or b"")

    def decoded(self, data: bytes, *, from_acceptor: bool | None = None) -> tuple[Token, int]:
        """Decode `data` with the frame in front of it, and tell the frame's length."""
        header = self.frame_header
        return dissect_token(header + data, from_acceptor=from_acceptor), len(header)


def _restored(
    kind: type[GssPacket],
    fields: dict[str, Any],
    caches: tuple[bytes | None, dict[str, Any] | None],
    attributes: dict[str, Any],
    explicit: int,
    payload: Packet | None,
) -> GssPacket:
    """Make a packet again of what `__reduce__` kept."""
    packet = kind()
    for name, value in fields.items():
        packet.fields[name] = packet.get_field(name).any2i(packet, value)
    for name, value in attributes.items():
        setattr(packet, name, value)
    if payload is not None:
        packet.add_payload(payload)
    packet.raw_packet_cache, packet.raw_packet_cache_fields = caches
    packet.explicit = explicit
    return packet


def element_end(data: bytes, at: int = 0) -> int:
    """Where the DER element at `at` ends; the end of `data` if it has no length, or one beyond."""
    start = content_offset(data, at + 1)
    if start is None or data[at + 1] == 0x80:
        return len(data)
    first = data[at + 1]
    length = first if first < 0x80 else int.from_bytes(data[at + 2 : start], "big")
    return min(start + length, len(data))


def octets(element: bytes) -> bytes:
    """Content of the string in a tagged element `a2 L 04 L ..`, as far as it is there."""
    outer = content_offset(element, 1)
    inner = None if outer is None else content_offset(element, outer + 1)
    return b"" if inner is None else element[inner : element_end(element, outer or 0)]
