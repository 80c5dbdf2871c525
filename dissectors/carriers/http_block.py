"""One HTTP/1.x message's header block: what framing and authentication need of it.

Bulk web traffic passes here, so a block is searched for the few fields that matter and never split
into lines.

Spec: RFC 9112 2-7, RFC 9110 7.2 and 11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from dissectors.carriers.window import Carried, Cut, Window

ORIGIN = "http"
PROXY = "http-proxy"

CHUNKED = -1
UNTIL_CLOSE = -2
BROKEN = -3

# Every header block passes through this one: each alternative is ruled out by its first character, and
# the number of the group that matched tells which field it is.
_FIELDS = re.compile(
    rb"\n(?:[ \t]()"
    rb"|[hH](?i:ost)[ \t]*:([^\n]*)"
    rb"|[cC](?i:ontent-length)[ \t]*:([^\n]*)"
    rb"|[tT](?i:ransfer-encoding)[ \t]*:([^\n]*)"
    rb"|[aA](?i:uthorization)[ \t]*:([^\n]*)"
    rb"|[aA](?i:uthentication-info)[ \t]*:([^\n]*)"
    rb"|[wW](?i:ww-authenticate)[ \t]*:([^\n]*)"
    rb"|[pP](?i:roxy-authorization)[ \t]*:([^\n]*)"
    rb"|[pP](?i:roxy-authenticate)[ \t]*:([^\n]*)"
    rb"|[pP](?i:roxy-authentication-info)[ \t]*:([^\n]*))"
)
_FOLDED, _HOST, _LENGTH, _CODING = range(1, 5)
_FAMILY = (*[""] * 5, ORIGIN, ORIGIN, ORIGIN, PROXY, PROXY, PROXY)  # by the group's number
_INFO = {6, 10}
_EXPECT = re.compile(rb"\nexpect[ \t]*:", re.IGNORECASE)
_CONNECTION = re.compile(rb"\n(proxy-)?connection[ \t]*:([^\n]*)", re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"\ncontent-type[ \t]*:", re.IGNORECASE)
_SEALED = re.compile(rb"multipart/encrypted.*session-encrypted", re.IGNORECASE)
_MAY_BE_SEALED = re.compile(rb"\n[cC](?i:ontent-type)[ \t]*:\s*[mM](?i:ultipart/enc)")
_FOLD = re.compile(rb"\r?\n[ \t]+")


class Field(NamedTuple):
    """One authentication field; `family` is the carrier it belongs to, `start` a stream offset."""

    family: str
    value: bytes
    start: int
    frames: tuple[int, ...]
    cut: str | None = None  # the capture lacks the end of its line: the code that says why
    info: bool = False  # Authentication-Info: parameters of a success, no challenge
    carried: Carried = ()  # which of `frames` carried which part; () if one frame carried all


class Block:
    """A header block with its place in the stream, and the fields of it that matter."""

    __slots__ = ("cut", "data", "end", "fields", "host", "size", "start", "window")

    fields: list[Field]
    """Every authentication field, in order."""
    host: bytes
    """Value of the first Host field; b"" if there is none."""
    size: int | None
    """Length of the body as announced, or CHUNKED, UNTIL_CLOSE or BROKEN; None: nothing is announced."""

    def __init__(
        self,
        data: bytes,
        start: int,
        window: Window,
        cut: Cut | None = None,
        frames: tuple[int, ...] = (),
    ) -> None:
        """`frames`: the one frame that carried the block, where that is known."""
        self.data = data
        self.start = start
        self.end = start + len(data)
        self.window = window
        self.cut = cut
        if not self._scan(frames):
            self.data = _unfold(data)
            self._scan(frames)

    def _scan(self, frames: tuple[int, ...]) -> bool:
        """Note the fields; False if a field is folded over several lines."""
        host = length = coding = None
        folded = False
        self.fields = fields = []
        for match in _FIELDS.finditer(self.data):
            kind = match.lastindex or 0
            if kind > _CODING:
                fields.append(self._field(kind, match, frames))
            elif kind == _HOST:
                if host is None:
                    host = match[_HOST].strip()
            elif kind == _LENGTH:
                if length is None:
                    length = match[_LENGTH].strip()
            elif kind == _FOLDED:
                folded = True
            elif coding is None:
                coding = match[_CODING].strip()
        self.host = host or b""
        if coding:
            self.size = _coded(coding, length)
        else:
            self.size = None if length is None else _size(length)
        return not folded

    def _field(self, kind: int, match: re.Match[bytes], frames: tuple[int, ...]) -> Field:
        raw = match[kind]
        value = raw.strip()
        start = self.start + match.start(kind) + (raw.find(value[:1]) if value else len(raw))
        code: str | None = None
        carried: Carried = ()
        if not frames:
            cut, end = self.cut, match.end()
            if cut is None:
                frames, carried = self.window.frames_carried(start, self.start + end)
            else:
                code = None if end < len(self.data) else cut.code
                frames, carried = cut.frames, cut.marks
        return Field(_FAMILY[kind], value, start, frames, code, kind in _INFO, carried)

    def value(self, pattern: re.Pattern[bytes]) -> bytes | None:
        """Value of a field that is seldom asked for."""
        match = pattern.search(self.data)
        if match is None:
            return None
        end = self.data.find(b"\n", match.end())
        return self.data[match.end() : end if end >= 0 else None].strip()

    @property
    def sealed(self) -> bool:
        """Tell whether the body is sealed by the security context (MS-WSMV 2.2.9.1)."""
        if _MAY_BE_SEALED.search(self.data) is None:
            return False
        media_type = self.value(_CONTENT_TYPE)
        return media_type is not None and _SEALED.match(media_type) is not None

    @property
    def media_type(self) -> bytes:
        """Media type of the body, with its parameters, in lower case."""
        return (self.value(_CONTENT_TYPE) or b"").lower()


def _unfold(data: bytes) -> bytes:
    """Replace obs-fold (RFC 9112 5.2) by as many spaces, so that offsets stay as they are."""
    first = data.find(b"\n") + 1
    return data[:first] + _FOLD.sub(lambda match: b" " * len(match[0]), data[first:])


# -- bodies (RFC 9112 6.3) ------------------------------------------------------------------------


def request_body(block: Block) -> int:
    """Length of a request's body, or CHUNKED or BROKEN."""
    size = block.size
    return 0 if size is None else BROKEN if size == UNTIL_CLOSE else size


