"""Bytes of a message that belong to no field."""

import pytest

from dissectors.span import Span
from dissectors.tokens.ntlm_padding import gaps, record_padding
from dissectors.tokens.recorder import Recorder


def recorded(data, start, stop):
    fields = []
    record_padding(Recorder(fields, 10, "M"), data, start, stop)
    return [(f.path, f.value, f.text, f.span, f.secret) for f in fields]


def test_zeros_are_shown():
    """Alignment is no secret."""
    assert recorded(b"x\0\0\0x", 1, 4) == [
        ("M.Padding", bytes(3), "3 zero bytes", Span(11, 14), False)
    ]
    assert recorded(b"\0", 0, 1)[0][2] == "1 zero byte"


def test_other_bytes_are_not():
    """They may be a response whose descriptor is false."""
    assert recorded(b"\0S\0", 0, 3) == [
        ("M.Padding", None, "3 bytes of no field, not shown", Span(10, 13), True)
    ]


def test_nothing_is_nothing():
    """An empty range leaves no field."""
    assert recorded(b"x", 1, 1) == []


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [(0, 9)]),
        ([(0, 9)], []),
        ([(6, 9), (0, 2)], [(2, 6)]),
        ([(1, 5), (2, 3), (4, 6)], [(0, 1), (6, 9)]),
        ([(9, 9)], [(0, 9)]),
        ([(0, 20)], []),
    ],
)
def test_gaps(spans, expected):
    """What no span covers, whatever their order and however they overlap."""
    assert gaps(spans, 9) == expected
