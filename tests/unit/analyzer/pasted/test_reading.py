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


@pytest.mark.parametrize(
    "text",
    [
        f'"{B64[1]}"',
        f"b'{B64[1]}'",
        repr(ANSWER),
        str(list(ANSWER)),
        "\n".join(map(str, ANSWER)),
        ", ".join(f"0x{byte:02x}" for byte in ANSWER),
        "{" + ", ".join(f"0x{byte:02x}" for byte in ANSWER) + "}",
        "".join(f"\\x{byte:02x}" for byte in ANSWER),
        f"-----BEGIN TOKEN-----\n{wrapped(B64[1])}\n-----END TOKEN-----\n",
        f"base64:{B64[1]}",
        f"\ufeff{B64[1]}",
        " ".join(wrapped(B64[1]).split("\n")),
        "\n".join(
            f"{at:04x}   {ANSWER[at : at + 16].hex(' ')}" for at in range(0, len(ANSWER), 16)
        ),
        f"'WWW-Authenticate: Negotiate {B64[1]}'",
        f'WWW-Authenticate: Basic realm="x", Negotiate {B64[1]}',
        f"www-authenticate\nNegotiate {B64[1]}",
    ],
)
def test_one_token_as_programs_print_it(text: str) -> None:
    """Quotes, arrays, escapes, dumps, borders: the token's bytes and no other."""
    assert [token.data for token in read_pasted(text).tokens] == [ANSWER]


THIRD = resp_token(b"x" * 30)


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("C: AUTH NTLM {0}\nS: 334 {1}\nC: {2}\nS: 235 2.7.0 Done", [CLIENT, SERVER, CLIENT]),
        ("C: AUTH NTLM\nS: 334\nC: {0}\nS: 334 {1}\nC: {2}", [CLIENT, SERVER, CLIENT]),
        ("a1 AUTHENTICATE NTLM {0}\n+ {1}\n{2}\na1 OK done", [CLIENT, SERVER, None]),
        ("S: + \nC: {0}\nS: + {1}\nC: {2}\nS: A0001 OK done", [CLIENT, SERVER, CLIENT]),
        ("first\n{0}\nthe answer\n{1}\nand then\n{2}\n", [None, None, None]),
        ("{0} {1} {2}", [None, None, None]),
    ],
)
def test_no_token_of_a_talk_is_lost(text: str, sides: list[int | None]) -> None:
    """Replies behind a mark, closing words, several in a line: each token once, none glued to words."""
    tokens = (OFFER, ANSWER, THIRD)
    found = read_pasted(text.format(*(base64.b64encode(token).decode() for token in tokens)))
    assert [token.data for token in found.tokens] == list(tokens)
    assert [token.side for token in found.tokens] == sides


def test_several_dumps() -> None:
    """Each begins at offset zero."""
    texts = [
        "\n".join(f"{at:06x} {token[at : at + 16].hex(' ')}" for at in range(0, len(token), 16))
        for token in (OFFER, ANSWER)
    ]
    for between in ("\n", "\n\n"):
        found = read_pasted(between.join(texts))
        assert [token.data for token in found.tokens] == [OFFER, ANSWER]


def test_a_marked_token_that_is_broken_is_told() -> None:
    """Half a character more or less: no token is passed over in silence."""
    with pytest.raises(UsageError, match="line 1: no whole base64"):
        read_pasted(f"C: {B64[0][:61]}\nS: {B64[1]}")


OPAQUE = base64.b64encode(bytes(range(100, 124))).decode()


@pytest.mark.parametrize("text", ["base64:{}", "{}==", "C: {}\nS: {}", "Negotiate {}"])
def test_unknown_bytes_are_taken_where_they_are_meant(text: str) -> None:
    """A label, padding, a mark or a scheme; hex and arrays always."""
    given = OPAQUE if "==" not in text else OPAQUE[:-2]
    assert read_pasted(text.format(given, given)).tokens
    for sure in ("ff" * 9, ", ".join(["0xff"] * 9), "\\xff" * 9):
        assert read_pasted(sure).tokens[0].data == b"\xff" * 9


@pytest.mark.parametrize(
    "text",
    [
        "my password is secret",
        "passwordpassword",
        "/home/User1/tokens/KerberosFirst2",
        "C: STARTTLSplease\nS: authenticated",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9]",
        "1 2 3 4 5 6 7 8 9",
    ],
)
def test_words_are_no_token(text: str) -> None:
    """Base64 by chance, paths and plain numbers."""
    with pytest.raises(UsageError, match=r"^token: "):
        read_pasted(text)


def test_what_could_be_base64_is_told_how_to_be_given() -> None:
    """One line that says what to do."""
    with pytest.raises(UsageError, match="put base64: before it"):
        read_pasted("passwordpassword")
