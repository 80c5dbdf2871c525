"""Puts IPv4 and IPv6 datagrams together from their fragments, in bounded memory.

Spec: RFC 791 section 3.2, RFC 8200 section 4.5; overlaps as RFC 5722 describes the attack.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import field

from analyzer.capture.addresses import address
from analyzer.capture.model import NO_TIME, CaptureAccount, CaptureLoss
from dissectors.records import NamedTuple, dataclass

MAX_DATAGRAM = 65_535
TOLD_EACH = 100
"""So many losses of one code get a row of their own; the rest is added to the last one's count."""


class FragmentLimits(NamedTuple):
    """Bounds of what may wait for missing fragments."""

    total_bytes: int = 64 << 20
    datagrams: int = 8_192
    seconds: int = 60  # of capture time, from a datagram's first fragment on


DEFAULT_LIMITS = FragmentLimits()


class FragmentKey(NamedTuple):
    """What the fragments of one datagram share; VLANs do not matter."""

    source: tuple[int, int]
    destination: tuple[int, int]
    identification: int
    protocol: int  # IPv6: always 44, as only the first fragment tells what is inside


class Fragment(NamedTuple):
    """One fragment, all of it captured."""

    offset: int
    more: bool
    next_protocol: int  # counts in the first fragment only
    data: bytes


@dataclass(slots=True)
class _Datagram:
    first_frame: int
    first_ts_ns: int
    data: bytearray = field(default_factory=bytearray)
    covered: list[tuple[int, int]] = field(default_factory=list)  # sorted, with gaps between
    length: int | None = None  # known from the last fragment on
    next_protocol: int | None = None
    conflict: bool = False

    def add(self, fragment: Fragment) -> bool:
        """Take one fragment; true if bytes or the end contradict earlier ones, which stay."""
        start, end = fragment.offset, fragment.offset + len(fragment.data)
        new = fragment.data
        contradicts = False
        reach = self.covered[-1][1] if self.covered else 0
        if not fragment.more:
            if self.length is None and end >= reach:
                self.length = end
            contradicts = self.length != end
        if self.length is not None and end > self.length:
            contradicts = True
            new, end = new[: max(0, self.length - start)], self.length
        if start == 0 and self.next_protocol is None:
            self.next_protocol = fragment.next_protocol
        if start < end:
            contradicts |= self._fill(start, end, new)
        return contradicts

    def _fill(self, start: int, end: int, new: bytes) -> bool:
        if len(self.data) < end:
            self.data.extend(bytes(end - len(self.data)))
        # All ranges that this one touches are merged into it: none is visited twice.
        first = bisect_left(self.covered, start, key=lambda known: known[1])
        last = first
        low, high, at = start, end, start
        differs = False
        while last < len(self.covered) and self.covered[last][0] <= end:
            known_start, known_end = self.covered[last]
            if at < known_start:
                self.data[at:known_start] = new[at - start : known_start - start]
            both_start, both_end = max(start, known_start), min(end, known_end)
            if self.data[both_start:both_end] != new[both_start - start : both_end - start]:
                differs = True
            at = max(at, known_end)
            low, high = min(low, known_start), max(high, known_end)
            last += 1
        if at < end:
            self.data[at:end] = new[at - start :]
        self.covered[first:last] = [(low, high)]
        return differs

    @property
    def complete(self) -> bool:
        return self.length is not None and self.covered == [(0, self.length)]


class Defragmenter:
    """Collects fragments by key; gives the datagram back with the fragment that completes it."""

    def __init__(self, account: CaptureAccount, limits: FragmentLimits = DEFAULT_LIMITS) -> None:
        self._account = account
        self._limits = limits
        self._waiting: dict[FragmentKey, _Datagram] = {}  # in order of their first fragments
        self._bytes = 0
        self._told: dict[str, int] = {}
        self._last: dict[str, CaptureLoss] = {}

    def add(
        self, key: FragmentKey, fragment: Fragment, frame: int, ts_ns: int
    ) -> tuple[int, bytes] | None:
        """Next protocol and payload of the datagram, if this fragment completes it."""
        self._expire(ts_ns)
        datagram = self._waiting.get(key)
        if datagram is None:
            datagram = self._waiting[key] = _Datagram(frame, ts_ns)
        before = len(datagram.data)
        contradicts = datagram.add(fragment)
        self._bytes += len(datagram.data) - before
        if contradicts and not datagram.conflict:
            datagram.conflict = True
            detail = f"{_describe(key, datagram)}: frame {frame} contradicts earlier fragments"
            self._lose("fragment-overlap", detail, frame)
        if datagram.complete and datagram.next_protocol is not None:
            self._drop(key)
            return datagram.next_protocol, bytes(datagram.data)
        while len(self._waiting) > self._limits.datagrams or self._bytes > self._limits.total_bytes:
            self._give_up(next(iter(self._waiting)), "limit-fragments")
        return None

    def finish(self) -> None:
        """End the capture: what still waits is lost."""
        for key in list(self._waiting):
            self._give_up(key, "incomplete-fragments")

    def _expire(self, ts_ns: int) -> None:
        if ts_ns == NO_TIME:
            return
        oldest = ts_ns - self._limits.seconds * 1_000_000_000
        while self._waiting:
            key, datagram = next(iter(self._waiting.items()))
            if datagram.first_ts_ns == NO_TIME or datagram.first_ts_ns >= oldest:
                return
            self._give_up(key, "incomplete-fragments")

    def _give_up(self, key: FragmentKey, code: str) -> None:
        datagram = self._drop(key)
        got = sum(end - start for start, end in datagram.covered)
        size = f"{got} bytes, end missing"
        if datagram.length is not None:
            size = f"{got} of {datagram.length} bytes"
        detail = f"{_describe(key, datagram)}: {size}"
        self._lose(code, detail, datagram.first_frame)

    def _drop(self, key: FragmentKey) -> _Datagram:
        datagram = self._waiting.pop(key)
        self._bytes -= len(datagram.data)
        return datagram

    def _lose(self, code: str, detail: str, frame: int) -> None:
        told = self._told[code] = self._told.get(code, 0) + 1
        if told > TOLD_EACH:
            last = self._last[code]
            last.detail = f"{last.detail.removesuffix(', and more')}, and more"
            last.count += 1
            return
        loss = self._last[code] = CaptureLoss(code, detail, frame=frame)
        self._account.losses.append(loss)


def _describe(key: FragmentKey, datagram: _Datagram) -> str:
    """Which datagram: addresses, ports if the first fragment is there, identification."""
    ports = ""
    start, end = datagram.covered[0]
    if start == 0 and end >= 4 and datagram.next_protocol in {6, 17}:
        transport = "tcp" if datagram.next_protocol == 6 else "udp"
        source_port = int.from_bytes(datagram.data[0:2])
        ports = f" {transport} {source_port} > {int.from_bytes(datagram.data[2:4])}"
    hosts = f"{address(*key.source)} > {address(*key.destination)}"
    return f"{hosts}{ports}, identification {key.identification:#x}"
