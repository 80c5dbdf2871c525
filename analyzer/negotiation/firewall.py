"""What a server means that says a firewall for authentication forbids a logon.

Windows gives the status for selective authentication over a trust. Samba gives it to a user of a domain that
it is told to ignore too, which needs no trust.

Spec: MS-ERREF 2.3.1 (STATUS_AUTHENTICATION_FIREWALL_FAILED), MS-NLMP 2.2.2.1.
"""

from __future__ import annotations

from analyzer.negotiation.cause import Cause
from analyzer.negotiation.model import Negotiation


def firewall_cause(negotiation: Negotiation, words: str) -> Cause:
    """`words` is the status; no trust lies between a user and a server of one domain."""
    if not _of_one_domain(negotiation):
        return Cause("selective_authentication", "likely", words)
    words += (
        f"; but {negotiation.domain} is the server's own domain, to which no trust leads: "
        "a policy or setting of the server fits better"
    )
    return Cause("selective_authentication", "possible", words)


def _of_one_domain(negotiation: Negotiation) -> bool:
    """The user's domain is the one that the server's CHALLENGE names as its own."""
    server, domain = negotiation.ntlm_server, (negotiation.domain or "").lower()
    if server is None or not domain:
        return False
    return domain in {(name or "").lower() for name in (server.nb_domain, server.dns_domain)}
