"""SPNEGO tokens in every form that peers send."""

from __future__ import annotations

import pytest

from dissectors.tokens import dissect_token
from dissectors.tokens.model import NegTokenInit, NegTokenInit2, NegTokenResp, Token


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes((size,)) if size < 128 else b"\x82" + size.to_bytes(2)
    return bytes((tag,)) + (bytes((0x81, size)) if 128 <= size < 256 else length) + content


SPNEGO = bytes.fromhex("06062b0601050502")
KERBEROS = bytes.fromhex("06092a864886f712010202")
MS_KERBEROS = bytes.fromhex("06092a864882f712010202")
NTLM = bytes.fromhex("060a2b06010401823702020a")
OIDS = {
    KERBEROS: "1.2.840.113554.1.2.2",
    MS_KERBEROS: "1.2.840.48018.1.2.2",
    NTLM: "1.3.6.1.4.1.311.2.2.10",
}
MECHS = der(0xA0, der(0x30, MS_KERBEROS, KERBEROS, NTLM))
HINTS = der(0xA3, der(0x30, der(0xA0, der(0x1B, b"not_defined_in_RFC4178@please_ignore"))))
UNKNOWN = b"\xff opaque"


def init(*members: bytes) -> bytes:
    return der(0x60, SPNEGO, der(0xA0, der(0x30, *members)))


def resp(*members: bytes) -> bytes:
    return der(0xA1, der(0x30, *members))


def codes(token: Token) -> list[str]:
    return [anomaly.code for anomaly in token.anomalies]


# -- NegTokenInit ---------------------------------------------------------------------------------------


def test_whole_init() -> None:
    """Every member of NegTokenInit is read, and the MIC's input kept as sent."""
    raw = init(
        MECHS,
        der(0xA1, der(0x03, b"\x01\x76")),
        der(0xA2, der(0x04, UNKNOWN)),
        der(0xA3, der(0x04, b"checksum")),
    )
    token = dissect_token(raw)
    assert type(token) is NegTokenInit
    assert token.this_mech == "1.3.6.1.5.5.2"
    assert token.mech_types == (OIDS[MS_KERBEROS], OIDS[KERBEROS], OIDS[NTLM])
    assert token.req_flags == (
        "mutualFlag", "replayFlag", "sequenceFlag", "confFlag", "integFlag",
    )  # fmt: skip
    assert token.mech_token == UNKNOWN
    assert token.mech_list_mic == b"checksum"
    assert token.mech_types_der == MECHS[2:]
    assert token.raw == raw
    assert token.anomalies == ()


def test_optional_members_are_none() -> None:
    """What is not there is None; an empty mechToken is there."""
    token = dissect_token(init(MECHS))
    assert isinstance(token, NegTokenInit)
    assert (token.req_flags, token.mech_token, token.mech_list_mic, token.inner) == (None,) * 4
    token = dissect_token(init(MECHS, der(0xA2, der(0x04))))
    assert isinstance(token, NegTokenInit)
    assert token.mech_token == b""
    assert token.inner is None


@pytest.mark.parametrize(
    ("member", "flags"),
    [
        (der(0xA1, der(0x03, b"\x01\x80")), ("delegFlag",)),
        (der(0xA1, der(0x03, b"\x00\x09")), ("anonFlag", "bit(7)")),
        (der(0xA1, der(0x03, b"\x00\x40\x00\x00\x01")), ("mutualFlag", "bit(31)")),
        (der(0xA1, der(0x03, b"\x06\x7f")), ("mutualFlag",)),
        (der(0xA1, der(0x03, b"\x00")), ()),
        (
            der(0x81, b"\x01\x76"),
            ("mutualFlag", "replayFlag", "sequenceFlag", "confFlag", "integFlag"),
        ),
    ],
)
def test_req_flags(member: bytes, flags: tuple[str, ...]) -> None:
    """Flags are read explicit and implicit, of any width, without the unused bits."""
    token = dissect_token(init(MECHS, member))
    assert isinstance(token, NegTokenInit)
    assert token.req_flags == flags
    assert token.anomalies == ()


def test_unreadable_req_flags() -> None:
    """Flags whose unused bits make no sense are reported, not guessed."""
    token = dissect_token(init(MECHS, der(0xA1, der(0x03, b"\x09\x76"))))
    assert isinstance(token, NegTokenInit)
    assert token.req_flags is None
    assert codes(token) == ["bad-value"]


