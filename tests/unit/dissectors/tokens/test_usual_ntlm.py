"""NTLM's fast lane: what takes it, what leaves it, and that nothing is lost by what is remembered."""

from __future__ import annotations

import struct

import pytest
from support.token_lanes import check_caches, check_lanes

from dissectors.codes.ntlm_flags import NEGOTIATE_UNICODE, NEGOTIATE_VERSION
from dissectors.tokens import usual_ntlm
from dissectors.tokens.build import (
    av_pairs,
    ntlm_authenticate,
    ntlm_challenge,
    ntlm_negotiate,
    ntlmv2_response,
)
from dissectors.tokens.model import NtlmAuthenticate, NtlmChallenge

TIMED = {"MsvAvNbDomainName": "LAB", "MsvAvTimestamp": 5, "MsvAvDnsDomainName": "lab.example"}
LM, NT, DOMAIN, USER, WORKSTATION, KEY = range(12, 60, 8)
NAME, INFO = 12, 40


def descriptor(data: bytes, at: int) -> tuple[int, int]:
    """Length and offset of a field."""
    length, offset = struct.unpack_from("<HxxI", data, at)
    return length, offset


def claimed(data: bytes, at: int, length: int, offset: int) -> bytes:
    """A message with another descriptor."""
    return data[:at] + struct.pack("<HHI", length, length, offset) + data[at + 8 :]


def flagged(data: bytes, at: int, on: int = 0, off: int = 0) -> bytes:
    """A message with other flags."""
    (flags,) = struct.unpack_from("<I", data, at)
    return data[:at] + struct.pack("<I", flags & ~off | on) + data[at + 4 :]


CHALLENGE = ntlm_challenge(target_info=TIMED)
AUTHENTICATE = ntlm_authenticate(target_info=TIMED, mic=b"m" * 16)
V1 = ntlm_authenticate(response="ntlmv1")


@pytest.mark.parametrize(
    "data",
    [
        CHALLENGE,
        ntlm_challenge(version=None),
        ntlm_challenge(target_name=""),
        ntlm_challenge(target_info={}),
        ntlm_challenge(target_info={"MsvAvTimestamp": 1}),
        ntlm_challenge(target_info={**TIMED, 17: b"new"}),
        flagged(CHALLENGE, 20, on=0x4000),
        AUTHENTICATE,
        ntlm_authenticate(target_info={**TIMED, "MsvAvFlags": 2}),
        ntlm_authenticate(target_info={**TIMED, "MsvAvTargetName": "HTTP/web.lab.example"}),
        ntlm_authenticate(target_info={**TIMED, "MsvAvChannelBindings": bytes(16)}),
        ntlm_authenticate(target_info={"MsvAvChannelBindings": b"c" * 16}),
        ntlm_authenticate(mic=bytes(16)),
        ntlm_authenticate(version=None),
        ntlm_authenticate(workstation="", session_key=b""),
        ntlm_authenticate(domain=""),
        V1,
        ntlm_authenticate(response="ntlmv1-ess"),
        ntlm_authenticate(response="lm"),
        ntlm_authenticate(response="anonymous"),
        ntlm_authenticate(response="anonymous", lm_response=b"", workstation=""),
    ],
)
def test_usual_messages_take_the_lane(data: bytes) -> None:
    """Messages as clients and servers of today send them are read, and as the careful reader reads them."""
    usual = check_lanes(data, None)
    assert type(usual) is (NtlmChallenge if data[8] == 2 else NtlmAuthenticate)


def test_fields_may_lie_in_any_order() -> None:
    """Descriptors in the order of their fields, as Samba lays them out, or backwards."""
    order = (LM, NT, DOMAIN, USER, WORKSTATION, KEY)
    for chosen in (order, order[::-1], (KEY, NT, LM, WORKSTATION, USER, DOMAIN)):
        message, payload = AUTHENTICATE[:88], b""
        for at in chosen:
            length, offset = descriptor(AUTHENTICATE, at)
            message = claimed(message, at, length, 88 + len(payload))
            payload += AUTHENTICATE[offset : offset + length]
        usual = check_lanes(message + payload, None)
        assert isinstance(usual, NtlmAuthenticate)
        assert (usual.user, usual.domain, usual.mic) == ("alice", "LAB", "present")


def test_empty_fields_may_stand_nowhere() -> None:
    """The offset of nothing means nothing: it may be 0 or behind the end."""
    message = ntlm_authenticate(domain="", session_key=b"")
    for at in (DOMAIN, KEY):
        for offset in (0, 3, 70, 0xFFFF_FFFF):
            assert check_lanes(claimed(message, at, 0, offset), None) is not None


@pytest.mark.parametrize("offset", [0, 64, 71, 80, 87, 88, 100])
def test_offset_of_nothing_hides_no_mic(offset: int) -> None:
    """The payload begins with the first field that has bytes: what comes before may be a MIC."""
    message = ntlm_authenticate(domain="", mic=b"m" * 16)
    usual = check_lanes(claimed(message, DOMAIN, 0, offset), None)
    assert isinstance(usual, NtlmAuthenticate)
    assert usual.mic == "present"


