"""Kerberos messages in the bodies of a KDC proxy."""

import pytest
from support.http_talk import INIT, Wire, get, message, negotiate
from support.kdc_talk import AS_REP, AS_REQ, PREAUTH_REQUIRED, PROOF, over_tcp
from support.kerberos_messages import der, text

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.http_chunks import CHUNKS_LIMIT
from dissectors.carriers.http_kdc import BODY_LIMIT, body_size, is_proxy_request
from dissectors.span import Span

OK = b"HTTP/1.1 200 OK"
TYPE = b"Content-Type: application/kerberos"


def proxied(kerberos, *rest):
    """A KDC-PROXY-MESSAGE."""
    return der(0x30, der(0xA0, der(0x04, over_tcp(kerberos))), *rest)


def post(kerberos, target=b"/KdcProxy"):
    """A request as Windows and MIT send it."""
    body = proxied(kerberos, der(0xA1, text("LAB.EXAMPLE")))
    return message(b"POST %s HTTP/1.1" % target, b"Host: proxy", body=body)


def answer(kerberos, line=OK):
    """The proxy's response."""
    return message(line, TYPE, body=proxied(kerberos))


def talk(size=None):
    """Two exchanges on one connection."""
    wire = Wire().client(post(AS_REQ), size).server(answer(PREAUTH_REQUIRED), size)
    return wire.client(post(PROOF), size).server(answer(AS_REP), size).end()


def tokens(wire):
    """What was handed on."""
    return [m.token for m in wire.messages]


def test_messages_come_out_of_the_bodies():
    """Each with its place in the stream, as the kind `kdc`, and whose transport is the proxy."""
    wire = talk()
    assert tokens(wire) == [AS_REQ, PREAUTH_REQUIRED, PROOF, AS_REP]
    assert {(m.kind, m.context["transport"], m.exchange) for m in wire.messages} == {
        ("kdc", "kkdcp", None)
    }
    assert [m.side for m in wire.messages] == [0, 1, 0, 1]
    assert [m.frame for m in wire.messages] == [1, 2, 3, 4]
    at = post(AS_REQ).index(AS_REQ)
    assert wire.messages[0].token_span == Span(at, at + len(AS_REQ))
    assert wire.codes == []


@pytest.mark.parametrize("size", [1, 3, 50, 1460])
def test_segments_do_not_matter(size):
    """However the bytes are cut, the same messages come out."""
    wire = talk(size)
    assert tokens(wire) == tokens(talk())
    assert [m.token_span for m in wire.messages] == [m.token_span for m in talk().messages]


def test_a_response_may_end_with_the_connection():
    """Its own length is enough; what follows is no message."""
    head = b"HTTP/1.0 200 OK\r\n" + TYPE + b"\r\n\r\n"
    wire = Wire().client(post(AS_REQ)).server(head).server(proxied(AS_REP), 100).server(b"\r\n")
    assert tokens(wire.end(SERVER, "fin")) == [AS_REQ, AS_REP]


def test_only_the_proxys_path_is_read():
    """Other bodies are skipped unread, whatever they hold."""
    wire = Wire().client(post(AS_REQ, b"/upload")).server(answer(AS_REP))
    assert wire.said == []
    assert is_proxy_request(b"POST", b"https://proxy/KDCPROXY?x=/y")
    assert not is_proxy_request(b"GET", b"/KdcProxy")
    assert not is_proxy_request(b"POST", b"/KdcProxy/more")


def test_an_answer_alone_is_known_by_its_type():
    """Where the requests are not in the capture."""
    wire = Wire(started_before=True).server(answer(AS_REP))
    assert tokens(wire) == [AS_REP]
    assert tokens(Wire(started_before=True).server(message(OK, body=proxied(AS_REP)))) == []


