"""The three NTLM messages, whole, old, cut and hostile."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.model import NtlmAuthenticate, NtlmChallenge, NtlmNegotiate, OpaqueToken
from dissectors.tokens.ntlm import decode_ntlm

UNICODE, OEM, LOCAL_CALL, ESS, VERSION = 0x1, 0x2, 0x4000, 0x80000, 0x2000000
SLOT = bytes.fromhex("0a00614a0000000f")
VERSION_TEXT = "10.0.19041/15"
SIGNATURE = b"NTLMSSP\x00"


def message(kind, fixed, layout, values):
    """Lay out a message: `layout` maps field names to their descriptors' places, payload in `values`' order."""
    data = bytearray(fixed)
    data[:12] = SIGNATURE + struct.pack("<I", kind)
    payload = b""
    for name, value in values.items():
        struct.pack_into("<HHI", data, layout[name], len(value), len(value), fixed + len(payload))
        payload += value
    return data, payload


def negotiate(flags=UNICODE | VERSION, fixed=40, version=SLOT, **values):
    layout = {"domain": 16, "workstation": 24}
    data, payload = message(1, fixed, layout, values)
    if fixed >= 16:
        data[12:16] = struct.pack("<I", flags)
    if fixed >= 40:
        data[32:40] = version
    return bytes(data) + payload


def challenge(flags=UNICODE | VERSION, fixed=56, version=SLOT, **values):
    data, payload = message(2, fixed, {"target": 12, "info": 40}, values)
    data[20:24] = struct.pack("<I", flags)
    data[24:32] = b"CHALLENG"
    if fixed >= 56:
        data[48:56] = version
    return bytes(data) + payload


def authenticate(flags=UNICODE | ESS | VERSION, fixed=88, version=SLOT, mic=bytes(16), **values):
    layout = {"lm": 12, "nt": 20, "domain": 28, "user": 36, "workstation": 44, "key": 52}
    data, payload = message(3, fixed, layout, values)
    if fixed >= 64:
        data[60:64] = struct.pack("<I", flags)
    if fixed >= 72:
        data[64:72] = version
    if fixed >= 88:
        data[72:88] = mic
    return bytes(data) + payload


def utf16(text):
    return text.encode("utf-16-le")


def av(*pairs):
    return b"".join(struct.pack("<HH", n, len(v)) + v for n, v in pairs) + bytes(4)


def ntlmv2(*pairs):
    return b"P" * 16 + b"\x01\x01" + bytes(6) + b"T" * 8 + b"C" * 8 + bytes(4) + av(*pairs)


def codes(token):
    return [anomaly.code for anomaly in token.anomalies]


# -- NEGOTIATE ------------------------------------------------------------------------------------


def test_negotiate_with_everything():
    """Names of the type 1 message are OEM text, even under the UNICODE flag."""
    data = negotiate(domain=b"LAB", workstation=b"PC1")
    token = decode_ntlm(data)
    assert token == NtlmNegotiate(
        raw=data,
        flags=UNICODE | VERSION,
        domain="LAB",
        workstation="PC1",
        version=VERSION_TEXT,
    )


def test_negotiate_of_16_bytes():
    """The oldest form has flags only: names are absent, not empty."""
    token = decode_ntlm(negotiate(flags=OEM, fixed=16))
    assert (token.flags, token.domain, token.workstation, token.version) == (OEM, None, None, None)
    assert token.anomalies == ()


def test_negotiate_with_empty_names():
    """Empty descriptors are empty names, whatever offset they state."""
    data = bytearray(negotiate())
    struct.pack_into("<HHI", data, 16, 0, 0, 0xFFFFFFFF)
    token = decode_ntlm(bytes(data))
    assert (token.domain, token.workstation, token.anomalies) == ("", "", ())


def test_negotiate_with_a_payload_in_the_version_slot():
    """A payload that begins at 32 leaves no VERSION, whatever the flag says."""
    token = decode_ntlm(negotiate(fixed=32, domain=b"DOMAINS!"))
    assert (token.domain, token.version) == ("DOMAINS!", None)
    assert token.anomalies == ()


def test_negotiate_without_the_version_flag():
    """The slot means nothing without the flag."""
    assert decode_ntlm(negotiate(flags=UNICODE)).version is None


@pytest.mark.parametrize("size", [17, 23, 24, 31])
def test_negotiate_cut_between_its_descriptors(size):
    """No peer ends its message there."""
    assert codes(decode_ntlm(negotiate(flags=OEM)[:size])) == ["truncated"]


def test_negotiate_with_a_code_page():
    """Bytes beyond ASCII stay visible as bytes: their code page is not on the wire."""
    token = decode_ntlm(negotiate(domain=b"M\x81LLER"))
    assert token.domain == "M\\x81LLER"
    assert [(a.code, a.span) for a in token.anomalies] == [("bad-text", Span(40, 46))]


# -- CHALLENGE ------------------------------------------------------------------------------------


def test_challenge_with_everything():
    """TargetInfo keeps the order of the wire, and numbers stay numbers."""
    info = av((2, utf16("LAB")), (1, utf16("DC1")), (7, (5).to_bytes(8, "little")))
    token = decode_ntlm(challenge(target=utf16("LAB"), info=info))
    assert isinstance(token, NtlmChallenge)
    assert token.target_name == "LAB"
    assert token.server_challenge == b"CHALLENG"
    assert list(token.target_info.items()) == [
        ("MsvAvNbDomainName", "LAB"),
        ("MsvAvNbComputerName", "DC1"),
        ("MsvAvTimestamp", 5),
    ]
    assert (token.version, token.local_call, token.anomalies) == (VERSION_TEXT, False, ())


@pytest.mark.parametrize("fixed", [32, 40, 48])
def test_challenge_of_older_servers(fixed):
    """A payload that begins early takes the place of TargetInfo and VERSION."""
    token = decode_ntlm(challenge(fixed=fixed, target=utf16("OLDDOMAIN1")))
    assert token.target_name == "OLDDOMAIN1"
    assert (token.target_info, token.version, token.anomalies) == (None, None, ())


def test_challenge_with_target_info_but_no_version():
    """Between the two: TargetInfo's descriptor, then the payload."""
    token = decode_ntlm(challenge(fixed=48, target=utf16("LAB"), info=av((1, utf16("DC1")))))
    assert token.target_info == {"MsvAvNbComputerName": "DC1"}
    assert (token.version, token.anomalies) == (None, ())


