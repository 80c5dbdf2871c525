"""Link types and tunnels that have no native steps: Scapy finds the IP packet inside, one packet at a time.

Scapy gets the first bytes of a packet only, for headers are all that is wanted of it, and no bytes of a
capture can make it work long. What it raises becomes a reason in the account. With `engine="scapy"`
it reads every packet's headers up to TCP or UDP; fragments go on to our own defragmenter.

Spec: tcpdump.org/linktypes.html; IEEE 802.11 9.3.2 (data frames), radiotap.org; 3GPP TS 29.281 (GTP-U),
RFC 2661 (L2TP), TZSP (UDP 37008).
Not handled: frames that carry several others (A-MSDU), 802.15.4 (its IPv6 headers are compressed).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from analyzer.capture.packet import DECODED, IPV4_MAPPED, NOT_IP, TCP_FLAGS, Packet

if TYPE_CHECKING:
    from collections.abc import Iterator

SCAPY_LINK_TYPES = {
    104: ("scapy.contrib.chdlc", "CHDLC"),
    105: ("scapy.layers.dot11", "Dot11"),
    117: ("scapy.layers.pflog", "PFLog"),
    119: ("scapy.layers.dot11", "PrismHeader"),
    127: ("scapy.layers.dot11", "RadioTap"),
    163: ("scapy.contrib.avs", "AVSWLANHeader"),
    192: ("scapy.layers.ppi", "PPI"),
    204: ("scapy.layers.ppp", "DIR_PPP"),
    274: ("scapy.layers.l2", "MPacketPreamble"),
}
"""LINKTYPE_ number -> module and class of Scapy's layer."""

SCAPY_TUNNELS = {
    "gtp": ("scapy.contrib.gtp", "GTP_U_Header"),
    "l2tp": ("scapy.layers.l2tp", "L2TP"),
    "tzsp": ("scapy.contrib.tzsp", "TZSP"),
}
"""What a UDP port may carry (`packet.UDP_TUNNELS`) -> module and class of Scapy's layer."""

TZSP_CARRIES = (1, 18, 119, 127)
"""Ethernet, 802.11, with Prism or AVS headers."""

NATIVE_LINK_TYPES = {
    0: ("scapy.layers.l2", "Loopback"),
    1: ("scapy.layers.l2", "Ether"),
    9: ("scapy.layers.ppp", "PPP"),
    12: ("scapy.layers.inet6", "IPv46"),
    14: ("scapy.layers.inet6", "IPv46"),
    50: ("scapy.layers.ppp", "HDLC"),
    51: ("scapy.layers.ppp", "PPPoE"),
    101: ("scapy.layers.inet6", "IPv46"),
    108: ("scapy.layers.l2", "LoopbackOpenBSD"),
    113: ("scapy.layers.l2", "CookedLinux"),
    228: ("scapy.layers.inet", "IP"),
    229: ("scapy.layers.inet6", "IPv6"),
    276: ("scapy.layers.l2", "CookedLinuxV2"),
}
"""Link types that Scapy reads only when it is asked to read everything."""

HEADERS = 512
"""Bytes of a packet that Scapy sees; TCP begins long before their end."""
LAYER_LIMIT = 32
FAILED = "scapy-failed"
ENCRYPTED = "encrypted-radio"
AGGREGATED = "a-msdu"


def find_ip(packet: Packet, link_type: int) -> str:
    """Move to the outermost IP header of a packet of `SCAPY_LINK_TYPES`; name the next step."""
    return _to_ip(packet, SCAPY_LINK_TYPES[link_type])


def starts_tunnel(packet: Packet, tunnel: str) -> bool:
    """Whether the payload can be one of `SCAPY_TUNNELS` that carries something.

    The ports of tunnels are drawn by clients too: an answer to one of those is no matter for Scapy.
    """
    data = packet.data[packet.at : min(packet.at + 4, packet.captured)].ljust(4, b"\0")
    if tunnel == "gtp":  # version 1, not GTP'; a G-PDU
        return data[0] & 0xF0 == 0x30 and data[1] == 0xFF
    if tunnel == "l2tp":  # data, not control; zero bits; version 2
        return data[0] & 0xB4 == 0 and data[1] == 2
    return data[0] == 1 and data[1] < 6 and int.from_bytes(data[2:]) in TZSP_CARRIES


def find_tunnelled_ip(packet: Packet, tunnel: str) -> str:
    """Move to the IP header inside a tunnel; plain UDP if there is none."""
    at, captured, end = packet.at, packet.captured, packet.end
    outcome = _to_ip(packet, SCAPY_TUNNELS[tunnel])
    if outcome == "ip":
        return outcome
    packet.at, packet.captured, packet.end = at, captured, end
    return DECODED


