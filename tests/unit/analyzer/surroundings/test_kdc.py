"""Which answer of a KDC answers which request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.captured import ROOT, Gather
from support.kdc_talk import (
    AS_REP,
    AS_REQ,
    PREAUTH_REQUIRED,
    PROOF,
    TGS_REP,
    TGS_REQ,
    UNKNOWN_SERVICE,
    error,
)

from analyzer.analysis import read
from analyzer.capture.inputs import Input
from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation
from analyzer.pipeline import Options, run
from analyzer.surroundings.kdc import WAITING_LIMIT, StreamKdc
from analyzer.surroundings.model import KdcExchange
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage, Exchange
from dissectors.span import Span
from dissectors.status import Status
from dissectors.tokens import build, dissect_token
from dissectors.tokens.build import kdc

FINE = b"HTTP/1.1 200 OK"
CIFS_REQ = kdc.tgs_req(sname="cifs/fs1.lab.example", nonce=9)
CIFS_REP = kdc.tgs_rep(sname="cifs/fs1.lab.example")


class Talk:
    """Messages of one stream, each in its own frame."""

    def __init__(self, transport: str = "udp") -> None:
        self.told: list[KdcExchange] = []
        self.stream = Stream(4, transport, "10.0.0.5", 50_000, "10.0.0.1", 88, 1, 0, "first")
        self.kdc = StreamKdc(self.stream, self.told.append)
        self.frame = 0

    def say(self, *messages: bytes) -> Talk:
        """Say messages; who says them is in their tags."""
        for data in messages:
            self.frame += 1
            said = CarrierMessage(
                "kdc", 0, None, self.frame, (self.frame,), self.frame * 1000, data
            )
            self.kdc.add(said, dissect_token(data))
        return self

    def proxy(self, code: int, asked: int) -> Talk:
        """A KDC's proxy answers the request of a frame with a status alone."""
        self.frame += 1
        status = Status("failure" if code >= 300 else "success", code, str(code), "http")
        said = CarrierMessage(
            "kdc", 1, None, self.frame, (self.frame,), self.frame * 1000, status=status
        )
        said.context = {"transport": "kkdcp", "request_frame": asked}
        self.kdc.proxy_said(said, status)
        return self

    @property
    def pairs(self) -> list[tuple[int | None, int | None]]:
        """Frames of all exchanges, in order."""
        self.kdc.end()
        frames = [(each.frame_request, each.frame_reply) for each in self.told]
        return sorted(frames, key=lambda pair: pair[0] or pair[1] or 0)


def test_answers_come_in_order() -> None:
    """An AS exchange with proof and two for services."""
    talk = Talk("tcp").say(AS_REQ, PREAUTH_REQUIRED, PROOF, AS_REP, TGS_REQ, UNKNOWN_SERVICE)
    assert talk.pairs == [(1, 2), (3, 4), (5, 6)]
    assert [each.exchange for each in talk.told] == ["AS", "AS", "TGS"]
    first = talk.told[0]
    assert (first.client, first.client_port, first.server, first.server_port) == (
        "10.0.0.5", 50_000, "10.0.0.1", 88,
    )  # fmt: skip
    assert (first.transport, first.ts_ns, first.reply_ts_ns) == ("tcp", 1000, 2000)


def test_answers_without_order_are_known_by_their_service() -> None:
    """Several requests at once over one socket."""
    talk = Talk().say(TGS_REQ, CIFS_REQ, CIFS_REP, TGS_REP)
    assert talk.pairs == [(1, 4), (2, 3)]


def test_an_answer_of_the_other_exchange_is_none() -> None:
    """A TGS-REP answers no AS-REQ."""
    assert Talk().say(AS_REQ, TGS_REP).pairs == [(1, None), (None, 2)]


def test_an_answer_may_name_another_service() -> None:
    """A referral, or a canonical name: it still answers the request there is."""
    referral = kdc.tgs_rep(sname="krbtgt/OTHER.EXAMPLE")
    talk = Talk().say(TGS_REQ, referral)
    assert talk.pairs == [(1, 2)]
    assert talk.told[0].referral == "OTHER.EXAMPLE"


