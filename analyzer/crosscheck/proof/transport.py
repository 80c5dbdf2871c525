"""What lies below the carriers: cut packets, gaps, ports; and carriers that are not read here.

Spec: RFC 9293 3.4 (order is by sequence number), RFC 1001 (NetBIOS length), MS-SMB2 2.2.1.
"""

from __future__ import annotations

import re

from analyzer.crosscheck.difference import ROW, Difference
from analyzer.crosscheck.tshark_tokens import OPAQUE

_PLAIN = frozenset(
    {"geninfo", "frame", "eth", "vlan", "ip", "ipv6", "tcp", "null", "sll", "raw", "_ws.short"}
)
"""Protocols of a packet in whose TCP payload tshark saw nothing."""


def cut_by_snaplen(d: Difference) -> bool:
    """The packet lacks its end, and tshark stops where the bytes do."""
    if d.theirs not in (None, OPAQUE) or d.packet is None:
        return False
    cut = d.packet.find("_ws.short") is not None
    return cut and (d.kind == ROW or "truncated" in d.our_anomalies)


def behind_gap(d: Difference) -> bool:
    """Bytes of the connection are missing before; tshark shows nothing of the packet's payload."""
    if d.kind != ROW or d.theirs is not None or d.packet is None:
        return False
    if d.conversation.lost_in is None or d.conversation.lost_in > d.frame:
        return False
    carried = [tree for tree in d.packet.tree.children if tree.name not in _PLAIN]
    return not any(tree.children for tree in carried)


def unknown_port(d: Difference) -> bool:
    """A whole SMB message by its NetBIOS length and protocol id, on a port tshark does not know."""
    if d.kind != ROW or d.theirs is not None or d.packet is None:
        return False
    if {"nbss", "smb", "smb2"} & set(d.packet.protocols):
        return False
    nodes = ("tcp.reassembled.data", "tcp.payload")
    return any(
        re.match(rb"(?s)\0...[\xfe\xff]SMB", node.raw) is not None and d.raw in node.raw
        for name in nodes
        for node in d.packet.tree.every(name)
    )


def inside_tls(d: Difference) -> bool:
    """A token of tshark's, out of a record that it decrypted."""
    if d.kind != ROW or d.ours is not None or d.packet is None or d.their_token is None:
        return False
    return "tls" in d.packet.protocols


def carrier_not_read(carrier: str, d: Difference) -> bool:
    """A token of tshark's, in a carrier of which we have none."""
    their = d.their_token
    return d.kind == ROW and d.ours is None and their is not None and their.carrier == carrier
