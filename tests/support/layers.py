"""What the tests of the Scapy layers share: recorded tokens, packets of captures, layers without memory."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scapy.layers import inet, inet6, l2  # noqa: F401 - they register the link types
from scapy.utils import PcapReader

import negoscope as ng

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "captures"


def capture(case):
    """Path of one of our captures, `http/ntlm`."""
    return str(CAPTURES / case / "capture.pcapng")


def cases():
    """All of our captures."""
    return sorted(str(path.parent.relative_to(CAPTURES)) for path in CAPTURES.glob("*/*/*.pcapng"))


def packets(case):
    """Packets of a capture, as Scapy reads them."""
    with PcapReader(capture(case)) as reader:
        return list(reader)


def native_tokens(case):
    """Frame and bytes of every token that `negoscope.read` finds."""
    columns = ng.read(capture(case), tables=["tokens"], with_secrets=True).tables.columns["tokens"]
    return sorted(zip(columns["frame"], columns["token"], strict=True))


@cache
def recorded():
    """Every token of our captures, once."""
    return sorted({bytes.fromhex(text) for case in cases() for _, text in native_tokens(case)})


def forget(packet):
    """Make a packet and what is inside it forget the bytes that it came from; return it."""
    layer = packet
    while layer:
        layer.raw_packet_cache = None
        for field in layer.packetfields:
            value = layer.getfieldval(field.name)
            for inner in value if isinstance(value, list) else [value]:
                if inner is not None:
                    forget(inner)
        layer = layer.payload
    return packet
