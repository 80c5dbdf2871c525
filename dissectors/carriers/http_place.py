"""Where the base64 text of a token stands in its stream, and which frames carried it.

A line folded inside the text leaves white space between its characters, which hold nothing.

Spec: RFC 9110 11.2 (token68), RFC 9112 5.2 (obs-fold), RFC 4648 4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dissectors.carriers.http_auth import token68_at
from dissectors.carriers.window import frames_within
from dissectors.span import Span

if TYPE_CHECKING:
    from dissectors.carriers.base import CarrierMessage
    from dissectors.carriers.http_auth import Challenge
    from dissectors.carriers.http_block import Field

_PADDING = (b"", b"=", b"==")
_UNBROKEN = re.compile(rb"[^ \t\r\n]+")


def place_token(message: CarrierMessage, field: Field, said: Challenge) -> None:
    """Tell where the token of `message` lies, decoded from a challenge or from credentials of `field`.

    Of a token of which only the beginning could be read these are the characters that hold it.
    """
    text, token = said.token68, message.token
    if not text or not token:
        return
    start = field.start + token68_at(field.value, said)
    message.base64 = True
    whole = len(text) == -(-len(token) // 3) * 4
    if whole and text.endswith(_PADDING[-len(token) % 3]):  # no room is left for white space
        message.token_span = Span(start, start + len(text))
    else:
        runs = _runs(text, start, -(-len(token) * 4 // 3))
        message.token_span = Span(runs[0].start, runs[-1].end)
        message.runs = runs if len(runs) > 1 else ()
    if field.carried:
        message.frames, message.carried = frames_within(
            field.frames, field.carried, *message.token_span
        )


def _runs(text: bytes, start: int, count: int) -> tuple[Span, ...]:
    """Stretches of `text`, at stream offset `start`, with its first `count` characters and padding."""
    runs: list[Span] = []
    for found in _UNBROKEN.finditer(text):
        begin, end = found.span()
        if end - begin > count:
            end = begin + count
            while text[end : end + 1] == b"=":
                end += 1
        if end == begin:
            break
        runs.append(Span(start + begin, start + end))
        count = max(count - (end - begin), 0)
    return tuple(runs)
