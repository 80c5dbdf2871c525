"""Rules about KDC exchanges beside what they are for: rows that are nearly it."""

from __future__ import annotations

from typing import Any

import pytest
from support.captured import SHARED
from support.finding_rows import CAPTURE, SECOND, Row, found, logon

from analyzer.analysis import read
from analyzer.surroundings.kdc_facts import CODE_CUT_OFF
from analyzer.tables.weakness import etype_weakness
from dissectors.codes.krb_error import KRB_ERROR
from dissectors.codes.krb_etype import krb_etype_name

AES, RC4 = "aes256-cts-hmac-sha1-96", "arcfour-hmac-md5"


def exchange(at: float, sname: str, **cells: Any) -> Row:
    """A row of `kdc`: a ticket of RC4 that was asked for with AES and RC4."""
    frame = int(at * 100) + 1
    return {
        "capture": CAPTURE,
        "frame_request": frame,
        "frame_reply": frame + 1,
        "ts": int(at * SECOND),
        "client": "10.0.0.20",
        "server": "10.0.0.1",
        "exchange": "TGS",
        "cname": "ada",
        "realm": "LAB.EXAMPLE",
        "sname": sname,
        "requested_etypes": ["aes256-cts-hmac-sha1-96", "arcfour-hmac-md5"],
        "ticket_etype": "arcfour-hmac-md5",
        "outcome": "success",
    } | cells


@pytest.mark.parametrize("rule_id", ["NGS-KDC-002", "NGS-KDC-022", "NGS-KDC-026"])
def test_a_list_that_may_go_on_is_not_of_rc4_only(rule_id: str) -> None:
    """The request is cut off behind RC4, or not."""
    usual = exchange(1, "krbtgt/LAB.EXAMPLE", ticket_etype=AES)
    proof = "none" if rule_id == "NGS-KDC-002" else "encrypted-timestamp"
    odd = exchange(2, "krbtgt/LAB.EXAMPLE", exchange="AS", preauth=proof, requested_etypes=[RC4])
    assert found(rule_id, kdc=[usual, odd])
    assert not found(rule_id, kdc=[usual, odd | {"request_cut": True}])


@pytest.mark.parametrize(
    ("cells", "ended"),
    [
        ({}, "granted"),
        ({"error": "KDC_ERR_POLICY", "error_code": 12}, "refused: KDC_ERR_POLICY"),
        ({"error": CODE_CUT_OFF, "reply_cut": True}, f"answered: {CODE_CUT_OFF}"),
        (
            {"error": "KRB_ERR_RESPONSE_TOO_BIG", "error_code": 52},
            "answered: KRB_ERR_RESPONSE_TOO_BIG",
        ),
        ({"frame_reply": None, "outcome": "incomplete"}, "and no answer was seen"),
        ({"proxy_status": 503}, "refused: HTTP 503 of the KDC proxy"),
    ],
)
def test_what_came_of_acting_for_a_user(cells: Row, ended: str) -> None:
    """Refused is only what a KDC is known to refuse."""
    outcome = "success" if ended == "granted" else "failure"
    row = exchange(1, "HTTP/web", s4u="self") | {"outcome": outcome, "ticket_etype": None} | cells
    (finding,) = found("NGS-KDC-004", kdc=[row])
    assert finding.why.endswith(f"(S4U2self), {ended}")


@pytest.mark.parametrize(("fast", "sure"), [(True, "likely"), (False, "certain")])
def test_the_list_that_armour_hides_is_the_one_that_counts(fast: bool, sure: str) -> None:
    """Outside it an armoured request may say anything (RFC 6113 5.4.2)."""
    row = exchange(1, "HTTP/web", requested_etypes=[RC4], fast=fast)
    (finding,) = found("NGS-KDC-022", kdc=[row])
    assert finding.confidence == sure


