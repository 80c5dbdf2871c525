"""Secrets that can be told equal, and what an LM response holds."""

from __future__ import annotations

import pytest

from analyzer.tables.fingerprints import (
    ID_DIGITS,
    lm_response_kind,
    response_digest,
    short_digest,
)
from dissectors.tokens import build, dissect_token
from dissectors.tokens.model import NtlmAuthenticate


def test_a_digest_is_short_and_tells_equal_from_different() -> None:
    """Nothing has no digest; the digest holds no bytes of the secret."""
    challenge = bytes.fromhex("1122334455667788")
    told = short_digest(challenge)
    assert told is not None
    assert len(told) == ID_DIGITS
    assert challenge.hex() not in told
    assert told == short_digest(bytes(challenge))
    assert told != short_digest(challenge[::-1])
    assert short_digest(b"") is None


V1, V2 = bytes(range(1, 25)), bytes(range(1, 90))


@pytest.mark.parametrize(
    ("lm", "nt", "kind"),
    [
        (b"", V2, "absent"),
        (bytes(24), V2, "zero"),
        (b"\0", b"", "zero"),
        (V1, V1, "copy"),
        (b"\1" * 8 + bytes(16), V1, "client-challenge"),
        (V1[::-1], V1, "lm"),
        (V1, b"", "lm"),
        (V1, V2, "lmv2"),
        (b"\1\2\3", V1, None),
    ],
)
def test_the_lm_response_is_told_by_its_bytes(lm: bytes, nt: bytes, kind: str | None) -> None:
    """Every kind of the column `ntlm_lm`; a length of no kind is not named."""
    assert lm_response_kind(answer(lm, nt)) == kind


def answer(lm: bytes, nt: bytes, cut: int = 0) -> NtlmAuthenticate:
    """An AUTHENTICATE message with these responses, `cut` bytes of its end missing."""
    data = build.ntlm_authenticate(lm_response=lm, nt_response=nt, session_key=b"")
    token = dissect_token(data[: len(data) - cut])
    assert isinstance(token, NtlmAuthenticate)
    return token


@pytest.mark.parametrize("cut", range(1, 24))
def test_half_a_response_is_compared_with_nothing(cut: int) -> None:
    """What is left of a copy differs from the LM field, and may equal what is left of another's answer."""
    whole = answer(V1, V1)
    assert response_digest(whole) == short_digest(V1)
    part = answer(V1, V1, cut)
    assert part.nt_response == V1[:-cut]
    assert lm_response_kind(part) is None
    assert response_digest(part) is None
