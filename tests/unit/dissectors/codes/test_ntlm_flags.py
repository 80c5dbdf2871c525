"""NegotiateFlags names."""

from dissectors.codes import ntlm_flags
from dissectors.codes.ntlm_flags import NTLM_FLAGS, ntlm_flag_names


def test_every_bit_has_its_own_name():
    """All 32 bits, lowest first."""
    assert list(NTLM_FLAGS) == [1 << bit for bit in range(32)]
    assert len(set(NTLM_FLAGS.values())) == 32
    assert ntlm_flag_names(0xFFFFFFFF) == tuple(NTLM_FLAGS.values())


def test_names_of_set_bits():
    """The bits of a current Windows client's first message."""
    assert ntlm_flag_names(0) == ()
    assert ntlm_flag_names(0xA0000021) == (
        "NTLMSSP_NEGOTIATE_UNICODE",
        "NTLMSSP_NEGOTIATE_SEAL",
        "NTLMSSP_NEGOTIATE_128",
        "NTLMSSP_NEGOTIATE_56",
    )


def test_constants_agree_with_the_table():
    """A constant is the bit whose name it has."""
    constants = {k: v for k, v in vars(ntlm_flags).items() if k.startswith("NEGOTIATE_")}
    assert constants
    for name, bit in constants.items():
        assert NTLM_FLAGS[bit] == f"NTLMSSP_{name}"
