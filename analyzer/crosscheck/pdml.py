"""tshark's PDML as a stream of packets, each a small tree, one in memory at a time.

PDML is the only output of tshark that keeps the tree (which field belongs to which token), the order and
the bytes with their positions. It is XML with the wire's text in it: what XML forbids is replaced.

Spec: Wireshark's doc/README.xml-output.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from xml.parsers import expat

from analyzer.errors import CaptureError

ELEMENT_LIMIT = 200_000
"""Elements kept of one packet; of what is beyond, nothing is compared."""
DEPTH_LIMIT = 200
SILENCE_LIMIT = 1 << 28
"""Bytes without a single element: no PDML."""

_FORBIDDEN = str.maketrans(dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�"))
UNFAITHFUL = "\ufffd"
"""In a text: tshark, or this reading of it, could not write what is on the wire."""


class Node:
    """One element: a protocol or a field, its bytes by position, length and value."""

    __slots__ = ("children", "is_protocol", "label", "name", "pos", "show", "size", "value")

    def __init__(
        self, name: str, show: str = "", pos: int = 0, size: int = 0, value: str = ""
    ) -> None:
        self.name = name
        self.show = show
        self.pos = pos
        self.size = size
        self.value = value  # hex; empty where tshark gives none
        self.label = ""  # the line that people read
        self.is_protocol = False
        self.children: list[Node] = []

    def walk(self) -> Iterator[Node]:
        """This node and all below, in document order."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending += reversed(node.children)

    def first(self, name: str) -> Node | None:
        """The first node of that name, itself included."""
        return next((node for node in self.walk() if node.name == name), None)

    def every(self, name: str) -> list[Node]:
        """All nodes of that name, itself included."""
        return [node for node in self.walk() if node.name == name]

    @property
    def raw(self) -> bytes:
        """The bytes of `value`; empty if there are none."""
        try:
            return bytes.fromhex(self.value)
        except ValueError:
            return b""

    @property
    def number(self) -> int | None:
        """The shown number; None if it is none."""
        try:
            return int(self.show, 0)
        except ValueError:
            return None


def packets(chunks: Iterable[bytes]) -> Iterator[Node]:
    """Parse PDML as it comes; yield every packet as a node whose children are its protocols.

    Raises `CaptureError` if it is no PDML. Output that ends early just ends.
    """
    parser = _Parser()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for data in chunks:
        parser.feed(decoder.decode(data).translate(_FORBIDDEN))
        yield from parser.take()


class _Parser:
    """Builds one packet's tree after the other."""

    def __init__(self) -> None:
        self._expat = expat.ParserCreate()
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._open: list[Node] = []
        self._skipped = 0  # elements open beyond a limit
        self._budget = ELEMENT_LIMIT
        self._silent = 0
        self._done: list[Node] = []

    def feed(self, text: str) -> None:
        """Parse a piece."""
        self._silent += len(text)
        if self._silent > SILENCE_LIMIT:
            raise CaptureError(f"tshark: no element in {SILENCE_LIMIT} bytes of its output")
        try:
            self._expat.Parse(text, False)
        except expat.ExpatError as error:
            raise CaptureError(f"tshark: its output is no PDML ({error})") from None

    def take(self) -> list[Node]:
        """Packets that are complete."""
        done, self._done = self._done, []
        return done

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._silent = 0
        if tag == "packet":
            self._open = [Node("packet")]
            self._skipped, self._budget = 0, ELEMENT_LIMIT
            return
        if not self._open:
            return
        if self._skipped or not self._budget or len(self._open) > DEPTH_LIMIT:
            self._skipped += 1
            return
        self._budget -= 1
        get = attributes.get
        node = Node(
            get("name", ""),
            get("show", ""),
            _integer(get("pos")),
            _integer(get("size")),
            get("unmaskedvalue") or get("value", ""),
        )
        node.label = get("showname", "")
        node.is_protocol = tag == "proto"
        self._open[-1].children.append(node)
        self._open.append(node)

    def _end(self, tag: str) -> None:
        if tag == "packet" and self._open:
            self._done.append(self._open[0])
            self._open = []
        elif self._skipped:
            self._skipped -= 1
        elif self._open:
            self._open.pop()


def _integer(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
