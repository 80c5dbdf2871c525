"""SPNEGO's fast lane: what takes it, what leaves it, and odd tokens in a usual envelope."""

from __future__ import annotations

import pytest
from support.token_lanes import CLAIMS, check_caches, check_lanes

from dissectors.tokens import build, usual_spnego
from dissectors.tokens.model import (
    KrbApReq,
    KrbError,
    NegTokenInit,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmNegotiate,
    OpaqueToken,
    Token,
)

MIC = build.mic_cfx()
CHALLENGE = build.ntlm_challenge()
AUTHENTICATE = build.ntlm_authenticate()
INIT = build.neg_token_init(mech_token=build.ap_req())
RESP = build.neg_token_resp("accept-incomplete", "ntlm", CHALLENGE)


@pytest.mark.parametrize(
    "data",
    [
        INIT,
        build.neg_token_init(["ms-kerberos", "kerberos", "ntlm"], build.ap_req()),
        build.neg_token_init(["ntlm"], build.ntlm_negotiate()),
        build.neg_token_init(["kerberos"]),
        build.neg_token_init(["kerberos"], mech_list_mic=MIC),
        build.neg_token_init(["kerberos"], build.ap_req(), mech_list_mic=MIC),
        build.neg_token_init([f"1.2.3.{number}" for number in range(40)], b"token"),
        RESP,
        build.neg_token_resp(None, None, AUTHENTICATE, build.ntlm_signature()),
        build.neg_token_resp("accept-completed", "kerberos", build.ap_rep(), MIC),
        build.neg_token_resp("accept-completed", mech_list_mic=build.ntlm_signature()),
        build.neg_token_resp("reject"),
        build.neg_token_resp("request-mic", "1.2.3.4"),
        build.neg_token_resp(None),
    ],
)
def test_usual_envelopes_take_the_lane(data: bytes) -> None:
    """Offers and answers as everybody sends them."""
    assert type(check_lanes(data, None)) is (NegTokenInit if data[0] == 0x60 else NegTokenResp)
    assert check_lanes(data, False) is not None
    assert (check_lanes(data, True) is None) is (data[0] == 0x60)


ODD = {
    "hint": build.neg_token_init2(),
    "no frame": build.neg_token_init(framed=False),
    "flags": build.neg_token_init(req_flags=["mutualFlag"]),
    "no mechanism": build.neg_token_init([]),
    "SPNEGO as a mechanism": build.neg_token_init(["spnego", "kerberos"]),
    "very many mechanisms": build.neg_token_init([f"1.2.3.4.5.6.{n}" for n in range(60)]),
    "MIC that may be odd": build.neg_token_init(mech_list_mic=b"mic"),
    "unknown negState": build.neg_token_resp(7),
    "MIC of RFC 1964": build.neg_token_resp("accept-completed", mech_list_mic=build.mic_1964()),
    "MIC of no octet": build.neg_token_resp("accept-completed", mech_list_mic=b""),
    "MIC twice": build.neg_token_resp("accept-completed", "kerberos", MIC, MIC),
    "Late Fallback": build.neg_token_resp(None, late_mech_types=["ntlm"]),
    "framed answer": build.gss_frame("spnego", RESP),
    "more behind": RESP + b"!",
    "more behind the offer": INIT + b"!",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_envelopes_leave_the_lane(name: str) -> None:
    """What breaks a rule, or only few send, is left to the careful reader."""
    for claim in CLAIMS:
        assert check_lanes(ODD[name], claim) is None


def test_no_octet_is_no_token() -> None:
    """An empty responseToken holds nothing, and is kept as that."""
    for data in (
        build.neg_token_resp("reject", response_token=b""),
        build.neg_token_init(mech_token=b""),
    ):
        usual = check_lanes(data, None)
        assert usual is not None
        assert usual.inner is None


@pytest.mark.parametrize(
    ("inner", "kind", "codes"),
    [
        (build.ntlm_negotiate(), NtlmNegotiate, []),
        (build.krb_error(), KrbError, []),
        (build.ap_req(form="bare"), KrbApReq, []),
        (b"anything", OpaqueToken, []),
        (AUTHENTICATE + b"!", NtlmAuthenticate, ["trailing-bytes"]),
        (AUTHENTICATE[:-3], NtlmAuthenticate, ["truncated"]),
        (build.neg_token_init(), NegTokenInit, ["spnego-in-spnego"]),
        (RESP, NegTokenResp, ["spnego-in-spnego"]),
        (build.neg_token_resp(None, None, INIT), NegTokenResp, ["spnego-in-spnego"] * 2),
    ],
)
def test_odd_token_in_a_usual_envelope(inner: bytes, kind: type[Token], codes: list[str]) -> None:
    """It is read the careful way, with its anomalies where they are."""
    for claim in CLAIMS:
        usual = check_lanes(build.neg_token_resp("accept-incomplete", None, inner), claim)
        assert usual is not None
        assert type(usual.inner) is kind or claim
        assert [each.code for each in usual.findings] == codes or claim


@pytest.mark.parametrize(
    ("mechs", "inner"),
    [
        (["ntlm", "kerberos"], build.ap_req()),
        (["kerberos"], build.ntlm_negotiate()),
        (["kerberos"], AUTHENTICATE),
        (["negoex"], CHALLENGE),
        (["1.2.3.4"], build.ap_rep()),
        (["iakerb"], build.ap_req()),
    ],
)
def test_token_of_another_mechanism(mechs: list[str], inner: bytes) -> None:
    """A mechToken that is not of the first mechanism is told here, too."""
    usual = check_lanes(build.neg_token_init(mechs, inner), None)
    assert usual is not None
    assert [each.code for each in usual.anomalies] == ["optimistic-mismatch"]


def test_late_offer_of_kerberos_family_fits() -> None:
    """Each object identifier of Kerberos fits a token of Kerberos."""
    usual = check_lanes(build.neg_token_init(["kerberos-u2u"], build.ap_req()), None)
    assert usual is not None
    assert usual.anomalies == ()


def test_memory_is_bounded() -> None:
    """Whatever is remembered has a limit, in entries and in bytes of each."""
    check_caches(usual_spnego, 512)
    with pytest.raises(ValueError):
        usual_spnego._mech_types(bytes(257))
