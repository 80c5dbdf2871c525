"""What all commands that read captures share: options, progress, complaints, exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from analyzer.cli.main import EXIT_DAMAGED
from analyzer.errors import UsageError
from dissectors.visible import visible

if TYPE_CHECKING:
    from analyzer.analysis import Analysis, Progress

Command = TypeVar("Command", bound=Callable[..., Any])

WORTH_A_BAR = 20_000_000  # input bytes from which a progress bar is shown


def reading_options(function: Command) -> Command:
    """Add the options common to every command that reads captures."""
    for option in reversed(
        [
            click.option(
                "--engine",
                type=click.Choice(["native"]),
                default="native",
                help="What reads packets.",
            ),
            click.option(
                "--decode-as",
                multiple=True,
                metavar="tcp.port==N,CARRIER",
                help="Take streams to this server port for this carrier.",
            ),
            click.option("--quiet", is_flag=True, help="No notes and no progress."),
            click.option("--no-progress", is_flag=True, help="No progress bar."),
            click.option(
                "--color",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                help="Colour.",
            ),
        ]
    ):
        function = option(function)
    return function


def parse_decode_as(rules: Iterable[str]) -> dict[tuple[str, int], str]:
    """`tcp.port==4450,smb` -> {("tcp", 4450): "smb"}. Raises `UsageError`."""
    from dissectors.carriers import CARRIERS

    made: dict[tuple[str, int], str] = {}
    for rule in rules:
        where, _, carrier = rule.partition(",")
        transport, _, port = where.partition(".port==")
        if transport != "tcp" or not port.isdecimal() or not carrier:
            raise UsageError(f"--decode-as {rule}: write it as tcp.port==4450,smb")
        if carrier not in CARRIERS:
            raise UsageError(f"--decode-as {rule}: carriers are {', '.join(CARRIERS)}")
        made[transport, int(port)] = carrier
    return made


def read_captures(
    captures: tuple[str, ...],
    tables: Iterable[str],
    *,
    decode_as: tuple[str, ...],
    quiet: bool,
    no_progress: bool,
    with_secrets: bool = False,
) -> Analysis:
    """Read the captures with a progress bar where it is worth one; complain on standard error."""
    from analyzer.analysis import read

    # Nearly all of what reading leaves behind is freed by its reference count: look for circles seldom.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    rules = parse_decode_as(decode_as)
    show = not quiet and not no_progress and sys.stderr.isatty()
    with ProgressBar(enabled=show) as bar:
        analysis = read(
            captures, tables=tables, decode_as=rules, progress=bar.update, with_secrets=with_secrets
        )
    for error in analysis.errors:
        click.echo(f"negoscope: {visible(error)}", err=True)
    if not quiet:
        _tell_skipped(analysis.notes)
    return analysis


def _tell_skipped(notes: list[str]) -> None:
    """One line for all files of a directory that are no captures."""
    if notes:
        more = f" (and {len(notes) - 1} more files like it)" if len(notes) > 1 else ""
        click.echo(f"negoscope: skipped {visible(notes[0])}{more}", err=True)


def exit_status(analysis: Analysis) -> int:
    """0, or 3 if anything of the input could not be read."""
    return EXIT_DAMAGED if analysis.damaged or analysis.errors else 0


class ProgressBar:
    """A tqdm bar per large input, made when the first one comes."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._bar: Any = None
        self._source: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    @property
    def update(self) -> Progress | None:
        """The callback for `read`, or None where no bar is wanted."""
        return self._update if self._enabled else None

    def _update(self, source: Any, count: int) -> None:
        if source is not self._source:
            self._close()
            self._source = source
            size = Path(source.path).stat().st_size if source.path else None
            if size is not None and size < WORTH_A_BAR:
                return
            from tqdm import tqdm

            self._bar = tqdm(
                total=size,
                unit="B",
                unit_scale=True,
                desc=source.name[:30],
                leave=False,
                file=sys.stderr,
            )
        if self._bar is not None:
            self._bar.update(count - self._bar.n)


def colour_wanted(choice: str) -> bool:
    """Colour only on a terminal, unless asked for; `NO_COLOR` is heeded."""
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"


def terminal_width() -> int | None:
    """Width of the terminal; None where output goes elsewhere."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None
