"""Tokens cut over several session setups are put together again."""

from __future__ import annotations

import pytest

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, TOKEN_LIMIT, CarrierMessage, Exchange
from dissectors.carriers.token_pieces import (
    PIECES_LIMIT,
    UNFINISHED_LIMIT,
    TokenPieces,
    announced_length,
)
from dissectors.span import Span
from dissectors.tokens.build import gss_frame, neg_token_init, ntlm_negotiate

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
    begun = message(exchange, 1, TOKEN[:50])
    pieces.whole(begun)
    ntlm = b"NTLMSSP\x00\x01\x00\x00\x00" + bytes(20)
    assert pieces.whole(message(exchange, 2, ntlm)) == ntlm
    assert pieces.abandoned == [begun]
    assert pieces.left() == []


FRESH = b"\x60\x81\x90\x06\x06\x2b\x06\x01\x05\x05\x02" + bytes(range(0x60, 0x60 + 0x88))
FRESH_RESP = b"\xa1\x81\x90\x30\x81\x8d" + bytes(0x8D)


@pytest.mark.parametrize("fresh", [FRESH, FRESH_RESP])
@pytest.mark.parametrize("size", [4, 50, 100])
def test_a_fresh_token_may_be_cut_as_well(fresh: bytes, size: int) -> None:
    """A client that starts over in pieces leaves what came before; both tokens keep their own bytes."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    begun = message(exchange, 1, TOKEN[:50])
    assert pieces.whole(begun) is None
    assert pieces.whole(message(exchange, 2, fresh[:size])) is None
    assert pieces.abandoned == [begun]
    assert begun.token == TOKEN[:50]
    last = message(exchange, 3, fresh[size:])
    assert pieces.whole(last) == fresh
    assert last.frames == (2, 3)
    assert pieces.left() == []


@pytest.mark.parametrize("size", [*range(4, 90), 120, 170])
def test_a_token_inside_a_piece_is_no_fresh_one(size: int) -> None:
    """Wherever the cuts fall, also right in front of the mechanism's token."""
    inner = gss_frame("kerberos", b"\x01\x00" + bytes(100))
    for token in (neg_token_init(["kerberos"], inner), neg_token_init(["ntlm"], ntlm_negotiate())):
        pieces, exchange = TokenPieces(), Exchange("smb2")
        parts = (token[:size], token[size:])
        made = [pieces.whole(message(exchange, n, part)) for n, part in enumerate(parts) if part]
        assert made[-1] == token
        assert pieces.abandoned == []


def test_the_last_piece_may_not_make_a_token_too_large() -> None:
    """A token is no larger in pieces than it may be at once; what is cut off is told."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    first = message(exchange, 1, b"\x60\x82\xff\x00" + bytes(40_000))
    last = message(exchange, 3, bytes(60_000))
    first.token_span, last.token_span = Span(100, 40_104), Span(50_000, 110_000)
    last.frames, last.carried = (2, 3), ((50_000, 2), (80_000, 3))
    assert pieces.whole(first) is None
    token = pieces.whole(last)
    assert token is not None
    assert len(token) == TOKEN_LIMIT
    assert last.runs == (Span(100, 40_104), Span(50_000, 50_000 + TOKEN_LIMIT - 40_004))
    assert last.frames == (1, 2)
    assert [(told.code, told.span) for told in last.anomalies] == [
        ("limit-token-size", Span(TOKEN_LIMIT, 100_004))
    ]


def test_what_stays_unfinished_is_handed_out() -> None:
    """Nothing disappears silently."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    first = message(exchange, 1, TOKEN[:50])
    pieces.whole(first)
    assert pieces.left() == [first]
    assert pieces.left() == []


def test_a_token_in_too_many_pieces_is_handed_out_unfinished() -> None:
    """Whoever sends crumbs makes nobody copy the same bytes thousands of times."""
    pieces, exchange = TokenPieces(), Exchange("smb2")
    token = b"\x60\x82\x80\x00" + bytes(0x8000)
    parts = [token[at : at + 4] for at in range(0, len(token), 4)]
    made = [pieces.whole(message(exchange, n, part)) for n, part in enumerate(parts)]
    assert made[: PIECES_LIMIT - 1] == [None] * (PIECES_LIMIT - 1)
    assert made[PIECES_LIMIT - 1] == token[: 4 * PIECES_LIMIT]
    assert made[PIECES_LIMIT:] == parts[PIECES_LIMIT:]


def test_not_too_many_tokens_are_waited_for() -> None:
    """A token too many is not kept; those that are waited for still become whole."""
    pieces = TokenPieces()
    exchanges = [Exchange("smb2") for _ in range(UNFINISHED_LIMIT + 2)]
    made = [pieces.whole(message(exchange, 1, TOKEN[:50])) for exchange in exchanges]
    assert made == [None] * UNFINISHED_LIMIT + [TOKEN[:50]] * 2
    assert pieces.whole(message(exchanges[0], 2, TOKEN[50:])) == TOKEN
    assert len(pieces.left()) == UNFINISHED_LIMIT - 1


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
