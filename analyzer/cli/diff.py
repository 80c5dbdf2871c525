"""`negoscope diff`: what changed between two captures, or exports of them."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.changes.compare import Change
    from analyzer.changes.source import Side
    from analyzer.tables.collect import Columns

EXIT_CHANGED = 1


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"diff": diff}


@click.command("diff")
@click.argument("before", type=CAPTURE, metavar="A")
@click.argument("after", type=CAPTURE, metavar="B")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv"]),
    default="table",
    help="How to print.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything changed.")
@click.option(
    "--weaker", is_flag=True, help="Only what became weaker, as far as both sides show it."
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE.")
@reading_options
def diff(
    before: str,
    after: str,
    form: str,
    exit_code: bool,
    weaker: bool,
    output: str | None,
    color: str,
    **reading: Any,
) -> int:
    """Tell what changed from A to B: per client and service, what they ran, offered and demanded.

    A and B are captures, directories of them, or exports of the table negotiations as Parquet or JSON
    Lines. KDC exchanges are compared where both have them: captures, and directories that
    `negoscope export` wrote.
    """
    from analyzer.changes.compare import UNKNOWN, compare
    from dissectors.visible import visible

    if output is not None:
        refuse_overwriting(output, named((before, after)))
    (old, old_status), (new, new_status) = (_side(path, reading) for path in (before, after))
    if (old.kdc is None) != (new.kdc is None) and not reading["quiet"]:
        lacking = before if old.kdc is None else after
        note = f"KDC exchanges are not compared: {lacking} has none exported"
        click.echo(f"negoscope: {visible(note)}", err=True)
    changes = compare(old, new)
    if weaker:
        unknown = sum(change.verdict == UNKNOWN for change in changes)
        changes = [change for change in changes if change.verdict == "weaker"]
        if unknown and not reading["quiet"]:
            click.echo(f"negoscope: {_left_out(unknown)}", err=True)
    with writer(output) as out:
        for line in _lines(changes, form, output, color, weaker=weaker):
            out.write(line + "\n")
    if exit_code and changes:
        return EXIT_CHANGED
    return max(old_status, new_status)


def _left_out(unknown: int) -> str:
    """What to say of differences that may be weaker ones, or none."""
    which = "1 difference is" if unknown == 1 else f"{unknown:,} differences are"
    return f"{which} left out, of which a capture lacks what would tell if they are weaker"


def _side(path: str, reading: dict[str, Any]) -> tuple[Side, int]:
    """One side, and its exit status."""
    from analyzer.changes.source import exported, side_of

    side = exported(path)
    if side is not None:
        return side, 0
    analysis = read_captures((path,), {"negotiations", "kdc"}, **reading)
    return side_of(analysis.columns), exit_status(analysis)


def _lines(
    changes: list[Change], form: str, output: str | None, color: str, *, weaker: bool
) -> Iterator[str]:
    from analyzer.report import export
    from analyzer.report.grid import render
    from analyzer.report.views import chosen_form
    from analyzer.tables.schema import CHANGES

    values: Columns = {
        name: [getattr(change, name) for change in changes] for name in CHANGES.names
    }
    rows = range(len(changes))
    if form == "jsonl":
        yield from export.rows_as_jsonl(CHANGES.columns, values, rows)
    elif form == "csv":
        yield from export.rows_as_csv(CHANGES.columns, values, rows)
    elif not changes:
        yield "Nothing became weaker." if weaker else "Nothing changed."
    else:
        grid = chosen_form(list(CHANGES.columns), values, list(rows))
        lines = render(grid, terminal_width() if output is None else None)
        yield from painted(lines) if output is None and colour_wanted(color) else lines
