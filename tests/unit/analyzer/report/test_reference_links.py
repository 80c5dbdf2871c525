"""Addresses of references are those of their publishers."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from analyzer.audit.registry import all_rules
from analyzer.report.reference_links import first_link, link, techniques

HOSTS = {
    "attack.mitre.org",
    "www.rfc-editor.org",
    "www.cve.org",
    "cwe.mitre.org",
    "support.microsoft.com",
    "msrc.microsoft.com",
}


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("ATT&CK T1040", "https://attack.mitre.org/techniques/T1040/"),
        ("ATT&CK T1557.001", "https://attack.mitre.org/techniques/T1557/001/"),
        ("RFC 8429", "https://www.rfc-editor.org/rfc/rfc8429"),
        ("RFC 4513 6.3.3", "https://www.rfc-editor.org/rfc/rfc4513#section-6.3.3"),
        ("CVE-2019-1040", "https://www.cve.org/CVERecord?id=CVE-2019-1040"),
        ("CWE-287", "https://cwe.mitre.org/data/definitions/287.html"),
        ("KB5021131", "https://support.microsoft.com/help/5021131"),
        ("ADV190023", "https://msrc.microsoft.com/update-guide/vulnerability/ADV190023"),
        ("MS-NLMP 3.3.1", None),
        ("X.690", None),
        ("see RFC 8429", None),
    ],
)
def test_the_address(reference: str, address: str | None) -> None:
    """Of the whole reference, or none."""
    assert link(reference) == address


def test_rules_lead_somewhere() -> None:
    """Nearly all, over https, to a host that publishes what is referred to."""
    pages = [first_link(rule.references) for rule in all_rules().values()]
    known = [page for page in pages if page is not None]
    assert len(known) > 0.9 * len(pages)
    for page in known:
        assert urlsplit(page).scheme == "https"
        assert urlsplit(page).hostname in HOSTS


def test_techniques() -> None:
    """In their order, with the sub-technique where one is named."""
    found = techniques(["ATT&CK T1040", "RFC 8429", "ATT&CK T1557.001"])
    assert found == [("T1040", None), ("T1557", "T1557.001")]
