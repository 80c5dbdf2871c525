"""The entry points: tokens within tokens, limits, the cache."""

from __future__ import annotations

import pytest

from dissectors import tokens
from dissectors.span import Span
from dissectors.tokens import DEPTH_LIMIT, TOKEN_LIMIT, dissect_token, token_fields, token_mech
from dissectors.tokens.model import (
    KrbApReq,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmNegotiate,
    OpaqueToken,
    Token,
    WrapToken,
)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + size.to_bytes(width) + content


SPNEGO = bytes.fromhex("06062b0601050502")
KERBEROS = bytes.fromhex("06092a864886f712010202")
MS_KERBEROS = bytes.fromhex("06092a864882f712010202")
NTLM = bytes.fromhex("060a2b06010401823702020a")
NEGOTIATE = b"NTLMSSP\0" + bytes.fromhex("01000000 978208e2") + bytes(16)
AP_REQ = der(0x60, KERBEROS, b"\x01\x00", der(0x6E, der(0x30)))


def init(mech_types: bytes, mech_token: bytes | None = None) -> bytes:
    token = b"" if mech_token is None else der(0xA2, der(0x04, mech_token))
    return der(0x60, SPNEGO, der(0xA0, der(0x30, der(0xA0, der(0x30, mech_types)), token)))


def resp(response_token: bytes, *more: bytes) -> bytes:
    return der(0xA1, der(0x30, der(0xA2, der(0x04, response_token)), *more))


def codes(token: Token | None) -> list[str]:
    assert token is not None
    return [anomaly.code for anomaly in token.anomalies]


# -- inner tokens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mech_types", "mech_token", "kind", "expected"),
    [
        (NTLM, NEGOTIATE, NtlmNegotiate, []),
        (KERBEROS, AP_REQ, KrbApReq, []),
        (MS_KERBEROS + KERBEROS, AP_REQ, KrbApReq, []),
        (KERBEROS, der(0x6E, der(0x30)), KrbApReq, []),
        (KERBEROS + NTLM, NEGOTIATE, NtlmNegotiate, ["optimistic-mismatch"]),
        (NTLM, AP_REQ, KrbApReq, ["optimistic-mismatch"]),
        (
            KERBEROS,
            der(0x60, bytes.fromhex("06062b060105050e"), b"n,,"),
            OpaqueToken,
            ["optimistic-mismatch"],
        ),
        (bytes.fromhex("06062b060105050e"), b"n,,n=user", OpaqueToken, []),
        (bytes.fromhex("060a2b06010401823702021e"), b"NEGOEXTS", NegoexMessages, []),
        (KERBEROS, init(KERBEROS), NegTokenInit, ["spnego-in-spnego"]),
    ],
)
def test_optimistic_token(
    mech_types: bytes, mech_token: bytes, kind: type[Token], expected: list[str]
) -> None:
    """The token inside is known by its own bytes and held against the first mechanism listed."""
    token = dissect_token(init(mech_types, mech_token))
    assert type(token.inner) is kind
    assert token.inner.raw == mech_token
    assert codes(token) == expected


def test_inner_of_a_resp() -> None:
    """A responseToken is decoded too, whatever mechanism was selected."""
    token = dissect_token(resp(NEGOTIATE))
    assert type(token) is NegTokenResp
    assert type(token.inner) is NtlmNegotiate
    assert codes(token) == []


def test_spans_of_inner_anomalies_count_from_the_outermost_byte() -> None:
    """An anomaly of the inner token points at the bytes of the outer one."""
    raw = init(KERBEROS, AP_REQ + b"\xee")
    token = dissect_token(raw)
    assert token.inner is not None
    spans = {a.code: a.span for a in token.inner.anomalies}
    assert spans["trailing-bytes"] == Span(len(raw) - 1, len(raw))


def test_depth_limit() -> None:
    """SPNEGO within SPNEGO is followed four tokens deep, then told and left."""
    raw = NEGOTIATE
    for _ in range(30):
        raw = resp(raw)
    token: Token | None = dissect_token(raw)
    chain = []
    while token is not None:
        chain.append(token)
        token = token.inner
    assert [type(t) for t in chain] == [NegTokenResp] * DEPTH_LIMIT + [OpaqueToken]
    assert "limit-depth" in codes(chain[-2])
    assert "spnego-in-spnego" in codes(chain[0])


@pytest.mark.parametrize(
    ("raw", "mech"),
    [
        (init(NTLM), "spnego"),
        (b"\xa1\x02\x30\x00", "spnego"),
        (NEGOTIATE, "ntlm"),
        (AP_REQ, "kerberos"),
        (der(0x60, MS_KERBEROS, b"\x01\x00", der(0x6E, der(0x30))), "kerberos"),
        (der(0x60, bytes.fromhex("06062b0601050207"), b"\x01\x00", der(0x6E, der(0x30))), "pku2u"),
        (der(0x60, bytes.fromhex("06062b060105050e"), b"n,,"), "scram-sha-1"),
        (b"NEGOEXTS", "negoex"),
        (b"what", None),
    ],
)
def test_mechanism_of_a_token(raw: bytes, mech: str | None) -> None:
    """The mechanism shows in the token's own form, else in its frame."""
    assert token_mech(dissect_token(raw)) == mech


