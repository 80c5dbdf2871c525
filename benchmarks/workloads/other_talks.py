"""Conversations without authentication: TLS, scans, DNS, chatter.

Spec: RFC 8446 5.1, RFC 1035 4.
"""

from __future__ import annotations

import struct
from typing import Any

from benchmarks.workloads.script import ACK, CLIENT, DATAGRAM, RST, SERVER, SYN, Script


def tls(script: Script, records: int, size: int) -> None:
    """A TLS connection: two hellos, then records of what nobody can read."""
    script.open(443)
    for side, kind, suites in ((CLIENT, 1, b"\0\0\2\x13\1\1\0\0\0"), (SERVER, 2, b"\0\x13\1\0")):
        hello = struct.pack(">H", 0x303) + script.dice.randbytes(32) + suites
        message = struct.pack(">BxH", kind, len(hello)) + hello
        script.say(side, struct.pack(">BHH", 22, 0x303, len(message)) + message)
    for _ in range(records):
        asked = 40 + script.dice.randrange(600)
        script.say(CLIENT, struct.pack(">BHH", 23, 0x303, asked), asked, text=False)
        for _ in range(size // 16_384 + 1):
            part = min(size, 16_384)
            script.say(SERVER, struct.pack(">BHH", 23, 0x303, part), part, pause=60_000, text=False)
    script.close()


def scan(script: Script, port: int, **how: Any) -> None:
    """A SYN to a port, mostly answered by a reset."""
    script.open(port, handshake=False, **how)
    script.say(CLIENT, kind=SYN, pause=0)
    if script.dice.randrange(3):
        script.say(SERVER, kind=RST)


def lookup(script: Script) -> None:
    """A DNS question and its answer, over UDP."""
    script.open(53, handshake=False)
    dice = script.dice
    name = b"\6host%02d\3lab\7example\0" % dice.randrange(100)
    question = name + struct.pack(">HH", 1, 1)
    number = dice.randbytes(2)
    asked = number + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0) + question
    script.say(CLIENT, asked, kind=DATAGRAM, pause=0)
    record = struct.pack(">HHHIH4s", 0xC00C, 1, 1, 60, 4, b"\x0a\1\2\3")
    told = number + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + question + record
    script.say(SERVER, told, kind=DATAGRAM)


def chatter(script: Script) -> None:
    """A long connection of small messages and acknowledgements."""
    dice = script.dice
    script.open((22, 1883, 5222)[dice.randrange(3)])
    for _ in range(8 + dice.randrange(30)):
        words = dice.randbytes(4 + dice.randrange(20))
        script.say(dice.randrange(2), words, pause=2_000_000)
        script.say(dice.randrange(2), kind=ACK)
    script.close()
