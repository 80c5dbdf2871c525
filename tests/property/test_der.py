"""Any bytes through the BER/DER reader: bounded, inside the data, and in agreement with pyasn1."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.der import decoder, encoder
from pyasn1.type import univ

from dissectors.anomaly import CODES
from dissectors.der import ANOMALY_LIMIT, Reader
from dissectors.der_values import integer, oid_text, set_bits

LENGTHS = st.one_of(
    st.integers(0, 6).map(lambda n: bytes((n,))),
    st.just(b"\x80"),
    st.integers(0, 300).map(lambda n: b"\x82" + n.to_bytes(2)),
    st.integers(0, 40).map(lambda n: b"\x81" + bytes((n,))),
    st.binary(min_size=1, max_size=6).map(lambda b: bytes((0x80 | len(b),)) + b),
)
TAGS = st.sampled_from([*range(0xA0, 0xA8), 0x02, 0x04, 0x06, 0x30, 0x60, 0x81, 0xBF, 0x00])
PIECES = st.lists(
    st.tuples(TAGS.map(lambda tag: bytes((tag,))), LENGTHS, st.binary(max_size=6)).map(b"".join),
    max_size=12,
).map(b"".join)
ANY = st.one_of(PIECES, st.binary(max_size=80))


@given(ANY, st.integers(0, 1000))
@settings(max_examples=2000, deadline=None)
def test_everything_read_lies_in_the_data(data: bytes, base: int) -> None:
    """Elements, members and anomalies never leave the data, and nothing is raised."""
    reader = Reader(data, base)
    element = reader.outermost()
    ranges = [] if element is None else [element]
    for start, stop in [(0, len(data)), *(e[1:3] for e in ranges)]:
        children = reader.children(start, stop, 20)
        assert len(children) <= 20
        for tag, first, last, after, at in children:
            assert start <= at < first <= last <= after <= stop
            assert tag == data[at]
        for number, (_, first, last) in reader.members(start, stop).items():
            assert 0 <= number < 31
            assert start < first <= last <= stop
    found = reader.findings()
    assert len(found) <= ANOMALY_LIMIT + 2
    for anomaly in found:
        assert anomaly.code in CODES
        assert base <= anomaly.span.start <= anomaly.span.end <= base + len(data)


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=400)), max_size=8))
@settings(max_examples=300, deadline=None)
def test_well_formed_members_read_alike_on_both_paths(pairs: list[tuple[int, bytes]]) -> None:
    """Rising members of any size are found, and the careful path finds the same."""
    members = dict(sorted(pairs))
    data = b""
    for number, content in members.items():
        octets = encoder.encode(univ.OctetString(content))
        size = len(octets)
        width = (size.bit_length() + 7) // 8
        length = bytes((size,)) if size < 128 else bytes((0x80 | width,)) + size.to_bytes(width)
        data += bytes((0xA0 | number,)) + length + octets
    reader = Reader(data)
    found = reader.members(0, len(data))
    assert {n: data[start:stop] for n, (_, start, stop) in found.items()} == members
    careful: dict[int, tuple[int, int, int]] = {}
    pos = 0
    while pos < len(data):
        pos = reader._member_odd(pos, len(data), careful)
    assert careful == found
    assert reader.findings() == ()


@given(st.integers(1 - 2**63, 2**63 - 1))
def test_integers_as_pyasn1_writes_them(value: int) -> None:
    """What pyasn1 encodes is read back."""
    assert integer(encoder.encode(univ.Integer(value))[2:]) == value


@given(
    st.tuples(st.integers(0, 1), st.integers(0, 39)) | st.tuples(st.just(2), st.integers(0, 2**31)),
    st.lists(st.integers(0, 2**40), max_size=6),
)
def test_object_identifiers_as_pyasn1_writes_them(top: tuple[int, int], arcs: list[int]) -> None:
    """Dotted text is what pyasn1 encoded."""
    oid = (*top, *arcs)
    content = encoder.encode(univ.ObjectIdentifier(oid))[2:]
    assert oid_text(content) == ".".join(map(str, oid))


@given(st.lists(st.booleans(), max_size=32))
def test_bit_strings_as_pyasn1_writes_them(bits: list[bool]) -> None:
    """The bits set are those that pyasn1 encoded."""
    content = encoder.encode(univ.BitString(tuple(map(int, bits))))[2:]
    assert set_bits(content) == tuple(number for number, bit in enumerate(bits) if bit)


@given(st.binary(max_size=40))
def test_strange_oids_never_raise(content: bytes) -> None:
    """An OID that pyasn1 takes is read alike; one it refuses may be refused or read."""
    text = oid_text(content)
    try:
        value, _ = decoder.decode(b"\x06" + bytes((len(content),)) + content)
    except Exception:  # noqa: BLE001 - pyasn1's refusal, whatever its form
        return
    assert text == str(value)
