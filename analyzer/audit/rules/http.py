"""HTTP authentication outside TLS, and what servers offer there.

Spec: RFC 9110 11, RFC 4559 6, MS-NTHT.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, by_offerer, by_server, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_HTTP = {"http", "http-proxy"}


@rule(
    "NGS-HTTP-001",
    "medium",
    "NTLM over clear HTTP",
    means="Answers can be recorded and relayed, and the connection that NTLM has opened can be "
    "taken over.",
    remedy="Serve it over TLS with Extended Protection, and take Kerberos only.",
    references=("ATT&CK T1040", "ATT&CK T1557.001", "RFC 4559 6"),
)
def ntlm_in_the_clear(row: Any) -> Iterator[Hit]:
    """An NTLM answer in HTTP outside TLS."""
    if row.mechanism == "ntlm" and row.carrier in _HTTP and not row.tls and row.mechanism_detail:
        why = f"{row.client} answered {place(row)} by NTLM outside TLS"
        if row.protection in {"seal", "sign"}:
            how = "sealed" if row.protection == "seal" else "signed"
            why += f"; the content that follows is {how} by NTLM itself"
        yield by_client(row, why)


@rule(
    "NGS-HTTP-002",
    "low",
    "Basic offered over clear HTTP",
    means="A client without ticket, or one that takes the first that is offered, sends its "
    "password in the clear.",
    remedy="Offer Basic inside TLS only, or not at all.",
    references=("ATT&CK T1040", "RFC 7617 4"),
    table=None,
)
def basic_offered(facts: Facts) -> Iterator[Hit]:
    """A 401 or 407 outside TLS names Basic; for several realms in one answer it is told once."""
    told: set[tuple[str, int, int]] = set()
    for offer in facts.rows("offers", "carrier", _HTTP):
        if offer.by != "server" or offer.mech.lower() != "basic":
            continue
        message = offer.capture, offer.stream_id, offer.frame
        if message not in told:
            told.add(message)
            if offer.tls:
                continue
            why = f"{offer.server} offers {offer.client} Basic over {offer.carrier}"
            yield by_offerer(offer, why, "likely" if offer.tls is None else "certain")


@rule(
    "NGS-HTTP-003",
    "info",
    "Kerberos over clear HTTP",
    means="The ticket proves who asks, but page, cookies and answer are neither secret nor "
    "protected.",
    remedy="Serve it over TLS.",
    references=("RFC 4559 6", "ATT&CK T1040"),
)
def kerberos_in_the_clear(row: Any) -> Iterator[Hit]:
    """A logon by Kerberos in HTTP outside TLS, whose content Kerberos does not protect (as WinRM does)."""
    if (
        row.mechanism == "kerberos"
        and row.carrier in _HTTP
        and not row.tls
        and row.outcome == "success"
        and row.protection not in {"sign", "seal", "tls"}
    ):
        # a bare 403 may come before anybody looks at the ticket (Apache's SSLRequireSSL)
        bare = row.reason == "access_denied" and row.confidence != "certain"
        why = f"{row.server} let {row.client} in by Kerberos outside TLS"
        yield by_server(row, why, "likely" if bare else "certain")
