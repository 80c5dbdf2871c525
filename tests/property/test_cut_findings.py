"""What a capture lacks makes nobody look worse: no rule finds in a part what it does not find in the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import facts
from support.facts import capture_name, captures
from support.packets import Packet, pcapng, read_packets
from support.transport import snapped

from analyzer.analysis import read

LARGEST = 1_000_000
"""Packet bytes of a capture worth trying: of all our own, and of most of others."""
MOST = 120 if facts.SWEEP else 1
"""Packets that are lost, and late starts, per capture of our own; evenly spread over a longer one."""
SNAPS = (96, 128, 200, 300, 600)

WHY_NTLM = {"NGS-NTLM-010", "NGS-NTLM-011", "NGS-NTLM-012"}
"""Answers to one question, of which the best proved is told: without its proof the next one is, as true."""


TOLD_BY_A_PART = {
    # the relay's request is not signed, only the server's refusal, and that may be what is lost
    # and where a challenge is lost, the NEGOTIATE is what is left of what the whole tells for certain
    "smb/relayed_http": {"NGS-SMB-004", "NGS-RELAY-006"},
    "smb/relayed_smb": {"NGS-RELAY-006"},
    "ldap/altered_offer_two_hops": {"NGS-RELAY-006"},
}
"""What is true of a part of a capture and not of the whole."""


def above_info(path: Path) -> set[str]:
    """Ids of the rules that find something worth a look."""
    found = read(path).audit().findings
    assert [each.why for each in found if "None" in each.why + each.subject] == []
    return {each.rule.rule_id for each in found if each.rule.severity != "info"}


def allowed(found: set[str]) -> set[str]:
    """What a part may tell of a capture in which this is found."""
    return found | WHY_NTLM if found & (WHY_NTLM | {"NGS-NTLM-013"}) else found


def cuts(packets: list[Packet], turn: int, *, own: bool) -> Iterator[tuple[str, list[Packet]]]:
    """Parts of a capture, each with what was done; in the normal run few, others for each `turn`.

    Of one of others, which are large, the snap lengths.
    """
    for at, size in enumerate(SNAPS):
        if facts.SWEEP or at == turn % len(SNAPS):
            yield f"snap length {size}", snapped(size)(packets)
    if not own:
        return
    step = max(1, len(packets) // MOST)
    for at in range(turn % step, len(packets), step):
        yield f"without packet {at + 1}", packets[:at] + packets[at + 1 :]
    for at in range(1 + turn % step, len(packets), step):
        yield f"without the first {at}", packets[at:]


RECORDED = [
    pytest.param(path, turn, id=capture_name(path))
    for turn, path in enumerate(captures())
    if facts.SWEEP or turn % 4 == 0
]


@pytest.mark.parametrize(("path", "turn"), RECORDED)
def test_a_part_accuses_nobody_whom_the_whole_does_not(
    path: Path, turn: int, tmp_path: Path
) -> None:
    """Snap lengths, one packet lost, a late start."""
    packets = read_packets(path)
    own = path.name == "capture.pcapng"
    if sum(len(packet.data) for packet in packets) > LARGEST:
        pytest.skip("a large capture")
    known = allowed(above_info(path)) | TOLD_BY_A_PART.get(capture_name(path), set())
    part = tmp_path / "part.pcapng"
    wrong = []
    for done, kept in cuts(packets, turn, own=own):
        part.write_bytes(pcapng(kept))
        wrong += [f"{rule_id} {done}" for rule_id in sorted(above_info(part) - known)]
    assert wrong == []
