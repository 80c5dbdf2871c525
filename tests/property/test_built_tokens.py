"""Whatever is put into a token of a builder comes out of its dissection, without any finding."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.tokens import build, dissect_token
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbAsRep,
    KrbAsReq,
    KrbCred,
    KrbError,
    KrbTgsRep,
    KrbTgsReq,
    KrbTgtRep,
    KrbTgtReq,
    MicToken,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Token,
    WrapToken,
)
from dissectors.tokens.spnego import CONTEXT_FLAGS, NEG_STATES
from dissectors.tokens.strict import strict_departures

TEXT = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="/"),
    min_size=1,
    max_size=12,
)
NAME = st.lists(TEXT, min_size=1, max_size=3).map("/".join)
UNICODE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=15)
INT_32 = st.integers(-(1 << 31), (1 << 31) - 1)
UINT_32 = st.integers(0, (1 << 32) - 1)
MECHS = st.sampled_from(["kerberos", "ms-kerberos", "ntlm", "negoex", "1.2.3.4"])
OCTETS = st.binary(max_size=40).map(lambda value: b"opaque-" + value)
FLAGS = st.sets(st.sampled_from(sorted(CONTEXT_FLAGS.values())))
FORMS = st.sampled_from(["framed", "token-id", "bare"])
VERSIONS = st.none() | st.tuples(
    st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535), st.integers(0, 255)
).map(lambda parts: "{}.{}.{}/{}".format(*parts))

every = settings(max_examples=60, deadline=None)


def sound(raw: bytes, kind: type[Token], **how: Any) -> Any:
    """The token, which must have no finding in either reading."""
    token = dissect_token(raw, **how)
    assert type(token) is kind
    assert token.findings == ()
    assert strict_departures(token) == []
    return token


# -- SPNEGO ----------------------------------------------------------------------------------------


@every
@given(
    st.lists(MECHS, min_size=1, max_size=5), st.none() | FLAGS, st.none() | OCTETS, st.booleans()
)
def test_offers(
    mechs: list[str], flags: set[str] | None, token: bytes | None, by_acceptor: bool
) -> None:
    """NegTokenInit and NegTokenInit2."""
    if by_acceptor:
        raw = build.neg_token_init2(mechs, token, req_flags=flags, mech_list_mic=b"mic")
    else:
        raw = build.neg_token_init(mechs, token, req_flags=flags, mech_list_mic=b"mic")
    found = sound(raw, NegTokenInit2 if by_acceptor else NegTokenInit, from_acceptor=by_acceptor)
    assert found.mech_types == tuple(build.mech_oid(mech) for mech in mechs)
    assert (None if found.req_flags is None else set(found.req_flags)) == flags
    assert found.mech_token == token
    assert found.mech_list_mic == b"mic"


@every
@given(
    st.none() | st.sampled_from(sorted(NEG_STATES.values())),
    st.none() | MECHS,
    st.none() | OCTETS,
    st.none() | st.binary(min_size=1, max_size=20).map(lambda value: b"mic" + value),
)
def test_answers(
    state: str | None, mech: str | None, token: bytes | None, mic: bytes | None
) -> None:
    """NegTokenResp."""
    found = sound(build.neg_token_resp(state, mech, token, mic), NegTokenResp)
    assert found.neg_state == state
    assert found.supported_mech == (None if mech is None else build.mech_oid(mech))
    assert (found.response_token, found.mech_list_mic) == (token, mic)


# -- Kerberos --------------------------------------------------------------------------------------


@every
@given(TEXT, NAME, INT_32, st.none() | UINT_32, INT_32, FORMS)
def test_requests_to_a_service(
    realm: str, sname: str, etype: int, kvno: int | None, other: int, form: Any
) -> None:
    """AP-REQ, in its three forms, and AP-REP."""
    raw = build.ap_req(
        realm=realm, sname=sname, etype=etype, kvno=kvno, authenticator_etype=other, form=form
    )
    found = sound(raw, KrbApReq)
    assert (found.realm, found.sname, found.etype, found.kvno) == (realm, sname, etype, kvno)
    assert found.authenticator_etype == other
    assert found.ap_options == ("mutual-required",)
    assert found.dce_style == (form == "bare")
    assert sound(build.ap_rep(etype=etype, form=form), KrbApRep).etype == etype


@every
@given(INT_32, TEXT, NAME, st.none() | TEXT, st.none() | NAME, st.none() | TEXT, FORMS)
def test_errors(
    code: int,
    realm: str,
    sname: str,
    crealm: str | None,
    cname: str | None,
    text: str | None,
    form: Any,
) -> None:
    """KRB-ERROR."""
    raw = build.krb_error(
        code, realm=realm, sname=sname, crealm=crealm, cname=cname, e_text=text, form=form
    )
    found = sound(raw, KrbError)
    assert (found.error_code, found.realm, found.sname) == (code, realm, sname)
    assert (found.crealm, found.cname, found.e_text) == (crealm, cname, text)


@every
@given(UINT_32)
def test_statuses_of_windows(status: int) -> None:
    """KERB-ERROR-DATA in a KRB-ERROR's e-data."""
    raw = build.krb_error("KDC_ERR_CLIENT_REVOKED", e_data=build.kerb_error_data(status))
    found = sound(raw, KrbError)
    assert (found.error, found.nt_status) == ("KDC_ERR_CLIENT_REVOKED", status)


