"""What builders raise."""

from __future__ import annotations


class BuildError(ValueError):
    """A value that the token can't have; its text is one sentence for the caller."""
