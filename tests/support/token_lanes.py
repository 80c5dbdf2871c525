"""The two ways to read a token's values, held against each other: the fast lane and the careful readers."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any

from dissectors.tokens.decode import decode_token
from dissectors.tokens.model import Token
from dissectors.tokens.usual import read_usual

CLAIMS = (None, True, False)
"""What a carrier may say of the sender: `from_acceptor`."""


def told(value: Any) -> Any:
    """A token as plain values, with the type of each and the order of what has one."""
    if is_dataclass(value):
        parts = {each.name: told(getattr(value, each.name)) for each in fields(value)}
        return type(value).__name__, *parts.items()
    if isinstance(value, dict):
        return "dict", *((key, told(each)) for key, each in value.items())
    if isinstance(value, tuple):
        return type(value).__name__, *map(told, value)
    return type(value).__name__, value


def check_lanes(data: bytes, claim: bool | None) -> Token | None:
    """Read it both ways: the fast lane gives it up, or says all that the careful readers say."""
    usual = read_usual(data, claim)
    if usual is not None:
        assert told(usual) == told(decode_token(data, claim)), data.hex()
    return usual


def check_caches(module: ModuleType, most: int) -> None:
    """Every cache that a module of the lane makes has a bound of `most` entries at most."""
    caches = [each for each in vars(module).values() if hasattr(each, "cache_info")]
    own = [each for each in caches if each.__module__ == module.__name__]
    assert own
    for each in own:
        size = each.cache_info().maxsize
        assert size is not None
        assert size <= most
