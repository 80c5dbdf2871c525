"""`GSS_Token`: any security token, with its GSS-API frame if it has one; what is inside is its payload.

    60 L  06 L thisMech  innerToken

    GSS_Token(this_mech="spnego") / GSS_NegTokenInit(mech_types=["kerberos", "ntlm"])

Spec: RFC 2743 3.1.
"""

from __future__ import annotations

from typing import Any, ClassVar

from scapy.packet import NoPayload

from dissectors.layers.fields import Oid
from dissectors.layers.packet import GSS_Opaque, GssPacket
from dissectors.mechs import mech_name
from dissectors.recognise import content_offset
from dissectors.tokens import DEPTH_LIMIT, build, dissect_token
from dissectors.tokens.model import Token


class GSS_Token(GssPacket):
    """A security token as a carrier carries it (RFC 2743 3.1).

    `this_mech` is the object identifier in the frame, None for a token without one. `from_acceptor` tells
    NegTokenInit2 from NegTokenInit where the bytes do not.
    """

    name = "GSS token"
    __slots__ = ["from_acceptor"]
    attributes = ("from_acceptor",)
    fields_desc = [Oid("this_mech")]
    inside: ClassVar[dict[type[Token], type[GssPacket]]] = {}
    """The layer of each token; the modules of the layers add theirs."""

    def __init__(
        self, _pkt: bytes = b"", *args: Any, from_acceptor: bool | None = None, **fields: Any
    ) -> None:
        self.from_acceptor = from_acceptor
        super().__init__(_pkt, *args, **fields)

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read the frame's header only."""
        token = dissect_token(data, from_acceptor=self.from_acceptor)
        at = content_offset(data, 1) if token.this_mech is not None else None
        if at is None or at + 1 >= len(data):
            return {}, 0
        return {"this_mech": token.this_mech}, min(at + 2 + data[at + 1], len(data))

    def guess_payload_class(self, payload: bytes) -> Any:
        """Find the layer by the token's own bytes."""
        if self._depth() >= DEPTH_LIMIT:
            return GSS_Opaque
        token = dissect_token(
            (self.raw_packet_cache or b"") + payload, from_acceptor=self.from_acceptor
        )
        return self.inside.get(type(token), GSS_Opaque)

    def do_build(self) -> bytes:
        """Build the token; the frame's header stays as it came if nothing in it was changed."""
        content = self.payload.do_build()
        header = self.raw_packet_cache
        if header is not None and self._untouched():
            return bytes(header) + content
        this_mech = self.getfieldval("this_mech")
        return content if this_mech is None else build.gss_frame(this_mech, content)

    def _untouched(self) -> bool:
        layer = self.payload
        while not isinstance(layer, NoPayload):
            if layer.raw_packet_cache is None:
                return False
            layer = layer.payload
        return True

    def _depth(self) -> int:
        """Count the tokens that this one is in."""
        depth = 0
        above = self.parent
        while above is not None and depth < DEPTH_LIMIT:
            while above.underlayer is not None and not isinstance(above, GSS_Token):
                above = above.underlayer
            depth += 1
            above = above.parent
        return depth

    def mysummary(self) -> str:
        """Name of the mechanism in the frame."""
        this_mech = self.getfieldval("this_mech")
        return "GSS token" if this_mech is None else f"GSS token of {mech_name(this_mech)}"
