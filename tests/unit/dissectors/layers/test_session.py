"""`GSSSession` against the native engine: the same tokens on the same packets, and no byte changed."""

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.sendrecv import sniff
from scapy.sessions import IPSession
from support.layers import capture, cases, native_tokens, packets
from support.messages import netbios, session_setup

from dissectors.layers import GSS_SMB, GSS_Carrier, GSS_Token, GSSSession, bind, tokens, unbind
from dissectors.tokens import build

FRAGMENTED = {"http/ip_fragments", "smb/ip_fragments", "ldap/ip6_fragments"}
TOKEN = build.ntlm_negotiate()


def seen(session, given):
    """Frame and bytes of every token that a session finds."""
    messages = []
    for packet in given:
        passed = session.process(packet)
        layer = passed
        while layer:
            messages += layer.messages if isinstance(layer, GSS_Carrier) else []
            layer = layer.payload
    messages += session.finish()
    return sorted(
        (said.frame, bytes(said.token).hex()) for said in messages if bytes(said.token or b"")
    )


@pytest.mark.parametrize("case", cases())
def test_tokens_equal_the_native_ones(case):
    """Every token of every capture, on the packet that completes it; fragments are counted."""
    session = GSSSession()
    found = seen(session, packets(case))
    if case in FRAGMENTED:
        assert session.fragments
        assert set(found) < set(native_tokens(case))
    else:
        assert found == native_tokens(case)
        assert session.fragments == 0


def test_scapy_may_put_fragments_together():
    """With Scapy's IPSession in front, tokens of fragmented IPv4 datagrams are seen."""
    found = {token for _, token in seen(GSSSession(IPSession), packets("smb/ip_fragments"))}
    assert found == {token for _, token in native_tokens("smb/ip_fragments")}


def test_sniff_passes_packets_on_unchanged():
    """All packets come out, with their times, and build to the bytes that were read."""
    case = "smb/smb311_kerberos"
    got = sniff(offline=capture(case), session=GSSSession)
    given = packets(case)
    assert [bytes(packet) for packet in got] == [packet.original for packet in given]
    assert [packet.time for packet in got] == [packet.time for packet in given]
    assert any(GSS_Token in packet for packet in got)


def test_retransmissions_tell_nothing_twice():
    """A packet that repeats a token carries none, also where packets are dissected one by one."""
    bind()
    try:
        doubled = [packet for packet in packets("smb/smb311_ntlm") for _ in range(2)]
        session = GSSSession()
        count = sum(len(tokens(session.process(packet))) for packet in doubled)
    finally:
        unbind()
    assert count == len(native_tokens("smb/smb311_ntlm"))


def test_padding_does_not_harm():
    """A token in the link's trailer is ignored, and the padding stays where it was."""
    data = netbios(session_setup(TOKEN))
    session = GSSSession()
    bare = bytes(Ether() / IP() / TCP(sport=40_000, dport=445, seq=1, flags="A"))
    trailer = Ether(bare + data)
    assert tokens(session.process(trailer)) == []
    full = Ether(
        bytes(Ether() / IP() / TCP(sport=40_000, dport=445, seq=1, flags="PA") / Raw(data))
        + b"\0\0"
    )
    passed = session.process(full)
    assert [bytes(token) for token in tokens(passed)] == [TOKEN]
    assert bytes(passed) == passed.original
    assert passed[GSS_SMB].payload.load == b"\0\0"


def test_streams_are_forgotten():
    """The number of streams is bounded; what is forgotten is counted."""
    session = GSSSession(streams=10)
    for port in range(1000, 1050):
        session.process(IP() / TCP(sport=port, dport=445, flags="S"))
    assert session.forgotten == 40
    assert len(session._conversations) == 10


def test_layers_of_scapy_stay():
    """Behind a payload that Scapy has dissected comes a layer without bytes of its own."""
    packet = IP() / TCP(sport=40_000, dport=445, flags="PA") / GSS_Token(TOKEN)
    packet[TCP].payload = Raw(netbios(session_setup(TOKEN))) / Raw(b"")
    raw = bytes(packet)
    passed = GSSSession().process(IP(raw))
    assert bytes(passed) == raw
    assert [bytes(token) for token in tokens(passed)] == [TOKEN]


def test_a_connection_may_be_made_again():
    """The same ends connect twice: two logons."""
    data = netbios(session_setup(TOKEN))
    session = GSSSession()
    found = 0
    for start in (1000, 900_000_000):
        for packet in (
            IP() / TCP(sport=40_000, dport=445, seq=start, flags="S"),
            IP() / TCP(sport=40_000, dport=445, seq=start + 1, flags="PA") / Raw(data),
        ):
            found += len(tokens(session.process(packet)))
    assert found == 2
