"""NetBIOS session packets and the SMB messages in them: telling them by their first bytes.

Direct TCP (port 445) uses the same four-byte header with type 0 and a longer length.

Spec: RFC 1001 14.1 (names), RFC 1002 4.3 (packets), MS-SMB2 2.1 (direct TCP).
"""

from __future__ import annotations

from struct import Struct

LENGTH = Struct(">I")  # type and length in one number
DIRECT_TCP, NETBIOS = 0xFF_FFFF, 0x1_FFFF  # 24 bits of length, or 17

MESSAGE, REQUEST, POSITIVE, NEGATIVE, RETARGET, KEEP_ALIVE = 0, 0x81, 0x82, 0x83, 0x84, 0x85
CONTROL_LENGTHS = {POSITIVE: 0, NEGATIVE: 1, RETARGET: 6, KEEP_ALIVE: 0}
CONTROL_LIMIT = 1024  # bytes of a session request; names with scope stay far below

SMB1, SMB2, TRANSFORM, COMPRESSED = 0xFF, 0xFE, 0xFD, 0xFC
PROTOCOLS = frozenset((SMB1, SMB2, TRANSFORM, COMPRESSED))
SHORTEST = 32  # no SMB message is shorter
PLAUSIBLE = 10  # bytes that `plausible` looks at

_SMB1_REPLY, _SMB2_RESPONSE = 0x80, 1


def plausible(data: bytes | bytearray, start: int) -> bool:
    """Tell whether a packet that carries an SMB message may begin at `start`."""
    length = LENGTH.unpack_from(data, start)[0]
    protocol = data[start + 4]
    if not SHORTEST <= length <= DIRECT_TCP or protocol not in PROTOCOLS:
        return False
    if data[start + 5 : start + 8] != b"SMB":
        return False
    return protocol != SMB2 or data[start + 8 : start + 10] == b"\x40\x00"


def next_border(data: bytearray, at: int) -> tuple[int, bool]:
    """Find where the next SMB message begins from `at` on; else how far there is none for certain."""
    first = at
    while (hit := data.find(b"SMB", at + 5)) >= 0:
        start = hit - 5
        if len(data) < start + PLAUSIBLE:
            return start, False
        if plausible(data, start):
            return start, True
        at = hit - 4
    return max(len(data) - 7, first), False  # the last bytes may be a border's beginning


def answers(head: bytes) -> bool | None:
    """Tell whether the first packet of `head` comes from the server; None: no SMB, or too short.

    Where either side may say it (encrypted messages, keep-alives) it counts as the client's.
    """
    if len(head) < LENGTH.size:
        return None
    kind = head[0]
    if kind == MESSAGE:
        return _message_answers(head)
    if kind == REQUEST:
        return False if head[1] <= 1 and called_name(head[4:38]) is not None else None
    length = CONTROL_LENGTHS.get(kind)
    if length is None or head[1:4] != length.to_bytes(3, "big"):
        return None
    rest = head[LENGTH.size + length :]
    if not rest:
        return kind != KEEP_ALIVE
    # Four bytes alone prove little: what follows must be SMB as well.
    following = _message_answers(rest)
    return following if kind == KEEP_ALIVE or following is None else True


def _message_answers(head: bytes) -> bool | None:
    if len(head) < 24 or not plausible(head, 0):
        return None
    if head[4] == SMB2:
        return bool(head[20] & _SMB2_RESPONSE)
    return head[4] == SMB1 and bool(head[13] & _SMB1_REPLY)


def called_name(encoded: bytes) -> str | None:
    """Decode the name a session request asks for; None if these 34 bytes are none."""
    if len(encoded) < 33 or encoded[0] != 0x20:
        return None
    letters = [letter - 0x41 for letter in encoded[1:33]]
    if any(not 0 <= letter <= 0xF for letter in letters):
        return None
    name = bytes(high << 4 | low for high, low in zip(letters[::2], letters[1::2], strict=True))
    return name[:15].rstrip(b" \0").decode("cp437")