def read_headers(packet: Packet, link_type: int) -> str:
    """Read all headers with Scapy: DECODED leaves `packet` at the innermost TCP or UDP payload.

    Fragments, and headers that Scapy does not know, are left to the native steps: `ip` names them.
    """
    location = SCAPY_LINK_TYPES.get(link_type) or NATIVE_LINK_TYPES.get(link_type)
    if location is None:
        return f"link-type-{link_type}"
    layers, reason = _layers(packet, location)
    if reason:
        return reason
    places = list(_located(packet, layers))
    first = next((at for layer, at in places if _is_ip(layer)), None)
    if unreadable := _unreadable(layers):
        return unreadable
    if first is None:
        return NOT_IP
    ip = None
    transport = None
    for layer, at in places:
        if _is_ip(layer):
            ip, transport = layer, None
        elif layer.__class__.__name__ in {"TCP", "UDP"} and ip is not None:
            transport = layer, at
    packet.at = first
    if ip is None or transport is None or _is_fragment(ip) or not _take(packet, ip, *transport):
        return "ip"
    return DECODED


# -- Scapy's part ----------------------------------------------------------------------------------


@cache
def _layer_class(location: tuple[str, str]) -> Any:
    """Load a layer of Scapy's; its network layers too, which bind themselves to it."""
    for module in ("l2", "inet", "inet6", "ppp", "dot11"):  # a PPI header may name any of them
        import_module(f"scapy.layers.{module}")
    return getattr(import_module(location[0]), location[1])


def _layers(packet: Packet, location: tuple[str, str]) -> tuple[list[Any], str]:
    """Layers of the packet's first bytes, or the reason why there are none."""
    head = packet.data[packet.at : min(packet.captured, packet.at + HEADERS)]
    try:
        layer = _layer_class(location)(head)
        found: list[Any] = []
        while layer and len(found) < LAYER_LIMIT:
            found.append(layer)
            layer = layer.payload
    except Exception:  # noqa: BLE001 - Scapy raises what it likes on odd bytes, RecursionError included
        return [], FAILED
    return found, ""


def _located(packet: Packet, layers: list[Any]) -> Iterator[tuple[Any, int]]:
    """Each layer with where it begins in the packet's data."""
    at = packet.at
    for layer in layers:
        original = bytes(layer.original)
        if not original:
            return
        place = packet.data.find(original, at, packet.captured)
        if place < 0:
            return  # put together by Scapy: not bytes of the capture
        yield layer, place
        at = place


def _is_ip(layer: Any) -> bool:
    return layer.__class__.__name__ in {"IP", "IPv6", "IPv46"}


def _to_ip(packet: Packet, location: tuple[str, str]) -> str:
    layers, reason = _layers(packet, location)
    if reason:
        return reason
    if reason := _unreadable(layers):
        return reason
    for layer, at in _located(packet, layers):
        if _is_ip(layer):
            packet.at = at
            return "ip"
    return NOT_IP


def _unreadable(layers: list[Any]) -> str:
    """Why the IP of a radio frame cannot be read; empty if nothing speaks against it."""
    for layer in layers:
        name = layer.__class__.__name__
        if name in {"Dot11WEP", "Dot11TKIP", "Dot11CCMP", "Dot11Encrypted"}:
            return ENCRYPTED
        if name == "Dot11QoS" and layer.A_MSDU_Present:
            return AGGREGATED
    return ""


def _is_fragment(ip: Any) -> bool:
    if ip.__class__.__name__ == "IPv6":
        return any(layer.startswith("IPv6ExtHdrFragment") for layer in _names(ip))
    return bool(ip.frag or int(ip.flags) & 1)


def _names(layer: Any) -> list[str]:
    """Class names of the layers from this one on."""
    found: list[str] = []
    while layer and len(found) < LAYER_LIMIT:
        found.append(layer.__class__.__name__)
        layer = layer.payload
    return found


def _take(packet: Packet, ip: Any, transport: Any, at: int) -> bool:
    """Take over what Scapy read; False if a length is odd, which the native steps judge."""
    over_ip4 = ip.__class__.__name__ != "IPv6"
    length = (ip.len if over_ip4 else ip.plen) or 0
    start = packet.data.find(bytes(ip.original), packet.at, packet.captured)
    if start < 0 or not length:
        return False
    end = start + length + (0 if over_ip4 else 40)
    size = (transport.dataofs or 0) * 4 if transport.__class__.__name__ == "TCP" else 8
    if not size or at + size > min(packet.captured, end) or end > packet.end:
        return False
    packet.source, packet.destination = _address(ip.src), _address(ip.dst)
    packet.source_port, packet.destination_port = transport.sport, transport.dport
    packet.protocol = 17
    if transport.__class__.__name__ == "TCP":
        packet.protocol = 6
        packet.seq, packet.ack = transport.seq, transport.ack
        packet.flags = int(transport.flags) & TCP_FLAGS
    elif at + (transport.len or 0) != end:
        return False
    packet.at = at + size
    packet.bound(end - packet.at)
    return True


def _address(text: str) -> tuple[int, int]:
    """128 bits in two halves."""
    from socket import AF_INET, AF_INET6, inet_pton  # noqa: PLC0415 - slow to import; Scapy has done so

    if ":" in text:
        packed = inet_pton(AF_INET6, text)
        return int.from_bytes(packed[:8]), int.from_bytes(packed[8:])
    return 0, IPV4_MAPPED | int.from_bytes(inet_pton(AF_INET, text))
