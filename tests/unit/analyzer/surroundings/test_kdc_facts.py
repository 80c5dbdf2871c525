"""What requests to a KDC and its answers say."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from support.kdc_talk import AS_REP, PREAUTH_REQUIRED, PROOF, TGS_REP, TGS_REQ, TGT, error

from analyzer.capture.model import NO_TIME, Stream
from analyzer.surroundings.kdc_facts import (
    CODE_CUT_OFF,
    NO_CODE,
    kerberos_time,
    take_reply,
    take_request,
)
from analyzer.surroundings.model import KdcExchange
from dissectors.tokens import build, dissect_token
from dissectors.tokens.build import kdc

ARMORED = bytes.fromhex("a0023000")
"""The beginning of all PA-FX-FAST-REQUEST and PA-FX-FAST-REPLY: armored-data."""


def exchange(request: bytes | None, reply: bytes | None = None, ts_ns: int = 0) -> KdcExchange:
    """An exchange with what these messages say."""
    stream = Stream(0, "udp", "a", 1, "b", 88, 1, 0, "first")
    made = KdcExchange(stream, "udp", "a", 1, "b", 88)
    for data, take in ((request, take_request), (reply, take_reply)):
        token: Any = None if data is None else dissect_token(data)
        if token is not None:
            take(made, token, ts_ns) if take is take_reply else take(made, token)  # type: ignore[operator]
    return made


def test_an_as_exchange() -> None:
    """Who, what for, by which proof; what was issued."""
    made = exchange(PROOF, AS_REP)
    assert (made.exchange, made.cname, made.realm, made.sname) == ("AS", "alice", kdc.REALM, TGT)
    assert (made.requested_etypes, made.padata, made.nonce) == ((18, 17, 23), (2,), 2)
    assert made.kdc_options == ("forwardable", "renewable", "canonicalize")
    assert (made.ticket_sname, made.ticket_realm, made.crealm) == (TGT, kdc.REALM, kdc.REALM)
    assert (made.ticket_etype, made.ticket_kvno, made.reply_etype) == (18, 2, 18)
    assert (made.error_code, made.referral, made.s4u, made.u2u, made.fast) == (
        None, None, None, False, False,
    )  # fmt: skip


def test_a_tgs_exchange() -> None:
    """The ticket shown, and who it is of, as the answer tells."""
    made = exchange(TGS_REQ, TGS_REP)
    assert (made.exchange, made.cname, made.sname) == ("TGS", "alice", kdc.SERVICE)
    assert (made.ticket_used_sname, made.ticket_used_etype) == (TGT, 18)


@pytest.mark.parametrize(
    ("s4u", "how"),
    [
        ("self", {"padata": [kdc.pa_for_user("bob")]}),
        ("proxy", {"kdc_options": ["cname-in-addl-tkt"]}),
    ],
)
def test_who_acts_for_a_user_is_not_the_user(s4u: str, how: dict[str, Any]) -> None:
    """The ticket is in the user's name; only an error names who asks."""
    made = exchange(kdc.tgs_req(**how), kdc.tgs_rep(cname="bob"))
    assert (made.s4u, made.cname, made.ticket_cname, made.asker) == (s4u, None, "bob", None)
    made.ticket_used_names = ("svc-front",)
    assert made.asker == "svc-front"
    assert exchange(kdc.tgs_req(**how), error(13, cname="svc-front")).cname == "svc-front"


def test_the_tickets_are_known_again() -> None:
    """The one presented and the one issued, each by its cipher; the KDC's name of an alias."""
    shown = kdc.pa_tgs_req(build.ap_req(form="bare", ticket_cipher=b"a ticket of alice's"))
    made = exchange(
        kdc.tgs_req(padata=[shown]), kdc.tgs_rep(ticket_cipher=b"a ticket for the web server")
    )
    assert made.ticket_used_id == sha256(b"a ticket of alice's").digest()[:8]
    assert made.ticket_id == sha256(b"a ticket for the web server").digest()[:8]
    made = exchange(kdc.as_req(cname="alice.smith@lab.example"), kdc.as_rep(cname="asmith"))
    assert (made.cname, made.ticket_cname) == ("alice.smith@lab.example", "asmith")
    assert made.ticket_used_id is None


def test_an_error() -> None:
    """Name, text, what its data list, NTSTATUS."""
    made = exchange(PROOF, PREAUTH_REQUIRED)
    assert (made.error_code, made.error) == (25, "KDC_ERR_PREAUTH_REQUIRED")
    assert made.reply_padata == (2, 19)
    said = error(18, e_text="locked", e_data=kdc.kerb_error_data(0xC0000234))
    made = exchange(PROOF, said)
    assert (made.e_text, made.nt_status) == ("locked", 0xC0000234)


def test_an_error_without_a_code_grants_nothing() -> None:
    """It is still an error."""
    made = exchange(PROOF, bytes.fromhex("7e1a3018a003020105a10302011ea40c180a") + b"x" * 10)
    made.frame_reply = 2
    assert (made.error_code, made.error, made.granted) == (None, NO_CODE, False)


