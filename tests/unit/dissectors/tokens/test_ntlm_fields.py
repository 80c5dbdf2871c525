"""The tree of NTLM messages."""

import struct

import pytest

from dissectors.span import Span
from dissectors.tokens.ntlm import decode_ntlm

NT = b"P" * 16 + b"\x01\x01" + bytes(6) + bytes(8) + b"C" * 8 + bytes(4)
NT += struct.pack("<HH", 2, 6) + b"L\0A\0B\0" + bytes(4)
USER = b"b\0o\0\x1b\0"


def authenticate():
    data = bytearray(88)
    data[:12] = b"NTLMSSP\0\x03\0\0\0"
    struct.pack_into("<HHI", data, 20, len(NT), len(NT), 88 + len(USER))
    struct.pack_into("<HHI", data, 36, len(USER), len(USER), 88)
    struct.pack_into("<I", data, 60, 0x02000001)
    data[64:72] = bytes.fromhex("0601b11d0000000f")
    data[72:88] = b"M" * 16
    return bytes(data) + USER + NT


def tree(data, base=0, path=""):
    fields = []
    token = decode_ntlm(data, fields, base, path)
    assert token == decode_ntlm(data, base=base)
    return {field.path: field for field in fields}, fields


def test_every_element_has_its_bytes():
    """Fixed part, then payload, each with the range it is read from."""
    by_path, _ = tree(authenticate())
    root = "AUTHENTICATE_MESSAGE"
    spans = {path.removeprefix(f"{root}."): field.span for path, field in by_path.items()}
    nt = 88 + len(USER)
    inside = ("Fields.", "NegotiateFlags.", "Version.", "MsvAvNbDomainName.", "MsvAvEOL.")
    assert {p: span for p, span in spans.items() if not any(part in p for part in inside)} == {
        root: Span(0, nt + len(NT)),
        "Signature": Span(0, 8),
        "MessageType": Span(8, 12),
        "LmChallengeResponseFields": Span(12, 20),
        "NtChallengeResponseFields": Span(20, 28),
        "DomainNameFields": Span(28, 36),
        "UserNameFields": Span(36, 44),
        "WorkstationFields": Span(44, 52),
        "EncryptedRandomSessionKeyFields": Span(52, 60),
        "NegotiateFlags": Span(60, 64),
        "Version": Span(64, 72),
        "MIC": Span(72, 88),
        "UserName": Span(88, nt),
        "NtChallengeResponse": Span(nt, nt + len(NT)),
        "NtChallengeResponse.NTProofStr": Span(nt, nt + 16),
        "NtChallengeResponse.RespType": Span(nt + 16, nt + 17),
        "NtChallengeResponse.HiRespType": Span(nt + 17, nt + 18),
        "NtChallengeResponse.Reserved1": Span(nt + 18, nt + 20),
        "NtChallengeResponse.Reserved2": Span(nt + 20, nt + 24),
        "NtChallengeResponse.TimeStamp": Span(nt + 24, nt + 32),
        "NtChallengeResponse.ChallengeFromClient": Span(nt + 32, nt + 40),
        "NtChallengeResponse.Reserved3": Span(nt + 40, nt + 44),
        "NtChallengeResponse.MsvAvNbDomainName": Span(nt + 44, nt + 54),
        "NtChallengeResponse.MsvAvEOL": Span(nt + 54, nt + 58),
    }


def test_fields_stand_in_wire_order():
    """Each field begins where the one before begins, or later."""
    _, fields = tree(authenticate())
    starts = [field.span.start for field in fields]
    assert starts == sorted(starts)


def test_text_is_safe_and_value_is_not_changed():
    """Control characters are escaped for people, kept for programs."""
    by_path, _ = tree(authenticate())
    user = by_path["AUTHENTICATE_MESSAGE.UserName"]
    assert (user.value, user.text) == ("bo\x1b", "bo\\x1b")
    flags = by_path["AUTHENTICATE_MESSAGE.NegotiateFlags"]
    assert flags.value == 0x02000001
    assert flags.text == "0x02000001 (UNICODE, VERSION)"


def test_secrets_are_places_only():
    """Responses, their parts and the MIC show what they are and their length, and nothing else."""
    _, fields = tree(authenticate())
    texts = {field.name: field.text for field in fields if field.secret}
    assert texts == {
        "MIC": "16 bytes, not shown",
        "NtChallengeResponse": "NTLMv2_RESPONSE, 58 bytes, not shown",
        "NTProofStr": "16 bytes, not shown",
        "ChallengeFromClient": "8 bytes, not shown",
    }
    assert not any(field.value for field in fields if field.secret)


def test_base_and_path_are_put_before():
    """Inside another token the tree hangs below its field."""
    plain, _ = tree(authenticate())
    shifted, _ = tree(authenticate(), base=100, path="NegTokenResp.responseToken")
    assert set(shifted) == {f"NegTokenResp.responseToken.{path}" for path in plain}
    user = shifted["NegTokenResp.responseToken.AUTHENTICATE_MESSAGE.UserName"]
    assert user.span == Span(188, 188 + len(USER))


def test_cut_name_says_so():
    """A name of which a part is missing has no value."""
    by_path, _ = tree(authenticate()[:90])
    user = by_path["AUTHENTICATE_MESSAGE.UserName"]
    assert (user.value, user.text, user.span) == (None, "2 of 6 bytes are there", Span(88, 90))
    text = by_path["AUTHENTICATE_MESSAGE.UserNameFields"].text
    assert text == "6 bytes at 88, 2 of them there"


