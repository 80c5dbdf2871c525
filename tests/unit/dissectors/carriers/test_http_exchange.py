"""Legs, runs and verdicts, from requests and responses alone."""

import pytest

from dissectors.carriers.base import SERVER, CarrierMessage
from dissectors.carriers.http_block import Block
from dissectors.carriers.http_exchange import Exchanges
from dissectors.carriers.http_head import Request, Response
from dissectors.carriers.http_start import request_line, status_line
from dissectors.carriers.window import Cut, Window

FIRST = b"TlRMTVNTUAABAAAA"
CHALLENGE = b"TlRMTVNTUAACAAAA"
LATER = b"TlRMTVNTUAADAAAA"
BASIC = b"Authorization: Basic Ym9iOnMzY3IzdA=="
DIGEST = b'Authorization: Digest username="bob"'


class Talk:
    """Requests and responses given to the exchanges one by one."""

    def __init__(self):
        self.said = []
        self.exchanges = Exchanges(self.said.append)
        self.number = 0

    def block(self, start, lines, *, cut=False):
        data = b"\r\n".join((start, *lines)) + (b"" if cut else b"\r\n\r\n")
        window = Window()
        window.append(0, data, self.number, self.number)
        return Block(data, 0, window, Cut(0, data, (self.number,), self.number) if cut else None)

    def ask(self, *lines, target=b"/a", **how):
        self.number += 1
        block = self.block(b"GET %b HTTP/1.1" % target, (b"Host: web", *lines), **how)
        request = Request(block, request_line(block.data), self.number)
        request.place(block)
        self.exchanges.asked(request)
        return request

    def response(self, code, *lines, **how):
        block = self.block(b"HTTP/1.1 %d Why" % code, lines, **how)
        response = Response(block, status_line(block.data))
        response.place(block)
        return response

    def answer(self, request, code, *lines, **how):
        self.exchanges.answered(request, self.response(code, *lines, **how))

    @property
    def messages(self):
        return [item for item in self.said if isinstance(item, CarrierMessage)]

    @property
    def verdicts(self):
        """Carrier and verdict of each response."""
        return [
            (m.exchange.carrier, m.status.verdict) for m in self.messages if m.kind == "response"
        ]


def origin(token68, scheme=b"NTLM"):
    return b"Authorization: " + scheme + b" " + token68


def proxy(token68):
    return b"Proxy-Authorization: NTLM " + token68


@pytest.mark.parametrize(
    ("code", "lines", "expected"),
    [
        (200, [], [("http", "success"), ("http-proxy", "success")]),
        (403, [], [("http", "success"), ("http-proxy", "success")]),
        (401, [], [("http", "failure"), ("http-proxy", "success")]),
        (
            401,
            [b"WWW-Authenticate: NTLM " + CHALLENGE],
            [("http", "continue"), ("http-proxy", "success")],
        ),
        (407, [], [("http", "continue"), ("http-proxy", "failure")]),
        (
            407,
            [b"Proxy-Authenticate: NTLM " + CHALLENGE],
            [("http", "continue"), ("http-proxy", "continue")],
        ),
        (
            407,
            [b"WWW-Authenticate: NTLM " + CHALLENGE],
            [("http", "continue"), ("http-proxy", "failure")],
        ),
    ],
)
def test_verdicts_of_both_families(code, lines, expected):
    """Each status speaks for the family it belongs to."""
    talk = Talk()
    talk.answer(talk.ask(origin(FIRST), proxy(FIRST)), code, *lines)
    assert talk.verdicts == expected


def test_origin_goes_on_after_the_proxys_challenge():
    """A 407 decides nothing about the origin's leg; the same run continues."""
    talk = Talk()
    first = talk.ask(origin(FIRST), proxy(FIRST))
    talk.answer(first, 407, b"Proxy-Authenticate: NTLM " + CHALLENGE)
    second = talk.ask(origin(FIRST), proxy(LATER))
    assert [leg.exchange for leg in first.legs] == [leg.exchange for leg in second.legs]


def test_unanswered_credentials_followed_by_first_ones():
    """Without waiting for an answer each request stands for itself, unless it cannot."""
    talk = Talk()
    one, two, three = talk.ask(origin(FIRST)), talk.ask(origin(FIRST)), talk.ask(origin(LATER))
    assert one.legs[0].exchange is not two.legs[0].exchange
    assert two.legs[0].exchange is three.legs[0].exchange


