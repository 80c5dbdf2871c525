"""What pre-authentication data shows."""

from __future__ import annotations

import pytest
from support.kerberos_messages import (
    ap_req,
    der,
    encrypted,
    kdc_req,
    message,
    number,
    padata,
    principal,
    text,
)

from dissectors.span import Field
from dissectors.tokens import dissect_token, token_fields
from dissectors.tokens.kerberos_padata import padata_text


def fields_of(raw: bytes, above: str) -> dict[str, Field]:
    """Fields below the only padata-value of a message."""
    token = dissect_token(raw)
    assert token.findings == ()
    found = token_fields(token)
    return {f.path.removeprefix(above): f for f in found if f.path.startswith(above)}


def request(kind: int, value: bytes) -> dict[str, Field]:
    """Fields of a value in a TGS-REQ."""
    raw = kdc_req(0x6C, 12, der(0xA2, text("LAB")), pa=(padata(kind, value),))
    return fields_of(raw, "TGS-REQ.padata.0.padata-value")


def answer(kind: int, value: bytes) -> dict[str, Field]:
    """Fields of a value in a KRB-ERROR."""
    e_data = der(0xAC, der(4, der(0x30, padata(kind, value))))
    raw = message(0x7E, 30, der(0xA6, number(25)), e_data)
    return fields_of(raw, "KRB-ERROR.e-data.METHOD-DATA.0.padata-value")


CHECKSUM = der(0x30, der(0xA0, number(16)), der(0xA1, der(4, bytes(12))))


def test_tgs_req_shows_its_ap_req() -> None:
    """The AP-REQ by which a request is authenticated is a message like any other."""
    found = request(1, ap_req("krbtgt", "LAB"))
    assert found[".AP-REQ.ticket.sname"].text == "krbtgt/LAB"
    assert found[".AP-REQ.authenticator.cipher"].secret
    raw = kdc_req(0x6C, 12, der(0xA2, text("LAB")), pa=(padata(1, ap_req("krbtgt", "LAB")),))
    span = found[".AP-REQ"].span
    assert raw[span.start] == 0x6E


def test_encrypted_timestamp() -> None:
    """The proof of a password shows its encryption type alone."""
    found = request(2, encrypted(23, 60))
    assert found[".EncryptedData.etype"].text == "23 (arcfour-hmac-md5)"
    assert (found[".EncryptedData.cipher"].text, found[".EncryptedData.cipher"].secret) == (
        "60 bytes, not shown",
        True,
    )
    for odd in (b"\x04\x01a", b"proof"):
        assert request(2, odd)[""].secret
    assert answer(2, b"")[""].text == "empty"


@pytest.mark.parametrize(
    ("kind", "name", "salt"),
    [(11, "ETYPE-INFO", der(4, b"LABbob")), (19, "ETYPE-INFO2", text("LABbob"))],
)
def test_etype_info(kind: int, name: str, salt: bytes) -> None:
    """Encryption types come with their salt and parameters."""
    more = (der(0xA2, der(4, bytes.fromhex("00001000"))),) if kind == 19 else ()
    entry = der(0x30, der(0xA0, number(18)), der(0xA1, salt), *more)
    found = answer(kind, der(0x30, entry, der(0x30, der(0xA0, number(23)))))
    assert found[f".{name}.0.etype"].text == "18 (aes256-cts-hmac-sha1-96)"
    assert found[f".{name}.0.salt"].value == "LABbob"
    assert found[f".{name}.1.etype"].value == 23
    if more:
        assert found[f".{name}.0.s2kparams"].text == "00001000 (4096 iterations)"


@pytest.mark.parametrize(
    ("kind", "value", "text_"),
    [
        (3, b"LAB.EXAMPLEbob", "LAB.EXAMPLEbob"),
        (3, b"LAB.COMalice", "LAB.COMalice"),  # as long as Windows' error
        (10, b"lab", "lab"),
        (133, b"MIT1", "4d495431"),
        (165, bytes.fromhex("1f000000"), "0x0000001f"),
        (999, b"\x01", "01"),
        (149, b"", "empty"),
        (16, b"", "empty"),
        (151, b"", "empty"),
    ],
)
def test_values_that_are_no_der(kind: int, value: bytes, text_: str) -> None:
    """Salts are text, cookies octets, Windows' encryption types a mask."""
    assert answer(kind, value)[""].text.startswith(text_)


