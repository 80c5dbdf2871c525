"""`negoscope completion`: the script by which a shell completes commands, options and their values."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


def commands() -> dict[str, click.Command]:
    """The command by name."""
    return {"completion": completion}


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what SHELL needs to complete the words of a command line; save it where SHELL looks.

    bash: ~/.local/share/bash-completion/completions/negoscope; zsh: a file _negoscope in a folder of
    $fpath; fish: ~/.config/fish/completions/negoscope.fish.
    """
    from click.shell_completion import get_completion_class

    from analyzer.cli.main import COMPLETING, cli

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(cli, {}, "negoscope", COMPLETING).source())
