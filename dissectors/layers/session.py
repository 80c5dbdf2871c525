"""`GSSSession`: joins streams while Scapy sniffs, and hangs tokens on the packets that complete them.

    sniff(offline="x.pcapng", session=GSSSession)

Every packet is passed on, none is added. One that completes a message of a carrier has a carrier layer
(`GSS_HTTP`, `GSS_SMB`, `GSS_LDAP`), whose `messages` hold the tokens; its bytes stay the same. Frame
numbers count the packets that the session has seen, from 1.

Scapy's own `TCPSession` is not used: it takes link padding for payload, fills holes with zeros, lets later
copies overwrite earlier ones and never forgets a stream.

A token that SMB's sender cut over several messages stands in the last of them.

Not handled: IP fragments (their number is in `fragments`; `GSSSession(IPSession)` lets Scapy put those of
IPv4 together, without any bound on memory).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from scapy.packet import NoPayload, Raw
from scapy.sessions import DefaultSession

from dissectors.carriers.base import CarrierMessage
from dissectors.layers.carriers import GSS_Carrier, GSS_Message, carrier_packet, message_packet
from dissectors.layers.joiner import ACK, SYN, Heard, Joiner
from dissectors.layers.segment import (
    End,
    Segment,
    innermost,
    is_fragment,
    is_late_fragment,
    nanoseconds,
    segment_of,
)
from dissectors.layers.stream import GssDatagrams, GssStream
from dissectors.records import dataclass

STREAMS = 4096
"""Conversations remembered; the one that was silent longest is forgotten."""
HELD_OVERALL = 1 << 26
"""Bytes behind holes, of all conversations."""

_WELL_KNOWN_PORTS = 1024
_EPHEMERAL_PORTS = 32_768


@dataclass(slots=True)
class _Conversation:
    """What is known of one pair of ends."""

    client: End
    listener: GssStream | GssDatagrams
    joiner: Joiner | None  # None: UDP
    held: int = 0  # bytes behind holes, when last looked at


class GSSSession(DefaultSession):
    """A session for `sniff` and `AsyncSniffer`, offline and live.

    `fragments` counts IP fragments, which are not read; `forgotten` the conversations dropped because
    there were too many. `finish()` gives what still waited when the capture ended.
    """

    def __init__(self, supersession: Any = None, *, streams: int = STREAMS) -> None:
        super().__init__(supersession)
        self.frame = 0
        self.fragments = 0
        self.forgotten = 0
        self._limit = streams
        self._held = 0
        self._conversations: OrderedDict[tuple[int, End, End], _Conversation] = OrderedDict()
        self._time = 0

    def process(self, pkt: Any) -> Any:
        """Take a packet and pass it on, with its carrier layer if it completes a message."""
        packet = super().process(pkt)
        if packet is None:
            return None
        self.frame += 1
        self._time = nanoseconds(packet)
        segment = segment_of(packet)
        if segment is None:
            self._count_fragment(packet)
            return packet
        conversation, side = self._conversation(segment)
        self._hear(conversation, side, segment)
        messages = conversation.listener.take()
        if messages or isinstance(segment.layer.payload, GSS_Carrier):
            _attach(segment, conversation.listener.name, messages)
        return packet

    def finish(self) -> list[GSS_Message]:
        """End all conversations; return the messages that no packet completed."""
        messages: list[CarrierMessage] = []
        for conversation in self._conversations.values():
            if conversation.joiner is not None:
                conversation.joiner.finish("capture-end", self.frame, self._time)
            messages += conversation.listener.take()
        self._conversations.clear()
        return [message_packet(message) for message in messages]

    # -- conversations -----------------------------------------------------------------------------

    def _conversation(self, segment: Segment) -> tuple[_Conversation, int]:
        """The conversation of a segment, and the side that sends it."""
        ends = sorted((segment.source, segment.destination))
        key = (17 if segment.seq is None else 6, ends[0], ends[1])
        known = self._conversations.get(key)
        if known is not None:
            side = int(segment.source != known.client)
            if known.joiner is None or not known.joiner.is_another(side, _heard(segment, 0, 0)):
                self._conversations.move_to_end(key)
                return known, side
            self._forget(known, "reused")
        made = self._open(segment)
        self._conversations[key] = made
        self._conversations.move_to_end(key)
        if len(self._conversations) > self._limit:
            _, oldest = self._conversations.popitem(last=False)
            self._forget(oldest, "evicted")
            self.forgotten += 1
        return made, int(segment.source != made.client)

    def _open(self, segment: Segment) -> _Conversation:
        asks = segment.flags & SYN != 0
        answers = asks and segment.flags & ACK != 0
        client = _guessed_client(segment)
        if asks:
            client = segment.destination if answers else segment.source
        if segment.seq is None:
            return _Conversation(client, GssDatagrams(), None)
        listener = GssStream(roles_known=asks, started_before=not asks)
        return _Conversation(client, listener, Joiner(listener))

    def _forget(self, conversation: _Conversation, how: str) -> None:
        if conversation.joiner is not None:
            conversation.joiner.finish(how, self.frame, self._time)
        self._held -= conversation.held
        conversation.held = 0

    def _hear(self, conversation: _Conversation, side: int, segment: Segment) -> None:
        joiner, listener = conversation.joiner, conversation.listener
        if isinstance(listener, GssDatagrams):
            listener.datagram(side, segment.data, self.frame, self._time)
            return
        assert joiner is not None
        joiner.take(side, _heard(segment, self.frame, self._time))
        held = joiner.held_bytes()
        self._held += held - conversation.held
        conversation.held = held
        if self._held > HELD_OVERALL:
            for each in list(self._conversations.values()):
                if each.held and each.joiner is not None:
                    each.joiner.relieve(self.frame, self._time)
                    self._held -= each.held
                    each.held = 0
                if self._held <= HELD_OVERALL // 2:
                    break

    def _count_fragment(self, packet: Any) -> None:
        transport = innermost(packet)
        if is_late_fragment(packet) or (transport is not None and is_fragment(transport)):
            self.fragments += 1


def _heard(segment: Segment, frame: int, ts_ns: int) -> Heard:
    return Heard(
        segment.seq or 0, segment.ack, segment.flags, segment.data, segment.size, frame, ts_ns
    )


def _guessed_client(segment: Segment) -> End:
    """The end with the higher port if the lower one serves; else who speaks first."""
    low, high = sorted((segment.source, segment.destination), key=lambda end: end[1])
    if low[1] != high[1] and (low[1] < _WELL_KNOWN_PORTS or low[1] < _EPHEMERAL_PORTS <= high[1]):
        return high
    return segment.source


def _attach(segment: Segment, name: str, found: list[CarrierMessage]) -> None:
    """Hang messages on a packet without changing its bytes.

    A payload that Scapy left raw is replaced; behind one that it dissected comes a layer without bytes.
    """
    messages = [message_packet(message) for message in found]
    below = segment.layer
    payload = below.payload
    if type(payload) is Raw or isinstance(payload, (GSS_Carrier, NoPayload)):
        load = b"" if isinstance(payload, NoPayload) else bytes(payload.load or b"")
        layer = carrier_packet(name, messages, load)
        behind = payload.payload
        below.payload = layer
        layer.add_underlayer(below)
        if not isinstance(behind, NoPayload):
            layer.add_payload(behind)
    else:
        payload.lastlayer().add_payload(carrier_packet(name, messages, b""))
