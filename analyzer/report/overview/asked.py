"""Clients that a web server or proxy asked for credentials and that sent it none, in the whole capture.

A 401 is how every HTTP client finds out what a server takes, and many leave with it; so such a visit is no
negotiation. Where a KDC refused the client a ticket for a web service, that is told beside it.

Spec: RFC 9110 11.6.1, RFC 4559 4.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from analyzer.negotiation.reasons import is_kdc_refusal
from analyzer.report.cells import counted
from analyzer.report.overview.section import Entry, Section
from analyzer.report.overview.tally import frequent, named
from analyzer.tables.collect import Columns
from dissectors.visible import visible

CARRIERS = frozenset({"http", "http-proxy"})
SHOWN = 5


def unanswered(negotiations: Columns, offers: Columns, kdc: Columns) -> Section | None:
    """One entry for each client and server whose challenges stayed without credentials; None without any."""
    ends = ("client", "server", "carrier")
    answered = set(zip(*(negotiations[name] for name in ends), strict=True))
    listed: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    rows = zip(*(offers[name] for name in (*ends, "by", "mech")), strict=True)
    for client, server, carrier, by, scheme in rows:
        ask = client, server, carrier
        if by == "server" and carrier in CARRIERS and ask not in answered:
            listed[ask][scheme] += 1
    if not listed:
        return None
    refused = _refused(kdc)
    # those that a KDC explains first
    asks = sorted(listed, key=lambda ask: ask[0] not in refused)
    entries = []
    for ask in asks[:SHOWN]:
        client, server, carrier = ask
        head = (
            f"{visible(client)} at {visible(server)} ({carrier}), asked for {frequent(listed[ask])}"
        )
        said = refused.get(client)
        kdc_said = (("a KDC refused it", named(said)),) if said else ()
        entries.append(Entry(head, kdc_said))
    if len(asks) > SHOWN:
        entries.append(Entry(f"and {len(asks) - SHOWN:,} more"))
    who = counted(len({client for client, _, _ in asks}), "client")
    return Section(f"Asked for credentials over HTTP and sent none: {who}", entries=entries)


def _refused(kdc: Columns) -> dict[str, list[str]]:
    """Client -> tickets for web services that a KDC refused it, each with the error, without doubles."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    names = ("client", "exchange", "sname", "error", "error_code", "referral", "reply_cut")
    for client, exchange, sname, error, code, referral, cut in zip(
        *(kdc[name] for name in names), strict=True
    ):
        if exchange != "TGS" or error is None or sname is None:
            continue
        if not is_kdc_refusal(code, referral, cut=cut):
            continue
        if sname.lower().startswith("http/"):
            found[client][f"{sname} ({error})"] = None
    return {client: list(said) for client, said in found.items()}
