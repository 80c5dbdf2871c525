"""Opens a capture of whatever format and compression and tells its packets, block by block."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture import pcap, pcapng
from analyzer.capture.damage import record_loss
from analyzer.capture.inputs import RotatedInput
from analyzer.capture.model import NO_TIME, CaptureAccount, CaptureLoss, RecordBlock
from analyzer.capture.packet_objects import PacketInput
from analyzer.capture.source import Memory, Progress, Room, Source, Window, open_source
from analyzer.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.capture.inputs import Input

FOREIGN = (  # first bytes of files that people take for captures
    (b"GMBU", "a Microsoft Network Monitor 2 capture"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture"),
    (b"snoop\0\0\0", "a snoop capture (RFC 1761)"),
    (b"iptrace ", "an AIX iptrace capture"),
    (b"TRSNIFF data", "a Sniffer capture"),
    (b"XCP\0", "a NetXRay or Windows Sniffer capture"),
    (b"\x05VNF", "a Visual Networks capture"),
    (b"ObserverPktBufferVersion", "an Observer capture"),
    (b"\xac\x01\x00\x1c", "an IXIA capture"),
    (b"\xab\x01\x00\x1c", "an IXIA capture"),
    (b"\x1c\x00\x01\xac", "an IXIA capture"),
    (b"\x1c\x00\x01\xab", "an IXIA capture"),
    (b"\xa1\xe2\xcb\x12", "a Network Instruments capture"),
    (b"%\0\0\0ETL", "an event trace"),
    (b"ElfFile\0", "a Windows event log"),
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"\x04\x22\x4d\x18", "compressed with lz4"),
    (b"\x1f\x8b", "compressed twice with gzip"),
)


def open_capture(
    item: Input,
    account: CaptureAccount,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Iterator[RecordBlock]:
    """All packets of `item` in file order, `account` filled on the way; `memory` is where their bytes go.

    The bytes of a block are there until the next one is asked for.
    CaptureError, with the first block at the latest, if it is no capture.
    """
    if isinstance(item, PacketInput):
        for block in item.blocks(account, progress):
            _tally(block, account)
            yield block
        return
    memory = Room() if memory is None else memory
    if isinstance(item, RotatedInput):
        yield from _open_parts(item, account, progress, memory)
        return
    with open_source(item, progress) as source:
        window = Window(source, memory)
        try:
            for block in _blocks(item.name, source, window, account):
                _tally(block, account)
                yield block
        finally:
            account.file_bytes = window.total
            if source.failure is not None:
                source.failure.offset = window.total
                source.failure.frame = account.packets or None
                record_loss(account, source.failure)


def _open_parts(
    item: RotatedInput,
    account: CaptureAccount,
    progress: Progress | None,
    memory: Memory,
) -> Iterator[RecordBlock]:
    """All packets of a rotated capture, counted through; a file that can't be read is a loss among others."""
    consumed = 0
    for part in item.parts:
        own, before = CaptureAccount(secrets=account.secrets), account.packets
        account.files.append((part.name, before + 1))
        told = None if progress is None else partial(_progress_on, progress, consumed)
        try:
            for block in open_capture(part, own, told, memory):
                block.first_frame += before
                yield block
        except CaptureError as error:
            record_loss(own, CaptureLoss("capture-damaged", "the file could not be read"))
            if part is item.parts[-1] and not account.packets:
                raise error from None
        for loss in own.losses:
            loss.detail = f"{part.name}: {loss.detail}"
            loss.frame = None if loss.frame is None else loss.frame + before
        own.secrets = []  # those of all files are in one list, known as soon as they are read
        account.join(own)
        consumed += part.size


def _progress_on(progress: Progress, before: int, count: int) -> None:
    progress(before + count)


def _blocks(
    name: str, source: Source, window: Window, account: CaptureAccount
) -> Iterator[RecordBlock]:
    if not window.end:
        reason = source.failure.detail if source.failure else "empty file, not a capture"
        raise CaptureError(f"{name}: {reason}")
    magic = window.data[:4]
    for format_name, matches, read in (
        ("pcap", pcap.matches, pcap.read),
        ("pcapng", pcapng.matches, pcapng.read),
    ):
        if matches(magic):
            account.format = "+".join(filter(None, (format_name, source.compression)))
            return read(name, window, account)
    for start, what in FOREIGN:
        if window.data[: len(start)] == start:
            raise CaptureError(f"{name}: {what}, which is not supported")
    raise CaptureError(f"{name}: not a capture")


def _tally(block: RecordBlock, account: CaptureAccount) -> None:
    account.packets += len(block)
    account.bytes += int(block.cap_len.sum())
    account.truncated_packets += int(np.count_nonzero(block.cap_len < block.wire_len))
    timed = block.ts_ns
    if timed.min() == NO_TIME:
        timed = timed[timed != NO_TIME]
        if not len(timed):
            return
    first, last = int(timed.min()), int(timed.max())
    if account.first_ts_ns is None or first < account.first_ts_ns:
        account.first_ts_ns = first
    if account.last_ts_ns is None or last > account.last_ts_ns:
        account.last_ts_ns = last
