"""Bytes changed here and there, as Hypothesis can make smaller: what breaks a reader shows by few changes."""

from __future__ import annotations

from hypothesis import strategies as st

MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["set", "flip", "drop", "insert", "length"]),
        st.integers(0, 2**16),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=6,
)


def mutated(whole: bytes, mutations: list[tuple[str, int, int]]) -> bytes:
    """Do to the bytes what each of `MUTATIONS` says: how, where, by which value."""
    data = bytearray(whole)
    for how, where, value in mutations:
        if not data:
            break
        at = where % len(data)
        if how == "set":
            data[at] = value
        elif how == "flip":
            data[at] ^= 1 << value % 8
        elif how == "drop":
            del data[at : at + value % 16]
        elif how == "insert":
            data[at:at] = bytes(value % 4) + bytes((value,))
        else:
            data[at] = (0x80, 0x81, 0x82, 0x84, 0xFF, 0x00, 0x30, 0xA3)[value % 8]
    return bytes(data)
