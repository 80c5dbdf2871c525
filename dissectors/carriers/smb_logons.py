"""Which authentication each SESSION_SETUP and each session of one SMB connection belongs to.

SMB1 and SMB2 number their sessions alike: the first request has no session yet, its answer brings
the number, later legs repeat it, and an established number may authenticate again. Answers find
their request by the protocol's own pairing number, so sessions may interleave freely.

Spec: MS-SMB2 3.2.4.2.3 and 3.3.5.5, MS-SMB 3.2.4.2.4, MS-CIFS 2.2.3.1.
"""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache
from typing import Any, TypeVar

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import (
    SERVER,
    Carrier,
    CarrierMessage,
    Exchange,
    MessageKind,
)
from dissectors.carriers.window import LOSSES, Carried, Cut, frames_within
from dissectors.codes.nt_status import nt_status_name
from dissectors.records import NamedTuple, dataclass
from dissectors.span import Span
from dissectors.status import Status, Verdict

MORE_PROCESSING_REQUIRED = 0xC0000016

_Value = TypeVar("_Value")
_new_tuple = tuple.__new__  # for what is made once per message: a third of a NamedTuple's own time


@dataclass(slots=True)
class Pdu:
    """One SMB message (of a compound: one element), as far as it is held."""

    side: int
    data: bytes  # from the protocol's magic on
    start: int  # stream offset of data[0]
    end: int  # stream offset behind the NetBIOS packet that carries it
    frame: int  # in which that packet ends
    ts_ns: int
    cut: Cut | None = None  # the capture lacks the rest of it
    frames: tuple[int, ...] = ()  # the one that carried all of it; (): its bytes' window knows


class Buffer(NamedTuple):
    """A security buffer: its token (None: unreadable or absent), its place and its faults."""

    token: bytes | None = None
    start: int = 0
    anomalies: tuple[Anomaly, ...] = ()


NO_BUFFER = Buffer()


@lru_cache(maxsize=256)
def nt_status(code: int) -> Status:
    """Read an NTSTATUS as the answer to a logon."""
    verdict: Verdict = "success" if code < 0x4000_0000 else "failure"
    if code == MORE_PROCESSING_REQUIRED:
        verdict = "continue"
    return Status(verdict, code, nt_status_name(code), "ntstatus")


def security_buffer(pdu: Pdu, offset: int, length: int, lowest: int) -> Buffer:
    """Read the token of a message; nothing before `lowest` can hold one."""
    data = pdu.data
    token = data[offset : offset + length]
    if len(token) == length and length and offset >= lowest:
        return _new_tuple(Buffer, (token, offset, ()))
    if not length:
        return Buffer(b"", min(offset, len(data)))
    if offset < lowest or offset >= len(data):
        code = "bad-offset" if pdu.cut is None or offset < lowest else pdu.cut.code
        fault = Anomaly(code, Span(0, len(data)), f"security buffer at {offset}")
        return Buffer(None, 0, (fault,))
    fault = Anomaly(
        "bad-length" if pdu.cut is None else pdu.cut.code,
        Span(offset, len(data)),
        f"security buffer of {length} bytes, {len(token)} are there",
    )
    return Buffer(token, offset, (fault,))


def too_short(pdu: Pdu, what: str) -> Anomaly:
    """Say that a message ends before its fixed part does."""
    code = "malformed-message" if pdu.cut is None else pdu.cut.code
    return Anomaly(code, Span(0, len(pdu.data)), f"{what} ends early")


def unmatched(pdu: Pdu, buffer: Buffer) -> Buffer:
    """Say with an answer's `buffer` that the capture holds no request for it."""
    note = Anomaly("unmatched-response", Span(0, len(pdu.data)), "SESSION_SETUP")
    return buffer._replace(anomalies=(*buffer.anomalies, note))


def unc_server(path: str) -> str | None:
    r"""Name the server of `\\server\share`."""
    if not path.startswith("\\\\"):
        return None
    return path[2:].partition("\\")[0] or None


def remember(table: dict[int, _Value], key: int, value: _Value, limit: int) -> bool:
    """Store in a table of at most `limit` entries; True if the oldest had to go."""
    full = len(table) >= limit and key not in table
    if full:
        del table[next(iter(table))]
    table[key] = value
    return full


def _first_tree(owner: Exchange, path: str | None) -> None:
    if path is not None and "path" not in owner.context:
        owner.context["path"] = path
        owner.server_name = unc_server(path) or owner.server_name


