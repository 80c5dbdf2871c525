"""Where messages of HTTP/1.x begin and end, told by what the carrier makes of them."""

import pytest
from support.http_talk import (
    INIT,
    NTLM1,
    NTLM2,
    NTLM3,
    OK,
    RESP,
    Wire,
    b64,
    get,
    message,
    negotiate,
    ntlm,
    refuse,
)

from dissectors.carriers.base import CLIENT, SERVER

# -- bodies ---------------------------------------------------------------------------------------


def test_message_belongs_to_the_frame_in_which_its_body_ends():
    """So it is for both sides; the token keeps the frames of its own line."""
    wire = Wire()
    wire.client(negotiate(INIT, body=b"abcdef")[:-3]).client(b"def")
    wire.server(refuse(b"Negotiate " + b64(RESP), body=b"abc")[:-1]).server(b"c")
    assert wire.story == [
        ("request", 0, INIT, None, 2),
        ("response", 0, RESP, "continue", 4),
    ]
    assert [m.frames for m in wire.messages] == [(1,), (3,)]
    assert [m.ts_ns for m in wire.messages] == [2000, 4000]


def test_message_without_a_token_keeps_the_frames_of_its_header_and_its_end():
    """The frames in between hold nothing but skipped content."""
    wire = Wire().client(negotiate(INIT))
    wire.server(refuse(b"Negotiate", body=b"x" * 90)[:-90]).server(b"x" * 90, size=30)
    assert wire.messages[1].frames == (2, 5)
    assert wire.messages[1].frame == 5


def test_early_refusal_waits_for_the_request_to_end():
    """A request is told before its response, each in the frame where it ends."""
    wire = Wire().client(negotiate(INIT, body=b"abcdef", method=b"POST")[:-3])
    wire.server(refuse(b"Negotiate"))
    assert wire.story == []
    wire.client(b"def")
    assert [step[0] for step in wire.story] == ["request", "response", "hint"]
    assert [step[4] for step in wire.story] == [3, 2, 2]


def test_body_that_is_not_all_there_leaves_the_header_frame():
    """The capture ends inside the body."""
    wire = Wire().client(negotiate(INIT))
    wire.server(refuse(b"Negotiate", body=b"abcdef")[:-6]).server(b"abc").end()
    assert wire.messages[1].frame == 2


@pytest.mark.parametrize("trailer", [b"", b"X-Sum: 1\r\n"])
def test_chunked_body_with_extensions_and_trailers(trailer):
    """Its end is the empty line behind the last chunk."""
    head = b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\nWWW-Authenticate: NTLM\r\n\r\n"
    wire = Wire().client(ntlm(NTLM3))
    wire.server(head + b'3;name="v"\r\nabc\r\n').server(b"0A\r\nHTTP/1.1 \r\r\n")
    wire.server(b"0\r\n" + trailer).server(b"\r\n")
    assert wire.story[1] == ("response", 0, None, "failure", 5)
    wire.client(get()).server(OK)
    assert wire.codes == []


