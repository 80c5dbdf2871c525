"""One conversation from segments to negotiations: what the reader of a stream tells its sink."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

import pytest

from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation, NoticedAnomaly
from analyzer.pipeline import Options, StreamReader

TOKEN = b"NTLMSSP\x00\x01\x00\x00\x00\x05\x02\x08\xa0" + bytes(16)
REQUEST = b"GET / HTTP/1.1\r\nHost: web\r\nAuthorization: NTLM " + b64encode(TOKEN) + b"\r\n\r\n"


@dataclass
class Told:
    """A sink that remembers."""

    rows: list[Negotiation] = field(default_factory=list)
    loose: list[NoticedAnomaly] = field(default_factory=list)

    def token(self, *_: object) -> None:
        """Take a token."""

    def negotiation(self, negotiation: Negotiation) -> None:
        """Take a finished negotiation."""
        self.rows.append(negotiation)

    def schemes(self, *_: object) -> None:
        """Take a list of schemes."""

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        """Take an anomaly of no negotiation."""
        self.loose.append(noticed)


@pytest.mark.parametrize("how", ["evicted", "capture-end"])
def test_a_stream_dropped_to_bound_memory_says_so(how: str) -> None:
    """The negotiation that was under way bears the mark; an ordinary end leaves none."""
    told = Told()
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 80, 1, 0, "syn")
    reader = StreamReader(stream, told, Options())
    reader.deliver(0, 0, REQUEST, 1, 1000)
    reader.end(None, how, 2, 2000)
    (row,) = told.rows
    codes = [noticed.anomaly.code for noticed in row.anomalies + told.loose]
    assert ("limit-streams" in codes) == (how == "evicted")
    assert not told.loose