def test_requests_without_answer_and_answers_without_request() -> None:
    """Both are told, the latter with what they say themselves."""
    talk = Talk().say(AS_REP, AS_REQ, UNKNOWN_SERVICE)
    assert talk.pairs == [(None, 1), (2, 3)]
    lone = talk.told[0]
    assert (lone.exchange, lone.cname, lone.sname) == ("AS", "alice", f"krbtgt/{kdc.REALM}")
    assert Talk().say(AS_REQ).pairs == [(1, None)]
    refused = Talk().say(UNKNOWN_SERVICE)
    assert refused.pairs == [(None, 1)]
    assert (refused.told[0].exchange, refused.told[0].sname) == (None, kdc.SERVICE)


def test_a_request_sent_again_and_answered_once() -> None:
    """The answer is the later one's: the earlier was hardly sent in vain."""
    assert Talk().say(AS_REQ, AS_REQ, PREAUTH_REQUIRED).pairs == [(1, None), (2, 3)]


def test_a_request_sent_again_and_answered_as_often() -> None:
    """Each has its answer, in order."""
    talk = Talk().say(AS_REQ, AS_REQ, PREAUTH_REQUIRED, PREAUTH_REQUIRED)
    assert talk.pairs == [(1, 3), (2, 4)]
    assert [each.error_code for each in talk.told] == [25, 25]
    assert Talk().say(AS_REQ, PREAUTH_REQUIRED, AS_REQ, PREAUTH_REQUIRED).pairs == [(1, 2), (3, 4)]


def test_an_answer_that_comes_twice() -> None:
    """The second one answers nothing."""
    assert Talk().say(AS_REQ, AS_REP, AS_REP).pairs == [(1, 2), (None, 3)]


@pytest.mark.parametrize("transport", ["udp", "tcp", "kkdcp"])
def test_a_proof_follows_an_answer_that_the_capture_lacks(transport: str) -> None:
    """A client adds the proof when the KDC has asked for it: the ticket answers no request without one."""
    assert Talk(transport).say(AS_REQ, PROOF, AS_REP).pairs == [(1, None), (2, 3)]


def test_another_users_request_is_not_carried_on() -> None:
    """Two users of one host may ask at once, over UDP and TCP; a proxy's clients await each answer."""
    asked = kdc.as_req(cname="bob"), PROOF
    assert Talk("tcp").say(*asked, AS_REP, AS_REP).pairs == [(1, 3), (2, 4)]
    assert Talk("kkdcp").say(*asked, AS_REP).pairs == [(1, None), (2, 3)]


def test_requests_that_wait_are_bounded() -> None:
    """The oldest is told without an answer."""
    talk = Talk().say(*(kdc.as_req(nonce=n) for n in range(WAITING_LIMIT + 5)))
    assert [each.frame_request for each in talk.told] == [1, 2, 3, 4, 5]
    assert len(talk.pairs) == WAITING_LIMIT + 5


def test_other_kerberos_messages_are_none() -> None:
    """An AP-REQ in their place makes no exchange."""
    assert Talk().say(build.ap_req(form="bare"), b"", b"\x6a").pairs == []


def test_messages_inside_a_negotiation() -> None:
    """IAKERB: exchanges of their own for each negotiation, which they name."""
    talk = Talk("tcp")
    negotiations = [
        Negotiation(talk.stream, Exchange("http"), "http"),
        Negotiation(talk.stream, Exchange("http"), "http"),
    ]
    for frame, (data, owner) in enumerate(
        [(AS_REQ, 0), (TGS_REQ, 1), (PREAUTH_REQUIRED, 0), (b"", 0), (TGS_REP, 1)], 1
    ):
        said = CarrierMessage("request", 0, None, frame, (frame,), frame, b"")
        token = dissect_token(build.iakerb(data))
        talk.kdc.carried(said, token, negotiations[owner])
    assert talk.pairs == [(1, 3), (2, 5)]
    assert {(each.transport, id(each.carried_by)) for each in talk.told} == {
        ("iakerb", id(each)) for each in negotiations
    }


