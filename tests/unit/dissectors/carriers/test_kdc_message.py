"""Messages to and from a KDC are known by their first bytes, and nothing else is taken for one."""

import random

import pytest
from support.kdc_talk import AS_REQ, EVERY_KIND, TGS_REP, over_tcp

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.kdc_message import (
    CERTAIN,
    HEAD,
    message_size,
    prefixed_sender,
    sender,
    starts_so,
)
from dissectors.tokens import build

SENT_BY = dict(zip(EVERY_KIND, (CLIENT, SERVER, CLIENT, SERVER, SERVER), strict=True))


def long_length(message: bytes, octets: int) -> bytes:
    """The same with more length octets than needed, outside and inside."""
    from dissectors.carriers.kdc_message import element_at

    outer = element_at(message, 0)
    inner = element_at(message, outer.start)
    body = message[inner.start :]

    def head(tag: int, size: int) -> bytes:
        return bytes((tag, 0x80 | octets)) + size.to_bytes(octets)

    sequence = head(0x30, len(body)) + body
    return head(message[0], len(sequence)) + sequence


@pytest.mark.parametrize("message", EVERY_KIND, ids=lambda m: f"{m[0]:02x}")
def test_every_kind_is_known_by_its_head(message):
    """Side and size, with and without the length in front, from few bytes on."""
    side = SENT_BY[message]
    assert sender(message) == sender(message[:CERTAIN]) == side
    assert prefixed_sender(over_tcp(message)) == prefixed_sender(over_tcp(message)[:28]) == side
    assert message_size(message) == message_size(message[:HEAD]) == len(message)
    assert starts_so(message[:8])


@pytest.mark.parametrize("octets", [2, 3, 4])
def test_lengths_may_be_long(octets):
    """BER lengths with leading zeros, as some encoders write them."""
    message = long_length(AS_REQ, octets)
    assert sender(message) == CLIENT
    assert message_size(message) == len(message)
    assert starts_so(message[:8])


@pytest.mark.parametrize("message", EVERY_KIND, ids=lambda m: f"{m[0]:02x}")
def test_a_head_too_short_tells_nothing(message):
    """No prefix of it is taken for another message, and none raises."""
    for size in range(60):
        assert sender(message[:size]) in (None, SENT_BY[message])
        assert prefixed_sender(over_tcp(message)[:size]) in (None, SENT_BY[message])


@pytest.mark.parametrize(
    "data",
    [
        build.ap_req(form="bare"),
        build.ap_rep(form="bare"),
        build.ap_req(),
        b"jumped over the lazy dog",
        b"k0k0k0k0k0k0k0k0k0k0k0k0k0k0k0",
        b"~0~0~0~0~0~0~0~0~0~0~0~0~0~0~0",
        AS_REQ.replace(b"\xa1\x03\x02\x01\x05", b"\xa1\x03\x02\x01\x04", 1),
        AS_REQ.replace(b"\xa2\x03\x02\x01\x0a", b"\xa2\x03\x02\x01\x0c", 1),
        b"\x6a\x80\x30\x80" + AS_REQ[8:],
        b"\x6c" + TGS_REP[1:],
        b"",
    ],
    ids=range(11),
)
def test_others_are_none(data):
    """Neither other Kerberos messages, nor text, nor another version or type."""
    assert sender(data) is None
    assert prefixed_sender(over_tcp(data)) is None


def test_a_length_in_front_must_agree():
    """A NetBIOS header, or any number before a message, makes no TCP message."""
    assert prefixed_sender((len(AS_REQ) + 1).to_bytes(4) + AS_REQ) is None
    assert prefixed_sender(b"\x80\0\0\0" + AS_REQ) is None
    assert prefixed_sender(b"\0\0\0\x44\xfeSMB\x40\0" + bytes(64)) is None


def test_chance_makes_no_message():
    """Of a million random heads with the right first byte none is taken for a message."""
    source = random.Random(7)
    heads = (bytes((first,)) + source.randbytes(30) for first in b"\x6a\x6b\x6c\x6d\x7e" * 40_000)
    assert not any(sender(head) is not None for head in heads)
