"""Which way several processes share the reading of some captures, if at all; see `files` and `shares`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from analyzer.capture.packet_objects import PacketInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.capture.inputs import Input

WORTH_SHARING = 100_000_000
"""Bytes from which several processes gain more than their start costs."""

Way = Literal["alone", "files", "shares"]


def way_of_sharing(sources: Sequence[Input], jobs: int, *, asked: bool, shares: bool) -> Way:
    """Tell how `jobs` processes read these captures best.

    `asked`: the caller wants that many, however small the captures are. `shares`: the engine can follow one
    capture by shares.
    """
    if jobs < 2 or not sources or any(isinstance(source, PacketInput) for source in sources):
        return "alone"
    sizes = [source.size for source in sources]
    if not asked and sum(sizes) < WORTH_SHARING:
        return "alone"
    # the largest file must not take longer than all others side by side
    even = not shares or max(sizes) * jobs <= 1.5 * sum(sizes)
    if len(sources) > 1 and even and not any(source.is_standard_input for source in sources):
        return "files"
    return "shares" if shares else "alone"
