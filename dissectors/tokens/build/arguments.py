"""Holds what a caller gives against the builder's own signature: a mistake is one `BuildError`.

Types are those of the annotations, list elements included. Values are the builders' business, but for numbers
and texts that do not fit where they go.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, wraps
from inspect import Signature, signature
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from dissectors.tokens.build.error import BuildError

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")

_WORDS: dict[Any, str] = {
    NoneType: "None",
    bool: "True or False",
    bytes: "bytes",
    int: "a number",
    str: "a text",
}
_PLURALS: dict[Any, str] = {int: "numbers", str: "texts"}


def builder(function: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Check the arguments of a builder before it runs.

    Iterators become lists. A name that is no parameter, or one that is missing, stays Python's `TypeError`.
    """

    @wraps(function)
    def checked(*args: _Given.args, **kwargs: _Given.kwargs) -> _Made:
        declared, kinds = _declared(function)
        given = declared.bind(*args, **kwargs)
        for name, value in given.arguments.items():
            if isinstance(value, Iterator):
                value = given.arguments[name] = list(value)
            variable = declared.parameters[name].kind is declared.parameters[name].VAR_POSITIONAL
            for each in value if variable else (value,):
                if not _fits(each, kinds[name]):
                    raise BuildError(f"{name} is {_words(kinds[name])}, not {_type(each)}")
        try:
            return function(*given.args, **given.kwargs)
        except (struct.error, OverflowError) as error:
            raise BuildError(f"a number does not fit its field: {error}") from None
        except UnicodeError as error:
            raise BuildError(f"a text does not fit its encoding: {error}") from None

    return checked


@cache
def _declared(function: Callable[..., Any]) -> tuple[Signature, dict[str, Any]]:
    return signature(function), get_type_hints(function)


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of an annotated type."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return isinstance(value, str)  # which one is for the builder to say
    if origin is tuple:
        return isinstance(value, (tuple, list)) and _all_fit(value, parts)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(key, parts[0]) and _fits(each, parts[1]) for key, each in value.items()
        )
    if origin is not None:  # Iterable, Sequence
        return isinstance(value, Iterable) and all(_fits(each, parts[0]) for each in value)
    if kind is bytes:
        return isinstance(value, (bytes, bytearray))
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _all_fit(values: Any, kinds: tuple[Any, ...]) -> bool:
    return len(values) == len(kinds) and all(map(_fits, values, kinds))


def _words(kind: Any) -> str:
    """Say what a value has to be."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(map(_words, parts))
    if origin is Literal:
        return "one of " + ", ".join(parts)
    if origin is tuple:
        return f"({', '.join(map(_words, parts))})"
    if origin is not None and issubclass(origin, Mapping):
        return "a mapping"
    if origin is not None:
        return f"a list of {_PLURALS.get(parts[0]) or _words(parts[0])}"
    return _WORDS.get(kind) or f"a {kind.__name__}"


def _type(value: Any) -> str:
    """Name of a value's type: the value itself may be a secret."""
    return "None" if value is None else type(value).__name__
