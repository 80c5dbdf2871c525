"""FILETIME as text."""

import pytest

from dissectors.tokens.ntlm_filetime import filetime_text


@pytest.mark.parametrize(
    ("filetime", "text"),
    [
        (0, "0 (not set)"),
        (1, "1601-01-01 00:00:00.0000001Z"),
        (116444735999999999, "1969-12-31 23:59:59.9999999Z"),
        (116444736000000001, "1970-01-01 00:00:00.0000001Z"),
        (132000000001234567, "2019-04-17 18:40:00.1234567Z"),
        (2650467743999999999, "9999-12-31 23:59:59.9999999Z"),
        (2650467744000000000, "2650467744000000000 (beyond the year 9999)"),
        (0x7FFFFFFFFFFFFFFF, "9223372036854775807 (beyond the year 9999)"),
        (0xFFFFFFFFFFFFFFFF, "18446744073709551615 (beyond the year 9999)"),
    ],
)
def test_filetimes(filetime, text):
    """No attacker's date breaks the display, and no tick is lost."""
    assert filetime_text(filetime) == text
