"""Which link type a Scapy packet begins with, by the class of its first layer.

Spec: tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from typing import Any

from scapy.config import conf


def link_type_of(packet: Any) -> int | None:
    """LINKTYPE_ number of a packet's first layer; None if there is none for it."""
    numbers = conf.l2types.layer2num
    for layer in type(packet).__mro__:
        number = numbers.get(layer)
        if number is not None:
            return int(number)
    return None