def test_an_error_that_is_cut_before_its_code_says_so() -> None:
    """At whatever byte; one that has a realm, which comes later, and no code lacks it indeed."""
    found = [exchange(None, PREAUTH_REQUIRED[:size]) for size in range(12, len(PREAUTH_REQUIRED))]
    assert all(made.reply_cut for made in found)
    said = [made.error for made in found]
    known = said.index("KDC_ERR_PREAUTH_REQUIRED")
    assert known > 20
    assert set(said[:known]) == {CODE_CUT_OFF}
    assert set(said[known:]) == {"KDC_ERR_PREAUTH_REQUIRED"}
    lacking = exchange(None, bytes.fromhex("7e303018a003020105a10302011ea9051b034c4142aa") + b"x")
    assert (lacking.error, lacking.reply_cut) == (NO_CODE, True)
    assert not exchange(None, PREAUTH_REQUIRED).reply_cut


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({"padata": [kdc.pa_for_user("bob")]}, ("self", "bob", False, False)),
        ({"kdc_options": ["cname-in-addl-tkt"]}, ("proxy", None, False, False)),
        ({"kdc_options": ["enc-tkt-in-skey"]}, (None, None, True, False)),
        ({"padata": [(136, b"")]}, (None, None, False, False)),
        ({"padata": [(136, b"\0")]}, (None, None, False, False)),
        ({"padata": [(136, ARMORED)]}, (None, None, False, True)),
        ({}, (None, None, False, False)),
    ],
)
def test_extensions_are_noted(how: Any, found: tuple[Any, ...]) -> None:
    """S4U, user-to-user, FAST."""
    made = exchange(kdc.tgs_req(**how))
    assert (made.s4u, made.for_user, made.u2u, made.fast) == found


def test_that_fast_is_offered_is_no_fast() -> None:
    """The list of an error names what the KDC would take."""
    said = error(25, e_data=kdc.method_data([(136, b"")]))
    assert not exchange(PROOF, said).fast
    assert not exchange(PROOF, kdc.as_rep(padata=[(136, b"")])).fast


def test_an_answer_shows_fast_where_the_request_is_not_in_the_capture() -> None:
    """A reply or an error inside FAST is armoured as well."""
    assert exchange(None, kdc.as_rep(padata=[(136, ARMORED)])).fast
    assert exchange(None, error(25, e_data=kdc.method_data([(136, ARMORED)]))).fast


@pytest.mark.parametrize(
    ("request_", "reply", "realm"),
    [
        (TGS_REQ, kdc.tgs_rep(sname="krbtgt/OTHER"), "OTHER"),
        (None, kdc.tgs_rep(sname="krbtgt/OTHER"), "OTHER"),
        (kdc.tgs_req(sname="krbtgt/FAR"), kdc.tgs_rep(sname="krbtgt/OTHER"), "OTHER"),
        (kdc.tgs_req(sname="krbtgt/OTHER"), kdc.tgs_rep(sname="krbtgt/OTHER"), None),
        (kdc.tgs_req(sname="krbtgt/SHORT"), kdc.tgs_rep(sname=TGT), None),
        (kdc.as_req(sname="krbtgt/SHORT"), kdc.as_rep(), None),
        (None, kdc.tgs_rep(sname=TGT), None),
        (PROOF, error(68, crealm="ELSE.EXAMPLE"), "ELSE.EXAMPLE"),
        (PROOF, error(6, crealm="ELSE.EXAMPLE"), None),
    ],
)
def test_referrals(request_: bytes | None, reply: bytes, realm: str | None) -> None:
    """Another realm's ticket-granting ticket that was not asked for, or the error that names a realm."""
    assert exchange(request_, reply).referral == realm


def test_the_clock_of_the_kdc() -> None:
    """An error's time less the capture's, in milliseconds."""
    said = error(37, stime="20260131120000Z", susec=250_000)
    at = 1_769_860_800_000_000_000  # 2026-01-31 12:00:00
    assert exchange(PROOF, said, at).clock_offset_ms == 250.0
    assert exchange(PROOF, said, at + 1_200_000_000_000).clock_offset_ms == -1_199_750.0
    assert exchange(PROOF, said, NO_TIME).clock_offset_ms is None


@pytest.mark.parametrize(
    "text", [None, "", "20260131120000", "20261331120000Z", "2026013112000٣Z", "-0260131120000Z", "20260131120000+"]
)  # fmt: skip
def test_what_is_no_time_is_none(text: str | None) -> None:
    """Nothing is raised."""
    assert kerberos_time(text, 0) is None


def test_microseconds_out_of_range_count_as_none() -> None:
    """The seconds are still good."""
    assert kerberos_time("19700101000001Z", -5) == kerberos_time("19700101000001Z", None) == 10**9
