"""The trees of LM and NT responses."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.ntlm_response_fields import record_lm_response, record_nt_response
from dissectors.tokens.recorder import Recorder

FULL = b"L" * 16 + b"C" * 8
ESS = b"CLIENTCH" + bytes(16)
V2 = (
    b"P" * 16 + b"\x01\x01" + bytes(6) + struct.pack("<Q", 132000000001234567) + b"C" * 8 + bytes(4)
)


def lm(raw, kind, length=None, repeated=False):
    fields = []
    length = len(raw) if length is None else length
    record_lm_response(
        Recorder(fields, 0, ""), raw, (5, 5 + len(raw)), length, kind, repeated=repeated
    )
    return [(f.path, f.text, f.span, f.secret) for f in fields]


def nt(raw, kind, length=None):
    fields = []
    length = len(raw) if length is None else length
    record_nt_response(Recorder(fields, 0, ""), raw, (0, len(raw)), length, kind)
    return fields


def test_lmv2_response():
    """A keyed hash and the client's challenge, both hidden."""
    assert lm(FULL, "ntlmv2") == [
        ("LmChallengeResponse", "LMv2_RESPONSE, 24 bytes, not shown", Span(5, 29), True),
        ("LmChallengeResponse.Response", "16 bytes, not shown", Span(5, 21), True),
        ("LmChallengeResponse.ChallengeFromClient", "8 bytes, not shown", Span(21, 29), True),
    ]


def test_client_challenge_of_extended_session_security():
    """No response at all: the client's challenge and zeros."""
    found = lm(ESS, "ntlmv1-ess")
    assert found[0][1] == "client challenge of extended session security, 24 bytes, not shown"
    assert found[1:] == [
        ("LmChallengeResponse.ClientChallenge", "8 bytes, not shown", Span(5, 13), True),
        ("LmChallengeResponse.Z(16)", "16 zero bytes", Span(13, 29), False),
    ]


@pytest.mark.parametrize(
    ("raw", "kind", "length", "repeated", "text"),
    [
        (FULL, "lm", 24, False, "LM_RESPONSE, 24 bytes, not shown"),
        (FULL, "ntlmv1", 24, False, "LM_RESPONSE, 24 bytes, not shown"),
        (FULL, "ntlmv1", 24, True, "the NT response again, 24 bytes, not shown"),
        (bytes(24), "ntlmv2", 24, False, "24 zero bytes in place of a response"),
        (bytes(24), "ntlmv1-ess", 24, False, "24 zero bytes in place of a response"),
        (b"\0", "anonymous", 1, False, "1 zero byte in place of a response (anonymous)"),
        (b"abc", None, 3, False, "3 bytes, not shown"),
        (FULL[:10], "ntlmv2", 24, False, "10 of 24 bytes, not shown"),
        (b"", "ntlmv2", 24, False, "none of 24 bytes is there"),
    ],
)
def test_other_lm_responses(raw, kind, length, repeated, text):
    """One leaf, which tells what it is and not what it says."""
    assert lm(raw, kind, length, repeated) == [
        ("LmChallengeResponse", text, Span(5, 5 + len(raw)), True)
    ]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("ntlmv1", "NTLM_RESPONSE of NTLMv1, 24 bytes, not shown"),
        (
            "ntlmv1-ess",
            "NTLM_RESPONSE of NTLMv1 with extended session security, 24 bytes, not shown",
        ),
        (None, "24 bytes, not shown"),
    ],
)
def test_nt_responses_of_one_piece(kind, text):
    """They are hashes and nothing else."""
    (field,) = nt(b"N" * 24, kind)
    assert (field.text, field.value, field.secret) == (text, None, True)


def test_ntlmv2_response():
    """The proof and the client's challenge are hidden, versions, time and reserved bytes are not."""
    fields = nt(V2, "ntlmv2")
    assert [(f.path.removeprefix("NtChallengeResponse."), f.text, f.span) for f in fields] == [
        ("NtChallengeResponse", "NTLMv2_RESPONSE, 44 bytes, not shown", Span(0, 44)),
        ("NTProofStr", "16 bytes, not shown", Span(0, 16)),
        ("RespType", "1", Span(16, 17)),
        ("HiRespType", "1", Span(17, 18)),
        ("Reserved1", "0000", Span(18, 20)),
        ("Reserved2", "00000000", Span(20, 24)),
        ("TimeStamp", "2019-04-17 18:40:00.1234567Z", Span(24, 32)),
        ("ChallengeFromClient", "8 bytes, not shown", Span(32, 40)),
        ("Reserved3", "00000000", Span(40, 44)),
    ]
    assert {f.name for f in fields if f.secret} == {
        "NtChallengeResponse",
        "NTProofStr",
        "ChallengeFromClient",
    }


def test_odd_parts_of_an_ntlmv2_response():
    """A version or a reserved byte that must be another is told as such."""
    odd = V2[:16] + b"\x02\x03\x00\x01" + V2[20:]
    texts = {f.name: f.text for f in nt(odd, "ntlmv2")}
    assert texts["RespType"] == "2 (must be 1)"
    assert texts["HiRespType"] == "3 (must be 1)"
    assert texts["Reserved1"] == "0001 (must be zero)"


@pytest.mark.parametrize(
    ("size", "last", "text", "secret"),
    [
        (10, "NTProofStr", "10 of 16 bytes are there", True),
        (16, "NTProofStr", "16 bytes, not shown", True),
        (27, "TimeStamp", "3 of 8 bytes are there", False),
        (35, "ChallengeFromClient", "3 of 8 bytes are there", True),
    ],
)
def test_cut_ntlmv2_response(size, last, text, secret):
    """The part in which a cut falls is told as incomplete, and nothing after it."""
    fields = nt(V2[:size], "ntlmv2", 44)
    assert fields[0].text == f"NTLMv2_RESPONSE, {size} of 44 bytes, not shown"
    field = fields[-1]
    assert (field.name, field.text, field.secret) == (last, text, secret)
    assert field.value is None
    assert field.span.end == size
