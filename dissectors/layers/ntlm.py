"""NTLM's messages as Scapy layers.

The prefix keeps them apart from Scapy's own `NTLM_NEGOTIATE` and so on, which are other classes.

Spec: MS-NLMP 2.2.1 (messages), 2.2.2.1 (AV_PAIR), 2.2.2.5 (flags), 2.2.2.10 (VERSION).
"""

from __future__ import annotations

from typing import Any, ClassVar

from scapy.fields import FlagsField

from dissectors.codes.ntlm_flags import NTLM_FLAGS
from dissectors.layers.av_pairs import GSS_NTLM_AV_PAIR, read_pairs, write_pairs
from dissectors.layers.fields import Inners, Secret, Value
from dissectors.layers.gss import GSS_Token
from dissectors.layers.packet import GssPacket
from dissectors.tokens import build
from dissectors.tokens.model import NtlmAuthenticate, NtlmChallenge, NtlmNegotiate
from dissectors.tokens.ntlm_response import V2_LENGTH
from dissectors.visible import visible

_FLAG_NAMES = {
    bit: name.removeprefix("NTLMSSP_").removeprefix("NEGOTIATE_")
    for bit, name in NTLM_FLAGS.items()
}
_ANONYMOUS = 0x800
_OEM_DOMAIN_SUPPLIED = 0x1000
_OEM_WORKSTATION_SUPPLIED = 0x2000
_TARGET_INFO = 0x80_0000
_VERSION = 0x200_0000
_USUAL_FLAGS = 0xE2088297  # what Windows 10 offers
_USUAL_CHALLENGE_FLAGS = 0xE2898215
_USUAL_ANSWER_FLAGS = 0xE2888215


class _Ntlm(GssPacket):
    """Reads one of the three; `kind` is what the decoder must have found.

    The flags of a message that was read stay as they are, also those that say what is in it and are wrong;
    one that is built has those that it should have.
    """

    __slots__ = ["found"]
    attributes = ("found",)
    kind: ClassVar[type[Any]]
    flags_at: ClassVar[int]
    implied: ClassVar[dict[str, int]]
    """Flags that say that a field is there."""

    def __init__(self, *args: Any, **fields: Any) -> None:
        self.found = False  # True: read from bytes
        super().__init__(*args, **fields)

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read all fields."""
        token, before = self.decoded(data)
        if not isinstance(token, self.kind):
            return {}, 0
        values = {field.name: getattr(token, field.name, None) for field in self.fields_desc}
        for field in token.fields:
            place = field.span.start - before, field.span.end - before
            self.read_more(values, field.path.rpartition(".")[2], data[slice(*place)])
        self.found = True
        return values, len(data)

    def read_more(self, values: dict[str, Any], name: str, content: bytes) -> None:
        """Take a field of the tree that the decoded token does not hold as bytes."""

    def setfieldval(self, attr: str, val: Any) -> None:
        """Set a field, and the flag that says whether it is there."""
        super().setfieldval(attr, val)
        self._imply(attr)

    def delfieldval(self, attr: str) -> None:
        """Give a field its usual value, and the flag that says whether it is there."""
        super().delfieldval(attr)
        self._imply(attr)

    def _imply(self, name: str) -> None:
        flag = self.implied.get(name, 0)
        if self.found and flag:
            flags = int(self.flags or 0) & ~flag
            there = self.getfieldval(name) not in (None, "", b"")
            super().setfieldval("flags", flags | flag if there else flags)

    def _flagged(self, built: bytes) -> bytes:
        """Put the flags of a message that was read in the place of those that the builder found right."""
        if not self.found:
            return built
        flags = int(self.flags or 0).to_bytes(4, "little")
        return built[: self.flags_at] + flags + built[self.flags_at + 4 :]


class GSS_NTLM_NEGOTIATE(_Ntlm):
    """NEGOTIATE_MESSAGE: the client says what it can do (MS-NLMP 2.2.1.1).

    `version` is `10.0.19041/15`: major, minor, build, revision of NTLM.
    """

    name = "NTLM NEGOTIATE"
    kind = NtlmNegotiate
    flags_at = 12
    implied = {
        "domain": _OEM_DOMAIN_SUPPLIED,
        "workstation": _OEM_WORKSTATION_SUPPLIED,
        "version": _VERSION,
    }
    fields_desc = [
        FlagsField("flags", _USUAL_FLAGS, -32, _FLAG_NAMES),
        Value("domain", ""),
        Value("workstation", ""),
        Value("version", "10.0.19041/15"),
    ]

    def encode(self) -> bytes:
        """Encode the fields."""
        return self._flagged(build.ntlm_negotiate(**_values(self)))


class GSS_NTLM_CHALLENGE(_Ntlm):
    """CHALLENGE_MESSAGE: the server names itself and asks (MS-NLMP 2.2.1.2)."""

    name = "NTLM CHALLENGE"
    kind = NtlmChallenge
    flags_at = 20
    implied = {"target_info": _TARGET_INFO, "version": _VERSION}
    fields_desc = [
        Value("target_name", ""),
        FlagsField("flags", _USUAL_CHALLENGE_FLAGS, -32, _FLAG_NAMES),
        Secret("server_challenge", bytes(8)),
        Inners("target_info", [], GSS_NTLM_AV_PAIR),
        Value("version", "10.0.17763/15"),
    ]

    def read_more(self, values: dict[str, Any], name: str, content: bytes) -> None:
        """Take the AV pairs, repeated ones included."""
        if name == "TargetInfo":
            values["target_info"] = read_pairs(content)

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read all fields."""
        values, length = super().read(data)
        if isinstance(values.get("target_info"), dict):
            values["target_info"] = None
        return values, length

    def encode(self) -> bytes:
        """Encode the fields."""
        values = _values(self)
        if values["target_info"] is not None:
            values["target_info"] = write_pairs(values["target_info"])
        values["server_challenge"] = values["server_challenge"] or bytes(8)
        return self._flagged(build.ntlm_challenge(**values))

    def mysummary(self) -> str:
        """Name of the server's domain."""
        return visible(f"{self.name} {self.target_name or ''}").rstrip()


