"""`negoscope token TEXT`: explain one token."""

from __future__ import annotations

import sys
from pathlib import Path

import click


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"token": token}


@click.command("token")
@click.argument("text", nargs=-1, required=True, metavar="TEXT")
@click.option("--hex", "raw", is_flag=True, help="Also the bytes; needs --with-secrets.")
@click.option("--with-secrets", is_flag=True, help="Allow output that holds responses and tickets.")
def token(text: tuple[str, ...], raw: bool, with_secrets: bool) -> None:
    """Explain one token as a tree with byte ranges.

    TEXT is base64, hex, an `Authorization:` or `WWW-Authenticate:` line, the name of a file that holds any
    of these or the token's own bytes, or - for standard input.
    """
    from analyzer.cli.reading import terminal_width
    from analyzer.errors import UsageError
    from analyzer.report.token_text import explain_token, hex_lines

    if raw and not with_secrets:
        raise UsageError("--hex shows NTLM responses and tickets: add --with-secrets")
    explained = explain_token(_given(" ".join(text)))
    for line in explained.lines(terminal_width() or 100):
        click.echo(line)
    if raw:
        for line in hex_lines(explained.token.raw):
            click.echo(line)


FILE_LIMIT = 1_000_000


def _given(text: str) -> bytes | str:
    """The words of the command line, or what the file they name holds."""
    if text == "-":
        data = sys.stdin.buffer.read(FILE_LIMIT)
    else:
        try:
            path = Path(text)
            if not path.is_file():
                return text
            with path.open("rb") as file:
                data = file.read(FILE_LIMIT)
        except (OSError, ValueError):
            return text
    return data.decode("ascii") if _is_text(data) else data


def _is_text(data: bytes) -> bool:
    return all(byte in b"\t\n\r" or 0x20 <= byte < 0x7F for byte in data)
