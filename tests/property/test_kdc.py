"""Whatever a conversation with a KDC is made of, nothing raises, and segment borders change nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support.kdc_talk import EVERY_KIND, Wire, over_tcp

from analyzer.capture.model import Stream
from analyzer.first_bytes import looks_like_datagram
from analyzer.surroundings.kdc import StreamKdc
from analyzer.surroundings.kdc_chains import link_chains
from analyzer.surroundings.model import KdcExchange
from analyzer.tables.kdc_rows import kdc_row
from analyzer.tables.schema import TABLES
from dissectors.anomaly import CODES
from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage
from dissectors.carriers.kdc import KdcCarrier
from dissectors.tokens import dissect_token

requests = st.sampled_from(EVERY_KIND[::2][:2])
replies = st.sampled_from((EVERY_KIND[1], *EVERY_KIND[3:]))
messages = st.sampled_from(EVERY_KIND)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with some octets changed, or cut."""
    data = bytearray(draw(messages))
    for at in draw(st.lists(st.integers(0, len(data) - 1), max_size=6)):
        data[at] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))])


sizes = st.lists(st.integers(1, 400), min_size=1, max_size=40)


def said(data: bytes, cuts: list[int], side: int = CLIENT) -> Wire:
    """Say it in segments of these sizes, over and over."""
    wire = Wire()
    at = 0
    while at < len(data):
        size = cuts[wire.frame % len(cuts)]
        wire.send(side, data[at : at + size])
        at += size
    return wire.end()


@given(st.lists(requests, max_size=5), sizes)
@settings(deadline=None)
def test_segments_do_not_matter(asked: list[bytes], cuts: list[int]) -> None:
    """The same messages at the same places, however they are cut."""
    data = b"".join(map(over_tcp, asked))
    wire = said(data, cuts)
    assert wire.tokens == asked
    assert [m.token_span for m in wire.messages] == [
        m.token_span for m in said(data, [len(data) + 1]).messages
    ]
    assert wire.codes == []


@given(st.lists(damaged() | st.binary(max_size=60), max_size=5), sizes, st.booleans())
@settings(deadline=None)
def test_any_bytes(parts: list[bytes], cuts: list[int], prefixed: bool) -> None:
    """Every message handed on lies where it says."""
    data = b"".join(map(over_tcp, parts)) if prefixed else b"".join(parts)
    for side in (CLIENT, SERVER):
        wire = said(data, cuts, side)
        assert set(wire.codes) <= set(CODES)
        for message in wire.messages:
            start, end = message.token_span
            assert data[start:end] == message.token


@given(st.lists(st.tuples(replies, st.integers(0, 60)), min_size=1, max_size=6), sizes)
@settings(deadline=None)
def test_after_any_loss_reading_goes_on(parts: list[tuple[bytes, int]], cuts: list[int]) -> None:
    """A message that follows in a segment of its own is handed on."""
    wire = Wire()
    for message, lost in parts:
        wire.send(SERVER, over_tcp(message)[: cuts[0]])
        if lost:
            wire.lose(SERVER, lost)
    wire.lose(SERVER, 5000).server(EVERY_KIND[1])
    assert wire.tokens[-1] == EVERY_KIND[1]


@given(st.lists(messages | damaged() | st.binary(max_size=40), max_size=30))
@settings(deadline=None)
def test_every_message_has_a_row(parts: list[bytes]) -> None:
    """Each request and each answer is in exactly one exchange, and each exchange makes a row."""
    told: list[KdcExchange] = []
    stream = Stream(0, "udp", "10.0.0.5", 1, "10.0.0.1", 88, 1, 0, "first")
    pairing = StreamKdc(stream, told.append)
    frames = []
    for frame, data in enumerate(parts, 1):
        token = dissect_token(data)
        if token.token_type[4:].split("_")[0] in {"AS", "TGS", "ERROR"}:
            frames.append(frame)
        pairing.add(CarrierMessage("kdc", CLIENT, None, frame, (frame,), frame, data), token)
    pairing.end()
    assert sorted(frame for each in told for frame in each.frames) == frames
    link_chains(sorted(told, key=lambda each: each.frames))
    for each in told:
        assert len(kdc_row("x", each)) == len(TABLES["kdc"].columns)
        assert each.frame_request is None or each.frame_reply is None or each.frame_request < each.frame_reply  # fmt: skip


@given(messages | damaged() | st.binary(min_size=1, max_size=40))
@settings(deadline=None)
def test_the_test_by_the_block_lets_every_message_pass(data: bytes) -> None:
    """What the carrier knows as its own is never thrown away by its first eight bytes."""
    import numpy as np

    head = np.array([int.from_bytes(data[:8].ljust(8, b"\0"))], np.uint64)
    (passes,) = looks_like_datagram(head).tolist()
    if KdcCarrier.probe(data) is not None and data[0]:
        assert passes
    if data[0] not in b"\x30\x6a\x6b\x6c\x6d\x7e":
        assert not passes
