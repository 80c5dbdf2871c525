"""A ticket is the same wherever it is sent, and known by its cipher alone."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.tokens import build, dissect_token
from dissectors.tokens.model import KrbApReq, KrbKdcRep, KrbKdcReq, Token
from dissectors.tokens.ticket_id import ID_LENGTH, ticket_id

CIPHER = bytes(range(250)) + b"the end of the ticket"


def places(cipher: bytes) -> dict[str, bytes]:
    """Messages that hold a ticket with a cipher, by how they hold it."""
    usual = build.ap_req(ticket_cipher=cipher)
    bare = build.ap_req(ticket_cipher=cipher, form="bare")
    return {
        "AP-REQ, framed": usual,
        "AP-REQ, odd": build.ap_req(ticket_cipher=cipher, kvno=70_000),
        "AP-REQ, by its token id": build.ap_req(ticket_cipher=cipher, form="token-id"),
        "AP-REQ, bare": bare,
        "AP-REQ in SPNEGO": build.neg_token_init(mech_token=usual),
        "TGS-REQ": build.tgs_req(padata=[build.pa_pac_request(), build.pa_tgs_req(bare)]),
        "AS-REP": build.as_rep(ticket_cipher=cipher),
        "TGS-REP": build.tgs_rep(ticket_cipher=cipher),
    }


def known(data: bytes) -> bytes | None:
    """The id of the ticket in a message."""
    token: Token | None = dissect_token(data)
    while token is not None and not isinstance(token, KrbApReq | KrbKdcReq | KrbKdcRep):
        token = token.inner
    return None if token is None else ticket_id(token)


@pytest.mark.parametrize("place", places(CIPHER))
def test_the_same_ticket_everywhere(place: str) -> None:
    """A part of the SHA-256 of the cipher, whatever stands around it."""
    assert known(places(CIPHER)[place]) == sha256(CIPHER).digest()[:ID_LENGTH]
    assert known(places(CIPHER[:-1])[place]) == sha256(CIPHER[:-1]).digest()[:ID_LENGTH]


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=600), st.binary(min_size=1, max_size=600))
def test_another_cipher_is_another_ticket(one: bytes, other: bytes) -> None:
    """Equal ids, equal ciphers; one octet all over is no cipher."""
    first, second = (
        known(build.ap_req(ticket_cipher=one)),
        known(build.tgs_rep(ticket_cipher=other)),
    )
    assert (first is None) == (len(set(one)) == 1)
    if first is not None and second is not None:
        assert (first == second) == (one == other)


@pytest.mark.parametrize("cipher", [b"", b"\0" * 300, b"X" * 300, b"\xff"])
@pytest.mark.parametrize("place", places(CIPHER))
def test_a_ticket_that_was_blanked_out(place: str, cipher: bytes) -> None:
    """All tickets of such a capture would be the same."""
    assert known(places(cipher)[place]) is None


@pytest.mark.parametrize("place", places(CIPHER))
def test_a_ticket_that_is_cut(place: str) -> None:
    """It is known as long as its cipher is all there, and never taken for another one."""
    data = places(CIPHER)[place]
    end = data.index(CIPHER) + len(CIPHER)
    for size in range(1, len(data) + 1):
        found = known(data[:size])
        if size < end:
            assert found is None, size
        else:
            assert found == sha256(CIPHER).digest()[:ID_LENGTH], size


def test_messages_without_a_ticket() -> None:
    """An AS-REQ, and a TGS-REQ that brings none."""
    assert known(build.as_req()) is None
    assert known(build.tgs_req(padata=[build.pa_pac_request()])) is None