def test_chunk_without_a_size_loses_the_border():
    """Said, and the next response is found again."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire = Wire().client(get()).server(head + b"zz\r\nabc\r\n")
    wire.client(negotiate(INIT)).server(OK)
    assert wire.codes == ["malformed-message", "desync"]
    assert wire.messages[1].status.verdict == "success"


def test_head_has_no_body_whatever_it_announces():
    """The next response starts at once."""
    wire = (
        Wire().client(get(method=b"HEAD")).server(message(b"HTTP/1.1 200 OK", b"Content-Length: 5"))
    )
    wire.client(negotiate(INIT)).server(OK)
    assert wire.story[1][3] == "success"
    assert wire.codes == []


@pytest.mark.parametrize("start", [b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified"])
def test_statuses_without_a_body(start):
    """They need no length."""
    wire = Wire().client(negotiate(INIT)).server(message(start)).client(get()).server(OK)
    assert wire.story[1][3] == "success"
    assert wire.codes == []


def test_interim_responses_answer_nothing():
    """100, 102 and 103 come before the answer."""
    wire = Wire().client(negotiate(INIT)).server(b"HTTP/1.1 100 Continue\r\n\r\n")
    wire.server(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n").server(refuse(b"Negotiate"))
    assert [step[0] for step in wire.story] == ["request", "response", "hint"]
    assert wire.messages[1].status.code == 401


def test_body_left_out_after_expect():
    """A client that is refused need not send it; the next request stands there instead."""
    post = message(
        b"POST /a HTTP/1.1",
        b"Expect: 100-continue",
        b"Content-Length: 400",
        b"Authorization: NTLM " + b64(NTLM1),
    )
    wire = Wire().client(post).server(refuse(b"NTLM " + b64(NTLM2)))
    wire.client(ntlm(NTLM3)).server(OK)
    assert wire.story == [
        ("request", 0, NTLM1, None, 1),
        ("response", 0, NTLM2, "continue", 2),
        ("request", 0, NTLM3, None, 3),
        ("response", 0, None, "success", 4),
    ]


def test_body_sent_after_continue():
    """Then it is a body as any other."""
    post = message(
        b"POST /a HTTP/1.1",
        b"Expect: 100-continue",
        b"Content-Length: 6",
        b"Authorization: NTLM " + b64(NTLM3),
    )
    wire = (
        Wire().client(post).server(b"HTTP/1.1 100 Continue\r\n\r\n").client(b"abc").client(b"def")
    )
    wire.server(OK)
    assert [step[4] for step in wire.story] == [4, 5]


def test_body_until_the_server_closes():
    """HTTP/1.0: the FIN ends the message, as Wireshark has it."""
    wire = Wire().client(ntlm(NTLM1))
    wire.server(b"HTTP/1.0 401 No\r\nWWW-Authenticate: NTLM " + b64(NTLM2) + b"\r\n\r\nabc")
    wire.server(b"HTTP/1.0 200 is body").end(SERVER, "fin").end(CLIENT, "fin").end()
    assert wire.story == [
        ("request", 0, NTLM1, None, 1),
        ("response", 0, NTLM2, "continue", 4),
        ("after", 0, None, None, 4),
    ]


def test_body_without_length_on_a_connection_that_stays():
    """Against the rules, and real: the next response ends it."""
    wire = Wire().client(ntlm(NTLM1))
    wire.server(b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM " + b64(NTLM2) + b"\r\n\r\n")
    wire.server(b"HTTP/1.1 999 as text").client(ntlm(NTLM3)).server(OK)
    assert wire.story == [
        ("request", 0, NTLM1, None, 1),
        ("response", 0, NTLM2, "continue", 2),
        ("request", 0, NTLM3, None, 4),
        ("response", 0, None, "success", 5),
    ]


def test_empty_lines_and_bare_line_feeds_between_messages():
    """RFC 9112 2.2 wants both read."""
    wire = Wire().client(b"\r\n\r\n" + negotiate(INIT).replace(b"\r\n", b"\n"))
    wire.server(OK.replace(b"\r\n", b"\n")).client(b"\r\n" + get()).server(OK)
    assert [step[0] for step in wire.story] == ["request", "response"]
    assert wire.codes == []


# -- limits, other protocols ----------------------------------------------------------------------


def test_header_block_beyond_the_limit_is_given_up():
    """Without credentials 64 KiB are enough; the next message is read again."""
    wire = Wire().client(b"GET / HTTP/1.1\r\n" + b"Cookie: a=b\r\n" * 6000, size=1460)
    assert wire.codes == ["limit-message-size"]
    assert len(wire.carrier.windows[CLIENT]) < 65_536
    wire.client(b"X: y\r\n\r\n").client(negotiate(INIT)).server(OK)
    assert wire.messages[0].token == INIT


def test_many_fields_are_worth_a_note():
    """They are read nevertheless."""
    wire = Wire().client(get(*[b"X: y"] * 101, b"Authorization: Negotiate " + b64(INIT)))
    assert wire.codes == ["limit-count"]
    assert wire.story[0][2] == INIT


def test_unreadable_length_loses_the_border():
    """Said; the next segment that starts a message is read."""
    wire = Wire().client(negotiate(INIT)[:-2] + b"Content-Length: many\r\n\r\n" + b"some body")
    wire.client(get()).server(OK + OK).client(negotiate(INIT)).server(OK)
    assert wire.codes[0] == "bad-header"
    assert "desync" in wire.codes
    assert wire.story[0][2] == INIT
    assert wire.story[-1][3] == "success"


def test_gap_in_a_skipped_body_costs_nothing():
    """The pipeline passes over it; the next message is in its place."""
    wire = Wire().client(get()).server(message(b"HTTP/1.1 200 OK", body=b"x" * 100)[:-60])
    window = wire.carrier.windows[SERVER]
    assert window.skipping == 60
    wire.offsets[SERVER] += 50
    wire.server(b"x" * 10)
    wire.client(negotiate(INIT)).server(OK)
    assert wire.codes == []
    assert wire.story[1][3] == "success"


def test_connect_to_tls_ends_the_reading():
    """What follows is encrypted: said once, and skipped at no cost."""
    wire = Wire().client(b"CONNECT web:443 HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\n\r\n")
    wire.client(b"\x16\x03\x01\x00\x05hello").server(b"\x16\x03\x03\x00\x05hello")
    wire.client(b"GET / HTTP/1.1\r\nAuthorization: NTLM " + b64(NTLM1) + b"\r\n\r\n").end()
    assert wire.codes == ["encrypted"]
    assert wire.messages == []
    assert all(window.skipping for window in wire.carrier.windows)


def test_connect_to_another_protocol_is_left_alone():
    """An SSH session in a tunnel is nobody's mistake."""
    wire = Wire().client(b"CONNECT web:22 HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\n\r\n")
    wire.server(b"SSH-2.0-x\r\n").client(b"SSH-2.0-y\r\n\x00\x01\x02").end()
    assert wire.said == []


