"""The fast lane says what the careful readers say: for all tokens there are, cut ones and damaged ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.captured import captured_tokens, captures
from support.facts import SWEEP
from support.mutate import mutations
from support.token_lanes import CLAIMS, check_lanes, told
from support.token_seeds import kinds, seeds

from dissectors import tokens
from dissectors.tokens import dissect_token
from dissectors.tokens.model import Token
from dissectors.tokens.usual import read_usual

KINDS = list(kinds())
USUAL = ["NegTokenInit", "NegTokenResp", "NTLM 2", "NTLM 3", "AP-REQ", "AP-REP", "Wrap, RFC 4121"]
"""Kinds of which the fast lane reads some."""
DAMAGED = 20_000 if SWEEP else 1_500  # tokens of each kind
ANOTHER = (
    1,
    2,
    0x80,
    0xFF,
)  # what an octet is changed by, one bit of a length or of a tag among it


def layers(token: Token | None) -> Iterator[Token]:
    """A token, and all that it carries."""
    while token is not None:
        yield token
        token = token.inner


@cache
def all_captured() -> frozenset[bytes]:
    """Bytes of every token in every capture that is there, the inner ones among them."""
    return frozenset(
        each.raw for path in captures() for token in captured_tokens(path) for each in layers(token)
    )


@cache
def usual_ones(name: str) -> tuple[bytes, ...]:
    """Tokens of a kind that take the fast lane."""
    return tuple(data for data in seeds(name) if read_usual(data, None) is not None)


def test_every_captured_token() -> None:
    """Whoever is said to have sent it, and most of what the lane is made for takes it."""
    taken: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for data in all_captured():
        for claim in CLAIMS:
            usual = check_lanes(data, claim)
            if claim is None:
                token_type = dissect_token(data).token_type
                (left if usual is None else taken)[token_type] += 1
    for token_type in (
        "NegTokenInit", "NegTokenResp", "NTLM_CHALLENGE", "NTLM_AUTHENTICATE", "KRB_AP_REQ",
        "KRB_AP_REP", "GSS_WRAP",
    ):  # fmt: skip
        assert taken[token_type] > 2 * left[token_type], (token_type, taken, left)
    assert not taken["NegTokenInit2"]


@pytest.mark.parametrize("name", KINDS)
def test_every_made_token(name: str) -> None:
    """Tokens of every kind, whoever is said to have sent them."""
    for data in kinds()[name].made:
        for claim in CLAIMS:
            check_lanes(data, claim)


@pytest.mark.parametrize("name", USUAL)
def test_lane_is_taken(name: str) -> None:
    """There is something to compare, and to damage below."""
    assert len(usual_ones(name)) >= 2


@pytest.mark.parametrize("name", USUAL)
def test_every_prefix(name: str) -> None:
    """A usual token that is cut anywhere, however long: but for Wrap tokens, none is usual any more."""
    for data in usual_ones(name):
        for size in range(len(data)):
            usual = check_lanes(data[:size], None)
            assert usual is None or usual.token_type == "GSS_WRAP"


@pytest.mark.parametrize("name", USUAL)
def test_every_octet_changed(name: str) -> None:
    """Each octet of usual tokens, in four ways; of long ones those of the first 600."""
    for data in usual_ones(name)[: None if SWEEP else 4]:
        for at in range(min(len(data), 600)):
            for change in ANOTHER:
                check_lanes(data[:at] + bytes((data[at] ^ change,)) + data[at + 1 :], None)


@pytest.mark.parametrize("name", KINDS)
def test_damaged_tokens(name: str) -> None:
    """Damage that knows DER and the descriptors of NTLM."""
    made = mutations(seeds(name), ("lanes", name))
    for number, data in enumerate(islice(made, DAMAGED)):
        check_lanes(data, CLAIMS[number % 3])


@pytest.mark.parametrize("name", USUAL)
def test_octets_come_and_go(name: str) -> None:
    """A few octets changed, taken out or put in where the heads are: much of that is still usual."""
    random = Random(f"octets {name}")
    found = usual_ones(name)
    usual = 0
    for number in range(DAMAGED * 2):
        data = bytearray(random.choice(found))
        for _ in range(random.choice((1, 1, 2, 3))):
            at = random.randrange(min(len(data), random.choice((40, 160, 4000))))
            size = random.choice((1, 1, 2, 4))
            match random.randrange(4):
                case 0:
                    data[at] = random.randrange(256)
                case 1:
                    data[at] = (data[at] + random.choice((-2, -1, 1, 2))) & 0xFF
                case 2 if len(data) > size:
                    del data[at : at + size]
                case _:
                    data[at:at] = bytes(random.choice((0, 1, 4, 48, 255)) for _ in range(size))
        usual += check_lanes(bytes(data), CLAIMS[number % 3]) is not None
    assert usual > DAMAGED // 20


@given(st.sampled_from(USUAL), st.integers(0, 400), st.binary(max_size=8), st.integers(0, 8))
@settings(max_examples=3000 if SWEEP else 400, deadline=None)
def test_any_octets_anywhere(name: str, at: int, put: bytes, gone: int) -> None:
    """Octets replaced by others of Hypothesis' choice, which then looks for the least that hurts."""
    for data in usual_ones(name)[:3]:
        check_lanes(data[:at] + put + data[at + gone :], None)


@pytest.mark.parametrize("name", KINDS)
def test_dissect_token_without_the_lane(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the lane forced off the entry says the same, that of SASL's layer included."""
    found = seeds(name)
    wanted = []
    for forced_off in (False, True):
        if forced_off:
            monkeypatch.setattr(tokens, "read_usual", lambda _data, _claim: None)
        tokens._cache.clear()
        wanted.append(
            [
                told(dissect_token(data, from_acceptor=claim, sasl_layer=sasl_layer))
                for data in found
                for claim in CLAIMS
                for sasl_layer in (False, True)
            ]
        )
    tokens._cache.clear()
    assert wanted[0] == wanted[1]
