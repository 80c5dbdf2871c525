"""Run tshark over one capture and read its packets as trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from analyzer.capture.tshark_process import Child, running
from analyzer.capture.tshark_program import find_tshark, surroundings
from analyzer.capture.tshark_rules import rule_options
from analyzer.crosscheck.pdml import Node, packets
from analyzer.errors import CaptureError

FRAMES_TEXT = 60_000
"""Characters of the display filter that may name frames; a command line holds twice as many."""

TOKENS = "spnego or ntlmssp or ntlmssp.verf or gss-api or kerberos or spnego.krb5.blob"
"""Display filter of what tshark takes for tokens; frames in which we found one are added to it."""
PREFERENCES = ("tcp.reassemble_out_of_order:TRUE",)
"""Off by default in tshark, and needed to see tokens in segments that arrive in the wrong order."""


def their_packets(
    path: str, frames: Iterable[int], decode_as: Iterable[str] = ()
) -> Iterator[Node]:
    """Every packet with a token in tshark's opinion, and those of `frames`, in order.

    `decode_as`: rules for its option -d. Runs tshark once, without names, and without anything of the
    user's settings. Raises `UsageError` if there is no tshark that will do, `CaptureError` if it can read
    nothing of the capture.
    """
    command = [find_tshark(), "-n", "-r", str(Path(path).absolute())]
    for preference in PREFERENCES:
        command += ["-o", preference]
    command += rule_options(decode_as)
    command += ["-Y", display_filter(frames), "-T", "pdml"]
    count = 0
    with running(command, surroundings(), None, "tshark") as child:
        for packet in packets(child.chunks()):
            count += 1
            yield packet
        if child.status and not count:
            _complain(child, Path(path).name)


def _complain(child: Child, name: str) -> None:
    """Raise what tshark said, unless the capture is only cut short."""
    lines = [line for line in child.complaints if line and "Running as user" not in line]
    if not any("cut short" in line for line in lines):
        said = lines[0].removeprefix("tshark: ") if lines else "it failed without a word"
        raise CaptureError(f"{name}: tshark cannot read it: {said}")


def display_filter(frames: Iterable[int]) -> str:
    """Filter for tokens and the given frames; neighbours are joined to keep it short."""
    wanted = sorted(set(frames))
    reach = 1
    while True:
        text = ",".join(_range(first, last) for first, last in _runs(wanted, reach))
        if len(text) <= FRAMES_TEXT:
            break
        reach *= 2
    return f"{TOKENS} or frame.number in {{{text}}}" if text else TOKENS


def _runs(numbers: list[int], reach: int) -> list[tuple[int, int]]:
    """Join numbers that lie no further apart than `reach`."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number - runs[-1][1] <= reach:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}..{last}"
