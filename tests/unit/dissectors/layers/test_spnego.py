"""SPNEGO's layers: fields as Scapy users expect them."""

import pytest

from dissectors.layers import (
    GSS_NTLM_CHALLENGE,
    GSS_NTLM_NEGOTIATE,
    GSS_NegTokenInit,
    GSS_NegTokenInit2,
    GSS_NegTokenResp,
    GSS_Token,
)
from dissectors.tokens import build


def test_an_offer_has_its_fields():
    """Mechanisms, flags and the mechanism's token are fields."""
    data = build.neg_token_init(
        ["kerberos", "ntlm"], build.ntlm_negotiate(), req_flags=["mutualFlag"]
    )
    offer = GSS_Token(data)[GSS_NegTokenInit]
    assert offer.mech_types == ["1.2.840.113554.1.2.2", "1.3.6.1.4.1.311.2.2.10"]
    assert offer.req_flags == ["mutualFlag"]
    assert GSS_NTLM_NEGOTIATE in offer.mech_token
    assert offer.summary() == "NegTokenInit kerberos, ntlm"


def test_the_acceptor_tells_a_hint_without_negHints():
    """Bytes alone cannot tell the two Init types apart: the sender can."""
    data = build.neg_token_init(["ntlm"])
    assert GSS_NegTokenInit in GSS_Token(data)
    assert GSS_NegTokenInit2 in GSS_Token(data, from_acceptor=True)


def test_a_hint_has_a_name():
    """hintName of MS-SPNG is a field, and is encoded."""
    hint = GSS_Token(build.neg_token_init2(hint_name="host@lab"))[GSS_NegTokenInit2]
    assert hint.hint_name == "host@lab"
    hint.hint_name = None
    assert GSS_NegTokenInit in GSS_Token(bytes(GSS_Token() / hint))


@pytest.mark.parametrize("state", ["reject", 2])
def test_states_go_by_name_or_number(state):
    """negState is a number with a name."""
    answer = GSS_NegTokenResp(neg_state=state)
    assert answer.neg_state == 2
    assert "neg_state=reject" in repr(answer)
    assert bytes(answer) == build.neg_token_resp("reject")


def test_unknown_states_are_kept():
    """A number outside the list stays a number, also when it is encoded anew."""
    data = bytes.fromhex("a1073005a0030a0107")
    answer = GSS_Token(data)[GSS_NegTokenResp]
    assert answer.neg_state == 7
    assert "unknown(7)" in repr(answer)
    assert bytes(answer) == data
    answer.supported_mech = "ntlm"
    again = GSS_Token(bytes(answer))[GSS_NegTokenResp]
    assert (again.neg_state, again.supported_mech) == (7, "1.3.6.1.4.1.311.2.2.10")
    assert bytes(GSS_NegTokenResp(neg_state=7)) == data
    assert bytes(GSS_NegTokenResp(neg_state="unknown(7)")) == data


def test_a_change_inside_is_seen_outside():
    """Changing the inner token, or a list in place, encodes the envelope anew."""
    packet = GSS_Token(build.neg_token_resp("accept-incomplete", None, build.ntlm_challenge()))
    packet[GSS_NTLM_CHALLENGE].target_name = "ELSEWHERE"
    assert GSS_Token(bytes(packet))[GSS_NTLM_CHALLENGE].target_name == "ELSEWHERE"
    offer = GSS_Token(build.neg_token_init(["ntlm"]))
    offer[GSS_NegTokenInit].mech_types.append("1.2.840.113554.1.2.2")
    assert bytes(offer) == build.neg_token_init(["ntlm", "kerberos"])


def test_wrong_names_are_refused():
    """A mechanism or state that does not exist is the caller's mistake."""
    with pytest.raises(ValueError, match="neither a mechanism"):
        GSS_NegTokenInit(mech_types=["kerberose"])
    with pytest.raises(ValueError, match="none of accept-completed"):
        GSS_NegTokenResp(neg_state="accepted")
