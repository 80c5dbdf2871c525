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

# Every header block passes through this one (a folded one twice): each alternative is ruled out by its first
# characters, and the number of the group that matched tells what was found.
_TELLING = re.compile(
    rb"\n(?:[ \t\r\n]()"
    rb"|[hH](?i:ost)[ \t]*:([^\n]*)"
    rb"|[cC](?i:on)(?:"
    rb"(?i:tent-length)[ \t]*:([^\n]*)"
    rb"|(?i:tent-type)[ \t]*:[^\S\n]*[mM](?i:ultipart/enc)()"
    rb"|(?i:nection)[ \t]*:[^\n]*?(?i:close)())"
    rb"|[tT](?i:ransfer-encoding)[ \t]*:([^\n]*)"
    rb"|[aA](?i:uth)(?:(?i:orization)[ \t]*:([^\n]*)|(?i:entication-info)[ \t]*:([^\n]*))"
    rb"|[wW](?i:ww-authenticate)[ \t]*:([^\n]*)"
    rb"|[pP](?:(?i:roxy-)(?:"
    rb"(?i:authorization)[ \t]*:([^\n]*)"
    rb"|(?i:authenticate)[ \t]*:([^\n]*)"
    rb"|(?i:authentication-info)[ \t]*:([^\n]*)"
    rb"|(?i:connection)[ \t]*:[^\n]*?(?i:close)())"
    rb"|(?i:ersistent-auth)[ \t]*:()))"
)
_NO_LINE, _HOST, _LENGTH, _MEDIA_TYPE, _, _CODING = range(1, 7)
_PERSISTENT = 14
_FAMILIES = {7: ORIGIN, 8: ORIGIN, 9: ORIGIN, 10: PROXY, 11: PROXY, 12: PROXY}
"""Carrier of an authentication field, by its group's number."""
_INFO = {8, 12}
_FOLDS = (b"\n ", b"\n\t")
_EXPECT = re.compile(rb"\n[eE](?i:xpect)[ \t]*:([^\n]*)")
_CONNECTION = re.compile(rb"\n(?:[cC](?i:onnection)|[pP](?i:roxy-connection)())[ \t]*:([^\n]*)")
_CONTENT_TYPE = re.compile(rb"\n[cC](?i:ontent-type)[ \t]*:([^\n]*)")
_SEALED = re.compile(rb"multipart/encrypted.*session-encrypted", re.IGNORECASE)
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
    """A header block with its place in the stream, and what of it matters."""

    __slots__ = (
        "cut",
        "data",
        "end",
        "fields",
        "host",
        "may_close",
        "persistent",
        "plain",
        "sealed",
        "size",
        "start",
        "window",
    )

    fields: list[Field]
    """Every authentication field, in order."""
    host: bytes
    """Value of the first Host field; b"" if there is none."""
    size: int | None
    """Length of the body as announced, or CHUNKED, UNTIL_CLOSE or BROKEN; None: nothing is announced."""
    plain: bool
    """Whether no line begins with white space, as folded ones do, and empty ones."""
    sealed: bool
    """Whether the body is sealed by the security context (MS-WSMV 2.2.9.1)."""
    may_close: bool
    """Whether a Connection field says `close`, or something with that in it."""
    persistent: bool
    """Whether there is a Persistent-Auth field (MS-N2HT 2.2.2)."""

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
        self.plain = True
        if not self._scan(frames):
            self.data = _unfold(data)
            self._scan(frames)

    def _scan(self, frames: tuple[int, ...]) -> bool:
        """Note what tells; False if a field is folded over several lines."""
        data = self.data
        host = length = coding = None
        folded = maybe_sealed = False
        self.may_close = self.persistent = False
        self.fields = fields = []
        search = _TELLING.search
        match = search(data)
        while match is not None:
            kind = match.lastindex or 0
            if kind == _HOST:
                if host is None:
                    host = match[_HOST].strip()
            elif kind == _LENGTH:
                if length is None:
                    length = match[_LENGTH].strip()
            elif kind in _FAMILIES:
                fields.append(self._field(kind, match, frames))
            elif kind == _CODING:
                if coding is None:
                    coding = match[_CODING].strip()
            elif kind == _NO_LINE:
                self.plain = False
                folded |= match[0] in _FOLDS
            elif kind == _MEDIA_TYPE:
                maybe_sealed = True
            elif kind == _PERSISTENT:
                self.persistent = True
            else:
                self.may_close = True
            match = search(data, match.end())
        self.host = host or b""
        # once, however many such fields there are
        self.sealed = maybe_sealed and _SEALED.match(self.value(_CONTENT_TYPE)) is not None
        if coding:
            self.size = _coded(coding, length)
        else:
            self.size = None if length is None else _size(length)
        return not folded

    def _field(self, kind: int, match: re.Match[bytes], frames: tuple[int, ...]) -> Field:
        raw = match[kind]
        value = raw.strip()
        start = self.start + match.start(kind) + len(raw) - len(raw.lstrip())
        code: str | None = None
        carried: Carried = ()
        if not frames:
            cut, end = self.cut, match.end()
            if cut is None:
                frames, carried = self.window.frames_carried(start, self.start + end)
            else:
                code = None if end < len(self.data) else cut.code
                frames, carried = cut.frames, cut.marks
        return Field(_FAMILIES[kind], value, start, frames, code, kind in _INFO, carried)

    def value(self, pattern: re.Pattern[bytes]) -> bytes:
        """Value of the first field that suits; b"" if there is none."""
        match = pattern.search(self.data)
        return b"" if match is None else match[1].strip()

    @property
    def media_type(self) -> bytes:
        """Media type of the body, with its parameters, in lower case."""
        return self.value(_CONTENT_TYPE).lower()


