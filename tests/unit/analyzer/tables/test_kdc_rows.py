"""Exchanges with a KDC as rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.packets import Packet, pcapng, read_packets
from support.transport import snapped

from analyzer.analysis import read
from analyzer.capture.model import NO_TIME, Stream
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange
from analyzer.tables.kdc_rows import kdc_row, outcome, preauth
from analyzer.tables.schema import TABLES

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
STREAM = Stream(3, "udp", "10.0.0.5", 1, "10.0.0.1", 88, 1, 0, "first")


def exchange(**facts: Any) -> KdcExchange:
    """An AS request without anything special."""
    made = KdcExchange(STREAM, "udp", "10.0.0.5", 1, "10.0.0.1", 88)
    made.exchange, made.frame_request = "AS", 7
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def cells(made: KdcExchange) -> dict[str, Any]:
    """Its row by column."""
    return dict(zip(TABLES["kdc"].names, kdc_row("x.pcap", made), strict=True))


def rows(case: str) -> list[dict[str, Any]]:
    """Rows of a capture of ours."""
    columns = read(CAPTURES / "kdc" / case / "capture.pcapng", tables=["kdc"]).tables.columns["kdc"]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_a_logon_as_it_was_recorded() -> None:
    """Refused for lack of proof, too big for UDP, granted over TCP: one row each, linked."""
    found = rows("udp_then_tcp")
    assert [(r["outcome"], r["error_code"], r["transport"], r["preauth"]) for r in found] == [
        ("failure", 25, "udp", "none"),
        ("failure", 52, "udp", "encrypted-timestamp"),
        ("success", None, "tcp", "encrypted-timestamp"),
    ]
    assert [r["continues"] for r in found] == [None, *(r["frame_request"] for r in found[:2])]
    assert {r["cname"] for r in found} == {"charles"}
    assert found[2]["ticket_etype"] == "aes256-cts-hmac-sha1-96"
    assert all(0 < r["duration_ms"] < 1000 for r in found)


def test_services_that_act_for_users() -> None:
    """S4U2self names the user, S4U2proxy does not."""
    found = [(r["s4u"], r["for_user"]) for r in rows("s4u2self_s4u2proxy") if r["s4u"]]
    assert found == [("self", "ada"), ("proxy", None)]
    assert any(r["u2u"] for r in rows("user_to_user"))
    assert any(r["fast"] for r in rows("fast"))
    for case in ("without_preauthentication", "asrep_roasting"):  # the KDC only says that it can
        assert not any(r["fast"] for r in rows(case)), case


def test_who_asks_for_a_user() -> None:
    """Frame 7 is the front server's, in whose name nothing in the capture is."""
    (row,) = [row for row in rows("s4u2self_s4u2proxy") if row["frame_request"] == 7]
    assert (row["s4u"], row["for_user"], row["cname"]) == ("self", "ada", None)
    made = exchange(exchange="TGS", s4u="self", ticket_cname="ada", ticket_used_names=("front",))
    assert (cells(made)["cname"], cells(made)["presented_cname"]) == ("front", "front")
    made.cname = "front$"  # as an error has it
    assert cells(made)["cname"] == "front$"
    made = exchange(exchange="TGS", ticket_used_names=("ada", "ada@lab"))
    assert cells(made)["cname"] is None


def test_a_ticket_is_known_again() -> None:
    """The ticket-granting ticket of the logon is presented for the service's, and tells whose it is."""
    *_, logon, service = rows("logon_and_ticket")
    assert (logon["exchange"], service["exchange"]) == ("AS", "TGS")
    assert service["presented_id"] == logon["ticket_id"]
    assert service["presented_cname"] == logon["cname"]
    assert service["ticket_id"] not in (logon["ticket_id"], None)
    assert (logon["presented_id"], logon["presented_cname"]) == (None, None)


def test_who_asks_where_only_the_ticket_tells() -> None:
    """Refused without a name, or answered under FAST's; the ticket presented came in the same capture."""
    case = CAPTURES / "smb" / "login_and_use" / "capture.pcapng"
    columns = read(case, tables=["kdc"]).tables.columns["kdc"]
    found = zip(columns["cname"], columns["presented_cname"], columns["error"], strict=True)
    assert [row for row in found if row[1] is not None] == [
        ("WELLKNOWN/ANONYMOUS", "ada", None),
        (None, "ada", "KDC_ERR_BADOPTION"),
    ]


