"""What `show` says below the ladder: the reason in parts, what else fits, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.report.grid import width_of
from analyzer.report.verdict import verdict_lines

ROOT = Path(__file__).resolve().parents[4]


def verdict(case: str, number: int = 1, width: int = 200) -> list[str]:
    """Of a negotiation of one of our captures."""
    analysis = read(ROOT / "captures" / case / "capture.pcapng", tables=["negotiations"])
    return verdict_lines(analysis.negotiation(number).negotiation, width=width)


def test_a_refused_ntlm_logon_says_both_why() -> None:
    """Why it failed, and below it why it was NTLM at all."""
    lines = verdict("smb/mixed", 5)
    assert lines[0] == "FAILURE  ntlm (ntlmv2) over smb2, said by carrier"
    assert lines[2].startswith("reason    bad_credentials: user name or password is wrong")
    assert lines[2].endswith("(STATUS_LOGON_FAILURE)")
    assert lines[3] == "          likely, frame 223"
    # Kerberos worked on this machine for another user, as the ticket presented for it tells
    assert lines[4].startswith("NTLM      since the client offered only NTLM")
    assert lines[5] == "do        check user name, password and stored credentials"


@pytest.mark.parametrize(
    ("case", "source"),
    [
        ("smb/connection_closed", "shown by its end"),
        ("ldap/strong_auth_required_sasl", "said by the carrier against the token"),
    ],
)
def test_who_told_the_outcome(case: str, source: str) -> None:
    """A connection's end says nothing, it shows; and where two tell, it is told which one counts."""
    assert verdict(case)[0].endswith(f", {source}")


@pytest.mark.parametrize(
    ("case", "code", "shown"),
    [
        ("http/fallback_no_spn", "unknown_service", "also      the client offered only NTLM"),
        (
            "http/fallback_kdc_no_answer",
            "kdc_unreachable",
            "KDC       TGS for HTTP/web.nego.test: ",
        ),
        (
            "http/fallback_in_negotiation",
            "ntlm_selected_by_server",
            "do        give the service a key",
        ),
        ("smb/fallback_local_account", "ntlm_only_server", "also      "),
        (
            "smb/fallback_localhost",
            "target_is_local_host",
            "do        nothing on one machine: Windows does so",
        ),
    ],
)
def test_fallbacks(case: str, code: str, shown: str) -> None:
    """Each cause with its evidence and its remedy."""
    lines = verdict(case)
    assert any(line.startswith(f"reason    {code}: ") for line in lines)
    assert any(line.startswith(shown) for line in lines), lines
    assert sum(line.startswith("do  ") for line in lines) == 1


@pytest.mark.parametrize("width", [60, 80, 100])
def test_it_fits_the_terminal(width: int) -> None:
    """Long reasons go on below each other, and lose nothing."""
    lines = verdict("http/kerberos_then_ntlm", 2, width)
    assert max(map(width_of, lines)) <= width
    whole = " ".join(" ".join(lines).split())
    assert whole == " ".join(" ".join(verdict("http/kerberos_then_ntlm", 2)).split())


@pytest.mark.parametrize(
    ("case", "shown"),
    [
        ("http/login_and_negotiate", "granted, frames 28, 33"),
        ("http/lost_in_token", "granted (by client, name and time), frames 14, 19"),
    ],
)
def test_how_sure_it_is_where_the_ticket_is_from(case: str, shown: str) -> None:
    """The same ticket octet by octet, or one that looks alike since the AP-REQ is cut."""
    assert f"KDC       TGS for HTTP/web.nego.test: {shown}" in verdict(case)
