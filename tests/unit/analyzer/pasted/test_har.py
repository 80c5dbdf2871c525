"""Browser archives and pieces of them."""

from __future__ import annotations

import base64
import json

from analyzer.pasted.har import read_har
from analyzer.pasted.model import CLIENT, SERVER

RAW = b"NTLMSSP\0\1\0\0\0" + bytes(20)
TOKEN = base64.b64encode(RAW).decode()


def entry(url: str = "http://web/a b", status: object = 401) -> dict[str, object]:
    """One entry with a token in its request."""
    return {
        "request": {
            "method": "GET",
            "url": url,
            "headers": [{"name": "Authorization", "value": f"NTLM {TOKEN}"}],
        },
        "response": {
            "status": status,
            "statusText": "Unauthorized",
            "headers": [{"name": "WWW-Authenticate", "value": "Negotiate\nNTLM"}],
        },
    }


def test_entries_become_talks_by_origin() -> None:
    """Requests and responses in order, each origin its own; joined headers are taken apart."""
    har = {"log": {"entries": [entry(), entry("https://other/"), entry()]}}
    talks, loose = read_har(json.dumps(har))
    assert not loose
    assert [len(talk) for talk in talks] == [4, 2]
    first, answer = talks[0][:2]
    assert (first.side, first.first) == (CLIENT, "GET /ab HTTP/1.1")
    assert first.headers == ["Host: web", f"Authorization: NTLM {TOKEN}"]
    assert (answer.side, answer.first) == (SERVER, "HTTP/1.1 401 Unauthorized")
    assert answer.headers == ["WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM"]


def test_a_piece_cut_out_by_hand_gives_its_tokens() -> None:
    """Headers as objects, without the JSON around them being whole."""
    text = f'"headers": [\n {{ "name": "authorization",\n "value": "NTLM {TOKEN}" }}, {{'
    talks, loose = read_har(text)
    assert not talks
    assert [(found.data, found.side, found.line) for found in loose] == [(RAW, CLIENT, 2)]


def test_odd_archives_are_read_as_far_as_they_go() -> None:
    """Missing responses, numbers where text belongs and deep nesting raise nothing."""
    odd = [
        {"request": {}},
        {"request": {"headers": 3, "url": None, "method": "no\nmethod"}, "response": []},
        {"request": {"headers": [1, {"name": 2}]}, "response": {"status": "401"}},
    ]
    talks, _ = read_har(json.dumps(odd))
    assert [len(talk) for talk in talks] == [3]
    deep = "[" * 100_000
    assert read_har(deep) == ([], [])
    assert read_har("[" * 500 + json.dumps(entry()) + "]" * 500)[0] == []


def test_status_text_cannot_smuggle_a_header() -> None:
    """Line ends inside values become spaces before the heads are written as bytes."""
    made = entry()
    made["response"]["statusText"] = "x\r\nWWW-Authenticate: NTLM TlRM"
    talks, _ = read_har(json.dumps(made))
    assert talks[0][1].wire().count(b"\r\n") == 5
