"""The packet's bounds, and tables that only name what exists."""

from analyzer.capture.defrag import Defragmenter
from analyzer.capture.model import CaptureAccount
from analyzer.capture.packet import CUT, Packet


def packet(captured, end):
    return Packet(b"\0" * 40, 10, captured, end, 1, 0, Defragmenter(CaptureAccount()))


def test_lacks_tells_cut_from_broken():
    """A header that only the capture lacks is cut; one that the wire lacks too is broken."""
    assert packet(20, 30).lacks(10, "bad") == ""
    assert packet(20, 30).lacks(11, "bad") == CUT
    assert packet(20, 30).lacks(20, "bad") == CUT
    assert packet(20, 30).lacks(21, "bad") == "bad"


def test_bound_narrows_both_ends():
    """A length ends the packet, and with it what counts as captured."""
    narrowed = packet(25, 30)
    narrowed.bound(12)
    assert (narrowed.captured, narrowed.end, narrowed.overrun) == (22, 22, False)


def test_bound_never_widens():
    """A length beyond what the wire has is noted and changes nothing."""
    kept = packet(25, 30)
    kept.bound(21)
    assert (kept.captured, kept.end, kept.overrun) == (25, 30, True)
    kept.bound(20)
    assert (kept.captured, kept.end, kept.overrun) == (25, 30, False)
