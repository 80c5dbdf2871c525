"""Every rule finds what it is for, and stays silent where something similar is in order."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from base64 import b64encode
from collections import namedtuple
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.packets import Conversation, pcap

from analyzer.analysis import Analysis, read
from analyzer.audit.facts import Facts
from analyzer.audit.model import CONFIDENCES, SUBJECTS
from analyzer.audit.registry import all_rules
from analyzer.audit.run import audit
from dissectors.tokens import build

ROOT = Path(__file__).resolve().parents[4]
CAPTURES = ROOT / "captures"


class Case(NamedTuple):
    """A capture (or several, with `+`; made one file, with `&`) where a rule finds its subjects, and one where it must not."""

    found_in: str
    subjects: str  # what is found, with commas, in order of the alphabet
    not_in: str
    frames: tuple[int, ...] = ()  # some of the evidence


TABLE = {
    # rule: where it is found, about whom, and a near miss
    "NGS-PWD-001": Case("http/basic", "ada", "http/tls_basic", (8,)),
    "NGS-PWD-002": Case("http/proxy_basic", "ada", "http/proxy_kerberos"),
    "NGS-PWD-003": Case(
        "ldap/simple_wrong_password", "ada@nego.test", "ldap/openldap_unauthenticated"
    ),
    "NGS-PWD-004": Case("ldap/openldap_plain", "ada", "ldap/openldap_scram"),
    "NGS-PWD-005": Case("http/tls_basic", "10.99.0.20", "http/basic"),
    "NGS-PWD-006": Case("http/digest", "ada", "http/basic"),
    "NGS-PWD-007": Case("ldap/openldap_unauthenticated", "10.99.0.3", "ldap/openldap_simple"),
    "NGS-PWD-008": Case("ldap/anonymous", "fd99::20", "ldap/openldap_unauthenticated"),
    "NGS-PWD-009": Case("smb/nt1_plaintext", "fd99::1", "smb/nt1_no_extended_security", (6,)),
    "NGS-NTLM-001": Case(
        "smb/nt1_no_extended_security_ntlmv1", "10.99.0.20", "smb/nt1_no_extended_security"
    ),
    "NGS-NTLM-002": Case("smb/ntlmv1_ess", "fd99::20", "http/lm_response"),
    "NGS-NTLM-003": Case("smb/ntlm_no_session_security", "fd99::20", "http/lm_response"),
    "NGS-NTLM-004": Case("http/ntlm_anonymous", "10.99.0.20", "smb/anonymous"),
    "NGS-NTLM-005": Case("smb/service_account_ntlm", "NEGO\\svc-web", "smb/smb311_ntlm"),
    "NGS-NTLM-010": Case("http/fallback_no_spn", "10.99.0.20", "smb/ntlm_though_kerberos_works"),
    "NGS-NTLM-011": Case("smb/ntlm_though_kerberos_works", "fd99::20", "http/fallback_no_spn"),
    "NGS-NTLM-012": Case("http/negotiate_ntlm", "fd99::20", "http/ntlm_wrong_password"),
    "NGS-NTLM-013": Case("http/ntlm_only_server", "10.99.0.2", "http/ntlm_though_more_was_offered"),
    "NGS-NTLM-014": Case("smb/raw_ntlm", "fd99::20", "smb/smb311_ntlm"),
    "NGS-NTLM-015": Case("smb/smb311_ntlm", "fd99::1", "smb/wrong_password"),
    "NGS-NTLM-020": Case("smb/relayed_without_mic", "10.99.0.20", "smb/ntlm_mic_changed"),
    "NGS-NTLM-021": Case("http/ntlm_keep_alive", "10.99.0.20", "http/ntlm_mic_present"),
    "NGS-NTLM-022": Case("smb/ntlm_56_bit", "fd99::20", "smb/ntlm_40_bit"),
    "NGS-NTLM-023": Case("smb/ntlm_40_bit", "fd99::20", "smb/ntlm_56_bit"),
    "NGS-NTLM-024": Case("smb/ntlm_no_session_security", "fd99::20", "smb/ntlmv1_ess"),
    "NGS-NTLM-025": Case("smb/ntlm_lm_key", "fd99::20", "smb/ntlmv1_ess"),
    "NGS-NTLM-026": Case("http/ntlm_local_call", "10.99.0.20", "http/ntlm_anonymous"),
    "NGS-RELAY-001": Case("smb/relayed_http", "10.99.0.20", "smb/fixed_challenge", (19, 20)),
    "NGS-RELAY-002": Case("smb/relayed_smb", "10.99.0.20", "http/offer_cut_between_hops"),
    "NGS-RELAY-003": Case("http/ntlm_other_target", "10.99.0.20", "smb/fallback_by_address"),
    "NGS-RELAY-004": Case("smb/fixed_challenge", "10.99.0.3", "smb/relayed_smb"),
    "NGS-RELAY-005": Case("smb/fixed_challenge", "10.99.0.3", "smb/duplicates"),
    "NGS-RELAY-006": Case("http/one_host_on_two_hops", "10.99.0.20", "smb/relayed_http", (19, 20)),
    "NGS-NAME-001": Case("smb/poisoned_name", "10.99.0.20", "smb/fixed_challenge"),
    "NGS-NAME-002": Case("smb/poisoned_name", "10.99.0.20", "kdc/found_by_dns"),
    "NGS-GUESS-001": Case("smb/password_spraying", "10.99.0.20", "smb/brute_force"),
    "NGS-GUESS-002": Case("smb/brute_force", "NEGO\\blaise", "smb/password_spraying"),
    "NGS-GUESS-003": Case("kdc/user_names_tried", "10.99.0.20", "kdc/unknown_user"),
    "NGS-GUESS-004": Case("smb/account_locked", "NEGO\\alan", "smb/account_disabled"),
    "NGS-KRB-001": Case("http/proxy_kerberos", "10.99.0.20", "http/negotiate_kerberos"),
    "NGS-KRB-002": Case("http/des_ticket_refused", "fd99::20", "http/proxy_kerberos"),
    "NGS-KRB-003": Case("http/not_mutual", "fd99::20", "http/negotiate_kerberos"),
    "NGS-KRB-004": Case("http/delegated", "10.99.0.20", "smb/smb311_kerberos"),
    "NGS-KRB-005": Case("http/replay", "fd99::20", "http/keep_alive_kerberos"),
    "NGS-KRB-006": Case("http/other_realm", "10.99.0.20", "http/negotiate_kerberos"),
    "NGS-KRB-007": Case("smb/raw_kerberos", "fd99::20", "smb/smb311_kerberos"),
    "NGS-KRB-008": Case("ldap/mutual_auth_failed", "10.99.0.3", "ldap/altered_ap_rep", (8,)),
    "NGS-KDC-001": Case("kdc/without_preauthentication", "rosalind@NEGO.TEST", "kdc/logon"),
    "NGS-KDC-002": Case("kdc/asrep_roasting", "10.99.0.20", "kdc/without_preauthentication"),
    "NGS-KDC-003": Case("kdc/kerberoasting", "10.99.0.20", "kdc/rc4_service"),
    "NGS-KDC-004": Case("kdc/s4u2self_s4u2proxy", "10.99.0.20", "kdc/logon_and_ticket"),
    "NGS-KDC-005": Case("kdc/user_to_user", "10.99.0.20", "kdc/logon_and_ticket"),
    "NGS-KDC-006": Case("kdc/ticket_by_as_exchange", "10.99.0.20", "kdc/password_expired"),
    "NGS-KDC-007": Case("kdc/duplicate_spn", "HTTP/twice.nego.test", "kdc/unknown_service"),
    "NGS-KDC-008": Case("kdc/referral", "10.99.0.20", "kdc/renewed"),
    "NGS-KDC-009": Case("kdc/s4u2proxy_refused", "10.99.0.20", "kdc/s4u2self_s4u2proxy"),
    "NGS-KDC-020": Case("kdc/rc4_service", "MSSQLSvc/sql.nego.test:1433", "kdc/logon_and_ticket"),
    "NGS-KDC-021": Case("kdc/rc4_logon", "ada@NEGO.TEST", "kdc/rc4_service"),
    "NGS-KDC-022": Case("kdc/rc4_logon", "10.99.0.20", "kdc/rc4_service"),
    "NGS-KDC-023": Case("kdc/des", "10.99.0.20", "kdc/logon"),
    "NGS-KDC-024": Case("kdc/des", "10.99.0.7", "kdc/rc4_logon"),
    "NGS-KDC-025": Case("kdc/forged_ticket", "10.99.0.20", "kdc/rc4_logon", (7, 8)),
    "NGS-KDC-026": Case("kdc/logon_by_hash", "grace@NEGO.TEST", "kdc/rc4_logon", (30, 32)),
    "NGS-SPNEGO-001": Case(
        "http/reselection_without_mic", "10.99.0.20", "http/reselection_with_mic"
    ),
    "NGS-SPNEGO-002": Case("http/fallback_in_negotiation", "fd99::20", "http/negotiate_ntlm"),
    "NGS-SPNEGO-003": Case("http/offer_cut_between_hops", "10.99.0.20", "smb/relayed_http"),
    "NGS-SPNEGO-004": Case("http/token_after_failure", "10.99.0.20", "http/lost_in_token"),
    "NGS-MIC-001": Case("ldap/altered_layer", "10.99.0.20", "ldap/altered_ap_rep", (11,)),
    "NGS-SMB-001": Case("smb/nt1_kerberos", "fd99::1", "smb/multiprotocol_ntlm"),
    "NGS-SMB-002": Case("smb/share_denied", "10.99.0.4", "smb/signing_required"),
    "NGS-SMB-003": Case("smb/smb311_kerberos", "fd99::20", "http/negotiate_kerberos"),
    "NGS-SMB-004": Case("smb/share_denied", "10.99.0.4", "smb/guest"),
    "NGS-SMB-005": Case("smb/guest", "10.99.0.4", "smb/share_denied"),
    "NGS-SMB-006": Case("smb/anonymous", "fd99::1", "smb/guest"),
    "NGS-SMB-007": Case("smb/smb210_kerberos", "fd99::1", "smb/smb300_kerberos"),
    "NGS-SMB-008": Case("smb/smb311_kerberos", "fd99::1", "smb/seal_kerberos"),
    "NGS-SMB-009": Case("smb/nt1_no_extended_security", "10.99.0.20", "smb/nt1_ntlm"),
    "NGS-SMB-010": Case("smb/nt1_no_extended_security", "10.99.0.4", "smb/relayed_smb"),
    "NGS-SMB-011": Case(
        "smb/signing_turned_on", "10.99.0.4", "smb/signing_off+smb/signing_required"
    ),
    "NGS-LDAP-001": Case("ldap/gss_spnego_none", "fd99::1", "ldap/gss_spnego_seal"),
    "NGS-LDAP-002": Case("ldap/gssapi_sign", "fd99::20", "ldap/gssapi_seal"),
    "NGS-LDAP-003": Case(
        "ldap/strong_auth_required_sasl", "fd99::20", "ldap/simple_wrong_password"
    ),
    "NGS-LDAP-004": Case("ldap/openldap_scram", "10.99.0.20", "ldap/mechanism_refused"),
    "NGS-HTTP-001": Case("http/negotiate_ntlm", "fd99::20", "http/tls_ntlm_bound"),
    "NGS-HTTP-002": Case("http/anyauth_kerberos", "fd99::2", "http/ntlm_only_server"),
    "NGS-HTTP-003": Case("http/negotiate_kerberos", "fd99::2", "http/tls_kerberos"),
    "NGS-TLS-001": Case("http/tls_ntlm_no_bindings", "10.99.0.20", "http/tls_ntlm_bound"),
    "NGS-TLS-002": Case("http/ntlm_channel_bindings", "10.99.0.20", "http/ntlm"),
    "NGS-TLS-003": Case(
        "ldap/ldaps_scram_relayed", "10.99.0.20", "ldap/openldap_starttls_scram_plus", (18,)
    ),
    "NGS-CLOCK-001": Case("smb/clock_off", "10.99.0.4", "smb/local_account"),
    "NGS-CLOCK-002": Case("smb/clock_skew", "fd99::20", "http/ntlm_clock_off"),
    "NGS-DATA-001": Case("http/malformed_token", "10.99.0.20", "http/lost_in_token"),
}

_BOTH = ("response", "challenge")

CLEAN = (
    "http/negotiate_kerberos",
    "http/login_and_negotiate",
    "http/keep_alive_kerberos",
    "http/post_with_body",
    "http/tls_kerberos",
    "http/negotiate_kerberos_ipv4_ipv6",
    "http/vlan_in_vlan",
    "smb/smb202_kerberos",
    "smb/smb210_kerberos",
    "smb/smb300_kerberos",
    "smb/smb311_kerberos",
    "smb/login_and_use",
    "smb/seal_kerberos",
    "smb/small_segments",
    "ldap/gss_spnego_seal",
    "ldap/gssapi_seal",
    "ldap/gssapi_sign",
    "ldap/samba_kerberos_seal",
    "ldap/samba_kerberos_sign",
    "ldap/openldap_gssapi_seal",
    "ldap/openldap_gss_spnego",
    "ldap/ip6_fragments",
    "ldap/ipv4",
    "kdc/logon",
    "kdc/logon_and_ticket",
    "kdc/found_by_dns",
    "kdc/fast",
    "kdc/tcp_only",
    "kdc/udp_then_tcp",
    "kdc/renewed",
    "kdc/by_http_proxy",
)
"""Kerberos with strong keys, protected as far as its carrier can be."""

DAMAGED = (
    "client_only",
    "server_only",
    "cut_off",
    "mid_stream",
    "lost_challenge",
    "lost_answer",
    "lost_in_token",
    "snaplen_200",
    "snaplen_300",
    "snaplen_96",
)


def _engine(case: str) -> str:
    """The engine that a case demands."""
    said = tomllib.loads((CAPTURES / case / "case.toml").read_text(encoding="utf-8"))
    return str(said["expect"].get("engine", "native"))


@cache
def analysis(case: str) -> Analysis:
    """The capture of a case, or of several; through Wireshark where its key log is needed."""
    if "&" in case:
        with tempfile.TemporaryDirectory() as place:
            whole = Path(place, "whole.pcapng")
            parts = (CAPTURES / name / "capture.pcapng" for name in case.split("&"))
            whole.write_bytes(b"".join(part.read_bytes() for part in parts))
            return read(whole)
    names = case.split("+")
    by_tshark = any(_engine(name) == "tshark" for name in names)
    if by_tshark and shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    paths = [CAPTURES / name / "capture.pcapng" for name in names]
    return read(paths, engine="tshark" if by_tshark else "native")


@pytest.mark.parametrize(("rule_id", "case"), TABLE.items(), ids=list(TABLE))
def test_it_finds_what_it_is_for(rule_id: str, case: Case) -> None:
    """In its capture, about the right subjects, with frames and a sentence that names what was seen."""
    found = analysis(case.found_in).audit([rule_id]).findings
    assert sorted(finding.subject for finding in found) == case.subjects.split(",")
    for finding in found:
        assert finding.rule.rule_id == rule_id
        assert finding.subject_kind in SUBJECTS
        assert finding.confidence in CONFIDENCES
        assert finding.count >= 1
        assert len(finding.why) > 20
        assert not finding.why.endswith(".")
        assert "None" not in finding.why
        evidence = [frame for place in finding.places.values() for frame in place.evidence]
        assert evidence
        assert set(case.frames) <= set(evidence)
        assert finding.first_seen is not None


@pytest.mark.parametrize("rule_id", ["NGS-KRB-005", "NGS-KRB-006"])
def test_a_ticket_is_proved_by_the_frames_that_show_it(rule_id: str) -> None:
    """Not by the first frames of their negotiations: over SMB those are the server's hint."""
    columns = dict(analysis("smb/seal_kerberos&smb/mixed").tables.columns)
    realms = ["OTHER.EXAMPLE" if realm else None for realm in columns["negotiations"]["realm"]]
    columns["negotiations"] = columns["negotiations"] | {"realm": realms}
    tokens = columns["tokens"]
    asks = [
        "KRB_AP_REQ" in kinds
        for kinds in zip(tokens["token_type"], tokens["inner_type"], strict=True)
    ]
    digests = [
        "00" * 32 if ask else each for ask, each in zip(asks, tokens["inner_sha256"], strict=True)
    ]
    columns["tokens"] = tokens | {"inner_sha256": digests}
    shown = {
        number: frame
        for ask, number, frame in zip(asks, tokens["negotiation_id"], tokens["frame"], strict=True)
        if ask
    }
    places = [
        place
        for finding in audit(columns, [all_rules()[rule_id]])
        for place in finding.places.values()
    ]
    assert places
    for place in places:
        tickets = {shown[number] for number in place.negotiation_ids if number in shown}
        assert len(tickets) >= 2
        assert tickets <= set(place.evidence)


