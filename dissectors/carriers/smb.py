"""SMB on any port: NetBIOS and direct TCP framing, compounds, counts; bulk is skipped unread.

Every message is read as far as its header; only the few commands that authenticate are held whole.
Where a border is lost the next one is searched for, and the bytes given up are told.

Spec: RFC 1002 4.3, MS-SMB2 2.1, 2.2.1, 2.2.41, 2.2.42 and 3.3.5.2.7, MS-CIFS 2.2.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar

from dissectors.anomaly import Anomaly
from dissectors.carriers import netbios, smb1, smb2
from dissectors.carriers.base import CLIENT, SERVER, Carrier, CarrierAnomaly, Emit, Limits, Window
from dissectors.carriers.smb_logons import Logons, Pdu
from dissectors.span import Span

_SESSION = Struct("<Q")
_IOCTL_CODE = Struct("<I")
_TRANSFORM_SIZE, _TRANSFORM_SESSION = 52, 44
_AS_BEFORE = 0xFFFF_FFFF_FFFF_FFFF  # SessionId of a related element: that of the one before
_COMPOUND_LIMIT = 128
_NOT_SIGNED_YET = b"BSRSPYL"  # text in SMB1's SecurityFeatures before signing begins
_NO_SIGNATURE = bytes(8)
_ANOMALY_LIMIT = 64  # oddities of one connection told one by one

_WAIT, _LOST = 0, -1  # answers of a reader, besides the number of bytes that are done with


@dataclass(slots=True)
class _Side:
    """Where the reader of one direction stands."""

    rest: int = 0  # bytes of the current compound still to come
    elements: int = 0  # of the current compound, read so far
    session: int = 0  # of the element before
    lost_from: int | None = None  # stream offset from which on no border is known
    given_up: bool = False  # bytes behind `lost_from` were captured but could not be read
    unread: int = 0  # bytes held back until more come
    ended: bool = False


class SmbCarrier(Carrier):
    """SMB1, SMB2 and SMB3 of one connection."""

    name: ClassVar[str] = "smb"

    def __init__(
        self, emit: Emit, *, started_before: bool = False, limits: Limits | None = None
    ) -> None:
        super().__init__(emit, started_before=started_before)
        self.limits = limits or Limits()
        self.smb1 = smb1.Smb1(Logons(self, "smb1", "uid %d", self.limits.exchanges))
        self.smb2 = smb2.Smb2(Logons(self, "smb2", "0x%016x", self.limits.exchanges))
        self._sides = (_Side(), _Side())
        self._length_mask = netbios.DIRECT_TCP
        self._readers = {
            netbios.SMB1: self._read_smb1,
            netbios.SMB2: self._read_smb2,
            netbios.TRANSFORM: self._read_transform,
            netbios.COMPRESSED: self._read_compressed,
        }
        self._told: set[str] = set()  # what is told once per connection
        self._anomalies = 0
        self._closed = False

    @classmethod
    def probe(cls, head: bytes) -> int | None:
        """Tell the sender of an SMB message or NetBIOS packet; CLIENT where either may send it."""
        answer = netbios.answers(head)
        return None if answer is None else SERVER if answer else CLIENT

    def feed(self, side: int) -> None:
        """Read message after message; of those that don't matter only the header."""
        window, state = self.windows[side], self._sides[side]
        data = window.data
        while not window.skipping:
            if state.lost_from is not None and not self._resync(side, window, state):
                break
            available, at = len(window), window.position
            if state.rest:
                prefix, length = 0, state.rest
            else:
                if available < 4:
                    break
                length = netbios.LENGTH.unpack_from(data, at)[0]
                if length > netbios.DIRECT_TCP:
                    if self._control(side, window, length):
                        continue
                    break
                length &= self._length_mask
                prefix = 4
                if length < netbios.SHORTEST or length > self.limits.message:
                    self._lose(window, state)
                    continue
            ready = available - prefix
            if ready < netbios.SHORTEST:
                break
            start = at + prefix
            reader = self._readers.get(data[start])
            done = reader(side, window, start, length, ready) if reader else _LOST
            if done > 0:
                window.skip(prefix + done)
                state.rest = length - done
            elif done == _WAIT:
                break
            elif prefix:
                self._lose(window, state)
            else:  # the border behind the compound is still known
                self._tell(side, "malformed-message", window.offset, length, "compound element")
                window.skip(length)
                state.rest = 0
        state.unread = len(window)

    # -- one message ---------------------------------------------------------------------------

    def _read_smb2(self, side: int, window: Window, start: int, length: int, ready: int) -> int:
        data = window.data
        if length < smb2.HEADER_SIZE:
            return _LOST
        if ready < smb2.HEADER_SIZE:
            return _WAIT
        fields = smb2.HEADER.unpack_from(data, start)
        magic, size, status, command, flags, following, message_id, session = fields
        if magic != smb2.MAGIC or size != smb2.HEADER_SIZE:
            return _LOST
        matters = command <= smb2.TREE_CONNECT
        if matters and ready < length and ready < self.limits.held:
            return _WAIT
        by_rule = False
        if flags & smb2.SIGNED:
            if command == smb2.TREE_CONNECT:
                by_rule = self.smb2.signs_by_rule
            elif command == smb2.IOCTL and length >= size + 8:
                if ready < size + 8:
                    return _WAIT
                code = _IOCTL_CODE.unpack_from(data, start + size + 4)[0]
                by_rule = code == smb2.VALIDATE_NEGOTIATE_INFO

        state = self._sides[side]
        if following or state.rest:
            if flags & smb2.RELATED and session == _AS_BEFORE:
                session = state.session
            state.session = session
            length = self._element(side, window, state, length, following)
        owner = self.smb2.logons.owners.get(session)
        if (
            owner is not None
            and command > smb2.SESSION_SETUP
            and not by_rule
            and not (status == smb2.STATUS_PENDING and flags & smb2.RESPONSE)
        ):
            if flags & smb2.SIGNED:
                owner.signed_messages += 1
            else:
                owner.plain_messages += 1
        if matters and self._direction(side, window, flags & smb2.RESPONSE):
            pdu = self._pdu(side, window, start, length)
            self.smb2.message(pdu, command, status, message_id, session)
            self._overflow(side, window, self.smb2.logons)
        return length

    def _element(self, side: int, window: Window, state: _Side, length: int, following: int) -> int:
        """Length of one element of a compound whose remaining bytes are `length`."""
        if not following:
            state.elements = 0
            return length
        state.elements += 1
        if following % 8 or not smb2.HEADER_SIZE <= following <= length - smb2.HEADER_SIZE:
            detail = f"NextCommand {following}"
            self._tell(side, "malformed-message", window.offset, length, detail)
        elif state.elements >= _COMPOUND_LIMIT:
            self._tell(side, "limit-count", window.offset, length, "elements of a compound")
        else:
            return following
        state.elements = 0
        return length

    def _read_smb1(self, side: int, window: Window, start: int, length: int, ready: int) -> int:
        fields = smb1.HEADER.unpack_from(window.data, start)
        magic, command, status, flags, flags2, pid_high, signature, pid, uid, mid = fields
        if magic != smb1.MAGIC:
            return _LOST
        matters = smb1.NEGOTIATE <= command <= smb1.TREE_CONNECT
        if matters and ready < length and ready < self.limits.held:
            return _WAIT
        owner = self.smb1.logons.owners.get(uid)
        if owner is not None and command not in (smb1.NEGOTIATE, smb1.SESSION_SETUP):
            if signature != _NO_SIGNATURE and signature[:7] != _NOT_SIGNED_YET:
                owner.signed_messages += 1
            else:
                owner.plain_messages += 1
        if matters and self._direction(side, window, flags & smb1.REPLY):
            pairing = pid_high << 32 | pid << 16 | mid
            header = smb1.Header(command, status, flags2, uid, pairing)
            self.smb1.message(self._pdu(side, window, start, length), header)
            self._overflow(side, window, self.smb1.logons)
        return length

    def _read_transform(
        self, _side: int, window: Window, start: int, length: int, ready: int
    ) -> int:
        if length < _TRANSFORM_SIZE or window.data[start + 1 : start + 4] != b"SMB":
            return _LOST
        if ready < _TRANSFORM_SIZE:
            return _WAIT
        session = _SESSION.unpack_from(window.data, start + _TRANSFORM_SESSION)[0]
        owner = self.smb2.logons.owners.get(session)
        if owner is not None:
            owner.sealed_messages += 1
        return length

    def _read_compressed(
        self, side: int, window: Window, start: int, length: int, _ready: int
    ) -> int:
        if window.data[start + 1 : start + 4] != b"SMB":
            return _LOST
        self._tell(side, "compressed-message", window.offset, length, once=True)
        return length

    def _control(self, side: int, window: Window, head: int) -> bool:
        """Read a NetBIOS packet that carries no SMB; False while part of it is missing."""
        kind, length = head >> 24, head & netbios.NETBIOS
        if (
            not (kind == netbios.REQUEST or kind in netbios.CONTROL_LENGTHS)
            or length > netbios.CONTROL_LIMIT
        ):
            self._lose(window, self._sides[side])
            return True
        if kind == netbios.REQUEST:
            if len(window) < 4 + length:
                return False
            self._length_mask = netbios.NETBIOS
            called = netbios.called_name(window.peek(34, 4))
            if called and called != "*SMBSERVER":
                self.smb1.logons.server_name = self.smb2.logons.server_name = called
        window.skip(4 + length)
        return True

    def _pdu(self, side: int, window: Window, start: int, length: int) -> Pdu:
        """Copy a message that matters, up to the limit of what is held."""
        state = self._sides[side]
        prefix = start - window.position
        held = min(length, self.limits.held)
        offset = window.offset + prefix
        if held < length:
            self._tell(side, "limit-message-size", offset, length, f"{held} bytes were read")
        rest = (
            state.rest or netbios.LENGTH.unpack_from(window.data, start - 4)[0] & self._length_mask
        )
        return Pdu(side, window.peek(held, prefix), offset, offset + min(rest, self.limits.held))

    def _direction(self, side: int, window: Window, reply: int) -> bool:
        """Compare the reply flag with the side; a message that contradicts its side is left alone.

        Else a client could grant itself a logon in our books.
        """
        if bool(reply) == (side == SERVER):
            return True
        detail = "an answer from the client" if reply else "a request from the server"
        self._tell(side, "malformed-message", window.offset, netbios.SHORTEST, detail, once=True)
        return False

    # -- borders -------------------------------------------------------------------------------

    def gap(self, side: int, length: int, frame: int, ts_ns: int) -> None:  # noqa: ARG002
        """Search for the next border; a message that was held in part is gone."""
        window, state = self.windows[side], self._sides[side]
        if state.lost_from is None:
            state.lost_from = window.offset - length - state.unread
            state.given_up = state.unread > 0
        state.rest = state.elements = state.unread = 0

    def _lose(self, window: Window, state: _Side) -> None:
        """Give up the border here; searching goes on behind it."""
        state.lost_from, state.given_up = window.offset, True
        state.rest = state.elements = 0
        window.skip(1)

    def _resync(self, side: int, window: Window, state: _Side) -> bool:
        """Find the next message; False if there is none in the bytes at hand."""
        data, first = window.data, window.position
        at = first
        while (hit := data.find(b"SMB", at + 5)) >= 0:
            start = hit - 5
            if len(data) < start + netbios.PLAUSIBLE:
                self._give_up(window, state, start - first)
                return False
            if netbios.plausible(data, start):
                self._give_up(window, state, start - first)
                self._resumed(side, window.offset, state)
                return True
            at = hit - 4
        self._give_up(window, state, len(window) - 7)  # what is kept may be a border's beginning
        return False

    def _give_up(self, window: Window, state: _Side, length: int) -> None:
        if length > 0:
            state.given_up = True
            window.skip(length)

    def _resumed(self, side: int, offset: int, state: _Side) -> None:
        if state.lost_from is not None and state.given_up:
            self._tell(side, "desync", state.lost_from, offset - state.lost_from)
        state.lost_from, state.given_up = None, False

    # -- the end -------------------------------------------------------------------------------

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Tell the exchanges that wait, and the bytes that were waiting for more."""
        for number in (CLIENT, SERVER):
            if side is None or how == "rst" or number == side:
                self._unfinished(number, how)
        # Where the server's side was not captured nobody knows what it answered.
        unheard = side == CLIENT and not self._heard_server()
        if side is not None and not self._closed and not unheard:
            self._closed = True
            self.smb1.logons.closed(side, how, frame, ts_ns)
            self.smb2.logons.closed(side, how, frame, ts_ns)

    def _heard_server(self) -> bool:
        window = self.windows[SERVER]
        return window.offset > 0 or len(window) > 0

    def _unfinished(self, side: int, how: str) -> None:
        window, state = self.windows[side], self._sides[side]
        if state.ended:
            return
        state.ended = True
        held = len(window)
        if state.lost_from is not None:
            state.given_up = state.given_up or held > 0
            self._resumed(side, window.offset + held, state)
        elif held:
            code = "malformed-message" if how in ("fin", "rst") else "gap"
            self._tell(side, code, window.offset, held, "the stream ends inside a message")

    def _overflow(self, side: int, window: Window, logons: Logons) -> None:
        if logons.overflows:
            self._tell(side, "limit-count", window.offset, 4, "open SMB sessions", once=True)

    def _tell(
        self, side: int, code: str, start: int, length: int, detail: str = "", *, once: bool = False
    ) -> None:
        """Emit an oddity of the connection; a flood of them ends with a word of its own."""
        if once:
            if code + detail in self._told:
                return
            self._told.add(code + detail)
        self._anomalies += 1
        if self._anomalies > _ANOMALY_LIMIT:
            return
        if self._anomalies == _ANOMALY_LIMIT:
            code = "limit-anomalies"
        window = self.windows[side]
        frame, ts_ns = window.frame_at(start), window.ts_at(start)
        anomaly = Anomaly(code, Span(start, start + length), detail)
        self.emit(CarrierAnomaly(side, frame, ts_ns, anomaly))
