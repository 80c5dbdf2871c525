"""Builders: real tokens built again, and mistakes of callers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from support.captured import captured_tokens, captures

from dissectors.tokens import build, dissect_token
from dissectors.tokens.build.value import DUMMY, dummy
from dissectors.tokens.model import KrbApReq, KrbError, NegTokenInit, NegTokenInit2, NegTokenResp


def value_of(token: Any, path: str) -> Any:
    """Value or bytes of a field, by the end of its path."""
    field = next(field for field in token.fields if field.path.endswith(path))
    return token.bytes_of(field) if field.value is None else field.value


def test_captured_spnego_tokens_are_built_again() -> None:
    """From what a real token says, the builder makes the same octets."""
    done = set()
    for path in list(captures())[::10]:
        for token in captured_tokens(path):
            if token.findings:
                continue
            if isinstance(token, NegTokenInit2):
                raw = build.neg_token_init2(
                    token.mech_types,
                    token.mech_token,
                    hint_name=token.hint_name,
                    mech_list_mic=token.mech_list_mic,
                )
            elif isinstance(token, NegTokenInit):
                raw = build.neg_token_init(
                    token.mech_types, token.mech_token, mech_list_mic=token.mech_list_mic
                )
            elif isinstance(token, NegTokenResp):
                raw = build.neg_token_resp(
                    token.neg_state,
                    token.supported_mech,
                    token.response_token,
                    token.mech_list_mic,
                )
            else:
                continue
            assert raw == token.raw, path
            done.add(token.token_type)
    assert {"NegTokenInit", "NegTokenResp"} <= done


def test_captured_requests_are_built_again() -> None:
    """The AP-REQ of a real client comes out of the builder octet by octet."""
    done = 0
    for path in list(captures())[::6]:
        for outer in captured_tokens(path):
            token = outer.inner if isinstance(outer.inner, KrbApReq) else outer
            if not isinstance(token, KrbApReq) or token.findings or token.this_mech is None:
                continue
            alone = dissect_token(token.raw)
            ticket = value_of(alone, "ticket.enc-part.cipher")
            authenticator = value_of(alone, "authenticator.cipher")
            name_type = value_of(alone, "ticket.sname.name-type")
            assert token.sname is not None
            raw = build.ap_req(
                sname=(name_type, token.sname.split("/")),
                realm=token.realm or "",
                etype=token.etype or 0,
                kvno=token.kvno,
                ticket_cipher=content(ticket),
                authenticator_etype=token.authenticator_etype or 0,
                authenticator_cipher=content(authenticator),
                ap_options=token.ap_options,
                mech=token.this_mech,
            )
            assert raw == token.raw, path
            done += 1
    assert done


def content(element: bytes) -> bytes:
    """What is in an OCTET STRING in its context tag."""
    for _ in range(2):
        element = element[2 + (element[1] & 0x7F if element[1] > 0x7F else 0) :]
    return element


MISTAKES: list[tuple[Callable[[], bytes], str]] = [
    (lambda: build.neg_token_init(["kerbeross"]), "mechanism 'kerbeross': neither a known name"),
    (lambda: build.neg_token_init("ntlm"), "mech_types is a list of mechanisms, not 'ntlm' alone"),
    (
        lambda: build.neg_token_init(req_flags=["x"]),
        "NegTokenInit.innerContextToken.reqFlags has no",
    ),
    (lambda: build.neg_token_init(req_flags=[32]), "reqFlags has no flag 32"),
    (lambda: build.neg_token_init(req_flags="mutualFlag"), "reqFlags is a collection of flags"),
    (
        lambda: build.neg_token_resp("accepted"),
        "NegTokenResp.negState is a number or one of accept",
    ),
    (
        lambda: build.neg_token_resp(response_token="x"),
        "response_token is bytes or None, not str",
    ),  # type: ignore[arg-type]
    (lambda: build.ap_req(form="bear"), "form 'bear': framed, token-id or"),  # type: ignore[arg-type]
    (lambda: build.tgt_req(form="bare"), "form 'bare'"),  # type: ignore[arg-type]
    (lambda: build.ap_req(kvno=-1), "AP-REQ.ticket.enc-part.kvno must be 0 to 4294967295, not -1"),
    (lambda: build.ap_req(realm=7), "realm is a text, not int"),  # type: ignore[arg-type]
    (lambda: build.krb_error("KDC_ERR_X"), "error_code 'KDC_ERR_X': not a name of RFC 4120"),
    (lambda: build.krb_error(stime="yesterday"), "KRB-ERROR.stime is a datetime, or a text YYYY"),
    (lambda: build.krb_error(stime=datetime(2026, 1, 1)), "KRB-ERROR.stime needs a time zone"),  # noqa: DTZ001
    (lambda: build.krb_error(susec=1_000_000), "KRB-ERROR.susec must be 0 to 999999"),
    (lambda: build.as_req(nonce=True), "nonce is a number, not bool"),
    (lambda: build.pa_etype_info2([])[1], "ETYPE-INFO2 must not be empty"),
    (lambda: build.av_pairs({"MsvAvName": "x"}), "AV pair 'MsvAvName': not a name of MS-NLMP"),
    (lambda: build.av_pairs({0: b""}), "AV pair 0"),
    (lambda: build.av_pairs({"MsvAvFlags": 1 << 32}), "MsvAvFlags has 4 bytes, too few"),
    (lambda: build.av_pairs({"MsvAvNbDomainName": 7}), "MsvAvNbDomainName is no number"),
    (
        lambda: build.av_pairs({"MsvAvChannelBindings": b"x"}),
        "MsvAvChannelBindings has 1 bytes, not 16",
    ),
    (lambda: build.ntlm_negotiate(domain="M\u00fcnchen"), "domain must be ASCII where"),
    (lambda: build.ntlm_negotiate(version="10.0"), "version '10.0': major.minor.build/revision"),
    (lambda: build.ntlm_negotiate(version="300.0.1/15"), "version '300.0.1/15'"),
    (lambda: build.ntlm_negotiate(flags=-1), "flags must have 32 bits"),
    (lambda: build.ntlm_challenge(server_challenge=b"x"), "server_challenge has 8 bytes, not 1"),
    (lambda: build.ntlm_authenticate(response="v3"), "response 'v3': one of ntlmv2"),  # type: ignore[arg-type]
    (
        lambda: build.ntlm_authenticate(response="lm", target_info={}),
        "a response of the kind lm has no",
    ),
    (lambda: build.ntlm_authenticate(mic=b"x"), "mic has 16 bytes, not 1"),
    (lambda: build.ntlm_authenticate(nt_response=bytes(70_000)), "nt has 70000 bytes"),
    (build.negoex, "a NegoEx token has one message at least"),
    (lambda: build.initiator_nego("pku2u"), "schemes is a list of schemes, not 'pku2u' alone"),
    (lambda: build.initiator_nego(["x"]), "scheme 'x': neither a known name nor a GUID"),
    (lambda: build.initiator_nego(random=b"x"), "random has 32 bytes, not 1"),
    (lambda: build.verify(conversation_id="x"), "conversation 'x'"),
    (lambda: build.wrap_cfx(b"p", cipher=b"c"), "a sealed token holds a cipher, no plaintext"),
    (lambda: build.wrap_1964(b"p", cipher=b"c"), "a sealed token holds a cipher and no plaintext"),
    (lambda: build.mic_1964(checksum=b"x"), "snd_seq has 8 bytes and this checksum 8"),
    (lambda: build.ntlm_signature(checksum=b"x"), "checksum has 8 bytes, not 1"),
    (lambda: build.ntlm_signature(checksum=bytes(8)), "reads as RandomPad"),
    (lambda: build.sasl_layer(["some"]), "layer 'some': one of none"),
    (lambda: build.sasl_layer(max_size=1 << 24), "max_size has 24 bits"),
]


def test_numbers_without_a_name_are_taken() -> None:
    """Readers must cope with a negState that nobody defined; a name that is none is a mistake."""
    assert build.neg_token_resp(7).hex() == "a1073005a0030a0107"
    assert dissect_token(build.neg_token_resp(300)).neg_state == "unknown(300)"


@pytest.mark.parametrize(("make", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_are_told_in_one_sentence(make: Callable[[], bytes], words: str) -> None:
    """A caller's mistake is a ValueError of one line that says what is wrong with which value."""
    with pytest.raises(ValueError) as told:
        make()
    assert words in str(told.value)
    assert "\n" not in str(told.value)
    assert isinstance(told.value, build.BuildError)


