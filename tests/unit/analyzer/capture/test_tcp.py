"""Which packets reach a consumer: opening with payload, ignoring, opening again, order of sides."""

import numpy as np
import pytest

F, S, R, A = 1, 2, 4, 16


def says_go(heads):
    return heads >> np.uint64(48) == int.from_bytes(b"GO", "big")


def test_nobody_is_asked_without_payload(net):
    """Handshakes, resets and FINs alone open nothing."""
    packets = [*net.handshake, net.packet(0, 100, flags=F | A), net.packet(1, 500, b"no", R)]
    consumers, account = net.follow(packets)
    assert consumers == []
    assert account.streams == 1


def test_sides_are_delivered_in_capture_order(net):
    """Requests and answers alternate as captured, across blocks and packets of other streams."""
    packets = list(net.handshake)
    for turn in range(4):
        packets.append(net.packet(0, 100 + 3 * turn, b"ask", ack=500 + 2 * turn))
        packets.append(net.packet(0, 7, b"x", ports=(9, 445)))
        packets.append(net.packet(1, 500 + 2 * turn, b"ok", ack=103 + 3 * turn))
    for blocks in ((), (4,), (5, 8)):
        consumers, _ = net.follow(packets, blocks=blocks)
        assert [call[1] for call in consumers[0].calls if call[0] == "deliver"] == [0, 1] * 4


def test_an_ignored_stream_is_not_heard_again(net):
    """IGNORE is final without a rule to open again: not even an end is told."""
    packets = [
        *net.handshake,
        *(net.packet(0, 100 + at, b"x") for at in range(5)),
        net.packet(0, 105, flags=F | A),
    ]
    for blocks in ((), (4, 6)):
        (consumer,), _ = net.follow(packets, answer=lambda *_: -1, blocks=blocks)
        assert consumer.calls == [("deliver", 0, 0, b"x", 4)]


def test_ignored_after_a_loss(net):
    """A loss may be the reason to ignore; what waited behind it is not delivered."""
    packets = [
        *net.handshake,
        net.packet(0, 105, b"x"),
        net.packet(0, 90, flags=S),
        net.packet(0, 91, b"y"),
    ]
    consumers, _ = net.follow(packets, answer=lambda *_: -1)
    assert consumers[0].calls == [("lost", 0, 0, 5, 4)]
    assert consumers[1].calls == [("deliver", 0, 0, b"y", 6)]


def test_a_head_opens_an_ignored_stream_again(net):
    """The new consumer begins with that segment, at its true offset, in the same block or a later one."""
    packets = [*net.handshake, net.packet(0, 100, b"no"), net.packet(0, 102, b"nono"), net.packet(0, 106, b"GO on"),
               net.packet(1, 500, b"yes"), net.packet(0, 111, b"more")]  # fmt: skip
    for blocks in ((), (5,), tuple(range(1, 8))):
        consumers, _ = net.follow(
            packets,
            answer=lambda _side, offset: -1 if offset < 6 and _side == 0 else 0,
            reopen=says_go,
            blocks=blocks,
        )
        first, second = consumers
        assert first.calls == [("deliver", 0, 0, b"no", 4)]
        assert second.calls[:-1] == [
            ("deliver", 0, 6, b"GO on", 6),
            ("deliver", 1, 0, b"yes", 7),
            ("deliver", 0, 11, b"more", 8),
        ]
        assert second.stream.stream_id == 0
        assert not second.stream.started_before


def test_the_packet_that_was_too_much_opens_nothing(net):
    """A consumer that ignores at a promising head has seen it: the next such head counts."""
    packets = [net.packet(0, 100 + 2 * at, b"GO") for at in range(3)]
    for blocks in ((), (1, 2)):
        consumers, _ = net.follow(packets, answer=lambda *_: -1, reopen=says_go, blocks=blocks)
        assert [consumer.calls[0][4] for consumer in consumers] == [1, 2, 3]


def test_ignored_by_a_loss_that_was_due_before_the_packet(net):
    """The packet that comes after the grace is looked at afresh, in one block as in many."""
    packets = [
        *net.handshake,
        net.packet(0, 104, b"no"),
        net.packet(1, 500, ack=106, ms=10),
        net.packet(0, 106, b"GO", ms=900),
    ]
    for blocks in ((), (1, 2, 3, 4, 5)):
        consumers, _ = net.follow(
            packets,
            answer=lambda _side, offset: -1 if offset == 4 else 0,
            reopen=says_go,
            blocks=blocks,
        )
        assert consumers[0].calls == [("lost", 0, 0, 4, 4)]
        assert consumers[1].calls[0] == ("deliver", 0, 6, b"GO", 6)


def test_a_refused_stream_may_be_opened_again_so_often(net):
    """None counts as ignored; eight more consumers are asked for, then no more."""
    packets = [net.packet(0, 100 + 2 * at, b"GO") for at in range(20)]
    for blocks in ((), (1, 5, 9, 13), tuple(range(1, 20))):
        asked = []
        net.follow(
            packets, want=lambda stream, asked=asked: asked.append(1), reopen=says_go, blocks=blocks
        )
        assert len(asked) == 9


def test_a_closed_stream_is_not_opened_again(net):
    """A repeated request after both FINs must not be taken for a new one."""
    packets = [
        *net.handshake,
        net.packet(0, 100, b"GO", F | A),
        net.packet(1, 500, b"ok", F | A),
        net.packet(0, 100, b"GO", F | A),
    ]
    consumers, _ = net.follow(packets, reopen=says_go, blocks=(5,))
    assert len(consumers) == 1


@pytest.mark.parametrize("blocks", [(), (1, 2, 3, 4, 5)])
def test_a_fin_that_overtook_all_payload(net, blocks):
    """A FIN shows by its number that bytes came before it: it is kept for them."""
    packets = [*net.handshake, net.packet(0, 102, flags=F | A), net.packet(0, 100, b"ab")]
    (consumer,), _ = net.follow(packets, blocks=blocks[:4])
    assert consumer.calls[:-1] == [("deliver", 0, 0, b"ab", 5), ("end", 0, "fin", 4)]


def test_a_fin_before_any_payload_does_not_hinder(net):
    """One side closes at once, the other still sends; one block or many, the same is told."""
    packets = [*net.handshake, net.packet(0, 100, flags=F | A), net.packet(1, 500, b"banner")]
    told = [net.follow(packets, blocks=blocks)[0][0].calls for blocks in ((), (1, 2, 3, 4))]
    assert told[0] == told[1] == [("deliver", 1, 0, b"banner", 5), ("end", None, "capture-end", 5)]
