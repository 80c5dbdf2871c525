"""Which response answers which request, and in which order both are told."""

import pytest

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.http_block import Block
from dissectors.carriers.http_dialogue import EARLY_LIMIT, PENDING_LIMIT, Dialogue
from dissectors.carriers.http_head import Request, Response
from dissectors.carriers.http_start import request_line, status_line
from dissectors.carriers.window import Window


class Recorder:
    """Stands for the exchanges: writes down what it is told, by the numbers of the messages."""

    def __init__(self):
        self.told = []

    def asked(self, request):
        self.told.append(f"ask {request.target.decode()}")
        request.legs.append("leg")

    def answered(self, request, response):
        self.told.append(f"answer {request.target.decode()} {response.code}")

    def unasked(self, response):
        self.told.append(f"unasked {response.code}")

    def dropped(self, request):
        self.told.append(f"dropped {request.target.decode()}")

    def closed(self, request, side, how, frame, ts_ns):
        self.told.append(f"closed {request.target.decode()} {how}")

    def left(self, side, how, frame, ts_ns):
        self.told.append(f"left {how}")


def ask(number, *, at=0, frame=0):
    """Make a request; `frame`: its own unless told."""
    data = b"GET %d HTTP/1.1\r\nAuthorization: NTLM\r\n\r\n" % number
    request = Request(Block(data, 0, Window()), request_line(data), number)
    request.ts_ns = at
    request.frame = frame or number
    return request


def answer(code, *, at=0):
    data = b"HTTP/1.1 %d X\r\nWWW-Authenticate: NTLM\r\n\r\n" % code
    response = Response(Block(data, 0, Window()), status_line(data))
    response.ts_ns = at
    return response


def dialogue_of(*, started_before=False):
    recorder = Recorder()
    return Dialogue(recorder, started_before=started_before), recorder.told


def say(dialogue, *messages):
    """Each message begins and is over at once."""
    for message in messages:
        if isinstance(message, Request):
            dialogue.ask(message, message.frame)
        else:
            dialogue.answer(message, message.ts_ns)
        dialogue.done(message)


def test_one_after_the_other():
    """The plain case."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1), answer(401), ask(2), answer(200))
    assert told == ["ask 1", "answer 1 401", "ask 2", "answer 2 200"]
    assert dialogue.asked == 2


def test_pipelined():
    """Requests are told as they end, responses in their order."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1), ask(2), answer(401), answer(200))
    assert told == ["ask 1", "ask 2", "answer 1 401", "answer 2 200"]


def test_pipelined_request_is_told_when_its_body_is_over():
    """What is answered meanwhile does not tell it sooner."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1), ask(2))
    third = ask(3)
    dialogue.ask(third, 3)
    say(dialogue, answer(200))
    assert told == ["ask 1", "ask 2", "answer 1 200"]
    dialogue.done(third)
    assert told[3:] == ["ask 3"]


def test_next_request_waits_for_the_body_of_a_begun_response():
    """It may be a reaction to that response, so it cannot come before it."""
    dialogue, told = dialogue_of()
    first = answer(401)
    say(dialogue, ask(1))
    assert dialogue.awaiting
    dialogue.answer(first, 0)
    assert not dialogue.awaiting
    say(dialogue, ask(2))
    assert told == ["ask 1"]
    dialogue.done(first)
    assert told == ["ask 1", "answer 1 401", "ask 2"]


def test_response_waits_for_its_requests_body():
    """An early refusal comes while the client still sends."""
    dialogue, told = dialogue_of()
    request = ask(1)
    dialogue.ask(request, 1)
    say(dialogue, answer(401))
    assert told == []
    dialogue.done(request)
    assert told == ["ask 1", "answer 1 401"]


def test_early_response_waits_for_its_request():
    """Swapped packets: the later capture time makes it possible."""
    dialogue, told = dialogue_of()
    say(dialogue, answer(200, at=5), ask(1, at=4), answer(401, at=7))
    assert told == ["ask 1", "answer 1 200"]
    dialogue.over()
    assert told == ["ask 1", "answer 1 200", "unasked 401"]


def test_response_older_than_the_request_answers_another():
    """A server that speaks unasked."""
    dialogue, told = dialogue_of()
    say(dialogue, answer(408, at=3), ask(1, at=4), answer(200, at=5))
    assert told == ["unasked 408", "ask 1", "answer 1 200"]


def test_early_responses_are_bounded():
    """More than a few are no swapped packets; they are told in their order."""
    dialogue, told = dialogue_of()
    say(dialogue, *[answer(200 + number) for number in range(EARLY_LIMIT + 2)])
    assert told == [f"unasked {200 + number}" for number in range(EARLY_LIMIT + 1)]


def test_lost_answers_pair_by_time():
    """The response after the gap answers the latest request before it: a client waits for its answer."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1, at=1), ask(2, at=2), ask(3, at=9))
    dialogue.lost_answers()
    say(dialogue, answer(200, at=5))
    assert told[3:] == []
    say(dialogue, answer(401, at=10))
    assert told[3:] == ["dropped 1", "answer 2 200", "answer 3 401"]


