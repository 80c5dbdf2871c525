"""Text from the wire becomes text for people."""

from __future__ import annotations

from dissectors.visible import SHOWN_CHARACTERS, UNSAFE, shortened, visible


def test_nothing_invisible_gets_past() -> None:
    """Controls, bidirectional marks, variation selectors, lone surrogates: each is written out."""
    text = visible("a\x1b\x9b\u202e\ufe0f\ud800\U000e0001b")
    assert not UNSAFE.search(text)
    assert text == "a\\x1b\\x9b\\u202e\\ufe0f\\ud800\\U000e0001b"


def test_long_text_is_shortened() -> None:
    """Its beginning and its length are left; shorter text is not touched."""
    assert shortened("x" * SHOWN_CHARACTERS) == "x" * SHOWN_CHARACTERS
    assert (
        shortened("xy" * SHOWN_CHARACTERS)
        == "xy" * (SHOWN_CHARACTERS // 2) + "... (1024 characters)"
    )
