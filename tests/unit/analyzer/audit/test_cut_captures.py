"""What a snap length, a lost packet or a late start took away proves nothing: single cases, read by hand.

`tests/property/test_cut_findings.py` cuts every capture in every way; here is what each rule must not make of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.packets import Packet, pcapng, read_packets
from support.transport import snapped

from analyzer.analysis import Analysis, read

ROOT = Path(__file__).resolve().parents[4]
CAPTURES = ROOT / "captures"
SHARED = ROOT / ".." / "shared"

Cut = Callable[[list[Packet]], list[Packet]]


def without(frame: int) -> Cut:
    """One packet lost."""
    return lambda packets: packets[: frame - 1] + packets[frame:]


def from_frame(frame: int) -> Cut:
    """A late start."""
    return lambda packets: packets[frame - 1 :]


def up_to(frame: int) -> Cut:
    """An early end."""
    return lambda packets: packets[:frame]


def part(path: Path, cut: Cut, folder: Path) -> Analysis:
    """What is known of a part of a capture."""
    target = folder / "part.pcapng"
    target.write_bytes(pcapng(cut(read_packets(path))))
    return read(target)


SILENT = [
    # half an NT response is no other one than the LM field's
    ("http/lm_response", snapped(320), "NGS-NTLM-003"),
    ("http/ntlm_40_bit", snapped(320), "NGS-NTLM-003"),
    # the padata that are cut off may hold the proof, and an answer that is lost is no answer to what follows
    ("kdc/logon", snapped(96), "NGS-KDC-001"),
    ("kdc/fast", snapped(96), "NGS-KDC-001"),
    ("kdc/by_http_proxy", without(14), "NGS-KDC-001"),
    ("kdc/by_http_proxy", without(16), "NGS-KDC-001"),
    # no password is sent, whatever the server says to it
    ("ldap/openldap_unauthenticated", without(10), "NGS-PWD-003"),
    # which host the client asked for is not there
    ("http/offer_cut_between_hops", from_frame(10), "NGS-RELAY-001,NGS-RELAY-002"),
    # what the server calls itself is in the challenge that is lost, and an address was asked for
    ("http/ntlm_mic_missing", without(13), "NGS-RELAY-003"),
    # capabilities that are cut off, or were not asked for as far as can be seen
    ("smb/nt1_ntlm", snapped(128), "NGS-NTLM-013"),
    ("smb/nt1_no_extended_security", without(4), "NGS-NTLM-013"),
    # a client's error as the first token of a late start is in order
    ("ldap/mutual_auth_failed", from_frame(8), "NGS-SPNEGO-004"),
    # nobody may have logged on
    ("smb/anonymous", without(8), "NGS-SMB-004"),
    ("smb/anonymous", without(12), "NGS-NTLM-012"),
    # a client that goes on at once had its answer
    ("http/ntlm_small_segments", without(2), "NGS-NTLM-010"),
    # the mechListMIC may be in what is cut off
    ("http/reselection_with_mic", snapped(128), "NGS-SPNEGO-001"),
    # the status that tells a locked account from a disabled one
    ("kdc/account_disabled", snapped(128), "NGS-GUESS-004"),
]


@pytest.mark.parametrize(("case", "cut", "rules"), SILENT)
def test_it_is_not_told_of_a_part(case: str, cut: Cut, rules: str, tmp_path: Path) -> None:
    """The whole capture does not show it, and neither must a part of it."""
    path = CAPTURES / case / "capture.pcapng"
    assert read(path).audit(rules).findings == []
    assert [found.why for found in part(path, cut, tmp_path).audit(rules).findings] == []


@pytest.mark.parametrize("size", [200, 256, 600, 1400])
def test_a_ticket_without_its_authenticator_is_no_replay(size: int, tmp_path: Path) -> None:
    """Windows shows one ticket on many connections; cut behind it, all its AP-REQs are alike."""
    path = SHARED / "corpus" / "files" / "Pcaps__wmi_query.pcap"
    if not path.is_file():
        pytest.skip("not there")
    assert part(path, snapped(size), tmp_path).audit("NGS-KRB-005").findings == []


def test_half_an_answer_is_not_the_weakest_thing_of_a_host(tmp_path: Path) -> None:
    """What is left of it shows NTLMv1, and no LM response."""
    path = CAPTURES / "http" / "lm_response" / "capture.pcapng"
    hosts = part(path, snapped(320), tmp_path).columns("hosts")
    assert dict(zip(hosts["host"], hosts["weakest"], strict=True))["10.99.0.20"] == "ntlmv1"


def test_nothing_is_offered_by_a_message_that_lacks_it(tmp_path: Path) -> None:
    """A row of `offers` stands for bytes that were seen."""
    path = CAPTURES / "smb" / "nt1_ntlm" / "capture.pcapng"
    columns = part(path, snapped(128), tmp_path).tables.columns["offers"]
    assert "server" not in columns["by"]


def test_a_refused_bind_without_password_sent_none(tmp_path: Path) -> None:
    """OpenLDAP answers unwillingToPerform (53) unless it is told to allow such binds."""

    def refused(packets: list[Packet]) -> list[Packet]:
        success, no = bytes.fromhex("61070a0100"), bytes.fromhex("61070a0135")
        assert sum(success in packet.data for packet in packets) >= 1
        return [packet._replace(data=packet.data.replace(success, no)) for packet in packets]

    path = CAPTURES / "ldap" / "openldap_unauthenticated" / "capture.pcapng"
    analysis = part(path, refused, tmp_path)
    assert analysis.tables.columns["negotiations"]["outcome"] == ["failure"]
    assert analysis.audit("passwords").findings == []
    hosts = analysis.columns("hosts")
    assert "clear-password" not in hosts["weakest"]


def test_a_late_error_of_the_client_is_no_whole_negotiation(tmp_path: Path) -> None:
    """It answers a token, so that one came before."""
    path = CAPTURES / "ldap" / "mutual_auth_failed" / "capture.pcapng"
    columns = part(path, from_frame(8), tmp_path).tables.columns["negotiations"]
    assert columns["completeness"] == ["started-before-capture"]


@pytest.mark.parametrize(
    ("case", "cut"),
    [
        ("http/duplicate_spn", snapped(96)),
        ("kdc/account_expired", snapped(128)),
        ("ldap/confidentiality_required", without(4)),
    ],
)
def test_a_name_that_is_cut_off_is_not_called_none(case: str, cut: Cut, tmp_path: Path) -> None:
    """Sentences and subjects are for people."""
    found = part(CAPTURES / case / "capture.pcapng", cut, tmp_path).audit().findings
    assert [each for each in found if "None" in each.why + each.subject] == []


def test_a_forwarded_ticket_known_by_a_size_is_likely() -> None:
    """What the authenticator holds is sealed: a thousand bytes of it may be something else."""
    (found,) = (
        read(CAPTURES / "http" / "delegated" / "capture.pcapng").audit("NGS-KRB-004").findings
    )
    assert found.confidence == "likely"


@pytest.mark.parametrize(
    ("case", "cut", "told"),
    [
        # a bind that names its mechanism, and the challenge
        ("openldap_digest_md5", up_to(12), []),
        ("openldap_cram_md5", up_to(12), []),
        ("openldap_login", up_to(14), []),
        # what answers it, of whose verdict nothing is there
        ("openldap_digest_md5", up_to(14), ["ada sent a hash of a password", "certain"]),
        ("openldap_cram_md5", up_to(14), ["ada sent a hash of a password", "certain"]),
        ("openldap_login", up_to(16), ["ada sent a password", "certain"]),
        # its challenge is not there
        ("openldap_digest_md5", from_frame(14), ["ada sent a hash of a password", "certain"]),
        # the verdict is, and not what it is about
        ("openldap_digest_md5", without(14), ["(name not seen) sent a hash", "likely"]),
        (
            "openldap_digest_md5_wrong_password",
            without(16),
            ["(name not seen) sent a hash", "likely"],
        ),
    ],
)
def test_a_password_is_sent_where_something_shows_it(
    case: str, cut: Cut, told: list[str], tmp_path: Path
) -> None:
    """Binds of several steps begin without it; and no challenge is told of that nobody saw."""
    path = CAPTURES / "ldap" / case / "capture.pcapng"
    found = part(path, cut, tmp_path).audit("NGS-PWD-004,NGS-PWD-006").findings
    assert [each.confidence for each in found] == told[1:]
    assert all(each.why.startswith(told[0]) for each in found)