def test_challenge_in_oem_text():
    """Without the UNICODE flag names are OEM, AV pairs still UTF-16LE."""
    token = decode_ntlm(challenge(flags=OEM, target=b"LAB", info=av((1, utf16("DC1")))))
    assert token.target_name == "LAB"
    assert token.target_info == {"MsvAvNbComputerName": "DC1"}


def test_challenge_of_a_local_call():
    """The reserved flag says that the server met itself."""
    assert decode_ntlm(challenge(flags=UNICODE | LOCAL_CALL)).local_call is True


def test_challenge_with_empty_target_info():
    """No pair and not even an end is no list."""
    assert decode_ntlm(challenge(target=utf16("LAB"), info=b"")).target_info is None


# -- AUTHENTICATE ---------------------------------------------------------------------------------


def test_authenticate_with_everything():
    """An NTLMv2 answer of a current Windows."""
    nt = ntlmv2((6, b"\x02\0\0\0"), (9, utf16("cifs/fs1")), (10, bytes(16)))
    data = authenticate(
        mic=b"M" * 16,
        domain=utf16("LAB"),
        user=utf16("jürgen"),
        workstation=utf16("PC1"),
        lm=bytes(24),
        nt=nt,
        key=b"K" * 16,
    )
    assert decode_ntlm(data) == NtlmAuthenticate(
        raw=data,
        flags=UNICODE | ESS | VERSION,
        user="jürgen",
        domain="LAB",
        workstation="PC1",
        lm_response=bytes(24),
        nt_response=nt,
        session_key=b"K" * 16,
        version=VERSION_TEXT,
        response="ntlmv2",
        target_info={
            "MsvAvFlags": 2,
            "MsvAvTargetName": "cifs/fs1",
            "MsvAvChannelBindings": "00" * 16,
        },
        target_name="cifs/fs1",
        channel_binding="zero",
        mic="present",
    )


