"""The slow path: follows one packet's headers from the link layer to TCP or UDP."""

from __future__ import annotations

from analyzer.capture import ip_layer, link_layer, scapy_source, tunnel_layer
from analyzer.capture.packet import DECODED, LINK_TYPES, TOO_DEEP, Packet

MAX_HEADERS = 64
STEPS = {**link_layer.STEPS, **ip_layer.STEPS, **tunnel_layer.STEPS}


def walk(packet: Packet, link_type: int, *, by_scapy: bool = False) -> str:
    """Return the outcome; DECODED leaves `packet` at the innermost TCP or UDP payload.

    Link types and tunnels without a step of ours are read by Scapy, with `by_scapy` all are.
    """
    name = LINK_TYPES.get(link_type, f"link-type-{link_type}")
    if by_scapy:
        name = scapy_source.read_headers(packet, link_type)
    elif link_type in scapy_source.SCAPY_LINK_TYPES:
        packet.by_scapy.append(name)
        name = scapy_source.find_ip(packet, link_type)
    for _ in range(MAX_HEADERS):
        step = STEPS.get(name)
        if step is not None:
            name = step(packet)
        elif name in scapy_source.SCAPY_TUNNELS:
            if not scapy_source.starts_tunnel(packet, name):
                return DECODED
            packet.by_scapy.append(name)
            name = scapy_source.find_tunnelled_ip(packet, name)
        else:
            return name
    return TOO_DEEP if name in STEPS else name