@pytest.mark.parametrize("end", ["over", "ask"])
def test_response_behind_lost_ones_is_told_when_no_other_follows(end):
    """Its client goes on, or nothing more comes."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1, at=1), ask(2, at=2))
    dialogue.lost_answers()
    say(dialogue, answer(200, at=5))
    if end == "ask":
        say(dialogue, ask(3, at=6), answer(401, at=7))
    else:
        dialogue.closed(SERVER, "fin", 9, 9)
        assert told[2:] == []
        dialogue.over()
    assert told[2:4] == ["dropped 1", "answer 2 200"]
    assert told[4:] == (["ask 3", "answer 3 401"] if end == "ask" else [])


def test_lost_answers_on_both_sides_of_a_response():
    """It is decided about by itself; the gap behind it counts for the next one."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1, at=1), ask(2, at=3), ask(3, at=5), ask(4, at=7), ask(5, at=9))
    dialogue.lost_answers()
    say(dialogue, answer(200, at=4))
    dialogue.lost_answers()
    say(dialogue, answer(401, at=8), answer(403, at=10))
    assert told[5:] == [
        "dropped 1",
        "answer 2 200",
        "dropped 3",
        "answer 4 401",
        "answer 5 403",
    ]


def test_response_behind_lost_ones_whose_request_may_be_lost_as_well():
    """The gap in the client's bytes is seen when it goes on: its request may have been there."""
    for noticed_late in (True, False):
        dialogue, told = dialogue_of()
        say(dialogue, ask(1, at=1))
        if not noticed_late:
            dialogue.lost_requests()
        dialogue.lost_answers()
        say(dialogue, answer(200, at=5))
        if noticed_late:
            dialogue.lost_requests()
        say(dialogue, ask(2, at=7), answer(401, at=8))
        assert told == ["ask 1", "dropped 1", "unasked 200", "ask 2", "answer 2 401"]


def test_end_of_a_packet_cut_off_holds_no_further_request():
    """Of a client that waits; the snap length cuts answers and requests one after the other."""
    dialogue, told = dialogue_of()
    for number in (1, 2):
        say(dialogue, ask(number, at=4 * number))
        dialogue.lost_requests(same_packet=True)
        say(dialogue, answer(200 + number, at=4 * number + 1))
        dialogue.lost_answers()
    dialogue.over()
    assert told == ["ask 1", "answer 1 201", "ask 2", "answer 2 202"]


def test_two_responses_behind_lost_ones_without_a_request_between():
    """Such a client does not wait, so either may answer any; afterwards, only what is asked later is paired."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1, at=1), ask(2, at=2), ask(3, at=3))
    dialogue.lost_answers()
    say(dialogue, answer(401, at=5), answer(200, at=6))
    assert told[3:] == ["dropped 1", "dropped 2", "dropped 3", "unasked 401", "unasked 200"]
    dialogue.closed(SERVER, "fin", 9, 9)
    assert told[8:] == ["left fin"]  # and of whose answers nothing is known, that is no word


@pytest.mark.parametrize("seen", ["in one segment", "while one is answered"])
@pytest.mark.parametrize("lost", [0, 1])
def test_lost_answers_of_a_client_that_pipelines(seen, lost):
    """As many responses as requests: no answer was in the gap. Fewer: nobody knows which was."""
    dialogue, told = dialogue_of()
    if seen == "in one segment":
        say(dialogue, ask(1, frame=1), ask(2, frame=1), ask(3, frame=1))
    else:
        say(dialogue, ask(0), ask(1), ask(2), ask(3), answer(200))
    told.clear()
    dialogue.lost_answers()
    say(dialogue, *[answer(code, at=5) for code in (200, 401, 403)[lost:]])
    if not lost:
        assert told == ["answer 1 200", "answer 2 401", "answer 3 403"]
        return
    assert told == []
    say(dialogue, ask(4, at=6), answer(404, at=7), ask(5, at=8))
    assert told == [
        "dropped 1",
        "dropped 2",
        "dropped 3",
        "unasked 401",
        "unasked 403",
        "ask 4",
        "dropped 4",
        "unasked 404",
        "ask 5",
    ]


def test_lost_requests_of_a_client_that_pipelines():
    """Those before the gap are answered in order; later ones may have others before them."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(1, frame=1), ask(2, frame=1))
    dialogue.lost_requests()
    say(dialogue, ask(3, at=2), answer(200, at=5), answer(401, at=6), answer(403, at=7))
    assert told[3:] == ["answer 1 200", "answer 2 401", "dropped 3", "unasked 403"]
    say(dialogue, answer(404, at=8), ask(4, at=9))
    dialogue.closed(SERVER, "fin", 9, 9)
    assert told[7:] == ["unasked 404", "ask 4", "closed 4 fin", "left fin"]


