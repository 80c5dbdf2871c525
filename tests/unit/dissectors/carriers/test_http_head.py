"""Header blocks: the fields that matter, their places, and the length of the body."""

import pytest

from dissectors.carriers.http_block import (
    BROKEN,
    CHUNKED,
    UNTIL_CLOSE,
    Block,
    awaits_continue,
    ended_by,
    request_body,
    response_body,
)
from dissectors.carriers.http_head import Request, Response, host_name
from dissectors.carriers.http_start import request_line, status_line
from dissectors.carriers.window import Cut, Window


def block_of(*lines, offset=0, segment=None):
    """Put header lines into a window, `segment` bytes per frame, and read them."""
    data = b"".join(line + b"\r\n" for line in lines) + b"\r\n"
    window = Window()
    step = segment or len(data)
    for frame, at in enumerate(range(0, len(data), step), 1):
        window.append(offset + at, data[at : at + step], frame, frame * 1000)
    return Block(data, offset, window)


def request_of(*lines, **how):
    block = block_of(*lines, **how)
    return Request(block, request_line(block.data), 1)


def response_of(*lines, **how):
    block = block_of(*lines, **how)
    return Response(block, status_line(block.data))


def test_fields_are_found_in_any_case_and_order():
    """Header names are case-insensitive and may stand before a spaced colon."""
    request = request_of(
        b"GET / HTTP/1.1", b"hOST: web", b"AUTHORIZATION : NTLM a", b"proxy-authorization:Basic b"
    )
    assert [(field.family, field.value) for field in request.fields] == [
        ("http", b"NTLM a"),
        ("http-proxy", b"Basic b"),
    ]
    assert request.host == "web"


def test_names_within_names_and_values_do_not_count():
    """Only a whole name at the start of a line is a field."""
    request = request_of(
        b"GET /?authorization: HTTP/1.1",
        b"X-Authorization: a",
        b"Authorization-Old: b",
        b"Cookie: authorization: c",
        b"Hostile: d",
    )
    assert request.fields == []
    assert request.host is None


def test_folded_field_keeps_its_place():
    """obs-fold joins the lines, and offsets still count the bytes on the wire."""
    request = request_of(b"GET / HTTP/1.1", b"Authorization: NTLM", b"  abc", b"\tdef", offset=100)
    (field,) = request.fields
    assert field.value.split() == [b"NTLM", b"abc", b"def"]
    assert field.start == 100 + len(b"GET / HTTP/1.1\r\nAuthorization: ")


def test_space_before_the_first_field_does_not_extend_the_request_line():
    """RFC 9112 2.2: such a line is nobody's continuation."""
    request = request_of(b"GET / HTTP/1.1", b" Host: evil", b"Host: web")
    assert request.host == "web"
    assert request.target == b"/"


def test_frames_of_a_field_are_those_that_carry_its_value():
    """The other lines of the block do not count for it."""
    request = request_of(
        b"GET / HTTP/1.1", b"Authorization: NTLM " + b"a" * 25, b"Host: w", segment=20
    )
    assert request.fields[0].frames == (2, 3, 4)


def test_fields_of_a_response():
    """Every challenge line adds up; info fields are no challenges."""
    response = response_of(
        b"HTTP/1.1 401 No",
        b"Server: srv/1",
        b"WWW-Authenticate: Negotiate",
        b"www-authenticate: NTLM",
        b"Proxy-Authenticate: Basic",
        b"Authentication-Info: Negotiate a",
        b"Proxy-Authentication-Info: Negotiate b",
    )
    assert [(f.family, f.value, f.info) for f in response.fields] == [
        ("http", b"Negotiate", False),
        ("http", b"NTLM", False),
        ("http-proxy", b"Basic", False),
        ("http", b"Negotiate a", True),
        ("http-proxy", b"Negotiate b", True),
    ]
    assert response.server == b"srv/1"


def test_cut_block_marks_its_last_field():
    """Only the line that the capture cut is not whole."""
    data = b"GET / HTTP/1.1\r\nProxy-Authorization: NTLM a\r\nAuthorization: NTLM b"
    cut = Cut(0, data, (3, 4), 4000)
    block = Block(data, 0, Window(), cut)
    request = Request(block, request_line(data), 1)
    request.place(block)
    assert [field.cut for field in request.fields] == [None, "gap"]
    assert (request.frame, request.frames, request.ts_ns) == (4, (3, 4), 4000)


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([], 0),
        ([b"Content-Length: 12"], 12),
        ([b"content-length:  7 "], 7),
        ([b"Content-Length: 7, 7"], 7),
        ([b"Content-Length: 5", b"Transfer-Encoding: chunked"], CHUNKED),
        ([b"Transfer-Encoding: gzip, Chunked"], CHUNKED),
        ([b"Transfer-Encoding: gzip"], BROKEN),
        ([b"Transfer-Encoding: identity", b"Content-Length: 5"], 5),
        ([b"Content-Length: -1"], BROKEN),
        ([b"Content-Length: 0x10"], BROKEN),
        ([b"Content-Length: " + b"9" * 5000], BROKEN),
        ([b"Content-Length:"], BROKEN),
    ],
)
def test_length_of_a_request_body(lines, length):
    """RFC 9112 6.3 for requests: no announcement means no body."""
    assert request_body(block_of(b"POST / HTTP/1.1", *lines).size) == length