def test_other_scheme_is_another_exchange():
    """A client that falls back leaves its open run behind."""
    talk = Talk()
    first = talk.ask(origin(FIRST, b"Negotiate"))
    talk.answer(first, 401, b"WWW-Authenticate: Negotiate " + CHALLENGE)
    second = talk.ask(origin(FIRST))
    assert first.legs[0].exchange is not second.legs[0].exchange


@pytest.mark.parametrize(
    ("targets", "one"),
    [
        ((b"http://web/a", b"http://WEB/a"), True),
        ((b"http://web/a", b"http://web./a"), True),
        ((b"http://web:8080/a", b"http://Web.:8080/a"), True),
        ((b"/a", b"http://WEB.:80/a"), True),  # where no port is named, it may be any
        ((b"http://web/a", b"http://web2/a"), False),
        ((b"http://web/a", b"http://web:8080/a"), False),
    ],
)
def test_one_logon_is_for_one_host(targets, one):
    """However it is spelled; a proxy's client asks for many, on many ports."""
    talk = Talk()
    first = talk.ask(origin(FIRST), target=targets[0])
    talk.answer(first, 401, b"WWW-Authenticate: NTLM " + CHALLENGE)
    second = talk.ask(origin(LATER), target=targets[1])
    assert (first.legs[0].exchange is second.legs[0].exchange) == one


def test_credentials_do_not_outlive_their_telling():
    """A request that waits for its answer holds no secret."""
    request = Talk().ask(b"Authorization: Basic Ym9iOnMzY3IzdA==")
    assert request.fields == []


@pytest.mark.parametrize(
    ("code", "rest", "verdicts"),
    [
        (200, (), []),
        (401, (b"WWW-Authenticate: NTLM",), []),
        (200, (b"WWW-Authenticate: NTLM " + CHALLENGE,), [("http", "success")]),
        (401, (b"WWW-Authenticate: NTLM " + CHALLENGE,), [("http", "continue")]),
    ],
)
def test_cut_credentials_get_the_verdict_of_an_answer_with_a_token(code, rest, verdicts):
    """Of another answer nothing shows that it was they that were judged."""
    talk = Talk()
    talk.answer(talk.ask(origin(LATER[:-3]), cut=True), code, *rest)
    assert talk.messages[0].anomalies[0].code == "gap"
    assert talk.verdicts == verdicts


def test_scheme_cut_in_its_name_is_nothing():
    """Half a name would be a wrong one; the gap itself is told elsewhere."""
    talk = Talk()
    talk.ask(b"Authorization: Negot", cut=True)
    assert talk.said == []


def test_refusal_that_is_cut_is_no_verdict():
    """Other statuses say enough by their number."""
    talk = Talk()
    talk.answer(talk.ask(origin(FIRST)), 401, b"Date: now", cut=True)
    assert talk.verdicts == []
    talk.answer(talk.ask(origin(LATER)), 200, b"Date: now", cut=True)
    assert talk.verdicts == [("http", "success")]


def test_refusal_of_basic_is_one_though_it_is_cut():
    """Whatever else it lists, Basic has no second message; a Digest's nonce may be too old."""
    talk = Talk()
    talk.answer(talk.ask(BASIC), 401, b"Date: now", cut=True)
    talk.answer(talk.ask(DIGEST), 401, b"Date: now", cut=True)
    assert talk.verdicts == [("http", "failure")]


@pytest.mark.parametrize(("sent", "runs"), [("basic", 2), ("digest", 1), ("ntlm", 1)])
def test_what_follows_an_answer_that_is_not_known(sent, runs):
    """Basic is another attempt; where the scheme can take more requests it may be the same one."""
    sent = {"basic": BASIC, "digest": DIGEST, "ntlm": origin(LATER)}[sent]
    talk = Talk()
    first = talk.ask(sent)
    talk.exchanges.dropped(first)
    assert first.legs[0].exchange.context["answer_unknown"]
    second = talk.ask(sent)
    assert len({id(request.legs[0].exchange) for request in (first, second)}) == runs
    assert "answer_unknown" not in second.legs[0].exchange.context


