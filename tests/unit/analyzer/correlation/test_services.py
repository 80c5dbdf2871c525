"""Names of services and accounts, as they are written and compared."""

from __future__ import annotations

import pytest
from support.correlated import DOMAIN_MEMBER, ntlm

from analyzer.correlation.services import (
    account_of,
    host_of,
    is_address,
    principal,
    same_host,
    server_names,
)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Web.Lab.Example", "web.lab.example"),
        ("web.lab.example:8080", "web.lab.example"),
        ("web.lab.example.", "web.lab.example"),
        ("[fd77::1]:8080", "fd77::1"),
        ("fd77::1", "fd77::1"),
        ("", ""),
    ],
)
def test_host(text: str, host: str) -> None:
    """Case, port, brackets and the last dot make no other host."""
    assert host_of(text) == host


@pytest.mark.parametrize(
    ("name", "service", "host"),
    [
        ("HTTP/web.lab.example", "http", "web.lab.example"),
        ("MSSQLSvc/db.lab.example:1433", "mssqlsvc", "db.lab.example"),
        ("ldap/dc1.lab.example/lab.example@LAB.EXAMPLE", "ldap", "dc1.lab.example"),
        ("krbtgt", "krbtgt", ""),
    ],
)
def test_principal(name: str, service: str, host: str) -> None:
    """Class and host; port, third part and realm are no part of the host."""
    assert principal(name) == (service, host)


def test_no_name_is_no_principal() -> None:
    """Neither null nor empty."""
    assert principal(None) is None
    assert principal("") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("web", "web.lab.example", True),
        ("web.lab.example", "web", True),
        ("web.lab.example", "web.other.example", False),
        ("web", "www", False),
        ("10.0.0.1", "10", False),
        ("10.0.0.1", "10.0.0.1", True),
    ],
)
def test_short_names(one: str, other: str, same: bool) -> None:
    """A short name is the first label of a full one; addresses have no short form."""
    assert same_host(one, other) is same


def test_address() -> None:
    """Both versions, also with a zone; names are none."""
    assert is_address("10.0.0.1")
    assert is_address("fe80::1%eth0")
    assert not is_address("web.lab.example")


@pytest.mark.parametrize("user", ["alice", "ALICE", "alice@LAB.EXAMPLE", "LAB\\alice"])
def test_account(user: str) -> None:
    """However the user is written, it is the same account."""
    assert account_of(user) == "alice"


def test_names_of_a_server() -> None:
    """The client's own come first and are marked; what the server says of itself follows."""
    made = ntlm(spn="HTTP/www.lab.example", ntlm_server=DOMAIN_MEMBER, names=("alias.lab.example",))
    assert [(n.host, n.named_by_client) for n in server_names(made)] == [
        ("web.lab.example", True),
        ("www.lab.example", True),
        ("alias.lab.example", False),
        ("web", False),
    ]
