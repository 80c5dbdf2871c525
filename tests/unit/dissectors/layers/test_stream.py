"""Streams find their carrier by content."""

from support.http_talk import negotiate, ntlm
from support.messages import ldap, netbios, sasl_bind, session_setup

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.carrier_search import carrier_of
from dissectors.layers.stream import GssDatagrams, GssStream, read_alone
from dissectors.tokens import build

TOKEN = build.ntlm_negotiate()


def stream(**how):
    return GssStream(**{"roles_known": True, "started_before": False, **how})


def test_payloads_are_known_by_content():
    """Each carrier knows its own messages; other bytes are nobody's."""
    for data, name in (
        (ntlm(TOKEN), "http"),
        (netbios(session_setup(TOKEN)), "smb"),
        (sasl_bind(b"GSS-SPNEGO", TOKEN), "ldap"),
    ):
        kind, side = carrier_of(data)
        assert (kind.name, side) == (name, CLIENT)
        found, messages = read_alone(data)
        assert found == name
        assert [each.token for each in messages] == [TOKEN]
    assert carrier_of(b"") is None
    assert read_alone(b"\x16\x03\x01\0\x05hello") == ("", [])


def test_a_cut_payload_tells_nothing_alone():
    """Half a token is no token: it takes a session to see the other half."""
    data = negotiate(build.neg_token_init(["ntlm"], TOKEN))
    for end in range(1, data.index(b"\r\n\r\n")):
        assert read_alone(data[:end])[1] == []


def test_any_segmentation_gives_the_token():
    """A message may come byte by byte."""
    data = sasl_bind(b"GSS-SPNEGO", TOKEN)
    made = stream()
    for offset in range(len(data)):
        made.deliver(CLIENT, offset, data[offset : offset + 1], offset + 1, 0)
    (message,) = made.take()
    assert message.token == TOKEN
    assert message.frame == len(data)
    assert made.take() == []


def test_roles_follow_the_carrier():
    """Where no SYN told who is the client, the carrier does."""
    made = stream(roles_known=False)
    made.deliver(SERVER, 0, netbios(session_setup(TOKEN)), 1, 0)
    assert [each.side for each in made.take()] == [CLIENT]


def test_strangers_are_given_up():
    """A stream of nobody's costs nothing once it is known to be none."""
    made = stream()
    for offset in range(0, 40_000, 1000):
        made.deliver(CLIENT, offset, b"\x17" * 1000, 1, 0)
    assert made.carrier is None
    assert not made._search.held
    assert made._search.begun == (b"", b"")
    made.deliver(CLIENT, 40_000, netbios(session_setup(TOKEN)), 2, 0)
    assert [each.token for each in made.take()] == [TOKEN]


def test_a_gap_is_told_to_the_carrier():
    """A token with a hole is not delivered as if it were whole."""
    data = netbios(session_setup(TOKEN))
    made = stream()
    made.deliver(CLIENT, 0, data[:80], 1, 0)
    made.lost(CLIENT, 80, 10, 2, 0)
    made.deliver(CLIENT, 90, data[90:], 2, 0)
    made.end(None, "capture-end", 3, 0)
    for message in made.take():
        assert message.token in (None, b"") or message.anomalies


def test_a_token_cut_short_by_the_next_is_told_in_its_turn():
    """A client that starts over leaves what came of its first token, in front of the second."""
    begun = b"\x60\x82\x20\x00" + bytes(100)
    data = netbios(session_setup(begun))
    made = stream()
    made.deliver(CLIENT, 0, data, 1, 0)
    made.deliver(CLIENT, len(data), netbios(session_setup(TOKEN)), 2, 0)
    assert [(each.frame, each.token) for each in made.take()] == [(1, None), (1, begun), (2, TOKEN)]


def test_datagrams_are_read_one_by_one():
    """UDP is for carriers that speak it."""
    made = GssDatagrams()
    made.datagram(0, b"hello", 1, 0)
    assert made.carrier is None
    made.datagram(0, ldap(b"\x42\x00"), 1, 0)
    assert made.take() == []
