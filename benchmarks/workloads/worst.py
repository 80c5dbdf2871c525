"""Captures that are made to exhaust a reader, besides the shapes that are merely uncomfortable.

Spec: RFC 1952, RFC 8878; MS-SMB2 2.1 (a length of up to 16 MB in front of each message).
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice, repeat
from pathlib import Path

import zstandard
from support.messages import netbios, sasl_bind, session_setup, smb2
from support.worst_tokens import WORST

from benchmarks.workloads.script import CLIENT, Script
from benchmarks.workloads.wire import EPOCH_S, FILE_HEADER

LARGEST = 0xFFFF  # token that a SESSION_SETUP can carry; packet
CLAIM = 0xFF_FFFF
SENT = 20_000  # bytes that follow a claim


def claims(script: Script) -> None:
    """16 MB are announced, 20 kB come: a file, a logon, a web form."""
    nth = script.truth.streams % 3
    if nth < 2:
        script.open(445)
        script.say(CLIENT, struct.pack(">I", CLAIM) + smb2((9, 1)[nth], bytes(48)), SENT)
    else:
        script.open(80)
        head = b"POST / HTTP/1.1\r\nHost: web00.lab.example\r\nContent-Length: %d\r\n\r\n" % CLAIM
        script.say(CLIENT, head, SENT)
    script.close()


@cache
def _worst_tokens() -> tuple[bytes, ...]:
    made = (worst.make() for worst in WORST.values())
    return tuple(token for token in made if LARGEST // 2 < len(token) <= LARGEST)


def large_tokens(script: Script) -> None:
    """Tokens of up to 64 KiB that are as expensive to read as can be."""
    tokens = _worst_tokens()
    nth = script.truth.streams
    token = tokens[nth % len(tokens)]
    smb = nth // len(tokens) % 2 == 0
    script.open(445 if smb else 389)
    script.say(CLIENT, netbios(session_setup(token)) if smb else sasl_bind(b"GSS-SPNEGO", token))
    script.close()


def _records(count: int, kept: int) -> Iterator[bytes]:
    """A capture of packets of zeros."""
    yield FILE_HEADER
    at_once = 4096 if not kept else 16
    one = struct.pack("<IIII", EPOCH_S, 0, kept, max(kept, 60)) + bytes(kept)
    yield from islice(repeat(one * at_once), count // at_once)
    yield one * (count % at_once)


def empty(path: Path, count: int) -> None:
    """Packets of which nothing was kept."""
    with path.open("wb") as out:
        out.writelines(_records(count, 0))


def gzip_bomb(path: Path, count: int) -> None:
    """Packets of 64 KiB in some 64 bytes each."""
    with gzip.GzipFile(path, "wb", 9, mtime=0) as out:
        out.writelines(_records(count, LARGEST))


def zstd_bomb(path: Path, count: int) -> None:
    """The same in less than ten bytes each."""
    with zstandard.open(path, "wb") as out:
        for piece in _records(count, LARGEST):
            out.write(piece)


RECORDS: dict[str, tuple[str, Callable[[Path, int], None]]] = {
    "empty": (".pcap", empty),
    "gzip-bomb": (".pcap.gz", gzip_bomb),
    "zstd-bomb": (".pcap.zst", zstd_bomb),
}
"""Ending and maker of captures of zeros; their size is the number of packets."""
