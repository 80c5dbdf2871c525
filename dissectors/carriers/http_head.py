"""One HTTP/1.x message's start line and header block: what framing and authentication need of it.

Bulk web traffic passes here, so a block is searched for the few fields that matter and never split into
lines. `Request` and `Response` hold no header block, cookie or password.

Spec: RFC 9112 2-7, RFC 9110 7.2 and 11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dissectors.carriers.base import Cut, Window
from dissectors.carriers.http_auth import text_of

if TYPE_CHECKING:
    from dissectors.carriers.http_exchange import Leg

ORIGIN = "http"
PROXY = "http-proxy"

TEXT_LIMIT = 1024  # characters kept of a target, a host or a product name

CHUNKED = -1
UNTIL_CLOSE = -2
BROKEN = -3

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}")
_VERSION = re.compile(rb"HTTP/1\.[0-9]")
_STATUS_LINE = re.compile(rb"HTTP/(1\.[0-9]) +([1-5][0-9][0-9])(?: ([^\r\n]*))?(?=[\r\n]|\Z)")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_CONTENT_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*([^\r\n]*)")
_TRANSFER_ENCODING = re.compile(rb"\ntransfer-encoding[ \t]*:[ \t]*([^\r\n]*)")
_HOST = re.compile(rb"\nhost[ \t]*:[ \t]*([^\r\n]*)")
_USER_AGENT = re.compile(rb"\nuser-agent[ \t]*:[ \t]*([^\r\n]*)")
_SERVER = re.compile(rb"\nserver[ \t]*:[ \t]*([^\r\n]*)")
_CONNECTION = re.compile(rb"\n(?:proxy-)?connection[ \t]*:[ \t]*([^\r\n]*)")
_EXPECT = re.compile(rb"\nexpect[ \t]*:[ \t]*100-continue")
_CREDENTIALS = re.compile(rb"\n((?:proxy-)?authorization)[ \t]*:[ \t]*([^\n]*)")
_CHALLENGES = re.compile(
    rb"\n(www-authenticate|proxy-authenticate|(?:proxy-)?authentication-info)[ \t]*:[ \t]*([^\n]*)"
)
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#@]*@")
_AUTHORITY = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)")


class Field(NamedTuple):
    """One authentication field: `family` is the carrier it belongs to, `start` its stream offset."""

    family: str
    value: bytes
    start: int
    frames: tuple[int, ...]
    whole: bool = True  # False: the capture lost the end of its line
    info: bool = False  # Authentication-Info: parameters of a success, no challenge


class Block:
    """A header block with its place in the stream, lower-cased once for all searches."""

    __slots__ = ("cut", "data", "end", "frame", "frames", "lower", "start", "ts_ns", "window")

    def __init__(self, data: bytes, start: int, window: Window, cut: Cut | None = None) -> None:
        if b"\n " in data or b"\n\t" in data:
            data = _unfold(data)
        self.data = data
        self.lower = data.lower()
        self.start = start
        self.end = start + len(data)
        self.window = window
        self.cut = cut
        self.frames: tuple[int, ...] = ()
        self.frame = self.ts_ns = 0

    def fields(self, pattern: re.Pattern[bytes]) -> list[Field]:
        """Every authentication field of the block that `pattern` names, in order."""
        found = []
        for match in pattern.finditer(self.lower):
            begin, end = match.span(2)
            name = match[1]
            start = self.start + begin
            frames = self.cut.frames if self.cut else self.window.frames(start, self.start + end)
            found.append(
                Field(
                    PROXY if name.startswith(b"proxy") else ORIGIN,
                    self.data[begin:end].strip(),
                    start,
                    frames,
                    whole=self.cut is None or end < len(self.data),
                    info=name.endswith(b"info"),
                )
            )
        return found

    def value(self, pattern: re.Pattern[bytes]) -> bytes | None:
        """Give the value of the first field that `pattern` matches, as sent."""
        match = pattern.search(self.lower)
        return self.data[match.start(1) : match.end(1)].strip() if match else None


def _unfold(data: bytes) -> bytes:
    """Replace obs-fold (RFC 9112 5.2) by as many spaces, so that offsets stay; the start line is not folded."""
    first = data.find(b"\n") + 1
    return data[:first] + _FOLD.sub(lambda match: b" " * len(match[0]), data[first:])


class Message:
    """What requests and responses share; `frame` and `ts_ns` move to the body's end once that is seen."""

    __slots__ = ("cut", "done", "fields", "frame", "frames", "sealed", "ts_ns", "version")

    def __init__(self, block: Block, version: bytes) -> None:
        self.version = version
        self.cut = block.cut is not None
        self.fields: list[Field] = []
        self.done = False  # nothing more of it is awaited
        self.sealed = False  # its body is a message sealed by the security context (MS-WSMV 2.2.9.1)
        self.frames: tuple[int, ...] = ()
        self.frame = self.ts_ns = 0
        lower = block.lower
        if b"multipart/encrypted" in lower:
            self.sealed = b"session-encrypted" in lower

    def place(self, block: Block) -> None:
        """Note where the header block lies; needed only if something is to be said about it."""
        if block.cut is not None:
            self.frames, self.ts_ns = block.cut.frames, block.cut.ts_ns
            self.frame = self.frames[-1]
            return
        window = block.window
        self.frames = window.frames(block.start, block.end)
        self.frame, self.ts_ns = window.frame_at(block.end - 1), window.ts_at(block.end - 1)


