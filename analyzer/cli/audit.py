"""`negoscope audit`: findings as a table, data, SARIF or for a SIEM, and an exit status for pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.output import named, refuse_overwriting, writer
from analyzer.cli.paint import painted
from analyzer.cli.reading import (
    CAPTURE,
    colour_wanted,
    exit_status,
    read_captures,
    reading_options,
    terminal_width,
)
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.report.findings import Audited

SIEM_FORMATS = ("ecs", "ocsf", "zeek", "zeek-json")
FORMATS = ("table", "json", "jsonl", "csv", "parquet", "sarif", *SIEM_FORMATS)
SEVERITIES = ("info", "low", "medium", "high", "critical")
EXIT_FOUND = 1


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"audit": audit}


@click.command("audit")
@click.argument("captures", type=CAPTURE, nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    help="How to print.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="End with status 1 if a finding is of this severity or above.",
)
@click.option(
    "--rules",
    "named_rules",
    metavar="A,B",
    multiple=True,
    help="Only these: ids, beginnings of ids, families.",
)
@click.option(
    "--suppress",
    "files",
    metavar="FILE",
    multiple=True,
    help="Leave out what this TOML file lists, with reasons.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE.")
@reading_options
def audit(
    captures: tuple[str, ...],
    form: str,
    fail_on: str | None,
    named_rules: tuple[str, ...],
    files: tuple[str, ...],
    output: str | None,
    color: str,
    **reading: Any,
) -> int:
    """Tell what is weak, by the rules of docs/rules.md: who, how sure, and what to do."""
    from analyzer.audit.registry import chosen_rules
    from analyzer.audit.suppress import read_suppressions

    rules = ",".join(named_rules) if named_rules else None
    suppress = files[0] if files else None
    if len(files) > 1:
        raise UsageError("--suppress: put all suppressions into one file")
    chosen_rules(rules)  # complain before a long reading
    if suppress is not None:
        read_suppressions(suppress)
    if form == "parquet" and output is None:
        raise UsageError("--format parquet needs -o FILE")
    if output is not None:
        refuse_overwriting(output, named(captures))
    analysis = read_captures(captures, {"findings"}, **reading)
    if output is not None:
        refuse_overwriting(output, analysis.inputs)
    audited = analysis.audit(rules, suppress)
    if form == "parquet":
        _write_parquet(audited, Path(output or ""))
    else:
        with writer(output) as out:
            for line in _lines(audited, analysis, form, output, color):
                out.write(line + "\n")
    if not reading["quiet"]:
        _tell(audited, form)
    if fail_on is not None and _reaches(audited, fail_on):
        return EXIT_FOUND
    return exit_status(analysis)


def _tell(audited: Audited, form: str) -> None:
    from dissectors.visible import visible

    for note in audited.notes:
        click.echo(f"negoscope: {visible(note)}", err=True)
    if audited.suppressed and form != "table":  # the table counts them itself
        click.echo(f"negoscope: {len(audited.suppressed)} suppressed", err=True)


def _reaches(audited: Audited, severity: str) -> bool:
    worst = audited.worst()
    return worst is not None and SEVERITIES.index(worst) >= SEVERITIES.index(severity)


def _write_parquet(audited: Audited, target: Path) -> None:
    from analyzer.tables.parquet import write_parquet
    from analyzer.tables.schema import FINDINGS

    write_parquet(
        FINDINGS, audited.columns, list(range(len(audited.findings))), FINDINGS.names, target
    )


def _lines(
    audited: Audited, analysis: Analysis, form: str, output: str | None, color: str
) -> Iterator[str]:
    from analyzer.report import export
    from analyzer.tables.schema import FINDINGS

    rows = range(len(audited.findings))
    match form:
        case "jsonl":
            yield from export.rows_as_jsonl(FINDINGS.columns, audited.columns, rows)
        case "json":
            text = list(export.rows_as_jsonl(FINDINGS.columns, audited.columns, rows))
            yield from ("[", *(line + "," for line in text[:-1]), *text[-1:], "]")
        case "csv":
            yield from export.rows_as_csv(FINDINGS.columns, audited.columns, rows)
        case "sarif":
            from analyzer.report.sarif import as_sarif

            paths = {source.name: source.path for source in analysis.inputs}
            yield as_sarif(audited, paths, complete=not (analysis.damaged or analysis.errors))
        case _ if form in SIEM_FORMATS:
            from analyzer.report import siem

            yield from siem.lines(form, FINDINGS.name, audited.columns, rows)
        case _:
            width = terminal_width() if output is None else None
            lines, below = audited.table_lines(width), audited.remedy_lines(width)
            if below:
                lines += ["", *below]
            coloured = output is None and colour_wanted(color)
            yield from painted(lines, below[:1]) if coloured else lines
