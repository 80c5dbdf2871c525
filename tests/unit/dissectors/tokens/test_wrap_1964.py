"""Wrap, MIC and deletion tokens of RFC 1964."""

from __future__ import annotations

import pytest
from support.coverage import check_tree

from dissectors.span import Field, Span
from dissectors.tokens import dissect_token
from dissectors.tokens.model import DeleteContextToken, MicToken, Token, WrapToken

OID = bytes.fromhex("06092a864886f712010202")
FRAME = 13  # bytes of frame and OID, as long as all is short
INNER = "InitialContextToken.innerContextToken."


def framed(hexadecimal: str, rest: bytes = b"") -> bytes:
    content = OID + bytes.fromhex(hexadecimal) + rest
    return bytes((0x60, len(content))) + content


def tree(token: Token) -> dict[str, Field]:
    return {f.path.removeprefix(INNER): f for f in check_tree(token)}


def found(token: Token) -> list[tuple[str, Span]]:
    return [(anomaly.code, anomaly.span) for anomaly in token.anomalies]


MIC = framed("0101 1100 ffffffff", b"q" * 8 + b"S" * 8)
HEADER = b"q" * 8 + b"S" * 8


def test_mic() -> None:
    """The algorithm has its name; the sequence, which names the sender, is encrypted."""
    token = dissect_token(MIC)
    assert isinstance(token, MicToken)
    assert (token.sgn_alg, token.sequence, token.from_acceptor) == ("HMAC MD5 ARCFOUR", None, None)
    fields = tree(token)
    assert fields["MIC.SGN_ALG"].text == "0x0011 (HMAC MD5 ARCFOUR)"
    assert fields["MIC.SND_SEQ"].text == "8 bytes, not shown"
    assert fields["MIC.SGN_CKSUM"].span == Span(FRAME + 16, FRAME + 24)


def test_deletion() -> None:
    """The token that deletes a context is a MIC over nothing."""
    token = dissect_token(framed("0102 0000 ffffffff", HEADER))
    assert type(token) is DeleteContextToken
    assert (token.token_type, token.sgn_alg, token.anomalies) == ("GSS_MIC", "DES MAC MD5", ())
    assert tree(token)["Delete.TOK_ID"].text == "GSS_Delete_sec_context (01 02)"


@pytest.mark.parametrize(
    ("seal_alg", "name", "sealed"),
    [
        ("ffff", "none", False),
        ("1000", "ARCFOUR", True),
        ("0000", "DES", True),
        ("0900", "unknown(9)", True),
    ],
)
def test_seal_alg(seal_alg: str, name: str, sealed: bool) -> None:
    """SEAL_ALG `ffff` means that the text is only signed."""
    token = dissect_token(framed(f"0201 1100 {seal_alg} ffff", HEADER + b"C" * 8 + b"text\1"))
    assert isinstance(token, WrapToken)
    assert (token.seal_alg, token.sealed, token.sgn_alg) == (name, sealed, "HMAC MD5 ARCFOUR")
    assert token.payload == (None if sealed else b"text")
    assert token.anomalies == ()


def test_unsealed_data_is_split() -> None:
    """Confounder, plaintext and padding have fields; text stays hidden."""
    raw = framed("0201 0000 ffff ffff", HEADER + b"C" * 8 + b"text\4\4\4\4")
    fields = tree(dissect_token(raw))
    start = FRAME + 24
    assert fields["Wrap.Confounder"].span == Span(start, start + 8)
    assert fields["Wrap.plaintext"].span == Span(start + 8, start + 12)
    assert fields["Wrap.plaintext"].secret
    assert (fields["Wrap.padding"].span, fields["Wrap.padding"].text) == (
        Span(start + 12, start + 16),
        "04 04 04 04",
    )


@pytest.mark.parametrize("end", [b"\0", b"\x09" * 9, b"\2\1\2", b"\7"])
def test_false_padding(end: bytes) -> None:
    """Padding that is none is told, and nothing taken off."""
    token = dissect_token(framed("0201 0000 ffff ffff", HEADER + b"C" * 8 + b"text" + end))
    assert isinstance(token, WrapToken)
    assert token.payload == b"text" + end
    assert [code for code, _ in found(token)] == ["bad-value"]
    check_tree(token)


def test_des3_has_a_longer_checksum() -> None:
    """Its 20 octets move what follows."""
    raw = framed("0201 0400 ffff ffff", b"q" * 8 + b"S" * 20 + b"C" * 8 + b"text\1")
    token = dissect_token(raw)
    assert isinstance(token, WrapToken)
    assert (token.sgn_alg, token.payload) == ("HMAC SHA1 DES3-KD", b"text")
    assert tree(token)["Wrap.SGN_CKSUM"].span.length == 20
    mic = dissect_token(framed("0101 0400 ffffffff", b"q" * 8 + b"S" * 20))
    assert mic.anomalies == ()


@pytest.mark.parametrize("size", range(FRAME + 2, FRAME + 24))
def test_cut_tokens(size: int) -> None:
    """A header that is cut is told."""
    raw = MIC[:size]
    token = dissect_token(raw)
    assert isinstance(token, MicToken)
    assert ("truncated", Span(FRAME, size)) in found(token)
    check_tree(token)


def test_bytes_behind_the_frame() -> None:
    """They are no part of the message."""
    raw = framed("0201 1100 ffff ffff", HEADER + b"C" * 8 + b"text\1") + b"more"
    token = dissect_token(raw)
    assert isinstance(token, WrapToken)
    assert token.payload == b"text"
    assert found(token) == [("trailing-bytes", Span(len(raw) - 4, len(raw)))]
    check_tree(token)


def test_cut_wrap_does_not_guess() -> None:
    """Without SEAL_ALG a wrap is neither sealed nor not."""
    token = dissect_token(framed("0201 1100 ff"))
    assert isinstance(token, WrapToken)
    assert (token.sealed, token.seal_alg) == (None, None)


def test_bytes_after_the_checksum() -> None:
    """A MIC ends there."""
    token = dissect_token(framed("0101 1100 ffffffff", HEADER + b"xy"))
    assert found(token) == [("trailing-bytes", Span(FRAME + 24, FRAME + 26))]


@pytest.mark.parametrize(
    ("content", "span"),
    [
        ("0101 1100 ffff00ff", Span(FRAME + 4, FRAME + 8)),
        ("0201 1100 1000 00ff", Span(FRAME + 6, FRAME + 8)),
    ],
)
def test_false_filler(content: str, span: Span) -> None:
    """Fixed bytes that are wrong are told, the rest is read."""
    assert found(dissect_token(framed(content, HEADER))) == [("bad-value", span)]
