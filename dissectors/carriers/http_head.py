"""One HTTP/1.x message's start line and header block: what framing and authentication need of it.

Bulk web traffic passes here, so a block is searched for the few fields that matter and never split
into lines. Of what may be secret `Request` and `Response` hold the authentication fields alone.

Spec: RFC 9112 2-7, RFC 9110 7.2 and 11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dissectors.carriers.http_auth import text_of

if TYPE_CHECKING:
    from dissectors.carriers.http_exchange import Leg
    from dissectors.carriers.window import Carried, Cut, Window

ORIGIN = "http"
PROXY = "http-proxy"

TEXT_LIMIT = 1024  # bytes kept of a target, a host, a product name or a reason

CHUNKED = -1
UNTIL_CLOSE = -2
BROKEN = -3

# Every header block passes through this one: each alternative is ruled out by its first character.
_NAMES = re.compile(
    rb"\n([ \t]|(?:[hH](?i:ost)|[cC](?i:ontent-length)|[tT](?i:ransfer-encoding)"
    rb"|[aA](?i:uth(?:orization|entication-info))|[wW](?i:ww-authenticate)"
    rb"|[pP](?i:roxy-auth(?:orization|enticate|entication-info)))[ \t]*:)"
)
_PLAIN = frozenset((b"host:", b"content-length:", b"transfer-encoding:"))
_USER_AGENT = re.compile(rb"\nuser-agent[ \t]*:", re.IGNORECASE)
_SERVER = re.compile(rb"\nserver[ \t]*:", re.IGNORECASE)
_PERSISTENT = re.compile(rb"\npersistent-auth[ \t]*:", re.IGNORECASE)
_EXPECT = re.compile(rb"\nexpect[ \t]*:", re.IGNORECASE)
_CONNECTION = re.compile(rb"\n(?:proxy-)?connection[ \t]*:", re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"\ncontent-type[ \t]*:", re.IGNORECASE)
_SEALED = re.compile(rb"multipart/encrypted.*session-encrypted", re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#@]*@")
_AUTHORITY = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)")


BAD_REQUEST = 400
"""First status that blames the client."""


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

    __slots__ = ("auth", "cut", "data", "end", "start", "values", "window")

    def __init__(self, data: bytes, start: int, window: Window, cut: Cut | None = None) -> None:
        self.data = data
        self.start = start
        self.end = start + len(data)
        self.window = window
        self.cut = cut
        self.values: dict[bytes, bytes] = {}  # lower-case name with colon -> value of the first one
        self.auth: list[tuple[bytes, int, int]] = []  # authentication fields: name, start, end
        if not self._scan():
            self.data = _unfold(data)
            self.values, self.auth = {}, []
            self._scan()

    def _scan(self) -> bool:
        """Note the fields; False if a field is folded over several lines."""
        data = self.data
        folded = False
        for match in _NAMES.finditer(data):
            name = match[1].lower()
            begin = match.end()
            end = data.find(b"\n", begin)
            if end < 0:
                end = len(data)
            if name in _PLAIN:
                self.values.setdefault(name, data[begin:end].strip())
            elif len(name) == 1:
                folded = True
            else:
                self.auth.append((name, begin, end))
        return not folded

    def fields(self) -> list[Field]:
        """Every authentication field, in order."""
        found = []
        for name, begin, end in self.auth:
            value = self.data[begin:end]
            start = self.start + begin + len(value) - len(value.lstrip())
            cut = self.cut
            if cut is not None:
                frames, carried = cut.frames, cut.marks
            else:
                frames, carried = self.window.frames_carried(start, self.start + end)
            found.append(
                Field(
                    PROXY if name.startswith(b"proxy") else ORIGIN,
                    value.strip(),
                    start,
                    frames,
                    cut=None if cut is None or end < len(self.data) else cut.code,
                    info=b"info" in name,
                    carried=carried,
                )
            )
        return found

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


class Message:
    """What requests and responses share; `frame` moves to the body's end once that is seen."""

    __slots__ = (
        "cut",
        "done",
        "fields",
        "frame",
        "frames",
        "kdc",
        "sealed",
        "ts_ns",
        "version",
    )

    def __init__(self, block: Block, version: bytes) -> None:
        self.version = version
        self.cut = block.cut is not None
        self.fields = block.fields() if block.auth else []
        self.done = False  # nothing more of it is awaited
        self.sealed = False  # its body is a message sealed by the security context
        self.kdc = False  # its body holds a message to or from a KDC
        self.frames: tuple[int, ...] = ()
        self.frame = self.ts_ns = 0

    def place(self, block: Block) -> None:
        """Note where the header block lies; needed only if something is to be said about it."""
        if block.cut is not None:
            self.frames, self.ts_ns = block.cut.frames, block.cut.ts_ns
            self.frame = self.frames[-1]
            return
        window = block.window
        self.frames = window.frames(block.start, block.end)
        self.frame, self.ts_ns = window.place(block.end - 1)

    def end(self, frame: int, ts_ns: int) -> None:
        """Move to the frame in which the body ends."""
        self.frame, self.ts_ns = frame, ts_ns
        if frame not in self.frames:
            self.frames = (*self.frames, frame)


