"""Scapy fields for values that our decoders have read: they keep, copy and show them.

They have no wire form of their own: a token is encoded as a whole (`GssPacket.encode`). Representation
redacts, values keep the bytes: `Secret` shows a length only, and text from the wire is made visible.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scapy.fields import Field, PacketField, PacketListField, RawVal
from scapy.packet import Packet

from dissectors.mechs import MECHS, mech_name
from dissectors.visible import visible

_OIDS = {name: oid for oid, name in MECHS.items()}


class Value(Field[Any, Any]):
    """A value as it is: a number, text, bytes, or None for what is absent."""

    def __init__(self, name: str, default: Any = None) -> None:
        super().__init__(name, default)

    def i2repr(self, _packet: Any, value: Any) -> str:
        """Text for people; nothing invisible gets through."""
        return visible(repr(value))

    def addfield(self, _packet: Any, built: bytes, _value: Any) -> bytes:
        """Add nothing: the whole token is encoded at once."""
        return built

    def getfield(self, _packet: Any, data: bytes) -> tuple[bytes, Any]:
        """Read nothing: the whole token is decoded at once."""
        return data, None

    def i2len(self, _packet: Any, value: Any) -> int:
        """Length of bytes and text, 0 of anything else."""
        return len(value) if isinstance(value, (bytes, str)) else 0

    def randval(self) -> Any:
        """Leave the value alone when Scapy fuzzes."""
        return None


class Names(Value):
    """A list of names or of other plain values; None if the list itself is absent."""

    islist = 1

    def any2i(self, _packet: Any, value: Any) -> Any:
        """Take any iterable, or one name."""
        if value is None:
            return None
        return [value] if isinstance(value, str) else list(value)

    def i2repr(self, packet: Any, value: Any) -> str:
        """Elements in brackets."""
        if not isinstance(value, list):
            return visible(repr(value))
        return "[" + ", ".join(self.element_repr(packet, each) for each in value) + "]"

    def element_repr(self, _packet: Any, value: Any) -> str:
        """Text of one element."""
        return visible(str(value))

    def do_copy(self, value: Any) -> Any:
        """Copy the list."""
        return list(value) if isinstance(value, list) else value


class Oid(Value):
    """An object identifier in dotted text; the names of `dissectors.mechs` are taken too."""

    def any2i(self, _packet: Any, value: Any) -> Any:
        """Turn a mechanism's name into its number."""
        return oid_of(value)

    def i2repr(self, _packet: Any, value: Any) -> str:
        """Show number and name."""
        return _named(value)


class Oids(Names):
    """A list of object identifiers, each as in `Oid`."""

    def any2i(self, packet: Any, value: Any) -> Any:
        """Turn mechanisms' names into their numbers."""
        listed = super().any2i(packet, value)
        return None if listed is None else [oid_of(each) for each in listed]

    def element_repr(self, _packet: Any, value: Any) -> str:
        """Show number and name."""
        return _named(value)


class Named(Value):
    """A number that has a name in the specification; either may be given."""

    __slots__ = ["_names"]

    def __init__(self, name: str, default: int | None, names: dict[int, str]) -> None:
        self._names = names
        super().__init__(name, default)

    def any2i(self, _packet: Any, value: Any) -> Any:
        """Turn the name into its number; ValueError for a name that is none."""
        if not isinstance(value, str):
            return value
        for number, name in self._names.items():
            if name == value:
                return number
        if value.startswith("unknown(") and value[8:-1].lstrip("-").isdigit():
            return int(value[8:-1])
        raise ValueError(f"{self.name}: {value!r} is none of {', '.join(self._names.values())}")

    def i2repr(self, _packet: Any, value: Any) -> str:
        """Show the name, or `unknown(7)`."""
        if value is None:
            return "None"
        return visible(self._names.get(value) or f"unknown({value})")


