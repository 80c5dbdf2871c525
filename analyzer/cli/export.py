"""`negoscope export`: every table as Parquet, and what later runs need to know the captures again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analyzer.cli.output import named, refuse_overwriting
from analyzer.cli.reading import CAPTURE, exit_status, read_captures, reading_options


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"export": export}


@click.command("export")
@click.argument("captures", type=CAPTURE, nargs=-1, required=True, metavar="CAPTURE...")
@click.option("-o", "--output", required=True, metavar="DIR", help="Write to this directory.")
@reading_options
def export(
    captures: tuple[str, ...],
    output: str,
    color: str,  # noqa: ARG001 - an option of every command
    cache: str | None,
    **reading: Any,
) -> int:
    """Write every table to DIR as Parquet: negotiations.parquet, tokens.parquet and so on.

    DIR also gets the rows of each capture in a form in which later runs find them: give it to them as
    --cache DIR.
    """
    from analyzer.cache.cache import Cache
    from analyzer.cache.made import drop_oldest
    from analyzer.tables.folder import filled_at_once
    from analyzer.tables.schema import TABLES

    folder = Path(output)
    for name in TABLES:
        refuse_overwriting(str(folder / f"{name}.parquet"), named(captures))
    with filled_at_once(folder) as staging:
        kept = Cache(folder, put_in=staging) if cache is None else Cache(cache)
        analysis = read_captures(captures, TABLES, cache=kept, **reading)
        for name in TABLES:
            refuse_overwriting(str(folder / f"{name}.parquet"), analysis.inputs)
        analysis.to_parquet(staging)
        analysis.derived.overview()  # so that it is kept
    drop_oldest(
        folder
    )  # as any cache: exports of many captures into one folder do not pile up there
    return exit_status(analysis)
