"""What all fuzz targets share: seeds, checks, and how atheris is started; without it nothing but the seeds runs.

A target's file names its `seeds()` and what is done with `one(data)`. Conversations are written as bytes: a
byte whose lowest bit is the side, two for the length of what is said (big-endian), and what is said.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

FUZZING = Path(sys.argv[0]).name.startswith("fuzz_")
"""This is a target's own process, not a test that imports it."""
if FUZZING:
    import atheris

    _instrumented: Any = atheris.instrument_imports(include=["dissectors", "analyzer"])
else:
    _instrumented = nullcontext()

with _instrumented:
    from support.carrier_checks import check_talk
    from support.carrier_talks import Turn, talks
    from support.token_checks import check_shown, check_told, check_values
    from support.token_seeds import kinds
    from support.token_seeds import seeds as seeds_of

    from analyzer.pipeline import faults

faults.RAISED = True  # a fault is what is looked for
LARGEST = 8192  # bytes of an input


def tokens_of(*names: str) -> Iterator[bytes]:
    """Sound tokens of these kinds."""
    for name in names:
        yield from (data for data in seeds_of(name) if len(data) <= LARGEST)


def check_token(data: bytes, *, sasl_layer: bool = False) -> None:
    """Everything that must hold for any bytes; the dearer, the more seldom."""
    token = check_values(data, sasl_layer=sasl_layer)
    chance = sum(data) % 32
    if chance < 8:
        check_shown(token)
    if chance == 0:
        check_told(token)


def conversations_of(*carriers: str) -> Iterator[bytes]:
    """Conversations of these carriers, written as bytes."""
    for carrier in carriers:
        for talk in talks(carrier):
            data = written(talk.turns)
            if len(data) <= LARGEST:
                yield data


def written(turns: Iterable[Turn]) -> bytes:
    """Turns as bytes."""
    parts = (
        (side, said[at : at + 0xFFFF]) for side, said in turns for at in range(0, len(said), 0xFFFF)
    )
    return b"".join(bytes((side,)) + len(said).to_bytes(2) + said for side, said in parts)


def turns_in(data: bytes) -> list[Turn]:
    """Bytes as turns; the last one may be cut."""
    turns = []
    while len(data) > 3:
        end = 3 + int.from_bytes(data[1:3])
        turns.append((data[0] & 1, data[3:end]))
        data = data[end:]
    return turns


def check_conversation(data: bytes, transport: str = "tcp") -> None:
    """Read a conversation through the pipeline, cut into segments somehow."""
    check_talk(turns_in(data), transport, sha256(data).digest()[:2])


def main(one: Callable[[bytes], None], seeds: Callable[[], Iterable[bytes]]) -> None:
    """Fuzz; the seeds go to a new directory unless one is given."""
    arguments = list(sys.argv)
    if not any(not word.startswith("-") for word in arguments[1:]):
        folder = Path(tempfile.mkdtemp(prefix="negoscope-fuzz-"))
        for number, data in enumerate(seeds()):
            (folder / f"{number:04}").write_bytes(data)
        arguments.append(str(folder))
    if not any(word.startswith("-max_len") for word in arguments):
        arguments.append(f"-max_len={LARGEST}")
    atheris.Setup(arguments, one)
    atheris.Fuzz()


__all__ = ["check_conversation", "check_token", "conversations_of", "kinds", "main", "tokens_of"]
