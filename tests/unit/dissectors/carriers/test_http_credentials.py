"""What one authentication field carries, and what is said about it when it is broken."""

import base64

import pytest

from dissectors.carriers.base import Exchange
from dissectors.carriers.http_auth import Challenge, challenges
from dissectors.carriers.http_block import ORIGIN, Field
from dissectors.carriers.http_credentials import (
    Offer,
    goes_on,
    is_later_token,
    is_token,
    plain_logon,
    token_of,
)
from dissectors.span import Span


def field_of(value, **how):
    return Field(ORIGIN, value, 50, (1,), **how)


def read(value, **how):
    """Token and anomaly codes of a field with one challenge."""
    anomalies = []
    (challenge,) = challenges(value)
    token = token_of(challenge, field_of(value, **how), anomalies)
    return token, [anomaly.code for anomaly in anomalies]


@pytest.mark.parametrize(
    ("value", "token", "codes"),
    [
        (b"NTLM YWJj", b"abc", []),
        (b"NTLM YWJjZA", b"abcd", []),
        (b"NTLM", b"", ["empty-token"]),
        (b"NTLM =", b"", ["empty-token"]),
        (b"NTLM a", None, ["bad-base64"]),
        (b"NTLM realm=x", None, ["bad-base64"]),
    ],
)
def test_token_of_a_whole_field(value, token, codes):
    """Empty is told from broken."""
    assert read(value) == (token, codes)


@pytest.mark.parametrize(("value", "token"), [(b"NTLM YWJjZ", b"abc"), (b"NTLM", None)])
def test_token_of_a_cut_field(value, token):
    """What is there is kept; nothing at all is no empty token."""
    assert read(value, cut="gap") == (token, ["gap"])


def test_anomaly_spans_the_value_in_the_stream():
    """The field knows where its value begins."""
    anomalies = []
    token_of(Challenge("NTLM", b"!"), field_of(b"NTLM !"), anomalies)
    assert anomalies[0].span == Span(50, 56)


def test_tokens_that_cannot_be_first():
    """A NegTokenResp and an AUTHENTICATE go on with what is open."""
    assert is_later_token(b"\xa1\x07")
    assert is_later_token(b"NTLMSSP\0\3\0\0\0")
    assert not is_later_token(b"NTLMSSP\0\1\0\0\0")
    assert not is_later_token(b"\x60\x10")
    assert not is_later_token(b"")
    assert not is_later_token(None)


@pytest.mark.parametrize(
    ("value", "on"),
    [
        (b"Negotiate YII=", True),
        (b"Negotiate", False),
        (b'Digest nonce="a"', False),
        (b'Digest nonce="a", stale=false', False),
        (b'Digest nonce="a", STALE = "True"', True),
        (b"SCRAM-SHA-1 realm=a", False),
        (b"SCRAM-SHA-1 sid=a, data=b", True),
        (b"Basic YWJj", False),
    ],
)
def test_which_challenges_continue(value, on):
    """Only what the scheme itself defines as another round."""
    offer = Offer(field_of(value), challenges(value)[0])
    assert goes_on(offer) is on
    assert is_token(offer) is value.startswith(b"Negotiate ")


@pytest.mark.parametrize(
    ("sent", "mechanism", "user", "domain"),
    [
        (Challenge("Basic", base64.b64encode(b"bob:pw")), "basic", "bob", None),
        (Challenge("Basic", base64.b64encode(b"LAB\\bob:pw")), "basic", "bob", "LAB"),
        (Challenge("Digest", None, b'username="bob"'), "digest", "bob", None),
        (Challenge("Bearer", b"abc"), "bearer", None, None),
        (Challenge("SCRAM-SHA-256", None, b"data=a"), "scram", None, None),
        (Challenge("X-Own", b"abc"), "x-own", None, None),
    ],
)
def test_logons_without_a_token(sent, mechanism, user, domain):
    """Whose logon it is, as far as the scheme says it in the clear."""
    exchange, anomalies = Exchange("http"), []
    plain_logon(exchange, sent, field_of(b""), anomalies)
    assert (exchange.mechanism, exchange.user, exchange.domain) == (mechanism, user, domain)
    assert anomalies == []


def test_broken_basic_credentials():
    """They are told; a cut value is not even tried, for a part of a name is a wrong name."""
    exchange, anomalies = Exchange("http"), []
    plain_logon(exchange, Challenge("Basic", b"%%%"), field_of(b"Basic %%%"), anomalies)
    plain_logon(exchange, Challenge("Basic", b"Ym9i"), field_of(b"", cut="gap"), anomalies)
    assert [anomaly.code for anomaly in anomalies] == ["bad-base64", "gap"]
    assert exchange.user is None
