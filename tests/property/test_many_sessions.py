"""Many logons on few connections, as multichannel clients and probing tools make them."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

import pytest
from support.messages import netbios, ntlm_authenticate, ntlm_challenge
from support.packets import Conversation, pcapng

from analyzer.analysis import read

NEGOTIATE = b"NTLMSSP\x00\x01\x00\x00\x00" + struct.pack("<I", 0xE2088297) + bytes(16)
MORE, OK, DENIED = 0xC0000016, 0, 0xC0000022


def leg(session: int, number: int, token: bytes, status: int | None = None) -> bytes:
    """A SESSION_SETUP request, or the answer with `status`."""
    answer = status is not None
    head = struct.pack(
        "<4sHHIHHIIQQQ16s",
        b"\xfeSMB", 64, 0, status or 0, 1, 1, int(answer), 0, number, 0, session, bytes(16),
    )  # fmt: skip
    if not answer:
        body = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0)
    elif status in {MORE, OK}:
        body = struct.pack("<HHHH", 9, 0, 72, len(token))
    else:
        body, token = struct.pack("<HHIB", 9, 0, 0, 0), b""
    return netbios(head + body + token)


def logon(talk: Conversation, session: int, number: int, user: str, last: int) -> None:
    """Three legs of raw NTLM under one session id."""
    challenge = ntlm_challenge(b"8 bytes!", "FS".encode("utf-16-le"))
    response = ntlm_authenticate(user.encode("utf-16-le"), nt=bytes(24) if user else b"")
    talk.client(leg(0, number, NEGOTIATE)).server(leg(session, number, challenge, MORE))
    talk.client(leg(session, number + 1, response)).server(leg(session, number + 1, b"", last))


@pytest.mark.parametrize("refused", [[26, 0, 0, 0], [7, 7, 6, 6]])
def test_every_session_of_every_connection_is_a_row(tmp_path: Path, refused: list[int]) -> None:
    """Four connections with one accepted user each, and 26 refused anonymous attempts among them."""
    packets = []
    for place, count in enumerate(refused):
        talk = Conversation(445, client_port=50_000 + place)
        logon(talk, 0x100, 1, "ada", OK)
        for attempt in range(count):
            logon(talk, 0x200 + attempt, 10 + 2 * attempt, "", DENIED)
        packets += talk.close().packets
    path = tmp_path / "multichannel.pcapng"
    path.write_bytes(pcapng(packets))
    columns = read(path).tables.columns["negotiations"]
    rows = zip(*(columns[n] for n in ("outcome", "status", "user")), strict=True)
    assert Counter(rows) == {
        ("success", "STATUS_SUCCESS", "ada"): 4,
        ("failure", "STATUS_ACCESS_DENIED", ""): 26,
    }
    assert len(set(columns["stream_id"])) == 4
