"""SMB on any port: NetBIOS and direct TCP framing, compounds, counts; bulk is skipped unread.

Every message is read as far as its header; only the few commands that authenticate are held whole.
Where a border is lost the next one is searched for, and the bytes given up are told.

Spec: RFC 1002 4.3, MS-SMB2 2.1, 2.2.1, 2.2.41, 2.2.42 and 3.3.5.2.7, MS-CIFS 2.2.3.1.
"""

from __future__ import annotations

from struct import Struct
from typing import ClassVar

from dissectors.anomaly import Anomaly
from dissectors.carriers import netbios, smb1, smb2, smb_pipe
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    Carrier,
    CarrierAnomaly,
    Emit,
    Limits,
)
from dissectors.carriers.smb1 import Smb1
from dissectors.carriers.smb2 import Smb2
from dissectors.carriers.smb_logons import Logons, Pdu
from dissectors.carriers.window import Cut, Window, end_code
from dissectors.records import dataclass
from dissectors.span import Span

_SESSION = Struct("<Q")
_IOCTL_CODE = Struct("<I")
_TRANSFORM_SIZE, _TRANSFORM_SESSION = 52, 44
_AS_BEFORE = 0xFFFF_FFFF_FFFF_FFFF  # SessionId of a related element: that of the one before
_COMPOUND_LIMIT = 128
_NOT_SIGNED_YET = b"BSRSPYL"  # text in SMB1's SecurityFeatures before signing begins
_NO_SIGNATURE = bytes(8)
_ANOMALY_LIMIT = 64  # oddities of one connection told one by one

_LIMITS = Limits()

_WAIT, _LOST = 0, -1  # answers of a reader, besides the number of bytes that are done with


@dataclass(slots=True)
class _Side:
    """Where the reader of one direction stands."""

    rest: int = 0  # bytes of the current compound still to come
    missing: int = 0  # bytes without which the message that the window begins with is not read
    at_border: bool = False  # nothing is unread or to be skipped: a segment may be read where it is
    elements: int = 0  # of the current compound, read so far
    session: int = 0  # of the element before
    lost_from: int | None = None  # stream offset from which on no border is known
    given_up: bool = False  # bytes behind `lost_from` were captured but could not be read


