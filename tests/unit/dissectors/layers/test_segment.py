"""Segments: IP's length decides, not the frame's."""

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Ether
from scapy.packet import Padding, Raw

from dissectors.layers.segment import is_late_fragment, nanoseconds, segment_of


def read(packet):
    return type(packet)(bytes(packet))


def test_link_padding_is_no_payload():
    """Bytes behind the IP datagram are the link's."""
    packet = Ether(bytes(Ether() / IP() / TCP(flags="A", seq=5)) + b"NTLMSSP\0")
    assert Padding in packet
    segment = segment_of(packet)
    assert (segment.data, segment.size, segment.seq) == (b"", 0, 5)


def test_a_cut_packet_tells_what_is_missing():
    """The IP length says how much the snap length took."""
    for network in (IP(), IPv6()):
        whole = bytes(Ether() / network / TCP() / Raw(b"x" * 100))
        segment = segment_of(Ether(whole[:-40]))
        assert segment.data == b"x" * 60
        assert segment.size == 100


def test_the_innermost_headers_count():
    """A tunnel's passenger is who speaks."""
    inner = IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=1, dport=2) / Raw(b"in")
    segment = segment_of(read(Ether() / IP(src="1.1.1.1", dst="2.2.2.2") / inner))
    assert segment.source == ("10.0.0.1", 1)
    assert segment.destination == ("10.0.0.2", 2)


def test_a_syn_counts_one():
    """The sequence number is that of the first byte."""
    assert segment_of(read(IP() / TCP(flags="S", seq=0xFFFF_FFFF))).seq == 0


def test_fragments_are_told_apart():
    """Parts of a datagram are no segments."""
    first = read(IP(flags="MF") / TCP() / Raw(b"x" * 20))
    later = read(IP(frag=3, proto=6) / Raw(b"x" * 20))
    sixth = read(IPv6() / IPv6ExtHdrFragment(m=1) / TCP() / Raw(b"x" * 20))
    assert [segment_of(each) for each in (first, later, sixth)] == [None] * 3
    assert [is_late_fragment(each) for each in (first, later, sixth)] == [False, True, False]


def test_datagrams_end_by_their_own_length():
    """UDP's length decides; there is no sequence number."""
    segment = segment_of(read(IP() / UDP(len=10) / Raw(b"abcdef")))
    assert segment.data == b"ab"
    assert segment.seq is None


def test_packets_made_by_hand_are_read_from_their_fields():
    """What was never read from bytes has bytes all the same."""
    segment = segment_of(IP(src="1.2.3.4") / TCP(seq=9, flags="PA") / Raw(b"abc"))
    assert (segment.source[0], segment.seq, segment.data, segment.size) == ("1.2.3.4", 9, b"abc", 3)


def test_other_packets_are_none():
    """No TCP or UDP, or a header that is cut: no segment."""
    assert segment_of(Ether()) is None
    assert segment_of(Raw(b"x")) is None
    assert segment_of(Ether(bytes(Ether() / IP() / TCP())[:40])) is None


def test_times_are_exact():
    """Nanoseconds of a decimal time; 0 for what is none."""
    packet = IP()
    packet.time = None
    assert nanoseconds(packet) == 0
    packet.time = 1.5
    assert nanoseconds(packet) == 1_500_000_000
