"""A registered carrier is complete: module, test, captures; and none is left unregistered."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from dissectors.carriers import CARRIERS, carrier_class
from dissectors.carriers.base import Carrier

ROOT = Path(__file__).resolve().parents[2]
CASE_FILES = {"case.toml", "capture.pcapng", "expected.jsonl"}
CASES = sorted(path for path in (ROOT / "captures").glob("*/*") if (path / "case.toml").is_file())


@pytest.mark.parametrize("name", CARRIERS)
def test_registered_class_is_a_carrier(name: str) -> None:
    """The registry's location leads to a `Carrier` of that name with all methods of its own."""
    entry = CARRIERS[name]
    found = carrier_class(name)
    assert issubclass(found, Carrier)
    assert found.name == name
    assert entry.location == f"dissectors.carriers.{name}:{found.__name__}"
    for method in ("probe", "feed", "gap", "end"):
        assert getattr(found, method) is not getattr(Carrier, method), method
    assert entry.reads
    assert entry.spec


@pytest.mark.parametrize("name", CARRIERS)
def test_carrier_has_a_test(name: str) -> None:
    """The module's test lies where the layout wants it."""
    assert (ROOT / f"tests/unit/dissectors/carriers/test_{name}.py").is_file()


@pytest.mark.parametrize("name", CARRIERS)
def test_carrier_has_a_capture(name: str) -> None:
    """At least one recorded case shows the carrier."""
    complete = [
        case
        for case in CASES
        if case.parent.name == name and {path.name for path in case.iterdir()} >= CASE_FILES
    ]
    assert complete


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_case_is_complete(case: Path) -> None:
    """A case holds its capture, what it is, what must come out, and nothing else; its carrier exists."""
    assert {path.name for path in case.iterdir()} == CASE_FILES
    assert case.parent.name in CARRIERS


def test_every_carrier_is_registered() -> None:
    """No module defines a `Carrier` that the registry does not know; bases of carriers are none."""
    for path in (ROOT / "dissectors/carriers").glob("*.py"):
        if path.stem != "__init__":
            import_module(f"dissectors.carriers.{path.stem}")
    assert set(finished(Carrier)) == {entry.location for entry in CARRIERS.values()}


def finished(kind: type[Carrier]) -> Iterator[str]:
    """Locations of the package's classes below `kind` that nothing derives from."""
    below = [each for each in kind.__subclasses__() if each.__module__.startswith("dissectors.")]
    if not below:
        yield f"{kind.__module__}:{kind.__name__}"
    for each in below:
        yield from finished(each)
