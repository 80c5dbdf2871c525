"""What docs/fidelity.md says that tshark leaves out: still so in the tshark that is installed, and told by us."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from oracle.test_crosscheck import FOREIGN, OWN, SHARED
from support.kerberos_messages import HEAD
from support.packets import pcap
from support.tshark_talks import LEFT_OUT_TALKS

from analyzer.capture.inputs import Input
from analyzer.crosscheck.left_out import LEFT_OUT
from analyzer.crosscheck.our_tokens import our_reading
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.tshark import their_packets
from dissectors.tokens import dissect_token

EXAMPLES = [(name, example) for name, each in LEFT_OUT.items() for example in each.examples]


@pytest.fixture(scope="module", autouse=True)
def _tshark(require_tshark: None) -> None:
    """All of this needs tshark."""


def place_of(name: str, example: str, folder: Path) -> tuple[Path, int | None]:
    """Capture and frame; of a crafted one the frame is that of its last token."""
    if example == "crafted":
        path = folder / "talk.pcap"
        path.write_bytes(pcap(LEFT_OUT_TALKS[name]().packets))
        return path, None
    capture, _, frame = example.partition(", frame ")
    found = OWN.get(capture) or FOREIGN.get(capture)
    if found is None:
        assert not SHARED.is_dir(), f"{capture} is not there"
        pytest.skip(f"{capture} is not there")
    return found, int(frame)


def lines_of(packet: Node) -> list[str]:
    """What people read of a packet's tree."""
    return [node.label or node.show for node in packet.walk()]


def our_paths(path: Path, frame: int, packet: Node) -> Iterator[str]:
    """Paths of our fields of a frame: of its tokens, else of the Kerberos message in it."""
    tokens = [t.token for t in our_reading(Input(str(path))).tokens if t.frame == frame]
    if not tokens:
        payload = next(
            packet.first(name) for name in ("udp.payload", "tcp.payload") if packet.first(name)
        )
        assert payload is not None
        head = HEAD.search(payload.raw)
        assert head is not None
        tokens = [dissect_token(payload.raw[head.start() :])]
    for token in tokens:
        yield from (field.path for field in token.fields)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_shows_it(name: str, example: str, tmp_path: Path) -> None:
    """tshark's tree has the line and lacks the other; ours has the field."""
    each = LEFT_OUT[name]
    path, frame = place_of(name, example, tmp_path)
    if frame is None:
        frame = max(token.frame for token in our_reading(Input(str(path))).tokens)
    packets = list(their_packets(str(path), {frame}))
    (packet,) = [p for p in packets if (n := p.first("frame.number")) and n.number == frame]
    lines = lines_of(packet)
    assert any(re.search(each.theirs, line) for line in lines)
    assert not each.lacks or not any(re.search(each.lacks, line) for line in lines)
    ends = re.compile(rf"(?:^|\.){re.escape(each.ours).replace(re.escape('*'), '[^.]*')}$")
    assert any(ends.search(path) for path in our_paths(path, frame, packet))


def test_texts_of_the_list() -> None:
    """Each says in whole sentences what is shown and what is right, and where that is written."""
    for name, each in LEFT_OUT.items():
        assert name.startswith("left-"), name
        assert each.shows.endswith("."), name
        assert each.why.endswith("."), name
        assert each.spec, name
        assert ("crafted" in each.examples) == (name in LEFT_OUT_TALKS), name
