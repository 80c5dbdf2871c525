r"""Text of NTLM messages whose bytes are not valid in their encoding: nothing is lost, nothing invented.

Spec: MS-NLMP 2.2.1 (UTF-16LE or the sender's OEM code page), 2.2.2.1 (AV pairs: UTF-16LE).
"""

from __future__ import annotations


def rescued_utf16(raw: bytes) -> str:
    r"""Read UTF-16LE with lone surrogates written as `\ud800` and an odd last byte as `\xNN`."""
    even = len(raw) & ~1
    text = raw[:even].decode("utf-16-le", "surrogatepass")
    odd = "".join(f"\\x{octet:02x}" for octet in raw[even:])
    return text.encode("utf-8", "backslashreplace").decode() + odd


def rescued_oem(raw: bytes) -> str:
    r"""Read ASCII with every other byte as `\xNN`: the code page is not told on the wire."""
    return raw.decode("ascii", "backslashreplace")
