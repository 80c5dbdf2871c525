"""The engine `tshark`: Wireshark reads the file, everything below TCP and UDP payload, and TLS.

One pass of tshark prints a line for each packet. Its packets go through the same stream engine as those
of the native reader, which puts segments in order and states what is missing: with Wireshark's own
reassembly either a lost or a reordered segment would silence the rest of a connection (docs/adr).

Not handled: keys for IPsec, WLAN or Kerberos.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

from analyzer.capture import pcap, pcapng
from analyzer.capture.damage import record_loss
from analyzer.capture.inputs import Input, RotatedInput
from analyzer.capture.joined import JoinedRecords
from analyzer.capture.model import CaptureAccount, CaptureLoss
from analyzer.capture.source import Plain, Source, open_source
from analyzer.capture.tshark_lines import FIELDS
from analyzer.capture.tshark_process import Child, running
from analyzer.capture.tshark_program import find_tshark, surroundings
from analyzer.capture.tshark_rules import check_rules, rule_options
from analyzer.capture.tshark_streams import Consumers, PlainAndSealed
from analyzer.errors import CaptureError
from dissectors.records import dataclass

PREFERENCES = {
    "ip.defragment": "TRUE",
    "ipv6.defragment": "TRUE",
    "tcp.desegment_tcp_streams": "TRUE",
    "tcp.reassemble_out_of_order": "TRUE",  # TLS records out of reordered segments
    "tcp.calculate_timestamps": "FALSE",
    "tls.desegment_ssl_records": "TRUE",
}
UNREAD = ("http", "http2", "ldap", "smb", "smb2", "nbss", "credssp")
"""Protocols that Wireshark must not read: their bytes, decrypted ones above all, are ours."""
PLAIN_RECORDS = "tls.port==1-65535,data"
"""Decode-as rule by which decrypted records are shown as bytes, each record by itself."""

_HARMLESS = ("Running as user", "** (", "(tshark:")
_TLS_KEY_LOG = (b"KSLT", b"TLSK")
"""Secrets type of a pcapng Decryption Secrets Block, in both byte orders."""
_CUT = "cut short"
_DAMAGED = "damaged or corrupt"
_FOREIGN = (
    "isn't a capture file",
    "Illegal seek",
)  # the second where it looks for others in a pipe


@dataclass(frozen=True, slots=True)
class Wireshark:
    """How Wireshark is to read."""

    program: str
    tls_keylog: str | None = None  # path of a key log (SSLKEYLOGFILE)
    name: str = "tshark"  # of the engine, for the table `captures`
    feeds: bool = True  # the program can read standard input
    decode_as: tuple[str, ...] = ()  # rules, as its option -d takes them

    def command(self, path: str) -> list[str]:
        """The command line that prints the lines of a capture; `-` reads standard input."""
        arguments = [self.program, "-n", "-r", path, "-T", "fields"]
        has_keys = self.tls_keylog is not None or may_hold_keys(path)
        for field in FIELDS if has_keys else FIELDS[:-1]:
            arguments += ["-e", field]
        return arguments + self.settings()

    def with_rules(self, rules: tuple[str, ...]) -> Self:
        """The same with decode-as rules; `UsageError` if tshark refuses one."""
        if not rules:
            return self
        check_rules(self.tshark(), rules)
        return replace(self, decode_as=rules)

    def tshark(self) -> str:
        """Path of the tshark that will run."""
        return self.program

    def surroundings(self) -> dict[str, str]:
        """The environment of the program."""
        return surroundings()

    def settings(self) -> list[str]:
        """Options that make Wireshark's reading what we want."""
        chosen = dict(PREFERENCES)
        if self.tls_keylog is not None:
            chosen["tcp.try_heuristic_first"] = "TRUE"  # TLS on ports of something else; takes time
            chosen["tls.keylog_file"] = os.path.abspath(self.tls_keylog)  # noqa: PTH100 - as text
        arguments = rule_options((*self.decode_as, PLAIN_RECORDS))
        for name, value in chosen.items():
            arguments += ["-o", f"{name}:{value}"]
        for protocol in UNREAD:
            arguments += ["--disable-protocol", protocol]
        return arguments


def may_hold_keys(path: str) -> bool:
    """Whether a capture may bring TLS keys along; always for what cannot be looked through first."""
    if path == "-":
        return True
    before = b""
    with Path(path).open("rb") as file:
        while piece := file.read(1 << 20):
            piece = before + piece
            if any(kind in piece for kind in _TLS_KEY_LOG):
                return True
            before = piece[-3:]
    return False


