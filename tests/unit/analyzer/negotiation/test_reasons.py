"""The closed list of reasons: each entry is whole, and the events it names are the right ones."""

from __future__ import annotations

import re

import pytest

from analyzer.negotiation.reasons import REASONS
from analyzer.negotiation.reasons.codes import (
    AD_SUB_CODE_REASONS,
    HTTP_REASONS,
    KRB_ERROR_REASONS,
    LDAP_REASONS,
    NT_STATUS_REASONS,
)
from analyzer.negotiation.why import make_reason
from dissectors.codes.ad_sub_code import AD_SUB_CODE

KINDS = {"failure", "fallback", "weak", "incomplete"}
WITHOUT_EVENT = {
    # what only both ends, or the network between them, can tell
    "integrity_failure", "mechanism_refused", "malformed_token", "protocol_error", "server_error",
    "no_credentials", "connection_closed", "client_gave_up", "no_answer", "unspecified_failure",
    "logon_not_taken_up", "mutual_auth_failed", "unauthenticated_bind", "session_expired",
    # what is said of the capture
    "no_kdc_traffic", "capture_started_late", "capture_ended_early", "gap", "truncated",
    "one_direction", "encrypted",
}  # fmt: skip
USAGE_IDS = {
    "application_chose_ntlm": 1,
    "local_account": 2,
    "unknown_service": 6,
    "target_name_unresolved": 6,
    "target_is_ip_address": 7,
    "duplicate_spn": 8,
    "kdc_unreachable": 9,
    "target_is_local_host": 10,
    "anonymous": 11,
}
"""KB5064479: why a Windows client ran NTLM."""


@pytest.mark.parametrize("code", REASONS)
def test_an_entry_is_whole(code: str) -> None:
    """What the bytes must show, how sure that is and when, a sentence for people, and what to do."""
    entry = REASONS[code]
    assert entry.kind in KINDS
    assert re.match(r"(certain|likely|possible)\b", entry.confidence)
    for text in (entry.sentence, entry.remedy, entry.shown_by, entry.confidence, entry.on_the_host):
        assert "|" not in text  # it stands in a table
        assert text == text.strip()
        assert not text.endswith((".", ";"))
    assert min(len(entry.sentence), len(entry.shown_by), len(entry.remedy)) >= len("add the keys")
    assert entry.sentence[0].islower() or entry.sentence.startswith(("Kerberos ", "NTLM "))


def test_which_have_no_event() -> None:
    """An empty cell is a decision: whoever adds a code looks for its event or adds it here."""
    assert {code for code, entry in REASONS.items() if not entry.on_the_host} == WITHOUT_EVENT


def test_usage_ids() -> None:
    """Each code names its own; `6` is both for a name that DNS and one that the KDC does not know."""
    named = {
        code: int(match[1])
        for code, entry in REASONS.items()
        if (match := re.search(r"usage id (\d+)", entry.on_the_host))
    }
    assert named == USAGE_IDS


@pytest.mark.parametrize(
    "table",
    [NT_STATUS_REASONS, AD_SUB_CODE_REASONS, LDAP_REASONS, KRB_ERROR_REASONS, HTTP_REASONS],
)
def test_codes_lead_into_the_list(table: dict[int, str]) -> None:
    """No status is a reason that the list does not have."""
    assert set(table.values()) <= set(REASONS)


AD_SAYS_LESS = {
    0x57,  # of a bind it is the name, of a session setup the token
    0x80090302,  # in front of what only its mechanism tells (refusal.py)
}


def test_numbers_of_active_directory_agree_with_their_statuses() -> None:
    """The same cause has the same reason, however it is said."""
    for number, known in AD_SUB_CODE.items():
        if known.nt_status in NT_STATUS_REASONS and number not in AD_SAYS_LESS:
            assert AD_SUB_CODE_REASONS.get(number) == NT_STATUS_REASONS[known.nt_status], known.name


def test_protected_users_have_a_log_of_their_own() -> None:
    """Its provider is no other than Authentication (event 100 of NTLM at the domain controller)."""
    log = "Microsoft-Windows-Authentication/ProtectedUserFailures-DomainController 100"
    assert log in REASONS["account_restriction"].on_the_host


def test_account_codes_agree_with_their_events() -> None:
    """A status that 4625 gives as such is the status that the bytes show."""
    for status, code in NT_STATUS_REASONS.items():
        event = REASONS[code].on_the_host
        for named in re.findall(r"0x(C[0-9A-F]{7})", event):
            assert NT_STATUS_REASONS[int(named, 16)] == code, (hex(status), event)


def test_evidence_is_in_order_of_frames() -> None:
    """Each once, however the messages were found."""
    assert make_reason("gap", "certain", (19, 21, 20, 21, 24)).evidence == (19, 20, 21, 24)
