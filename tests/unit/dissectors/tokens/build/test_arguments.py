"""Whatever a caller gives a builder: a token, or one sentence about what is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from dissectors.tokens import build
from dissectors.tokens.build import BuildError

BUILDERS = sorted(set(build.__all__) - {"BuildError"})
NEEDED = {
    "ap_req": b"n",
    "exchange": b"token",
    "inner": b"token",
    "mech": "ntlm",
    "messages": b"message",
    "nt_status": 0xC000006D,
    "padata": [(2, b"")],
    "pairs": {},
    "sname": "cifs/dc",
}
"""Values of parameters without a default."""
A_NAIVE_TIME = datetime.fromisoformat("2026-01-02T03:04:05")
ODD = (
    None, True, 5, -1, 1 << 32, 1 << 80, 1.5, "x", "", "\ud800", "\u00e9", b"x", b"", bytearray(b"x"), [], [5],
    [None], [b"x"], ["x"], [(1, "x")], [("x", b"x")], [(1, 2, 3)], (), (1,), (1, ["x"]), (1, [5]), {}, {"x": 1},
    {5: b"x"}, {"MsvAvFlags": "x"}, [{}], [{"realm": 5}], object(), A_NAIVE_TIME, str, print,
)  # fmt: skip


def parameters(name: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(getattr(build, name)).parameters)


def mistake(call: Callable[[], object]) -> str | None:
    """What a builder says against its arguments; None if it takes them."""
    try:
        call()
    except BuildError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", BUILDERS)
def test_odd_values_raise_nothing_else(name: str) -> None:
    """Every parameter of every builder takes every odd value, or refuses it in one sentence."""
    function, declared = getattr(build, name), parameters(name)
    for odd_one, parameter in declared.items():
        for odd in ODD:
            given = {
                each: NEEDED[each]
                for each, other in declared.items()
                if other.default is other.empty and other.kind is not other.VAR_POSITIONAL
            }
            args = []
            if parameter.kind is parameter.VAR_POSITIONAL:
                args = [odd]
            else:
                given[odd_one] = odd
            sentence = mistake(partial(function, *args, **given))
            assert sentence is None or (sentence and "\n" not in sentence), (name, odd_one, odd)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: build.ntlm_authenticate(user=5), "user is a text, not int"),
        (lambda: build.ntlm_authenticate(user=b"x"), "user is a text, not bytes"),
        (lambda: build.mic_cfx(5), "checksum is bytes or None, not int"),
        (lambda: build.iakerb("x"), "message is bytes, not str"),
        (
            lambda: build.ap_req(sname=None),
            "sname is a text or (a number, a list of texts), not None",
        ),
        (lambda: build.neg_token_init([5]), "mech_types is a list of texts, not list"),
        (lambda: build.negoex(b"x", "x"), "messages is bytes, not str"),
        (lambda: build.wrap_cfx(from_acceptor=2), "from_acceptor is True or False, not int"),
        (lambda: build.krb_error(stime=5), "stime is a text or a datetime, not int"),
        (lambda: build.av_pairs("x"), "pairs is a mapping, not str"),
        (lambda: build.ap_req(form=5), "form is one of framed, token-id, bare, not int"),
    ],
)
def test_a_wrong_type_is_named(call, sentence: str) -> None:
    """The sentence has the parameter's name, what it takes, and what was given instead of it."""
    with pytest.raises(BuildError) as raised:
        call()
    assert str(raised.value) == sentence


def test_a_wrong_value_is_not_quoted() -> None:
    """What was given may be a secret."""
    with pytest.raises(BuildError) as raised:
        build.ntlm_authenticate(nt_response="hunter2")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: build.mic_cfx(sequence=1 << 64),
        lambda: build.ntlm_signature(sequence=-1),
        lambda: build.alert(1 << 40),
        lambda: build.kerb_error_data(1 << 40),
        lambda: build.ntlmv2_response(timestamp=-1),
    ],
)
def test_a_number_too_large_is_refused(call) -> None:
    """Numbers that their field cannot hold are mistakes too."""
    with pytest.raises(BuildError, match="does not fit its field"):
        call()


def test_any_iterable_will_do() -> None:
    """Lists may be tuples, sets and generators."""
    made = build.neg_token_init(["kerberos", "ntlm"])
    assert build.neg_token_init(name for name in ("kerberos", "ntlm")) == made
    assert build.neg_token_init(("kerberos", "ntlm")) == made
    assert build.neg_token_init({"kerberos": 1, "ntlm": 2}) == made


def test_names_of_parameters_are_pythons_business() -> None:
    """A parameter that is not there, or missing, is a TypeError as of any function."""
    with pytest.raises(TypeError):
        build.mic_cfx(checksums=b"")
    with pytest.raises(TypeError):
        build.challenge()


def test_builders_keep_their_faces() -> None:
    """Help and editors see signature and docstring of each builder."""
    for name in BUILDERS:
        function = getattr(build, name)
        assert function.__name__ == name
        assert function.__doc__
