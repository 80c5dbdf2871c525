"""Web pages, behind a logon or without one.

Spec: RFC 9112, RFC 4559.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from benchmarks.workloads.logon import HOSTS, Logon
from benchmarks.workloads.script import CLIENT, SERVER, Script

Size = Callable[[], int]


CHALLENGES = ("WWW-Authenticate: Negotiate", 'WWW-Authenticate: Basic realm="lab"')


def _get(script: Script, host: str, token: bytes = b"", **how: Any) -> None:
    lines = [
        f"GET /app/{script.dice.randrange(10_000)}.html HTTP/1.1",
        f"Host: {host}.lab.example",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
        "Accept: */*",
    ]
    if token:
        lines.append(f"Authorization: Negotiate {b64encode(token).decode()}")
    script.say(CLIENT, "\r\n".join([*lines, "", ""]).encode(), **how)


def _answer(script: Script, status: str, *headers: str, body: int = 0, of: int = -1) -> None:
    lines = [f"HTTP/1.1 {status}", "Server: web", "Content-Type: text/html", *headers]
    head = "\r\n".join([*lines, f"Content-Length: {body}", "", ""])
    script.say(SERVER, head.encode(), body, of=of)


def _negotiate(token: bytes) -> str:
    return f"WWW-Authenticate: Negotiate {b64encode(token).decode()}"


def http(
    script: Script, mechanism: str, *, wrapped: bool = True, requests: int = 1, slow: bool = False, **how: Any
) -> None:  # fmt: skip
    """A web page behind a logon, then `requests` more; not `wrapped`: NTLM alone under Negotiate.

    `slow`: the user takes his time with the password.
    """
    script.open(80, **how)
    dice = script.dice
    logon = Logon(script, "http", mechanism, wrapped=wrapped)
    host, of = logon.host, logon.number
    _get(script, host, of=of)
    _answer(script, "401 Unauthorized", *CHALLENGES, body=381, of=of)
    pause = (2 + dice.randrange(25)) * 1_000_000_000 if slow else None
    last: list[str] = []
    if mechanism == "kerberos":
        _get(script, host, logon.ap_req(), of=of, pause=pause)
        last.append(_negotiate(logon.ap_rep()))
    else:
        _get(script, host, logon.negotiate(), of=of, pause=pause)
        _answer(script, "401 Unauthorized", _negotiate(logon.challenge()), of=of)
        _get(script, host, logon.authenticate(), of=of)
        if wrapped:
            last.append(_negotiate(logon.accepted()))
    _answer(script, "200 OK", *last, body=300 + dice.randrange(3000), of=of)
    _pages(script, host, requests, None)
    script.close()


def web(
    script: Script, *, bulk: Size | None = None, requests: int = 1, close: bool = True, **how: Any
) -> None:
    """Web pages that nobody logs on to."""
    script.open(80, **how)
    _pages(script, f"web{script.dice.randrange(HOSTS):02d}", requests, bulk)
    if close:
        script.close()


def _pages(script: Script, host: str, requests: int, bulk: Size | None) -> None:
    for _ in range(requests):
        _get(script, host)
        _answer(script, "200 OK", body=bulk() if bulk else 300 + script.dice.randrange(3000))