class Request(Message):
    """A request that awaits its response."""

    __slots__ = ("answer", "legs", "method", "ordinal", "target", "told", "user_agent", "vhost")

    def __init__(self, block: Block, line: tuple[bytes, bytes, bytes], ordinal: int) -> None:
        method, target, version = line
        super().__init__(block, version)
        self.method = method
        self.target = target[:TEXT_LIMIT]
        self.ordinal = ordinal
        self.vhost = block.values.get(b"host:", b"")[:TEXT_LIMIT]
        self.user_agent = (block.value(_USER_AGENT) or b"")[:TEXT_LIMIT] if self.fields else b""
        self.answer: Response | None = None
        self.legs: list[Leg] = []  # what its credentials belong to
        self.told = False

    @property
    def uri(self) -> str:
        """Target for people, without a password that may stand in it."""
        uri = text_of(self.target)
        return _USERINFO.sub(r"\1", uri) if "@" in uri else uri

    @property
    def host(self) -> str | None:
        """Give the name of the origin server that the client asked for, without its port."""
        if self.method == b"CONNECT":
            return host_name(self.target)
        authority = _AUTHORITY.match(self.target)  # RFC 9112 3.2.2: it outranks Host
        return host_name(authority[1] if authority else self.vhost)


class Response(Message):
    """A final response."""

    __slots__ = ("code", "let_in", "lonely", "reason", "server")

    def __init__(self, block: Block, line: tuple[bytes, int, bytes]) -> None:
        version, self.code, reason = line
        super().__init__(block, version)
        self.reason = reason[:TEXT_LIMIT]
        self.server = (block.value(_SERVER) or b"")[:TEXT_LIMIT] if self.fields else b""
        # who has no fault to tell needs no such word that the client is known (MS-N2HT 2.2.2)
        self.let_in = self.code >= BAD_REQUEST and block.value(_PERSISTENT) is not None
        self.lonely = False  # its request is not in the capture


# -- bodies (RFC 9112 6.3) ------------------------------------------------------------------------


def request_body(block: Block) -> int:
    """Length of a request's body, or CHUNKED or BROKEN."""
    length = _announced(block.values)
    return 0 if length is None else BROKEN if length == UNTIL_CLOSE else length


def response_body(block: Block, code: int, method: bytes) -> int:
    """Length of a response's body, or CHUNKED, UNTIL_CLOSE or BROKEN."""
    if method == b"HEAD" or code in {204, 304}:
        return 0
    length = _announced(block.values)
    return UNTIL_CLOSE if length is None else length


def _announced(values: dict[bytes, bytes]) -> int | None:
    coding = values.get(b"transfer-encoding:", b"").lower()
    if coding not in {b"", b"identity"}:
        return CHUNKED if coding.endswith(b"chunked") else UNTIL_CLOSE
    length = values.get(b"content-length:")
    if length is None:
        return None
    digits = length.partition(b",")[0].strip()  # a list of equal values is legal
    return int(digits) if digits.isdigit() and len(digits) <= 18 else BROKEN


def awaits_continue(block: Block) -> bool:
    """Tell whether the client may leave the body out (RFC 9110 10.1.1)."""
    return (block.value(_EXPECT) or b"").lower() == b"100-continue"


def closes(block: Block, version: bytes) -> bool:
    """Tell whether the connection ends with this response (RFC 9112 9.3)."""
    options = (block.value(_CONNECTION) or b"").lower()
    return b"close" in options or (version == b"HTTP/1.0" and b"keep-alive" not in options)


# -- names ----------------------------------------------------------------------------------------


def host_name(authority: bytes) -> str | None:
    """Host of `host[:port]`, brackets of an IPv6 address taken off."""
    authority = authority.rpartition(b"@")[2]
    if authority.startswith(b"["):
        return text_of(authority[1:].partition(b"]")[0]) or None
    return text_of(authority.partition(b":")[0]) or None
