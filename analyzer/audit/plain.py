"""Findings as what JSON can hold, and back: what can be told of the rule is left to the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.audit.model import CONFIDENCES, SUBJECTS, Finding, Place
from analyzer.audit.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXTS = {str}
_TIMES = {int, type(None)}


def plain_findings(findings: Iterable[Finding]) -> list[Any]:
    """One list per finding: rule, subject kind, subject, why, confidence, count, first and last time, places.

    A place is a capture, numbers of negotiations, frames.
    """
    return [
        [
            each.rule.rule_id,
            each.subject_kind,
            each.subject,
            each.why,
            each.confidence,
            each.count,
            each.first_seen,
            each.last_seen,
            [
                [capture, list(place.negotiation_ids), list(place.evidence)]
                for capture, place in each.places.items()
            ],
        ]
        for each in findings
    ]


def read_findings(plain: Any) -> list[Finding]:
    """Findings again. Raises `ValueError`, `TypeError` or `KeyError` for what is none."""
    rules = all_rules()
    found = []
    for rule_id, kind, subject, why, confidence, count, first, last, places in plain:
        if kind not in SUBJECTS or confidence not in CONFIDENCES or type(count) is not int:
            raise ValueError("no finding")
        if {type(subject), type(why)} != _TEXTS or not {type(first), type(last)} <= _TIMES:
            raise ValueError("no finding")
        shown = {capture: _place(ids, frames) for capture, ids, frames in places}
        if set(map(type, shown)) - _TEXTS:
            raise ValueError("no capture")
        finding = Finding(rules[rule_id], kind, subject, why, confidence, count, shown, first, last)
        found.append(finding)
    return found


def _place(ids: list[int], frames: list[int]) -> Place:
    if (set(map(type, ids)) | set(map(type, frames))) - {int}:
        raise ValueError("no numbers")
    return Place(dict.fromkeys(ids), dict.fromkeys(frames))
