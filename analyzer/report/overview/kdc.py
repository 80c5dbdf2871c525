"""What the clients asked of Kerberos KDCs, what they were refused, and which tickets are weak."""

from __future__ import annotations

from collections import Counter, defaultdict

from analyzer.negotiation.reasons import is_kdc_refusal, is_kdc_step
from analyzer.report.cells import counted
from analyzer.report.overview.section import Entry, Section
from analyzer.report.overview.tally import frequent, named, numbered, times
from analyzer.report.views import SHORT_DETAILS
from analyzer.tables.collect import Columns
from analyzer.tables.weakness import etype_weakness

ERRORS_SHOWN = 5
WEAK = {"des": "DES", "rc4": "RC4", "des3": "3DES"}
"""Weak kinds of encryption types, as people call them."""
STEPS = "steps"
"""Answers by which a KDC asks for one more round: nothing is wrong, and nothing granted."""
INCOMPLETE = {
    "none": "without an answer",
    "lost": "of which the answer is lost",
    "torn": "of which the answer's end is lost",
    "proxy": "of which the answer cannot be read",
}
"""What is told of requests that came to no known end, by what became of the answer."""
OPEN = "open"
"""Errors that are cut off before they show whether they are steps or refusals."""


def tickets(kdc: Columns) -> Section | None:
    """Requests by exchange, refusals with what was asked for, tickets by type; None without any."""
    total = len(kdc["exchange"])
    if not total:
        return None
    per_exchange: dict[str, Counter[str]] = defaultdict(Counter)
    refused: Counter[str] = Counter()
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    no_refusals: dict[str, Counter[str]] = {STEPS: Counter(), OPEN: Counter()}
    etypes: Counter[str] = Counter()
    weak: dict[str, Counter[str]] = defaultdict(Counter)
    logons: dict[str, Counter[str]] = defaultdict(Counter)
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
        "referral",
        "answer",
        "reply_cut",
    )
    rows = Counter(zip(*(kdc[name] for name in names), strict=True))
    for cells, count in rows.items():
        exchange, outcome, error, code, sname, cname, etype, key, http, referral, answer, cut = (
            cells
        )
        if exchange == "AS":
            logons[etype_weakness(key)][cname or "?"] += count
        means = answer if outcome == "incomplete" else outcome
        if is_kdc_step(code, referral):
            means = STEPS
        elif error is not None and not is_kdc_refusal(code, referral, cut=cut):
            means = OPEN
        per_exchange[exchange or "?"][means] += count
        if etype is not None:
            etypes[SHORT_DETAILS.get(etype, etype)] += count
            weak[etype_weakness(etype)][sname or "?"] += count
        said = error or (f"error {code}" if code is not None else None)
        if http is not None:
            said = f"HTTP {http} of the KDC proxy"
        if said is not None and means in no_refusals:
            no_refusals[means][said] += count
        elif said is not None:
            refused[said] += count
            whom = cname if exchange == "AS" else sname
            asked[said][whom or "?"] += count
    entries = [Entry(_line(name, per_exchange[name])) for name in sorted(per_exchange)]
    for said, count in refused.most_common()[:ERRORS_SHOWN]:
        entries.append(Entry(times(count, f"{named([said])}: {frequent(asked[said])}")))
    rest = Counter(dict(refused.most_common()[ERRORS_SHOWN:]))
    if rest:
        entries.append(Entry(f"also {numbered(rest, len(rest))}"))
    if etypes:
        told = _weak(weak)
        weakly = f"weak: {told}" if told else "none by DES, RC4 or 3DES"
        entries.append(Entry(f"tickets: {numbered(etypes, 6)}; {weakly}"))
    told = _weak(logons)
    if told:
        entries.append(Entry(f"logons by a weak key: {told}"))
    if no_refusals[STEPS]:
        entries.append(Entry(f"steps in the normal course: {numbered(no_refusals[STEPS], 4)}"))
    if no_refusals[OPEN]:
        cut_off = ", ".join(times(count, said) for said, count in no_refusals[OPEN].most_common())
        entries.append(Entry(f"which may refuse, or be steps: {cut_off}"))
    clients, servers = Counter(kdc["client"]), Counter(kdc["server"])
    who = f"{counted(len(clients), 'client')} to {frequent(servers)}"
    return Section(f"Kerberos KDC: {counted(total, 'request')} of {who}", entries=entries)


def _weak(by_kind: dict[str, Counter[str]]) -> str:
    """`RC4 for HTTP/web, 3DES for nfs/files`; "" where there is none."""
    return "; ".join(
        f"{name} for {frequent(by_kind[kind])}" for kind, name in WEAK.items() if by_kind[kind]
    )


def _line(exchange: str, outcomes: Counter[str]) -> str:
    meaning = {"AS": " (logon)", "TGS": " (service tickets)"}.get(exchange, "")
    parts = [counted(outcomes["success"], "ticket")]
    if outcomes["failure"]:
        parts.append(f"{outcomes['failure']:,} refused")
    if outcomes[STEPS]:
        parts.append(counted(outcomes[STEPS], "step"))
    if outcomes[OPEN]:
        parts.append(f"{counted(outcomes[OPEN], 'error')} cut off")
    parts += [f"{outcomes[how]:,} {words}" for how, words in INCOMPLETE.items() if outcomes[how]]
    return f"{exchange}{meaning}: {counted(outcomes.total(), 'request')}, {', '.join(parts)}"
