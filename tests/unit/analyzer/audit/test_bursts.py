"""Patterns over time: windows slide, so that nothing that came earlier hides them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.finding_rows import CAPTURE, SECOND, found, logon

from analyzer.audit.bursts import bursts, many_of_one

MINUTE = 60 * SECOND
EVENTS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abcd")), max_size=25)


def runs(events: list[tuple[int, str]], least: int, within: int) -> list[list[tuple[int, str]]]:
    """Of pairs of time and name."""
    return list(
        bursts(
            events,
            when=lambda event: event[0],
            what=lambda event: event[1],
            least=least,
            within_ns=within,
        )
    )


@given(EVENTS, st.integers(1, 4), st.integers(0, 30))
def test_an_event_is_told_if_it_lies_in_a_full_window(
    events: list[tuple[int, str]], least: int, within: int
) -> None:
    """As if all windows were looked at one by one; each event is told once."""
    full = [
        begin
        for begin, _ in events
        if len({name for at, name in events if begin <= at <= begin + within}) >= least
    ]
    wanted = [
        event for event in events if any(begin <= event[0] <= begin + within for begin in full)
    ]
    told = [event for run in runs(events, least, within) for event in run]
    assert sorted(told) == sorted(wanted)


def test_runs_apart_are_told_apart() -> None:
    """Two attacks a day apart are two."""
    early, late = [(0, "a"), (1, "b")], [(100, "a"), (101, "b")]
    assert runs([*late, (50, "a"), *early], 2, 5) == [early, late]


def test_many_of_one_counts_what_is_alike() -> None:
    """Three of one name, not three names."""
    events = [(0, "a"), (1, "b"), (2, "a"), (3, "a"), (4, "c")]
    told = many_of_one(
        events,
        when=lambda event: event[0],
        what=lambda event: event[1],
        least=3,
        within_ns=10,
    )
    assert list(told) == [[(0, "a"), (2, "a"), (3, "a")]]


def refused(number: int, at_s: int, user: str, reason: str = "wrong_password") -> dict[str, Any]:
    """A logon that failed."""
    return logon(
        number,
        started=at_s * SECOND,
        last_frame=10 * number,
        user=user,
        outcome="failure",
        reason=reason,
    )


def test_an_early_refusal_hides_no_brute_force() -> None:
    """Fourteen minutes before the five."""
    times = (0, 840, 846, 852, 930, 936)
    [finding] = found(
        "NGS-GUESS-002",
        negotiations=[refused(number, at, "ada") for number, at in enumerate(times, 1)],
    )
    assert "refused 5 times as LAB\\ada in 96 s" in finding.why


@pytest.mark.parametrize(("unknown", "number"), [(4, 1), (8, 0)])
def test_unknown_names_are_part_of_spraying(unknown: int, number: int) -> None:
    """Where passwords were tried too; names alone are another rule's."""
    rows = [refused(place, place, f"u{place}") for place in range(1, 9)]
    for row in rows[:unknown]:
        row["reason"] = "unknown_user"
    assert len(found("NGS-GUESS-001", negotiations=rows)) == number
    assert len(found("NGS-GUESS-003", negotiations=rows)) == (unknown >= 5)


def test_one_noisy_account_does_not_silence_spraying() -> None:
    """It is told by itself."""
    noise = [refused(place, place, "service") for place in range(1, 37)]
    sprayed = [refused(40 + place, 40 + place, f"u{place}") for place in range(6)]
    [spraying] = found("NGS-GUESS-001", negotiations=[*noise, *sprayed])
    assert "as 6 users" in spraying.why
    [guessing] = found("NGS-GUESS-002", negotiations=[*noise, *sprayed])
    assert "36 times as LAB\\service" in guessing.why
    assert not found("NGS-GUESS-001", negotiations=[*noise, *sprayed[:4]])


def ticket(number: int, at_ns: int, service: str) -> dict[str, Any]:
    """An RC4 ticket, asked for by RC4 alone."""
    return {
        "capture": CAPTURE,
        "frame_request": 2 * number,
        "frame_reply": 2 * number + 1,
        "ts": at_ns,
        "client": "10.0.0.20",
        "server": "10.0.0.1",
        "exchange": "TGS",
        "outcome": "success",
        "sname": service,
        "requested_etypes": ["arcfour-hmac-md5"],
        "ticket_etype": "arcfour-hmac-md5",
    }


def test_an_early_ticket_hides_no_kerberoasting() -> None:
    """Eleven minutes before the others, and others on another day."""
    minutes = (0, 11, 12, 13, 14, 2000)
    rows = [ticket(n, at * MINUTE, f"http/s{n}") for n, at in enumerate(minutes, 1)]
    [finding] = found("NGS-KDC-003", kdc=rows)
    assert "tickets of 4 services" in finding.why
    assert finding.count == 1


def test_services_of_one_computer_are_no_kerberoasting() -> None:
    """Their tickets are sealed with one key, that of the computer's account."""
    services = ("host/s1", "cifs/s1.lab.example", "ldap/s1", "mssqlsvc/s2", "mssqlsvc/s3")
    rows = [ticket(n, n * MINUTE, service) for n, service in enumerate(services, 1)]
    assert not found("NGS-KDC-003", kdc=rows[:4])
    [finding] = found("NGS-KDC-003", kdc=rows)
    assert "5 of them asked for with nothing stronger" in finding.why


def test_what_has_no_time_lies_close_to_nothing() -> None:
    """Packets of a capture without times may be days apart."""
    events = [(None, name) for name in "abc"] + [(1, "d")]
    found_runs = bursts(
        events, when=lambda event: event[0], what=lambda event: event[1], least=2, within_ns=9
    )
    assert list(found_runs) == []
