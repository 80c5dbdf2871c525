"""NTLM's layers: flags, names, AV pairs, responses."""

import pickle

import pytest
from support.layers import recorded

from dissectors.layers import (
    GSS_NTLM_AUTHENTICATE,
    GSS_NTLM_AV_PAIR,
    GSS_NTLM_CHALLENGE,
    GSS_NTLM_NEGOTIATE,
    GSS_Token,
)
from dissectors.tokens import build, dissect_token


def test_flags_are_flags():
    """NegotiateFlags are Scapy flags, with the names of MS-NLMP."""
    packet = GSS_Token(build.ntlm_negotiate())[GSS_NTLM_NEGOTIATE]
    assert packet.flags.UNICODE
    packet.flags.UNICODE = False
    assert not dissect_token(bytes(packet)).flags & 1


def test_a_challenge_says_who_the_server_is():
    """AV pairs are packets: text, numbers and bytes by their id."""
    info = {"MsvAvNbDomainName": "LAB", "MsvAvTimestamp": 132_000_000_000_000_000}
    packet = GSS_Token(build.ntlm_challenge(target_info=info))[GSS_NTLM_CHALLENGE]
    assert [(pair.av_id, pair.value) for pair in packet.target_info] == [
        (2, "LAB"),
        (7, 132_000_000_000_000_000),
    ]
    assert "2019-04-17" in packet.target_info[1].summary()
    packet.target_info.append(GSS_NTLM_AV_PAIR(av_id="MsvAvDnsDomainName", value="lab.example"))
    assert dissect_token(bytes(packet)).target_info["MsvAvDnsDomainName"] == "lab.example"


def test_pairs_of_a_response_are_written_into_it():
    """A changed pair of an NTLMv2 response changes the response, and nothing before the pairs."""
    packet = GSS_Token(build.ntlm_authenticate())[GSS_NTLM_AUTHENTICATE]
    before = packet.nt_response
    packet.target_info[0].value = "ELSEWHERE"
    again = dissect_token(bytes(packet))
    assert again.nt_response[:44] == before[:44]
    assert "ELSEWHERE" in again.target_info.values()


def test_recorded_users_are_fields():
    """The names of our captures' users are read as negoscope reads them."""
    seen = set()
    for data in recorded():
        packet = GSS_Token(data).getlayer(GSS_NTLM_AUTHENTICATE)
        if packet is not None:
            seen.add(packet.user)
    assert "ada" in seen


def test_an_anonymous_logon_stays_anonymous():
    """The flag of an anonymous logon survives encoding."""
    data = build.ntlm_authenticate(response="anonymous")
    packet = GSS_Token(data)[GSS_NTLM_AUTHENTICATE]
    packet.workstation = "ELSEWHERE"
    assert dissect_token(bytes(packet)).response == "anonymous"


VERSION = 0x2000000


@pytest.mark.parametrize(
    ("layer", "make", "at"),
    [
        (GSS_NTLM_NEGOTIATE, build.ntlm_negotiate, 12),
        (GSS_NTLM_CHALLENGE, build.ntlm_challenge, 20),
        (GSS_NTLM_AUTHENTICATE, build.ntlm_authenticate, 60),
    ],
)
def test_a_version_that_is_announced_and_missing_stays_so(layer, make, at):
    """Some clients set NTLMSSP_NEGOTIATE_VERSION and have no such field; who sets it says what it is."""
    data = bytearray(make(version=None))
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "little") | VERSION).to_bytes(
        4, "little"
    )
    packet = layer(bytes(data))
    assert (packet.version, bool(packet.flags.VERSION)) == (None, True)
    for again in (packet.copy(), pickle.loads(pickle.dumps(packet))):
        again.raw_packet_cache = None
        assert bytes(again) == data
    packet.version = None
    assert not packet.flags.VERSION
    assert bytes(packet) == make(version=None)
    packet.version = "6.1.7601/15"
    assert packet.flags.VERSION
    assert layer(bytes(packet)).version == "6.1.7601/15"
    del packet.version
    assert layer(bytes(packet)).version == layer().version


def test_flags_follow_what_is_given():
    """A message built from nothing has the flags that its fields need; one that was read keeps its own."""
    built = GSS_NTLM_NEGOTIATE(bytes(GSS_NTLM_NEGOTIATE(flags=1, domain="LAB")))
    assert built.flags.OEM_DOMAIN_SUPPLIED
    built.flags = int(built.flags) & ~0x1000
    assert bytes(built) == bytes(GSS_NTLM_NEGOTIATE(bytes(built)))
    assert not GSS_NTLM_NEGOTIATE(bytes(built)).flags.OEM_DOMAIN_SUPPLIED
    built.domain = "ELSEWHERE"
    assert GSS_NTLM_NEGOTIATE(bytes(built)).flags.OEM_DOMAIN_SUPPLIED
    built.domain = ""
    assert not built.flags.OEM_DOMAIN_SUPPLIED
