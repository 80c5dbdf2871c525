"""Whatever bytes an LDAP connection is made of, nothing raises, and segment borders change nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.anomaly import CODES
from dissectors.carriers.base import CLIENT, SERVER, CarrierAnomaly
from dissectors.carriers.ldap import LdapCarrier

SECRET = b"correct horse"
TOKENS = [
    b"",
    bytes.fromhex("604806062b0601050502a03e"),
    bytes.fromhex("a1073005a0030a0100"),
    b"NTLMSSP\0\1\0\0\0",
    b"NTLMSSP\0\2\0\0\0",
    b"NTLMSSP\0\3\0\0\0",
    bytes.fromhex("601006092a864886f71201020201006e0100"),
    b"\x05\x04\0\xff\0\x0c\0\0" + b"\0" * 8 + b"\7\0\0\0" + b"c" * 12,
]


def ber(tag, *parts):
    """Build an element with four length octets."""
    body = b"".join(parts)
    return bytes([tag, 0x84]) + len(body).to_bytes(4) + body


def message(message_id, operation):
    """Build an LDAPMessage."""
    return ber(0x30, b"\2\1" + bytes([message_id]), operation)


def bind(choice):
    """Build the operation of a BindRequest."""
    return ber(0x60, b"\2\1\3\4\0", choice)


def sasl(name, credentials):
    """Build a SASL choice."""
    return ber(0xA3, ber(4, name), ber(4, credentials))


def answer(code, matched, credentials):
    """Build the operation of a BindResponse."""
    rest = () if credentials is None else (ber(0x87, credentials),)
    return ber(0x61, bytes([0x0A, 1, code]), ber(4, matched), ber(4), *rest)


ids = st.integers(1, 4)
tokens = st.sampled_from(TOKENS)
buffers = st.sampled_from([b"\0\0\0\x40\x05\x04\6\xff", b"\0\0\0\x40\1\0\0\0"]).map(
    lambda head: head + b"s" * 60
)
choices = st.one_of(
    st.builds(ber, st.sampled_from([0x89, 0x8A, 0x8B]), tokens),
    st.just(ber(0x80, SECRET)),
    st.builds(sasl, st.sampled_from([b"GSS-SPNEGO", b"GSSAPI", b"NTLM"]), tokens),
    st.just(sasl(b"PLAIN", b"\0bob\0" + SECRET)),
)
requests = st.one_of(
    st.builds(message, ids, choices.map(bind)),
    st.builds(message, ids, st.just(ber(0x63, b"\4\0\x0a\1\0rest"))),
    st.builds(message, ids, st.just(ber(0x77, ber(0x80, b"1.3.6.1.4.1.1466.20037")))),
    buffers,
)
entry = ber(
    0x64,
    b"\4\0",
    ber(0x30, ber(0x30, ber(4, b"supportedSASLMechanisms"), ber(0x31, ber(4, b"GSSAPI")))),
)
answers = st.one_of(
    st.builds(
        message,
        ids,
        st.builds(answer, st.sampled_from([0, 14, 49]), tokens, st.none() | tokens),
    ),
    st.builds(message, ids, st.sampled_from([entry, ber(0x65, b"\x0a\1\0\4\0\4\0")])),
    buffers,
)
talks = st.lists(
    st.tuples(st.just(CLIENT), requests) | st.tuples(st.just(SERVER), answers), max_size=12
)
segments = st.lists(
    st.tuples(
        st.sampled_from([CLIENT, SERVER]),
        st.one_of(requests, answers, st.binary(min_size=1, max_size=60)),
        st.integers(0, 40),  # bytes cut from the end
        st.integers(0, 30),  # bytes lost behind it
    ),
    max_size=14,
)


class Talk:
    """Feeds a carrier as the pipeline does."""

    def __init__(self):
        self.said = []
        self.carrier = LdapCarrier(self.said.append)
        self.carrier.per_message_tokens = True
        self.ends = [0, 0]
        self.frame = 0

    def says(self, side, octets):
        """Feed one segment."""
        self.frame += 1
        self.carrier.receive(side, self.ends[side], octets, self.frame, self.frame)
        self.ends[side] += len(octets)

    def loses(self, side, length):
        """Leave out bytes; inside a skip nobody is told."""
        window = self.carrier.windows[side]
        self.ends[side] += length
        if length and not window.skipping:
            window.restart(self.ends[side])
            self.carrier.gap(side, length, self.frame, self.frame)


def without_frames(said):
    """What was said, frames and times left out."""
    return [
        item.anomaly
        if isinstance(item, CarrierAnomaly)
        else (item.kind, item.exchange and item.exchange.key, item.token, item.status, item.schemes)
        for item in said
    ]


@settings(max_examples=150, deadline=None)
@given(talks, st.integers(1, 40))
def test_segment_borders_change_nothing(talk, step):
    """Messages cut into pieces are read as when whole."""
    whole, pieces = Talk(), Talk()
    for side, octets in talk:
        whole.says(side, octets)
        for at in range(0, len(octets), step):
            pieces.says(side, octets[at : at + step])
    lost = any(isinstance(item, CarrierAnomaly) for item in whole.said) or any(whole.carrier._lost)
    if not lost:  # behind lost borders the beginnings of segments do matter
        assert without_frames(pieces.said) == without_frames(whole.said)


@settings(max_examples=250, deadline=None)
@given(segments)
def test_nothing_raises_and_no_password_is_kept(stream):
    """Cut, lost and foreign bytes end in anomalies of the registry, spans within the stream."""
    talk = Talk()
    for side, octets, cut, lost in stream:
        kept = octets[: len(octets) - cut] or octets[:1]
        talk.says(side, kept)
        talk.loses(side, lost)
    talk.carrier.end(CLIENT, "fin", 99, 99)
    talk.carrier.end(None, "capture-end", 99, 99)
    for item in talk.said:
        if isinstance(item, CarrierAnomaly):
            assert item.anomaly.code in CODES
            continue
        assert item.kind != "response" or item.status is not None
        assert item.frames
        assert all(anomaly.code in CODES for anomaly in item.anomalies)
        if item.token_span is not None:
            assert 0 <= item.token_span.start < item.token_span.end <= talk.ends[item.side]
    assert SECRET.decode() not in repr(talk.said)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80) | st.one_of(requests, answers), st.integers(0, 80))
def test_a_prefix_never_changes_sides(octets, length):
    """Probing less of a message tells the same side or nothing; datagrams never raise."""
    side = LdapCarrier.probe(octets)
    part = LdapCarrier.probe(octets[:length])
    if side is not None:
        assert part in {None, side}
    LdapCarrier([].append).datagram_received(SERVER, octets[:length], 1, 1)
