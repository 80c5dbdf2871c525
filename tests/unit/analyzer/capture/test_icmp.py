"""ICMP errors: which packet did not arrive, and why, by every engine and out of any bytes."""

from __future__ import annotations

import random
from ipaddress import ip_address

import pytest

from analyzer.capture.icmp import Unreachable, read_unreachable

V4 = 0xFFFF << 32
CLIENT, KDC = "10.99.0.20", "10.99.0.1"
CLIENT6, KDC6 = "fd99::20", "fd99::1"


def ip(proto: int, *, field: int = 0, words: int = 5, begin: int = 0x40) -> bytes:
    """An IPv4 header, `words` long, from the client to the KDC."""
    ends = ip_address(CLIENT).packed + ip_address(KDC).packed
    head = bytes([begin | words]) + bytes(5) + field.to_bytes(2, "big") + bytes([64, proto, 0, 0])
    return head + ends + bytes(max(0, 4 * (words - 5)))


def ip6(proto: int) -> bytes:
    """An IPv6 header from the client to the KDC."""
    ends = ip_address(CLIENT6).packed + ip_address(KDC6).packed
    return bytes([0x60, 0, 0, 0, 0, 0, proto, 64]) + ends


PORTS = (40_088).to_bytes(2, "big") + (88).to_bytes(2, "big")


def read(data: bytes, version: int = 4) -> Unreachable | None:
    return read_unreachable(data, 7, 99, version)


@pytest.mark.parametrize("proto", [6, 17])
@pytest.mark.parametrize(
    ("code", "how"),
    [
        (0, "network unreachable"),
        (1, "host unreachable"),
        (3, "port unreachable"),
        (13, "administratively prohibited"),
        (15, "unreachable, code 15"),
    ],
)
def test_an_error_over_ipv4(code: int, how: str, proto: int) -> None:
    """The quoted packet's ends, and the code in words."""
    found = read(bytes([3, code]) + bytes(6) + ip(proto) + PORTS)
    client, kdc = V4 | 0x0A63_0014, V4 | 0x0A63_0001
    assert found == Unreachable(7, 99, how, proto, (0, client, 40_088), (0, kdc, 88))


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize(
    ("code", "how"), [(0, "network unreachable"), (1, "administratively prohibited")]
)
def test_an_error_over_ipv6(code: int, how: str, *, fragment: bool) -> None:
    """The first fragment holds the ports as well."""
    head = ip6(44) + bytes([17, 0, 0, 1, 0, 0, 0, 9]) if fragment else ip6(17)
    found = read(bytes([1, code]) + bytes(6) + head + PORTS, 6)
    assert found is not None
    assert (found.how, found.proto, found.source[2], found.destination[2]) == (how, 17, 40_088, 88)
    assert found.destination[:2] == (0xFD99 << 48, 1)


def test_options_of_the_quoted_packet() -> None:
    """The ports stand behind them."""
    found = read(bytes([3, 3]) + bytes(6) + ip(17, words=8) + PORTS)
    assert found is not None
    assert found.destination[2] == 88


@pytest.mark.parametrize(
    "data",
    [
        bytes([8, 0]) + bytes(6) + ip(17) + PORTS,  # an echo
        bytes([3, 4]) + bytes(6) + ip(17) + PORTS,  # too big
        bytes([3, 3]) + bytes(6) + ip(1) + PORTS,  # about ICMP
        bytes([3, 3]) + bytes(6) + ip(17, field=1) + PORTS,  # a later fragment
        bytes([3, 3]) + bytes(6) + ip(17, begin=0x60) + PORTS,
        bytes([3, 3]) + bytes(6) + ip(17, words=4) + PORTS,
    ],
)
def test_what_tells_nothing(data: bytes) -> None:
    """Other messages, and quotes without ports."""
    assert read(data) is None


def test_any_bytes() -> None:
    """Cut or made up, nothing is raised."""
    whole = bytes([3, 3]) + bytes(6) + ip(17) + PORTS
    whole6 = bytes([1, 4]) + bytes(6) + ip6(44) + bytes(8) + PORTS
    for version, data in ((4, whole), (6, whole6)):
        assert [at for at in range(len(data)) if read(data[:at], version)] == []
    some = random.Random(5)
    for _ in range(2000):
        for version, begin in ((4, b"\3"), (6, b"\1")):
            read(begin + some.randbytes(some.randrange(80)), version)
