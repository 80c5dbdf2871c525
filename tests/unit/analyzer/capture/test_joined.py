"""A rotated capture as one stream for Wireshark: its files read apart by nobody, its frames as they were."""

from __future__ import annotations

import gzip
import shutil
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import zstandard

from analyzer.analysis import Analysis, read
from analyzer.capture.inputs import Input, RotatedInput
from analyzer.capture.joined import JoinedRecords
from analyzer.capture.model import NO_LINK, NO_TIME, CaptureAccount
from analyzer.capture.reader import open_capture
from tests.support.packets import Conversation, pcap
from tests.support.tls_talk import DECRYPTION_SECRETS, through_tls, with_secrets

ROOT = Path(__file__).resolve().parents[4]
CAPTURE = ROOT / "captures" / "smb" / "smb311_ntlm" / "capture.pcapng"
RING = "ring_{:05d}_20261127120{:03d}.pcapng"
TABLES = ("negotiations", "tokens", "offers", "anomalies", "kdc", "names")
wireshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def blocks(data: bytes) -> list[bytes]:
    """The blocks of a pcapng file of the usual byte order."""
    found, position = [], 0
    while position < len(data):
        (length,) = struct.unpack_from("<I", data, position + 4)
        found.append(data[position : position + length])
        position += length
    return found


def kind(block: bytes) -> int:
    return int.from_bytes(block[:4], "little")


def cut(data: bytes, folder: Path, at: list[int], packing: Any = None) -> list[str]:
    """Cut a pcapng file before the packets `at`: each part has the head, the first one also the keys."""
    every = blocks(data)
    head = [block for block in every if kind(block) in {0x0A0D0D0A, 1}]
    keys = [block for block in every if kind(block) == DECRYPTION_SECRETS]
    packets = [block for block in every if kind(block) == 6]
    folder.mkdir()
    names = []
    for number, (begin, end) in enumerate(pairwise([0, *at, len(packets)]), 1):
        part = b"".join([*head, *(keys if number == 1 else []), *packets[begin:end]])
        path = folder / RING.format(number, number)
        path.write_bytes(part if packing is None else packing[number % len(packing)](part))
        names.append(str(path))
    return names


def tables(analysis: Analysis) -> dict[str, Any]:
    return {
        f"{name}.{column}": cells
        for name in TABLES
        for column, cells in analysis.columns(name).items()
        if column != "capture"
    }


def set_of(*paths: Path) -> RotatedInput:
    return RotatedInput(str(paths[0]), parts=tuple(Input(str(path)) for path in paths))


def stream(item: RotatedInput) -> bytes:
    """All bytes of a set, asked for in small portions."""
    joined, made = JoinedRecords(item), bytearray()
    view = memoryview(bytearray(1000))
    while count := joined.readinto(view):
        made += view[:count]
    return bytes(made)


def frames(item: Input) -> list[tuple[Any, ...]]:
    """Number, link type, time, size on the wire and bytes of all frames."""
    return [
        (block.first_frame + row, *cells, bytes(block.buffer[offset : offset + size]))
        for block in open_capture(item, CaptureAccount())
        for row, (offset, size, *cells) in enumerate(
            zip(
                block.offset.tolist(), block.cap_len.tolist(), block.link_type.tolist(),
                block.ts_ns.tolist(), block.wire_len.tolist(), strict=True,
            )
        )
    ]  # fmt: skip


