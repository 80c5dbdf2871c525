"""What all commands that read captures share: options, progress, complaints, exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analyzer.cli.main import EXIT_DAMAGED
from dissectors.visible import visible

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.cache.cache import Cache

NAMED = 3
"""Files that a note names of those that are skipped for one reason; the others are counted."""
_NO_CAPTURES = {
    ": not a capture": "files that are no captures",
    ": empty file, not a capture": "empty files",
}

CAPTURE = click.Path()
"""What a shell completes as a file; whether it is one, a directory, a glob, a URL or `-` is told later."""

Command = TypeVar("Command", bound=Callable[..., Any])


def reading_options(function: Command) -> Command:
    """Add the options common to every command that reads captures."""
    for option in reversed(
        [
            click.option(
                "--engine",
                type=click.Choice(["native", "scapy", "tshark"]),
                default="native",
                help="What reads packets: negoscope itself or Wireshark.",
            ),
            click.option(
                "--tls-keylog",
                metavar="FILE",
                help="Decrypt TLS by this key log; needs --engine tshark.",
            ),
            click.option(
                "--decode-as",
                multiple=True,
                metavar="tcp.port==N,CARRIER",
                help="Take streams to this server port for this carrier. tshark takes all of its rules.",
            ),
            click.option(
                "--apart", is_flag=True, help="Read the files of a rotated capture one by one."
            ),
            click.option(
                "--jobs",
                type=click.IntRange(1),
                metavar="N",
                help="Processes that read; by default one per processor for large captures.",
            ),
            click.option(
                "--cache",
                metavar="DIR",
                help="Keep what was read in DIR, and use it again while the capture is unchanged.",
            ),
            click.option(
                "--cluster",
                metavar="ADDRESS",
                help="Read by the workers of this dask.distributed scheduler, tls://HOST:PORT.",
            ),
            click.option(
                "--cluster-dir",
                metavar="DIR",
                help="Directory or URL that all workers share, for rows until they are merged.",
            ),
            click.option(
                "--insecure-cluster",
                is_flag=True,
                help="Allow a cluster without encryption that others can reach.",
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


def read_captures(
    captures: tuple[str, ...],
    tables: Iterable[str],
    *,
    engine: str,
    tls_keylog: str | None,
    decode_as: tuple[str, ...],
    quiet: bool,
    no_progress: bool,
    apart: bool = False,
    jobs: int | None = None,
    cache: str | Cache | None = None,
    cluster: str | None = None,
    cluster_dir: str | None = None,
    insecure_cluster: bool = False,
    with_secrets: bool = False,
) -> Analysis:
    """Read the captures with a progress bar where it is worth one; complain on standard error."""
    from analyzer.analysis import read
    from analyzer.report.progress import ProgressBar

    gc.freeze()  # what has been imported stays, and needs no looking at
    show = not quiet and not no_progress and sys.stderr.isatty()
    with ProgressBar(enabled=show) as bar:
        analysis = read(
            captures,
            tables=tables,
            decode_as=decode_as,
            progress=bar.update,
            with_secrets=with_secrets,
            engine=engine,
            tls_keylog=tls_keylog,
            rotated=not apart,
            jobs=jobs,
            cache=cache,
            client=cluster,
            cluster_dir=cluster_dir,
            insecure_cluster=insecure_cluster,
        )
    for error in analysis.errors:
        click.echo(f"negoscope: {visible(error)}", err=True)
    if not quiet:
        _tell_skipped(analysis.notes)
        _tell_notices(analysis)
    return analysis


def _tell_notices(analysis: Analysis) -> None:
    """What of a cache could not be used, now; and when the command is done, what could not be kept."""
    told: set[str] = set()

    def tell() -> None:
        for notice in analysis.notices:
            if notice not in told:
                told.add(notice)
                click.echo(f"negoscope: {visible(notice)}", err=True)

    tell()
    click.get_current_context().call_on_close(tell)


def _tell_skipped(notes: list[str]) -> None:
    """A line for all files of a directory that are no captures; one for each that is and can't be read."""
    said = []
    for reason, what in _NO_CAPTURES.items():
        alike = [note for note in notes if note.endswith(reason)]
        if len(alike) > 1:
            names = [note.removesuffix(reason) for note in alike[:NAMED]]
            more = ", ..." if len(alike) > NAMED else ""
            said.append(f"{len(alike)} {what}: {', '.join(names)}{more}")
            notes = [note for note in notes if not note.endswith(reason)]
    for note in said + notes:
        click.echo(f"negoscope: skipped {visible(note)}", err=True)


def exit_status(analysis: Analysis) -> int:
    """0, or 3 if anything of the input could not be read."""
    return EXIT_DAMAGED if analysis.damaged or analysis.errors else 0


def colour_wanted(choice: str) -> bool:
    """Colour only on a terminal, unless asked for; `NO_COLOR` is heeded."""
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"


def terminal_width() -> int | None:
    """Width of the terminal; None where output goes elsewhere."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size((100, 24)).columns
