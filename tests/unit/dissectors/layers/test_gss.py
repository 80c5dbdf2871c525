"""`GSS_Token`: any token in, the same bytes out."""

import pytest
from scapy.packet import Raw
from support.captured import all_tokens
from support.layers import forget, recorded

from dissectors.layers import GSS_KRB_AP_REQ, GSS_NegTokenInit, GSS_Opaque, GSS_Token
from dissectors.layers.packet import GssPacket
from dissectors.mechs import KERBEROS, SPNEGO
from dissectors.tokens import build, dissect_token
from dissectors.tokens.model import OpaqueToken


def whole():
    """Recorded tokens that the capture did not cut."""
    return [
        data
        for data in recorded()
        if all(each.code != "truncated" for each in dissect_token(data).findings)
    ]


def test_recorded_tokens_build_to_their_own_bytes():
    """A dissected packet that nobody changed builds to the bytes that it came from; so do its copies."""
    for data in recorded():
        packet = GSS_Token(data)
        assert bytes(packet) == data
        assert bytes(packet.copy()) == data
        assert packet == GSS_Token(data)


NO_TOKEN = b"Negative\r\n"


def test_recorded_tokens_are_all_known():
    """No whole token of our captures stays opaque, and no exception was swallowed on the way."""
    none = [data for data in whole() if type(dissect_token(data)) is OpaqueToken]
    assert none == [NO_TOKEN]
    for data in whole():
        if data in none:
            continue
        packet = GSS_Token(data)
        assert isinstance(packet.payload, GssPacket), data.hex()
        assert GSS_Opaque not in packet, data.hex()


def test_recorded_tokens_survive_encoding_from_their_fields():
    """What the fields say is enough to make an equal token, whatever order its bytes had."""
    for data in whole():
        packet = GSS_Token(data)
        again = GSS_Token(bytes(forget(packet.copy())))
        assert again == packet, data.hex()


def test_tokens_of_others_survive_encoding_from_their_fields():
    """Those of public captures too, with flags that say what is not there; not what points nowhere."""
    for token in all_tokens():
        if any(each.code in ("truncated", "bad-offset") for each in token.findings):
            continue
        packet = GSS_Token(token.raw)
        assert GSS_Token(bytes(forget(packet.copy()))) == packet, token.raw.hex()


@pytest.mark.parametrize(
    "data",
    [
        build.neg_token_init(["kerberos", "ntlm"], build.ap_req()),
        build.neg_token_init(["ntlm"], build.ntlm_negotiate(), req_flags=["mutualFlag"]),
        build.neg_token_init2(),
        build.neg_token_resp("request-mic", "ntlm", build.ntlm_challenge(), b"\1" * 16),
        build.neg_token_resp(None, None, build.ntlm_authenticate(mic=bytes(16))),
        build.ap_rep(),
        build.ap_req(form="bare"),
        build.ap_req(form="token-id"),
        build.krb_error("KRB_AP_ERR_SKEW", e_text="late"),
        build.tgt_req(),
        build.tgt_rep(),
        build.iakerb(realm="LAB.EXAMPLE", cookie=b"biscuit"),
        build.wrap_cfx(cipher=b"sealed" * 4, sequence=7),
        build.mic_cfx(sequence=8),
    ],
)
def test_built_tokens_come_back_byte_by_byte(data):
    """build, dissect, encode from the fields: equal bytes."""
    packet = GSS_Token(data)
    assert bytes(packet) == data
    assert bytes(forget(packet)) == data


def test_a_frame_follows_its_content():
    """A change inside a frame corrects the frame's length."""
    packet = GSS_Token(build.neg_token_init(["ntlm"], b"x" * 40))
    packet[GSS_NegTokenInit].mech_token = b"y" * 400
    data = bytes(packet)
    assert data[:2] == b"\x60\x82"
    assert int.from_bytes(data[2:4]) == len(data) - 4
    assert bytes(GSS_Token(data)[GSS_NegTokenInit].mech_token) == b"y" * 400


def test_layers_frame_themselves():
    """Tokens that must be framed are, by the mechanism they belong to; others are not."""
    assert GSS_Token(bytes(GSS_Token() / GSS_NegTokenInit(mech_types=["ntlm"]))).this_mech == SPNEGO
    assert GSS_Token(bytes(GSS_Token() / GSS_KRB_AP_REQ())).this_mech == KERBEROS
    assert GSS_Token(build.ntlm_negotiate()).this_mech is None


def test_depth_is_bounded():
    """Tokens within tokens are opened to the depth that the decoders open, not further."""
    data = b""
    for _ in range(60):
        data = build.neg_token_init(["spnego"], data)
    packet = GSS_Token(data)
    assert bytes(packet) == data
    opened = 0
    while GSS_NegTokenInit in packet:
        opened += 1
        packet = packet[GSS_NegTokenInit].mech_token
    assert opened == 4
    assert type(packet.payload) is GSS_Opaque


def test_an_empty_token_is_a_token():
    """No bytes: no payload, no exception."""
    assert bytes(GSS_Token(b"")) == b""
    assert GSS_Token(b"").summary() == "GSS token"


def test_rest_behind_a_token_is_kept():
    """Bytes behind a token's end stay behind it, as a kind of Raw."""
    data = build.neg_token_resp("reject") + b"tail"
    packet = GSS_Token(data)
    assert packet.lastlayer().load == b"tail"
    assert isinstance(packet.lastlayer(), Raw)
    assert bytes(packet) == data