def test_mech_list_limit() -> None:
    """At most 64 mechanisms are read, and the rest is told."""
    token = dissect_token(init(der(0xA0, der(0x30, KERBEROS * 70))))
    assert isinstance(token, NegTokenInit)
    assert len(token.mech_types) == 64
    assert codes(token) == ["limit-count"]


def test_odd_mech_types() -> None:
    """What is no mechanism in the list is reported; the others stay."""
    token = dissect_token(init(der(0xA0, der(0x30, NTLM, b"\x06\x00", b"\x04\x00", KERBEROS))))
    assert isinstance(token, NegTokenInit)
    assert token.mech_types == (OIDS[NTLM], OIDS[KERBEROS])
    assert codes(token) == ["bad-value", "bad-tag"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (init(der(0xA2, der(0x04, UNKNOWN))), "missing-field"),
        (init(der(0xA0, der(0x04, b"x"))), "bad-tag"),
        (init(der(0xA0, der(0x30, SPNEGO, KERBEROS))), "spnego-in-spnego"),
        (init(MECHS, der(0xA2, der(0x30))), "bad-tag"),
        (der(0xA0, der(0x30, MECHS)), "unframed-init"),
        (der(0x60, SPNEGO, der(0xA0, der(0x30, MECHS)), b"\0"), "trailing-bytes"),
        (init(MECHS) + b"\0", "trailing-bytes"),
        (der(0x60, SPNEGO, der(0xA0, der(0x30, MECHS), b"\0\0")), "bad-length"),
    ],
)
def test_against_the_rules(raw: bytes, code: str) -> None:
    """Departures are reported and the token is still an Init."""
    token = dissect_token(raw)
    assert isinstance(token, NegTokenInit)
    assert code in codes(token)


def test_mech_types_as_sent() -> None:
    """The MIC covers the list with its own header, long or not; a cut list is none."""
    long_form = b"\x30\x83\x00\x00" + bytes((len(NTLM),)) + NTLM
    token = dissect_token(init(der(0xA0, long_form)))
    assert isinstance(token, NegTokenInit)
    assert token.mech_types_der == long_form
    assert codes(token) == ["non-minimal-length"]
    wide = der(0x30, KERBEROS * 25)
    token = dissect_token(init(der(0xA0, wide)))
    assert isinstance(token, NegTokenInit)
    assert token.mech_types_der == wide
    token = dissect_token(init(der(0xA0, wide))[:-1])
    assert isinstance(token, NegTokenInit)
    assert (len(token.mech_types), token.mech_types_der) == (24, b"")
    assert codes(token) == ["truncated"]


def test_cut_members_are_not_invented() -> None:
    """Half a checksum is no checksum, but half a mechToken is worth reading."""
    raw = init(MECHS, der(0xA2, der(0x04, UNKNOWN)), der(0xA3, der(0x04, b"checksum")))
    token = dissect_token(raw[:-1])
    assert isinstance(token, NegTokenInit)
    assert (token.mech_token, token.mech_list_mic) == (UNKNOWN, None)
    token = dissect_token(raw[:-13])
    assert isinstance(token, NegTokenInit)
    assert token.mech_token == UNKNOWN[:-1]


# -- NegTokenInit2 --------------------------------------------------------------------------------------


def test_hints_make_an_init_2() -> None:
    """negHints show in [3]'s own tag, whoever sent the token."""
    address = der(0xA1, der(0x04, b"\x0a\x00"))
    raw = init(
        MECHS,
        der(0xA3, der(0x30, der(0xA0, der(0x1B, b"cifs@dc\xff")), address)),
        der(0xA4, der(0x04, b"checksum")),
    )
    for sender in (None, True):
        token = dissect_token(raw, from_acceptor=sender)
        assert type(token) is NegTokenInit2
        assert token.hint_name == "cifs@dc\\xff"
        assert token.hint_address == b"\x0a\x00"
        assert token.mech_list_mic == b"checksum"
        assert token.anomalies == ()
    token = dissect_token(raw, from_acceptor=False)
    assert type(token) is NegTokenInit2
    assert codes(token) == ["token-out-of-order"]


def test_acceptor_sends_an_init_2_without_hints() -> None:
    """Without negHints the sender decides."""
    raw = init(MECHS)
    assert type(dissect_token(raw, from_acceptor=True)) is NegTokenInit2
    assert type(dissect_token(raw, from_acceptor=False)) is NegTokenInit
    assert type(dissect_token(raw)) is NegTokenInit