@pytest.mark.parametrize(("rule_id", "case"), TABLE.items(), ids=list(TABLE))
def test_it_stays_silent_elsewhere(rule_id: str, case: Case) -> None:
    """Where something similar is in order, or is another rule's business."""
    assert analysis(case.not_in).audit([rule_id]).findings == []


def test_every_rule_is_in_the_table() -> None:
    """None without a positive and a negative capture, and no row for a rule that is gone."""
    assert list(TABLE) == list(all_rules())
    assert len(TABLE) >= 40
    for rule_id, case in TABLE.items():
        assert case.found_in != case.not_in, rule_id


def test_rules_are_shown_by_recordings() -> None:
    """Only what no lab of free software does was made by hand; `why_by_hand` of these cases says what was tried."""
    made = {
        rule_id
        for rule_id, case in TABLE.items()
        for name in case.found_in.replace("&", "+").split("+")
        if "made" in tomllib.loads((CAPTURES / name / "case.toml").read_text())
    }
    assert made == {"NGS-NTLM-026", "NGS-KDC-007", "NGS-KRB-008"}


@pytest.mark.parametrize("case", CLEAN)
def test_clean_kerberos_is_left_alone(case: str) -> None:
    """No rule above `info` fires where everything is Kerberos with strong keys."""
    found = analysis(case).audit().findings
    assert [f"{f.rule.rule_id}: {f.why}" for f in found if f.rule.severity != "info"] == []


