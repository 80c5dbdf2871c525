"""Start lines: whose message is it, and where does the next one begin."""

import pytest

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.http_start import (
    find_border,
    is_start,
    may_begin,
    request_line,
    sender,
    status_line,
)


@pytest.mark.parametrize(
    ("head", "side"),
    [
        (b"GET / HTTP/1.1\r\n", CLIENT),
        (b"RPC_IN_DATA /rpc/rpcproxy.dll?dc:6004 HTTP/1.1\r\n", CLIENT),
        (b"CONNECT web:443 HTTP/1.0\r\n", CLIENT),
        (b"OPTIONS * HTTP/1.1\r\nHost: a", CLIENT),
        (b"PROPFIND /dav/ HTTP/1.1\n", CLIENT),
        (b"x-own!verb /a HTTP/1.1\r\n", CLIENT),
        (b"GET /a/very/long/target/whose/end/is/not/here?" + b"x" * 100, CLIENT),
        (b"POST http://a/b", CLIENT),
        (b"HTTP/1.1 401 Unauthorized\r\n", SERVER),
        (b"HTTP/1.0 200 OK", SERVER),
        (b"HTTP/1.1 200\r\n", SERVER),
        (b"HTTP/1.1 20", None),
        (b"HTTP/2 200 OK\r\n", None),
        (b"HTTP/1.1 999 No\r\n", None),
        (b"GE", None),
        (b"PRI * HTTP/2.0\r\n\r\nSM", None),
        (b"OPTIONS sip:a@b SIP/2.0\r\n", None),
        (b"OPTIONS rtsp://a/b RTSP/1.0\r\n", None),
        (b"GET key value\r\n", None),
        (b"EHLO client.example\r\n", None),
        (b"220 mail ESMTP\r\n", None),
        (b"\x16\x03\x01\x02\x00", None),
        (b"\x00\x00\x00\x90\xfeSMB", None),
        (b"0\x84\x00\x00\x00\x10", None),
        (b"GET /\x00\x01\x02 binary", None),
        (b"\r\n\r\n", None),
    ],
)
def test_sender(head, side):
    """Both start lines tell their side, and no other protocol's bytes do."""
    assert sender(head) == side


def test_request_line_parts():
    """Method, target and version; spaces in a target are kept."""
    assert request_line(b"GET /a HTTP/1.1\r\nHost: b") == (b"GET", b"/a", b"HTTP/1.1")
    assert request_line(b"GET /a b HTTP/1.0 \n") == (b"GET", b"/a b", b"HTTP/1.0")
    assert request_line(b"GET HTTP/1.1\r\n") is None
    assert request_line(b"GET /a HTTP/2.0\r\n") is None
    assert request_line(b"G(T /a HTTP/1.1\r\n") is None


def test_status_line_parts():
    """A missing reason phrase is legal."""
    assert status_line(b"HTTP/1.1 401 Not  you\r\n") == (b"HTTP/1.1", 401, b"Not  you")
    assert status_line(b"HTTP/1.0 200") == (b"HTTP/1.0", 200, b"")
    assert status_line(b"HTTP/1.1 2000 OK\r\n") is None


@pytest.mark.parametrize("size", [0, 20, 200])
def test_a_status_line_reads_alike_whatever_follows(size):
    """Short lines are remembered, long ones are not, and the fields behind them do not count."""
    line = b"HTTP/1.1 403 " + b"n" * size
    read = (b"HTTP/1.1", 403, b"n" * size)
    for data in (line + b"\r\nServer: x\r\n\r\n", line + b"\n", line):
        assert status_line(data) == read
    assert status_line(b"HTTP/2 " + line) is None


def test_border_behind_an_empty_line():
    """Text that looks like a start line counts only at a start or behind an empty line."""
    request = b"GET / HTTP/1.1\r\n"
    assert find_border(CLIENT, request) == 0
    assert find_border(CLIENT, b"see GET / HTTP/1.1\r\n\r\n" + request) == 22
    assert find_border(CLIENT, b"x\r\n" + request) == -1
    assert find_border(SERVER, b"tail\n\nHTTP/1.1 200 OK") == 6
    assert find_border(SERVER, request) == -1


def test_may_begin_waits_for_known_methods_only():
    """A line that is not all there may still become a start line."""
    for length in range(1, 20):
        assert may_begin(CLIENT, b"POST /some/where HTTP/1.1"[:length])
    assert not may_begin(CLIENT, b"some text")
    assert not may_begin(CLIENT, b"GET /" + b"a" * 20_000)
    assert may_begin(SERVER, b"HTTP/1.1 4")
    assert not may_begin(SERVER, b"HTTX")


def test_is_start_wants_the_whole_line():
    """Half a request line does not end a body."""
    assert is_start(CLIENT, b"GET / HTTP/1.1\r\n")
    assert not is_start(CLIENT, b"GET / HTTP")
    assert is_start(SERVER, b"HTTP/1.1 200 OK")
