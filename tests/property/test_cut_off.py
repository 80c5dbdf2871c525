"""Where a capture ends inside a message of an authentication, that is told, and what is there of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.facts import SWEEP, capture_name, captures, facts_of
from support.packets import Packet, pcapng, read_packets, segment_of
from support.transport import cut_to

import negoscope as ng
from dissectors.carriers.ldap_pdu import BIND_REQUEST, BIND_RESPONSE, read_head, sender

LDAP = [path for path in captures() if capture_name(path).startswith("ldap/")]
NOT_FROM_THE_START = {"mid_stream", "snaplen_96", "client_only", "lost_answer"}
WHOLE = [path for path in LDAP if path.parent.name not in NOT_FROM_THE_START]
SMALL = WHOLE if SWEEP else WHOLE[::4]


def binds(packets: list[Packet]) -> list[tuple[int, bytes]]:
    """Packets that begin with a bind's message: index and payload."""
    found = []
    for at, packet in enumerate(packets):
        segment = segment_of(packet)
        if segment is None or not segment.whole:
            continue
        head = read_head(segment.payload)
        if head is not None and head.op in {BIND_REQUEST, BIND_RESPONSE}:
            found.append((at, segment.payload))
    return found


def is_first(packets: list[Packet], at: int) -> bool:
    """Whether nothing was said on its connection before a packet."""
    own = segment_of(packets[at])
    assert own is not None
    earlier = [segment for packet in packets[:at] if (segment := segment_of(packet)) is not None]
    return not any(
        segment.payload and segment.sender in {own.sender, own.receiver} for segment in earlier
    )


def ended(packets: list[Packet], at: int, kept: int) -> list[Packet]:
    """The packets before one, and of that one the first bytes."""
    segment = segment_of(packets[at])
    assert segment is not None
    return [*packets[:at], segment.build(segment.payload[:kept])]


def stops(payload: bytes) -> list[int]:
    """How much of a message is left: its tag, its header, a bit more, half, all but a byte."""
    head = read_head(payload)
    assert head is not None
    kept = {1, head.body, head.body + 3, head.body + 12, head.size // 2, head.size - 1}
    return sorted(size for size in kept if size < min(head.size, len(payload)))


@pytest.mark.parametrize("path", WHOLE, ids=capture_name)
def test_a_bind_that_the_capture_cuts_is_told(path: Path, tmp_path: Path) -> None:
    """One row that says so, in its frame; if its header is there the logon is one that was cut off."""
    packets = read_packets(path)
    target = tmp_path / "ended.pcapng"
    for at, payload in binds(packets):
        for kept in stops(payload):
            if sender(payload[:kept]) is None and is_first(packets, at):
                continue  # nobody can tell that it is LDAP
            target.write_bytes(pcapng(ended(packets, at, kept)))
            tables = ng.read(str(target), tables=["negotiations", "anomalies"]).tables.columns
            rows = tables["anomalies"]
            told = [
                frame
                for code, frame, detail in zip(
                    rows["code"], rows["frame"], rows["detail"], strict=True
                )
                if code == "cut-off" and detail == "the stream ends inside a message"
            ]
            assert told == [at + 1], (at, kept)
            assert "gap" not in rows["code"]
            head = read_head(payload[:kept])
            if head is None or not head.size:
                continue
            found = tables["negotiations"]
            latest = max(range(len(found["last_frame"])), key=found["last_frame"].__getitem__)
            last = {name: values[latest] for name, values in found.items()}
            if head.op == BIND_REQUEST:
                assert last["last_frame"] == at + 1, (at, kept)
                # a client that sends an error refuses by itself, whatever else that error says
                refuses = last["reason"] in {"mutual_auth_failed", "unspecified_failure"}
                assert last["outcome"] == ("failure" if refuses else "incomplete")
            if last["outcome"] == "incomplete":  # the first bytes of an answer hold its result
                assert last["completeness"] == "cut-off"
                assert last["reason"] == "capture_ended_early"


@pytest.mark.parametrize("path", SMALL, ids=capture_name)
def test_segments_do_not_change_what_is_told_of_a_cut_bind(path: Path, tmp_path: Path) -> None:
    """The same rows where every byte came in a segment of its own."""
    packets = read_packets(path)
    target = tmp_path / "ended.pcapng"
    for at, payload in binds(packets):
        for kept in stops(payload):
            found = []
            for size in (10_000, 1):
                target.write_bytes(pcapng(cut_to(size)(ended(packets, at, kept))))
                found.append(facts_of(target))
            assert found[0] == found[1], (at, kept)
