"""From bytes of a token to stream offsets and frames: base64, folded lines, pieces, cuts and limits."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from support.messages import NTLM as NTLM_OID
from support.messages import (
    NTLM_NEGOTIATE,
    authorization,
    http,
    init_token,
    netbios,
    sasl_bind,
    session_setup,
)

from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation, Step
from analyzer.negotiation.place import Located, locate
from analyzer.pipeline import Options, Sink, StreamReader
from analyzer.tables.schema import TABLES
from analyzer.tables.token_rows import token_row
from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage
from dissectors.span import Span

LONG = init_token(NTLM_OID, NTLM_NEGOTIATE + bytes(range(256)))


class Heard(Sink):
    """One connection whose client speaks, and the steps with a token that came of it."""

    def __init__(self, size: int) -> None:
        self.steps: list[Step] = []
        self.stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 80, 1, 0, "syn")
        self.reader = StreamReader(self.stream, self, Options())
        self.size = size  # bytes of a segment
        self.sent = b""
        self.carried: list[int] = []  # frame of each byte
        self.frame = 0

    def say(self, data: bytes) -> Heard:
        for at in range(0, len(data), self.size):
            self.frame += 1
            piece = data[at : at + self.size]
            self.reader.deliver(CLIENT, len(self.sent), piece, self.frame, self.frame)
            self.sent += piece
            self.carried += [self.frame] * len(piece)
        return self

    def lose(self, length: int) -> Heard:
        self.frame += 1
        self.reader.lost(CLIENT, len(self.sent), length, self.frame, self.frame)
        self.sent += bytes(length)
        self.carried += [0] * length
        return self

    def end(self) -> Heard:
        self.reader.end(None, "capture-end", self.frame + 1, 0)
        return self

    def row(self, step: Step) -> list[Any]:
        """Three cells of its row: offset, length, encoding."""
        row = token_row("x", self.stream, step, "smb2")
        cells = dict(zip(TABLES["tokens"].names, row, strict=True))
        return [cells[name] for name in ("stream_offset", "stream_length", "encoding")]

    def token(self, _: Stream, step: Step, _carrier: str, _of: Negotiation | None) -> None:
        self.steps.append(step)


def every_byte_is_found(heard: Heard, step: Step) -> None:
    """Each byte of the token, read where it is said to be, in frames that carried that very place."""
    assert step.token is not None
    for at, byte in enumerate(step.token.raw):
        places = step.locate(Span(at, at + 1))
        text = b"".join(heard.sent[slice(*place.stream)] for place in places)
        if step.message.base64:
            assert base64.b64decode(text + b"=" * (-len(text) % 4))[at % 3] == byte
        else:
            assert text == bytes([byte])
        for place in places:
            carried = dict.fromkeys(heard.carried[slice(*place.stream)])
            assert place.frames == tuple(carried)


# -- alone ---------------------------------------------------------------------------------------------


def message(token: bytes | None, span: Span | None, **facts: Any) -> CarrierMessage:
    frames = facts.pop("frames", (7,))
    return CarrierMessage("request", CLIENT, None, 9, frames, 0, token, span, **facts)


def test_raw_bytes_lie_side_by_side() -> None:
    """Offsets of a token's bytes are the token's own and its bytes' before them."""
    said = message(b"abcdef", Span(100, 106))
    assert locate(said, Span(1, 3)) == (Located(Span(1, 3), CLIENT, Span(101, 103), (7,), False),)


def test_what_the_token_does_not_have_lies_nowhere() -> None:
    """Ranges are cut to the token; empty ones, and tokens without a place, have none."""
    said = message(b"abcdef", Span(100, 106))
    assert locate(said, Span(-4, 99)) == locate(said, Span(0, 6))
    for nothing in (Span(3, 3), Span(6, 9), Span(5, 2), Span(-9, 0)):
        assert locate(said, nothing) == ()
    assert locate(message(b"abcdef", None), Span(0, 6)) == ()
    assert locate(message(None, None), Span(0, 6)) == ()
    assert locate(message(b"", None), Span(0, 6)) == ()