@pytest.mark.parametrize("name", DAMAGED)
def test_what_the_capture_lost_is_nobodys_fault(name: str) -> None:
    """A cut or one-sided capture makes nobody malformed, late, or out of order."""
    places = sorted(CAPTURES.glob(f"*/{name}/capture.pcapng"))
    assert places
    for path in places:
        found = read(path).audit("NGS-DATA,NGS-SPNEGO,NGS-RELAY,NGS-KRB-005").findings
        assert [finding.why for finding in found] == []


def test_frames_seen_twice_are_one_connection() -> None:
    """A mirror port that doubles every frame makes no relay and no replay."""
    for case in ("smb/duplicates", "http/duplicates"):
        assert analysis(case).audit("relay,NGS-KRB-005").findings == []


def test_the_same_capture_twice_is_no_relay() -> None:
    """Two recordings of one connection, read together, are one connection."""
    path = str(CAPTURES / "smb" / "smb311_ntlm" / "capture.pcapng")
    copy = str(CAPTURES / "smb" / "vlan" / "capture.pcapng")
    origin = str(CAPTURES / "smb" / "smb210_ntlm" / "capture.pcapng")
    assert read([path, copy, origin]).audit("relay").findings == []


def test_a_proxy_that_hands_its_clients_answer_on_is_no_relay() -> None:
    """Both hops ask for one host by HTTP: the changed offer is told, and that there is a host in between."""
    for case in ("http/offer_cut_between_hops", "http/offer_reordered_between_hops"):
        found = analysis(case).audit("relay,handed_on,NGS-SPNEGO-003").findings
        told = [(finding.rule.rule_id, finding.confidence) for finding in found]
        assert told == [("NGS-SPNEGO-003", "certain"), ("NGS-RELAY-006", "possible")]


