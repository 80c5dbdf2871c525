"""What a KDC refuses for one name of an address explains no logon to another name there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.correlated import DOMAIN_MEMBER, SECOND, asked, joined, ntlm, stream
from support.facts import ROOT, rows_of
from support.packets import pcapng, read_packets

from analyzer.analysis import read
from analyzer.correlation.asked_names import asked_names
from analyzer.correlation.kdc_rules import Match
from analyzer.negotiation.model import Negotiation, NtlmServer
from analyzer.surroundings.name_facts import NameFact

OTHER = "alias.lab.example"
REFUSED = f"HTTP/{OTHER}"
WHAT = ("ntlm_only_client", "certain")


def one_after_another(tmp_path: Path, first: str, then: str, apart_s: int) -> list[dict[str, Any]]:
    """Negotiations of two of our captures in one file, the second `apart_s` after the first one's begin."""
    packets, later = (
        read_packets(ROOT / "captures" / name / "capture.pcapng") for name in (first, then)
    )
    shift = packets[0].ts_ns + apart_s * SECOND - later[0].ts_ns
    packets += [packet._replace(ts_ns=packet.ts_ns + shift) for packet in later]
    made = tmp_path / "both.pcapng"
    made.write_bytes(pcapng(packets))
    return rows_of(read(made).tables.columns["negotiations"])


@pytest.mark.parametrize("apart_s", [5, 30, 13 * 60])
def test_the_host_header_goes_before_other_names_of_the_address(
    tmp_path: Path, apart_s: int
) -> None:
    """`nospn` and `web` are one machine; the KDC does not know the one, the client asks for the other."""
    first, second = one_after_another(
        tmp_path, "http/fallback_no_spn", "http/ntlm_in_negotiate", apart_s
    )
    assert first["reason"] == "unknown_service"
    assert (second["reason"], second["server_name"]) == ("ntlm_only_client", "web.nego.test")
    assert "KDC_ERR" not in second["reason_detail"]


def test_a_look_up_for_another_connection_names_no_server(tmp_path: Path) -> None:
    """The page was asked of `web`; the directory's client asked for `dc`, by its SPN, at the same address."""
    rows = one_after_another(tmp_path, "http/digest", "ldap/altered_list_mic", 5)
    (row,) = [row for row in rows if row["carrier"] == "ldap"]
    assert (row["server_name"], row["spn"]) == ("dc.nego.test", "ldap/dc.nego.test")


def fact(name: str, at: float = 95, *targets: str, **more: Any) -> NameFact:
    """An answer to the client that leads to the server, by way of `targets`."""
    made = NameFact("dns", "10.0.0.20", name, ("10.0.0.2",), 1, int(at * SECOND), targets=targets)
    return made._replace(**more)


def reverse(name: str, at: float = 95, client: str = "10.0.0.20") -> NameFact:
    """The name of the server's address."""
    made = fact("2.0.0.10.in-addr.arpa", at, name, record="PTR", addresses=())
    return made._replace(client=client)


def why(
    row: Negotiation, *names: NameFact, sname: str = REFUSED, at: float = 99
) -> tuple[str, str]:
    """Why NTLM, and how sure, where a KDC refused `sname` at second `at`."""
    joined(row, names=list(names), kdc=[asked(at, sname, 7)])
    return row.fallback_reason or "", row.fallback_confidence or ""


def test_a_name_of_the_same_address_alone_is_another() -> None:
    """An address record joins no two names, whether the client says one to the server or in its SPN."""
    assert why(ntlm(), fact(OTHER)) == WHAT
    by_spn = {"server_name": None, "spn": "HTTP/web.lab.example", "ntlm_server": DOMAIN_MEMBER}
    assert why(ntlm(**by_spn), fact(OTHER)) == WHAT


@pytest.mark.parametrize("said", [None, "10.0.0.2"])
def test_where_none_is_named_any_name_counts(said: str | None) -> None:
    """Neither the name that led there, nor that of an address, is known."""
    row = ntlm(server_name=said)
    assert why(row, fact(OTHER, 30)) == ("unknown_service", "likely")


def test_an_alias_leads_to_the_name_that_is_asked_for() -> None:
    """By CNAME, over several steps; two aliases of one name are not each other's."""
    way = "middle.lab.example", OTHER
    assert why(ntlm(), fact("web.lab.example", 95, *way)) == ("unknown_service", "likely")
    assert why(ntlm(), fact("third.lab.example", 95, "web.lab.example", OTHER)) == (
        "unknown_service",
        "likely",
    )
    both = fact(OTHER, 95, "middle.lab.example"), fact("web.lab.example", 95, "middle.lab.example")
    assert why(ntlm(), *both) == WHAT


