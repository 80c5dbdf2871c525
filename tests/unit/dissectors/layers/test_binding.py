"""`bind()` and `unbind()`: Scapy changes when asked, and back."""

import pytest
from scapy.layers.inet import TCP
from scapy.packet import Packet, Raw
from support.layers import native_tokens, packets

from dissectors.layers import GSS_HTTP, GSS_LDAP, GSS_SMB, bind, tokens, unbind
from dissectors.layers.binding import layer_of


@pytest.fixture
def bound():
    bind()
    yield
    unbind()


def test_importing_changes_nothing():
    """Without `bind()` Scapy dissects as ever."""
    assert TCP.guess_payload_class is Packet.guess_payload_class
    bind()
    bind()
    assert TCP.guess_payload_class is not Packet.guess_payload_class
    unbind()
    unbind()
    assert TCP.guess_payload_class is Packet.guess_payload_class


@pytest.mark.parametrize(
    ("case", "layer"),
    [("http/ntlm", GSS_HTTP), ("smb/smb311_ntlm", GSS_SMB), ("ldap/openldap_simple", GSS_LDAP)],
)
def test_payloads_are_dissected_on_any_port(bound, case, layer):
    """Messages are known by content; a packet keeps its bytes."""
    found = [packet for packet in packets(case) if layer in packet]
    assert found
    for packet in found:
        assert bytes(packet) == packet.original


def test_whole_tokens_are_seen_packet_by_packet(bound):
    """Every token that lies in one packet is there, and equals the native one."""
    seen = {bytes(token).hex() for packet in packets("smb/smb311_ntlm") for token in tokens(packet)}
    assert seen == {token for _, token in native_tokens("smb/smb311_ntlm")}


def test_other_payloads_stay_with_scapy(bound):
    """A payload without authentication is not touched."""
    assert layer_of(b"hello") is None
    assert any(Raw in packet for packet in packets("http/ntlm"))


def test_our_faults_do_not_reach_scapy(monkeypatch):
    """Whatever a carrier raises, Scapy goes on."""

    def fail(_data):
        raise RuntimeError

    monkeypatch.setattr("dissectors.layers.binding.read_alone", fail)
    assert layer_of(b"GET / HTTP/1.1\r\n\r\n") is None
