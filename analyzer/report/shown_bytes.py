"""Which bytes of a token may be shown as hex: all but those of secrets, parts and whole."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.span import Field, Span


def hidden_spans(size: int, fields: Sequence[Field]) -> list[Span]:
    """Return the ranges of the first `size` bytes of a token that are not to be shown, in order.

    What no decoder understands is a secret, too (`dissectors.tokens.token_fields`).
    """
    hidden: list[Span] = []
    for start, end in sorted(field.span for field in fields if field.secret):
        end = min(end, size)
        if hidden and start <= hidden[-1].end:
            hidden[-1] = Span(hidden[-1].start, max(end, hidden[-1].end))
        elif start < end:
            hidden.append(Span(start, end))
    return hidden
