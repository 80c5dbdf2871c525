"""Read packets that another program part already has: a Scapy list, a reader, or whatever gives packets.

The packets' bytes go the same way as those of a file, so the same tables come out; what Scapy has made of
them does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analyzer.analysis import Analysis, begin
from analyzer.capture.packet_objects import PacketInput
from analyzer.decode_as import Given
from analyzer.errors import UsageError
from analyzer.reading import Progress, read_inputs


def from_packets(
    packets: Iterable[Any],
    *,
    name: str = "packets",
    tables: Iterable[str] | None = None,
    decode_as: Given = None,
    progress: Progress | None = None,
    with_secrets: bool = False,
) -> Analysis:
    """Read Scapy packets to the last one and return their `Analysis`.

    `packets`: a `PacketList`, any list of packets, a `PcapReader` or a generator. Frames are numbered from
    1 in their order; `name` stands in the column `capture`. Packets may be of several link types, and may
    begin with IP. The other arguments are those of `read`; `progress(input, bytes)` counts packet bytes.

    Of an iterator (a reader, a generator) no packet is kept: `negotiation()` of the result needs a list.

    Raises `UsageError` if something in `packets` is no packet.
    """
    from dissectors.layers.link_types import link_type_of  # noqa: PLC0415 - imports Scapy

    if hasattr(packets, "wirelen"):  # a packet is iterable: it gives itself
        packets = [packets]
    if isinstance(packets, (str, bytes)) or not isinstance(packets, Iterable):
        raise UsageError(f"from_packets() takes packets, not {type(packets).__name__}")

    def checked(packet: Any) -> int | None:
        if not hasattr(packet, "wirelen") or not hasattr(packet, "original"):
            raise UsageError(f"from_packets() takes packets, not {type(packet).__name__}")
        return link_type_of(packet)

    source = PacketInput(name, packets=packets, link_type_of=checked)
    analysis = begin(tables=tables, decode_as=decode_as, with_secrets=with_secrets)
    return read_inputs([source], analysis, progress)
