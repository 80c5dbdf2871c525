"""The ASN.1 modules as pyasn1 types: real messages are read and written back octet by octet."""

from __future__ import annotations

from typing import Any

import pytest
from pyasn1.codec.der import decoder
from support.captured import captured_tokens, captures
from support.kerberos_messages import recorded
from support.messages import der

from dissectors.tokens import dissect_token
from dissectors.tokens.asn1 import kerberos, padata, pkinit, pku2u, spnego
from dissectors.tokens.asn1.encoding import encode
from dissectors.tokens.model import NegTokenInit2, NegTokenResp

CHECKSUM = der(0x30, der(0xA0, b"\2\1\x10"), der(0xA1, der(4, b"sum")))
CIPHER = der(0x30, der(0xA0, b"\2\1\x12"), der(0xA2, der(4, b"cipher")))
NAME = der(0x30, der(0xA0, b"\2\1\1"), der(0xA1, der(0x30, der(0x1B, b"alice"))))
REALM = der(0x1B, b"LAB")
OPENING = der(0xA0, b"\2\1\5")


def again(kind: Any, data: bytes) -> bytes:
    value, rest = decoder.decode(data, asn1Spec=kind)
    assert rest == b""
    return encode(value)


def test_real_kerberos_messages_are_written_back() -> None:
    """Messages of Windows, MIT, Samba and others come out as they went in."""
    done = set()
    for raw in recorded():
        if raw[0] not in kerberos.MESSAGES:
            continue
        if dissect_token(raw).findings or len(raw) < 30:  # cut ones, and one made for a parser
            continue
        name, kind = kerberos.MESSAGES[raw[0]]
        written = again(kind, raw)
        assert written == raw, name
        done.add(name)
    assert {"AS-REQ", "TGS-REQ", "KRB-ERROR"} <= done


def test_real_spnego_tokens_are_written_back() -> None:
    """Offers, hints and answers come out as they went in."""
    done = set()
    for path in list(captures())[::12]:
        for token in captured_tokens(path):
            if token.findings or not token.token_type.startswith("NegToken"):
                continue
            kind = spnego.FRAMED_INIT
            if isinstance(token, NegTokenResp):
                kind = spnego.BARE_RESP
            elif isinstance(token, NegTokenInit2):
                kind = spnego.FRAMED_INIT_2
            assert again(kind, token.raw) == token.raw, path
            done.add(token.token_type)
    assert {"NegTokenInit", "NegTokenResp"} <= done


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (
            kerberos.KRB_SAFE,
            der(
                0x74,
                der(
                    0x30,
                    OPENING,
                    der(0xA1, b"\2\1\x14"),
                    der(
                        0xA2,
                        der(
                            0x30,
                            der(0xA0, der(4, b"data")),
                            der(0xA3, b"\2\1\7"),
                            der(0xA4, der(0x30, der(0xA0, b"\2\1\2"), der(0xA1, der(4, bytes(4))))),
                        ),
                    ),
                    der(0xA3, CHECKSUM),
                ),
            ),
        ),
        (
            kerberos.KRB_PRIV,
            der(0x75, der(0x30, OPENING, der(0xA1, b"\2\1\x15"), der(0xA3, CIPHER))),
        ),
        (kerberos.TGT_REQ, der(0x30, OPENING, der(0xA1, b"\2\1\x10"), der(0xA3, REALM))),
        (
            kerberos.IAKERB_HEADER,
            der(
                0x30, der(0xA1, der(0x0C, b"LAB")), der(0xA2, der(4, b"c")), der(0xA3, b"\3\2\0\1")
            ),
        ),
        (kerberos.OLD_IAKERB_HEADER, der(0x30, der(0xA1, der(4, b"LAB")))),
        (
            padata.ETYPE_INFO,
            der(
                0x30,
                der(0x30, der(0xA0, b"\2\1\3"), der(0xA1, der(4, b"salt")), der(0xA2, b"\2\1\0")),
            ),
        ),
        (padata.KERB_ERROR_DATA, der(0x30, der(0xA1, b"\2\1\3"), der(0xA2, der(4, bytes(12))))),
        (
            padata.PA_ENC_TS_ENC,
            der(0x30, der(0xA0, der(0x18, b"20260102030405Z")), der(0xA1, b"\2\1\7")),
        ),
        (
            padata.PA_FOR_USER,
            der(
                0x30,
                der(0xA0, NAME),
                der(0xA1, REALM),
                der(0xA2, CHECKSUM),
                der(0xA3, der(0x1B, b"Kerberos")),
            ),
        ),
        (
            padata.PA_S4U_X509_USER,
            der(
                0x30,
                der(0xA0, der(0x30, der(0xA0, b"\2\1\7"), der(0xA1, NAME), der(0xA2, REALM))),
                der(0xA1, CHECKSUM),
            ),
        ),
        (padata.PA_FX_FAST_REPLY, der(0xA0, der(0x30, der(0xA0, CIPHER)))),
        (
            padata.PA_FX_FAST_REQUEST,
            der(
                0xA0,
                der(
                    0x30,
                    der(0xA0, der(0x30, der(0xA0, b"\2\1\1"), der(0xA1, der(4, b"armor")))),
                    der(0xA1, CHECKSUM),
                    der(0xA2, CIPHER),
                ),
            ),
        ),
        (
            pkinit.PA_PK_AS_REQ,
            der(
                0x30,
                der(0x80, b"signed"),
                der(0xA1, der(0x30, der(0x30, der(0x80, b"name")))),
                der(0x82, b"kdc"),
            ),
        ),
        (pkinit.PA_PK_AS_REP, der(0xA0, der(0x30, der(0x80, b"signed"), der(0xA1, der(4, b"n"))))),
        (pkinit.PA_PK_AS_REP, der(0x81, b"enveloped")),
        (
            pku2u.InitiatorNameAssertion,
            der(0x30, der(0xA0, b"\2\1\0"), der(0xA1, der(4, b"exported"))),
        ),
        (
            pku2u.InitiatorNameAssertion,
            der(0x30, der(0xA0, der(0xA0, der(0x82, b"host.example")))),
        ),
        (pku2u.KRB_FINISHED, der(0x30, der(0xA1, CHECKSUM))),
        (pku2u.META_DATA, der(0x30, der(0xA0, der(0x30, der(0x30, der(0x80, b"name")))))),
    ],
)
def test_types_that_no_capture_shows(kind: Any, data: bytes) -> None:
    """The rest of the types is read and written back, too."""
    assert again(kind, data) == data


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (der(0x30, der(0xA1, b"\2\1\3")), "KERB-ERROR-DATA"),
        (der(0x30, der(0x30, der(0xA1, b"\2\1\2"), der(0xA2, der(4)))), "METHOD-DATA"),
        (der(0x30, der(0x30, der(0xA0, b"\2\1\2"))), "TYPED-DATA"),
        (der(0x30, b""), None),
        (bytes(12), None),
        (b"\x30", None),
        (b"", None),
    ],
)
def test_kinds_of_e_data(content: bytes, name: str | None) -> None:
    """What an error's e-data is shows in its first octets."""
    found = padata.e_data(content)
    assert (found and found[0]) == name
