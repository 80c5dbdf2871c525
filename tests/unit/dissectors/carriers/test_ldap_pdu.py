"""The header of an LDAPMessage, and which bytes are none."""

import pytest

from dissectors.carriers.base import CLIENT, SERVER, Carrier
from dissectors.carriers.ldap_pdu import SHORT, Head, Pdu, read_head, sender
from dissectors.carriers.window import Cut
from dissectors.span import Span

CONTROLS = bytes.fromhex("a0053003040131")


def ber(tag, *parts, long=False):
    """Build an element, `long` as Active Directory writes lengths."""
    body = b"".join(parts)
    if long:
        return bytes([tag, 0x84]) + len(body).to_bytes(4) + body
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    return bytes([tag, 0x82]) + len(body).to_bytes(2) + body


SEARCH = ber(0x63, b"\x04\0\x0a\1\0")
MESSAGES = [
    (CLIENT, ber(0x30, b"\2\1\1", ber(0x60, b"\2\1\3\4\0\x80\0"))),
    (CLIENT, ber(0x30, b"\2\1\1", ber(0x60, b"\2\1\3\4\0\x80\0", long=True), long=True)),
    (CLIENT, ber(0x30, b"\2\2\1\2", SEARCH)),
    (CLIENT, ber(0x30, b"\2\1\2", SEARCH, CONTROLS)),
    (CLIENT, ber(0x30, b"\2\1\3", b"\x42\0")),
    (CLIENT, ber(0x30, b"\2\1\3", b"\x50\1\2")),
    (CLIENT, ber(0x30, b"\2\1\3", ber(0x4A, b"cn=x"))),
    (CLIENT, ber(0x30, b"\2\1\3", ber(0x77, ber(0x80, b"1.2.3")))),
    (SERVER, ber(0x30, b"\2\1\1", ber(0x61, b"\x0a\1\0\4\0\4\0"))),
    (SERVER, ber(0x30, b"\2\4\x7f\xff\xff\xff", ber(0x64, b"\4\0\x30\0", b"x" * 300))),
    (SERVER, ber(0x30, b"\2\1\0", ber(0x78, b"\x0a\1\x34\4\0\4\0", long=True), long=True)),
    (SERVER, ber(0x30, b"\2\1\1", ber(0x73, ber(4, b"ldap://x")))),
    (SERVER, ber(0x30, b"\2\1\1", ber(0x79, ber(0x80, b"1.2.3")))),
]


@pytest.mark.parametrize(("side", "message"), MESSAGES)
def test_the_operation_tells_the_side(side, message):
    """Each operation belongs to one side, whatever follows the message."""
    assert sender(message) == side
    assert sender(message + b"rest") == side
    head = read_head(message)
    assert head is not None
    assert head.size == len(message)


@pytest.mark.parametrize(("side", "message"), MESSAGES)
def test_a_prefix_never_tells_another_side(side, message):
    """A head too short tells nothing; none tells wrongly."""
    for length in range(1, len(message)):
        assert sender(message[:length]) in {None, side}


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize(("side", "tag"), [(CLIENT, 0x60), (SERVER, 0x61)])
def test_a_header_alone_tells_a_bind(side, tag, long):
    """Where a capture has no more than that, both lengths end at the same octet; else it is none."""
    body = b"\2\1\3\4\0\x80\0"
    message = ber(0x30, b"\2\1\1", ber(tag, body, long=long), long=long)
    header = message[: -len(body)]
    assert sender(header) == side
    assert sender(header[:-1]) is None
    assert sender(header[:-1] + bytes([header[-1] - 1])) is None
    assert sender(ber(0x30, b"\2\1\1", ber(0x63, body))[: -len(body)]) is None
    assert sender(header + b"\4") is None


@pytest.mark.parametrize(("side", "message"), MESSAGES)
def test_a_cut_header_asks_for_more(side, message):
    """A beginning of a header is not rejected."""
    whole = read_head(message)
    for length in range(1, len(message)):
        assert read_head(message[:length]) in (SHORT, whole)