def _unfold(data: bytes) -> bytes:
    """Replace obs-fold (RFC 9112 5.2) by as many spaces, so that offsets stay as they are."""
    first = data.find(b"\n") + 1
    return data[:first] + _FOLD.sub(lambda match: b" " * len(match[0]), data[first:])


# -- bodies (RFC 9112 6.3) ------------------------------------------------------------------------


def _size(length: bytes) -> int:
    if not length.isdigit():
        length = length.partition(b",")[0].strip()  # a list of equal values is legal
    return int(length) if length.isdigit() and len(length) <= 18 else BROKEN


def _coded(coding: bytes, length: bytes | None) -> int | None:
    coding = coding.lower()
    if coding != b"identity":
        return CHUNKED if coding.endswith(b"chunked") else UNTIL_CLOSE
    return None if length is None else _size(length)


def request_body(size: int | None) -> int:
    """Length of a request's body, or CHUNKED or BROKEN, by what its block announces."""
    return 0 if size is None else BROKEN if size == UNTIL_CLOSE else size


def response_body(size: int | None, code: int, method: bytes) -> int:
    """Length of a response's body, or CHUNKED, UNTIL_CLOSE or BROKEN, by what its block announces."""
    if method == b"HEAD" or code in {204, 304}:
        return 0
    return UNTIL_CLOSE if size is None else size


def awaits_continue(block: Block) -> bool:
    """Tell whether the client may leave the body out (RFC 9110 10.1.1)."""
    return block.value(_EXPECT).lower() == b"100-continue"


def ended_by(block: Block, version: bytes) -> str | None:
    """Name what says that the connection ends with this response; None if it goes on (RFC 9112 9.3)."""
    kept = version != b"HTTP/1.0"
    if kept and not block.may_close:
        return None
    for line in _CONNECTION.finditer(block.data):
        options = [option.strip() for option in line[2].lower().split(b",")]
        if b"close" in options:
            return "Connection: close" if line[1] is None else "Proxy-Connection: close"
        kept |= b"keep-alive" in options
    return None if kept else "HTTP/1.0, without keep-alive"