def test_an_errors_page_is_no_message():
    """Only the body of a 200 is read; of others the status is told, in the frame of their header block."""
    wire = Wire().client(post(AS_REQ)).server(message(b"HTTP/1.1 503 No", body=b"<p>later</p>"))
    assert tokens(wire) == [AS_REQ, None]
    said = wire.messages[1]
    assert (said.kind, said.side, said.frame) == ("kdc", SERVER, 2)
    assert said.status is not None
    assert (said.status.code, said.status.verdict, said.status.layer) == (503, "failure", "http")
    assert wire.codes == []


def test_a_page_in_place_of_the_message():
    """A 200 that is none of a KDC's answers the request all the same."""
    wire = Wire().client(post(AS_REQ)).server(message(OK, TYPE, body=b"<p>hello</p>"))
    assert tokens(wire) == [AS_REQ, None]
    assert wire.messages[1].status is not None
    assert wire.messages[1].status.verdict == "success"
    assert wire.codes == ["malformed-message"]
    for line in (b"Content-Length: 0", b"Content-Length: %d" % (BODY_LIMIT + 1)):
        wire = Wire().client(post(AS_REQ)).server(message(OK, TYPE, line))
        assert tokens(wire) == [AS_REQ, None]


def test_a_body_that_is_none_is_told():
    """The path promised a message."""
    wire = Wire().client(message(b"POST /KdcProxy HTTP/1.1", body=b"hello=world&x=1"))
    assert tokens(wire) == []
    assert wire.codes == ["malformed-message"]


def test_no_body_is_no_message():
    """Nor is one beyond the limit, which is skipped."""
    large = message(b"POST /KdcProxy HTTP/1.1", body=bytes(BODY_LIMIT + 1))
    wire = Wire().client(message(b"POST /KdcProxy HTTP/1.1")).client(large[:9000])
    assert len(wire.carrier.windows[CLIENT]) == 0
    assert wire.client(large[9000:]).client(post(PROOF)).messages[0].token == PROOF
    assert wire.codes == []
    assert body_size(b"\x30\x83\xff\xff\xff\0") == body_size(b"<html>") == 0


def test_what_is_no_kdcs_message_is_left_alone():
    """A password change goes the same way."""
    wire = Wire().client(post(b"\x01\x90\0\x01" + b"x" * 100)).client(post(AS_REP))
    assert wire.said == []


def test_of_a_torn_body_the_beginning_is_handed_on():
    """HTTP goes on behind it."""
    data = post(AS_REQ)
    wire = Wire().client(data[:-100]).lose(CLIENT, 60).client(data[-40:] + post(PROOF))
    assert tokens(wire) == [AS_REQ[: -100 + 15], PROOF]
    assert wire.codes == ["gap"]


def test_a_body_whose_end_is_lost_too():
    """The next request is found again."""
    data = post(AS_REQ)
    wire = Wire().client(data[:-100]).lose(CLIENT, 500).client(post(PROOF))
    assert tokens(wire) == [AS_REQ[: -100 + 15], PROOF]


def test_a_body_at_the_end_of_the_capture():
    """What is there is handed on."""
    wire = Wire().client(post(AS_REQ)[:-50]).end()
    assert wire.messages[0].anomalies[0].code == "cut-off"
    assert AS_REQ.startswith(wire.messages[0].token)


def test_credentials_of_the_same_request_are_told_as_well():
    """A proxy may want to know who asks."""
    request = negotiate(INIT, body=proxied(AS_REQ), method=b"POST", target=b"/KdcProxy")
    wire = Wire().client(request).server(answer(AS_REP))
    assert sorted(m.kind for m in wire.messages) == ["kdc", "kdc", "request", "response"]
    assert tokens(Wire().client(get(target=b"/KdcProxy"))) == []


# -- chunks ----------------------------------------------------------------------------------------


def in_chunks(start, body, *sizes, end=b"0\r\n\r\n"):
    """A message whose body comes in chunks of these sizes, the rest in a last one."""
    parts, at = [], 0
    for size in (*sizes, len(body)):
        piece = body[at : at + size]
        at += size
        parts.append(b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b"")
    head = message(start, b"Host: proxy", TYPE, b"Transfer-Encoding: chunked")
    return head + b"".join(parts) + end


