"""Kerberos' layers: what travels in clear, and ciphers as bytes."""

import pytest

from dissectors.layers import (
    GSS_IAKERB,
    GSS_KRB_AP_REP,
    GSS_KRB_AP_REQ,
    GSS_KRB_ERROR,
    GSS_KRB_TGT_REP,
    GSS_KRB_TGT_REQ,
    GSS_Token,
)
from dissectors.tokens import build, dissect_token


def test_an_ap_req_names_its_service():
    """Realm, service, encryption types and options are fields; ciphers keep their bytes."""
    data = build.ap_req(
        sname="HTTP/web.lab.example", ticket_cipher=b"T" * 30, authenticator_cipher=b"A"
    )
    packet = GSS_Token(data)[GSS_KRB_AP_REQ]
    assert packet.tok_id == b"\1\0"
    assert packet.sname == "HTTP/web.lab.example"
    assert packet.ap_options == ["mutual-required"]
    assert packet.etype == 18
    assert packet.ticket == b"T" * 30
    assert packet.authenticator == b"A"
    assert "TTTT" not in packet.show(dump=True)
    assert packet.summary() == "KRB AP-REQ HTTP/web.lab.example"


@pytest.mark.parametrize("form", ["framed", "token-id", "bare"])
def test_a_changed_service_is_encoded(form):
    """A change is encoded in the form that the token had."""
    packet = GSS_Token(build.ap_req(form=form))
    packet[GSS_KRB_AP_REQ].sname = "cifs/dc.lab.example"
    assert bytes(packet) == build.ap_req(sname=(2, ["cifs", "dc.lab.example"]), form=form)


def test_errors_go_by_name():
    """The code of a KRB-ERROR is a number with a name."""
    packet = GSS_KRB_ERROR(error_code="KRB_AP_ERR_SKEW", realm="LAB", sname="HTTP/web")
    assert packet.summary() == "KRB-ERROR KRB_AP_ERR_SKEW"
    assert dissect_token(bytes(GSS_Token() / packet)).error == "KRB_AP_ERR_SKEW"


@pytest.mark.parametrize(
    ("layer", "data"),
    [
        (GSS_KRB_AP_REP, build.ap_rep(cipher=b"C" * 20)),
        (GSS_KRB_TGT_REQ, build.tgt_req(realm="LAB")),
        (GSS_KRB_TGT_REP, build.tgt_rep(ticket_cipher=b"C" * 20)),
        (GSS_IAKERB, build.iakerb(build.ap_req(form="bare"), realm="LAB")),
    ],
)
def test_other_messages_are_known(layer, data):
    """Each message has its layer, and builds to its bytes."""
    packet = GSS_Token(data)
    assert layer in packet
    assert bytes(packet) == data
    assert bytes(GSS_Token() / packet[layer].copy())


def test_defaults_make_tokens():
    """Layers made without arguments build to tokens that dissect as themselves."""
    for layer in (
        GSS_KRB_AP_REQ,
        GSS_KRB_AP_REP,
        GSS_KRB_ERROR,
        GSS_KRB_TGT_REQ,
        GSS_KRB_TGT_REP,
        GSS_IAKERB,
    ):
        assert layer in GSS_Token(bytes(GSS_Token() / layer()))