@pytest.mark.parametrize("code", [25, 52, 7, 68])
def test_an_error_answers_either(code: int) -> None:
    """Its message does not tell which exchange it is about."""
    said = error(code)
    assert Talk().say(AS_REQ, said).told[0].exchange == "AS"
    assert Talk().say(TGS_REQ, said).told[0].exchange == "TGS"


@pytest.mark.parametrize(("code", "torn"), [("gap", True), ("cut-off", True), ("snaplen", False)])
def test_of_a_cut_answer_the_rest_may_not_have_come(code: str, torn: bool) -> None:
    """Where packets are missing; those that were captured in part were whole."""
    talk = Talk("tcp").say(TGS_REQ)
    cut = CarrierMessage("kdc", 1, None, 2, (2,), 2000, TGS_REP[:120])
    cut.anomalies = (Anomaly(code, Span(120, len(TGS_REP)), ""),)
    talk.kdc.add(cut, dissect_token(TGS_REP[:120]))
    assert [(each.granted, each.reply_torn) for each in talk.told] == [(True, torn)]


def test_a_lost_answer_is_that_of_what_waits() -> None:
    """Bytes of the KDC that are missing may have been any answer that is due; one that is read is not lost."""
    talk = Talk("tcp").say(TGS_REQ, TGS_REP, AS_REQ, CIFS_REQ)
    talk.kdc.lost()
    talk.say(AS_REP, PROOF)
    assert talk.pairs == [(1, 2), (3, 5), (4, None), (6, None)]
    assert [each.reply_lost for each in talk.told] == [False, False, True, False]
    assert [each.answered for each in talk.told] == [True, True, False, False]


def closed(talk: Talk, *sides: int, **facts: bool) -> list[int | None]:
    """When who was asked closed the connection, of each request, where the sides do so from frame 9 on."""
    talk.stream.server_heard = True
    for name, value in facts.items():
        setattr(talk.stream, name, value)
    for frame, side in enumerate(sides, 9):
        talk.kdc.closed(side, frame)
    talk.kdc.end()
    return [each.frame_closed for each in talk.told]


def test_who_hangs_up_gives_no_answer() -> None:
    """Unless the client did so before, the answer is lost or came, or the server's numbers are not known."""
    assert closed(Talk("tcp").say(AS_REQ, TGS_REQ, AS_REP), SERVER, CLIENT) == [None, 9]
    assert closed(Talk("tcp").say(TGS_REQ), CLIENT, SERVER) == [None]
    lost = Talk("tcp").say(TGS_REQ)
    lost.kdc.lost()
    assert closed(lost, SERVER) == [None]
    assert closed(Talk("tcp").say(TGS_REQ), SERVER, server_heard=False) == [None]
    assert closed(Talk("tcp").say(TGS_REQ), SERVER, started_before=True) == [None]


def test_an_answer_behind_a_lost_one_is_of_the_next_request() -> None:
    """Unless it names the service of the first: then that was not lost after all."""
    for said, pairs in ((PREAUTH_REQUIRED, [(1, None), (2, 3)]), (TGS_REP, [(1, 3), (2, None)])):
        talk = Talk("tcp").say(TGS_REQ)
        talk.kdc.lost()
        talk.say(CIFS_REQ, said)
        assert talk.pairs == pairs


def test_who_awaits_each_answer_had_it() -> None:
    """Behind a proxy's POST comes the next one, as a negotiation's next token comes, when it was answered."""
    talk = Talk("kkdcp").say(TGS_REQ, CIFS_REQ)
    assert talk.pairs == [(1, None), (2, None)]
    assert [each.reply_lost for each in talk.told] == [True, False]
    turned = Talk("kkdcp").say(AS_REQ).proxy(200, 1).say(TGS_REQ)
    assert turned.pairs == [(1, 2), (3, None)]
    talk = Talk("tcp")
    owner = Negotiation(talk.stream, Exchange("http"), "http")
    for frame, data in enumerate([AS_REQ, PROOF], 1):
        said = CarrierMessage("request", 0, None, frame, (frame,), frame, b"")
        talk.kdc.carried(said, dissect_token(build.iakerb(data)), owner)
    assert talk.pairs == [(1, None), (2, None)]
    assert [each.reply_lost for each in talk.told] == [True, False]


