"""Tokens within tokens."""

from __future__ import annotations

import struct

import pytest
from support.coverage import check_tree

from dissectors.span import Span
from dissectors.tokens import dissect_token
from dissectors.tokens.model import (
    KrbApReq,
    KrbAsReq,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NtlmNegotiate,
    OpaqueToken,
    Pku2uMetaData,
    Token,
)

SPNEGO = bytes.fromhex("06062b0601050502")
NEGOEX = bytes.fromhex("060a2b06010401823702021e")
KERBEROS = bytes.fromhex("06092a864886f712010202")
PKU2U_OID = bytes.fromhex("06062b0601050207")
PKU2U = bytes.fromhex("5c33530deaf90d4db2ec4ae3786ec308")
NEGOTIATE = b"NTLMSSP\0" + bytes.fromhex("01000000 978208e2") + bytes(16)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    return bytes((tag, 0x82)) + len(content).to_bytes(2) + content


def exchange(number: int, content: bytes) -> bytes:
    """A NegoEx message with a token of PKU2U."""
    body = PKU2U + struct.pack("<II", 64, len(content)) + content
    words = struct.pack("<IIII", number, 0, 64, 40 + len(body))
    return b"NEGOEXTS" + words + bytes(16) + body


def init(content: bytes) -> bytes:
    return der(
        0x60, SPNEGO, der(0xA0, der(0x30, der(0xA0, der(0x30, NEGOEX)), der(0xA2, der(4, content))))
    )


def exchanged(raw: bytes) -> Token:
    """The scheme's token in the only message of `raw`."""
    token = dissect_token(raw)
    if isinstance(token, NegTokenInit):
        assert token.inner is not None
        token = token.inner
    assert isinstance(token, NegoexMessages)
    (message,) = token.messages
    assert message.exchange is not None
    return message.exchange


@pytest.mark.parametrize(
    ("content", "kind", "path"),
    [
        (der(0x60, KERBEROS, b"\1\0", der(0x6E, der(0x30))), KrbApReq, "InitialContextToken"),
        (der(0x60, PKU2U_OID, b"\5\0", der(0x6A, der(0x30))), KrbAsReq, "InitialContextToken"),
        (der(0x6A, der(0x30, der(0xA1, b"\2\1\5"))), KrbAsReq, "AS-REQ"),
        (NEGOTIATE, NtlmNegotiate, "NEGOTIATE_MESSAGE"),
        (exchange(5, b"x"), NegoexMessages, "NEGOEX"),
        (b"what", OpaqueToken, None),
    ],
)
def test_exchange_of_a_scheme(content: bytes, kind: type[Token], path: str | None) -> None:
    """What schemes say to each other is decoded by its own bytes, and its tree stands in its place."""
    for raw in (exchange(5, content), init(exchange(5, content))):
        found = exchanged(raw)
        assert type(found) is kind
        assert found.raw == content
        fields = check_tree(dissect_token(raw))
        row = next(row for row, field in enumerate(fields) if field.name == "Exchange")
        assert fields[row].span == Span(len(raw) - len(content), len(raw))
        assert fields[row].secret == (path is None)
        if path is not None:
            assert fields[row + 1].path == f"{fields[row].path}.{path}"


def test_meta_data_of_pku2u() -> None:
    """They are read in META_DATA messages alone."""
    content = der(0x30, der(0xA0, der(0x30)))
    assert type(exchanged(exchange(2, content))) is Pku2uMetaData
    assert type(exchanged(exchange(4, content))) is OpaqueToken


def test_findings_include_those_of_exchanged_tokens() -> None:
    """Their spans count in the outermost token."""
    content = der(0x60, KERBEROS, b"\1\0", der(0x6E, der(0x30))) + b"\xee"
    raw = init(exchange(5, content))
    spans = {anomaly.code: anomaly.span for anomaly in dissect_token(raw).findings}
    assert spans["trailing-bytes"] == Span(len(raw) - 1, len(raw))


def test_hint_with_messages_of_the_acceptor() -> None:
    """A NegTokenInit2 may carry a mechToken, which is opened."""
    token = dissect_token(init(exchange(3, b"\x30\0")), from_acceptor=True)
    assert type(token) is NegTokenInit2
    assert isinstance(token.inner, NegoexMessages)
    assert any(field.name == "META_DATA" for field in check_tree(token))


def test_depth_of_exchanges() -> None:
    """NegoEx within NegoEx is followed four tokens deep, then told and left."""
    raw = b"x"
    for _ in range(30):
        raw = exchange(5, raw)
    codes = [anomaly.code for anomaly in dissect_token(raw).findings]
    assert codes == ["limit-depth"]
    check_tree(dissect_token(raw))


def test_odd_mic_is_told() -> None:
    """What is wrong with a mechListMIC is an anomaly of the token that carries it."""
    cut = bytes.fromhex("01000000 112233")
    raw = der(0xA1, der(0x30, der(0xA3, der(4, cut))))
    (anomaly,) = dissect_token(raw).anomalies
    assert (anomaly.code, anomaly.span) == ("truncated", Span(len(raw) - 7, len(raw)))


def test_framed_negoex() -> None:
    """NegoEx in a frame of its own is opened as well."""
    raw = der(0x60, NEGOEX, exchange(5, NEGOTIATE))
    assert type(exchanged(raw)) is NtlmNegotiate
    check_tree(dissect_token(raw))
