"""Carrier layers: messages and tokens of a payload, and its own bytes."""

import json
import pickle

import pytest
from scapy.layers.inet import IP, TCP
from scapy.packet import Raw
from scapy.sendrecv import sniff
from support.http_talk import b64, get, message
from support.layers import capture, packets
from support.messages import netbios, session_setup, smb1_logon

from dissectors.carriers import CARRIERS
from dissectors.layers import (
    GSS_HTTP,
    GSS_LDAP,
    GSS_NTLM_AUTHENTICATE,
    GSS_NTLM_NEGOTIATE,
    GSS_SMB,
    GSS_Carrier,
    GSS_Token,
    GSSSession,
    tokens,
)
from dissectors.layers.carriers import CARRIER_LAYERS, carrier_packet
from dissectors.tokens import build
from dissectors.tokens.build import BuildError

TOKEN = build.ntlm_negotiate()


def test_every_carrier_has_its_layer():
    """A carrier without a layer of its own would be shown without its name."""
    missing = set(CARRIERS) - set(CARRIER_LAYERS)
    assert not missing or all(carrier_packet(name, [], b"").name for name in missing)
    assert {"http", "smb", "ldap"} <= set(CARRIER_LAYERS)


def test_a_payload_shows_its_message():
    """Carrier, sender, scheme and token are fields; the bytes stay."""
    data = netbios(session_setup(TOKEN))
    packet = GSS_SMB(data)
    (said,) = packet.messages
    assert (said.carrier, said.sender, said.kind) == ("smb2", "client", "request")
    assert GSS_NTLM_NEGOTIATE in said.token
    assert bytes(packet) == bytes(packet.copy()) == data
    assert packet[GSS_Token] is said.token
    assert "smb2 client request" in packet.summary()


def test_repeated_headers_are_all_there():
    """All challenges of an answer are seen, unlike in a dictionary of headers."""
    challenges = [
        b"WWW-Authenticate: " + name for name in (b"Negotiate", b"NTLM", b'Basic realm="x"')
    ]
    packet = GSS_HTTP(message(b"HTTP/1.1 401 No", *challenges, body=b"no"))
    assert {name for said in packet.messages for name in said.schemes} >= {
        "Negotiate",
        "NTLM",
        "Basic",
    }


def test_a_payload_may_hold_several_tokens():
    """Pipelined requests: each token in its message."""
    request = get(b"Authorization: NTLM " + b64(TOKEN))
    packet = GSS_HTTP(request * 3)
    assert [bytes(token) for token in tokens(IP() / TCP() / packet)] == [TOKEN] * 3
    assert packet.getlayer(GSS_Token, 3) is packet.messages[2].token


def test_other_bytes_are_opaque():
    """Bytes of another carrier, or of none, are no message."""
    for layer in (GSS_HTTP, GSS_LDAP):
        packet = layer(netbios(session_setup(TOKEN)))
        assert not packet.messages
        assert bytes(packet) == netbios(session_setup(TOKEN))


def test_passwords_are_not_shown():
    """Credentials in a payload are not in its representations."""
    data = get(b"Authorization: Basic " + b64(b"ada:SECRET"))
    for packet in (GSS_HTTP(data), GSS_SMB(smb1_logon(b"ada", b"SECRET"))):
        for text in (packet.show(dump=True), repr(packet), packet.summary()):
            assert "SECRET" not in text
            assert b64(b"ada:SECRET").decode() not in text


def test_packets_of_ours_have_no_tokens_before_they_are_asked():
    """`tokens()` of a packet that no layer of ours has seen is empty."""
    assert all(tokens(packet) == [] for packet in packets("http/ntlm"))
    assert GSS_Carrier not in packets("http/ntlm")[0]


# -- changes -------------------------------------------------------------------------------------------


@pytest.fixture
def logon():
    """A packet of a session with an AUTHENTICATE_MESSAGE, over SMB."""
    passed = sniff(offline=capture("smb/fixed_challenge"), session=GSSSession)
    return next(packet for packet in passed if GSS_NTLM_AUTHENTICATE in packet)