@pytest.mark.parametrize(
    ("lines", "code", "method", "length"),
    [
        ([b"Content-Length: 9"], 200, b"GET", 9),
        ([b"Content-Length: 9"], 200, b"HEAD", 0),
        ([b"Content-Length: 9"], 304, b"GET", 0),
        ([b"Transfer-Encoding: chunked"], 204, b"GET", 0),
        ([], 401, b"GET", UNTIL_CLOSE),
        ([b"Transfer-Encoding: gzip"], 200, b"GET", UNTIL_CLOSE),
        ([b"Transfer-Encoding: chunked"], 200, b"GET", CHUNKED),
    ],
)
def test_length_of_a_response_body(lines, code, method, length):
    """RFC 9112 6.3 for responses: no announcement means until the end of the connection."""
    assert response_body(block_of(b"HTTP/1.1 200 OK", *lines).size, code, method) == length


UNSAID = "HTTP/1.0, without keep-alive"


@pytest.mark.parametrize(
    ("lines", "version", "said"),
    [
        ([], b"HTTP/1.0", UNSAID),
        ([b"Connection: Keep-Alive"], b"HTTP/1.0", None),
        ([b"Connection: not-keep-alive"], b"HTTP/1.0", UNSAID),
        ([b"Connection: Upgrade", b"Connection: Keep-Alive"], b"HTTP/1.0", None),
        ([b"Connection: Keep-Alive, close"], b"HTTP/1.0", "Connection: close"),
        ([], b"HTTP/1.1", None),
        ([b"Connection: Close"], b"HTTP/1.1", "Connection: close"),
        ([b"Connection: TE ,\tclose "], b"HTTP/1.1", "Connection: close"),
        ([b"Connection: TE", b"Connection: close"], b"HTTP/1.1", "Connection: close"),
        ([b"Connection: X-Closely"], b"HTTP/1.1", None),
        ([b"X-Connection: close"], b"HTTP/1.1", None),
        ([b"Proxy-Connection: close"], b"HTTP/1.1", "Proxy-Connection: close"),
    ],
)
def test_what_ends_the_connection_after_a_response(lines, version, said):
    """RFC 9112 9.3: an option, whole and of any Connection field; or the version."""
    assert ended_by(block_of(version + b" 200 OK", *lines), version) == said


def test_expectation():
    """100-continue is the only one there is."""
    assert awaits_continue(block_of(b"PUT / HTTP/1.1", b"Expect: 100-Continue"))
    assert not awaits_continue(block_of(b"PUT / HTTP/1.1", b"X: Expect: 100-continue"))


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        (b"web.lab.example:8080", "web.lab.example"),
        (b"web", "web"),
        (b"[fd77::1]:80", "fd77::1"),
        (b"user:pw@web:80", "web"),
        (b"", None),
        (b":80", None),
    ],
)
def test_host_name(authority, name):
    """Ports, brackets and user information are taken off."""
    assert host_name(authority) == name


def test_names_of_a_request_through_a_proxy():
    """An absolute target outranks Host, and shows no password."""
    request = request_of(b"GET http://bob:pw@web.lab.example:81/a?b HTTP/1.1", b"Host: other")
    assert request.host == "web.lab.example"
    assert request.uri == "http://web.lab.example:81/a?b"
    assert request_of(b"CONNECT web:443 HTTP/1.1", b"Host: other").host == "web"


@pytest.mark.parametrize(
    ("line", "host", "port"),
    [
        (b"GET / HTTP/1.1", b"web", None),  # the connection's
        (b"GET / HTTP/1.1", b"web:8080", 8080),
        (b"GET / HTTP/1.1", b"[fd77::1]:81", 81),
        (b"GET / HTTP/1.1", b"[fd77::1]", None),
        (b"GET / HTTP/1.1", b"web:0", None),
        (b"GET / HTTP/1.1", b"web:65536", None),
        (b"GET / HTTP/1.1", b"web:", None),
        (b"GET http://web/ HTTP/1.1", b"other:81", 80),
        (b"GET HTTPS://web/ HTTP/1.1", b"other:81", 443),
        (b"GET http://web:82/ HTTP/1.1", b"other:81", 82),
        (b"GET ftp://web/ HTTP/1.1", b"other:81", None),
        (b"CONNECT web:443 HTTP/1.1", b"other:81", 443),
    ],
)
def test_port_of_a_request(line, host, port):
    """Where it is named, or meant by a target with a scheme."""
    assert request_of(line, b"Host: " + host).port == port


def test_sealed_bodies_of_ws_management():
    """MS-WSMV 2.2.9.1 names them by their media type."""
    media = b'Content-Type: multipart/encrypted;protocol="application/HTTP-%s-session-encrypted"'
    for how in (b"SPNEGO", b"Kerberos", b"CredSSP"):
        assert block_of(b"POST / HTTP/1.1", media % how).sealed
    assert not block_of(b"POST / HTTP/1.1", b"Content-Type: multipart/encrypted").sealed
    assert not block_of(b"POST / HTTP/1.1").sealed


def test_the_first_media_type_is_looked_at_once(monkeypatch):
    """However many there are: each look searches the whole block."""
    looked = []
    value = Block.value
    monkeypatch.setattr(Block, "value", lambda self, p: looked.append(p) or value(self, p))
    many = b"Content-Type: multipart/encrypted\r\n" * 1000
    Block(b"GET / HTTP/1.1\r\n" + many + b"\r\n", 0, Window())
    assert len(looked) == 1
