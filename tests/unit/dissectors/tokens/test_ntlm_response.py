"""What kind of answer an AUTHENTICATE_MESSAGE holds."""

import pytest

from dissectors.tokens.ntlm_response import channel_binding, mic_promised, response_kind

ESS, LOCAL_CALL = 0x80000, 0x4000
SESSION = b"CLIENTCH" + bytes(16)
FULL = b"L" * 24


@pytest.mark.parametrize(
    ("lm", "nt_length", "user", "flags", "kind"),
    [
        (b"", 0, False, 0, "anonymous"),
        (b"\0", 0, False, 0, "anonymous"),
        (b"\0", 0, False, LOCAL_CALL, "anonymous"),
        (b"", 0, False, LOCAL_CALL, "local-call"),
        (b"", 0, True, 0, None),
        (b"\x01", 0, False, 0, None),
        (FULL, 0, True, 0, "lm"),
        (bytes(24), 0, True, 0, None),
        (FULL, 24, True, 0, "ntlmv1"),
        (FULL, 24, True, ESS, "ntlmv1"),
        (b"", 24, True, ESS, "ntlmv1"),
        (SESSION, 24, True, ESS, "ntlmv1-ess"),
        (SESSION, 24, True, 0, "ntlmv1-ess"),
        (bytes(24), 24, True, ESS, "ntlmv1-ess"),
        (bytes(24), 24, True, 0, "ntlmv1"),
        (bytes(24), 44, True, ESS, "ntlmv2"),
        (FULL, 300, True, 0, "ntlmv2"),
        (FULL, 43, True, 0, None),
        (FULL, 1, True, 0, None),
    ],
)
def test_kind_by_bytes(lm, nt_length, user, flags, kind):
    """The responses' bytes decide, flags only where they leave a doubt."""
    assert response_kind(lm, len(lm), nt_length, user, flags) == kind


def test_cut_lm_response_is_not_judged():
    """Bytes that are not there cannot tell NTLMv1 from NTLMv1-ESS."""
    assert response_kind(b"LLL", 24, 24, user=True, flags=0) is None
    assert response_kind(b"", 24, 400, user=True, flags=0) == "ntlmv2"


@pytest.mark.parametrize(
    ("pairs", "complete", "expected"),
    [
        ({}, True, "absent"),
        ({}, False, None),
        ({"MsvAvChannelBindings": "00" * 16}, True, "zero"),
        ({"MsvAvChannelBindings": "00" * 15 + "01"}, False, "present"),
    ],
)
def test_channel_binding(pairs, complete, expected):
    """All zero means that the client knows of no channel."""
    assert channel_binding(pairs, complete) == expected


@pytest.mark.parametrize(
    ("flags", "expected"), [(None, False), (0x5, False), (0x2, True), (0x7, True), ("ff", False)]
)
def test_mic_promise(flags, expected):
    """Bit 2 of MsvAvFlags; a value of the wrong size promises nothing."""
    assert mic_promised({} if flags is None else {"MsvAvFlags": flags}) is expected
