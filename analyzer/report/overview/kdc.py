"""What the clients asked of Kerberos KDCs, what they were refused, and which tickets are weak."""

from __future__ import annotations

from collections import Counter, defaultdict

from analyzer.report.cells import counted
from analyzer.report.overview.section import Entry, Section
from analyzer.report.overview.tally import frequent, named, numbered, times
from analyzer.report.views import SHORT_DETAILS
from analyzer.tables.collect import Columns
from analyzer.tables.weakness import etype_weakness

ERRORS_SHOWN = 5
ROUTINE = frozenset({"KDC_ERR_PREAUTH_REQUIRED", "KRB_ERR_RESPONSE_TOO_BIG"})
"""Answers by which a KDC asks for one more round: nothing is wrong."""


def tickets(kdc: Columns) -> Section | None:
    """Requests by exchange, errors with what was asked for, tickets by type; None without any."""
    total = len(kdc["exchange"])
    if not total:
        return None
    per_exchange: dict[str, Counter[str]] = defaultdict(Counter)
    errors: Counter[str] = Counter()
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    routine: Counter[str] = Counter()
    etypes: Counter[str] = Counter()
    weak: Counter[str] = Counter()
    logons: Counter[str] = Counter()
    names = (
        "exchange",
        "outcome",
        "error",
        "error_code",
        "sname",
        "cname",
        "ticket_etype",
        "reply_etype",
        "proxy_status",
    )
    rows = Counter(zip(*(kdc[name] for name in names), strict=True))
    for (exchange, outcome, error, code, sname, cname, etype, key, http), count in rows.items():
        if exchange == "AS" and etype_weakness(key) != "kerberos":
            logons[cname or "?"] += count
        per_exchange[exchange or "?"][outcome] += count
        if etype is not None:
            etypes[SHORT_DETAILS.get(etype, etype)] += count
            if etype_weakness(etype) != "kerberos":
                weak[sname or "?"] += count
        said = error or (f"error {code}" if code is not None else None)
        if http is not None:
            said = f"HTTP {http} of the KDC proxy"
        if said in ROUTINE:
            routine[said] += count
        elif said is not None:
            errors[said] += count
            whom = cname if exchange == "AS" else sname
            asked[said][whom or "?"] += count
    entries = [Entry(_line(name, per_exchange[name])) for name in sorted(per_exchange)]
    for said, count in errors.most_common(ERRORS_SHOWN):
        entries.append(Entry(times(count, f"{named([said])}: {frequent(asked[said])}")))
    rest = Counter(dict(errors.most_common()[ERRORS_SHOWN:]))
    if rest:
        entries.append(Entry(f"also {numbered(rest, len(rest))}"))
    if etypes:
        weakly = f"; by RC4 or DES for {frequent(weak)}" if weak else "; none by RC4 or DES"
        entries.append(Entry(f"tickets: {numbered(etypes, 6)}{weakly}"))
    if logons:
        entries.append(Entry(f"logons by an RC4 or DES key: {frequent(logons)}"))
    if routine:
        entries.append(Entry(f"in the normal course: {numbered(routine, 4)}"))
    clients, servers = Counter(kdc["client"]), Counter(kdc["server"])
    who = f"{counted(len(clients), 'client')} to {frequent(servers)}"
    return Section(f"Kerberos KDC: {counted(total, 'request')} of {who}", entries=entries)


def _line(exchange: str, outcomes: Counter[str]) -> str:
    meaning = {"AS": " (logon)", "TGS": " (service tickets)"}.get(exchange, "")
    parts = [counted(outcomes["success"], "ticket")]
    if outcomes["failure"]:
        parts.append(counted(outcomes["failure"], "error"))
    if outcomes["incomplete"]:
        parts.append(f"{outcomes['incomplete']:,} without a whole answer")
    return f"{exchange}{meaning}: {counted(outcomes.total(), 'request')}, {', '.join(parts)}"
