"""Cells of every kind of column, as Hypothesis makes them: whatever the wire or a file system puts there."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TEXTS = st.sampled_from(["", "ntlm", "a\x1b", "a\0b", "\u202e", "\ud800", "\U0010fffe"]) | st.text(
    st.characters(codec=None), max_size=6
)
NUMBERS = st.integers(-3, 3) | st.integers(-(1 << 62), 1 << 62)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "str": TEXTS,
    "category": TEXTS,
    "int": NUMBERS,
    "time": NUMBERS,
    "float": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "strs": st.lists(TEXTS, max_size=3),
    "ints": st.lists(NUMBERS, max_size=3),
    "dict": st.dictionaries(TEXTS, TEXTS | NUMBERS | st.none(), max_size=3),
}
"""By kind; None, which any column may have, comes on top."""
