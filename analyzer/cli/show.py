"""`negoscope show CAPTURE ID`: one negotiation as a ladder, its tokens as trees."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli.paint import painted
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
    return {"show": show}


@click.command("show")
@click.argument("capture", type=CAPTURE)
@click.argument("negotiation_id", metavar="ID", type=int)
@click.option("--ladder-only", is_flag=True, help="Without the token trees.")
@click.option("--details", is_flag=True, help="Every field, also those told in the one above.")
@click.option("--hex", "raw", is_flag=True, help="Also every token's bytes.")
@click.option("--with-secrets", is_flag=True, help="Show bytes of responses and tickets, too.")
@reading_options
def show(
    capture: str,
    negotiation_id: int,
    ladder_only: bool,
    details: bool,
    raw: bool,
    with_secrets: bool,
    color: str,
    **reading: Any,
) -> int:
    """Draw negotiation ID of CAPTURE: client left, server right, what each token says, the verdict."""
    analysis = read_captures((capture,), set(), **reading)
    exchanged = analysis.negotiation(negotiation_id)
    lines = exchanged.lines(
        terminal_width() or 100,
        trees=not ladder_only,
        details=details,
        raw=raw,
        secrets=with_secrets,
    )
    if raw and with_secrets:
        lines.insert(0, "CONTAINS SECRETS")
    for line in painted(lines) if colour_wanted(color) else lines:
        click.echo(line, color=True)
    return exit_status(analysis)
