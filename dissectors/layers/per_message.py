"""Per-message tokens as Scapy layers: GSS_Wrap and GSS_GetMIC of Kerberos, signatures of NTLM.

Spec: RFC 4121 4.2.6 (CFX), RFC 1964 1.2, MS-NLMP 2.2.2.9.
Not handled: building anything but CFX tokens; the others build to the bytes they came from.
"""

from __future__ import annotations

import struct
from typing import Any, ClassVar

from dissectors.layers.fields import Octets, Secret, Value
from dissectors.layers.gss import GSS_Token
from dissectors.layers.packet import GssPacket
from dissectors.tokens.model import MicToken, WrapToken

_CFX_HEADER = 16
_COUNTS = struct.Struct(">HH")  # EC, RRC
_CFX = (b"\x05\x04", b"\x04\x04")


class _PerMessage(GssPacket):
    """Reads one token; `kind` is what the decoder must have found.

    `load` is what follows the header of an RFC 4121 token; of any other token, the whole.
    """

    kind: ClassVar[type[Any]]

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read all fields."""
        token, _ = self.decoded(data)
        if not isinstance(token, self.kind):
            return {}, 0
        values = {field.name: getattr(token, field.name, None) for field in self.fields_desc}
        if data[:2] not in _CFX or len(data) < _CFX_HEADER:
            return {**values, "load": data}, len(data)
        values["tok_id"], values["flags"] = data[:2], data[2]
        if "ec" in values:
            values["ec"], values["rrc"] = _COUNTS.unpack_from(data, 4)
        values["sequence"] = int.from_bytes(data[8:_CFX_HEADER])
        values["load"] = data[_CFX_HEADER:]
        return values, len(data)

    def cfx(self, middle: bytes) -> bytes:
        """Put an RFC 4121 token together around what its kinds differ in."""
        sequence = (self.sequence or 0).to_bytes(8)
        head = self.tok_id + bytes((self.flags or 0,)) + middle + sequence
        return bytes(head) + bytes(self.load or b"")


class GSS_Wrap(_PerMessage):
    """GSS_Wrap: a message that is signed, or signed and sealed (RFC 4121 4.2.6.2)."""

    name = "GSS Wrap"
    kind = WrapToken
    fields_desc = [
        Octets("tok_id", b"\x05\x04"),
        Value("flags", 0),
        Value("ec", 0),
        Value("rrc", 0),
        Value("sequence", 0),
        Secret("load", b""),
    ]

    @property
    def sealed(self) -> bool:
        """Whether the message is encrypted, by the flag of RFC 4121."""
        return bool((self.flags or 0) & 2)

    def encode(self) -> bytes:
        """Encode the fields."""
        if self.tok_id is None:
            return self.hold(bytes(self.load or b""), ("flags", "ec", "rrc", "sequence"))
        counts = _COUNTS.pack(self.ec or 0, self.rrc or 0)
        return self.cfx(b"\xff" + counts)

    def mysummary(self) -> str:
        """Whether it is sealed."""
        return f"{self.name} sealed" if self.sealed else self.name


class GSS_Mic(_PerMessage):
    """GSS_GetMIC: a checksum over a message that is elsewhere (RFC 4121 4.2.6.1)."""

    name = "GSS MIC"
    kind = MicToken
    fields_desc = [
        Octets("tok_id", b"\x04\x04"),
        Value("flags", 0),
        Value("sequence", 0),
        Secret("load", b""),
    ]

    def encode(self) -> bytes:
        """Encode the fields."""
        if self.tok_id is None:
            return self.hold(bytes(self.load or b""), ("flags", "sequence"))
        return self.cfx(b"\xff" * 5)


GSS_Token.inside.update({WrapToken: GSS_Wrap, MicToken: GSS_Mic})
