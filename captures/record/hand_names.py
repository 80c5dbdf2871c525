"""Look-ups of names, for conversations made by hand: DNS, and NetBIOS by broadcast.

Spec: RFC 1035 4.1, RFC 1001 14.1, RFC 1002 4.2.
"""

import struct
from ipaddress import ip_address

from talk import Talk

A, NB, IN = 1, 0x20, 1
NO_SUCH_NAME = 3
DNS_PORT, NETBIOS_PORT = 53, 137
BROADCAST = "10.99.0.255"
TIME_TO_LIVE = 300


def looked_up_in_vain(name: str, ident: int, *, at: int, client_port: int) -> Talk:
    """The client asks the controller for the name's address; there is no such name."""
    asked = _labels(name) + struct.pack(">HH", A, IN)
    talk = Talk("10.99.0.1", DNS_PORT, client_port=client_port, at=at)
    return talk.datagrams(
        struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + asked,
        struct.pack(">6H", ident, 0x8580 | NO_SUCH_NAME, 1, 0, 0, 0) + asked,
    )


def found_by_broadcast(name: str, address: str, ident: int, *, at: int) -> tuple[Talk, Talk]:
    """The client asks all hosts of its network for a NetBIOS name, and who has it answers."""
    coded = _labels(_netbios(name))
    question = coded + struct.pack(">HH", NB, IN)
    asked = Talk(BROADCAST, NETBIOS_PORT, client_port=NETBIOS_PORT, at=at)
    asked.datagrams(struct.pack(">6H", ident, 0x0110, 1, 0, 0, 0) + question)
    entry = struct.pack(">H", 0) + ip_address(address).packed
    record = coded + struct.pack(">HHIH", NB, IN, TIME_TO_LIVE, len(entry)) + entry
    told = Talk("10.99.0.20", NETBIOS_PORT, client=address, client_port=NETBIOS_PORT, at=at + 1)
    told.datagrams(struct.pack(">6H", ident, 0x8500, 0, 1, 0, 0) + record)
    return asked, told


def _labels(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _netbios(name: str) -> str:
    """The name of a file service, each half byte a letter."""
    full = name.upper().encode().ljust(15) + b"\x20"
    return "".join(chr(ord("A") + nibble) for byte in full for nibble in (byte >> 4, byte & 15))
