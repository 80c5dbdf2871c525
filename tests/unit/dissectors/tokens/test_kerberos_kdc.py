"""Messages between a client and a KDC."""

from __future__ import annotations

import pytest
from support.kerberos_messages import (
    ap_req,
    der,
    encrypted,
    flags,
    kdc_req,
    message,
    number,
    padata,
    principal,
    recorded,
    text,
    ticket,
    time,
)

from dissectors.tokens import dissect_token, token_fields, token_mech
from dissectors.tokens.model import (
    KrbAsRep,
    KrbAsReq,
    KrbKdcRep,
    KrbKdcReq,
    KrbTgsRep,
    KrbTgsReq,
    Token,
)

BODY = (
    der(0xA0, flags(1, 8, 15, 20)),
    der(0xA1, principal("alice", kind=1)),
    der(0xA2, text("LAB.EXAMPLE")),
    der(0xA3, principal("krbtgt", "LAB.EXAMPLE")),
    der(0xA4, time("20260101000000Z")),
    der(0xA5, time("20370913024805Z")),
    der(0xA6, time("20370913024806Z")),
    der(0xA7, number(123456)),
    der(0xA8, der(0x30, number(18), number(23), number(-135))),
)
PART = ticket(encrypted(18, 90, 3), "krbtgt", "LAB")


def codes(token: Token) -> list[str]:
    return [anomaly.code for anomaly in token.findings]


def texts(data: bytes) -> dict[str, str]:
    return {f.path: f.text for f in token_fields(dissect_token(data))}


def test_as_req() -> None:
    """An AS-REQ tells who asks for what, how long, and with which encryption types."""
    raw = kdc_req(0x6A, 10, *BODY, pa=(padata(2, encrypted(18, 50)), padata(149, b"")))
    token = dissect_token(raw)
    assert type(token) is KrbAsReq
    assert token.token_type == "KRB_AS_REQ"
    assert token.padata_types == (2, 149)
    assert token.kdc_options == ("forwardable", "renewable", "canonicalize", "bit(20)")
    assert (token.cname, token.realm, token.sname) == ("alice", "LAB.EXAMPLE", "krbtgt/LAB.EXAMPLE")
    assert (token.from_time, token.till) == ("20260101000000Z", "20370913024805Z")
    assert (token.rtime, token.nonce, token.etypes) == ("20370913024806Z", 123456, (18, 23, -135))
    assert (token.ticket_etype, token.for_user) == (None, None)
    assert token.anomalies == ()
    assert token_mech(token) == "kerberos"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (129, der(0x30, der(0xA0, principal("bob", kind=10)), der(0xA1, text("LAB")))),
        (130, der(0x30, der(0xA0, der(0x30, der(0xA0, number(1)), der(0xA1, principal("bob")))))),
    ],
)
def test_tgs_req(kind: int, value: bytes) -> None:
    """A TGS-REQ tells the ticket it is made with, and for whom a service asks."""
    pa = (padata(1, ap_req("krbtgt", "LAB")), padata(kind, value))
    token = dissect_token(kdc_req(0x6C, 12, *BODY[2:], pa=pa))
    assert type(token) is KrbTgsReq
    assert (token.token_type, token.padata_types) == ("KRB_TGS_REQ", (1, kind))
    assert (token.ticket_realm, token.ticket_sname) == ("LAB.EXAMPLE", "krbtgt/LAB")
    assert (token.ticket_etype, token.ticket_kvno) == (18, 3)
    assert (token.for_user, token.cname, token.anomalies) == ("bob", None, ())


