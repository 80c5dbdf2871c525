"""A KDC that is reached through an HTTP proxy or an acceptor: what it says is not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.captured import ROOT
from support.finding_rows import CAPTURE, Row, found
from support.packets import pcapng, read_packets

from analyzer.analysis import Analysis, read

HALF_AN_HOUR_NS = 1_800_000_000_000
BEHIND = "a KDC of NEGO.TEST behind 10.99.0.2"


def moved(case: str, folder: Path) -> Analysis:
    """A capture of ours whose clock was half an hour ahead."""
    packets = read_packets(ROOT / "captures" / case / "capture.pcapng")
    later = [packet._replace(ts_ns=packet.ts_ns + HALF_AN_HOUR_NS) for packet in packets]
    target = folder / "moved.pcapng"
    target.write_bytes(pcapng(later))
    return read(target)


@pytest.mark.parametrize(
    ("case", "subject", "who"),
    [
        ("kdc/by_http_proxy", "krbtgt/NEGO.TEST", BEHIND),
        ("http/iakerb_wrong_password", "krbtgt/NEGO.TEST", BEHIND),
        ("kdc/wrong_password", "10.99.0.1", "10.99.0.1"),
    ],
)
def test_the_clock_is_the_kdcs(case: str, subject: str, who: str, tmp_path: Path) -> None:
    """`stime` of a KRB-ERROR that another host hands on."""
    (finding,) = moved(case, tmp_path).audit("NGS-CLOCK-001").findings
    assert (finding.subject_kind, finding.subject) == ("server", subject)
    assert finding.why == f"the clock of {who} is 30.0 min behind the capture's"


def test_an_acceptors_token_does_not_tell_its_clock() -> None:
    """The KRB-ERROR inside IAKERB is the KDC's."""
    path = ROOT / "captures/http/iakerb_wrong_password/capture.pcapng"
    columns = read(path).tables.columns
    assert "KRB_ERROR" in columns["tokens"]["inner_type"]
    assert set(columns["tokens"]["clock_offset_ms"]) == {None}
    assert None not in columns["kdc"]["clock_offset_ms"]


def answered(**cells: str | None) -> Row:
    """A row of `kdc`: an AS exchange by an HTTP proxy."""
    return {
        "capture": CAPTURE,
        "frame_request": 1,
        "frame_reply": 2,
        "client": "10.99.0.20",
        "server": "10.99.0.2",
        "exchange": "AS",
        "cname": "ada",
        "realm": "NEGO.TEST",
        "sname": "krbtgt/NEGO.TEST",
        "transport": "kkdcp",
        "outcome": "success",
    } | cells


@pytest.mark.parametrize(
    ("transport", "realm", "subject", "who"),
    [
        ("kkdcp", "NEGO.TEST", "krbtgt/NEGO.TEST", BEHIND),
        ("iakerb", "NEGO.TEST", "krbtgt/NEGO.TEST", BEHIND),
        ("iakerb", None, "krbtgt/?", "a KDC behind 10.99.0.2"),
        ("tcp", "NEGO.TEST", "10.99.0.2", "the KDC 10.99.0.2"),
    ],
)
def test_who_gave_des(transport: str, realm: str | None, subject: str, who: str) -> None:
    """Where a KDC was asked itself, its address is told."""
    row = answered(transport=transport, realm=realm, ticket_etype="des-cbc-md5")
    (finding,) = found("NGS-KDC-024", kdc=[row])
    assert finding.subject == subject
    assert finding.why == f"{who} gave 10.99.0.20 a ticket of des-cbc-md5 for krbtgt/NEGO.TEST"


@pytest.mark.parametrize(
    ("rule_id", "cells"),
    [
        ("NGS-KDC-001", {"preauth": "none"}),
        ("NGS-KDC-007", {"error": "KDC_ERR_PRINCIPAL_NOT_UNIQUE"}),
        ("NGS-CLOCK-002", {"error": "KRB_AP_ERR_SKEW"}),
    ],
)
def test_whoever_hands_it_on_is_not_called_the_kdc(rule_id: str, cells: Row) -> None:
    """Nor does he give tickets, or refuse."""
    (finding,) = found(rule_id, kdc=[answered(**cells)])
    assert finding.why.startswith(f"{BEHIND} ")