def test_the_addresses_own_name_may_stand_in_the_spn() -> None:
    """More likely where the client itself asked for it just before; where it is remembered, not at all."""
    assert why(ntlm(), reverse(OTHER)) == ("unknown_service", "likely")
    for pointer in (reverse(OTHER, 80), reverse(OTHER, client="10.0.0.99")):
        assert why(ntlm(), pointer) == ("unknown_service", "possible")
        assert why(ntlm(), pointer, at=80) == WHAT


def test_what_the_server_calls_itself_is_possible() -> None:
    """Its clients may know it by that name, though they name another one to it."""
    server = NtlmServer(3, "LAB", "domain", "ALIAS", "LAB", OTHER, "lab.example")
    assert why(ntlm(ntlm_server=server)) == ("unknown_service", "possible")
    assert why(ntlm(ntlm_server=server), sname="HTTP/alias") == ("unknown_service", "possible")
    assert why(ntlm(ntlm_server=server, server_name=None)) == ("unknown_service", "likely")


def test_another_logon_that_names_it_takes_the_refusal_up() -> None:
    """It explains that one; the other only possibly, if it names nothing, and not by the server's own name."""
    server = NtlmServer(3, "LAB", "domain", "ALIAS", "LAB", OTHER, "lab.example")
    for facts, sure in (
        ({"server_name": None}, ("unknown_service", "possible")),
        ({"server_name": OTHER}, ("unknown_service", "certain")),
        ({"server_name": "web.lab.example", "ntlm_server": server}, WHAT),
    ):
        first, second = ntlm(server_name=OTHER), ntlm(101, 200, **facts)
        joined(first, second, names=[fact(OTHER, 30)], kdc=[asked(99, REFUSED, 7)])
        assert first.fallback_confidence == "certain"
        assert (second.fallback_reason, second.fallback_confidence) == sure


def test_another_user_takes_the_refusal_up() -> None:
    """Two users behind one address: whose request it was is open, unless the KDC's exchange tells."""
    for whose, sure in ((None, "likely"), ("bob", "certain")):
        first, second = ntlm(user="ada"), ntlm(103, 200, user="bob")
        joined(first, second, kdc=[asked(99, "HTTP/web.lab.example", 32, cname=whose)])
        assert (second.fallback_reason, second.fallback_confidence) == ("ticket_expired", sure)
    first, again = ntlm(user="ada"), ntlm(103, 200, user="ada")
    joined(first, again, kdc=[asked(99, "HTTP/web.lab.example", 32)])
    assert again.fallback_confidence == "certain"


def test_a_server_is_named_by_the_answer_that_its_spn_bears_out() -> None:
    """Of several the one that it names, or that leads there; else itself, if the server says it is that."""
    named = {"server_name": None, "spn": "HTTP/web.lab.example"}
    own, other = fact("web.lab.example", 50), fact(OTHER, 99)
    for facts, names, found in (
        (named, [own, other], "web.lab.example"),
        (named, [fact("www.lab.example", 50, "web.lab.example"), other], "www.lab.example"),
        (named | {"ntlm_server": DOMAIN_MEMBER}, [other], "web.lab.example"),
        (named, [other], OTHER),  # nothing says that the server is the SPN's: perhaps it is not
        ({"server_name": None}, [own, other], OTHER),
    ):
        row = ntlm(**facts)
        joined(row, names=names)
        assert row.server_name == found


def test_a_connection_was_led_by_what_was_looked_up_before_it() -> None:
    """Not by a later answer to the same client."""
    connection = stream()
    connection.first_ts_ns = 97 * SECOND
    row = ntlm(server_name=None, stream=connection)
    joined(row, names=[fact("web.lab.example", 96), fact(OTHER, 98)])
    assert row.server_name == "web.lab.example"


def test_names_are_told_best_first() -> None:
    """With how well each stands for the server."""
    row = ntlm(spn="HTTP/www.lab.example", ntlm_server=DOMAIN_MEMBER, names=(OTHER,))
    assert [(name.host, name.match) for name in asked_names(row)] == [
        ("web.lab.example", Match.NAMED),
        ("www.lab.example", Match.NAMED),
        ("web", Match.KNOWN),
    ]
