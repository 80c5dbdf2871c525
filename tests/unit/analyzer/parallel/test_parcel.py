"""What travels as columns arrives as it was, whoever refers to whom."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from support.facts import ROOT

from analyzer.analysis import begin
from analyzer.capture.inputs import Input
from analyzer.negotiation.model import Negotiation
from analyzer.parallel.parcel import AT_ONCE, Parcel, pieces
from analyzer.pipeline import run
from analyzer.tables.collect import Collector

CAPTURES = sorted((ROOT / "captures").glob("*/*/capture.pcapng"))[::30]


class Pair(NamedTuple):
    """A tuple with names."""

    first: Any
    second: Any = None


@dataclass(slots=True, eq=False)
class Node:
    """Something that refers to others of its kind."""

    value: Any
    other: Node | None = None
    list: list[Any] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Fixed:
    """What cannot be set afterwards."""

    value: int


@dataclass
class Loose:
    """What has no slots."""

    value: Any


def packed(value: Any) -> list[bytes]:
    """All pieces of a value."""
    return list(pieces(value))


def unpacked(made: list[bytes]) -> Any:
    """The value again."""
    parcel = Parcel()
    whole = [parcel.add(piece) for piece in made]
    assert whole == [False] * (len(made) - 1) + [True]
    return parcel.value


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3],
        [1, True, 1.0],
        [0, False],
        [None, 7],
        [2**63, -1],
        [-(2**63), 2**63 - 1],
        ["a", "b", "a"],
        ["\ud800", ""],
        [b"x", None],
        [(1, 2), (3,)],
        [Pair(1, "x"), Pair(2, "x")],
        [Pair(1), None, Pair(True, Pair("y"))],
        [Pair(None), Pair(None)],
        [None, None],
        [Fixed(1), Fixed(2)],
        [Loose(1), Loose([2])],
        [{"a": 1}, {}],
        [array("Q", [1, 2**64 - 1]), array("Q"), array("Q", [3])],
        [array("B", [1]), array("Q", [1])],
        [array("Q", [1]), None],
    ],
    ids=repr,
)
def test_values_keep_type_and_value(values: list[Any]) -> None:
    """Equal is not enough: 1 stays apart from True, a named tuple one."""
    got = [node.value for node in unpacked(packed([Node(value) for value in values]))]
    assert repr(got) == repr(values)
    assert list(map(type, got)) == list(map(type, values))


def test_references_are_kept() -> None:
    """Circles, chains longer than Python may recurse, and what two refer to."""
    nodes = [Node(number) for number in range(5 * AT_ONCE)]
    common: list[Any] = []
    for before, node in pairwise(nodes):
        node.other, node.list = before, common
    nodes[0].other = nodes[-1]
    first, found = unpacked(packed((nodes[7], {"all": nodes})))
    got = found["all"]
    assert got[7] is first
    assert [node.value for node in got] == list(range(len(nodes)))
    assert all(node.other is before for before, node in pairwise(got))
    assert got[0].other is got[-1]
    assert all(node.list is got[1].list for node in got[1:])
    assert got[0].list is not got[1].list


def plain(value: Any, seen: dict[int, int]) -> Any:
    """A value as nested lists, objects told once and then by their number."""
    if isinstance(value, str | int | float | bytes | None):
        return value
    if not isinstance(value, tuple):
        if id(value) in seen:
            return ["seen", seen[id(value)]]
        seen[id(value)] = len(seen)
    name = type(value).__name__
    if isinstance(value, dict):
        return [name, [[plain(k, seen), plain(v, seen)] for k, v in value.items()]]
    if isinstance(value, list | tuple):
        return [name, [plain(each, seen) for each in value]]
    if isinstance(value, array):
        return [name, value.tolist()]
    names = getattr(type(value), "__slots__", None) or sorted(vars(value))
    return [name, [plain(getattr(value, each), seen) for each in names]]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_all_that_a_capture_holds_arrives(path: Any) -> None:
    """Negotiations, token rows and their owners, exchanges with KDCs, names."""
    analysis = begin()
    source = Input(str(path))
    collector = Collector(analysis.tables, source.name)
    run(source, collector, analysis.options)
    gathered = collector.gathered()
    got = unpacked(packed(gathered))
    facts = gathered.surroundings
    assert gathered.negotiations or facts.kdc or facts.names
    assert plain(got, {}) == plain(gathered, {})


def test_negotiations_travel_as_columns() -> None:
    """Their attributes are not named again for each of them."""
    one, many = (
        b"".join(packed([Negotiation(None, None, "http") for _ in range(count)]))  # type: ignore[arg-type]
        for count in (1, AT_ONCE)
    )
    assert (len(many) - len(one)) / (AT_ONCE - 1) < 100


def test_much_goes_in_pieces() -> None:
    """What is made of the first ones is there before the last one is made; little goes in one."""
    assert len(packed([Node("x") for _ in range(AT_ONCE)])) == 1
    nodes = [
        Node(f"{number:0100}", common) for common in [Node(1)] for number in range(9 * AT_ONCE)
    ]
    made = packed(nodes)
    assert len(made) > 2
    parcel = Parcel()
    assert not parcel.add(made[0])
    assert parcel.value[0].value == nodes[0].value
    got = unpacked(made)
    assert [node.value for node in got] == [node.value for node in nodes]
    assert all(node.other is got[0].other for node in got)
