"""Channel bindings: whether NTLM's answer is tied to the TLS connection that carries it.

They are seen in NTLM's answer only; Kerberos' are inside its authenticator.

Spec: RFC 5056, RFC 5929 4, MS-NLMP 2.2.2.1 (MsvAvChannelBindings).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.hits import by_client, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule


@rule(
    "NGS-TLS-001",
    "medium",
    "NTLM inside TLS without channel bindings",
    means="The answer says nothing of the TLS connection, so that it can be relayed into "
    "another one.",
    remedy="Turn on Extended Protection (IIS) or 'LDAP server channel binding token "
    "requirements', and update the client.",
    references=("ATT&CK T1557.001", "RFC 5929 4", "ADV190023", "KB5005413", "Windows event 3039"),
)
def no_bindings(row: Any) -> Iterator[Hit]:
    """MsvAvChannelBindings is absent or zero though the carrier is inside TLS."""
    if row.tls and row.mechanism == "ntlm" and row.channel_binding in {"absent", "zero"}:
        why = (
            f"{row.client} answered {place(row)} inside TLS with channel bindings "
            f"{row.channel_binding}"
        )
        yield by_client(row, why)


@rule(
    "NGS-TLS-002",
    "medium",
    "Channel bindings on a connection without TLS",
    means="The client speaks TLS with somebody who hands its answer on in the clear: a middle "
    "box, or a relay.",
    remedy="Find out where its TLS ends; a reverse proxy should authenticate users itself.",
    references=("ATT&CK T1557.001", "RFC 5056 2.1"),
)
def bindings_in_the_clear(row: Any) -> Iterator[Hit]:
    """MsvAvChannelBindings holds a hash though the carrier is in the clear."""
    if row.channel_binding == "present" and row.tls is False and row.mechanism == "ntlm":
        why = (
            f"the answer of {row.client} to {place(row)} is bound to a TLS channel, and there "
            "is none"
        )
        yield by_client(row, why, "likely")
