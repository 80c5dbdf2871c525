"""Which web site a request is for, and that many of them cost one."""

from __future__ import annotations

import pytest

from analyzer.capture.model import Stream
from analyzer.negotiation.site import LONGEST_NAME, Site, site_of

STREAM = Stream(0, "tcp", "10.0.0.1", 50_000, "10.0.0.2", 8080, 1, 0, "syn")


@pytest.mark.parametrize("name", ["Intra.Nego.Test.", "x" * (LONGEST_NAME + 1)])
def test_a_site_is_a_name_and_a_port(name: str) -> None:
    """Whatever its length: case and the root's dot do not count; the connection's port where none is said."""
    host = name.lower().removesuffix(".")
    assert site_of("http", name, {}, STREAM) == Site(host, 8080)
    assert site_of("http", name, {"port": 80}, STREAM) == Site(host, 80)


@pytest.mark.parametrize(("carrier", "name"), [("smb2", "fs1"), ("http", None), ("http", "")])
def test_no_site(carrier: str, name: str | None) -> None:
    """A carrier that has none, or a client that names none."""
    assert site_of(carrier, name, {}, STREAM) is None


def test_alike_sites_are_one_object() -> None:
    """Millions of negotiations may keep it; a name that no host can have is not remembered."""
    first, second = (site_of("http", "web1", {}, STREAM) for _ in range(2))
    assert first is second
    long = "x" * (LONGEST_NAME + 1)
    assert site_of("http", long, {}, STREAM) is not site_of("http", long, {}, STREAM)
