"""What was read, and what was lost of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.report.cells import counted, iso_time
from analyzer.report.overview.section import Section
from analyzer.tables.collect import Columns
from dissectors.visible import visible

LISTED = 4  # captures that are shown one by one
NOTES_SHOWN = 8
NOUNS = ("packet", "stream", "token")
COUNTED = (*(f"{noun}s" for noun in NOUNS), "seconds")


def inputs(captures: Columns, *, timed: bool = True) -> Section:
    """Each input if they are few, else their sum; every loss in any case; `timed`: how long it took."""
    total = len(captures["capture"])
    few = total <= LISTED
    told = [_told(captures, at, alone=total == 1, few=few) for at in range(total)]
    if total == 1:
        title, *notes = told[0]
        return Section(title, notes=[*notes, *_times(captures, timed=timed)])
    sums = {name: sum(value or 0 for value in captures[name]) for name in COUNTED}
    title = f"{total:,} captures: {_counts(sums)}"
    notes = ["; ".join(lines) for lines in told if few or len(lines) > 1]
    not_ip = sum(count or 0 for count in captures["packets_not_ip"])
    if not notes:
        title += _nothing_lost(not_ip)
    if len(notes) > NOTES_SHOWN + 1:
        rest = len(notes) - NOTES_SHOWN
        notes[NOTES_SHOWN:] = [f"... and {rest:,} more with losses: see negoscope captures"]
    if notes and not_ip and not few:
        notes.append(_without_ip(not_ip))
    return Section(title, notes=[*_times(captures, timed=timed), *notes])


def _told(captures: Columns, at: int, *, alone: bool, few: bool) -> list[str]:
    """One input: its figures, then what is not as it should be; a single text if there is nothing."""
    name = visible(captures["capture"][at])
    error = captures["error"][at]
    if error is not None:
        return [name, f"not read: {visible(error)}"]
    lost = list(_losses(captures, at))
    figures = _counts({key: captures[key][at] for key in COUNTED})
    not_ip = captures["packets_not_ip"][at]
    told = [f"{name}: {figures}" + (_nothing_lost(not_ip) if alone and not lost else "")]
    by_scapy = captures["read_by_scapy"][at]
    if by_scapy:
        what = ", ".join(f"{key} {count}" for key, count in by_scapy.items())
        told.append(f"read through Scapy: packets of {visible(what)}")
    if lost:
        told.append(f"lost: {'; '.join(lost)}")
    if not_ip and few and (lost or not alone):  # of many it is told in sum: nearly each has some
        told.append(_without_ip(not_ip))
    return told


def _nothing_lost(not_ip: int) -> str:
    """What no loss is known of: of packets without IP nothing is known at all."""
    return f"; nothing lost of what is IP; {_without_ip(not_ip)}" if not_ip else "; nothing lost"


def _without_ip(count: int) -> str:
    """ARP and the like, but also whatever link layers carry that is not known here."""
    return f"{counted(count, 'packet')} without IP, not decoded"


def _counts(values: dict[str, Any]) -> str:
    return ", ".join(counted(values[f"{noun}s"], noun) for noun in NOUNS)


def _times(captures: Columns, *, timed: bool) -> Iterator[str]:
    """When the packets went by, and how long reading took."""
    first = [ts for ts in captures["first_ts"] if ts is not None]
    last = [ts for ts in captures["last_ts"] if ts is not None]
    seconds = sum(value or 0 for value in captures["seconds"])
    if first and last:
        began, ended = (iso_time(ts)[:19].replace("T", " ") for ts in (min(first), max(last)))
        until = "" if began == ended else f" to {ended.removeprefix(began[:11])}"
        yield f"{began}{until} UTC" + (f"; read in {seconds:.2f} s" if timed else "")


def _losses(captures: Columns, at: int) -> Iterator[str]:
    yield from map(visible, captures["lost"][at][:NOTES_SHOWN])
    if captures["tcp_bytes_missing"][at]:
        yield f"{counted(captures['tcp_bytes_missing'][at], 'byte')} missing in TCP streams"
    if captures["packets_undecoded"][at]:
        reasons = ", ".join(f"{k} {v}" for k, v in captures["undecoded_reasons"][at].items())
        yield f"{counted(captures['packets_undecoded'][at], 'packet')} not decoded ({visible(reasons)})"
    if captures["streams_evicted"][at]:
        yield f"{counted(captures['streams_evicted'][at], 'stream')} dropped to bound memory"