@pytest.mark.parametrize(("cname", "who"), [("svc-front", "svc-front"), (None, "(name not seen)")])
def test_who_asks_with_rc4_for_a_user(cname: str | None, who: str) -> None:
    """The service by its own name; the realm that the answer tells is the user's."""
    cells = {"cname": cname, "s4u": "self", "for_user": "bob", "crealm": "USERS.EXAMPLE"}
    row = exchange(1, "svc-front", requested_etypes=[RC4], **cells)
    (finding,) = found("NGS-KDC-022", kdc=[row])
    assert finding.why == f"10.0.0.20 asks for svc-front as {who} with {RC4} only"


@pytest.mark.parametrize(
    ("error", "sname", "count"),
    [
        ("KDC_ERR_BADOPTION", "HTTP/web.lab", 1),
        ("KDC_ERR_POLICY", "HTTP/web.lab", 1),
        ("KDC_ERR_BADOPTION", "web$", 0),
        ("KDC_ERR_BADOPTION", "web$@LAB.EXAMPLE", 0),
        ("KRB_AP_ERR_SKEW", "HTTP/web.lab", 0),
        ("KDC_ERR_S_PRINCIPAL_UNKNOWN", "HTTP/web.lab", 0),
        ("KDC_ERR_ETYPE_NOSUPP", "HTTP/web.lab", 0),
        ("KRB_AP_ERR_TKT_EXPIRED", "HTTP/web.lab", 0),
        ("KDC_ERR_SVC_UNAVAILABLE", "HTTP/web.lab", 0),
        ("KRB_ERR_RESPONSE_TOO_BIG", "HTTP/web.lab", 0),
    ],
)
def test_errors_that_refuse_delegation(error: str, sname: str, count: int) -> None:
    """A wrong clock or an unknown name says nothing of who may act for whom."""
    (code,) = (number for number, name in KRB_ERROR.items() if name == error)
    cells = {"error": error, "error_code": code, "outcome": "failure", "ticket_etype": None}
    made = found("NGS-KDC-009", kdc=[exchange(1, sname, s4u="proxy") | cells])
    said = f"10.0.0.20 was refused a ticket for {sname} in a user's name ({error})"
    assert [finding.why for finding in made] == [said] * count


ACCOUNTS = ["MSSQLSvc/sql.lab:1433", "backup/nas.lab", "svc-web"]


@pytest.mark.parametrize(
    ("asked", "confidence"),
    [
        (["arcfour-hmac-md5"], "likely"),
        (["arcfour-hmac-md5", "des-cbc-md5"], "likely"),
        (["arcfour-hmac-md5", "arcfour-hmac-md5-exp", "rc4-hmac-old-exp"], "likely"),
        (["des-cbc-crc"], "possible"),
        (["des-plain"], "possible"),
        (["aes256-cts-hmac-sha1-96", "arcfour-hmac-md5"], None),
        ([], None),
    ],
)
def test_weak_replies_without_proof(asked: list[str], confidence: str | None) -> None:
    """Tools ask for RC4; DES alone is what very old clients ask for."""
    row = exchange(1, "krbtgt/LAB.EXAMPLE", exchange="AS", preauth="none", requested_etypes=asked)
    made = found("NGS-KDC-002", kdc=[row])
    assert [finding.confidence for finding in made] == ([confidence] if confidence else [])


EVERY_RC4 = [krb_etype_name(number) for number in (*range(-136, -127), -140, -141, 23, 24)]
EVERY_RC4.remove("des-plain")  # -132 among them


@pytest.mark.parametrize("etype", EVERY_RC4)
@pytest.mark.parametrize("rule_id", ["NGS-KDC-020", "NGS-KDC-021", "NGS-KDC-022", "NGS-KDC-025"])
def test_every_rc4_is_rc4(rule_id: str, etype: str) -> None:
    """Also for export, and Windows' own types: what hosts and summary call RC4, rules do."""
    assert etype_weakness(etype) == "rc4"
    kind = "AS" if rule_id == "NGS-KDC-021" else "TGS"
    cells = {"exchange": kind, "reply_etype": etype, "ticket_etype": etype}
    asks = {"sname": "HTTP/web.lab", "requested_etypes": ["des-plain", etype]}
    assert found(rule_id, kdc=[issued(AES), presented(etype) | cells | asks])


