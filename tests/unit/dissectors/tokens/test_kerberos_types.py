"""Types that Kerberos messages share."""

from __future__ import annotations

import pytest
from support.kerberos_messages import number, principal

from dissectors.tokens.kerberos_types import KEY_VERSION, MICROSECONDS, principal_text


@pytest.mark.parametrize(
    ("kvno", "text"),
    [
        (3, "3"),
        (65535, "65535"),
        ((7 << 16) + 2, "458754 (key 2 of RODC 7)"),
        (-(1 << 31) + 1, "-2147483647 (key 1 of RODC 32768)"),
    ],
)
def test_key_versions(kvno: int, text: str) -> None:
    """The upper half of a key version names a read-only domain controller, whatever its sign."""
    assert KEY_VERSION.show(number(kvno)[2:]) == (kvno, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 (0.000000 s)"), (999_999, "999999 (0.999999 s)"), (1_000_000, "1000000"), (-1, "-1")],
)
def test_microseconds(value: int, text: str) -> None:
    """Microseconds are shown as part of a second, if they are."""
    assert MICROSECONDS.show(number(value)[2:]) == (value, text)


def test_principal_text() -> None:
    """A name is told by its parts; what cannot be read has no name."""
    content = principal("HTTP", "a\x1b")[2:]
    assert principal_text(content) == "HTTP/a\\x1b"
    for size in range(len(content)):
        principal_text(content[:size])
    assert principal_text(b"") == ""
    assert principal_text(b"\xa0\x03\x02\x01\x01") == ""
