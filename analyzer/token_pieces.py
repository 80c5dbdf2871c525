"""Put tokens together that their sender cut over several messages of one exchange.

SSPI cuts a token to the size its caller can carry; the first piece's DER header tells how long the whole
is, and the receiver answers each piece with an empty token. SMB is the carrier whose messages bound a
token's size; elsewhere a token shorter than it says is just short.

Spec: MS-SPNG 3.1.5.6-3.1.5.11.
"""

from __future__ import annotations

from dissectors.carriers.base import TOKEN_LIMIT, CarrierMessage
from dissectors.carriers.window import Carried
from dissectors.recognise import NTLM_SIGNATURE
from dissectors.span import Span

CARRIERS_THAT_CUT = {"smb1", "smb2"}
DER_STARTS = {0x60, 0xA0, 0xA1}


class TokenPieces:
    """The unfinished tokens of one connection, by exchange and side."""

    def __init__(self) -> None:
        self._begun: dict[tuple[int, int], CarrierMessage] = {}

    def whole(self, message: CarrierMessage) -> bytes | None:
        """Return the message's token, with earlier pieces in front; None while pieces are missing.

        A token that was put together belongs to the message that completes it; all frames are its.
        """
        token, exchange = message.token, message.exchange
        if exchange is None or exchange.carrier not in CARRIERS_THAT_CUT or message.kind == "after":
            return token
        if token is None:
            return None
        key = (id(exchange), message.side)
        begun = self._begun.pop(key, None) if self._begun else None
        if begun is not None and begun.token is not None and not _starts_a_token(token):
            token = message.token = begun.token + token
            _join_places(begun, message)
        cut_by_capture = any(a.code in {"gap", "snaplen"} for a in message.anomalies)
        if len(token) < announced_length(token) <= TOKEN_LIMIT and not cut_by_capture:
            self._begun[key] = message
            return None
        return token

    def left(self) -> list[CarrierMessage]:
        """Messages whose tokens never became whole; they are forgotten here."""
        messages = list(self._begun.values())
        self._begun.clear()
        return messages


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


def _starts_a_token(piece: bytes) -> bool:
    """A whole token of its own rather than the next piece."""
    if piece.startswith(NTLM_SIGNATURE):
        return True
    return piece[:1] != b"" and piece[0] in DER_STARTS and announced_length(piece) == len(piece)
