"""Tokens in plain sentences."""

from __future__ import annotations

import pytest
from support.facts import captures
from support.messages import (
    KERBEROS,
    NTLM,
    NTLM_NEGOTIATE,
    ap_req,
    init_token,
    ntlm_authenticate,
    ntlm_challenge,
    resp_token,
)

from analyzer.analysis import read
from dissectors.tokens import dissect_token
from dissectors.tokens import model as tokens
from dissectors.tokens.model import Token
from dissectors.tokens.sentence import _SENTENCES, token_sentence

TICKET = ap_req(b"LAB", (b"HTTP", b"web"), b"t" * 9, b"a" * 9)
ALICE = "alice".encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "An empty token"),
        (b"\xff\x00", "2 bytes that are no token"),
        (NTLM_NEGOTIATE, "An NTLM client asks for a challenge"),
        (ntlm_challenge(b"12345678", "DOM".encode("utf-16-le")), "The NTLM server of DOM sends"),
        (
            ntlm_authenticate(ALICE, domain=ALICE, nt=bytes(24), lm=bytes(24)),
            "answers the challenge as alice\\alice with an NTLMv1 response",
        ),
        (TICKET, "shows a Kerberos ticket for HTTP/web in realm LAB, encrypted with aes256"),
        (
            init_token(NTLM, NTLM_NEGOTIATE),
            "offers ntlm, most wanted first. Inside: An NTLM client",
        ),
        (
            init_token(KERBEROS, TICKET),
            "offers kerberos, most wanted first. Inside: The client shows",
        ),
        (resp_token(b"", 0), "The acceptor accepts"),
        (resp_token(b"", 2), "The acceptor refuses"),
        (resp_token(b"", 9), "state is unknown(9)"),
    ],
)
def test_a_token_says_what_it_leads_to(data: bytes, said: str) -> None:
    """Who, what and for which service, and the token inside."""
    assert said in token_sentence(dissect_token(data))


def test_every_kind_of_token_has_its_sentence() -> None:
    """A new token type needs words: only opaque bytes have none of their own."""
    kinds = {
        kind
        for kind in vars(tokens).values()
        if isinstance(kind, type) and issubclass(kind, Token) and "token_type" in vars(kind)
    } | {tokens.DeleteContextToken}
    assert kinds - set(_SENTENCES) - {Token, tokens.OpaqueToken} == set()


def test_sentences_of_our_captures_end_as_sentences_do() -> None:
    """Every token of every capture of ours; names that are not there leave no holes."""
    for path in captures():
        found = set(
            read(path, tables={"tokens"}, with_secrets=True).tables.columns["tokens"]["token"]
        )
        for token in found:
            said = token_sentence(dissect_token(bytes.fromhex(token)))
            assert said.endswith("."), said
            assert "None" not in said
            assert "  " not in said