@pytest.mark.parametrize(
    ("asked", "stream"),
    [
        (Span(0, 1), Span(40, 44)),
        (Span(2, 3), Span(40, 44)),
        (Span(3, 4), Span(44, 48)),
        (Span(2, 4), Span(40, 48)),
        (Span(6, 7), Span(48, 52)),  # the last byte, padding and all
        (Span(0, 7), Span(40, 52)),
    ],
)
def test_base64_is_told_in_whole_quanta(asked: Span, stream: Span) -> None:
    """Four characters hold three bytes; the last quantum ends with the padding."""
    said = message(b"sevenby", Span(40, 52), base64=True)
    assert locate(said, asked) == (Located(asked, CLIENT, stream, (7,), True),)


def test_base64_without_padding_ends_earlier() -> None:
    """Nothing is told that is not there."""
    said = message(b"sevenby", Span(40, 50), base64=True)
    assert locate(said, Span(6, 7))[0].stream == Span(48, 50)


def test_a_quantum_cut_in_two_is_in_both_entries() -> None:
    """A fold after six characters: the second quantum's bytes are held by both lines."""
    said = message(b"sixsixsix", Span(40, 55), base64=True, runs=(Span(40, 46), Span(49, 55)))
    assert [(place.token, place.stream) for place in locate(said, Span(0, 9))] == [
        (Span(0, 6), Span(40, 46)),
        (Span(3, 9), Span(49, 55)),
    ]
    assert [(place.token, place.stream) for place in locate(said, Span(5, 6))] == [
        (Span(5, 6), Span(44, 46)),
        (Span(5, 6), Span(49, 51)),
    ]
    assert [place.stream for place in locate(said, Span(8, 9))] == [Span(51, 55)]


def test_frames_are_those_of_the_very_bytes() -> None:
    """A frame that comes twice, before and behind a segment that was there first, is told once."""
    carried = ((90, 5), (102, 4), (104, 5))
    said = message(b"abcdef", Span(100, 106), frames=(5, 4), carried=carried)
    assert [locate(said, Span(at, at + 1))[0].frames for at in range(6)] == [
        (5,),
        (5,),
        (4,),
        (4,),
        (5,),
        (5,),
    ]
    assert locate(said, Span(0, 6))[0].frames == (5, 4)


def test_where_it_is_not_known_it_may_be_any_frame() -> None:
    """A carrier that does not tell which frame carried what."""
    said = message(b"abcdef", Span(100, 106), frames=(5, 6))
    assert locate(said, Span(0, 1))[0].frames == (5, 6)


# -- from the stream -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 4000])
def test_pieces_of_a_token_are_found_each_in_its_message(size: int) -> None:
    """SSPI cuts a token over session setups: an entry for each, and no single range for the table."""
    heard = Heard(size)
    for at in range(0, len(LONG), 150):
        heard.say(netbios(session_setup(LONG[at : at + 150])))
    (step,) = heard.steps
    assert step.token is not None
    assert step.token.raw == LONG
    places = step.locate(Span(0, len(LONG)))
    assert [place.token for place in places] == [
        Span(at, min(at + 150, len(LONG))) for at in range(0, len(LONG), 150)
    ]
    assert b"".join(heard.sent[slice(*place.stream)] for place in places) == LONG
    assert set(step.frames) == {frame for place in places for frame in place.frames}
    assert [place.token for place in step.locate(Span(149, 151))] == [
        Span(149, 150),
        Span(150, 151),
    ]
    assert len(step.locate(Span(151, 299))) == 1
    every_byte_is_found(heard, step)
    assert heard.row(step) == [None, None, "raw"]


def test_a_piece_whose_rest_never_came_is_where_it_is() -> None:
    """The first piece alone is a token of one range."""
    heard = Heard(50).say(netbios(session_setup(LONG[:150]))).end()
    (step,) = heard.steps
    every_byte_is_found(heard, step)
    start = heard.sent.index(LONG[:150])
    assert heard.row(step) == [start, 150, "raw"]