def response_body(block: Block, code: int, method: bytes) -> int:
    """Length of a response's body, or CHUNKED, UNTIL_CLOSE or BROKEN."""
    if method == b"HEAD" or code in {204, 304}:
        return 0
    size = block.size
    return UNTIL_CLOSE if size is None else size


def _coded(coding: bytes, length: bytes | None) -> int | None:
    coding = coding.lower()
    if coding != b"identity":
        return CHUNKED if coding.endswith(b"chunked") else UNTIL_CLOSE
    return None if length is None else _size(length)


def _size(length: bytes) -> int:
    if not length.isdigit():
        length = length.partition(b",")[0].strip()  # a list of equal values is legal
    return int(length) if length.isdigit() and len(length) <= 18 else BROKEN


def awaits_continue(block: Block) -> bool:
    """Tell whether the client may leave the body out (RFC 9110 10.1.1)."""
    return (block.value(_EXPECT) or b"").lower() == b"100-continue"


def ended_by(block: Block, version: bytes) -> str | None:
    """Name what says that the connection ends with this response; None if it goes on (RFC 9112 9.3)."""
    kept = version != b"HTTP/1.0"
    for line in _CONNECTION.finditer(block.data):
        options = [option.strip() for option in line[2].lower().split(b",")]
        if b"close" in options:
            return "Proxy-Connection: close" if line[1] else "Connection: close"
        kept |= b"keep-alive" in options
    return None if kept else "HTTP/1.0, without keep-alive"
