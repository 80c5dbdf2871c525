"""Requests and responses in any order, with any times and losses: each is told, and none of them twice."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import facts

from dissectors.carriers.http_block import Block
from dissectors.carriers.http_dialogue import Dialogue
from dissectors.carriers.http_head import Message, Request, Response
from dissectors.carriers.http_start import request_line, status_line
from dissectors.carriers.window import Window

TIMES = st.integers(0, 9)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), TIMES, st.booleans()),  # in the frame of the one before?
        st.tuples(st.just("answer"), TIMES, st.just(False)),
        st.tuples(st.just("begin answer"), TIMES, st.just(False)),  # its body is over later
        st.tuples(st.just("lost requests"), st.just(0), st.booleans()),  # within a packet?
        st.tuples(st.just("lost answers"), st.just(0), st.just(False)),
    ),
    max_size=14,
)
Deed = tuple[str, int, bool]


class Told:
    """Stands for the exchanges: counts what it is told."""

    def __init__(self) -> None:
        self.asked_in_order: list[int] = []
        self.settled: Counter[int] = Counter()
        self.responses: Counter[int] = Counter()

    def asked(self, request: Request) -> None:
        self.asked_in_order.append(request.ordinal)
        request.legs.append(None)  # type: ignore[arg-type]

    def answered(self, request: Request, response: Response) -> None:
        self.settled[request.ordinal] += 1
        self.responses[response.code] += 1

    def unasked(self, response: Response) -> None:
        self.responses[response.code] += 1

    def dropped(self, request: Request) -> None:
        self.settled[request.ordinal] += 1

    def closed(self, request: Request, side: int, how: str, frame: int, ts_ns: int) -> None:
        self.settled[request.ordinal] += 1

    def left(self, side: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell nothing of any request."""


def said_all(deeds: list[Deed], *, started_before: bool) -> None:
    """Do it all, then end it; check what was told."""
    told = Told()
    dialogue = Dialogue(told, started_before=started_before)  # type: ignore[arg-type]
    open_: list[Message] = []
    asked, codes, frame = 0, [], 0
    for deed, ts_ns, same in deeds:
        if deed == "ask":
            asked, frame = asked + 1, frame + (not same)
            data = b"GET / HTTP/1.1\r\nAuthorization: NTLM\r\n\r\n"
            request = Request(Block(data, 0, Window()), request_line(data), asked)
            request.ts_ns = ts_ns
            dialogue.ask(request, frame)
            dialogue.done(request)
        elif deed in ("answer", "begin answer"):
            for message in open_:
                dialogue.done(message)
            codes.append(200 + len(codes))
            data = b"HTTP/1.1 %d X\r\nWWW-Authenticate: NTLM\r\n\r\n" % codes[-1]
            response = Response(Block(data, 0, Window()), status_line(data))
            response.ts_ns = ts_ns
            dialogue.answer(response, ts_ns)
            open_ = [response]
            if deed == "answer":
                dialogue.done(open_.pop())
        elif deed == "lost requests":
            dialogue.lost_requests(same_packet=same)
        else:
            dialogue.lost_answers()
    for message in open_:
        dialogue.done(message)
    dialogue.over()
    assert told.asked_in_order == list(range(1, asked + 1))
    assert told.responses == Counter(codes)
    assert not [ordinal for ordinal, times in told.settled.items() if times > 1]


@given(DEEDS, st.booleans())
@settings(max_examples=5_000 if facts.SWEEP else 400, deadline=None)
def test_everything_is_told_once(deeds: list[Deed], started_before: bool) -> None:
    """No request and no response is lost, whatever the order in which they become known."""
    said_all(deeds, started_before=started_before)


@pytest.mark.parametrize(
    "deeds",
    [
        [  # behind losses of both sides a second answer comes when two requests wait for the first
            ("lost answers", 0, False),
            ("lost requests", 0, False),
            ("ask", 5, False),
            ("answer", 6, False),
            ("ask", 5, True),
            ("answer", 7, False),
        ],
        [  # an answer from before waits for its request, which comes while another is held
            ("ask", 1, False),
            ("lost answers", 0, False),
            ("answer", 5, False),
            ("answer", 0, False),
            ("ask", 0, False),
        ],
        [  # the later request was captured first
            ("ask", 1, False),
            ("ask", 0, False),
            ("lost requests", 0, False),
            ("answer", 0, False),
        ],
        [  # so it was, and another is held meanwhile
            ("ask", 0, False),
            ("ask", 1, False),
            ("lost answers", 0, False),
            ("answer", 0, False),
            ("ask", 0, False),
        ],
    ],
)
def test_found_by_fuzzing(deeds: list[Deed]) -> None:
    """What once raised, or told a response of no request."""
    said_all(deeds, started_before=False)
