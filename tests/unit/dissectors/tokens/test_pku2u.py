"""Meta-data of PKU2U."""

from __future__ import annotations

import pytest

from dissectors.span import Span
from dissectors.tokens.model import NegoexMessage, Pku2uMetaData
from dissectors.tokens.pku2u import is_meta_data, name_text, read_meta_data


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    assert len(content) < 128
    return bytes((tag, len(content))) + content


def name(text: bytes, oid: str = "550403", kind: int = 0x13) -> bytes:
    attribute = der(0x30, der(6, bytes.fromhex(oid)), der(kind, text))
    return der(0x30, der(0x31, attribute))


CERTIFIERS = der(0xA0, der(0x30, der(0x30, der(0x80, name(b"Token Signing Public Key")))))
TARGET = der(
    0xA1,
    der(
        0x30,
        der(0xA0, der(0x1B, b"WELLKNOWN:PKU2U")),
        der(0xA1, der(0x30, der(0xA0, der(2, b"\2")), der(0xA1, der(0x30, der(0x1B, b"pc"))))),
    ),
)


def message(number: int, scheme: str = "pku2u") -> NegoexMessage:
    return NegoexMessage(
        name="", message_type=number, sequence=0, conversation_id="", schemes=(scheme,)
    )


def test_both_members() -> None:
    """Certifiers by name, and the initiator's target."""
    raw = der(0x30, CERTIFIERS, TARGET)
    assert read_meta_data(raw) == Pku2uMetaData(
        raw=raw,
        trusted_certifiers=("CN=Token Signing Public Key",),
        realm="WELLKNOWN:PKU2U",
        sname="pc",
    )


def test_tree() -> None:
    """Places count from the outer token."""
    fields = []
    raw = der(0x30, CERTIFIERS, TARGET)
    token = read_meta_data(raw, fields, 100, "Exchange")
    assert token == read_meta_data(raw)
    found = {field.path: field for field in fields}
    assert found["Exchange.META_DATA"].span == Span(100, 100 + len(raw))
    root = "Exchange.META_DATA."
    subject = found[f"{root}trustedCertifiers.0.subjectName"]
    assert subject.text == "CN=Token Signing Public Key"
    assert found[f"{root}target.realm"].text == "WELLKNOWN:PKU2U"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (der(0x30, der(0xA0, der(4))), "bad-tag"),
        (der(0x30, der(0xA1, der(4))), "bad-tag"),
        (der(0x30, TARGET) + b"x", "trailing-bytes"),
        (b"\x30\x05", "truncated"),
        (der(0x30, der(0xA0, der(0x30, der(0x30) * 60))), ""),
    ],
)
def test_meta_data_against_the_rules(raw: bytes, code: str) -> None:
    """Departures are told."""
    assert [a.code for a in read_meta_data(raw).anomalies] == ([code] if code else [])


def test_only_meta_data_of_pku2u() -> None:
    """Other messages and schemes hold something else."""
    assert is_meta_data(b"\x30\0", message(2))
    assert is_meta_data(b"\x30\0", message(3))
    assert not is_meta_data(b"\x30\0", message(5))
    assert not is_meta_data(b"\x30\0", message(2, "sanon-x25519"))
    assert not is_meta_data(b"\x60\0", message(2))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (name(b"a"), "CN=a"),
        (name("ä".encode("utf-16-be"), kind=0x1E), "CN=ä"),
        (name(b"a", "55040b"), "OU=a"),
        (name(b"a", "2a03"), "1.2.3=a"),
        (name(b"\xff"), "CN=\\xff"),
        (b"\x30\0", "<2 bytes>"),
        (b"", "<0 bytes>"),
        (b"\x30\x05\x31", "<3 bytes>"),
    ],
)
def test_names(raw: bytes, text: str) -> None:
    """Attributes by their usual short names, unknown ones by number."""
    assert name_text(raw) == text
