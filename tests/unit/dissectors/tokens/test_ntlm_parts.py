"""The parts of a message, written as they lie."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.ntlm_parts import Parts
from dissectors.tokens.ntlm_payload import Payload
from dissectors.tokens.recorder import Recorder

NEGOTIATE = "NEGOTIATE_MESSAGE"
VERSION_FLAG = 0x02000000


def parts(size=40, flags=VERSION_FLAG, domain=(0, 0, 0), rest=b""):
    """A NEGOTIATE_MESSAGE of that many bytes and its parts, flags and version added."""
    head = b"NTLMSSP\0\x01\0\0\0" + struct.pack("<I", flags)
    data = head + struct.pack("<HHI", *domain) + bytes(8) + b"\x0a\x00\x61\x4a\0\0\0\x0f" + rest
    data = data[:size]
    payload = Payload(data, 16, 0)
    payload.read(16, ("DomainName", "Workstation"))
    made = Parts(payload, NEGOTIATE)
    made.flags(12, flags if size >= 16 else None)
    version = "10.0.19041/15" if flags & VERSION_FLAG and size >= 40 else None
    made.version(32, version, flags)
    return made


def written(made):
    fields = []
    made.write(Recorder(fields, 0, ""))
    return {f.path.removeprefix(f"{NEGOTIATE}."): f for f in fields}


def test_elements_in_the_order_of_their_bytes():
    """Whatever the order in which they were added."""
    made = parts()
    assert made.claimed() == []
    top = [(name, f.span) for name, f in written(made).items() if "." not in name]
    assert top == [
        (NEGOTIATE, Span(0, 40)),
        ("Signature", Span(0, 8)),
        ("MessageType", Span(8, 12)),
        ("NegotiateFlags", Span(12, 16)),
        ("DomainNameFields", Span(16, 24)),
        ("WorkstationFields", Span(24, 32)),
        ("Version", Span(32, 40)),
    ]


def test_descriptor():
    """Its three numbers, and in one line where the field is."""
    fields = written(parts(44, domain=(4, 4, 40), rest=b"ABCD"))
    assert (fields["DomainNameFields"].value, fields["DomainNameFields"].text) == (
        4,
        "4 bytes at 40",
    )
    found = [(name, f.value, f.text, f.span) for name, f in fields.items() if "DomainName" in name]
    assert found[1:] == [
        ("DomainNameFields.Len", 4, "4", Span(16, 18)),
        ("DomainNameFields.MaxLen", 4, "4", Span(18, 20)),
        ("DomainNameFields.BufferOffset", 40, "40", Span(20, 24)),
    ]


@pytest.mark.parametrize(
    ("domain", "text", "maximum"),
    [
        ((0, 0, 99), "empty", "0"),
        ((4, 9, 40), "4 bytes at 40", "9 (ignored)"),
        ((4, 4, 42), "4 bytes at 42, 2 of them there", "4"),
        ((4, 4, 4_000_000_000), "4 bytes at 4000000000, none of them there", "4"),
    ],
)
def test_odd_descriptors(domain, text, maximum):
    """The maximum is ignored; what is beyond the message is told, by the offset as it stands there."""
    fields = written(parts(44, domain=domain, rest=b"ABCD"))
    assert fields["DomainNameFields"].text == text
    assert fields["DomainNameFields.MaxLen"].text == maximum
    assert fields["DomainNameFields.BufferOffset"].value == domain[2]


def test_flags_bit_by_bit():
    """A field for each bit that is set, all in the four bytes."""
    fields = written(parts(flags=0x02000001 | 0x4000))
    assert fields["NegotiateFlags"].value == 0x02004001
    assert fields["NegotiateFlags"].text == "0x02004001 (UNICODE, r7, VERSION)"
    bits = {n.partition(".")[2]: f for n, f in fields.items() if n.startswith("NegotiateFlags.")}
    assert {name: f.value for name, f in bits.items()} == {
        "NTLMSSP_NEGOTIATE_UNICODE": 1,
        "r7": 0x4000,
        "NTLMSSP_NEGOTIATE_VERSION": 0x02000000,
    }
    assert {f.span for f in bits.values()} == {Span(12, 16)}
    assert bits["NTLMSSP_NEGOTIATE_UNICODE"].text == "0x00000001, names are UTF-16LE"
    assert list(written(parts(flags=0)))[3:5] == ["NegotiateFlags", "DomainNameFields"]


@pytest.mark.parametrize(
    ("size", "flags", "name", "text"),
    [
        (14, 0, "NegotiateFlags", "2 of 4 bytes are there"),
        (17, 0, "DomainNameFields", "1 of 8 bytes are there"),
        (31, 0, "WorkstationFields", "7 of 8 bytes are there"),
        (36, VERSION_FLAG, "Version", "4 of 8 bytes are there"),
        (36, 0, "Padding", "4 bytes of no field, not shown"),
    ],
)
def test_what_a_cut_leaves(size, flags, name, text):
    """The element in which it falls; a slot that no flag announces is no element."""
    *_, last = written(parts(size, flags)).values()
    assert (last.name, last.text, last.value) == (name, text, None)
    assert last.span.end == size


def test_slot_without_its_flag():
    """A whole VERSION slot is one, though it means nothing."""
    text = written(parts(flags=0))["Version"].text
    assert text == "0a00614a0000000f, unused: NTLMSSP_NEGOTIATE_VERSION is not set"


def test_payload_in_the_place_of_an_element():
    """Where the payload begins, the fixed part ends."""
    made = parts(40, domain=(6, 6, 32))
    ((start, stop, *_),) = made.claimed()
    made.put(start, stop, lambda tree, *at: tree.add("DomainName", *at, "x"))
    fields = written(made)
    assert "Version" not in fields
    assert fields["DomainName"].span == Span(32, 38)
    assert fields["Padding"].span == Span(38, 40)


def test_parts_that_share_bytes():
    """Both are written, and no gap is seen where they lie."""
    made = parts(40)
    made.put(4, 20, lambda tree, *at: tree.add("Across", *at, None))
    names = [name for name in written(made) if "." not in name]
    assert names[1:3] == ["Signature", "Across"]
    assert "Padding" not in names