@pytest.mark.parametrize(
    ("lost", "what"), [((), "answer"), (("response",), "challenge"), (_BOTH, "NEGOTIATE")]
)
def test_a_host_in_between_is_known_by_each_of_the_three_messages(
    lost: tuple[str, ...], what: str
) -> None:
    """Where the answer is not there the challenge tells it, else the NEGOTIATE that waited for one."""
    columns = dict(analysis("http/one_host_on_two_hops").tables.columns)
    tokens = columns["tokens"]
    wiped = {f"ntlm_{name}_id": [f"{n}" for n in range(len(tokens["frame"]))] for name in lost}
    if "challenge" in lost:
        wiped["ntlm_challenge_id"] = [
            f"{n}" if kind == "NTLM_CHALLENGE" else None
            for n, kind in enumerate(tokens["token_type"])
        ]
    columns["tokens"] = tokens | wiped
    (found,) = audit(columns, [all_rules()["NGS-RELAY-006"]])
    assert found.why.startswith(f"the NTLM {what} between 10.99.0.3 and 10.99.0.20")
    assert found.count == 1


def test_a_negotiate_that_nobody_waited_for_tells_nothing() -> None:
    """Programs of one kind send the same one: only sent on before the challenge it is one exchange."""
    columns = analysis("http/one_host_on_two_hops").tables.columns
    tokens = [
        token._replace(
            ntlm_challenge_id=token.ntlm_challenge_id and f"{n}",
            ntlm_response_id=None,
            ts=token.ts + (10**9 if token.dst == "10.99.0.2" or token.src == "10.99.0.2" else 0),
        )
        for n, token in enumerate(_rows(columns, "tokens"))
    ]
    columns = {**columns, "tokens": _columns(tokens)}
    assert audit(columns, [all_rules()["NGS-RELAY-006"]]) == []


