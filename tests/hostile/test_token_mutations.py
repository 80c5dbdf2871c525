"""Tokens of every kind, cut and damaged by the thousand: always an answer, and always the same one."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.facts import SWEEP
from support.mutate import damage, mutations
from support.token_checks import check_shown, check_told, check_values
from support.token_seeds import kinds, seeds

from dissectors.tokens import dissect_token

KINDS = list(kinds())
EACH = 10_000 if SWEEP else 1_000  # damaged tokens of each kind
PARTS = 4 if SWEEP else 1  # tests that share them
SHOWN, TOLD = 4, 40  # of so many one is shown as a tree, told in all forms
TYPES = {
    "NTLM 1": "NTLM_NEGOTIATE",
    "NTLM 2": "NTLM_CHALLENGE",
    "NTLM 3": "NTLM_AUTHENTICATE",
    "TGT-REQ": "KRB_TGT_REQ",
    "NTLM signature": "GSS_MIC",
    "SASL layer": "GSS_WRAP",
}
"""token_type of kinds that are not called after it."""


def check(number: int, data: bytes, *, sasl_layer: bool) -> None:
    """The cheap checks each time, the others now and then."""
    token = check_values(data, sasl_layer=sasl_layer)
    if number % SHOWN == 0:
        check_shown(token)
    if number % TOLD == 0:
        check_told(token)


@pytest.mark.parametrize("name", KINDS)
def test_seeds_are_what_they_are_called(name: str) -> None:
    """What is damaged begins as a token of its kind: else the tests below would tell little."""
    made = kinds()[name].made
    wanted = TYPES.get(name) or f"_{name.partition(',')[0].upper().replace('-', '_')}"
    for data in made[:1]:
        token_type = dissect_token(data).token_type
        assert f"_{token_type.upper()}".endswith(wanted)
    assert len(seeds(name)) >= len(made)


@pytest.mark.parametrize("name", KINDS)
def test_every_prefix(name: str) -> None:
    """A token cut at any byte; of long ones at every few."""
    sasl_layer = kinds()[name].sasl_layer
    for whole in kinds()[name].made:
        step = 1 if SWEEP else max(1, len(whole) // 80)
        for number, size in enumerate(range(0, len(whole) + 1, step)):
            check(number, whole[:size], sasl_layer=sasl_layer)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", KINDS)
def test_damaged_tokens(name: str, part: int) -> None:
    """However it is damaged: decoded, shown and told without an exception, all of it inside its bytes."""
    sasl_layer = kinds()[name].sasl_layer
    made = mutations(seeds(name, all_captures=SWEEP), (name, part))
    for number, data in enumerate(islice(made, EACH // PARTS)):
        check(number, data, sasl_layer=sasl_layer)


def test_damage_is_damage() -> None:
    """Nearly all that is made is new, much of it is noticed, and the same seed makes the same."""
    found = seeds("NegTokenInit")
    made = list(islice(mutations(found, "x"), 500))
    assert made == list(islice(mutations(found, "x"), 500))
    assert made != list(islice(mutations(found, "y"), 500))
    assert len(set(made) - set(found)) > 400
    noticed = [data for data in made if dissect_token(data).findings]
    assert 100 < len(noticed) < 490


@given(st.sampled_from(KINDS), st.randoms(use_true_random=False), st.integers(1, 12))
@settings(max_examples=2000 if SWEEP else 200, deadline=None)
def test_damage_upon_damage(name: str, random, times: int) -> None:
    """The same rules with choices of Hypothesis', which then looks for the least damage that hurts."""
    found = seeds(name)
    data = bytearray(random.choice(found))
    for _ in range(times):
        damage(data, found, random)
    token = check_values(bytes(data), sasl_layer=kinds()[name].sasl_layer)
    check_shown(token)
    check_told(token)


@given(st.sampled_from(KINDS), st.integers(0, 60), st.binary(max_size=120))
@settings(max_examples=2000 if SWEEP else 300, deadline=None)
def test_any_bytes_behind_a_head(name: str, size: int, data: bytes) -> None:
    """A sound beginning, and then whatever."""
    sasl_layer = kinds()[name].sasl_layer
    token = check_values(kinds()[name].made[0][:size] + data, sasl_layer=sasl_layer)
    check_shown(token)
    check_told(token)
