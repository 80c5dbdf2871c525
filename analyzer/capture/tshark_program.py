"""Finds Wireshark's command line program `tshark`, tells its version and the surroundings it runs in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from analyzer.errors import UsageError

OLDEST = (3, 6)
"""The oldest Wireshark with all fields, preferences and options that are used here."""
VERSION_SECONDS = 60

_INSTALL = (
    ("win32", "winget install WiresharkFoundation.Wireshark"),
    ("darwin", "brew install wireshark"),
)
_INSTALL_BY_PROGRAM = (
    ("apt-get", "apt install tshark"),
    ("dnf", "dnf install wireshark-cli"),
    ("zypper", "zypper install wireshark"),
    ("pacman", "pacman -S wireshark-cli"),
    ("apk", "apk add tshark"),
)
_USUAL_PLACES = (  # where installers put it without telling the search path
    "/Applications/Wireshark.app/Contents/MacOS/tshark",
    "C:/Program Files/Wireshark/tshark.exe",
)
_VERSION = re.compile(r"\(Wireshark\)\s+(\d+)\.(\d+)(?:\.\d+)?")


def how_to_install() -> str:
    """The command that installs tshark on this system, as a suggestion for people."""
    for platform, command in _INSTALL:
        if sys.platform == platform:
            return command
    for program, command in _INSTALL_BY_PROGRAM:
        if shutil.which(program):
            return command
    return "see https://www.wireshark.org/download.html"


def find_tshark() -> str:
    """Path of a tshark that is new enough.

    Raises `UsageError` if there is none, or only one that is too old or does not run.
    """
    found = shutil.which("tshark") or next(filter(os.path.isfile, _USUAL_PLACES), None)
    if found is None:
        raise UsageError(f"Wireshark's tshark was not found; {_what_is_needed()}")
    version = tshark_version(found)
    if version < OLDEST:
        raise UsageError(f"{found} is version {dotted(version)}; {_what_is_needed()}")
    return found


def _what_is_needed() -> str:
    return f"{dotted(OLDEST)} or newer is needed ({how_to_install()})"


def dotted(version: tuple[int, ...]) -> str:
    """(3, 6) -> `3.6`."""
    return ".".join(map(str, version))


@lru_cache(maxsize=8)
def tshark_version(program: str) -> tuple[int, int]:
    """Major and minor version of a tshark; `UsageError` if it does not say."""
    try:
        done = subprocess.run(  # noqa: S603 - the program was found on the search path
            [program, "--version"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=surroundings(),
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{program} does not run: {error}") from None
    told = _VERSION.search(done.stdout.decode("utf-8", "replace"))
    if told is None:
        raise UsageError(f"{program} does not tell its version: is it Wireshark's tshark?")
    return int(told[1]), int(told[2])


def surroundings() -> dict[str, str]:
    """Environment without anybody's profile: results depend on the capture and our options alone.

    Preferences, decode-as rules, disabled protocols, keys and plugins of the user are left out.
    """
    nowhere = str(Path(os.path.abspath(os.sep), "nonexistent"))  # noqa: PTH100 - a drive on Windows
    mine = {name: value for name, value in os.environ.items() if not name.startswith("WIRESHARK_")}
    return {
        **mine,
        "HOME": nowhere,
        "XDG_CONFIG_HOME": nowhere,
        "WIRESHARK_CONFIG_DIR": nowhere,
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
