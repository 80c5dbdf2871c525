"""Decode-as rules for tshark: as options, and whether it takes them, asked before anything is read."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable
from functools import lru_cache

from analyzer.capture.tshark_program import VERSION_SECONDS, surroundings
from analyzer.errors import UsageError

_NO_PACKETS = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
"""A pcap file without packets."""
_HARMLESS = ("Running as user", "** (", "(tshark:")


def rule_options(rules: Iterable[str]) -> list[str]:
    """The options that hand rules to tshark."""
    return [word for rule in rules for word in ("-d", rule)]


def check_rules(program: str, rules: tuple[str, ...]) -> None:
    """Raise `UsageError` with tshark's own words for the first rule that it refuses."""
    if not rules or _refusal(program, rules) is None:
        return
    for rule in rules:
        said = _refusal(program, (rule,))
        if said is not None:
            raise UsageError(f"decode-as rule {rule}: tshark refuses it: {said}")
    raise UsageError(f"decode-as rules: tshark refuses them: {_refusal(program, rules)}")


@lru_cache(maxsize=256)
def _refusal(program: str, rules: tuple[str, ...]) -> str | None:
    """What tshark has against rules; None if it takes them."""
    command = [program, "-n", "-r", "-", *rule_options(rules)]
    try:
        done = subprocess.run(  # noqa: S603 - no shell; a rule is the value of its option
            command,
            input=_NO_PACKETS,
            capture_output=True,
            env=surroundings(),
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not done.returncode:
        return None
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    said = [line.removeprefix("tshark: ") for line in lines if not line.startswith(_HARMLESS)]
    return next(filter(None, said), f"it ends with status {done.returncode}")
