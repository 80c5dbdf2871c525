"""NTLM written for another server or service than the one that got it, and names that may be the same."""

from __future__ import annotations

from typing import Any

import pytest
from support.finding_rows import CAPTURE, Row, found, logon

from analyzer.audit.model import Finding
from analyzer.audit.targets import target_of

WEB = {"MsvAvNbComputerName": "WEB", "MsvAvDnsComputerName": "web.nego.test"}
WEB |= {"MsvAvNbDomainName": "NEGO", "MsvAvDnsDomainName": "nego.test"}


def brought(
    target: str,
    *,
    own: Row | None = WEB,
    cut: int = 0,
    looked_up: tuple[Row, ...] = (),
    **cells: Any,
) -> list[Finding]:
    """What is found of an answer with this target name at a server that calls itself so."""
    token = {"capture": CAPTURE, "negotiation_id": 1, "anomalies": 0}
    challenge = token | {"inner_type": "NTLM_CHALLENGE", "ntlm_challenge_id": "00", "frame": 11}
    answer = token | {"inner_type": "NTLM_AUTHENTICATE", "ntlm_response": "ntlmv2", "frame": 12}
    answer |= {"ntlm_target_name": target, "frames": [12], "anomalies": cut}
    tokens = [answer] if own is None else [challenge | {"ntlm_target_info": own}, answer]
    row = logon(**({"server_name": "web.nego.test"} | cells))
    oddity = {"capture": CAPTURE, "frame": 12, "code": "truncated"}
    rows = {"negotiations": [row], "tokens": tokens, "anomalies": [oddity], "names": [*looked_up]}
    return found("NGS-RELAY-003", **rows)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HTTP/Web.nego.test:8080", ("http", "web.nego.test")),
        ("ldap/dc.nego.test/nego.test@NEGO.TEST", ("ldap", "dc.nego.test")),
        ("cifs/[FD99::2]:445", ("cifs", "fd99::2")),
        ("cifs/fd99::2", ("cifs", "fd99::2")),
        ("HTTP/web.nego.test.", ("http", "web.nego.test")),
        ("HTTP/", None),
        ("/web", None),
        ("web", None),
        ("", None),
        (None, None),
    ],
)
def test_a_target_is_a_service_and_a_host(
    name: str | None, expected: tuple[str, str] | None
) -> None:
    """Without port, realm and third part."""
    assert target_of(name) == expected


LDAP = {"carrier": "ldap", "server_name": None}
SMB = {"carrier": "smb2"}


@pytest.mark.parametrize(
    ("target", "cells", "sure"),
    [
        ("HTTP/payroll.nego.test", {}, "likely"),
        ("HTTP/payroll", {}, "likely"),
        ("HTTP/10.0.0.66", {}, "likely"),
        ("HTTP/localhost", {}, "likely"),
        ("HTTP/web.evil.test", {}, "possible"),  # an alias in another domain may be the server's
        ("cifs/attacker.nego.test", LDAP, "possible"),
        ("HTTP/payroll", SMB | {"server_name": None}, "possible"),
        ("cifs/web.nego.test", {}, "possible"),
        ("cifs/web.nego.test", LDAP, "possible"),
        ("HTTP/web.nego.test", SMB, "possible"),
        ("cifs/nego.test", SMB, "possible"),  # SYSVOL, for which a member is not asked
        ("cifs/NEGO", SMB, "possible"),
        ("HTTP/web.nego.test", LDAP, "possible"),
        ("HTTP/nego.test", {}, "likely"),
        ("ldap/payroll.nego.test", LDAP | {"server_name": "web.nego.test"}, "likely"),
    ],
)
def test_it_was_meant_for_somebody_else(target: str, cells: Row, sure: str) -> None:
    """By host it is likely, by the domain alone or the service possible."""
    (finding,) = brought(target, **cells)
    assert (finding.confidence, finding.subject) == (sure, "10.0.0.20")
    assert finding.why.endswith(f"was written for {target}")
    (place,) = finding.places.values()
    assert list(place.evidence) == [12]


