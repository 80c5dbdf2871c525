"""A reason as one piece of evidence gives it."""

from __future__ import annotations

from dissectors.records import NamedTuple

UNSAID = "the rest of what the server said is not there"
"""It was refused, but where the answer may say why it is cut: that it says nothing is not known."""
UNSEEN = "the capture lacks what the client sent"
"""It was refused, but the token that was is not there: what was wrong with it is not known."""


class Cause(NamedTuple):
    """A reason's code, how sure it is, and its evidence in words."""

    code: str
    confidence: str
    words: str
