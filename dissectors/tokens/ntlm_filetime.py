"""FILETIME as text: every 64-bit number has one, dates beyond the calendar included.

Spec: MS-DTYP 2.3.3 (tenths of a microsecond since 1601-01-01, UTC).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_TICKS = 10_000_000
"""Of a FILETIME in one second."""


def filetime_text(filetime: int) -> str:
    """Date and time to the tick; a number that is no date of the calendar stays a number."""
    if filetime == 0:
        return "0 (not set)"
    try:
        moment = _EPOCH + timedelta(seconds=filetime // _TICKS)
    except OverflowError:
        return f"{filetime} (beyond the year 9999)"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{filetime % _TICKS:07d}Z"
