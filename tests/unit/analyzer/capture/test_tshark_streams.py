"""Streams under Wireshark's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.capture import tshark_streams
from analyzer.capture.model import CaptureAccount, Stream
from analyzer.capture.tshark_lines import FIELDS
from analyzer.capture.tshark_streams import Consumers, Numbers, PlainAndSealed

PROTOCOLS = "eth:ethertype:ip:tcp"


class Heard:
    """A consumer that keeps what it is told."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.said: list[tuple[int, int, bytes, int]] = []
        self.ends: list[str] = []

    def deliver(self, side: int, offset: int, data: bytes, frame: int, _ts_ns: int) -> int:
        self.said.append((side, offset, data, frame))
        return 0

    def end(self, _side: int | None, how: str, _frame: int, _ts_ns: int) -> None:
        self.ends.append(how)


def line(frame: int, stream: int, seq: int, flags: int, payload: bytes, plain: bytes) -> str:
    """A packet from 10.0.0.1:40000 to 10.0.0.2:443."""
    cells = {
        "frame.number": str(frame),
        "frame.time_epoch": f"{frame}.0",
        "frame.len": "100",
        "frame.cap_len": "100",
        "frame.encap_type": "1",
        "frame.protocols": PROTOCOLS + (":tls:data" if plain else ""),
        "ip.src": "10.0.0.1",
        "ip.dst": "10.0.0.2",
        "tcp.stream": str(stream),
        "tcp.srcport": "40000",
        "tcp.dstport": "443",
        "tcp.seq_raw": str(seq),
        "tcp.ack_raw": "0",
        "tcp.flags": hex(flags),
        "tcp.len": str(len(payload)),
        "tcp.payload": payload.hex(),
        "data.data": plain.hex(),
    }
    return "\t".join(cells.get(field, "") for field in FIELDS)


@pytest.mark.parametrize("block", [1, 1000])
def test_what_was_sent_and_what_was_decrypted(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Two streams of one number, whatever the size of blocks; the second one of the same ends is another."""
    monkeypatch.setattr(tshark_streams, "BLOCK_PACKETS", block)
    sent: list[Heard] = []
    plain: list[Heard] = []

    def opened(into: list[Heard], stream: Stream) -> Heard:
        into.append(Heard(stream))
        return into[-1]

    streams = PlainAndSealed(
        CaptureAccount(),
        Consumers(
            stream=lambda stream: opened(sent, stream),
            datagrams=lambda _stream: None,
            decrypted=lambda stream: opened(plain, stream),
            reopen=lambda heads: np.zeros(len(heads), np.bool_),
            wants_datagram=lambda heads: np.zeros(len(heads), np.bool_),
        ),
    )
    for text in (
        line(1, 5, 100, 2, b"", b""),
        line(2, 5, 101, 24, b"sealed", b"open"),
        line(3, 5, 107, 24, b"SEALED", b"OPENED"),
        line(4, 6, 999, 2, b"", b""),
        line(5, 6, 1000, 24, b"sealed", b"again"),
    ):
        streams.feed(text + "\n")
    streams.finish()
    assert [heard.stream.stream_id for heard in sent] == [5, 6]
    assert [heard.stream.stream_id for heard in plain] == [5, 6]
    assert sent[0].said == [(0, 0, b"sealed", 2), (0, 6, b"SEALED", 3)]
    assert plain[0].said == [(0, 0, b"open", 2), (0, 4, b"OPENED", 3)]
    assert plain[1].said == [(0, 0, b"again", 5)]
    assert [heard.ends for heard in plain] == [["reused"], ["capture-end"]]
    assert plain[0].stream.role_source == "syn"
    # the numbers that the decrypted bytes are given are nobody's
    assert (plain[0].stream.client_seq, plain[0].stream.server_seq) == (None, None)


def test_numbers_by_first_frame() -> None:
    """Wireshark's numbers are looked up by the frame in which a conversation begins; some are missing."""
    numbers = Numbers()
    for number, frame in ((0, 1), (0, 2), (1, 5), (0, 6), (4, 9), (1, 10)):
        numbers.see(number, frame)
    assert [numbers.at(frame) for frame in (1, 2, 5, 9, 10)] == [0, None, 1, 4, None]
