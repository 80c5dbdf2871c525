"""One capture in many variants: packets that changed places, that are missing, that were cut."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from support.packets import FIN, RST, SYN, Packet, Segment, segment_of
from support.transport import Change, one_way, snapped

SPEAKS = SYN | FIN | RST
SNAPS = (54, 60, 66, 80, 96, 128, 160, 200, 256, 300, 400, 600, 1000)
"""Snap lengths: from no payload at all to all but the largest packets."""


class Variant(NamedTuple):
    """What a capture of the same talk might have held instead."""

    done: str  # in words
    packets: list[Packet]
    frames: list[int]  # of each packet, its frame in the whole capture


def segments_of(packets: list[Packet]) -> list[Segment | None]:
    """The TCP segments in packets, in their places."""
    return [segment_of(packet) for packet in packets]


# -- what there is to do --------------------------------------------------------------------------------


def neighbours(segments: list[Segment | None], *, apart: bool = False) -> list[int]:
    """Places of packets whose next is of the same connection, or of any with `apart`.

    Bare ACKs beside each other are left out.
    """
    found = []
    for at, (one, other) in enumerate(itertools.pairwise(segments)):
        together = one and other and one.sender in {other.sender, other.receiver}
        if not together and not apart:
            continue
        if any(each is None or each.payload or each.flags & SPEAKS for each in (one, other)):
            found.append(at)
    return found


def acknowledged_last(segments: list[Segment | None]) -> list[tuple[int, int]]:
    """Places of payloads and of the other side's first packet that acknowledges all of each."""
    found = []
    for at, said in enumerate(segments):
        if said is None or not said.payload:
            continue
        end = (said.seq + len(said.payload)) & 0xFFFF_FFFF
        for place, heard in enumerate(segments[at + 1 :], at + 1):
            if heard is not None and heard.sender == said.receiver and heard.ack == end:
                found.append((at, place))
                break
    return found


def ports(segment: Segment) -> tuple[int, int]:
    """Of the sender and of the receiver."""
    sender, receiver = (int.from_bytes(segment.head[at : at + 2], "big") for at in (0, 2))
    return sender, receiver


# -- variants -------------------------------------------------------------------------------------------


def swapped(packets: list[Packet], *, apart: bool = False) -> Iterator[Variant]:
    """Two `neighbours` in each other's place; the times stay where they are."""
    for at in neighbours(segments_of(packets), apart=apart):
        one, other = packets[at : at + 2]
        both = [other._replace(ts_ns=one.ts_ns), one._replace(ts_ns=other.ts_ns)]
        frames = [*range(1, len(packets) + 1)]
        frames[at : at + 2] = at + 2, at + 1
        done = f"frames {at + 1} and {at + 2} swapped"
        yield Variant(done, [*packets[:at], *both, *packets[at + 2 :]], frames)


def answer_missing(packets: list[Packet], ends: Iterable[tuple[int, int]]) -> Iterator[Variant]:
    """Each packet missing that is acknowledged and carries what a server says.

    `ends`: ports of the client and the server of each connection that matters.
    """
    segments, wanted = segments_of(packets), set(ends)
    for at, _ in acknowledged_last(segments):
        said = segments[at]
        assert said is not None
        if ports(said)[::-1] in wanted:
            yield kept(
                packets, [*range(at), *range(at + 1, len(packets))], f"without frame {at + 1}"
            )


def parts(packets: list[Packet]) -> Iterator[Variant]:
    """What a snap length, a lost packet, a late start, an early end or a single direction leaves."""
    count = len(packets)
    for size in SNAPS:
        yield Variant(f"snap length {size}", snapped(size)(packets), [*range(1, count + 1)])
    for at in range(count):
        yield kept(packets, [*range(at), *range(at + 1, count)], f"without frame {at + 1}")
    for at in range(1, count):
        yield kept(packets, [*range(at, count)], f"from frame {at + 1} on")
        yield kept(packets, [*range(at)], f"up to frame {at}")
    for end, name in enumerate(("lower", "higher")):
        change: Change = one_way(end)
        left = {id(packet) for packet in change(packets)}
        places = [at for at, packet in enumerate(packets) if id(packet) in left]
        yield kept(packets, places, f"the {name} end's packets only")


def kept(packets: list[Packet], places: list[int], done: str) -> Variant:
    """The packets at some places."""
    return Variant(done, [packets[at] for at in places], [at + 1 for at in places])