@every
@given(st.none() | TEXT, st.none() | NAME, INT_32, st.none() | UINT_32)
def test_user_to_user(realm: str | None, sname: str | None, etype: int, kvno: int | None) -> None:
    """TGT-REQ and TGT-REP."""
    found = sound(build.tgt_req(realm=realm, sname=sname), KrbTgtReq)
    assert (found.realm, found.sname) == (realm, sname)
    found = sound(build.tgt_rep(etype=etype, kvno=kvno), KrbTgtRep)
    assert (found.etype, found.kvno) == (etype, kvno)


@every
@given(TEXT, st.none() | NAME, st.lists(INT_32, max_size=6), UINT_32, st.booleans(), UNICODE)
def test_requests_to_a_kdc(
    realm: str, sname: str | None, etypes: list[int], nonce: int, proof: bool, authz: str
) -> None:
    """AS-REQ and TGS-REQ, with pre-authentication."""
    padata = [build.pa_enc_timestamp(), build.pa_pac_request(), build.pa_pac_options()]
    raw = build.as_req(
        realm=realm, sname=sname, etypes=etypes, nonce=nonce, padata=padata if proof else None
    )
    found = sound(raw, KrbAsReq)
    assert (found.realm, found.sname, found.cname) == (realm, sname, "alice")
    assert (found.etypes, found.nonce) == (tuple(etypes), nonce)
    assert found.padata_types == ((2, 128, 167) if proof else ())
    ticket = build.ap_req(sname=f"krbtgt/{realm}", realm=realm, form="bare")
    padata = [build.pa_tgs_req(ticket), build.pa_for_user("bob")]
    raw = build.tgs_req(
        realm=realm,
        sname=sname,
        padata=padata if proof else None,
        additional_tickets=[build.ticket("krbtgt/X")] if proof else None,
        authorization_data=authz.encode() or None,
    )
    found = sound(raw, KrbTgsReq)
    assert (found.realm, found.sname) == (realm, sname)
    assert (found.for_user or "").startswith("bob") == proof
    assert found.ticket_sname == (f"krbtgt/{realm}" if proof else None)


@every
@given(NAME, TEXT, NAME, INT_32, st.none() | UINT_32, INT_32)
def test_answers_of_a_kdc(
    cname: str, realm: str, sname: str, etype: int, kvno: int | None, other: int
) -> None:
    """AS-REP, TGS-REP, KRB-CRED."""
    for make, kind in ((build.as_rep, KrbAsRep), (build.tgs_rep, KrbTgsRep)):
        raw = make(
            cname=cname, crealm=realm, sname=sname, ticket_etype=etype, kvno=kvno, etype=other
        )
        found = sound(raw, kind)
        assert (found.cname, found.crealm, found.sname) == (cname, realm, sname)
        assert (found.etype, found.kvno, found.enc_part_etype) == (etype, kvno, other)
    tickets = [build.ticket(sname, realm=realm, etype=etype, kvno=kvno)] * 2
    cred = sound(build.krb_cred(tickets=tickets, etype=other), KrbCred)
    assert (cred.sname, cred.realm, cred.tickets, cred.enc_part_etype) == (sname, realm, 2, other)