class SmbFraming(Carrier):
    """The borders and headers of one connection's messages; `SmbCarrier` is the whole of it."""

    def __init__(
        self, emit: Emit, *, started_before: bool = False, limits: Limits | None = None
    ) -> None:
        super().__init__(emit, started_before=started_before)
        self._longest, self._held, self._exchanges = limits or _LIMITS
        self._smb1: Smb1 | None = None
        self.smb2 = Smb2(Logons(self, "smb2", "0x%016x", self._exchanges))
        self._sides = (_Side(), _Side())
        self._length_mask = netbios.DIRECT_TCP
        self._told: set[str] = set()  # what is told once per connection
        self._anomalies = 0
        self._closed = False
        self._left: tuple[str, int, int] | None = None  # the client's FIN

    @property
    def smb1(self) -> Smb1:
        """What the connection says in SMB1: most say nothing in it."""
        if self._smb1 is None:
            self._smb1 = Smb1(Logons(self, "smb1", "uid %d", self._exchanges))
        return self._smb1

    @classmethod
    def probe(cls, head: bytes) -> int | None:
        """Tell the sender of an SMB message or NetBIOS packet; CLIENT where either may send it."""
        answer = netbios.answers(head)
        return None if answer is None else SERVER if answer else CLIENT

    def feed(self, side: int) -> None:
        """Read message after message; of those that don't matter only the header."""
        window, state = self.windows[side], self._sides[side]
        data = window.data
        state.missing, state.at_border = 0, False
        while not window.skipping:
            if state.lost_from is not None and not self._resync(side, window, state):
                break
            at = window.position
            available = len(data) - at
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
                if length < netbios.SHORTEST or length > self._longest:
                    self._lose(window, state)
                    continue
            ready = available - prefix
            if ready < netbios.SHORTEST:
                break
            start = at + prefix
            reader = self._READERS.get(data[start])
            done = reader(self, side, window, start, length, ready) if reader else _LOST
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

    # -- one message ---------------------------------------------------------------------------

    def _read_smb2(self, side: int, window: Window, start: int, length: int, ready: int) -> int:
        data = window.data
        if length < smb2.HEADER_SIZE:
            return _LOST
        if ready < smb2.HEADER_SIZE:
            return _WAIT
        fields = smb2.HEADER.unpack_from(data, start)
        magic, size, status, command, flags, following, _, session = fields
        if magic != smb2.MAGIC or size != smb2.HEADER_SIZE:
            return _LOST
        matters = command <= smb2.TREE_CONNECT or (side and status == smb2.STATUS_SESSION_EXPIRED)
        if matters and ready < length and ready < self._held:
            return _WAIT
        by_rule = False
        if flags & smb2.SIGNED:
            if command == smb2.TREE_CONNECT:
                by_rule = self.smb2.signs_by_rule
            elif command == smb2.IOCTL and length >= size + 8:
                if ready < size + 8:
                    return _WAIT
                code = _IOCTL_CODE.unpack_from(data, start + size + 4)[0]
                # an error answers any ioctl: it names none (MS-SMB2 2.2.2)
                by_rule = code in smb2.SIGNED_BY_RULE or data[start + size] == smb2.ERROR_SIZE
        body = smb_pipe.SMB2_BODIES.get(command << 1 | flags & smb2.RESPONSE)
        if body is not None and ready < smb_pipe.NEAR and ready < length <= smb_pipe.WAITED_FOR:
            return _WAIT

        state = self._sides[side]
        if following or state.rest:
            if flags & smb2.RELATED and session == _AS_BEFORE:
                session = state.session
            state.session = session
            length = self._element(side, window, state, length, following)
        logons = self.smb2.logons
        owner = logons.owners.get(session)
        if owner is None and (logons.open or logons.left):
            owner = logons.without_owner(session, logoff=command == smb2.LOGOFF)
        if (
            owner is not None
            and command > smb2.SESSION_SETUP
            and not by_rule
            and not (status == smb2.STATUS_PENDING and flags & smb2.RESPONSE)
        ):
            if flags & smb2.SIGNED:
                owner.signed_messages += 1
                owner.signed_frame = owner.signed_frame or window.frame
            else:
                owner.plain_messages += 1
                owner.plain_frame = owner.plain_frame or window.frame
        if matters:
            self._take(self._pdu(side, window, start, length), self.smb2, session)
        elif body is not None:
            self._peek(side, window, start, min(ready, length), body)
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
        magic, command, _, flags, _, _, signature, _, uid, _ = fields
        if magic != smb1.MAGIC:
            return _LOST
        matters = smb1.NEGOTIATE <= command <= smb1.TREE_CONNECT
        if matters and ready < length and ready < self._held:
            return _WAIT
        body = smb_pipe.SMB1_BODIES.get(command << 1 | flags >> 7)
        if body is not None and ready < smb_pipe.NEAR and ready < length <= smb_pipe.WAITED_FOR:
            return _WAIT
        logons = self.smb1.logons
        owner = logons.owners.get(uid)
        if owner is None and (logons.open or logons.left):
            owner = logons.without_owner(uid, logoff=command == smb1.LOGOFF)
        if owner is not None and command not in (smb1.NEGOTIATE, smb1.SESSION_SETUP):
            if signature != _NO_SIGNATURE and signature[:7] != _NOT_SIGNED_YET:
                owner.signed_messages += 1
                owner.signed_frame = owner.signed_frame or window.frame
            else:
                owner.plain_messages += 1
                owner.plain_frame = owner.plain_frame or window.frame
        if matters:
            self._take(self._pdu(side, window, start, length), self.smb1)
        elif body is not None:
            self._peek(side, window, start, min(ready, length), body)
        return length

    def _peek(
        self, side: int, window: Window, start: int, ready: int, body: tuple[int, Struct]
    ) -> None:
        """Tell where the body of a message, read no further, holds DCE/RPC's authentication."""
        found = smb_pipe.trailer(window.data, start, ready, body)
        if found is not None:
            at = window.offset + start - window.position
            span = Span(at + found.start, at + found.end)
            frame, ts_ns = window.place(span.end - 1)
            anomaly = Anomaly("unclaimed-token", span, "DCE/RPC in a pipe")
            self.emit(CarrierAnomaly(side, frame, ts_ns, anomaly))

    def _read_transform(
        self, _side: int, window: Window, start: int, length: int, ready: int
    ) -> int:
        if length < _TRANSFORM_SIZE or window.data[start + 1 : start + 4] != b"SMB":
            return _LOST
        if ready < _TRANSFORM_SIZE:
            return _WAIT
        session = _SESSION.unpack_from(window.data, start + _TRANSFORM_SESSION)[0]
        logons = self.smb2.logons
        owner = logons.owners.get(session)
        if owner is None and logons.open:
            owner = logons.without_owner(session, logoff=False)
        if owner is not None:
            owner.sealed_messages += 1
            owner.sealed_frame = owner.sealed_frame or window.frame
        return length

    def _read_compressed(
        self, side: int, window: Window, start: int, length: int, _ready: int
    ) -> int:
        if window.data[start + 1 : start + 4] != b"SMB":
            return _LOST
        self._tell(side, "compressed-message", window.offset, length, once=True)
        return length

    _READERS: ClassVar = {
        netbios.SMB1: _read_smb1,
        netbios.SMB2: _read_smb2,
        netbios.TRANSFORM: _read_transform,
        netbios.COMPRESSED: _read_compressed,
    }

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
            self._sides[CLIENT].at_border = self._sides[SERVER].at_border = False
            called = netbios.called_name(window.peek(34, 4))
            if called and called != "*SMBSERVER":
                self.smb1.logons.server_name = self.smb2.logons.server_name = called
        window.skip(4 + length)
        return True

    def _pdu(self, side: int, window: Window, start: int, length: int) -> Pdu:
        """Copy a message that matters, up to the limit of what is held."""
        state = self._sides[side]
        prefix = start - window.position
        held = min(length, self._held)
        offset = window.offset + prefix
        if held < length:
            self._tell(side, "limit-message-size", offset, length, f"{held} bytes were read")
        rest = (
            state.rest or netbios.LENGTH.unpack_from(window.data, start - 4)[0] & self._length_mask
        )
        end = offset + min(rest, self._held)
        data = window.peek(held, prefix)
        return Pdu(side, data, offset, end, *window.place(end - 1))

    def _take(self, pdu: Pdu, protocol: Smb1 | Smb2, session: int | None = None) -> None:
        """Read a message that matters."""
        if not protocol.message(pdu, session):
            who = "an answer from the client" if pdu.side == CLIENT else "a request from the server"
            self._tell(pdu.side, "malformed-message", pdu.start, len(pdu.data), who)
        elif protocol.logons.overflows:
            self._overflows(pdu)

    def _overflows(self, pdu: Pdu) -> None:
        """Tell that sessions were forgotten."""
        detail = "open SMB sessions"
        self._tell(pdu.side, "limit-count", pdu.start, len(pdu.data), detail, once=True)

    # -- borders -------------------------------------------------------------------------------

    def gap(self, side: int, length: int, frame: int, ts_ns: int) -> None:  # noqa: ARG002
        """Read what there is of a message that was under way, and search for the next border."""
        window, state = self.windows[side], self._sides[side]
        cut, window.cut = window.cut, None
        if state.lost_from is None:
            state.lost_from = window.offset - length
            if cut is not None:
                state.lost_from, state.given_up = cut.offset, True
                self._take_cut(side, cut, state.rest)
        if side == SERVER:
            self.smb1.logons.hint_may_be_lost()
            self.smb2.logons.hint_may_be_lost()
        state.rest = state.elements = state.missing = 0
        state.at_border = False

    def _take_cut(self, side: int, cut: Cut, rest: int) -> None:
        """Read the beginning of a message whose end is not in the capture."""
        prefix = 0 if rest else netbios.LENGTH.size
        data = cut.data[prefix:]
        end = cut.offset + len(cut.data)
        pdu = Pdu(side, data, cut.offset + prefix, end, max(cut.frames), cut.ts_ns, cut)
        if len(data) >= smb2.HEADER_SIZE and data.startswith(b"\xfeSMB"):
            self._take(pdu, self.smb2)
        elif len(data) >= smb1.HEADER_SIZE and data.startswith(b"\xffSMB"):
            self._take(pdu, self.smb1)

    def _lose(self, window: Window, state: _Side) -> None:
        """Give up the border here; searching goes on behind it."""
        state.lost_from, state.given_up = window.offset, True
        state.rest = state.elements = 0
        window.skip(1)

    def _resync(self, side: int, window: Window, state: _Side) -> bool:
        """Go to the next message; False if there is none in the bytes at hand."""
        at = window.position
        border, found = netbios.next_border(window.data, at)
        if border > at:
            state.given_up = True
            window.skip(border - at)
        if found:
            self._resumed(side, window.offset, state)
        return found

    def _resumed(self, side: int, offset: int, state: _Side) -> None:
        if state.lost_from is not None and state.given_up:
            self._tell(side, "desync", state.lost_from, offset - state.lost_from)
        state.lost_from, state.given_up = None, False

    # -- the end -------------------------------------------------------------------------------

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Tell the exchanges that wait; a FIN of the client leaves the server its say."""
        if side == CLIENT and how == "fin":
            if not self._sides[CLIENT].at_border:
                self._unfinished(CLIENT, how, whole=True)
            self._left = self._left or (how, frame, ts_ns)
            return
        for which, state in enumerate(self._sides):
            if state.at_border or not (side == which or side is None or how == "rst"):
                continue
            self._unfinished(which, how, whole=side is not None)
        if self._left is not None:
            # Where the server's side was not captured nobody knows what it answered.
            server = self.windows[SERVER]
            if side is not None or server.offset or len(server):
                self._close(CLIENT, *self._left)
        elif side is not None:
            self._close(side, how, frame, ts_ns)

    def _close(self, side: int, how: str, frame: int, ts_ns: int) -> None:
        if not self._closed:
            self._closed = True
            if self._smb1 is not None:
                self._smb1.logons.closed(side, how, frame, ts_ns)
            self.smb2.logons.closed(side, how, frame, ts_ns)

    def _unfinished(self, side: int, how: str, *, whole: bool) -> None:
        """Tell the bytes of one side that still wait for more; `whole`: its sender sends no more."""
        window, state = self.windows[side], self._sides[side]
        if state.lost_from is None and not window.data:
            window.skipping = 0
            return
        state.missing = 0
        held, begin = len(window), window.offset
        if state.lost_from is not None:
            state.given_up = state.given_up or held > 0
            self._resumed(side, begin + held, state)
        elif held:
            code = "malformed-message" if whole else end_code(how)
            self._tell(side, code, begin, held, "the stream ends inside a message")
            cut = window.take_cut(how)
            if not whole:
                self._take_cut(side, cut, state.rest)
        window.skip(len(window))

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
        frame, ts_ns = window.place(start)
        anomaly = Anomaly(code, Span(start, start + length), detail)
        self.emit(CarrierAnomaly(side, frame, ts_ns, anomaly))