def test_the_clients_clock_is_off_not_the_kdcs() -> None:
    """The KDC's clock and the capture's are the same machine's."""
    (skew,) = [r for r in rows("clock_skew") if r["error"] == "KRB_AP_ERR_SKEW"]
    assert abs(skew["clock_offset_ms"]) < 1000


def test_an_empty_table_has_its_columns_and_types() -> None:
    """Nobody must look first whether there is a row."""
    frame = read(CAPTURES / "ldap" / "no_bind" / "capture.pcapng").kdc
    assert len(frame) == 0
    assert list(frame.columns) == TABLES["kdc"].names
    kinds = {name: str(frame[name].dtype) for name in frame}
    assert (kinds["frame_request"], kinds["fast"], kinds["exchange"]) == ("Int64", "boolean", "category")  # fmt: skip


def test_rows_are_in_order_of_their_first_frame() -> None:
    """Of several conversations at once."""
    found = rows("password_spraying")
    first = [r["frame_request"] or r["frame_reply"] for r in found]
    assert len(found) > 10
    assert first == sorted(first)


def test_only_where_wanted() -> None:
    """Rows nobody asked for are not made; the count of tokens knows nothing of them."""
    tables = read(CAPTURES / "kdc" / "logon", tables=["captures"]).tables.columns
    assert tables["kdc"]["capture"] == []
    assert tables["captures"]["tokens"] == tables["captures"]["negotiations"] == [0]


@pytest.mark.parametrize(
    ("padata", "name"),
    [
        ((149, 150, 128), "none"),
        ((2, 149), "encrypted-timestamp"),
        ((16,), "pkinit"),
        ((151, 133), "spake"),
        ((136, 2), "encrypted-timestamp"),
        ((136,), "none"),
        ((142,), "otp"),
        ((655,), "gss"),
        ((138,), "encrypted-challenge"),
    ],
)
def test_the_proof_of_a_request(padata: tuple[int, ...], name: str) -> None:
    """By the types of its pre-authentication data."""
    assert preauth(exchange(padata=padata)) == name
    assert preauth(exchange(padata=padata, fast=True)) == "fast"
    assert preauth(exchange(padata=padata, exchange="TGS")) is None
    assert preauth(exchange(padata=padata, frame_request=None)) is None


def test_an_answer_whose_end_is_missing_is_no_success() -> None:
    """The KDC granted it; whether the ticket came, these packets do not show."""
    assert outcome(exchange(frame_reply=8)) == "success"
    torn = exchange(frame_reply=8, reply_torn=True)
    assert (outcome(torn), torn.granted) == ("incomplete", True)
    assert outcome(exchange(frame_reply=8, error="KDC_ERR_POLICY", reply_torn=True)) == "failure"


def test_a_proxy_without_an_answer() -> None:
    """A failure with the status of HTTP in its own column."""
    row = cells(exchange(frame_reply=8, proxy_status=503))
    assert (row["outcome"], row["error"], row["proxy_status"]) == ("failure", None, 503)
    unread = cells(exchange(frame_reply=8, proxy_status=200))
    assert (unread["outcome"], unread["frame_reply"], unread["proxy_status"]) == (
        "incomplete",
        8,
        200,
    )


def test_an_answer_that_is_lost_is_not_none() -> None:
    """What became of it stands beside the outcome, which is the same."""
    found = {
        "none": exchange(),
        "lost": exchange(reply_lost=True),
        "seen": exchange(frame_reply=8),
        "torn": exchange(frame_reply=8, reply_torn=True),
        "proxy": exchange(frame_reply=8, proxy_status=503),
    }
    assert [cells(made)["answer"] for made in found.values()] == list(found)
    ends = {how: cells(made)["outcome"] for how, made in found.items()}
    assert ends["none"] == ends["lost"] == ends["torn"] == "incomplete"


def test_what_a_request_that_is_cut_may_ask_for_is_not_known() -> None:
    """Armour and user-to-user are told if they are seen; so is that an end is missing."""
    known = cells(exchange(frame_reply=8, reply_cut=True))
    assert (known["fast"], known["u2u"], known["request_cut"], known["reply_cut"]) == (
        False,
        False,
        False,
        True,
    )
    cut = cells(exchange(request_cut=True))
    assert (cut["fast"], cut["u2u"], cut["request_cut"], cut["reply_cut"]) == (
        None,
        None,
        True,
        None,
    )
    seen = cells(exchange(request_cut=True, fast=True, u2u=True))
    assert (seen["fast"], seen["u2u"]) == (True, True)


