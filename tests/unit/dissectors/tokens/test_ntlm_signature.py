"""Signatures of NTLM."""

from __future__ import annotations

import pytest
from support.coverage import check_tree

from dissectors.span import Span
from dissectors.tokens import dissect_token
from dissectors.tokens.model import MicToken, WrapToken

SIGNATURE = bytes.fromhex("01000000 1122334455667788 07000000")
PADDED = bytes.fromhex("01000000 00000000 55667788 a1b2c3d4")
ROOT = "NTLMSSP_MESSAGE_SIGNATURE"


def tree(raw: bytes) -> dict[str, tuple[Span, str]]:
    return {field.path: (field.span, field.text) for field in check_tree(dissect_token(raw))}


def test_signature() -> None:
    """With extended session security SeqNum is in the clear."""
    assert dissect_token(SIGNATURE) == MicToken(raw=SIGNATURE, sequence=7)


def test_signature_without_session_security() -> None:
    """RandomPad is zero there, and what stands in SeqNum's place is encrypted."""
    assert dissect_token(PADDED) == MicToken(raw=PADDED)


def test_signature_before_a_message() -> None:
    """That is GSS_Wrap; only the negotiated flags tell whether it is sealed."""
    raw = SIGNATURE + b"message"
    assert dissect_token(raw) == WrapToken(raw=raw, sequence=7)


def test_tree() -> None:
    """Version and SeqNum are shown, the checksum and a message are not."""
    assert tree(SIGNATURE + b"message") == {
        ROOT: (Span(0, 16), ""),
        f"{ROOT}.Version": (Span(0, 4), "1"),
        f"{ROOT}.Checksum": (Span(4, 12), "8 bytes, not shown"),
        f"{ROOT}.SeqNum": (Span(12, 16), "7"),
        "Message": (Span(16, 23), "7 bytes, not shown"),
    }


def test_tree_without_session_security() -> None:
    """RandomPad has its own field, and SeqNum is hidden."""
    assert tree(PADDED) == {
        ROOT: (Span(0, 16), ""),
        f"{ROOT}.Version": (Span(0, 4), "1"),
        f"{ROOT}.RandomPad": (Span(4, 8), "00 00 00 00"),
        f"{ROOT}.Checksum": (Span(8, 12), "4 bytes, not shown"),
        f"{ROOT}.SeqNum": (Span(12, 16), "4 bytes, not shown"),
    }


@pytest.mark.parametrize("size", range(4, 16))
def test_cut_signature(size: int) -> None:
    """What is there of each element is told."""
    token = dissect_token(SIGNATURE[:size])
    assert isinstance(token, MicToken)
    assert token.sequence is None
    assert [(a.code, a.span) for a in token.anomalies] == [("truncated", Span(0, size))]
    check_tree(token)
