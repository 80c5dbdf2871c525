"""SMB1: NEGOTIATE, SESSION_SETUP_ANDX with and without extended security, LOGOFF, TREE_CONNECT_ANDX.

Spec: MS-CIFS 2.2.3 (header, AndX), 2.2.4.52, 2.2.4.53, 2.2.4.55, MS-SMB 2.2.4.5 and 2.2.4.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Any, NamedTuple

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, Carrier, Exchange
from dissectors.carriers.smb_logons import (
    Buffer,
    Logons,
    Pdu,
    nt_status,
    security_buffer,
    too_short,
)
from dissectors.codes.dos_error import dos_error_name
from dissectors.span import Span
from dissectors.status import Status, Verdict

MAGIC = 0x424D_53FF
HEADER = Struct("<IBIBHH8sxxHHHH")
"""Protocol, Command, Status, Flags, Flags2, PIDHigh, SecurityFeatures, TID, PIDLow, UID, MID."""
HEADER_SIZE = 32

NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT = 0x72, 0x73, 0x74, 0x75
NO_ANDX = 0xFF
REPLY = 0x80  # Flags
NT_STATUS, UNICODE = 0x4000, 0x8000  # Flags2
SIGNING_ENABLED, SIGNING_REQUIRED = 0x0004, 0x0010  # Flags2 of a NEGOTIATE request

_ANDX = Struct("<BxH")
_CHAIN = 8  # AndX commands followed
_DIALECTS = 64  # dialects of a NEGOTIATE looked at
_NT_LM_012 = "NT LM 0.12"
_EXTENDED_SECURITY = 0x8000_0000  # Capabilities
_NEGOTIATE_NT = Struct("<HBHHIIIIQhB")  # the 17 words of NT LM 0.12
_CHALLENGE_RESPONSE, _SIGN, _SIGN_REQUIRED = 2, 4, 8  # SecurityMode
_GUEST = 1  # Action
_ERRDOS, _ERR_MORE_DATA = 1, 234  # how a server without NTSTATUS says "more processing required"


class Header(NamedTuple):
    """The fields of an SMB1 header that outlive the framing."""

    command: int
    status: int
    flags2: int
    uid: int
    pairing: int  # PID and MID


class Block(NamedTuple):
    """One command of an AndX chain: its parameter words and the place of its bytes."""

    command: int
    words: bytes
    start: int
    end: int


class Smb1:
    """What one connection says in SMB1."""

    def __init__(self, carrier: Carrier) -> None:
        self.logons = Logons(carrier, "smb1", "uid %d")
        self.dialects: list[str] = []  # as the client listed them
        self.client: dict[str, Any] = {}
        self.challenge_response: bool | None = None  # None: the server's NEGOTIATE was not seen

    def message(self, pdu: Pdu, header: Header) -> None:
        """Read one message whose first command is one of the four that matter."""
        for block in _blocks(pdu.data, header.command):
            if pdu.side == CLIENT:
                self._request(pdu, header, block)
            elif not self._response(pdu, header, block):
                return

    def _request(self, pdu: Pdu, header: Header, block: Block) -> None:
        logons = self.logons
        if block.command == SESSION_SETUP:
            self._session_setup_request(pdu, header, block)
        elif block.command == NEGOTIATE:
            names = pdu.data[block.start : block.end].split(b"\0")[:_DIALECTS]
            self.dialects = [_oem(name.removeprefix(b"\x02")) for name in names]
            self.client = {
                "client_signing_enabled": bool(header.flags2 & SIGNING_ENABLED),
                "client_signing_required": bool(header.flags2 & SIGNING_REQUIRED),
            }
        elif block.command == TREE_CONNECT:
            logons.tree_request(header.uid, header.pairing, _tree_path(pdu.data, header, block))
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
        logons.version = dialect
        facts |= self.client
        if dialect is not None:
            facts["dialect"] = dialect
        buffer, schemes = Buffer(), ()
        if capabilities & _EXTENDED_SECURITY:
            guid_end = min(block.start + 16, block.end)
            facts["server_guid"] = pdu.data[block.start : guid_end].hex()
            buffer = Buffer(pdu.data[guid_end : block.end], guid_end)
        else:
            self.challenge_response = bool(mode & _CHALLENGE_RESPONSE)
            facts["challenge_response"] = self.challenge_response
            facts["plaintext"] = not self.challenge_response
            schemes = ("NTLM",)
        logons.facts = facts
        logons.say("hint", pdu, None, buffer, schemes=schemes, context=dict(facts))
