"""Wrap tokens, MICs and signatures."""

import pytest

from dissectors.span import Span
from dissectors.tokens.model import MicToken, OpaqueToken, WrapToken
from dissectors.tokens.per_message import decode_per_message

SEQUENCE = bytes.fromhex("0000000012345678")
FRAME = bytes.fromhex("6025 0609 2a864886f712010202")
CFX_MIC = bytes.fromhex("0404 05 ffffffffff") + SEQUENCE + b"S" * 12
RFC_1964_MIC = bytes.fromhex("0101 1100 ffffffff") + b"q" * 8 + b"S" * 8


def found(token):
    return [(anomaly.code, anomaly.span) for anomaly in token.anomalies]


def test_cfx_mic():
    """RFC 4121 GSS_GetMIC: flags and sequence are in the clear."""
    assert decode_per_message(CFX_MIC) == MicToken(
        raw=CFX_MIC, from_acceptor=True, sequence=0x12345678
    )


@pytest.mark.parametrize(
    ("flags", "sealed", "from_acceptor"), [(0, False, False), (2, True, False), (7, True, True)]
)
def test_cfx_wrap(flags, sealed, from_acceptor):
    """RFC 4121 GSS_Wrap: the flag Sealed tells signing from sealing."""
    data = b"\x05\x04" + bytes([flags]) + bytes.fromhex("ff 000c 001c") + SEQUENCE + b"text"
    assert decode_per_message(data) == WrapToken(
        raw=data, sealed=sealed, from_acceptor=from_acceptor, sequence=0x12345678
    )


@pytest.mark.parametrize("frame", [b"", FRAME, bytes.fromhex("60820025 0609 2a864886f712010202")])
def test_rfc_1964_mic(frame):
    """The sequence is encrypted, the frame is optional here."""
    data = frame + RFC_1964_MIC
    assert decode_per_message(data) == MicToken(raw=data)


@pytest.mark.parametrize(("seal_alg", "sealed"), [("ffff", False), ("1000", True), ("0000", True)])
def test_rfc_1964_wrap(seal_alg, sealed):
    """SEAL_ALG `ffff` means that the text is only signed."""
    data = bytes.fromhex(f"0201 1100 {seal_alg} ffff") + b"q" * 8 + b"S" * 8 + b"text"
    assert decode_per_message(data) == WrapToken(raw=data, sealed=sealed)
    assert decode_per_message(FRAME + data).sealed is sealed


def test_ntlm_signature():
    """With extended session security SeqNum is in the clear."""
    data = bytes.fromhex("01000000 1122334455667788 07000000")
    assert decode_per_message(data) == MicToken(raw=data, sequence=7)


def test_ntlm_signature_without_session_security():
    """RandomPad is zero there, and what stands in SeqNum's place is encrypted."""
    data = bytes.fromhex("01000000 00000000 55667788 a1b2c3d4")
    assert decode_per_message(data) == MicToken(raw=data)


def test_ntlm_signature_before_a_message():
    """That is GSS_Wrap; only the negotiated flags tell whether it is sealed."""
    data = bytes.fromhex("01000000 1122334455667788 07000000") + b"message"
    assert decode_per_message(data) == WrapToken(raw=data, sequence=7)


@pytest.mark.parametrize(
    ("data", "start", "size"),
    [(CFX_MIC, 0, 16), (RFC_1964_MIC, 0, 24), (FRAME + RFC_1964_MIC, len(FRAME), 24)],
)
def test_cut_tokens(data, start, size):
    """A header that is cut is told; flags that are there are read."""
    cut = data[: start + size - 1]
    token = decode_per_message(cut)
    assert isinstance(token, MicToken)
    assert (token.sequence, found(token)) == (None, [("truncated", Span(start, len(cut)))])


def test_cut_wrap_does_not_guess():
    """Without its flags a wrap is neither sealed nor not."""
    assert decode_per_message(b"\x05\x04").sealed is None
    assert decode_per_message(b"\x02\x01\x11\x00\xff").sealed is None


