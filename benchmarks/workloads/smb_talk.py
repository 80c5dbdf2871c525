"""SMB2 sessions: logon, tree connect, files read and written.

Spec: MS-SMB2 2.2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from benchmarks.workloads import moulds
from benchmarks.workloads.logon import Logon
from benchmarks.workloads.script import CLIENT, SERVER, Script

Size = Callable[[], int]

MORE_PROCESSING, LOGON_FAILURE = 0xC000_0016, 0xC000_006D


class _Smb2:
    """One SMB2 connection: counts its messages."""

    def __init__(self, script: Script, negotiation: int) -> None:
        self.script, self.negotiation = script, negotiation
        self.session = script.dice.getrandbits(48)
        self.number = 0

    def send(
        self, side: int, command: int, body: bytes, *, bulk: int = 0, status: int = 0,
        session: int | None = None, of: int = -1,
    ) -> None:  # fmt: skip
        """One message in a NetBIOS frame; `bulk` bytes of file content end it."""
        head = struct.pack(
            "<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 1, status, command, 64, side, 0, self.number,
            0xFEFF, 5, self.session if session is None else session, bytes(16),
        )  # fmt: skip
        frame = struct.pack(">I", len(head) + len(body) + bulk)
        self.script.say(side, frame + head + body, bulk, of=of)

    def setup(self, side: int, token: bytes, *, status: int = 0, first: bool = False) -> None:
        """SESSION_SETUP with a token."""
        if side == CLIENT:
            self.number += 1
            body = struct.pack("<HBBIIHHQ", 25, 0, 1, 1, 0, 88, len(token), 0)
        else:
            body = struct.pack("<HHHH", 9, 0, 72, len(token))
        session = 0 if first else None
        self.send(side, 1, body + token, status=status, session=session, of=self.negotiation)

    def ask(
        self, command: int, question: bytes, answer: bytes, *, up: int = 0, down: int = 0
    ) -> None:
        """Request and response, with bulk on the way up or down."""
        self.number += 1
        self.send(CLIENT, command, question, bulk=up)
        self.send(SERVER, command, answer, bulk=down)


def smb(
    script: Script, mechanism: str, *, bulk: Size | None = None, reads: int = 2, **how: Any
) -> None:
    """An SMB2 session: logon, tree connect, `reads` transfers; one logon in twenty is refused."""
    script.open(445, **how)
    dice = script.dice
    logon = Logon(script, "smb2", mechanism)
    talk = _Smb2(script, logon.number)
    dialects = struct.pack("<4H", 0x202, 0x210, 0x300, 0x302)
    offer = struct.pack("<HHHHI16sQ", 36, 4, 1, 0, 0x7F, dice.randbytes(16), 0) + dialects
    talk.send(CLIENT, 0, offer, session=0)
    hint = logon.hint()
    limits = (0x7F, 1 << 23, 1 << 23, 1 << 23, moulds.A_FILETIME, 0, 128, len(hint), 0)
    answer = struct.pack("<HHHH16s", 65, 1, 0x302, 0, dice.randbytes(16))
    answer += struct.pack("<IIIIQQHHI", *limits)
    talk.send(SERVER, 0, answer + hint, session=0, of=logon.number)
    refused = dice.randrange(20) == 0
    if refused:
        logon.refused()
    if mechanism == "kerberos":
        talk.setup(CLIENT, logon.ap_req(), first=True)
        token = logon.reject() if refused else logon.ap_rep()
        talk.setup(SERVER, token, status=LOGON_FAILURE if refused else 0)
    else:
        talk.setup(CLIENT, logon.negotiate(), first=True)
        talk.setup(SERVER, logon.challenge(), status=MORE_PROCESSING)
        talk.setup(CLIENT, logon.authenticate())
        if refused:
            error = struct.pack("<HHI", 9, 0, 0) + b"\0"
            talk.send(SERVER, 1, error, status=LOGON_FAILURE, of=logon.number)
        else:
            talk.setup(SERVER, logon.accepted())
    if not refused:
        _transfers(talk, logon.host, bulk, reads)
    script.close()


def _transfers(talk: _Smb2, host: str, bulk: Size | None, reads: int) -> None:
    dice = talk.script.dice
    path = rf"\\{host}.lab.example\share".encode("utf-16-le")
    connected = struct.pack("<HBBIII", 16, 1, 0, 0, 0, 0x1F_01FF)
    talk.ask(3, struct.pack("<HHHH", 9, 0, 72, len(path)) + path, connected)
    for nth in range(reads):
        size, file = bulk() if bulk else 200 + dice.randrange(1600), dice.randbytes(16)
        if nth % 3 == 2:
            question = struct.pack("<HHIQ16sIIHHI", 49, 112, size, nth * size, file, 0, 0, 0, 0, 0)
            talk.ask(9, question, struct.pack("<HHIIHH", 17, 0, size, 0, 0, 0), up=size)
        else:
            question = struct.pack(
                "<HBBIQ16sIIIHHB", 49, 80, 0, size, nth * size, file, 0, 0, 0, 0, 0, 0
            )
            talk.ask(8, question, struct.pack("<HBBIII", 17, 80, 0, size, 0, 0), down=size)
    talk.ask(2, struct.pack("<HH", 4, 0), struct.pack("<HH", 4, 0))