@wireshark
@pytest.mark.parametrize("packing", [None, (bytes, gzip.compress, zstandard.compress)])
def test_wireshark_reads_a_set_as_the_capture_it_was(tmp_path: Path, packing: Any) -> None:
    """Wherever files were changed, rows and frames are those of the one capture, also of packed files."""
    alone = read(CAPTURE, engine="tshark")
    count = alone.columns("captures")["packets"][0]
    for number, at in enumerate(([9], [5, 9, 10], [count // 2, count - 1])):
        names = cut(CAPTURE.read_bytes(), tmp_path / str(number), at, packing)
        together = read(names, engine="tshark")
        assert tables(together) == tables(alone)
        told = together.columns("captures")
        assert told["engine"] == ["tshark"]
        assert told["files"] == [[Path(name).name for name in names]]
        if packing is None:  # where a packed file ends is not told by its head
            assert told["file_frames"] == [[1, *(place + 1 for place in at)]]
        for column in ("packets", "bytes", "first_ts", "last_ts", "complete", "link_types"):
            assert told[column] == alone.columns("captures")[column]
        assert told["negotiations"] == read(names).columns("captures")["negotiations"]
        assert len(read(names, engine="tshark", rotated=False).inputs) == len(names)


@wireshark
def test_a_negotiation_is_shown_out_of_several_files(tmp_path: Path) -> None:
    """Its files are read once more, as one."""
    names = cut(CAPTURE.read_bytes(), tmp_path / "set", [9])
    shown = read(names, engine="tshark").negotiation(1)
    assert str(shown).count("NTLM_AUTHENTICATE") == str(read(CAPTURE).negotiation(1)).count(
        "NTLM_AUTHENTICATE"
    )


@wireshark
@pytest.mark.parametrize("broken", [0, 1, 2])
def test_a_broken_file_is_lost_alone(tmp_path: Path, broken: int) -> None:
    """Cut in its last packet: the rows and the loss are the native engine's, the file's name in it."""
    names = [Path(name) for name in cut(CAPTURE.read_bytes(), tmp_path / "set", [5, 12])]
    names[broken].write_bytes(names[broken].read_bytes()[:-30])
    native, theirs = read(names), read(names, engine="tshark")
    assert len(native.inputs) == len(theirs.inputs) == 1
    assert tables(theirs) == tables(native)
    told = theirs.columns("captures")
    assert told["lost"] == native.columns("captures")["lost"]
    assert names[broken].name in told["lost"][0][0]
    assert told["complete"] == [False]
    assert theirs.damaged


@wireshark
def test_no_file_is_a_capture(tmp_path: Path) -> None:
    """One line, as of a single file."""
    from analyzer.analysis import begin
    from analyzer.arguments import wireshark_wanted
    from analyzer.errors import CaptureError
    from analyzer.reading import read_inputs

    paths = [tmp_path / RING.format(number, number) for number in (1, 2)]
    for path in paths:
        path.write_bytes(b"this is no capture")
    analysis = begin(wireshark=wireshark_wanted("tshark", None))
    with pytest.raises(CaptureError, match="not a capture"):
        read_inputs([set_of(*paths)], analysis)


@wireshark
def test_keys_in_one_file_decrypt_the_others(tmp_path: Path) -> None:
    """A key log that the first file brings along serves for connections that go on in the next one."""
    talk = Conversation(8443)
    question = b"GET / HTTP/1.1\r\nHost: web.nego.test\r\nAuthorization: Negotiate "
    question += b"TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==\r\n\r\n"
    keylog = tmp_path / "keys"
    packets = through_tls(talk, [(0, question)], keylog).packets
    data = with_secrets(packets, keylog)
    whole = tmp_path / "whole.pcapng"
    whole.write_bytes(data)
    alone = read(whole, engine="tshark")
    assert alone.columns("tokens")["token_type"] == ["NTLM_NEGOTIATE"]
    names = cut(data, tmp_path / "set", [4, len(packets) - 3])
    assert tables(read(names, engine="tshark")) == tables(alone)


def test_every_frame_stays_what_it_is(tmp_path: Path) -> None:
    """Formats side by side; frames without time or link type, cut, of other links, from before 1970."""
    ours = blocks(CAPTURE.read_bytes())
    packet = next(block for block in ours if kind(block) == 6)

    def block(number: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", number) + length + body + length

    long_ago = struct.pack("<HHqI", 14, 8, -(1 << 32), 0)
    odd = [
        ours[0],
        block(1, struct.pack("<HHI", 101, 0, 20)),
        block(1, struct.pack("<HHI", 1, 0, 0) + long_ago),
        block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHqI", 14, 8, -9_000_000_000, 0)),
        block(3, struct.pack("<I", 33) + b"twenty bytes of them"),
        block(3, struct.pack("<I", 5) + b"whole"),
        block(6, struct.pack("<IIIII", 1, 0, 77, 4, 60) + b"four"),
        block(6, struct.pack("<IIIII", 2, 0, 77, 4, 60) + b"1684"),
        block(6, struct.pack("<IIIII", 0, 1, 0, 3, 3) + b"odd"),
        block(6, struct.pack("<IIIII", 9, 0, 0, 4, 4) + b"what"),
        block(9, b"a line of a journal"),
        packet,
    ]
    first, second, third = (tmp_path / name for name in ("a.pcapng", "b.pcap", "c.pcapng.gz"))
    first.write_bytes(b"".join(odd))
    second.write_bytes(pcap(Conversation().client(b"hello").packets))
    third.write_bytes(gzip.compress(CAPTURE.read_bytes()))
    item = set_of(first, second, third)
    made = tmp_path / "made.pcapng"
    made.write_bytes(stream(item))
    found, wanted = frames(Input(str(made))), frames(item)
    assert {NO_TIME} < {time for _, _, time, _, _ in wanted if time < 0}
    assert {NO_LINK, 101, 1} <= {link for _, link, _, _, _ in wanted}
    nameless = [(n, 147 if link == NO_LINK else link, *rest) for n, link, *rest in wanted]
    assert found == nameless


@wireshark
@pytest.mark.parametrize("cut_short", [False, True])
def test_an_empty_frame_stops_nobody(tmp_path: Path, *, cut_short: bool) -> None:
    """A Simple Packet Block of 44 bytes of which none are there; also where its file is cut short after it."""
    ours = blocks(CAPTURE.read_bytes())
    head = [block for block in ours if kind(block) in {0x0A0D0D0A, 1}]
    packets = [block for block in ours if kind(block) == 6]
    empty = struct.pack("<IIII", 3, 16, 44, 16)
    first = b"".join([*head, *packets[:2], empty, packets[2]])
    names = []
    for number, data in enumerate(
        (first[: -10 if cut_short else None], b"".join([*head, *packets[3:]])), 1
    ):
        path = tmp_path / RING.format(number, number)
        path.write_bytes(data)
        names.append(str(path))
    native, joined = (
        read(names, engine=engine).columns("captures") for engine in ("native", "tshark")
    )
    assert joined["packets"] == native["packets"] == [len(packets) + (0 if cut_short else 1)]
    assert joined["files"] == native["files"]
    told = [said for said in native["lost"][0] if "snap length" not in said]  # of that frame
    assert joined["lost"] == [told]
