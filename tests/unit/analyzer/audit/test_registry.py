"""Rules are complete, found by every name they have, and refused by any other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.audit.model import SEVERITIES
from analyzer.audit.registry import FAMILIES, all_rules, chosen_rules, rule
from analyzer.errors import UsageError
from analyzer.tables.schema import TABLES

ROOT = Path(__file__).resolve().parents[4]


def test_every_rule_is_complete() -> None:
    """Id, severity, sentences with full stops, references, and what it looks at."""
    titles = [each.title for each in all_rules().values()]
    assert len(titles) == len(set(titles))
    for rule_id, each in all_rules().items():
        assert re.fullmatch(r"NGS-[A-Z]+-\d{3}", rule_id), rule_id
        assert each.severity in SEVERITIES
        assert each.family in FAMILIES
        assert each.references, rule_id
        assert each.table is None or each.table in TABLES
        assert not each.title.endswith("."), rule_id
        for text in (each.means, each.remedy, each.looks_at):
            assert text.endswith((".", "?")), (rule_id, text)
            assert "  " not in text, (rule_id, text)


def test_techniques_are_spelt_as_the_matrix_does() -> None:
    """`ATT&CK T1557` or `ATT&CK T1557.001`, and specifications with a section or number."""
    for rule_id, each in all_rules().items():
        for reference in each.references:
            if reference.startswith("ATT&CK"):
                assert re.fullmatch(r"ATT&CK T\d{4}(\.\d{3})?", reference), rule_id


NOT_AN_ATTACK = {"NGS-KRB-007"}
"""What nobody attacks and nobody's guide hardens: it is told because a reader may have expected SPNEGO."""


def test_every_rule_says_who_uses_it_or_how_to_harden_it() -> None:
    """A technique of ATT&CK, a benchmark of CIS, or what Microsoft says to do."""
    known = re.compile(r"ATT&CK T|CIS |Microsoft: |KB\d|ADV\d")
    without = {
        rule_id
        for rule_id, each in all_rules().items()
        if not any(known.match(reference) for reference in each.references)
    }
    assert without == NOT_AN_ATTACK


WITHOUT_TECHNIQUE = {
    "NGS-PWD-007": "a flaw of the application that trusts the answer; who comes in so has no account to be abused",
    "NGS-KRB-006": "what crosses a trust is in order; a forged ticket is told by other rules",
    "NGS-KRB-007": "nothing is attacked, see NOT_AN_ATTACK",
    "NGS-LDAP-003": "the server did what protects it",
    "NGS-CLOCK-001": "nobody's doing: a clock that runs wrong",
    "NGS-CLOCK-002": "nobody's doing: a clock that runs wrong",
}
"""Rules for which ATT&CK has no technique, and why none fits; the list is closed."""


def test_every_other_rule_names_the_technique_that_it_shows_or_makes_easy() -> None:
    """Where one fits; a rule that gets one must leave the list."""
    without = {
        rule_id
        for rule_id, each in all_rules().items()
        if not any(reference.startswith("ATT&CK ") for reference in each.references)
    }
    assert without == set(WITHOUT_TECHNIQUE)


def test_a_section_is_the_one_that_says_it() -> None:
    """Security considerations of PLAIN, dictionary attacks on Digest, identities without credentials."""
    rules = all_rules()
    assert "RFC 4616 5" in rules["NGS-PWD-004"].references
    assert "RFC 7616 5.8" in rules["NGS-PWD-006"].references
    assert "ATT&CK T1589" in rules["NGS-GUESS-003"].references


def test_every_family_is_listed() -> None:
    """A module of rules that nobody loads would be a rule that never fires."""
    modules = {path.stem for path in (ROOT / "analyzer" / "audit" / "rules").glob("*.py")}
    assert modules - {"__init__"} == set(FAMILIES)
    assert {each.family for each in all_rules().values()} == set(FAMILIES)


def test_every_rule_is_documented() -> None:
    """docs/rules.md names each id once as a heading."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert re.findall(r"^### (NGS-[A-Z]+-\d{3})", text, flags=re.MULTILINE) == list(all_rules())


@pytest.mark.parametrize(
    ("names", "first", "least"),
    [
        ("NGS-NTLM-001", "NGS-NTLM-001", 1),
        ("ngs-ntlm-001", "NGS-NTLM-001", 1),
        ("NTLM-001", "NGS-NTLM-001", 1),
        ("NGS-KDC", "NGS-KDC-001", 10),
        ("kdc", "NGS-KDC-001", 10),
        ("NGS-KDC-02*", "NGS-KDC-020", 5),
        ("guessing", "NGS-GUESS-001", 4),
        ("smb, ldap", "NGS-SMB-001", 14),
        (["smb", "NGS-LDAP-001"], "NGS-SMB-001", 11),
    ],
)
def test_rules_are_chosen_by_id_beginning_and_family(
    names: str | list[str], first: str, least: int
) -> None:
    """In the registry's order, each once."""
    chosen = [each.rule_id for each in chosen_rules(names)]
    assert chosen[0] == first
    assert len(chosen) >= least
    assert len(chosen) == len(set(chosen))


def test_all_rules_by_default() -> None:
    """No choice is every rule."""
    assert [each.rule_id for each in chosen_rules(None)] == list(all_rules())


@pytest.mark.parametrize("names", ["NGS-NOPE", "NGS-NTLM-0", "", ",", "smb,nope", "x" * 500])
def test_a_name_that_means_no_rule_is_refused(names: str) -> None:
    """With one line; a part of a number is no beginning."""
    with pytest.raises(UsageError) as raised:
        chosen_rules(names)
    assert "\n" not in str(raised.value)


def test_a_taken_number_and_a_wrong_severity_are_refused() -> None:
    """Where a rule is declared, not when it first fires."""
    all_rules()
    with pytest.raises(ValueError, match="no severity"):
        rule("NGS-TEST-001", "grave", "t", means="m", remedy="r", references=())
    with pytest.raises(ValueError, match="declared twice"):
        rule("NGS-NTLM-001", "low", "t", means="m", remedy="r", references=())(lambda row: ())
