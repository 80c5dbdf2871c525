"""What every carrier speaks: sans-IO framers that cut security tokens out of a connection.

A carrier object lives as long as one connection (or one UDP conversation). It is fed contiguous bytes of
either side through two `Window`s, asks to skip what it does not need, and emits `CarrierMessage`s: token
bytes plus the carrier's own verdict. It decodes no token. It never raises on wire bytes.

Sides are transport roles: `CLIENT` is who asks for authentication, `SERVER` who grants it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple

from dissectors.anomaly import Anomaly
from dissectors.span import Span
from dissectors.status import Status

CLIENT = 0
SERVER = 1

TOKEN_LIMIT = 65_536
"""Largest token handed on, in bytes; a larger one is cut and marked `limit-token-size`."""

MessageKind = Literal["hint", "request", "response", "after"]


class Limits(NamedTuple):
    """Bounds of a carrier's buffers, in bytes unless said."""

    message: int = 16 * 1024 * 1024  # a message announced larger is not believed
    held: int = 1024 * 1024  # bytes of one message kept at once
    exchanges: int = 256  # open authentications of one connection (count)


@dataclass(slots=True)
class Exchange:
    """One authentication attempt, as the carrier keys it; shared by all its messages.

    A new attempt is a new object: another session id, a new bind after a final result, a new token after
    a refusal. What the carrier learns later (session id, protection) is written into the same object.
    """

    carrier: str  # `http`, `http-proxy`, `smb1`, `smb2`, `ldap`
    key: str = ""  # the carrier's own name of it, for people: `0x0000400000000011`, `msgid 2-4`, `request 3`
    carrier_version: str | None = None  # `HTTP/1.1`, `SMB 3.1.1`, `LDAPv3`
    scheme: str | None = (
        None  # `Negotiate`, `NTLM`, `GSS-SPNEGO`, `GSSAPI`, `Sicily`, `simple`, `Basic`
    )
    server_name: str | None = None  # the name by which the client asked: Host header, UNC server
    user: str | None = None  # logons without GSS only: simple bind DN, Basic user, SMB1 account
    domain: str | None = None
    workstation: str | None = None
    mechanism: str | None = (
        None  # logons without GSS only: `simple`, `basic`, `digest`, `ntlm`, `plain`
    )
    mechanism_detail: str | None = None  # e.g. `ntlmv1` of an SMB1 logon without extended security
    reauthentication: bool = False  # an established session authenticates again, or binds a channel
    encrypted: bool = False  # the connection had turned to TLS when this attempt began
    # protection seen after the carrier's success, counted in messages of both directions
    signed_messages: int = 0
    sealed_messages: int = 0
    plain_messages: int = 0
    wrapped: dict[bytes, int] = field(default_factory=dict)
    """SASL buffers and the like: first bytes of the wrapped message (see `wrap_head`) -> how many."""
    context: dict[str, Any] = field(default_factory=dict)
    """Further facts, carrier by carrier: `method`, `uri`, `user_agent`, `dialect`, ..."""


@dataclass(slots=True)
class CarrierMessage:
    """One leg of an exchange: what was said, by whom, in which frames.

    `kind`:
    * `hint`: the server names mechanisms without being asked by this exchange (NegTokenInit2 of an SMB
      negotiate response, HTTP challenges without token, supportedSASLMechanisms). `exchange` is None: it
      belongs to all later exchanges of the connection. `schemes` lists the names where they are no token.
    * `request`: the client's leg, with a token or a logon without GSS.
    * `response`: the acceptor's leg; `status` is always there.
    * `after`: what the carrier says about an authenticated exchange later on (tree connect refused,
      session closed, server closed the connection without an answer).
    """

    kind: MessageKind
    side: int
    exchange: Exchange | None
    frame: int  # the frame in which the message ends
    frames: tuple[
        int, ...
    ]  # every frame that carries bytes of the token, or of the message without one
    ts_ns: int  # time of `frame`
    token: bytes | None = field(default=None, repr=False)
    """None: no token's place in the message; b"": its place is there, empty."""
    token_span: Span | None = None  # offsets in the stream direction; None for base64 text
    status: Status | None = None
    schemes: tuple[str, ...] = ()
    sasl_layer: bool = False  # a SASL security-layer leg (RFC 4752), not a context token
    anomalies: tuple[Anomaly, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)


