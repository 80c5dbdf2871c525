"""Conversations that are over, until there are enough of them to be worth concluding.

To frame messages and to conclude negotiations are two large pieces of code and data. Going to and fro between
them for every conversation costs a tenth of the time of a capture full of logons: each finds the processor's
caches full of the other. So what a carrier said waits, and is looked at for many conversations in a row.
"""

from __future__ import annotations

from typing import Protocol

WAITING_LIMIT = 1024
"""Conversations that wait at once."""
HELD_LIMIT = 4 * 1024 * 1024
"""Bytes of their tokens."""


class Waiting(Protocol):
    """A conversation that nothing more is said in."""

    held: int
    """Bytes of tokens that it keeps."""

    def conclude(self) -> None:
        """Look at what was said, and tell what it comes to."""


class Backlog:
    """Concludes conversations in the order in which they ended."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._held = 0

    def add(self, conversation: Waiting) -> None:
        """Take one that is over."""
        self._waiting.append(conversation)
        self._held += conversation.held
        if len(self._waiting) >= WAITING_LIMIT or self._held >= HELD_LIMIT:
            self.conclude()

    def conclude(self) -> None:
        """Conclude all that wait."""
        waiting, self._waiting, self._held = self._waiting, [], 0
        for conversation in waiting:
            conversation.conclude()
