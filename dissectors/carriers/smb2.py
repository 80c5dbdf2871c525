"""SMB 2 and 3: NEGOTIATE, SESSION_SETUP, LOGOFF and TREE_CONNECT.

Spec: MS-SMB2 2.2.1 to 2.2.10 (header and messages), 3.2.4.1.1, 3.2.5.2 (multi-protocol negotiate).
"""

from __future__ import annotations

from codecs import utf_16_le_decode
from collections.abc import Callable
from struct import Struct
from typing import Any, ClassVar

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import SERVER
from dissectors.carriers.smb_logons import (
    Buffer,
    Logons,
    Pdu,
    nt_status,
    security_buffer,
    too_short,
    unmatched,
)
from dissectors.recognise import TokenKind, kind_of
from dissectors.span import Span

MAGIC = 0x424D_53FE
HEADER = Struct("<IHxxIHxxIIQxxxxxxxxQ")
"""ProtocolId, StructureSize, Status, Command, Flags, NextCommand, MessageId, SessionId."""
HEADER_SIZE = 64

NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, IOCTL = 0, 1, 2, 3, 11
RESPONSE, RELATED, SIGNED = 1, 4, 8
STATUS_PENDING = 0x103
STATUS_SESSION_EXPIRED = 0xC000035C
VALIDATE_NEGOTIATE_INFO = 0x0014_0204
QUERY_NETWORK_INTERFACE_INFO = 0x0014_01FC
SIGNED_BY_RULE = frozenset({VALIDATE_NEGOTIATE_INFO, QUERY_NETWORK_INTERFACE_INFO})
"""Control codes that clients sign, as the first is to be, whatever the session does (3.2.5.5)."""
ERROR_SIZE = 9  # StructureSize of an ERROR response, whatever the command

DIALECTS = {
    0x0202: "SMB 2.0.2",
    0x0210: "SMB 2.1",
    0x02FF: "SMB 2.???",
    0x0300: "SMB 3.0",
    0x0302: "SMB 3.0.2",
    0x0311: "SMB 3.1.1",
}
MULTI_PROTOCOL = 0x02FF  # "ask again in SMB2": the answer to an SMB1 NEGOTIATE
SMB_3_1_1 = 0x0311

_LATEST = SMB_3_1_1.to_bytes(2, "little")

_SIGNING_ENABLED, _SIGNING_REQUIRED = 1, 2  # SecurityMode
_SESSION_FLAGS = ((1, "guest"), (2, "null"), (4, "encrypt"))
_BINDING = 1

_NEGOTIATE_REQUEST = Struct("<HHHxxI16sIH")
_NEGOTIATE_RESPONSE = Struct("<HHHxx16sIIIIQQHH")
_SESSION_SETUP_REQUEST = Struct("<xxBBxxxxxxxxHHQ")
_SESSION_SETUP_RESPONSE = Struct("<HHHH")
_RESPONSE_SIZE = (
    HEADER_SIZE + _SESSION_SETUP_RESPONSE.size
)  # an ERROR response's fixed part ends here too
_ERROR_RESPONSE = Struct("<HxxI")
_TREE_CONNECT_REQUEST = Struct("<HxxHH")
_CONTEXT = Struct("<HHxxxx")
_NETNAME = 5
_CONTEXTS = 16  # negotiate contexts looked at
_TOKENS: frozenset[TokenKind] = frozenset({"gss", "spnego-init", "spnego-resp", "ntlm", "kerberos"})

Reader = Callable[["Smb2", Pdu, int, int, int], None]
"""Reads a message whose status (of a request: none), MessageId and SessionId are known."""


