"""What content octets say, and when they say nothing."""

from __future__ import annotations

import pytest

from dissectors.der_values import integer, oid_text, set_bits, string_text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("2b0601050502", "1.3.6.1.5.5.2"),
        ("2a864886f712010202", "1.2.840.113554.1.2.2"),
        ("2a864882f712010202", "1.2.840.48018.1.2.2"),
        ("2b06010401823702020a", "1.3.6.1.4.1.311.2.2.10"),
        ("00", "0.0"),
        ("8837", "2.999"),
        ("", None),
        ("2b86", None),
        ("2b8001", None),
        ("2b" + "01" * 63, "1.3" + ".1" * 63),
        ("2b" + "01" * 64, None),
    ],
)
def test_object_identifiers(content: str, text: str | None) -> None:
    """Dotted text of object identifiers; cut, padded and endless ones have none."""
    assert oid_text(bytes.fromhex(content)) == text


@pytest.mark.parametrize(
    ("content", "value"),
    [("05", 5), ("ff", -1), ("00ffffffff", 0xFFFFFFFF), ("", None), ("01" * 9, None)],
)
def test_integers(content: str, value: int | None) -> None:
    """INTEGERs are signed; empty and huge ones have no value."""
    assert integer(bytes.fromhex(content)) == value


@pytest.mark.parametrize(
    ("content", "bits"),
    [
        ("0000", ()),
        ("0176", (1, 2, 3, 5, 6)),
        ("0020000000", (2,)),
        ("0180", (0,)),
        ("04ff", (0, 1, 2, 3)),
        ("00", ()),
        ("00000000ff80", (24, 25, 26, 27, 28, 29, 30, 31)),
        ("0000000001", (31,)),
        (
            "0780ffffffff",
            (
                0,
                8,
                9,
                10,
                11,
                12,
                13,
                14,
                15,
                16,
                17,
                18,
                19,
                20,
                21,
                22,
                23,
                24,
                25,
                26,
                27,
                28,
                29,
                30,
                31,
            ),
        ),
        ("", None),
        ("01", None),
        ("0800", None),
    ],
)
def test_bit_strings(content: str, bits: tuple[int, ...] | None) -> None:
    """Set bits by number, without the unused ones; the first 32 count."""
    assert set_bits(bytes.fromhex(content)) == bits


def test_text_survives_any_bytes() -> None:
    """What is no UTF-8 shows as escapes, never as a surrogate."""
    assert string_text("jürgen".encode()) == "jürgen"
    assert string_text(b"a\xffb") == "a\\xffb"
