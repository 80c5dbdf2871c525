"""A sign of carelessness that the lab would not show: SMB 1 without hashes.

Spec: MS-CIFS 2.2.4.52.2 (SecurityMode).
"""

from frames import Frame
from hand_status import replaced
from made import Made

NEGOTIATED = (
    bytes.fromhex("ff534d4272"),
    bytes.fromhex("11000003320001"),
    bytes.fromhex("11000001320001"),
)
"""Begin of a NEGOTIATE message; words of the lab's answer with SecurityMode 3, and with 1."""


def no_hashes() -> list[Frame]:
    """The server's answer to NEGOTIATE asks for no challenge and response; there the capture ends."""
    begin, old, new = NEGOTIATED
    kept = replaced("smb/nt1_no_extended_security", old, new)
    last = max(n for n, frame in enumerate(kept) if begin in frame.data)
    return kept[: last + 1]


CASES = [
    Made(
        case="smb/nt1_plaintext", title="SMB 1 server that wants passwords as they are", negotiations=0,
        purpose="SecurityMode of the NEGOTIATE answer does not ask for challenge and response.",
        source="smb/nt1_no_extended_security",
        frames=no_hashes,
    ),
]  # fmt: skip
