"""What `show` says of the attempts before and after, and of the KDC."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.correlated import asked, joined, kerberos, ntlm, refused, stream

from analyzer.analysis import read
from analyzer.correlation import link_forward
from analyzer.negotiation.model import Negotiation
from analyzer.report.chain import chain_lines
from analyzer.report.verdict import kdc_lines
from dissectors.status import Status

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def linked(*made: Negotiation) -> tuple[Negotiation, ...]:
    """Negotiations that are joined, with links in both directions."""
    rows = joined(*made)
    link_forward(list(rows))
    return rows


def guesses(count: int) -> tuple[Negotiation, ...]:
    """Somebody tries passwords, one a second."""
    return linked(*(refused(ntlm(100 + n, 10 * n + 1, user="alice")) for n in range(count)))


def test_a_chain_is_told_from_each_of_its_attempts() -> None:
    """The whole in one line; what comes before and after with number, mechanism and what was said."""
    rows = linked(
        refused(kerberos(100, 100, gss_status="KRB_AP_ERR_SKEW"), "clock_skew"),
        refused(ntlm(101, 110)),
        ntlm(102, 120),
    )
    assert chain_lines(rows[0]) == [
        "chain     kerberos 1 failed (this) → ntlm 2 failed → ntlm 3 success",
        "next      ntlm then followed in negotiation 2 (fallback, new connection): failed",
    ]
    assert chain_lines(rows[1]) == [
        "chain     kerberos 1 failed → ntlm 2 failed (this) → ntlm 3 success",
        "before    falls back from negotiation 1 (kerberos, KRB_AP_ERR_SKEW), new connection",
        "next      tried again in negotiation 3 (new connection): success",
    ]
    assert chain_lines(rows[2]) == [
        "chain     kerberos 1 failed → ntlm 2 failed → ntlm 3 success (this)",
        "before    tries again after negotiation 2 (ntlm, 401), new connection",
        "          which falls back from negotiation 1 (kerberos, KRB_AP_ERR_SKEW)",
    ]


def test_an_attempt_by_itself_has_no_chain() -> None:
    """Nor has one whose list of followers nobody asked for."""
    (row,) = linked(ntlm())
    assert chain_lines(row) == []
    first, _ = joined(refused(ntlm(100, 100)), ntlm(101, 110))
    assert chain_lines(first) == []


def test_a_change_within_a_negotiation_is_a_chain_of_its_own() -> None:
    """Kerberos and NTLM under one number."""
    offered = ["ms-kerberos", "ntlm"]
    (row,) = linked(ntlm(optimistic_mech="ms-kerberos", offered_mechs=offered))
    assert chain_lines(row) == ["chain     (ms-kerberos → ntlm) 1 success"]


def test_the_place_of_the_next_attempt() -> None:
    """The same connection, or another carrier by its name."""
    connection = stream()
    first, second = linked(
        refused(ntlm(100, 100, stream=connection)), ntlm(101, 110, stream=connection)
    )
    assert chain_lines(first)[-1].endswith(
        "tried again in negotiation 2 (same connection): success"
    )
    assert chain_lines(second)[-1].endswith("(ntlm, 401), same connection")
    first, _ = linked(
        refused(kerberos(100, 100, carrier="smb2", stream=stream(port=445))),
        ntlm(101, 110, carrier="smb1", stream=stream(port=139)),
    )
    assert chain_lines(first)[-1].endswith(
        "ntlm then followed in negotiation 2 (fallback, other carrier smb1): success"
    )


def test_several_that_take_up_the_same() -> None:
    """The line goes on with the one that was taken up again, and names the others."""
    rows = linked(
        refused(kerberos(100, 100)),
        refused(ntlm(101, 110, user="alice")),
        ntlm(101, 111, user="bob"),
        ntlm(102, 120, user="alice"),
    )
    assert chain_lines(rows[0]) == [
        "chain     kerberos 1 failed (this) → ntlm 2 failed (beside it 3) → ntlm 4 success",
        "next      ntlm then followed in negotiation 2 (fallback, new connection): failed",
        "          ntlm then followed in negotiation 3 (fallback, new connection): success",
    ]
    assert chain_lines(rows[2])[0] == (
        "chain     kerberos 1 failed → ntlm 3 success (this) (beside it 2)"
    )


def test_a_long_chain_is_told_in_short() -> None:
    """A password guesser's ten thousand attempts: ends, neighbours and counts, in four lines of each kind."""
    rows = guesses(10_000)
    assert chain_lines(rows[4_999]) == [
        (
            "chain     ntlm 1 failed → ntlm 2 failed → … 4,996 more … → ntlm 4999 failed → "
            "ntlm 5000 failed (this) → ntlm 5001 failed → … 4,997 more … → ntlm 9999 failed → "
            "ntlm 10000 failed"
        ),
        "before    tries again after negotiation 4999 (ntlm, 401), new connection",
        "          which tries again after negotiation 4998 (ntlm, 401)",
        "          which tries again after negotiation 4997 (ntlm, 401)",
        "          which tries again after negotiation 4996 (ntlm, 401)",
        "          and 4,995 before that, the first negotiation 1 (ntlm, 401)",
        "next      tried again in negotiation 5001 (new connection): failed",
    ]


