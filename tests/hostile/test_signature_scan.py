"""Nothing that looks like a token disappears: a search that knows no dissector finds nothing untold."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support import signature_scan
from support.captured import ROOT, captures
from support.facts import capture_name, unless_refused
from support.messages import b64encode, netbios, smb2
from support.packets import Conversation, pcapng
from support.signature_scan import hits, uncovered

from analyzer.analysis import read
from dissectors.tokens import build

CAPTURES = list(captures())
TOKEN = build.ntlm_negotiate()
INIT = build.neg_token_init(["ntlm"], TOKEN)


def write(size: int, content: bytes) -> bytes:
    """An SMB2 WRITE of a file."""
    fixed = b"\x31\0\x70\0" + size.to_bytes(4, "little") + bytes(40)
    return netbios(smb2(9, fixed + content))


def http_body() -> Conversation:
    """A page that quotes a token."""
    body = b"<p>" + b64encode(INIT) + TOKEN + b"</p>"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    return Conversation(80).client(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n").server(answer)


def file_content() -> Conversation:
    """A capture file that is copied to a share."""
    content = bytes(500) + TOKEN + INIT
    return Conversation(445).client(write(len(content), content))


def tls_records() -> Conversation:
    """Ciphertext that holds a signature by chance, after 8 KiB of the same."""
    noise = random.Random(1).randbytes(20_000)
    return Conversation(443).client(b"\x16\x03\x01\x40\0" + noise + TOKEN)


def late_in_a_foreign_protocol() -> Conversation:
    """A protocol that is not read, which showed no token among its first bytes."""
    return Conversation(5000).client(b"\xff" * 20_000).client(TOKEN)


EXCEPTIONS: dict[str, tuple[Callable[[], Conversation], str]] = {
    "http body": (http_body, "content of messages is bulk data: it is skipped by its length, unread"),
    "file content": (file_content, "what SMB reads and writes is bulk data; only the head of a PDU counts"),
    "tls": (tls_records, "ciphertext has no tokens; what looks like one is chance"),
    "late": (
        late_in_a_foreign_protocol,
        "a stream that no carrier reads is dropped after 8 KiB, or 12 segments of one side, without a token",
    ),
}  # fmt: skip
"""All that the search may find and no row tells, each with an example and the reason."""


@pytest.mark.parametrize("path", CAPTURES, ids=capture_name)
def test_every_hit_is_told(path: Path) -> None:
    """What looks like a token in any stream lies in the row of a token, or of an anomaly that covers it."""
    with unless_refused(path):
        assert uncovered(path)[1] == []


def test_the_search_finds_something() -> None:
    """In most captures there is much to find; else the test above tells nothing."""
    found = {
        path: len(list(hits(path))) for path in CAPTURES if path.is_relative_to(ROOT / "captures")
    }
    assert sum(found.values()) > 500
    assert sum(count > 0 for count in found.values()) > 90


def test_a_missing_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rows of tokens the search has something to complain about."""
    path = ROOT / "captures" / "smb" / "smb311_ntlm" / "capture.pcapng"
    count, missed = uncovered(path)
    assert count > 3
    assert missed == []
    monkeypatch.setattr(signature_scan, "_holds", lambda _row, _hit: False)
    assert len(uncovered(path)[1]) == count


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_one(name: str, tmp_path: Path) -> None:
    """Bulk data gives no row, whatever is in it: each declared exception still needs to be declared."""
    target = tmp_path / "made.pcapng"
    target.write_bytes(pcapng(EXCEPTIONS[name][0]().close().packets))
    count, missed = uncovered(target)
    assert count == len(missed) > 0
    tables = read(target).tables.columns
    assert tables["tokens"]["frame"] == []
    assert "unclaimed-token" not in tables["anomalies"]["code"]


@pytest.mark.parametrize("size", [1460, 100, 7])
def test_a_foreign_protocol(size: int, tmp_path: Path) -> None:
    """Of a protocol that is not read every token is told, from its first byte on, however it is cut."""
    talk = Conversation(135)
    for piece in (b"\xfffirst" + INIT, bytes(5000), TOKEN, b64encode(INIT), build.neg_token_resp()):
        talk.client(piece, size)
        talk.server(b"\xffanswer" + piece, size)
    target = tmp_path / "made.pcapng"
    target.write_bytes(pcapng(talk.close().packets))
    count, missed = uncovered(target)
    assert count >= 10
    assert missed == []
