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

# Every header block passes through this one, and in most of them it finds nothing. Each alternative is
# ruled out by its first character; the number of the group that matched tells what was found.
TELLING = re.compile(
    rb"\n(?:[ \t\r\n]()"
    rb"|[tT](?i:ransfer-encoding)[ \t]*:([^\n]*)"
    rb"|[cC](?i:ontent-type)[ \t]*:[^\S\n]*[mM](?i:ultipart/enc)()"
    rb"|[aA](?i:uthorization)[ \t]*:([^\n]*)"
    rb"|[aA](?i:uthentication-info)[ \t]*:([^\n]*)"
    rb"|[wW](?i:ww-authenticate)[ \t]*:([^\n]*)"
    rb"|[pP](?i:roxy-auth)(?:(?i:orization)[ \t]*:([^\n]*)"
    rb"|(?i:enticate)[ \t]*:([^\n]*)"
    rb"|(?i:entication-info)[ \t]*:([^\n]*)))"
)
"""What tells of authentication in a header block, or changes how it is read; see `Block`."""
_NO_LINE, _CODING, _MEDIA_TYPE = range(1, 4)
_FAMILY = (*[""] * 4, ORIGIN, ORIGIN, ORIGIN, PROXY, PROXY, PROXY)  # by the group's number
_INFO = {5, 9}
_FOLDS = (b"\n ", b"\n\t")
_HOST = re.compile(rb"\n[hH](?i:ost)[ \t]*:([^\n]*)")
_LENGTH = re.compile(rb"\n[cC](?i:ontent-length)[ \t]*:([^\n]*)")
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
    """A header block with its place in the stream, and the fields of it that matter."""

    __slots__ = ("cut", "data", "end", "fields", "plain", "sealed", "size", "start", "window")

    fields: list[Field]
    """Every authentication field, in order."""
    size: int | None
    """Length of the body as announced, or CHUNKED, UNTIL_CLOSE or BROKEN; None: nothing is announced."""
    plain: bool
    """Whether no line begins with white space, as folded ones do, and an empty one."""
    sealed: bool
    """Whether the body is sealed by the security context (MS-WSMV 2.2.9.1)."""

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
        coding = None
        folded = False
        self.sealed = False
        self.fields = fields = []
        match = TELLING.search(data)
        while match is not None:
            kind = match.lastindex or 0
            if kind > _MEDIA_TYPE:
                fields.append(self._field(kind, match, frames))
            elif kind == _MEDIA_TYPE:
                self.sealed = _SEALED.match(self.value(_CONTENT_TYPE)) is not None
            elif kind == _NO_LINE:
                self.plain = False
                folded |= match[0] in _FOLDS
            elif coding is None:
                coding = match[_CODING].strip()
            match = TELLING.search(data, match.end())
        self.size = _coded(coding, data) if coding else announced(data)
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

    def value(self, pattern: re.Pattern[bytes]) -> bytes:
        """Value of the first field that suits; b"" if there is none."""
        match = pattern.search(self.data)
        return b"" if match is None else match[1].strip()

    @property
    def host(self) -> bytes:
        """Value of the first Host field; b"" if there is none."""
        return self.value(_HOST)

    @property
    def media_type(self) -> bytes:
        """Media type of the body, with its parameters, in lower case."""
        return self.value(_CONTENT_TYPE).lower()


def _unfold(data: bytes) -> bytes:
    """Replace obs-fold (RFC 9112 5.2) by as many spaces, so that offsets stay as they are."""
    first = data.find(b"\n") + 1
    return data[:first] + _FOLD.sub(lambda match: b" " * len(match[0]), data[first:])


# -- bodies (RFC 9112 6.3) ------------------------------------------------------------------------


def announced(data: bytes) -> int | None:
    """Length of the body by the first Content-Length field of a header block."""
    match = _LENGTH.search(data)
    if match is None:
        return None
    length = match[1].strip()
    if not length.isdigit():
        length = length.partition(b",")[0].strip()  # a list of equal values is legal
    return int(length) if length.isdigit() and len(length) <= 18 else BROKEN


def _coded(coding: bytes, data: bytes) -> int | None:
    coding = coding.lower()
    if coding != b"identity":
        return CHUNKED if coding.endswith(b"chunked") else UNTIL_CLOSE
    return announced(data)


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
    for line in _CONNECTION.finditer(block.data):
        options = [option.strip() for option in line[2].lower().split(b",")]
        if b"close" in options:
            return "Connection: close" if line[1] is None else "Proxy-Connection: close"
        kept |= b"keep-alive" in options
    return None if kept else "HTTP/1.0, without keep-alive"
