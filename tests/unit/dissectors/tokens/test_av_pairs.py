"""AV pairs, sound and hostile."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.av_pairs import (
    AV_PAIR_LIMIT,
    locate_av_pairs,
    read_av_pairs,
)
from dissectors.tokens.ntlm_payload import Payload


def pair(av_id, value=b""):
    return struct.pack("<HH", av_id, len(value)) + value


def read(data, cut=False):
    payload = Payload(data, 0, 0)
    pairs, complete = locate_av_pairs(payload, 0, len(data), cut=cut)
    values = read_av_pairs(payload, pairs)
    return values, complete, [(a.code, a.span) for a in payload.anomalies], pairs


def test_every_kind_of_value():
    """Texts, numbers and bytes, by the names of MS-NLMP, in wire order."""
    data = b"".join(
        (
            pair(4, "lab.example".encode("utf-16-le")),
            pair(1, b""),
            pair(6, b"\x07\0\0\0"),
            pair(7, b"\x01" + bytes(7)),
            pair(8, bytes(47) + b"\x01"),
            pair(10, b"\xab" * 16),
            pair(77, b"\x01\x02"),
            pair(0),
        )
    )
    values, complete, anomalies, _ = read(data)
    assert list(values.items()) == [
        ("MsvAvDnsDomainName", "lab.example"),
        ("MsvAvNbComputerName", ""),
        ("MsvAvFlags", 7),
        ("MsvAvTimestamp", 1),
        ("MsvAvSingleHost", "00" * 47 + "01"),
        ("MsvAvChannelBindings", "ab" * 16),
        ("AvId(77)", "0102"),
    ]
    assert (complete, anomalies) == (True, [])


@pytest.mark.parametrize("av_id", [6, 7, 8, 10])
def test_value_of_the_wrong_size(av_id):
    """It is kept as its bytes."""
    values, _, anomalies, _ = read(pair(av_id, b"\x01\x02\x03") + pair(0))
    assert list(values.values()) == ["010203"]
    assert anomalies == [("bad-value", Span(4, 7))]


def test_text_that_is_not_utf16():
    """A lone surrogate becomes text."""
    values, _, anomalies, _ = read(pair(2, b"\x00\xd8") + pair(0))
    assert values == {"MsvAvNbDomainName": "\\ud800"}
    assert anomalies == [("bad-text", Span(4, 6))]


def test_terminator_is_no_name():
    """Samba sends an empty DNS domain as a NUL; names have no terminator otherwise."""
    values, _, anomalies, _ = read(pair(4, b"\0\0") + pair(3, b"A\0\0\0B\0\0\0") + pair(0))
    assert values == {"MsvAvDnsDomainName": "", "MsvAvDnsComputerName": "A\0B"}
    assert anomalies == []


def test_repeated_pair():
    """The first counts."""
    data = pair(2, b"A\0") + pair(2, b"B\0") + pair(0)
    values, _, anomalies, _ = read(data)
    assert values == {"MsvAvNbDomainName": "A"}
    assert anomalies == [("repeated-field", Span(6, 12))]


@pytest.mark.parametrize(
    ("data", "anomaly"),
    [
        (b"", ("missing-field", Span(0, 0))),
        (pair(2, b"A\0"), ("missing-field", Span(6, 6))),
        (pair(2, b"A\0") + b"\0\0", ("missing-field", Span(6, 8))),
        (pair(2, b"A\0")[:-1], ("bad-length", Span(0, 5))),
    ],
)
def test_list_without_its_end(data, anomaly):
    """What is there is read, and the end is missed unless the whole field is cut."""
    _, complete, anomalies, _ = read(data)
    assert (complete, anomalies) == (False, [anomaly])
    assert read(data, cut=True)[1:3] == (False, [])


def test_end_with_a_value():
    """MsvAvEOL holds nothing, but it is the end."""
    _, complete, anomalies, _ = read(pair(0, b"x"))
    assert (complete, anomalies) == (True, [("bad-length", Span(0, 5))])


def test_too_many_pairs():
    """Reading stops at the limit."""
    data = b"".join(pair(1000 + n) for n in range(AV_PAIR_LIMIT)) + pair(2) + pair(0)
    values, complete, anomalies, _ = read(data)
    assert (len(values), complete) == (AV_PAIR_LIMIT, False)
    assert anomalies == [("limit-count", Span(4 * AV_PAIR_LIMIT, len(data)))]
    assert read(data[: 4 * AV_PAIR_LIMIT] + pair(0))[1:3] == (True, [])
