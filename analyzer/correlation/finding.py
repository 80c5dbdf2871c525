"""A possible answer to "why NTLM?", and how the best of several is chosen."""

from __future__ import annotations

from analyzer.negotiation.model import Reason
from analyzer.negotiation.reasons import ALSO, REASONS
from analyzer.negotiation.reasons.fallbacks import WHAT_NOT_WHY
from analyzer.surroundings.model import KdcExchange
from dissectors.records import NamedTuple

STRENGTH = {"certain": 0, "likely": 1, "possible": 2}


class Finding(NamedTuple):
    """A reason that fits, its evidence, and the KDC exchange behind it, if there is one."""

    code: str
    confidence: str
    evidence: tuple[int, ...]
    words: str = ""
    kdc: KdcExchange | None = None
    lacking: str = ""  # what the capture lacks that may tell another reason
    said: str = ""  # in place of the reason's sentence, where that would say too much

    @property
    def sentence(self) -> str:
        """The reason's sentence with the evidence in words."""
        sentence = self.said or REASONS[self.code].sentence
        return f"{sentence} ({self.words})" if self.words else sentence


def strongest(findings: list[Finding]) -> list[Finding]:
    """Findings with evidence, the strongest first; of equal ones in the order given."""
    shown = [finding for finding in findings if finding.evidence]
    if len(shown) < 2:
        return shown
    return sorted(shown, key=lambda f: (f.code in WHAT_NOT_WHY, STRENGTH[f.confidence]))


def as_reason(findings: list[Finding]) -> Reason:
    """The reason that the first of `findings` is; the next is named in its detail."""
    best = findings[0]
    detail = best.sentence
    if len(findings) > 1:
        detail += f"{ALSO}{findings[1].sentence}"
    elif best.code in WHAT_NOT_WHY:
        detail += "; why, the capture does not show"
        if best.lacking:
            return _reason(best, f"{detail}: it lacks {best.lacking}")
    return _reason(best, f"{detail}; the capture lacks {best.lacking}" if best.lacking else detail)


def _reason(best: Finding, detail: str) -> Reason:
    return Reason(best.code, detail, tuple(sorted(set(best.evidence))), best.confidence)
