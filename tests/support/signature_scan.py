"""A search for tokens in all bytes of a capture that shares no code with dissectors, carriers or pipeline.

Streams are put together by the stream engine alone; regular expressions look at each direction. What they
find must lie in a token's row or in an anomaly's.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from support.facts import rows_of

from analyzer.analysis import read
from analyzer.capture.engine import StreamEngine
from analyzer.capture.inputs import Input
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import CaptureAccount, Stream
from analyzer.capture.reader import open_capture

_MECHANISMS = (
    "06062b0601050502",  # SPNEGO
    "06092a864886f712010202",  # Kerberos
    "06092a864882f712010202",  # Kerberos as Windows 2000 wrote it
    "060a2a864886f71201020203",  # Kerberos user-to-user
    "06062b0601050205",  # IAKERB
    "060a2b06010401823702020a",  # NTLM
    "060a2b06010401823702021e",  # NegoEx
)
_LENGTH = rb"(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)"
_OIDS = b"|".join(re.escape(bytes.fromhex(oid)) for oid in _MECHANISMS)
_TOKENS = (
    rb"NTLMSSP\0[\1-\3]\0\0\0",
    rb"NEGOEXTS[\0-\7]\0\0\0",
    rb"\x60" + _LENGTH + rb"(?:" + _OIDS + rb")",
    rb"\xa1" + _LENGTH + rb"\x30" + _LENGTH + rb"\xa0\x03\x0a\x01[\0-\3]",
)
BINARY = [re.compile(token, re.DOTALL) for token in _TOKENS]
TEXT = re.compile(rb"(?:TlRMTVNTUAA|TkVHT0VYVF|Y[A-Z]|o[Q-Z])[A-Za-z0-9+/]{10,}={0,2}")
"""What may be the base64 of one of these; it counts if it decodes to one."""

EXCUSED = {
    "compressed-message",
    "limit-message-size",
    "limit-buffer",
    "desync",
    "malformed-message",
}
"""Anomalies besides `unclaimed-token` that say: these bytes were not read."""


class Hit(NamedTuple):
    """What looks like a token."""

    stream: Stream
    side: int
    offset: int  # in its direction; of UDP in its datagram
    frame: int
    around: bytes  # some bytes before it and of it


class _Kept:
    """Consumer that keeps all bytes of a conversation, in runs without a hole."""

    def __init__(self, stream: Stream, kept: list[_Kept]) -> None:
        self.stream = stream
        self.runs: tuple[list[_Run], list[_Run]] = ([], [])
        kept.append(self)

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        runs = self.runs[side]
        if not runs or runs[-1].offset + len(runs[-1].data) != offset:
            runs.append(_Run(offset, bytearray(), []))
        runs[-1].frames.append((offset, frame))
        runs[-1].data.extend(data)
        return 0

    def datagram(self, side: int, data: bytes, cut: int, frame: int, ts_ns: int) -> int:
        self.runs[side].append(_Run(0, bytearray(data), [(0, frame)]))
        return 0

    def lost(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> int:
        return 0

    def conflict(self, *told: Any) -> None:
        """The first copy is kept."""

    def end(self, *told: Any) -> None:
        """Nothing more to do."""


class _Run(NamedTuple):
    offset: int
    data: bytearray
    frames: list[tuple[int, int]]  # (offset, frame)


def hits(path: Path) -> Iterator[Hit]:
    """Everything in a capture that looks like a token."""
    account = CaptureAccount()
    decoder = PacketDecoder(account)
    kept: list[_Kept] = []
    engine = StreamEngine(account, lambda s: _Kept(s, kept), lambda s: _Kept(s, kept))
    for block in open_capture(Input(str(path)), account, None):
        engine.feed(decoder.decode(block))
    decoder.finish()
    engine.finish()
    for conversation in kept:
        for side in (0, 1):
            for run in conversation.runs[side]:
                for at in _found(run.data):
                    offset = run.offset + at
                    frame = run.frames[bisect_right(run.frames, (offset, 1 << 62)) - 1][1]
                    around = bytes(run.data[max(at - 24, 0) : at + 24])
                    yield Hit(conversation.stream, side, offset, frame, around)


def _found(data: bytearray) -> Iterator[int]:
    for pattern in BINARY:
        for match in pattern.finditer(data):
            yield match.start()
    for match in TEXT.finditer(data):
        text = match[0].rstrip(b"=")[:120]
        try:
            decoded = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
        except binascii.Error:
            continue
        if any(pattern.match(decoded) for pattern in BINARY):
            yield match.start()


def uncovered(path: Path) -> tuple[int, list[Hit]]:
    """How many hits a capture has, and those that neither a token's row nor an anomaly's tells."""
    tables = read(path, tables=("tokens", "anomalies")).tables.columns
    tokens: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(tables["tokens"]):
        tokens[row["stream_id"], row["src"], row["src_port"]].append(row)
    anomalies: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(tables["anomalies"]):
        anomalies[row["stream_id"]].append(row)
    count, missed = 0, []
    for hit in hits(path):
        count += 1
        stream = hit.stream
        ends = (stream.client, stream.client_port), (stream.server, stream.server_port)
        if any(_holds(row, hit) for row in tokens[stream.stream_id, *ends[hit.side]]):
            continue
        if not any(_tells(row, hit) for row in anomalies[stream.stream_id]):
            missed.append(hit)
    return count, missed


def _holds(row: dict[str, Any], hit: Hit) -> bool:
    if row["stream_offset"] is None:  # in pieces
        return hit.frame in row["frames"]
    within = row["stream_offset"] <= hit.offset < row["stream_offset"] + row["stream_length"]
    return within and (hit.stream.transport == "tcp" or hit.frame in row["frames"])


def _tells(row: dict[str, Any], hit: Hit) -> bool:
    if row["code"] != "unclaimed-token" and row["code"] not in EXCUSED:
        return False
    return row["offset"] <= hit.offset < row["offset"] + row["length"]
