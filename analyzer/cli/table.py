"""The commands that print one table: negotiations, tokens, offers, anomalies, captures, kdc, hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.output import named, refuse_overwriting, writer
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
    from analyzer.tables.collect import Columns
    from analyzer.tables.schema import Column, Table

FORMATS = ("table", "jsonl", "csv", "parquet")
LONG_FORMATS = frozenset({"jsonl", "csv"})
WORTH_SHARING = 1 << 12
"""Rows whose text is made by several processes, if several have read."""
SIEM_FORMATS = ("ecs", "ocsf", "zeek", "zeek-json")
HELP = {
    "negotiations": "One row per negotiation: who offered what, what was run, how it ended and why.",
    "tokens": "One row per security token.",
    "offers": "One row per mechanism that a client or server offered.",
    "anomalies": "One row per oddity of a token, message, stream or file.",
    "captures": "One row per input: what was read, and what was lost.",
    "kdc": "One row per request to a Kerberos KDC and its answer: tickets, referrals, refusals.",
    "names": "One row per look-up of a name, and per name that a client showed in TLS.",
    "hosts": "One row per client and per server: what it offers, uses and accepts, and its weakest.",
}


def commands() -> dict[str, click.Command]:
    """Make the commands by name."""
    return {name: _command(name) for name in HELP}


def _command(name: str) -> click.Command:
    formats = FORMATS + (SIEM_FORMATS if name == "negotiations" else ())

    @click.command(name, help=HELP[name])
    @click.argument("captures", type=CAPTURE, nargs=-1, required=True, metavar="CAPTURE...")
    @click.option(
        "--format", "form", type=click.Choice(formats), default="table", help="How to print."
    )
    @click.option("--where", metavar="EXPR", help="Only rows for which this SQL condition is true.")
    @click.option("--columns", metavar="A,B", help="These columns, in this order.")
    @click.option("-o", "--output", metavar="FILE", help="Write to FILE.")
    @_secrets_option(name)
    @reading_options
    def command(
        captures: tuple[str, ...],
        form: str,
        where: str | None,
        columns: str | None,
        output: str | None,
        color: str,
        with_secrets: bool = False,
        **reading: Any,
    ) -> int:
        from analyzer.tables.schema import schema

        table = schema(secrets=with_secrets)[name]
        chosen = _chosen(table, columns)
        if form == "parquet" and output is None:
            raise UsageError("--format parquet needs -o FILE")
        if chosen is not None and form in SIEM_FORMATS:
            raise UsageError(f"--columns: the fields of --format {form} are fixed")
        if output is not None:
            refuse_overwriting(output, named(captures))
        analysis = read_captures(captures, {name}, with_secrets=with_secrets, **reading)
        if output is not None:
            refuse_overwriting(output, analysis.inputs)
        values = analysis.columns(name)
        rows: Sequence[int] = range(len(values[table.columns[0].name]))
        if where is not None:
            from analyzer.tables.query import rows_where

            rows = rows_where(table, values, where)
        if form == "parquet":
            from analyzer.tables.parquet import write_parquet

            names = [column.name for column in chosen or table.columns]
            write_parquet(table, values, rows, names, Path(output or ""))
        else:
            with writer(output) as out:
                if form in LONG_FORMATS:
                    jobs = min(analysis.jobs or 1, len(rows) // WORTH_SHARING)
                    out.writelines(_text(chosen or table.columns, values, rows, form, jobs))
                else:
                    lines = _lines(table, chosen, values, rows, form, output, color)
                    out.writelines(line + "\n" for line in lines)
        return exit_status(analysis)

    return command


def _secrets_option(name: str) -> Callable[[Any], Any]:
    """The option of the only table that can hold a token's bytes."""
    if name != "tokens":
        return lambda function: function
    return click.option("--with-secrets", is_flag=True, help="Add the tokens' bytes.")


def _chosen(table: Table, columns: str | None) -> list[Column] | None:
    if columns is None:
        return None
    by_name = {column.name: column for column in table.columns}
    names = [name.strip() for name in columns.split(",") if name.strip()]
    for name in names:
        if name not in by_name:
            raise UsageError(f"--columns: {table.name} has no column {name}")
    if not names:
        raise UsageError("--columns: no column named")
    return [by_name[name] for name in names]


def _lines(
    table: Table,
    chosen: list[Column] | None,
    values: Columns,
    rows: Sequence[int],
    form: str,
    output: str | None,
    color: str,
) -> Iterator[str]:
    if form in SIEM_FORMATS:
        from analyzer.report import siem

        yield from siem.lines(form, table.name, values, rows)
        return
    from analyzer.report.grid import render
    from analyzer.report.views import chosen_form, short_form

    grid = chosen_form(chosen, values, rows) if chosen else short_form(table, values, rows)
    room = terminal_width() if output is None else None
    lines = render(grid, room)
    if output is None and colour_wanted(color):
        from analyzer.cli.paint import painted

        lines = painted(lines)
    yield from lines


def _text(
    columns: Sequence[Column], values: Columns, rows: Sequence[int], form: str, jobs: int
) -> Iterator[str]:
    """The text of formats that may be long, many lines at a time."""
    from analyzer.report import export

    make = partial(export.jsonl_text if form == "jsonl" else export.csv_text, columns, values, rows)
    if jobs < 2:
        return make()
    from analyzer.parallel.turns import by_turns

    return by_turns(make, jobs)
