"""UDP conversations: numbered apart, selected by head, sides by port or first speaker."""

import numpy as np

UDP = 17


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
