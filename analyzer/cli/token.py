"""`negoscope token TEXT`: explain one token, or the tokens of one exchange."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from analyzer.report.explained import Explained, ExplainedExchange

NAME_LIMIT = 1000  # characters; what is longer is no file's name


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"token": token}


@click.command("token")
@click.argument("text", nargs=-1, required=True, metavar="TEXT")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print."
)
@click.option("--brief", is_flag=True, help="Without the plain words beside the fields.")
@click.option("--hex", "raw", is_flag=True, help="Also the bytes.")
@click.option("--with-secrets", is_flag=True, help="Show responses and tickets, too.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour."
)
def token(
    text: tuple[str, ...], form: str, brief: bool, raw: bool, with_secrets: bool, color: str
) -> None:
    """Explain a token as a tree with byte ranges and plain words.

    TEXT is base64 (wrapped or not), hex, a hex dump or an array of bytes, an `Authorization:` or
    `WWW-Authenticate:` line, what curl -v printed, a browser's HAR or a piece of it, the name of a file
    that holds any of these or the token's own bytes, or - for standard input. Several tokens of one
    exchange are put together to their negotiation, with its verdict.
    """
    from analyzer.report.explained import Explained
    from analyzer.report.token_text import token_hex_lines

    explained = _explained(" ".join(text))
    if form == "json":
        from analyzer.report.json_text import json_text

        click.echo(json_text(explained.to_dict(secrets=with_secrets)))
        return
    from analyzer.cli.paint import painted
    from analyzer.cli.reading import colour_wanted, terminal_width

    lines = ["CONTAINS SECRETS"] if with_secrets else []
    width = terminal_width() or 100
    lines += explained.lines(width, meanings=not brief, secrets=with_secrets)
    if raw:
        for one in [explained] if isinstance(explained, Explained) else explained.tokens:
            lines += ["", one.heading, *token_hex_lines(one.token, secrets=with_secrets)]
    for line in painted(lines) if colour_wanted(color) else lines:
        click.echo(line, color=True)


PATH_LIKE = re.compile(r"^(?:[./~\\]|[A-Za-z]:[/\\])|\.[A-Za-z][A-Za-z0-9]{0,7}$")
"""How the name of a file looks that no base64 could be, or that nobody would paste."""


def _given(text: str) -> bytes | str:
    """The words of the command line, or what the file they name holds."""
    from analyzer.pasted.given import FILE_LIMIT, read_file, text_or_bytes

    if text == "-":
        return text_or_bytes(sys.stdin.buffer.read(FILE_LIMIT))
    try:
        is_file = Path(text).is_file()
    except (OSError, ValueError):  # longer than a name can be
        return text
    return read_file(text) if is_file else text


def _explained(text: str) -> Explained | ExplainedExchange:
    """The tokens of the argument; who named a file that is not there learns that."""
    from analyzer.errors import UsageError
    from analyzer.explain import explain

    given = _given(text)
    try:
        return explain(given)
    except UsageError:
        if given == text and PATH_LIKE.search(text) and len(text) < NAME_LIMIT:
            what = "a directory" if Path(text).is_dir() else "no such file"
            raise UsageError(f"token: {what}: {text}") from None
        raise