def test_pac_request_and_options() -> None:
    """Windows' switches are shown by name."""
    found = request(128, der(0x30, der(0xA0, b"\x01\x01\xff")))
    assert found[".KERB-PA-PAC-REQUEST.include-pac"].value is True
    found = request(167, der(0x30, der(0xA0, b"\x03\x05\x00\x50\x00\x00\x00")))
    assert found[".PA-PAC-OPTIONS.flags"].text == (
        "Branch Aware, Resource-based Constrained Delegation"
    )
    assert request(161, der(0x30, number(23)))[".KERB-KEY-LIST-REQ.0"].value == 23


def test_services_for_users() -> None:
    """S4U2self tells the user, by name or certificate; the checksums have a key."""
    user = (der(0xA0, principal("bob", kind=10)), der(0xA1, text("LAB")), der(0xA2, CHECKSUM))
    found = request(129, der(0x30, *user, der(0xA3, text("Kerberos"))))
    assert found[".PA-FOR-USER.userName"].text == "bob"
    assert found[".PA-FOR-USER.auth-package"].value == "Kerberos"
    assert found[".PA-FOR-USER.cksum.checksum"].secret
    options = der(0xA4, b"\x03\x05\x00\x20\x00\x00\x00")
    who = (der(0xA0, number(5)), der(0xA1, principal("bob")), der(0xA2, text("LAB")), options)
    found = request(130, der(0x30, der(0xA0, der(0x30, *who)), der(0xA1, CHECKSUM)))
    assert found[".PA-S4U-X509-USER.user-id.cname"].text == "bob"
    assert found[".PA-S4U-X509-USER.user-id.options"].text == "use-reply-key-usage"


def test_fast() -> None:
    """FAST shows its armor in a request, and in either direction what kind of cipher it is."""
    armor = der(0x30, der(0xA0, number(1)), der(0xA1, der(4, ap_req("krbtgt", "LAB"))))
    armored = (der(0xA0, armor), der(0xA1, CHECKSUM), der(0xA2, encrypted(18, 70)))
    found = request(136, der(0xA0, der(0x30, *armored)))
    assert found[".armored-data.armor.armor-type"].text == "1 (FX_FAST_ARMOR_AP_REQUEST)"
    assert found[".armored-data.armor.armor-value.AP-REQ.ticket.sname"].text == "krbtgt/LAB"
    assert found[".armored-data.req-checksum.checksum"].secret
    assert found[".armored-data.enc-fast-req.cipher"].secret
    found = answer(136, der(0xA0, der(0x30, der(0xA0, encrypted(18, 70)))))
    assert found[".armored-data.enc-fast-rep.etype"].value == 18


def test_spake() -> None:
    """Each of the messages of SPAKE is told by its choice."""
    found = request(151, der(0xA0, der(0x30, der(0xA0, der(0x30, number(1), number(2))))))
    assert [found[f".support.groups.{n}"].text for n in (0, 1)] == ["1 (edwards25519)", "2 (P-256)"]
    factors = der(0xA2, der(0x30, der(0x30, der(0xA0, number(1)))))
    challenge = der(0x30, der(0xA0, number(1)), der(0xA1, der(4, b"key")), factors)
    found = answer(151, der(0xA1, challenge))
    assert found[".challenge.factors.0.type"].text == "1 (SF-NONE)"
    response = der(0x30, der(0xA0, der(4, b"key")), der(0xA1, encrypted(18, 30)))
    assert request(151, der(0xA2, response))[".response.factor.cipher"].secret
    assert request(151, der(0xA3, encrypted(18, 30)))[".encdata.etype"].value == 18


def test_pkinit() -> None:
    """PKINIT's messages are told by their members; what CMS wraps is not opened."""
    found = request(16, der(0x30, der(0x80, b"cms")))
    assert found[".PA-PK-AS-REQ.signedAuthPack"].text == "<3 bytes>"
    found = answer(17, der(0xA0, der(0x30, der(0x80, b"cms"), der(0xA1, der(4, b"\1")))))
    assert found[".dhInfo.dhSignedData"].text == "<3 bytes>"
    assert found[".dhInfo.serverDHNonce"].text == "01"
    assert answer(17, der(0x81, b"cms"))[".encKeyPack"].text == "<3 bytes>"


def test_names_of_padata() -> None:
    """An element is titled by its type's name, an unknown type by its number."""
    assert padata_text(der(0xA1, number(19))) == "PA-ETYPE-INFO2"
    assert padata_text(der(0xA1, number(777))) == "unknown(777)"
    assert padata_text(b"") == ""
    assert padata_text(b"\xa1\x00") == ""
