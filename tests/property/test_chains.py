"""Chains of retries and fallbacks, whatever attempts there are: links both ways, no circles, bounded lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.correlated import SECOND, joined, kerberos, ntlm, refused, stream

from analyzer.analysis import read
from analyzer.correlation import link_forward
from analyzer.negotiation.model import Negotiation
from analyzer.report.chain import BEFORE_SHOWN, NEXT_SHOWN, chain_lines

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = [
    *sorted((ROOT / "captures").glob("*/*/capture.pcapng")),
    *sorted((ROOT / ".." / "shared" / "lab-sample" / "captures").glob("*.pcap*")),
    *sorted((ROOT / ".." / "shared" / "corpus" / "files").glob("*.pcap*")),
]
MOST_LINES = 1 + (BEFORE_SHOWN + 1) + (NEXT_SHOWN + 1)

ATTEMPTS = st.lists(
    st.tuples(
        st.integers(0, 3),  # seconds since the one before
        st.integers(0, 2),  # frames since its first
        st.integers(0, 2),  # frames until the last
        st.sampled_from([ntlm, kerberos]),
        st.booleans(),  # refused
        st.integers(0, 1),  # connection
        st.sampled_from(["http", "smb1", "smb2"]),
        st.sampled_from([None, "alice", "bob"]),
    ),
    max_size=30,
)


def attempts(drawn: list[tuple]) -> list[Negotiation]:
    """Negotiations of one client with one server in order of first frame, joined; some in one packet."""
    connections = [stream(), stream()]
    made, at, frame = [], 100.0, 1
    for seconds, ahead, length, kind, fails, connection, carrier, user in drawn:
        at, frame = at + seconds, frame + ahead
        row = kind(at, frame, stream=connections[connection], carrier=carrier, user=user)
        row.frames = tuple(range(frame, frame + length + 1))
        row.ended_ns = row.started_ns + (length and SECOND // 10)
        made.append(refused(row) if fails else row)
    made.sort(key=lambda row: (row.first_frame, row.last_frame))
    joined(*made)
    return made


def check_links(rows: list[Negotiation]) -> None:
    """Each link back has one forward, and the other way round; all lead from earlier to later."""
    back = {(id(row.retry_of or row.fallback_from), id(row)) for row in rows}
    back = {pair for pair in back if pair[0] != id(None)}
    forward = [(id(row), id(taker)) for row in rows for taker in row.followed_by]
    assert set(forward) == back
    assert len(forward) == len(back)
    for row in rows:
        assert row.retry_of is None or row.fallback_from is None
        for taker in row.followed_by:
            assert row.negotiation_id < taker.negotiation_id
            assert row.last_frame <= taker.first_frame


def check_told(rows: list[Negotiation]) -> None:
    """What takes up another says so, the other says it too, and both are in one bounded chain."""
    for row in rows:
        lines = chain_lines(row)
        assert len(lines) <= MOST_LINES
        told = "\n".join(lines)
        earlier = row.retry_of or row.fallback_from
        if earlier is None:
            assert "before  " not in told
            continue
        assert f" negotiation {earlier.negotiation_id} (" in told
        number = f"in negotiation {row.negotiation_id} ("
        place = earlier.followed_by.index(row)
        assert (number in "\n".join(chain_lines(earlier))) is (place < NEXT_SHOWN)


@given(ATTEMPTS)
def test_links_go_both_ways(drawn: list[tuple]) -> None:
    """Every link back has its forward one, none leads in a circle, and both ends tell it."""
    rows = attempts(drawn)
    assert all(row.followed_by == () for row in rows)
    link_forward(rows)
    check_links(rows)
    check_told(rows)


def test_what_lies_in_one_packet_is_no_circle() -> None:
    """Refused attempts with the same frame and time: each would be before the other."""
    same = [refused(ntlm(100, 100)) for _ in range(3)]
    for row in same:
        row.frames, row.ended_ns = (100,), row.started_ns
    rows = joined(*same)
    link_forward(list(rows))
    assert [row.retry_of for row in rows] == [None, rows[0], rows[1]]
    check_links(list(rows))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_links_of_captures(path: Path) -> None:
    """The rows say who takes up whom; `show` of the earlier says the same."""
    analysis = read(path, tables=["negotiations"])
    columns = analysis.columns("negotiations")
    pairs = zip(
        columns["negotiation_id"], columns["retry_of"], columns["fallback_from"], strict=True
    )
    for number, retry_of, fallback_from in pairs:
        earlier = retry_of or fallback_from
        if earlier is None:
            continue
        assert earlier < number
        first = analysis.negotiation(earlier).negotiation
        assert number in [taker.negotiation_id for taker in first.followed_by]
        verb = "tried again" if retry_of else "then followed"
        shown = " ".join(chain_lines(first))
        assert f"{verb} in negotiation {number} (" in shown
