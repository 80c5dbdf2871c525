"""The tree of AV pairs."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.av_pairs import AV_PAIR_LIMIT, locate_av_pairs, read_av_pairs
from dissectors.tokens.ntlm_av_fields import record_av_pairs
from dissectors.tokens.ntlm_payload import Payload
from dissectors.tokens.recorder import Recorder

MACHINE = bytes(range(32))


def pair(av_id, value=b""):
    return struct.pack("<HH", av_id, len(value)) + value


def tree(data, cut=False):
    """Fields of a list; whatever it holds, each of its bytes is in one."""
    payload = Payload(data, 0, 0)
    pairs, _ = locate_av_pairs(payload, 0, len(data), cut=cut)
    fields = []
    record_av_pairs(
        Recorder(fields, 0, ""), data, 0, len(data), pairs, read_av_pairs(payload, pairs)
    )
    covered = {byte for field in fields for byte in range(*field.span)}
    assert covered == set(range(len(data)))
    return fields


def single_host(custom):
    return pair(8, struct.pack("<II", 48, 0) + custom + MACHINE)


def test_pair_with_its_parts():
    """Id by number and name, length, value."""
    fields = tree(pair(2, b"L\0A\0B\0") + pair(0))
    assert [(f.path, f.value, f.text, f.span) for f in fields] == [
        ("MsvAvNbDomainName", "LAB", "LAB", Span(0, 10)),
        ("MsvAvNbDomainName.AvId", 2, "2 (MsvAvNbDomainName)", Span(0, 2)),
        ("MsvAvNbDomainName.AvLen", 6, "6", Span(2, 4)),
        ("MsvAvNbDomainName.Value", "LAB", "LAB", Span(4, 10)),
        ("MsvAvEOL", None, "end of the list", Span(10, 14)),
        ("MsvAvEOL.AvId", 0, "0 (MsvAvEOL)", Span(10, 12)),
        ("MsvAvEOL.AvLen", 0, "0", Span(12, 14)),
    ]


@pytest.mark.parametrize(
    ("data", "text", "value_text"),
    [
        (pair(9), "(empty)", None),
        (pair(4, b"\0\0"), "(empty)", "(empty)"),
        (pair(77, b"\x01\x02"), "0102", "0102"),
        (
            pair(7, (116444736000000001).to_bytes(8, "little")),
            "1970-01-01 00:00:00.0000001Z",
            "1970-01-01 00:00:00.0000001Z",
        ),
        (pair(7, b"\xff" * 8), f"{2**64 - 1} (beyond the year 9999)", None),
        (pair(7, b"\x01"), "01 (1 byte instead of 8)", "01 (1 byte instead of 8)"),
        (pair(8), "0 bytes instead of 48", None),
        (pair(10, bytes(16)), "zero: no channel", "00" * 16),
        (pair(10, b"\xab" * 16), "ab" * 16 + " (hash of the bindings)", "ab" * 16),
        (pair(6, bytes(4)), "0x00000000 (none)", "0x00000000"),
        (
            pair(6, b"\x0e\0\0\0"),
            "0x0000000e (MIC present, target name from an untrusted source, 0x00000008)",
            "0x0000000e",
        ),
    ],
)
def test_texts(data, text, value_text):
    """What the pair says stands beside its name, the plain value beside `Value`."""
    fields = {f.path.partition(".")[2]: f for f in tree(data + pair(0)) if "MsvAvEOL" not in f.path}
    assert fields[""].text == text
    if value_text is not None:
        assert fields["Value"].text == value_text


def test_flags_bit_by_bit():
    """One field for each bit, unknown ones by number."""
    fields = tree(pair(6, b"\x0a\0\0\0") + pair(0))
    bits = [(f.name, f.value, f.text, f.span) for f in fields if ".Value." in f.path]
    assert bits == [
        ("MIC present", 2, "0x00000002", Span(4, 8)),
        ("0x00000008", 8, "0x00000008", Span(4, 8)),
    ]


def test_single_host_of_windows():
    """CustomData tells the integrity level of the client's process."""
    fields = {f.path: f for f in tree(single_host(bytes.fromhex("0100000000200000")) + pair(0))}
    root = "MsvAvSingleHost"
    assert fields[root].text == (
        f"UAC restricted token, medium integrity; MachineID {MACHINE.hex()}"
    )
    inside = {p.removeprefix(f"{root}.Value."): f for p, f in fields.items() if ".Value." in p}
    assert {name: (f.text, f.span) for name, f in inside.items()} == {
        "Size": ("48", Span(4, 8)),
        "Z4": ("0", Span(8, 12)),
        "CustomData": ("UAC restricted token, medium integrity", Span(12, 20)),
        "CustomData.Flags": ("0x00000001 (UAC restricted token)", Span(12, 16)),
        "CustomData.TokenIL": ("0x00002000 (medium)", Span(16, 20)),
        "MachineID": (MACHINE.hex(), Span(20, 52)),
    }


