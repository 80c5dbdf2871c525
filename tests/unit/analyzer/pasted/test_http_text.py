"""HTTP heads out of text."""

from __future__ import annotations

import base64

import pytest

from analyzer.pasted.http_text import credentials, heads_in
from analyzer.pasted.model import CLIENT, SERVER

TOKEN = base64.b64encode(b"NTLMSSP\0\1\0\0\0" + bytes(20)).decode()

CURL = f"""\
* Trying 10.0.0.1:80...
> GET /a?b=c HTTP/2
> Host: web
> Accept: */*
> Authorization: NTLM {TOKEN}
>
{{ [12 bytes data]
< HTTP/2 401
< content-length: 12
< www-authenticate: NTLM TlRMTVNTUAAC
<
"""


def test_curl_s_output_becomes_heads() -> None:
    """Marks are taken off, HTTP/2 is written as HTTP/1.1, headers of the content are left out."""
    (talk,), loose = heads_in(CURL)
    assert not loose
    assert [(head.side, head.first, head.line) for head in talk] == [
        (CLIENT, "GET /a?b=c HTTP/1.1", 2),
        (SERVER, "HTTP/1.1 401 ", 8),
    ]
    assert talk[0].headers == ["Host: web", f"Authorization: NTLM {TOKEN}"]
    assert talk[1].headers == ["www-authenticate: NTLM TlRMTVNTUAAC"]
    assert talk[1].wire().endswith(b"Content-Length: 0\r\n\r\n")


def test_plain_heads_need_no_marks() -> None:
    """What httpie prints, with CRLF, is read the same way."""
    text = "".join(line.removeprefix("> ").removeprefix("< ") + "\r\n" for line in CURL.split("\n"))
    assert [head.first for head in heads_in(text)[0][0]] == ["GET /a?b=c HTTP/1.1", "HTTP/1.1 401 "]


def test_header_lines_alone_are_tokens_with_a_sender() -> None:
    """The header's name tells the side; folded lines are joined; schemes without a token are none."""
    text = f"WWW-Authenticate: Negotiate\nAuthorization: NTLM {TOKEN[:20]}\n  {TOKEN[20:]}\nHost: x"
    talks, loose = heads_in(text)
    assert not talks
    ((data, side, line),) = loose
    assert (data, side, line) == (base64.b64decode(TOKEN), CLIENT, 2)


def test_a_response_s_header_does_not_count_in_a_request() -> None:
    """A WWW-Authenticate line among a request's headers is not the client's word."""
    (talk,), _ = heads_in(f"GET / HTTP/1.1\nWWW-Authenticate: NTLM {TOKEN}\n\n")
    assert talk[0].headers == []


def test_values_of_other_schemes_hold_no_token() -> None:
    """Basic's credentials are a password, Bearer's no GSS token."""
    assert credentials("Basic YWxpY2U6c2VjcmV0", None) == []
    assert credentials("Bearer abcd", None) == []
    assert credentials(f"negotiate {TOKEN}", None)[0].data == base64.b64decode(TOKEN)


def test_each_host_has_its_own_talk() -> None:
    """A response belongs to the request before it; ports that a scheme implies make no other host."""
    text = ""
    for host in ("web", "Web:443", "other", "web:8080", "web"):
        text += f"> GET / HTTP/1.1\n> Host: {host}\n>\n< HTTP/1.1 200 {host}\n<\n"
    text += "> CONNECT web:443 HTTP/1.1\n>\n> GET http://other/x HTTP/1.1\n>\n> GET / HTTP/1.1\n"
    talks, _ = heads_in(text)
    assert [[head.line for head in talk] for talk in talks] == [
        [1, 4, 6, 9, 21, 24, 26],
        [11, 14, 28, 30],
        [16, 19],
    ]


@pytest.mark.parametrize(
    "value",
    [
        f'Negotiate {TOKEN}, Basic realm="x"',
        f'Basic realm="x", Negotiate {TOKEN}',
        f'Digest realm="a, Negotiate YWJjZGVm", nonce="\\"", NTLM {TOKEN} , Basic realm="y"',
        f'Basic realm="not closed, Negotiate YWJj", , NTLM {TOKEN}',
    ],
)
def test_a_list_of_challenges_holds_a_token(value: str) -> None:
    """RFC 9110 11.6.1: several schemes in one header; commas in quotes are no borders."""
    assert [found.data for found in credentials(value, SERVER)] == [base64.b64decode(TOKEN)]


@pytest.mark.parametrize("name", ["authorization", "Authorization:", " authorization : "])
def test_name_and_value_on_lines_of_their_own(name: str) -> None:
    """Browsers copy them so: the name alone, then the value."""
    (found,) = heads_in(f":method\nGET\n{name}\nNegotiate {TOKEN}\nhost\nweb")[1]
    assert (found.data, found.side, found.line) == (base64.b64decode(TOKEN), CLIENT, 3)
    assert heads_in(f"authorization\nX-Other: Negotiate {TOKEN}")[1] == []
