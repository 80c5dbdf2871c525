"""The `negoscope` command: one line of error, the documented exit status, commands loaded when used."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

import click

from analyzer import __version__
from analyzer.errors import NegoscopeError, UsageError

GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Answers": {
        "summary": ("analyzer.cli.summary", "what was read, who chose what, what failed and why"),
        "audit": ("analyzer.cli.audit", "what is weak, by rules: who, how sure, and what to do"),
        "diff": ("analyzer.cli.diff", "what changed between two captures, or exports of them"),
        "report": ("analyzer.cli.report", "one HTML file with everything, to explore or hand on"),
    },
    "Tables": {
        "negotiations": ("analyzer.cli.table", "one row per negotiation"),
        "tokens": ("analyzer.cli.table", "one row per security token"),
        "offers": ("analyzer.cli.table", "one row per offered mechanism"),
        "hosts": (
            "analyzer.cli.table",
            "one row per client and server: what it offers, uses, accepts",
        ),
        "kdc": ("analyzer.cli.table", "one row per request to a Kerberos KDC and its answer"),
        "names": (
            "analyzer.cli.table",
            "one row per look-up of a name: DNS, mDNS, LLMNR, NetBIOS, TLS",
        ),
        "captures": ("analyzer.cli.table", "one row per input: what was read and what was lost"),
        "anomalies": ("analyzer.cli.table", "one row per oddity: malformed, lost, out of place"),
        "export": ("analyzer.cli.export", "every table as Parquet, and what later runs reuse"),
    },
    "Looking closer": {
        "show": ("analyzer.cli.show", "one negotiation as a ladder, its tokens as trees"),
        "token": (
            "analyzer.cli.token",
            "explain one token from base64, hex, a header line or a file",
        ),
        "crosscheck": (
            "analyzer.cli.crosscheck",
            "the same through tshark: each difference as a row",
        ),
    },
    "Shell": {
        "completion": ("analyzer.cli.completion", "what bash, zsh or fish need to complete words"),
    },
}
"""What the commands are for, where they are, and what they do in a line."""
COMMANDS = {name: found for group in GROUPS.values() for name, found in group.items()}

COMPLETING = "_NEGOSCOPE_COMPLETE"
"""Set by a shell that asks how a word may go on."""

EXIT_USAGE = 2
EXIT_DAMAGED = 3


class LazyGroup(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Commands in the order of the groups above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; `UsageError` with the one that may be meant if there is none."""
        if cmd_name not in COMMANDS and ctx.resilient_parsing:
            return None
        if cmd_name not in COMMANDS:
            from difflib import get_close_matches  # only for who mistypes

            near = get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else "negoscope --help lists all"
            raise UsageError(f"no command {cmd_name!r}; {hint}")
        found = import_module(COMMANDS[cmd_name][0]).commands()[cmd_name]
        assert isinstance(found, click.Command)
        from analyzer.cli.examples import epilog

        found.epilog = epilog(cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List commands without importing them."""
        wide = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(f"{name:{wide}}", text) for name, (_, text) in commands.items()]
                )


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"negoscope {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="CAPTURE may be a file, a directory, a glob or - for standard input; pcap or pcapng, "
    "plain, gzip or zstd. Try: negoscope summary CAPTURE",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show it."
)
def cli() -> None:
    """Who negotiated which GSS-API mechanism in a capture, with what result, and why."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit status."""
    # numpy's linear algebra is never used, and starting its threads costs as much as reading 10 MB
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Nearly all of what a run leaves behind is freed by its reference count: look for circles seldom.
    gc.set_threshold(300_000, 20, 100)
    if COMPLETING in os.environ:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(cli, {}, "negoscope", COMPLETING, os.environ[COMPLETING]))
    status = run(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # else Python would look for circles in all that is left, only to let go of it
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run the command line; return the exit status."""
    try:
        # not cli.main(): it takes a broken pipe for a failure
        with cli.make_context("negoscope", list(arguments)) as context:
            answer = cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())
        return 0
    except click.ClickException as error:
        return _complain(error.format_message())
    except NegoscopeError as error:
        return _complain(str(error))
    except (click.Abort, EOFError, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # the reader has gone; keep the interpreter from complaining when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return answer if isinstance(answer, int) else 0


def _complain(message: str) -> int:
    from dissectors.visible import visible

    click.echo(f"negoscope: {visible(' '.join(message.split()))}", err=True)
    return EXIT_USAGE
