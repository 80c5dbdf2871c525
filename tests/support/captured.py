"""Every token of a capture as the pipeline dissects it, wrapped messages after the logon included."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from analyzer.capture.inputs import Input
from analyzer.errors import CaptureError
from analyzer.pipeline import Options, Sink, run
from dissectors.tokens.model import Token

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"


class Gather(Sink):
    """A sink that keeps tokens only."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []

    def token(self, stream: Any, step: Any, carrier: str, negotiation: Any) -> None:
        """Keep it."""
        if step.token is not None:
            self.tokens.append(step.token)


def captures() -> Iterator[Path]:
    """Our captures, those of other people and those of the lab, as far as they are there."""
    yield from sorted((ROOT / "captures").glob("*/*/capture.pcapng"))
    for folder in ("corpus/files", "lab-sample/captures"):
        for path in sorted((SHARED / folder).rglob("*")):
            if (path.is_file() and ".pcap" in path.name) or path.suffix == ".cap":
                yield path


def captured_tokens(path: Path) -> list[Token]:
    """Tokens of one capture, in order; none if it is no capture."""
    gathered = Gather()
    try:
        run(Input(str(path)), gathered, Options())
    except CaptureError:
        return []
    return gathered.tokens


@cache
def all_tokens() -> tuple[Token, ...]:
    """Every different token of all captures."""
    found: dict[tuple[type[Token], bytes], Token] = {}
    for path in captures():
        for token in captured_tokens(path):
            found.setdefault((type(token), token.raw), token)
    return tuple(found.values())
