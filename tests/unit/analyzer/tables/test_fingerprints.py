"""Secrets that can be told equal, and what an LM response holds."""

from __future__ import annotations

import pytest

from analyzer.tables.fingerprints import ID_DIGITS, lm_response_kind, short_digest
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
    token = NtlmAuthenticate(raw=b"", lm_response=lm, nt_response=nt)
    assert lm_response_kind(token) == kind
