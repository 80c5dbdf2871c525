"""The fast lane's entry: which tokens it reads, and that trees of fields never come from it."""

from __future__ import annotations

import pytest
from support.token_lanes import check_lanes

from dissectors import tokens
from dissectors.tokens import TOKEN_LIMIT, build, dissect_token
from dissectors.tokens.model import WrapToken


@pytest.mark.parametrize(
    "data",
    [
        build.ntlm_challenge(),
        build.ap_req(),
        build.neg_token_init(),
        build.neg_token_resp(),
        build.wrap_cfx(b"plain"),
        build.wrap_cfx(cipher=b"c" * 60, rrc=28, ec=16, from_acceptor=True),
        build.wrap_cfx(b"x" * 40, acceptor_subkey=True)[:28],
    ],
)
def test_usual_tokens(data: bytes) -> None:
    """Tokens of nearly all traffic take the lane."""
    assert check_lanes(data, None) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x05",
        b"\x05\x04",
        b"\x05\x04\x00\xff" + bytes(11),  # a Wrap token's header is cut
        b"\x05\x04\x00\x00" + bytes(12),  # the filler
        b"\x05\x04\x00\xff\x00\x01" + bytes(10),  # EC of more than there is
        b"\x05\x00" + build.as_req(),
        b"\x60",
        b"\xa1",
        b"NTLMSSP\0",
        b"NEGOEXTS",
        build.mic_cfx(),
        build.as_req(),
        build.krb_error(),
        b"anything else",
    ],
)
def test_other_tokens_leave_the_lane(data: bytes) -> None:
    """All others are read the careful way."""
    assert check_lanes(data, None) is None


def test_wrap_tokens_may_end_anywhere_behind_their_header() -> None:
    """What is signed or sealed is not read: only its amount counts."""
    for size in range(16, 40):
        for ec in range(30):
            data = b"\x05\x04\x03\xff" + ec.to_bytes(2) + bytes(10) + b"d" * (size - 16)
            assert isinstance(check_lanes(data, None), WrapToken) is (ec <= size - 16)


def test_every_flag_of_wrap_tokens() -> None:
    """All flags there can be, the reserved ones among them."""
    for flags in range(256):
        assert check_lanes(b"\x05\x04" + bytes((flags,)) + b"\xff" + bytes(12), None) is not None


def test_sasl_layer_is_read_from_the_lanes_token() -> None:
    """A Wrap token that negotiates SASL's layer says so, whichever way it was read."""
    data = build.wrap_cfx(build.sasl_layer(["integrity"], authzid="u:alice"))
    token = dissect_token(data, sasl_layer=True)
    assert isinstance(token, WrapToken)
    assert token.sasl_layer is not None
    assert token.sasl_layer.authzid == "u:alice"


def test_limit_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lane sees no token beyond the limit, and no tree comes from it."""
    seen: list[int] = []
    monkeypatch.setattr(tokens, "read_usual", lambda data, _claim: seen.append(len(data)))
    largest = build.wrap_cfx(bytes(TOKEN_LIMIT))[:TOKEN_LIMIT]
    dissect_token(largest + b"!")
    assert seen == []
    token = dissect_token(largest)
    assert seen == [TOKEN_LIMIT]
    assert token.fields
    assert seen == [TOKEN_LIMIT]
