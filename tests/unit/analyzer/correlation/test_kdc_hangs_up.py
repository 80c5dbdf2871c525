"""A KDC that closes the connection instead of answering, in a capture of ours in which it answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.facts import ROOT, rows_of
from support.packets import ACK, FIN, RST, Packet, pcapng, read_packets, segment_of
from support.variants import ports

from analyzer.analysis import read

CASE = ROOT / "captures/http/fallback_no_spn/capture.pcapng"
KDC = 88


def hung_up(flags: int, *, lost: int = 0, client_first: bool = False) -> list[Packet]:
    """Each answer replaced by the server's end; what follows on its connection is gone.

    `lost`: so many bytes before it are not in the capture; `client_first`: behind the client's own end.
    """
    kept, over = [], set()
    for packet in read_packets(CASE):
        segment = segment_of(packet)
        if segment is None or KDC not in ports(segment):
            kept.append(packet)
            continue
        if segment.sender in over or segment.receiver in over:
            continue
        if ports(segment)[0] == KDC and segment.payload:
            over.add(segment.sender)
            end = segment.build(b"", seq=segment.seq + lost, flags=flags)
            if client_first:
                kept.append(_client_ends(kept, end))
            kept.append(end)
        else:
            kept.append(packet)
    return kept


def _client_ends(before: list[Packet], end: Packet) -> Packet:
    """The FIN of the client, behind what it has sent, when `end` comes."""
    segment = segment_of(end)
    assert segment is not None
    sent = [each for each in map(segment_of, before) if each and each.sender == segment.receiver]
    last = sent[-1]
    fin = last.build(b"", seq=last.seq + len(last.payload), flags=FIN | ACK)
    return fin._replace(ts_ns=end.ts_ns)


def told(packets: list[Packet], folder: Path) -> tuple[str, str, str, set[str]]:
    """Reason, confidence and detail of the negotiation, and what became of the KDC's answers."""
    path = folder / "part.pcapng"
    path.write_bytes(pcapng(packets))
    columns = read(path, tables=["negotiations", "kdc"]).tables.columns
    [row] = rows_of(columns["negotiations"])
    return row["reason"], row["confidence"], row["reason_detail"], set(columns["kdc"]["answer"])


@pytest.mark.parametrize("flags", [FIN | ACK, RST | ACK, RST])
def test_it_closes_without_an_answer(flags: int, tmp_path: Path) -> None:
    """So the client need not wait for one."""
    code, sure, detail, answers = told(hung_up(flags), tmp_path)
    assert (code, sure, answers) == ("kdc_unreachable", "likely", {"none"})
    assert "(10.99.0.1 port 88: the connection closed, no answer)" in detail


@pytest.mark.parametrize("flags", [FIN | ACK, RST | ACK])
def test_what_it_said_before_is_lost(flags: int, tmp_path: Path) -> None:
    """Its end stands behind bytes that the capture lacks: the answer."""
    code, _, detail, answers = told(hung_up(flags, lost=472), tmp_path)
    assert (code, answers) == ("ntlm_only_client", {"lost"})
    assert "it lacks the answer of 10.99.0.1 about HTTP/nospn.nego.test" in detail


def test_all_else_that_it_said_is_missing(tmp_path: Path) -> None:
    """Its end alone does not tell what came before."""
    packets = [p for p in hung_up(FIN | ACK) if not _said_by_kdc(p) or _flags(p) & FIN]
    assert len(packets) < len(hung_up(FIN | ACK))
    code, sure, *_ = told(packets, tmp_path)
    assert (code, sure) == ("kdc_unreachable", "possible")


def _said_by_kdc(packet: Packet) -> bool:
    segment = segment_of(packet)
    return segment is not None and ports(segment)[0] == KDC


def _flags(packet: Packet) -> int:
    """Flags of a TCP segment."""
    segment = segment_of(packet)
    assert segment is not None
    return segment.flags


def test_the_client_closes_first(tmp_path: Path) -> None:
    """Then it is the client that gave up, and at once."""
    code, sure, detail, answers = told(hung_up(FIN | ACK, client_first=True), tmp_path)
    assert (code, sure, answers) == ("kdc_unreachable", "possible", {"none"})
    assert "no answer from 10.99.0.1, though the client went on at once" in detail
