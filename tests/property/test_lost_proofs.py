"""What a refusal means is told by the token that it answers: without that token it is at most possible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import facts
from support.facts import Row, capture_name, captures, rows_of
from support.packets import Packet, Segment, pcapng, read_packets, segment_of
from support.transport import snapped

from analyzer.analysis import read

BY_THE_TOKEN = {
    "bad_credentials", "integrity_failure", "kerberos_refused", "malformed_token", "mechanism_refused",
    "mutual_auth_failed", "no_common_mechanism", "ntlm_blocked", "policy_denied", "protocol_error",
    "selective_authentication", "server_error", "session_expired", "ticket_expired", "token_too_large",
}  # fmt: skip
"""What a status that is not about one thing alone comes to by what it answers."""
SAID_BY_STATUS = {
    ("authMethodNotSupported", "no_common_mechanism"),
    ("other", "server_error"),
    ("protocolError", "protocol_error"),
    ("unwillingToPerform", "policy_denied"),
}
"""What a general status says by itself, whatever it answers."""
HEAD = 100
"""Bytes of a packet that hold no token's beginning."""
LARGEST = 300_000
"""Packet bytes of a capture worth trying: of all our own."""


class Refused:
    """A refusal in a capture: its row, its frame, and the segments of the client's message before it."""

    def __init__(self, row: Row, packets: list[Packet]) -> None:
        self.row = row
        segments = [segment_of(packet) for packet in packets]
        self.at = row["last_frame"] - 1
        answer = segments[self.at]
        self.asked: list[int] = []  # places of the client's message
        self.before: list[int] = []  # and of the server's before it
        if answer is not None:
            spoken = [
                at
                for at, segment in enumerate(segments[: self.at])
                if segment is not None and segment.payload and _talks(segment, answer)
            ]
            self.asked = _latest_run(spoken, segments, answer.receiver)
            rest = [at for at in spoken if at < self.asked[0]] if self.asked else []
            self.before = _latest_run(rest, segments, answer.sender)


def _talks(one: Segment, other: Segment) -> bool:
    return other.sender in {one.sender, one.receiver}


def _latest_run(
    spoken: list[int], segments: list[Segment | None], sender: tuple[bytes, bytes]
) -> list[int]:
    """Places of what `sender` said last without a word of the other side between."""
    run: list[int] = []
    for at in reversed(spoken):
        segment = segments[at]
        if segment is not None and segment.sender == sender:
            run.insert(0, at)
        elif run:
            break
    return run


def losses(refused: Refused, packets: list[Packet]) -> Iterator[tuple[str, list[Packet | None]]]:
    """Captures that lack the client's last message, each with what is lost; None for each lost packet."""
    asked, before = set(refused.asked), set(refused.before)
    segments = [segment_of(packet) for packet in packets]
    answer = segments[refused.at]
    assert answer is not None
    yield "the client's last message", [None if at in asked else p for at, p in enumerate(packets)]
    both = asked | before
    yield "it and the challenge", [None if at in both else p for at, p in enumerate(packets)]
    mute = [segment is not None and segment.sender == answer.receiver for segment in segments]
    yield "the client's side", [None if mute[at] else p for at, p in enumerate(packets)]
    yield "all before the refusal", [None if at < refused.at else p for at, p in enumerate(packets)]
    cut = snapped(HEAD)(packets)
    whole = all(not cut[at].missing for at in asked)
    if whole or refused.row["wrapper"] == "none":
        return  # the first message of a logon by password says that it is one
    yield "its end", [cut[at] if at in asked else p for at, p in enumerate(packets)]


def unproved(row: Row, whole: Row) -> bool:
    """It names a cause for likely that another token would not have had.

    One that is certain, a message states: it does so in the whole capture too.
    """
    if row["confidence"] == "certain":
        stated = (whole["reason"], whole["confidence"]) == (row["reason"], "certain")
        return row["reason"] in BY_THE_TOKEN and not stated
    by_token = row["reason"] in BY_THE_TOKEN
    return (
        row["confidence"] == "likely"
        and by_token
        and (row["status"], row["reason"]) not in SAID_BY_STATUS
    )


RECORDED = [
    pytest.param(path, id=capture_name(path))
    for turn, path in enumerate(captures())
    if facts.SWEEP or turn % 4 == 1
]


@pytest.mark.parametrize("path", RECORDED)
def test_nothing_is_likely_that_a_lost_token_would_have_to_prove(
    path: Path, tmp_path: Path
) -> None:
    """Whatever of the client's last message, or of all that led to it, is lost."""
    packets = read_packets(path)
    if sum(len(packet.data) for packet in packets) > LARGEST:
        pytest.skip("a large capture")
    rows = rows_of(read(path).tables.columns["negotiations"])
    part = tmp_path / "part.pcapng"
    wrong = []
    for row in rows:
        if row["outcome"] != "failure" or row["status"] is None:
            continue
        refused = Refused(row, packets)
        if not refused.asked:
            continue
        for lost, kept in losses(refused, packets):
            part.write_bytes(pcapng([packet for packet in kept if packet is not None]))
            frame = sum(packet is not None for packet in kept[: refused.at + 1])
            wrong += [
                f"without {lost}: {found['reason_detail']}"
                for found in rows_of(read(part).tables.columns["negotiations"])
                if frame in (found["frames"] or ())
                and found["outcome"] == "failure"
                and unproved(found, row)
            ]
    assert wrong == []
