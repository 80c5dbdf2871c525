"""Carrier layers: messages and tokens of a payload, and its own bytes."""

from scapy.layers.inet import IP, TCP
from support.http_talk import b64, get, message
from support.layers import packets
from support.messages import netbios, session_setup, smb1_logon

from dissectors.carriers import CARRIERS
from dissectors.layers import (
    GSS_HTTP,
    GSS_LDAP,
    GSS_NTLM_NEGOTIATE,
    GSS_SMB,
    GSS_Carrier,
    GSS_Token,
    tokens,
)
from dissectors.layers.carriers import CARRIER_LAYERS, carrier_packet
from dissectors.tokens import build

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
