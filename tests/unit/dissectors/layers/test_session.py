"""`GSSSession` against the native engine: the same tokens on the same packets, and no byte changed."""

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.sendrecv import sniff
from scapy.sessions import IPSession
from support.layers import capture, cases, native_tokens, packets
from support.messages import NTLM, init_token, netbios, session_setup

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


def sent_in_pieces(token, size):
    """Packets of a client that cuts its token over session setups, and the session that saw them."""
    session = GSSSession()
    seq = 1
    passed = [session.process(IP() / TCP(sport=40_000, dport=445, seq=0, flags="S"))]
    for at in range(0, len(token), size):
        data = netbios(session_setup(token[at : at + size]))
        packet = IP() / TCP(sport=40_000, dport=445, seq=seq, flags="PA") / Raw(data)
        passed.append(session.process(IP(bytes(packet))))
        seq += len(data)
    return session, passed[1:]


@pytest.mark.parametrize("size", [7, 100, 160])
def test_a_token_cut_over_session_setups_is_whole(size):
    """The last message has all of it, with the frames of all; the earlier ones say what came there."""
    token = init_token(NTLM, TOKEN + bytes(200))
    session, passed = sent_in_pieces(token, size)
    said = [packet[GSS_SMB].messages[0] for packet in passed]
    assert [each.piece for each in said[:-1]] == [size] * (len(said) - 1)
    assert all(each.token is None for each in said[:-1])
    assert said[-1].piece is None
    assert bytes(said[-1].token) == token
    assert said[-1].frames == list(range(2, 2 + len(said)))
    assert [bytes(each) for packet in passed for each in tokens(packet)] == [token]
    assert session.finish() == []


def test_a_token_that_never_became_whole_is_told_at_the_end():
    """What came of it is not lost: `finish` gives it, or the packet that ends the connection."""
    token = init_token(NTLM, TOKEN + bytes(200))
    session, passed = sent_in_pieces(token[:-10], 100)
    assert [each for packet in passed for each in tokens(packet)] == []
    assert [bytes(each.token) for each in session.finish()] == [token[:-10]]

    session, passed = sent_in_pieces(token[:-10], 100)
    over = session.process(IP() / TCP(sport=40_000, dport=445, seq=0, flags="R"))
    assert [bytes(each) for each in tokens(over)] == [token[:-10]]
