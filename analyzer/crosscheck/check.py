"""Hold our reading of a capture against tshark's: one pass of each, then packet by packet.

`crosscheck` is the way in from Python, `check_capture` what all others use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import field

from analyzer.capture.inputs import Input
from analyzer.capture.tshark_program import find_tshark
from analyzer.capture.tshark_rules import check_rules
from analyzer.crosscheck.columns import compare_cells
from analyzer.crosscheck.declared import declare
from analyzer.crosscheck.difference import ROW, Conversation, Difference
from analyzer.crosscheck.leaves import compare_fields
from analyzer.crosscheck.match import pair_tokens
from analyzer.crosscheck.our_tokens import OurReading, OurToken, our_reading
from analyzer.crosscheck.tshark import their_packets
from analyzer.crosscheck.tshark_tokens import TheirPacket, TheirToken, their_packet
from analyzer.decode_as import Given, read_rules
from analyzer.errors import UsageError
from dissectors.records import dataclass


@dataclass(slots=True)
class Checked:
    """The result for one capture."""

    capture: str
    differences: list[Difference] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    """`tokens`: both have; `cells`, `fields`: compared; `unmapped NAME`: of tshark, in no mapping."""
    damaged: bool = False

    @property
    def unexplained(self) -> list[Difference]:
        """Differences of no declared class."""
        return [each for each in self.differences if each.declared is None]


def check_capture(source: Input, decode_as: Given = None) -> Checked:
    """Read a capture ourselves and by tshark, both with the rules `decode_as`.

    tshark is given all of them, we take those that name a carrier. Raises `CaptureError`, `UsageError`.
    """
    if source.is_standard_input:
        raise UsageError("crosscheck reads a capture twice: save standard input to a file")
    rules = read_rules(decode_as, with_wireshark=True)
    check_rules(find_tshark(), rules.for_wireshark)
    reading = our_reading(source, rules.carriers)
    checked = Checked(source.name, damaged=reading.account.damaged)
    frames = {token.frame for token in reading.tokens}
    trees = their_packets(source.path, frames, rules.for_wireshark)
    for difference in _differences(reading, map(their_packet, trees), checked.tally):
        difference.declared = declare(difference)
        checked.differences.append(difference)
    return checked


def _differences(
    reading: OurReading, packets: Iterator[TheirPacket], tally: Counter[str]
) -> Iterator[Difference]:
    """Walk both readings in order of frames."""
    by_frame: dict[int, list[OurToken]] = {}
    for token in reading.tokens:
        by_frame.setdefault(token.frame, []).append(token)
    conversations: dict[int | None, Conversation] = {}
    for packet in packets:
        ours = by_frame.pop(packet.frame, [])
        conversation = conversations.get(packet.stream_id)
        if conversation is None:
            lost = reading.lost_in.get(packet.stream_id) if packet.stream_id is not None else None
            conversation = Conversation(lost_in=lost)
        for difference in _packet_differences(ours, packet, tally):
            difference.packet = packet
            difference.conversation = conversation
            yield difference
        conversations[packet.stream_id] = conversation.with_tokens(ours, packet.tokens)
    for frame, ours in sorted(by_frame.items()):  # tshark has not even shown the packet
        for token in ours:
            yield Difference(ROW, "token_type", token.token.token_type, None, frame, token)


def _packet_differences(
    ours: list[OurToken], packet: TheirPacket, tally: Counter[str]
) -> Iterator[Difference]:
    paired, only_ours, only_theirs = pair_tokens(ours, packet.tokens)
    for mine, its in paired:
        tally["tokens"] += 1
        yield from _pair_differences(mine, its, packet, tally)
    for mine in only_ours:
        tally["ours only"] += 1
        yield Difference(ROW, "token_type", mine.token.token_type, None, packet.frame, mine)
    for its in only_theirs:
        tally["theirs only"] += 1
        yield Difference(ROW, "token_type", None, its.kind, packet.frame, None, its)


def _pair_differences(
    mine: OurToken, its: TheirToken, packet: TheirPacket, tally: Counter[str]
) -> Iterator[Difference]:
    for _, found in compare_cells(mine, packet, its):
        tally["cells"] += 1
        if found is not None:
            found.our_token, found.their_token = mine, its
            yield found
    for found in compare_fields(mine, its, tally):
        found.their_token = its
        yield found
