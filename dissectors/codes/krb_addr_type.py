"""Names of the types of addresses in Kerberos messages.

Spec: RFC 4120 7.5.3.
"""

from __future__ import annotations

KRB_ADDR_TYPE: dict[int, str] = {
    2: "IPv4",
    3: "Directional",
    5: "ChaosNet",
    6: "XNS",
    7: "ISO",
    12: "DECNET Phase IV",
    16: "AppleTalk DDP",
    20: "NetBios",
    24: "IPv6",
}


def krb_addr_type_name(number: int) -> str:
    """Name of an addr-type; an unknown one keeps its number, `unknown(99)`."""
    return KRB_ADDR_TYPE.get(number) or f"unknown({number})"