@pytest.mark.parametrize("count", [9, 10, 11, 12])
def test_the_short_form_counts_right(count: int) -> None:
    """Whatever is left out is in a count, wherever one looks from."""
    rows = guesses(count)
    for row in rows:
        line = chain_lines(row)[0].removeprefix("chain     ")
        parts = line.split(" → ")
        named = [part for part in parts if part.startswith("ntlm ")]
        counted = [int(part.split()[1]) for part in parts if part.startswith("…")]
        assert len(named) + sum(counted) == count
        assert 1 not in counted
        assert f"ntlm {row.negotiation_id} failed (this)" in named


def test_many_that_take_up_one() -> None:
    """A browser that opens its connections at once after a refusal; the line of each kind is bounded."""
    rows = linked(refused(ntlm(100, 100)), *(ntlm(101, 110 + n) for n in range(200)))
    lines = chain_lines(rows[0])
    assert len(rows[0].followed_by) == 200
    assert lines[-1] == "          and 192 more"
    assert len(lines) == 1 + 9
    assert lines[0].endswith("ntlm 201 success (beside it 2, 3, 4 and 196 more)")


def test_text_does_not_tell_the_connection() -> None:
    """Tokens out of a log: what followed is told, over which connection is not."""
    first, second = linked(refused(kerberos(100, 100)), refused(ntlm(101, 110)))
    assert chain_lines(first, of_text=True)[-1] == (
        "next      ntlm then followed in negotiation 2 (fallback): failed"
    )
    assert chain_lines(second, of_text=True)[-1] == (
        "before    falls back from negotiation 1 (kerberos, 401)"
    )
    again, _ = linked(refused(ntlm(100, 100)), ntlm(101, 110))
    assert chain_lines(again, of_text=True)[-1] == "next      tried again in negotiation 2: success"


def test_strange_names_are_escaped() -> None:
    """A name from the wire does no harm."""
    first, second = linked(refused(ntlm(100, 100)), ntlm(101, 110))
    first.status = Status("failure", 1, "a\x1b[2J", "ldap")
    second.mechanism = "x\x1b[2J"
    assert chain_lines(second)[1].startswith(
        r"before    tries again after negotiation 1 (ntlm, a\x1b[2J)"
    )
    assert "\x1b" not in "".join(chain_lines(first) + chain_lines(second))


def test_the_kdc_behind_it() -> None:
    """What was asked, what came of it, and the frames."""
    (row,) = joined(ntlm(), kdc=[asked(99, "HTTP/web.lab.example", 7)])
    assert kdc_lines(row) == [
        "KDC       TGS for HTTP/web.lab.example: KDC_ERR_S_PRINCIPAL_UNKNOWN, frames 10, 11"
    ]
    refused = asked(99, "HTTP/web.lab.example", proxy_status=503)
    (row,) = joined(ntlm(), kdc=[refused])
    assert kdc_lines(row) == ["KDC       TGS for HTTP/web.lab.example: HTTP 503, frames 10, 11"]


@pytest.mark.parametrize(
    ("case", "number", "shown"),
    [
        (
            "http/kerberos_then_ntlm",
            1,
            "ntlm then followed in negotiation 2 (fallback, new connection)",
        ),
        ("smb/retry_same_connection", 1, "tried again in negotiation 2 (same connection): success"),
        ("smb/retry_new_connection", 1, "tried again in negotiation 2 (new connection): success"),
        ("smb/brute_force", 3, "tried again in negotiation 4 (new connection): failed"),
    ],
)
def test_captures_are_told_forward(case: str, number: int, shown: str) -> None:
    """What `show` says of an attempt that others followed."""
    analysis = read(CAPTURES / case / "capture.pcapng", tables=["negotiations"])
    lines = analysis.negotiation(number).lines(200)
    assert any(line.startswith("next ") and shown in line for line in lines), lines