@pytest.mark.parametrize(
    ("fixed", "flags", "version", "key"),
    [
        (88, ESS | UNICODE | VERSION, VERSION_TEXT, b"K" * 16),
        (72, ESS | UNICODE | VERSION, VERSION_TEXT, b"K" * 16),
        (64, ESS | UNICODE | VERSION, None, b"K" * 16),
        (60, None, None, b"K" * 16),
        (52, None, None, b""),
    ],
)
def test_authenticate_of_each_age(fixed, flags, version, key):
    """Where the payload begins decides which of key, flags, VERSION and MIC exist."""
    values = {"user": utf16("bob"), "lm": b"L" * 24, "nt": b"N" * 24}
    if key:
        values["key"] = key
    token = decode_ntlm(authenticate(fixed=fixed, **values))
    assert (token.flags, token.version, token.session_key) == (flags, version, key)
    assert (token.user, token.response, token.mic) == ("bob", "ntlmv1", "absent")
    assert token.anomalies == ()


def test_authenticate_without_flags_in_oem_text():
    """With no flags to ask, text without zero bytes is OEM."""
    token = decode_ntlm(authenticate(fixed=52, user=b"BOB", lm=b"L" * 24))
    assert (token.user, token.response) == ("BOB", "lm")


def test_authenticate_of_nobody():
    """The anonymous logon: one zero byte as LM response, nothing else."""
    token = decode_ntlm(authenticate(flags=UNICODE | 0x800, lm=b"\0"))
    assert (token.response, token.user, token.channel_binding) == ("anonymous", "", None)


def test_authenticate_of_a_local_call():
    """Nothing at all is said, but it is not anonymous."""
    assert decode_ntlm(authenticate(flags=UNICODE | LOCAL_CALL)).response == "local-call"


def test_promised_mic_that_is_not_there():
    """MsvAvFlags cannot be changed unseen: a missing MIC was taken away."""
    nt = ntlmv2((6, b"\x02\0\0\0"))
    assert decode_ntlm(authenticate(nt=nt, user=utf16("bob"))).mic == "promised-missing"
    assert decode_ntlm(authenticate(fixed=72, nt=nt, user=utf16("bob"))).mic == "promised-missing"
    assert decode_ntlm(authenticate(nt=ntlmv2(), user=utf16("bob"))).mic == "absent"


def test_mic_of_a_cut_message_is_not_judged():
    """What is beyond the cut is unknown, not absent."""
    data = authenticate(nt=ntlmv2((6, b"\x02\0\0\0")), user=utf16("bob"))
    token = decode_ntlm(data[:80])
    assert (token.mic, token.version, codes(token)) == (None, VERSION_TEXT, ["truncated"])
    unended = decode_ntlm(data[: 88 + 46])
    assert (unended.mic, codes(unended)) == (None, ["truncated"])


def test_cut_message_keeps_what_is_there():
    """A snap length in the NT response: names before it stay, its kind shows by its length."""
    nt = ntlmv2((2, utf16("LAB")), (10, bytes(16)))
    data = authenticate(domain=utf16("LAB"), user=utf16("bob"), nt=nt, key=b"K" * 16)
    cut = data[: 88 + 12 + 44 + 10]
    token = decode_ntlm(cut)
    assert (token.user, token.domain, token.response) == ("bob", "LAB", "ntlmv2")
    assert token.target_info == {"MsvAvNbDomainName": "LAB"}
    assert token.channel_binding is None
    assert [(a.code, a.span) for a in token.anomalies] == [("truncated", Span(len(cut), len(cut)))]


def test_half_a_name_is_no_name():
    """A name that is cut would be another name."""
    token = decode_ntlm(authenticate(user=utf16("administrator"))[:-4])
    assert (token.user, codes(token)) == (None, ["truncated"])


def test_header_cut_between_descriptors():
    """Descriptors that are there are read, the others are None."""
    token = decode_ntlm(authenticate(fixed=52, user=utf16("bob"), lm=b"L" * 24)[:44])
    assert (token.domain, token.workstation, token.flags, token.mic) == ("", None, None, None)
    assert codes(token) == ["truncated"]


