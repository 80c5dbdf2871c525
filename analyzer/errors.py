"""What negoscope raises: the caller's mistake or an input that cannot be read at all.

Damage inside a capture is data (`CaptureLoss`, `Anomaly`) and never an exception.
"""

from __future__ import annotations


class NegoscopeError(Exception):
    """Base of all errors that negoscope raises on purpose; its text is one line for people."""


class CaptureError(NegoscopeError):
    """The input is no capture, or cannot be read at all."""


class UsageError(NegoscopeError):
    """The caller's mistake: no such file, a bad option or a bad expression."""


def first_line(error: BaseException) -> str:
    """What an error of somebody else's says, in one line; its type where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
