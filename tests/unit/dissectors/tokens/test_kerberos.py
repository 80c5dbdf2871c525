"""Kerberos messages in tokens."""

from __future__ import annotations

import pytest

from dissectors.tokens import dissect_token, token_fields
from dissectors.tokens.model import (
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
    OpaqueToken,
    Token,
)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes((size,)) if size < 128 else b"\x82" + size.to_bytes(2)
    return bytes((tag,)) + (bytes((0x81, size)) if 128 <= size < 256 else length) + content


def number(value: int) -> bytes:
    return der(0x02, value.to_bytes((value.bit_length() + 8) // 8, signed=True))


def text(value: str) -> bytes:
    return der(0x1B, value.encode())


def principal(*names: str) -> bytes:
    return der(0x30, der(0xA0, number(2)), der(0xA1, der(0x30, *map(text, names))))


def encrypted(etype: int, size: int, kvno: int | None = None) -> bytes:
    version = b"" if kvno is None else der(0xA1, number(kvno))
    return der(0x30, der(0xA0, number(etype)), version, der(0xA2, der(0x04, bytes(size))))


def ticket(enc_part: bytes, *names: str) -> bytes:
    return der(
        0x61,
        der(
            0x30,
            der(0xA0, number(5)),
            der(0xA1, text("LAB.EXAMPLE")),
            der(0xA2, principal(*names)),
            der(0xA3, enc_part),
        ),
    )


def message(tag: int, kind: int, *members: bytes) -> bytes:
    return der(tag, der(0x30, der(0xA0, number(5)), der(0xA1, number(kind)), *members))


def framed(token_id: str, *parts: bytes) -> bytes:
    oid = bytes.fromhex("06092a864886f712010202")
    return der(0x60, oid, bytes.fromhex(token_id), *parts)


OPTIONS = der(0xA2, bytes.fromhex("03050020000000"))
TICKET = ticket(encrypted(18, 900, 3), "HTTP", "web.lab.example")
AP_REQ = message(0x6E, 14, OPTIONS, der(0xA3, TICKET), der(0xA4, encrypted(17, 200)))
AP_REP = message(0x6F, 15, der(0xA2, encrypted(23, 80)))


def codes(token: Token) -> list[str]:
    return [anomaly.code for anomaly in token.anomalies]


# -- AP-REQ and AP-REP ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "mech", "dce_style"),
    [
        (framed("0100", AP_REQ), "1.2.840.113554.1.2.2", False),
        (b"\x01\x00" + AP_REQ, None, False),
        (AP_REQ, None, True),
    ],
)
def test_ap_req(raw: bytes, mech: str | None, dce_style: bool) -> None:
    """Framed, with its token id alone, or bare: what travels in clear is read."""
    token = dissect_token(raw)
    assert type(token) is KrbApReq
    assert token.ap_options == ("mutual-required",)
    assert (token.realm, token.sname) == ("LAB.EXAMPLE", "HTTP/web.lab.example")
    assert (token.etype, token.kvno) == (18, 3)
    assert (token.authenticator_etype, token.authenticator_length) == (17, 200)
    assert (token.this_mech, token.dce_style) == (mech, dce_style)
    assert token.anomalies == ()


@pytest.mark.parametrize(("raw", "dce_style"), [(framed("0200", AP_REP), False), (AP_REP, True)])
def test_ap_rep(raw: bytes, dce_style: bool) -> None:
    """An AP-REP tells its etype."""
    token = dissect_token(raw)
    assert type(token) is KrbApRep
    assert (token.etype, token.dce_style, token.anomalies) == (23, dce_style, ())


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("03050000000000", ()),
        ("03050060000000", ("use-session-key", "mutual-required")),
        ("03050084000000", ("reserved", "bit(5)")),
    ],
)
def test_ap_options(options: str, names: tuple[str, ...]) -> None:
    """Options have their names, unknown bits their number."""
    members = (der(0xA2, bytes.fromhex(options)), der(0xA3, TICKET), der(0xA4, encrypted(17, 9)))
    token = dissect_token(message(0x6E, 14, *members))
    assert isinstance(token, KrbApReq)
    assert token.ap_options == names


def test_ap_options_that_are_not_there() -> None:
    """Options that are cut off are unknown, which is not the same as none set."""
    whole = framed("0100", AP_REQ)
    end = whole.index(bytes.fromhex("030500")) + 7  # behind the BIT STRING
    for cut in range(len(whole)):
        token = dissect_token(whole[:cut])
        if isinstance(token, KrbApReq):
            assert token.ap_options == (None if cut < end else ("mutual-required",)), cut
    members = (der(0xA3, TICKET), der(0xA4, encrypted(17, 9)))
    absent = dissect_token(message(0x6E, 14, *members))
    assert isinstance(absent, KrbApReq)
    assert absent.ap_options is None