def test_challenge_hides_its_challenge():
    """The server challenge is half of a crackable hash; Reserved shows a local call's context."""
    data = bytearray(56)
    data[:12] = b"NTLMSSP\0\x02\0\0\0"
    struct.pack_into("<HHI", data, 12, 6, 6, 56)
    struct.pack_into("<HHI", data, 40, 8, 8, 62)
    data[20:24] = b"\x01\0\0\0"
    data[24:40] = b"CHALLENGCONTEXT!"
    by_path, _ = tree(bytes(data) + b"L\0A\0B\0" + struct.pack("<HH", 99, 0) + bytes(4))
    root = "CHALLENGE_MESSAGE"
    assert by_path[f"{root}.ServerChallenge"].text == "8 bytes, not shown"
    assert by_path[f"{root}.Reserved"].value == b"CONTEXT!"
    assert by_path[f"{root}.TargetName"].value == "LAB"
    assert by_path[f"{root}.TargetInfo"].text == "1 AV pair"
    assert by_path[f"{root}.TargetInfo.AvId(99)"].span == Span(62, 66)
    assert by_path[f"{root}.TargetInfo.AvId(99).AvId"].text == "99 (unknown)"


def context(flags, reserved):
    data = b"NTLMSSP\0\x02\0\0\0" + bytes(8) + struct.pack("<I", flags) + b"CHALLENG" + reserved
    return tree(data)[0]["CHALLENGE_MESSAGE.Reserved"].text


def test_context_handle_of_a_server():
    """Zeros say nothing; anything else is how a client on the same machine finds the logon."""
    assert context(1, bytes(8)) == "00" * 8
    assert context(1, b"H" * 8) == "48" * 8 + ", the server's handle of this logon"
    assert context(0x4001, b"H" * 8).endswith(" (a local call: the client looks it up)")


def test_negotiate_tree():
    """The smallest message has its flags and nothing else."""
    by_path, _ = tree(b"NTLMSSP\0\x01\0\0\0\x02\0\0\0")
    assert list(by_path) == [
        "NEGOTIATE_MESSAGE",
        "NEGOTIATE_MESSAGE.Signature",
        "NEGOTIATE_MESSAGE.MessageType",
        "NEGOTIATE_MESSAGE.NegotiateFlags",
        "NEGOTIATE_MESSAGE.NegotiateFlags.NTLMSSP_NEGOTIATE_OEM",
    ]


def negotiate(domain):
    head = b"NTLMSSP\0\x01\0\0\0\x02\0\0\0"
    return head + struct.pack("<HHI", len(domain), len(domain), 32) + bytes(8) + domain


def test_oem_names_keep_their_bytes():
    """Which letter a byte beyond ASCII is, nobody can tell."""
    by_path, _ = tree(negotiate(b"M\x81LLER"))
    domain = by_path["NEGOTIATE_MESSAGE.DomainName"]
    assert (domain.value, domain.text) == ("M\\x81LLER", "M\\x81LLER (OEM, code page not known)")
    assert tree(negotiate(b"LAB"))[0]["NEGOTIATE_MESSAGE.DomainName"].text == "LAB"


@pytest.mark.parametrize(
    ("mic", "pairs", "text"),
    [
        (b"M" * 16, b"", "16 bytes, not shown"),
        (bytes(16), b"", "16 zero bytes, no MIC"),
        (
            bytes(16),
            struct.pack("<HHI", 6, 4, 2),
            "16 zero bytes, though the response promises a MIC",
        ),
    ],
)
def test_mic(mic, pairs, text):
    """A slot of zeros is told from a MIC, and a broken promise from none."""
    nt = NT[:44] + pairs + bytes(4)
    data = bytearray(authenticate()[:88])
    data[72:88] = mic
    struct.pack_into("<HHI", data, 20, len(nt), len(nt), 88)
    struct.pack_into("<HHI", data, 36, 0, 0, 88)
    field = tree(bytes(data) + nt)[0]["AUTHENTICATE_MESSAGE.MIC"]
    assert (field.text, field.value, field.secret) == (text, None, True)


def test_session_key_and_lm_response():
    """The key is hidden; an ESS client's challenge stands in the LM response's place."""
    data = bytearray(authenticate()[:88])
    for at, length, offset in ((12, 24, 88), (20, 24, 112), (36, 0, 88), (52, 16, 136)):
        struct.pack_into("<HHI", data, at, length, length, offset)
    by_path, fields = tree(bytes(data) + b"CLIENTCH" + bytes(16) + b"N" * 24 + b"K" * 16)
    root = "AUTHENTICATE_MESSAGE"
    assert by_path[f"{root}.EncryptedRandomSessionKey"].text == "16 bytes, not shown"
    assert by_path[f"{root}.LmChallengeResponse.ClientChallenge"].span == Span(88, 96)
    assert by_path[f"{root}.NtChallengeResponse"].text.startswith("NTLM_RESPONSE of NTLMv1 with")
    text = repr(fields)
    for secret in (b"CLIENTCH", b"N" * 8, b"K" * 8):
        assert secret.decode() not in text
        assert secret.hex() not in text


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"NTLMSSP\0\x09\0\0\0rest", ["Signature", "MessageType", "Padding"]),
        (b"NTLMSSP\0\x09\0\0\0", ["Signature", "MessageType"]),
        (b"NTLMSSP\0\x01\0", ["Signature", "MessageType"]),
        (b"NTLMSSP\0", ["Signature"]),
        (b"NTLM", ["Signature"]),
    ],
)
def test_message_of_no_known_type(data, names):
    """What is there of signature and type is told, the rest counted."""
    _, fields = tree(data)
    assert [f.name for f in fields] == ["UNKNOWN_MESSAGE", *names]
    assert fields[-1].span.end == len(data)
    assert "rest" not in repr(fields)


def test_no_message_has_no_tree():
    """Without the signature nothing is known about the bytes."""
    assert tree(b"GIF89a..")[1] == []
    assert tree(b"")[1] == []
