"""Challenges that stayed without credentials, as the summary tells them."""

from __future__ import annotations

from typing import Any

from analyzer.report.overview.asked import SHOWN, unanswered
from analyzer.surroundings.kdc_facts import CODE_CUT_OFF

ENDS = ("client", "server", "carrier")
KDC = ("client", "exchange", "sname", "error", "error_code", "referral", "reply_cut")
DESK, WEB = "10.0.0.20", "10.0.0.2"


def columns(names: tuple[str, ...], *rows: tuple[Any, ...]) -> dict[str, list[Any]]:
    """Rows as columns."""
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def told(
    *offers: tuple[str, ...], logons: tuple[Any, ...] = (), kdc: tuple[Any, ...] = ()
) -> list[str]:
    """Title, lines and details."""
    made = unanswered(
        columns(ENDS, *logons),
        columns((*ENDS, "by", "mech"), *offers),
        columns(KDC, *kdc),
    )
    if made is None:
        return []
    return [made.title] + [
        line for entry in made.entries for line in (entry.head, *map(": ".join, entry.details))
    ]


OFFER = (DESK, WEB, "http", "server", "Negotiate")


def test_what_the_kdc_refused_stands_beside_it() -> None:
    """Tickets for web services only, and no answer of the normal course, nor what may be one."""
    unknown = "KDC_ERR_S_PRINCIPAL_UNKNOWN"
    kdc = (
        (DESK, "TGS", "HTTP/web.lab", unknown, 7, None, False),
        (DESK, "TGS", "HTTP/web.lab", unknown, 7, None, False),
        (DESK, "TGS", "cifs/fs1", unknown, 7, None, False),
        (DESK, "TGS", "HTTP/other.lab", "KRB_ERR_RESPONSE_TOO_BIG", 52, None, False),
        (DESK, "TGS", "HTTP/good.lab", None, None, None, False),
        (DESK, "TGS", "HTTP/cut.lab", CODE_CUT_OFF, None, None, True),
        ("10.0.0.21", "TGS", "HTTP/else.lab", unknown, 7, None, False),
    )
    assert told(OFFER, kdc=kdc) == [
        "Asked for credentials over HTTP and sent none: 1 client",
        "10.0.0.20 at 10.0.0.2 (http), asked for Negotiate",
        f"a KDC refused it: HTTP/web.lab ({unknown})",
    ]


def test_who_logged_on_anywhere_there_is_not_told() -> None:
    """On this connection or another; a proxy's challenge is another thing than the server's."""
    assert told(OFFER, logons=((DESK, WEB, "http"),)) == []
    assert len(told(OFFER, logons=((DESK, WEB, "http-proxy"),))) == 2
    assert told((DESK, WEB, "http", "client", "kerberos")) == []
    assert told((DESK, WEB, "ldap", "server", "GSSAPI")) == []


def test_many_are_counted_and_explained_ones_come_first() -> None:
    """A scan of a network fills no page."""
    many = [(DESK, f"10.0.1.{n}", "http", "server", "NTLM") for n in range(2 * SHOWN)]
    other = ("10.0.0.21", WEB, "http", "server", "Negotiate")
    refused = (("10.0.0.21", "TGS", "HTTP/web.lab", "KDC_ERR_ETYPE_NOSUPP", 14, None, False),)
    lines = told(*many, other, kdc=refused)
    assert lines[0].endswith("2 clients")
    assert lines[1].startswith("10.0.0.21")
    assert lines[-1] == f"and {SHOWN + 1} more"
