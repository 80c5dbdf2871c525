"""Which token is which."""

from __future__ import annotations

from support.messages import NTLM_NEGOTIATE, resp_token

from analyzer.crosscheck.match import pair_tokens
from analyzer.crosscheck.our_tokens import OurToken
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.tshark_tokens import TheirToken
from dissectors.tokens import dissect_token

ONE, TWO = resp_token(NTLM_NEGOTIATE, 1), resp_token(b"another one", 1)


def ours(raw: bytes) -> OurToken:
    return OurToken({}, dissect_token(raw), 0)


def theirs(raw: bytes, whole: bytes | None = None) -> TheirToken:
    tree = Node("spnego.responseToken", "", 0, len(raw), raw.hex())
    return TheirToken("http", "NegTokenResp", tree, whole, outer=[tree])


def test_equal_bytes_before_order() -> None:
    """Tokens in another order are still paired by what they are."""
    mine, its = [ours(ONE), ours(TWO)], [theirs(b"", TWO), theirs(b"", ONE)]
    paired, left, right = pair_tokens(mine, its)
    assert {(a.token.raw, b.raw) for a, b in paired} == {(ONE, ONE), (TWO, TWO)}
    assert (left, right) == ([], [])


def test_by_the_values_inside() -> None:
    """Where tshark does not give all bytes, those of its fields must be in ours."""
    mine, its = [ours(TWO), ours(ONE)], [theirs(NTLM_NEGOTIATE)]
    paired, left, right = pair_tokens(mine, its)
    assert [(a.token.raw, b) for a, b in paired] == [(ONE, its[0])]
    assert [token.token.raw for token in left] == [TWO]
    assert right == []


def test_equal_tokens_go_by_order() -> None:
    """The first of equals is the first."""
    mine, its = [ours(ONE), ours(ONE)], [theirs(b"", ONE)]
    paired, left, _ = pair_tokens(mine, its)
    assert paired[0][0] is mine[0]
    assert left == [mine[1]]


def test_strangers_are_left_over() -> None:
    """Nothing is paired for want of another."""
    paired, left, right = pair_tokens([ours(ONE)], [theirs(b"nothing of ours")])
    assert (paired, len(left), len(right)) == ([], 1, 1)
    assert pair_tokens([ours(ONE)], [theirs(b"")])[0] == []