@pytest.mark.parametrize("size", [1, 5, 4000])
@pytest.mark.parametrize("fold", [0, 1, 2, 3, 4, 61])
def test_base64_of_a_header(size: int, fold: int) -> None:
    """Also where the line is folded at any place within a quantum."""
    line = authorization(b"Negotiate", LONG)
    text = line.rpartition(b" ")[2]
    if fold:
        line = line.replace(text, text[:fold] + b"\r\n \t" + text[fold:])
    heard = Heard(size).say(http(b"GET / HTTP/1.1", b"Host: w", line))
    (step,) = heard.steps
    assert step.token is not None
    assert step.token.raw == LONG
    every_byte_is_found(heard, step)
    assert len(step.locate(Span(0, len(LONG)))) == (2 if fold else 1)
    start, length, encoding = heard.row(step)
    assert encoding == "base64"
    cut = heard.sent[start : start + length]
    assert base64.b64decode(b"".join(cut.split()), validate=True) == LONG


@pytest.mark.parametrize("size", [1000, 70_000])
def test_of_a_token_beyond_the_limit_what_is_kept_is_told(size: int) -> None:
    """The rest has no place: nothing shows it."""
    token = LONG + bytes(70_000)
    line = authorization(b"Negotiate", token)
    for said in (sasl_bind(b"GSS-SPNEGO", token), http(b"GET / HTTP/1.1", b"Host: w", line)):
        heard = Heard(size).say(said)
        (step,) = heard.steps
        assert step.token is not None
        assert len(step.token.raw) == 65_536
        start, length, encoding = heard.row(step)
        cut = heard.sent[start : start + length]
        if encoding == "base64":
            cut = base64.b64decode(cut + b"=" * (-len(cut) % 4))
        assert cut == step.token.raw
        (last,) = step.locate(Span(65_535, 65_536))
        assert last.stream.end == start + length
        assert last.frames == tuple(dict.fromkeys(heard.carried[slice(*last.stream)]))
        assert step.locate(Span(65_536, 65_537)) == ()


@pytest.mark.parametrize("size", [1, 9, 4000])
@pytest.mark.parametrize(
    "said",
    [
        netbios(session_setup(LONG)),
        sasl_bind(b"GSS-SPNEGO", LONG),
        http(b"GET / HTTP/1.1", b"Host: w", authorization(b"Negotiate", LONG)),
    ],
    ids=["smb", "ldap", "http"],
)
@pytest.mark.parametrize("short", [40, 41, 42, 43, 200])
@pytest.mark.parametrize("how", ["gap", "end"])
def test_of_a_token_that_breaks_off_what_is_there_is_told(
    size: int, said: bytes, short: int, how: str
) -> None:
    """A gap, or the end of the capture, inside a token leaves its beginning in its place."""
    heard = Heard(size).say(said[:-short])
    if how == "gap":
        heard.lose(short).say(said[:1])
    heard.end()
    (step,) = heard.steps
    assert step.token is not None
    assert LONG.startswith(step.token.raw)
    assert len(step.token.raw) > 100
    every_byte_is_found(heard, step)
    start, length, encoding = heard.row(step)
    cut = heard.sent[start : start + length]
    if encoding == "base64":
        cut = base64.b64decode(cut + b"=" * (-len(cut) % 4))
    assert cut == step.token.raw


def test_the_side_is_the_senders() -> None:
    """An acceptor's token lies in the server's bytes."""
    heard = Heard(4000).say(http(b"GET / HTTP/1.1", b"Host: w"))
    challenge = b"WWW-Authenticate: Negotiate " + base64.b64encode(LONG)
    heard.reader.deliver(SERVER, 0, http(b"HTTP/1.1 401 No", challenge), 2, 2)
    (step,) = heard.steps
    (place,) = step.locate(Span(0, 3))
    assert (place.side, place.frames) == (SERVER, (2,))
    assert place.stream.start == len(b"HTTP/1.1 401 No\r\n") + challenge.rindex(b" ") + 1
