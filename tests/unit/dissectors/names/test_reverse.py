"""Names of the reverse tree and the addresses that they stand for."""

from __future__ import annotations

import pytest

from dissectors.names.reverse import reversed_address

V6 = ".".join(reversed("fd99" + "0" * 27 + "2"))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("2.0.99.10.in-addr.arpa", "10.99.0.2"),
        (f"{V6}.ip6.arpa", "fd99::2"),
        ("web.lab.example", None),
        ("_http._tcp.local", None),
        ("0.99.10.in-addr.arpa", None),  # a zone
        ("300.0.99.10.in-addr.arpa", None),
        ("2.0/25.0.99.10.in-addr.arpa", None),  # RFC 2317
        ("1.2.ip6.arpa", None),
        (f"{V6[:-1]}x.ip6.arpa", None),
        (f"{V6[:-1]}é.ip6.arpa", None),
        ("in-addr.arpa", None),
        ("", None),
    ],
)
def test_reverse_names(name: str, address: str | None) -> None:
    """All of an address, or nothing."""
    assert reversed_address(name) == address
