"""One connection captured on both sides of a NAT is neither a relay nor a replay, nor a second try."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from support.finding_rows import SECOND, Row, columns_of, found, logon
from support.packets import Packet, pcapng, read_packets
from support.translated import both_sides, outside

from analyzer.analysis import read
from analyzer.audit.facts import Facts
from analyzer.audit.seen_twice import passed_whole

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
TWO_PLACES = "relay,handed_on,NGS-KRB-005,NGS-SPNEGO-003"

LOGONS = [
    "http/negotiate_kerberos",
    "http/keep_alive_kerberos",
    "ldap/gssapi_none",
    "ldap/samba_ntlm_plain",
    "ldap/samba_ntlm_wrong_password",
    "ldap/ticket_expired",
    "smb/nt1_ntlm",
    "smb/nt1_kerberos",
    "smb/ticket_expired",
]
"""Logons that are not signed afterwards, over each carrier, and refused ones."""

RELAYS = [
    "http/offer_changed",
    "http/one_host_on_two_hops",
    "http/replay",
    "ldap/altered_offer_two_hops",
    "smb/fixed_challenge",
    "smb/relayed_http",
    "smb/relayed_smb",
    "smb/relayed_without_mic",
]
"""True ones: relays, boxes that alter an offer, a replay, a server that repeats its challenge."""


def capture_of(case: str) -> Path:
    """The capture of a case."""
    return CAPTURES / case / "capture.pcapng"


def told(paths: Path | list[Path], rules: str = TWO_PLACES) -> list[tuple[str, str, int]]:
    """Rule, confidence and count of each finding."""
    names = [str(path) for path in (paths if isinstance(paths, list) else [paths])]
    findings = read(names).audit(rules).findings
    return sorted((each.rule.rule_id, each.confidence, each.count) for each in findings)


def written(folder: Path, packets: Iterable[Packet], name: str = "both") -> Path:
    """A file with these packets."""
    path = folder / f"{name}.pcapng"
    path.write_bytes(pcapng(list(packets)))
    return path


@pytest.mark.parametrize(
    "how",
    [{}, {"port": False}, {"client": False}, {"client": False, "server": True}, {"server": True}],
    ids=["address and port", "address", "port", "server", "both addresses"],
)
@pytest.mark.parametrize("case", LOGONS)
def test_a_nat_is_no_relay(case: str, how: dict[str, bool], tmp_path: Path) -> None:
    """The sequence numbers of both directions are the same before and behind it."""
    path = capture_of(case)
    both = written(tmp_path, both_sides(read_packets(path), **how))
    rows = read(str(both)).tables.columns["negotiations"]
    assert len(rows["capture"]) == 2 * len(
        read(str(path)).tables.columns["negotiations"]["capture"]
    )
    assert told(both) == []


@pytest.mark.parametrize("case", LOGONS)
def test_captures_of_both_sides_of_a_nat_are_no_relay(case: str, tmp_path: Path) -> None:
    """The same in two files, also where the clock of one is ten seconds ahead."""
    packets = read_packets(capture_of(case))
    inside = written(tmp_path, packets, "inside")
    there = [each._replace(ts_ns=each.ts_ns + 10 * SECOND) for each in outside(packets)]
    assert told([inside, written(tmp_path, there, "outside")]) == []


@pytest.mark.parametrize("shift", [(0x1234_5678, 0), (0x1234_5678, 0x2345_6789)])
@pytest.mark.parametrize("case", LOGONS)
def test_a_firewall_that_renumbers_proves_no_relay(
    case: str, shift: tuple[int, int], tmp_path: Path
) -> None:
    """Every message comes on both sides before the next one does: at worst a port forwarder."""
    both = written(tmp_path, both_sides(read_packets(capture_of(case)), renumbered=shift))
    assert {sure for _, sure, _ in told(both)} <= {"possible"}


@pytest.mark.parametrize("server", [False, True])
@pytest.mark.parametrize("case", RELAYS)
def test_a_relay_is_told_on_either_side_of_a_nat(case: str, server: bool, tmp_path: Path) -> None:
    """Its two connections have numbers of their own; seen twice it is told once, and as sure as before.

    What is about one connection alone, or about each address of a server, is not asked here.
    """
    alone = {"NGS-RELAY-003", "NGS-RELAY-004"} | ({"NGS-RELAY-005"} if server else set())
    path = capture_of(case)
    both = written(tmp_path, both_sides(read_packets(path), server=server))
    once, twice = ([each for each in told(one) if each[0] not in alone] for one in (path, both))
    assert twice == once
    assert once or case == "smb/fixed_challenge"


@pytest.mark.parametrize(
    "case",
    ["ldap/simple_locked", "smb/account_locked", "smb/brute_force", "smb/password_spraying"],
)
def test_a_copy_is_no_second_try(case: str, tmp_path: Path) -> None:
    """A server behind another address refuses its client once, with or without a token."""
    path = capture_of(case)
    both = written(tmp_path, both_sides(read_packets(path), client=False, port=False, server=True))
    assert told(path, "guessing") != []
    assert told(both, "guessing") == told(path, "guessing")


# -- numbers -----------------------------------------------------------------------------------------------

TICKET = {"token_type": "KRB_AP_REQ", "krb_authenticator_length": 200, "inner_sha256": "00"}


def twice(first: Row, second: Row) -> dict[str, list[Row]]:
    """One AP-REQ on two connections of two clients."""
    rows = [
        logon(1, carrier="ldap") | first,
        logon(2, carrier="ldap", client="10.0.0.77") | second,
    ]
    tokens = [
        {"capture": row["capture"], "negotiation_id": row["negotiation_id"], "frame": 1} | TICKET
        for row in rows
    ]
    return {"negotiations": rows, "tokens": tokens}


def numbers(client: int | None, server: int | None) -> Row:
    """Where both sides begin."""
    return {"client_seq": client, "server_seq": server}


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ((1 << 20, 1 << 21), (1 << 20, 1 << 21), 0),
        ((1 << 20, 1 << 21), (1 << 20, 1 << 22), 1),
        # devices that begin all their connections alike
        ((1 << 20, 1 << 21), (1 << 22, 1 << 21), 1),
        ((1 << 20, None), (1 << 20, None), 1),
        ((None, None), (None, None), 1),
        # made-up packets, or numbers that were made relative
        ((0, 0), (0, 0), 1),
        ((1000, 9000), (1000, 9000), 1),
        ((1000, 1 << 21), (1000, 1 << 21), 0),
    ],
)
def test_what_numbers_prove(
    first: tuple[int | None, int | None], second: tuple[int | None, int | None], count: int
) -> None:
    """Both of them, and only if they are such as a system gives."""
    assert len(found("NGS-KRB-005", **twice(numbers(*first), numbers(*second)))) == count


# -- in step -----------------------------------------------------------------------------------------------


def in_step(first: Row, second: Row, tokens: list[Row]) -> bool:
    """Whether two negotiations with these tokens passed as one."""
    rows = [logon(1, ended=9_000) | first, logon(2, ended=9_100) | second]
    facts = Facts(columns_of(negotiations=rows, tokens=tokens))
    return passed_whole(facts, *facts.rows("negotiations"))


def said(number: int, ts: int | None, digest: str, **cells: Any) -> Row:
    """A token of a negotiation."""
    role = "acceptor" if digest == "answer" else "initiator"
    return {
        "negotiation_id": number,
        "ts": ts,
        "sha256": digest,
        "role": role,
        "stream_offset": 0,
    } | cells


ASKED = [said(1, 100, "asked"), said(2, 120, "asked")]
ANSWERED = [said(1, 1_000, "answer"), said(2, 980, "answer")]


@pytest.mark.parametrize(
    ("first", "second", "tokens", "expected"),
    [
        ({}, {}, [*ASKED, *ANSWERED], True),
        ({}, {"ended": None}, [*ASKED, *ANSWERED], False),
        ({}, {"outcome": "failure"}, [*ASKED, *ANSWERED], False),
        ({}, {"carrier": "ldap"}, [*ASKED, *ANSWERED], False),
        ({}, {}, [*ASKED, ANSWERED[0]], False),
        ({}, {}, [*ASKED, ANSWERED[0], said(2, 980, "another")], False),
        ({}, {}, [*ASKED, ANSWERED[0], said(2, 980, "answer", stream_offset=7)], False),
        ({}, {}, [*ASKED, *(each | {"stream_offset": None} for each in ANSWERED)], False),
        ({}, {}, [*ASKED, ANSWERED[0], said(2, None, "answer")], False),
        # repeated when the first was answered, or when it was over
        ({}, {}, [ASKED[0], said(2, 1_001, "asked"), ANSWERED[0], said(2, 1_200, "answer")], False),
        ({}, {"ended": 9_900}, [ASKED[0], said(2, 9_001, "asked")], False),
        # another clock
        (
            {},
            {"capture": "b", "ended": 20_500},
            [ASKED[0], said(2, 9_001, "asked"), ANSWERED[0], said(2, 20_000, "answer")],
            False,
        ),
        ({}, {"capture": "b", "ended": 18_000}, [ASKED[0], said(2, 9_001, "asked")], True),
        # nothing follows
        ({"ended": 100}, {"ended": 120}, ASKED, True),
        ({"ended": 100}, {"ended": 2 * SECOND}, [ASKED[0], said(2, 2 * SECOND, "asked")], False),
        ({}, {}, [], False),
    ],
)
def test_what_passes_whole(first: Row, second: Row, tokens: list[Row], expected: bool) -> None:
    """Same tokens at the same places, each on both streams before the next on any."""
    assert in_step(first, second, tokens) is expected
