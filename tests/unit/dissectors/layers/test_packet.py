"""What all token layers promise: never an exception, never a secret or control character on the screen."""

import random

import pytest
from scapy.config import conf
from support.layers import recorded

from dissectors.layers import GSS_NTLM_AUTHENTICATE, GSS_NTLM_NEGOTIATE, GSS_Token
from dissectors.layers.packet import GSS_Opaque, element_end, octets
from dissectors.tokens import build


@pytest.fixture
def strict(monkeypatch):
    """Let Scapy raise what it would swallow."""
    monkeypatch.setattr(conf, "debug_dissector", True)


def representations(packet):
    return packet.show(dump=True), repr(packet), packet.summary()


def test_damaged_tokens_never_raise(strict):
    """Cut and changed tokens are dissected, shown, copied, and build to their own bytes."""
    chance = random.Random(7)
    tokens = recorded()
    for _ in range(1500):
        data = bytearray(chance.choice(tokens))
        if chance.random() < 0.4:
            del data[chance.randrange(len(data) + 1) :]
        for _ in range(chance.randrange(5)):
            if data:
                data[chance.randrange(len(data))] = chance.choice([0, 0x1B, 0x30, 0x60, 0xA0, 0xFF])
        packet = GSS_Token(bytes(data))
        assert bytes(packet) == data
        assert packet.copy() == packet
        for text in representations(packet):
            assert all(char.isprintable() or char == "\n" for char in text), data.hex()


def test_secrets_are_lengths_on_the_screen():
    """Responses, keys and checksums are in the fields and in no representation."""
    lm, nt, key, mic = b"L" * 24, b"N" * 24, b"K" * 16, b"M" * 16
    data = build.ntlm_authenticate(lm_response=lm, nt_response=nt, session_key=key, mic=mic)
    packet = GSS_Token(data)
    layer = packet[GSS_NTLM_AUTHENTICATE]
    assert (layer.lm_response, layer.nt_response) == (lm, nt)
    assert (layer.session_key, layer.mic) == (key, mic)
    for text in representations(packet):
        assert not any(
            secret.hex() in text or secret.decode() in text for secret in (lm, nt, key, mic)
        )
    assert "<24 bytes>" in packet.show(dump=True)


def test_opaque_bytes_are_hidden():
    """The rest of a broken token may be a secret: it is shown as a length."""
    packet = GSS_Token(b"\x99secret")
    assert packet.payload.load == b"\x99secret"
    assert all("secret" not in text for text in representations(packet))
    assert GSS_Opaque(load=b"secret").summary() == "6 opaque bytes"


def test_text_from_the_wire_is_made_visible():
    """Control and direction characters are escaped on the screen, and whole in the field."""
    name = "ada\x1b[2J\u202e"
    packet = GSS_Token(build.ntlm_authenticate(user=name, domain="NEGO"))
    assert packet[GSS_NTLM_AUTHENTICATE].user == name
    for text in representations(packet):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_fault_of_ours_leaves_opaque_bytes(monkeypatch):
    """Whatever a decoder raises, the packet is there with its bytes."""

    def fail(*_arguments, **_options):
        raise RuntimeError

    data = build.ntlm_negotiate()
    monkeypatch.setattr(GSS_NTLM_NEGOTIATE, "read", fail)
    packet = GSS_Token(data)
    assert bytes(packet) == data
    assert packet.lastlayer().load == data


@pytest.mark.parametrize(
    ("data", "end"),
    [("0401aaff", 3), ("04810baa", 4), ("0480aa", 3), ("04", 1), ("048201", 3), ("", 0)],
)
def test_element_end(data, end):
    """An element ends where its length says, or where the bytes end."""
    assert element_end(bytes.fromhex(data)) == end


@pytest.mark.parametrize(
    ("element", "content"),
    [("a2040402aabb", "aabb"), ("a2040402aa", "aa"), ("a2", ""), ("a200", "")],
)
def test_octets(element, content):
    """The string inside a tagged element, as far as it is there."""
    assert octets(bytes.fromhex(element)).hex() == content
