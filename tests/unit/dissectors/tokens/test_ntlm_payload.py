"""Descriptors of NTLM messages, held against the message and each other."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.ntlm_payload import Payload

NAMES = ("First", "Second")


def payload(first, second, size, base=0):
    """A message with two descriptors at 4 and 12, its payload from 20 on."""
    data = bytes(4) + struct.pack("<HHIHHI", first[0], 0, first[1], second[0], 0, second[1])
    made = Payload((data + b"x" * 100)[:size], 20, base)
    return made, made.read(4, NAMES)


def found(made):
    return [(anomaly.code, anomaly.span) for anomaly in made.findings()]


def test_sound_payload():
    """Fields side by side, in any order, with nothing to report."""
    made, claims = payload((3, 25), (5, 20), 28)
    assert [claim[:3] for claim in claims] == [(25, 28, 3), (20, 25, 5)]
    assert (made.first, found(made)) == (20, [])


def test_message_without_payload():
    """All fields empty: the fixed part goes up to the message's end."""
    made, claims = payload((0, 999), (0, 0), 60)
    assert [claim[:3] for claim in claims] == [(0, 0, 0), (0, 0, 0)]
    assert made.reaches(60)
    assert not made.reaches(61)
    assert not made.lacks(61)
    assert found(made) == []


def test_fixed_part_ends_at_the_payload():
    """An element exists if the payload begins behind it and the bytes are there."""
    made, _ = payload((4, 40), (0, 0), 44)
    assert made.reaches(40)
    assert not made.reaches(41)
    cut, _ = payload((4, 40), (0, 0), 30)
    assert not cut.reaches(40)
    assert cut.lacks(40)


def test_descriptor_that_is_cut():
    """A descriptor whose end is missing is not read."""
    made, claims = payload((0, 0), (9, 9), 19)
    assert claims[1] is None
    assert found(made) == [("truncated", Span(0, 19))]
    assert made.text_of(None, unicode=True) is None
    assert made.bytes_of(None) == b""


@pytest.mark.parametrize(
    ("first", "second", "size", "expected"),
    [
        ((4, 20), (4, 24), 26, [("truncated", Span(26, 26))]),
        ((4, 20), (4, 28), 26, [("truncated", Span(26, 26))]),
        ((4, 20), (4, 24), 20, [("truncated", Span(20, 20))]),
        ((4, 50), (4, 99), 26, [("truncated", Span(26, 26))]),
        ((4, 20), (4, 999), 26, [("bad-offset", Span(12, 20))]),
        (
            (4, 20),
            (99, 22),
            26,
            [("overlapping-fields", Span(22, 24)), ("bad-length", Span(12, 20))],
        ),
        ((4, 20), (4, 22), 26, [("overlapping-fields", Span(22, 24))]),
        ((4, 20), (4, 20), 24, [("overlapping-fields", Span(20, 24))]),
        ((4, 20), (4, 6), 24, [("overlapping-fields", Span(12, 20))]),
        ((4, 20), (0, 0), 26, [("trailing-bytes", Span(24, 26))]),
    ],
)
def test_false_descriptors(first, second, size, expected):
    """A cut message is told from one whose offsets lie."""
    made, _ = payload(first, second, size)
    assert found(made) == expected


def test_zero_padding_is_no_trailer():
    """Zeros behind the last field are alignment."""
    data = bytes(4) + struct.pack("<HHIHHI", 1, 0, 20, 0, 0, 0) + b"x" + bytes(3)
    made = Payload(data, 20, 0)
    made.read(4, NAMES)
    assert found(made) == []


def test_flags_that_announce_more_than_is_there():
    """Of a message of empty fields only its flags tell that its end is missing."""
    made, _ = payload((0, 0), (0, 0), 30)
    made.expect(30)
    assert found(made) == []
    made.expect(38)
    assert found(made) == [("truncated", Span(30, 30))]


def test_base_shifts_anomalies():
    """Anomalies count from the token that carries the message."""
    made, _ = payload((4, 20), (4, 20), 24, base=1000)
    assert found(made) == [("overlapping-fields", Span(1020, 1024))]
