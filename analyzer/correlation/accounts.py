"""Why NTLM, by whose account it is and where the two machines belong.

A local account has no Kerberos principal; a machine outside the domain has no key at the KDC.

Spec: MS-NLMP 2.2.1.2, 2.2.1.3, 2.2.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex
from analyzer.correlation.services import account_of
from analyzer.negotiation.model import KeyFrames, Negotiation, NtlmServer

NO_DOMAIN = frozenset({"workgroup", "mshome"})
"""Names of workgroups that Windows gives by itself."""


def account_findings(
    negotiation: Negotiation, frames: KeyFrames, index: KdcIndex
) -> Iterator[Finding]:
    """The account is local, or the server or the client is in no domain."""
    server = negotiation.ntlm_server
    domain = _lower(negotiation.domain)
    outside = server is not None and _in_no_domain(server, domain)
    if frames.proof is not None and account_of(negotiation.user) is not None:
        local = _local(negotiation, frames.proof, domain, server, outside=outside)
        if local is not None:
            yield local
        if server is not None and not outside and server.target_type == "domain":
            apart = _client_outside(negotiation, frames.proof, domain, index)
            if apart is not None:
                yield apart
    if server is not None and outside:
        name = server.nb_computer or server.target_name
        yield Finding("server_not_in_domain", "likely", (server.frame,), name or "")


def _local(
    negotiation: Negotiation, proof: int, domain: str, server: NtlmServer | None, *, outside: bool
) -> Finding | None:
    if domain == ".":
        return Finding("local_account", "likely", (proof,), "the domain is `.`")
    if not domain or server is None:
        return None
    evidence = (server.frame, proof)
    if domain == computer_of(server) and (outside or _not_its_domain(server, domain)):
        return Finding("local_account", "likely", evidence, f"of the server {negotiation.domain}")
    if outside and domain == _lower(negotiation.workstation):
        return Finding("local_account", "likely", evidence, f"of the client {negotiation.domain}")
    return None


def _not_its_domain(server: NtlmServer, domain: str) -> bool:
    """The server is in another domain, or says none; one that is cut off may be that one."""
    return domain != (server.nb_domain or "").lower() and bool(server.nb_domain or server.whole)


def _client_outside(
    negotiation: Negotiation, proof: int, domain: str, index: KdcIndex
) -> Finding | None:
    if negotiation.stream.client in index.clients or not domain:
        return None
    own = domain == _lower(negotiation.workstation)
    if own or domain in NO_DOMAIN:
        words = f"its domain is {negotiation.domain}"
        return Finding("client_not_in_domain", "possible", (proof,), words)
    return None


def computer_of(server: NtlmServer) -> str:
    """The computer's own name in lower case, as far as the CHALLENGE tells it; "" if it does not."""
    named = server.target_name if server.target_type == "server" else None
    return _lower(server.nb_computer or named)


def _lower(name: str | None) -> str:
    return name.lower() if name else ""


def _in_no_domain(server: NtlmServer, user_domain: str) -> bool:
    """A stand-alone server gives its own name in place of a domain's.

    A DNS domain beside it may be a mere suffix, and is where the user's domain is the server's own name.
    """
    if server.target_type != "server" or not server.whole:
        return False
    computer = computer_of(server)
    if not computer:
        return False
    domain = _lower(server.nb_domain)
    if computer == domain == user_domain:
        return True
    dns_domain = _lower(server.dns_domain)
    stands_alone = not dns_domain or dns_domain in {computer, _lower(server.dns_computer)}
    return domain in {"", computer} and stands_alone
