"""The trees of SPNEGO's tokens."""

from __future__ import annotations

import pytest
from support.coverage import check_tree

from dissectors.span import Field, Span
from dissectors.tokens import dissect_token


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    assert len(content) < 128
    return bytes((tag, len(content))) + content


SPNEGO = bytes.fromhex("06062b0601050502")
KERBEROS = bytes.fromhex("06092a864886f712010202")
NTLM = bytes.fromhex("060a2b06010401823702020a")
MECHS = der(0xA0, der(0x30, KERBEROS, NTLM))
UNKNOWN = b"\xff opaque"
NTLM_MIC = bytes.fromhex("01000000 1122334455667788 00000000")
CFX_MIC = bytes.fromhex("0404 05 ffffffffff 0000000012345678") + b"S" * 12


def init(*members: bytes) -> bytes:
    return der(0x60, SPNEGO, der(0xA0, der(0x30, *members)))


def resp(*members: bytes) -> bytes:
    return der(0xA1, der(0x30, *members))


def tree(raw: bytes) -> dict[str, Field]:
    """Fields by path, the frame's own taken off; no byte is missing."""
    frame = "InitialContextToken.innerContextToken."
    return {f.path.removeprefix(frame): f for f in check_tree(dissect_token(raw))}


def test_hint() -> None:
    """Every element is named by the specification and gives its bytes."""
    hints = der(0xA3, der(0x30, der(0xA0, der(0x1B, b"please_ignore")), der(0xA1, der(4, b"\x0a"))))
    raw = init(MECHS, hints)
    fields = tree(raw)
    assert list(fields) == [
        "InitialContextToken",
        "InitialContextToken.thisMech",
        "InitialContextToken.innerContextToken",
        "NegTokenInit2",
        "NegTokenInit2.mechTypes",
        "NegTokenInit2.mechTypes.0",
        "NegTokenInit2.mechTypes.1",
        "NegTokenInit2.negHints",
        "NegTokenInit2.negHints.hintName",
        "NegTokenInit2.negHints.hintAddress",
    ]
    assert fields["InitialContextToken.thisMech"].text == "1.3.6.1.5.5.2 (spnego)"
    assert fields["NegTokenInit2.mechTypes.1"].text == "1.3.6.1.4.1.311.2.2.10 (ntlm)"
    first = fields["NegTokenInit2.mechTypes.0"].span
    assert raw[first.start : first.end] == KERBEROS
    assert fields["NegTokenInit2"].span == Span(10, len(raw))


@pytest.mark.parametrize(
    ("member", "text"),
    [
        (der(0xA1, der(3, b"\1\x42")), "mutualFlag, integFlag; 7 bits, 1 unused bit"),
        (der(0xA1, der(3, b"\0\x40\0\0\0")), "mutualFlag; 32 bits, 0 unused bits"),
        (der(0x81, b"\2\x40"), "mutualFlag; 6 bits, 2 unused bits"),
        (der(0xA1, der(3, b"\0")), "none; 0 bits, 0 unused bits"),
        (der(0xA1, der(3, b"\x09\x40")), "<2 bytes>"),
    ],
)
def test_req_flags(member: bytes, text: str) -> None:
    """Flags are named in both taggings, and the unused bits told."""
    assert tree(init(MECHS, member))["NegTokenInit.reqFlags"].text == text


@pytest.mark.parametrize(
    ("member", "text"),
    [
        (der(0xA5, der(4, b"ab")), "61 62"),
        (der(0xA6, der(4, b"NTLMSSP\0\1\0\0\0")), "<12 bytes>"),
        (der(0xA7, der(4, bytes(33))), "<33 bytes>"),
    ],
)
def test_unknown_members(member: bytes, text: str) -> None:
    """Their octets are shown unless they may be a token, or are many."""
    assert tree(resp(member))[f"NegTokenResp.[{member[0] & 0x1F}]"].text == text


