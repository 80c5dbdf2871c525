"""The declared exceptions, for every test that holds our rows against an oracle."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FILE = Path(__file__).with_name("exceptions.toml")
KEYS = {"against", "capture", "column", "why", "bytes"}
ALL_KEYS = KEYS | {"frames", "ours", "theirs"}


class Difference(NamedTuple):
    """One disagreement; `theirs` is "*" where the oracle's report does not print its value."""

    capture: str
    frames: tuple[int, ...]
    column: str
    ours: Any
    theirs: Any


class Exceptions:
    """What is declared against one oracle, and which of it has been needed."""

    def __init__(self, declared: list[dict[str, Any]], later: list[dict[str, str]]) -> None:
        self.declared = declared
        self.later = {entry["carrier"]: entry["why"] for entry in later}
        self._seen: list[set[int]] = [set() for _ in declared]  # frames of what each has covered

    def unexplained(self, differences: Iterable[Difference]) -> list[Difference]:
        """Return the differences that nothing declared covers."""
        return [found for found in differences if not self._covers(found)]

    def stale(self) -> list[dict[str, Any]]:
        """Return what was declared and did not happen, in none or not in all of its frames."""
        pairs = zip(self.declared, self._seen, strict=True)
        return [e for e, seen in pairs if not seen or not set(e.get("frames", ())) <= seen]

    def _covers(self, found: Difference) -> bool:
        covering = [at for at, entry in enumerate(self.declared) if _covers(entry, found)]
        for at in covering:
            self._seen[at].update(found.frames)
        return bool(covering)


def _covers(entry: dict[str, Any], found: Difference) -> bool:
    pairs = ((found.column, entry["column"]), (found.capture, entry["capture"]))
    if not all(fnmatchcase(name, pattern) for name, pattern in pairs):
        return False
    if "frames" in entry and not set(found.frames) <= set(entry["frames"]):
        return False
    sides = ((entry.get("ours"), found.ours), (entry.get("theirs"), found.theirs))
    return all("*" in (declared, seen) or declared == seen for declared, seen in sides)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.fixture(scope="session")
def require_tshark() -> None:
    """Skip without tshark, or fail where it is required."""
    if shutil.which("tshark") is None:
        if any(os.environ.get(name) for name in ("CI", "NEGOSCOPE_REQUIRE_TSHARK")):
            pytest.fail("tshark is not installed, and this run requires it")
        pytest.skip("tshark is not installed")


@pytest.fixture(scope="session")
def difference() -> type[Difference]:
    """Return the type of a disagreement."""
    return Difference


@pytest.fixture(scope="session")
def exceptions() -> Callable[[str], Exceptions]:
    """Return a function that gives the exceptions declared against an oracle, none of them used yet."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for entry in content["exception"]:
        assert KEYS <= set(entry) <= ALL_KEYS, entry
        assert entry["against"] in {"corpus", "lab"}, entry
        assert entry["why"].endswith("."), entry

    def declared(against: str) -> Exceptions:
        chosen = [
            entry | {"capture": pattern}
            for entry in content["exception"]
            if entry["against"] == against
            for pattern in _listed(entry["capture"])
        ]
        return Exceptions(chosen, content["later"])

    return declared
