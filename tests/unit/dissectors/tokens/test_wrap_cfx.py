"""Wrap and MIC tokens of RFC 4121."""

from __future__ import annotations

import pytest
from support.coverage import check_tree

from dissectors.span import Span
from dissectors.tokens import dissect_token
from dissectors.tokens.model import MicToken, Token, WrapToken
from dissectors.tokens.wrap_cfx import LONGEST_READ

SEQUENCE = bytes.fromhex("0000000012345678")
MIC = bytes.fromhex("0404 05 ffffffffff") + SEQUENCE + b"S" * 12


def wrap(flags: int, ec: int, rrc: int, data: bytes) -> bytes:
    head = bytes((5, 4, flags, 0xFF)) + ec.to_bytes(2) + rrc.to_bytes(2)
    return head + SEQUENCE + data


def turned(plain: bytes, checksum: bytes, rrc: int) -> bytes:
    """An unsealed Wrap as its sender makes it: plaintext, checksum, turned to the right."""
    data = plain + checksum
    by = rrc % len(data)
    return wrap(0, len(checksum), rrc, data[len(data) - by :] + data[: len(data) - by])


def tree(raw: bytes) -> dict[str, tuple[Span, str]]:
    return {field.path: (field.span, field.text) for field in check_tree(dissect_token(raw))}


def found(token: Token) -> list[tuple[str, Span]]:
    return [(anomaly.code, anomaly.span) for anomaly in token.anomalies]


def test_mic() -> None:
    """Flags and sequence are in the clear."""
    assert dissect_token(MIC) == MicToken(raw=MIC, flags=5, from_acceptor=True, sequence=0x12345678)


@pytest.mark.parametrize(
    ("flags", "sealed", "from_acceptor"), [(0, False, False), (2, True, False), (7, True, True)]
)
def test_flags_of_a_wrap(flags: int, sealed: bool, from_acceptor: bool) -> None:
    """The flag Sealed tells signing from sealing; EC and RRC are kept."""
    token = dissect_token(wrap(flags, 3, 28, b"text"))
    assert isinstance(token, WrapToken)
    assert (token.flags, token.sealed, token.from_acceptor) == (flags, sealed, from_acceptor)
    assert (token.sequence, token.ec, token.rrc) == (0x12345678, 3, 28)
    assert (token.payload is None) == sealed


@pytest.mark.parametrize("rrc", [0, 1, 3, 4, 5, 8, 12, 15, 16, 17, 28, 40, 65_535])
@pytest.mark.parametrize("plain", [b"", b"abcd", b"plaintext longer"])
def test_turn_to_the_right(rrc: int, plain: bytes) -> None:
    """The plaintext comes back whatever the turn, which may go round more than once."""
    raw = turned(plain, b"S" * 12, rrc)
    token = dissect_token(raw)
    assert isinstance(token, WrapToken)
    assert token.payload == plain
    assert token.anomalies == ()
    spans = [field.span for field in check_tree(token) if field.name == "plaintext"]
    assert sorted(spans) == sorted(token.payload_spans or ())
    assert plain not in repr(token).encode() or not plain


def test_plaintext_in_two_pieces() -> None:
    """A turn may cut it: then there are two fields, and each says which part it is."""
    paths = [(f.name, f.span, f.text) for f in dissect_token(turned(b"abcdefgh", b"SS", 5)).fields]
    assert paths[-3:] == [
        ("plaintext", Span(16, 19), "3 bytes, not shown (part 2 of 2)"),
        ("checksum", Span(19, 21), "2 bytes, not shown"),
        ("plaintext", Span(21, 26), "5 bytes, not shown (part 1 of 2)"),
    ]


def test_checksum_longer_than_the_data() -> None:
    """Nothing is split then, and it is told."""
    token = dissect_token(wrap(0, 5, 0, b"text"))
    assert isinstance(token, WrapToken)
    assert token.payload is None
    assert found(token) == [("bad-length", Span(4, 6))]
    assert tree(token.raw)["Wrap.data"] == (Span(16, 20), "4 bytes, not shown")


def test_long_token_is_not_turned_back() -> None:
    """Its carrier may have cut it, and the turn needs its end."""
    whole = dissect_token(wrap(0, 12, 12, bytes(LONGEST_READ - 16)))
    longer = dissect_token(wrap(0, 12, 12, bytes(LONGEST_READ - 15)))
    assert isinstance(whole, WrapToken)
    assert isinstance(longer, WrapToken)
    assert (whole.payload is None, longer.payload is None) == (False, True)


@pytest.mark.parametrize("size", range(2, 16))
def test_cut_header(size: int) -> None:
    """A header that is cut is told; flags that are there are read."""
    for raw in (MIC[:size], wrap(1, 0, 0, b"")[:size]):
        token = dissect_token(raw)
        assert isinstance(token, WrapToken | MicToken)
        assert (token.sequence, found(token)) == (None, [("truncated", Span(0, size))])
        assert token.from_acceptor is (None if size == 2 else True)
        check_tree(token)


@pytest.mark.parametrize(
    ("data", "span"),
    [
        (MIC[:3] + b"\xff\xff\0\xff\xff" + MIC[8:], Span(3, 8)),
        (b"\x05\x04\0\0" + bytes(12), Span(3, 4)),
    ],
)
def test_false_filler(data: bytes, span: Span) -> None:
    """Fixed bytes that are wrong are told, the rest is read."""
    assert found(dissect_token(data)) == [("bad-value", span)]


def test_tree_of_a_sealed_wrap() -> None:
    """Every header element and every flag with its bytes; the ciphertext stays hidden."""
    assert tree(wrap(0x0B, 0, 28, b"text")) == {
        "Wrap": (Span(0, 20), ""),
        "Wrap.TOK_ID": (Span(0, 2), "CFX GSS_Wrap (05 04)"),
        "Wrap.Flags": (Span(2, 3), "0x0b (SentByAcceptor, Sealed)"),
        "Wrap.Flags.SentByAcceptor": (Span(2, 3), "set"),
        "Wrap.Flags.Sealed": (Span(2, 3), "set"),
        "Wrap.Flags.AcceptorSubkey": (Span(2, 3), "not set"),
        "Wrap.Flags.reserved": (Span(2, 3), "0x08"),
        "Wrap.Filler": (Span(3, 4), "ff"),
        "Wrap.EC": (Span(4, 6), "0"),
        "Wrap.RRC": (Span(6, 8), "28"),
        "Wrap.SND_SEQ": (Span(8, 16), "305419896"),
        "Wrap.ciphertext": (Span(16, 20), "4 bytes, not shown"),
    }


def test_tree_of_a_mic() -> None:
    """The checksum stays hidden."""
    paths = tree(MIC)
    assert paths["MIC.Flags"][1] == "0x05 (SentByAcceptor, AcceptorSubkey)"
    assert paths["MIC.Filler"] == (Span(3, 8), "ff ff ff ff ff")
    assert paths["MIC.SGN_CKSUM"] == (Span(16, 28), "12 bytes, not shown")