@pytest.mark.parametrize(
    "octets",
    [
        bytes.fromhex("302602010104067075626c6963a019"),  # SNMP v2c
        bytes.fromhex("303e020103301102"),  # SNMP v3
        bytes.fromhex("6a81d93081d6a103020105"),  # Kerberos AS-REQ
        bytes.fromhex("6e8205533082054fa003020105"),  # AP-REQ
        bytes.fromhex("3037a003020106a130302e"),  # CredSSP
        bytes.fromhex("30820122300d06092a864886"),  # SubjectPublicKeyInfo
        bytes.fromhex("3082025c02010002818100"),  # PKCS 1 key
        bytes.fromhex("16030100c5010000c10303"),  # TLS
        b"GET / HTTP/1.1\r\n",
        b"\0\0\0\x84\x05\x04\x06\xff\0\0\0\0",  # a SASL buffer
        bytes.fromhex("3080020101600702010304008000"),  # indefinite length
        bytes.fromhex("300c02010160080201030400800000"),  # operation longer than message
        bytes.fromhex("300c020101600302010304008000"),  # no controls behind the operation
        bytes.fromhex("300c02010160070a010304008000"),  # no version
        bytes.fromhex("3006020103420100"),  # an unbind has no content
        bytes.fromhex("30050201035000"),  # an abandon has
        bytes.fromhex("300b0205010101010142000000"),  # message id of five octets
        bytes.fromhex("30050201034300"),  # no operation
        b"\x30",
        b"",
    ],
)
def test_other_bytes_are_no_message(octets):
    """Other protocols' ASN.1 and broken lengths are refused."""
    assert sender(octets) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"\x30\x80\2\1\1\x42\0",
        b"\x30\x85\0\0\0\0\5\2\1\1\x42\0",
        b"\x30\5\2\1\1\x60\x80",
        b"\x31\5",
    ],
)
def test_impossible_headers(octets):
    """Indefinite and absurd lengths end the reading at once."""
    assert read_head(octets) is None


def test_a_token_of_a_cut_message_belongs_to_the_frames_that_are_there():
    """What is said about a cut message names the frames that carry its beginning."""
    said = []
    pdu = Pdu(Carrier(said.append), CLIENT, 40, b"abcdef", Head(9), Cut(40, b"abcdef", (3, 5), 77))
    pdu.say("request", None, [], token=b"cdef", place=Span(2, 6))
    (message,) = said
    assert (message.frame, message.frames, message.ts_ns) == (5, (3, 5), 77)
    assert message.token_span == Span(42, 46)
    assert [(a.code, a.span) for a in message.anomalies] == [("gap", Span(6, 9))]


def test_frames_of_a_cut_message_are_those_of_its_token():
    """Where it is known which frame carried what."""
    said = []
    cut = Cut(40, b"abcdef", (3, 4, 5), 77, ((40, 3), (42, 4), (45, 5)))
    pdu = Pdu(Carrier(said.append), CLIENT, 40, b"abcdef", Head(9), cut)
    pdu.say("request", None, [], token=b"cde", place=Span(2, 5))
    pdu.say("request", None, [], token=b"cdef", place=Span(2, 6))
    assert [message.frames for message in said] == [(4,), (4, 5)]
    assert said[1].carried == ((42, 4), (45, 5))


def test_in_a_datagram_places_count_from_its_beginning():
    """However much was sent before it."""
    said = []
    carrier = Carrier(said.append)
    window = carrier.windows[SERVER]
    for frame in (1, 2):
        window.restart(0)
        window.append(0, b"abcdef", frame, 5)
    Pdu(carrier, SERVER, 0, b"abcdef", Head(6)).say("hint", None, [], token=b"cd", place=Span(2, 4))
    assert (said[0].token_span, said[0].frames) == (Span(2, 4), (2,))


def test_a_token_beyond_the_limit_is_cut():
    """A token of more than 64 KiB is handed on cut, and says so."""
    said = []
    carrier = Carrier(said.append)
    carrier.windows[CLIENT].append(0, b"x" * 70_000, 1, 5)
    pdu = Pdu(carrier, CLIENT, 0, b"x" * 70_000, Head(70_000))
    pdu.say("request", None, [], token=b"x" * 69_990, place=Span(10, 70_000))
    (message,) = said
    assert len(message.token) == 65_536
    assert message.token_span == Span(10, 10 + 65_536)
    assert [(a.code, a.span) for a in message.anomalies] == [("limit-token-size", Span(10, 70_000))]
