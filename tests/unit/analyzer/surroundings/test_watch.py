"""Names and vain attempts are seen in whole captures, whatever reads the packets."""

from __future__ import annotations

from pathlib import Path
from shutil import which
from typing import Any

import pytest

from analyzer.analysis import read
from analyzer.capture.inputs import expand
from analyzer.capture.tshark_source import wireshark
from analyzer.pipeline import Options, Sink, run
from analyzer.surroundings.model import ConnectionAttempt
from analyzer.surroundings.name_facts import NameFact

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


class Kept(Sink):
    """A sink that keeps facts and lets all else go."""

    def __init__(self) -> None:
        self.facts: list[Any] = []

    def surrounding(self, fact: Any) -> None:
        """Keep it."""
        self.facts.append(fact)


def facts(case: str, kind: type, engine: str = "native") -> list[Any]:
    """Facts of one kind in one of our captures."""
    kept = Kept()
    [source] = expand([str(CAPTURES / case / "capture.pcapng")])
    by = wireshark() if engine == "tshark" else None
    run(source, kept, Options(wireshark=by, by_scapy=engine == "scapy"))
    return [fact for fact in kept.facts if isinstance(fact, kind)]


def test_a_name_leads_to_both_addresses() -> None:
    """The desk looked the web server up before it asked for its page."""
    found = {
        (f.name, f.record, f.addresses, f.frame)
        for f in facts("http/login_and_negotiate", NameFact)
    }
    assert found == {
        ("web.nego.test", "A", ("10.99.0.2",), 19),
        ("web.nego.test", "AAAA", ("fd99::2",), 20),
    }


@pytest.mark.parametrize(
    "case", ["ldap/simple", "ldap/samba_ntlm_seal", "ldap/samba_kerberos_seal"]
)
def test_a_name_asked_for_over_ipv4_is_of_a_server_at_ipv6(case: str) -> None:
    """The client's IPv4 address asked, its IPv6 address binds."""
    columns = read(CAPTURES / case, tables=["negotiations"]).tables.columns["negotiations"]
    assert {*columns["server"], *columns["server_name"]} == {"fd99::1", "dc.nego.test"}


def test_services_and_refusals_are_told() -> None:
    """A client that finds its KDC by DNS asks for records that are there and others that are not."""
    found = facts("kdc/found_by_dns", NameFact)
    assert ("_kerberos._tcp.nego.test", ("dc.nego.test",), "NOERROR") in {
        (f.name, f.targets, f.rcode) for f in found
    }
    assert ("_kerberos-master._udp.nego.test", "NXDOMAIN") in {(f.name, f.rcode) for f in found}


def test_a_closed_port_is_a_reset() -> None:
    """SYN and RST are the evidence; a datagram is answered by ICMP."""
    by_udp, by_tcp = sorted(facts("kdc/port_closed", ConnectionAttempt), key=lambda f: f.frames)
    assert (by_tcp.port, by_tcp.how, by_tcp.frames) == (88, "reset", (5, 6))
    assert (by_udp.transport, by_udp.how) == ("udp", "ICMP port unreachable")


def test_a_silent_kdc_is_no_answer() -> None:
    """Every SYN of it is listed."""
    [attempt] = facts("kdc/no_answer", ConnectionAttempt)
    assert (attempt.how, attempt.frames) == ("no-answer", (2, 3, 4, 6, 7, 8, 9, 11))


@pytest.mark.parametrize("case", ["kdc/logon", "kdc/tcp_only"])
def test_an_answered_kdc_is_no_attempt(case: str) -> None:
    """Connections that came about are none."""
    assert not facts(case, ConnectionAttempt)


ENGINES = [
    "native",
    "scapy",
    pytest.param(
        "tshark", marks=pytest.mark.skipif(which("tshark") is None, reason="tshark is missing")
    ),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_icmp_instead_of_an_answer(engine: str) -> None:
    """A datagram by itself; a connection with its SYNs, told of by the host or by a router."""
    found = facts("http/fallback_kdc_port_unreachable", ConnectionAttempt, engine)
    datagram, by_tcp = sorted(found, key=lambda fact: fact.transport, reverse=True)
    assert datagram == ConnectionAttempt(
        "10.99.0.20", "10.99.0.2", 88, "udp", (10,), datagram.ts_ns, "ICMP port unreachable"
    )
    assert (by_tcp.transport, by_tcp.how, by_tcp.frames) == ("tcp", datagram.how, (6, 7))
    found = facts("http/fallback_kdc_prohibited", ConnectionAttempt, engine)
    assert {(f.client, f.server, f.how) for f in found} == {
        ("fd99::20", "fd99:1::88", "ICMP administratively prohibited")
    }
    # Wireshark reads no ports where a fragment of IPv6 is quoted
    by_udp = {} if engine == "tshark" else {"udp": (9,)}
    assert {f.transport: f.frames for f in found} == {"tcp": (6, 7, 12, 13), **by_udp}


def test_icmp_as_it_was_recorded() -> None:
    """The lab's client tried TCP, then a fragmented datagram."""
    found = facts("http/fallback_kdc_port_closed", ConnectionAttempt)
    assert sorted((f.frames, f.transport, f.how) for f in found) == [
        ((8, 9), "tcp", "reset"),
        ((12,), "udp", "ICMP port unreachable"),
    ]