class Smb2:
    """What one connection says in SMB 2 and 3."""

    def __init__(self, logons: Logons) -> None:
        self.logons = logons
        self.client: dict[str, Any] = {}  # what the client's NEGOTIATE said of itself
        self.signs_by_rule = False  # a signed TREE_CONNECT tells nothing of the session (3.2.4.1.1)

    def message(self, pdu: Pdu, session: int | None = None) -> bool:
        """Read one of the four commands that matter, or an answer that the session is over.

        `session` is given where the header leaves it to others.
        False if its reply flag contradicts its side: it is left alone, else a client could grant itself
        a logon in our books.
        """
        _, _, status, command, flags, _, message_id, own = HEADER.unpack_from(pdu.data)
        if flags & RESPONSE != pdu.side:
            return False
        reader = self.READERS.get(command << 1 | pdu.side, Smb2.other_response)
        reader(self, pdu, status, message_id, own if session is None else session)
        return True

    def _negotiate_request(self, pdu: Pdu, _status: int, _message_id: int, _session: int) -> None:
        data = pdu.data
        if len(data) < HEADER_SIZE + 36:
            return
        fields = _NEGOTIATE_REQUEST.unpack_from(data, HEADER_SIZE)
        _, dialect_count, mode, _, guid, context_offset, context_count = fields
        self.client = {
            "client_signing_enabled": bool(mode & _SIGNING_ENABLED),
            "client_signing_required": bool(mode & _SIGNING_REQUIRED),
            "client_guid": guid.hex(),
        }
        dialects = data[HEADER_SIZE + 36 : HEADER_SIZE + 36 + 2 * dialect_count]
        if _LATEST in dialects and SMB_3_1_1 in _u16s(dialects):
            name = _net_name(data, context_offset, context_count)
            self.logons.server_name = name or self.logons.server_name

    def _negotiate_response(self, pdu: Pdu, status: int, _message_id: int, _session: int) -> None:
        if status:
            return
        data, logons = pdu.data, self.logons
        if len(data) < HEADER_SIZE + 64:
            logons.hint(pdu, {}, Buffer(anomalies=(too_short(pdu, "NEGOTIATE response"),)))
            return
        fields = _NEGOTIATE_RESPONSE.unpack_from(data, HEADER_SIZE)
        _, mode, dialect, guid, _, _, _, _, system_time, _, offset, length = fields
        name = DIALECTS.get(dialect, f"SMB 0x{dialect:04x}")
        facts: dict[str, Any] = {
            "dialect": name,
            "signing_enabled": bool(mode & _SIGNING_ENABLED),
            "signing_required": bool(mode & _SIGNING_REQUIRED),
            **self.client,
            "server_guid": guid.hex(),
            "system_time": system_time,
        }
        logons.version = None if dialect == MULTI_PROTOCOL else name
        logons.version_frame = pdu.frame
        # 3.1.1 signs every TREE_CONNECT; the rest follows only where one side insists.
        required = facts["signing_required"] or facts.get("client_signing_required", False)
        self.signs_by_rule = dialect == SMB_3_1_1 and not required
        logons.hint(pdu, facts, security_buffer(pdu, offset, length, HEADER_SIZE))

    def _session_setup_request(self, pdu: Pdu, _status: int, message_id: int, session: int) -> None:
        data, logons = pdu.data, self.logons
        if len(data) < HEADER_SIZE + 24:
            buffer = Buffer(anomalies=(too_short(pdu, "SESSION_SETUP request"),))
            logons.say("request", pdu, logons.request(session, message_id), buffer, None, {})
            return
        fields = _SESSION_SETUP_REQUEST.unpack_from(data, HEADER_SIZE)
        flags, mode, offset, length, previous = fields
        buffer = security_buffer(pdu, offset, length, HEADER_SIZE)
        exchange = logons.request(session, message_id, flags & _BINDING)
        known = exchange.context  # from NEGOTIATE; either of the two may ask for signing
        known["client_signing_enabled"] = bool(
            mode & _SIGNING_ENABLED or known.get("client_signing_enabled")
        )
        known["client_signing_required"] = bool(
            mode & _SIGNING_REQUIRED or known.get("client_signing_required")
        )
        context: dict[str, Any] = {}
        if flags & _BINDING:
            known["binding"] = context["binding"] = True
        if previous:
            number = logons.key_format % previous
            known["previous_session"] = context["previous_session"] = number
        logons.say("request", pdu, exchange, buffer, None, context)

    def _session_setup_response(self, pdu: Pdu, status: int, message_id: int, session: int) -> None:
        if status == STATUS_PENDING:  # interim: the answer itself follows under the same MessageId
            return
        data, logons = pdu.data, self.logons
        verdict = nt_status(status)
        refused = verdict.verdict == "failure"
        exchange, matched = logons.response(session, message_id, verdict)
        context: dict[str, Any] = {}
        if len(data) < _RESPONSE_SIZE:
            buffer = Buffer(anomalies=(too_short(pdu, "SESSION_SETUP response"),))
        elif refused and not _keeps_its_body(pdu):
            buffer = Buffer(anomalies=_error_faults(pdu))  # it has no place for a token
        else:
            _, flags, offset, length = _SESSION_SETUP_RESPONSE.unpack_from(data, HEADER_SIZE)
            buffer = security_buffer(pdu, offset, length, HEADER_SIZE)
            if flags and not refused:
                context = {name: True for bit, name in _SESSION_FLAGS if flags & bit}
                exchange.context |= context
        if not matched:
            buffer = unmatched(pdu, buffer)
            context["request_missing"] = True
        logons.say("response", pdu, exchange, buffer, verdict, context)

    def _tree_connect_request(self, pdu: Pdu, _status: int, message_id: int, session: int) -> None:
        self.logons.tree_request(session, message_id, _tree_path(pdu.data))

    def _tree_connect_response(self, pdu: Pdu, status: int, message_id: int, session: int) -> None:
        if status != STATUS_PENDING:
            self.logons.tree_response(pdu, session, message_id, nt_status(status))

    def _logoff_request(self, pdu: Pdu, _status: int, _message_id: int, session: int) -> None:
        self.logons.logoff(pdu, session)

    def other_response(self, pdu: Pdu, status: int, _message_id: int, session: int) -> None:
        """Read an answer of which the status alone may matter, whatever was asked for (3.3.5.2.9)."""
        if status == STATUS_SESSION_EXPIRED and pdu.side == SERVER:
            self.logons.session_over(pdu, session, nt_status(status))

    READERS: ClassVar[dict[int, Reader]] = {
        NEGOTIATE << 1: _negotiate_request,
        NEGOTIATE << 1 | RESPONSE: _negotiate_response,
        SESSION_SETUP << 1: _session_setup_request,
        SESSION_SETUP << 1 | RESPONSE: _session_setup_response,
        LOGOFF << 1: _logoff_request,
        LOGOFF << 1 | RESPONSE: other_response,
        TREE_CONNECT << 1: _tree_connect_request,
        TREE_CONNECT << 1 | RESPONSE: _tree_connect_response,
    }
    """By command and whether it answers: who reads the messages that matter."""


