"""Authentication headers in HAR, the archive that browsers' developer tools save, or in a part of it.

    { "log": { "entries": [ { "request": { "method", "url", "headers": [ { "name", "value" } ] },
                              "response": { "status", "statusText", "headers" } } ] } }

Entries of one origin make one talk. A piece without entries gives the tokens of its headers.

Spec: HTTP Archive 1.2, sections log to headers.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from analyzer.pasted.http_text import KEPT, SENDERS, credentials
from analyzer.pasted.model import CLIENT, SERVER, Head, Pasted, Talk

PAIR = re.compile(r'"name"\s*:\s*"([A-Za-z-]+)"\s*,\s*"value"\s*:\s*"([^"\\]*)"')
NESTING = 64
METHOD = re.compile(r"^[A-Z][A-Z-]{0,30}$")


def read_har(text: str) -> tuple[list[Talk], list[Pasted]]:
    """Talks of a HAR's entries; tokens of headers that stand outside of an entry."""
    try:
        entries = _entries(json.loads(text))
    except (ValueError, RecursionError):
        entries = []  # a snippet, cut out by hand
    talks: dict[str, Talk] = {}
    for number, entry in enumerate(entries, 1):
        request, response = entry["request"], entry.get("response")
        host = urlsplit(_text(request.get("url"))).netloc
        path = urlsplit(_text(request.get("url"))).path or "/"
        method = _text(request.get("method"))
        if not METHOD.match(method):
            method = "GET"
        talk = talks.setdefault(host, [])
        headers = _headers(request, CLIENT)
        if not any(header.lower().startswith("host:") for header in headers) and host:
            headers.insert(0, f"Host: {host}")
        talk.append(Head(CLIENT, f"{method} {''.join(path.split())} HTTP/1.1", headers, number))
        status = response.get("status") if isinstance(response, dict) else None
        if isinstance(response, dict) and isinstance(status, int) and 100 <= status <= 999:
            words = _line(response.get("statusText"))
            talk.append(
                Head(SERVER, f"HTTP/1.1 {status} {words}", _headers(response, SERVER), number)
            )
    if talks:
        return list(talks.values()), []
    loose: list[Pasted] = []
    for match in PAIR.finditer(text):
        side = SENDERS.get(match[1].lower())
        if side is not None:
            loose += credentials(match[2], side, text.count("\n", 0, match.start()) + 1)
    return [], loose


def _entries(value: Any) -> list[dict[str, Any]]:
    """All objects with a request, wherever they lie, in order."""
    found: list[dict[str, Any]] = []
    pending = [(value, 0)]
    while pending:
        part, depth = pending.pop()
        if depth > NESTING:
            continue
        if isinstance(part, dict) and isinstance(part.get("request"), dict):
            found.append(part)
        elif isinstance(part, (dict, list)):
            within = list(part.values()) if isinstance(part, dict) else part
            pending += [(item, depth + 1) for item in reversed(within)]
    return found


def _headers(message: dict[str, Any], side: int) -> list[str]:
    listed = message.get("headers")
    made = []
    for header in listed if isinstance(listed, list) else []:
        if not isinstance(header, dict):
            continue
        name = _text(header.get("name"))
        if name.lower() not in KEPT or SENDERS.get(name.lower()) not in {None, side}:
            continue
        # browsers join equal headers with line ends
        made += [f"{name}: {_line(value)}" for value in _text(header.get("value")).split("\n")]
    return made


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _line(value: Any) -> str:
    return " ".join(_text(value).split())
