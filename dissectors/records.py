"""`dataclass` and `NamedTuple` that make a class in a fraction of the time that the library's take.

There are more than 150 such classes, and to compile all methods of all when they are imported takes a fifth
of a short run, which calls few of them. Here a method is compiled when it is first looked up, or shared by
all classes. For type checkers they are the library's own; `fields`, `replace`, `match` and pickling work.
"""

from __future__ import annotations

import dataclasses
from collections import namedtuple
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple", "dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
    from typing import NamedTuple
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        eq: bool = True,
        frozen: bool = False,
        kw_only: bool = False,
        slots: bool = False,
    ) -> Any:
        """Do what `dataclasses.dataclass` does by these arguments; there is no `__post_init__`."""
        if cls is None:
            return lambda cls: dataclass(cls, eq=eq, frozen=frozen, kw_only=kw_only, slots=slots)
        cls.__doc__ = cls.__doc__ or cls.__name__  # else the library works the signature out for it
        types = vars(cls).get("__annotations__", {})
        # in types that are text the library searches for ClassVar and the like, by patterns
        cls.__annotations__ = {n: t if "ClassVar" in str(t) else object for n, t in types.items()}
        # the library would compile two methods for each class that is frozen
        cls = dataclasses.dataclass(
            cls, init=False, repr=False, eq=False, kw_only=kw_only, slots=slots
        )
        cls.__annotations__ = types
        for field in dataclasses.fields(cls):
            field.type = types.get(field.name, field.type)
        methods = {"__init__": _Unwritten(cls, frozen=frozen), "__repr__": _repr}
        if eq:
            methods |= _comparing(cls, hashed=frozen)
        if frozen:
            methods |= _FROZEN
        for name, method in methods.items():
            if name not in vars(cls):
                setattr(cls, name, method)
        return cls

    class _NamedTuples(type):
        """Does what `typing.NamedTuple` does, but for compiling the types of the fields."""

        def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            types = namespace.get("__annotations__", {})
            defaults = [namespace[field] for field in types if field in namespace]
            if not {*list(types)[: len(types) - len(defaults)]}.isdisjoint(namespace):
                raise TypeError(f"{name}: a field without a default behind one with a default")
            made = namedtuple(name, types, defaults=defaults, module=namespace["__module__"])  # noqa: PYI024
            made.__new__.__annotations__ = types
            for key, value in namespace.items():
                if key not in types:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_NamedTuples):
        """In the place of a class that has this as its base comes a `collections.namedtuple`."""


class _Unwritten:
    """An `__init__` that is compiled when it is first looked up, and takes this one's place."""

    def __init__(self, owner: Any, *, frozen: bool) -> None:
        self._owner, self._frozen = owner, frozen

    def __get__(self, instance: Any, kind: type) -> Any:
        self._owner.__init__ = written = _init_of(self._owner, frozen=self._frozen)
        return written.__get__(instance, kind)


class _Absent:
    """Stands for an argument that a factory makes if it is not given."""

    def __repr__(self) -> str:
        return "<factory>"


def _init_of(cls: Any, *, frozen: bool) -> Any:
    names: dict[str, Any] = {"ABSENT": _Absent(), "set": object.__setattr__}
    placed = ["self"]
    keyword: list[str] = []
    body: list[str] = []
    for field in dataclasses.fields(cls):
        name = value = parameter = field.name
        if field.default is not dataclasses.MISSING:
            names[f"default_{name}"] = field.default
            parameter = f"{name}=default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"make_{name}"] = field.default_factory
            parameter = f"{name}=ABSENT"
            value = f"make_{name}() if {name} is ABSENT else {name}"
        (keyword if field.kw_only else placed).append(parameter)
        body.append(f"set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    parameters = ", ".join([*placed, "*", *keyword] if keyword else placed)
    exec("\n ".join([f"def __init__({parameters}):", *body, "return"]), names)  # noqa: S102 - our own names
    init = names["__init__"]
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    init.__annotations__ = {field.name: field.type for field in dataclasses.fields(cls)}
    init.__annotations__["return"] = None
    return init


@recursive_repr()
def _repr(self: Any) -> str:
    shown = [field.name for field in dataclasses.fields(self) if field.repr]
    values = ", ".join([f"{name}={getattr(self, name)!r}" for name in shown])
    return f"{type(self).__qualname__}({values})"


def _comparing(cls: Any, *, hashed: bool) -> dict[str, Callable[..., Any] | None]:
    """`__eq__` and `__hash__`; what may change has none."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def equal(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return {"__eq__": equal, "__hash__": (lambda self: hash(values(self))) if hashed else None}


def _no_setting(_self: Any, name: str, _value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {
    "__setattr__": _no_setting,
    "__delattr__": _no_deleting,
    "__getstate__": _state,
    "__setstate__": _restore,
}
