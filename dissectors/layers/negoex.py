"""NegoEx tokens as a Scapy layer: what each message says of itself; the layer builds to their bytes.

Spec: MS-NEGOEX 2.2.6.
Not handled: encoding messages from their fields.
"""

from __future__ import annotations

from typing import Any

from dissectors.layers.fields import Inners, Names, Secret, Value
from dissectors.layers.gss import GSS_Token
from dissectors.layers.packet import GssPacket
from dissectors.mechs import NEGOEX_SCHEMES
from dissectors.tokens import dissect_token
from dissectors.tokens.model import NegoexMessages
from dissectors.visible import visible


class _Schemes(Names):
    """Authentication schemes by GUID, with the names of those that are known."""

    def element_repr(self, _packet: Any, value: Any) -> str:
        """Show GUID and name."""
        name = NEGOEX_SCHEMES.get(value)
        return visible(f"{value} ({name})" if name else str(value))


class GSS_NegoEx_Message(GssPacket):
    """One message; `message` is its type's name, `load` its bytes, to which it builds.

    All but `load` is only read: building one with another value raises `BuildError`.
    """

    name = "NegoEx message"
    fields_desc = [
        Value("message"),
        Value("sequence"),
        Value("conversation_id"),
        _Schemes("schemes"),
        Secret("load", b""),
    ]

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read the first message of `data`."""
        token = dissect_token(data)
        if not isinstance(token, NegoexMessages) or not token.messages:
            return {}, 0
        first = token.messages[0]
        length = int.from_bytes(data[20:24], "little")
        end = length if 40 <= length <= len(data) else len(data)
        values = {
            "message": first.name,
            "sequence": first.sequence,
            "conversation_id": first.conversation_id,
            "schemes": list(first.schemes),
            "load": data[:end],
        }
        return values, end

    def encode(self) -> bytes:
        """Give the bytes."""
        names = ("message", "sequence", "conversation_id", "schemes")
        return self.hold(bytes(self.load or b""), names)

    def mysummary(self) -> str:
        """Type of the message."""
        return visible(str(self.message))


class GSS_NegoEx(GssPacket):
    """A NegoEx token: messages back to back."""

    name = "NegoEx"
    fields_desc = [Inners("messages", [], GSS_NegoEx_Message)]

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read the messages, as far as the decoder believes them."""
        token, _ = self.decoded(data)
        if not isinstance(token, NegoexMessages) or not token.messages:
            return {}, 0
        messages = []
        at = 0
        for _ in token.messages:
            message = GSS_NegoEx_Message(data[at:], _internal=1, _parent=self)
            length = len(message.raw_packet_cache or b"")
            if not length:
                break
            message.remove_payload()
            messages.append(message)
            at += length
        return {"messages": messages}, at

    def encode(self) -> bytes:
        """Put the messages together."""
        return b"".join(bytes(message) for message in self.messages or [])

    def mysummary(self) -> str:
        """Types of the messages."""
        return visible(f"{self.name} {', '.join(str(m.message) for m in self.messages or [])}")


GSS_Token.inside[NegoexMessages] = GSS_NegoEx
