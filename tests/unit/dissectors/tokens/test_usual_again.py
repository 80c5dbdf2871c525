"""Forms of tokens are remembered by size, and read anew wherever an octet that told them differs."""

from __future__ import annotations

import pytest
from support.token_lanes import check_lanes
from support.token_seeds import seeds

from dissectors.tokens import usual_again
from dissectors.tokens.usual import read_usual
from dissectors.tokens.usual_again import Forms, Told


class Counting:
    """Reads octets 0 and 3 as the form of a token, and counts how often."""

    def __init__(self) -> None:
        self.read = 0

    def __call__(self, data: bytes) -> Told[bytes]:
        self.read += 1
        if data[0] == 0xFF:
            raise ValueError
        return 1, 3, 4, data[:1] + data[3:4]


def test_only_the_octets_that_told_a_form_are_compared() -> None:
    """Another token of the same size is read again only if it differs in these."""
    reader = Counting()
    forms = Forms(reader)
    assert [forms.of(data) for data in (b"abcde", b"aXcdY", b"a__d_")] == [b"ad"] * 3
    assert reader.read == 1
    assert forms.of(b"abcXe") == b"aX"
    assert forms.of(b"Xbcde") == b"Xd"
    assert forms.of(b"Xbcd") == b"Xd"
    assert reader.read == 4


def test_what_has_no_form_is_not_remembered() -> None:
    """It raises each time, and the form of its size stays known."""
    reader = Counting()
    forms = Forms(reader)
    forms.of(b"abcde")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^$"):
            forms.of(b"\xffbcde")
    forms.of(b"abcde")
    assert reader.read == 3


def test_forms_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many sizes are remembered, and no form that too many octets tell."""
    monkeypatch.setattr(usual_again, "FORMS_LIMIT", 3)
    reader = Counting()
    forms = Forms(reader)
    for size in (4, 5, 6, 7, 4, 7):
        forms.of(bytes(size))
    assert reader.read == 5
    monkeypatch.setattr(usual_again, "OCTETS_LIMIT", 1)
    for _ in range(2):
        forms.of(bytes(9))
    assert reader.read == 7


@pytest.mark.parametrize("name", ["NegTokenInit", "NegTokenResp", "AP-REQ", "AP-REP"])
def test_a_known_form_hides_no_difference(name: str) -> None:
    """Each octet of a token, changed right after the token itself was read."""
    usual = [data for data in seeds(name) if read_usual(data, None) is not None]
    assert usual
    for data in usual[:4]:
        for at in range(min(len(data), 300)):
            assert check_lanes(data, None) is not None
            check_lanes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :], None)