def _keeps_its_body(pdu: Pdu) -> bool:
    """Whether a refusal has the body of a SESSION_SETUP response, with a token, instead of ERROR's.

    Both say StructureSize 9. ERROR's ByteCount stands where the other has SecurityBufferOffset and
    Length: read as a count, these are far more than the message holds.
    """
    data = pdu.data
    _, _, offset, length = _SESSION_SETUP_RESPONSE.unpack_from(data, HEADER_SIZE)
    if (length << 16 | offset) <= len(data) - _RESPONSE_SIZE or offset != _RESPONSE_SIZE:
        return False
    token = data[offset : offset + length]
    if pdu.cut is None and len(token) < length:
        return False
    return not token or kind_of(token) in _TOKENS


def _error_faults(pdu: Pdu) -> tuple[Anomaly, ...]:
    """What is wrong with the body of an ERROR response: it counts more bytes than there are."""
    _, count = _ERROR_RESPONSE.unpack_from(pdu.data, HEADER_SIZE)
    there = len(pdu.data) - _RESPONSE_SIZE
    if count <= there or pdu.cut is not None:
        return ()
    detail = f"ERROR response with {count} bytes of data, {there} are there"
    return (Anomaly("bad-length", Span(HEADER_SIZE, len(pdu.data)), detail),)


def _u16s(data: bytes) -> tuple[int, ...]:
    return Struct(f"<{len(data) // 2}H").unpack_from(data)


def _net_name(data: bytes, offset: int, count: int) -> str | None:
    """Find the server name among the negotiate contexts of a request (2.2.3.1.4); one that is cut is none."""
    for _ in range(min(count, _CONTEXTS)):
        if offset < HEADER_SIZE or offset + _CONTEXT.size > len(data):
            return None
        kind, length = _CONTEXT.unpack_from(data, offset)
        offset += _CONTEXT.size
        if kind == _NETNAME:
            whole = offset + length <= len(data)
            return (_text(data[offset : offset + length]) or None) if whole else None
        offset += -(-length // 8) * 8
    return None


def _tree_path(data: bytes) -> str | None:
    if len(data) < HEADER_SIZE + 8:
        return None
    _, offset, length = _TREE_CONNECT_REQUEST.unpack_from(data, HEADER_SIZE)
    if offset < HEADER_SIZE or not length or offset + length > len(data):
        return None
    return _text(data[offset : offset + length])


def _text(data: bytes) -> str:
    return utf_16_le_decode(data, "replace", True)[0]
