"""GSS-API frames, and what is found in them."""

from __future__ import annotations

import pytest

from dissectors.span import Span
from dissectors.tokens import dissect_token, token_fields, token_mech
from dissectors.tokens.model import (
    DeleteContextToken,
    KrbApReq,
    MicToken,
    NegTokenResp,
    NtlmNegotiate,
    OpaqueToken,
    Token,
    WrapToken,
)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, len(content))) + content


KERBEROS = bytes.fromhex("06092a864886f712010202")
MS_KERBEROS = bytes.fromhex("06092a864882f712010202")
SPNEGO = bytes.fromhex("06062b0601050502")
NTLM = bytes.fromhex("060a2b06010401823702020a")
SCRAM = bytes.fromhex("06062b060105050e")
AP_REQ = b"\x01\x00" + der(0x6E, der(0x30))
NEGOTIATE = b"NTLMSSP\0" + bytes.fromhex("01000000 978208e2") + bytes(16)


def codes(token: Token) -> list[str]:
    return [anomaly.code for anomaly in token.anomalies]


@pytest.mark.parametrize(
    ("oid", "dotted"),
    [
        (KERBEROS, "1.2.840.113554.1.2.2"),
        (MS_KERBEROS, "1.2.840.48018.1.2.2"),
        (SPNEGO, "1.3.6.1.5.5.2"),
        (NTLM, "1.3.6.1.4.1.311.2.2.10"),
        (b"\x06\x01\x2a", "1.2"),
    ],
)
def test_content_is_known_by_its_own_bytes(oid: bytes, dotted: str) -> None:
    """An AP-REQ is one under any OID; the frame's OID is kept."""
    raw = der(0x60, oid, AP_REQ)
    token = dissect_token(raw)
    assert type(token) is KrbApReq
    assert token.this_mech == dotted
    assert token.raw == raw
    assert not token.dce_style


def test_ntlm_in_a_frame() -> None:
    """An NTLM message may be framed too; its fields count from the frame's start."""
    raw = der(0x60, NTLM, NEGOTIATE)
    token = dissect_token(raw)
    assert type(token) is NtlmNegotiate
    assert token.this_mech == "1.3.6.1.4.1.311.2.2.10"
    assert token.flags == 0xE2088297
    assert token.raw == raw
    flags = next(f for f in token_fields(token) if f.value == 0xE2088297)
    assert raw[flags.span.start : flags.span.end] == bytes.fromhex("978208e2")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("0101 1100 ffffffff" + "11" * 16, MicToken),
        ("0201 1100 1000 ffff" + "11" * 24, WrapToken),
        ("0102 1100 ffffffff" + "11" * 16, DeleteContextToken),
    ],
)
def test_messages_of_rfc_1964(content: str, kind: type[Token]) -> None:
    """RFC 1964 frames its MIC and Wrap tokens, and the one that deletes a context."""
    token = dissect_token(der(0x60, KERBEROS, bytes.fromhex(content)))
    assert type(token) is kind
    assert token.this_mech == "1.2.840.113554.1.2.2"
    assert token.anomalies == ()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (der(0x60, KERBEROS), ["bad-value"]),
        (der(0x60, KERBEROS, b"\x09\x09"), ["bad-value"]),
        (der(0x60, SPNEGO, b"\x30\x00"), ["bad-value"]),
        (der(0x60, SPNEGO, der(0xA0, der(0x04))), ["bad-tag"]),
        (der(0xA1, der(0x31, der(0xA0, b"\x0a\x01\x00"))), ["bad-tag"]),
        (der(0xA1, der(0x31, der(0xA0, b"\x0a\x01\x00")))[:-1], []),
        (der(0x6E, b"n,,n=user"), []),
        (der(0x60, SCRAM, b"n,,n=user"), []),
        (der(0x60, b"\x06\x01\x80", b"x"), ["bad-value"]),
        (der(0x60, b"\x06\x7f\x2b"), ["bad-length"]),
        (der(0x60, KERBEROS, b"\x01\x00"), ["bad-length"]),
        (der(0x60, SCRAM, b"x") + b"yz", ["trailing-bytes"]),
        (b"\x60", ["truncated"]),
        (b"\x60\x10\x06", ["truncated"]),
        (b"\x60\x20" + KERBEROS, ["truncated"]),
    ],
)
def test_frames_without_a_token_of_ours(raw: bytes, expected: list[str]) -> None:
    """Content that is no token of the mechanism is opaque, and told if the mechanism is known.

    What is a token by its tag and lengths, but for its SEQUENCE, is told by the tag in that place.
    """
    token = dissect_token(raw)
    assert type(token) is OpaqueToken
    assert codes(token) == expected