@pytest.mark.parametrize(("known", "runs"), [(True, 1), (False, 2)])
def test_token_of_a_response_whose_request_is_not_known(known, runs):
    """It continues a run whose last answer is known, for then its request is lost; else it may be that answer."""
    talk = Talk()
    first = talk.ask(origin(FIRST))
    if known:
        talk.answer(first, 401, b"WWW-Authenticate: NTLM " + CHALLENGE)
    else:
        talk.exchanges.dropped(first)
    talk.exchanges.unasked(talk.response(200, b"WWW-Authenticate: NTLM " + CHALLENGE))
    assert len({id(message.exchange) for message in talk.messages}) == runs


def test_responses_without_requests_of_two_attempts():
    """A bare refusal between two challenges may be the first one's verdict."""
    talk = Talk()
    for lines in ([b"WWW-Authenticate: NTLM " + CHALLENGE], [b"WWW-Authenticate: NTLM"]) * 2:
        talk.exchanges.unasked(talk.response(401, *lines))
    assert len({id(m.exchange) for m in talk.messages if m.kind == "response"}) == 2


def test_token_of_an_older_response_does_not_take_up_what_waits():
    """Nor does what the client sends next take up that token."""
    talk = Talk()
    first = talk.ask(origin(FIRST))
    talk.exchanges.unasked(talk.response(401, b"WWW-Authenticate: NTLM " + CHALLENGE))
    talk.answer(first, 401, b"WWW-Authenticate: NTLM " + CHALLENGE)
    assert talk.ask(origin(LATER)).legs[0].exchange is first.legs[0].exchange
    assert len({id(message.exchange) for message in talk.messages}) == 2


def test_basic_that_the_proxy_has_kept_is_sent_again():
    """The origin server has not seen it, so it is one attempt."""
    talk = Talk()
    first = talk.ask(BASIC, proxy(FIRST))
    talk.answer(first, 407, b"Proxy-Authenticate: NTLM " + CHALLENGE)
    second = talk.ask(BASIC, proxy(LATER))
    assert first.legs[0].exchange is second.legs[0].exchange


def test_response_without_its_request_begins_or_continues_a_run():
    """It is marked; a bare challenge remains a hint."""
    talk = Talk()
    talk.exchanges.unasked(talk.response(401, b"WWW-Authenticate: NTLM " + CHALLENGE))
    request = talk.ask(origin(LATER))
    challenge, leg = talk.messages
    assert challenge.exchange is leg.exchange
    assert challenge.context == {"request_missing": True}
    assert challenge.anomalies[0].code == "unmatched-response"
    talk.answer(request, 200)
    talk.exchanges.unasked(talk.response(401, b"WWW-Authenticate: NTLM"))
    assert talk.messages[-1].kind == "hint"
    assert talk.messages[-1].context == {"carrier": "http", "carrier_version": "HTTP/1.1"}


def test_hint_of_a_proxy():
    """The proxy's own name is not known; the target is."""
    talk = Talk()
    request = talk.ask(target=b"http://web.lab.example:80/a")
    talk.answer(request, 407, b"Proxy-Authenticate: Negotiate, NTLM", b"Server: squid")
    (hint,) = talk.messages
    assert hint.schemes == ("Negotiate", "NTLM")
    assert hint.context == {
        "carrier": "http-proxy",
        "carrier_version": "HTTP/1.1",
        "server_name": None,
        "method": "GET",
        "uri": "http://web.lab.example:80/a",
        "host": "web.lab.example",
        "port": 80,
        "target": "web.lab.example",
        "server": "squid",
    }


def test_close_is_told_once_per_waiting_leg():
    """Also for both families of one request."""
    talk = Talk()
    request = talk.ask(origin(FIRST), proxy(FIRST))
    for _ in range(2):
        talk.exchanges.closed(request, SERVER, "rst", 7, 70)
    after = talk.messages[2:]
    assert [(m.kind, m.exchange.carrier, m.frame, m.ts_ns) for m in after] == [
        ("after", "http", 7, 70),
        ("after", "http-proxy", 7, 70),
    ]
    assert after[0].context == {"event": "closed", "by": "server", "how": "rst"}
    assert after[0].side == SERVER
