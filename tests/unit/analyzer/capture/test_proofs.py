"""Bytes that were acknowledged and never captured, with nothing of their side behind them."""

import pytest

from analyzer.capture.proofs import Proofs

SYN, FIN, RST, ACK = 2, 1, 4, 16
BLOCKS = [(), (1, 2, 3, 4, 5), (4,)]


def told(net, *packets, begin=None, blocks=()):
    """The calls of the one consumer, and the account."""
    packets = [*(net.handshake if begin is None else begin), *packets]
    (consumer,), account = net.follow(packets, blocks=[at for at in blocks if at < len(packets)])
    return consumer.calls, account


@pytest.mark.parametrize("blocks", BLOCKS)
def test_the_last_ack_tells_of_an_answer_that_is_missing(net, blocks):
    """In the frame of the first packet that acknowledges the most; it is counted."""
    calls, account = told(
        net,
        net.packet(0, 100, b"ask", ack=500),
        net.packet(0, 103, ack=505),
        net.packet(0, 103, ack=510),
        net.packet(0, 103, ack=510),
        blocks=blocks,
    )
    assert calls == [
        ("deliver", 0, 0, b"ask", 4), ("lost", 1, 0, 10, 6), ("end", None, "capture-end", 4),
    ]  # fmt: skip
    assert account.tcp_bytes_missing == 10


@pytest.mark.parametrize("blocks", BLOCKS)
def test_what_comes_late_is_not_missing(net, blocks):
    """Bytes that were acknowledged before they came."""
    calls, account = told(
        net,
        net.packet(0, 100, b"ask", ack=500),
        net.packet(0, 103, ack=506),
        net.packet(1, 500, b"answer", ack=103),
        blocks=blocks,
    )
    assert [call[0] for call in calls] == ["deliver", "deliver", "end"]
    assert account.tcp_bytes_missing == 0


@pytest.mark.parametrize("blocks", BLOCKS)
def test_nothing_is_proven_of_a_side_that_is_not_captured(net, blocks):
    """Its bytes take another way; one packet of it is enough to expect them."""
    alone = [net.packet(0, 99, flags=SYN), net.packet(0, 100, b"ask", ack=500)]
    calls, _ = told(net, net.packet(0, 103, ack=510), begin=alone, blocks=blocks)
    assert [call[0] for call in calls] == ["deliver", "end"]
    calls, _ = told(
        net, net.packet(1, 510, ack=103), net.packet(0, 103, ack=510), begin=alone, blocks=blocks
    )
    assert [call[0] for call in calls] == ["deliver", "lost", "end"]


@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_late_start_proves_by_what_came_since(net, blocks):
    """Where a direction without SYN begins is told by the first ACK of it."""
    begin = [net.packet(1, 500, ack=100), net.packet(0, 100, b"ask", ack=500)]
    calls, _ = told(net, net.packet(0, 103, ack=505), begin=begin, blocks=blocks)
    assert calls[1:] == [("lost", 1, 0, 5, 3), ("end", None, "capture-end", 2)]
    calls, _ = told(net, net.packet(0, 103, ack=500), begin=begin, blocks=blocks)
    assert calls[1:] == [("end", None, "capture-end", 2)]


@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_reset_does_not_hide_what_is_missing(net, blocks):
    """It is told before the RST; what comes later proves nothing any more."""
    calls, _ = told(
        net,
        net.packet(0, 100, b"ask", ack=500),
        net.packet(0, 103, ack=510),
        net.packet(1, 510, flags=RST),
        net.packet(0, 103, ack=520),
        blocks=blocks,
    )
    assert calls[1:3] == [("lost", 1, 0, 10, 5), ("end", 1, "rst", 6)]
    assert [call[0] for call in calls] == ["deliver", "lost", "end", "end"]


@pytest.mark.parametrize("blocks", BLOCKS)
def test_numbers_wrap(net, blocks):
    """The bytes that are missing may lie across 2^32."""
    begin = [
        net.packet(0, 99, flags=SYN),
        net.packet(1, 2**32 - 4, flags=SYN | ACK, ack=100),
        net.packet(0, 100, b"ask", ack=2**32 - 3),
    ]
    calls, _ = told(net, net.packet(0, 103, ack=5), begin=begin, blocks=blocks)
    assert calls[1] == ("lost", 1, 0, 8, 4)


def test_an_end_that_was_recorded_first_opens_the_stream(net):
    """A FIN or RST that acknowledges bytes waits for them; in a scan it acknowledges none."""
    for flags, name in ((FIN | ACK, "fin"), (RST | ACK, "rst")):
        end = net.packet(1, 500, flags=flags, ack=103)
        calls, _ = told(net, end, net.packet(0, 100, b"ask", ack=500))
        assert calls[:2] == [("deliver", 0, 0, b"ask", 5), ("end", 1, name, 4)]
    scan = [net.packet(0, 99, flags=SYN), net.packet(1, 0, flags=RST | ACK, ack=100)]
    assert net.follow(scan)[0] == []


def test_only_the_first_reset_looks_back(net, monkeypatch):
    """A connection that is reset again and again is not walked through each time."""
    walks = []
    look_back = Proofs.note_until

    def counted(self, *where):
        walks.append(where)
        look_back(self, *where)

    monkeypatch.setattr(Proofs, "note_until", counted)
    resets = [net.packet(side, 500, flags=RST | ACK, ack=110) for side in (1, 0) * 20]
    told(net, net.packet(0, 100, b"ask", ack=500), *resets)
    assert len(walks) == 1
