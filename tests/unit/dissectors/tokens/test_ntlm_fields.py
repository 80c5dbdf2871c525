"""The tree of NTLM messages."""

import struct

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
    assert spans == {
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
        "NtChallengeResponse.TimeStamp": Span(nt + 24, nt + 32),
        "NtChallengeResponse.ChallengeFromClient": Span(nt + 32, nt + 40),
        "NtChallengeResponse.MsvAvNbDomainName": Span(nt + 44, nt + 54),
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
    assert flags.text == "0x02000001 (NTLMSSP_NEGOTIATE_UNICODE, NTLMSSP_NEGOTIATE_VERSION)"


def test_secrets_are_places_only():
    """Responses, their parts and the MIC show their length and nothing else."""
    by_path, _ = tree(authenticate())
    for name in ("MIC", "NtChallengeResponse", "NtChallengeResponse.ChallengeFromClient"):
        field = by_path[f"AUTHENTICATE_MESSAGE.{name}"]
        assert field.value is None
        assert field.text == f"{field.span.length} bytes, not shown"


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
    assert (user.value, user.text, user.span) == (None, "not all there", Span(88, 90))
    assert by_path["AUTHENTICATE_MESSAGE.UserNameFields"].text == "6 bytes, not all there"


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
    assert by_path[f"{root}.TargetInfo.AvId(99)"].span == Span(62, 66)


def test_negotiate_tree():
    """The smallest message has its flags and nothing else."""
    by_path, _ = tree(b"NTLMSSP\0\x01\0\0\0\x02\0\0\0")
    assert list(by_path) == [
        "NEGOTIATE_MESSAGE",
        "NEGOTIATE_MESSAGE.Signature",
        "NEGOTIATE_MESSAGE.MessageType",
        "NEGOTIATE_MESSAGE.NegotiateFlags",
    ]