def test_a_name_that_is_asked_for_again_and_again_is_told_once() -> None:
    """Encryption types of a hostile request do not fill the sentence."""
    row = _rows(analysis("kdc/rc4_logon").tables.columns, "kdc")[0]
    asked = ("arcfour-hmac-md5", "des-cbc-md5") * 500
    hits = [
        *all_rules()["NGS-KDC-022"].check(row._replace(requested_etypes=asked)),
        *all_rules()["NGS-KDC-023"].check(row._replace(requested_etypes=asked)),
    ]
    assert [(h.why.count("arcfour-hmac-md5"), h.why.count("des-cbc-md5")) for h in hits] == [
        (1, 1),
        (0, 1),
    ]


def test_only_a_middle_box_has_the_session_of_its_client() -> None:
    """An AP-REQ on a second connection is handed on with one SMB 2 session id; a UID of SMB 1 proves nothing."""
    columns = analysis("smb/smb311_kerberos").tables.columns
    rows, tokens = _rows(columns, "negotiations"), _rows(columns, "tokens")
    number = next(t.negotiation_id for t in tokens if "KRB_AP_REQ" in {t.inner_type, t.token_type})
    row = next(row for row in rows if row.negotiation_id == number)
    smb1 = row._replace(carrier="smb1", exchange="uid 2048", protection=None, signed_messages=0)
    for first, exchange, expected in (
        (row, row.exchange, 0),
        (row, "another", 1),
        (smb1, smb1.exchange, 1),
    ):
        again = first._replace(
            negotiation_id=99, client_port=4445, exchange=exchange, client_seq=first.client_seq + 1
        )
        told = [t._replace(negotiation_id=99) for t in tokens if t.negotiation_id == number]
        facts = Facts(
            {
                **columns,
                "negotiations": _columns([first, again]),
                "tokens": _columns([*tokens, *told]),
            }
        )
        assert len(list(all_rules()["NGS-KRB-005"].check(facts))) == expected


