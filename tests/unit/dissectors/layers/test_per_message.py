"""Per-message tokens as layers."""

import pytest

from dissectors.layers import GSS_Mic, GSS_Token, GSS_Wrap
from dissectors.tokens import build


def test_a_wrap_has_the_header_of_rfc_4121():
    """Flags, counts and sequence number are fields; the message is hidden."""
    data = build.wrap_cfx(cipher=b"sealed" * 5, from_acceptor=True, ec=1, rrc=28, sequence=9)
    packet = GSS_Token(data)[GSS_Wrap]
    assert (packet.flags, packet.ec, packet.rrc, packet.sequence) == (3, 1, 28, 9)
    assert packet.sealed
    assert packet.load == b"sealed" * 5
    assert "sealedsealed" not in packet.show(dump=True)
    packet.sequence = 10
    expected = build.wrap_cfx(cipher=b"sealed" * 5, from_acceptor=True, ec=1, rrc=28, sequence=10)
    assert bytes(packet) == expected


def test_a_mic_is_encoded():
    """A MIC made from fields equals the builder's."""
    assert bytes(GSS_Mic(load=b"c" * 12, sequence=3)) == build.mic_cfx(b"c" * 12, sequence=3)


@pytest.mark.parametrize(
    ("layer", "data"),
    [
        (GSS_Wrap, build.wrap_1964(b"plain")),
        (GSS_Mic, build.mic_1964()),
        (GSS_Mic, build.ntlm_signature()),
        (GSS_Wrap, build.ntlm_signature(b"message")),
    ],
)
def test_older_tokens_keep_their_bytes(layer, data):
    """RFC 1964's and NTLM's tokens are known and build to what they came from."""
    packet = GSS_Token(data)
    assert packet[layer].tok_id is None
    assert bytes(packet) == data
