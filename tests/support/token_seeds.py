"""Sound tokens of every kind: made, and seen in captures. What is damaged on purpose begins as one of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from support.captured import captured_tokens, captures

from dissectors.tokens import build
from dissectors.tokens.model import Token

OF_EACH_KIND = 12  # captured seeds
LARGEST = 4096  # bytes of a captured seed


class Kind(NamedTuple):
    """Seeds of one kind of token; `sasl_layer`: the carrier says that they negotiate one."""

    made: tuple[bytes, ...]
    captured_as: str | None = None  # token_type
    sasl_layer: bool = False


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name."""
    bare = build.ap_req(form="bare")
    padata = [build.pa_enc_timestamp(), build.pa_pac_request(), build.pa_pac_options()]
    hint = build.meta_data(
        bytes.fromhex("3015a0133011300f800d300b310930070603550403 0c00".replace(" ", ""))
    )
    negotiate, challenge = (
        build.ntlm_negotiate(domain="LAB", workstation="W"),
        build.ntlm_challenge(),
    )
    layer = build.sasl_layer(["integrity"], authzid="u:alice")
    return {
        "NegTokenInit": Kind(
            (
                build.neg_token_init(mech_token=build.ap_req(), req_flags=["mutualFlag"]),
                build.neg_token_init(["ntlm"], negotiate, mech_list_mic=build.ntlm_signature()),
                build.neg_token_init(["negoex", "ntlm"], build.negoex(build.initiator_nego(), hint)),
                build.neg_token_init(["1.2.3.4", "kerberos"], framed=False),
            ),
            "NegTokenInit",
        ),
        "NegTokenInit2": Kind(
            (
                build.neg_token_init2(),
                build.neg_token_init2(hint_address=b"\x7f\0\0\1", mech_list_mic=build.mic_cfx()),
            ),
            "NegTokenInit2",
        ),
        "NegTokenResp": Kind(
            (
                build.neg_token_resp("request-mic", "ntlm", challenge, b"m" * 16),
                build.neg_token_resp("reject", response_token=build.krb_error()),
                build.neg_token_resp("accept-completed", "kerberos", build.ap_rep(), build.mic_1964()),
                build.neg_token_resp(None, late_mech_types=["ntlm"]),
            ),
            "NegTokenResp",
        ),
        "NTLM 1": Kind((negotiate, build.ntlm_negotiate()), "NTLM_NEGOTIATE"),
        "NTLM 2": Kind((challenge, build.ntlm_challenge(version=None)), "NTLM_CHALLENGE"),
        "NTLM 3": Kind(
            tuple(
                build.ntlm_authenticate(response=response)
                for response in ("ntlmv2", "ntlmv1", "ntlmv1-ess", "lm", "anonymous")
            ),
            "NTLM_AUTHENTICATE",
        ),
        "AP-REQ": Kind((build.ap_req(), bare, build.ap_req(form="token-id")), "KRB_AP_REQ"),
        "AP-REP": Kind((build.ap_rep(), build.ap_rep(form="bare")), "KRB_AP_REP"),
        "KRB-ERROR": Kind(
            (
                build.krb_error(e_data=build.method_data([build.pa_etype_info2(), (136, b"")])),
                build.krb_error(e_data=build.kerb_error_data(0xC0000133), e_text="no", cname="alice"),
            ),
            "KRB_ERROR",
        ),
        "TGT-REQ": Kind((build.tgt_req(), build.tgt_req(form="token-id"))),
        "TGT-REP": Kind((build.tgt_rep(),)),
        "IAKERB": Kind((build.iakerb(build.as_req(padata=padata)), build.iakerb(cookie=b"c"))),
        "AS-REQ": Kind((build.as_req(padata=padata), b"\x05\x00" + build.as_req())),
        "AS-REP": Kind((build.as_rep(padata=[build.pa_etype_info2([(18, "LAB.EXAMPLEalice")])]),)),
        "TGS-REQ": Kind(
            (
                build.tgs_req(padata=[build.pa_tgs_req(bare), build.pa_for_user()]),
                build.tgs_req(additional_tickets=[build.ticket("a/b", cipher=b"c")]),
            )
        ),
        "TGS-REP": Kind((build.tgs_rep(),)),
        "KRB-CRED": Kind((build.krb_cred(),)),
        "NegoEx": Kind(
            (
                build.negoex(build.initiator_nego(extensions=[(2**31 + 1, b"value")]), hint),
                build.negoex(build.acceptor_nego(), build.challenge(bare), build.verify()),
                build.negoex(build.ap_request(build.ap_req()), build.alert()),
            ),
            "NEGOEX",
        ),
        "Wrap, RFC 4121": Kind(
            (
                build.wrap_cfx(b"an LDAP message", rrc=5),
                build.wrap_cfx(cipher=b"c" * 60, rrc=28, ec=16),
                build.wrap_cfx(b"x" * 40, from_acceptor=True, acceptor_subkey=True),
            ),
            "GSS_WRAP",
        ),
        "MIC, RFC 4121": Kind((build.mic_cfx(), build.mic_cfx(from_acceptor=True)), "GSS_MIC"),
        "Wrap, RFC 1964": Kind((build.wrap_1964(b"plain text"), build.wrap_1964(cipher=b"c" * 40))),
        "MIC, RFC 1964": Kind((build.mic_1964(), build.mic_1964(sgn_alg=4))),
        "NTLM signature": Kind(
            (build.ntlm_signature(), build.ntlm_signature(b"message", extended=False))
        ),
        "SASL layer": Kind(
            (
                build.wrap_cfx(layer),
                build.wrap_cfx(layer, rrc=14),
                build.wrap_cfx(build.sasl_layer(["none"]), from_acceptor=True),
                build.wrap_1964(layer),
            ),
            sasl_layer=True,
        ),
    }  # fmt: skip


@cache
def captured(all_of_them: bool = False) -> dict[str, tuple[bytes, ...]]:
    """Some captured tokens of each type, also of those inside others; by default of a few captures."""
    found: dict[str, dict[bytes, None]] = {}
    for path in _chosen(all_of_them):
        for whole in captured_tokens(path):
            token: Token | None = whole
            while token is not None:
                if len(token.raw) <= LARGEST:
                    found.setdefault(token.token_type, {})[token.raw] = None
                token = token.inner
    return {
        name: _spread(sorted(raws, key=lambda raw: (len(raw), raw))) for name, raws in found.items()
    }


def _chosen(all_of_them: bool) -> list[Path]:
    paths = list(captures())
    return paths if all_of_them else [path for path in paths if path.name == "capture.pcapng"][::9]


def _spread(raws: list[bytes]) -> tuple[bytes, ...]:
    return tuple(raws[:: -(-len(raws) // OF_EACH_KIND)])


def seeds(name: str, *, all_captures: bool = False) -> tuple[bytes, ...]:
    """Seeds of one kind."""
    kind = kinds()[name]
    seen = captured(all_captures).get(kind.captured_as or "", ())
    return kind.made + seen
