"""Kerberos' fast lane: what takes it and what leaves it."""

from __future__ import annotations

import pytest
from support.token_lanes import check_caches, check_lanes

from dissectors.tokens import build, usual_kerberos
from dissectors.tokens.model import KrbApRep, KrbApReq

AP_REQ = build.ap_req()
AP_REP = build.ap_rep()
PVNO = bytes.fromhex("a003020105")


@pytest.mark.parametrize(
    "data",
    [
        AP_REQ,
        build.ap_req(kvno=None),
        build.ap_req(kvno=127, etype=23, authenticator_etype=17),
        build.ap_req(ap_options=[]),
        build.ap_req(ap_options=["use-session-key", 9]),
        build.ap_req(ticket_cipher=b"t" * 100, authenticator_cipher=b"a" * 20),
        build.ap_req(ticket_cipher=b"t" * 20_000, authenticator_cipher=b"a" * 300),
        build.ap_req(sname="host"),
        build.ap_req(realm="LÄB.EXAMPLE"),
    ],
)
def test_usual_requests_take_the_lane(data: bytes) -> None:
    """AP-REQs as everybody sends them, whatever their lengths."""
    assert type(check_lanes(data, None)) is KrbApReq


@pytest.mark.parametrize("size", [1, 20, 90, 127, 128, 200, 256, 3000])
def test_usual_replies_take_the_lane(size: int) -> None:
    """AP-REPs of all sizes."""
    usual = check_lanes(build.ap_rep(etype=23, cipher=b"c" * size), None)
    assert type(usual) is KrbApRep
    assert usual.etype == 23


ODD = {
    "bare": build.ap_req(form="bare"),
    "bare reply": build.ap_rep(form="bare"),
    "no frame": build.ap_req(form="token-id"),
    "another mechanism's frame": build.ap_req(mech="ms-kerberos"),
    "error": build.krb_error(),
    "TGT-REQ": build.tgt_req(),
    "more behind": AP_REQ + b"!",
    "pvno 4": AP_REQ.replace(PVNO, PVNO[:4] + b"\4", 1),
    "pvno 4 in the reply": AP_REP.replace(PVNO, PVNO[:4] + b"\4", 1),
    "tkt-vno 4": AP_REQ[:50] + AP_REQ[50:].replace(PVNO, PVNO[:4] + b"\4", 1),
    "no cipher": build.ap_rep(cipher=b""),
    "unused bits that are none": AP_REQ.replace(b"\3\5\0", b"\3\5\x09", 1),
    "etype of two octets": build.ap_req(etype=300),
    "negative etype": build.ap_rep(etype=-133),
    "kvno of two octets": build.ap_req(kvno=2000),
    "name of another type": AP_REQ.replace(b"\x1b", b"\x16", 1),
    "long name": build.ap_req(sname="HTTP/" + "w" * 200),
    "many components": build.ap_req(sname="/".join("n" * 17)),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tokens_leave_the_lane(name: str) -> None:
    """What breaks a rule, or only few send, is left to the careful reader."""
    assert check_lanes(ODD[name], None) is None


def test_octets_that_are_no_utf_8() -> None:
    """A realm in another encoding is shown with escapes, from the lane as from the careful reader."""
    usual = check_lanes(AP_REQ.replace(b"LAB.EXAMPLE", b"L\xc4B.EXAMPLE", 1), None)
    assert isinstance(usual, KrbApReq)
    assert usual.realm == "L\\xc4B.EXAMPLE"


def test_memory_is_bounded() -> None:
    """Whatever is remembered has a limit, in entries and in bytes of each."""
    check_caches(usual_kerberos, 2048)
    with pytest.raises(ValueError):
        usual_kerberos._service(bytes(513))