def wireshark(tls_keylog: str | None = None) -> Wireshark:
    """The installed Wireshark; `UsageError` if there is none that will do."""
    return Wireshark(find_tshark(), tls_keylog)


def read(
    item: Input,
    account: CaptureAccount,
    how: Wireshark,
    consumers: Consumers,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Read one input to its end and feed the consumers.

    Raises `CaptureError` if Wireshark cannot read the input at all, or fails.
    """
    streams = PlainAndSealed(account, consumers)
    with ExitStack() as stack:
        path, feed = _open(item, account, stack, how)
        command = how.command(path)
        child = stack.enter_context(running(command, how.surroundings(), feed, how.name))
        for chunk in child.chunks():
            streams.feed(chunk.decode("ascii", "replace"))
            if progress is not None:
                progress(account.bytes)
    _judge(item, account, child, feed)
    streams.finish()


# -- the input -------------------------------------------------------------------------------------------


def _open(
    item: Input, account: CaptureAccount, stack: ExitStack, how: Wireshark
) -> tuple[str, _Counted | JoinedRecords | None]:
    """What tshark is to read: a path, or `-` and the bytes to feed it, decompressed and joined here."""
    if isinstance(item, RotatedInput):
        return "-", JoinedRecords(item)
    source = stack.enter_context(open_source(item))
    if how.feeds and (item.is_standard_input or not isinstance(source, Plain)):
        return "-", _Counted(item, source, account)
    if isinstance(source, Plain):
        if not source.magic:
            detail = source.failure.detail if source.failure else "empty file, not a capture"
            raise CaptureError(f"{item.name}: {detail}")
        account.format = _format(source.magic)
    else:
        account.format = source.compression
    account.file_bytes = Path(item.path).stat().st_size
    return os.path.abspath(item.path), None  # noqa: PTH100 - a name that begins with a dash


def _format(magic: bytes, compression: str = "") -> str:
    known = {"pcap": pcap.matches, "pcapng": pcapng.matches}
    name = next((name for name, matches in known.items() if matches(magic)), "")
    return "+".join(filter(None, (name, compression)))


class _Counted:
    """A source that tells the account what passes through it."""

    def __init__(self, item: Input, source: Source, account: CaptureAccount) -> None:
        self._item = item
        self.compression = source.compression
        self._source = source
        self._account = account

    @property
    def failure(self) -> CaptureLoss | None:
        return self._source.failure

    @failure.setter
    def failure(self, loss: CaptureLoss | None) -> None:
        self._source.failure = loss

    def readinto(self, view: memoryview) -> int:
        """Fill `view` as far as the input goes."""
        count = self._source.readinto(view)
        if not self._account.file_bytes:
            self._account.format = _format(bytes(view[:4]), self.compression)
        self._account.file_bytes += count
        return count

    def tell(self, account: CaptureAccount) -> None:
        """Tell why it ended early, if it did; `CaptureError` if there was nothing."""
        if self.failure is not None:
            self.failure.offset = account.file_bytes
            self.failure.frame = account.packets or None
            record_loss(account, self.failure)
        if not account.file_bytes:
            detail = self.failure.detail if self.failure else "empty file, not a capture"
            raise CaptureError(f"{self._item.name}: {detail}")


def _judge(
    item: Input, account: CaptureAccount, child: Child, feed: _Counted | JoinedRecords | None
) -> None:
    """Find out from how tshark ended what could not be read."""
    if feed is not None:
        feed.tell(account)
    said = " ".join(line for line in _told(child) if line)
    if child.status == 0:
        return
    if any(sign in said for sign in _FOREIGN):
        raise CaptureError(f"{item.name}: not a capture")
    if _CUT in said or _DAMAGED in said:
        # of a damaged input that is unpacked here enough is said; a set is fed without its damage
        if not account.damaged or isinstance(feed, JoinedRecords):
            code = "capture-cut" if _CUT in said else "capture-damaged"
            record_loss(account, CaptureLoss(code, said, frame=account.packets or None))
        return
    how = f"signal {-child.status}" if child.status < 0 else f"status {child.status}"
    raise CaptureError(f"{item.name}: {child.name} failed with {how}: {said or 'no message'}")


def _told(child: Child) -> Iterator[str]:
    """What the program complained of, without what means nothing and without its file names."""
    for line in child.complaints:
        text = line.strip().removeprefix(f"{child.name}: ")
        if not text.startswith(_HARMLESS):
            yield _nameless(text)


def _nameless(text: str) -> str:
    before, quote, rest = text.partition('The file "')
    return f"{before}the file{rest[rest.rfind(chr(34)) + 1 :]}" if quote else text
