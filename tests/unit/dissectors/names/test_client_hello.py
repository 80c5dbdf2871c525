"""The server name of a TLS ClientHello."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tls_talk import client_hello

from dissectors.names.client_hello import server_name


def test_the_name_is_read() -> None:
    """As a real client writes it, in lower case."""
    assert server_name(client_hello("Web.Nego.test")) == "web.nego.test"


def test_a_client_that_names_nobody() -> None:
    """No extension, no name."""
    assert server_name(client_hello(None)) is None


@pytest.mark.parametrize("length", range(0, 600, 7))
def test_every_prefix_is_safe(length: int) -> None:
    """A cut hello shows the name or none."""
    assert server_name(client_hello("web.nego.test")[:length]) in {None, "web.nego.test"}


@given(st.binary(max_size=200))
def test_any_bytes_are_safe(data: bytes) -> None:
    """Nothing is raised."""
    server_name(b"\x16\x03\x01\x02\0\x01" + data)
