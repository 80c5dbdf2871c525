"""Turns blocks of packets into calls of consumers, stream by stream, each in capture order.

Who wants a stream is asked with its first payload: a scan of a million ports opens nothing. Packets of
streams that nobody wants cost a look at one array. In-sequence packets go in runs. A packet that is
repeated, out of order, cut or resets the stream goes alone, and so do all while there is a hole.

A stream is over, `closed`, when both sides have told their FIN, or some time after a reset. What still
comes for it can only be a repetition and is dropped.
"""

from __future__ import annotations

import numpy as np

from analyzer.capture.conversation_keys import ConversationKeys
from analyzer.capture.datagrams import DatagramEngine
from analyzer.capture.heads import Heads
from analyzer.capture.model import CaptureAccount, OpenDatagrams, OpenStream, PacketIndex
from analyzer.capture.pool import DEFAULT_LIMITS, Pool, StreamLimits
from analyzer.capture.streams import Packets
from analyzer.capture.tcp import TcpEngine

__all__ = ["StreamEngine", "StreamLimits"]

_TCP, _UDP = 6, 17


class StreamEngine:
    """Follows the conversations of one capture, fed in file order.

    `open_stream` and `open_datagrams` give the consumer of a conversation, or None. `reopen` is shown
    the heads of packets of ignored streams, their first eight payload bytes, and says where something
    begins that a new consumer should see. `wants_datagram` selects UDP payloads; None takes all.
    """

    def __init__(
        self,
        account: CaptureAccount,
        open_stream: OpenStream,
        open_datagrams: OpenDatagrams,
        *,
        reopen: Heads | None = None,
        wants_datagram: Heads | None = None,
        limits: StreamLimits = DEFAULT_LIMITS,
    ) -> None:
        pool = Pool(account, limits)
        self._keys = ConversationKeys()
        self._tcp = TcpEngine(pool, open_stream, reopen)
        self._udp = DatagramEngine(pool, open_datagrams, wants_datagram)
        self._now = int(np.iinfo(np.int64).min)

    def feed(self, index: PacketIndex) -> None:
        """Take the packets of a block."""
        if not len(index):
            return
        now = np.maximum.accumulate(index.ts_ns)
        np.maximum(now, self._now, out=now)
        self._now = int(now[-1])
        keys, senders = self._keys.pair(
            (index.src_hi, index.src_lo, index.src_port),
            (index.dst_hi, index.dst_lo, index.dst_port),
        )
        for protocol, engine in ((_TCP, self._tcp), (_UDP, self._udp)):
            rows = np.flatnonzero(index.proto == protocol)
            if len(rows):
                frame, ts_ns = index.frame[rows], index.ts_ns[rows]
                engine.feed(index, rows, Packets(keys[rows], senders[rows], frame, ts_ns), now)
        self._tcp.following.sweep(self._now)

    def finish(self) -> None:
        """Tell all open conversations that the capture ends, in order of their numbers."""
        self._tcp.following.finish()
        self._udp.finish()
