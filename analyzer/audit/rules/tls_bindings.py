"""Channel bindings: whether NTLM's answer is tied to the TLS connection that carries it.

They are seen in NTLM's answer and in SCRAM's; Kerberos' are inside its authenticator. Whether they fit, only
the server can tell.

Spec: RFC 5056, RFC 5802 6, RFC 5929 4, MS-NLMP 2.2.2.1 (MsvAvChannelBindings).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.hits import account, by_client, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_REFUSED_FOR = {
    "present": "the answer is bound to another TLS channel than the one it came by",
    "absent": "the answer is bound to no TLS channel",
    "zero": "the answer is bound to no TLS channel",
}
"""What a refusal means, by `channel_binding`."""


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


@rule(
    "NGS-TLS-003",
    "high",
    "Channel bindings did not match",
    means="The client's TLS ends elsewhere than at this server: somebody intercepts it, or a proxy inspects "
    "it. A logon without any bindings is relayed, or of a client that knows none.",
    remedy="Find out whose certificate the client was shown; take the server out of the proxy's inspection. "
    "Update clients that send no bindings, and keep the server's demand for them.",
    references=(
        "ATT&CK T1557",
        "ATT&CK T1557.001",
        "RFC 5056 2.1",
        "RFC 5929 4",
        "KB4520412",
        "KB5005413",
        "Windows event 3039",
    ),
)
def bindings_refused(row: Any) -> Iterator[Hit]:
    """A whole negotiation that failed with the reason `channel_binding_mismatch`; as sure as that is."""
    if (
        row.reason == "channel_binding_mismatch"
        and row.outcome == "failure"
        and row.completeness == "complete"
    ):
        who = f"{account(row.user, row.domain)} from {row.client}" if row.user else row.client
        cause = _REFUSED_FOR.get(
            row.channel_binding, "channel bindings are missing or of another TLS channel"
        )
        yield by_client(row, f"{place(row)} refused {who}: {cause}", row.confidence or "possible")
