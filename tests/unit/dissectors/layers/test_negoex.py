"""NegoEx tokens as layers."""

from dissectors.layers import GSS_NegoEx, GSS_NegoEx_Message, GSS_Token
from dissectors.tokens import build

NEGO = build.negoex(build.initiator_nego(), build.meta_data(b"exchange"))


def test_messages_are_packets():
    """Each message of a token is a packet with its type and schemes."""
    packet = GSS_Token(NEGO)[GSS_NegoEx]
    assert [each.message for each in packet.messages] == ["INITIATOR_NEGO", "INITIATOR_META_DATA"]
    assert packet.messages[0].schemes
    assert packet.summary() == "NegoEx INITIATOR_NEGO, INITIATOR_META_DATA"
    assert bytes(packet) == NEGO


def test_messages_can_be_left_out():
    """A changed list of messages is what is built."""
    packet = GSS_Token(NEGO)[GSS_NegoEx]
    packet.messages = packet.messages[:1]
    first = GSS_NegoEx_Message(bytes(packet))
    assert first.message == "INITIATOR_NEGO"
    assert len(bytes(packet)) < len(NEGO)


def test_cut_tokens_keep_their_bytes():
    """A token cut anywhere builds to what there is of it."""
    for end in range(len(NEGO)):
        assert bytes(GSS_Token(NEGO[:end])) == NEGO[:end]
