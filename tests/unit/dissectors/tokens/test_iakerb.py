"""IAKERB_PROXY tokens."""

from __future__ import annotations

import pytest

from dissectors.tokens import dissect_token, token_fields, token_mech
from dissectors.tokens.model import IakerbMessage, KrbApReq, KrbAsReq, KrbError, Token

OID = bytes.fromhex("06062b0601050205")


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, len(content))) + content


def header(realm: bytes, tag: int = 0x0C) -> bytes:
    return der(0x30, der(0xA1, der(tag, realm)), der(0xA2, der(0x04, b"cookie")))


def proxy(*parts: bytes) -> bytes:
    return der(0x60, OID, b"\x05\x01", *parts)


def codes(token: Token) -> list[str]:
    return [anomaly.code for anomaly in token.anomalies]


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        (0x6A, "AS-REQ"),
        (0x6B, "AS-REP"),
        (0x6C, "TGS-REQ"),
        (0x6D, "TGS-REP"),
        (0x7E, "KRB-ERROR"),
    ],
)
def test_message_for_the_kdc(tag: int, name: str) -> None:
    """Realm and name of the message inside are read; older MIT releases write the realm as octets."""
    for realm_tag in (0x0C, 0x04):
        token = dissect_token(proxy(header(b"LAB.EXAMPLE", realm_tag), der(tag, der(0x30))))
        assert type(token) is IakerbMessage
        assert (token.realm, token.message) == ("LAB.EXAMPLE", name)
        assert token.this_mech == "1.3.6.1.5.2.5"
        assert token.anomalies == ()
        assert token_mech(token) == "iakerb"


def test_a_message_without_a_frame() -> None:
    """MIT's library frames the first token only; what is cut is told of the message, and what follows it."""
    whole = b"\x05\x01" + header(b"LAB.EXAMPLE") + der(0x6B, der(0x30))
    token = dissect_token(whole)
    assert type(token) is IakerbMessage
    assert (token.realm, token.message, token.anomalies) == ("LAB.EXAMPLE", "AS-REP", ())
    assert codes(dissect_token(whole[:-1])) == ["truncated"]
    assert codes(dissect_token(whole[:12])) == ["truncated"]
    assert codes(dissect_token(whole + b"\0")) == ["trailing-bytes"]


def test_realm_discovery() -> None:
    """An empty realm and no message ask for the realm."""
    token = dissect_token(proxy(header(b"")))
    assert isinstance(token, IakerbMessage)
    assert (token.realm, token.message, token.anomalies) == ("", None, ())


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((der(0x30, der(0xA2, der(0x04))),), ["missing-field"]),
        ((header(b"R", 0x1B),), ["bad-tag"]),
        ((header(b"R"), der(0x6F, der(0x30))), ["bad-tag"]),
        ((header(b"R"), der(0x6A, der(0x30)), b"\0"), ["trailing-bytes"]),
        ((header(b"R"), b"\x6a\x09\x30"), ["bad-length"]),
    ],
)
def test_odd_messages(parts: tuple[bytes, ...], expected: list[str]) -> None:
    """What is missing or out of place is reported."""
    token = dissect_token(proxy(*parts))
    assert isinstance(token, IakerbMessage)
    assert codes(token) == expected


def test_fields() -> None:
    """Header and message are shown."""
    body = der(0x30, der(0xA2, der(0x1B, b"LAB.EXAMPLE")))
    request = der(0x6A, der(0x30, der(0xA1, der(0x02, b"\x05")), der(0xA4, body)))
    raw = proxy(header(b"LAB"), request)
    fields = {f.path: f for f in token_fields(dissect_token(raw))}
    above = "InitialContextToken.innerContextToken"
    assert fields[f"{above}.IAKERB-HEADER.target-realm"].value == "LAB"
    assert fields[f"{above}.IAKERB-HEADER.cookie"].value == b"cookie"
    realm = fields[f"{above}.AS-REQ.req-body.realm"]
    assert realm.value == "LAB.EXAMPLE"
    assert raw[realm.span.start : realm.span.end] == der(0xA2, der(0x1B, b"LAB.EXAMPLE"))


def test_the_message_is_a_token_of_its_own() -> None:
    """What the message says and what is odd in it comes along, with spans of the whole token."""
    body = der(0x30, der(0xA2, der(0x1B, b"LAB.EXAMPLE")), der(0xA7, der(0x04, b"\x05")))
    request = der(0x6A, der(0x30, der(0xA1, der(0x02, b"\x05")), der(0xA4, body)))
    raw = proxy(header(b"LAB"), request)
    token = dissect_token(raw)
    assert isinstance(token.inner, KrbAsReq)
    assert (token.inner.realm, token.inner.raw) == ("LAB.EXAMPLE", request)
    assert token.anomalies == ()
    (finding,) = token.findings
    assert (finding.code, finding.detail) == ("bad-tag", "nonce cannot have tag 04")
    assert raw[finding.span.start : finding.span.end] == b"\x05"


def test_an_error_of_the_proxy() -> None:
    """A KRB-ERROR inside tells that the acceptor found no KDC."""
    error = der(0x7E, der(0x30, der(0xA6, der(0x02, b"\x55"))))
    inner = dissect_token(proxy(header(b"LAB"), error)).inner
    assert isinstance(inner, KrbError)
    assert inner.error == "KRB_AP_ERR_IAKERB_KDC_NOT_FOUND"


def test_ap_req_in_the_frame_of_iakerb() -> None:
    """The AP-REQ that ends an IAKERB exchange is a Kerberos message of mechanism iakerb."""
    token = dissect_token(der(0x60, OID, b"\x01\x00", der(0x6E, der(0x30))))
    assert type(token) is KrbApReq
    assert token_mech(token) == "iakerb"
