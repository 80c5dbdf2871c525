"""LDAP over TCP and UDP: what most segments hold, whole messages, is read without a detour.

A segment that begins where the last message ended is read where it is: no copy, no marks. Binds are
read, of searches and what else there is the header tells where the next message begins. Everything else
(parts of messages, SASL buffers, searches of the root DSE, extended operations, odd bytes, lost borders)
goes through the window, as `LdapFraming` says.

Spec: RFC 4511 4.1.1 and 5.1.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import ClassVar

from dissectors.carriers.base import CLIENT
from dissectors.carriers.ldap_framing import LIMITS, NOT_COUNTED, LdapFraming
from dissectors.carriers.ldap_message import ROOT_DSE
from dissectors.carriers.ldap_pdu import (
    BIND_REQUEST,
    BIND_RESPONSE,
    EXTENDED_REQUEST,
    EXTENDED_RESPONSE,
    OPERATIONS,
    SEARCH_DONE,
    SEARCH_ENTRY,
    SEARCH_REQUEST,
    UNBIND,
    Head,
    Pdu,
)

_SIDES = {op: operation.side for op, operation in OPERATIONS.items()}
_BINDS = frozenset({BIND_REQUEST, BIND_RESPONSE})
_EXTENDED = frozenset({EXTENDED_REQUEST, EXTENDED_RESPONSE})
_LOOKED_AT = _BINDS | _EXTENDED | {SEARCH_REQUEST, UNBIND}
_SEQUENCE, _INTEGER = 0x30, 0x02
_SHORTEST = 7  # octets of a message with the shortest header
_BEHIND_LENGTH = 5
"""Octets from the length of a message up to its operation's content, with one octet of message id."""


def _heads() -> tuple[tuple[Callable[[bytes, int], tuple[int, ...]], int] | None, ...]:
    """How to read a header of one octet of message id, and its size, by the first octet of its length.

    Tag, length, then tag, length and value of messageID, tag and first octet of the length of protocolOp.
    """
    heads: list[Struct | None] = [Struct(">BBBBBBB")] * 0x80 + [None] * 0x80
    for count, octets in ((1, "B"), (2, "H"), (4, "I")):
        heads[0x80 | count] = Struct(f">Bx{octets}BBBBB")
    return tuple(None if head is None else (head.unpack_from, head.size) for head in heads)


_HEADS = _heads()


class LdapCarrier(LdapFraming):
    """One LDAP connection, or one CLDAP conversation."""

    name: ClassVar[str] = "ldap"
    datagram: ClassVar[bool] = True

    def receive(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment; see `Carrier.receive`.

        What begins at a border is read here message by message, as `feed` would, up to the first odd one.
        """
        window = self.windows[side]
        if self._at_border[side] and offset == window.offset and frame > window.frame:
            window.frame, window.ts_ns = frame, ts_ns
        elif not self._comes_to_border(side, offset, data, frame, ts_ns):
            return window.skipping
        binds = self._binds
        size = len(data)
        done = 0  # where the message at hand begins
        while size - done >= _SHORTEST:
            shape = _HEADS[data[done + 1]]
            if shape is None:
                break
            unpack, width = shape
            body = done + width
            if body > size:
                break
            tag, length, integer, digits, message_id, op, inner = unpack(data, done)
            if tag != _SEQUENCE or integer != _INTEGER:
                break
            at = body - _BEHIND_LENGTH + length
            if digits != 1:
                op_at = body - 3 + digits
                if not 0 < digits < 5 or op_at + 2 > size:
                    break
                message_id = int.from_bytes(data[body - 3 : op_at])
                op, inner, body = data[op_at], data[op_at + 1], op_at + 2
            if _SIDES.get(op) != side:
                break
            if inner > 0x7F:
                end = body + (inner & 0x7F)
                if not body < end < body + 5 or end > size:
                    break
                inner = int.from_bytes(data[body:end])
                body = end
            if body + inner > at or at - done > LIMITS.held:
                break
            if at > size:
                if op in _BINDS:
                    self._missing[side] = at - size
                break
            if op in _LOOKED_AT:
                if op == SEARCH_REQUEST:
                    if data.startswith(ROOT_DSE, body):
                        break
                elif op in _BINDS:
                    head = Head(at - done, message_id, op, body - done, body - done + inner)
                    pdu = Pdu(self, side, offset + done, data[done:at], head)
                    if side == CLIENT:
                        binds.request(pdu)
                    else:
                        binds.response(pdu)
                elif op == UNBIND:
                    self._unbound(window)
                else:  # extended operations
                    break
            elif self._root_searches:
                if op == SEARCH_ENTRY and message_id in self._root_searches:
                    break
                if op == SEARCH_DONE:
                    self._root_searches.pop(message_id, None)
            secured = binds.secured
            if secured is not None and op not in NOT_COUNTED and message_id:
                secured.plain_messages += 1
                secured.plain_frame = secured.plain_frame or frame
            done = at
        if done == size:
            window.offset = offset + size
            self._at_border[side] = True
            return 0
        self._at_border[side] = False
        window.append(offset, data, frame, ts_ns)
        window.skip(done)
        if not self._missing[side]:
            self.feed(side)
        return window.skipping

    def _comes_to_border(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> bool:
        """Whether a segment begins at a border after all; one that does not is taken by the window."""
        window = self.windows[side]
        if self._lost[side] is not None:
            super().receive(side, offset, data, frame, ts_ns)
            return False
        missing = self._missing[side] - len(data)
        self._missing[side] = 0
        if missing > 0 and offset == window.offset + len(window):  # ends within the same bind
            window.append(offset, data, frame, ts_ns)
            self._missing[side] = missing
            return False
        if window.bypass(offset, frame, ts_ns):
            return True
        super().receive(side, offset, data, frame, ts_ns)
        return False
