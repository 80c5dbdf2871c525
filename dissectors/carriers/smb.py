"""SMB on any port: what most segments hold, whole SMB2 messages, is read without a detour.

A segment that begins where the last message ended is read where it is: no copy, no marks, no look at
what may be missing. Everything else (parts of messages that matter, compounds, SMB1, encrypted and
compressed messages, NetBIOS, odd bytes, lost borders) goes through the window, as `SmbFraming` says.

Spec: MS-SMB2 2.1 and 2.2.1.
"""

from __future__ import annotations

from struct import Struct
from typing import ClassVar

from dissectors.carriers import smb_pipe
from dissectors.carriers.netbios import DIRECT_TCP
from dissectors.carriers.smb2 import (
    HEADER_SIZE,
    IOCTL,
    LOGOFF,
    RESPONSE,
    SESSION_SETUP,
    SIGNED,
    STATUS_PENDING,
    STATUS_SESSION_EXPIRED,
    TREE_CONNECT,
    Smb2,
)
from dissectors.carriers.smb_framing import SmbFraming
from dissectors.carriers.smb_logons import Pdu

_PREFIX = 4  # type and length of a packet
_PACKET = Struct("<HBB 6sxxIHxxIIQxxxxxxxxQ")
"""Type and length, and the SMB2 header as `smb2.HEADER` has it, its two constants as one.

The length takes three octets; the first of them and the type are one number here, 0 below 64 KiB.
"""
_SHORTEST = _PREFIX + HEADER_SIZE
_BEGINNING = b"\xfeSMB\x40\x00"
_READERS = Smb2.READERS


class SmbCarrier(SmbFraming):
    """SMB1, SMB2 and SMB3 of one connection."""

    name: ClassVar[str] = "smb"

    def receive(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment; see `Carrier.receive`.

        What begins at a border is read here message by message, as `feed` would, up to the first odd one.
        """
        window, state = self.windows[side], self._sides[side]
        if state.at_border and offset == window.offset and frame > window.frame:
            window.frame, window.ts_ns = frame, ts_ns
        elif not self._comes_to_border(side, offset, data, frame, ts_ns):
            return window.skipping
        protocol = self.smb2
        logons = protocol.logons
        size = len(data)
        at = done = 0  # ends of the message at hand and of the one before
        while size - done >= _SHORTEST:
            (
                large,
                middle,
                low,
                begins,
                status,
                command,
                flags,
                following,
                message_id,
                session,
            ) = _PACKET.unpack_from(data, done)
            length = middle << 8 | low
            if large:
                if large & 0xFF:  # the type is another one
                    break
                length |= large << 8
            if (
                begins != _BEGINNING
                or following
                or length < HEADER_SIZE
                or flags & RESPONSE != side
            ):
                break
            at = done + _PREFIX + length
            kind = command << 1 | side
            reader = _READERS.get(kind)
            if reader is None and status == STATUS_SESSION_EXPIRED and side:
                reader = Smb2.other_response
            if reader is not None:
                if at > size or length > self._held:
                    if length <= self._held:
                        state.missing = at - size
                    break
            elif length > self._longest or (
                kind in smb_pipe.SMB2_BODIES and self._may_hold_pdu(kind, data, at - length, at)
            ):
                break
            if command > SESSION_SETUP:
                owner = logons.owners.get(session)
                if owner is None and (logons.open or logons.left):
                    owner = logons.without_owner(session, logoff=command == LOGOFF)
                if owner is None or (side and status == STATUS_PENDING):
                    pass
                elif not flags & SIGNED:
                    owner.plain_messages += 1
                    owner.plain_frame = owner.plain_frame or frame
                elif command != TREE_CONNECT or not protocol.signs_by_rule:
                    owner.signed_messages += 1
                    owner.signed_frame = owner.signed_frame or frame
            if reader is not None:
                end = offset + at
                content = data[done + _PREFIX : at]
                pdu = Pdu(side, content, end - length, end, frame, ts_ns, None, (frame,))
                reader(protocol, pdu, status, message_id, session)
                if logons.overflows:
                    self._overflows(pdu)
            done = at
        if done == size:
            window.offset = offset + size
            state.at_border = True
            return 0
        state.at_border = False
        if done > size:
            window.offset = offset + size
            window.skipping = done - size
            return done - size
        window.append(offset, data, frame, ts_ns)
        window.skip(done)
        if not state.missing:
            self.feed(side)
        return window.skipping

    def _comes_to_border(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> bool:
        """Whether a segment begins at a border after all; one that does not is taken by the window."""
        window, state = self.windows[side], self._sides[side]
        if state.rest or state.lost_from is not None or self._length_mask != DIRECT_TCP:
            super().receive(side, offset, data, frame, ts_ns)
            return False
        missing, state.missing = state.missing - len(data), 0
        if missing > 0 and offset == window.offset + len(window):  # ends within the same message
            window.append(offset, data, frame, ts_ns)
            state.missing = missing
            return False
        if window.bypass(offset, frame, ts_ns):
            return True
        super().receive(side, offset, data, frame, ts_ns)
        return False

    def _may_hold_pdu(self, kind: int, data: bytes, start: int, end: int) -> bool:
        """Whether a message cannot be passed over by its header alone; `kind`: command and reply flag."""
        if kind >> 1 == IOCTL:
            return True
        body = smb_pipe.SMB2_BODIES[kind]
        ready = min(end, len(data)) - start
        if end > len(data) and ready < smb_pipe.NEAR:
            return True
        return smb_pipe.trailer(data, start, ready, body) is not None
