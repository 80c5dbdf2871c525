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
)
from dissectors.carriers.smb_framing import SmbFraming
from dissectors.carriers.smb_logons import Pdu

_PREFIX = 4  # type and length of a packet
_PACKET = Struct("<HBB 6sxxIHxxIIQxxxxxxxxQ")
"""Type and length, and the SMB2 header as `smb2.HEADER` has it, its two constants as one.

The length takes three octets; the first of them and the type are one number here, 0 below 64 KiB.
"""
_BEGINNING = b"\xfeSMB\x40\x00"
_new_tuple = tuple.__new__


class SmbCarrier(SmbFraming):
    """SMB1, SMB2 and SMB3 of one connection."""

    name: ClassVar[str] = "smb"

    def receive(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment; see `Carrier.receive`."""
        window, state = self.windows[side], self._sides[side]
        if state.rest or state.lost_from is not None or self._length_mask != DIRECT_TCP:
            return super().receive(side, offset, data, frame, ts_ns)
        if state.missing:
            return self._go_on(side, offset, data, frame, ts_ns)
        if not window.bypass(offset, frame, ts_ns):
            return super().receive(side, offset, data, frame, ts_ns)
        done = self._whole_messages(side, offset, data, frame, ts_ns)
        beyond = done - len(data)
        if beyond >= 0:
            window.offset = offset + len(data)
            window.skipping = beyond
            return beyond
        window.append(offset, data, frame, ts_ns)
        if done:
            window.skip(done)
        if not state.missing:
            self.feed(side)
        return window.skipping

    def _go_on(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment behind the beginning of a message that matters; read once that is whole."""
        window, state = self.windows[side], self._sides[side]
        missing, state.missing = state.missing - len(data), 0
        if offset != window.offset + len(window):
            return super().receive(side, offset, data, frame, ts_ns)
        window.append(offset, data, frame, ts_ns)
        if missing > 0:
            state.missing = missing
            return 0
        held = window.peek(len(window))
        window.skip(self._whole_messages(side, window.offset, held, window.frame, window.ts_ns))
        if not window.skipping and not state.missing:
            self.feed(side)
        return window.skipping

    def _whole_messages(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Read messages from the beginning of `data`, as `feed` would, up to the first odd one.

        All of them end in `frame`. Return how many bytes are done with: more than there are if the last
        message goes on.
        """
        protocol = self.smb2
        logons = protocol.logons
        size = len(data)
        last = size - (_PREFIX + HEADER_SIZE)
        at = 0
        while at <= last:
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
            ) = _PACKET.unpack_from(data, at)
            length = middle << 8 | low
            if large:
                if large & 0xFF:  # the type is another one
                    break
                length |= large << 8
            if begins != _BEGINNING or following or length < HEADER_SIZE:
                break
            if flags & RESPONSE != side:
                break
            start = at + _PREFIX
            end = start + length
            matters = command <= TREE_CONNECT or (side and status == STATUS_SESSION_EXPIRED)
            if matters:
                if length > self.limits.held:
                    break
                if end > size:
                    self._sides[side].missing = end - size
                    break
            elif not self._of_no_interest(command << 1 | side, data, start, end):
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
            if matters:
                pdu = _new_tuple(
                    Pdu,
                    (side, data[start:end], offset + start, offset + end, frame, ts_ns, None),
                )
                protocol.read(pdu, command, status, message_id, session)
                if logons.overflows:
                    self._overflows(pdu)
            at = end
        return at

    def _of_no_interest(self, kind: int, data: bytes, start: int, end: int) -> bool:
        """Whether a message can be passed over by its header alone; `kind`: command and reply flag."""
        if kind >> 1 == IOCTL or end - start > self.limits.message:
            return False
        body = smb_pipe.SMB2_BODIES.get(kind)
        if body is None:
            return True
        if end <= len(data):
            return smb_pipe.trailer(data, start, end - start, body) is None
        ready = len(data) - start
        return ready >= smb_pipe.NEAR and smb_pipe.trailer(data, start, ready, body) is None
