"""What must be the same for kept rows to hold: the capture's files, the options, and this program.

A file is taken for unchanged by its size, its times (of the content, and of anything about it, which no
program can set back), and a hash of its head and tail.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from analyzer import __version__
from analyzer.capture.inputs import parts_of
from analyzer.capture.packet_objects import PacketInput
from analyzer.tables.schema import columns_digest
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from analyzer.capture.inputs import Input
    from analyzer.pipeline import Options

END_BYTES = 1 << 16
"""Bytes of a file's head, and of its tail, that are hashed."""
SETTLED_S = 0.1
"""Age of a change from which on another one has another time: clocks of file systems tick slowly."""
NO_MATTER = frozenset({"progress", "per_message_tokens"})
"""Options that change no row (all tables are kept, so tokens after the logon are read anyway)."""
FORM = 2  # of kept files; the next one does not read this one's


class Proof(NamedTuple):
    """`key` is the same for the same capture and options; `facts` hold while what was read of them does."""

    key: str
    facts: dict[str, Any]


def prove(source: Input, options: Options) -> Proof | None:
    """Tell what rows of this capture depend on; None where that can't be told, so nothing may be kept."""
    if source.is_standard_input or isinstance(source, PacketInput) or options.wireshark is not None:
        return None
    try:
        asked = {
            field.name: _plain(getattr(options, field.name))
            for field in fields(options)
            if field.name not in NO_MATTER
        }
        files = [_state(os.path.realpath(part.path)) for part in parts_of(source)]
    except (OSError, TypeError):
        return None
    paths = [file["path"] for file in files]
    key = blake2b(repr((paths, sorted(asked.items()))).encode("utf-8", "surrogateescape"))
    facts = {"files": files, "options": asked, "program": program()}
    return Proof(key.hexdigest()[:32], facts)


def wait_until_settled(proof: Proof) -> bool:
    """Wait until a change from now on would show in the files' times; tell whether that took time."""
    newest = max(max(file["times"]) for file in proof.facts["files"]) / 1e9
    left = SETTLED_S - (time.time() - newest)
    if not 0 < left <= SETTLED_S:  # a time in the future tells nothing
        return False
    time.sleep(left)
    return True


def _state(path: str) -> dict[str, Any]:
    """What tells that a file is still the same. `OSError` if it can't be read, or is a pipe."""
    if not S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - before it is opened: a pipe would wait
        raise OSError("no regular file")
    with Path(path).open("rb") as file:
        found = os.fstat(file.fileno())
        head = file.read(END_BYTES)
        file.seek(max(found.st_size - END_BYTES, 0))
        tail = file.read(END_BYTES)
    return {
        "path": path,
        "size": found.st_size,
        "times": [found.st_mtime_ns, found.st_ctime_ns],
        "head": blake2b(head).hexdigest()[:32],
        "tail": blake2b(tail).hexdigest()[:32],
    }


@cache
def program() -> dict[str, Any]:
    """What this program is: its version and sources, its tables, and who reads exotic headers for it."""
    root = Path(__file__).resolve().parents[2]
    sources = blake2b()
    for package in ("analyzer", "dissectors"):
        for path in sorted((root / package).rglob("*.py")):
            found = path.stat()
            sources.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return {
        "form": FORM,
        "negoscope": __version__,
        "scapy": version("scapy"),
        "sources": sources.hexdigest()[:32],
        "tables": columns_digest(),
        "byte_order": sys.byteorder,
    }


def _plain(value: Any) -> Any:
    """The value as JSON gives it back. `TypeError` for what may hold more than its fields tell."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return sorted(([_plain(key), _plain(each)] for key, each in value.items()), key=repr)
    if is_dataclass(value) and not isinstance(value, type):
        return [
            type(value).__name__,
            *(_plain(getattr(value, each.name)) for each in fields(value)),
        ]
    raise TypeError(f"no plain value: {type(value).__name__}")
