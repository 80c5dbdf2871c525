"""Findings that somebody has looked at and lives with: a TOML file that says which, and why.

    [[suppress]]
    rule = "NGS-SMB-002"          # id, beginning of an id, or family
    subject = "10.0.0.*"          # optional: address, user or number, with * and ?
    reason = "printers, replaced in May"
    until = 2027-05-31            # optional: the last day on which it counts

Nothing of a file is passed over in silence: an entry that is wrong is an error, one that has expired or
hides nothing is told.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date, datetime
from fnmatch import fnmatchcase
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from analyzer.audit.model import Finding
from analyzer.audit.registry import chosen_rules
from analyzer.errors import UsageError
from dissectors.records import dataclass

_KEYS = {"rule", "subject", "reason", "until"}
_LARGEST = 1 << 20  # bytes of a file


@dataclass(frozen=True, slots=True)
class Suppression:
    """One entry of a suppression file."""

    number: int  # 1..
    rule: str  # as written
    rule_ids: frozenset[str]
    subject: str | None
    reason: str
    until: date | None

    def hides(self, finding: Finding) -> bool:
        """Whether this finding is meant."""
        if finding.rule.rule_id not in self.rule_ids:
            return False
        return self.subject is None or fnmatchcase(finding.subject.lower(), self.subject.lower())

    def __str__(self) -> str:
        about = f" for {self.subject}" if self.subject is not None else ""
        return f"suppression {self.number} ({self.rule}{about})"


def read_suppressions(path: str | PathLike[str]) -> list[Suppression]:
    """Entries of a file; `UsageError` with one line for whatever is wrong with it."""
    name = fspath(path)
    try:
        data = Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}") from None
    if len(data) > _LARGEST:
        raise UsageError(f"{name}: too large for a suppression file")
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: {error}") from None
    entries = document.get("suppress", [])
    if set(document) - {"suppress"} or not isinstance(entries, list):
        raise UsageError(f"{name}: holds something else than [[suppress]] entries")
    return [_entry(name, number, entry) for number, entry in enumerate(entries, 1)]


def _entry(name: str, number: int, entry: Any) -> Suppression:
    where = f"{name}: suppression {number}"
    if not isinstance(entry, dict):
        raise UsageError(f"{where} is no table")
    for key in entry:
        if key not in _KEYS:
            raise UsageError(f"{where} has an unknown key {key!r}")
    for key in ("rule", "reason"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise UsageError(f"{where} has no {key}")
    subject, until = entry.get("subject"), entry.get("until")
    if subject is not None and not isinstance(subject, str):
        raise UsageError(f"{where}: subject is no text")
    if isinstance(until, datetime):
        until = until.date()
    if until is not None and not isinstance(until, date):
        raise UsageError(f"{where}: until is no date (write until = 2027-05-31)")
    try:
        ids = frozenset(rule.rule_id for rule in chosen_rules(entry["rule"]))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return Suppression(number, entry["rule"], ids, subject, entry["reason"].strip(), until)


def apply(
    findings: Sequence[Finding], suppressions: Sequence[Suppression], today: date
) -> tuple[list[Finding], list[tuple[Finding, Suppression]], list[str]]:
    """Findings that stay, those that are hidden and by what, and notes on entries without effect."""
    live = [each for each in suppressions if each.until is None or each.until >= today]
    notes = [f"{each} has expired on {each.until}" for each in suppressions if each not in live]
    kept: list[Finding] = []
    hidden: list[tuple[Finding, Suppression]] = []
    used: set[int] = set()
    for finding in findings:
        meant = [each for each in live if each.hides(finding)]
        used |= {each.number for each in meant}
        if meant:
            hidden.append((finding, meant[0]))
        else:
            kept.append(finding)
    notes += [f"{each} hides nothing" for each in live if each.number not in used]
    return kept, hidden, notes
