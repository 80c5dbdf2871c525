"""Turns blocks of packets into calls of consumers, stream by stream, each in the order of its talk.

That is the capture's, but for what was recorded before the bytes that it follows or acknowledges.

Who wants a stream is asked with its first payload: a scan of a million ports opens nothing. Packets of
streams that nobody wants cost a look at one array. In-sequence packets go in runs. A packet that is
repeated, out of order, cut or resets the stream, or acknowledges what was not seen, goes alone, and so do
all while there is a hole.

A stream is over, `closed`, when both sides have told their FIN, or some time after a reset. What still
comes for it can only be a repetition and is dropped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.conversation_keys import ConversationKeys
from analyzer.capture.datagrams import DatagramEngine
from analyzer.capture.heads import Heads
from analyzer.capture.model import CaptureAccount, OpenDatagrams, OpenStream, PacketIndex
from analyzer.capture.pool import DEFAULT_LIMITS, Pool, StreamLimits
from analyzer.capture.strangers import Strangers
from analyzer.capture.streams import Packets
from analyzer.capture.tcp import TcpEngine
from dissectors.records import NamedTuple

__all__ = ["StreamEngine", "StreamLimits"]

_TCP, _UDP = 6, 17


class Known(NamedTuple):
    """What is known already of packets that are a part of a block."""

    latest: NDArray[
        np.int64
    ]  # time of the capture up to each packet, the others of the block included
    now: int  # and up to the end of the block
    key: NDArray[np.uint64]  # see `ConversationKeys.of`
    sender: NDArray[np.intp]


class StreamEngine:
    """Follows the conversations of one capture, fed in file order.

    `open_stream` and `open_datagrams` give the consumer of a conversation, or None. `reopen` is shown
    the heads of packets of ignored streams, their first eight payload bytes, and says where something
    begins that a new consumer should see. `wants_datagram` selects UDP payloads; None takes all.
    `strangers` tells streams of which no consumer would make anything; None asks for all.
    """

    def __init__(
        self,
        account: CaptureAccount,
        open_stream: OpenStream,
        open_datagrams: OpenDatagrams,
        *,
        reopen: Heads | None = None,
        wants_datagram: Heads | None = None,
        strangers: Strangers | None = None,
        limits: StreamLimits = DEFAULT_LIMITS,
    ) -> None:
        pool = Pool(account, limits)
        self._keys = ConversationKeys()
        self._tcp = TcpEngine(pool, open_stream, reopen, strangers)
        self._udp = DatagramEngine(pool, open_datagrams, wants_datagram)
        self._now = int(np.iinfo(np.int64).min)

    def feed(self, index: PacketIndex, known: Known | None = None) -> None:
        """Take the packets of a block; `known` where these are only a part of them."""
        if known is None and len(index):
            latest = np.maximum.accumulate(index.ts_ns)
            np.maximum(latest, self._now, out=latest)
            known = Known(latest, int(latest[-1]), *self._keys.of(index))
        if known is not None:
            self._now = known.now
            self._feed(index, known)
        self._tcp.following.sweep(self._now)

    def first_frames(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First frame of each TCP stream and of each UDP conversation, by their numbers."""
        return self._tcp.first_frames, self._udp.first_frames

    def _feed(self, index: PacketIndex, known: Known) -> None:
        for protocol, engine in ((_TCP, self._tcp), (_UDP, self._udp)):
            rows = np.flatnonzero(index.proto == protocol)
            if len(rows):
                frame, ts_ns = index.frame[rows], index.ts_ns[rows]
                packets = Packets(known.key[rows], known.sender[rows], frame, ts_ns)
                engine.feed(index, rows, packets, known.latest)

    def finish(self) -> None:
        """Tell all open conversations that the capture ends, in order of their numbers."""
        self._tcp.following.finish()
        self._udp.finish()
