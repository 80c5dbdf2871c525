"""The address that a name of the reverse tree stands for: `2.0.99.10.in-addr.arpa` is 10.99.0.2.

Spec: RFC 1035 3.5 (IPv4), RFC 3596 2.5 (IPv6).
"""

from __future__ import annotations

import ipaddress

IPV4, IPV6 = ".in-addr.arpa", ".ip6.arpa"
_OCTETS, _NIBBLES = 4, 32


def reversed_address(name: str) -> str | None:
    """The address as text, from a name in lower case without the last dot; None for any other name."""
    if name.endswith(IPV4):
        labels, joint, size = name.removesuffix(IPV4).split("."), ".", _OCTETS
    elif name.endswith(IPV6):
        labels, joint, size = name.removesuffix(IPV6).split("."), "", _NIBBLES
        if any(len(label) != 1 for label in labels):
            return None
    else:
        return None
    if len(labels) != size:
        return None
    text = joint.join(reversed(labels))
    if not joint:
        text = ":".join(text[at : at + 4] for at in range(0, _NIBBLES, 4))
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
