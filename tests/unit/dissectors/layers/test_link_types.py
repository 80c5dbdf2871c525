"""Link types of Scapy packets."""

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import CookedLinux, Dot3, Ether, Loopback
from scapy.packet import Raw

from dissectors.layers.link_types import link_type_of


@pytest.mark.parametrize(
    ("packet", "number"),
    [
        (Ether(), 1),
        (Dot3(), 1),
        (Loopback(), 0),
        (CookedLinux(), 113),
        (IP(), 228),
        (IPv6(), 229),
        (TCP(), None),
        (Raw(b"x"), None),
    ],
)
def test_the_first_layer_tells_the_link_type(packet, number):
    """A packet that begins with IP has a link type too; one that begins with neither has none."""
    assert link_type_of(packet) == number


def test_subclasses_count_as_their_base():
    """A user's own Ethernet is Ethernet."""

    class Mine(Ether):
        pass

    assert link_type_of(Mine()) == 1
