"""Elements of per-message tokens."""

import pytest

from dissectors.tokens.message_parts import (
    SEAL_ALG,
    SGN_ALG,
    algorithm,
    put,
    short,
    show_big,
    show_little,
    show_octets,
    show_seal_alg,
    show_sgn_alg,
    show_token_id,
)
from dissectors.tokens.recorder import Recorder


def test_algorithms():
    """Both octets must be there; unknown numbers are kept."""
    assert algorithm(b"\x11\x00", 0, SGN_ALG) == "HMAC MD5 ARCFOUR"
    assert algorithm(b"\x09\x00", 0, SEAL_ALG) == "unknown(9)"
    assert algorithm(b"\x11", 0, SGN_ALG) is None


def test_short():
    """Says how much there is."""
    assert short(b"abc", 1, 2) == []
    assert short(b"abc", 1, 4) == [("truncated", 1, 3, "2 bytes of 4")]


@pytest.mark.parametrize(
    ("stop", "show", "text", "secret"),
    [
        (4, show_octets, "61 62 63 64", False),
        (4, None, "4 bytes, not shown", True),
        (6, show_octets, "4 of 6 bytes", False),
        (6, None, "4 of 6 bytes", True),
    ],
)
def test_put(stop, show, text, secret):
    """Elements are shown, hidden, or told as far as they are there."""
    fields = []
    put(Recorder(fields, 0, ""), b"abcd", "x", 0, stop, show)
    assert [(f.text, f.secret, f.span) for f in fields] == [(text, secret, (0, 4))]


def test_put_of_nothing():
    """An element behind the end leaves no field."""
    fields = []
    put(Recorder(fields, 0, ""), b"abcd", "x", 4, 6)
    assert fields == []


def test_shown():
    """Each kind of element has its value and text."""
    assert show_big(b"\1\0") == (256, "256")
    assert show_little(b"\1\0") == (1, "1")
    assert show_sgn_alg(b"\0\0") == (0, "0x0000 (DES MAC MD5)")
    assert show_sgn_alg(b"\x09\0") == (9, "unknown(9)")
    assert show_seal_alg(b"\xff\xff") == (0xFFFF, "0xffff (none)")
    assert show_token_id(b"\2\0") == (b"\2\0", "KRB_AP_REP (02 00)")
