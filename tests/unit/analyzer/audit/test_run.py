"""Hits become findings: grouped by subject, ordered, bounded, and shown without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.audit import run
from analyzer.audit.facts import Facts
from analyzer.audit.model import SEVERITIES, Hit
from analyzer.audit.registry import all_rules
from analyzer.audit.run import LISTED, audit
from analyzer.errors import UsageError
from analyzer.tables.schema import FINDINGS

ROOT = Path(__file__).resolve().parents[4]


def capture(case: str) -> str:
    """Path of an own capture."""
    return str(ROOT / "captures" / case / "capture.pcapng")


def test_hits_on_one_subject_are_one_finding() -> None:
    """Twelve refused binds from one host: one finding per account, one for the spraying."""
    audited = read(capture("ldap/password_spraying")).audit("NGS-GUESS-001,NGS-PWD-003")
    spraying, *sent = sorted(audited.findings, key=lambda each: each.rule.rule_id)
    assert spraying.count == 1
    (place,) = spraying.places.values()
    assert len(place.negotiation_ids) == 12
    assert len(sent) == 12


def test_findings_are_ordered_by_severity() -> None:
    """Most severe first, so that the first screen matters."""
    found = read(capture("smb/mixed")).audit().findings
    ranks = [SEVERITIES.index(each.rule.severity) for each in found]
    assert ranks == sorted(ranks, reverse=True)
    assert len(found) > 5


def test_several_captures_are_kept_apart() -> None:
    """A finding of two captures names both, each with its own frames."""
    cases = [capture("smb/guest"), capture("smb/share_denied")]
    (found,) = read(cases).audit("NGS-SMB-002").findings
    assert len(found.places) == 2
    assert all(place.evidence for place in found.places.values())
    assert all(len(place.evidence) <= LISTED for place in found.places.values())


def test_numbers_of_many_hits_are_told_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order in which they came, up to a limit; those of a single hit too."""
    monkeypatch.setattr(run, "LISTED", 4)
    found = dict.fromkeys(["one", "many"], ())
    found["one"] = run._extended((), (7, 7, 8, 9, 10, 11))
    for more in ((3, 1), (), (1, 2, 3), (9, 8, 7)):
        found["many"] = run._extended(found["many"], more)
    assert [*found["one"]] == [7, 8, 9, 10]
    assert [*found["many"]] == [3, 1, 2, 9]


def test_findings_are_packed_as_other_tables_are() -> None:
    """A million of them have as little room."""
    columns = read(capture("smb/mixed")).columns("findings")
    assert {name: cells.kind for name, cells in columns.items()} == {
        column.name: column.kind for column in FINDINGS.columns
    }


def test_the_frame_has_the_schemas_columns() -> None:
    """Also when there is no finding; `findings` is the audit with every rule."""
    clean = read(capture("kdc/logon"))
    assert list(clean.findings.columns) == FINDINGS.names
    assert len(clean.findings) == 0
    analysis = read(capture("smb/relayed_http"))
    frame = analysis.audit().frame
    assert list(frame.columns) == FINDINGS.names
    assert analysis.findings.equals(frame)
    assert str(frame.dtypes["first_seen"]) == "datetime64[ns, UTC]"
    assert len(frame) == len(analysis.audit().findings)


def test_it_shows_as_text_and_html() -> None:
    """A table with a total; in a notebook each finding with what to do, escaped."""
    audited = read(capture("smb/relayed_http")).audit()
    assert str(audited).splitlines()[-1] == audited.totals()
    assert repr(audited) == f"<{audited.totals()}>"
    html = audited._repr_html_()
    assert html.count("<details class=") == len(audited.findings)
    assert "Require SMB signing" in html
    assert "<script" not in html


def test_a_finding_shows_itself() -> None:
    """In one line, as text, and in a notebook; what the wire said is escaped."""
    finding = read(capture("smb/relayed_http")).audit().findings[0]
    assert repr(finding) == f"<{finding.title}>"
    assert finding.rule.rule_id in repr(finding)
    assert "\n" not in repr(finding)
    text = str(finding)
    assert finding.rule.remedy in text
    assert finding.frames in text
    finding.subject, finding.why = "<img src=x>\x1b", "</dd><script>"
    assert "\\x1b" in repr(finding)
    html = finding._repr_html_()
    assert "<img" not in html
    assert "<script" not in html
    assert "&lt;img src=x&gt;\\x1b" in html


def test_tables_that_rules_need_are_asked_for() -> None:
    """An audit of half of the tables would be silent where it should speak."""
    with pytest.raises(UsageError, match="kdc, names"):
        read(capture("kdc/logon"), tables=["negotiations", "tokens", "offers", "anomalies"]).audit()
    assert len(read(capture("kdc/des"), tables=["findings"]).audit().findings) > 0


def test_every_finding_has_a_time() -> None:
    """Also one without a negotiation: its frames have a time, which lies in the capture."""
    cases = (
        "http/basic_pipelined",
        "http/name_not_in_dns",
        "smb/nt1_plaintext",
        "kdc/without_preauthentication",
    )
    alone = 0
    for case in cases:
        analysis = read(capture(case))
        (begin,), (end,) = (
            analysis.tables.columns["captures"][name] for name in ("first_ts", "last_ts")
        )
        for found in analysis.audit().findings:
            assert found.first_seen is not None, found.rule.rule_id
            assert found.last_seen is not None
            assert begin <= found.first_seen <= found.last_seen <= end
            alone += not any(place.negotiation_ids for place in found.places.values())
    assert alone >= 3


def test_the_first_and_last_time_of_hits() -> None:
    """Whatever their order; the beginning of 1970 is a time like any other."""

    def check(facts: Facts) -> Iterator[Hit]:
        """Four hits on one subject."""
        for ts in (5, 0, None, 9):
            yield Hit("client", "10.0.0.1", "seen", (1,), capture="a", ts_ns=ts)

    rule = replace(next(iter(all_rules().values())), table=None, check=check)
    (found,) = audit({}, [rule])
    assert (found.first_seen, found.last_seen, found.count) == (0, 9, 4)


@pytest.mark.parametrize("order", [1, -1])
def test_a_finding_is_as_sure_as_its_weakest_hit(order: int) -> None:
    """One word stands for all of its negotiations, and each of them must bear it."""

    def check(facts: Facts) -> Iterator[Hit]:
        """Three hits on one subject, and one on another."""
        for sure in ("certain", "possible", "likely")[::order]:
            yield Hit("client", "10.0.0.1", "seen", (1,), capture="a", confidence=sure)
        yield Hit("client", "10.0.0.2", "seen", (1,), capture="a", confidence="certain")

    rule = replace(next(iter(all_rules().values())), table=None, check=check)
    found = {each.subject: each.confidence for each in audit({}, [rule])}
    assert found == {"10.0.0.1": "possible", "10.0.0.2": "certain"}
