"""A damaged request is read, or told of, in the same way however it is cut into segments."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from support.facts import rows_of
from support.http_talk import get, refuse
from support.packets import Conversation, pcapng

from analyzer.analysis import read
from dissectors.tokens import build

HELLO, PROOF = (
    b"Authorization: NTLM " + b64encode(token)
    for token in (build.ntlm_negotiate(), build.ntlm_authenticate(user="ada", domain="LAB"))
)
CHALLENGED = refuse(b"NTLM " + b64encode(build.ntlm_challenge()))
WELCOME = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SIZES = (1400, 100, 5, 1)


def told(target: Path, first: bytes, size: int) -> list[tuple[Any, ...]]:
    """The negotiations of a logon that begins with `first`."""
    talk = Conversation(80)
    for asked, answered in ((first, CHALLENGED), (get(PROOF), WELCOME)):
        talk.client(asked, size).server(answered, size)
    target.write_bytes(pcapng(talk.close().packets))
    columns = read(target).tables.columns
    rows = rows_of(columns["negotiations"])
    return [(row["mechanism"], row["outcome"], row["user"]) for row in rows]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/a", b"/\0a"),
        (b"/a", b"/" + b"x" * 3000 + b"\0"),
        (b"GET", b"\1ET"),
        (b"GET", b"G\0T"),
        (b"GET", b"G\nT"),
        (b"HTTP/1.1", b"HTTP/9.1"),
    ],
)
def test_segments_make_no_difference(tmp_path: Path, old: bytes, new: bytes) -> None:
    """The answers are whole, so the logon's end is known."""
    first = get(HELLO).replace(old, new)
    expected = [("ntlm", "success", "ada")]
    assert [told(tmp_path / "made.pcapng", first, size) for size in SIZES] == [expected] * 4


@pytest.mark.parametrize("size", SIZES)
def test_nothing_disappears(tmp_path: Path, size: int) -> None:
    """Where neither side begins as it should, what looks like a token is told at least."""
    target = tmp_path / "made.pcapng"
    talk = Conversation(80).client(get(HELLO, target=b"/\0"), size)
    target.write_bytes(pcapng(talk.server(CHALLENGED.replace(b"HTTP", b"\0TTP"), size).packets))
    columns = read(target).tables.columns
    codes = {row["code"] for row in rows_of(columns["anomalies"])}
    assert rows_of(columns["negotiations"]) or "unclaimed-token" in codes
