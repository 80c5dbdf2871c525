"""UDP conversations: numbered apart, selected by head, sides by port or first speaker, each packet told once."""

from pathlib import Path

import numpy as np
import pytest
from support.packets import datagram_of, pcapng, read_packets

from analyzer.analysis import read
from analyzer.capture import datagrams
from analyzer.capture.engine import StreamEngine
from analyzer.capture.model import NO_TIME, CaptureAccount

UDP = 17


class _Noted:
    """A consumer that notes frames."""

    def __init__(self):
        self.frames = []

    def datagram(self, _side, _data, _cut, frame, _ts_ns):
        self.frames.append(frame)
        return 0


def starts_with_0(heads):
    return (heads >> np.uint64(56)) == ord("0")


def test_wanted_datagrams_only(net):
    """Heads select; empty and other datagrams open nothing."""
    packets = [
        net.packet(0, data=data, proto=UDP, ports=ports, cut=cut)
        for data, ports, cut in [
            (b"dns", (50_000, 53), 0),
            (b"", (50_001, 389), 0),
            (b"0 search", (50_001, 389), 3),
        ]
    ] + [net.packet(1, data=b"0 entry", proto=UDP, ports=(50_001, 389))]
    consumers, account = net.follow(packets, wants_datagram=starts_with_0)
    assert account.streams == 2
    assert len(consumers) == 1
    stream = consumers[0].stream
    assert (stream.stream_id, stream.transport, stream.server_port) == (1, "udp", 389)
    assert (stream.first_frame, stream.started_before) == (2, False)
    assert consumers[0].calls == [
        ("datagram", 0, b"0 sea", 3, 3),
        ("datagram", 1, b"0 entry", 0, 4),
        ("end", None, "capture-end", 4),
    ]


def test_ignored_and_refused_conversations_get_nothing_more(net):
    """IGNORE drops the conversation without an end; None never opens it again."""
    packets = [net.packet(0, data=b"0", proto=UDP)] * 2 + [
        net.packet(0, data=b"0", proto=UDP, ports=(7, 9))
    ] * 2
    asked = []

    def want(stream):
        asked.append(stream.stream_id)
        return stream.stream_id == 0

    consumers, _ = net.follow(packets, answer=lambda *_: -1, want=want, blocks=(1, 3))
    assert asked == [0, 1]
    assert consumers[0].calls == [("datagram", 0, b"0", 0, 1)]


def test_the_conversation_silent_for_longest_gives_way(net):
    """More conversations than allowed: the oldest is evicted, counted, and stays closed."""
    packets = [
        net.packet(0, data=b"0", proto=UDP, ports=(port, 9))
        for port in (1000, 2000, 1000, 3000, 2000)
    ]
    consumers, account = net.follow(packets, limits={"open_streams": 2})
    assert account.streams_evicted == 1
    assert [c.calls[-1] for c in consumers] == [
        ("end", None, "capture-end", 3),
        ("end", None, "evicted", 2),
        ("end", None, "capture-end", 4),
    ]


def test_tcp_and_udp_are_numbered_apart(net):
    """Both transports begin with stream 0."""
    packets = [net.packet(0, 1, b"t"), net.packet(0, data=b"u", proto=UDP)]
    consumers, account = net.follow(packets)
    assert sorted((c.stream.transport, c.stream.stream_id) for c in consumers) == [
        ("tcp", 0),
        ("udp", 0),
    ]
    assert account.streams == 2


def told(net, *sent):
    """Frames of the datagrams that are told; of each its sender, payload and time in ms."""
    packets = [net.packet(side, data=data, proto=UDP, ms=ms) for side, data, ms in sent]
    found = []
    for blocks in ((), range(1, len(packets))):
        consumers, account = net.follow(packets, blocks=blocks)
        calls = [call for each in consumers for call in each.calls if call[0] == "datagram"]
        found.append([call[-1] for call in calls])
        assert account.datagrams_copied == len(packets) - len(calls)
    assert found[0] == found[1]
    return found[0]


def test_a_packet_that_was_captured_twice_is_told_once(net):
    """The copy comes at once, or with the same time behind all others; whoever asks again waits longer."""
    asked, answer = (0, b"0 q", 100), (1, b"0 a", 102)
    assert told(net, asked, asked, answer, answer) == [1, 3]
    assert told(net, asked, answer, asked, answer) == [1, 2]
    assert told(net, asked, (0, b"0 q", 110), answer) == [1, 3]
    assert told(net, asked, (0, b"0 q", 111), answer) == [1, 2, 3]
    assert told(net, asked, (0, b"0 q2", 100), (1, b"0 q", 100)) == [
        1,
        2,
        3,
    ]  # none is like the first
    many = [(0, b"0 %d" % n, 100) for n in range(datagrams.REMEMBERED + 1)]
    assert told(net, *many, many[-1], many[0]) == [*range(1, len(many) + 1), len(many) + 2]


def test_without_times_nothing_is_a_copy(net):
    """A repeated question looks the same then."""
    packets = [net.packet(0, data=b"0 q", proto=UDP, ms=1)] * 2
    index = net.index(packets)
    index.ts_ns[:] = NO_TIME
    account, consumers = CaptureAccount(), []

    def opened(stream):
        consumers.append(_Noted())
        return consumers[-1]

    engine = StreamEngine(account, opened, opened)
    engine.feed(index)
    assert (len(consumers[0].frames), account.datagrams_copied) == (2, 0)


@pytest.mark.parametrize("merged", [True, False])
def test_a_kdcs_messages_that_were_captured_twice(merged, tmp_path):
    """Appended to itself, or copied by a mirror port behind a router: its tables are those of one capture."""
    path = (
        Path(__file__).resolve().parents[4] / "captures" / "kdc" / "brute_force" / "capture.pcapng"
    )
    packets = read_packets(path)
    twice = [*packets, *packets]
    if not merged:
        twice = [each for packet in packets for each in (packet, behind_a_router(packet))]
    target = tmp_path / "capture.pcapng"
    target.write_bytes(pcapng(twice))
    once, both = read(path), read(target)
    assert both.tables.columns["captures"]["datagrams_copied"] == [len(packets)]
    left_out = {"capture", "frame_request", "frame_reply", "continues"}
    for name, cells in once.tables.columns["kdc"].items():
        if merged or name not in left_out:
            assert name == "capture" or both.tables.columns["kdc"][name] == cells


def behind_a_router(packet):
    """The copy a moment later, in a VLAN and with a smaller TTL."""
    datagram = datagram_of(packet)
    header = bytearray(datagram.header)
    header[8] -= 1
    link = datagram.link[:12] + b"\x81\x00\x00\x07" + datagram.link[12:]
    moved = packet._replace(ts_ns=packet.ts_ns + 200_000)
    return datagram._replace(packet=moved, link=link, header=bytes(header)).build()
