"""Why NTLM was run, what failed, and what else there is to say of successes: reasons with their remedies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from analyzer.negotiation.reasons import ALSO, REASONS
from analyzer.negotiation.reasons.fallbacks import REFUSAL_NOT_SEEN
from analyzer.report.cells import counted
from analyzer.report.overview.section import GLUE, Entry, Section
from analyzer.report.overview.tally import frequent, numbered, times
from analyzer.tables.collect import Columns

ENTRIES_SHOWN = 5
CONFIDENCE = ("certain", "likely", "possible")
ERROR_IN_DETAIL = frozenset({"kdc_error", "kerberos_refused"})
"""Reasons that stand for many errors: which it is, the detail says first in its brackets."""
NOTHING_SAID = frozenset({"connection_closed"})
"""Reasons of a negotiation whose last status, if it has one, only asked to go on."""
_NAMED = re.compile(
    r"(?:negotiation \d+: (?:\w+, )?)?"  # the one that failed, by its reason
    r"([A-Z]+_\w+(?:, STATUS_\w+)?|HTTP \d+|unknown\(\d+\))"
)
_CELLS = (
    "negotiation_id",
    "mechanism",
    "mechanism_detail",
    "outcome",
    "reason",
    "reason_detail",
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
        self.errors: Counter[str] = Counter()


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
            if why is not None and why == reason:  # what it says is no answer to this question
                _add(cut, _beside(row["reason_detail"]), row, None)
            else:
                _add(cut, reason or "", row, row["confidence"])
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
    said = [] if code in NOTHING_SAID else [row["status"]]
    if row["mechanism"] == "kerberos" and (row["gss_status"] or "").startswith("K"):
        said.append(row["gss_status"])
    group.said.update(text for text in said if text)
    error = _error(code, row["reason_detail"] or "") if code in ERROR_IN_DETAIL else None
    if error is not None:
        group.errors[error] += 1


def _beside(detail: str) -> str:
    """Code of the reason that stands beside the one that counts; "" for none."""
    other = detail.partition(ALSO)[2]
    if other.startswith(REFUSAL_NOT_SEEN):
        return "kerberos_refused"
    for code, entry in REASONS.items():
        if other == entry.sentence or other.startswith(f"{entry.sentence} ("):
            return code
    return ""


def _error(code: str, detail: str) -> str | None:
    """What the detail names behind the sentence of a reason that says no more than that there is an error."""
    found = _NAMED.match(detail.partition(f"{REASONS[code].sentence} (")[2])
    return found[1] if found else None


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
        (*_who(group, told=told), *_errors(group, told=told), ("do", entry.remedy)),
    )


def _errors(group: _Group, *, told: str) -> Iterator[tuple[str, str]]:
    """By what the KDC or the server refused, where neither the reason nor what was said tells it."""
    shown = group.said if "said" in told else ()
    errors = Counter(
        {name: n for name, n in group.errors.items() if name.removeprefix("HTTP ") not in shown}
    )
    if errors:
        yield "error", frequent(errors)


def _who(group: _Group, *, told: str) -> Iterator[tuple[str, str]]:
    """Who met it where, what was said, and one to look at."""
    text = f"{frequent(group.clients, 2)} → {frequent(group.services)}"
    if "as" in told and group.users:
        text += f" as {frequent(group.users)}"
    if "said" in told and group.said:
        text += f"; said: {frequent(group.said)}"
    yield "who", f"{text} (e.g.{GLUE}negotiation{GLUE}{group.example})"
