"""Findings as SARIF, which code hosts and security tools read.

A finding is one result: its rule, a level, where it was seen (each capture as an artifact, and the
negotiations as logical locations), and a fingerprint that stays the same from capture to capture, so that
what is known can be told from what is new.

Spec: SARIF 2.1.0 (OASIS, 2020): 3.11.6 embedded links, 3.14 run, 3.27 result, 3.35 suppression,
3.49 reportingDescriptor.
Not handled: regions. Frames are no lines of a text; they stand in the locations' properties.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from analyzer import __version__
from analyzer.audit.model import Finding, Place, Rule
from analyzer.audit.suppress import Suppression
from analyzer.report.cells import iso_time
from analyzer.report.finding_id import finding_id
from analyzer.report.json_text import json_text
from analyzer.report.reference_links import first_link, link
from dissectors.visible import visible

if TYPE_CHECKING:
    from analyzer.report.findings import Audited

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
"""GitHub's `security-severity`: over 9.0 critical, 7.0 high, 4.0 medium."""
_BRACKET = re.compile(r"(?<!\\)(\\*)([\[\]])")
RANKS = {"certain": 100.0, "likely": 70.0, "possible": 30.0}


def as_sarif(audited: Audited, paths: Mapping[str, str], *, complete: bool = True) -> str:
    """The whole SARIF file, one line of JSON.

    `paths` leads from a capture's name in the tables to its path; what lies below the working directory is
    written relative to it. `complete`: nothing of the input was lost.
    """
    captures = list(paths)
    places = {rule.rule_id: at for at, rule in enumerate(audited.rules)}
    results = [_result(finding, places, captures, None) for finding in audited.findings]
    results += [_result(finding, places, captures, by) for finding, by in audited.suppressed]
    run: dict[str, Any] = {
        "tool": {"driver": _driver(audited.rules)},
        "invocations": [{"executionSuccessful": True, "properties": {"inputComplete": complete}}],
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": _artifact_location(paths[name])} for name in captures],
        "results": results,
    }
    if any("uriBaseId" in artifact["location"] for artifact in run["artifacts"]):
        run["originalUriBaseIds"] = {
            "WORKDIR": {"description": {"text": "where negoscope was run"}}
        }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver(rules: Iterable[Rule]) -> dict[str, Any]:
    return {
        "name": "negoscope",
        "version": __version__,
        "rules": [_descriptor(rule) for rule in rules],
    }


def _descriptor(rule: Rule) -> dict[str, Any]:
    help_text = f"{rule.means}\n\nWhat to do: {rule.remedy}\n\nSee: {', '.join(rule.references)}"
    see = ", ".join(map(_linked, rule.references))
    made = {
        "id": rule.rule_id,
        "name": "".join(word.capitalize() for word in _words(rule.title)),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.means} It looks at: {rule.looks_at}"},
        "help": {
            "text": help_text,
            "markdown": f"{rule.means}\n\n**What to do:** {rule.remedy}\n\n**See:** {see}",
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", "authentication", rule.family, *_weaknesses(rule)],
            "severity": rule.severity,
            "security-severity": SCORES[rule.severity],
            "references": list(rule.references),
        },
    }
    if (page := first_link(rule.references)) is not None:
        made["helpUri"] = page
    return made


def _linked(reference: str) -> str:
    page = link(reference)
    return reference if page is None else f"[{reference}]({page})"


def _weaknesses(rule: Rule) -> list[str]:
    """CWE numbers in the form of tag that code hosts show."""
    numbers = (each for each in rule.references if each.startswith("CWE-"))
    return [f"external/cwe/{each.lower()}" for each in numbers]


def _words(title: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in title).split()


def _result(
    finding: Finding, places: Mapping[str, int], captures: list[str], by: Suppression | None
) -> dict[str, Any]:
    rule = finding.rule
    text = f"{rule.title}: {finding.why}"
    if finding.count > 1:
        text += f" ({finding.count} places like this)"
    result: dict[str, Any] = {
        "ruleId": rule.rule_id,
        "ruleIndex": places[rule.rule_id],
        "level": LEVELS[rule.severity],
        "kind": "fail",
        "rank": RANKS[finding.confidence],
        "message": {"text": _plain(f"{text}. {rule.remedy}")},
        "locations": [
            _location(finding, name, place, captures)
            for name, place in finding.places.items()
            if name in captures
        ],
        "occurrenceCount": finding.count,
        "partialFingerprints": {"negoscope/v1": fingerprint(finding)},
        "properties": {
            "severity": rule.severity,
            "confidence": finding.confidence,
            "subjectKind": finding.subject_kind,
            "subject": visible(finding.subject),
        },
    }
    if finding.first_seen is not None and finding.last_seen is not None:
        result["properties"]["firstSeen"] = iso_time(finding.first_seen)
        result["properties"]["lastSeen"] = iso_time(finding.last_seen)
    # an empty list says that suppressions were looked for (3.27.23)
    result["suppressions"] = [] if by is None else [_suppression(by)]
    return result


def _plain(text: str) -> str:
    r"""A message in which `[a](b)` is no link: brackets, and backslashes before them, are escaped."""
    return _BRACKET.sub(lambda found: found[1] * 2 + "\\" + found[2], visible(text))


def _suppression(by: Suppression) -> dict[str, Any]:
    made: dict[str, Any] = {
        "kind": "external",
        "status": "accepted",
        "justification": visible(by.reason),
    }
    if by.until is not None:
        made["properties"] = {"until": by.until.isoformat()}
    return made


def fingerprint(finding: Finding) -> str:
    """See `finding_id`."""
    kind, subject = finding.subject_kind, finding.subject
    return finding_id(finding.rule.rule_id, kind, subject, finding.places)


def _location(finding: Finding, name: str, place: Place, captures: list[str]) -> dict[str, Any]:
    logical = [
        {
            "name": visible(finding.subject),
            "fullyQualifiedName": visible(f"{name}/{finding.subject_kind}/{finding.subject}"),
            "kind": finding.subject_kind,
        }
    ]
    logical += [
        {
            "name": f"negotiation {number}",
            "fullyQualifiedName": visible(f"{name}/negotiation/{number}"),
            "kind": "negotiation",
        }
        for number in place.negotiation_ids
        if finding.subject_kind != "negotiation" or str(number) != finding.subject
    ]
    return {
        "physicalLocation": {"artifactLocation": {"index": captures.index(name)}},
        "logicalLocations": logical,
        "properties": {
            "frames": list(place.evidence),
            "negotiations": list(place.negotiation_ids),
        },
    }


def _artifact_location(path: str) -> dict[str, Any]:
    if path == "-":
        return {"uri": "stdin", "description": {"text": "standard input"}}
    full = Path(os.path.abspath(path))  # noqa: PTH100 - links are left as they were named
    here = Path.cwd()
    if full.is_relative_to(here):
        return {"uri": _quoted(full.relative_to(here)), "uriBaseId": "WORKDIR"}
    return {"uri": "file://" + quote(os.fsencode(full.as_posix()), safe="/")}


def _quoted(path: PurePath) -> str:
    return quote(os.fsencode(path.as_posix()), safe="/")
