"""LDAP over TCP and UDP: message borders, what to read, what to skip, and what protects the rest.

Only binds, extended operations and answers about the root DSE are read; everything else is skipped
by its length. Behind a SASL bind the same borders may hold buffers of the security layer, with a
length in front: `00` leads where `30` did.

Spec: RFC 4511 4.1.1, 4.14 and 5.1; RFC 4422 3.7 (SASL buffers); MS-ADTS 3.1.1.3.2 (root DSE), 6.3.3
(CLDAP).
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    TOKEN_LIMIT,
    Carrier,
    CarrierAnomaly,
    CarrierMessage,
    Emit,
    Exchange,
    Limits,
    too_large,
)
from dissectors.carriers.ldap_binds import EXCHANGES, Binds
from dissectors.carriers.ldap_message import (
    ROOT_DSE,
    START_TLS,
    extended_name,
    result_code,
    sasl_mechanisms,
)
from dissectors.carriers.ldap_pdu import (
    ABANDON,
    BIND_REQUEST,
    BIND_RESPONSE,
    EXTENDED_REQUEST,
    EXTENDED_RESPONSE,
    HEAD,
    OPERATIONS,
    SEARCH_DONE,
    SEARCH_ENTRY,
    SEARCH_REQUEST,
    UNBIND,
    Head,
    Pdu,
    read_head,
    sender,
)
from dissectors.carriers.window import Cut, Window
from dissectors.recognise import digest_head, wrap_head
from dissectors.records import dataclass
from dissectors.span import Span

LIMITS = Limits()
READ_WHOLE = frozenset({BIND_REQUEST, BIND_RESPONSE, EXTENDED_REQUEST, EXTENDED_RESPONSE})
NOT_COUNTED = frozenset({BIND_REQUEST, BIND_RESPONSE, UNBIND, ABANDON})
"""Operations that ask nothing of the directory and answer nothing; StartTLS is one as well."""
PREFIX = 4  # length octets of a SASL buffer
WRAP_HEAD = 32  # bytes of a wrapped message that tell what it is
DATAGRAM_MESSAGES = 64
TLS_HANDSHAKE = b"\x16\x03"
FOREVER = 1 << 62
_NOTHING_LOST = [None, None]


@dataclass(slots=True)
class Lost:
    """Where message borders were lost, and how many bytes have been passed over since."""

    offset: int
    frame: int
    ts_ns: int
    passed: int = 0


class LdapFraming(Carrier):
    """The messages and buffers of one connection; `LdapCarrier` is the whole of it."""

    def __init__(self, emit: Emit, *, started_before: bool = False) -> None:
        super().__init__(emit, started_before=started_before)
        self._binds = Binds(self)
        self._root_searches: dict[int, None] = {}  # message ids whose entries may list mechanisms
        self._tls_requests: dict[int, None] = {}
        self._lost: list[Lost | None] = [None, None]
        self._missing = [0, 0]  # bytes without which a side's message is not read
        self._at_border = [False, False]
        """Nothing is unread, lost or to be skipped: a segment of this side may be read where it is."""
        self._client_left: tuple[str, int, int] | None = (
            None  # how, frame, time of its unbind or FIN
        )

    @classmethod
    def probe(cls, head: bytes) -> int | None:
        """Tell the side by the operation of the LDAPMessage at the beginning of `head`."""
        return sender(head)

    # -- messages and buffers ----------------------------------------------------------------------

    def feed(self, side: int) -> None:
        """Read what is whole, skip what need not be read."""
        window = self.windows[side]
        self._missing[side] = 0
        self._at_border[side] = False
        while window.position < len(window.data):
            lost = self._lost[side]
            if lost is not None and not self._border_found(side, window, lost):
                return
            octets = window.peek(HEAD)
            layered = self._binds.layered
            if octets[0] == 0x30:
                going_on = self._message(side, window, octets)
            elif octets[0] == 0 and layered is not None:
                going_on = self._buffer(side, window, layered)
            else:
                going_on = self._lose(side, window)
            if not going_on:
                return

    def _message(self, side: int, window: Window, octets: bytes) -> bool:
        """Take one LDAPMessage; False if more bytes are needed."""
        head = read_head(octets)
        if head is None or head.size > LIMITS.message:
            return self._lose(side, window)
        size, message_id, op = head.size, head.message_id, head.op
        if not size:
            return False
        if OPERATIONS[op].side != side:
            return self._lose(side, window)
        to_tls = False
        of_tls = op == EXTENDED_RESPONSE and message_id in self._tls_requests
        if op in READ_WHOLE or (op == SEARCH_ENTRY and message_id in self._root_searches):
            if size > LIMITS.held:
                self._binds.unread(Pdu(self, side, window.offset, b"", head))
            elif len(window) < size:
                return False
            else:
                to_tls = self._read(Pdu(self, side, window.offset, window.peek(size), head))
        elif op == SEARCH_REQUEST:
            if len(octets) < min(head.body + len(ROOT_DSE), size):
                return False
            if octets.startswith(ROOT_DSE, head.body):
                self._remember(self._root_searches, Pdu(self, side, window.offset, b"", head))
        elif op == SEARCH_DONE:
            self._root_searches.pop(message_id, None)
        elif op == UNBIND:
            self._unbound(window)
        of_tls |= op == EXTENDED_REQUEST and message_id in self._tls_requests
        secured = self._binds.secured
        if secured is not None and op not in NOT_COUNTED and message_id and not of_tls:
            secured.plain_messages += 1
            secured.plain_frame = secured.plain_frame or window.frame
        window.skip(size)
        if to_tls:
            self._skip_the_rest()
        return True

    def _unbound(self, window: Window) -> None:
        """The client ends the session, whoever's FIN comes first or is captured at all (RFC 4511 4.3)."""
        self._client_left = self._client_left or ("unbind", window.frame, window.ts_ns)

    def _read(self, pdu: Pdu) -> bool:
        """Read a message; True if the connection turns to TLS behind it."""
        op, message_id = pdu.head.op, pdu.head.message_id
        if op == BIND_REQUEST:
            self._binds.request(pdu)
        elif op == BIND_RESPONSE:
            self._binds.response(pdu)
        elif op == SEARCH_ENTRY:
            self._hint(pdu)
        elif op == EXTENDED_REQUEST:
            if extended_name(pdu.data, pdu.head) == START_TLS:
                self._remember(self._tls_requests, pdu)
        elif message_id in self._tls_requests:
            del self._tls_requests[message_id]
            if result_code(pdu.data, pdu.head) == 0:
                frame, ts_ns = pdu.end
                self._tell_tls(frame, pdu.frames()[0], ts_ns)
                return True
        return False

    def _hint(self, pdu: Pdu) -> None:
        """Tell the mechanisms that an entry of the root DSE lists, if it does."""
        anomalies: list[Anomaly] = []
        names = sasl_mechanisms(pdu.data, pdu.head, anomalies)
        if names or anomalies:
            pdu.say("hint", None, anomalies, schemes=names, context={"carrier": self.name})

    def _remember(self, table: dict[int, None], pdu: Pdu) -> None:
        if len(table) >= EXCHANGES and pdu.head.message_id not in table:
            del table[next(iter(table))]
            pdu.odd("limit-count", f"more than {EXCHANGES} requests without an answer")
        table[pdu.head.message_id] = None

    def _buffer(self, side: int, window: Window, exchange: Exchange) -> bool:
        """Count one SASL buffer and skip it; False if more bytes are needed."""
        have = len(window)
        if have < PREFIX:
            return False
        length = int.from_bytes(window.peek(PREFIX))
        size = PREFIX + length
        if not length or size > LIMITS.message:
            return self._lose(side, window)
        if have < PREFIX + min(length, WRAP_HEAD):
            return False
        begin = window.peek(min(length, WRAP_HEAD), PREFIX)
        key = wrap_head(begin)
        if key:
            if self.per_message_tokens and size <= LIMITS.held:
                if have < size:
                    return False
                self._per_message_token(side, length, exchange)
        elif exchange.mechanism == "digest":  # it alone puts no head in front
            key = digest_head(begin)
        else:
            return self._lose(side, window)
        exchange.wrapped[key] = exchange.wrapped.get(key, 0) + 1
        exchange.wrapped_frame.setdefault(key, window.frame)
        window.skip(size)
        return True

    def _per_message_token(self, side: int, length: int, exchange: Exchange) -> None:
        message = self.whole_token("after", side, exchange, PREFIX, length)
        if length > TOKEN_LIMIT:
            message.anomalies = (too_large(length, Span(PREFIX, PREFIX + length)),)
        self.emit(message)

    # -- TLS ---------------------------------------------------------------------------------------

    def _tell_tls(self, frame: int, frames: tuple[int, ...], ts_ns: int) -> None:
        message = CarrierMessage("after", SERVER, None, frame, frames, ts_ns)
        message.anomalies = (Anomaly("encrypted", Span(0, 0), "StartTLS"),)
        message.context = {"event": "starttls", "carrier": self.name}
        self.emit(message)

    def _skip_the_rest(self) -> None:
        for side, window in enumerate(self.windows):
            self._lost[side] = None
            self._at_border[side] = False
            window.skip(FOREVER)

    # -- lost borders ------------------------------------------------------------------------------

    def _lose(self, side: int, window: Window) -> bool:
        """Give up the present border and pass over the rest of the segment."""
        at, length = window.offset, len(window)
        self._lost[side] = Lost(at, *window.place(at), length)
        window.skip(length)
        return True

    def _border_found(self, side: int, window: Window, lost: Lost) -> bool:
        """Whether a message or a buffer begins here, where a segment does; else pass over it."""
        octets = window.peek(PREFIX + WRAP_HEAD)
        if self._tls_requests and octets.startswith(TLS_HANDSHAKE):  # the answer itself is lost
            self._tell_tls(window.frame, (window.frame,), window.ts_ns)
            self._skip_the_rest()
            return False
        buffer = octets[0] == 0 and self._binds.layered is not None and wrap_head(octets[PREFIX:])
        if buffer or sender(octets) == side:
            self._tell_lost(side)
            return True
        if len(octets) < PREFIX + WRAP_HEAD and octets[0] in {0, 0x30}:
            return False  # too little to tell
        lost.passed += len(window)
        window.skip(len(window))
        return False

    def _tell_lost(self, side: int) -> None:
        lost, self._lost[side] = self._lost[side], None
        if lost is not None and lost.passed:
            place = Span(lost.offset, lost.offset + lost.passed)
            note = Anomaly("desync", place, f"{lost.passed} bytes passed over")
            self.emit(CarrierAnomaly(side, lost.frame, lost.ts_ns, note))

    def gap(self, side: int, length: int, frame: int, ts_ns: int) -> None:
        """Read what is left of a bind; a message that had begun tells where the next one does."""
        window = self.windows[side]
        self._missing[side] = 0
        self._at_border[side] = False
        self._binds.lost(side)
        if self._lost[side] is not None:
            return
        end = 0
        cut = window.cut
        if cut is not None and cut.offset + len(cut.data) + length == window.offset:
            head = self._take_cut(side, cut)
            if head is not None:
                end = cut.offset + head.size
            elif cut.data[0] == 0 and len(cut.data) >= PREFIX:
                end = cut.offset + PREFIX + int.from_bytes(cut.data[:PREFIX])
        if end >= window.offset:
            window.skip(end - window.offset)
        else:
            self._lost[side] = Lost(window.offset, frame, ts_ns)

    def _take_cut(self, side: int, cut: Cut) -> Head | None:
        """Read the beginning of a bind whose end is not there; give the header of any message."""
        head = read_head(cut.data[:HEAD])
        if head is None or not head.size or OPERATIONS[head.op].side != side:
            return None
        if head.op in {BIND_REQUEST, BIND_RESPONSE}:
            self._read(Pdu(self, side, cut.offset, cut.data, head, cut))
        return head

    # -- the end -----------------------------------------------------------------------------------

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Tell binds without an answer; a client that has said that it leaves may still get one."""
        of_both = side is None or how == "rst"
        for which, window in enumerate(self.windows):
            if window.data and (of_both or side == which):
                self._unfinished(which, how, whole=side is not None)
        if of_both and self._lost != _NOTHING_LOST:
            self._tell_lost(CLIENT)
            self._tell_lost(SERVER)
        if side == CLIENT and how == "fin":
            self._client_left = self._client_left or (how, frame, ts_ns)
        elif self._client_left is not None:
            self._binds.closed(CLIENT, *self._client_left)
        elif side is not None:
            self._binds.closed(side, how, frame, ts_ns)

    def _unfinished(self, side: int, how: str, *, whole: bool) -> None:
        """Tell the bytes of a side that still wait for more; `whole`: its sender sends no more."""
        window, lost = self.windows[side], self._lost[side]
        self._missing[side] = 0
        length = len(window)
        if lost is not None:
            lost.passed += length
            window.skip(length)
            return
        cut = window.take_cut(how)
        code = "malformed-message" if whole else cut.code
        place = Span(cut.offset, cut.offset + length)
        note = Anomaly(code, place, "the stream ends inside a message")
        self.emit(CarrierAnomaly(side, cut.frames[-1], cut.ts_ns, note))
        if not whole:
            self._take_cut(side, cut)

    # -- datagrams ---------------------------------------------------------------------------------

    def datagram_received(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Read one CLDAP datagram: of its messages only entries of the root DSE matter."""
        if side == CLIENT:
            return
        window = self.windows[side]
        window.restart(0)
        window.append(0, data, frame, ts_ns)
        for _ in range(DATAGRAM_MESSAGES):
            at, left = window.offset, len(window)
            if not left:
                return
            head = read_head(window.peek(HEAD))
            if head is None or not head.size or head.size > left:
                note = Anomaly("malformed-message", Span(at, at + left), "no whole LDAPMessage")
                self.emit(CarrierAnomaly(side, frame, ts_ns, note))
                return
            if head.op == SEARCH_ENTRY:
                self._hint(Pdu(self, side, at, window.peek(head.size), head))
            window.skip(head.size)
