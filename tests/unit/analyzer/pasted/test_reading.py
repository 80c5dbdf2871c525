"""Any form of pasted tokens."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages import NTLM, NTLM_NEGOTIATE, init_token, ntlm_challenge, resp_token

from analyzer.errors import UsageError
from analyzer.pasted.model import CLIENT, SERVER
from analyzer.pasted.reading import read_pasted

OFFER = init_token(NTLM, NTLM_NEGOTIATE)
ANSWER = resp_token(ntlm_challenge(b"12345678"), 1)
B64 = [base64.b64encode(token).decode() for token in (OFFER, ANSWER)]


def wrapped(text: str) -> str:
    """Lines of 64 characters, as openssl and mail programs write them."""
    return "\n".join(text[at : at + 64] for at in range(0, len(text), 64))


@pytest.mark.parametrize(
    "text",
    [
        B64[1],
        wrapped(B64[1]),
        "  " + wrapped(B64[1]) + "\n\n",
        ANSWER.hex(),
        ANSWER.hex(" "),
        ANSWER.hex(":").upper(),
        f"Negotiate {B64[1]}",
        f"Negotiate {wrapped(B64[1])}",
        f"WWW-Authenticate: Negotiate {B64[1]}",
        f"< WWW-Authenticate: Negotiate {B64[1]}",
        f"proxy-authenticate:negotiate   {B64[1]}",
    ],
)
def test_one_token_in_every_form(text: str) -> None:
    """The same bytes, however they were copied."""
    found = read_pasted(text)
    assert [token.data for token in found.tokens] == [ANSWER]
    assert not found.talks


@pytest.mark.parametrize("between", ["\n", "\n\n", "\r\n"])
def test_several_tokens_one_a_line(between: str) -> None:
    """Each line a token; the line's number is kept."""
    found = read_pasted(between.join(B64))
    assert [token.data for token in found.tokens] == [OFFER, ANSWER]


def test_several_wrapped_tokens_with_empty_lines_between() -> None:
    """A token's lines belong together until an empty one."""
    found = read_pasted("\n\n".join(map(wrapped, B64)))
    assert [token.data for token in found.tokens] == [OFFER, ANSWER]


def test_marks_tell_the_side() -> None:
    """C and S, arrows, and the answers of mail servers."""
    for client, server in (
        ("C: ", "S: "),
        ("> ", "< "),
        ("client:", "server:"),
        ("a1 AUTHENTICATE NTLM ", "+ "),
        ("AUTH NTLM ", "334 "),
    ):
        found = read_pasted(f"{client}{B64[0]}\n{server}{B64[1]}\n")
        assert [(token.data, token.side, token.line) for token in found.tokens] == [
            (OFFER, CLIENT, 1),
            (ANSWER, SERVER, 2),
        ], client


def test_headers_with_a_first_line_are_a_talk() -> None:
    """With request and status lines the HTTP messages are kept, not only their tokens."""
    text = f"GET / HTTP/1.1\nHost: a\nAuthorization: Negotiate {B64[0]}\n\nHTTP/1.1 401 No\nWWW-Authenticate: Negotiate {B64[1]}\n"
    found = read_pasted(text)
    assert not found.tokens
    assert [head.line for head in found.talks[0]] == [1, 5]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "zzz",
        "!!",
        "Negotiate abcd",
        "GET / HTTP/1.1\nHost: a",
        "{}",
        "Authorization: Basic YWxpY2U6eA==",
    ],
)
def test_text_without_a_token_is_the_caller_s_mistake(text: str) -> None:
    """One clear line, whatever was pasted."""
    with pytest.raises(UsageError, match=r"^token: "):
        read_pasted(text)


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    """Tokens or a UsageError."""
    try:
        found = read_pasted(text)
    except UsageError:
        return
    assert found.talks or found.tokens
