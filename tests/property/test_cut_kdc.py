"""A KDC's answer that a snap length cut refuses nothing, grants nothing and asks nothing that it did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import facts
from support.facts import capture_name, captures, rows_of
from support.packets import Packet, pcapng, read_packets
from support.transport import snapped

from analyzer.analysis import read
from analyzer.negotiation.reasons import is_kdc_refusal, is_kdc_step
from analyzer.surroundings.kdc_facts import NO_CODE

LARGEST = 1_000_000
STEP = 1 if facts.SWEEP else 13
HEADS = range(56, 200)
"""Snap lengths within which a KRB-ERROR's code stands, over UDP and TCP, with IPv4 and IPv6."""

Row = dict[str, Any]


def rows(packets: list[Packet], target: Path) -> list[Row]:
    """The table `kdc` of these packets."""
    target.write_bytes(pcapng(packets))
    return rows_of(read(target, tables=["kdc"]).tables.columns["kdc"])


def meaning(row: Row) -> str | None:
    """What came of a request; None where that is not known."""
    if row["error"] is None:
        return "ticket" if row["reply_cut"] is not None else None
    code, referral = row["error_code"], row["referral"]
    if is_kdc_step(code, referral):
        return "step"
    return "refused" if is_kdc_refusal(code, referral, cut=row["reply_cut"]) else None


OURS = [path for path in captures() if path.name == "capture.pcapng"]
WITH_A_KDC = [
    pytest.param(path, turn, id=capture_name(path))
    for turn, path in enumerate(OURS)
    if path.parent.parent.name == "kdc" or capture_name(path) == "smb/mixed"
]


@pytest.mark.parametrize(("path", "turn"), WITH_A_KDC)
def test_what_a_cut_answer_means_is_what_it_meant_or_not_known(
    path: Path, turn: int, tmp_path: Path
) -> None:
    """At every snap length; a whole answer without a code is none of these."""
    packets = read_packets(path)
    if sum(len(packet.data) for packet in packets) > LARGEST:
        pytest.skip("a large capture")
    whole = {row["frame_reply"]: row for row in rows(packets, tmp_path / "whole.pcapng")}
    known = {meaning(row) for row in whole.values()}
    assert not any(row["reply_cut"] or row["request_cut"] for row in whole.values())
    seen = set()
    for size in HEADS[turn % STEP :: STEP]:
        for row in rows(snapped(size)(packets), tmp_path / "cut.pcapng"):
            said, was = meaning(row), whole.get(row["frame_reply"])
            seen.add(said)
            assert row["error"] != NO_CODE, size
            # of an answer in several packets the first one is all that a snap length leaves
            assert said is None or said in ({meaning(was)} if was else known), size
            if row["requested_etypes"] and not row["request_cut"]:
                assert row["requested_etypes"] in [
                    each["requested_etypes"] for each in whole.values()
                ]
    assert seen <= known | {None}


def test_a_list_inside_another_token_is_whole_or_said_to_be_cut(tmp_path: Path) -> None:
    """IAKERB: the token around the request tells that its end is missing."""
    (path,) = (each for each in OURS if capture_name(each) == "http/iakerb_refused")
    packets = read_packets(path)
    (whole,) = rows(packets, tmp_path / "whole.pcapng")
    assert not whole["request_cut"]
    listed = set()
    for size in range(380, 440, 3):
        for row in rows(snapped(size)(packets), tmp_path / "cut.pcapng"):
            listed.add(len(row["requested_etypes"] or ()))
            assert row["request_cut"] or row["requested_etypes"] == whole["requested_etypes"], size
    assert len(listed) > 3
