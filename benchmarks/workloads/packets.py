"""Messages become packets: segments, sequence numbers, acknowledgements, times, a little disorder.

All in columns: a gigabyte has a million packets. An acknowledgement follows every second segment; one
segment in a thousand is sent twice, and one comes after those that follow it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads.script import ACK, DATA, DATAGRAM, FIN, RST, SYN, SYN_ACK

ROW = np.dtype(
    [
        ("time", "i8"), ("seq", "u4"), ("ack", "u4"), ("source", "u4"), ("target", "u4"),
        ("sport", "u2"), ("dport", "u2"), ("flags", "u1"), ("v6", "?"), ("stamps", "?"),
        ("syn", "?"), ("udp", "?"), ("head", "i8"), ("head_len", "i4"), ("body", "i8"),
        ("body_len", "i4"), ("negotiation", "i8"),
    ]
)  # fmt: skip
"""One packet; `head` and `body` are places in the heads and in the bulk data."""

FLAGS = np.zeros(7, np.uint8)
FLAGS[[DATA, SYN, SYN_ACK, ACK, FIN, RST, DATAGRAM]] = 0x18, 0x02, 0x12, 0x10, 0x11, 0x14, 0
ACK_ONLY = 0x10

SERVERS_FROM = 5000
"""Number of the first server among all hosts."""

Rows = NDArray[np.void]


class Noise:
    """What goes wrong on the way; counts what it did."""

    def __init__(self, seed: int, one_in: int = 1000) -> None:
        self._bits = np.random.PCG64(seed)  # its raw numbers are the same in every version
        self._one_in = one_in
        self.retransmitted = 0
        self.swapped = 0

    def disturb(self, rows: Rows) -> Rows:
        """Delay some segments past the next ones, and send some twice."""
        size = rows["head_len"] + rows["body_len"]
        data = np.flatnonzero((size > 0) & ~rows["udp"])
        late = data[self._numbers(len(data)) % self._one_in == 0]
        rows["time"][late] += 45_000
        again = data[self._numbers(len(data)) % self._one_in == 0]
        copies = rows[again]
        copies["time"] += 200_000 + (self._numbers(len(again)) % 2_800_000).astype(np.int64)
        copies["negotiation"] = -1
        self.swapped += len(late)
        self.retransmitted += len(again)
        return np.concatenate([rows, copies])

    def _numbers(self, count: int) -> NDArray[np.uint64]:
        numbers: NDArray[np.uint64] = self._bits.random_raw(count) >> np.uint64(16)
        return numbers


def packets(streams: NDArray[np.void], messages: NDArray[np.void]) -> Rows:
    """Rows of all packets of these conversations, not yet in order of time."""
    of = streams[messages["stream"]]
    kind, size = messages["kind"], messages["head_len"] + messages["body_len"]
    segments = np.maximum(1, -(-size // of["mss"]))
    acks = np.where((kind == DATA) & (of["backwards"] == 0), segments // 2, 0)
    count = segments + acks
    first = np.cumsum(count) - count
    message = np.repeat(np.arange(len(messages)), count)
    nth = np.arange(len(message)) - first[message]
    stream, sent = of[message], messages[message]

    is_ack = (acks[message] > 0) & (nth % 3 == 2)
    segment = np.where(acks[message] > 0, nth // 3 * 2 + np.where(is_ack, 1, nth % 3), nth)
    start = segment * stream["mss"]
    stop = np.minimum(start + stream["mss"], size[message])
    payload = np.where(is_ack, 0, stop - start)
    head = np.clip(sent["head_len"] - start, 0, payload)
    side = np.where(is_ack, 1 - sent["side"], sent["side"])

    rows = np.zeros(len(message), ROW)
    before = _sent_before(messages, size)[:, message]
    isn = streams["isn"][sent["stream"]].T
    mine, other = (np.take_along_axis(before + isn, s[None], 0)[0] for s in (side, 1 - side))
    rows["seq"] = (mine + np.where(is_ack, 0, start)) & 0xFFFF_FFFF
    rows["ack"] = (other + np.where(is_ack, stop, 0)) & 0xFFFF_FFFF
    rows["ack"][sent["kind"] == SYN] = 0
    last = segment == segments[message] - 1
    rows["flags"] = np.where(is_ack | ~last, ACK_ONLY, FLAGS[sent["kind"]])
    rows["flags"][sent["kind"] == DATAGRAM] = 0
    rows["time"] = _times(messages, stream, message, nth, count)
    by_client = side == 0
    client, server = stream["client"], SERVERS_FROM + stream["server"]
    rows["source"], rows["target"] = np.where(by_client, (client, server), (server, client))
    ports = stream["sport"], stream["dport"]
    rows["sport"], rows["dport"] = np.where(by_client, ports, ports[::-1])
    rows["v6"], rows["stamps"] = stream["v6"] == 1, stream["stamps"] == 1
    rows["syn"] = (sent["kind"] == SYN) | (sent["kind"] == SYN_ACK)
    rows["udp"] = sent["kind"] == DATAGRAM
    rows["head"] = sent["head"] + np.minimum(start, sent["head_len"])
    rows["head_len"] = head
    rows["body"] = sent["body"] + np.maximum(start - sent["head_len"], 0)
    rows["body_len"] = payload - head
    rows["negotiation"] = np.where(is_ack, -1, sent["negotiation"])
    return rows


def _first_of_stream(messages: NDArray[np.void]) -> NDArray[np.intp]:
    """Where the stream of each message begins among the messages."""
    begins = np.r_[True, messages["stream"][1:] != messages["stream"][:-1]]
    return np.maximum.accumulate(np.where(begins, np.arange(len(messages)), 0))


def _sent_before(messages: NDArray[np.void], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sequence numbers used by either side of the stream before each message."""
    kind = messages["kind"]
    used = size + ((kind == SYN) | (kind == SYN_ACK) | (kind == FIN))
    begin = _first_of_stream(messages)
    sides = []
    for side in (0, 1):
        mine = np.where(messages["side"] == side, used, 0)
        total = np.cumsum(mine) - mine
        sides.append(total - total[begin])
    return np.stack(sides)


def _times(
    messages: NDArray[np.void],
    stream: NDArray[np.void],
    message: NDArray[np.intp],
    nth: NDArray[np.int64],
    count: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Nanoseconds: pauses between messages, 9 to 18 microseconds between packets of one."""
    step = 9_000 + messages["stream"] % 7 * 1_500
    length = messages["pause"] + step * (count - 1)
    ended = np.cumsum(length)
    begin = _first_of_stream(messages)
    begun = ended - length - (ended - length)[begin] + messages["pause"]
    place = np.where(stream["backwards"] == 1, count[message] - 1 - nth, nth)
    times: NDArray[np.int64] = stream["start"] + begun[message] + step[message] * place
    return times
