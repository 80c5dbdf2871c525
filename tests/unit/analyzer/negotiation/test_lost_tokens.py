"""What is left of a refusal's reason where the client's token is not in the capture, or not to its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.facts import ROOT, Row, rows_of
from support.packets import Packet, pcapng, read_packets, segment_of
from support.transport import snapped

from analyzer.analysis import read

CASES = ROOT / "captures"


def row_at(answer: Packet, kept: list[Packet], target: Path) -> Row:
    """The negotiation to which `answer` belongs, in a capture of the packets that are kept."""
    target.write_bytes(pcapng(kept))
    frame = kept.index(answer) + 1
    rows = rows_of(read(target).tables.columns["negotiations"])
    [row] = [row for row in rows if frame in row["frames"]]
    return row


def told(row: Row) -> tuple[str, str]:
    return row["reason"], row["confidence"]


@pytest.mark.parametrize(
    ("case", "token", "refusal", "expected"),
    [
        ("ldap/samba_ntlm_wrong_password", 14, 15, ("bad_credentials", "possible")),
        ("smb/wrong_password", 12, 13, ("bad_credentials", "possible")),
        ("smb/ntlm_mic_changed", 13, 14, ("unspecified_failure", "certain")),
        ("ldap/ntlm_mic_dropped", 12, 13, ("unspecified_failure", "certain")),
        ("ldap/altered_list_mic", 10, 11, ("policy_denied", "possible")),
        ("smb/mech_list_mic_changed", 12, 13, ("policy_denied", "possible")),
        ("ldap/mutual_auth_failed", 8, 10, ("unspecified_failure", "certain")),
        ("http/offer_changed", 28, 37, ("unspecified_failure", "certain")),
        ("http/negotiate_ntlm_wrong_password", 12, 13, ("unspecified_failure", "certain")),
        ("smb/binding_refused", 53, 55, ("server_error", "possible")),
        ("smb/binding_refused", 59, 60, ("session_expired", "possible")),
        ("smb/selective_authentication", 12, 13, ("selective_authentication", "possible")),
        ("ldap/altered_layer", 10, 11, ("integrity_failure", "certain")),
        ("smb/account_locked", 12, 13, ("account_locked", "certain")),
    ],
)
def test_a_last_token_that_is_lost(
    case: str, token: int, refusal: int, expected: tuple[str, str], tmp_path: Path
) -> None:
    """A general status proves no cause by itself; where words or the status name one, they still do."""
    packets = read_packets(CASES / case / "capture.pcapng")
    answer = packets[refusal - 1]
    lossy = packets[: token - 1] + packets[token:]
    target = tmp_path / "lossy.pcapng"
    row = row_at(answer, lossy, target)
    assert told(row) == expected
    if expected[1] == "possible" or expected[0] == "unspecified_failure":
        lacks = ("the capture lacks what the client sent", "the client's token is not all there")
        assert (
            any(words in row["reason_detail"] for words in lacks) or expected[0] == "server_error"
        )
    said = segment_of(answer)
    assert said is not None
    one_side = [
        packet
        for packet in packets
        if (segment := segment_of(packet)) is None or segment.sender != said.receiver
    ]
    assert told(row_at(answer, one_side, target)) == expected


def test_a_mic_that_is_cut_off(tmp_path: Path) -> None:
    """The MIC stands at the token's end, so without that the denial may be about it all the same."""
    for case, size in (("smb/mech_list_mic_changed", 400), ("ldap/altered_list_mic", 400)):
        packets = read_packets(CASES / case / "capture.pcapng")
        last = 12 if case.startswith("smb") else 10
        kept = list(packets)
        [kept[last - 1]] = snapped(size)([packets[last - 1]])
        row = row_at(packets[last], kept, tmp_path / "cut.pcapng")
        assert told(row) == ("policy_denied", "possible")
        assert "or a MIC or checksum did not match (the client's token is" in row["reason_detail"]


@pytest.mark.parametrize(
    ("size", "sent"), [(300, "acceptor"), (None, "both")], ids=["cut", "whole"]
)
def test_who_is_seen_to_send_a_mic(size: int | None, sent: str, tmp_path: Path) -> None:
    """The server's MIC is told where the client's token is cut off before its own."""
    packets = read_packets(CASES / "smb/smb311_ntlm/capture.pcapng")
    target = tmp_path / "cut.pcapng"
    target.write_bytes(pcapng(packets if size is None else snapped(size)(packets)))
    [row] = rows_of(read(target).tables.columns["negotiations"])
    assert row["mech_list_mic"] == sent


def test_a_domain_that_is_cut_off(tmp_path: Path) -> None:
    """Whether the user is of the server's own domain is not known."""
    packets = read_packets(CASES / "smb/selective_authentication/capture.pcapng")
    for size in (160, 240):
        kept = list(packets)
        [kept[11]] = snapped(size)([packets[11]])
        row = row_at(packets[12], kept, tmp_path / "cut.pcapng")
        assert told(row) == ("selective_authentication", "possible")


def test_a_first_token_that_is_rejected(tmp_path: Path) -> None:
    """The reject says why, whether the client left it at that or went on; without the offer it does not."""
    target = tmp_path / "part.pcapng"
    packets = read_packets(CASES / "http/token_after_failure/capture.pcapng")
    for kept in (packets, packets[:14]):
        assert told(row_at(packets[13], kept, target)) == ("no_common_mechanism", "likely")
    packets = read_packets(CASES / "http/kerberos_only_server/capture.pcapng")
    row = row_at(packets[9], packets, target)
    assert told(row) == ("no_common_mechanism", "likely")
    assert "(negState reject, HTTP 401)" in row["reason_detail"]
    lossy = packets[:7] + packets[8:]
    assert told(row_at(packets[9], lossy, target)) == ("unspecified_failure", "certain")


def test_a_choice_of_ntlm_after_kerberos_was_refused(tmp_path: Path) -> None:
    """One lost answer, or the lost request with the ticket, makes nobody the one who chose NTLM."""
    packets = read_packets(CASES / "http/fallback_same_connection/capture.pcapng")
    whole = row_at(packets[33], packets, tmp_path / "whole.pcapng")
    assert (whole["fallback_reason"], whole["fallback_confidence"]) == (
        "kerberos_refused",
        "likely",
    )
    for lost, why in (({22}, "kerberos_refused"), ({8, 9}, "application_chose_ntlm")):
        lossy = [packet for at, packet in enumerate(packets, 1) if at not in lost]
        row = row_at(packets[33], lossy, tmp_path / "lossy.pcapng")
        assert (row["fallback_reason"], row["fallback_confidence"]) == (why, "possible")