@pytest.mark.parametrize("kvno", [0, 127, 128, 65537, 2**31 + 5, 2**32 - 1, -2, None])
@pytest.mark.parametrize("etype", [18, 127, 128, -133])
def test_numbers_of_encrypted_data(etype: int, kvno: int | None) -> None:
    """Etypes may be negative; RODCs make key versions large, some stacks negative."""
    part = ticket(encrypted(etype, 50, kvno), "host")
    token = dissect_token(
        message(0x6E, 14, OPTIONS, der(0xA3, part), der(0xA4, encrypted(etype, 9)))
    )
    assert isinstance(token, KrbApReq)
    assert (token.etype, token.kvno, token.authenticator_etype) == (etype, kvno, etype)
    assert token.authenticator_length == 9
    assert token.sname == "host"
    assert token.anomalies == ()


def test_short_cipher() -> None:
    """An EncryptedData of a few octets is read within its own end."""
    token = dissect_token(
        message(0x6F, 15, der(0xA2, der(0x30, der(0xA0, number(18))))) + b"\xa2\x04"
    )
    assert isinstance(token, KrbApRep)
    assert token.etype == 18
    assert codes(token) == ["trailing-bytes"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (message(0x6E, 14, OPTIONS, der(0xA4, encrypted(17, 9))), ["missing-field"]),
        (message(0x6E, 14, OPTIONS, der(0xA3, TICKET)), ["missing-field"]),
        (message(0x6E, 14, der(0xA3, number(1)), der(0xA4, number(1))), ["bad-tag", "bad-tag"]),
        (
            message(0x6E, 15, OPTIONS, der(0xA3, TICKET), der(0xA4, encrypted(17, 9))),
            ["unknown-value"],
        ),
        (b"\x01\x00" + der(0x6E, der(0x04)), ["bad-tag", "missing-field", "missing-field"]),
        (der(0x60, bytes.fromhex("06092a864886f712010202"), AP_REQ), ["missing-field"]),
        (framed("0100", AP_REQ, b"\0"), ["trailing-bytes"]),
    ],
)
def test_odd_ap_req(raw: bytes, expected: list[str]) -> None:
    """What is missing or out of place in an AP-REQ is reported."""
    token = dissect_token(raw)
    assert isinstance(token, KrbApReq)
    assert codes(token) == expected


def test_ticket_of_another_form() -> None:
    """A ticket that is no SEQUENCE, or a name without components, is reported."""
    bad = der(0x61, der(0x04))
    token = dissect_token(message(0x6E, 14, der(0xA3, bad), der(0xA4, encrypted(17, 9))))
    assert codes(token) == ["bad-tag", "missing-field"]
    nameless = der(
        0x61, der(0x30, der(0xA2, der(0x30, der(0xA0, number(1)))), der(0xA3, encrypted(1, 9)))
    )
    token = dissect_token(message(0x6E, 14, der(0xA3, nameless), der(0xA4, encrypted(17, 9))))
    assert isinstance(token, KrbApReq)
    assert (token.realm, token.sname, token.etype) == (None, None, 1)
    assert codes(token) == ["missing-field"]


def test_long_and_odd_names() -> None:
    """Names beyond the remembered size are read too; components in excess are told."""
    part = ticket(encrypted(18, 9), "a" * 100, "b" * 100)
    token = dissect_token(message(0x6E, 14, der(0xA3, part), der(0xA4, encrypted(17, 9))))
    assert isinstance(token, KrbApReq)
    assert token.sname == "a" * 100 + "/" + "b" * 100
    part = ticket(encrypted(18, 9), *("x" * 20))
    token = dissect_token(message(0x6E, 14, der(0xA3, part), der(0xA4, encrypted(17, 9))))
    assert isinstance(token, KrbApReq)
    assert token.sname == "/".join("x" * 16)
    assert codes(token) == ["limit-count"]


def test_cut_ap_req_invents_nothing() -> None:
    """Of a cut AP-REQ only whole values are told, and the cut itself."""
    whole = framed("0100", AP_REQ)
    known = dissect_token(whole)
    assert isinstance(known, KrbApReq)
    for size in range(20, len(whole)):
        token = dissect_token(whole[:size])
        assert codes(token) == ["truncated"]
        if isinstance(token, KrbApReq):
            for name in ("realm", "sname", "etype", "kvno", "authenticator_etype"):
                assert getattr(token, name) in (None, getattr(known, name))
            assert token.authenticator_length is None


