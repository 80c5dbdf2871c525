"""What a rule's references mean to other systems: addresses to read, and ATT&CK techniques.

Only publishers whose addresses follow from the number are linked; the others stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TECHNIQUE = re.compile(r"ATT&CK (T\d{4})(?:\.(\d{3}))?")
_LINKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"RFC (\d+) (\d[\d.]*)"), r"https://www.rfc-editor.org/rfc/rfc\1#section-\2"),
    (re.compile(r"RFC (\d+)"), r"https://www.rfc-editor.org/rfc/rfc\1"),
    (re.compile(r"(CVE-\d{4}-\d+)"), r"https://www.cve.org/CVERecord?id=\1"),
    (re.compile(r"CWE-(\d+)"), r"https://cwe.mitre.org/data/definitions/\1.html"),
    (re.compile(r"KB(\d+)"), r"https://support.microsoft.com/help/\1"),
    (re.compile(r"(ADV\d+)"), r"https://msrc.microsoft.com/update-guide/vulnerability/\1"),
)


def techniques(references: Iterable[str]) -> list[tuple[str, str | None]]:
    """ATT&CK techniques named: (`T1557`, `T1557.001`), the second None where no sub-technique is."""
    found = (_TECHNIQUE.fullmatch(reference) for reference in references)
    return [(each[1], f"{each[1]}.{each[2]}" if each[2] else None) for each in found if each]


def technique_link(technique: str) -> str:
    """Page of a technique or sub-technique."""
    return f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"


def link(reference: str) -> str | None:
    """Address of a reference, None where none is known."""
    for technique, part in techniques([reference]):
        return technique_link(part or technique)
    for pattern, address in _LINKS:
        if found := pattern.fullmatch(reference):
            return found.expand(address)
    return None


def first_link(references: Iterable[str]) -> str | None:
    """Address of the first reference that has one."""
    return next((found for each in references if (found := link(each)) is not None), None)
