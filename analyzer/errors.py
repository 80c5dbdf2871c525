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
