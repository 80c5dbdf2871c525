"""Who used what: carriers by mechanisms with outcomes, clients by mechanisms with their offers."""

from __future__ import annotations

from collections import Counter, defaultdict

from analyzer.report.cells import counted
from analyzer.report.grid import GridColumn
from analyzer.report.overview.section import Section
from analyzer.report.overview.tally import SHOWN
from analyzer.report.views import SHORT_DETAILS
from analyzer.tables.collect import Columns
from dissectors.visible import visible

ROWS_SHOWN = 12
MECHANISMS_SHOWN = 8
OUTCOMES = ("success", "failure", "incomplete")
NOTHING = "(nothing run)"


def headline(negotiations: Columns) -> str:
    """How many negotiations of whom, and how they ended."""
    outcomes = Counter(negotiations["outcome"])
    clients, servers = (len(set(negotiations[name])) for name in ("client", "server"))
    parts = [f"{outcomes[name]:,} {name}" for name in OUTCOMES if outcomes[name]]
    count = counted(len(negotiations["outcome"]), "negotiation")
    who = f"{counted(clients, 'client')} with {counted(servers, 'server')}"
    return f"{count} of {who}: {', '.join(parts)}"


def mechanisms(negotiations: Columns) -> Section:
    """Carrier by mechanism, with outcomes."""
    outcomes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    names = ("carrier", "mechanism", "mechanism_detail", "outcome")
    cells = Counter(zip(*(negotiations[name] for name in names), strict=True))
    for (carrier, mechanism, detail, outcome), count in cells.items():
        run = mechanism or NOTHING
        if detail:
            run += f" {SHORT_DETAILS.get(detail, detail)}"
        outcomes[carrier, run][outcome] += count
    by_carrier: Counter[str] = Counter()
    for (carrier, _), counts in outcomes.items():
        by_carrier[carrier] += counts.total()
    keys = sorted(outcomes, key=lambda key: -outcomes[key].total())
    shown = keys[:ROWS_SHOWN] if len(keys) > ROWS_SHOWN + 1 else keys
    shown.sort(key=lambda key: (-by_carrier[key[0]], key[0], -outcomes[key].total()))
    grid = [
        GridColumn("carrier", [visible(key[0]) for key in shown]),
        GridColumn("mechanism", [visible(key[1])[:SHOWN] for key in shown]),
        *(
            GridColumn(name, [_number(outcomes[key][name]) for key in shown], right=True)
            for name in OUTCOMES
        ),
    ]
    return Section("What was run", grid, notes=_more(len(keys) - len(shown), "combination"))


def clients(negotiations: Columns) -> Section:
    """Clients by mechanism run, and what they offered."""
    run: dict[str, Counter[str]] = defaultdict(Counter)
    offered: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    cells = zip(
        negotiations["client"],
        negotiations["mechanism"],
        negotiations["offered_mechs"],
        negotiations["scheme"],
        strict=True,
    )
    for client, mechanism, mechs, scheme in cells:
        run[client][mechanism or NOTHING] += 1
        total[mechanism or NOTHING] += 1
        offer = " > ".join(mechs) if mechs else scheme
        if offer:
            offered[client][offer] += 1
    columns = [name for name, _ in total.most_common()[:MECHANISMS_SHOWN]]
    keys = sorted(run, key=lambda client: -run[client].total())
    shown = keys[:ROWS_SHOWN] if len(keys) > ROWS_SHOWN + 1 else keys
    grid = [GridColumn("client", [visible(client) for client in shown])]
    grid += [
        GridColumn(visible(name), [_number(run[client][name]) for client in shown], right=True)
        for name in columns
    ]
    if len(total) > len(columns):
        rest = [run[client].total() - sum(run[client][n] for n in columns) for client in shown]
        grid.append(GridColumn("other", list(map(_number, rest)), right=True))
    grid.append(GridColumn("offers", [_offers(offered[client]) for client in shown], keep=2))
    notes = _more(len(keys) - len(shown), "client")
    return Section("Which client ran what, in negotiations", grid, notes=notes)


def _offers(counter: Counter[str]) -> str:
    """The most frequent offer, and how many others there are: other lists, or the same in another order."""
    if not counter:
        return ""
    most = visible(counter.most_common()[0][0])[:SHOWN]
    others = len(counter) - 1
    return f"{most}; {counted(others, 'other offer')}" if others else most


def _number(value: int) -> str:
    return f"{value:,}" if value else "·"


def _more(rest: int, noun: str) -> list[str]:
    return [f"... and {counted(rest, f'more {noun}')}"] if rest > 0 else []