class CarrierAnomaly(NamedTuple):
    """An oddity of the connection itself, with no message to hang it on."""

    side: int
    frame: int
    ts_ns: int
    anomaly: Anomaly  # its span counts in the stream direction
    exchange: Exchange | None = None


Emit = Callable[[CarrierMessage | CarrierAnomaly], None]


class Cut(NamedTuple):
    """Bytes that lay unread in a window when a gap came: the beginning of a message whose rest is lost."""

    offset: int  # stream offset of the first of them
    data: bytes
    frames: tuple[int, ...]  # that carried them; the last one is where the bytes end
    ts_ns: int


class Window:
    """The unread bytes of one direction, with the frame of every byte.

    A byte's frame is the one that made it readable: a segment that filled a hole in front of it came later.

    `data` holds the bytes from stream offset `offset` on; `take(n)` or `skip(n)` moves on. `skip` may ask
    for more than is there: the rest is skipped as it arrives and costs nothing. While `skipping` is not
    zero nothing is readable; `feed` is called again as soon as the skip is done, even without new bytes,
    and `frame`/`ts_ns` then belong to the segment that held the last skipped byte.
    """

    __slots__ = ("_marks", "cut", "data", "frame", "offset", "position", "skipping", "ts_ns")

    COMPACT = 65_536  # read bytes are dropped when this many have gathered

    def __init__(self) -> None:
        self.data = bytearray()  # includes read bytes before `position` until compacted
        self.offset = 0  # stream offset of the first unread byte
        self.position = 0  # index in `data` of the first unread byte
        self.skipping = 0
        self.frame = 0  # frame and time of the newest segment
        self.ts_ns = 0
        self.cut: Cut | None = (
            None  # what the last restart left unread; `Carrier.gap` may still use it
        )
        self._marks: list[tuple[int, int, int, int]] = []
        """(stream offset, frame in which it could be read, ts_ns, frame that carried it) by segment."""

    def append(self, offset: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Add a segment that starts at stream `offset`; an offset ahead of the end starts afresh there.

        While skipping, bytes that the segment holds and bytes that lie between the end and `offset` (the
        stream passed over them) count as skipped.
        """
        carried = frame
        if frame > self.frame:
            self.frame, self.ts_ns = frame, ts_ns
        else:  # it waited for a segment that came later
            frame, ts_ns = self.frame, self.ts_ns
        end = self.offset + len(self.data) - self.position
        if self.skipping:
            passed = offset - end
            if 0 <= passed <= self.skipping:
                eaten = min(self.skipping - passed, len(data))
                left = self.skipping - passed - eaten
                self.restart(offset + eaten)
                self.skipping = left
                data = data[eaten:]
                offset += eaten
            else:
                self.restart(offset)
        elif offset != end:
            self.restart(offset)
        marks = self._marks
        if marks and marks[-1][0] == offset:
            marks[-1] = (offset, frame, ts_ns, carried)
        else:
            marks.append((offset, frame, ts_ns, carried))
        self.data += data

    def restart(self, offset: int) -> None:
        """Move what is unread to `cut`: the next byte is stream `offset`."""
        self.cut = None
        data = self.data
        if len(data) > self.position:
            begin, end = self.offset, self.offset + len(data) - self.position
            frames = self.frames(begin, end)
            self.cut = Cut(begin, bytes(data[self.position :]), frames, self.place(end - 1)[1])
        data.clear()
        self._marks.clear()
        self.position, self.offset, self.skipping = 0, offset, 0

    def __len__(self) -> int:
        return len(self.data) - self.position

    def peek(self, length: int, at: int = 0) -> bytes:
        """Copy up to `length` unread bytes that start `at` bytes after the first unread one."""
        begin = self.position + at
        return bytes(self.data[begin : begin + length])

    def find(self, needle: bytes, limit: int, at: int = 0) -> int:
        """Distance of `needle` from the first unread byte, between `at` and `limit`, or -1."""
        found = self.data.find(needle, self.position + at, self.position + limit)
        return found - self.position if found >= 0 else -1

    def take(self, length: int) -> bytes:
        """Read `length` bytes (which must be there) and move past them."""
        data = self.peek(length)
        self.skip(length)
        return data

    def skip(self, length: int) -> None:
        """Move past `length` bytes, also those yet to come."""
        data = self.data
        position = self.position + length
        beyond = position - len(data)
        if beyond >= 0:
            self.skipping = beyond
            self.offset += length - beyond
            self.position = 0
            data.clear()
            del self._marks[:-1]
            return
        self.skipping = 0
        self.offset += length
        if position >= self.COMPACT:
            del data[:position]
            position = 0
            del self._marks[: bisect_right(self._marks, self.offset, key=_mark_offset) - 1]
        self.position = position

    def place(self, offset: int) -> tuple[int, int]:
        """Frame in which the byte at stream `offset` could be read, and its capture time (ns)."""
        marks = self._marks
        if not marks:
            return self.frame, self.ts_ns
        mark = marks[-1]
        if offset < mark[0]:  # seldom: what is read came in the newest segment
            mark = marks[max(bisect_right(marks, offset, key=_mark_offset) - 1, 0)]
        return mark[1], mark[2]

    def frames(self, start: int, end: int) -> tuple[int, ...]:
        """All frames that carried bytes of the stream range `[start, end)`, in stream order, each once."""
        marks = self._marks
        if not marks:
            return (self.frame,)
        if start >= marks[-1][0]:
            return (marks[-1][3],)
        first = max(bisect_right(marks, start, key=_mark_offset) - 1, 0)
        last = max(bisect_right(marks, max(end - 1, start), key=_mark_offset), first + 1)
        if last - first == 1:
            return (marks[first][3],)
        return tuple(dict.fromkeys(mark[3] for mark in marks[first:last]))


def _mark_offset(mark: tuple[int, int, int, int]) -> int:
    return mark[0]


class Carrier:
    """Base of all carriers: two windows, one emitter. Subclasses implement the five methods below."""

    name: ClassVar[str] = ""
    datagram: ClassVar[bool] = (
        False  # True: also spoken over UDP, one `datagram_received()` per payload
    )

    def __init__(self, emit: Emit, *, started_before: bool = False) -> None:
        self.emit = emit
        self.windows = (Window(), Window())
        self.started_before = (
            started_before  # no SYN was seen: the connection is older than the capture
        )
        self.per_message_tokens = (
            False  # also emit wrapped messages after the logon as tokens (`after`)
        )

    @classmethod
    def probe(cls, head: bytes) -> int | None:
        """Tell from the first bytes of a message who sends it: CLIENT, SERVER, or None (not this carrier).

        `head` is the beginning of one direction or of a segment, up to 4 KiB, at least 1 byte; a head too
        short to tell gives None. Must not say yes to other protocols' bytes. Where the bytes suit either
        side (an SMB keep-alive), CLIENT.
        """
        raise NotImplementedError

    def feed(self, side: int) -> None:
        """Read what the window of `side` holds now; called after each append and each finished skip."""
        raise NotImplementedError

    def gap(self, side: int, length: int, frame: int, ts_ns: int) -> None:
        """`length` bytes of `side` are lost; the window has been restarted behind them.

        Bytes lost inside a skip never get here. After a gap the carrier must find a message border again
        (`resync`) before it trusts bytes; requests whose answer is lost must not be paired wrongly.
        """
        raise NotImplementedError

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """End: `fin` or `rst` sent by `side`; `evicted`, `capture-end` or `reused` without a side."""
        raise NotImplementedError

    def datagram_received(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Read one UDP payload; only carriers with `datagram` set are asked."""

    def release(self) -> None:
        """Let go of everything once the connection is over.

        A carrier, its parts and who it emits to refer to each other in circles: those of a million
        connections would wait for the garbage collector.
        """
        vars(self).clear()

    def message_frames(self, side: int, start: int, end: int) -> tuple[int, tuple[int, ...], int]:
        """Frame in which the range ends, all its frames, and the ending frame's time."""
        window = self.windows[side]
        frame, ts_ns = window.place(max(end - 1, start))
        return frame, window.frames(start, end), ts_ns
