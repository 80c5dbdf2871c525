"""Logons that a wrong checksum, foreign bindings or a missing proof ended; frames that prove what follows one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.finding_rows import CAPTURE, Row, found, logon
from support.packets import pcapng, read_packets
from support.transport import cut_to

from analyzer.analysis import read

ROOT = Path(__file__).resolve().parents[4]

RULES = {
    "NGS-MIC-001": "integrity_failure",
    "NGS-TLS-003": "channel_binding_mismatch",
    "NGS-KRB-008": "mutual_auth_failed",
}


def refused(reason: str, **cells: Any) -> Row:
    """A logon that failed for this reason."""
    told = {"outcome": "failure", "reason": reason, "confidence": "likely"}
    return logon(completeness="complete", **(told | cells))


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize("sure", ["certain", "likely", "possible"])
def test_it_is_as_sure_as_the_reason(rule_id: str, sure: str) -> None:
    """The finding adds nothing to what the negotiation shows."""
    (finding,) = found(rule_id, negotiations=[refused(RULES[rule_id], confidence=sure)])
    assert finding.confidence == sure
    assert list(finding.places[CAPTURE].evidence) == [10, 11, 12]


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize(
    "cells",
    [
        {"reason": "bad_credentials"},
        {"reason": "policy_denied"},
        {"reason": None},
        {"outcome": "success"},
        {"outcome": "incomplete"},
        {"completeness": "started-before-capture"},
        {"completeness": "cut-off"},
        {"completeness": "gap"},
        {"completeness": "truncated"},
        {"completeness": "encrypted"},
    ],
)
def test_another_end_or_a_part_of_one_tells_nothing(rule_id: str, cells: Row) -> None:
    """What the capture lacks may be what did not fit."""
    assert found(rule_id, negotiations=[refused(RULES[rule_id]) | cells]) == []
    others = [reason for each, reason in RULES.items() if each != rule_id]
    assert found(rule_id, negotiations=[refused(reason) for reason in others]) == []


@pytest.mark.parametrize(
    ("sure", "words"),
    [
        ("certain", "failed because a MIC"),
        ("likely", "failed, probably because a MIC"),
        ("possible", "failed, possibly because a MIC"),
    ],
)
def test_the_sentence_says_how_sure_it_is(sure: str, words: str) -> None:
    """A code that means other things too is no proof; an account that is sealed has no name."""
    row = refused("integrity_failure", confidence=sure)
    (finding,) = found("NGS-MIC-001", negotiations=[row])
    assert words in finding.why
    assert finding.why.startswith(r"the logon of LAB\ada from 10.0.0.20 to 10.0.0.2 over http ")
    (finding,) = found("NGS-MIC-001", negotiations=[row | {"user": None}])
    assert finding.why.startswith("the logon from 10.0.0.20 to 10.0.0.2 over http ")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ("present", "the answer is bound to another TLS channel than the one it came by"),
        ("zero", "the answer is bound to no TLS channel"),
        ("absent", "the answer is bound to no TLS channel"),
        (None, "channel bindings are missing or of another TLS channel"),
    ],
)
def test_bindings_that_are_missing_are_not_anothers(seen: str | None, words: str) -> None:
    """An old client brings none, and Kerberos seals them."""
    row = refused("channel_binding_mismatch", channel_binding=seen, tls=True)
    (finding,) = found("NGS-TLS-003", negotiations=[row])
    assert finding.why == rf"10.0.0.2 over http refused LAB\ada from 10.0.0.20: {words}"


def test_a_server_without_a_name_did_not_prove_itself_either() -> None:
    """It is the server that is told of, by the name in the ticket if that is there."""
    row = refused("mutual_auth_failed", spn="ldap/dir.nego.test")
    (finding,) = found("NGS-KRB-008", negotiations=[row])
    assert (finding.subject_kind, finding.subject) == ("server", "10.0.0.2")
    assert finding.why.endswith("did not prove to 10.0.0.20 that it is ldap/dir.nego.test")
    (finding,) = found("NGS-KRB-008", negotiations=[row | {"spn": None}])
    assert finding.why.endswith("that it is who its client asked for")


@pytest.mark.parametrize(
    ("case", "sure"),
    [
        ("ldap/altered_layer", ["certain"]),
        ("ldap/altered_list_mic", ["possible"]),
        ("ldap/altered_ntlm_mic", ["possible"]),
        ("ldap/altered_offer", ["possible"]),
        ("ldap/altered_offer_two_hops", ["possible", "possible"]),
        ("ldap/ntlm_mic_dropped", ["possible"]),
        ("smb/ntlm_mic_changed", ["likely"]),
        ("smb/relayed_without_mic", ["likely", "likely"]),
        ("http/offer_changed", ["likely", "likely"]),
        # nobody says that it did not fit
        ("ldap/altered_ap_rep", []),
        ("smb/wrong_password", []),
        ("ldap/openldap_scram_wrong_password", []),
    ],
)
def test_what_a_relay_altered_is_told(case: str, sure: list[str]) -> None:
    """As far as client or server said so."""
    found = read(ROOT / "captures" / case / "capture.pcapng").audit("NGS-MIC").findings
    assert [finding.confidence for finding in found] == sure


@pytest.mark.parametrize(
    ("case", "rule_id", "frame"),
    [
        ("ldap/gssapi_none", "NGS-LDAP-001", 30),  # a search in the clear
        ("ldap/gssapi_sign", "NGS-LDAP-002", 30),  # the same in a buffer that is signed only
        ("smb/nt1_no_extended_security", "NGS-SMB-001", 6),  # NEGOTIATE response
        ("smb/nt1_no_extended_security", "NGS-SMB-004", 10),  # a tree connect without signature
        ("smb/nt1_no_extended_security", "NGS-SMB-010", 6),
        ("smb/guest", "NGS-SMB-008", 20),
    ],
)
@pytest.mark.parametrize("size", [None, 1, 40])
def test_the_frame_that_shows_it_is_evidence(
    case: str, rule_id: str, frame: int, size: int | None, tmp_path: Path
) -> None:
    """Not the logon's alone; read in Wireshark. In segments of any size it is one of that message's."""
    whole = read_packets(ROOT / "captures" / case / "capture.pcapng")
    packets = cut_to(size)(whole) if size else whole
    path = tmp_path / "cut.pcapng"
    path.write_bytes(pcapng(packets))
    times = {packet.ts_ns for packet in whole[frame - 1 : frame]}
    evidence = [
        n for found in read(path).audit(rule_id).findings for n in found.places[path.name].evidence
    ]
    assert times & {packets[number - 1].ts_ns for number in evidence}
    if size is None:
        assert frame in evidence
