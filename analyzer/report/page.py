"""The report: one HTML file that needs nothing else, runs no other script than ours and asks for nothing.

Equal input gives an equal file: it holds no date, path or host of ours.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from analyzer.report import pictures
from analyzer.report.islands import islands, packed
from analyzer.report.listing import listing
from analyzer.report.rendering import render, trusted
from analyzer.report.style import style
from analyzer.report.web_files import script, style_sheet

if TYPE_CHECKING:
    from analyzer.audit.model import Finding, Rule
    from analyzer.report.exchange import Exchanged
    from analyzer.report.overview.section import Section
    from analyzer.tables.collect import Columns

SUBJECTS = 100
"""Findings of one rule that are told one by one."""


def report_html(
    title: str,
    version: str,
    sections: Sequence[Section],
    findings: Sequence[Finding],
    negotiations: Columns,
    exchanges: Iterable[Exchanged],
    *,
    with_secrets: bool = False,
    told: Callable[[int], object] | None = None,
) -> str:
    """Return the page.

    `sections` of the summary, `findings` of the audit, the table `negotiations`, and all of its rows that
    can be looked into as `exchanges`, in order of their numbers. `told(n)` hears how many of these are done.
    """
    css = trusted(f"{style()}\n{style_sheet()}\n{_text('report.css')}")
    code = trusted(script("page"))
    listed = listing(negotiations)
    rows = {
        "count": len(listed["id"].cells),
        "columns": {
            name: {"texts": made.texts, "cells": made.cells} for name, made in listed.items()
        },
    }
    return render(
        "report.html",
        title=title,
        version=version,
        policy=_policy(css, code),
        css=css,
        script=code,
        sections=sections,
        findings=list(_by_rule(findings)),
        pictures=[made for made in _pictures(negotiations) if made is not None and made.rows],
        rows=packed(rows),
        islands=list(islands(_counted(exchanges, told), with_secrets=with_secrets)),
        with_secrets=with_secrets,
    )


def _pictures(negotiations: Columns) -> Iterable[pictures.Picture | None]:
    yield pictures.flow(negotiations)
    yield pictures.shares(negotiations, "carrier")
    yield pictures.reasons(negotiations)
    yield pictures.matrix(negotiations, "client", "mechanism")
    yield pictures.timeline(negotiations)


def _by_rule(findings: Sequence[Finding]) -> Iterator[tuple[Rule, list[Finding], int]]:
    """Rules that found something, in order; of each the first findings, and how many more there are."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule.rule_id, []).append(finding)
    for found in by_rule.values():
        yield found[0].rule, found[:SUBJECTS], max(0, len(found) - SUBJECTS)


def _counted(
    exchanges: Iterable[Exchanged], told: Callable[[int], object] | None
) -> Iterable[Exchanged]:
    for number, each in enumerate(exchanges, 1):
        yield each
        if told is not None:
            told(number)


def _policy(css: Any, code: Any) -> str:
    """Nothing may be loaded, sent or run but this style and this script, told by their hashes (CSP 3)."""
    return (
        "default-src 'none'; "
        f"style-src '{_hash(css)}'; script-src '{_hash(code)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _text(name: str) -> str:
    return files("analyzer.report").joinpath("templates", name).read_text("utf-8")
