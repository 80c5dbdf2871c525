"""One difference between our reading and tshark's, and all that proves which of them is right."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from analyzer.crosscheck.our_tokens import OurToken
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.tshark_tokens import TheirPacket, TheirToken
from dissectors.records import NamedTuple, dataclass
from dissectors.span import Field

ROW = "row"
CELL = "cell"
VALUE = "value"
BYTES = "bytes"
POSITION = "position"
KINDS = (ROW, CELL, VALUE, BYTES, POSITION)
"""A token only one side has; a column of its row; a field's value, its bytes, where they stand."""


class Conversation(NamedTuple):
    """What was read of one connection before a packet, by both sides."""

    lost_in: int | None = None  # frame in which bytes were first found missing or cut
    our_kinds: frozenset[str] = frozenset()
    their_kinds: frozenset[str] = frozenset()
    their_mechs: tuple[str, ...] = ()  # first mechType of the NegTokenInits that tshark showed
    their_last_mech: str | None = None

    def with_tokens(self, ours: list[OurToken], theirs: list[TheirToken]) -> Conversation:
        """Take in the tokens of a packet."""
        mechs, last = self.their_mechs, self.their_last_mech
        for token in theirs:
            if token.kind in ("NegTokenInit", "NegTokenInit2"):
                mech = token.find("spnego.MechType")
                last = mech.show if mech is not None else None
                if last is not None and last not in mechs:
                    mechs = (*mechs, last)
        return Conversation(
            self.lost_in,
            self.our_kinds.union(token.token.token_type for token in ours),
            self.their_kinds.union(token.kind for token in theirs),
            mechs,
            last,
        )


@dataclass(slots=True)
class Difference:
    """A disagreement about one thing; what one side does not have is None."""

    kind: str
    column: str  # of the tokens table, or the path of a field
    ours: Any
    theirs: Any
    frame: int
    our_token: OurToken | None = None
    their_token: TheirToken | None = None
    packet: TheirPacket | None = None  # tshark's, also where it shows no token
    conversation: Conversation = field(default_factory=Conversation)
    field: Field | None = None
    node: Node | None = None
    declared: str | None = None  # id of its class

    @property
    def raw(self) -> bytes:
        """The bytes of our token; empty if we have none."""
        return self.our_token.token.raw if self.our_token is not None else b""

    @property
    def field_bytes(self) -> bytes:
        """The bytes of our field; empty if we have none."""
        if self.our_token is None or self.field is None:
            return b""
        return self.our_token.token.bytes_of(self.field)

    @property
    def our_anomalies(self) -> frozenset[str]:
        """Codes of what we found odd about the token."""
        if self.our_token is None:
            return frozenset()
        return frozenset(anomaly.code for anomaly in self.our_token.token.findings)

    def shown_as_bytes(self, field: str) -> bool:
        """Whether tshark shows our token's bytes as that field, and nothing of what they are."""
        nodes = self.packet.tree.every(field) if self.packet is not None else []
        return any(node.raw == self.raw and not node.children for node in nodes)

    @property
    def stream_id(self) -> int | None:
        """Number of the connection."""
        if self.our_token is not None:
            return self.our_token.stream_id
        return self.packet.stream_id if self.packet is not None else None