POST = b"POST /KdcProxy HTTP/1.1"
CHUNKED_TALK = (
    (in_chunks(POST, proxied(AS_REQ)), in_chunks(OK, proxied(PREAUTH_REQUIRED), 40)),
    (in_chunks(POST, proxied(PROOF), 1, 7, 90), in_chunks(OK, proxied(AS_REP), 3, end=b"0\r\nX: y\r\n\r\n")),
)  # fmt: skip


def chunked(size=None):
    """Two exchanges on one connection, all in chunks."""
    wire = Wire()
    for request, response in CHUNKED_TALK:
        wire.client(request, size).server(response, size)
    return wire.end()


def test_chunks_are_put_together():
    """The message and where it lies: in one stretch of the stream, or in several."""
    wire = chunked()
    assert tokens(wire) == [AS_REQ, PREAUTH_REQUIRED, PROOF, AS_REP]
    assert [m.frame for m in wire.messages] == [1, 2, 3, 4]
    assert wire.codes == []
    one, _, many, _ = wire.messages
    request = CHUNKED_TALK[0][0]
    at = request.index(AS_REQ)
    assert (one.token_span, one.runs) == (Span(at, at + len(AS_REQ)), ())
    stream = request + CHUNKED_TALK[1][0]
    assert b"".join(stream[run.start : run.end] for run in many.runs) == PROOF
    assert many.token_span == Span(many.runs[0].start, many.runs[-1].end)


