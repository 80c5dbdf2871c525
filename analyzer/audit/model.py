"""What a rule is, and what it finds.

A rule looks at one row of a table, or at all tables where only a pattern over rows tells. It reads
columns, never bytes; what it needs of a token has a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import TYPE_CHECKING, Any

from dissectors.records import NamedTuple, dataclass
from dissectors.visible import visible

if TYPE_CHECKING:
    from analyzer.audit.facts import Facts

SEVERITIES = ("info", "low", "medium", "high", "critical")
"""Least first."""

CONFIDENCES = ("certain", "likely", "possible")
"""Best first."""

FRAMES = 12
"""Frames of a finding in one capture that are named; the others are counted."""

SUBJECTS = ("client", "server", "user", "negotiation")
"""What a finding is about; a service by its name is a `server`."""


class Hit(NamedTuple):
    """One place where a rule applies."""

    subject_kind: str  # of SUBJECTS
    subject: str  # address, user name or number
    why: str  # one sentence with what was seen, for this place
    evidence: tuple[int, ...]  # frames
    negotiation_ids: tuple[int, ...] = ()
    capture: str | None = None
    ts_ns: int | None = None
    confidence: str = "certain"  # of CONFIDENCES


EachRow = Callable[[Any], Iterable[Hit]]
OverAll = Callable[["Facts"], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for; `docs/rules.md` is made from these."""

    rule_id: str  # NGS-<family>-<number>; a number is never used again
    severity: str  # of SEVERITIES
    title: str
    means: str  # what it means, for who has to decide
    remedy: str
    references: tuple[str, ...]  # `ATT&CK T1557.001`, `MS-NLMP 3.1.5.1.2`, `RFC 8429`, `KB5021131`
    looks_at: str  # what the bytes must show, one sentence
    table: str | None  # whose rows `check` is shown one by one; None: it is shown all tables
    check: EachRow | OverAll
    family: str  # the module that declares it


Numbers = tuple[int, ...] | dict[int, None]
"""Different numbers in order; a tuple as long as there is one hit, which is all that most findings have."""


@dataclass(slots=True)
class Place:
    """What one capture shows of a finding."""

    negotiation_ids: Numbers = ()  # at most LISTED, in order
    evidence: Numbers = ()  # frames, at most LISTED


@dataclass(slots=True)
class Finding:
    """All hits of one rule on one subject; a row of `findings`."""

    rule: Rule
    subject_kind: str
    subject: str
    why: str  # of the first hit
    confidence: str  # the weakest of its hits
    count: int = 0
    places: dict[str, Place] = field(default_factory=dict)  # by capture
    first_seen: int | None = None  # ns since 1970 UTC
    last_seen: int | None = None

    def told(self) -> list[tuple[str, str]]:
        """What there is to say, as pairs of a word and a text that is safe to print."""
        seen = self.why + (f" (one of {self.count:,})" if self.count > 1 else "")
        texts = [
            ("seen", seen),
            ("sure", self.confidence),
            ("means", self.rule.means),
            ("to do", self.rule.remedy),
            ("see", ", ".join(self.rule.references)),
            ("frames", self.frames),
        ]
        return [(word, visible(text)) for word, text in texts]

    @property
    def title(self) -> str:
        """Severity, rule and subject in a line that is safe to print."""
        rule = self.rule
        return visible(f"{rule.severity}: {rule.title}: {self.subject} [{rule.rule_id}]")

    @property
    def frames(self) -> str:
        """Captures and the first frames in each that show it."""
        shown = []
        for capture, place in self.places.items():
            listed = list(place.evidence)
            more = f" and {len(listed) - FRAMES} more" if len(listed) > FRAMES else ""
            shown.append(f"{capture} frames {', '.join(map(str, listed[:FRAMES]))}{more}")
        return "; ".join(shown)

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {word:<6}  {text}" for word, text in self.told())])

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - only in notebooks

        rows = "".join(f"<dt>{word}</dt><dd>{escape(text)}</dd>" for word, text in self.told())
        return f"<div class='negoscope'><b>{escape(self.title)}</b><dl>{rows}</dl></div>"
