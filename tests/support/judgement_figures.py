"""How right the reasons are, and what is found in captures of others: counted for the command and the tests.

Two sets of figures, each a mapping that JSON can hold: of the lab, whose truth is known, and of any captures,
where only what is missing can be told.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from support.lab_reasons import CARRIERS, judged_pairs, truths

from analyzer.analysis import read
from analyzer.audit.model import SEVERITIES
from analyzer.capture.inputs import expand
from analyzer.errors import CaptureError
from analyzer.negotiation.reasons import REASONS

CONFIDENCES = ("certain", "likely", "possible")
Figures = dict[str, Any]


def lab_figures() -> Figures:
    """Reasons held against the truth of the lab.

    `to_explain` are the negotiations that failed, are incomplete, or ended in NTLM or without a name; `wrong`
    counts also a reason where there is nothing to explain. `fallback` are those that ended in NTLM where the
    truth asks why.
    """
    pairs = judged_pairs()
    outcomes = Counter(pair.truth["outcome"] for pair in pairs)
    wrong = [pair for pair in pairs if not pair.right]
    return {
        "negotiations": len(pairs),
        "failure": outcomes["failure"],
        "incomplete": outcomes["incomplete"],
        "fallback": sum(pair.fell_back for pair in pairs),
        "to_explain": sum(pair.to_explain for pair in pairs),
        "right": sum(pair.to_explain and pair.right for pair in pairs),
        "wrong": len(wrong),
        "wrong_with_certain": sum(pair.row["confidence"] == "certain" for pair in wrong),
        "wrong_ones": [
            {
                "capture": pair.truth["capture"],
                "frames": pair.truth["frames"],
                "reason": pair.row["reason"],
                "confidence": pair.row["confidence"],
                "expected": sorted(pair.codes, key=str),
            }
            for pair in wrong
        ],
        "of_other_carriers": _sorted(
            Counter(line["carrier"] for line in truths() if line["carrier"] not in CARRIERS)
        ),
    }


def capture_figures(folder: Path) -> Figures:
    """Counts over all captures below a folder, each read and audited by itself.

    `fallback` are those that went on after another mechanism, or ended in NTLM with a reason why.
    `without_reason` lists what failed or is incomplete and has no reason; there must be none.
    """
    outcomes: Counter[str] = Counter()
    reasons = {code: Counter[str]() for code in REASONS}
    severities: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    captures, fallbacks = 0, 0
    unexplained: list[Figures] = []
    unread: list[str] = []
    for source in expand([str(folder)]):
        try:
            analysis = read(source.path)
        except CaptureError:
            unread.append(str(Path(source.path).relative_to(folder)))
            continue
        captures += 1
        rows = analysis.tables.columns["negotiations"]
        outcomes.update(rows["outcome"])
        fallbacks += sum(map(_fell_back, rows["fallback_kind"], rows["reason"]))
        cells = zip(
            *(rows[n] for n in ("negotiation_id", "outcome", "reason", "confidence")), strict=True
        )
        for number, outcome, reason, confidence in cells:
            if reason is not None:
                reasons[reason][confidence] += 1
            elif outcome != "success":
                at = str(Path(source.path).relative_to(folder))
                unexplained.append({"capture": at, "negotiation_id": number, "outcome": outcome})
        findings = analysis.columns("findings")
        severities.update(findings["severity"])
        rules.update(findings["rule_id"])
    return {
        "captures": captures,
        "no_captures": unread,
        "negotiations": outcomes.total(),
        "failure": outcomes["failure"],
        "incomplete": outcomes["incomplete"],
        "fallback": fallbacks,
        "without_reason": unexplained,
        "reasons": {
            code: {name: seen[name] for name in CONFIDENCES}
            for code, seen in reasons.items()
            if seen
        },
        "confidence": {name: sum(seen[name] for seen in reasons.values()) for name in CONFIDENCES},
        "findings": severities.total(),
        "severities": {name: severities[name] for name in reversed(SEVERITIES)},
        "rules": _sorted(rules),
    }


def met(figures: Figures) -> bool:
    """Whether the figures, `lab` (if it is there) and `captures` by folder, are what they have to be."""
    lab = figures.get("lab")
    if lab is not None and (lab["wrong_with_certain"] or lab["wrong"] > 0.05 * lab["to_explain"]):
        return False
    return not any(each["without_reason"] for each in figures["captures"].values())


def _fell_back(kind: str | None, reason: str | None) -> bool:
    return kind is not None or (reason is not None and REASONS[reason].kind == "fallback")


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
