"""Rows that the tests of other systems' formats write: of captures, and made up."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from analyzer.analysis import read

ROOT = Path(__file__).resolve().parents[2]
WEAK = ("smb/mixed", "smb/relayed_http", "kdc/kerberoasting", "http/basic", "http/lm_only")
CASES = (
    "smb/mixed",
    "smb/anonymous",
    "http/ntlm",
    "http/basic",
    "http/negotiate_kerberos",
    "http/iakerb",
    "http/digest",
    "http/ntlm_anonymous",
    "http/proxy_basic",
    "http/server_only",
    "ldap/anonymous",
    "ldap/openldap_plain",
    "ldap/openldap_scram",
    "ldap/openldap_simple_refused",
    "ldap/openldap_unauthenticated",
    "ldap/rebind",
)
Columns = dict[str, list[Any]]

FINDINGS: Columns = {
    "rule_id": ["NGS-NTLM-001", "NGS-GUESS-001"],
    "severity": ["high", "medium"],
    "title": ["NTLMv1 response", "Many passwords tried"],
    "subject_kind": ["client", "user"],
    "subject": ["10.99.0.20", "NEGO\\ada"],
    "count": [2, 1],
    "negotiation_ids": [[1, 4], []],
    "evidence": [[7, 19], [3]],
    "why": ["10.99.0.20 answered with NTLMv1", "twelve\tpasswords, one user"],
    "remedy": ["refuse it", "lock the account"],
    "references": [["MS-NLMP 3.3.1", "ATT&CK T1110.002"], []],
    "captures": [["a.pcap"], ["a.pcap"]],
    "first_seen": [1_700_000_000_123_456_789, None],
    "last_seen": [1_700_000_001_000_000_000, None],
    "confidence": ["certain", "possible"],
}
"""Made up: the second has no time, and a tab in its text."""


@cache
def negotiations() -> tuple[Columns, range]:
    """The table over some cases, and the numbers of its rows."""
    columns = read([_path(case) for case in CASES]).tables.columns["negotiations"]
    return columns, range(len(columns["capture"]))


@cache
def findings() -> tuple[Columns, range]:
    """What the audit finds in some cases, and the numbers of its rows."""
    columns = read([_path(case) for case in WEAK]).audit().columns
    return columns, range(len(columns["rule_id"]))


def changed(**cells: Any) -> Columns:
    """The first negotiation of the cases, with other cells."""
    columns, _ = negotiations()
    assert cells.keys() <= columns.keys()
    return {name: [cells.get(name, values[0])] for name, values in columns.items()}


def _path(case: str) -> str:
    return str(ROOT / "captures" / case / "capture.pcapng")
