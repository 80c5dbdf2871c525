"""Find the tokens in what somebody pasted, whatever its form.

Forms, tried in this order: HAR or a part of it; HTTP messages and headers; one token in any encoding of
`encodings`; several tokens, one a line or with empty lines between them, with or without a mark
that tells the side (`C:`, `S:`, `client:`, `server:`, `>`, `<`, and `334` or `+` of mail protocols).
Lines of other words between them are passed over.

Bytes that are no known token are taken where their form leaves no doubt that bytes are meant: hex, a dump,
an array, base64 that is no word or path, or that stands behind `base64:`.
"""

from __future__ import annotations

import re

from analyzer.errors import UsageError
from analyzer.pasted.dumps import FIRST_LINE, is_dump_line
from analyzer.pasted.encodings import (
    BASE64,
    HEX,
    LEAST_BYTES,
    base64_bytes,
    encoded_bytes,
    is_token,
    read_encoded,
)
from analyzer.pasted.har import read_har
from analyzer.pasted.http_text import credentials, heads_in
from analyzer.pasted.model import CLIENT, SERVER, Pasted, Talk
from dissectors.recognise import kind_of
from dissectors.records import NamedTuple

NO_TOKEN = "token: neither base64, hex nor an authentication header"
NO_KNOWN_TOKEN = (
    "token: this can be read as base64, but of no known token; to see its bytes all the same, put base64:"
    " before it"
)
NO_HEADER = "token: this JSON has no authentication header with a token"
TOKEN_COUNT_LIMIT = 1000
LEAST_LENGTH = 11  # characters of base64 for the bytes of a token
BROKEN_LENGTH = 24  # characters of a marked word that must have been meant as a token

_MARK = re.compile(
    r"^\s*(?:(?P<client>>|[Cc]:|(?i:client|initiator)\s*:)"
    r"|(?P<server><|[Ss]:|(?i:server|acceptor)\s*:|(?=334\s|\+\s)))?\s*(?P<rest>.*?)\s*$"
)
_MAIL_REPLY = re.compile(r"^(?:334|\+)(?:\s+|$)")
_MAIL_COMMAND = re.compile(
    r"^(?:[\w.]+\s+)?(?:AUTH|AUTHENTICATE)\s+[\w-]+\s+(?P<rest>\S+)$", re.IGNORECASE
)


class Found(NamedTuple):
    """Talks whose HTTP messages are there, or single tokens in order."""

    talks: list[Talk]
    tokens: list[Pasted]


def read_pasted(text: str) -> Found:
    """Find every token in `text`. Raises `UsageError` if it holds none, or half of one."""
    text = _unquoted(text.removeprefix("\ufeff"))
    if not text.strip():
        raise UsageError("token: no token given")
    if text.lstrip()[0] in "{[" or '"name"' in text:
        loose = _one(text)
        if loose:
            return Found([], loose)
        talks, loose = read_har(text)
        if any(_authenticates(talk) for talk in talks) or loose:
            return Found([talk for talk in talks if _authenticates(talk)], loose)
        raise UsageError(NO_HEADER)
    talks, loose = heads_in(text)
    talks = [talk for talk in talks if _authenticates(talk)]
    if talks:
        return Found(talks, [])
    if not loose:
        loose = credentials(text, None) or _one(text) or _several(text)
    loose = [found for found in loose if _plausible(found.data)]
    if not loose:
        data = base64_bytes(text) if BASE64.match(text.strip()) else None
        raise UsageError(NO_TOKEN if data is None or not _plausible(data) else NO_KNOWN_TOKEN)
    return Found([], loose)


