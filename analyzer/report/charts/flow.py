"""How offers become outcomes: offered, selected, used, outcome, with bands as wide as they are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from analyzer.report.charts.palette import OUTCOME_COLOUR, SERIES, SIGN
from analyzer.report.drawing import FAINT, Drawing

WIDTH = 760
NODE = 12
TALL = 220
GAP = 18
HEAD = 26
LABELS = 140  # pixels right of the last column
SHOWN = 7  # names in a column; others are counted together
OTHERS = "(others)"
NONE = "(none)"


def flow_svg(stages: Sequence[str], ways: Mapping[tuple[str, ...], int]) -> str:
    """Draw `ways`: how many went through which name of each of the `stages`."""
    ways = _fewer(ways, len(stages))
    columns = [_sums(ways, at) for at in range(len(stages))]
    total = sum(ways.values()) or 1
    scale = TALL / total
    most = max(map(len, columns), default=0)
    drawing = Drawing(WIDTH, HEAD + TALL + GAP * most + 4, _told(stages, ways))
    lefts = [at * (WIDTH - NODE - LABELS) / max(1, len(stages) - 1) for at in range(len(stages))]
    tops = [_tops(column, scale) for column in columns]
    for at in range(len(stages) - 1):
        _bands(drawing, ways, at, lefts, tops, scale)
    for at, (stage, column) in enumerate(zip(stages, columns, strict=True)):
        drawing.text(lefts[at], 14, stage, opacity=FAINT, font_weight="bold")
        for name, count in column.items():
            _node(drawing, stage, name, count, lefts[at], tops[at][name], count * scale)
    return drawing.svg()


def _node(
    drawing: Drawing, stage: str, name: str, count: int, left: float, top: float, tall: float
) -> None:
    group = drawing.group(f"{stage} {name}: {count:,}")
    drawing.box(
        left, top, NODE, max(tall, 1.5), group, fill=OUTCOME_COLOUR.get(name, "currentColor")
    )
    sign = f"{SIGN[name]} " if name in SIGN else ""
    base = top + max(min(tall / 2 + 4, tall), 9)
    drawing.text(left + NODE + 5, base, f"{sign}{name} {count:,}", group, room=200)


def _bands(
    drawing: Drawing,
    ways: Mapping[tuple[str, ...], int],
    at: int,
    lefts: Sequence[float],
    tops: Sequence[Mapping[str, float]],
    scale: float,
) -> None:
    """From one column to the next; bands leave and arrive in the order of the names."""
    pairs: Counter[tuple[str, str]] = Counter()
    for way, count in ways.items():
        pairs[way[at], way[at + 1]] += count
    leaves, arrives = dict(tops[at]), dict(tops[at + 1])
    order = {name: place for place, name in enumerate(tops[at])}
    following = {name: place for place, name in enumerate(tops[at + 1])}
    start, end = lefts[at] + NODE, lefts[at + 1]
    bend = (start + end) / 2
    for (before, after), count in sorted(
        pairs.items(), key=lambda pair: (order[pair[0][0]], following[pair[0][1]])
    ):
        tall = count * scale
        first, second = leaves[before], arrives[after]
        leaves[before] += tall
        arrives[after] += tall
        group = drawing.group(f"{before} → {after}: {count:,}")
        colour = OUTCOME_COLOUR.get(after, SERIES[order[before] % len(SERIES)])
        path = (
            f"M{start:.1f},{first:.1f}C{bend:.1f},{first:.1f} {bend:.1f},{second:.1f} {end:.1f},{second:.1f}"
            f"V{second + tall:.1f}C{bend:.1f},{second + tall:.1f} {bend:.1f},{first + tall:.1f} "
            f"{start:.1f},{first + tall:.1f}Z"
        )
        drawing.shape("path", group, d=path, fill=colour, fill_opacity="0.35")


def _tops(column: Mapping[str, int], scale: float) -> dict[str, float]:
    """Where each node begins."""
    made, top = {}, float(HEAD)
    for name, count in column.items():
        made[name] = top
        top += count * scale + GAP
    return made


def _sums(ways: Mapping[tuple[str, ...], int], at: int) -> dict[str, int]:
    """Names of a column with their counts, most frequent first, what is none of them last."""
    counts: Counter[str] = Counter()
    for way, count in ways.items():
        counts[way[at]] += count
    return dict(
        sorted(counts.items(), key=lambda item: (item[0] in {OTHERS, NONE}, -item[1], item[0]))
    )


def _fewer(ways: Mapping[tuple[str, ...], int], stages: int) -> dict[tuple[str, ...], int]:
    """Ways with rare names counted together."""
    kept = [set(list(_sums(ways, at))[:SHOWN]) | {NONE} for at in range(stages)]
    made: Counter[tuple[str, ...]] = Counter()
    for way, count in ways.items():
        made[tuple(name if name in kept[at] else OTHERS for at, name in enumerate(way))] += count
    return dict(made)


def _told(stages: Sequence[str], ways: Mapping[tuple[str, ...], int]) -> str:
    ranked = sorted(ways.items(), key=lambda item: -item[1])[:12]
    listed = "; ".join(f"{' → '.join(way)}: {count:,}" for way, count in ranked)
    return f"{' → '.join(stages)}. {listed}"
