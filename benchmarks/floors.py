"""What no reader of this file can do without: reading it, and finding its records.

    python -m benchmarks.floors CAPTURE [--unpack]

Prints seconds of processor time as JSON. The walk is over pcap of this byte order, nothing is kept of it.
`--unpack`: only decompresses a gzip file, piece by piece.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from time import process_time

import numpy as np

BUFFER = 1 << 24
AT_ONCE = 1 << 22
LENGTH = Struct("<I").unpack_from


def read(path: Path) -> float:
    """Read all bytes into one buffer, again and again."""
    began = process_time()
    buffer = bytearray(BUFFER)
    with path.open("rb", buffering=0) as stream:
        while stream.readinto(buffer):
            pass
    return process_time() - began


def walk(path: Path) -> float:
    """Find the records of a plain pcap."""
    began = process_time()
    with path.open("rb", buffering=0) as stream:
        stream.read(24)
        kept = b""
        while piece := stream.read(AT_ONCE):
            data = kept + piece
            end = 0

            def places(data: bytes = data) -> Iterator[int]:
                nonlocal end
                last = len(data) - 16
                while end <= last:
                    stop = end + 16 + LENGTH(data, end + 8)[0]
                    if stop > len(data):
                        break
                    yield end
                    end = stop

            np.fromiter(places(), np.int64)
            kept = data[end:]
    return process_time() - began


def unpack(path: Path) -> float:
    """Decompress a gzip file."""
    began = process_time()
    member = zlib.decompressobj(wbits=31)
    with path.open("rb", buffering=0) as stream:
        while piece := stream.read(AT_ONCE >> 4):
            member.decompress(piece)
    return process_time() - began


if __name__ == "__main__":
    capture = Path(sys.argv[1])
    if sys.argv[2:] == ["--unpack"]:
        print(json.dumps({"unpack": round(unpack(capture), 3)}))
        raise SystemExit
    print(json.dumps({"read": round(read(capture), 3), "walk": round(walk(capture), 3)}))