def test_empty_hints() -> None:
    """An empty negHints has no name."""
    token = dissect_token(init(MECHS, der(0xA3, der(0x30))))
    assert type(token) is NegTokenInit2
    assert (token.hint_name, token.hint_address, token.anomalies) == (None, None, ())


def test_init_2_may_name_no_mechanism() -> None:
    """mechTypes is OPTIONAL in NegTokenInit2 alone."""
    assert dissect_token(init(HINTS)).anomalies == ()
    assert dissect_token(init(), from_acceptor=True).anomalies == ()
    assert codes(dissect_token(init(), from_acceptor=False)) == ["missing-field"]


# -- NegTokenResp ---------------------------------------------------------------------------------------


def test_whole_resp() -> None:
    """Every member of NegTokenResp is read."""
    token = dissect_token(
        resp(
            der(0xA0, der(0x0A, b"\x01")),
            der(0xA1, NTLM),
            der(0xA2, der(0x04, UNKNOWN)),
            der(0xA3, der(0x04, b"checksum")),
            der(0xA4, der(0x30, KERBEROS)),
        )
    )
    assert type(token) is NegTokenResp
    assert token.neg_state == "accept-incomplete"
    assert token.supported_mech == OIDS[NTLM]
    assert token.response_token == UNKNOWN
    assert token.mech_list_mic == b"checksum"
    assert token.late_mech_types == (OIDS[KERBEROS],)
    assert token.this_mech is None
    assert token.anomalies == ()


def test_empty_resp() -> None:
    """A NegTokenResp may say nothing at all."""
    token = dissect_token(b"\xa1\x02\x30\x00")
    assert type(token) is NegTokenResp
    assert (token.neg_state, token.supported_mech, token.response_token) == (None, None, None)
    assert token.anomalies == ()


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (0, "accept-completed", []),
        (1, "accept-incomplete", []),
        (2, "reject", []),
        (3, "request-mic", []),
        (7, "unknown(7)", ["unknown-value"]),
    ],
)
def test_neg_states(value: int, name: str, expected: list[str]) -> None:
    """States have the names of RFC 4178; others keep their number."""
    token = dissect_token(resp(der(0xA0, der(0x0A, bytes((value,))))))
    assert isinstance(token, NegTokenResp)
    assert token.neg_state == name
    assert codes(token) == expected


def test_windows_2000_repeats_the_response_token() -> None:
    """mechListMIC equal to responseToken is noted and kept."""
    token = dissect_token(resp(der(0xA2, der(0x04, UNKNOWN)), der(0xA3, der(0x04, UNKNOWN))))
    assert isinstance(token, NegTokenResp)
    assert token.mech_list_mic == token.response_token == UNKNOWN
    assert codes(token) == ["mic-duplicate"]


def test_ibm_puts_a_hint_in_the_place_of_the_mic() -> None:
    """A SEQUENCE in [3] of a NegTokenResp is no MIC and makes no NegTokenInit2."""
    token = dissect_token(resp(der(0xA0, der(0x0A, b"\0")), HINTS))
    assert type(token) is NegTokenResp
    assert token.mech_list_mic is None
    assert codes(token) == ["mic-foreign"]


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (der(0xA4, der(0x30, KERBEROS, NTLM)), []),
        (der(0xA4, KERBEROS, NTLM), ["bad-length"]),
        (der(0xA4, der(0x04, der(0x30, KERBEROS, NTLM))), ["bad-tag"]),
    ],
)
def test_forms_of_the_late_list(member: bytes, expected: list[str]) -> None:
    """Late Fallback's list is read in a SEQUENCE, right under its tag, and in an OCTET STRING."""
    token = dissect_token(resp(member))
    assert isinstance(token, NegTokenResp)
    assert token.late_mech_types == (OIDS[KERBEROS], OIDS[NTLM])
    assert codes(token) == expected


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (der(0x60, SPNEGO, resp(der(0xA0, der(0x0A, b"\0")))), "framed-resp"),
        (resp(der(0xA0, der(0x02, b"\0"))), "bad-tag"),
        (resp(der(0xA1, der(0x06, b"\x2b\x80"))), "bad-value"),
        (resp(der(0xA4, der(0x04, b"x"))), "bad-tag"),
    ],
)
def test_resp_against_the_rules(raw: bytes, code: str) -> None:
    """Departures are reported and the token is still a Resp."""
    token = dissect_token(raw)
    assert isinstance(token, NegTokenResp)
    assert codes(token) == [code]