def test_http2_by_prior_knowledge_is_not_read():
    """Its preface looks like a request, of a version that is another protocol."""
    wire = (
        Wire().client(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04").server(b"\0\0\6\4").end()
    )
    assert wire.said == []


# -- borders of segments --------------------------------------------------------------------------

CONVERSATION = [
    (CLIENT, get(method=b"HEAD") + get()),
    (SERVER, message(b"HTTP/1.1 200 OK", b"Content-Length: 77") + refuse(b"NTLM", b"Negotiate")),
    (CLIENT, ntlm(NTLM1, body=b"GET / HTTP/1.1\r\n\r\n")),
    (
        SERVER,
        b"HTTP/1.1 100 Continue\r\n\r\n"
        + refuse(b"NTLM " + b64(NTLM2), body=b"HTTP/1.1 200 OK\r\n\r\n"),
    ),
    (CLIENT, b"\r\n" + ntlm(NTLM3)),
    (
        SERVER,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n12;x\r\nHTTP/1.1 401 No\r\n\r\r\n0\r\nA: b\r\n\r\n",
    ),
    (CLIENT, get() + get(b'Authorization: Digest username="bob"')),
    (SERVER, message(b"HTTP/1.1 304 Not Modified") + refuse(b'Digest nonce="a"', body=b"")[:-2]),
    (SERVER, b"Content-Length: 0\r\n\r\n"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_segment_borders_change_nothing(size):
    """Byte by byte the conversation tells the same as whole."""

    def told(size):
        wire = Wire()
        for side, data in CONVERSATION:
            wire.send(side, data, size)
        wire.end()
        return [
            (*step[:4], m.schemes) for step, m in zip(wire.story, wire.messages, strict=True)
        ], wire.codes

    whole = told(None)
    assert len(whole[0]) == 8
    assert whole[1] == []
    assert told(size) == whole


def test_every_prefix_is_safe():
    """Wherever the capture ends, nothing raises and nothing is told twice."""
    stream = [(side, bytes([byte])) for side, data in CONVERSATION for byte in data]
    for end in range(0, len(stream), 5):
        wire = Wire()
        for side, byte in stream[:end]:
            wire.send(side, byte)
        wire.end()
        requests = [m for m in wire.messages if m.kind == "request"]
        assert len(requests) <= 3
        assert set(wire.codes) <= {"cut-off", "desync"}


# -- gaps -------------------------------------------------------------------------------------------


def refusal_without_length(version):
    return b"HTTP/1.%d 401 No\r\nWWW-Authenticate: NTLM\r\n\r\n" % version


def test_gap_in_a_body_until_the_close():
    """It holds no border that could be lost."""
    wire = Wire().client(ntlm(NTLM3)).server(refusal_without_length(0))
    wire.lose(SERVER, 100).server(b"more").end(SERVER, "fin").end()
    assert wire.story[1] == ("response", 0, None, "failure", 5)
    assert wire.codes == []


def test_gap_in_a_body_that_a_response_may_end():
    """The next response is still found."""
    wire = Wire().client(ntlm(NTLM3)).server(refusal_without_length(1))
    wire.lose(SERVER, 100).client(ntlm(NTLM1)).server(OK).end()
    assert [step[3] for step in wire.story if step[0] == "response"] == ["failure", "success"]


def test_body_without_length_and_without_interest():
    """Nothing is told of it, and nothing waits for it."""
    wire = Wire().client(get()).server(b"HTTP/1.0 200 OK\r\n\r\nabc").end(SERVER, "fin").end()
    assert wire.said == []


def test_gap_in_a_body_that_was_waited_for():
    """After 100 Continue the lost bytes are the body's."""
    post = message(
        b"POST /a HTTP/1.1",
        b"Expect: 100-continue",
        b"Content-Length: 6",
        b"Authorization: NTLM " + b64(NTLM3),
    )
    wire = Wire().client(post).lose(CLIENT, 4).client(b"ef" + get()).server(OK)
    assert wire.story == [
        ("request", 0, NTLM3, None, 3),
        ("response", 0, None, "success", 4),
    ]
    assert wire.codes == []


def test_gap_behind_tls_is_nobodys_business():
    """What is not read cannot be lost."""
    wire = Wire().client(b"CONNECT web:443 HTTP/1.1\r\n\r\n").server(b"HTTP/1.1 200 OK\r\n\r\n")
    wire.client(b"\x16\x03\x01").lose(CLIENT, 5).client(get()).end()
    assert wire.codes == ["encrypted"]


def test_text_that_is_no_message_loses_the_border():
    """What follows it on a line of its own block is found again."""
    wire = (
        Wire().client(get()).server(OK).client(b"this is\r\nno message\r\n\r\n" + negotiate(INIT))
    )
    assert wire.codes == ["desync"]
    assert wire.story == [("request", 0, INIT, None, 3)]
    (lost,) = wire.said[:1]
    assert lost.anomaly.span == (len(get()), len(get()) + 23)
    wire.server(b"nor\r\nis this\r\n\r\n" + OK)
    assert wire.story[1] == ("response", 0, None, "success", 4)


def test_line_without_an_end_is_given_up():
    """A start line has a bound; so has a trailer's."""
    wire = Wire().client(b"GET /" + b"a" * 20_000, size=1460)
    assert len(wire.carrier.windows[CLIENT]) < 16_384
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    wire = Wire().client(get()).server(head).server(b"X: " + b"a" * 20_000, size=1460)
    assert wire.codes == ["limit-message-size"]
    assert len(wire.carrier.windows[SERVER]) < 16_384


def test_pipelined_request_whose_body_is_on_its_way():
    """It is told when it ends, behind those before it."""
    wire = Wire().client(negotiate(INIT) + ntlm(NTLM1, body=b"abc")[:-1])
    assert wire.story == [("request", 0, INIT, None, 1)]
    wire.server(OK).client(b"c")
    assert [step[0] for step in wire.story] == ["request", "response", "request"]
