"""Why NTLM was run, what failed, and what else there is to say of successes: reasons with their remedies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from analyzer.negotiation.reasons import REASONS
from analyzer.report.cells import counted
from analyzer.report.overview.section import GLUE, Entry, Section
from analyzer.report.overview.tally import frequent, numbered, times
from analyzer.tables.collect import Columns

ENTRIES_SHOWN = 5
CONFIDENCE = ("certain", "likely", "possible")
_CELLS = (
    "negotiation_id",
    "mechanism",
    "mechanism_detail",
    "outcome",
    "reason",
    "confidence",
    "fallback_reason",
    "fallback_confidence",
    "client",
    "server",
    "server_name",
    "spn",
    "user",
    "domain",
    "status",
    "gss_status",
)


class _Group:
    """All negotiations with one reason."""

    def __init__(self) -> None:
        self.count = 0
        self.example = 0
        self.confidence: Counter[str] = Counter()
        self.clients: Counter[str] = Counter()
        self.services: Counter[str] = Counter()
        self.users: Counter[str] = Counter()
        self.said: Counter[str] = Counter()


def reasons(negotiations: Columns) -> list[Section]:
    """The sections that have something to say, in the order in which they matter."""
    ntlm: dict[str, _Group] = {}
    failed: dict[str, _Group] = {}
    flawed: dict[str, _Group] = {}
    cut: dict[str, _Group] = {}
    run_ntlm = unexplained = 0
    for cells in zip(*(negotiations[name] for name in _CELLS), strict=True):
        row = dict(zip(_CELLS, cells, strict=True))
        reason = row["reason"]
        why = None
        if row["mechanism"] == "ntlm" and row["mechanism_detail"] != "anonymous":
            run_ntlm += 1
            why = row["fallback_reason"]
            if why is None:
                unexplained += 1
            else:
                _add(ntlm, why, row, row["fallback_confidence"])
        if row["outcome"] == "failure":
            _add(failed, reason or "", row, row["confidence"])
        elif row["outcome"] == "incomplete":
            told = why is not None and why == reason  # what it says is no answer to this question
            _add(cut, "" if told else reason or "", row, row["confidence"])
        elif reason is not None and why != reason:
            _add(flawed, reason, row, row["confidence"])
    made = []
    if ntlm:
        title = f"Why NTLM and not Kerberos: {counted(run_ntlm, 'negotiation')}"
        rest = [times(unexplained, "nothing in the capture shows why")] if unexplained else []
        made.append(_section(title, ntlm, rest, told=""))
    for title, groups, told in (
        ("What failed", failed, "as, said"),
        ("What succeeded with a flaw", flawed, "as"),
        ("What has no verdict in the capture", cut, ""),
    ):
        if groups:
            total = sum(group.count for group in groups.values())
            made.append(
                _section(f"{title}: {counted(total, 'negotiation')}", groups, [], told=told)
            )
    return made


def _add(groups: dict[str, _Group], code: str, row: dict[str, Any], confidence: str | None) -> None:
    group = groups.get(code)
    if group is None:
        group = groups[code] = _Group()
        group.example = row["negotiation_id"]
    group.count += 1
    if confidence is not None:
        group.confidence[confidence] += 1
    group.clients[row["client"]] += 1
    group.services[row["spn"] or row["server_name"] or row["server"]] += 1
    if row["user"]:
        domain = row["domain"]
        group.users[f"{domain}\\{row['user']}" if domain else row["user"]] += 1
    said = [row["status"]]
    if row["mechanism"] == "kerberos" and (row["gss_status"] or "").startswith("K"):
        said.append(row["gss_status"])
    group.said.update(text for text in said if text)


def _section(title: str, groups: dict[str, _Group], notes: list[str], *, told: str) -> Section:
    codes = sorted(groups, key=lambda code: -groups[code].count)
    shown = codes[:ENTRIES_SHOWN] if len(codes) > ENTRIES_SHOWN + 1 else codes
    rest = Counter({code or "(no reason)": groups[code].count for code in codes[len(shown) :]})
    if rest:
        notes = [f"also {numbered(rest, len(rest))}", *notes]
    return Section(
        title, entries=[_entry(code, groups[code], told=told) for code in shown], notes=notes
    )


def _entry(code: str, group: _Group, *, told: str) -> Entry:
    if not code:
        return Entry(times(group.count, "nothing shows why"), tuple(_who(group, told=told)))
    entry = REASONS[code]
    sure = [word for word in CONFIDENCE if group.confidence[word]]
    how = f" ({' to '.join(dict.fromkeys((sure[0], sure[-1])))})" if sure else ""
    return Entry(
        times(group.count, f"{entry.sentence}: {code}{how}"),
        (*_who(group, told=told), ("do", entry.remedy)),
    )


def _who(group: _Group, *, told: str) -> Iterator[tuple[str, str]]:
    """Who met it where, what was said, and one to look at."""
    text = f"{frequent(group.clients, 2)} → {frequent(group.services)}"
    if "as" in told and group.users:
        text += f" as {frequent(group.users)}"
    if "said" in told and group.said:
        text += f"; said: {frequent(group.said)}"
    yield "who", f"{text} (e.g.{GLUE}negotiation{GLUE}{group.example})"
