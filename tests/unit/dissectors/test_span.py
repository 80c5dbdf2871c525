"""Byte ranges, and text that is safe to show."""

import pytest

from dissectors.span import Span
from dissectors.visible import visible


def test_length():
    """A span is half-open."""
    assert Span(3, 10).length == 7


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äöü 漢字 😀 \\", "plain äöü 漢字 😀 \\"),
        ("\x00\x1b[31m\r\n\t\x7f\x9b", "\\x00\\x1b[31m\\x0d\\x0a\\x09\\x7f\\x9b"),
        ("user\u202egpj.exe\u2066", "user\\u202egpj.exe\\u2066"),
        ("a\u200bb\ufeff\u00ad\u061c", "a\\u200bb\\ufeff\\xad\\u061c"),
        ("\ud800\ufffe", "\\ud800\\ufffe"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_visible(text, shown):
    """Control, bidi and zero-width characters show as their numbers, everything else as it is."""
    assert visible(text) == shown