def test_frame_may_end_inside_a_token_id() -> None:
    """Bytes behind the frame's end are not taken for its content."""
    token = dissect_token(der(0x60, KERBEROS, b"\x01") + b"\x00\x6e\x02\x30\x00")
    assert type(token) is OpaqueToken
    assert codes(token) == ["trailing-bytes", "bad-value"]


def test_this_mech_must_be_an_oid() -> None:
    """A frame that begins with something else is no frame of ours."""
    token = dissect_token(b"\x60\x80\x06" + b"\0")
    assert type(token) is OpaqueToken


def test_odd_length_of_this_mech() -> None:
    """An OID with a long length is read and noted."""
    token = dissect_token(der(0x60, b"\x06\x81\x06" + SPNEGO[2:], der(0xA1, der(0x30))))
    assert type(token) is NegTokenResp
    assert token.this_mech == "1.3.6.1.5.5.2"
    assert sorted(codes(token)) == ["framed-resp", "non-minimal-length"]


def test_indefinite_frame() -> None:
    """A frame of indefinite length is followed."""
    token = dissect_token(b"\x60\x80" + KERBEROS + AP_REQ + b"\0\0")
    assert type(token) is KrbApReq
    assert "not-der" in codes(token)
    assert token.anomalies[0].span == Span(0, 2)


def test_token_id_without_frame() -> None:
    """A token that begins at its token id is read, and its end found."""
    token = dissect_token(AP_REQ + b"\xff")
    assert type(token) is KrbApReq
    assert token.this_mech is None
    assert "trailing-bytes" in codes(token)


def test_fields_begin_with_the_frame() -> None:
    """The frame is a branch with its OID and what it frames; the token id has its name."""
    raw = der(0x60, KERBEROS, AP_REQ)
    fields = [(f.path, raw[f.span.start : f.span.end]) for f in token_fields(dissect_token(raw))]
    inner = "InitialContextToken.innerContextToken"
    assert fields[:5] == [
        ("InitialContextToken", raw),
        ("InitialContextToken.thisMech", KERBEROS),
        (inner, AP_REQ),
        (f"{inner}.TOK_ID", b"\x01\x00"),
        (f"{inner}.AP-REQ", AP_REQ[2:]),
    ]
    texts = {f.name: f.text for f in token_fields(dissect_token(raw))}
    assert texts["TOK_ID"] == "KRB_AP_REQ (01 00)"


def test_message_of_rfc_1964_below_its_frame() -> None:
    """Its tree stands below the frame's."""
    raw = der(0x60, KERBEROS, bytes.fromhex("0101 1100 ffffffff" + "11" * 16))
    paths = [f.path for f in token_fields(dissect_token(raw))]
    assert "InitialContextToken.innerContextToken.MIC.SGN_ALG" in paths


def test_frame_with_a_stranger_hides_it() -> None:
    """Of content that no decoder knows, the number of bytes is shown."""
    raw = der(0x60, SCRAM, b"n,,n=user")
    fields = {f.name: f for f in token_fields(dissect_token(raw))}
    content = fields["innerContextToken"]
    assert (content.text, content.secret) == ("9 bytes, not shown", True)


@pytest.mark.parametrize(("token_id", "tag"), [(b"\x05\x00", 0x6A), (b"\x06\x00", 0x6B)])
def test_pku2u_carries_kdc_messages(token_id: bytes, tag: int) -> None:
    """Its first two tokens are an AS-REQ and an AS-REP, and they are PKU2U's."""
    raw = der(0x60, bytes.fromhex("06062b0601050207"), token_id, der(tag, der(0x30)))
    token = dissect_token(raw)
    assert token.token_type == ("KRB_AS_REQ" if tag == 0x6A else "KRB_AS_REP")
    assert token_mech(token) == "pku2u"
