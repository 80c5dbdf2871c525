"""`negoscope summary`: the main job on one screen."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli.reading import (
    CAPTURE,
    colour_wanted,
    exit_status,
    read_captures,
    reading_options,
    terminal_width,
)


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"summary": summary}


@click.command("summary")
@click.argument("captures", type=CAPTURE, nargs=-1, required=True, metavar="CAPTURE...")
@reading_options
def summary(
    captures: tuple[str, ...],
    color: str,
    **reading: Any,
) -> int:
    """Tell what was read and lost, who chose which mechanism, what failed and why."""
    analysis = read_captures(captures, {"overview"}, **reading)
    # Not before: imported from the depths of this, numpy makes Python's stack grow and shrink 440 times.
    from analyzer.report.overview.summary import lines_of

    parts = analysis.derived.overview().sections(captures)
    lines = lines_of(parts, terminal_width())
    if colour_wanted(color):
        from analyzer.cli.paint import painted

        lines = painted(lines, {part.title for part in parts})
    click.echo("\n".join(lines), color=True)
    return exit_status(analysis)