# -- KRB-ERROR --------------------------------------------------------------------------------------------


def test_krb_error() -> None:
    """Every member of a KRB-ERROR that people ask for is read."""
    e_data = der(
        0x30,
        der(0xA1, number(3)),
        der(0xA2, der(0x04, bytes.fromhex("720000c0 00000000 01000000"))),
    )
    raw = message(
        0x7E,
        30,
        der(0xA2, der(0x18, b"20260102030405Z")),
        der(0xA4, der(0x18, b"20260102040405Z")),
        der(0xA5, number(123456)),
        der(0xA6, number(37)),
        der(0xA7, text("LAB.EXAMPLE")),
        der(0xA8, principal("alice")),
        der(0xA9, text("LAB.EXAMPLE")),
        der(0xAA, principal("cifs", "dc1")),
        der(0xAB, text("Clock skew")),
        der(0xAC, der(0x04, e_data)),
    )
    token = dissect_token(framed("0300", raw))
    assert type(token) is KrbError
    assert (token.error_code, token.error) == (37, "KRB_AP_ERR_SKEW")
    assert (token.ctime, token.stime) == ("20260102030405Z", "20260102040405Z")
    assert (token.crealm, token.cname) == ("LAB.EXAMPLE", "alice")
    assert (token.realm, token.sname) == ("LAB.EXAMPLE", "cifs/dc1")
    assert (token.e_text, token.nt_status) == ("Clock skew", 0xC0000072)
    assert token.anomalies == ()
    assert dissect_token(raw).anomalies == ()


@pytest.mark.parametrize(
    "e_data",
    [
        b"",
        b"free text",
        b"\x30",
        der(0x30, der(0x30, der(0xA1, number(19)), der(0xA2, der(0x04, b"etype info")))),
        der(0x30, der(0xA1, number(2)), der(0xA2, der(0x04, bytes(12)))),
        der(0x30, der(0xA1, number(3)), der(0xA2, der(0x04, b"\1\2\3"))),
        der(0x30, der(0xA1, number(3))),
    ],
)
def test_e_data_of_other_kinds(e_data: bytes) -> None:
    """Pre-authentication data and anything else in e-data is no NTSTATUS and no anomaly."""
    token = dissect_token(message(0x7E, 30, der(0xA6, number(25)), der(0xAC, der(0x04, e_data))))
    assert isinstance(token, KrbError)
    assert token.nt_status is None
    assert token.anomalies == ()


def test_unknown_and_missing_error_codes() -> None:
    """An unknown code keeps its number, a missing one is reported."""
    token = dissect_token(message(0x7E, 30, der(0xA6, number(199))))
    assert isinstance(token, KrbError)
    assert (token.error_code, token.error) == (199, "unknown(199)")
    token = dissect_token(message(0x7E, 30, der(0xA9, text("R"))))
    assert isinstance(token, KrbError)
    assert (token.error_code, token.error) == (None, None)
    assert codes(token) == ["missing-field"]


# -- user-to-user -------------------------------------------------------------------------------------------


def test_tgt_req() -> None:
    """A TGT-REQ may name the service and its realm."""
    body = der(
        0x30,
        der(0xA0, number(5)),
        der(0xA1, number(16)),
        der(0xA2, principal("host", "fs1")),
        der(0xA3, text("LAB")),
    )
    token = dissect_token(framed("0400", body))
    assert type(token) is KrbTgtReq
    assert (token.realm, token.sname, token.anomalies) == ("LAB", "host/fs1", ())
    names = [field.path for field in token_fields(token)]
    assert "InitialContextToken.innerContextToken.TGT-REQ.server-name.name-string.1" in names


def test_tgt_rep() -> None:
    """A TGT-REP shows the acceptor's ticket."""
    body = der(0x30, der(0xA0, number(5)), der(0xA1, number(17)), der(0xA2, TICKET))
    token = dissect_token(framed("0401", body))
    assert type(token) is KrbTgtRep
    assert (token.realm, token.sname) == ("LAB.EXAMPLE", "HTTP/web.lab.example")
    assert (token.etype, token.kvno, token.anomalies) == (18, 3, ())


# -- fields -------------------------------------------------------------------------------------------------


