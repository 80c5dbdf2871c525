"""The fields' own promises: what they take, keep and show."""

import pytest
from scapy.packet import fuzz

from dissectors.layers import GSS_NTLM_CHALLENGE, GSS_NegTokenInit, GSS_NegTokenResp
from dissectors.layers.fields import (
    Names,
    Octets,
    Oid,
    Secret,
    flags_of,
    oid_of,
    size_text,
    snapshot,
)


@pytest.mark.parametrize(
    ("given", "oid"),
    [("ntlm", "1.3.6.1.4.1.311.2.2.10"), ("1.2.3", "1.2.3"), (None, None)],
)
def test_mechanisms_go_by_name_or_number(given, oid):
    """A name of the mechanism table becomes its object identifier."""
    assert oid_of(given) == oid
    assert Oid("mech").any2i(None, given) == oid


def test_secrets_show_their_length():
    """Secret fields tell a length, others their bytes."""
    assert Secret("key").i2repr(None, b"abc") == size_text(b"abc") == "<3 bytes>"
    assert Secret("key").i2repr(None, None) == "None"
    assert Secret("key").any2i(None, "abc") == b"abc"
    assert Octets("id").i2repr(None, b"\x01\x00") == "0100"


def test_lists_take_anything_iterable():
    """One name, a tuple, None; copies are copies."""
    field = Names("flags")
    assert field.any2i(None, "one") == ["one"]
    assert field.any2i(None, ("one", "two")) == ["one", "two"]
    assert field.any2i(None, None) is None
    value = ["one"]
    assert field.do_copy(value) == value
    assert field.do_copy(value) is not value
    assert snapshot(field, value) is not value


def test_flags_without_names_become_numbers():
    """`bit(5)`, as the decoders print it, is bit 5 for the builders."""
    assert flags_of(["mutualFlag", "bit(9)"]) == ["mutualFlag", 9]
    assert flags_of(None) is None


def test_scapy_may_fuzz():
    """Fuzzing leaves alone what only a specification can fill."""
    assert bytes(fuzz(GSS_NegTokenInit(mech_types=["ntlm"])))
    assert fuzz(GSS_NTLM_CHALLENGE()).copy()


def test_fields_compare():
    """Packets are equal if their fields are."""
    assert GSS_NegTokenResp(neg_state="reject") == GSS_NegTokenResp(neg_state=2)
    assert GSS_NegTokenResp(neg_state="reject") != GSS_NegTokenResp(neg_state=1)
