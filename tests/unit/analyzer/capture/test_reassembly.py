"""One stream: holes, losses, contradictions, ends, and what must not be taken for any of them."""

import pytest

F, S, R, A = 1, 2, 4, 16


def told(consumers):
    """Calls of the only consumer, without the last end."""
    (consumer,) = consumers
    assert consumer.calls[-1][:2] == ("end", None)
    return consumer.calls[:-1]


def client(net, *parts, **options):
    """Follow a handshake (client's first byte is number 100) and data of the client."""
    packets = [part if not isinstance(part, tuple) else net.packet(0, *part) for part in parts]
    consumers, account = net.follow(net.handshake + packets, **options)
    return told(consumers), account


def test_a_hole_that_is_filled_is_no_loss(net):
    """Held bytes come with their own frames, after the bytes before them."""
    calls, account = client(net, (100, b"ab"), (104, b"ef"), (106, b"gh"), (102, b"cd"))
    assert calls == [
        ("deliver", 0, 0, b"ab", 4),
        ("deliver", 0, 2, b"cd", 7),
        ("deliver", 0, 4, b"ef", 5),
        ("deliver", 0, 6, b"gh", 6),
    ]
    assert account.tcp_bytes_missing == 0


def test_the_first_segment_is_awaited_after_a_syn(net):
    """A swapped first segment waits for the byte after the SYN."""
    calls, _ = client(net, (103, b"de"), (100, b"abc"))
    assert calls == [("deliver", 0, 0, b"abc", 5), ("deliver", 0, 3, b"de", 4)]


def test_an_unacknowledged_hole_stays_open_until_the_end(net):
    """Without an ACK, time and packets do not close a hole."""
    later = [net.packet(0, 110 + at, b"x", ms=10_000 * at) for at in range(100)]
    calls, account = client(net, (100, b"ab"), *later)
    assert calls[:2] == [("deliver", 0, 0, b"ab", 4), ("lost", 0, 2, 8, 5)]
    assert account.tcp_bytes_missing == 8
    packets = [*net.handshake, net.packet(0, 101, b"x"), net.packet(1, 500, b"answer")]
    (consumer,), _ = net.follow(packets)
    assert consumer.calls[0] == ("deliver", 1, 0, b"answer", 5)


@pytest.mark.parametrize("acked", [105, 104, 107])
def test_an_acknowledged_hole_is_given_up_by_time(net, acked):
    """200 ms of capture time after the ACK that covers a hole it is lost; what acknowledges it waits too."""
    calls, _ = client(
        net,
        (100, b"ab"),
        (104, b"ef"),
        net.packet(1, 500, ack=acked, ms=10),
        net.packet(1, 500, b"early", ms=209, ack=104),
        net.packet(1, 505, b"late", ms=210, ack=104),
    )
    assert [call[:3] for call in calls] == [
        ("deliver", 0, 0), ("lost", 0, 2), ("deliver", 0, 4), ("deliver", 1, 0), ("deliver", 1, 5),
    ]  # fmt: skip


def test_an_acknowledged_hole_is_given_up_by_packets(net):
    """64 packets of the stream after that ACK it is lost, though no time passes."""
    acks = [net.packet(1, 500, ack=102, ms=5)] * 64
    calls, _ = client(net, (101, b"b"), *acks, net.packet(0, 100, b"a", ms=5))
    assert calls == [("deliver", 0, 0, b"a", 69), ("deliver", 0, 1, b"b", 4)]
    calls, account = client(net, (101, b"b"), *acks, acks[0], net.packet(0, 100, b"a", ms=5))
    assert calls == [("lost", 0, 0, 1, 4), ("deliver", 0, 1, b"b", 4)]
    assert account.tcp_bytes_missing == 1


def test_an_ack_inside_the_hole_does_not_doom_all_of_it(net):
    """Of what lies behind such an ACK nobody has said that it arrived."""
    calls, _ = client(
        net, (104, b"e"), net.packet(1, 500, ack=103), net.packet(1, 500, b"x", ms=900)
    )
    assert calls[0] == ("deliver", 1, 0, b"x", 6)