@every
@given(TEXT, st.none() | OCTETS, st.none() | st.sets(st.integers(0, 31), min_size=1), st.booleans())
def test_proxied_messages(
    realm: str, cookie: bytes | None, flags: set[int] | None, empty: bool
) -> None:
    """IAKERB, with a message and as a question for the realm."""
    message = b"" if empty else build.as_req(realm=realm)
    raw = build.iakerb(message, realm=realm, cookie=cookie, header_flags=flags)
    found = sound(raw, IakerbMessage)
    assert found.realm == realm
    assert found.message == (None if empty else "AS-REQ")


# -- NTLM ------------------------------------------------------------------------------------------


@every
@given(
    st.text(st.characters(max_codepoint=0x7E, exclude_categories=["Cc"]), max_size=10),
    st.text(st.characters(max_codepoint=0x7E, exclude_categories=["Cc"]), max_size=10),
    VERSIONS,
)
def test_ntlm_negotiates(domain: str, workstation: str, version: str | None) -> None:
    """NEGOTIATE_MESSAGE."""
    raw = build.ntlm_negotiate(domain=domain, workstation=workstation, version=version)
    found = sound(raw, NtlmNegotiate)
    assert (found.domain, found.workstation, found.version) == (domain, workstation, version)


PAIRS = st.fixed_dictionaries(
    {},
    optional={
        "MsvAvNbDomainName": UNICODE.map(lambda text: text + "D"),
        "MsvAvDnsTreeName": UNICODE.map(lambda text: text + "T"),
        "MsvAvFlags": st.sampled_from([0, 1, 4]),
        "MsvAvTimestamp": st.integers(0, (1 << 63) - 1),
        "MsvAvTargetName": UNICODE.map(lambda text: text + "N"),
    },
)


@every
@given(UNICODE, st.binary(min_size=8, max_size=8), st.none() | PAIRS, VERSIONS)
def test_ntlm_challenges(
    target: str, challenge: bytes, pairs: dict[str, Any] | None, version: str | None
) -> None:
    """CHALLENGE_MESSAGE, and the AV pairs in it."""
    raw = build.ntlm_challenge(
        target_name=target, server_challenge=challenge, target_info=pairs, version=version
    )
    found = sound(raw, NtlmChallenge)
    assert (found.target_name, found.server_challenge) == (target, challenge)
    assert (found.target_info, found.version) == (pairs, version)


@every
@given(
    UNICODE.map(lambda text: text + "u"),
    UNICODE,
    UNICODE,
    st.sampled_from(["ntlmv2", "ntlmv1", "ntlmv1-ess", "lm", "anonymous"]),
    st.booleans(),
    VERSIONS,
)
def test_ntlm_authenticates(
    user: str, domain: str, workstation: str, response: Any, mic: bool, version: str | None
) -> None:
    """AUTHENTICATE_MESSAGE with every kind of response."""
    raw = build.ntlm_authenticate(
        user=user,
        domain=domain,
        workstation=workstation,
        response=response,
        mic=b"m" * 16 if mic else None,
        version=version,
    )
    found = sound(raw, NtlmAuthenticate)
    nobody = response == "anonymous"
    assert (found.user, found.domain) == (("", "") if nobody else (user, domain))
    assert (found.workstation, found.response) == (workstation, response)
    assert (found.mic, found.version) == ("present" if mic else "absent", version)


# -- NegoEx, per-message tokens --------------------------------------------------------------------


