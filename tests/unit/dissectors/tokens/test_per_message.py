"""Per-message tokens by their first octets."""

import pytest

from dissectors.span import Span
from dissectors.tokens.model import MicToken, OpaqueToken, WrapToken
from dissectors.tokens.per_message import decode_per_message

FRAME = bytes.fromhex("6025 0609 2a864886f712010202")
SEQUENCE = bytes(8)
CFX_MIC = bytes.fromhex("0404 05 ffffffffff") + SEQUENCE + b"S" * 12
RFC_1964_MIC = bytes.fromhex("0101 1100 ffffffff") + b"q" * 8 + b"S" * 8


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (CFX_MIC, MicToken),
        (bytes.fromhex("0504 00 ff 0000 0000") + SEQUENCE, WrapToken),
        (RFC_1964_MIC, MicToken),
        (FRAME + RFC_1964_MIC, MicToken),
        (bytes.fromhex("60820025 0609 2a864886f712010202") + RFC_1964_MIC, MicToken),
        (bytes.fromhex("0201 1100 1000 ffff") + b"q" * 24, WrapToken),
        (bytes.fromhex("01000000 1122334455667788 07000000"), MicToken),
    ],
)
def test_kinds(data, kind):
    """The token id or the signature's version tells, behind a frame or without one."""
    token = decode_per_message(data)
    assert type(token) is kind
    assert (token.raw, token.anomalies) == (data, ())


@pytest.mark.parametrize(
    "data",
    [b"", b"\x04", b"\x09\x09abc", b"\x60", b"\x60\x05\x06\x50", FRAME, b"\x60\x03\x30\x01x"],
)
def test_anything_else_is_opaque(data):
    """No token id, no token."""
    token = decode_per_message(data)
    assert isinstance(token, OpaqueToken)
    assert [anomaly.code for anomaly in token.anomalies] == ["unknown-value"]


def test_places_count_from_the_outer_token():
    """Anomalies and fields are shifted by the base, and fields stand below the path."""
    fields = []
    data = CFX_MIC[:15]
    token = decode_per_message(data, fields, 100, "Outer")
    plain = decode_per_message(data, base=100)
    assert (token, token.anomalies) == (plain, plain.anomalies)
    assert [anomaly.span for anomaly in token.anomalies] == [Span(100, 115)]
    assert (fields[0].path, fields[0].span) == ("Outer.MIC", Span(100, 115))
    assert fields[-1].text == "7 of 8 bytes"


def test_version_that_is_none():
    """A signature of another version is read and told."""
    token = decode_per_message(b"\x01\0\0\x01" + b"x" * 12)
    assert [(a.code, a.span) for a in token.anomalies] == [("bad-value", Span(0, 4))]
