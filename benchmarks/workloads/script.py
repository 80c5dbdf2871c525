"""Who says what, when: conversations as columns of messages, from which packets are made later.

A `Script` holds the conversations that begin in a stretch of time. It knows nothing of packets, and the
talks that write it know nothing of columns.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLIENT, SERVER = 0, 1
DATA, SYN, SYN_ACK, ACK, FIN, RST, DATAGRAM = range(7)
"""What a message is; anything but `DATA` is one packet."""

PER_PACKET = 78
"""Bytes of a record besides payload, about: record header, Ethernet, IP, TCP with or without options."""

STREAM = np.dtype(
    [
        ("start", "i8"), ("client", "i8"), ("server", "i8"), ("sport", "i8"), ("dport", "i8"),
        ("v6", "i8"), ("stamps", "i8"), ("mss", "i8"), ("backwards", "i8"), ("isn", "i8", 2),
    ]
)  # fmt: skip
MESSAGE = np.dtype(
    [
        ("stream", "i8"), ("side", "i8"), ("kind", "i8"), ("head", "i8"), ("head_len", "i8"),
        ("body", "i8"), ("body_len", "i8"), ("pause", "i8"), ("negotiation", "i8"),
    ]
)  # fmt: skip


class Truth:
    """What is in the capture, as the talks know it."""

    def __init__(self) -> None:
        self.streams = 0
        self.tokens: Counter[str] = Counter()
        self.negotiations: list[dict[str, Any]] = []

    def begin(self, **facts: Any) -> int:
        """One more negotiation; its number."""
        self.negotiations.append({"stream": self.streams - 1, **facts})
        return len(self.negotiations) - 1


class Bodies:
    """Bulk data: file contents that look random, then text; signatures of tokens lie in both as decoys."""

    RANDOM, TEXT = 8 << 20, 4 << 20
    WORDS = "a report of all that was sold in the north and how it was paid for by whom"

    def __init__(self, seed: int, decoys: tuple[bytes, ...], copies: int = 4) -> None:
        dice = Random(seed)  # noqa: S311
        words = self.WORDS.split()
        text = " ".join(dice.choices(words, k=1 << 20)).encode()[: self.TEXT]
        data = bytearray(dice.randbytes(self.RANDOM) + text)
        for decoy in decoys * copies:
            at = dice.randrange(len(data) - len(decoy))
            data[at : at + len(decoy)] = decoy
        self.data = bytes(data)


class Script:
    """Conversations and their messages, in the order in which they are written down."""

    def __init__(self, dice: Random, truth: Truth, bodies: Bodies) -> None:
        self.dice = dice
        self.truth = truth
        self.bodies = bodies
        self.now = 0  # nanoseconds: when the next conversation starts
        self.size = 0  # bytes of capture that all messages so far will take, about
        self._clear()

    def _clear(self) -> None:
        self.heads = bytearray()
        self.streams: list[tuple[Any, ...]] = []
        self.messages: list[tuple[int, ...]] = []

    def open(
        self,
        port: int,
        *,
        handshake: bool = True,
        mss: int = 0,
        backwards: bool = False,
        ends: tuple[int, int, int] | None = None,
    ) -> None:
        """Begin a conversation with a port.

        `mss`: size of segments, 0 for Ethernet's. `backwards`: of each message the last segment comes
        first. `ends`: numbers of client and server and the client's port.
        """
        dice = self.dice
        nth = self.truth.streams
        self.truth.streams += 1
        client, server, sport = ends or (
            dice.randrange(4000), dice.randrange(60), 1024 + nth * 7919 % 64_000
        )  # fmt: skip
        v6, stamps = dice.randrange(10) == 0, dice.randrange(2) == 0
        mss = mss or (1448 if stamps else 1460) - 20 * v6
        isn = dice.getrandbits(32), dice.getrandbits(32)
        stream = (self.now, client, server, sport, port, v6, stamps, mss, backwards, isn)
        self.streams.append(stream)
        self._mss = mss
        if handshake:
            self.say(CLIENT, kind=SYN, pause=0)
            self.say(SERVER, kind=SYN_ACK)
            self.say(CLIENT, kind=ACK)

    def say(
        self,
        side: int,
        head: bytes = b"",
        body: int = 0,
        *,
        pause: int | None = None,
        kind: int = DATA,
        of: int = -1,
        text: bool = True,
    ) -> None:
        """One message: `head`, then `body` bytes of bulk, `pause` ns after the message before.

        `of`: the negotiation that it is part of. `text`: the bulk may be text.
        """
        dice = self.dice
        room = len(self.bodies.data) if text else Bodies.RANDOM
        self.messages.append(
            (
                len(self.streams) - 1,
                side,
                kind,
                len(self.heads),
                len(head),
                dice.randrange(room - body) if body else 0,
                body,
                150_000 + dice.randrange(400_000) if pause is None else pause,
                of,
            )
        )
        self.heads += head
        size = len(head) + body
        segments = -(-size // self._mss) or 1
        self.size += size + PER_PACKET * (segments + segments // 2)

    def close(self) -> None:
        """End the conversation in the usual way."""
        self.say(CLIENT, kind=FIN, pause=5_000_000)
        self.say(SERVER, kind=FIN)
        self.say(CLIENT, kind=ACK)

    def take(self) -> tuple[NDArray[np.void], NDArray[np.void], bytes]:
        """Streams, messages and heads since the last time."""
        taken = (
            np.array(self.streams, STREAM),
            np.array(self.messages, MESSAGE),
            bytes(self.heads),
        )
        self._clear()
        return taken
