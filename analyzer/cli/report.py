"""`negoscope report`: one HTML file with everything, to open in any browser or to hand on."""

from __future__ import annotations

import sys
from typing import Any

import click

from analyzer.cli.output import named, refuse_overwriting
from analyzer.cli.reading import CAPTURE, exit_status, read_captures, reading_options


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"report": report}


@click.command("report")
@click.argument("captures", type=CAPTURE, nargs=-1, required=True, metavar="CAPTURE...")
@click.option("-o", "--output", required=True, metavar="FILE", help="Write to this file.")
@click.option("--with-secrets", is_flag=True, help="Also show responses and tickets.")
@reading_options
def report(
    captures: tuple[str, ...],
    output: str,
    with_secrets: bool,
    color: str,  # noqa: ARG001 - an option of every command
    **reading: Any,
) -> int:
    """Write a report: overview, pictures, findings, and every negotiation with its tokens byte by byte.

    FILE needs nothing else, asks no network for anything, and is the same for the same captures.
    """
    from analyzer.report.progress import counting
    from analyzer.tables.schema import TABLES

    refuse_overwriting(output, named(captures))
    analysis = read_captures(captures, TABLES, **reading)
    refuse_overwriting(output, analysis.inputs)
    rows = len(analysis.columns("negotiations")["capture"])
    with counting(rows, "negotiations", enabled=sys.stderr.isatty()) as told:
        analysis.to_html(output, with_secrets=with_secrets, told=told)
    return exit_status(analysis)
