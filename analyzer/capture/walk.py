"""The slow path: follows one packet's headers from the link layer to TCP or UDP."""

from __future__ import annotations

from analyzer.capture import ip_layer, link_layer, tunnel_layer
from analyzer.capture.packet import LINK_TYPES, TOO_DEEP, Packet

MAX_HEADERS = 64
STEPS = {**link_layer.STEPS, **ip_layer.STEPS, **tunnel_layer.STEPS}


def walk(packet: Packet, link_type: int) -> str:
    """Return the outcome; DECODED leaves `packet` at the innermost TCP or UDP payload."""
    name = LINK_TYPES.get(link_type, f"link-type-{link_type}")
    for _ in range(MAX_HEADERS):
        step = STEPS.get(name)
        if step is None:
            return name
        name = step(packet)
    return TOO_DEEP if name in STEPS else name