@pytest.mark.parametrize(
    ("data", "span"),
    [
        (CFX_MIC[:3] + b"\xff\xff\0\xff\xff" + CFX_MIC[8:], Span(3, 8)),
        (b"\x05\x04\0\0" + bytes(12), Span(3, 4)),
        (b"\x01\0\0\x01" + b"x" * 12, Span(0, 4)),
    ],
)
def test_false_filler(data, span):
    """Fixed bytes that are wrong are told, the rest is read."""
    assert found(decode_per_message(data)) == [("bad-value", span)]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x04", b"\x09\x09abc", b"\x60", b"\x60\x05\x06\x50", FRAME, b"\x60\x03\x30\x01x"],
)
def test_anything_else_is_opaque(data):
    """No token id, no token."""
    token = decode_per_message(data)
    assert isinstance(token, OpaqueToken)
    assert [code for code, _ in found(token)] == ["unknown-value"]


def tree(data):
    fields = []
    token = decode_per_message(data, fields, 100, "Outer")
    plain = decode_per_message(data, base=100)
    assert (token, token.anomalies) == (plain, plain.anomalies)
    return {field.path: (field.span, field.text) for field in fields}


def test_tree_of_a_wrap():
    """Every header element with its bytes; the message stays hidden."""
    data = bytes.fromhex("0504 03 ff 000c 001c") + SEQUENCE + b"text"
    assert tree(data) == {
        "Outer.Wrap": (Span(100, 120), ""),
        "Outer.Wrap.TOK_ID": (Span(100, 102), "0504"),
        "Outer.Wrap.Flags": (Span(102, 103), "0x03 (SentByAcceptor, Sealed)"),
        "Outer.Wrap.EC": (Span(104, 106), "12"),
        "Outer.Wrap.RRC": (Span(106, 108), "28"),
        "Outer.Wrap.SND_SEQ": (Span(108, 116), "305419896"),
        "Outer.Wrap.data": (Span(116, 120), "4 bytes, not shown"),
    }


def test_tree_of_a_cfx_mic():
    """The checksum stays hidden."""
    paths = tree(CFX_MIC)
    assert paths["Outer.MIC.Flags"][1] == "0x05 (SentByAcceptor, AcceptorSubkey)"
    assert paths["Outer.MIC.SGN_CKSUM"] == (Span(116, 128), "12 bytes, not shown")


def test_tree_of_rfc_1964_tokens():
    """Algorithms by name, places behind the frame."""
    at = 100 + len(FRAME)
    paths = tree(FRAME + RFC_1964_MIC)
    assert paths["Outer.MIC.SGN_ALG"] == (Span(at + 2, at + 4), "HMAC MD5 ARCFOUR")
    assert paths["Outer.MIC.SND_SEQ"] == (Span(at + 8, at + 16), "8 bytes, not shown")
    wrap = tree(bytes.fromhex("0201 0900 1000 ffff") + b"q" * 16)
    assert wrap["Outer.Wrap.SGN_ALG"][1] == "unknown(9)"
    assert wrap["Outer.Wrap.SEAL_ALG"][1] == "ARCFOUR"


def test_tree_of_an_ntlm_signature():
    """Version and SeqNum are shown, the checksum and a message are not."""
    data = bytes.fromhex("01000000 1122334455667788 07000000") + b"message"
    root = "Outer.NTLMSSP_MESSAGE_SIGNATURE"
    assert tree(data) == {
        root: (Span(100, 116), ""),
        f"{root}.Version": (Span(100, 104), "1"),
        f"{root}.Checksum": (Span(104, 112), "8 bytes, not shown"),
        f"{root}.SeqNum": (Span(112, 116), "7"),
        "Outer.Message": (Span(116, 123), "7 bytes, not shown"),
    }
