"""Which addresses are taken for addresses, and which for safe."""

from __future__ import annotations

import pytest

from analyzer.cluster.address import checked, is_local, open_to_others, refuse_open
from analyzer.errors import UsageError


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("tls://lab-host:8786/", "tls://lab-host:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ("wss://lab-host:443", "wss://lab-host:443"),
    ],
)
def test_addresses_get_their_protocol(given: str, whole: str) -> None:
    """As dask would read them."""
    assert checked(given) == whole


@pytest.mark.parametrize(
    "given",
    ["", "lab-host", "tcp://", "tcp://lab-host:port", "tcp://lab-host:99999", "http://lab-host:80",
     "tls://user@lab-host:8786", "tls://lab-host:8786/path", "inproc://10.0.0.1/1/1"],
)  # fmt: skip
def test_what_is_no_address_is_told(given: str) -> None:
    """In one line that shows how one looks."""
    with pytest.raises(UsageError, match="no address; give tls://HOST:PORT") as told:
        checked(given)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("tcp://127.0.0.1:1", True),
        ("tcp://127.8.0.1:1", True),
        ("tcp://[::1]:1", True),
        ("tcp://localhost:1", True),
        ("inproc://10.0.0.5/7/1", True),
        ("tcp://10.0.0.5:1", False),
        ("tcp://0.0.0.0:1", False),
        ("tcp://[::]:1", False),
        ("tcp://localhost.lab.example:1", False),
        ("tcp://127.0.0.1.lab.example:1", False),
    ],
)
def test_loopback_is_local_and_names_are_not(address: str, local: bool) -> None:
    """A name may mean any machine."""
    assert is_local(address) is local


def test_only_what_is_neither_encrypted_nor_local_is_open() -> None:
    """TLS protects wherever it goes; web sockets only with it."""
    given = ["tls://10.0.0.5:1", "wss://10.0.0.5:1", "tcp://127.0.0.1:1", "ws://10.0.0.5:1"]
    assert open_to_others(given) == ["ws://10.0.0.5:1"]


def test_an_open_cluster_is_refused_unless_allowed() -> None:
    """And never meets keys or secrets."""
    given = ["tcp://127.0.0.1:1", "tcp://10.0.0.5:8786"]
    with pytest.raises(
        UsageError, match=r"tcp://10.0.0.5:8786 is not encrypted.*--insecure-cluster"
    ):
        refuse_open(given, allowed=False, secrets=False)
    refuse_open(given, allowed=True, secrets=False)
    with pytest.raises(UsageError, match="keys and secrets are not used there"):
        refuse_open(given, allowed=True, secrets=True)
    refuse_open(given[:1], allowed=False, secrets=True)
