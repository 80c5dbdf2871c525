"""Conversations over HTTP/1.x: what the carrier tells of them, whatever their framing."""

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
from dissectors.carriers.http import HttpCarrier

# -- runs of legs ---------------------------------------------------------------------------------


def test_ntlm_in_three_legs_after_a_challenge():
    """The bare challenge is a hint, the run of legs one exchange."""
    wire = Wire()
    wire.client(get()).server(refuse(b"Negotiate", b"NTLM"))
    wire.client(ntlm(NTLM1)).server(refuse(b"NTLM " + b64(NTLM2)))
    wire.client(ntlm(NTLM3)).server(OK)
    assert wire.story == [
        ("hint", None, None, None, 2),
        ("request", 0, NTLM1, None, 3),
        ("response", 0, NTLM2, "continue", 4),
        ("request", 0, NTLM3, None, 5),
        ("response", 0, None, "success", 6),
    ]
    hint, *_, success = wire.messages
    assert hint.schemes == ("Negotiate", "NTLM")
    assert hint.context["carrier"] == "http"
    assert hint.context["server_name"] == "web"
    assert success.status == ("success", 200, "200", "http", "OK", None)
    (exchange,) = wire.exchanges
    assert (exchange.carrier, exchange.scheme) == ("http", "NTLM")
    assert (exchange.key, exchange.carrier_version) == ("request 2", "HTTP/1.1")
    assert exchange.server_name == "web"
    assert exchange.context["uri"] == "/a"
    assert exchange.context["method"] == "GET"
    assert exchange.context["protection_none"]


def test_token_in_the_first_request_and_in_the_success():
    """curl asks nobody first; mutual authentication answers in the 200."""
    wire = Wire().client(negotiate(INIT))
    wire.server(message(b"HTTP/1.1 200 OK", b"WWW-Authenticate: Negotiate " + b64(RESP), body=b"x"))
    assert wire.story == [
        ("request", 0, INIT, None, 1),
        ("response", 0, RESP, "success", 2),
    ]


@pytest.mark.parametrize("scheme", [b"Negotiate", b"negotiate", b"NEGOTIATE"])
def test_letter_case_of_schemes_and_headers_does_not_matter(scheme):
    """Printed is the canonical spelling."""
    wire = Wire().client(get(b"aUTHORIZATION: " + scheme + b" " + b64(INIT)))
    wire.server(message(b"HTTP/1.1 200 OK", b"www-AUTHENTICATE: nEGOTIATE " + b64(RESP), body=b"x"))
    assert [step[2] for step in wire.story] == [INIT, RESP]
    assert wire.exchanges[0].scheme == "Negotiate"
    assert wire.messages[1].schemes == ("Negotiate",)


def test_kerberos_in_every_request_is_an_exchange_each():
    """After a success the next credentials begin anew; requests without any belong to nobody."""
    wire = Wire()
    for _ in range(3):
        wire.client(negotiate(INIT)).server(OK).client(get()).server(OK)
    assert [step[:2] for step in wire.story] == [
        (kind, number) for number in range(3) for kind in ("request", "response")
    ]
    assert [exchange.key for exchange in wire.exchanges] == ["request 1", "request 3", "request 5"]


def test_fresh_token_after_a_refusal_is_a_new_exchange():
    """A 401 without a token ends the attempt, and offers again."""
    wire = Wire().client(negotiate(INIT)).server(refuse(b"Negotiate"))
    wire.client(negotiate(INIT)).server(OK)
    assert [step[:2] + step[3:4] for step in wire.story] == [
        ("request", 0, None),
        ("response", 0, "failure"),
        ("hint", None, None),
        ("request", 1, None),
        ("response", 1, "success"),
    ]


def test_success_with_a_bare_challenge_is_a_success():
    """Some servers repeat `WWW-Authenticate: NTLM` in a 200."""
    wire = Wire().client(ntlm(NTLM3))
    wire.server(message(b"HTTP/1.1 200 OK", b"WWW-Authenticate: NTLM", body=b"x"))
    assert wire.story[1] == ("response", 0, None, "success", 2)
    assert len(wire.story) == 2


@pytest.mark.parametrize("code", [301, 403, 404, 500, 503])
def test_any_other_status_means_authenticated(code):
    """What is refused later is not the authentication."""
    wire = Wire().client(negotiate(INIT)).server(message(b"HTTP/1.1 %d X" % code, body=b"x"))
    assert wire.messages[1].status[:3] == ("success", code, str(code))