@pytest.mark.parametrize(
    ("length", "cut", "count"), [(200, False, 1), (None, False, 0), (200, True, 0)]
)
def test_an_ap_request_that_is_cut_equals_no_other(
    length: int | None, cut: bool, count: int
) -> None:
    """The ticket in front of the authenticator is the same each time that a client shows it."""
    columns = analysis("smb/smb311_kerberos").tables.columns
    rows, tokens = _rows(columns, "negotiations"), _rows(columns, "tokens")
    one = next(t for t in tokens if "KRB_AP_REQ" in {t.inner_type, t.token_type})
    one = one._replace(krb_authenticator_length=length, anomalies=int(cut))
    row = next(row for row in rows if row.negotiation_id == one.negotiation_id)
    again = row._replace(
        negotiation_id=99, client_port=4445, exchange="another", client_seq=row.client_seq + 1
    )
    oddities = dict.fromkeys(columns["anomalies"]) | {
        "capture": one.capture,
        "frame": one.frame,
        "code": "truncated",
    }
    facts = Facts(
        {
            **columns,
            "negotiations": _columns([row, again]),
            "tokens": _columns([one, one._replace(negotiation_id=99)]),
            "anomalies": {name: [cell] if cut else [] for name, cell in oddities.items()},
        }
    )
    assert len(list(all_rules()["NGS-KRB-005"].check(facts))) == count


@pytest.mark.parametrize(
    ("case", "who"),
    [
        ("http/fallback_clock_skew", "the KDC 10.99.0.1"),
        ("kdc/clock_skew", "the KDC 10.99.0.1"),
        ("smb/clock_skew", "fd99::1"),
    ],
)
def test_only_who_refuses_a_clock_is_said_to(case: str, who: str) -> None:
    """A server that lets the client in by NTLM has refused nothing, though the KDC has."""
    hits = all_rules()["NGS-CLOCK-002"].check(Facts(analysis(case).tables.columns))
    assert {hit.why.partition(" refused ")[0] for hit in hits} == {who}


