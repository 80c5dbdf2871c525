"""HTTP heads in text: what curl -v, httpie and wget print, or plainly copied lines.

curl marks lines with `>` (sent), `<` (received) and `*`, `{`, `}` (its own remarks). Lines may stand
without marks, and without a message's first line: then each authentication header is a token of
its own, whose name tells who sent it. Requests are told apart by their hosts, as a browser's archive does.

Spec: RFC 9112 2-5, RFC 9110 7.2 and 11.6-11.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from analyzer.pasted.encodings import base64_bytes
from analyzer.pasted.model import CLIENT, SERVER, Head, Pasted, Talk

REQUEST = re.compile(r"^([A-Z][A-Z-]*) (\S+) HTTP/\d(?:\.\d)?$")
STATUS = re.compile(r"^HTTP/\d(?:\.\d)? (\d{3})(?: (.*))?$")
HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*)\s*:\s*(.*)$")
CREDENTIALS = re.compile(
    r"^(?:negotiate|ntlm|kerberos|credssp|nego2|pku2u|gss-spnego|gssapi)\s+(?P<token>[\w+/=\s-]+)$",
    re.IGNORECASE,
)
PARTS = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
"""Parts of a list, at whose commas a quoted text is not cut."""
DEFAULT_PORT = re.compile(r":(?:80|443)$")
SENDERS = {
    "authorization": CLIENT,
    "proxy-authorization": CLIENT,
    "www-authenticate": SERVER,
    "proxy-authenticate": SERVER,
    "authentication-info": SERVER,
    "proxy-authentication-info": SERVER,
}
KEPT = {*SENDERS, "host", "user-agent", "server", "via", "connection", "proxy-connection"}
"""Headers that the reading of an exchange needs; the content's own were of a content left out."""
_AROUND = " \t:"
LINE_LIMIT = 100_000


def heads_in(text: str) -> tuple[list[Talk], list[Pasted]]:
    """Heads of HTTP messages, by origin; tokens of authentication headers that stand outside of one."""
    heads: Talk = []
    loose: list[Pasted] = []
    head: Head | None = None
    for number, line in _unfolded(text):
        request, status = REQUEST.match(line), STATUS.match(line)
        if request:
            head = Head(CLIENT, f"{request[1]} {request[2]} HTTP/1.1", [], number)
            heads.append(head)
        elif status:
            head = Head(SERVER, f"HTTP/1.1 {status[1]} {status[2] or ''}", [], number)
            heads.append(head)
        elif not line:
            head = None
        elif header := HEADER.match(line):
            name = header[1].lower()
            sender = SENDERS.get(name)
            if head is not None and name in KEPT and sender in {None, head.side}:
                head.headers.append(f"{header[1]}: {header[2].strip()}")
            elif head is None and sender is not None:
                loose += credentials(header[2], sender, number)
    return _by_origin(heads), loose


def _by_origin(heads: Talk) -> list[Talk]:
    """A talk for each host; a response belongs to the request before it."""
    talks: dict[str, Talk] = {}
    origin = ""
    for head in heads:
        if head.side == CLIENT:
            origin = _origin(head) or origin
        talks.setdefault(origin, []).append(head)
    return list(talks.values())


def _origin(request: Head) -> str:
    """The host that a request names, and its port if that is unusual; "" if it names none."""
    method, target, _ = request.first.split()
    if method == "CONNECT":
        named = target
    else:
        hosts = (h[5:].strip() for h in request.headers if h.lower().startswith("host:"))
        named = next(hosts, "") or urlsplit(target).netloc
    return DEFAULT_PORT.sub("", named.lower())


def credentials(value: str, side: int | None, line: int = 1) -> list[Pasted]:
    """Tokens of a header's value, `Negotiate YII..., Basic realm="x"`; none where no scheme has one."""
    found = []
    for part in PARTS.finditer(value):
        match = CREDENTIALS.match(part[0].strip())
        data = base64_bytes(match["token"]) if match else None
        if data:
            found.append(Pasted(data, side, line))
    return found


def _is_name(line: str) -> bool:
    """A header's name alone, as browsers copy it: its value stands in the next line."""
    return line.strip(_AROUND).lower() in SENDERS


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, marks and remarks taken off, folded headers in one piece."""
    waiting: tuple[int, str] | None = None
    for number, raw in enumerate(text.splitlines()[:LINE_LIMIT], 1):
        line = raw.rstrip()
        if line[:1] in {"*", "{", "}"}:
            continue
        if line[:2] in {"> ", "< ", ">", "<"}:
            line = line[2:]
        if waiting is not None and line[:1] in {" ", "\t"} and HEADER.match(waiting[1]):
            waiting = waiting[0], f"{waiting[1]} {line.strip()}"
            continue
        if waiting is not None and _is_name(waiting[1]) and CREDENTIALS.match(line.strip()):
            waiting = waiting[0], f"{waiting[1].strip(_AROUND)}: {line.strip()}"
            continue
        if waiting is not None:
            yield waiting
        waiting = number, line
    if waiting is not None:
        yield waiting