def _unquoted(text: str) -> str:
    """A header line without the quotes that a shell wanted around it."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'" and bare.count(bare[0]) == 2:
        inside = bare[1:-1]
        if ":" in inside or credentials(inside, None):
            return inside
    return text


def _authenticates(talk: Talk) -> bool:
    """At least one header of the talk holds a token."""
    values = (header.partition(":")[2] for head in talk for header in head.headers)
    return any(credentials(value, None) for value in values)


def _one(text: str) -> list[Pasted]:
    """The whole text as one token: unless it is several, one behind the other."""
    reading = read_encoded(text)
    if reading is None or not (reading.sure or is_token(reading.data)):
        return []
    if not _plausible(reading.data):
        return []
    if FIRST_LINE.match(text):  # the words of a dump are no tokens
        return [Pasted(reading.data)]
    for pieces in (text.split(), re.split(r"\n\s*\n", text)):
        if len(pieces) > 1 and sum(map(_is_whole, pieces)) > 1:
            return []
    return [Pasted(reading.data)]


def _several(text: str) -> list[Pasted]:
    """One token a line, or wrapped ones with empty lines, marks or other words between them."""
    found = _Blocks()
    for number, line in enumerate(text.splitlines(), 1):
        match = _MARK.match(line)
        assert match is not None  # every part of it is optional
        rest = match["rest"]
        if command := _MAIL_COMMAND.match(rest):
            rest = command["rest"]
        server = match["server"] is not None
        if reply := _MAIL_REPLY.match(rest):
            server, rest = True, rest[reply.end() :]
        marked = CLIENT if match["client"] or command else SERVER if server else None
        found.line(rest, marked, number, line)
    found.close()
    return found.tokens


class _Blocks:
    """Puts lines together to tokens."""

    def __init__(self) -> None:
        self.tokens: list[Pasted] = []
        self._block: list[str] = []
        self._side: int | None = None
        self._began = 0

    def line(self, rest: str, marked: int | None, number: int, raw: str) -> None:
        """Take one line: what is left of `raw` without its mark."""
        value = credentials(rest, marked, number)
        words = rest.split()
        if value:
            self.close()
            self._add(value)
        elif len(words) > 1 and all(map(_is_whole, words)):
            self.close()
            self._add([Pasted(encoded_bytes(word) or b"", marked, number) for word in words])
        elif not self._holds_bytes(rest):  # other words, or nothing
            self.close()
        else:
            if marked is not None or self._is_over(rest):
                self.close()
            if not self._block:
                self._side, self._began = marked, number
            self._block.append(rest if marked is not None else raw)

    def _is_over(self, rest: str) -> bool:
        """Whether a line cannot go on with the block: it is a token itself, or the block's end was seen."""
        if _is_whole(rest) or FIRST_LINE.match(rest):
            return True
        if not self._block or not BASE64.match(rest):
            return False
        first, latest = len(self._block[0].split()[-1]), len(self._block[-1].strip())
        return self._block[-1].rstrip().endswith("=") or latest < first or len(rest) > first

    def _holds_bytes(self, rest: str) -> bool:
        """Whether a line may be a piece of a token: one word of base64, hex, a line of a dump."""
        if BASE64.match(rest) or HEX.match(rest) or FIRST_LINE.match(rest):
            return True
        of_dump = bool(self._block) and FIRST_LINE.match(self._block[0]) is not None
        return of_dump and is_dump_line(rest)

    def close(self) -> None:
        """The block is whole: keep it if it is a token, or was marked as one."""
        text = "\n".join(self._block)
        self._block.clear()
        if not text:
            return
        reading = read_encoded(text)
        if reading is not None and (
            is_token(reading.data)
            or (self._side is not None and reading.sure and _plausible(reading.data))
        ):
            self._add([Pasted(reading.data, self._side, self._began)])
        elif reading is None and self._side is not None and len(text) >= BROKEN_LENGTH:
            raise UsageError(f"token: line {self._began}: no whole base64 or hex")

    def _add(self, tokens: list[Pasted]) -> None:
        if len(self.tokens) + len(tokens) > TOKEN_COUNT_LIMIT:
            raise UsageError(f"token: more than {TOKEN_COUNT_LIMIT} tokens")
        self.tokens += tokens


def _is_whole(piece: str) -> bool:
    """Whether a word or line is a token by itself; most are too short to be asked."""
    return len(piece) >= LEAST_LENGTH and is_token(encoded_bytes(piece))


def _plausible(data: bytes) -> bool:
    """A word can be base64 by chance: a few bytes must at least begin as a token does."""
    return len(data) >= LEAST_BYTES or kind_of(data) != "opaque"