@dataclass(slots=True)
class Attempt:
    """An exchange without a final answer yet and its session number (0: none yet)."""

    exchange: Exchange
    session: int


@dataclass(slots=True)
class Logons:
    """The authentications of one connection in one protocol version."""

    carrier: Carrier
    protocol: str  # `smb1` or `smb2`
    key_format: str  # how people write the session number
    limit: int  # entries of each table
    version: str | None = None
    version_frame: int | None = None  # of the NEGOTIATE response
    server_name: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What the NEGOTIATE said, for every exchange that begins after it."""
    asked: dict[int, Attempt] = field(default_factory=dict)
    """By pairing number: who waits for an answer."""
    open: dict[int, Attempt] = field(default_factory=dict)
    """By session: the attempt under way."""
    owners: dict[int, Exchange] = field(default_factory=dict)
    """By session: the exchange that was granted it last."""
    trees: dict[int, tuple[int, str | None]] = field(default_factory=dict)
    """By pairing number: session and path of a TREE_CONNECT."""
    left: dict[int, Exchange] = field(default_factory=dict)
    """By session: the exchange whose LOGOFF awaits its answer."""
    given: dict[int, None] = field(default_factory=dict)
    """Sessions that an answer gave on this connection, whatever became of them."""
    over: dict[int, Exchange] = field(default_factory=dict)
    """By session: the exchange whose session was said to be over."""
    overflows: int = 0

    def request(self, session: int, pairing: int, binding: int = 0) -> Exchange:
        """Find or start the exchange of a SESSION_SETUP request."""
        attempt = self.open.get(session) if session else None
        if attempt is None and session and session not in self.owners and not binding:
            attempt = self._adopt(session)
        if attempt is None:
            attempt = self._start(session, again=bool(binding) or session in self.owners)
            if session and not (binding or session in self.given or self.overflows):
                attempt.exchange.context["foreign_session"] = True
        self.overflows += remember(self.asked, pairing, attempt, self.limit)
        return attempt.exchange

    def response(self, session: int, pairing: int, status: Status) -> tuple[Exchange, bool]:
        """Find the exchange that an answer belongs to; also tell whether its request was seen."""
        attempt = self.asked.pop(pairing, None)
        matched = attempt is not None
        if attempt is None:
            attempt = self.open.get(session)
        if attempt is None:
            attempt = self._start(session, again=session in self.owners)
        if session and attempt.session != session:
            self._name(attempt, session)
        # a refusal repeats the number that it was asked for
        verdict = status.verdict
        if session and session not in self.given and verdict != "failure":
            self.overflows += remember(self.given, session, None, self.limit)
        if verdict != "continue":
            self._forget(attempt)
            if verdict == "success" and session:
                self.overflows += remember(self.owners, session, attempt.exchange, self.limit)
        return attempt.exchange, matched

    def _forget(self, attempt: Attempt) -> None:
        """Nothing is awaited any more, not even answers to earlier legs."""
        if self.open.get(attempt.session) is attempt:
            del self.open[attempt.session]
        if self.asked:
            for pairing in [number for number, other in self.asked.items() if other is attempt]:
                del self.asked[pairing]

    def _start(self, session: int, *, again: bool) -> Attempt:
        exchange = Exchange(
            self.protocol,
            carrier_version=self.version,
            version_frame=self.version_frame,
            server_name=self.server_name,
            reauthentication=again,
            context=dict(self.facts),
        )
        attempt = Attempt(exchange, 0)
        if session:
            self._name(attempt, session)
        return attempt

    def _name(self, attempt: Attempt, session: int) -> None:
        if attempt.session:  # the answer brought another number than the request had
            if self.open.get(attempt.session) is attempt:
                del self.open[attempt.session]
            attempt.exchange.reauthentication = session in self.owners
        attempt.session = session
        attempt.exchange.key = self.key_format % session
        self.overflows += remember(self.open, session, attempt, self.limit)

    def _adopt(self, session: int) -> Attempt | None:
        """Give a number that no answer brought to the one first leg whose answer is missing.

        Where only the client's side was captured this is what holds its legs together.
        """
        nameless = [attempt for attempt in self.asked.values() if not attempt.session]
        if len(nameless) != 1:
            return None
        self._name(nameless[0], session)
        return nameless[0]

    def tree_request(self, session: int, pairing: int, path: str | None) -> None:
        """Learn from a TREE_CONNECT by which name the client asked for the server."""
        self.overflows += remember(self.trees, pairing, (session, path), self.limit)
        owner = self.owners.get(session)
        if owner is not None:
            _first_tree(owner, path)

    def tree_response(self, pdu: Pdu, session: int, pairing: int, status: Status) -> None:
        """Tell of an authenticated session that was refused its share."""
        asked_by, path = self.trees.pop(pairing, (session, None))
        owner = self.owners.get(asked_by) or self.owners.get(session)
        if owner is None:
            return
        _first_tree(owner, path)
        if status.verdict != "failure":
            return
        context: dict[str, Any] = {"event": "tree-connect"}
        if path is not None:
            context["path"] = path
        self.say("after", pdu, owner, NO_BUFFER, status, context)

    def session_over(self, pdu: Pdu, session: int, status: Status) -> None:
        """Tell once that a session has come to its end in use; only another logon can go on with it."""
        owner = self.owners.get(session)
        if owner is not None and self.over.get(session) is not owner:
            self.overflows += remember(self.over, session, owner, self.limit)
            self.say("after", pdu, owner, NO_BUFFER, status, {"event": "use"})

    def hint(
        self, pdu: Pdu, facts: dict[str, Any], buffer: Buffer, schemes: tuple[str, ...] = ()
    ) -> None:
        """Tell what the server said of itself; exchanges that begin from now on know it too."""
        if buffer.anomalies and any(anomaly.code in LOSSES for anomaly in buffer.anomalies):
            facts["hint_lost"] = True  # it may have named mechanisms that are not seen
        self.facts = facts
        context = facts | {"carrier": self.protocol}
        if self.version is not None:
            context["carrier_version"] = self.version
        if self.server_name is not None:
            context["server_name"] = self.server_name
        self.say("hint", pdu, None, buffer, None, context, schemes)

    def hint_may_be_lost(self) -> None:
        """Note that bytes of the server are missing from where its NEGOTIATE may have been."""
        if not self.facts:
            self.facts = {"hint_lost": True}

    def logoff(self, pdu: Pdu, session: int) -> None:
        """Tell that the client gave its session up."""
        owner = self.owners.pop(session, None)
        if owner is not None:
            remember(self.left, session, owner, self.limit)
            self.say("after", pdu, owner, NO_BUFFER, None, {"event": "logoff"})

    def without_owner(self, session: int, *, logoff: bool) -> Exchange | None:
        """Whose a message is that comes before the logon's answer was read, or answers its `logoff`.

        Where bytes of the server are missing, the client's side is read further than the server's.
        """
        attempt = self.open.get(session)
        if attempt is not None:
            return attempt.exchange
        return self.left.pop(session, None) if logoff else None

    def closed(self, side: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell every exchange without a final answer that the connection is gone."""
        if not self.asked and not self.open:
            return
        waiting = {id(attempt): attempt for attempt in self.asked.values()}
        unfinished = waiting | {id(attempt): attempt for attempt in self.open.values()}
        by = "server" if side == SERVER else "client"
        for number, attempt in unfinished.items():
            # Who owed the next leg tells a server that hung up from a client that lost interest.
            awaited = "server" if number in waiting else "client"
            context = {"event": "closed", "by": by, "how": how, "awaited": awaited}
            self.carrier.emit(
                CarrierMessage(
                    "after", side, attempt.exchange, frame, (frame,), ts_ns, context=context
                )
            )

    def say(
        self,
        kind: MessageKind,
        pdu: Pdu,
        exchange: Exchange | None,
        buffer: Buffer,
        status: Status | None,
        context: dict[str, Any],
        schemes: tuple[str, ...] = (),
    ) -> None:
        """Emit one leg; it ends where its PDU ends."""
        token, at, anomalies = buffer
        start, end, span = pdu.start, pdu.end, None
        if token:
            start += at
            end = start + len(token)
            span = _new_tuple(Span, (start, end))
        frames, cut = pdu.frames, pdu.cut
        carried: Carried = ()
        if not frames:
            if cut is None:
                frames, carried = self.carrier.windows[pdu.side].frames_carried(start, end)
            else:
                frames, carried = frames_within(cut.frames, cut.marks, start, end)
        self.carrier.emit(
            CarrierMessage(
                kind,
                pdu.side,
                exchange,
                pdu.frame,
                frames,
                pdu.ts_ns,
                token,
                span,
                status,
                schemes,
                False,  # not a SASL layer; all by position, which takes less time
                anomalies,
                context,
                False,  # not base64
                (),
                carried,
            )
        )