SIZE = len(AUTHENTICATE)
DOMAIN_AT = descriptor(AUTHENTICATE, DOMAIN)[1]
USER_AT = descriptor(AUTHENTICATE, USER)[1]
NAME_AT = descriptor(CHALLENGE, NAME)[1]
ODD = {
    "negotiate": ntlm_negotiate(domain="LAB"),
    "another type": CHALLENGE[:8] + b"\x04" + CHALLENGE[9:],
    "fixed part cut": CHALLENGE[:47],
    "fixed part cut, response": AUTHENTICATE[:63],
    "challenge in OEM text": flagged(ntlm_challenge(), 20, off=NEGOTIATE_UNICODE),
    "response in OEM text": flagged(AUTHENTICATE, 60, off=NEGOTIATE_UNICODE),
    "no TargetInfo": ntlm_challenge(target_info=None),
    "TargetInfo in the fixed part": claimed(CHALLENGE, INFO, *(9, 40)),
    "version where the payload is": flagged(ntlm_challenge(version=None), 20, on=NEGOTIATE_VERSION),
    "version where the fields are": flagged(
        ntlm_authenticate(version=None), 60, on=NEGOTIATE_VERSION
    ),
    "challenge with more behind": CHALLENGE + b"!",
    "response with more behind": AUTHENTICATE + b"!",
    "response with zeros behind": AUTHENTICATE + bytes(4),
    "field beyond the end": claimed(AUTHENTICATE, KEY, 16, SIZE - 15),
    "field in the fixed part": claimed(AUTHENTICATE, DOMAIN, 6, 60),
    "fields that share bytes": claimed(AUTHENTICATE, DOMAIN, 8, DOMAIN_AT),
    "one field twice": claimed(AUTHENTICATE, WORKSTATION, *descriptor(AUTHENTICATE, USER)),
    "half a letter": claimed(AUTHENTICATE, USER, 9, USER_AT),
    "lone surrogate": AUTHENTICATE[:USER_AT] + b"\x00\xd8" + AUTHENTICATE[USER_AT + 2 :],
    "lone surrogate, target": CHALLENGE[:NAME_AT] + b"\x00\xdc" + CHALLENGE[NAME_AT + 2 :],
    "no field at all": b"NTLMSSP\0\3\0\0\0" + bytes(48) + struct.pack("<I", 1),
    "NT response of 30 bytes": ntlm_authenticate(response="ntlmv1", nt_response=b"n" * 30),
    "RespType of 2": AUTHENTICATE.replace(b"\x01\x01" + bytes(6), b"\x02\x01" + bytes(6)),
    "a very long name": ntlm_authenticate(user="u" * 300),
    "very long AV pairs": ntlm_challenge(target_info={"MsvAvTargetName": "t" * 300}),
    "no MsvAvEOL": ntlm_challenge(target_info=av_pairs(TIMED)[:-4]),
    "MsvAvEOL before the time": ntlm_challenge(target_info=bytes(4) + av_pairs(TIMED)),
    "MsvAvEOL with a value": ntlm_challenge(target_info=av_pairs({17: b""})[:-4] + b"\0\0\1\0x"),
    "two times": ntlm_challenge(target_info=av_pairs({"MsvAvTimestamp": 1})[:-4] + av_pairs(TIMED)),
    "a name before and behind the time": ntlm_challenge(
        target_info=av_pairs(TIMED)[:-4] + av_pairs({"MsvAvNbDomainName": "X"})
    ),
    "pairs in no text": ntlm_challenge(target_info=b"\2\0\2\0\0\xd8" + bytes(4)),
    "flags of 3 bytes": ntlm_challenge(target_info=b"\6\0\3\0abc" + bytes(4)),
    "65 pairs": ntlm_challenge(
        target_info=av_pairs({**TIMED, **{20 + n: b"" for n in range(62)}})
    ),
    "response without pairs": ntlm_authenticate(nt_response=ntlmv2_response(b"")[:44]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_messages_leave_the_lane(name: str) -> None:
    """What breaks a rule, or only few send, is left to the careful reader."""
    assert check_lanes(ODD[name], None) is None


def test_time_inside_a_value_is_no_time() -> None:
    """Octets that look like MsvAvTimestamp may stand in a value."""
    for value in (b"\7\0\10\0" + b"t" * 8, b"\7\0\10\0", b"x\7\0\10\0" + b"t" * 9):
        for pairs in ({17: value}, {17: value, **TIMED}, {**TIMED, 17: value}):
            check_lanes(ntlm_challenge(target_info=pairs), None)


def test_64_pairs_are_read() -> None:
    """The limit counts the time, too."""
    pairs = {20 + number: b"" for number in range(61)}
    usual = check_lanes(ntlm_challenge(target_info={**pairs, **TIMED}), None)
    assert isinstance(usual, NtlmChallenge)
    assert usual.target_info is not None
    assert len(usual.target_info) == 64


def test_what_is_remembered_is_nobodys() -> None:
    """Who changes one token's AV pairs changes those of no other."""
    for pairs in (TIMED, {"MsvAvNbDomainName": "LAB"}):
        data = ntlm_challenge(target_info=pairs)
        first = check_lanes(data, None)
        assert isinstance(first, NtlmChallenge)
        assert first.target_info is not None
        first.target_info.clear()
        assert check_lanes(data, None) is not None


def test_memory_is_bounded() -> None:
    """Whatever is remembered has a limit, in entries and in bytes of each."""
    check_caches(usual_ntlm, 4096)
    before = usual_ntlm._decoded.cache_info().misses
    check_lanes(ntlm_authenticate(user="u" * 257, domain="", workstation=""), None)
    assert usual_ntlm._decoded.cache_info().misses == before
