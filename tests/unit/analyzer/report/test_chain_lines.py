"""What `show` says of the attempts before, and of the KDC."""

from __future__ import annotations

from support.correlated import asked, joined, kerberos, ntlm, refused

from analyzer.report.ladder import CHAIN_SHOWN, chain_lines
from dissectors.status import Status


def test_a_chain_is_told_to_its_beginning() -> None:
    """Each attempt with number, mechanism and what was said to it."""
    rows = joined(
        refused(kerberos(100, 100, gss_status="KRB_AP_ERR_SKEW"), "clock_skew"),
        refused(ntlm(101, 110)),
        ntlm(102, 120),
    )
    assert chain_lines(rows[0]) == []
    assert chain_lines(rows[2]) == [
        "chain     tries again after negotiation 2 (ntlm, 401)",
        "          which falls back from negotiation 1 (kerberos, KRB_AP_ERR_SKEW)",
    ]


def test_the_kdc_behind_it() -> None:
    """What was asked, what came of it, and the frames."""
    (row,) = joined(ntlm(), kdc=[asked(99, "HTTP/web.lab.example", 7)])
    assert chain_lines(row) == [
        "KDC       TGS for HTTP/web.lab.example: KDC_ERR_S_PRINCIPAL_UNKNOWN, frames 10, 11"
    ]


def test_long_chains_are_cut_and_strange_names_escaped() -> None:
    """A password guesser's chain does not fill the screen, nor does a name from the wire do harm."""
    rows = [refused(ntlm(100 + n, 10 * n + 1, user="alice")) for n in range(40)]
    joined(*rows)
    assert len(chain_lines(rows[-1])) == CHAIN_SHOWN
    rows[0].status = Status("failure", 1, "a\x1b[2J", "ldap")
    rows[1].retry_of = rows[0]
    assert chain_lines(rows[1])[0].endswith(r"(ntlm, a\x1b[2J)")
