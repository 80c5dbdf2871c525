"""Finding the carrier of a stream by the first bytes of its segments."""

from __future__ import annotations

import pytest

from dissectors.carriers.carrier_search import (
    HEAD,
    PROBED_SEGMENTS,
    TELLING,
    TORN_BYTES,
    CarrierSearch,
    Loss,
)
from dissectors.carriers.http import HttpCarrier
from dissectors.carriers.ldap import LdapCarrier
from dissectors.carriers.smb import SmbCarrier

REQUEST = b"GET /index.html HTTP/1.1\r\nHost: web\r\n\r\n"
BIND = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"


def add(search, *pieces, side=0):
    """Show pieces of one side; the answers."""
    return [search.add((side, 0, piece, 1, 1)) for piece in pieces]


@pytest.mark.parametrize(("head", "found"), [(REQUEST, (HttpCarrier, 0)), (BIND, (LdapCarrier, 0))])
def test_any_segment_may_start_a_message(head, found):
    """A capture may begin in the middle of a body."""
    search = CarrierSearch()
    assert add(search, b"\xff" * 100, head) == [None, found]
    assert [segment[2] for segment in search.held] == [b"\xff" * 100, head]


def test_a_head_cut_into_bytes_is_found():
    """Segments of one byte each tell nothing; together they do."""
    search = CarrierSearch()
    answers = add(search, *(REQUEST[at : at + 1] for at in range(len(REQUEST))))
    assert (HttpCarrier, 0) in answers
    assert not search.in_vain


def test_sides_are_not_mixed_up():
    """What the other side sends in between does not end a head."""
    search = CarrierSearch()
    add(search, REQUEST[:3])
    add(search, b"\xff\xff", side=1)
    assert add(search, REQUEST[3:]) == [(HttpCarrier, 0)]


def test_a_gap_ends_a_head():
    """Bytes behind a gap do not go on from those before it."""
    search = CarrierSearch()
    add(search, REQUEST[:3])
    search.lost(Loss(0, 3, 5, 2, 2))
    assert add(search, REQUEST[3:]) == [None]
    assert [segment[2] for segment in search.segments] == [REQUEST[3:]]


def test_it_gives_up():
    """So many segments while both sides speak, or so many bytes, of something else are enough."""
    search = CarrierSearch()
    add(search, b"\xff", side=1)
    add(search, *[bytes((0xFF,)) * TELLING] * (PROBED_SEGMENTS - 1))
    assert not search.in_vain
    add(search, b"\xff")
    assert search.in_vain
    search = CarrierSearch()
    add(search, b"\xff" * (2 * HEAD + 1))
    assert search.in_vain


@pytest.mark.parametrize("size", [1, 5, 100, 1400])
def test_a_damaged_head_waits_for_its_answer(size):
    """However it is cut: the answer may be whole, and the request is held until then."""
    damaged = REQUEST.replace(b"/index", b"/\0ndex") + b"\xff" * HEAD
    answer = b"HTTP/1.1 200 OK\r\n\r\n"
    search = CarrierSearch()
    answers = add(search, *(damaged[at : at + size] for at in range(0, len(damaged), size)))
    assert not search.in_vain
    assert not any(answers)
    answers = add(search, *(answer[at : at + size] for at in range(0, len(answer), size)), side=1)
    assert (HttpCarrier, 1) in answers
    assert b"".join(segment[2] for segment in search.segments if segment[0] == 0) == damaged


def test_bytes_behind_a_hole_count_when_the_other_side_was_heard():
    """They may lie amid a message whose answer is still to come; for long they are not kept."""
    search = CarrierSearch()
    search.lost(Loss(0, 0, 100, 1, 1))
    for _ in range(40):
        assert add(search, b"\xff" * 1000) == [None]
        assert not search.in_vain
        assert sum(len(segment[2]) for segment in search.segments) <= 2 * HEAD
    assert add(search, b"HTTP/1.1 200 OK\r\n\r\n", side=1) == [(HttpCarrier, 1)]
    assert search.take()[0] == Loss(0, 0, 100, 1, 1)


@pytest.mark.parametrize("heard", [True, False])
def test_a_hole_does_not_make_it_search_for_ever(heard):
    """The other side speaks no carrier either, or says nothing for long."""
    search = CarrierSearch()
    search.lost(Loss(0, 0, 100, 1, 1))
    if heard:
        add(search, b"\xff", side=1)
    told = 0
    while not search.in_vain:
        add(search, b"\xff" * 1000)
        told += 1000
    assert (told <= 3 * HEAD) == heard
    assert told <= TORN_BYTES + 1000


def test_a_forced_carrier_is_the_only_one():
    """`--decode-as` leaves no other choice."""
    assert add(CarrierSearch("ldap"), REQUEST) == [None]
    assert add(CarrierSearch("ldap"), BIND) == [(LdapCarrier, 0)]


def test_what_was_held_is_handed_out_once():
    """To be read by the carrier, or to be looked through where there is none."""
    search = CarrierSearch()
    add(search, b"\xffnothing", b"\xff12NTLM")
    add(search, b"SSP\0", side=1)
    assert search.begun == (b"\xffnothing\xff12NTLM", b"SSP\0")
    assert [segment[2] for segment in search.lost(Loss(0, 16, 5, 2, 2))] == [
        b"\xffnothing",
        b"\xff12NTLM",
    ]
    assert search.begun == (b"", b"SSP\0")
    assert search.take() == [(1, 0, b"SSP\0", 1, 1), Loss(0, 16, 5, 2, 2)]
    assert search.take() == []


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", HttpCarrier),
        (b"\0\0\0\x40\xfeSMB\x40\0" + bytes(58), SmbCarrier),
    ],
)
def test_a_carrier_may_turn_up_late(head, found):
    """In a stream given up, a message of a carrier that announces itself is seen, and no other."""
    search = CarrierSearch()
    assert search.again((1, 0, b"\xff" + head, 1, 1)) is None
    assert search.again((0, 0, BIND, 1, 1)) is None
    answer = search.again((1, 0, head, 1, 1))
    assert answer is not None
    assert answer[0] is found
    assert [segment[2] for segment in search.held] == [head]
