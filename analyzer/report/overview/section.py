"""Parts of the summary: a title, a table, entries with details, notes; and how they are printed.

Their text is made safe for terminals where it is made, so that printing only has to lay it out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from analyzer.report.grid import GridColumn, render, shorten, width_of
from dissectors.records import NamedTuple, dataclass

INDENT = "  "
GLUE = "\0"
"""A space at which no line is broken; what is safe to print holds no NUL."""

WIDTH = 100
"""Where prose is wrapped if there is no terminal to fit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to tell: a line, and details that stand below it.

    A detail is a word that says what it is, and its text: `do`, `give the service an SPN`.
    """

    head: str
    details: tuple[tuple[str, str], ...] = ()


class Call(NamedTuple):
    """Something to type: what it shows, the words with the captures' names, and with a placeholder."""

    shows: str
    words: str
    short: str

    def line(self, width: int) -> str:
        """As much of it as fits; never cut, since it is to be copied."""
        fitting = (f"{self.words}  # {self.shows}", self.words, f"{self.short}  # {self.shows}")
        return next((text for text in fitting if width_of(text) <= width), self.short)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the summary."""

    title: str
    grid: Sequence[GridColumn] = ()
    entries: Sequence[Entry] = ()
    notes: Sequence[str] = ()
    calls: Sequence[Call] = ()

    def lines(self, room: int | None) -> Iterator[str]:
        """The part as text, at most `room` cells wide."""
        width = room or WIDTH
        yield from wrapped(self.title, width, "", INDENT)
        if self.grid:
            inner = None if room is None else room - len(INDENT)
            yield from (INDENT + line for line in render(self.grid, inner))
        label = max((width_of(word) for e in self.entries for word, _ in e.details), default=0)
        for entry in self.entries:
            yield from wrapped(entry.head, width, INDENT, INDENT * 3)
            for word, text in entry.details:
                lead = f"{INDENT * 3}{word:<{label}}  "
                yield from wrapped(text, width, lead, " " * width_of(lead))
        for note in self.notes:
            yield from wrapped(note, width, INDENT, INDENT * 2)
        for call in self.calls:
            yield INDENT + call.line(width - len(INDENT))


def wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    """The text in lines, `first` before the first one and `rest` before the others."""
    lines = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return [shorten(line.replace(GLUE, " "), width) for line in lines] or [first.rstrip()]
