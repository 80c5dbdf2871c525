"""`negoscope crosscheck CAPTURE...`: the same captures through tshark, each difference a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.main import EXIT_DAMAGED
from analyzer.cli.output import named, refuse_overwriting, writer
from analyzer.cli.paint import painted
from analyzer.cli.reading import CAPTURE, colour_wanted, terminal_width

if TYPE_CHECKING:
    from analyzer.capture.inputs import Input
    from analyzer.crosscheck.check import Checked

EXIT_DIFFERENCES = 1
SHOWN = ("frame", "stream_id", "kind", "column", "ours", "theirs", "class")
"""Columns of the readable form; with several captures their name comes first."""


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"crosscheck": crosscheck}


@click.command("crosscheck")
@click.argument("captures", type=CAPTURE, nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv"]),
    default="table",
    help="How to print.",
)
@click.option("--all", "everything", is_flag=True, help="Declared differences too.")
@click.option(
    "--decode-as",
    multiple=True,
    metavar="tcp.port==N,CARRIER",
    help="Take streams to this server port for this carrier; tshark takes all of its rules.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE.")
@click.option("--quiet", is_flag=True, help="No counts of declared differences.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour."
)
def crosscheck(
    captures: tuple[str, ...],
    form: str,
    everything: bool,
    decode_as: tuple[str, ...],
    output: str | None,
    quiet: bool,
    color: str,
) -> int:
    """Hold every token and field against Wireshark's tshark; exit 1 if a difference is unexplained.

    Shows the unexplained differences and how many there are of each declared class (docs/fidelity.md).
    Needs tshark 3.6 or later.
    """
    if output is not None:
        refuse_overwriting(output, named(captures))
    sources, checked, failed = _checked(captures, decode_as)
    if output is not None:
        refuse_overwriting(output, sources)
    with writer(output) as out:
        room = terminal_width() if output is None else None
        lines = list(_lines(checked, form, room, everything=everything))
        if form == "table" and output is None and colour_wanted(color):
            lines = painted(lines)
        if form == "table" and not quiet:
            lines += _counts(checked)
        for line in lines:
            out.write(line + "\n")
    if any(each.unexplained for each in checked):
        return EXIT_DIFFERENCES
    return EXIT_DAMAGED if failed or any(each.damaged for each in checked) else 0


def _checked(
    captures: tuple[str, ...], decode_as: tuple[str, ...]
) -> tuple[list[Input], list[Checked], bool]:
    """The captures, the results of all that can be read, and whether another one cannot."""
    from analyzer.capture.inputs import expand, with_distinct_names
    from analyzer.capture.tshark_program import find_tshark
    from analyzer.crosscheck.check import check_capture
    from analyzer.errors import CaptureError
    from dissectors.visible import visible

    find_tshark()
    checked: list[Checked] = []
    errors: list[CaptureError] = []
    sources = with_distinct_names(expand(captures))
    for source in sources:
        try:
            checked.append(check_capture(source, decode_as))
        except CaptureError as error:
            if not source.from_directory:
                errors.append(error)
    if not checked:
        raise errors[0] if errors else CaptureError("no captures there")
    for each in errors:
        click.echo(f"negoscope: {visible(str(each))}", err=True)
    return sources, checked, bool(errors)


def _lines(
    checked: list[Checked], form: str, room: int | None, *, everything: bool
) -> Iterator[str]:
    from analyzer.crosscheck.table import DIFFERENCES, difference_columns
    from analyzer.report import export
    from analyzer.report.grid import render
    from analyzer.report.views import chosen_form

    values = difference_columns(
        (each.capture, each.differences if everything else each.unexplained) for each in checked
    )
    rows = range(len(values["capture"]))
    if form == "jsonl":
        yield from export.rows_as_jsonl(DIFFERENCES.columns, values, rows)
    elif form == "csv":
        yield from export.rows_as_csv(DIFFERENCES.columns, values, rows)
    elif rows:
        names = (*(("capture",) if len(checked) > 1 else ()), *SHOWN)
        chosen = [column for column in DIFFERENCES.columns if column.name in names]
        yield from render(chosen_form(chosen, values, list(rows)), room)
        yield ""


def _counts(checked: list[Checked]) -> Iterator[str]:
    """What was compared, and a line for each class."""
    from analyzer.crosscheck.declared import DECLARED
    from analyzer.report.cells import counted

    tally: Counter[str] = sum((each.tally for each in checked), Counter())
    found = Counter(d.declared for each in checked for d in each.differences)
    compared = ", ".join(counted(tally[name], name[:-1]) for name in ("tokens", "cells", "fields"))
    yield f"compared: {compared}"
    yield f"unexplained: {counted(found.pop(None, 0), 'difference')}"
    for name, count in sorted(found.items(), key=_most_first):
        assert name is not None
        yield f"{count:>7,}  {name}: {DECLARED[name].shows}"


def _most_first(item: tuple[Any, int]) -> tuple[int, str]:
    return -item[1], str(item[0])
