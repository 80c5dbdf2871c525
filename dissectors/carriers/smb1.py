"""SMB1: NEGOTIATE, SESSION_SETUP_ANDX with and without extended security, TREE_CONNECT_ANDX.

Spec: MS-CIFS 2.2.3 (header, AndX), 2.2.4.52, 2.2.4.53, 2.2.4.55, MS-SMB 2.2.4.5 and 2.2.4.6.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, Exchange
from dissectors.carriers.smb_logons import (
    Buffer,
    Logons,
    Pdu,
    nt_status,
    security_buffer,
    too_short,
    unmatched,
)
from dissectors.codes.dos_error import dos_error_name
from dissectors.records import NamedTuple
from dissectors.span import Span
from dissectors.status import Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = 0x424D_53FF
HEADER = Struct("<IBIBHH8sxxxxHHH")
"""Protocol, Command, Status, Flags, Flags2, PIDHigh, SecurityFeatures, PIDLow, UID, MID."""
HEADER_SIZE = 32

NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT = 0x72, 0x73, 0x74, 0x75
NO_ANDX = 0xFF
REPLY = 0x80  # Flags
NT_STATUS, UNICODE = 0x4000, 0x8000  # Flags2
SIGNING_ENABLED, SIGNING_REQUIRED = 0x0004, 0x0010  # Flags2
ASKS_FOR_EXTENDED_SECURITY = 0x0800  # Flags2

_ANDX = Struct("<BxH")
_CHAIN = 8  # AndX commands followed
_DIALECTS = 64  # dialects of a NEGOTIATE looked at
_NT_LM_012 = "NT LM 0.12"
_EXTENDED_SECURITY = 0x8000_0000  # Capabilities
_NEGOTIATE_NT = Struct("<HBHHIIIIQhB")  # the 17 words of NT LM 0.12
_CHALLENGE_RESPONSE, _SIGN, _SIGN_REQUIRED = 2, 4, 8  # SecurityMode
_GUEST = 1  # Action
_RESPONSE = 24  # bytes of an LM or NTLMv1 response
_ERRDOS, _ERR_MORE_DATA = 1, 234  # how a server without NTSTATUS says "more processing required"


class Header(NamedTuple):
    """The fields of an SMB1 header that outlive the framing."""

    command: int
    status: int
    flags2: int
    uid: int
    pairing: int  # PID and MID


class Block(NamedTuple):
    """One command of an AndX chain: its parameter words and the announced place of its bytes."""

    command: int
    words: bytes
    start: int
    length: int


class Smb1:
    """What one connection says in SMB1."""

    def __init__(self, logons: Logons) -> None:
        self.logons = logons
        self.dialects: list[str] = []  # as the client listed them
        self.client: dict[str, Any] = {}
        self.asked_extended: bool | None = None  # None: the client's NEGOTIATE was not seen
        self.challenge_response: bool | None = None  # None: the server's NEGOTIATE was not seen

    def message(self, pdu: Pdu, _session: int | None = None) -> bool:
        """Read a message; False if its reply flag contradicts its side, and it is left alone."""
        fields = HEADER.unpack_from(pdu.data)
        _, command, status, flags, flags2, pid_high, _, pid, uid, mid = fields
        if bool(flags & REPLY) == (pdu.side == CLIENT):
            return False
        header = Header(command, status, flags2, uid, pid_high << 32 | pid << 16 | mid)
        for block in _blocks(pdu.data, header.command):
            if pdu.side == CLIENT:
                self._request(pdu, header, block)
            elif not self._response(pdu, header, block):
                break
        return True

    def _request(self, pdu: Pdu, header: Header, block: Block) -> None:
        logons = self.logons
        if block.command == SESSION_SETUP:
            self._session_setup_request(pdu, header, block)
        elif block.command == NEGOTIATE:
            names = _content(pdu, block).split(b"\0")[:-1][
                :_DIALECTS
            ]  # a last one without NUL is cut
            self.dialects = [_oem(name.removeprefix(b"\x02")) for name in names]
            self.client = _signing(header)
            self.asked_extended = bool(header.flags2 & ASKS_FOR_EXTENDED_SECURITY)
        elif block.command == TREE_CONNECT:
            logons.tree_request(header.uid, header.pairing, _tree_path(pdu, header, block))
        elif block.command == LOGOFF:
            logons.logoff(pdu, header.uid)

    def _response(self, pdu: Pdu, header: Header, block: Block) -> bool:
        """Read one answer; False if the rest of the chain needs no look."""
        status = _status(header)
        chained = len(block.words) >= 4 and block.words[0] not in (NO_ANDX, block.command)
        if block.command == SESSION_SETUP:
            # The status is the last command's; a chain that went on got past the session setup.
            self._session_setup_response(pdu, header, block, nt_status(0) if chained else status)
        elif block.command == NEGOTIATE:
            self._negotiate_response(pdu, status, block)
        elif block.command == TREE_CONNECT:
            self.logons.tree_response(pdu, header.uid, header.pairing, status)
        return chained

    def _negotiate_response(self, pdu: Pdu, status: Status, block: Block) -> None:
        logons, words = self.logons, block.words
        if status.verdict != "success" or len(words) < 2 or words[:2] == b"\xff\xff":
            return  # refused, or no common dialect
        index = int.from_bytes(words[:2], "little")
        dialect = self.dialects[index] if index < len(self.dialects) else None
        cut = block.start - 2 > len(pdu.data)  # the words end before their announced number
        if len(words) < _NEGOTIATE_NT.size:
            mode, capabilities = words[2] if len(words) > 2 else 0, 0
            facts: dict[str, Any] = {}
        else:
            fields = _NEGOTIATE_NT.unpack_from(words)
            _, mode, _, _, _, _, _, capabilities, system_time, _, _ = fields
            dialect = dialect or _NT_LM_012
            facts = {
                "signing_enabled": bool(mode & _SIGN),
                "signing_required": bool(mode & _SIGN_REQUIRED),
                "system_time": system_time,
            }
        logons.version, logons.version_frame = dialect, pdu.frame
        facts |= self.client
        if dialect is not None:
            facts["dialect"] = dialect
        buffer = Buffer()
        schemes: tuple[str, ...] = ()
        if capabilities & _EXTENDED_SECURITY:
            facts["server_guid"] = _content(pdu, block)[:16].hex()
            length = max(block.length - 16, 0)
            buffer = security_buffer(pdu, block.start + 16, length, HEADER_SIZE)
        elif not cut:
            self.challenge_response = bool(mode & _CHALLENGE_RESPONSE)
            facts["challenge_response"] = self.challenge_response
            facts["plaintext"] = not self.challenge_response
            if not self.challenge_response:
                schemes = ("plain",)
            elif self.asked_extended:  # else the server had no choice, or may have had none
                schemes = ("NTLM",)
        logons.hint(pdu, facts, buffer, schemes)

    def _session_setup_request(self, pdu: Pdu, header: Header, block: Block) -> None:
        logons, words = self.logons, block.words
        exchange = logons.request(header.uid, header.pairing)
        exchange.context |= _signing(header)
        buffer = Buffer()
        if len(words) >= 26:
            fault = self._password_logon(pdu, header, block, exchange, nt=_u16(words, 16))
            buffer = Buffer(anomalies=fault)
        elif len(words) == 24:
            buffer = security_buffer(pdu, block.start, _u16(words, 14), HEADER_SIZE)
        elif len(words) >= 20:  # LAN Manager dialects have but one password field
            buffer = Buffer(anomalies=self._password_logon(pdu, header, block, exchange, nt=0))
        else:
            buffer = Buffer(anomalies=(too_short(pdu, "SESSION_SETUP_ANDX request"),))
        logons.say("request", pdu, exchange, buffer, None, {})

    def _password_logon(
        self, pdu: Pdu, header: Header, block: Block, exchange: Exchange, *, nt: int
    ) -> tuple[Anomaly, ...]:
        """Read a logon without extended security; the password or its responses stay unread."""
        lm = _u16(block.words, 14)
        end = min(block.start + block.length, len(pdu.data))
        at = block.start + lm + nt
        if at > end:
            where = Span(min(block.start, end), end)
            code = "bad-length" if pdu.cut is None else pdu.cut.code
            return (Anomaly(code, where, f"passwords of {lm} and {nt} bytes"),)
        strings = _strings(pdu, at, end, wide=bool(header.flags2 & UNICODE))
        exchange.user, exchange.domain = next(strings), next(strings)
        blank = lm < _RESPONSE and nt < _RESPONSE and not any(pdu.data[block.start : at])
        second = pdu.data[block.start + lm : at]
        if self.challenge_response is None and nt >= _RESPONSE and not _is_response(second):
            nt = 0  # a password of some length, whatever the server had asked for
        found = self._mechanism(lm, nt, exchange.user, blank=blank)
        exchange.mechanism, exchange.mechanism_detail = found
        if pdu.cut is None:
            return ()
        return (Anomaly(pdu.cut.code, Span(at, end), "the names behind the passwords"),)

    def _mechanism(
        self, lm: int, nt: int, user: str | None, *, blank: bool
    ) -> tuple[str, str | None]:
        """Tell by the lengths of the two password fields what was run; `blank`: they hold NULs at most."""
        if blank and not user:
            return "ntlm", "anonymous"
        if self.challenge_response is False:
            return "plain", "plaintext"
        if nt >= _RESPONSE:
            return "ntlm", "ntlmv1" if nt == _RESPONSE else "ntlmv2"
        if blank:  # the server wants a response, and the client has no password to make it from
            return "ntlm", None
        return ("ntlm", "lm") if lm == _RESPONSE else ("plain", "plaintext")

    def _session_setup_response(
        self, pdu: Pdu, header: Header, block: Block, status: Status
    ) -> None:
        logons, words = self.logons, block.words
        exchange, matched = logons.response(header.uid, header.pairing, status)
        buffer = Buffer()
        context: dict[str, Any] = {}
        if len(words) >= 6 and status.verdict != "failure" and _u16(words, 4) & _GUEST:
            context["guest"] = exchange.context["guest"] = True
        if len(words) >= 8:
            buffer = security_buffer(pdu, block.start, _u16(words, 6), HEADER_SIZE)
        if not matched:
            buffer = unmatched(pdu, buffer)
            context["request_missing"] = True
        logons.say("response", pdu, exchange, buffer, status, context)


def _blocks(data: bytes, command: int) -> Iterator[Block]:
    """Walk the commands of an AndX chain; offsets count from the SMB header and must grow."""
    at = HEADER_SIZE
    for _ in range(_CHAIN):
        words_end = at + 1 + 2 * data[at] if at < len(data) else at
        words = data[at + 1 : words_end]
        length = _u16(data, words_end) if words_end + 2 <= len(data) else 0
        yield Block(command, words, words_end + 2, length)
        if command not in (SESSION_SETUP, TREE_CONNECT, LOGOFF) or len(words) < 4:
            return
        command, offset = _ANDX.unpack_from(words)
        if command == NO_ANDX or not at < offset < len(data):
            return
        at = offset


def _content(pdu: Pdu, block: Block) -> bytes:
    return pdu.data[block.start : block.start + block.length]


def _signing(header: Header) -> dict[str, Any]:
    """What a client's Flags2 say of signing. Clear bits say nothing: such clients sign all the same."""
    flags = {
        "client_signing_enabled": SIGNING_ENABLED,
        "client_signing_required": SIGNING_REQUIRED,
    }
    return {name: True for name, bit in flags.items() if header.flags2 & bit}