def test_token_in_authentication_info():
    """It counts as the server's final token, and is no challenge."""
    wire = Wire().client(negotiate(INIT))
    info = b"Authentication-Info: Negotiate " + b64(RESP)
    wire.server(message(b"HTTP/1.1 200 OK", info, body=b"x"))
    assert wire.story[1] == ("response", 0, RESP, "success", 2)
    assert wire.messages[1].schemes == ()


def test_server_that_speaks_first():
    """A token that answers nothing is a hint with that token."""
    wire = Wire().client(get()).server(refuse(b"Negotiate " + b64(INIT)))
    assert wire.story == [("hint", None, INIT, None, 2)]


def test_token_of_another_scheme_than_the_clients():
    """It does not continue the client's exchange, and does not disappear."""
    wire = Wire().client(negotiate(INIT)).server(refuse(b"NTLM " + b64(NTLM2), b"Negotiate"))
    assert wire.story[1:] == [
        ("response", 0, None, "failure", 2),
        ("hint", None, NTLM2, None, 2),
    ]


def test_pipelined_requests_are_answered_in_order():
    """Each of them is authenticated by itself."""
    wire = Wire().client(negotiate(INIT) + get() + negotiate(INIT + b"2"))
    wire.server(OK + refuse(b"Negotiate") + refuse(b"Negotiate " + b64(RESP)))
    assert [step[:4] for step in wire.story] == [
        ("request", 0, INIT, None),
        ("request", 1, INIT + b"2", None),
        ("response", 0, None, "success"),
        ("hint", None, None, None),
        ("response", 1, RESP, "continue"),
    ]


def test_folded_and_repeated_challenges():
    """Folded lines, several challenges in a line, several lines: one list in order."""
    lines = b'WWW-Authenticate: Negotiate,\r\n NTLM\r\nWWW-Authenticate: Basic realm="a, b"\r\n'
    wire = (
        Wire().client(get()).server(b"HTTP/1.1 401 No\r\n" + lines + b"Content-Length: 0\r\n\r\n")
    )
    assert wire.messages[0].schemes == ("Negotiate", "NTLM", "Basic")


def test_wrapped_token():
    """A token folded over two lines is one token."""
    text = b64(INIT)
    wire = Wire().client(get(b"Authorization: Negotiate " + text[:7] + b"\r\n\t" + text[7:]))
    assert wire.story == [("request", 0, INIT, None, 1)]


# -- two families ---------------------------------------------------------------------------------


def both(origin, proxy):
    return get(
        b"Authorization: Negotiate " + b64(origin),
        b"Proxy-Authorization: NTLM " + b64(proxy),
        target=b"http://web/a",
    )


def test_origin_and_proxy_in_one_request():
    """Two independent exchanges: a 401 is the proxy's success, a 407 no word of the origin."""
    wire = Wire().client(both(INIT, NTLM1)).server(refuse(b"NTLM " + b64(NTLM2), code=407))
    wire.client(both(INIT, NTLM3)).server(refuse(b"Negotiate " + b64(RESP)))
    wire.client(negotiate(RESP)).server(OK)
    origin, proxy = wire.exchanges
    assert (origin.carrier, origin.scheme, origin.server_name) == ("http", "Negotiate", "web")
    assert (proxy.carrier, proxy.scheme, proxy.server_name) == ("http-proxy", "NTLM", None)
    assert proxy.context["target"] == "web"
    assert [step[:4] for step in wire.story] == [
        ("request", 0, INIT, None),
        ("request", 1, NTLM1, None),
        ("response", 0, None, "continue"),
        ("response", 1, NTLM2, "continue"),
        ("request", 0, INIT, None),
        ("request", 1, NTLM3, None),
        ("response", 0, RESP, "continue"),
        ("response", 1, None, "success"),
        ("request", 0, RESP, None),
        ("response", 0, None, "success"),
    ]