def _rows(columns: dict[str, Any], table: str) -> list[Any]:
    """Rows of a table that can be changed by `_replace`."""
    kind = namedtuple("Row", list(columns[table]))  # type: ignore[misc]  # noqa: PYI024
    return list(map(kind._make, zip(*columns[table].values(), strict=True)))


def _columns(rows: list[Any]) -> dict[str, list[Any]]:
    return {
        name: list(cells)
        for name, cells in zip(rows[0]._fields, zip(*rows, strict=True), strict=True)
    }


SENTENCES = [
    ("smb/relayed_smb", "NGS-RELAY-003", "was written for cifs/10.99.0.20"),
    ("http/ntlm_only_server", "NGS-NTLM-013", "10.99.0.2 on port "),
    ("smb/nt1_no_extended_security", "NGS-SMB-009", "logged on from"),
    ("kdc/des", "NGS-KDC-024", "des-cbc-"),
    (
        "smb/signing_off&smb/signing_required",
        "NGS-SMB-011",
        "1 session with 10.99.0.4 is protected and 1 is not (",
    ),
    (
        "smb/signing_turned_on",
        "NGS-SMB-011",
        "(10.99.0.20, the same client: it or the server was set otherwise from one to the other)",
    ),
    ("ldap/openldap_scram", "NGS-LDAP-004", "10.99.0.20 proved a password to 10.99.0.3"),
    (
        "ldap/openldap_scram_wrong_password",
        "NGS-LDAP-004",
        "10.99.0.20 tried a password at 10.99.0.3 by SCRAM-SHA-256 in the clear, and was refused",
    ),
    ("http/digest", "NGS-PWD-006", "ada sent a hash of a password to fd99::2 over http by Digest"),
    ("ldap/openldap_cram_md5", "NGS-PWD-006", "10.99.0.3 over ldap by CRAM-MD5"),
    ("ldap/openldap_cram_md5_wrong_password", "NGS-PWD-006", "by CRAM-MD5"),
    ("ldap/openldap_digest_md5", "NGS-PWD-006", "10.99.0.3 over ldap by DIGEST-MD5"),
    ("ldap/openldap_digest_md5_wrong_password", "NGS-PWD-006", "by DIGEST-MD5"),
    ("ldap/ldaps_scram_relayed", "NGS-TLS-003", "bound to another TLS channel"),
    ("smb/channel_binding_mismatch", "NGS-TLS-003", "the answer is bound to no TLS channel"),
    ("ldap/mutual_auth_failed", "NGS-KRB-008", "to 10.99.0.20 that it is ldap/"),
    ("smb/relayed_without_mic", "NGS-RELAY-003", "was written for cifs/10.99.0.20"),
    ("http/offer_changed", "NGS-SPNEGO-003", "negoex, kerberos, with the same AP-REQ"),
    ("ldap/altered_offer_two_hops", "NGS-SPNEGO-003", "with the same NTLM answer"),
    ("smb/name_not_in_dns", "NGS-NTLM-012", "a look-up of the server's name failed"),
    ("http/name_not_in_dns", "NGS-NTLM-012", "a look-up of the server's name failed"),
]


@pytest.mark.parametrize(("case", "rule_id", "words"), SENTENCES)
def test_its_sentence_says_what_is_there(case: str, rule_id: str, words: str) -> None:
    """A finding says no more than its frames show, and names what tells one place from another."""
    assert words in analysis(case).audit([rule_id]).findings[0].why


@pytest.mark.parametrize(("code", "sure"), [(200, "certain"), (403, "likely")])
def test_a_bare_403_does_not_show_that_the_ticket_was_taken(
    tmp_path: Path, code: int, sure: str
) -> None:
    """Apache's SSLRequireSSL answers so before anybody looks at it."""
    ticket = build.neg_token_init(["kerberos"], build.ap_req(sname="HTTP/web", realm="LAB"))
    asks = f"GET / HTTP/1.1\r\nHost: web\r\nAuthorization: Negotiate {b64encode(ticket).decode()}\r\n\r\n"
    told = f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n"
    talk = Conversation(80).client(asks.encode()).server(told.encode())
    path = tmp_path / "told.pcap"
    path.write_bytes(pcap(talk.packets))
    assert [found.confidence for found in read(path).audit(["NGS-HTTP-003"]).findings] == [sure]
