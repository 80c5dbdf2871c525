"""Find the tokens in what somebody pasted, whatever its form.

Forms, tried in this order: HAR or a part of it; HTTP messages and headers; one token in hex or base64,
wrapped or not; several tokens, one a line or with empty lines between them, with or without a mark
that tells the side (`C:`, `S:`, `client:`, `server:`, `>`, `<`, and `334` or `+` of mail protocols).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from analyzer.errors import UsageError
from analyzer.pasted.encodings import encoded_bytes
from analyzer.pasted.har import read_har
from analyzer.pasted.http_text import credentials, heads_in
from analyzer.pasted.model import CLIENT, SERVER, Pasted, Talk
from dissectors.recognise import kind_of

NO_TOKEN = "token: neither base64, hex nor an authentication header"
LEAST_BYTES = 8  # of pasted text in which no token is recognised
TOKEN_COUNT_LIMIT = 1000
UNSURE = frozenset({"opaque", "per-message"})

_MARK = re.compile(
    r"^\s*(?:(?P<client>>|[Cc]:|(?i:client|initiator)\s*:)"
    r"|(?P<server><|[Ss]:|(?i:server|acceptor)\s*:|334(?=\s)|\+(?=\s)))?\s*(?P<rest>.*?)\s*$"
)
_MAIL_COMMAND = re.compile(
    r"^(?:[\w.]+\s+)?(?:AUTH|AUTHENTICATE)\s+[\w-]+\s+(?P<rest>\S+)$", re.IGNORECASE
)


class Found(NamedTuple):
    """Talks whose HTTP messages are there, or single tokens in order."""

    talks: list[Talk]
    tokens: list[Pasted]


def read_pasted(text: str) -> Found:
    """Find every token in `text`. Raises `UsageError` if it holds none."""
    if not text.strip():
        raise UsageError("token: no token given")
    if text.lstrip()[0] in "{[" or '"name"' in text:
        talks, loose = read_har(text)
        if any(_authenticates(talk) for talk in talks) or loose:
            return Found([talk for talk in talks if _authenticates(talk)], loose)
        raise UsageError("token: this JSON has no authentication header with a token")
    talk, loose = heads_in(text)
    if _authenticates(talk):
        return Found([talk], [])
    if not loose:
        loose = credentials(text, None) or _one(text) or _several(text)
    loose = [found for found in loose if _plausible(found.data)]
    if not loose:
        raise UsageError(NO_TOKEN)
    return Found([], loose)


def _authenticates(talk: Talk) -> bool:
    """At least one header of the talk holds a token."""
    values = (header.partition(":")[2] for head in talk for header in head.headers)
    return any(credentials(value, None) for value in values)


def _one(text: str) -> list[Pasted]:
    """The whole text as one token: unless it is several, one behind the other."""
    data = encoded_bytes(text)
    if data is None:
        return []
    lines = text.split()
    if len(lines) > 1 and sum(_is_token(encoded_bytes(line)) for line in lines) > 1:
        return []
    return [Pasted(data)]


def _several(text: str) -> list[Pasted]:
    """One token a line, or wrapped ones with empty lines or marks between them."""
    found: list[Pasted] = []
    block: list[str] = []
    side: int | None = None
    began = 0

    def close() -> None:
        data = encoded_bytes("".join(block)) if block else None
        if data is not None and _is_token(data) and len(found) < TOKEN_COUNT_LIMIT:
            found.append(Pasted(data, side, began))
        block.clear()

    for number, line in enumerate(text.splitlines(), 1):
        match = _MARK.match(line)
        assert match is not None  # every part of it is optional
        rest = match["rest"]
        if command := _MAIL_COMMAND.match(rest):
            rest = command["rest"]
        marked = CLIENT if match["client"] or command else SERVER if match["server"] else None
        value = credentials(rest, marked, number)
        if marked is not None or not rest or value or _is_token(encoded_bytes(rest)):
            close()
            side, began = marked, number
        found += value
        if rest and not value:
            block.append(rest)
    close()
    return found


def _plausible(data: bytes) -> bool:
    """A word can be base64 by chance: a few bytes must at least begin as a token does."""
    return len(data) >= LEAST_BYTES or kind_of(data) != "opaque"


def _is_token(data: bytes | None) -> bool:
    """Bytes that begin as a context token does: four bytes of a signature prove nothing."""
    return data is not None and len(data) >= LEAST_BYTES and kind_of(data) not in UNSURE