def unseen(case: str, cut: Callable[[list[Packet]], list[Packet]], tmp: Path) -> dict[str, Any]:
    """The last row of a part of a capture of ours."""
    target = tmp / "part.pcapng"
    target.write_bytes(pcapng(cut(read_packets(CAPTURES / "kdc" / case / "capture.pcapng"))))
    columns = read(target, tables=["kdc"]).tables.columns["kdc"]
    return {name: cells[-1] for name, cells in columns.items()}


OF_THE_REQUEST = ("requested_etypes", "kdc_options", "padata", "fast", "u2u", "s4u", "for_user")
OF_THE_REQUEST += ("preauth",)


def test_what_a_request_that_is_not_there_asked_for_is_not_known(tmp_path: Path) -> None:
    """An answer alone: of the request nothing is told, not even that there was nothing."""
    row = unseen("user_to_user", lambda packets: packets[:3] + packets[4:], tmp_path)
    assert (row["frame_request"], row["exchange"]) == (None, "TGS")
    assert row["fast"]  # so the answer is
    assert {row[name] for name in OF_THE_REQUEST if name != "fast"} == {None}
    assert row["reply_padata"]


def test_a_request_without_its_end(tmp_path: Path) -> None:
    """Cut within the ticket that it shows: its padata goes on, and its options are behind."""
    row = unseen("s4u2proxy_refused", snapped(90), tmp_path)
    assert row["request_cut"]
    assert [row[name] for name in OF_THE_REQUEST] == [None] * len(OF_THE_REQUEST)


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        ({}, True),
        ({"request_cut": True, "begin_seen": True}, True),
        ({"request_cut": True}, False),
        ({"frame_request": None, "frame_reply": 8}, False),
    ],
)
def test_an_empty_list_is_one_that_was_seen(facts: dict[str, Any], known: bool) -> None:
    """Padata and options stand before the realm, the encryption types at the end."""
    row = cells(exchange(**facts))
    assert (row["kdc_options"], row["padata"]) == (([], []) if known else (None, None))
    assert (row["u2u"], row["fast"]) == ((False, False) if known else (None, None))
    assert row["requested_etypes"] == (None if facts else [])
    some = cells(exchange(padata=(2,), kdc_options=("renewable",), requested_etypes=(18,), **facts))
    assert all(some[name] for name in ("padata", "kdc_options", "requested_etypes"))


def test_a_list_of_an_answer_that_is_not_there() -> None:
    """Or that is cut; one that is whole has an empty one."""
    assert cells(exchange())["reply_padata"] is None
    assert cells(exchange(frame_reply=8, reply_cut=True))["reply_padata"] is None
    assert cells(exchange(frame_reply=8))["reply_padata"] == []


def test_outcomes() -> None:
    """As on the wire: an error that is overcome later is a failure too."""
    assert outcome(exchange()) == "incomplete"
    assert outcome(exchange(frame_reply=8, error_code=25, error="KDC_ERR_PREAUTH_REQUIRED")) == "failure"  # fmt: skip


def test_numbers_without_a_name_keep_the_number() -> None:
    """Etypes, padata, NTSTATUS."""
    row = cells(exchange(requested_etypes=(18, 99), padata=(77,), nt_status=0xC0001234, ticket_etype=98))  # fmt: skip
    assert row["requested_etypes"] == ["aes256-cts-hmac-sha1-96", "unknown(99)"]
    assert (row["padata"], row["ticket_etype"]) == (["unknown(77)"], "unknown(98)")
    assert row["nt_status"] == "0xC0001234"


def test_packets_without_time() -> None:
    """No time, no duration."""
    row = cells(exchange(ts_ns=NO_TIME, reply_ts_ns=NO_TIME, frame_reply=8))
    assert (row["ts"], row["duration_ms"]) == (None, None)
    row = cells(exchange(frame_request=None, ts_ns=5, reply_ts_ns=5, frame_reply=8))
    assert (row["ts"], row["duration_ms"]) == (5, None)


def test_negotiations_that_it_explains_or_that_carried_it() -> None:
    """Each number once, in order."""
    made = exchange()
    for number in (4, 2, 4):
        made.explains.append(Negotiation(STREAM, None, "http", negotiation_id=number))
    made.carried_by = made.explains[1]
    assert cells(made)["negotiation_ids"] == [2, 4]