@pytest.mark.parametrize(
    ("tag", "number_", "kind", "name"),
    [(0x6B, 11, KrbAsRep, "KRB_AS_REP"), (0x6D, 13, KrbTgsRep, "KRB_TGS_REP")],
)
def test_replies(tag: int, number_: int, kind: type[KrbKdcRep], name: str) -> None:
    """A reply tells the client, the ticket and both encryption types."""
    raw = message(
        tag,
        number_,
        der(0xA2, der(0x30, padata(19, b"\x30\x00"))),
        der(0xA3, text("LAB")),
        der(0xA4, principal("alice")),
        der(0xA5, PART),
        der(0xA6, encrypted(23, 70, 2)),
    )
    token = dissect_token(raw)
    assert type(token) is kind
    assert isinstance(token, KrbKdcRep)
    assert (token.token_type, token.padata_types) == (name, (19,))
    assert (token.crealm, token.cname) == ("LAB", "alice")
    assert (token.realm, token.sname) == ("LAB.EXAMPLE", "krbtgt/LAB")
    assert (token.etype, token.kvno) == (18, 3)
    assert (token.enc_part_etype, token.enc_part_kvno) == (23, 2)
    assert token.anomalies == ()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (der(0x6A, der(0x30, der(0xA1, number(5)))), ["missing-field"]),
        (kdc_req(0x6A, 10), []),
        (kdc_req(0x6A, 10, der(0xA0, flags(1))), ["missing-field"]),
        (kdc_req(0x6A, 12, *BODY), ["unknown-value"]),
        (kdc_req(0x6A, 10, der(0xA2, text("R")), der(0xA8, number(18))), ["bad-tag"]),
        (kdc_req(0x6A, 10, der(0xA2, text("R")), der(0xA8, der(0x30, text("x")))), ["bad-tag"]),
        (kdc_req(0x6C, 12, *BODY, pa=(padata(1, b"\x30\x00"),)), ["bad-tag"]),
        (kdc_req(0x6C, 12, *BODY, pa=(padata(129, b"\x04\x00"),)), ["bad-tag"]),
        (kdc_req(0x6C, 12, *BODY, pa=(padata(130, b"\x30\x00"),)), []),
        (kdc_req(0x6C, 12, *BODY, pa=(padata(1, b"\x6e\x02\x30\x00"),)), ["missing-field"]),
        (kdc_req(0x6C, 12, *BODY, pa=(der(0x30, der(0xA1, number(1))),)), []),
        (kdc_req(0x6A, 10, *BODY, pa=(der(0x04),)), ["bad-tag"]),
        (kdc_req(0x6A, 10, *BODY, pa=(padata(2, b""),) * 65), ["limit-count"]),
        (message(0x6B, 11), ["missing-field", "missing-field"]),
    ],
)
def test_odd_messages(raw: bytes, expected: list[str]) -> None:
    """What is missing or out of place is reported."""
    token = dissect_token(raw)
    assert isinstance(token, KrbKdcReq | KrbKdcRep)
    assert codes(token) == expected


def test_fields_of_a_request() -> None:
    """Every member of req-body is shown with its names."""
    addresses = [
        der(0x30, der(0xA0, number(2)), der(0xA1, der(4, bytes((10, 0, 0, 1))))),
        der(0x30, der(0xA0, number(24)), der(0xA1, der(4, bytes(15) + b"\x01"))),
        der(0x30, der(0xA0, number(20)), der(0xA1, der(4, b"WS1".ljust(15) + b"\x20"))),
        der(0x30, der(0xA0, number(2)), der(0xA1, der(4, b"\x01"))),
        der(0x30, der(0xA0, number(99)), der(0xA1, der(4, b"\x01"))),
    ]
    more = (
        der(0xA9, der(0x30, *addresses)),
        der(0xAA, encrypted(18, 20)),
        der(0xAB, der(0x30, ticket(encrypted(17, 30), "host", "a"))),
    )
    found = {
        path.removeprefix("AS-REQ.req-body."): value
        for path, value in texts(kdc_req(0x6A, 10, *BODY, *more)).items()
    }
    assert found["kdc-options"] == "forwardable, renewable, canonicalize, bit(20)"
    assert found["cname"] == "alice"
    assert found["cname.name-type"] == "1 (NT-PRINCIPAL)"
    assert found["sname.name-string.1"] == "LAB.EXAMPLE"
    assert found["till"] == "20370913024805Z (2037-09-13 02:48:05 UTC)"
    assert found["nonce"] == "123456"
    assert [found[f"etype.{n}"] for n in range(3)] == [
        "18 (aes256-cts-hmac-sha1-96)",
        "23 (arcfour-hmac-md5)",
        "-135 (rc4-hmac-old-exp)",
    ]
    assert [found[f"addresses.{n}.address"] for n in range(5)] == [
        "10.0.0.1",
        "::1",
        "WS1<20>",
        "01",
        "01",
    ]
    assert found["addresses.2.addr-type"] == "20 (NetBios)"
    assert found["enc-authorization-data.cipher"] == "20 bytes, not shown"
    assert found["additional-tickets.0.sname"] == "host/a"


def test_recorded_requests_and_replies() -> None:
    """Whole messages of captures have what every such message must have, and nothing odd."""
    seen = set()
    for data in recorded():
        token = dissect_token(data)
        if token.findings:  # it goes on in another packet
            continue
        seen.add(token.token_type)
        if isinstance(token, KrbKdcReq):
            assert token.realm
            assert token.nonce is not None
            assert token.etypes
            assert token.till is not None
            assert (token.ticket_etype is not None) == isinstance(token, KrbTgsReq)
        elif isinstance(token, KrbKdcRep):
            assert token.crealm
            assert token.cname
            assert token.sname
            assert token.etype is not None
            assert token.enc_part_etype is not None
    if not seen & {"KRB_TGS_REQ", "KRB_AS_REQ"}:
        pytest.skip("no capture with KDC messages here")