def test_the_grace_begins_with_the_ack_that_covers_the_hole(net):
    """An ACK inside the hole neither starts the grace nor delays it."""
    calls, _ = client(
        net,
        (104, b"e"),
        net.packet(1, 500, ack=103, ms=10),
        net.packet(1, 500, ack=105, ms=20),
        net.packet(1, 500, b"x", ms=215),
        net.packet(1, 501, b"y", ack=105, ms=221),
    )
    assert [call[:3] for call in calls] == [
        ("deliver", 1, 0), ("lost", 0, 0), ("deliver", 0, 4), ("deliver", 1, 1),
    ]  # fmt: skip


def test_holes_of_both_sides_go_in_the_order_of_their_acks(net):
    """Whose hole was acknowledged first is told first, though both are over when it is noticed."""
    calls, _ = client(
        net,
        net.packet(1, 502, b"c"),
        (102, b"C"),
        net.packet(0, 103, ack=503, ms=10),
        net.packet(1, 503, ack=103, ms=12),
        net.packet(1, 503, b"x", ack=103, ms=900),
    )
    assert [call[:2] for call in calls] == [
        ("lost", 1), ("deliver", 1), ("lost", 0), ("deliver", 0), ("deliver", 1),
    ]  # fmt: skip


def test_every_doomed_hole_goes_at_once(net):
    """Holes below the same ACK do not wait one after the other."""
    calls, account = client(
        net,
        (101, b"b"),
        (103, b"d"),
        (108, b"i"),
        net.packet(1, 500, ack=104),
        net.packet(1, 500, b"x", ms=300),
    )
    assert [call[:4] for call in calls][:4] == [
        ("lost", 0, 0, 1), ("deliver", 0, 1, b"b"), ("lost", 0, 2, 1), ("deliver", 0, 3, b"d"),
    ]  # fmt: skip
    assert calls[4][:2] == ("deliver", 1)
    assert account.tcp_bytes_missing == 6


def test_the_held_bytes_of_a_direction_are_bounded(net):
    """More than the limit behind a hole: the hole is lost at once."""
    parts = [(200 + 10 * at, b"0123456789") for at in range(5)]
    calls, account = client(net, *parts, limits={"held_bytes": 40})
    assert calls[0] == ("lost", 0, 0, 100, 4)
    assert len(calls) == 6
    assert account.tcp_bytes_missing == 100
    calls, _ = client(net, *parts, (100, bytes(100)), limits={"held_bytes": 50})
    assert calls[0][:3] == ("deliver", 0, 0)


def test_repetitions_are_dropped(net):
    """Whole and partial repetitions leave only what is new."""
    calls, account = client(net, (100, b"abcd"), (100, b"abcd"), (102, b"cdef"), (101, b"bc"))
    assert calls == [("deliver", 0, 0, b"abcd", 4), ("deliver", 0, 4, b"ef", 6)]
    assert account.tcp_bytes_missing == 0


def test_contradictions_are_told_and_the_first_copy_kept(net):
    """Against delivered and against held bytes, whole or partial."""
    calls, _ = client(net, (100, b"abcd"), (102, b"cXef"), (108, b"ij"), (108, b"iJ"), (106, b"gh"))
    assert calls == [
        ("deliver", 0, 0, b"abcd", 4),
        ("conflict", 0, 3, 1, 5),
        ("deliver", 0, 4, b"ef", 5),
        ("conflict", 0, 9, 1, 7),
        ("deliver", 0, 6, b"gh", 8),
        ("deliver", 0, 8, b"ij", 6),
    ]


def test_keep_alives_and_window_probes_contradict_nothing(net):
    """The garbage byte before the next one is ignored; a probe's byte is data."""
    calls, _ = client(net, (100, b"abcd"), (103, b"\0"), (104, b"e"), (104, b"e"), (105, b"f"))
    assert calls == [
        ("deliver", 0, 0, b"abcd", 4),
        ("deliver", 0, 4, b"e", 6),
        ("deliver", 0, 5, b"f", 8),
    ]


@pytest.mark.parametrize("blocks", [(), (1, 2, 3)])
def test_a_keep_alive_at_the_start_of_the_capture(net, blocks):
    """An idle connection's garbage byte is no data, and nothing is missing; a pushed byte is data."""
    packets = [
        net.packet(0, 99, b"\0"),
        net.packet(1, 500, ack=100),
        net.packet(0, 99, b"\0"),
        net.packet(0, 100, b"ab"),
    ]
    (consumer,), account = net.follow(packets, blocks=blocks)
    assert consumer.calls[:-1] == [("deliver", 0, 0, b"ab", 4)]
    assert account.tcp_bytes_missing == 0
    (consumer,), _ = net.follow([net.packet(0, 99, b"x", 24), net.packet(0, 100, b"y")])
    assert [call[3] for call in consumer.calls[:-1]] == [b"x", b"y"]