def test_connect_through_an_authenticating_proxy_to_http():
    """In the tunnel HTTP goes on, now with the origin server."""
    wire = Wire()
    connect = b"CONNECT web:80 HTTP/1.1"
    wire.client(message(connect, b"Proxy-Authorization: NTLM " + b64(NTLM1)))
    wire.server(refuse(b"NTLM " + b64(NTLM2), code=407))
    wire.client(message(connect, b"Proxy-Authorization: NTLM " + b64(NTLM3)))
    wire.server(b"HTTP/1.1 200 Established\r\nContent-Length: 99\r\n\r\n")
    wire.client(negotiate(INIT)).server(OK)
    assert [step[:2] + step[3:4] for step in wire.story] == [
        ("request", 0, None),
        ("response", 0, "continue"),
        ("request", 0, None),
        ("response", 0, "success"),
        ("request", 1, None),
        ("response", 1, "success"),
    ]
    assert wire.exchanges[0].context["target"] == "web"
    assert wire.exchanges[0].carrier == "http-proxy"


@pytest.mark.parametrize("start", [b"HTTP/1.1 101 Switching Protocols"])
def test_upgrade_ends_the_reading_and_answers(start):
    """101 is a final answer; the bytes behind it are another protocol's."""
    wire = Wire().client(negotiate(INIT)).server(message(start) + b"\x81\x05hello")
    wire.client(b"\x81\x85abcdefghi").end()
    assert wire.messages[1].status.code == 101
    assert wire.codes == []


@pytest.mark.parametrize("field", [b"Upgrade: TLS/1.2, HTTP/1.1", b"upgrade: HTTP/2.0,TLS/1.0"])
def test_upgrade_to_tls_is_told(field):
    """What follows is not another protocol only, it is encrypted."""
    wire = Wire().client(negotiate(INIT))
    wire.server(message(b"HTTP/1.1 101 Switching Protocols", field) + b"\x16\x03\x03\0\x01\0")
    wire.end()
    assert wire.codes == ["encrypted"]


# -- logons without GSS ---------------------------------------------------------------------------


def test_basic_keeps_the_user_and_never_the_password():
    """Nothing that the carrier holds or says repeats it."""
    secret = b"s3cr3t-pass"
    text = b64(rb"LAB\alice:" + secret)
    wire = Wire().client(get(b"Authorization: Basic " + text)).server(refuse(b'Basic realm="x"'))
    (exchange,) = wire.exchanges
    assert (exchange.scheme, exchange.mechanism) == ("Basic", "basic")
    assert (exchange.user, exchange.domain) == ("alice", "LAB")
    assert wire.story[0] == ("request", 0, None, None, 1)
    shown = repr(wire.said) + repr(vars(wire.carrier)) + repr(wire.carrier.windows[CLIENT].data)
    for form in (secret, text):
        assert form.decode() not in shown


def test_digest_and_bearer():
    """Digest names its user, Bearer does not; neither has a token."""
    wire = Wire().client(get(b'Authorization: Digest username="bob", response="f00"')).server(OK)
    wire.client(get(b"Authorization: Bearer abc.def")).server(OK)
    digest, bearer = wire.exchanges
    assert (digest.mechanism, digest.user) == ("digest", "bob")
    assert (bearer.mechanism, bearer.user) == ("bearer", None)
    assert "abc.def" not in repr(wire.said)
    assert "f00" not in repr(wire.said)


def test_stale_digest_goes_on():
    """Only the nonce was too old: the next answer is part of the same attempt."""
    digest = get(b'Authorization: Digest username="bob"')
    wire = Wire().client(digest).server(refuse(b'Digest nonce="n", stale=TRUE'))
    wire.client(digest).server(OK)
    assert [step[:2] + step[3:4] for step in wire.story if step[0] == "response"] == [
        ("response", 0, "continue"),
        ("response", 0, "success"),
    ]


def test_scram_goes_on_while_it_has_data():
    """RFC 7804: the challenge carries `data`."""
    wire = Wire().client(get(b"Authorization: SCRAM-SHA-256 data=biws"))
    wire.server(refuse(b"SCRAM-SHA-256 sid=a, data=cj0x"))
    wire.client(get(b"Authorization: scram-sha-256 sid=a, data=Yz1i")).server(OK)
    assert [step[3] for step in wire.story] == [None, "continue", None, "success"]
    assert wire.exchanges[0].mechanism == "scram"


def test_secret_without_a_scheme_is_not_repeated():
    """Told as an unreadable header, with its place only."""
    wire = Wire().client(get(b"Authorization: 0123456789secret")).server(OK)
    assert wire.codes == ["bad-header"]
    assert wire.messages == []
    assert "secret" not in repr(wire.said)


# -- broken values --------------------------------------------------------------------------------