def _status(header: Header) -> Status:
    if header.flags2 & NT_STATUS:
        return nt_status(header.status)
    error_class, code = header.status & 0xFF, header.status >> 16
    verdict: Verdict = "failure" if error_class or code else "success"
    if (error_class, code) == (_ERRDOS, _ERR_MORE_DATA):
        verdict = "continue"
    return Status(verdict, code, dos_error_name(error_class, code), "dos")


def _tree_path(pdu: Pdu, header: Header, block: Block) -> str | None:
    if len(block.words) < 8:
        return None
    start = block.start + _u16(block.words, 6)  # behind the share's password
    end = min(block.start + block.length, len(pdu.data))
    return next(_strings(pdu, start, end, wide=bool(header.flags2 & UNICODE)))


def _is_response(field: bytes) -> bool:
    """Tell a response of NTLM from a password in UTF-16, half of whose bytes are NUL in the west.

    One of version 1 is random as a cipher is, one of version 2 has a blob (MS-NLMP 2.2.2.6, 2.2.2.7).
    """
    if len(field) == _RESPONSE:
        return field.count(0) < _RESPONSE // 3
    return field[16:18] == b"\1\1"


def _strings(pdu: Pdu, at: int, end: int, *, wide: bool) -> Iterator[str | None]:
    """Read NUL-terminated strings, in UTF-16 aligned to the header; None once there are no more.

    Of a message that is cut the last one, without its NUL, is none.
    """
    data = pdu.data
    if not wide:
        texts = data[at:end].split(b"\0")
        for text in texts if pdu.cut is None else texts[:-1]:
            yield _oem(text)
    else:
        at += at % 2
        while at < end:
            stop = at
            while (stop := data.find(b"\0\0", stop, end)) >= 0 and (stop - at) % 2:
                stop += 1
            if stop < 0 and pdu.cut is not None:
                break
            stop = end if stop < 0 else stop
            yield data[at:stop].decode("utf-16-le", "replace")
            at = stop + 2
    while True:
        yield None


def _oem(text: bytes) -> str:
    """Decode text of the client's OEM code page, which the wire does not name."""
    return text.decode("cp437")


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
