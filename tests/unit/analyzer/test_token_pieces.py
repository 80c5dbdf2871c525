"""Tokens cut over several session setups are put together again."""

from __future__ import annotations

import pytest

from analyzer.token_pieces import TokenPieces, announced_length
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, CarrierMessage, Exchange
from dissectors.span import Span

TOKEN = b"\x60\x81\x90" + bytes(range(0x60, 0x60 + 0x90))


def message(
    exchange: Exchange, frame: int, token: bytes, anomalies: tuple[Anomaly, ...] = ()
) -> CarrierMessage:
    """The client's leg."""
    return CarrierMessage(
        "request", CLIENT, exchange, frame, (frame,), frame, token, anomalies=anomalies
    )


@pytest.mark.parametrize("size", [5, 40, 100, len(TOKEN)])
def test_pieces_of_any_size_become_the_token(size: int) -> None:
    """Also where a piece begins with a byte that could begin a token."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    parts = [TOKEN[at : at + size] for at in range(0, len(TOKEN), size)]
    made = [pieces.whole(message(exchange, n, part)) for n, part in enumerate(parts, 1)]
    assert made == [None] * (len(parts) - 1) + [TOKEN]
    assert pieces.left() == []


def test_the_whole_belongs_to_the_last_message_and_keeps_all_frames() -> None:
    """As Wireshark shows it."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    pieces.whole(message(exchange, 3, TOKEN[:50]))
    last = message(exchange, 7, TOKEN[50:])
    assert pieces.whole(last) == TOKEN
    assert (last.token, last.frames, last.frame) == (TOKEN, (3, 7), 7)


def test_the_whole_lies_where_its_pieces_do() -> None:
    """Each piece keeps its range of the stream, and each range its frames."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    parts = [
        (message(exchange, 3, TOKEN[:50]), Span(10, 60), (3,), ()),
        (message(exchange, 7, TOKEN[50:90]), Span(100, 140), (6, 7), ((100, 6), (130, 7))),
        (message(exchange, 9, TOKEN[90:]), Span(200, 257), (9,), ()),
    ]
    for part, span, frames, carried in parts:
        part.token_span, part.frames, part.carried = span, frames, carried
        pieces.whole(part)
    last = parts[-1][0]
    assert (last.token, last.token_span) == (TOKEN, Span(10, 257))
    assert last.runs == (Span(10, 60), Span(100, 140), Span(200, 257))
    assert last.frames == (3, 6, 7, 9)
    assert last.carried == ((10, 3), (100, 6), (130, 7), (200, 9))


def test_a_piece_without_a_place_leaves_the_whole_without() -> None:
    """Half a place would mislead."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    pieces.whole(message(exchange, 3, TOKEN[:50]))
    last = message(exchange, 7, TOKEN[50:])
    last.token_span = Span(100, 197)
    assert pieces.whole(last) == TOKEN
    assert (last.token_span, last.runs, last.carried) == (None, (), ())


def test_interleaved_exchanges_do_not_mix() -> None:
    """Two logons on one connection, both in pieces."""
    pieces, one, two = TokenPieces(), Exchange("smb2"), Exchange("smb2")
    assert pieces.whole(message(one, 1, TOKEN[:50])) is None
    assert pieces.whole(message(two, 2, TOKEN[:70])) is None
    assert pieces.whole(message(one, 3, TOKEN[50:])) == TOKEN
    assert pieces.whole(message(two, 4, TOKEN[70:])) == TOKEN


def test_a_fresh_token_ends_the_wait() -> None:
    """A client that starts over is not taken for the next piece."""
    pieces, exchange = TokenPieces(), Exchange("smb1")
    pieces.whole(message(exchange, 1, TOKEN[:50]))
    ntlm = b"NTLMSSP\x00\x01\x00\x00\x00" + bytes(20)
    assert pieces.whole(message(exchange, 2, ntlm)) == ntlm


def test_what_stays_unfinished_is_handed_out() -> None:
    """Nothing disappears silently."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    first = message(exchange, 1, TOKEN[:50])
    pieces.whole(first)
    assert pieces.left() == [first]
    assert pieces.left() == []


def test_short_tokens_elsewhere_are_just_short() -> None:
    """HTTP bounds no token; and what the capture cut is not waited for."""
    pieces = TokenPieces()
    assert pieces.whole(message(Exchange("http"), 1, TOKEN[:50])) == TOKEN[:50]
    gap = Anomaly("gap", Span(0, 1))
    assert pieces.whole(message(Exchange("smb2"), 1, TOKEN[:50], (gap,))) == TOKEN[:50]


@pytest.mark.parametrize(
    ("token", "length"),
    [
        (b"", 0),
        (b"\x60", 1),
        (b"\x60\x05", 7),
        (b"\xa1\x82\x01\x00", 260),
        (b"\x60\x80", 2),
        (b"\x60\x85\x01", 3),
        (b"NTLMSSP\x00", 8),
    ],
)
def test_announced_length(token: bytes, length: int) -> None:
    """By the DER header, where there is one that can be believed."""
    assert announced_length(token) == length