class GSS_NTLM_AUTHENTICATE(_Ntlm):
    """AUTHENTICATE_MESSAGE: the client's answer (MS-NLMP 2.2.1.3).

    `target_info` are the AV pairs inside an NTLMv2 response: changed ones are written into `nt_response`.
    """

    name = "NTLM AUTHENTICATE"
    kind = NtlmAuthenticate
    flags_at = 60
    implied = {"version": _VERSION}
    fields_desc = [
        Secret("lm_response", b""),
        Secret("nt_response", b""),
        Value("domain", ""),
        Value("user", ""),
        Value("workstation", ""),
        Secret("session_key", b""),
        FlagsField("flags", _USUAL_ANSWER_FLAGS, -32, _FLAG_NAMES),
        Value("version", "10.0.19041/15"),
        Secret("mic"),
        Inners("target_info", None, GSS_NTLM_AV_PAIR),
    ]

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read all fields."""
        values, length = super().read(data)
        if length:
            if not isinstance(values["mic"], bytes):
                values["mic"] = None
            pairs = values["target_info"]
            if pairs is not None:
                values["target_info"] = read_pairs(values["nt_response"][V2_LENGTH:])
        return values, length

    def read_more(self, values: dict[str, Any], name: str, content: bytes) -> None:
        """Take the MIC."""
        if name == "MIC":
            values["mic"] = content

    def encode(self) -> bytes:
        """Encode the fields."""
        values = _values(self)
        pairs = values.pop("target_info")
        response = values["nt_response"] or b""
        if pairs is not None and len(response) >= V2_LENGTH:
            there = response[V2_LENGTH:]
            listed = write_pairs(read_pairs(there))
            rest = there[len(listed) :] if there.startswith(listed) else b""
            values["nt_response"] = response[:V2_LENGTH] + write_pairs(pairs) + rest
        for name in ("lm_response", "nt_response", "session_key"):
            values[name] = values[name] or b""
        anonymous = values["flags"] & _ANONYMOUS and not values["user"]
        kind: Any = "anonymous" if anonymous else "ntlmv2"
        return self._flagged(build.ntlm_authenticate(**values, response=kind))

    def mysummary(self) -> str:
        """Who asks."""
        who = "\\".join(part for part in (self.domain, self.user) if part)
        return visible(f"{self.name} {who}").rstrip()


def _values(packet: GssPacket) -> dict[str, Any]:
    values = {field.name: packet.getfieldval(field.name) for field in packet.fields_desc}
    values["flags"] = int(values["flags"] or 0)
    for name in ("domain", "user", "workstation", "target_name"):
        if name in values:
            values[name] = values[name] or ""
    return values


GSS_Token.inside.update(
    {
        NtlmNegotiate: GSS_NTLM_NEGOTIATE,
        NtlmChallenge: GSS_NTLM_CHALLENGE,
        NtlmAuthenticate: GSS_NTLM_AUTHENTICATE,
    }
)
