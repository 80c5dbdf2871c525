"""Wherever a fault shows, and whenever: the capture is read to its end, and nothing is told twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.facts import ROOT, rows_of
from support.http_talk import NTLM1, ntlm, refuse
from support.packets import RST, Conversation, pcapng

import analyzer.negotiation.rebuild as rebuilding
import analyzer.pipeline.conversation as conversing
import analyzer.pipeline.readers as reading
from analyzer.analysis import read
from analyzer.negotiation.rebuild import StreamNegotiations
from analyzer.pipeline import faults
from analyzer.surroundings.kdc import Pairing, StreamKdc
from analyzer.tables.collect import Collector
from dissectors.carriers.base import Carrier
from dissectors.carriers.carrier_search import CarrierSearch
from dissectors.carriers.http import HttpCarrier
from dissectors.carriers.kdc import KdcCarrier
from dissectors.carriers.token_pieces import TokenPieces

OWN = [
    ROOT / "captures" / case / "capture.pcapng"
    for case in (
        "http/basic_pipelined",  # several negotiations of one connection
        "http/iakerb",
        "http/lost_in_token",
        "http/tls_basic",  # no carrier reads it
        "kdc/asrep_roasting",  # datagrams
        "http/kdc_error",
    )
]
PLACES: list[tuple[Any, str]] = [
    (reading, "carrier_of"),
    (reading, "find_signature"),
    (CarrierSearch, "add"),
    (CarrierSearch, "lost"),
    (CarrierSearch, "give_up"),
    (reading.StreamReader, "_say"),
    (reading.StreamReader, "_no_more"),
    (conversing.Conversation, "notice"),
    (conversing.Conversation, "_look_at_anomaly"),
    (HttpCarrier, "receive"),
    (HttpCarrier, "gap"),
    (HttpCarrier, "end"),
    (KdcCarrier, "datagram_received"),
    (Carrier, "release"),
    (conversing, "dissect_token"),
    (TokenPieces, "left"),
    (StreamNegotiations, "add"),
    (StreamNegotiations, "notice"),
    (rebuilding, "pass_on_hint"),
    (rebuilding, "conclude"),
    (rebuilding, "explain"),
    (Collector, "negotiation"),
    (StreamKdc, "add"),
    (Pairing, "end"),
]
SHOWN = ("stream_id", "first_frame", "last_frame", "mechanism", "outcome")


def made() -> list[Any]:
    """Packets with what our own captures lack: lost, in conflict and unclaimed bytes, ends of all sorts."""
    torn = Conversation(80).client(ntlm(NTLM1)).server(refuse(b"NTLM"))
    torn.next[0] += 9
    torn.client(ntlm(NTLM1)).close()
    twice = Conversation(80, client_port=40_001).client(ntlm(NTLM1))
    twice.next[0] -= 9
    twice.client(b"X" * 9).client(ntlm(NTLM1))._packet(0, b"", RST, 0)
    strange = Conversation(9, client_port=40_002).client(b"\1 token " + NTLM1 + b" in it" * 9)
    strange.next[0] += 9
    strange.client(b"more").close()
    return [*torn.packets, *twice.packets, *strange.packets]


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Captures, read as users do; a conversation looks early at what was said."""
    monkeypatch.setattr(faults, "RAISED", False)
    monkeypatch.setattr(conversing, "SAID_LIMIT", 2)
    target = tmp_path / "made.pcapng"
    target.write_bytes(pcapng(made()))
    return [*OWN, target]


def shown(path: Path) -> tuple[Counter[Any], set[int]]:
    """What is said of negotiations, how often of each; the streams with a fault."""
    columns = read(path).tables.columns
    rows, anomalies = rows_of(columns["negotiations"]), rows_of(columns["anomalies"])
    numbers = {row["negotiation_id"] for row in rows}
    assert {row["negotiation_id"] for row in rows_of(columns["tokens"])} <= numbers | {None}
    failed = {row["stream_id"] for row in anomalies if row["code"] == "reader-fault"}
    said = Counter(tuple(row[name] for name in SHOWN) for row in rows)
    return said, failed


@pytest.mark.parametrize(
    ("place", "name"), PLACES, ids=[f"{place.__name__}.{name}" for place, name in PLACES]
)
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_one_fault_costs_one_conversation(
    turn: int, place: Any, name: str, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others are told as if nothing had been; of its own no negotiation is told twice."""
    expected = [shown(path) for path in paths]
    told: list[Any] = []
    take = Collector.negotiation

    def noted(self: Collector, negotiation: Any) -> None:
        told.append(negotiation)
        take(self, negotiation)

    monkeypatch.setattr(Collector, "negotiation", noted)
    whole, raised = getattr(place, name), Counter[Path]()
    calls = 0

    def once(*said: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == turn:
            raised[path] += 1
            raise KeyError(name)
        return whole(*said, **more)

    monkeypatch.setattr(place, name, once)
    for path, (said, _) in zip(paths, expected, strict=True):
        calls = 0
        now, failed = shown(path)
        assert len(failed) == raised[path]
        assert {row: n for row, n in now.items() if row[0] not in failed} == {
            row: n for row, n in said.items() if row[0] not in failed
        }
    assert len(set(map(id, told))) == len(told)
    assert raised or turn > 1, "nothing comes by this place"
