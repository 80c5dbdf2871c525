"""Tokens without a capture: one, or the exchange that several make."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
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

from analyzer.errors import UsageError
from analyzer.explain import explain
from analyzer.report.explained import Explained, ExplainedExchange

ALICE = "alice".encode("utf-16-le")
LEGS = [
    init_token(NTLM, NTLM_NEGOTIATE),
    resp_token(ntlm_challenge(b"12345678"), 1),
    resp_token(ntlm_authenticate(ALICE, nt=b"n" * 60, lm=bytes(24))),
    resp_token(b"", 0),
]
B64 = [base64.b64encode(leg).decode() for leg in LEGS]


def test_one_token_is_explained_alone() -> None:
    """Bytes and text give the same tree."""
    for given in (LEGS[0], B64[0]):
        explained = explain(given)
        assert isinstance(explained, Explained)
        assert explained.token.raw == LEGS[0]
        assert "The initiator offers ntlm" in str(explained)


def test_the_legs_of_an_exchange_make_its_negotiation() -> None:
    """Without marks the tokens themselves tell who speaks; the verdict is the acceptor's."""
    explained = explain("\n".join(B64))
    assert isinstance(explained, ExplainedExchange)
    assert [token.role for token in explained.tokens] == ["initiator", "acceptor"] * 2
    (exchange,) = explained.negotiations
    row = exchange.row
    assert (row["outcome"], row["outcome_source"], row["mechanism"]) == ("success", "gss", "ntlm")
    assert row["user"] == "alice"
    assert row["client"] is None
    assert row["frames"] == [1, 2, 3, 4]


def test_http_statuses_count() -> None:
    """curl's output goes through the same carrier as a capture: the last 401 is a failure."""
    text = ""
    for number, (leg, answer) in enumerate(zip(B64[::2], [B64[1], None], strict=True)):
        text += f"> GET / HTTP/1.1\n> Host: web\n> Authorization: Negotiate {leg}\n>\n< HTTP/1.1 401 Unauthorized\n"
        text += f"< WWW-Authenticate: Negotiate {answer}\n<\n" if answer else "<\n"
        assert number < 2
    explained = explain(text)
    assert isinstance(explained, ExplainedExchange)
    (exchange,) = explained.negotiations
    assert (exchange.row["outcome"], exchange.row["status"]) == ("failure", "401")
    assert exchange.row["server_name"] == "web"
    assert [token.line for token in explained.tokens] == [1, 5, 8]
    assert "web" in explained.lines()[0]


def test_a_tunnel_of_a_proxy_is_another_connection() -> None:
    """After CONNECT and its 200 the tokens belong to the origin server."""
    text = (
        f"> CONNECT web:443 HTTP/1.1\n> Proxy-Authorization: Negotiate {B64[0]}\n>\n< HTTP/1.1 200 ok\n<\n"
        f"> GET / HTTP/1.1\n> Host: web\n> Authorization: Negotiate {B64[0]}\n>\n< HTTP/1.1 200 ok\n<\n"
    )
    explained = explain(text)
    assert isinstance(explained, ExplainedExchange)
    assert [exchange.row["carrier"] for exchange in explained.negotiations] == [
        "http-proxy",
        "http",
    ]


def test_a_capture_is_told_apart(tmp_path: Path) -> None:
    """Who hands over a capture file learns which command reads it."""
    with pytest.raises(UsageError, match="this is a capture"):
        explain(b"\x0a\x0d\x0d\x0a" + bytes(40))


def test_values_are_plain_and_secrets_are_left_out() -> None:
    """The JSON form can be written as JSON; ticket and responses only when asked for."""
    ticket = base64.b64encode(
        init_token(KERBEROS, ap_req(b"LAB", (b"HTTP", b"web"), b"T" * 40, b"A" * 40))
    ).decode()
    for text, secret in (("\n".join(B64), b"n" * 60), (ticket, b"T" * 40)):
        explained = explain(text)
        told = json.dumps(explained.to_dict())
        assert secret.hex() not in told
        assert secret.hex() in json.dumps(explained.to_dict(secrets=True))


def test_fields_in_json_have_ranges_and_meanings() -> None:
    """Each field: path, name, value, text, byte range; plain words where the name is not enough."""
    made = explain(B64[0]).to_dict()
    fields = {field["path"]: field for field in made["fields"]}
    offer = fields["InitialContextToken.innerContextToken.NegTokenInit.mechTypes"]
    assert offer["meaning"].startswith("mechanisms, most wanted first")
    assert 0 < offer["start"] < offer["end"] <= made["length"] == len(LEGS[0])
    assert made["explanation"].startswith("The initiator offers ntlm")


def test_the_notebook_s_view_is_static_and_escaped() -> None:
    """Nested details without script; names from the wire are text; no secret in any tooltip."""
    evil = "<img src=x onerror=alert(1)>".encode("utf-16-le")
    explained = explain(resp_token(ntlm_authenticate(evil, nt=b"n" * 60, lm=b"l" * 24)))
    html = explained._repr_html_()
    assert "&lt;img src=x" in html
    assert "<img" not in html
    assert "<script" not in html
    assert html.count("<details") == html.count("</details>") > 2
    assert html.count("<div") == html.count("</div>")
    assert "6e 6e 6e 6e" not in html
    assert "6c 6c 6c 6c" not in html
    several = explain("\n".join(B64))._repr_html_()
    assert several.count("<details") == several.count("</details>")
