"""What is kept of a request or a response, once its header block is read.

Of what may be secret these are the authentication fields alone.

Spec: RFC 9112 3-4, RFC 9110 7.1-7.2 and 15, MS-N2HT 2.2.2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from dissectors.carriers.http_auth import text_of
from dissectors.carriers.http_block import ended_by

if TYPE_CHECKING:
    from dissectors.carriers.http_block import Block, Field
    from dissectors.carriers.http_exchange import Leg

PORT_LIMIT = 0xFFFF
TEXT_LIMIT = 1024  # bytes kept of a target, a host, a product name or a reason

_USER_AGENT = re.compile(rb"\n[uU](?i:ser-agent)[ \t]*:([^\n]*)")
_SERVER = re.compile(rb"\n[sS](?i:erver)[ \t]*:([^\n]*)")
_TO_TLS = re.compile(rb"\n[Uu]pgrade:[^\n]{0,128}TLS/")
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#@]*@")
_AUTHORITY = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)")
_SCHEME = re.compile(rb"([A-Za-z]+)://")
_PORT = re.compile(rb":([0-9]{1,5})$")

DEFAULT_PORTS = {b"http": 80, b"ws": 80, b"https": 443, b"wss": 443}
"""Port that a target of each scheme means where it names none (RFC 9110 4.2, RFC 6455 3)."""
SWITCHING = 101
BAD_REQUEST = 400
"""First status that blames the client."""


class Message:
    """What requests and responses share; `frame` moves to the body's end once that is seen."""

    __slots__ = (
        "asked_in",
        "cut",
        "done",
        "fields",
        "frame",
        "frames",
        "kdc",
        "last",
        "sealed",
        "ts_ns",
        "version",
    )

    fields: list[Field]

    def __init__(self, block: Block, version: bytes) -> None:
        self.version = version
        self.cut = block.cut is not None
        self.fields = block.fields
        self.done = False  # nothing more of it is awaited
        # what says, in one that speaks of a logon, that the connection ends with it or with its answer
        self.last = ended_by(block, version) if self.fields else None
        self.sealed = False  # its body is a message sealed by the security context
        self.kdc = False  # its body holds a message to or from a KDC
        self.asked_in: int | None = None  # frame of a KDC's request that was read here, or answered
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
        Message.__init__(self, block, version)
        self.method = method
        self.target = target[:TEXT_LIMIT]
        self.ordinal = ordinal
        self.vhost = block.host[:TEXT_LIMIT]
        self.user_agent = block.value(_USER_AGENT)[:TEXT_LIMIT] if self.fields else b""
        self.answer: Response | None = None
        self.legs: list[Leg] = []  # what its credentials belong to
        self.told = False

    @property
    def awaits_little(self) -> bool:
        """Whether it is told, and no answer matters that says nothing about authentication itself."""
        return self.told and not self.legs and not self.sealed

    @property
    def uri(self) -> str:
        """Target for people, without a password that may stand in it."""
        uri = text_of(self.target)
        return _USERINFO.sub(r"\1", uri) if "@" in uri else uri

    @property
    def host(self) -> str | None:
        """Give the name of the origin server that the client asked for, without its port."""
        return host_name(self._authority)

    @property
    def port(self) -> int | None:
        """Give the port that the client asked for; None where it is the one it is connected to."""
        named = port_number(self._authority)
        if named is not None or self.target.startswith(b"/"):
            return named
        scheme = _SCHEME.match(self.target)
        return DEFAULT_PORTS.get(scheme[1].lower()) if scheme is not None else None

    @property
    def _authority(self) -> bytes:
        """Host and port of the origin server, as the target or the Host field spells them."""
        if self.method == b"CONNECT":
            return self.target
        if self.target.startswith(b"/"):
            return self.vhost
        authority = _AUTHORITY.match(self.target)  # RFC 9112 3.2.2: it outranks Host
        return authority[1] if authority else self.vhost


class Response(Message):
    """A final response."""

    __slots__ = ("code", "held", "let_in", "lonely", "reason", "server", "to_tls")

    def __init__(self, block: Block, line: tuple[bytes, int, bytes]) -> None:
        version, self.code, reason = line
        Message.__init__(self, block, version)
        self.reason = reason[:TEXT_LIMIT]
        self.server = block.value(_SERVER)[:TEXT_LIMIT] if self.fields else b""
        # who has no fault to tell needs no such word that the client is known (MS-N2HT 2.2.2)
        self.let_in = self.code >= BAD_REQUEST and block.persistent
        # the connection goes on in TLS, and so does what the server has to say (RFC 2817 3.3)
        self.to_tls = self.code == SWITCHING and _TO_TLS.search(block.data) is not None
        self.lonely = False  # its request is not in the capture, or not known
        self.held = False  # that is decided later


# -- names ----------------------------------------------------------------------------------------


@lru_cache(1024)
def host_name(authority: bytes) -> str | None:
    """Host of `host[:port]`, brackets of an IPv6 address taken off."""
    if b"@" in authority:
        authority = authority.rpartition(b"@")[2]
    if authority.startswith(b"["):
        return text_of(authority[1:].partition(b"]")[0]) or None
    return text_of(authority.partition(b":")[0]) or None


def host_key(host: str) -> str:
    """What host names are compared by: case means nothing, nor does the root's dot (RFC 9110 4.2.3)."""
    return host.lower().removesuffix(".")


@lru_cache(1024)
def port_number(authority: bytes) -> int | None:
    """Port of `host:port`; None if there is none, or no such port."""
    found = _PORT.search(authority.strip())
    number = int(found[1]) if found is not None else 0
    return number if 0 < number <= PORT_LIMIT else None