@every
@given(
    st.lists(st.sampled_from(["pku2u", "sanon-x25519"]), unique=True),
    st.lists(st.tuples(UINT_32, st.binary(min_size=1, max_size=9)), max_size=3),
    UINT_32,
    UINT_32,
)
def test_negoex_messages(
    schemes: list[str], extensions: list[tuple[int, bytes]], sequence: int, code: int
) -> None:
    """All messages of NegoEx in one token."""
    token = build.negoex(
        build.initiator_nego(schemes, extensions=extensions, sequence=sequence),
        build.acceptor_nego(schemes),
        build.meta_data(b"\x04\x01x", scheme="sanon-x25519"),
        build.challenge(b"challenge", scheme="sanon-x25519"),
        build.ap_request(b"request", scheme="sanon-x25519"),
        build.verify(checksum_type=15),
        build.alert(code),
    )
    found: NegoexMessages = sound(token, NegoexMessages)
    names = [message.name for message in found.messages]
    assert names == [
        "INITIATOR_NEGO",
        "ACCEPTOR_NEGO",
        "INITIATOR_META_DATA",
        "CHALLENGE",
        "AP_REQUEST",
        "VERIFY",
        "ALERT",
    ]
    nego = found.messages[0]
    assert (nego.schemes, nego.sequence) == (tuple(schemes), sequence)
    given_extensions = [(each.extension_type, each.value) for each in nego.extensions]
    assert given_extensions == extensions
    assert found.messages[5].checksum_type == 15
    assert found.messages[6].error_code == code
    assert found.messages[6].alerts[0].reason == 1


@every
@given(st.binary(max_size=30), st.integers(0, 60), st.integers(0, (1 << 64) - 1), st.booleans())
def test_kerberos_wraps(plain: bytes, rrc: int, sequence: int, acceptor: bool) -> None:
    """Wrap and MIC after RFC 4121 and RFC 1964."""
    raw = build.wrap_cfx(plain, rrc=rrc, sequence=sequence, from_acceptor=acceptor)
    found: WrapToken = sound(raw, WrapToken)
    assert (found.sealed, found.sequence) == (False, sequence)
    assert (found.from_acceptor, found.rrc, found.ec) == (acceptor, rrc, 12)
    assert found.payload == plain
    sealed: WrapToken = sound(build.wrap_cfx(cipher=plain, rrc=rrc), WrapToken)
    assert sealed.sealed
    mic: MicToken = sound(build.mic_cfx(sequence=sequence, from_acceptor=acceptor), MicToken)
    assert (mic.sequence, mic.from_acceptor) == (sequence, acceptor)
    older: WrapToken = sound(build.wrap_1964(plain), WrapToken)
    assert (older.sealed, older.seal_alg, older.payload) == (False, "none", plain)
    assert sound(build.wrap_1964(cipher=plain), WrapToken).seal_alg == "ARCFOUR"
    assert sound(build.mic_1964(), MicToken).sgn_alg == "HMAC MD5 ARCFOUR"


@every
@given(UINT_32, st.binary(max_size=20), st.booleans())
def test_ntlm_signatures(sequence: int, message: bytes, extended: bool) -> None:
    """NTLMSSP_MESSAGE_SIGNATURE, alone and before a message."""
    raw = build.ntlm_signature(message, sequence=sequence, extended=extended)
    found = sound(raw, WrapToken if message else MicToken)
    assert found.sequence == (sequence if extended else None)


@every
@given(
    st.sets(st.sampled_from(["none", "integrity", "confidentiality"]), min_size=1),
    st.integers(0, (1 << 24) - 1),
    st.none() | TEXT,
)
def test_sasl_layers(layers: set[str], size: int, authzid: str | None) -> None:
    """The layers that SASL's GSSAPI mechanism offers inside a Wrap."""
    raw = build.wrap_cfx(
        build.sasl_layer(layers, max_size=size, authzid=authzid), from_acceptor=True
    )
    found: WrapToken = sound(raw, WrapToken, sasl_layer=True)
    assert found.sasl_layer is not None
    assert set(found.sasl_layer.layers) == layers
    assert (found.sasl_layer.max_size, found.sasl_layer.authzid) == (size, authzid)
