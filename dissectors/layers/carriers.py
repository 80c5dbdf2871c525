"""What a carrier says, as Scapy layers: one `GSS_Message` per leg, with its token inside.

A carrier layer stands in the place of the payload's bytes (`load`), to which it builds; its `messages` say
what was found there. They are for reading: no carrier is encoded anew, for its lengths, signatures and other
packets depend on the token. Building raises `BuildError` once a message or its token has been changed, until
`load` is set to other bytes.

    pkt[GSS_SMB].messages[0].status        'STATUS_MORE_PROCESSING_REQUIRED'
    pkt[GSS_Token]                         the first token of the packet
    pkt.getlayer(GSS_Token, 2)             the second one, or the one inside it

Spec: RFC 9110 11, RFC 4559 (HTTP); MS-SMB, MS-CIFS, MS-SMB2 (SMB); RFC 4511, MS-ADTS 5.1 (LDAP).
"""

from __future__ import annotations

from typing import Any

from scapy.packet import Packet

from dissectors.carriers.base import SERVER, CarrierMessage
from dissectors.layers.fields import Inner, Inners, Names, Secret, Value, snapshot
from dissectors.layers.gss import GSS_Token
from dissectors.layers.packet import GssPacket
from dissectors.layers.stream import read_alone
from dissectors.tokens.build import BuildError
from dissectors.visible import visible


class GSS_Message(GssPacket):
    """One leg of an authentication.

    `kind`: `hint`, `request`, `response` or `after`; `sender`: `client` or `server`; `exchange`: the
    carrier's own name of the attempt (session, message ids); `status`: the carrier's verdict, with its
    `status_code` and `verdict`; `frames`: numbers of the packets that carried it, from 1. `user`:
    of a logon without GSS. `token`: None if the message has no place for one. `piece`: bytes of a token that
    came here while its end comes in a later message, which has all of it.
    """

    name = "GSS message"
    fields_desc = [
        Value("carrier"),
        Value("version"),
        Value("kind"),
        Value("sender"),
        Value("scheme"),
        Value("exchange"),
        Value("status"),
        Value("status_code"),
        Value("verdict"),
        Names("schemes"),
        Value("user"),
        Value("server_name"),
        Names("anomalies"),
        Value("frame"),
        Names("frames"),
        Value("piece"),
        Inner("token", None, GSS_Token),
    ]

    def read(self, _data: bytes) -> tuple[dict[str, Any], int]:
        """Read nothing: carriers tell messages."""
        return {}, 0

    def encode(self) -> bytes:
        """Give the token's bytes."""
        return bytes(self.token or b"")

    def mysummary(self) -> str:
        """Who says what."""
        words = (self.carrier, self.sender, self.kind, self.scheme, self.status)
        return visible(" ".join(str(word) for word in words if word))


class GSS_Carrier(GssPacket):
    """Base of the carriers' layers."""

    __slots__ = ["told"]
    attributes = ("told",)
    fields_desc = [Inners("messages", [], GSS_Message), Secret("load", b"")]

    def __init__(self, *args: Any, **fields: Any) -> None:
        self.told: tuple[bytes, list[Any]] | None = None  # load and messages as they were found
        super().__init__(*args, **fields)

    def do_dissect(self, s: bytes) -> bytes:
        """Find the messages, and remember them."""
        rest = super().do_dissect(s)
        self.remember()
        return rest

    def remember(self) -> None:
        """Take what is said now for what the bytes say."""
        self.told = self.load, _state(self.messages)

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read a payload for itself."""
        name, found = read_alone(data)
        if CARRIER_LAYERS.get(name) is not type(self):
            return {}, 0
        return {"messages": [message_packet(each) for each in found], "load": data}, len(data)

    def self_build(self) -> bytes:
        """Give the payload's bytes; `BuildError` if they are not what the messages say any more."""
        load, told = self.load, self.told
        if told is not None and load == told[0] and _state(self.messages) != told[1]:
            raise BuildError(
                f"{self.name}: a token inside was changed, which changes no byte of its carrier;"
                " set load to the bytes that shall be sent"
            )
        return bytes(load or b"")

    def mysummary(self) -> str:
        """Every message."""
        said = "; ".join(each.mysummary() for each in self.messages or [])
        return f"{self.name} [{said}]"


class GSS_HTTP(GSS_Carrier):
    """HTTP authentication: all `Authorization` and challenge headers, repeated ones too."""

    name = "GSS HTTP"


class GSS_SMB(GSS_Carrier):
    """Session setups and negotiations of SMB 1, 2 and 3."""

    name = "GSS SMB"


class GSS_LDAP(GSS_Carrier):
    """Binds of LDAP, in both directions: SASL mechanisms, Sicily, simple."""

    name = "GSS LDAP"


CARRIER_LAYERS: dict[str, type[GSS_Carrier]] = {
    "http": GSS_HTTP,
    "smb": GSS_SMB,
    "ldap": GSS_LDAP,
}
"""The layer of each carrier of `dissectors.carriers`; another one is shown as `GSS_Carrier`."""


def _state(messages: list[Any] | None) -> list[Any]:
    """All values of messages, tokens as their bytes."""
    return [
        [snapshot(*each.getfield_and_val(field.name)) for field in each.fields_desc]
        for each in messages or []
    ]


def message_packet(message: CarrierMessage) -> GSS_Message:
    """Make the packet of a carrier's message."""
    exchange, status = message.exchange, message.status
    packet = GSS_Message(
        carrier=exchange.carrier if exchange else message.context.get("carrier"),
        version=exchange.carrier_version if exchange else None,
        kind=message.kind,
        sender="server" if message.side == SERVER else "client",
        scheme=exchange.scheme if exchange else None,
        exchange=exchange.key if exchange else None,
        status=status.name if status else None,
        status_code=status.code if status else None,
        verdict=status.verdict if status else None,
        schemes=list(message.schemes),
        user=exchange.user if exchange else None,
        server_name=exchange.server_name if exchange else None,
        anomalies=[anomaly.code for anomaly in message.anomalies],
        frame=message.frame,
        frames=list(message.frames),
        piece=message.context.get("piece"),
    )
    if message.token is not None:
        token = GSS_Token(
            message.token, _internal=1, _parent=None, from_acceptor=message.side == SERVER
        )
        packet.fields["token"] = token
        token.add_parent(packet)
    packet.explicit = 1
    return packet


def carrier_packet(name: str, messages: list[Any], load: bytes) -> GSS_Carrier:
    """Make the layer that stands in the place of `load`."""
    layer = CARRIER_LAYERS.get(name, GSS_Carrier)
    packet = layer(messages=messages, load=load)
    packet.explicit = 1
    packet.remember()
    return packet


def tokens(packet: Packet) -> list[GSS_Token]:
    """The tokens that a packet carries, in order; those inside other tokens are not counted."""
    found = []
    layer = packet
    while layer:
        if isinstance(layer, GSS_Carrier):
            found += [each.token for each in layer.messages or [] if each.token is not None]
        elif isinstance(layer, GSS_Token):
            found.append(layer)
        layer = layer.payload
    return found
