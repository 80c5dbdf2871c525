"""The main job on one screen: what was read, what was lost, who chose what, what failed and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from analyzer.report.grid import GridColumn, render
from analyzer.tables.collect import Columns
from dissectors.visible import visible

ROWS_SHOWN = 12


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
    lines += [f"{count} negotiation{'s' * (count != 1)}: {', '.join(parts)}", ""]
    lines += [*_mechanisms(negotiations, room), ""]
    lines += [*_clients(negotiations, room), ""]
    failures = _reasons(negotiations, room)
    if failures:
        lines += [*failures, ""]
    return lines[:-1]


def _captures(captures: Columns) -> list[str]:
    lines = []
    total = len(captures["capture"])
    for at in range(min(total, ROWS_SHOWN)):
        name = visible(captures["capture"][at])
        error = captures["error"][at]
        if error is not None:
            lines.append(f"{name}: not read: {visible(error)}")
            continue
        words = [
            f"{captures['packets'][at]:,} packets",
            f"{captures['streams'][at]:,} streams",
            f"{captures['tokens'][at]:,} tokens",
            f"{captures['seconds'][at]:.2f} s",
        ]
        lines.append(f"{name}: {', '.join(words)}")
        lines.extend(f"  lost: {text}" for text in _losses(captures, at))
    if total > ROWS_SHOWN:
        packets = sum(value or 0 for value in captures["packets"])
        lines.append(f"... {total} captures, {packets:,} packets in all")
    return lines


def _losses(captures: Columns, at: int) -> list[str]:
    texts = [visible(text) for text in captures["lost"][at]]
    if captures["tcp_bytes_missing"][at]:
        texts.append(f"{captures['tcp_bytes_missing'][at]:,} bytes missing in TCP streams")
    if captures["truncated_packets"][at]:
        texts.append(f"{captures['truncated_packets'][at]:,} packets cut by the snap length")
    if captures["packets_undecoded"][at]:
        reasons = ", ".join(f"{k} {v}" for k, v in captures["undecoded_reasons"][at].items())
        texts.append(
            f"{captures['packets_undecoded'][at]:,} packets not decoded ({visible(reasons)})"
        )
    if captures["streams_evicted"][at]:
        texts.append(f"{captures['streams_evicted'][at]:,} streams dropped to bound memory")
    return texts[:ROWS_SHOWN]


def _mechanisms(negotiations: Columns, room: int | None) -> list[str]:
    """Carrier by mechanism, with outcomes."""
    counted: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    cells = zip(
        negotiations["carrier"],
        negotiations["mechanism"],
        negotiations["mechanism_detail"],
        negotiations["outcome"],
        strict=True,
    )
    for carrier, mechanism, detail, outcome in cells:
        counted[carrier, mechanism or "(nothing run)", detail or ""][outcome] += 1
    keys = sorted(counted, key=lambda key: (key[0], -counted[key].total()))
    return render(
        [
            GridColumn("carrier", [key[0] for key in keys]),
            GridColumn("mechanism", [visible(key[1]) for key in keys]),
            GridColumn("detail", [visible(key[2]) for key in keys], keep=2),
            *(
                GridColumn(name, [_number(counted[key][name]) for key in keys], right=True)
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
        lines.append(f"... and {len(clients) - ROWS_SHOWN} more clients")
    return lines


def _most(counter: Counter[str]) -> str:
    return visible(counter.most_common(1)[0][0]) if counter else ""


def _reasons(negotiations: Columns, room: int | None) -> list[str]:
    """Failures and other reasons, most frequent first, with an example to look at."""
    counted: Counter[tuple[Any, ...]] = Counter()
    example: dict[tuple[Any, ...], int] = {}
    cells = zip(
        negotiations["outcome"],
        negotiations["reason"],
        negotiations["reason_detail"],
        negotiations["negotiation_id"],
        strict=True,
    )
    for outcome, reason, detail, number in cells:
        if reason is None:
            continue
        counted[outcome, reason, detail] += 1
        example.setdefault((outcome, reason, detail), number)
    if not counted:
        return []
    order = {"failure": 0, "incomplete": 1, "success": 2}
    keys = sorted(counted, key=lambda key: (order[key[0]], -counted[key]))[:ROWS_SHOWN]
    lines = render(
        [
            GridColumn("count", [str(counted[key]) for key in keys], right=True),
            GridColumn("outcome", [key[0] for key in keys]),
            GridColumn("reason", [key[1] for key in keys]),
            GridColumn("in words", [visible(key[2] or "") for key in keys], keep=2),
            GridColumn("e.g. id", [str(example[key]) for key in keys], right=True),
        ],
        room,
    )
    if len(counted) > ROWS_SHOWN:
        lines.append(f"... and {len(counted) - ROWS_SHOWN} more")
    return lines
