"""What every carrier speaks: sans-IO framers that cut security tokens out of a connection.

A carrier object lives as long as one connection (or one UDP conversation). It is fed contiguous bytes of
either side through two `Window`s, asks to skip what it does not need, and emits `CarrierMessage`s: token
bytes plus the carrier's own verdict. It decodes no token. It never raises on wire bytes.

Sides are transport roles: `CLIENT` is who asks for authentication, `SERVER` who grants it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, Literal

from dissectors.anomaly import Anomaly
from dissectors.carriers.window import Carried, Window
from dissectors.records import NamedTuple, dataclass
from dissectors.span import Span
from dissectors.status import Status

CLIENT = 0
SERVER = 1

TOKEN_LIMIT = 65_536
"""Largest token handed on, in bytes; a larger one is cut and marked `limit-token-size`."""

MessageKind = Literal["hint", "request", "response", "after", "kdc"]


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
    mechanism_detail: str | None = (
        None  # e.g. `ntlmv1` of an SMB1 logon without extended security; NO_SECRET
    )
    reauthentication: bool = False  # an established session authenticates again, or binds a channel
    version_frame: int | None = None  # of the server's message that chose `carrier_version`
    encrypted: bool = False  # the connection had turned to TLS when this attempt began
    # protection seen after the carrier's success, counted in messages of both directions
    signed_messages: int = 0
    sealed_messages: int = 0
    plain_messages: int = 0
    # frame of the first message of each kind, as soon as it can be told from its beginning; 0: none seen
    signed_frame: int = 0
    sealed_frame: int = 0
    plain_frame: int = 0
    wrapped: dict[bytes, int] = field(default_factory=dict)
    """SASL buffers and the like: first bytes of the wrapped message (see `wrap_head`) -> how many."""
    wrapped_frame: dict[bytes, int] = field(default_factory=dict)
    """The same first bytes -> frame of the first."""
    context: dict[str, Any] = field(default_factory=dict)
    """Further facts, carrier by carrier: `method`, `uri`, `user_agent`, `dialect`, ..."""


NO_SECRET = "no-secret"
"""`Exchange.mechanism_detail` while nothing that is there of its messages holds a password, hash or token."""


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
    * `kdc`: no leg of an authentication: a message to or from a Kerberos KDC. `token` holds the message,
      `exchange` is None. `context["transport"]` is there where it is not the connection's own (`kkdcp`).
      Without a token it is the `status` with which a KDC's proxy answers the request that ended in
      `context["request_frame"]`.
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
    token_span: Span | None = None
    """From the token's first byte, or base64 character, to behind its last, in the stream direction.

    Over UDP the offsets count in the datagram. Base64 includes its padding. None: no token, or an empty one.
    """
    status: Status | None = None
    schemes: tuple[str, ...] = ()
    sasl_layer: bool = False  # a SASL security-layer leg (RFC 4752), not a context token
    anomalies: tuple[Anomaly, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    base64: bool = False  # the token travels as base64 characters
    runs: tuple[Span, ...] = ()
    """Stretches of `token_span` that alone hold the token, where others lie between; (): all of it."""
    carried: Carried = ()
    """Which of `frames` carried which part of the token; may be () where one frame carried all."""


class CarrierAnomaly(NamedTuple):
    """An oddity of the connection itself, with no message to hang it on."""

    side: int
    frame: int
    ts_ns: int
    anomaly: Anomaly  # its span counts in the stream direction
    exchange: Exchange | None = None


Emit = Callable[[CarrierMessage | CarrierAnomaly], None]


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

    def receive(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment of `side` that starts at stream `offset`; return how many bytes to skip next.

        A carrier may read what a segment holds whole straight from it, past the window, where the window
        has nothing unread. The result is the same as by `append` and `feed`.
        """
        window = self.windows[side]
        window.append(offset, data, frame, ts_ns)
        if not window.skipping:
            self.feed(side)
        return window.skipping

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

    def whole_token(
        self, kind: MessageKind, side: int, exchange: Exchange | None, at: int, length: int
    ) -> CarrierMessage:
        """Cut out a token that is all there, `at` bytes behind the first unread one: up to `TOKEN_LIMIT`."""
        window = self.windows[side]
        token = window.peek(length, at)[:TOKEN_LIMIT]
        start = window.offset + at
        end = start + len(token)
        frame, ts_ns = window.place(start + length - 1)
        frames, carried = window.frames_carried(start, end)
        place = Span(start, end)
        message = CarrierMessage(kind, side, exchange, frame, frames, ts_ns, token, place)
        message.carried = carried
        return message

    def release(self) -> None:
        """Let go of everything once the connection is over.

        A carrier, its parts and who it emits to refer to each other in circles: those of a million
        connections would wait for the garbage collector.
        """
        vars(self).clear()


def too_large(length: int, place: Span) -> Anomaly:
    """Say that a token was cut."""
    return Anomaly("limit-token-size", place, f"{length} bytes cut at {TOKEN_LIMIT}")