def test_bad_base64_says_where():
    """The leg is there without a token; the span holds the value's bytes in the stream."""
    request = get(b"Authorization: Negotiate !!!!")
    wire = Wire().client(get()).server(OK).client(request).server(OK)
    told = wire.messages[0]
    assert (told.kind, told.token) == ("request", None)
    (anomaly,) = told.anomalies
    assert anomaly.code == "bad-base64"
    stream = get() + request
    assert stream[anomaly.span.start : anomaly.span.end] == b"Negotiate !!!!"


def test_empty_token():
    """Its place is there, its bytes are not."""
    wire = Wire().client(get(b"Authorization: Negotiate")).server(OK)
    assert wire.messages[0].token == b""
    assert wire.codes == ["empty-token"]


def test_token_beyond_the_limit_is_cut():
    """A header block may be large if credentials make it so."""
    token = INIT + b"x" * 70_000
    wire = Wire().client(negotiate(token), size=1460).server(OK)
    assert wire.messages[0].token == token[:65_536]
    assert wire.codes == ["limit-token-size"]


def test_many_challenges_are_cut():
    """The list has a bound of its own."""
    wire = Wire().client(get()).server(refuse(b"a," * 500 + b"b"))
    assert wire.codes == ["limit-count"]
    assert wire.messages[0].schemes == ("a",)


def test_second_credentials_of_a_family_are_not_believed():
    """The first field counts, as in Wireshark; the second is told."""
    wire = Wire().client(get(b"Authorization: NTLM " + b64(NTLM1), b"Authorization: NTLM abcd"))
    assert wire.story == [("request", 0, NTLM1, None, 1)]
    assert wire.codes == ["bad-header"]


def test_many_requests_without_an_answer_are_bounded():
    """A capture of one direction must not gather them for ever."""
    wire = Wire()
    for _ in range(600):
        wire.client(negotiate(INIT))
    assert len(wire.messages) == 600
    assert wire.codes == ["limit-count"]


# -- sealed content -------------------------------------------------------------------------------


def test_encrypted_content_of_ws_management_counts():
    """Messages of both directions belong to the connection's latest success."""
    media = (
        b'Content-Type: multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"'
    )
    wire = Wire().client(negotiate(INIT)).server(OK)
    (exchange,) = wire.exchanges
    assert exchange.context["protection_none"]
    for _ in range(2):
        wire.client(get(media, body=b"x")).server(message(b"HTTP/1.1 200 OK", media, body=b"y"))
    wire.client(get()).server(OK)
    assert exchange.sealed_messages == 4
    assert not exchange.context["protection_none"]


def test_encrypted_content_beside_the_last_token():
    """NTLM's third message may come with the first sealed one."""
    media = (
        b'Content-Type: multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"'
    )
    wire = Wire().client(get(b"Authorization: Negotiate " + b64(NTLM3), media, body=b"x"))
    wire.server(message(b"HTTP/1.1 200 OK", media, body=b"y"))
    assert wire.exchanges[0].sealed_messages == 2


# -- losses ---------------------------------------------------------------------------------------


def test_request_cut_inside_its_token():
    """What is there is told with the gap; an answer without a token does not show what it answers."""
    wire = Wire().client(get(b"Authorization: NTLM " + b64(NTLM3 + b"x" * 90))[:-40])
    wire.lose(CLIENT, 40).server(OK).end()
    (told,) = wire.messages
    assert told.token is not None
    assert (NTLM3 + b"x" * 90).startswith(told.token)
    assert told.frame == 1
    assert wire.codes == ["gap"]


def test_request_cut_inside_its_token_and_noticed_late():
    """The answer, and the server's FIN, may come before the hole is given up."""
    wire = Wire().client(get(b"Authorization: NTLM " + b64(NTLM3 + b"x" * 90))[:-40])
    wire.server(refuse(b"NTLM " + b64(NTLM2))).end(SERVER, "fin")
    assert wire.story == []
    wire.lose(CLIENT, 40).end()
    assert [step[:2] + step[3:4] for step in wire.story] == [
        ("request", 0, None),
        ("response", 0, "continue"),
    ]


def test_capture_ends_inside_a_token():
    """What is there of it is told, with the end of the capture as the reason."""
    wire = Wire().client(get(b"Authorization: NTLM " + b64(NTLM3 + b"x" * 90))[:-40]).end()
    (told,) = wire.messages
    assert (NTLM3 + b"x" * 90).startswith(told.token)
    assert wire.codes == ["cut-off"]


