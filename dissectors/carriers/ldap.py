"""LDAP over TCP and UDP: what most segments hold, whole messages, is read without a detour.

A segment that begins where the last message ended is read where it is: no copy, no marks. Binds are
read, of searches and what else there is the header tells where the next message begins. Everything else
(parts of messages, SASL buffers, searches of the root DSE, extended operations, odd bytes, lost borders)
goes through the window, as `LdapFraming` says.

Spec: RFC 4511 4.1.1 and 5.1.
"""

from __future__ import annotations

from typing import ClassVar

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
_new_tuple = tuple.__new__


class LdapCarrier(LdapFraming):
    """One LDAP connection, or one CLDAP conversation."""

    name: ClassVar[str] = "ldap"
    datagram: ClassVar[bool] = True

    def receive(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment; see `Carrier.receive`."""
        window = self.windows[side]
        if self._lost[side] is not None:
            return super().receive(side, offset, data, frame, ts_ns)
        if self._missing[side]:
            return self._go_on(side, offset, data, frame, ts_ns)
        if not window.bypass(offset, frame, ts_ns):
            return super().receive(side, offset, data, frame, ts_ns)
        done = self._whole_messages(side, offset, data)
        if done == len(data):
            window.offset = offset + done
            return 0
        window.append(offset, data, frame, ts_ns)
        if done:
            window.skip(done)
        if not self._missing[side]:
            self.feed(side)
        return window.skipping

    def _go_on(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment behind the beginning of a bind; read once that is whole."""
        window = self.windows[side]
        missing = self._missing[side] - len(data)
        self._missing[side] = 0
        if offset != window.offset + len(window):
            return super().receive(side, offset, data, frame, ts_ns)
        window.append(offset, data, frame, ts_ns)
        if missing > 0:
            self._missing[side] = missing
            return 0
        window.skip(self._whole_messages(side, window.offset, window.peek(len(window))))
        if not self._missing[side]:
            self.feed(side)
        return window.skipping

    def _whole_messages(self, side: int, offset: int, data: bytes) -> int:
        """Read messages from the beginning of `data`, as `feed` would, up to the first odd one.

        Return how many bytes are done with.
        """
        binds = self._binds
        size = len(data)
        at = 0
        while at < size and data[at] == 0x30:
            try:
                length = data[at + 1]
                start = at + 2
                if length > 0x7F:
                    start += length & 0x7F
                    if not at + 2 < start < at + 7:
                        break
                    length = int.from_bytes(data[at + 2 : start])
                end = start + length
                digits = data[start + 1]
                op_at = start + 2 + digits
                op = data[op_at]
                length = data[op_at + 1]
            except IndexError:  # the header is cut
                break
            if data[start] != 0x02 or not 0 < digits < 5 or _SIDES.get(op) != side:
                break
            body = op_at + 2
            if length > 0x7F:
                body += length & 0x7F
                if not op_at + 2 < body < op_at + 7 or body > size:
                    break
                length = int.from_bytes(data[op_at + 2 : body])
            stop = body + length
            if stop > end or end - at > LIMITS.held:
                break
            if end > size:
                if op in _BINDS:
                    self._missing[side] = end - size
                break
            message_id = int.from_bytes(data[start + 2 : op_at])
            if op in _BINDS:
                head = _new_tuple(Head, (end - at, message_id, op, body - at, stop - at))
                pdu = _new_tuple(Pdu, (self, side, offset + at, data[at:end], head, None))
                if op == BIND_REQUEST:
                    binds.request(pdu)
                else:
                    binds.response(pdu)
            elif op in _EXTENDED:
                break
            elif op == SEARCH_REQUEST:
                if data.startswith(ROOT_DSE, body):
                    break
            elif self._root_searches:
                if op == SEARCH_ENTRY and message_id in self._root_searches:
                    break
                if op == SEARCH_DONE:
                    self._root_searches.pop(message_id, None)
            if op == UNBIND:
                self._unbound(self.windows[side])
            secured = binds.secured
            if secured is not None and op not in NOT_COUNTED and message_id:
                secured.plain_messages += 1
                secured.plain_frame = secured.plain_frame or self.windows[side].frame
            at = end
        return at
