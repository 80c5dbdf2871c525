"""What a process hands back of its share of a capture: all that was gathered, numbered provisionally.

A stream is named by its first frame until every process has said which streams it saw: only then are their
numbers, which Wireshark gives in order of first frame, TCP and UDP apart, known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analyzer.capture.model import CaptureAccount
    from analyzer.tables.collect import Gathered


class Part(NamedTuple):
    """What one process found."""

    account: CaptureAccount
    gathered: Gathered
    tcp: NDArray[np.int64]  # first frame of each of its TCP streams
    udp: NDArray[np.int64]


class Numbers:
    """Final numbers of the streams of several parts, by their first frames."""

    def __init__(self, parts: Iterable[Part]) -> None:
        parts = list(parts)
        tcp = np.sort(np.concatenate([part.tcp for part in parts]))
        udp = np.sort(np.concatenate([part.udp for part in parts]))
        frames = np.concatenate([tcp, udp])
        order = np.argsort(frames, kind="stable")
        self._frames = frames[order]
        self._numbers = np.concatenate([np.arange(len(tcp)), np.arange(len(udp))])[order]

    def of(self, first_frame: int) -> int:
        """Return the number of the stream that began in that frame."""
        return int(self._numbers[np.searchsorted(self._frames, first_frame)])