def test_cut_packets_are_lost_at_once(net):
    """What snaplen cut off is a stated gap behind the captured bytes."""
    calls, account = client(net, net.packet(0, 100, b"abcdef", cut=4), (106, b"gh"))
    assert calls == [("deliver", 0, 0, b"ab", 4), ("lost", 0, 2, 4, 4), ("deliver", 0, 6, b"gh", 5)]
    assert account.tcp_bytes_missing == 4


def test_cut_packets_behind_a_hole(net):
    """The cut is still certain when the hole before it is filled."""
    calls, _ = client(net, net.packet(0, 102, b"cdef", cut=3), (106, b"gh"), (100, b"ab"))
    assert calls == [
        ("deliver", 0, 0, b"ab", 6),
        ("deliver", 0, 2, b"c", 4),
        ("lost", 0, 3, 3, 4),
        ("deliver", 0, 6, b"gh", 5),
    ]


def test_a_cut_that_another_copy_completes_is_no_loss(net):
    """Bytes that wait already are not lost with the packet that was cut."""
    calls, account = client(net, (102, b"cd"), net.packet(0, 100, b"abcd", cut=2))
    assert calls == [("deliver", 0, 0, b"ab", 5), ("deliver", 0, 2, b"cd", 4)]
    assert account.tcp_bytes_missing == 0


def test_a_cut_around_held_bytes(net):
    """What another copy holds of the bytes cut off is delivered, the rest lost at once."""
    calls, account = client(net, (103, b"d"), net.packet(0, 100, b"abcdef", cut=4), (106, b"g"))
    assert [call[:4] for call in calls] == [
        ("deliver", 0, 0, b"ab"),
        ("lost", 0, 2, 1),
        ("deliver", 0, 3, b"d"),
        ("lost", 0, 4, 2),
        ("deliver", 0, 6, b"g"),
    ]
    assert account.tcp_bytes_missing == 3


