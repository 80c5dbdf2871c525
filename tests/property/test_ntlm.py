"""NTLM messages, NegoEx and per-message tokens of any bytes: nothing raises, spans stay inside.

The tree of an NTLM message has every byte of it in a leaf, however it was built, cut or damaged.
"""

import json
import struct
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.facts import ROOT, SHARED, SWEEP

from dissectors.anomaly import CODES
from dissectors.tokens.model import NtlmAuthenticate
from dissectors.tokens.negoex import decode_negoex
from dissectors.tokens.ntlm import decode_ntlm
from dissectors.tokens.ntlm_filetime import filetime_text
from dissectors.tokens.per_message import decode_per_message
from dissectors.visible import visible

BASE = 1000
DESCRIPTORS = {1: (16, 24), 2: (12, 40), 3: (12, 20, 28, 36, 44, 52)}
FIXED = {1: 40, 2: 56, 3: 88}
CUTS_EVERYWHERE = 12  # real messages of each length range that are cut at every byte
SMALL = 60_000  # bytes of a foreign capture that is read without being asked for a sweep


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
    paths = [field.path for field in fields if not may_repeat(field)]
    assert len(set(paths)) == len(paths)
    repr(token).encode()
    for name in ("user", "domain", "workstation", "target_name"):
        (getattr(token, name, None) or "").encode()
    return token


def leaves(fields):
    """Fields without children: in a tree written parents first, the next field tells."""
    after = [field.path for field in fields[1:]] + [""]
    pairs = zip(fields, after, strict=True)
    return [field for field, path in pairs if not path.startswith(f"{field.path}.")]


def check_tree(data):
    """Decode a message with its tree: no byte without a leaf, no child outside its parent."""
    fields = []
    token = decode_ntlm(data, fields, BASE)
    bare = set(range(BASE, BASE + len(data)))
    for leaf in leaves(fields):
        bare.difference_update(range(*leaf.span))
    assert not bare, (sorted(bare), data.hex())
    parents = []
    for field in fields:
        while parents and not field.path.startswith(f"{parents[-1].path}."):
            parents.pop()
        if parents:
            outer = parents[-1].span
            assert outer.start <= field.span.start <= field.span.end <= outer.end, field
        parents.append(field)
        assert field.name == field.path.rpartition(".")[2]
        assert not field.secret or field.value is None
    return token, fields


def ntlm_messages(path):
    """Yield the NTLM messages in a capture."""
    from analyzer.analysis import read
    from analyzer.errors import CaptureError

    try:
        analysis = read(path)
    except CaptureError:  # a kind of file that is not read, or one damaged on purpose
        return
    for number in analysis.tables.columns["negotiations"]["negotiation_id"]:
        for step in analysis.negotiation(number).steps:
            token = step.token
            while token is not None:
                if token.token_type.startswith("NTLM_"):
                    yield token.raw
                token = token.inner


@cache
def real_messages():
    """Different NTLM messages of all captures there are; of large foreign ones only in a sweep."""
    paths = sorted((ROOT / "captures").rglob("capture.pcapng"))
    paths += sorted((SHARED / "lab-sample" / "captures").glob("*"))
    index = SHARED / "corpus" / "index.jsonl"
    for line in index.read_text().splitlines() if index.exists() else ():
        row = json.loads(line)
        if row["NTLM1"] + row["NTLM2"] + row["NTLM3"] and (SWEEP or row["size"] <= SMALL):
            paths.append(index.parent / row["file"])
    return sorted(
        {raw for path in paths for raw in ntlm_messages(path)}, key=lambda raw: (len(raw), raw)
    )


def may_repeat(field):
    """Padding and repeated AV pairs stand at the same path as their like."""
    return field.name.lower() == "padding" or ".AvId(" in field.path or ".MsvAv" in field.path


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
@settings(max_examples=300, deadline=None)
def test_hostile_messages(data):
    """Any descriptors, any payload."""
    check(decode_ntlm, data)


@given(st.sampled_from([1, 2, 3]), st.binary(max_size=120))
def test_any_bytes_after_the_signature(kind, rest):
    """Every length from nothing on."""
    check(decode_ntlm, b"NTLMSSP\0" + bytes([kind, 0, 0, 0]) + rest)


@given(sound_messages())
@settings(deadline=None)
def test_sound_messages_are_read_back(case):
    """Whatever the order of the payload, values come out as they went in."""
    data, (domain, user, workstation), values = case
    token = check(decode_ntlm, data)
    assert isinstance(token, NtlmAuthenticate)
    assert (token.domain, token.user, token.workstation) == (domain, user, workstation)
    assert [token.lm_response, token.nt_response, token.session_key] == [*values[:2], values[5]]
    assert {anomaly.code for anomaly in token.anomalies} <= {"repeated-field"}


@given(sound_messages(), st.data())
@settings(deadline=None)
def test_cut_messages_say_so(case, data):
    """A message that lacks bytes is never passed off as whole."""
    whole, _, _ = case
    size = data.draw(st.integers(0, len(whole) - 1))
    token = check(decode_ntlm, whole[:size])
    # a message whose fields are all empty may really end behind its fifth descriptor
    if len(whole) > 88 or size < 52:
        assert "truncated" in {anomaly.code for anomaly in token.anomalies}


def test_real_messages_are_told_to_the_last_byte():
    """Of every message of every capture, no byte is without a field; what no field claims is zero."""
    found = real_messages()
    assert len(found) > 100
    kinds = set()
    for data in found:
        token, fields = check_tree(data)
        kinds.add(token.token_type)
        if not token.anomalies:
            assert not any(f.secret for f in fields if f.name == "Padding"), data.hex()
    assert kinds == {"NTLM_NEGOTIATE", "NTLM_CHALLENGE", "NTLM_AUTHENTICATE"}


def test_cut_real_messages_are_told_to_the_last_byte():
    """Real messages of all lengths, cut at every byte."""
    found = real_messages()
    for data in found[:: len(found) // CUTS_EVERYWHERE]:
        for size in range(1, len(data)):
            check_tree(data[:size])


@given(messages())
@settings(max_examples=300, deadline=None)
def test_hostile_messages_are_told_to_the_last_byte(data):
    """Any descriptors, any payload."""
    check_tree(data)


@given(sound_messages(), st.data())
@settings(deadline=None)
def test_cut_messages_are_told_to_the_last_byte(case, data):
    """A part of a message is told as far as it is there."""
    whole, _, _ = case
    check_tree(whole[: data.draw(st.integers(1, len(whole)))])


@given(
    st.data(),
    st.lists(st.tuples(st.integers(8, 2**16), st.integers(0, 255)), min_size=1, max_size=8),
)
@settings(max_examples=500, deadline=None)
def test_damaged_messages_are_told_to_the_last_byte(data, changes):
    """Real messages with bytes changed behind their signature."""
    message = bytearray(data.draw(st.sampled_from(real_messages())))
    for where, value in changes:
        message[8 + where % (len(message) - 8)] = value
    check_tree(bytes(message))
    check(decode_ntlm, bytes(message))


@given(st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1]))
def test_every_filetime_has_a_text(filetime):
    """All 64-bit numbers, those beyond every calendar included."""
    text = filetime_text(filetime)
    assert text.isprintable()
    assert text.endswith("Z") or text.startswith(str(filetime))


@given(st.lists(st.tuples(st.integers(0, 9), numbers, numbers, st.binary(max_size=90)), max_size=4))
@settings(max_examples=200, deadline=None)
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
