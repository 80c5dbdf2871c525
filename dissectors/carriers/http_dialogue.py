"""Which response answers which request, and when both may be told.

Responses come in the order of the requests. A message is told when its body is over, for that is its
frame, and no response before its request. What the capture lost makes the order doubtful:

* Up to the first lost message the order is certain.
* Beyond that times decide, for hardly any client asks again before it is answered. A response behind
  lost ones is told when the next message shows that its request is not lost as well.
* They decide nothing for a client that does (pipelining): two of its requests came in one segment, or
  one was there when an earlier one was answered. Its responses are paired again only where they are as
  many as the requests that wait.

Where none of this tells, nothing is paired.

Spec: RFC 9112 9.2-9.3, RFC 9110 15.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from dissectors.carriers.http_head import Message, Request, Response

if TYPE_CHECKING:
    from dissectors.carriers.http_exchange import Exchanges

PENDING_LIMIT = 256  # requests that await their response
EARLY_LIMIT = 8  # responses that await their request


class Dialogue:
    """The requests of one connection that still await their answer, in order."""

    def __init__(self, exchanges: Exchanges, *, started_before: bool) -> None:
        self.asked = 0  # requests seen so far
        self._exchanges = exchanges
        self._requests: deque[Request] = deque()  # answered ones only while a body is awaited
        self._early: deque[Response] = deque()  # captured before their requests
        self._held: list[Response] = []  # they answer some of `_among`: which?
        self._among: list[Request] = []
        self._held_at = 0  # when the latest of them began, ns
        self._doubtful = started_before  # there may be requests that were not seen
        self._sure = 0  # if so: requests before that, whose order is certain
        self._gap_behind = (
            -1
        )  # number of the latest request that bytes of the client are lost behind
        self._answers_lost = False  # some requests may have been answered inside a gap
        self._pipelines = False  # the client asks without awaiting answers
        self._asked_in = 0  # frame of the latest request
        self._overflown = False

    @property
    def awaiting(self) -> bool:
        """Tell whether a request awaits its answer."""
        return bool(self._requests) and self._requests[-1].answer is None

    def sole(self, ts_ns: int) -> Request | None:
        """Give the request that a response begun at `ts_ns` answers, if there is one and no doubt.

        So it is nearly always, since few clients ask again before they are answered.
        """
        requests = self._requests
        if len(requests) != 1 or self._answers_lost or self._held:
            return None
        request = requests[0]
        if request.answer is not None:
            return None
        if self._doubtful and (request.ts_ns > ts_ns or self._unsure(request)):
            return None
        return request

    # -- what is said -----------------------------------------------------------------------------

    def ask(self, request: Request, frame: int) -> bool:
        """Take the next request, sent in `frame`; False the first time that too many wait."""
        self.asked += 1
        if self._held and request.ts_ns > self._held_at:
            self._decide()
        requests = self._requests
        if frame == self._asked_in and requests and requests[-1].answer is None:
            self._pipelines = True
        self._asked_in = frame
        if self._early:
            self._answer_early(request)
        requests.append(request)
        if self._held and request.answer is None:
            self._among = self._unanswered()
        if len(requests) <= PENDING_LIMIT:
            return True
        if self._held:
            self._give_up()  # who asks so much does not wait for answers
        else:
            self._drop(requests.popleft())
        first, self._overflown = not self._overflown, True
        self._answers_lost = True
        return not first

    def _answer_early(self, request: Request) -> None:
        """Look among the responses that were captured too early for the one to this request."""
        early = self._early
        while early and (early[0].ts_ns < request.ts_ns or self._unsure(request)):
            self._unask(early.popleft())
        if early:
            request.answer = early.popleft()

    def answer(self, response: Response, ts_ns: int) -> Request | None:
        """Take the next final response, begun at `ts_ns`; give the request that it answers.

        Where that is not known yet, give the likely one, and mark the response as held.
        """
        sole = self.sole(ts_ns)
        if sole is not None:
            sole.answer = response
            return sole
        waiting = self._waiting(ts_ns)
        if self._held and len(waiting) > len(self._among):
            self._decide()  # the client has asked in between
            waiting = self._waiting(ts_ns)
        if not waiting:
            if self._doubtful or self.awaiting or len(self._early) == EARLY_LIMIT:
                self._unask_early()
                response.lonely = True
            else:
                self._early.append(response)
            return None
        counted = not (self._answers_lost or self._held)
        if len(waiting) > 1 and counted and waiting[1].ts_ns <= ts_ns:
            self._pipelines = True
        if self._unsure(waiting[0]):
            response.lonely = True
            if self._held:
                self._give_up()  # they answer some of those that waited already
                waiting = self._waiting(ts_ns)
            self._forget(waiting)  # one of them may be what it answers
            return None
        if not counted:
            self._held_at = ts_ns
            return self._hold(response, waiting)
        waiting[0].answer = response
        return waiting[0]

    def _unanswered(self) -> list[Request]:
        return [request for request in self._requests if request.answer is None]

    def _waiting(self, ts_ns: int) -> list[Request]:
        """List the requests that a response begun at `ts_ns` may answer."""
        waiting = self._unanswered()
        if self._answers_lost or self._held or self._doubtful:
            while waiting and waiting[-1].ts_ns > ts_ns:
                waiting.pop()  # not those before it: what is captured late may have been sent early
        return waiting

    def _unsure(self, request: Request) -> bool:
        """Whether requests that were not seen may wait before it, and may be what is answered."""
        return self._doubtful and self._pipelines and request.ordinal > self._sure

    # -- when both may be told --------------------------------------------------------------------

    def done(self, message: Message) -> None:
        """Nothing more of a message is awaited: tell what can be told now, in order."""
        message.done = True
        if type(message) is Response and message.lonely:
            self._exchanges.unasked(message)
            return
        requests = self._requests
        while requests:
            request = requests[0]
            if not request.told:
                if not request.done:
                    return
                self._tell(request)
            answer = request.answer
            if answer is None:
                break
            if not answer.done:
                return
            requests.popleft()
            if request.legs or answer.fields or answer.sealed or request.sealed:
                self._exchanges.answered(request, answer)
        if len(requests) > 1:
            self._tell_pipelined()

    def ask_whole(self, request: Request, frame: int) -> bool:
        """Do as `ask` and `done` for a request that is all there; False if that is not the usual case."""
        if self._requests or self._held or self._early:
            return False
        self.asked += 1
        self._asked_in = frame
        self._requests.append(request)
        request.done = True
        self._tell(request)
        return True

    def answer_whole(self, request: Request, response: Response | None) -> None:
        """Do as `answer` and `done` for a response to the sole request, which was told; None: it is bare."""
        self._requests.popleft()
        if response is not None:
            self._exchanges.answered(request, response)

    def _tell_pipelined(self) -> None:
        """Tell requests that were sent without waiting for answers."""
        untold: list[Request] = []
        for request in reversed(self._requests):
            if request.told:
                break
            untold.append(request)
        for request in reversed(untold):
            if not request.done:
                return
            self._tell(request)

    # -- what is lost -----------------------------------------------------------------------------

    def lost_requests(self, *, same_packet: bool = False) -> None:
        """Take note of a gap in the client's bytes: some responses will find no request.

        `same_packet`: it is the end of a packet that holds the latest request, or its beginning; more
        requests are there only if the client pipelines.
        """
        if not same_packet:
            if self._held:
                self._give_up()  # what they answer may be in the gap
            self._gap_behind = self.asked
        if not self._doubtful:
            self._doubtful, self._sure = True, self.asked

    def lost_answers(self) -> None:
        """Take note of a gap in the server's bytes, which may hold any number of responses."""
        self._answers_lost = True

    def _hold(self, response: Response, waiting: list[Request]) -> Request | None:
        """Keep a response behind lost ones until it shows which of the waiting requests it answers."""
        held = self._held
        held.append(response)
        self._answers_lost = False  # none is behind this one
        self._among = waiting
        response.held = True
        if len(held) == 1 and not self._pipelines:
            return waiting[-1]  # the next message shows whether the client waited for this one
        if not self._pipelines or self._doubtful:
            self._give_up()  # more answers than a client that waits can have asked for
        elif len(held) == len(waiting):  # as many: none of them was answered inside the gap
            self._held = []
            for request, answer in zip(waiting, held, strict=True):
                request.answer = answer
        return None

    def _decide(self) -> None:
        """Say what the held responses answer, now that no other one has come."""
        if self._pipelines or self._among[-1].ordinal == self._gap_behind:
            self._give_up()
            return
        [response] = self._held
        self._held = []
        self._forget(self._among[:-1])  # answered inside the gap
        self._among[-1].answer = response
        if response.done:
            self.done(response)

    def _give_up(self) -> None:
        """Pair none of the held responses; answers to what waited may still come, or never."""
        self._doubtful, self._sure = True, 0
        self._forget(self._among)
        held, self._held = self._held, []
        for response in held:
            self._unask(response)

    def _forget(self, waiting: list[Request]) -> None:
        for request in waiting:
            self._requests.remove(request)
            self._drop(request)

    # -- the end ----------------------------------------------------------------------------------

    def over(self) -> None:
        """No further message will come."""
        if self._held:
            self._decide()
        self.lost_requests()
        self._unask_early()

    def closed(self, side: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell who closed the connection while answers were due, or the client's next leg.

        Not after lost answers, held ones included: what they answer may still turn out to be lost as well.
        """
        if not (self._answers_lost or self._held):
            for request in self._requests:
                if request.answer is None:
                    self._exchanges.closed(request, side, how, frame, ts_ns)
            self._exchanges.left(side, how, frame, ts_ns)

    def _tell(self, request: Request) -> None:
        request.told = True
        if request.fields:
            self._exchanges.asked(request)

    def _drop(self, request: Request) -> None:
        if not request.told:
            self._tell(request)
        self._exchanges.dropped(request)

    def _unask_early(self) -> None:
        while self._early:
            self._unask(self._early.popleft())

    def _unask(self, response: Response) -> None:
        response.lonely = True
        if response.done:
            self.done(response)
