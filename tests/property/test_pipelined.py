"""Requests sent without awaiting answers: whatever is lost, none gets the answer to another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.messages import bind_response, simple_bind
from support.packets import Conversation, Packet, pcapng, read_packets
from support.transport import cut_to, snapped

import negoscope as ng

PIPELINED = Path(__file__).parents[2] / "captures/http/basic_pipelined/capture.pcapng"
VERDICTS = {"request 1": "200", "request 2": "401", "request 3": "200"}
OUTCOMES = {"200": "success", "401": "failure", None: "incomplete"}


def told(packets: list[Packet], target: Path) -> list[tuple[str | None, ...]]:
    """Each request with its verdict, and what is said where there is none."""
    target.write_bytes(pcapng(packets))
    found = ng.read(str(target), tables=["negotiations"]).tables.columns["negotiations"]
    names = ("exchange", "status", "outcome", "completeness", "reason")
    return list(zip(*(found[name] for name in names), strict=True))


def check(rows: list[tuple[str | None, ...]]) -> None:
    """No wrong verdict, and no silence of the server's where bytes are missing."""
    for exchange, status, outcome, _, reason in rows:
        assert status in {VERDICTS[exchange or ""], None}
        assert outcome == OUTCOMES[status]
        assert reason != "no_answer"


@pytest.fixture(scope="module", params=[0, 60], ids=["as sent", "small segments"])
def packets(request: pytest.FixtureRequest) -> list[Packet]:
    """The capture; small segments bring each request in segments of its own."""
    recorded = read_packets(PIPELINED)
    return cut_to(request.param)(recorded) if request.param else recorded


def test_where_the_capture_ends(packets: list[Packet], tmp_path: Path) -> None:
    """What waits then has not been refused an answer; rows stand as the requests were sent."""
    rows = []
    for end in range(8, len(packets) + 1):
        rows = told(packets[:end], tmp_path / "ended.pcapng")
        check(rows)
        assert [row[0] for row in rows] == list(VERDICTS)[: len(rows)]
        assert {row[3:] for row in rows if row[1] is None} <= {("cut-off", "capture_ended_early")}
    assert [row[1] for row in rows] == list(VERDICTS.values())


def test_what_is_lost(packets: list[Packet], tmp_path: Path) -> None:
    """Each packet once; an answer is found again where the order is certain."""
    for at in range(7, len(packets)):
        check(told([*packets[:at], *packets[at + 1 :]], tmp_path / "lossy.pcapng"))


def test_which_answers_are_found_though_one_is_lost(tmp_path: Path) -> None:
    """Those before it; with one of two missing, the third may be the answer to either."""
    packets = read_packets(PIPELINED)
    found = [
        [row[1] for row in told([*packets[:at], *packets[at + 1 :]], tmp_path / "lossy.pcapng")]
        for at in (9, 11, 13)
    ]
    assert found == [[None, None, None], ["200", None, None], ["200", "401", None]]


@pytest.mark.parametrize("both", [True, False], ids=["both sides", "answers only"])
def test_snap_lengths(both: bool, packets: list[Packet], tmp_path: Path) -> None:
    """A header that is cut is still the answer in its place, and so are those that follow it."""
    for length in range(60, 700, 20):
        cut = snapped(length)(packets)
        if not both:
            cut = [*packets[:8], *cut[8:]]
        check(told(cut, tmp_path / "snapped.pcapng"))


def test_answers_behind_a_cut_header(tmp_path: Path) -> None:
    """There are as many as requests that wait, so none of them stood in what was cut off."""
    packets = read_packets(PIPELINED)
    cut = [*packets[:8], *snapped(200)(packets)[8:]]
    assert [row[1] for row in told(cut, tmp_path / "snapped.pcapng")] == list(VERDICTS.values())


def test_connection_older_than_the_capture(tmp_path: Path) -> None:
    """The first answer may be that to a request from before, and so on."""
    rows = told(read_packets(PIPELINED)[7:], tmp_path / "late.pcapng")
    assert [row[1:] for row in rows] == [
        (None, "incomplete", "started-before-capture", "capture_started_late")
    ] * 3


@pytest.mark.parametrize("at_once", [True, False], ids=["one segment", "two segments"])
def test_binds_that_wait_when_the_capture_ends(at_once: bool, tmp_path: Path) -> None:
    """LDAP likewise: whoever sends two binds at once has given up neither, until one is answered alone."""
    talk = Conversation(389)
    first, second = (simple_bind(b"x", b"y", number) for number in (1, 2))
    if at_once:
        talk.client(first + second)
    else:
        talk.client(first).client(second)
    asked = len(talk.packets)
    talk.server(bind_response(49, number=1)).server(bind_response(number=2)).close()
    found = [
        [(row[1], row[4]) for row in told(talk.packets[:end], tmp_path / "ended.pcapng")]
        for end in range(asked, asked + 3)
    ]
    waits = (None, "capture_ended_early")
    refused = ("invalidCredentials", "bad_credentials")
    assert found == [[waits, waits], [refused, waits], [refused, ("success", None)]]
    alone = Conversation(389).client(first).client(second).server(bind_response(number=2))
    rows = told(alone.packets, tmp_path / "alone.pcapng")
    assert [(row[1], row[4]) for row in rows] == [(None, "no_answer"), ("success", None)]