class Secret(Value):
    """Bytes that a representation must not give away: responses, tickets, keys, checksums."""

    def any2i(self, _packet: Any, value: Any) -> Any:
        """Take text as its UTF-8 bytes; ValueError for what is neither text nor bytes."""
        if isinstance(value, str):
            return value.encode()
        if value is None or isinstance(value, (bytes, bytearray, RawVal)):
            return value
        raise ValueError(f"{self.name} takes bytes or text, not {type(value).__name__}")

    def i2repr(self, _packet: Any, value: Any) -> str:
        """Show the length only."""
        return size_text(value)


class Octets(Secret):
    """Bytes that may be seen."""

    def i2repr(self, _packet: Any, value: Any) -> str:
        """Show them as hex."""
        return value.hex() if isinstance(value, bytes) else visible(repr(value))


class Inner(PacketField):
    """A token inside another one, or None."""

    def do_copy(self, value: Any) -> Any:
        """Copy a packet; a snapshot's bytes are their own copy."""
        return value.copy() if isinstance(value, Packet) else value

    def addfield(self, _packet: Any, built: bytes, _value: Any) -> bytes:
        """Add nothing: the whole token is encoded at once."""
        return built

    def getfield(self, _packet: Any, data: bytes) -> tuple[bytes, Any]:
        """Read nothing: the whole token is decoded at once."""
        return data, None

    def any2i(self, packet: Any, value: Any) -> Any:
        """Dissect bytes; take a packet as it is."""
        if isinstance(value, (bytes, bytearray)):
            made: Any = self.cls
            return made(bytes(value), _parent=packet, _internal=1)
        if isinstance(value, Packet) and packet is not None:
            value.add_parent(packet)
        return value

    def randval(self) -> Any:
        """Leave the token alone when Scapy fuzzes."""
        return None


class Inners(PacketListField):
    """A list of packets that stand inside another one, or None."""

    def do_copy(self, value: Any) -> Any:
        """Copy the packets; a snapshot's bytes are their own copy."""
        if not isinstance(value, list):
            return value
        return [each.copy() if isinstance(each, Packet) else each for each in value]

    def addfield(self, _packet: Any, built: bytes, _value: Any) -> bytes:
        """Add nothing: the whole token is encoded at once."""
        return built

    def getfield(self, _packet: Any, data: bytes) -> tuple[bytes, Any]:
        """Read nothing: the whole token is decoded at once."""
        return data, None

    def any2i(self, packet: Any, value: Any) -> Any:
        """Take one packet, or any iterable of packets."""
        if value is None:
            return None
        packets = [value] if isinstance(value, Packet) else list(value)
        for each in packets:
            if packet is not None and isinstance(each, Packet):
                each.add_parent(packet)
        return packets

    def i2repr(self, _packet: Any, value: Any) -> str:
        """Show each packet."""
        return repr(value)

    def randval(self) -> Any:
        """Leave the packets alone when Scapy fuzzes."""
        return None


def oid_of(value: Any) -> Any:
    """Dotted text of a mechanism given by number or name; ValueError for text that is neither."""
    if not isinstance(value, str):
        return value
    oid = _OIDS.get(value, value)
    if not all(arc.isdigit() for arc in oid.split(".")) or "." not in oid:
        raise ValueError(f"{value!r} is neither a mechanism's name nor its object identifier")
    return oid


def flags_of(names: Any) -> Any:
    """Flags as the builders take them: `bit(5)`, a flag without a name, becomes its number."""
    if names is None:
        return None
    return [int(name[4:-1]) if str(name).startswith("bit(") else name for name in names]


def size_text(value: Any) -> str:
    """`<24 bytes>` instead of the bytes."""
    if value is None:
        return "None"
    return f"<{len(value)} bytes>" if isinstance(value, (bytes, str)) else "<hidden>"


def _named(value: Any) -> str:
    if not isinstance(value, str):
        return visible(repr(value))
    name = mech_name(value)
    return visible(value if name == value else f"{value} ({name})")


def snapshot(field: Any, value: Any) -> Any:
    """What a value was, to tell later whether it was changed in place."""
    if field.holds_packets:
        if isinstance(value, list):
            return [bytes(each) for each in value]
        return bytes(value) if isinstance(value, Packet) else value
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return list(value)
    return int(value) if field.ismutable and value is not None else value
