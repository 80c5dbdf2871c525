"""Schemas of the Kerberos messages."""

from __future__ import annotations

from dissectors.tokens.asn1_nodes import Members
from dissectors.tokens.kerberos_schema import MESSAGES
from dissectors.tokens.kerberos_types import MESSAGE_TYPES


def test_tags_are_those_of_the_message_types() -> None:
    """A message's tag is APPLICATION of its msg-type, and its name that of the type."""
    for tag, message in MESSAGES.items():
        assert MESSAGE_TYPES[tag - 0x60] == message.name


def test_every_message_has_version_and_type() -> None:
    """pvno and msg-type stand in every message, in a request to a KDC one place later."""
    for message in MESSAGES.values():
        assert isinstance(message.node, Members)
        names = [name for name, _ in message.node.members.values()]
        assert names[:2] == ["pvno", "msg-type"]
        first = 1 if message.name in ("AS-REQ", "TGS-REQ") else 0
        assert min(message.node.members) == first
