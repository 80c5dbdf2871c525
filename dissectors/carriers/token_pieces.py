"""Put tokens together that their sender cut over several messages of one exchange.

SSPI cuts a token to the size its caller can carry; the first piece's DER header tells how long the whole
is, and the receiver answers each piece with an empty token. SMB is the carrier whose messages bound a
token's size; elsewhere a token shorter than it says is just short.

Spec: MS-SPNG 3.1.5.6-3.1.5.11.
"""

from __future__ import annotations

from dissectors.carriers.base import TOKEN_LIMIT, CarrierMessage, too_large
from dissectors.carriers.window import LOSSES, Carried, frames_within
from dissectors.recognise import NTLM_SIGNATURE, TokenKind, kind_of
from dissectors.records import NamedTuple
from dissectors.span import Span

CARRIERS_THAT_CUT = {"smb1", "smb2"}
DER_STARTS = {0x60, 0xA0, 0xA1}
_DER_KINDS: frozenset[TokenKind] = frozenset({"gss", "spnego-init", "spnego-resp"})

PIECES_LIMIT = 256
"""Pieces of one token; it is handed out unfinished when there are more."""
UNFINISHED_LIMIT = 64
"""Tokens of one connection that are waited for at once; a further one is handed out as it is."""


class _Begun(NamedTuple):
    """What there is of a token: the latest piece's message, which holds the earlier ones too."""

    message: CarrierMessage
    pieces: int


class TokenPieces:
    """The unfinished tokens of one connection, by exchange and side."""

    def __init__(self) -> None:
        self._begun: dict[tuple[int, int], _Begun] = {}
        self.abandoned: list[CarrierMessage] = []
        """Messages whose tokens the latest one cut short, by beginning another; the reader takes them out."""

    def whole(self, message: CarrierMessage) -> bytes | None:
        """Return the message's token, with earlier pieces in front; None while pieces are missing.

        A token that was put together belongs to the message that completes it; all frames are its.
        """
        token, exchange = message.token, message.exchange
        if exchange is None or exchange.carrier not in CARRIERS_THAT_CUT or message.kind == "after":
            return token
        if token is None:
            return None
        if not self._begun and len(token) >= announced_length(token):
            return token  # as nearly all are
        key = (id(exchange), message.side)
        begun = self._begun.pop(key, None) if self._begun else None
        pieces = 1
        if begun is not None and begun.message.token is not None:
            if _starts_over(begun.message.token, token):
                self.abandoned.append(begun.message)
            else:
                token = message.token = begun.message.token + _cut(begun.message.token, message)
                _join_places(begun.message, message)
                pieces = begun.pieces + 1
        cut_by_capture = any(a.code in LOSSES for a in message.anomalies)
        if (
            len(token) < announced_length(token) <= TOKEN_LIMIT
            and not cut_by_capture
            and pieces < PIECES_LIMIT
            and len(self._begun) < UNFINISHED_LIMIT
        ):
            self._begun[key] = _Begun(message, pieces)
            return None
        return token

    def left(self) -> list[CarrierMessage]:
        """Messages whose tokens never became whole; they are forgotten here."""
        messages = [begun.message for begun in self._begun.values()]
        self._begun.clear()
        return messages


def _cut(begun: bytes, message: CarrierMessage) -> bytes:
    """As much of the last piece as a token has room for."""
    piece = message.token or b""
    room = TOKEN_LIMIT - len(begun)
    if len(piece) <= room:
        return piece
    size = len(begun) + len(piece)
    message.anomalies += (too_large(size, Span(TOKEN_LIMIT, size)),)
    if message.token_span is not None:
        place = message.token_span = Span(message.token_span.start, message.token_span.start + room)
        message.frames, message.carried = frames_within(message.frames, message.carried, *place)
    return piece[:room]


def _join_places(begun: CarrierMessage, message: CarrierMessage) -> None:
    """Make the places of the pieces that had begun the message's own, in front of it."""
    if begun.token_span is None or message.token_span is None:
        message.token_span, message.runs, message.carried = None, (), ()
    else:
        message.carried = _carried(begun) + _carried(message)
        message.runs = (begun.runs or (begun.token_span,)) + (message.token_span,)
        message.token_span = Span(begun.token_span.start, message.token_span.end)
    message.frames = tuple(dict.fromkeys(begun.frames + message.frames))


def _carried(message: CarrierMessage) -> Carried:
    assert message.token_span is not None
    return message.carried or ((message.token_span.start, message.frames[0]),)


def announced_length(token: bytes) -> int:
    """Length of the whole token by its DER header; its own length where it has none."""
    if len(token) < 2 or token[0] not in DER_STARTS:
        return len(token)
    first = token[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    if not 1 <= count <= 4 or len(token) < 2 + count:
        return len(token)
    return 2 + count + int.from_bytes(token[2 : 2 + count], "big")


def _starts_over(begun: bytes, piece: bytes) -> bool:
    """Whether a piece is the start of another token, maybe cut as well, rather than the next of `begun`.

    What lies inside a token may begin like one, but never reaches behind its end.
    """
    missing = announced_length(begun) - len(begun)
    if len(piece) == missing:
        return False
    if piece.startswith(NTLM_SIGNATURE):
        return True
    if piece[:1] == b"" or piece[0] not in DER_STARTS:
        return False
    announced = announced_length(piece)
    if announced == len(piece):
        return True
    return missing < announced <= TOKEN_LIMIT and kind_of(piece) in _DER_KINDS
