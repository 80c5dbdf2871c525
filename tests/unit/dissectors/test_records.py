"""Classes that are made at little cost behave as the library's do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import typing
from dataclasses import field
from typing import Any, ClassVar

import pytest

from dissectors.records import NamedTuple, dataclass


def classes(make: Any) -> tuple[type, type, type]:
    """The same three classes, made by the library or by ours."""

    @make(slots=True)
    class Base:
        """Has all kinds of fields."""

        kind: ClassVar[str] = "base"

        raw: bytes = field(repr=False)
        name: str | None = None
        parts: list[int] = field(default_factory=list)
        inner: Any = None
        mark: int = field(default=0, compare=False)

        @property
        def size(self) -> int:
            """Length in bytes."""
            return len(self.raw)

    @make(slots=True, kw_only=True)
    class Derived(Base):
        """Adds what has to be named."""

        kind: ClassVar[str] = "derived"

        code: int

    @make(slots=True, frozen=True)
    class Frozen:
        """Can't be changed."""

        one: int
        two: tuple[int, ...] = ()

    return Base, Derived, Frozen


OURS, LIBRARYS = classes(dataclass), classes(dataclasses.dataclass)
BOTH = list(zip(OURS, LIBRARYS, strict=True))


@dataclass(slots=True, frozen=True)
class Kept:
    """A class that pickle finds."""

    one: int
    two: str = field(default="two", compare=False)


@dataclass(slots=True, eq=False)
class Told:
    """Tells itself in its own words, and is like nothing else."""

    one: int

    def __repr__(self) -> str:
        return "told"


class Pair(NamedTuple):
    """Two of a kind."""

    first: int
    second: str = "second"

    @property
    def both(self) -> str:
        """The two in a row."""
        return f"{self.first}{self.second}"

    def _private(self) -> int:
        return self.first


@pytest.mark.parametrize("arguments", [(b"x",), (b"x", "n", [1], 2, 3)])
def test_same_values_by_place(arguments: tuple[Any, ...]) -> None:
    """Values by place and defaults."""
    ours, librarys = OURS[0](*arguments), LIBRARYS[0](*arguments)
    assert dataclasses.asdict(ours) == dataclasses.asdict(librarys)
    assert repr(ours) == repr(librarys)
    assert ours == OURS[0](*arguments)
    assert ours.size == 1


def test_named_values_and_what_is_inherited() -> None:
    """A class that adds fields to another takes all of them."""
    ours, librarys = (made(b"x", name="n", code=7) for made in (OURS[1], LIBRARYS[1]))
    assert repr(ours) == repr(librarys)
    assert "code=7" in repr(ours)
    assert (ours.code, ours.name, ours.kind) == (7, "n", "derived")
    assert ours != OURS[0](b"x", name="n")
    assert dataclasses.replace(ours, code=8) == OURS[1](b"x", name="n", code=8)


def test_each_has_its_own_list() -> None:
    """A factory is called for every object."""
    one, other = OURS[0](b""), OURS[0](b"")
    one.parts.append(1)
    assert other.parts == []


@pytest.mark.parametrize(("ours", "librarys"), BOTH)
def test_same_signature_and_shape(ours: Any, librarys: Any) -> None:
    """Help shows the same; so do `fields` and `match`."""
    assert str(inspect.signature(ours)) == str(inspect.signature(librarys))
    assert ours.__match_args__ == librarys.__match_args__
    assert [(f.name, f.type) for f in dataclasses.fields(ours)] == [
        (f.name, f.type) for f in dataclasses.fields(librarys)
    ]
    assert ours.__annotations__ == librarys.__annotations__
    assert not hasattr(ours(*[1] * (2 if ours is OURS[2] else 1), **_needed(ours)), "__dict__")


def _needed(made: Any) -> dict[str, int]:
    return {"code": 1} if made is OURS[1] else {}


@pytest.mark.parametrize(("ours", "librarys"), BOTH)
def test_same_complaint(ours: Any, librarys: Any) -> None:
    """Missing and unknown arguments raise."""
    for arguments in ({}, {"unknown": 1}):
        with pytest.raises(TypeError) as said:
            ours(**arguments)
        with pytest.raises(TypeError, match="argument") as library_said:
            librarys(**arguments)
        assert str(said.value) == str(library_said.value)


def test_comparing_and_hashing() -> None:
    """Fields that do not count do not; what may change has no hash, what may not has the library's."""
    base, _, frozen = OURS
    assert base(b"", mark=1) == base(b"", mark=2)
    assert base(b"") != base(b"x")
    assert base(b"") != LIBRARYS[0](b"")
    with pytest.raises(TypeError, match="unhashable"):
        hash(base(b""))
    assert {frozen(1, (2,)), frozen(1, (2,))} == {frozen(1, (2,))}
    assert hash(frozen(1)) == hash(LIBRARYS[2](1))
    assert Kept(1, "x") == Kept(1, "y")
    assert hash(Kept(1, "x")) == hash(Kept(1, "y"))
    told = Told(1)
    assert told != Told(1)
    assert hash(told) == object.__hash__(told)
    assert repr(told) == "told"


def test_frozen_stays_as_it_is() -> None:
    """Nothing can be set or deleted, but by making another."""
    frozen = Kept(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'one'"):
        frozen.one = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'one'"):
        del frozen.one  # type: ignore[misc]
    assert dataclasses.replace(frozen, one=2) == Kept(2)
    assert repr(frozen) == "Kept(one=1, two='two')"


@pytest.mark.parametrize("value", [Kept(1, "x"), Told(1), Pair(1), Pair(1, "x")])
def test_travels(value: Any) -> None:
    """Pickled and copied ones are the same."""
    for other in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert type(other) is type(value)
        assert [getattr(other, name) for name in value.__match_args__] == [
            getattr(value, name) for name in value.__match_args__
        ]


def test_circles_end() -> None:
    """An object inside itself is shown once."""
    made = OURS[0](b"")
    made.inner = made
    assert repr(made).endswith("inner=..., mark=0)")


def test_nothing_is_compiled_before_it_is_used() -> None:
    """The class of which no object is made costs no compiling."""
    made, _, _ = classes(dataclass)
    assert not inspect.isfunction(vars(made)["__init__"])
    made(b"x")
    assert inspect.isfunction(vars(made)["__init__"])


def test_named_tuple() -> None:
    """Fields, defaults, methods, documentation and types as text."""
    pair = Pair(1)
    assert pair == (1, "second")
    assert pair.both == "1second"
    assert pair._private() == 1
    assert Pair.__doc__ == "Two of a kind."
    assert Pair._fields == ("first", "second")
    assert repr(pair) == "Pair(first=1, second='second')"
    assert typing.get_type_hints(Pair) == {"first": int, "second": str}
    first, second = Pair(2, "x")
    assert (first, second) == (2, "x")


def test_defaults_stand_last() -> None:
    """As the library says, too."""
    body = {"__annotations__": {"one": "int", "two": "int"}, "one": 1, "__module__": __name__}
    with pytest.raises(TypeError, match="without a default"):
        type(NamedTuple)("Wrong", (NamedTuple,), body)
