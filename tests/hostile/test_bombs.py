"""Captures made to exhaust us: each ends in a process with bounded memory and time."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable

import pytest
from support.facts import SWEEP
from support.messages import SPNEGO, bind, der, netbios, session_setup, smb2
from support.outputs import in_a_small_process
from support.packets import Conversation, Packet, pcap

READ = """
import sys, json
from analyzer.analysis import read
tables = read(sys.argv[1]).tables
codes = sorted(set(tables.columns["anomalies"]["code"]))
rows = len(tables.columns["negotiations"]["capture"])
print(json.dumps([rows, codes, len(tables.columns["anomalies"]["code"]), tables.columns["captures"]["packets"][0]]))
"""


def nested(depth: int) -> bytes:
    """SEQUENCEs in each other."""
    made = b""
    for _ in range(depth):
        made = der(0x30, made)
    return made


def spnego_in_spnego(depth: int) -> bytes:
    """A NegTokenInit whose mechToken is a NegTokenInit, and so on."""
    token = b"NTLMSSP\0\1\0\0\0" + bytes(20)
    for _ in range(depth):
        init = der(0x30, der(0xA0, der(0x30, SPNEGO)), der(0xA2, der(4, token)))
        token = der(0x60, SPNEGO, der(0xA0, init))
    return token


def chain(count: int, following: int) -> bytes:
    part = smb2(1, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, 0, 0), following=following)
    return netbios(part * count)


def syns(count: int) -> list[Packet]:
    """As many connections that are only asked for."""
    (syn, *_) = Conversation(445).packets
    made = []
    for number in range(count):
        data = bytearray(syn.data)
        data[26:30] = struct.pack(">I", 0x0A000000 + number)
        made.append(Packet(bytes(data), syn.ts_ns + number * 1000, len(data)))
    return made


def half_messages(count: int) -> list[Packet]:
    """As many connections that begin a long message and say no more."""
    made = []
    for number in range(count):
        talk = Conversation(445, client_port=1024 + number % 60_000, client=1 + number // 60_000)
        made += talk.client(netbios(session_setup(bytes(60_000)))[:1400]).packets
    return made


GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TALKS: dict[str, Callable[[], Conversation]] = {
    "64 kB in segments of one byte": lambda: Conversation().client(
        netbios(session_setup(bytes(65_000))), 1
    ),
    "HTTP in segments of one byte": lambda: Conversation(80).client(
        GET + b"X: " + b"a" * 60_000, 1
    ),
    "a header block that never ends": lambda: Conversation(80).client(
        GET + b"X: y\r\n" * 1_000_000
    ),
    "a header line that never ends": lambda: Conversation(80).client(
        GET + b"X: " + b"y" * 5_000_000
    ),
    "100k chunks": lambda: (
        Conversation(80).client(GET + b"\r\n").server(CHUNKED + b"1\r\nx\r\n" * 100_000)
    ),
    "chunk sizes that never end": lambda: (
        Conversation(80).client(GET + b"\r\n").server(CHUNKED + b"1" * 500_000)
    ),
    "a million responses": lambda: Conversation(80).server(
        b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n" * 100_000
    ),
    "pipelined logons": lambda: Conversation(80).client(
        b"GET / HTTP/1.1\r\nAuthorization: NTLM TlRMTVNTUAABAAAA\r\n\r\n" * 20_000
    ),
    "NetBIOS announces 16 MiB": lambda: Conversation().client(
        struct.pack(">I", 0xFF_FFFF) + smb2(1, bytes(2_000_000))
    ),
    "LDAP announces 2 GiB": lambda: Conversation(389).client(
        b"\x30\x84\x7f\xff\xff\xff\2\1\1\x60\x84\x7f\xff\xff\xf0\2\1\3" + bytes(3_000_000)
    ),
    "SMB2 chain of 100,000": lambda: Conversation().client(chain(100_000, 88)),
    "SMB2 chain onto itself": lambda: Conversation().client(chain(1000, 8)),
    "SMB2 chain backwards": lambda: Conversation().client(chain(1000, 0xFFFF_FFF8)),
    "nested SEQUENCEs": lambda: Conversation(389).client(bind(nested(10_000))),
    "nested LDAP": lambda: Conversation(389).client(nested(10_000)),
    "nested for ever": lambda: Conversation(389).client(bind(b"\x60\x80" * 20_000)),
    "SPNEGO in SPNEGO": lambda: Conversation().client(netbios(session_setup(spnego_in_spnego(50)))),
    "SPNEGO in SPNEGO in LDAP": lambda: Conversation(389).client(bind(spnego_in_spnego(500))),
    "mechanisms without end": lambda: Conversation(389).client(
        bind(der(0x60, SPNEGO, der(0xA0, der(0x30, der(0xA0, der(0x30, b"\6\0" * 30_000))))))
    ),
    "an OID of 60 kB": lambda: Conversation(389).client(
        bind(
            der(0x60, SPNEGO, der(0xA0, der(0x30, der(0xA0, der(0x30, der(6, b"\xff" * 60_000))))))
        )
    ),
    "AV pairs without end": lambda: Conversation().client(
        netbios(
            session_setup(
                b"NTLMSSP\0\2\0\0\0"
                + struct.pack("<HHIIQQHHI", 0, 0, 56, 0xE2898215, 1, 0, 60_000, 60_000, 56)
                + bytes(8)
                + b"\1\0\0\0" * 15_000
            )
        )
    ),
    "binds without end": lambda: Conversation(389).client(
        bind(b"NTLMSSP\0\1\0\0\0" + bytes(20)) * 20_000
    ),
    "empty keep-alives": lambda: Conversation().client(b"\x85\0\0\0" * 200_000),
}
FILES: dict[str, Callable[[], bytes]] = {
    **{name: lambda talk=talk: pcap(talk().close().packets) for name, talk in TALKS.items()},
    "100k SYNs": lambda: pcap(syns(100_000)),
    "half messages": lambda: pcap(half_messages(20_000 if SWEEP else 4_000)),
    "a gzip bomb of empty records": lambda: gzip.compress(
        pcap([]) + struct.pack("<IIII", 5, 0, 0, 60) * 4_000_000, 1
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bomb_does_not_go_off(name, tmp_path):
    """1.5 GB of address space and two minutes are enough, and the rows of oddities stay few."""
    target = tmp_path / "bomb"
    target.write_bytes(FILES[name]())
    rows, codes, oddities, packets = json.loads(in_a_small_process(READ, str(target)))
    assert packets > 0
    assert oddities <= max(packets, 2_000), codes
    assert rows <= 20_000
