"""What to do next: commands, or calls in Python, that show more of what the summary tells."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from analyzer.report.overview.section import Call, Section
from analyzer.tables.collect import Columns
from dissectors.records import NamedTuple
from dissectors.visible import UNSAFE

CALLS = {
    "show": (
        "that one, message by message",
        "negoscope show {captures} {id}",
        "a.negotiation({id})",
    ),
    "ntlm": (
        "all NTLM",
        "negoscope negotiations {captures} --where \"mechanism = 'ntlm'\"",
        "a.negotiations.query(\"mechanism == 'ntlm'\")",
    ),
    "hosts": (
        "what each host offers and accepts",
        "negoscope hosts {captures}",
        "a.hosts",
    ),
    "kdc": ("every request for a ticket", "negoscope kdc {captures}", "a.kdc"),
    "audit": ("all findings, what to do", "negoscope audit {captures}", "a.audit()"),
}
"""What to look at -> what it shows, the command, the same in Python."""


class Leads(NamedTuple):
    """What there is to look at."""

    example: int | None  # a negotiation worth a look
    ntlm: bool
    kdc: bool
    audit: bool


def leads(negotiations: Columns, *, kdc: bool, audit: bool) -> Leads:
    """What the negotiations have, and what else there is."""
    return Leads(_worth_a_look(negotiations), "ntlm" in negotiations["mechanism"], kdc, audit)


def hints(there: Leads, named: Sequence[str] | None) -> Section:
    """Commands on the captures `named`; calls of an `Analysis` named `a` if None."""
    example = there.example
    wanted = [
        (example is not None and (named is None or len(named) == 1), "show"),
        (there.ntlm, "ntlm"),
        (True, "hosts"),
        (there.kdc, "kdc"),
        (there.audit, "audit"),
    ]
    words = None if named is None else _quoted(named)
    calls = []
    for has, what in wanted:
        if not has:
            continue
        shows, command, call = CALLS[what]
        if words is None:
            calls.append(Call(shows, call.format(id=example), call.format(id=example)))
        else:
            full, short = (command.format(captures=c, id=example) for c in (words, "CAPTURE"))
            calls.append(Call(shows, full, short))
    return Section("Look closer", calls=calls)


def _worth_a_look(negotiations: Columns) -> int | None:
    """The first failure; else the first with a reason, else the first."""
    numbers = negotiations["negotiation_id"]
    if "failure" in negotiations["outcome"]:
        return int(numbers[negotiations["outcome"].index("failure")])
    for number, reason in zip(numbers, negotiations["reason"], strict=True):
        if reason is not None:
            return int(number)
    return int(numbers[0]) if numbers else None


def _quoted(named: Sequence[str]) -> str:
    """The arguments as a shell takes them; a placeholder for what cannot be shown."""
    if any(UNSAFE.search(name) for name in named):
        return "CAPTURE"
    return shlex.join(named)
