"""What the list of reasons says of each code."""

from __future__ import annotations

from dissectors.records import NamedTuple

ALSO = "; also: "
"""What stands in a detail between the reason that counts and the sentence of another one that fits."""


class ReasonCode(NamedTuple):
    """One entry of the list; all but `kind` are plain text for people."""

    kind: str  # `failure`, `fallback` (why NTLM), `weak` (success with a flaw), `incomplete`
    sentence: str
    remedy: str
    shown_by: str  # what the bytes must show
    confidence: str  # which of `certain`, `likely`, `possible`, and when
    on_the_host: str = ""  # Windows events and usage ids that name the same thing
