"""What a case made by hand is."""

from collections.abc import Callable
from dataclasses import dataclass

from frames import Frame


@dataclass(frozen=True, kw_only=True)
class Made:
    """One capture out of made-up packets, or of a recorded one (`source`) whose answer was changed.

    `why_by_hand` is one sentence: why the lab cannot record it.
    """

    case: str
    title: str
    purpose: str
    frames: Callable[[], list[Frame]]
    negotiations: int = 1
    source: str = ""
    kdc: list[str] | None = None
    why_by_hand: str = ""
