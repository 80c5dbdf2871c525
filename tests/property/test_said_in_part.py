"""A refusal whose words the snap length cut is not told as one without words."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.facts import facts_of
from support.http_talk import message, refuse
from support.packets import Conversation, pcapng, read_packets
from support.transport import snapped

from dissectors.tokens import build

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
STEP = 5  # bytes between the snap lengths that are tried
SAID = {
    "ldap/simple_locked": "account_locked",
    "ldap/simple_disabled": "account_disabled",
    "ldap/simple_password_expired": "password_expired",
    "ldap/simple_protected_user": "account_restriction",
    "ldap/simple_workstation": "workstation_restriction",
    "ldap/openldap_plain": "stronger_auth_required",
    "http/clock_skew": "clock_skew",
    "http/service_key_mismatch": "service_key_mismatch",
    "http/no_key": "service_key_mismatch",
}
"""Case -> what its refusal says where all of it is there."""


@pytest.mark.parametrize("case", SAID)
def test_a_refusal_that_is_cut_anywhere(case: str, tmp_path: Path) -> None:
    """What the whole capture says, or that it is cut; never what a refusal without words would mean."""
    packets = read_packets(CAPTURES / case / "capture.pcapng")
    longest = max(len(packet.data) for packet in packets)
    target = tmp_path / "cut.pcapng"
    found = set()
    for size in range(70, min(longest, 700), STEP):
        target.write_bytes(pcapng(snapped(size)(packets)))
        found |= {
            (row["outcome"], row["reason"])
            for row in facts_of(target).negotiations
            if row["outcome"] == "failure"
        }
    assert found == {("failure", SAID[case]), ("failure", "truncated")}


def test_a_refusal_of_what_was_seen_whole(tmp_path: Path) -> None:
    """What is cut behind the client's token takes none of it away: the refusal is told as in the whole."""
    packets = read_packets(CAPTURES / "http/kerberos_only_server/capture.pcapng")
    asked, answered = packets[7].data, packets[9].data
    seen_whole = asked.index(b"\r\n", asked.index(b"Authorization: ")) + 3
    target = tmp_path / "cut.pcapng"
    for size in range(answered.index(b"Content-Length"), len(answered), STEP):
        target.write_bytes(pcapng(snapped(size)(packets)))
        [row] = facts_of(target).negotiations
        told = row["outcome"], row["reason"], row["confidence"]
        if size < seen_whole:
            assert told == ("failure", "unspecified_failure", "certain")
        else:
            assert told == ("failure", "no_common_mechanism", "likely")


def b64(token: bytes) -> bytes:
    return base64.b64encode(token)


def asked(token: bytes) -> bytes:
    return message(
        b"GET /a HTTP/1.1", b"Host: web.nego.test", b"Authorization: Negotiate " + b64(token)
    )


def test_a_list_of_mechanisms_that_is_cut_anywhere(tmp_path: Path) -> None:
    """NTLM comes first, Kerberos behind it: only NTLM was never said."""
    offer = build.neg_token_init(["ntlm", "kerberos", "ms-kerberos"], build.ntlm_negotiate())
    challenge = build.ntlm_challenge(target_info=None)
    answer = build.neg_token_resp("accept-incomplete", "ntlm", challenge)
    proof = build.neg_token_resp(None, None, build.ntlm_authenticate(user="ada", domain="NEGO"))
    done = build.neg_token_resp("accept-completed")
    talk = Conversation(80)
    talk.client(asked(offer)).server(refuse(b"Negotiate " + b64(answer)))
    talk.client(asked(proof)).server(
        message(b"HTTP/1.1 200 OK", b"WWW-Authenticate: Negotiate " + b64(done))
    )
    packets = talk.close().packets
    target = tmp_path / "cut.pcapng"
    reasons = set()
    for size in range(110, 400, 2):
        target.write_bytes(pcapng(snapped(size)(packets)))
        reasons |= {row["reason"] for row in facts_of(target).negotiations}
    assert "application_chose_ntlm" in reasons
    assert "ntlm_only_client" not in reasons


def test_a_list_of_schemes_that_is_cut(tmp_path: Path) -> None:
    """NTLM stands before Negotiate: the server was not heard out."""
    refusal = refuse(b"NTLM", b"Negotiate")
    first = message(b"GET /a HTTP/1.1", b"Host: web.nego.test")
    ntlm = b"Authorization: NTLM " + b64(build.ntlm_negotiate())
    talk = Conversation(80).client(first).server(refusal)
    packets = talk.client(message(b"GET /a HTTP/1.1", ntlm)).close().packets
    target = tmp_path / "cut.pcapng"
    at = next(p for p in packets if b"Negotiate" in p.data)
    cuts = range(at.data.index(b"NTLM\r\n") + 6, at.data.index(b"Negotiate\r\n"))
    for size in cuts:
        cut = [snapped(size)([p])[0] if p is at else p for p in packets]
        target.write_bytes(pcapng(cut))
        facts = facts_of(target)
        assert [row["fallback_reason"] for row in facts.negotiations] == ["ntlm_only_client"]
        assert [row["fallback_confidence"] for row in facts.negotiations] == ["likely"]