def test_a_proxys_error_stands_in_the_place_of_the_answer() -> None:
    """Of the request that it names, and of no other; the next request is answered as ever."""
    talk = Talk("tcp").say(TGS_REQ, CIFS_REQ).proxy(503, 2).proxy(502, 6)
    [told] = talk.told
    assert (told.frame_request, told.frame_reply, told.reply_ts_ns) == (2, 3, 3000)
    assert (told.proxy_status, told.error, told.refusal) == (503, None, "HTTP 503")
    assert (told.granted, told.answered, told.turned_away) == (False, False, True)
    assert talk.say(TGS_REP).pairs == [(1, 5), (2, 3)]


def test_a_proxy_turns_a_request_away() -> None:
    """It gets no other answer; the next request is answered as if it had not been there."""
    talk = Talk("tcp").proxy(503, 1).say(AS_REQ).proxy(503, 2).say(TGS_REQ, TGS_REP)
    assert talk.pairs == [(2, 3), (4, 5)]
    turned, answered = talk.told
    assert (turned.refusal, turned.frames, turned.turned_away) == ("HTTP 503", (2, 3), True)
    assert (answered.refusal, answered.turned_away) == (None, False)


def test_requests_of_one_frame_that_are_turned_away() -> None:
    """Each response is of the next one."""
    talk = Talk("tcp").say(AS_REQ)
    talk.frame = 0
    talk.say(TGS_REQ).proxy(200, 1).proxy(503, 1)
    assert talk.pairs == [(1, 3), (1, 2)]
    assert [each.refusal for each in talk.told] == ["HTTP 503", "HTTP 200"]


def test_a_proxys_answer_that_cannot_be_read() -> None:
    """It may be the KDC's: the request stays open, but later answers are of later requests first."""
    talk = Talk("tcp").say(AS_REQ).proxy(200, 1)
    assert talk.pairs == [(1, 2)]
    [told] = talk.told
    assert (told.refusal, told.turned_away, told.answered) == ("HTTP 200", False, False)
    talk = Talk("tcp").say(AS_REQ).proxy(200, 1).say(AS_REP)
    assert talk.pairs == [(1, 3)]
    assert (talk.told[0].refusal, talk.told[0].granted) == (None, True)
    assert Talk("tcp").say(AS_REQ).proxy(200, 1).say(PROOF, AS_REP).pairs == [(1, 2), (3, 4)]


def test_a_real_proxy_that_refuses(tmp_path: Path) -> None:
    """Our capture of a proxy, with another status: its bodies are no answers any more."""
    real = ROOT / "captures/kdc/by_http_proxy/capture.pcapng"
    refusing = tmp_path / "refusing.pcapng"
    data = real.read_bytes()
    assert data.count(FINE) > 1
    refusing.write_bytes(data.replace(FINE, FINE.replace(b" 200 ", b" 502 ")))
    answered, refused = exchanges(real), exchanges(refusing)
    assert len(answered) == len(refused)
    assert {(each.proxy_status, each.frame_reply is None) for each in answered} == {(None, False)}
    assert {(each.proxy_status, each.turned_away) for each in refused} == {(502, True)}
    before = zip(answered, refused, strict=True)
    assert all(one.frames[0] == other.frames[0] < other.frames[1] for one, other in before)
    columns = read(refusing).tables.columns["kdc"]
    assert (set(columns["outcome"]), set(columns["proxy_status"])) == ({"failure"}, {502})


class _Facts(Gather):
    """A sink that keeps KDC exchanges only."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[KdcExchange] = []

    def surrounding(self, fact: Any) -> None:
        """Keep it."""
        if isinstance(fact, KdcExchange):
            self.found.append(fact)


def exchanges(path: Path) -> list[KdcExchange]:
    """KDC exchanges of a capture, in order of their first frames."""
    gathered = _Facts()
    run(Input(str(path)), gathered, Options())
    return sorted(gathered.found, key=lambda each: each.frames[0])