@pytest.mark.parametrize("size", [1, 2, 3, 50, 1460])
def test_segments_do_not_matter_to_chunks(size):
    """However the bytes are cut, the same messages come out, in the frames that hold them."""
    wire = chunked(size)
    assert tokens(wire) == tokens(chunked())
    for found, whole in zip(wire.messages, chunked().messages, strict=True):
        assert (found.token_span, found.runs) == (whole.token_span, whole.runs)
    first = wire.messages[0]
    request = CHUNKED_TALK[0][0]
    assert first.frame == -(-len(request) // size)
    body = request.index(proxied(AS_REQ))
    spanned = range(body // size, -(-(body + len(proxied(AS_REQ))) // size))
    assert first.frames == tuple(at + 1 for at in spanned)


def test_of_a_torn_chunk_the_beginning_is_handed_on():
    """Where the next message begins is not known, but it is found."""
    data = CHUNKED_TALK[0][0]
    end = data.index(AS_REQ) + 100
    wire = Wire().client(data[:end]).lose(CLIENT, len(data) - end).client(post(PROOF))
    assert tokens(wire) == [AS_REQ[:100], PROOF]
    assert (wire.codes, wire.messages[0].frame) == (["gap"], 1)
    wire = Wire().client(data[:end]).end()
    assert (tokens(wire), wire.codes) == ([AS_REQ[:100]], ["cut-off"])


def test_of_a_message_that_is_all_there_nothing_is_missing():
    """Only the end of its body is."""
    wire = Wire().client(CHUNKED_TALK[0][0][:-5]).end()
    assert (tokens(wire), wire.codes) == ([AS_REQ], [])


def test_a_broken_chunk_ends_the_message():
    """What came before it is handed on."""
    data = in_chunks(POST, proxied(AS_REQ), 80)
    wire = Wire().client(data.replace(b"50\r\n", b"5x\r\n"))
    assert (tokens(wire), wire.codes) == ([], ["malformed-message"])
    cut = data.index(b"\r\n", data.index(proxied(AS_REQ)[:80]) + 80) + 2
    wire = Wire().client(data[:cut] + b"zz\r\n")
    assert tokens(wire) == [AS_REQ[: 80 - proxied(AS_REQ).index(AS_REQ)]]
    assert wire.codes == ["malformed-message", "malformed-message"]


@pytest.mark.parametrize("sizes", [(BODY_LIMIT,), (1,) * CHUNKS_LIMIT])
def test_what_is_kept_of_chunks_is_bounded(sizes):
    """By bytes and by number; more is told and passed over, and the next message is read."""
    body = proxied(AS_REQ).ljust(BODY_LIMIT + 1, b"\0")
    wire = Wire().client(in_chunks(POST, body, *sizes)).client(post(PROOF))
    assert (tokens(wire), wire.codes) == ([PROOF], ["limit-message-size"])


def test_chunks_of_other_bodies_are_passed_over():
    """They are of no interest."""
    data = in_chunks(b"POST /upload HTTP/1.1", proxied(AS_REQ), 9)
    wire = Wire().client(data)
    assert (wire.said, len(wire.carrier.windows[CLIENT])) == ([], 0)


# -- refusals of the proxy -------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 1, 20])
def test_a_proxys_error_names_the_request(size):
    """It holds no message, and says by its status that there is no answer of a KDC."""
    page = message(b"HTTP/1.1 503 Service Unavailable", body=b"<p>later</p>")
    wire = Wire().client(post(AS_REQ), size).server(page, size)
    asked, refused = wire.messages
    assert (refused.kind, refused.side, refused.token) == ("kdc", SERVER, None)
    assert refused.status[1:5] == (503, "503", "http", "Service Unavailable")
    assert refused.context == {"transport": "kkdcp", "request_frame": asked.frame}
    assert wire.client(post(PROOF), size).server(answer(AS_REP), size).messages[-1].token == AS_REP


@pytest.mark.parametrize("size", [None, 1, 20])
def test_a_chunked_request_is_named_by_its_frame_too(size):
    """It ends with the last chunk, whose frame its message has."""
    page = message(b"HTTP/1.1 503 Service Unavailable")
    asked, refused = Wire().client(CHUNKED_TALK[1][0], size).server(page, size).messages
    assert (asked.token, refused.context["request_frame"]) == (PROOF, asked.frame)


PAGE = b"<p>hello</p>"
UNREAD = {
    "length": (message(OK, TYPE, body=PAGE), ["malformed-message"]),
    "chunks": (in_chunks(OK, PAGE, 5), ["malformed-message"]),
    "no chunk": (in_chunks(OK, b""), []),
    "too large a chunk": (in_chunks(OK, bytes(BODY_LIMIT + 1)), ["limit-message-size"]),
    "too many chunks": (in_chunks(OK, bytes(CHUNKS_LIMIT + 9), *(1,) * CHUNKS_LIMIT), ["limit-message-size"]),
    "up to the close": (message(OK, TYPE) + PAGE, []),
    "nothing up to the close": (message(OK, TYPE), []),
}  # fmt: skip


@pytest.mark.parametrize("size", [None, 100_000, 5])
@pytest.mark.parametrize("framing", UNREAD)
def test_an_answer_without_a_message_names_the_request_too(framing, size):
    """However its body is framed; the status is told once."""
    data, codes = UNREAD[framing]
    if len(data) > 20_000 and size == 5:
        size = 1460
    wire = Wire().client(post(AS_REQ), size).server(data, size).end(SERVER, "fin")
    asked, unread = wire.messages
    assert (unread.kind, unread.side, unread.token) == ("kdc", SERVER, None)
    assert (unread.status.verdict, unread.status.code, unread.status.detail) == (
        "success",
        200,
        "OK",
    )
    assert unread.context["request_frame"] == asked.frame
    assert wire.codes == codes


def test_a_torn_request_is_named_by_its_frame_too():
    """Its message ends before the hole, its body behind it."""
    data = post(AS_REQ)
    wire = Wire().client(data[:-100]).lose(CLIENT, 60).client(data[-40:])
    asked, refused = wire.server(message(b"HTTP/1.1 503 No")).messages
    assert (asked.frame, refused.context["request_frame"]) == (1, 1)


def test_errors_of_other_requests_are_none():
    """Nor is one whose request was not captured."""
    page = message(b"HTTP/1.1 503 No", body=b"<p>later</p>")
    assert Wire().client(post(AS_REQ, b"/upload")).server(page).messages == []
    assert Wire().client(post(b"\x01\x90\0\x01" + b"x" * 100)).server(page).messages == []
    assert Wire(started_before=True).server(page).messages == []
