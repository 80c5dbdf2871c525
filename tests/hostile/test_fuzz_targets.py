"""The fuzz targets work: each is there, and takes its own seeds, also where atheris is not installed."""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from dissectors.carriers import CARRIERS

FOLDER = Path(__file__).parent / "fuzz"
TARGETS = sorted(path.stem for path in FOLDER.glob("fuzz_*.py"))
TOKENS = {"spnego", "ntlm", "kerberos", "kdc", "iakerb", "negoex", "per_message", "sasl_layer"}
SEEDS = 12  # of each target


@pytest.fixture
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A target's module, found as it is when it is run."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield import_module(request.param)
    for name in (request.param, "harness"):
        sys.modules.pop(name, None)


def test_there_is_a_target_for_each() -> None:
    """Every carrier and every kind of token has one, and each is mentioned only once."""
    names = {name.removeprefix("fuzz_") for name in TARGETS}
    assert names >= set(CARRIERS) | TOKENS
    assert names - set(CARRIERS) - TOKENS == {"cldap", "foreign", "kdc_talk"}


@pytest.mark.parametrize("target", TARGETS, indirect=True)
def test_a_target_takes_its_seeds(target: ModuleType) -> None:
    """Seeds, nothing, and a few bytes."""
    found = list(islice(target.seeds(), SEEDS))
    assert found
    for data in (*found, b"", b"\0", found[0][: len(found[0]) // 2]):
        target.one(data)


@pytest.mark.parametrize("target", ["fuzz_http"], indirect=True)
def test_conversations_are_written_as_bytes(target: ModuleType) -> None:
    """What is written is read back, also where a turn is too long for its length octets."""
    harness = sys.modules["harness"]
    turns = [(0, b"GET"), (1, b"x" * 0xFFFF), (1, b"y"), (0, b"")]
    assert harness.turns_in(harness.written(turns)) == turns[:3]
    assert harness.written([(1, b"x" * 0xFFFF + b"y")]) == harness.written(turns[1:3])