@pytest.mark.parametrize(
    ("rule_id", "etype"), [("NGS-KRB-001", "arcfour-hmac-md5-exp"), ("NGS-KRB-002", "des-plain")]
)
@pytest.mark.parametrize("cell", ["ticket_etype", "session_etype"])
def test_every_weak_type_at_a_service(rule_id: str, etype: str, cell: str) -> None:
    """Of the ticket or of the session key."""
    assert found(rule_id, negotiations=[logon(mechanism="kerberos") | {cell: etype}])


def test_roasting_by_every_rc4() -> None:
    """Three services within forty seconds, asked for with RC4 of three names."""
    asked = {"requested_etypes": ["arcfour-hmac-md5", "arcfour-hmac-md5-exp", "rc4-hmac-old-exp"]}
    rows = [exchange(20 * n, f"HTTP/w{n}.lab", **asked) for n in range(3)]
    (finding,) = found("NGS-KDC-003", kdc=rows)
    assert finding.confidence == "likely"


CORPUS = SHARED / "corpus" / "files"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
@pytest.mark.parametrize(
    "name", ["BruteShark__Kerberos_v5_UDP_2.pcap", "nDPI__kerberos-login.pcap"]
)
def test_windows_list_without_aes(name: str) -> None:
    """23, -133, -128, 3, 1, 24, -135: all of it is RC4 and DES."""
    assert read(CORPUS / name).audit("NGS-KDC-022").findings


def test_three_accounts_within_five_seconds() -> None:
    """Whatever the requests list; a fourth much later is not among the evidence."""
    rows = [exchange(2 * n, name) for n, name in enumerate(ACCOUNTS)]
    (finding,) = found("NGS-KDC-003", kdc=[*rows, exchange(500, "late/host.lab")])
    assert (finding.subject, finding.confidence) == ("10.0.0.20", "possible")
    assert set(finding.places[CAPTURE].evidence) == {1, 2, 201, 202, 401, 402}


@pytest.mark.parametrize(
    ("names", "step"),
    [
        (ACCOUNTS, 2.6),  # within 5.2 seconds
        (ACCOUNTS[:2], 1),
        (["cifs/dc1.lab", "host/dc1", "ldap/dc1.lab:389", "http/DC1.lab"], 1),  # one computer
        (["DC1$", "DC2$", "DC3$", "DC4$"], 1),  # computers' own names
        ([ACCOUNTS[0].upper(), ACCOUNTS[0], ACCOUNTS[1]], 1),
    ],
)
def test_fewer_accounts_or_more_time(names: list[str], step: float) -> None:
    """A desk that starts its programs asks for a few tickets too."""
    assert (
        found("NGS-KDC-003", kdc=[exchange(step * n, name) for n, name in enumerate(names)]) == []
    )


@pytest.mark.parametrize("other", [{"client": "10.0.0.21"}, {"ticket_etype": AES}])
def test_a_burst_is_one_clients_and_of_rc4(other: Row) -> None:
    """The third ticket is another client's, or of AES."""
    rows = [exchange(n, name) for n, name in enumerate(ACCOUNTS)]
    assert found("NGS-KDC-003", kdc=[*rows[:2], rows[2] | other]) == []


@pytest.mark.parametrize(
    ("ticket", "reply", "said"),
    [
        ("des-cbc-md5", "des-cbc-md5", "a ticket of des-cbc-md5"),
        ("des-cbc-crc", "aes128-cts-hmac-sha1-96", "a ticket of des-cbc-crc"),
        (
            "arcfour-hmac-md5",
            "des-cbc-md5",
            "a reply sealed with des-cbc-md5, with a ticket of arcfour-hmac-md5,",
        ),
        (None, "des-cbc-md5", "a reply sealed with des-cbc-md5"),
    ],
)
def test_what_of_des_the_kdc_gave(ticket: str | None, reply: str, said: str) -> None:
    """The ticket, or only the reply around it."""
    row = exchange(1, "host/xp1.lab", ticket_etype=ticket, reply_etype=reply)
    (finding,) = found("NGS-KDC-024", kdc=[row])
    assert finding.why == f"the KDC 10.0.0.1 gave 10.0.0.20 {said} for host/xp1.lab"


