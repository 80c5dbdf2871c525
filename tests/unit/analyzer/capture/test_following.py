"""Which streams stay open: eviction, lingering resets, shared memory, order at the end."""

from analyzer.capture.pool import SEGMENT_COST

F, S, R, P, A = 1, 2, 4, 8, 16


def on(net, port, seq, data=b"", flags=P | A, **more):
    return net.packet(0, seq, data, flags, ports=(40_000 + port, 445), **more)


def test_the_stream_silent_for_longest_is_evicted(net):
    """Its holes are given up first; it is counted, and told why."""
    packets = [
        on(net, 1, 10, b"a"),
        on(net, 1, 15, b"f"),
        on(net, 2, 10, b"b"),
        on(net, 3, 10, b"c"),
        on(net, 1, 11, b"b"),
    ]
    consumers, account = net.follow(packets, limits={"open_streams": 2}, blocks=(1, 2, 3, 4))
    assert account.streams_evicted == 1
    assert consumers[0].calls == [
        ("deliver", 0, 0, b"a", 1),
        ("lost", 0, 1, 4, 2),
        ("deliver", 0, 5, b"f", 2),
        ("end", None, "evicted", 2),
    ]
    assert [consumer.calls[-1][2] for consumer in consumers[1:]] == ["capture-end"] * 2


def test_any_packet_keeps_a_stream_young(net):
    """The stream opened first is not the one evicted if it spoke last."""
    packets = [on(net, port, seq, b"ab") for port, seq in ((1, 10), (2, 10), (1, 12), (3, 10))]
    for blocks in ((2,), (3,), (1, 2, 3)):
        consumers, _ = net.follow(packets, limits={"open_streams": 2}, blocks=blocks)
        assert [c.calls[-1][2] for c in consumers] == ["capture-end", "evicted", "capture-end"]


def test_idle_streams_are_evicted_only_when_there_are_many(net):
    """Silence alone ends nothing."""
    packets = [
        on(net, 1, 10, b"a"),
        on(net, 2, 10, b"b", ms=7_200_000),
        on(net, 3, 10, b"c", ms=7_200_001),
    ]
    for busy, how in ((2, "evicted"), (3, "capture-end")):
        consumers, _ = net.follow(packets, limits={"busy_streams": busy})
        assert [consumer.calls[-1][2] for consumer in consumers] == [
            how,
            "capture-end",
            "capture-end",
        ]


def test_a_reset_stream_is_closed_after_silence(net):
    """Data within ten seconds keep it open; what comes later is dropped, whatever the blocks."""
    packets = [
        on(net, 1, 10, b"a"),
        on(net, 1, 11, b"", R),
        on(net, 1, 11, b"b", ms=9_000),
        on(net, 1, 12, b"c", ms=19_000),
        on(net, 1, 13, b"d", ms=19_001),
    ]
    for blocks in ((), (1, 2, 3, 4)):
        (consumer,), _ = net.follow(packets, blocks=blocks)
        assert consumer.calls == [
            ("deliver", 0, 0, b"a", 1),
            ("end", 0, "rst", 2),
            ("deliver", 0, 1, b"b", 3),
            ("end", None, "closed", 3),
        ]


def test_a_hole_is_given_up_though_the_stream_is_silent(net):
    """Other streams' packets move the clock."""
    packets = [
        on(net, 1, 10, b"a"),
        on(net, 1, 12, b"c"),
        net.packet(1, 5, b"", A, 13, ports=(40_001, 445)),
        on(net, 2, 10, b"x", ms=400),
        on(net, 1, 11, b"b", ms=401),
    ]
    consumers, account = net.follow(packets, blocks=(4,))
    assert consumers[0].calls[:-1] == [
        ("deliver", 0, 0, b"a", 1),
        ("lost", 0, 1, 1, 2),
        ("deliver", 0, 2, b"c", 2),
    ]
    assert account.tcp_bytes_missing == 1


def test_held_bytes_of_all_streams_are_bounded(net):
    """The stream that waits for longest pays first, then the one being fed."""
    packets = [on(net, port, seq, bytes(20)) for port in (1, 2) for seq in (10, 50)]
    consumers, _ = net.follow(packets, limits={"held_overall": 250})
    assert consumers[0].calls[1:3] == [("lost", 0, 20, 20, 2), ("deliver", 0, 40, bytes(20), 2)]
    assert consumers[1].calls[1][0] == "lost"
    one, account = net.follow(packets[:2], limits={"held_overall": 100})
    assert one[0].calls[1:3] == consumers[0].calls[1:3]
    assert account.tcp_bytes_missing == 20


def test_streams_that_are_over_take_up_no_memory(net):
    """What they sent does not drive out what an open one sent: a repetition is still compared with it."""
    packets = [
        on(net, 1, 10, b"aa"),
        on(net, 2, 10, b"bb"),
        on(net, 2, 12, b"", F | A),
        net.packet(1, 50, b"", F | A, 13, ports=(40_002, 445)),
        on(net, 3, 10, b"cc"),
        on(net, 1, 10, b"XX"),
    ]
    for room, told in ((2, [("conflict", 0, 0, 2, 6)]), (1, [])):
        limits = {"remembered_overall": room * (SEGMENT_COST + 2)}
        consumers, _ = net.follow(packets, limits=limits, blocks=(1, 2, 3, 4, 5))
        assert consumers[0].calls[1:-1] == told
        assert consumers[1].calls[-1] == ("end", None, "closed", 4)


def test_streams_end_in_order_of_their_numbers(net):
    """Whatever the order of their latest packets."""
    packets = [on(net, port, 10, b"x") for port in (1, 2, 3)] + [on(net, 1, 11, b"y")]
    consumers, _ = net.follow(packets)
    assert [consumer.stream.stream_id for consumer in consumers] == [0, 1, 2]
    assert [consumer.calls[-1] for consumer in consumers] == [
        ("end", None, "capture-end", frame) for frame in (4, 2, 3)
    ]


def test_a_syn_that_begins_anew_ends_the_old_stream(net):
    """Holes are given up, `reused` names the SYN's frame, the next stream has the next number."""
    packets = [
        *net.handshake,
        net.packet(0, 100, b"a"),
        net.packet(0, 102, b"c"),
        net.packet(0, 7000, flags=S),
        net.packet(0, 7001, b"new"),
    ]
    for blocks in ((), (3, 5), tuple(range(1, 7))):
        (old, new), account = net.follow(packets, blocks=blocks)
        assert old.calls[1:] == [
            ("lost", 0, 1, 1, 5),
            ("deliver", 0, 2, b"c", 5),
            ("end", None, "reused", 6),
        ]
        assert new.calls[0] == ("deliver", 0, 0, b"new", 7)
        assert (new.stream.stream_id, new.stream.first_frame) == (1, 6)
        assert account.streams == 2
