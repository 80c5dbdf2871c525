"""NegoEx messages."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.model import (
    NegoexAlert,
    NegoexExtension,
    NegoexMessage,
    NegoexMessages,
    OpaqueToken,
)
from dissectors.tokens.negoex import MESSAGE_LIMIT, decode_negoex
from dissectors.tokens.negoex_message import ITEM_LIMIT, guid_text

CONVERSATION = bytes(range(16))
CONVERSATION_TEXT = "03020100-0504-0706-0809-0a0b0c0d0e0f"
PKU2U = bytes.fromhex("5c33530deaf90d4db2ec4ae3786ec308")
OTHER = b"\x11" * 16
OTHER_TEXT = "11111111-1111-1111-1111-111111111111"


def message(number, body, header=None, length=None, sequence=0):
    """A message whose `body` follows the common header."""
    whole = 40 + len(body)
    words = (number, sequence, whole if header is None else header, length or whole)
    return b"NEGOEXTS" + struct.pack("<IIII", *words) + CONVERSATION + body


def nego(number, *schemes, offset=96, count=None, extensions=(0, 0), sequence=0):
    count = len(schemes) if count is None else count
    vectors = struct.pack("<IHHIHH", offset, count, 0, extensions[0], extensions[1], 0)
    body = b"R" * 32 + bytes(8) + vectors + b"".join(schemes)
    return message(number, body, header=96, sequence=sequence)


def exchange(number, scheme=PKU2U, content=b"SECRET", offset=64, sequence=0):
    body = scheme + struct.pack("<II", offset, len(content)) + content
    return message(number, body, header=64, sequence=sequence)


def verify(offset=80):
    body = PKU2U + struct.pack("<IIIII", 20, 1, 16, offset, 12) + bytes(4) + b"c" * 12
    return message(6, body, header=80)


def alert():
    body = PKU2U + struct.pack("<IIHH", 0xC000006D, 72, 1, 0) + bytes(4)
    return message(7, body + struct.pack("<III", 1, 84, 8) + struct.pack("<II", 8, 1), header=72)


def found(token):
    return [(anomaly.code, anomaly.span) for anomaly in token.anomalies]


def test_first_token_of_an_initiator():
    """Offer and meta-data, back to back."""
    data = nego(0, PKU2U, OTHER) + exchange(2, sequence=1)
    assert decode_negoex(data) == NegoexMessages(
        raw=data,
        messages=(
            NegoexMessage(
                name="INITIATOR_NEGO",
                message_type=0,
                protocol_version=0,
                sequence=0,
                conversation_id=CONVERSATION_TEXT,
                schemes=("pku2u", OTHER_TEXT),
            ),
            NegoexMessage(
                name="INITIATOR_META_DATA",
                message_type=2,
                sequence=1,
                conversation_id=CONVERSATION_TEXT,
                schemes=("pku2u",),
                exchange=OpaqueToken(raw=b"SECRET"),
                exchange_span=Span(192, 198),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (nego(1, PKU2U), "ACCEPTOR_NEGO"),
        (exchange(3), "ACCEPTOR_META_DATA"),
        (exchange(4), "CHALLENGE"),
        (exchange(5), "AP_REQUEST"),
        (verify(), "VERIFY"),
        (alert(), "ALERT"),
    ],
)
def test_other_messages(data, name):
    """Each names the scheme in use."""
    token = decode_negoex(data)
    assert [(m.name, m.schemes) for m in token.messages] == [(name, ("pku2u",))]
    assert token.anomalies == ()


def extended(kind=0x8000_0007, value=b"value", at=124):
    """An INITIATOR_NEGO with one scheme and one extension."""
    extension = struct.pack("<III", kind, at, len(value)) + value
    vectors = struct.pack("<IHHIHH", 96, 1, 0, 112, 1, 0)
    return message(0, b"R" * 32 + bytes(8) + vectors + PKU2U + extension, header=96)


def test_extensions():
    """Each has its type, the critical bit and its value."""
    (found_message,) = decode_negoex(extended()).messages
    extension = NegoexExtension(extension_type=0x8000_0007, critical=True, value=b"value")
    assert found_message.extensions == (extension,)
    assert "value=" not in repr(extension)
    (found_message,) = decode_negoex(extended(3)).messages
    assert not found_message.extensions[0].critical


def test_verify_keeps_the_type_of_its_checksum():
    """Also a negative one."""
    assert decode_negoex(verify()).messages[0].checksum_type == 16
    old = verify()
    assert decode_negoex(old[:64] + struct.pack("<i", -138) + old[68:]).messages[
        0
    ].checksum_type == (-138)


def test_alert_keeps_its_code_and_its_pulse():
    """An alert that is no pulse has no reason."""
    (found_message,) = decode_negoex(alert()).messages
    pulse = NegoexAlert(alert_type=1, reason=1, value=struct.pack("<II", 8, 1))
    assert (found_message.error_code, found_message.alerts) == (0xC000006D, (pulse,))
    data = bytearray(alert())
    data[72] = 9
    (found_message,) = decode_negoex(bytes(data)).messages
    assert (found_message.alerts[0].alert_type, found_message.alerts[0].reason) == (9, None)


@pytest.mark.parametrize(
    ("data", "anomaly"),
    [
        (extended(at=120), ("overlapping-fields", Span(120, 124))),
        (exchange(5, offset=60, content=b"SEC"), ("overlapping-fields", Span(60, 63))),
        (nego(0, PKU2U)[:72] + b"\1" + nego(0, PKU2U)[73:], ("unknown-value", Span(72, 80))),
        (verify()[:56] + b"\x15" + verify()[57:], ("bad-length", Span(56, 60))),
        (verify()[:60] + b"\2" + verify()[61:], ("unknown-value", Span(60, 64))),
        (extended(at=500), ("bad-offset", Span(116, 124))),
    ],
)
def test_headers_and_vectors_against_the_rules(data, anomaly):
    """Odd words and vectors that share bytes are told, once."""
    assert found(decode_negoex(data)) == [anomaly]


def test_unknown_type():
    """Its number is kept and the message after it is read."""
    token = decode_negoex(message(9, b"????") + exchange(5))
    assert [m.name for m in token.messages] == ["unknown(9)", "AP_REQUEST"]
    assert found(token) == [("unknown-value", Span(8, 12))]


@pytest.mark.parametrize(
    ("data", "anomaly"),
    [
        (nego(0, PKU2U, count=2), ("bad-offset", Span(80, 88))),
        (nego(0, PKU2U, extensions=(0xFFFFFFFF, 1)), ("bad-offset", Span(88, 96))),
        (exchange(4, offset=65), ("bad-offset", Span(56, 64))),
        (verify(offset=0xFFFFFFFF), ("bad-offset", Span(68, 76))),
        (message(5, PKU2U, header=64), ("bad-length", Span(20, 24))),
        (exchange(5)[:16] + b"\xff" * 4 + exchange(5)[20:], ("bad-length", Span(16, 20))),
    ],
)
def test_false_lengths_and_offsets(data, anomaly):
    """The scheme is read all the same."""
    token = decode_negoex(data)
    assert token.messages[0].schemes == ("pku2u",)
    assert anomaly in found(token)


def test_schemes_outside_the_message():
    """An offset that leads nowhere gives no scheme."""
    token = decode_negoex(nego(0, PKU2U, offset=0xFFFFFFF0))
    assert token.messages[0].schemes == ()
    assert found(token) == [("bad-offset", Span(80, 88))]


def test_too_many_schemes():
    """Reading stops at the limit."""
    token = decode_negoex(nego(0, *[OTHER] * (ITEM_LIMIT + 1)))
    assert token.messages[0].schemes == (OTHER_TEXT,) * ITEM_LIMIT
    assert [code for code, _ in found(token)] == ["limit-count"]


def test_too_many_messages():
    """Reading stops at the limit."""
    one = message(9, b"")
    token = decode_negoex(exchange(4) * MESSAGE_LIMIT + one)
    assert len(token.messages) == MESSAGE_LIMIT
    end = len(token.raw)
    assert found(token) == [("limit-count", Span(end - len(one), end))]


def test_message_shorter_than_its_header():
    """Nobody knows where the next message begins, so none is read."""
    token = decode_negoex(message(4, PKU2U, length=39) + exchange(5))
    assert len(token.messages) == 1
    assert ("bad-length", Span(20, 24)) in found(token)


@pytest.mark.parametrize("size", [1, 8, 39, 41, 55, 69])
def test_cut_message(size):
    """What is there is kept, and the rest is missed once."""
    data = exchange(5)[:size]
    token = decode_negoex(data)
    assert found(token) == [("truncated", Span(0, size))]
    assert len(token.messages) == (size >= 40)


def test_bytes_that_are_no_message():
    """At the start they are no NegoEx, later a trailer."""
    assert found(decode_negoex(b"NTLMSSP\0")) == [("bad-value", Span(0, 8))]
    assert found(decode_negoex(b"")) == [("truncated", Span(0, 0))]
    data = exchange(5)
    end = len(data)
    assert found(decode_negoex(data + b"\0\0")) == [("trailing-bytes", Span(end, end + 2))]


def tree(data, base=100):
    """Fields below the root, by their path there."""
    fields = []
    token = decode_negoex(data, fields, base, "NegTokenInit.mechToken")
    assert token == decode_negoex(data, base=base)
    return {
        field.path.removeprefix("NegTokenInit.mechToken.NEGOEX").removeprefix("."): field
        for field in fields
    }


def test_tree():
    """Messages by number, with places counted from the outer token."""
    by_path = tree(nego(0, PKU2U) + exchange(5) + verify() + alert())
    assert by_path["0"].text == "INITIATOR_NEGO"
    assert by_path["0.MessageType"].text == "0 (INITIATOR_NEGO)"
    assert by_path["0.AUTH_SCHEME_VECTOR.AuthSchemeCount"].value == 1
    assert by_path["0.AUTH_SCHEME_VECTOR.AuthSchemePad"].span == Span(186, 188)
    assert by_path["0.AuthSchemes.0"].span == Span(196, 212)
    assert by_path["0.AuthSchemes.0"].text == "0d53335c-f9ea-4d0d-b2ec-4ae3786ec308 (pku2u)"
    start = 100 + 112
    assert by_path["1"].span == Span(start, start + 70)
    assert by_path["1.BYTE_VECTOR.ByteArrayLength"].value == 6
    assert by_path["1.Exchange"].span == Span(start + 64, start + 70)
    assert by_path["1.Exchange"].value is None
    assert by_path["2.Checksum.ChecksumScheme"].text == "1 (CHECKSUM_SCHEME_RFC3961)"
    assert by_path["2.Checksum.ChecksumType"].text == "16 (hmac-sha1-96-aes256)"
    assert by_path["2.padding"].text == "00 00 00 00"
    assert by_path["2.ChecksumValue"].text == "12 bytes, not shown"
    assert by_path["3.ErrorCode"].text == "0xC000006D (STATUS_LOGON_FAILURE)"
    assert by_path["3.Alerts.0.AlertType"].text == "1 (ALERT_TYPE_PULSE)"
    assert by_path["3.AlertValue[0].Reason"].text == "1 (ALERT_VERIFY_NO_KEY)"
    assert "SECRET" not in repr(by_path)


def test_tree_of_extensions():
    """Type, place and value; the value stays hidden."""
    by_path = tree(extended(), 0)
    assert by_path["0.Extensions.0.ExtensionType"].text == "0x80000007 (critical)"
    assert by_path["0.Extensions.0.BYTE_VECTOR.ByteArrayOffset"].value == 124
    assert by_path["0.ExtensionValue[0]"].span == Span(124, 129)
    assert by_path["0.ExtensionValue[0]"].secret


def test_tree_of_what_no_vector_points_to():
    """Zeros align; other bytes are counted."""
    data = nego(0, PKU2U, offset=100)
    data = data[:96] + bytes(4) + data[96:]
    data = data[:20] + struct.pack("<I", len(data)) + data[24:]
    assert tree(data, 0)["0.padding"].span == Span(96, 100)
    hidden = message(9, b"????")
    assert tree(hidden, 0)["0.Message"].text == "4 bytes, not shown"


def test_guid_text():
    """The first three parts are little-endian."""
    assert guid_text(CONVERSATION) == CONVERSATION_TEXT
