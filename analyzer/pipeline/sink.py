"""What the pipeline may be asked for, and who takes what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.negotiation.site import Site
from dissectors.carriers.base import CarrierMessage
from dissectors.records import dataclass

if TYPE_CHECKING:
    from analyzer.capture.tshark_source import Wireshark
    from analyzer.surroundings.model import Fact


class Sink(Protocol):
    """Takes what a capture holds, in the order in which it becomes known."""

    def token(
        self, stream: Stream, step: Step, carrier: str, negotiation: Negotiation | None
    ) -> None:
        """One token; a hint's negotiation (None here) is told when that negotiation is over."""

    def negotiation(self, negotiation: Negotiation) -> None:
        """One finished negotiation; numbers are given later, in order of first frame."""

    def schemes(
        self, stream: Stream, carrier: str, site: Site | None, said: CarrierMessage
    ) -> None:
        """Mechanism or scheme names that a server's carrier lists, of a web server for one site."""

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        """An anomaly without a negotiation; those with one come along with it."""

    def surrounding(self, fact: Fact) -> None:
        """A KDC exchange, a name look-up or a vain connection attempt."""


@dataclass(slots=True)
class Options:
    """What a caller may ask of the pipeline."""

    decode_as: dict[tuple[str, int], str] = field(default_factory=dict)  # ("tcp", port) -> carrier
    per_message_tokens: bool = True  # GSS Wrap tokens after the logon become tokens too
    progress: Callable[[int], None] | None = None  # bytes of the input read so far
    wireshark: Wireshark | None = None  # read packets by it, not natively
    by_scapy: bool = False  # Scapy reads the headers of every packet
