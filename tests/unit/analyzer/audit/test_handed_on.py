"""A NEGOTIATE that is sent on by another carrier or to another host: what it takes to say so of it alone."""

from __future__ import annotations

from typing import Any

import pytest
from support.finding_rows import CAPTURE, SECOND, Row, found, logon

VICTIM, MIDDLE, TARGET = "10.0.0.20", "10.0.0.66", "10.0.0.1"
NEAR = {"client": VICTIM, "server": MIDDLE, "outcome": "incomplete"}
FAR = {"client": MIDDLE, "server": TARGET, "server_port": 389, "carrier": "ldap"}


def said(number: int, at: float, kind: str = "NEGOTIATE", **cells: Any) -> Row:
    """A message of a negotiation at this second."""
    row = {
        "capture": CAPTURE,
        "negotiation_id": number,
        "token_type": f"NTLM_{kind}",
        "anomalies": 0,
    }
    row |= {"frame": int(100 * at), "ts": int(at * SECOND), "sha256": "aa"}
    return row | ({"ntlm_challenge_id": "c1"} if kind == "CHALLENGE" else {}) | cells


def told(*tokens: Row, near: Row | None = None, far: Row | None = None) -> list[tuple[str, str]]:
    """Subject and confidence of what is found of two hops with these messages."""
    rows = [logon(1, **NEAR, **(near or {})), logon(2, **(FAR | (far or {})))]
    rows += [logon(3, **(FAR | {"server": "10.0.0.9"}))]
    made = found("NGS-RELAY-006", negotiations=rows, tokens=list(tokens))
    return [(finding.subject, finding.confidence) for finding in made]


FIRST, ONWARD = said(1, 10), said(2, 10.1)
POSSIBLE = [(MIDDLE, "possible")]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([FIRST, ONWARD], POSSIBLE),
        ([FIRST, ONWARD, said(1, 11.5, "CHALLENGE")], POSSIBLE),
        ([FIRST, ONWARD, said(2, 10.2, "CHALLENGE")], POSSIBLE),
        ([FIRST, said(1, 10.05, "CHALLENGE"), ONWARD], []),  # nobody waits any more
        ([FIRST, said(2, 11.5)], []),  # more than a second later
        ([FIRST, said(1, 15, "CHALLENGE"), said(2, 14)], POSSIBLE),
        ([said(2, 9.9), FIRST], []),  # before it was asked itself
        ([FIRST, said(2, 10.1, sha256="bb")], []),
        ([FIRST, ONWARD, said(3, 5)], []),  # bytes that it sends anyway
        ([FIRST, ONWARD, said(3, 30)], []),
        ([FIRST, ONWARD, said(3, 30, sha256="bb")], POSSIBLE),
        # both challenges: one is NGS-RELAY-001's business, two are no relay
        ([FIRST, ONWARD, said(2, 10.2, "CHALLENGE"), said(1, 10.3, "CHALLENGE")], []),
        (
            [
                FIRST,
                ONWARD,
                said(2, 10.2, "CHALLENGE"),
                said(1, 10.3, "CHALLENGE", ntlm_challenge_id="c2"),
            ],
            [],
        ),
    ],
)
def test_a_negotiate_alone_must_be_waited_for(
    tokens: list[Row], expected: list[tuple[str, str]]
) -> None:
    """Sent on while the client waits, at no other time, and no challenge says more."""
    assert told(*tokens) == expected


@pytest.mark.parametrize(
    ("near", "far", "expected"),
    [
        ({}, {"carrier": "smb2", "server_port": 445}, POSSIBLE),
        ({"server_name": "a"}, {"carrier": "http", "server_name": "b"}, POSSIBLE),
        # one host over HTTP: a proxy does so; without the near hop's challenge nothing waits
        ({"server_name": "a"}, {"carrier": "http", "server_name": "a"}, []),
        ({"reason": "one_direction"}, {}, []),
        ({}, {"client": "10.0.0.67"}, []),
    ],
)
def test_a_host_in_between_is_on_both_connections(
    near: Row, far: Row, expected: list[tuple[str, str]]
) -> None:
    """Server of the one and client of the other; not where the capture has one direction only."""
    assert told(FIRST, ONWARD, near=near, far=far) == expected


def test_the_sentence_names_a_common_host_only() -> None:
    """What is asked for on one hop alone is not asked for on both."""
    rows = [logon(1, **NEAR, server_name="relay"), logon(2, **FAR)]
    (finding,) = found("NGS-RELAY-006", negotiations=rows, tokens=[FIRST, ONWARD])
    assert finding.why == (
        f"the NTLM NEGOTIATE between {VICTIM} and {MIDDLE} (http) is also between {MIDDLE} and {TARGET} (ldap)"
    )