@pytest.mark.parametrize(
    ("target", "cells"),
    [
        ("HTTP/web.nego.test", {}),
        ("HTTP/WEB", {}),
        ("HTTP/web.nego.test:8080", {}),
        ("http/10.0.0.2", {}),
        ("HTTP/www.nego.test", {"server_name": "WWW.nego.test."}),
        ("HTTP/www.nego.test", {"names": ["www.nego.test"]}),
        ("HOST/web.nego.test", {}),
        ("RestrictedKrbHost/web", SMB),
        ("WSMAN/web.nego.test", {}),
        ("ldap/web.nego.test", LDAP),
        ("ldaps/web.nego.test", LDAP),
        ("GC/web.nego.test/nego.test", LDAP),
        ("ldap/nego.test", LDAP),  # a domain's name leads to its controllers
        ("cifs/NEGO", SMB | {"server_name": None}),
        ("cifs/WEB", LDAP),  # as Impacket names every service
        ("cifs/WEB", {}),
        ("HTTP/localhost", {"server_name": "localhost"}),
        ("cifs/localhost", SMB | {"server": "127.0.0.1"}),
        ("cifs/localhost", SMB | {"server": "::1"}),
        ("cifs/localhost", SMB | {"client": "10.0.0.2"}),
        ("MSSQLSvc/web.nego.test", {"carrier": "tds"}),
        ("HTTP/proxy.nego.test", {"carrier": "http-proxy", "server_name": None}),
        ("web", {}),
        # an alias, as far as the capture tells for which host the client asked
        ("ldap/alias.nego.test", LDAP),
        ("cifs/payroll", SMB | {"server_name": None}),
        ("HTTP/payroll", {"server_name": None}),
    ],
)
def test_it_is_the_servers_or_may_be(target: str, cells: Row) -> None:
    """Its name, its address, an alias that was seen, or a class of services that stands for it."""
    assert brought(target, **cells) == []


def test_a_short_name_of_the_server_has_no_domain_to_differ() -> None:
    """Nothing tells whose domain it is in."""
    short = {"MsvAvNbComputerName": "WEB", "MsvAvDnsComputerName": "web"}
    assert brought("HTTP/web.evil.test", own=short, server_name="web") == []
    (finding,) = brought("HTTP/web.evil.test", own=short, server_name="web.nego.test")
    assert finding.confidence == "possible"


def test_what_is_not_there_proves_nothing() -> None:
    """A name that is cut off, or a server of which no name is known."""
    assert brought("HTTP/pay", cut=1) == []
    assert brought("cifs/pay", own=None, server_name=None) == []
    assert brought("HTTP/pay", own=None, server_name="10.0.0.20") == []
    assert len(brought("HTTP/10.0.0.66", own=None, server_name="10.0.0.20")) == 1
    assert len(brought("HTTP/pay", server_name="10.0.0.20")) == 1
    (finding,) = brought("HTTP/pay", own=None)
    assert finding.confidence == "likely"


# -- an address in place of the host, where it is not known for which one the client asked ----------------


def told(*addresses: str, **cells: Any) -> Row:
    """An answer to a look-up of the server's name."""
    row = {"capture": CAPTURE, "client": "10.0.0.20", "source": "dns", "record": "A"}
    return row | {"name": "web.nego.test", "addresses": [*addresses], "broadcast": False} | cells


@pytest.mark.parametrize("carrier", ["smb2", "smb1", "ldap"])
@pytest.mark.parametrize(
    ("address", "sure"),
    [
        ("10.0.0.66", "possible"),  # it may be translated on the way
        ("fd99::66", "possible"),
        ("[fd99::66]", "possible"),
        ("10.0.0.20", "likely"),  # of who brought it: somebody logs on to him
    ],
)
def test_an_address_that_is_not_the_servers(carrier: str, address: str, sure: str) -> None:
    """It tells by itself that somebody else was meant."""
    service = "ldap" if carrier == "ldap" else "cifs"
    cells: Row = {"carrier": carrier, "server_name": None}
    (finding,) = brought(f"{service}/{address}", **cells)
    assert (finding.confidence, finding.subject) == (sure, "10.0.0.20")
    (nameless,) = brought(f"{service}/{address}", own=None, **cells)
    assert nameless.confidence == sure


@pytest.mark.parametrize(
    ("target", "cells"),
    [
        ("cifs/10.0.0.2", {}),
        ("cifs/FD99::2", {"server": "fd99::2"}),
        ("cifs/fd99:0::2", {"server": "fd99::2"}),
        ("cifs/fe80::2", {"server": "fe80::2%3"}),
        ("cifs/127.0.0.1", {}),  # a tunnel begins on the client's own machine
        ("cifs/[::1]", {}),
        ("cifs/0.0.0.0", {}),
    ],
)
def test_an_address_that_is_the_servers_or_everybodys(target: str, cells: Row) -> None:
    """In any spelling."""
    assert brought(target, carrier="smb2", server_name=None, **cells) == []


def test_a_host_has_several_addresses() -> None:
    """As one answer says, or several about one name; what a neighbour says leads to himself."""
    cells: Row = {"carrier": "smb2", "server_name": None}
    both = told("10.0.0.2", "10.0.0.66")
    apart = (told("10.0.0.2"), told("10.0.0.66"))
    assert brought("cifs/10.0.0.66", looked_up=(both,), **cells) == []
    assert brought("cifs/10.0.0.66", looked_up=apart, **cells) == []
    assert brought("HTTP/10.0.0.66", looked_up=(both,)) == []
    for other in (
        both | {"broadcast": True},
        both | {"capture": "another.pcapng"},
        told("10.0.0.66", name="other.nego.test"),
    ):
        assert len(brought("cifs/10.0.0.66", looked_up=(told("10.0.0.2"), other), **cells)) == 1