def change_a_field(packet):
    packet[GSS_NTLM_AUTHENTICATE].user = "mallory"


def change_a_token(packet):
    packet[GSS_SMB].messages[0].token = GSS_Token() / GSS_NTLM_NEGOTIATE()


def change_a_message(packet):
    packet[GSS_SMB].messages[0].status = "STATUS_SUCCESS"


def take_a_message(packet):
    packet[GSS_SMB].messages = []


def take_a_message_in_place(packet):
    packet[GSS_SMB].messages.clear()


CHANGES = [
    change_a_field,
    change_a_token,
    change_a_message,
    take_a_message,
    take_a_message_in_place,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_inside_a_carrier_is_never_ignored(logon, change):
    """No carrier is encoded anew: building says so instead of sending the old bytes as if they were new."""
    before = bytes(logon)
    changed = logon.copy()
    change(changed)
    for packet in (changed, changed.copy(), IP() / TCP() / changed[GSS_SMB]):
        with pytest.raises(BuildError, match="GSS SMB: a token inside was changed"):
            bytes(packet)
    assert bytes(logon) == before


def test_bytes_given_to_a_carrier_are_sent(logon):
    """Who sets the payload knows what is in it, whatever its messages say."""
    before = bytes(logon)
    change_a_field(logon)
    token = bytes(logon[GSS_Token])
    assert "mallory".encode("utf-16-le") in token
    logon[GSS_SMB].load = netbios(session_setup(token))
    assert bytes(logon) == before[: before.index(b"\xfeSMB") - 4] + netbios(session_setup(token))


def test_a_change_that_changes_nothing_is_none(logon):
    """The same value again: the same bytes again."""
    before = bytes(logon)
    logon[GSS_SMB].messages[0].status = logon[GSS_SMB].messages[0].status
    assert bytes(logon) == before


def test_packets_of_one_payload_remember_too():
    """What `bind()` makes behaves like what a session makes."""
    packet = GSS_HTTP(get(b"Authorization: NTLM " + b64(TOKEN)))
    packet[GSS_NTLM_NEGOTIATE].domain = "ELSEWHERE"
    with pytest.raises(BuildError, match="GSS HTTP"):
        bytes(packet)


# -- leaving Scapy -------------------------------------------------------------------------------------


def test_a_pickled_layer_keeps_everything(logon):
    """Messages, tokens and what they came from; also the one of which only a part was in this packet."""
    layer = pickle.loads(pickle.dumps(logon[GSS_SMB]))
    assert layer == logon[GSS_SMB]
    assert bytes(layer) == bytes(logon[GSS_SMB])
    assert layer.messages[0].frames == logon[GSS_SMB].messages[0].frames
    assert layer[GSS_Token].parent is layer.messages[0]
    change_a_field(layer)
    with pytest.raises(BuildError):
        bytes(layer)


def test_a_pickled_packet_is_bytes_for_a_session_to_read_again():
    """Scapy pickles a packet as its bytes; a session finds in them what it had found."""
    passed = sniff(offline=capture("smb/fixed_challenge"), session=GSSSession)
    again = pickle.loads(pickle.dumps(list(passed)))
    assert not any(GSS_SMB in packet for packet in again)
    assert any(Raw in packet for packet in again)
    session = GSSSession()
    assert [bytes(session.process(packet)) for packet in again] == [bytes(each) for each in passed]
    assert [packet for packet in again if GSS_SMB in packet] == [
        packet for packet in passed if GSS_SMB in packet
    ]


def test_json_tells_tokens_inside_tokens(logon):
    """Down to the last field."""
    (said,) = json.loads(logon[GSS_SMB].json())["messages"]
    assert said["token"]["payload"]["response_token"]["payload"]["user"] == "ada"
    payload = json.loads(logon.json())
    while "messages" not in payload:
        payload = payload["payload"]
    assert payload["messages"] == [said]