def test_empty_members() -> None:
    """A member without a value is there all the same."""
    fields = tree(init(MECHS, b"\xa2\x00"))
    assert fields["NegTokenInit.mechToken"].span.length == 2
    assert tree(resp(der(0xA2, der(4))))["NegTokenResp.responseToken"].text == "0 bytes, not shown"


@pytest.mark.parametrize(
    ("mic", "paths"),
    [
        (NTLM_MIC, ["NTLMSSP_MESSAGE_SIGNATURE.Checksum", "NTLMSSP_MESSAGE_SIGNATURE.SeqNum"]),
        (CFX_MIC, ["MIC.TOK_ID", "MIC.Flags.AcceptorSubkey", "MIC.SND_SEQ", "MIC.SGN_CKSUM"]),
        (
            der(0x60, KERBEROS, bytes.fromhex("0101 1100 ffffffff") + b"q" * 16),
            ["InitialContextToken.innerContextToken.MIC.SGN_ALG"],
        ),
    ],
)
def test_mic_is_opened(mic: bytes, paths: list[str]) -> None:
    """mechListMIC is a per-message token, with a tree of its own, in all places where it may stand."""
    token = der(0xA2, der(4, UNKNOWN))
    fields = tree(resp(token, der(0xA3, der(4, mic))))
    assert not fields["NegTokenResp.mechListMIC"].secret
    for path in paths:
        assert f"NegTokenResp.mechListMIC.{path}" in fields
    fields = tree(init(MECHS, der(0xA3, der(4, mic))))
    assert f"NegTokenInit.mechListMIC.{paths[0]}" in fields
    fields = tree(init(MECHS, der(0xA3, der(0x30)), der(0xA4, der(4, mic))))
    assert f"NegTokenInit2.mechListMIC.{paths[0]}" in fields


def test_mic_of_another_mechanism_is_counted() -> None:
    """Nobody knows what is in it."""
    fields = tree(resp(der(0xA3, der(4, b"checksum"))))
    assert fields["NegTokenResp.mechListMIC"].text == "8 bytes, not shown"
    assert fields["NegTokenResp.mechListMIC"].secret


def test_copy_of_the_response_token() -> None:
    """The MIC of Windows 2000 is called what it is, and not opened again."""
    token = dissect_token(resp(der(0xA2, der(4, NTLM_MIC)), der(0xA3, der(4, NTLM_MIC))))
    fields = {f.path: f for f in token.fields}
    mic = fields["NegTokenResp.mechListMIC"]
    assert mic.text == "16 bytes, a copy of responseToken, as Windows 2000 sends it"
    assert not any(path.startswith("NegTokenResp.mechListMIC.") for path in fields)


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (der(0xA0, der(0x1B, b"ibm")), "NegTokenResp.mechListMIC.hintName"),
        (der(0x1B, b"ibm"), "NegTokenResp.mechListMIC.0"),
    ],
)
def test_hint_of_ibm(content: bytes, path: str) -> None:
    """What IBM i puts into the MIC's place is shown as text."""
    assert tree(resp(der(0xA3, der(0x30, content))))[path].text == "ibm"


@pytest.mark.parametrize(
    "member",
    [
        der(0xA4, der(0x30, KERBEROS, NTLM)),
        der(0xA4, KERBEROS, NTLM),
        der(0xA4, der(4, der(0x30, KERBEROS, NTLM))),
    ],
)
def test_late_list(member: bytes) -> None:
    """All forms of the list show each mechanism."""
    raw = resp(der(0xA0, der(10, b"\1")), member, der(0xA5, der(4, b"x")))
    fields = tree(raw)
    assert fields["NegTokenResp.mechTypes"].span.length == len(member)
    assert fields["NegTokenResp.mechTypes.1"].text == "1.3.6.1.4.1.311.2.2.10 (ntlm)"
    assert fields["NegTokenResp.[5]"].value == b"x"
