"""Tokens without a capture: one, or the exchange that several make."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from support.facts import ROOT
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
from analyzer.errors import UsageError
from analyzer.explain import explain
from analyzer.report.explained import Explained, ExplainedExchange
from dissectors.tokens import build

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


def curl(host: str, token: str, answer: str, *, status: str = "401 Unauthorized") -> str:
    """A request with a token, and its response."""
    challenge = f"< WWW-Authenticate: {answer}\n" if answer else ""
    return (
        f"> GET / HTTP/1.1\n> Host: {host}\n> Authorization: {token}\n>\n"
        f"< HTTP/1.1 {status}\n{challenge}<\n"
    )


def two_logons(first: str, second: str) -> str:
    """Kerberos at one host, then NTLM at another."""
    ticket = init_token(KERBEROS, ap_req(b"LAB", (b"HTTP", b"web"), b"T" * 40, b"A" * 40))
    ntlm = [
        base64.b64encode(part).decode()
        for part in (
            NTLM_NEGOTIATE,
            ntlm_challenge(b"12345678"),
            ntlm_authenticate(ALICE, nt=b"n" * 60, lm=bytes(24)),
        )
    ]
    return (
        curl(first, f"Negotiate {base64.b64encode(ticket).decode()}", "", status="200 OK")
        + curl(second, f"NTLM {ntlm[0]}", f'Basic realm="x, y", NTLM {ntlm[1]}')
        + curl(second, f"NTLM {ntlm[2]}", "", status="200 OK")
    )


def test_two_hosts_are_two_servers() -> None:
    """Each ladder has its own host, and Kerberos at one is no cause for NTLM at the other."""
    explained = explain(two_logons("web", "other"))
    assert isinstance(explained, ExplainedExchange)
    assert [exchange.row["server_name"] for exchange in explained.negotiations] == ["web", "other"]
    text = str(explained)
    assert "other" in text
    assert "application_chose_ntlm" not in text
    assert [token.number for token in explained.tokens] == [1, 3, 4, 5]


def test_reasons_name_negotiations_and_messages_by_their_numbers() -> None:
    """Numbers are given before reasons are; a text has messages, not frames, and is no capture."""
    text = str(explain(two_logons("web", "web")))
    assert "negotiation 1 ran Kerberos with the same server" in " ".join(text.split())
    assert "possible, messages 2, 3" in text
    lost = str(explain(curl("web", f"NTLM {B64[0]}", f"NTLM {B64[1]}")))
    assert "the given text ends before the verdict" in lost
    assert "certain, message 2" in lost
    for said in (text, lost):
        assert "frame" not in said.partition("initiator, line 1")[0]
        assert "capture" not in said.partition("initiator, line 1")[0].replace("capture_ended", "")


def test_hosts_that_alternate_keep_the_order_of_the_text() -> None:
    """Numbers go up with the lines, whoever is spoken to."""
    legs = two_logons("web", "other")
    text = curl("other", f"Negotiate {B64[0]}", "") + legs
    explained = explain(text)
    assert isinstance(explained, ExplainedExchange)
    assert [token.line for token in explained.tokens] == [1, 7, 13, 17, 20]
    assert [token.number for token in explained.tokens] == [1, 3, 5, 6, 7]


HINT = build.neg_token_init(["negoex"], build.negoex(build.acceptor_nego()))


@pytest.mark.parametrize(
    ("given", "kind", "role"),
    [
        (HINT, "NegTokenInit2", "acceptor"),
        (HINT.hex(), "NegTokenInit2", "acceptor"),
        (f"S: {B64[0]}", "NegTokenInit2", "acceptor"),
        (f"WWW-Authenticate: Negotiate {B64[0]}", "NegTokenInit2", "acceptor"),
        (f"C: {B64[0]}", "NegTokenInit", "initiator"),
        (B64[0], "NegTokenInit", "initiator"),
        (B64[3], "NegTokenResp", None),
    ],
)
def test_the_sender_of_a_single_token_counts(
    given: bytes | str, kind: str, role: str | None
) -> None:
    """A mark or a header tells it, else the token; the words go by it."""
    explained = explain(given)
    assert isinstance(explained, Explained)
    assert (explained.token.token_type, explained.role) == (kind, role)
    assert explained.to_dict()["role"] == role
    first = {"NegTokenInit2": "The acceptor speaks first", "NegTokenInit": "The initiator offers"}
    assert explained.to_dict()["explanation"].startswith(first.get(kind, "Accepted"))


def test_a_hint_without_hints_of_a_public_capture() -> None:
    """Windows 10 answers with a NegTokenInit2 that only its NegoEx message gives away."""
    path = ROOT.parent / "shared/corpus/files"
    found = sorted(path.glob("*BruteShark*Windows_10*")) if path.exists() else []
    if not found:
        pytest.skip("not there")
    cells = read(found[0], tables={"tokens"}, with_secrets=True).tables.columns["tokens"]
    (token,) = [t for f, t in zip(cells["frame"], cells["token"], strict=True) if f == 5]
    explained = explain(token)
    assert isinstance(explained, Explained)
    assert explained.token.token_type == "NegTokenInit2"


@pytest.mark.parametrize("state", [0, 2])
def test_a_verdict_is_said_of_who_gave_it(state: int) -> None:
    """An initiator's negState is not the acceptor's."""
    token = resp_token(b"", state).hex()
    assert "The initiator" in str(explain(f"C: {token}"))
    assert "The acceptor" in str(explain(f"S: {token}"))
    assert "acceptor" not in explain(token).to_dict()["explanation"]


def test_bytes_in_every_form(tmp_path: Path) -> None:
    """Other kinds of bytes, bytes of text, and a path."""
    path = tmp_path / "token"
    path.write_text(B64[0], encoding="utf-16")
    raw = tmp_path / "raw"
    raw.write_bytes(LEGS[0])
    for given in (
        bytearray(LEGS[0]), memoryview(LEGS[0]), B64[0].encode(), f"NTLM {B64[0]}".encode(), path, raw,
    ):  # fmt: skip
        explained = explain(given)
        assert isinstance(explained, Explained)
        assert explained.token.raw == LEGS[0]
    for opaque in (b"my password is secret", b"", b"abcdefgh"):
        assert explain(opaque).token.raw == opaque


@pytest.mark.parametrize("given", [None, 5, ["a"], object(), Path("no/such/file")])
def test_other_values_are_the_caller_s_mistake(given: object) -> None:
    """One line that says what is taken."""
    with pytest.raises(UsageError, match=r"^token"):
        explain(given)


def test_the_end_of_a_context_is_named_in_the_heading() -> None:
    """Its type is a MIC's, whose name alone would mislead."""
    delete = build.mic_1964().replace(b"\x01\x01\x11", b"\x01\x02\x11")
    assert explain(delete).heading.startswith("GSS_MIC (delete context), ")
    assert explain(build.mic_1964()).heading.startswith("GSS_MIC, ")


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
