"""NTLM messages, NegoEx and per-message tokens of any bytes: nothing raises, spans stay inside."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.anomaly import CODES
from dissectors.tokens.model import NtlmAuthenticate
from dissectors.tokens.negoex import decode_negoex
from dissectors.tokens.ntlm import decode_ntlm
from dissectors.tokens.per_message import decode_per_message
from dissectors.visible import visible

BASE = 1000
DESCRIPTORS = {1: (16, 24), 2: (12, 40), 3: (12, 20, 28, 36, 44, 52)}
FIXED = {1: 40, 2: 56, 3: 88}


def check(decode, data):
    """Decode with and without a tree, and hold both to the contract."""
    token = decode(data, None, BASE)
    fields = []
    assert decode(data, fields, BASE, "Outer") == token
    assert token.raw == data
    for anomaly in token.anomalies:
        assert anomaly.code in CODES
        assert BASE <= anomaly.span.start <= anomaly.span.end <= BASE + len(data)
    for field in fields:
        assert field.path.startswith("Outer.")
        assert BASE <= field.span.start <= field.span.end <= BASE + len(data)
        assert visible(field.text) == field.text
    assert len({field.path for field in fields}) >= len(fields) - repeated(token)
    repr(token).encode()
    for name in ("user", "domain", "workstation", "target_name"):
        (getattr(token, name, None) or "").encode()
    return token


def repeated(token):
    """Repeated AV pairs stand at the same path."""
    return sum(anomaly.code == "repeated-field" for anomaly in token.anomalies)


numbers = st.one_of(
    st.integers(0, 200), st.sampled_from([0xFFFF, 0xFFFF_FFF0, 0xFFFF_FFFF]), st.integers(0, 0xFFFF)
)


@st.composite
def messages(draw):
    """A message whose descriptors and payload are anything."""
    kind = draw(st.sampled_from([1, 2, 3]))
    data = bytearray(b"NTLMSSP\0" + bytes([kind, 0, 0, 0]) + bytes(FIXED[kind] - 12))
    for place in DESCRIPTORS[kind]:
        length = draw(st.one_of(st.integers(0, 80), st.integers(0, 0xFFFF)))
        struct.pack_into("<HHI", data, place, length, 0, draw(numbers))
    flags = draw(st.integers(0, 0xFFFFFFFF))
    struct.pack_into("<I", data, {1: 12, 2: 20, 3: 60}[kind], flags)
    return bytes(data) + draw(st.binary(max_size=200))


@st.composite
def sound_messages(draw):
    """AUTHENTICATE_MESSAGEs as a peer would make them, and their values."""
    names = [draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)) for _ in range(3)]
    pairs = draw(st.lists(st.tuples(st.integers(11, 99), st.binary(max_size=9)), max_size=5))
    av = b"".join(struct.pack("<HH", n, len(v)) + v for n, v in pairs) + bytes(4)
    nt = draw(st.sampled_from([b"", b"N" * 24, b"P" * 16 + b"\x01\x01" + bytes(26) + av]))
    values = [draw(st.sampled_from([b"L" * 24, bytes(24)])), nt]
    values += [name.encode("utf-16-le") for name in names]
    values.append(draw(st.sampled_from([b"", b"K" * 16])))
    order = draw(st.permutations(range(6)))
    data = bytearray(b"NTLMSSP\0\x03\0\0\0" + bytes(76))
    struct.pack_into("<I", data, 60, 1)
    payload = b""
    for index in order:
        place = DESCRIPTORS[3][index]
        struct.pack_into("<HHI", data, place, len(values[index]), 0, 88 + len(payload))
        payload += values[index]
    return bytes(data) + payload, names, values


@given(messages())
@settings(max_examples=300)
def test_hostile_messages(data):
    """Any descriptors, any payload."""
    check(decode_ntlm, data)


@given(st.sampled_from([1, 2, 3]), st.binary(max_size=120))
def test_any_bytes_after_the_signature(kind, rest):
    """Every length from nothing on."""
    check(decode_ntlm, b"NTLMSSP\0" + bytes([kind, 0, 0, 0]) + rest)


@given(sound_messages())
def test_sound_messages_are_read_back(case):
    """Whatever the order of the payload, values come out as they went in."""
    data, (domain, user, workstation), values = case
    token = check(decode_ntlm, data)
    assert isinstance(token, NtlmAuthenticate)
    assert (token.domain, token.user, token.workstation) == (domain, user, workstation)
    assert [token.lm_response, token.nt_response, token.session_key] == [*values[:2], values[5]]
    assert {anomaly.code for anomaly in token.anomalies} <= {"repeated-field"}


@given(sound_messages(), st.data())
def test_cut_messages_say_so(case, data):
    """A message that lacks bytes is never passed off as whole."""
    whole, _, _ = case
    size = data.draw(st.integers(0, len(whole) - 1))
    token = check(decode_ntlm, whole[:size])
    # a message whose fields are all empty may really end behind its fifth descriptor
    if len(whole) > 88 or size < 52:
        assert "truncated" in {anomaly.code for anomaly in token.anomalies}


@given(st.lists(st.tuples(st.integers(0, 9), numbers, numbers, st.binary(max_size=90)), max_size=4))
@settings(max_examples=200)
def test_hostile_negoex(parts):
    """Any types, lengths and contents."""
    data = b"".join(
        b"NEGOEXTS" + struct.pack("<IIII", number, 0, header, length) + bytes(16) + rest
        for number, header, length, rest in parts
    )
    check(decode_negoex, data)


@pytest.mark.parametrize(
    "start", ["", "0404", "0504", "0101", "0201", "01000000", "6005", "608205"]
)
@given(rest=st.binary(max_size=60))
def test_hostile_per_message_tokens(start, rest):
    """Every start, whatever follows."""
    check(decode_per_message, bytes.fromhex(start) + rest)
