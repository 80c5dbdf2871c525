"""Finding tokens in any bytes by their looks."""

from __future__ import annotations

import time
from base64 import b64encode
from random import Random

import pytest

from analyzer.signature import LONGEST, TELLING, find_signature, find_tokens
from dissectors.tokens import build

NTLM = build.ntlm_negotiate()
INIT = build.neg_token_init(["ntlm"], NTLM)
RESP = build.neg_token_resp("accept-incomplete", "ntlm", b"x" * 300)
SHORT_RESP = build.neg_token_resp("reject")
LONG_RESP = build.neg_token_resp("accept-completed", response_token=b"x" * 3000)


def first(data: bytes) -> tuple[int, int | None]:
    """Beginning and end of the first thing that looks like a token."""
    hit = find_tokens(data)[0]
    return hit.start, hit.end


@pytest.mark.parametrize(
    "token",
    [
        INIT,
        RESP,
        SHORT_RESP,
        LONG_RESP,
        build.ap_req(),
        build.iakerb(),
        build.ap_req(mech="ms-kerberos"),
    ],
)
def test_a_token_with_a_header_has_both_its_ends(token):
    """Wherever it stands, it begins with its tag and ends where its length says."""
    assert first(token) == (0, len(token))
    assert first(b"before it" + token + b"behind it") == (9, 9 + len(token))


@pytest.mark.parametrize("token", [NTLM, build.negoex(build.initiator_nego())])
def test_other_tokens_have_a_beginning(token):
    """Their end is not told by their first bytes."""
    assert first(b"--" + token) == (2, None)


@pytest.mark.parametrize(
    "token",
    [NTLM, INIT, RESP, SHORT_RESP, LONG_RESP, build.ap_req(), build.neg_token_resp("request-mic")],
)
def test_a_token_as_text(token):
    """Base64 is found at its first character, whatever bytes went in front of the signature."""
    text = b64encode(token)
    assert first(b"AUTH GSSAPI " + text + b"\r\nmore") == (12, 12 + len(text))


@pytest.mark.parametrize("token", [INIT, NTLM, RESP, b64encode(INIT), b64encode(NTLM)])
def test_a_first_token_is_noticed(token):
    """The quick look sees first tokens, and nothing where there is none."""
    assert find_signature(b"\xff" * 50 + token) >= 50
    assert find_signature(b"\xff" * 50 + token[:7]) == -1


def test_signatures_end_soon():
    """So many bytes kept of a segment are enough to find a token that it cuts."""
    for token in (NTLM, INIT, RESP, SHORT_RESP, LONG_RESP, b64encode(INIT), b64encode(LONG_RESP)):
        (hit, *_) = find_tokens(token)
        assert hit.sure <= TELLING
        assert find_tokens(token[: hit.sure])[0].start == 0


def test_random_bytes_hold_none():
    """A signature is long enough not to come about by chance."""
    assert find_tokens(Random(4178).randbytes(4_000_000)) == []


def test_a_length_beyond_belief():
    """A token that says it is larger than any does not hide what follows for ever."""
    (hit, *_) = find_tokens(b"\x60\x84\xff\xff\xff\xff" + INIT[2:])
    assert hit.end is not None
    assert hit.end <= LONGEST + 6


@pytest.mark.parametrize(
    "piece",
    [
        b"TlRMTVNTUA",
        b"oQcwBaADCgEA",
        b"\xa0\x03\x0a\x01",
        SHORT_RESP,
        b"NTLMSSP\0",
        b"BgYrBgEFBQI",
        b"oQ",
        INIT[2:10],
    ],
)
def test_the_time_is_linear(piece):
    """Bytes full of signatures cost what their number says."""
    began = time.process_time()
    find_tokens(piece * (65_536 // len(piece)))
    find_signature(piece * (65_536 // len(piece)))
    assert time.process_time() - began < 0.3