def test_pipelined_requests_of_a_connection_older_than_the_capture():
    """The first response may answer one from before, and so on."""
    dialogue, told = dialogue_of(started_before=True)
    say(dialogue, ask(1, frame=1), ask(2, frame=1), answer(200, at=3), answer(401, at=4))
    assert told[2:] == ["dropped 1", "dropped 2", "unasked 200", "unasked 401"]


def test_a_lost_request_that_is_noticed_late():
    """What was answered meanwhile finds its request by time, once the client's bytes go on."""
    dialogue, told = dialogue_of()
    say(dialogue, answer(401, at=2), answer(403, at=5))
    dialogue.lost_requests()
    say(dialogue, ask(2, at=4), ask(3, at=7), answer(200, at=8))
    assert told == ["unasked 401", "ask 2", "answer 2 403", "ask 3", "answer 3 200"]


def test_lost_requests_leave_responses_without_one():
    """Nothing is held back for a request that can never come."""
    dialogue, told = dialogue_of()
    dialogue.lost_requests()
    say(dialogue, answer(401, at=1), ask(1, at=3))
    say(dialogue, answer(200, at=2), answer(403, at=4))
    assert told == ["unasked 401", "ask 1", "unasked 200", "answer 1 403"]


def test_connection_older_than_the_capture():
    """The first response may answer a request from before."""
    dialogue, told = dialogue_of(started_before=True)
    say(dialogue, answer(401, at=1), ask(1, at=2), answer(200, at=3))
    assert told == ["unasked 401", "ask 1", "answer 1 200"]


def test_pending_requests_are_bounded():
    """The oldest is dropped; said once."""
    dialogue, told = dialogue_of()
    kept = [dialogue.ask(ask(number), number) for number in range(PENDING_LIMIT + 3)]
    assert kept == [True] * PENDING_LIMIT + [False, True, True]
    assert [line for line in told if line.startswith("dropped")] == [
        f"dropped {n}" for n in range(3)
    ]


def test_pending_requests_are_bounded_while_a_response_is_held():
    """So it may be with requests of one time: what is held answers one of too many, nobody knows which."""
    dialogue, told = dialogue_of()
    say(dialogue, ask(0), ask(1))
    dialogue.lost_answers()
    say(dialogue, answer(401), *(ask(number) for number in range(2, PENDING_LIMIT + 3)))
    dialogue.over()
    asked = {f"ask {number}" for number in range(PENDING_LIMIT + 3)}
    dropped = {f"dropped {number}" for number in range(PENDING_LIMIT + 1)}
    assert sorted(told) == sorted({*asked, *dropped, "unasked 401"})


def test_close_is_told_for_what_is_unanswered():
    """Not after lost answers: theirs may be among them."""
    for side in (CLIENT, SERVER):
        dialogue, told = dialogue_of()
        say(dialogue, ask(1), answer(200), ask(2))
        dialogue.closed(side, "fin", 9, 9)
        assert told[-2:] == ["closed 2 fin", "left fin"]
    dialogue, told = dialogue_of()
    say(dialogue, ask(1))
    dialogue.lost_answers()
    dialogue.closed(SERVER, "fin", 9, 9)
    assert told == ["ask 1"]