def test_field_outside_the_message():
    """A false offset costs its field and nothing else."""
    data = bytearray(authenticate(domain=utf16("LAB"), user=utf16("bob"), lm=b"L" * 24))
    struct.pack_into("<I", data, 32, 0xFFFFFFF0)
    token = decode_ntlm(bytes(data))
    assert (token.domain, token.user, token.flags) == (None, "bob", UNICODE | ESS | VERSION)
    assert [(a.code, a.span) for a in token.anomalies] == [("bad-offset", Span(28, 36))]


def test_length_beyond_the_message():
    """A false length begins inside and ends outside."""
    data = bytearray(authenticate(domain=utf16("LAB"), user=utf16("bob")))
    struct.pack_into("<H", data, 36, 0xFFF0)
    token = decode_ntlm(bytes(data))
    assert (token.domain, token.user) == ("LAB", None)
    assert codes(token) == ["truncated"]


def test_fields_that_share_bytes():
    """Overlapping fields are read, and told."""
    data = bytearray(authenticate(domain=utf16("LAB"), user=utf16("bob")))
    struct.pack_into("<I", data, 40, 88)
    token = decode_ntlm(bytes(data))
    assert (token.domain, token.user) == ("LAB", "LAB")
    assert codes(token) == ["overlapping-fields", "trailing-bytes"]


def test_field_in_the_fixed_part():
    """An offset before every payload does not move the fixed part's end."""
    data = bytearray(authenticate(domain=utf16("LAB"), user=utf16("bob")))
    struct.pack_into("<HHI", data, 44, 8, 8, 0)
    token = decode_ntlm(bytes(data))
    assert (token.flags, token.version) == (UNICODE | ESS | VERSION, VERSION_TEXT)
    assert [(a.code, a.span) for a in token.anomalies] == [("overlapping-fields", Span(44, 52))]


def test_lone_surrogates_become_text():
    """Half a surrogate pair cannot live in a str that will be written out."""
    token = decode_ntlm(authenticate(user=b"b\0\x00\xd8", domain=utf16("😀")))
    assert (token.user, token.domain) == ("b\\ud800", "😀")
    assert codes(token) == ["bad-text"]


def test_odd_nt_response():
    """A length of no known kind is told, not guessed."""
    token = decode_ntlm(authenticate(user=utf16("bob"), lm=b"L" * 24, nt=b"N" * 30))
    assert (token.response, token.nt_response, codes(token)) == (None, b"N" * 30, ["bad-value"])


def test_ntlmv2_of_an_unknown_version():
    """The blob must begin with 01 01."""
    nt = bytearray(ntlmv2())
    nt[16] = 2
    token = decode_ntlm(authenticate(user=utf16("bob"), nt=bytes(nt)))
    assert [(a.code, a.span) for a in token.anomalies] == [("bad-value", Span(94 + 16, 94 + 18))]
    assert token.response == "ntlmv2"


# -- anything else --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "truncated"),
        (b"NTLMS", "truncated"),
        (SIGNATURE + b"\x01\0", "truncated"),
        (SIGNATURE + b"\x04\0\0\0", "unknown-value"),
        (b"NTLMSSX\0\x01\0\0\0", "bad-value"),
        (b"GIF89a", "bad-value"),
    ],
)
def test_no_message_of_the_three(data, code):
    """Unknown bytes are kept as they are."""
    token = decode_ntlm(data)
    assert isinstance(token, OpaqueToken)
    assert (token.raw, codes(token)) == (data, [code])


def test_anomalies_count_from_the_outer_token():
    """`base` shifts anomaly spans, so that they fit the token that carries this one."""
    data = negotiate(flags=OEM)[:20]
    (here,) = decode_ntlm(data).anomalies
    (there,) = decode_ntlm(data, base=100).anomalies
    assert there.span == Span(here.span.start + 100, here.span.end + 100)


def test_no_secret_in_the_repr():
    """Responses, key and challenge never show by accident."""
    text = repr(decode_ntlm(authenticate(lm=b"L" * 24, nt=b"N" * 24, key=b"K" * 16)))
    text += repr(decode_ntlm(challenge(target=utf16("LAB"))))
    for secret in ("LLLL", "NNNN", "KKKK", "CHALLENG"):
        assert secret not in text