def test_times_are_written_in_utc() -> None:
    """A time of any zone becomes KerberosTime."""
    zone = timezone(timedelta(hours=2))
    raw = build.krb_error(stime=datetime(2026, 1, 2, 3, 4, 5, tzinfo=zone), ctime="20260102030405Z")
    token = dissect_token(raw)
    assert isinstance(token, KrbError)
    assert (token.stime, token.ctime) == ("20260102010405Z", "20260102030405Z")
    assert datetime.strptime(token.stime or "", "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def test_mechanisms_by_name_and_number() -> None:
    """Names of our table and dotted numbers are the same."""
    assert (
        build.mech_oid("ntlm") == "1.3.6.1.4.1.311.2.2.10" == build.mech_oid(build.mech_oid("ntlm"))
    )
    assert build.neg_token_init(["ntlm"]) == build.neg_token_init(["1.3.6.1.4.1.311.2.2.10"])
    for odd in ("3.1", "1..2", "1.02", "", "1."):
        with pytest.raises(ValueError):
            build.mech_oid(odd)


def test_dummies_are_obvious() -> None:
    """Nobody takes a dummy for a secret."""
    assert dummy(10) == b"dummy-dumm"
    assert dummy(0) == b""
    assert DUMMY * 3 in build.ap_req()


def test_every_builder_makes_a_usual_token_without_arguments() -> None:
    """A builder's defaults make a whole, sound token."""
    needs_more = {"BuildError", "av_pairs", "mech_oid", "method_data", "kerb_error_data", "negoex"}
    needs_more |= {"gss_frame", "meta_data", "challenge", "ap_request", "pa_tgs_req", "ticket"}
    parts = {name for name in build.__all__ if name.startswith("pa_")}
    parts |= {"sasl_layer", "ntlmv2_response"}
    for name in sorted(set(build.__all__) - needs_more - parts):
        token = dissect_token(getattr(build, name)())
        assert token.findings == (), name
        assert token.token_type != "opaque", name
    for name in sorted(parts - needs_more):
        assert getattr(build, name)()