def test_response_cut_inside_its_token():
    """It still continues the exchange."""
    wire = (
        Wire().client(ntlm(NTLM1)).server(refuse(b"NTLM " + b64(NTLM2 + b"x" * 90), body=b"")[:-40])
    )
    wire.lose(SERVER, 60).client(ntlm(NTLM3)).server(OK).end()
    assert [step[1:2] + step[3:] for step in wire.story] == [
        (0, None, 1),
        (0, "continue", 2),
        (0, None, 4),
        (0, "success", 5),
    ]


def test_refusal_cut_before_its_challenges_is_no_verdict():
    """A token may have stood in what is lost."""
    wire = Wire().client(ntlm(NTLM1)).server(b"HTTP/1.1 401 No\r\nDate: Mon")
    wire.lose(SERVER, 300).client(ntlm(NTLM3)).server(OK).end()
    assert [step[:2] + step[3:4] for step in wire.story] == [
        ("request", 0, None),
        ("request", 0, None),
        ("response", 0, "success"),
    ]


def test_lost_response_is_not_replaced_by_the_next():
    """After a gap a response answers the latest request before it, not the first that waits."""
    wire = Wire().client(negotiate(INIT)).lose(SERVER, 500)
    wire.client(negotiate(INIT)).server(refuse(b"Negotiate")).end(SERVER, "fin").end()
    assert [step[:2] + step[3:4] for step in wire.story] == [
        ("request", 0, None),
        ("request", 1, None),
        ("response", 1, "failure"),
        ("hint", None, None),
    ]


def test_lost_response_that_is_noticed_late():
    """A gap is told only when nothing can fill it any more; capture times still pair rightly."""
    wire = Wire().client(ntlm(NTLM1)).client(ntlm(NTLM3))
    wire.lose(SERVER, 500).server(OK).end()
    assert [step[:2] for step in wire.story] == [("request", 0), ("request", 0), ("response", 0)]


def test_lost_request():
    """Its response finds no other request to answer."""
    wire = Wire().client(get()).server(OK).lose(CLIENT, 300)
    wire.server(refuse(b"Negotiate " + b64(RESP))).client(negotiate(RESP)).server(OK)
    assert [step[:2] + step[3:4] for step in wire.story] == [
        ("response", 0, "continue"),
        ("request", 0, None),
        ("response", 0, "success"),
    ]
    assert wire.messages[0].context["request_missing"]
    assert wire.codes == ["unmatched-response"]


def test_capture_that_begins_inside_a_connection():
    """Bytes before the first start line are passed over; answers to nothing are not paired."""
    wire = Wire(started_before=True)
    wire.client(b"rest of a body\r\n").server(b"tail</html>")
    wire.server(refuse(b"NTLM " + b64(NTLM2)))
    wire.client(ntlm(NTLM3)).server(OK)
    assert [step[:2] + step[3:4] for step in wire.story] == [
        ("response", 0, "continue"),
        ("request", 0, None),
        ("response", 0, "success"),
    ]
    assert sorted(wire.codes) == ["desync", "desync", "unmatched-response"]


def test_response_captured_before_its_request():
    """Captures of two interfaces swap packets; times tell what belongs together."""
    wire = Wire()
    wire.frame = 10
    wire.server(refuse(b"NTLM " + b64(NTLM2)))
    wire.frame = 3
    wire.client(ntlm(NTLM1))
    assert [step[:2] + step[3:] for step in wire.story] == [
        ("request", 0, None, 4),
        ("response", 0, "continue", 11),
    ]


def test_unsolicited_response_is_not_paired_with_a_later_request():
    """A 408 of an idle connection answers nobody."""
    wire = (
        Wire()
        .server(message(b"HTTP/1.1 408 Timeout", body=b"x"))
        .client(negotiate(INIT))
        .server(OK)
    )
    assert wire.messages[1].status.code == 200


# -- the end --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "by"), [(SERVER, "server"), (CLIENT, "client")])
def test_reset_instead_of_an_answer(side, by):
    """Told for the exchange that waits."""
    wire = Wire().client(negotiate(INIT)).end(side, "rst").end()
    assert [step[:2] for step in wire.story] == [("request", 0), ("after", 0)]
    after = wire.messages[1]
    assert after.context == {"event": "closed", "by": by, "how": "rst"}
    assert (after.side, after.frame, after.frames) == (side, 2, (2,))


