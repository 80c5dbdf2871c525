"""Logons that ended because what arrived is not what was sent.

A side whose MIC or checksum does not fit says so, or refuses in a way that has few other causes; how sure
that is, the reason of the negotiation tells. Whoever changed a token can be anywhere between both sides.

Spec: RFC 4178 5 (mechListMIC), MS-NLMP 3.1.5.1.2 (MIC of AUTHENTICATE), RFC 4752 3.1 (the security layer).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.hits import account, by_client, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_HOW_SURE = {
    "certain": " because",
    "likely": ", probably because",
    "possible": ", possibly because",
}


@rule(
    "NGS-MIC-001",
    "high",
    "A checksum did not fit",
    means="Messages of the logon do not arrive as they were sent: somebody in between changes them, as a "
    "relay does that takes a MIC or a mechanism out. A broken proxy or a faulty program does so too.",
    remedy="Find out what stands between client and server, and compare captures of both ends. Require "
    "signing and channel binding, and keep refusing such logons; update what fails with nobody in between.",
    references=(
        "ATT&CK T1557",
        "ATT&CK T1562.010",
        "RFC 4178 5",
        "MS-NLMP 3.1.5.1.2",
        "CVE-2019-1040",
    ),
)
def checksum_misfit(row: Any) -> Iterator[Hit]:
    """A whole negotiation that failed with the reason `integrity_failure`; as sure as that is."""
    if (
        row.reason == "integrity_failure"
        and row.outcome == "failure"
        and row.completeness == "complete"
    ):
        sure = row.confidence or "possible"
        whose = f" of {account(row.user, row.domain)}" if row.user else ""
        why = (
            f"the logon{whose} from {row.client} to {place(row)} failed{_HOW_SURE[sure]} a MIC or "
            f"checksum is wrong or missing"
        )
        yield by_client(row, why, sure)