def test_no_des() -> None:
    """Asked for, and not given."""
    row = exchange(
        1, "host/xp1.lab", reply_etype="arcfour-hmac-md5", requested_etypes=["des-cbc-md5"]
    )
    assert found("NGS-KDC-024", kdc=[row]) == []


def presented(etype: str = "arcfour-hmac-md5", sname: str = "krbtgt/LAB.EXAMPLE") -> Row:
    """A request of another host that brings this ticket."""
    facts = {"client": "10.0.0.66", "presented_etype": etype, "presented_sname": sname}
    return exchange(9, "cifs/fs1.lab", **facts)


def issued(etype: str, **cells: Any) -> Row:
    """A ticket-granting ticket that the KDC gave."""
    row = {"exchange": "AS", "ticket_etype": etype} | cells
    return exchange(1, "krbtgt/LAB.EXAMPLE", **row)


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([issued(AES), presented()], 1),
        ([presented(), issued(AES)], 1),  # whatever came first
        ([issued(AES), presented(sname="KRBTGT/lab.example")], 1),
        ([presented()], 0),  # nobody knows what the KDC gives
        ([issued(AES), issued(RC4), presented()], 0),
        ([issued(AES, outcome="failure", ticket_etype=None), presented()], 0),
        ([issued(AES, realm="OTHER.EXAMPLE"), presented()], 0),
        ([issued(AES), presented(AES)], 0),
        ([issued(AES), presented(sname="krbtgt/OTHER.EXAMPLE")], 0),  # of a trust, with its own key
        ([issued(AES, capture="another.pcapng"), presented()], 0),
    ],
)
def test_tickets_that_the_kdc_did_not_issue(rows: list[Row], count: int) -> None:
    """Only where this capture shows that the realm's own are of AES."""
    made = found("NGS-KDC-025", kdc=rows)
    assert [finding.subject for finding in made] == ["10.0.0.66"] * count


def proved(user: str, *etypes: str, **cells: Any) -> Row:
    """A logon with a timestamp, which asks for these types."""
    row = {"exchange": "AS", "preauth": "encrypted-timestamp", "requested_etypes": list(etypes)}
    return exchange(3, "krbtgt/LAB.EXAMPLE", **{**row, "cname": user} | cells)


@pytest.mark.parametrize(
    ("rows", "confidence"),
    [
        ([proved("ada", AES, RC4), proved("bob", RC4)], "likely"),
        ([proved("bob", RC4), exchange(4, "cifs/fs1.lab")], "likely"),
        ([proved("ada", AES), proved("bob", RC4, "des-cbc-md5", outcome="failure")], "possible"),
        ([proved("bob", RC4)], None),  # a host that knows nothing better
        ([proved("ada", AES, client="10.0.0.9"), proved("bob", RC4)], None),
        ([proved("ada", AES), proved("bob", RC4, preauth="none")], None),  # NGS-KDC-002's
        ([proved("ada", AES), proved("bob", "des-cbc-md5")], None),
        ([proved("ada", AES), proved("bob")], None),
        ([proved("ada", AES), proved("bob", RC4, AES)], None),
    ],
)
def test_logons_with_a_hash(rows: list[Row], confidence: str | None) -> None:
    """RC4 alone, proved, from a host that asks for AES too."""
    made = found("NGS-KDC-026", kdc=rows)
    told = [(finding.subject, finding.confidence) for finding in made]
    assert told == ([("bob@LAB.EXAMPLE", confidence)] if confidence else [])
