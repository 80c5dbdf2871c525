"""The strict reading of SPNEGO tokens by pyasn1."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pyasn1.codec.der import decoder, encoder

from dissectors.tokens import dissect_token
from dissectors.tokens.spnego_asn1 import (
    NEG_TOKEN_INIT,
    NEG_TOKEN_INIT_2,
    NEG_TOKEN_RESP,
    strict_check,
)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, len(content))) + content


SPNEGO = bytes.fromhex("06062b0601050502")
NTLM = bytes.fromhex("060a2b06010401823702020a")
MECHS = der(0xA0, der(0x30, NTLM))
HINTS = der(0xA3, der(0x30, der(0xA0, der(0x1B, b"please_ignore")), der(0xA1, der(0x04, b"\1"))))


def init(*members: bytes) -> bytes:
    return der(0x60, SPNEGO, der(0xA0, der(0x30, *members)))


def resp(*members: bytes) -> bytes:
    return der(0xA1, der(0x30, *members))


FLAGS = der(0xA1, der(0x03, b"\x01\x76"))
TOKEN = der(0xA2, der(0x04, b"token"))
MIC = der(0xA3, der(0x04, b"checksum"))
STATE = der(0xA0, der(0x0A, b"\x01"))


@pytest.mark.parametrize(
    "raw",
    [
        init(MECHS),
        init(MECHS, FLAGS, TOKEN, MIC),
        init(MECHS, HINTS),
        init(MECHS, TOKEN, der(0xA3, der(0x30)), der(0xA4, der(0x04, b"checksum"))),
        resp(),
        resp(STATE, der(0xA1, NTLM), TOKEN, MIC),
        resp(STATE, der(0xA4, der(0x30, NTLM))),
    ],
)
def test_tokens_that_conform(raw: bytes) -> None:
    """What the modules allow passes, and both readings agree on every value."""
    assert strict_check(dissect_token(raw)) == []


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (init(MECHS, der(0x81, b"\x01\x76")), "not NegTokenInit"),
        (init(TOKEN), "not NegTokenInit"),
        (der(0xA0, der(0x30, MECHS)), "not NegTokenInit"),
        (der(0x60, SPNEGO, resp(STATE)), "not NegTokenResp"),
        (resp(STATE)[:-1], "not NegTokenResp"),
        (resp(STATE, HINTS), "not NegTokenResp"),
        (resp(STATE) + b"\0", "bytes after the value"),
        (resp(der(0xA0, b"\x0a\x81\x01\x01")), "DER writes this otherwise"),
        (resp(der(0xA0, b"\x0a\x02\x00\x01")), "DER writes this otherwise"),
        (resp(der(0xA0, der(0x0A, b"\x09"))), "read otherwise: negState"),
    ],
)
def test_departures(raw: bytes, detail: str) -> None:
    """A token that the tolerant reading takes may fail the strict one, which says how."""
    found = strict_check(dissect_token(raw))
    assert [anomaly.code for anomaly in found] == ["strict-mismatch"]
    assert found[0].detail.startswith(detail)
    assert 0 <= found[0].span.start <= found[0].span.end <= len(raw)


def test_first_differing_byte_is_told() -> None:
    """The span of a re-encoding that differs begins where it does."""
    raw = init(MECHS, der(0xA1, der(0x03, b"\x01\x77")), TOKEN)
    (anomaly,) = strict_check(dissect_token(raw))
    assert anomaly.span.start == raw.index(b"\x77")  # an unused bit is set


def test_other_tokens_pass() -> None:
    """Tokens of other protocols have no strict reading here."""
    assert strict_check(dissect_token(b"NTLMSSP\0\1\0\0\0")) == []
    assert strict_check(dissect_token(b"\xff")) == []


def test_limits_hold_for_the_strict_reading_too() -> None:
    """A token beyond our limits does not reach pyasn1, and does not pass for conforming."""
    many = b"\x30\x82\x03\x48" + NTLM * 70
    inner = b"\xa0\x82\x03\x54\x30\x82\x03\x50\xa0\x82\x03\x4c" + many
    token = dissect_token(b"\x60\x82\x03\x60" + SPNEGO + inner)
    assert [anomaly.code for anomaly in token.anomalies] == ["limit-count"]
    (anomaly,) = strict_check(token)
    assert anomaly.detail.startswith("beyond the limits")


@pytest.mark.parametrize("spec", [NEG_TOKEN_INIT, NEG_TOKEN_INIT_2])
def test_schema_encodes_what_it_decodes(spec: object) -> None:
    """The schema gives back the bytes it was given."""
    value, rest = decoder.decode(init(MECHS, FLAGS, TOKEN), asn1Spec=spec)
    assert rest == b""
    assert encoder.encode(value) == init(MECHS, FLAGS, TOKEN)


def test_schema_builds_a_resp() -> None:
    """The schema can make tokens, too."""
    value = NEG_TOKEN_RESP.clone()
    value["negState"] = "request-mic"
    value["supportedMech"] = "1.3.6.1.4.1.311.2.2.10"
    assert encoder.encode(value) == resp(der(0xA0, der(0x0A, b"\x03")), der(0xA1, NTLM))


def test_dissecting_does_not_load_pyasn1() -> None:
    """The tolerant reading works without loading the library of the strict one."""
    code = "import sys, dissectors.tokens as t; t.dissect_token(b'\\xa1\\2\\x30\\0'); print('pyasn1' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
