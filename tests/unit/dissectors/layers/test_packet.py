"""What all token layers promise: never an exception, never a secret or control character on the screen."""

import json
import pickle
import random

import pytest
from scapy.config import conf
from support.layers import recorded

from dissectors.layers import (
    GSS_KRB_AP_REQ,
    GSS_NTLM_AUTHENTICATE,
    GSS_NTLM_AV_PAIR,
    GSS_NTLM_NEGOTIATE,
    GSS_NegTokenResp,
    GSS_Token,
    GSS_Wrap,
)
from dissectors.layers.packet import GSS_Opaque, element_end, octets
from dissectors.tokens import build
from dissectors.tokens.build import BuildError
from dissectors.visible import UNSAFE


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
            assert not UNSAFE.search(text.replace("\n", "")), data.hex()


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


def test_recorded_tokens_can_be_pickled():
    """With their bytes, and with their fields once these are all there is."""
    for data in recorded()[::5]:
        packet = GSS_Token(data, from_acceptor=True)
        again = pickle.loads(pickle.dumps(packet))
        assert again == packet
        assert bytes(again) == data
        assert again.from_acceptor
    built = GSS_NTLM_AUTHENTICATE(user="ada", flags=5)
    assert bytes(pickle.loads(pickle.dumps(built))) == bytes(built)


def test_json_and_command_tell_what_is_inside():
    """A token in a field has its own payload, which Scapy leaves out of its JSON."""
    token = GSS_Token(build.neg_token_resp(1, None, build.ntlm_authenticate(user="ada")) + b"tail")
    told = json.loads(token.json())
    inner = told["payload"]["response_token"]
    assert inner["payload"]["user"] == "ada"
    assert told["payload"]["payload"] == {"load": "tail"}
    assert "user='ada'" in token.command()
    for data in recorded():
        json.loads(GSS_Token(data).json())


@pytest.mark.parametrize(
    "make",
    [
        lambda: GSS_NTLM_AUTHENTICATE(user=b"x"),
        lambda: GSS_NTLM_AUTHENTICATE(user=5),
        lambda: GSS_NTLM_NEGOTIATE(flags=1 << 40),
        lambda: GSS_NTLM_AV_PAIR(av_id=1, value=1.5),
        lambda: GSS_NTLM_AV_PAIR(av_id=7, value=-1),
        lambda: GSS_KRB_AP_REQ(sname=b"x"),
        lambda: GSS_KRB_AP_REQ(realm=5),
        lambda: GSS_Wrap(sequence=-1),
        lambda: GSS_Token() / GSS_NegTokenResp(neg_state=1.5),
        lambda: GSS_Token(this_mech=5) / GSS_NegTokenResp(),
    ],
)
def test_values_that_cannot_be_are_refused_in_one_sentence(make):
    """Building raises BuildError, which is a ValueError, and nothing else."""
    packet = make()
    with pytest.raises(BuildError) as raised:
        bytes(packet)
    assert "\n" not in str(raised.value)


def test_bytes_are_bytes_or_text():
    """A number in the place of bytes would become as many zeros."""
    with pytest.raises(ValueError, match="load takes bytes or text, not int"):
        GSS_Wrap(load=5)
    assert GSS_Wrap(load="text").load == b"text"


@pytest.mark.parametrize(
    ("data", "name", "value"),
    [
        (build.negoex(build.initiator_nego()), "sequence", 7),
        (build.negoex(build.initiator_nego()), "schemes", []),
        (build.wrap_1964(b"text"), "sequence", 9),
        (build.iakerb(b""), "message", "AS-REQ"),
    ],
)
def test_what_is_only_read_cannot_be_changed_silently(data, name, value):
    """Building refuses what it cannot encode."""
    packet = GSS_Token(data)
    layer = packet.payload
    target = layer.messages[0] if layer.name == "NegoEx" else layer
    setattr(target, name, value)
    with pytest.raises(BuildError, match=f"{name} is only read"):
        bytes(packet)
