"""KRB-SAFE, KRB-PRIV and KRB-CRED."""

from __future__ import annotations

import pytest
from support.kerberos_messages import der, encrypted, message, number, ticket, time

from dissectors.tokens import dissect_token, token_fields
from dissectors.tokens.model import KrbCred, KrbPriv, KrbSafe

TICKET = ticket(encrypted(18, 90, 3), "krbtgt", "LAB")


def checksum(kind: int) -> bytes:
    return der(0xA3, der(0x30, der(0xA0, number(kind)), der(0xA1, der(4, bytes(12)))))


def test_krb_cred() -> None:
    """Delegated credentials tell their tickets; the keys stay hidden, also where they are not encrypted."""
    raw = message(0x76, 22, der(0xA2, der(0x30, TICKET, TICKET)), der(0xA3, encrypted(0, 60)))
    token = dissect_token(raw)
    assert type(token) is KrbCred
    assert (token.realm, token.sname) == ("LAB.EXAMPLE", "krbtgt/LAB")
    assert (token.etype, token.kvno, token.tickets, token.enc_part_etype) == (18, 3, 2, 0)
    assert token.anomalies == ()
    fields = {f.path: f for f in token_fields(token)}
    assert fields["KRB-CRED.tickets.1.sname"].text == "krbtgt/LAB"
    assert fields["KRB-CRED.enc-part.cipher"].secret


def test_krb_safe() -> None:
    """Data of KRB-SAFE is not repeated in the tree; a keyed checksum is hidden, another is not."""
    body = der(
        0x30,
        der(0xA0, der(4, b"data")),
        der(0xA1, time("20260102030405Z")),
        der(0xA2, number(5)),
        der(0xA3, number(77)),
    )
    token = dissect_token(message(0x74, 20, der(0xA2, body), checksum(16)))
    assert type(token) is KrbSafe
    assert (token.user_data, token.timestamp) == (b"data", "20260102030405Z")
    assert (token.seq_number, token.cksumtype, token.anomalies) == (77, 16, ())
    assert "data" not in repr(token)
    fields = {f.path: f for f in token_fields(token)}
    assert fields["KRB-SAFE.safe-body.user-data"].text == "<4 bytes>"
    assert fields["KRB-SAFE.cksum.cksumtype"].text == "16 (hmac-sha1-96-aes256)"
    assert fields["KRB-SAFE.cksum.checksum"].secret
    plain = dissect_token(message(0x74, 20, der(0xA2, body), checksum(7)))
    assert {f.path: f for f in token_fields(plain)}["KRB-SAFE.cksum.checksum"].text == "00" * 12


def test_krb_priv() -> None:
    """Of KRB-PRIV the encryption type shows."""
    token = dissect_token(message(0x75, 21, der(0xA3, encrypted(23, 60))))
    assert type(token) is KrbPriv
    assert (token.enc_part_etype, token.anomalies) == (23, ())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (message(0x74, 20), ["missing-field", "missing-field"]),
        (message(0x74, 20, der(0xA2, number(1)), checksum(16)), ["bad-tag"]),
        (message(0x75, 21), ["missing-field"]),
        (message(0x76, 22), ["missing-field", "missing-field"]),
        (message(0x76, 22, der(0xA2, number(1)), der(0xA3, encrypted(0, 9))), ["bad-tag"]),
        (
            message(0x76, 22, der(0xA2, der(0x30, number(1))), der(0xA3, encrypted(0, 9))),
            ["bad-tag"],
        ),
    ],
)
def test_odd_messages(raw: bytes, expected: list[str]) -> None:
    """What is missing or out of place is reported."""
    assert [anomaly.code for anomaly in dissect_token(raw).anomalies] == expected
