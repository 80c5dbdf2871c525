"""Kerberos messages in the bodies of a KDC proxy."""

import pytest
from support.http_talk import INIT, Wire, get, message, negotiate
from support.kdc_talk import AS_REP, AS_REQ, PREAUTH_REQUIRED, PROOF, over_tcp
from support.kerberos_messages import der, text

from dissectors.carriers.base import CLIENT, SERVER
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