class Request(Message):
    """A request that awaits its response."""

    __slots__ = ("answer", "legs", "method", "ordinal", "target", "told", "user_agent", "vhost")

    def __init__(self, block: Block, line: tuple[bytes, bytes, bytes], ordinal: int) -> None:
        method, target, version = line
        super().__init__(block, version)
        self.method = method
        self.target = target[:TEXT_LIMIT]
        self.ordinal = ordinal
        self.vhost = block.value(_HOST) if b"\nhost" in block.lower else None
        self.user_agent: bytes | None = None
        self.answer: Response | None = None
        self.legs: list[Leg] = []  # what its credentials belong to
        self.told = False
        if b"authoriz" in block.lower:
            self.fields = block.fields(_CREDENTIALS)
            self.user_agent = block.value(_USER_AGENT)

    @property
    def uri(self) -> str:
        """Target for people, without a password that may stand in it."""
        return _USERINFO.sub(r"\1", text_of(self.target))

    @property
    def host(self) -> str | None:
        """Give the name of the origin server that the client asked for, without its port."""
        if self.method == b"CONNECT":
            return host_name(self.target)
        if self.vhost:
            return host_name(self.vhost[:TEXT_LIMIT])
        authority = _AUTHORITY.match(self.target)
        return host_name(authority[1]) if authority else None


class Response(Message):
    """A final response."""

    __slots__ = ("code", "reason", "server")

    def __init__(self, block: Block, line: tuple[bytes, int, bytes]) -> None:
        version, self.code, reason = line
        super().__init__(block, version)
        self.reason = reason[:TEXT_LIMIT]
        self.server: bytes | None = None
        if b"authenticat" in block.lower:
            self.fields = block.fields(_CHALLENGES)
            self.server = block.value(_SERVER)


# -- start lines ---------------------------------------------------------------------------------------


def request_line(data: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Method, target and version of the request line that `data` starts with; None if it is none."""
    end = data.find(b"\n")
    method, _, rest = (data[:end] if end >= 0 else data).rstrip().partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not _VERSION.fullmatch(version) or not _TOKEN.fullmatch(method):
        return None
    target = target.strip()
    return (method, target, version) if target else None


def status_line(data: bytes) -> tuple[bytes, int, bytes] | None:
    """Version, code and reason phrase of the status line that `data` starts with; None if it is none."""
    match = _STATUS_LINE.match(data)
    return (b"HTTP/" + match[1], int(match[2]), (match[3] or b"").strip()) if match else None


# -- bodies (RFC 9112 6.3) -----------------------------------------------------------------------------


def request_body(lower: bytes) -> int:
    """Length of a request's body, or CHUNKED or BROKEN."""
    length = _announced(lower)
    return 0 if length is None else BROKEN if length == UNTIL_CLOSE else length


def response_body(lower: bytes, code: int, method: bytes) -> int:
    """Length of a response's body, or CHUNKED, UNTIL_CLOSE or BROKEN."""
    if method == b"HEAD" or code in {204, 304}:
        return 0
    length = _announced(lower)
    return UNTIL_CLOSE if length is None else length


def _announced(lower: bytes) -> int | None:
    if b"\ntransfer-encoding" in lower:
        coding = _TRANSFER_ENCODING.search(lower)
        if coding and coding[1].strip() != b"identity":
            return CHUNKED if coding[1].strip().endswith(b"chunked") else UNTIL_CLOSE
    if b"\ncontent-length" not in lower:
        return None
    length = _CONTENT_LENGTH.search(lower)
    if length is None:
        return None
    digits = length[1].partition(b",")[0].strip()  # a list of equal values is legal
    return int(digits) if digits.isdigit() and len(digits) <= 18 else BROKEN


def awaits_continue(lower: bytes) -> bool:
    """Tell whether the client may leave the body out (RFC 9110 10.1.1)."""
    return b"\nexpect" in lower and _EXPECT.search(lower) is not None


def closes(lower: bytes, version: bytes) -> bool:
    """Tell whether the connection ends with this response (RFC 9112 9.3)."""
    options = b",".join(_CONNECTION.findall(lower)) if b"connection" in lower else b""
    return b"close" in options or (version == b"HTTP/1.0" and b"keep-alive" not in options)


# -- names -----------------------------------------------------------------------------------------------


def host_name(authority: bytes) -> str | None:
    """Host of `host[:port]`, brackets of an IPv6 address taken off."""
    authority = authority.rpartition(b"@")[2]
    if authority.startswith(b"["):
        return text_of(authority[1:].partition(b"]")[0]) or None
    return text_of(authority.partition(b":")[0]) or None