def test_nothing_but_headers_captured(net):
    """Packets without any captured payload are losses, one by one."""
    calls, _ = client(net, net.packet(0, 100, b"abc", cut=3), net.packet(0, 103, b"de", cut=2))
    assert calls == [("lost", 0, 0, 3, 4), ("lost", 0, 3, 2, 5)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_fin_is_told_after_all_bytes(net, order):
    """A FIN that comes early waits for the bytes before it."""
    parts = [(100, b"ab"), (102, b"cd"), (104, b"", F | A)]
    calls, _ = client(net, *(parts[at] for at in order))
    assert [call[0] for call in calls] == ["deliver", "deliver", "end"]
    assert calls[-1] == ("end", 0, "fin", 4 + order.index(2))


def test_fin_with_data_and_its_repetition(net):
    """Data of the FIN's packet comes first; a repeated FIN is not told again."""
    calls, _ = client(net, (100, b"ab", F | A), (100, b"ab", F | A), (102, b"", F | A))
    assert calls == [("deliver", 0, 0, b"ab", 4), ("end", 0, "fin", 4)]


def test_both_fins_close_the_stream(net):
    """After both, the last call is `closed`, and repetitions wake nobody."""
    packets = [
        net.packet(0, 100, b"ab", F | A),
        net.packet(1, 500, b"x", F | A, 103),
        net.packet(0, 100, b"ab", F | A),
        net.packet(1, 501, b"y"),
    ]
    (consumer,), _ = net.follow(net.handshake + packets)
    assert consumer.calls == [
        ("deliver", 0, 0, b"ab", 4),
        ("end", 0, "fin", 4),
        ("deliver", 1, 0, b"x", 5),
        ("end", 1, "fin", 5),
        ("end", None, "closed", 5),
    ]


def test_a_reset_gives_up_holes_and_the_stream_may_go_on(net):
    """RST is told after what can be delivered, once per side; data after it still count."""
    calls, _ = client(
        net,
        (100, b"a"),
        (102, b"c"),
        (103, b"", R),
        (103, b"", R),
        net.packet(1, 500, b"", R),
        (103, b"d"),
    )
    assert calls == [
        ("deliver", 0, 0, b"a", 4),
        ("lost", 0, 1, 1, 5),
        ("deliver", 0, 2, b"c", 5),
        ("end", 0, "rst", 6),
        ("end", 1, "rst", 8),
        ("deliver", 0, 3, b"d", 9),
    ]


def test_a_reset_waits_for_the_bytes_before_it(net):
    """They come late, or prove by its number that they are lost; one number more may be a FIN's."""
    calls, account = client(net, (100, b"a"), (102, b"", R), (101, b"b"))
    assert calls == [
        ("deliver", 0, 0, b"a", 4),
        ("deliver", 0, 1, b"b", 6),
        ("end", 0, "rst", 5),
    ]
    assert account.tcp_bytes_missing == 0
    calls, account = client(net, (100, b"a"), (103, b"", R))
    assert calls == [("deliver", 0, 0, b"a", 4), ("lost", 0, 1, 2, 5), ("end", 0, "rst", 5)]
    assert account.tcp_bytes_missing == 2
    calls, account = client(net, (100, b"a"), (102, b"", R))
    assert calls == [("deliver", 0, 0, b"a", 4), ("end", 0, "rst", 5)]
    assert account.tcp_bytes_missing == 0


def test_a_reset_waits_no_longer_than_its_connection_lives(net):
    """Silence after it is the end, whether or not what it waits for was there."""
    later = [net.packet(0, 1, b"x", ports=(7, 9), ms=each) for each in (9_000, 10_006)]
    packets = [*net.handshake, net.packet(0, 100, b"a"), net.packet(0, 103, b"", R), *later]
    for blocks in ((), (4, 5)):
        (consumer, _), _ = net.follow(packets, blocks=blocks)
        assert consumer.calls == [
            ("deliver", 0, 0, b"a", 4),
            ("lost", 0, 1, 2, 5),
            ("end", 0, "rst", 5),
            ("end", None, "closed", 5),
        ]


@pytest.mark.parametrize("ahead", [1, 50, -500, 1 << 31])
def test_a_reset_whose_side_goes_on_is_none(net, ahead):
    """Nobody heeds one outside the window, and one inside was not sent by the side that goes on."""
    parts = [(100, b"a"), (101 + ahead, b"", R), (101, b"bc"), (103, b"", F | A)]
    told = [("deliver", 0, 0, b"a", 4), ("deliver", 0, 1, b"bc", 6), ("end", 0, "fin", 7)]
    for packets in (parts, parts[:3]):
        calls, account = client(net, *packets)
        assert calls == told[: len(packets) - 1]
        assert account.tcp_bytes_missing == 0


def test_an_impossible_acknowledgement_blinds_nobody(net):
    """What it told of a side is given up after a grace; what that side says then is delivered all the same."""
    calls, account = client(
        net,
        (100, b"ask"),
        net.packet(0, 103, b"x", ack=900, ms=5),
        net.packet(1, 500, b"reply", ack=104, ms=500),
        net.packet(0, 104, b"y", ack=505, ms=501),
        net.packet(1, 505, b"more", ack=105, ms=502),
    )
    assert calls == [
        ("deliver", 0, 0, b"ask", 4),
        ("lost", 1, 0, 400, 5),
        ("deliver", 0, 3, b"x", 5),
        ("deliver", 1, 400, b"reply", 6),
        ("deliver", 0, 4, b"y", 7),
        ("deliver", 1, 405, b"more", 8),
    ]
    assert account.tcp_bytes_missing == 0


def test_bytes_from_the_middle_of_what_was_given_up(net):
    """Those before them stay lost, and what was heard before is no news."""
    calls, account = client(
        net,
        net.packet(1, 500, b"ab", ack=100),
        net.packet(0, 100, b"x", ack=510, ms=6),
        net.packet(1, 500, b"ab", ack=101, ms=500),
        net.packet(1, 505, b"fgh", ack=101, ms=501),
        net.packet(1, 508, b"", F | A, 101, ms=502),
    )
    assert calls == [
        ("deliver", 1, 0, b"ab", 4),
        ("lost", 1, 2, 8, 5),
        ("deliver", 0, 0, b"x", 5),
        ("deliver", 1, 10, b"fgh", 7),
        ("end", 1, "fin", 8),
    ]
    assert account.tcp_bytes_missing == 3


def test_what_was_given_up_stays_so_when_something_is_behind_it(net):
    """Then those bytes are lost as others are, and what comes of them later is not put anywhere."""
    calls, account = client(
        net,
        net.packet(0, 100, b"x", ack=510, ms=5),
        net.packet(1, 600, b"zz", ack=101, ms=500),
        net.packet(1, 500, b"ab", ack=101, ms=501),
        net.packet(0, 101, b"", ack=602, ms=502),
        net.packet(0, 101, b"y", ack=602, ms=900),
    )
    assert calls == [
        ("lost", 1, 0, 10, 4),
        ("deliver", 0, 0, b"x", 4),
        ("lost", 1, 10, 90, 5),
        ("deliver", 1, 100, b"zz", 5),
        ("deliver", 0, 1, b"y", 8),
    ]
    assert account.tcp_bytes_missing == 100


def test_what_was_heard_before_bytes_that_were_given_up_is_no_contradiction(net):
    """A repetition of it is none, though its bytes stand elsewhere now."""
    heard = bytes(range(40))
    calls, _ = client(
        net,
        net.packet(1, 500, heard, ack=100),
        net.packet(0, 100, b"x", ack=560, ms=6),
        net.packet(1, 540, b"reply", ack=101, ms=500),
        net.packet(1, 500, heard, ack=101, ms=501),
    )
    assert [call[0] for call in calls] == ["deliver", "lost", "deliver", "deliver"]


def test_a_reset_that_is_none_does_not_end_a_stream_that_rests(net):
    """Its side has gone on, so silence is no end."""
    packets = [
        *net.handshake,
        net.packet(0, 100, b"a"),
        net.packet(0, 150, b"", R),
        net.packet(0, 101, b"b"),
        net.packet(0, 102, b"c", ms=60_000),
    ]
    for blocks in ((), (4, 5, 6)):
        (consumer,), _ = net.follow(packets, blocks=blocks)
        assert [call[0] for call in consumer.calls] == ["deliver"] * 3 + ["end"]


def test_a_bare_impossible_acknowledgement_proves_nothing(net):
    """Its side was heard long after it, and had not said so much even then."""
    parts = [(100, b"ask"), net.packet(0, 103, ack=900, ms=5)]
    for ms, missing in ((100, 395), (500, 0)):
        reply = net.packet(1, 500, b"reply", ack=103, ms=ms)
        for blocks in ((), (4, 5), (5,)):
            _, account = client(net, *parts, reply, blocks=blocks)
            assert account.tcp_bytes_missing == missing


def test_what_a_reset_carries_is_no_data(net):
    """Some hosts write a reason into the RST."""
    calls, _ = client(net, (100, b"a"), (101, b"go away", R | A))
    assert calls == [("deliver", 0, 0, b"a", 4), ("end", 0, "rst", 5)]


def test_without_a_syn_the_first_byte_is_offset_0(net):
    """What comes from before it later is counted once, and not delivered."""
    packets = [
        net.packet(0, 1000, b"abc"),
        net.packet(0, 995, b"vwxyzab"),
        net.packet(0, 997, b"xyz"),
    ]
    (consumer,), account = net.follow(packets)
    assert consumer.stream.started_before
    assert consumer.calls == [("deliver", 0, 0, b"abc", 1), ("end", None, "capture-end", 3)]
    assert account.tcp_bytes_missing == 5


def test_one_direction_alone(net):
    """Only the server's packets: its SYN/ACK tells where it begins, and who is who."""
    packets = [
        net.packet(1, 499, flags=S | A, ack=100),
        net.packet(1, 503, b"de"),
        net.packet(1, 500, b"abc"),
    ]
    (consumer,), _ = net.follow(packets)
    assert not consumer.stream.started_before
    assert consumer.calls[:2] == [("deliver", 1, 0, b"abc", 3), ("deliver", 1, 3, b"de", 2)]


def test_where_the_server_begins_may_be_known_from_the_client(net):
    """Its SYN/ACK was not captured, but the client acknowledged it."""
    packets = [
        net.packet(0, 99, flags=S),
        net.packet(0, 100, ack=500),
        net.packet(1, 502, b"c"),
        net.packet(1, 500, b"ab"),
    ]
    (consumer,), _ = net.follow(packets)
    assert consumer.calls[:2] == [("deliver", 1, 0, b"ab", 4), ("deliver", 1, 2, b"c", 3)]


def test_data_in_the_syn(net):
    """TCP Fast Open: the SYN counts one, its data follow."""
    packets = [
        net.packet(0, 99, b"ab", S),
        net.packet(1, 499, flags=S | A, ack=102),
        net.packet(0, 102, b"cd"),
    ]
    (consumer,), _ = net.follow(packets)
    assert consumer.calls[:2] == [("deliver", 0, 0, b"ab", 1), ("deliver", 0, 2, b"cd", 3)]


def test_sequence_numbers_wrap(net):
    """Offsets go on where the numbers begin anew, in runs and one by one."""
    packets = [
        net.packet(0, 2**32 - 4, flags=S),
        net.packet(0, 2**32 - 3, b"abc"),
        net.packet(0, 4, b"hi"),
    ]
    packets += [net.packet(0, 0, b"defg"), net.packet(0, 6, b"j")]
    (consumer,), _ = net.follow(packets)
    assert [call[2:4] for call in consumer.calls[:-1]] == [
        (0, b"abc"),
        (3, b"defg"),
        (7, b"hi"),
        (9, b"j"),
    ]


def test_a_skip_ends_where_it_says(net):
    """Inside a segment, at its very end (an empty delivery), and far ahead."""
    parts = [(100, b"abcd"), (104, b"efgh"), (108, b"ijkl"), (112, b"mnop"), (116, b"qrst")]
    answers = {4: 2, 8: 4, 12: 5}
    for blocks in ((), (4, 6), (3, 4, 5, 6, 7)):
        calls, _ = client(
            net, *parts, answer=lambda _side, offset: answers.get(offset, 0), blocks=blocks
        )
        assert [call[2:] for call in calls] == [
            (0, b"abcd", 4), (6, b"gh", 5), (12, b"", 6), (17, b"rst", 8),
        ]  # fmt: skip


def test_a_skip_ends_in_held_bytes(net):
    """Also behind a hole the very end of a segment is told, empty."""
    parts = [(104, b"efgh"), (108, b"ij"), (100, b"abcd")]
    for skip, rest in ((3, (7, b"h", 4)), (4, (8, b"", 4)), (5, (9, b"j", 5))):
        answers = {4: skip}
        calls, _ = client(net, *parts, answer=lambda _side, at, answers=answers: answers.get(at, 0))
        assert [call[2:] for call in calls[:2]] == [(0, b"abcd", 6), rest]


def test_a_loss_inside_a_skip_is_only_counted(net):
    """The part of it behind the skip's end is told."""
    parts = [(100, b"a"), (103, b"d"), (108, b"i")]
    calls, account = client(net, *parts, answer=lambda _side, offset: 5 if offset == 1 else 0)
    assert calls == [("deliver", 0, 0, b"a", 4), ("lost", 0, 6, 2, 6), ("deliver", 0, 8, b"i", 6)]
    assert account.tcp_bytes_missing == 6


def test_a_loss_may_answer_with_a_skip(net):
    """The answer to a loss counts from its end."""
    calls, _ = client(net, (102, b"cdef"), answer=lambda _side, offset: 3 if offset == 2 else 0)
    assert calls == [("lost", 0, 0, 2, 4), ("deliver", 0, 5, b"f", 4)]


def test_another_connection_takes_over_unseen(net):
    """Segments far off that fit each other are another connection: a new consumer gets them all."""
    far = 3_000_000_000
    old = [net.packet(0, 100, b"abc"), net.packet(0, far, b"stray"), net.packet(0, 103, b"d")]
    new = [net.packet(0, far + 2 * at, b"xy") for at in range(5)]
    consumers, _ = net.follow(net.handshake + old + new)
    assert [call[:4] for call in consumers[0].calls] == [
        ("deliver", 0, 0, b"abc"), ("deliver", 0, 3, b"d"), ("end", None, "reused", 7),
    ]  # fmt: skip
    assert [call[2:4] for call in consumers[1].calls[:-1]] == [(2 * at, b"xy") for at in range(5)]
    assert consumers[1].stream.started_before
    assert consumers[1].stream.stream_id == 0


def test_many_tiny_segments_backwards(net):
    """Sixteen thousand one-byte segments in reverse come out in order."""
    size = 16_000
    packets = [net.packet(0, 100 + at, bytes([at % 251])) for at in reversed(range(size))]
    calls, _ = client(net, *packets)
    assert b"".join(call[3] for call in calls) == bytes(at % 251 for at in range(size))