def test_server_closes_without_an_answer():
    """Once, however the connection goes on ending."""
    wire = Wire().client(get()).server(OK).client(negotiate(INIT))
    wire.end(SERVER, "fin").end(CLIENT, "fin").end(SERVER, "rst").end()
    assert [step[:2] for step in wire.story] == [("request", 0), ("after", 0)]
    assert wire.messages[1].context["by"] == "server"


def test_answer_after_the_clients_fin():
    """Half a close is no close."""
    wire = Wire().client(negotiate(INIT)).end(CLIENT, "fin").server(OK).end(SERVER, "fin").end()
    assert [step[0] for step in wire.story] == ["request", "response"]


def test_client_that_leaves_first_without_an_answer():
    """Said with the client's own frame; silent if nothing of the server was captured."""
    wire = Wire().client(get()).server(OK).client(negotiate(INIT)).end(CLIENT, "fin").end()
    assert wire.messages[1].context["by"] == "client"
    assert wire.messages[1].frame == 4
    wire = Wire().client(negotiate(INIT)).end(CLIENT, "fin").end()
    assert [step[0] for step in wire.story] == ["request"]


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_who_leaves_after_a_challenge(how):
    """The client owes the next leg: who closes first is told, once."""
    for first, second, by in ((CLIENT, SERVER, "client"), (SERVER, CLIENT, "server")):
        wire = Wire().client(ntlm(NTLM1)).server(refuse(b"NTLM " + b64(NTLM2)))
        wire.end(first, how).end(second, "fin").end(how="closed")
        assert [step[:2] + step[4:] for step in wire.story] == [
            ("request", 0, 1),
            ("response", 0, 2),
            ("after", 0, 3),
        ]
        assert wire.messages[2].context == {"event": "closed", "by": by, "how": how}


def test_what_is_decided_is_not_left():
    """Nor is a connection that nobody closed."""
    challenge = refuse(b"NTLM " + b64(NTLM2))
    wire = Wire().client(ntlm(NTLM1)).server(challenge).client(ntlm(NTLM3)).server(OK)
    wire.end(SERVER, "fin").end(CLIENT, "fin").end(how="closed")
    assert [step[0] for step in wire.story] == ["request", "response"] * 2
    wire = Wire().client(ntlm(NTLM1)).server(challenge).end()
    assert [step[0] for step in wire.story] == ["request", "response"]


def test_connection_that_ends_inside_a_header_block():
    """The token that is there is told; whether all of its last line is, nobody knows."""
    wire = Wire().client(negotiate(INIT)[:-4]).end()
    assert (wire.messages[0].token, wire.codes) == (INIT, ["cut-off"])
    wire = Wire().client(negotiate(INIT)[:-2]).end()
    assert (wire.messages[0].token, wire.codes) == (INIT, [])


def test_probe_is_by_content():
    """Any port; both sides' first lines."""
    assert HttpCarrier.probe(get()) == CLIENT
    assert HttpCarrier.probe(OK) == SERVER
    assert HttpCarrier.probe(b"SSH-2.0-x\r\n") is None


def test_product_names_are_kept_with_the_exchange():
    """They tell which implementations met."""
    wire = Wire().client(get(b"User-Agent: curl/8", b"Authorization: NTLM " + b64(NTLM1)))
    wire.server(message(b"HTTP/1.1 401 No", b"Server: IIS", b"WWW-Authenticate: NTLM", body=b"x"))
    context = wire.exchanges[0].context
    assert (context["user_agent"], context["server"]) == ("curl/8", "IIS")


def test_digest_info_is_no_offer():
    """Authentication-Info holds parameters of a success, which name no scheme."""
    wire = Wire().client(get(b'Authorization: Digest username="bob"'))
    info = b'Authentication-Info: rspauth="a", qop=auth, Negotiate'
    wire.server(message(b"HTTP/1.1 200 OK", info, body=b"x"))
    assert [step[0] for step in wire.story] == ["request", "response"]
    assert wire.messages[1].schemes == ()


@pytest.mark.parametrize(("fields", "known"), [((b"persistent-auth: true",), True), ((), None)])
def test_an_error_may_say_that_the_client_is_known(fields, known):
    """IIS refuses a request and says by Persistent-Auth that its sender was let in (MS-N2HT 2.2.2)."""
    wire = (
        Wire().client(ntlm(NTLM3)).server(message(b"HTTP/1.1 400 Bad Request", *fields, body=b"x"))
    )
    assert wire.messages[-1].context.get("let_in") is known
