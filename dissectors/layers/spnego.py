"""SPNEGO's negotiation tokens as Scapy layers; the mechanism's token inside is a `GSS_Token` in a field.

Spec: RFC 4178 4.2, MS-SPNG 2.2.1.
"""

from __future__ import annotations

from typing import Any, ClassVar

from dissectors.layers.fields import Inner, Named, Names, Oid, Oids, Secret, Value, flags_of
from dissectors.layers.gss import GSS_Token
from dissectors.layers.packet import GssPacket, element_end
from dissectors.mechs import SPNEGO, mech_name
from dissectors.tokens import build
from dissectors.tokens.model import NegTokenInit, NegTokenInit2, NegTokenResp
from dissectors.tokens.spnego import NEG_STATES


class _Spnego(GssPacket):
    """Reads one of the three; `kind` is what the decoder must have found."""

    kind: ClassVar[type[Any]]
    by_acceptor: ClassVar[bool | None] = None
    inner: ClassVar[str]
    """Name of the field with the mechanism's token, the same as in the decoded token."""

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read all fields."""
        token, _ = self.decoded(data, from_acceptor=self.by_acceptor)
        if not isinstance(token, self.kind):
            return {}, 0
        values = {field.name: getattr(token, field.name, None) for field in self.fields_desc}
        inner = values[self.inner]
        if inner is not None:
            values[self.inner] = GSS_Token(
                inner, _parent=self, _internal=1, from_acceptor=self.by_acceptor
            )
        return values, element_end(data)


class GSS_NegTokenInit(_Spnego):
    """The initiator's offer (RFC 4178 4.2.1): mechanisms in its order of preference, and a first token."""

    name = "NegTokenInit"
    kind = NegTokenInit
    inner = "mech_token"
    fields_desc = [
        Oids("mech_types", []),
        Names("req_flags"),
        Inner("mech_token", None, GSS_Token),
        Secret("mech_list_mic"),
    ]
    overload_fields = {GSS_Token: {"this_mech": SPNEGO}}

    def encode(self) -> bytes:
        """Encode the fields in DER."""
        return build.neg_token_init(**_parts(self), framed=False)

    def mysummary(self) -> str:
        """Mechanisms offered."""
        return f"{self.name} {_mechs(self.mech_types)}".rstrip()


class GSS_NegTokenInit2(_Spnego):
    """The acceptor's hint, which it sends first (MS-SPNG 2.2.1)."""

    name = "NegTokenInit2"
    kind = NegTokenInit2
    by_acceptor = True
    inner = "mech_token"
    fields_desc = [
        Oids("mech_types", []),
        Names("req_flags"),
        Inner("mech_token", None, GSS_Token),
        Value("hint_name"),
        Secret("hint_address"),
        Secret("mech_list_mic"),
    ]
    overload_fields = {GSS_Token: {"this_mech": SPNEGO}}

    def encode(self) -> bytes:
        """Encode the fields in DER."""
        return build.neg_token_init2(**_parts(self), framed=False)

    def mysummary(self) -> str:
        """Mechanisms named."""
        return f"{self.name} {_mechs(self.mech_types)}".rstrip()


class GSS_NegTokenResp(_Spnego):
    """Every later token of both sides (RFC 4178 4.2.2)."""

    name = "NegTokenResp"
    kind = NegTokenResp
    inner = "response_token"
    fields_desc = [
        Named("neg_state", None, NEG_STATES),
        Oid("supported_mech"),
        Inner("response_token", None, GSS_Token),
        Secret("mech_list_mic"),
        Oids("late_mech_types"),
    ]

    def encode(self) -> bytes:
        """Encode the fields in DER."""
        return build.neg_token_resp(**_parts(self))

    def mysummary(self) -> str:
        """State and selected mechanism."""
        state = self.neg_state
        words = [] if state is None else [NEG_STATES.get(state, f"unknown({state})")]
        if self.supported_mech is not None:
            words.append(mech_name(self.supported_mech))
        return " ".join([self.name, *words])


def _parts(packet: GssPacket) -> dict[str, Any]:
    """The fields' values, tokens inside as bytes."""
    values = {field.name: packet.getfieldval(field.name) for field in packet.fields_desc}
    inner = "mech_token" if "mech_token" in values else "response_token"
    if values[inner] is not None:
        values[inner] = bytes(values[inner])
    if "req_flags" in values:
        values["req_flags"] = flags_of(values["req_flags"])
    return values


def _mechs(oids: list[str] | None) -> str:
    return ", ".join(mech_name(oid) for oid in oids or [])


GSS_Token.inside.update(
    {
        NegTokenInit: GSS_NegTokenInit,
        NegTokenInit2: GSS_NegTokenInit2,
        NegTokenResp: GSS_NegTokenResp,
    }
)
