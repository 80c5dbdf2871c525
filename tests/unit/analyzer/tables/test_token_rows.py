"""Rows of tokens, from captures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import read

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def rows(name: str) -> list[dict[str, Any]]:
    """The tokens of one of the project's captures."""
    columns = read(CAPTURES / name / "capture.pcapng", tables=["tokens"]).tables.columns["tokens"]
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def test_a_raw_token_and_the_same_in_spnego_can_be_joined() -> None:
    """What one hop sends inside SPNEGO and another without has one digest in both."""
    inside = {row["inner_sha256"] for row in rows("smb/relayed_smb")} - {None}
    assert len(inside) > 1
    for row in rows("smb/raw_ntlm"):
        wrapped = row["inner_type"] is not None
        assert (row["inner_sha256"] is not None) == wrapped


def test_challenge_and_response_have_ids_where_they_are() -> None:
    """One of each in an NTLM logon; the LM response is named beside it."""
    tokens = rows("smb/smb311_ntlm")
    kinds = {row["inner_type"]: row for row in tokens}
    challenge, proof = kinds["NTLM_CHALLENGE"], kinds["NTLM_AUTHENTICATE"]
    assert [row["ntlm_challenge_id"] for row in tokens if row["ntlm_challenge_id"]] == [
        challenge["ntlm_challenge_id"]
    ]
    assert [row["ntlm_response_id"] for row in tokens if row["ntlm_response_id"]] == [
        proof["ntlm_response_id"]
    ]
    assert proof["ntlm_lm"] == "zero"
    assert challenge["ntlm_lm"] is None


def test_the_servers_clock_is_near_the_captures() -> None:
    """Recorded on one machine, CHALLENGE's timestamp is that of its frame."""
    (offset,) = [
        row["clock_offset_ms"]
        for row in rows("smb/smb311_ntlm")
        if row["inner_type"] == "NTLM_CHALLENGE"
    ]
    assert abs(offset) < 1000


@pytest.mark.parametrize("name", ["smb/smb311_kerberos", "smb/nt1_kerberos"])
def test_the_servers_clock_is_told_without_ntlm_too(name: str) -> None:
    """SystemTime of SMB's NEGOTIATE response, in each version."""
    offsets = {row["token_type"]: row["clock_offset_ms"] for row in rows(name)}
    assert abs(offsets["NegTokenInit2"]) < 1000


def test_the_ticket_of_an_ap_req_is_that_of_the_kdcs_reply() -> None:
    """Both tables have the same id for it; no other token has one."""
    case = CAPTURES / "http/login_and_negotiate/capture.pcapng"
    kdc = read(case, tables=["kdc"]).tables.columns["kdc"]
    (given,) = [
        ticket
        for ticket, sname in zip(kdc["ticket_id"], kdc["sname"], strict=True)
        if sname == "HTTP/web.nego.test"
    ]
    found = {row["inner_type"]: row["krb_ticket_id"] for row in rows("http/login_and_negotiate")}
    assert found == {"KRB_AP_REQ": given, "KRB_AP_REP": None}
    assert len(given) == 16


def test_an_ap_req_shows_its_session_key_type() -> None:
    """The authenticator's encryption type and length, not the ticket's."""
    found = {
        (row["krb_etype"], row["krb_session_etype"]): row["krb_authenticator_length"]
        for row in rows("http/proxy_and_origin_kerberos") + rows("smb/smb311_kerberos")
        if row["krb_session_etype"] is not None
    }
    assert ("aes256-cts-hmac-sha1-96", "aes256-cts-hmac-sha1-96") in found
    assert min(found.values()) > 100
