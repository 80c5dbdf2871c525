"""Names and meanings of the bits of NTLM's NegotiateFlags.

A reserved bit has the specification's name for it, `r10` to `r1`; what it was called before, when clients
still used it, is told beside it.

Spec: MS-NLMP 2.2.2.5.
"""

from __future__ import annotations

NEGOTIATE_UNICODE = 0x00000001
NEGOTIATE_SIGN = 0x00000010
NEGOTIATE_SEAL = 0x00000020
NEGOTIATE_LOCAL_CALL = 0x00004000
TARGET_TYPE_DOMAIN = 0x00010000
TARGET_TYPE_SERVER = 0x00020000
NEGOTIATE_EXTENDED_SESSIONSECURITY = 0x00080000
NEGOTIATE_VERSION = 0x02000000

NTLM_FLAGS: dict[int, str] = {
    0x00000001: "NTLMSSP_NEGOTIATE_UNICODE",
    0x00000002: "NTLMSSP_NEGOTIATE_OEM",
    0x00000004: "NTLMSSP_REQUEST_TARGET",
    0x00000008: "r10",
    0x00000010: "NTLMSSP_NEGOTIATE_SIGN",
    0x00000020: "NTLMSSP_NEGOTIATE_SEAL",
    0x00000040: "NTLMSSP_NEGOTIATE_DATAGRAM",
    0x00000080: "NTLMSSP_NEGOTIATE_LM_KEY",
    0x00000100: "r9",
    0x00000200: "NTLMSSP_NEGOTIATE_NTLM",
    0x00000400: "r8",
    0x00000800: "NTLMSSP_ANONYMOUS",
    0x00001000: "NTLMSSP_NEGOTIATE_OEM_DOMAIN_SUPPLIED",
    0x00002000: "NTLMSSP_NEGOTIATE_OEM_WORKSTATION_SUPPLIED",
    0x00004000: "r7",
    0x00008000: "NTLMSSP_NEGOTIATE_ALWAYS_SIGN",
    0x00010000: "NTLMSSP_TARGET_TYPE_DOMAIN",
    0x00020000: "NTLMSSP_TARGET_TYPE_SERVER",
    0x00040000: "r6",
    0x00080000: "NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY",
    0x00100000: "NTLMSSP_NEGOTIATE_IDENTIFY",
    0x00200000: "r5",
    0x00400000: "NTLMSSP_REQUEST_NON_NT_SESSION_KEY",
    0x00800000: "NTLMSSP_NEGOTIATE_TARGET_INFO",
    0x01000000: "r4",
    0x02000000: "NTLMSSP_NEGOTIATE_VERSION",
    0x04000000: "r3",
    0x08000000: "r2",
    0x10000000: "r1",
    0x20000000: "NTLMSSP_NEGOTIATE_128",
    0x40000000: "NTLMSSP_NEGOTIATE_KEY_EXCH",
    0x80000000: "NTLMSSP_NEGOTIATE_56",
}

FORMER_NAMES: dict[int, str] = {
    0x00000100: "NTLMSSP_NEGOTIATE_NETWARE",
    0x00000400: "NTLMSSP_NEGOTIATE_NT_ONLY",
    0x00004000: "NTLMSSP_NEGOTIATE_LOCAL_CALL",
    0x00040000: "NTLMSSP_TARGET_TYPE_SHARE",
}
"""What reserved bits were called when they still meant something."""

_MEANINGS: dict[int, str] = {
    0x00000001: "names are UTF-16LE",
    0x00000002: "names are in the sender's OEM code page",
    0x00000004: "the client wants TargetName",
    0x00000010: "messages of the session can be signed",
    0x00000020: "messages of the session can be sealed (encrypted)",
    0x00000040: "connectionless: messages may be lost or come out of order",
    0x00000080: "session key made from the LM hash",
    0x00000200: "NTLM rather than LM alone",
    0x00000800: "the client is nobody in particular",
    0x00001000: "DomainName is there",
    0x00002000: "Workstation is there",
    0x00004000: "client and server are on one machine and settle it there",
    0x00008000: "signatures everywhere, dummies if need be",
    0x00010000: "TargetName is a domain",
    0x00020000: "TargetName is a server",
    0x00040000: "TargetName is a share",
    0x00080000: "session security of NTLMv2",
    0x00100000: "the server may learn who the client is, not act for it",
    0x00400000: "session key made from the LM response",
    0x00800000: "TargetInfo is there, or wanted",
    0x02000000: "Version is there",
    0x20000000: "128-bit session keys",
    0x40000000: "the client sends a session key of its own",
    0x80000000: "56-bit session keys",
}


def ntlm_flag_names(flags: int) -> tuple[str, ...]:
    """Names of the set bits, lowest first."""
    return tuple(name for bit, name in NTLM_FLAGS.items() if flags & bit)


def ntlm_flags_text(flags: int) -> str:
    """The number and the names of its bits, without the prefix that nearly all have."""
    names = (
        name.removeprefix("NTLMSSP_").removeprefix("NEGOTIATE_") for name in ntlm_flag_names(flags)
    )
    return f"0x{flags:08x} ({', '.join(names)})" if flags else "0x00000000"


def ntlm_flag_meaning(bit: int) -> str:
    """What one bit says, in a few words; a reserved one says that it is reserved."""
    meaning = _MEANINGS.get(bit, "")
    if not NTLM_FLAGS[bit].startswith("r"):
        return meaning
    former = FORMER_NAMES.get(bit)
    reserved = f"reserved, once {former}" if former else "reserved"
    return f"{reserved}: {meaning}" if meaning else reserved
