"""Negotiations that are over and wait for the end of the capture, when all are correlated.

There may be a million, and each takes 2 kB as an object. In a capture in which they are rare those of long
ago are packed, a block of them as columns, pickled and compressed: 100 bytes for each, beside its stream.
Where they are dense they stay as they are, since there the time to pack them is a share of little else.
"""

from __future__ import annotations

import pickle
import zlib
from array import array
from dataclasses import fields
from operator import attrgetter

from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation
from dissectors.records import NamedTuple

LATEST = 1024
"""Negotiations that are not packed, whatever they are: a capture of few pays nothing."""
BLOCK = 256
"""Negotiations that are packed together."""
RARE = 100
"""Packets for each negotiation from which on it is worth it."""

_NAMES = tuple(field.name for field in fields(Negotiation))
_STREAM = _NAMES.index("stream")
_FRAMES = _NAMES.index("frames")
_values = attrgetter(*_NAMES)


class _Packed(NamedTuple):
    """Some negotiations; `apart` are those among them that something refers to, by their places."""

    streams: list[Stream]  # others refer to them
    columns: bytes  # of those that nothing refers to
    apart: dict[int, Negotiation]

    def unpacked(self) -> list[Negotiation]:
        """All of them, in order."""
        made = _from_columns(self.columns, self.streams)
        for place in sorted(self.apart):
            made.insert(place, self.apart[place])
        return made


class WaitingNegotiations:
    """Takes them one by one and gives them back in their order; `packs`: no other rows refer to them."""

    def __init__(self, *, packs: bool) -> None:
        self._packs = packs
        self._packed: list[_Packed] = []
        self._latest: list[Negotiation] = []
        self.count = 0

    def add(self, negotiation: Negotiation) -> None:
        """Take one that is over and has let go what it does not need any more."""
        self._latest.append(negotiation)
        self.count += 1
        if self._packs and not self.count % BLOCK and negotiation.last_frame >= RARE * self.count:
            self._pack()

    def extend(self, others: list[Negotiation]) -> None:
        """Take those of another process, which come when all has been read."""
        self._latest += others
        self.count += len(others)

    def all(self) -> list[Negotiation]:
        """Return all of them, as the objects that wait from now on."""
        packed, self._packed = self._packed, []
        if packed:
            packed.reverse()
            made: list[Negotiation] = []
            while packed:  # one block at a time is there twice
                made += packed.pop().unpacked()
            self._latest[:0] = made
        return self._latest

    def _pack(self) -> None:
        latest = self._latest
        while len(latest) >= LATEST + BLOCK:
            self._packed.append(_packed(latest[:BLOCK]))
            del latest[:BLOCK]


def _packed(negotiations: list[Negotiation]) -> _Packed:
    apart = {place: each for place, each in enumerate(negotiations) if each.anomalies}
    alone = [each for each in negotiations if not each.anomalies]
    columns = list(map(list, zip(*map(_values, alone), strict=True)))
    streams = columns[_STREAM] if alone else []
    if alone:
        columns[_STREAM] = []
        columns[_FRAMES] = list(map(tuple, columns[_FRAMES]))
    return _Packed(streams, zlib.compress(pickle.dumps(columns, 5), 1), apart)


def _from_columns(packed: bytes, streams: list[Stream]) -> list[Negotiation]:
    if not streams:
        return []
    columns = pickle.loads(zlib.decompress(packed))  # noqa: S301 - of this process
    columns[_STREAM] = streams
    columns[_FRAMES] = [array("Q", frames) for frames in columns[_FRAMES]]
    return [Negotiation(*values) for values in zip(*columns, strict=True)]
