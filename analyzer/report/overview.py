"""The main job on one screen: what was read, what was lost, who chose what, what failed and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from analyzer.negotiation.reasons import REASONS
from analyzer.report.cells import counted
from analyzer.report.grid import GridColumn, render
from analyzer.tables.collect import Columns
from dissectors.visible import visible

ROWS_SHOWN = 12
REASONS_SHOWN = 20
LISTED = 4  # captures that are shown one by one
NOUNS = ("packet", "stream", "token")
COUNTED = (*(f"{noun}s" for noun in NOUNS), "seconds")


def overview(tables: dict[str, Columns], room: int | None) -> list[str]:
    """Lines of the summary screen, at most `room` cells wide."""
    negotiations = tables["negotiations"]
    lines = [*_captures(tables["captures"]), ""]
    count = len(negotiations["capture"])
    if not count:
        return [*lines, "No negotiation was found in what could be read."]
    outcomes = Counter(negotiations["outcome"])
    parts = [
        f"{outcomes[name]} {name}"
        for name in ("success", "failure", "incomplete")
        if outcomes[name]
    ]
    lines += [f"{counted(count, 'negotiation')}: {', '.join(parts)}", ""]
    lines += [*_mechanisms(negotiations, room), ""]
    lines += [*_clients(negotiations, room), ""]
    failures = _reasons(negotiations, room)
    if failures:
        lines += [*failures, ""]
    return lines[:-1]


def _captures(captures: Columns) -> list[str]:
    """What was read: each input if they are few, else their sum; every loss in any case."""
    total = len(captures["capture"])
    lines = []
    if total > LISTED:
        sums = {name: sum(value or 0 for value in captures[name]) for name in COUNTED}
        lines.append(f"{total} captures: {_counts(sums)}")
    for at in range(total):
        name = visible(captures["capture"][at])
        error = captures["error"][at]
        if error is not None:
            lines.append(f"{name}: not read: {visible(error)}")
            continue
        losses = _losses(captures, at)
        by_scapy = captures["read_by_scapy"][at]
        if total <= LISTED:
            lines.append(f"{name}: {_counts({key: captures[key][at] for key in COUNTED})}")
        elif losses or by_scapy:
            lines.append(f"{name}:")
        if by_scapy:
            what = ", ".join(f"{key} {count}" for key, count in by_scapy.items())
            lines.append(f"  read through Scapy: packets of {visible(what)}")
        lines.extend(f"  lost: {text}" for text in losses)
    if len(lines) > ROWS_SHOWN + 1:
        lines[ROWS_SHOWN:] = [
            f"... and {counted(len(lines) - ROWS_SHOWN, 'more line')}; see the table `captures`"
        ]
    return lines


def _counts(values: dict[str, Any]) -> str:
    packets, streams, tokens = (counted(values[f"{noun}s"], noun) for noun in NOUNS)
    return f"{packets}, {streams}, {tokens}, {values['seconds']:.2f} s"


def _losses(captures: Columns, at: int) -> list[str]:
    texts = [visible(text) for text in captures["lost"][at]]
    if captures["tcp_bytes_missing"][at]:
        texts.append(f"{counted(captures['tcp_bytes_missing'][at], 'byte')} missing in TCP streams")
    if captures["packets_undecoded"][at]:
        reasons = ", ".join(f"{k} {v}" for k, v in captures["undecoded_reasons"][at].items())
        texts.append(
            f"{counted(captures['packets_undecoded'][at], 'packet')} not decoded ({visible(reasons)})"
        )
    if captures["streams_evicted"][at]:
        texts.append(
            f"{counted(captures['streams_evicted'][at], 'stream')} dropped to bound memory"
        )
    return texts[:ROWS_SHOWN]


def _mechanisms(negotiations: Columns, room: int | None) -> list[str]:
    """Carrier by mechanism, with outcomes."""
    outcomes: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    cells = zip(
        negotiations["carrier"],
        negotiations["mechanism"],
        negotiations["mechanism_detail"],
        negotiations["outcome"],
        strict=True,
    )
    for carrier, mechanism, detail, outcome in cells:
        outcomes[carrier, mechanism or "(nothing run)", detail or ""][outcome] += 1
    keys = sorted(outcomes, key=lambda key: (key[0], -outcomes[key].total()))
    return render(
        [
            GridColumn("carrier", [key[0] for key in keys]),
            GridColumn("mechanism", [visible(key[1]) for key in keys]),
            GridColumn("detail", [visible(key[2]) for key in keys], keep=2),
            *(
                GridColumn(name, [_number(outcomes[key][name]) for key in keys], right=True)
                for name in ("success", "failure", "incomplete")
            ),
        ],
        room,
    )


def _number(value: int) -> str:
    return str(value) if value else "·"


def _clients(negotiations: Columns, room: int | None) -> list[str]:
    """Clients by mechanism run, and what they offered."""
    run: dict[str, Counter[str]] = defaultdict(Counter)
    offered: dict[str, Counter[str]] = defaultdict(Counter)
    cells = zip(
        negotiations["client"],
        negotiations["mechanism"],
        negotiations["offered_mechs"],
        negotiations["scheme"],
        strict=True,
    )
    for client, mechanism, mechs, scheme in cells:
        run[client][mechanism or "nothing"] += 1
        offer = " > ".join(mechs) if mechs else scheme
        if offer:
            offered[client][offer] += 1
    mechanisms = [name for name, _ in sum(run.values(), Counter()).most_common(8)]
    clients = sorted(run, key=lambda client: -run[client].total())
    shown = clients[:ROWS_SHOWN]
    columns = [GridColumn("client", shown)]
    columns += [
        GridColumn(visible(name), [_number(run[client][name]) for client in shown], right=True)
        for name in mechanisms
    ]
    most = [_most(offered[client]) for client in shown]
    columns.append(GridColumn("mostly offers", most, keep=2))
    lines = render(columns, room)
    if len(clients) > ROWS_SHOWN:
        lines.append(f"... and {counted(len(clients) - ROWS_SHOWN, 'more client')}")
    return lines


def _most(counter: Counter[str]) -> str:
    return visible(counter.most_common(1)[0][0]) if counter else ""


def _reasons(negotiations: Columns, room: int | None) -> list[str]:
    """Failures and other reasons, most frequent first, with an example to look at."""
    numbers: Counter[tuple[str, str]] = Counter()
    said: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    example: dict[tuple[str, str], int] = {}
    cells = zip(
        negotiations["outcome"],
        negotiations["reason"],
        negotiations["status"],
        negotiations["negotiation_id"],
        strict=True,
    )
    for outcome, reason, status, number in cells:
        if reason is None:
            continue
        key = outcome, reason
        numbers[key] += 1
        said[key][status or ""] += 1
        example.setdefault(key, number)
    if not numbers:
        return []
    order = {"failure": 0, "incomplete": 1, "success": 2}
    keys = sorted(numbers, key=lambda key: (order[key[0]], -numbers[key]))[:REASONS_SHOWN]
    lines = render(
        [
            GridColumn("count", [str(numbers[key]) for key in keys], right=True),
            GridColumn("outcome", [key[0] for key in keys]),
            GridColumn("reason", [key[1] for key in keys]),
            GridColumn("in words", [REASONS[key[1]].sentence for key in keys], keep=2),
            GridColumn("said", [_statuses(said[key]) for key in keys], keep=3),
            GridColumn("e.g. id", [str(example[key]) for key in keys], right=True),
        ],
        room,
    )
    if len(numbers) > REASONS_SHOWN:
        lines.append(f"... and {len(numbers) - REASONS_SHOWN} more")
    return lines


def _statuses(counter: Counter[str]) -> str:
    return visible(", ".join(name for name, _ in counter.most_common() if name))
