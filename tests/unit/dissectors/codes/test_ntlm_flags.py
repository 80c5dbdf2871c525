"""NegotiateFlags names."""

from dissectors.codes import ntlm_flags
from dissectors.codes.ntlm_flags import (
    FORMER_NAMES,
    NTLM_FLAGS,
    ntlm_flag_meaning,
    ntlm_flag_names,
    ntlm_flags_text,
)


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
        assert (FORMER_NAMES.get(bit) or NTLM_FLAGS[bit]) == f"NTLMSSP_{name}"


def test_reserved_bits_have_the_specification_s_names():
    """From r10, the lowest, to r1."""
    reserved = [name for name in NTLM_FLAGS.values() if not name.startswith("NTLMSSP_")]
    assert reserved == [f"r{number}" for number in range(10, 0, -1)]
    assert {NTLM_FLAGS[bit] for bit in FORMER_NAMES} == {"r9", "r8", "r7", "r6"}


def test_every_bit_has_a_meaning():
    """A few words for each; a reserved one tells that it is, and what it was."""
    for bit, name in NTLM_FLAGS.items():
        meaning = ntlm_flag_meaning(bit)
        assert meaning
        assert meaning.startswith("reserved") == (not name.startswith("NTLMSSP_"))
    assert ntlm_flag_meaning(0x00000008) == "reserved"
    assert ntlm_flag_meaning(0x00000100) == "reserved, once NTLMSSP_NEGOTIATE_NETWARE"
    assert ntlm_flag_meaning(0x00004000).startswith("reserved, once NTLMSSP_NEGOTIATE_LOCAL_CALL: ")


def test_flags_in_one_line():
    """The number, then the names without their common prefix."""
    assert ntlm_flags_text(0) == "0x00000000"
    assert ntlm_flags_text(0x02000805) == "0x02000805 (UNICODE, REQUEST_TARGET, ANONYMOUS, VERSION)"