def test_single_host_of_others():
    """Zeros say nothing, least of all that the client is untrusted; unknown numbers stay numbers."""
    fields = {f.path: f for f in tree(single_host(bytes(8)) + pair(0))}
    assert fields["MsvAvSingleHost"].text == f"MachineID {MACHINE.hex()}"
    assert fields["MsvAvSingleHost.Value.CustomData"].text == "zero"
    assert fields["MsvAvSingleHost.Value.CustomData.TokenIL"].text == "0x00000000"
    fields = {f.path: f for f in tree(single_host(b"\x02\0\0\0\x01\0\0\0") + pair(0))}
    assert fields["MsvAvSingleHost.Value.CustomData"].text == (
        "token flags 0x00000002, 0x00000001 integrity"
    )
    assert fields["MsvAvSingleHost.Value.CustomData.Flags"].text == "0x00000002 (unknown)"


def test_repeated_pair():
    """It is ignored, and shows its own value all the same."""
    fields = tree(pair(2, b"A\0") + pair(2, b"B\0") + pair(0))
    first, second = (f for f in fields if f.path == "MsvAvNbDomainName")
    assert (first.value, first.text) == ("A", "A")
    assert (second.value, second.text, second.span) == (None, "repeated, ignored", Span(6, 12))
    assert [f.value for f in fields if f.name == "Value"] == ["A", "B"]


def test_pair_that_is_cut():
    """Id and length are told, and how much of the value is there; half a name is not shown."""
    fields = tree(pair(1, b"D\0C\x001\0")[:-3], cut=True)
    assert [(f.path, f.value, f.text) for f in fields] == [
        ("MsvAvNbComputerName", None, "3 of 6 bytes of its value are there"),
        ("MsvAvNbComputerName.AvId", 1, "1 (MsvAvNbComputerName)"),
        ("MsvAvNbComputerName.AvLen", 6, "6"),
        ("MsvAvNbComputerName.Value", None, "3 of 6 bytes, not shown"),
    ]


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        (b"", None),
        (bytes(4), "4 zero bytes"),
        (b"\x01\x02", "2 bytes of no field, not shown"),
    ],
)
def test_bytes_behind_the_end(rest, text):
    """NTLMv2 responses end with zeros; anything else is not shown."""
    last = tree(pair(0) + rest)[-1]
    assert last.name == ("AvLen" if text is None else "Padding")
    assert text is None or last.text == text


def test_header_that_is_cut():
    """Less than a header is no pair."""
    assert [f.text for f in tree(b"\x02\0\x06", cut=True)] == ["3 bytes of no field, not shown"]


def test_end_with_a_value():
    """Bytes where none belong are told by number."""
    fields = tree(pair(0, b"xy"))
    assert [(f.path, f.text) for f in fields][-1] == ("MsvAvEOL.Value", "2 bytes, not shown")


def test_more_pairs_than_are_read():
    """Beyond the limit one field stands for all the rest."""
    data = b"".join(pair(1000 + n) for n in range(AV_PAIR_LIMIT)) + pair(2) + pair(0)
    last = tree(data)[-1]
    assert (last.name, last.text, last.secret) == ("AvPairs", "8 bytes not read", True)
    exactly = b"".join(pair(1000 + n) for n in range(AV_PAIR_LIMIT)) + pair(0)
    assert "MsvAvEOL" in {f.name for f in tree(exactly)}
