"""Every byte of every token leads back to the stream and to the packets: read there, it is the same byte."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path

import pytest
from support.facts import ROOT, SHARED, SWEEP, capture_name, rows_of, unless_refused
from support.packets import pcapng, read_packets
from support.raw_streams import RawStreams, Sender
from support.transport import CHANGES

from analyzer.analysis import read
from analyzer.capture.inputs import Input
from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation, Step
from analyzer.pipeline import Options, Sink, run
from dissectors.span import Span

OWN = sorted((ROOT / "captures").rglob("capture.pcapng"))
FOREIGN = [
    path
    for folder in ("lab-sample/captures", "corpus/files")
    if (SHARED / folder).is_dir()
    for path in sorted((SHARED / folder).iterdir())
    if path.is_file()
]
LARGEST = 100_000  # packet bytes of a capture worth changing
EACH = 1 if SWEEP else 12  # each change meets each so manieth capture


class Tokens(Sink):
    """A sink that keeps every token with its stream."""

    def __init__(self) -> None:
        self.found: list[tuple[Stream, Step]] = []

    def token(self, stream: Stream, step: Step, _carrier: str, _of: Negotiation | None) -> None:
        """Keep it."""
        self.found.append((stream, step))


def sender_of(stream: Stream, side: int) -> Sender:
    end = (stream.server, stream.server_port) if side else (stream.client, stream.client_port)
    return (stream.stream_id, *end)


def decoded(text: bytes) -> bytes:
    """Base64 as it stands in a header: maybe folded, of the URL alphabet, or without its padding."""
    bare = b"".join(text.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)


def check_rows(path: Path) -> int:
    """What a row's offset and length cut out of the stream is the token of that row; how many rows."""
    rows = rows_of(read(path, tables=("tokens",)).tables.columns["tokens"])
    raw = RawStreams(path)
    for row in rows:
        data = raw.directions[row["stream_id"], row["src"], row["src_port"]].data
        start, length = row["stream_offset"], row["stream_length"]
        cut = bytes(data[start : start + length])
        assert len(cut) == length
        token = {"raw": bytes, "base64": decoded}[row["encoding"]](cut)
        assert (len(token), sha256(token).hexdigest()) == (row["length"], row["sha256"])
    return len(rows)


def check_bytes(path: Path) -> None:
    """Each byte of the longest tokens of each side is in the very frames that are named for it."""
    sink = Tokens()
    run(Input(str(path)), sink, Options())
    raw = RawStreams(path)
    longest: dict[int, tuple[Stream, Step]] = {}
    for stream, step in sink.found:
        places = step.locate(Span(0, len(step.token.raw)))
        assert set(step.frames) == {frame for place in places for frame in place.frames}
        if step.side not in longest or len(step.token.raw) > len(longest[step.side][1].token.raw):
            longest[step.side] = stream, step
    for stream, step in longest.values():
        data = raw.directions[sender_of(stream, step.side)].data
        for at, byte in enumerate(step.token.raw):
            (place,) = step.locate(Span(at, at + 1))
            assert (place.token, place.side) == (Span(at, at + 1), step.side)
            there = bytes(data[slice(*place.stream)])
            assert (decoded(there)[at % 3] if place.base64 else there[0]) == byte
            held = {
                (offset, frame)
                for offset in range(*place.stream)
                for frame in place.frames
                if raw.holds(sender_of(stream, step.side), offset, frame)
            }
            assert {offset for offset, _ in held} == set(range(*place.stream))
            assert {frame for _, frame in held} == set(place.frames)


@pytest.mark.parametrize("path", [*OWN, *FOREIGN], ids=capture_name)
def test_a_row_says_where_its_token_lies(path: Path) -> None:
    """Offset, length and encoding cut the token's own bytes out of the stream, in every capture there is."""
    with unless_refused(path):
        check_rows(path)


def test_there_are_tokens_to_look_for() -> None:
    """The captures hold tokens of both encodings and in several frames; else the tests tell nothing."""
    columns = read(ROOT / "captures", tables=("tokens",)).tables.columns["tokens"]
    assert {"raw", "base64"} == set(columns["encoding"])
    assert None not in columns["stream_offset"]
    assert any(len(frames) > 2 for frames in columns["frames"])


@pytest.mark.parametrize("path", OWN, ids=capture_name)
def test_a_byte_is_in_the_frames_that_are_named(path: Path) -> None:
    """The payload of each frame of a located byte holds that byte at that stream offset."""
    check_bytes(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param(path, name, id=f"{capture_name(path)}-{name}")
        for number, path in enumerate(OWN)
        for turn, name in enumerate(CHANGES)
        if (number + turn) % EACH == 0
    ],
)
def test_however_the_bytes_travelled(path: Path, name: str, tmp_path: Path) -> None:
    """Small, joined, shuffled and repeated segments, fragments, tunnels: the places fit the new packets."""
    packets = read_packets(path)
    if sum(len(packet.data) for packet in packets) > LARGEST:
        pytest.skip("a large capture")
    target = tmp_path / "changed.pcapng"
    target.write_bytes(pcapng(CHANGES[name](packets)))
    check_rows(target)
    check_bytes(target)
