"""Conversations of every carrier, as captured: what is damaged on purpose begins as one of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from support import kdc_talk, messages
from support.captured import captures

from analyzer.capture.engine import StreamEngine
from analyzer.capture.inputs import Input
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import CaptureAccount, Stream
from analyzer.capture.reader import open_capture
from analyzer.errors import CaptureError
from dissectors.carriers.kdc import KdcCarrier
from dissectors.tokens import build

Turn = tuple[int, bytes]
"""Who says it, and what."""
LARGEST = 20_000  # bytes of a conversation worth damaging
OF_EACH_CARRIER = 14
CARRIERS = ("http", "smb1", "smb2", "ldap", "cldap", "kdc", "foreign")


class Talk(NamedTuple):
    """One conversation."""

    transport: str
    turns: tuple[Turn, ...]


class _Turns:
    """Consumer that keeps what is said, in order."""

    def __init__(self, stream: Stream, kept: list[_Turns]) -> None:
        self.transport = stream.transport
        self.turns: list[Turn] = []
        kept.append(self)

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        if data:
            self.turns.append((side, bytes(data)))
        return 0

    def datagram(self, side: int, data: bytes, cut: int, frame: int, ts_ns: int) -> int:
        self.turns.append((side, bytes(data)))
        return 0

    def lost(self, *told: Any) -> int:
        return 0

    def conflict(self, *told: Any) -> None:
        """The first copy is kept."""

    def end(self, *told: Any) -> None:
        """Nothing more to do."""


def _talks(path: Path) -> Iterator[Talk]:
    account = CaptureAccount()
    decoder = PacketDecoder(account)
    kept: list[_Turns] = []
    engine = StreamEngine(account, lambda s: _Turns(s, kept), lambda s: _Turns(s, kept))
    try:
        for block in open_capture(Input(str(path)), account, None):
            engine.feed(decoder.decode(block))
    except CaptureError:
        return
    decoder.finish()
    engine.finish()
    for each in kept:
        if each.turns and sum(len(data) for _, data in each.turns) <= LARGEST:
            yield Talk(each.transport, tuple(each.turns))


def _carrier_of(talk: Talk) -> str | None:
    """By the looks of it."""
    said = b"".join(data for _, data in talk.turns[:8])
    first = talk.turns[0][1]
    if KdcCarrier.probe(first or b"-") is not None:
        return "kdc"
    if talk.transport == "udp":
        return "cldap" if first[:1] == b"\x30" else None
    if b"\xffSMB\x73" in said:
        return "smb1"
    if first[4:8] in (b"\xfeSMB", b"\xffSMB"):
        return "smb2"
    if b" HTTP/1." in first or first.startswith(b"HTTP/1."):
        return "http"
    return "ldap" if first[:1] == b"\x30" else None


def _pipe(data: bytes) -> Turn:
    """What the client writes to a pipe."""
    fixed = struct.pack("<HHIQ16sIIHHI", 49, 112, len(data), 0, b"f" * 16, 0, 0, 0, 0, 0)
    return 0, messages.netbios(messages.smb2(9, fixed + data))


def _made(carrier: str) -> list[Talk]:
    """Conversations that captures may not hold."""
    bind = struct.pack("<BBBB4sHHI", 5, 0, 11, 3, b"\x10\0\0\0", 72 + 40, 40, 2) + bytes(56)
    bind += build.ntlm_negotiate()
    if carrier == "cldap":
        asked = messages.der(
            0x63,
            messages.der(4),
            b"\x0a\1\0\x0a\1\0\2\1\0\2\1\0\1\1\0",
            messages.der(0x87, b"objectClass"),
            b"\x30\0",
        )
        values = messages.der(0x31, messages.der(4, b"GSSAPI"), messages.der(4, b"GSS-SPNEGO"))
        attribute = messages.der(0x30, messages.der(4, b"supportedSASLMechanisms"), values)
        entry = messages.ldap(messages.der(0x64, messages.der(4), messages.der(0x30, attribute)))
        done = messages.ldap(messages.der(0x65, b"\x0a\1\0\4\0\4\0"))
        bound = (
            messages.bind(build.neg_token_init()),
            messages.bind_response(14, token=build.neg_token_resp()),
        )
        return [
            Talk("udp", ((0, messages.ldap(asked)), (1, entry + done), (0, messages.ldap(asked, 2)), (1, entry))),
            Talk("udp", ((0, bound[0]), (1, bound[1]))),
        ]  # fmt: skip
    if carrier == "kdc":
        proxied = messages.der(
            0x30, messages.der(0xA0, messages.der(4, kdc_talk.over_tcp(kdc_talk.AS_REQ)))
        )
        post = b"POST /KdcProxy HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(proxied) + proxied
        steps = (kdc_talk.AS_REQ, kdc_talk.PREAUTH_REQUIRED, kdc_talk.PROOF, kdc_talk.AS_REP)
        return [
            Talk("udp", tuple((n % 2, said) for n, said in enumerate(steps))),
            Talk("tcp", tuple((n % 2, kdc_talk.over_tcp(said)) for n, said in enumerate(steps))),
            Talk("tcp", ((0, post), (1, b"HTTP/1.1 200 OK\r\n\r\n" + proxied))),
        ]  # fmt: skip
    if carrier == "smb2":
        setup = 0, messages.netbios(messages.session_setup(build.neg_token_init()))
        whole = b"\x60\x82\x20\x00" + bytes(0x2000)
        cut = (whole[:3000], whole[3000:6000], whole[6000:], whole[:3000], build.ntlm_negotiate())
        pieces = tuple((0, messages.netbios(messages.session_setup(piece))) for piece in cut)
        return [
            Talk("tcp", (setup, _pipe(bind), _pipe(bytes(3000)), _pipe(bind))),
            Talk("tcp", pieces),
        ]
    if carrier == "foreign":
        text = messages.b64encode(build.neg_token_init())
        return [
            Talk("tcp", ((0, bind), (1, bind), (0, build.neg_token_init() * 3), (1, bytes(9000)))),
            Talk("tcp", ((1, b"220 mail\r\n"), (0, b"\xffAUTH GSSAPI " + text + b"\r\n"), (1, b"334 " + text))),
        ]  # fmt: skip
    return []


@cache
def talks(carrier: str, *, all_captures: bool = False) -> tuple[Talk, ...]:
    """Some conversations of a carrier; by default of a few captures."""
    found = _made(carrier)
    seen = [talk for talk in _every(all_captures) if _carrier_of(talk) == carrier]
    return (*found, *seen[:: -(-len(seen) // OF_EACH_CARRIER) or 1])


@cache
def _every(all_captures: bool) -> tuple[Talk, ...]:
    paths = list(captures())
    if not all_captures:
        paths = [path for path in paths if path.name == "capture.pcapng"][::6]
    return tuple(talk for path in paths for talk in _talks(path))