def test_fields_of_an_ap_req() -> None:
    """Every element is shown by its name; ciphers by their length."""
    fields = {f.path: f for f in token_fields(dissect_token(AP_REQ))}
    assert fields["AP-REQ.msg-type"].text == "14 (AP-REQ)"
    assert fields["AP-REQ.ap-options"].text == "mutual-required"
    assert fields["AP-REQ.ticket.sname"].text == "HTTP/web.lab.example"
    assert fields["AP-REQ.ticket.sname.name-type"].text == "2 (NT-SRV-INST)"
    assert fields["AP-REQ.ticket.sname.name-string.1"].value == "web.lab.example"
    assert fields["AP-REQ.ticket.enc-part.etype"].text == "18 (aes256-cts-hmac-sha1-96)"
    cipher = fields["AP-REQ.authenticator.cipher"]
    assert (cipher.value, cipher.text, cipher.secret) == (None, "200 bytes, not shown", True)
    span = fields["AP-REQ.ticket.realm"].span
    assert AP_REQ[span.start : span.end] == der(0xA1, text("LAB.EXAMPLE"))
    assert all(not isinstance(f.value, bytes) for f in fields.values())


def test_every_member_of_a_krb_error_is_shown() -> None:
    """All thirteen members, times with their microseconds, and Windows' error in e-data."""
    status = bytes.fromhex("720000c0 00000000 01000000")
    e_data = der(0x30, der(0xA1, number(3)), der(0xA2, der(0x04, status)))
    raw = message(
        0x7E,
        30,
        der(0xA2, der(0x18, b"20260102030405Z")),
        der(0xA3, number(7)),
        der(0xA4, der(0x18, b"20260102040405Z")),
        der(0xA5, number(123456)),
        der(0xA6, number(37)),
        der(0xA7, text("LAB")),
        der(0xA8, principal("alice")),
        der(0xA9, text("LAB")),
        der(0xAA, principal("cifs", "dc1")),
        der(0xAB, text("Clock skew")),
        der(0xAC, der(0x04, e_data)),
    )
    token = dissect_token(raw)
    assert isinstance(token, KrbError)
    assert (token.cusec, token.susec, token.e_data) == (7, 123456, e_data)
    assert "e_data" not in repr(token)
    shown = [(f.path.partition(".")[2], f.text) for f in token_fields(token)]
    members = [(path, value) for path, value in shown if path and "." not in path]
    assert members == [
        ("pvno", "5"),
        ("msg-type", "30 (KRB-ERROR)"),
        ("ctime", "20260102030405Z (2026-01-02 03:04:05 UTC)"),
        ("cusec", "7 (0.000007 s)"),
        ("stime", "20260102040405Z (2026-01-02 04:04:05 UTC)"),
        ("susec", "123456 (0.123456 s)"),
        ("error-code", "37 (KRB_AP_ERR_SKEW)"),
        ("crealm", "LAB"),
        ("cname", "alice"),
        ("realm", "LAB"),
        ("sname", "cifs/dc1"),
        ("e-text", "Clock skew"),
        ("e-data", ""),
    ]
    assert shown[-6:] == [
        ("e-data.KERB-ERROR-DATA", ""),
        ("e-data.KERB-ERROR-DATA.data-type", "3 (KERB_ERR_TYPE_EXTENDED)"),
        ("e-data.KERB-ERROR-DATA.data-value", ""),
        ("e-data.KERB-ERROR-DATA.data-value.status", "0xC0000072 (STATUS_ACCOUNT_DISABLED)"),
        ("e-data.KERB-ERROR-DATA.data-value.reserved", "0x00000000"),
        ("e-data.KERB-ERROR-DATA.data-value.flags", "0x00000001"),
    ]


def test_padata_of_an_error() -> None:
    """A KDC that wants pre-authentication tells its kinds; a salt of Windows may be an NTSTATUS."""
    status = bytes.fromhex("240200c0 00000000 01000000")
    padata = [
        der(0x30, der(0xA1, number(kind)), der(0xA2, der(0x04, value)))
        for kind, value in ((19, b""), (2, b""), (3, status))
    ]
    e_data = der(0xAC, der(0x04, der(0x30, *padata)))
    token = dissect_token(message(0x7E, 30, der(0xA6, number(25)), e_data))
    assert isinstance(token, KrbError)
    assert (token.padata_types, token.nt_status) == ((19, 2, 3), 0xC0000224)
    assert token.anomalies == ()
    texts = {f.path: f.text for f in token_fields(token)}
    where = "KRB-ERROR.e-data.METHOD-DATA.2"
    assert texts[where] == "PA-PW-SALT"
    assert texts[f"{where}.padata-value.status"] == "0xC0000224 (STATUS_PASSWORD_MUST_CHANGE)"


def test_kdc_message_in_a_token_place() -> None:
    """A message for a KDC in a token's place is told as what it is."""
    assert dissect_token(message(0x6B, 11)).token_type == "KRB_AS_REP"
    assert type(dissect_token(der(0x6A, der(0x04)))) is OpaqueToken
