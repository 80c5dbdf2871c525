"""Elements that per-message tokens are made of, and how each is written into the tree, cut or whole.

Spec: RFC 1964 1.2.1.1 and 1.2.2.1 (algorithm numbers), RFC 4757 7.2-7.3 (RC4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dissectors.tokens.recorder import Recorder
from dissectors.tokens.token_id import token_id_text

Finding = tuple[str, int, int, str]
"""Code of an anomaly, `[start, stop)` and detail."""

Shown = tuple[Any, str]
"""Value and text of a field."""

SGN_ALG = {
    0x0000: "DES MAC MD5",
    0x0001: "MD2.5",
    0x0002: "DES MAC",
    0x0004: "HMAC SHA1 DES3-KD",
    0x0011: "HMAC MD5 ARCFOUR",
}
NO_SEAL = 0xFFFF
SEAL_ALG = {0x0000: "DES", 0x0002: "DES3-KD", 0x0010: "ARCFOUR", NO_SEAL: "none"}


def algorithm(data: bytes, at: int, names: dict[int, str]) -> str | None:
    """Name of the algorithm whose two octets stand at `at`; None if they are cut."""
    if at + 2 > len(data):
        return None
    return algorithm_text(int.from_bytes(data[at : at + 2], "little"), names)


def algorithm_text(value: int, names: dict[int, str]) -> str:
    """Name of an algorithm; an unknown one keeps its number."""
    return names.get(value) or f"unknown({value})"


def short(data: bytes, at: int, least: int) -> list[Finding]:
    """Tell that fewer than `least` bytes are there from `at` on."""
    size = len(data) - at
    return [] if size >= least else [("truncated", at, len(data), f"{size} bytes of {least}")]


# -- the tree --------------------------------------------------------------------------------------


def open_tree(recorder: Recorder, name: str, data: bytes, at: int) -> Recorder:
    """Write the branch of a token that begins with a token id."""
    recorder.add(name, at, len(data), None)
    tree = recorder.below(name)
    put(tree, data, "TOK_ID", at, at + 2, show_token_id)
    return tree


def put(
    tree: Recorder,
    data: bytes,
    name: str,
    start: int,
    stop: int,
    show: Callable[[bytes], Shown] | None = None,
) -> None:
    """Write the element at `[start, stop)`, hidden without `show`; of a cut one, what is there."""
    last = min(stop, len(data))
    if start >= last:
        return
    if last < stop:
        text = f"{last - start} of {stop - start} bytes"
        tree.add(name, start, last, None, text, secret=show is None)
    elif show is None:
        tree.hide(name, start, stop)
    else:
        value, text = show(data[start:stop])
        tree.add(name, start, stop, value, text)


def show_token_id(octets: bytes) -> Shown:
    """A token id by name."""
    return octets, token_id_text(octets)


def show_octets(octets: bytes) -> Shown:
    """Octets that mean nothing, or are no secret."""
    return octets, octets.hex(" ")


def show_big(octets: bytes) -> Shown:
    """A number, first octet first."""
    value = int.from_bytes(octets)
    return value, str(value)


def show_little(octets: bytes) -> Shown:
    """A number, last octet first."""
    value = int.from_bytes(octets, "little")
    return value, str(value)


def show_sgn_alg(octets: bytes) -> Shown:
    """An algorithm of SGN_ALG."""
    value = int.from_bytes(octets, "little")
    return value, _numbered(value, SGN_ALG)


def show_seal_alg(octets: bytes) -> Shown:
    """An algorithm of SEAL_ALG."""
    value = int.from_bytes(octets, "little")
    return value, _numbered(value, SEAL_ALG)


def _numbered(value: int, names: dict[int, str]) -> str:
    """Number and name; of an unknown one, the number alone."""
    return f"0x{value:04x} ({names[value]})" if value in names else algorithm_text(value, names)