# -- limits -------------------------------------------------------------------------------------------------


def test_token_beyond_the_limit() -> None:
    """Of a token that is too large, the first part is read and the limit is told, not a cut."""
    raw = init(NTLM, NEGOTIATE + bytes(TOKEN_LIMIT))
    token = dissect_token(raw)
    assert isinstance(token, NegTokenInit)
    assert token.raw == raw
    assert token.anomalies[0].code == "limit-token-size"
    assert token.anomalies[0].span == Span(TOKEN_LIMIT, len(raw))
    assert type(token.inner) is NtlmNegotiate
    assert "truncated" not in codes(token) + codes(token.inner)
    assert token_fields(token)


def test_empty_token() -> None:
    """No bytes are no token and no fault."""
    token = dissect_token(b"")
    assert type(token) is OpaqueToken
    assert (token.raw, token.anomalies) == (b"", ())
    assert token_fields(token) == []


def test_opaque_token_is_one_field() -> None:
    """Bytes that are no token we know are counted and hidden."""
    (field,) = token_fields(dissect_token(b"what is it"))
    assert (field.name, field.text, field.secret) == ("opaque", "10 bytes, not shown", True)


# -- cache --------------------------------------------------------------------------------------------------


def test_equal_tokens_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tokens are remembered by their bytes and sender, large ones are not."""
    monkeypatch.setattr(tokens, "_cache", {})
    raw = init(NTLM)
    assert dissect_token(raw) is dissect_token(bytes(bytearray(raw)))
    assert type(dissect_token(raw, from_acceptor=True)) is NegTokenInit2
    assert type(dissect_token(raw, from_acceptor=False)) is NegTokenInit
    large = init(NTLM, NEGOTIATE + bytes(2000))
    assert dissect_token(large) is not dissect_token(large)


def test_security_layers_are_another_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal Wrap tokens are two tokens if one of them is known to hold a security layer."""
    monkeypatch.setattr(tokens, "_cache", {})
    raw = bytes.fromhex("0504 01 ff 0000 0000" + "00" * 8) + b"\x07\x00\x10\x00"
    plain, layered = dissect_token(raw), dissect_token(raw, sasl_layer=True)
    assert isinstance(plain, WrapToken)
    assert isinstance(layered, WrapToken)
    assert plain.sasl_layer is None
    assert layered.sasl_layer == (("none", "integrity", "confidentiality"), 4096, None)
    assert "max-size" in {f.name for f in layered.fields}
    assert "max-size" not in {f.name for f in plain.fields}


def test_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tokens pass, the cache stays below its bound."""
    cache: dict[tuple[bytes, bool | None, bool], Token] = {}
    monkeypatch.setattr(tokens, "_cache", cache)
    monkeypatch.setattr(tokens, "_CACHE_ENTRIES", 3)
    for number in range(10):
        dissect_token(b"%d" % number)
    assert len(cache) <= 3


# -- fields -------------------------------------------------------------------------------------------------


def test_fields_of_inner_tokens_stand_in_their_place() -> None:
    """The inner token's fields follow the element that holds it, and count in the outer bytes."""
    raw = resp(NEGOTIATE, der(0xA3, der(0x04, b"mic")))
    fields = dissect_token(raw).fields
    paths = [f.path for f in fields]
    where = paths.index("NegTokenResp.responseToken")
    inside = [p for p in paths if p.startswith("NegTokenResp.responseToken.")]
    assert paths[where + 1 : where + 1 + len(inside)] == inside
    assert paths[-1] == "NegTokenResp.mechListMIC"
    assert inside
    holder = fields[where].span
    for field in fields[where + 1 : where + 1 + len(inside)]:
        assert holder.start <= field.span.start <= field.span.end <= holder.end


def test_fields_of_an_inner_token_alone() -> None:
    """An inner token can be shown by itself: its spans then count in its own bytes."""
    token = dissect_token(resp(AP_REQ)).inner
    assert token is not None
    names = [f.name for f in token.fields]
    assert names[:4] == ["InitialContextToken", "thisMech", "innerContextToken", "TOK_ID"]
    assert token.fields[1].span == Span(2, 13)


def test_inner_fields_survive_a_crowded_envelope() -> None:
    """An envelope with more elements than are shown still shows what it carries."""
    crowd = b"".join(der(0xA5, der(0x04)) for _ in range(2000))
    raw = der(0xA1, der(0x30, crowd, der(0xA2, der(0x04, NEGOTIATE))))
    names = {f.name for f in token_fields(dissect_token(raw))}
    assert "NegTokenResp" in names


@pytest.mark.parametrize("size", range(1, 24))
def test_repr_shows_no_secret(size: int) -> None:
    """Neither responses nor challenges nor raw bytes show in a token's repr."""
    secret = b"S3CRET-S3CRET-S3CRET-S3C"[:size]
    shown = repr(dissect_token(resp(secret, der(0xA3, der(0x04, secret)))))
    assert repr(secret) not in shown
    assert secret.hex() not in shown


def test_authenticate_inside_two_layers() -> None:
    """The last leg of NTLM in SPNEGO is found."""
    message = b"NTLMSSP\0\x03\0\0\0" + bytes(52)
    assert type(dissect_token(resp(message)).inner) is NtlmAuthenticate
