"""Which response answers which request, and when both may be told.

Responses come in the order of the requests. A message is told when its body is over, for that is its
frame, and no response before its request. What the capture lost makes the order
doubtful; then times decide, and where they cannot, nothing is paired.

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
        self._doubtful = started_before  # there may be requests that were not seen
        self._answers_lost = False  # some requests may have been answered inside a gap
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
        if len(requests) != 1 or self._answers_lost:
            return None
        request = requests[0]
        if request.answer is not None or (self._doubtful and request.ts_ns > ts_ns):
            return None
        return request

    def ask(self, request: Request) -> bool:
        """Take the next request; False the first time that too many wait."""
        self.asked += 1
        requests = self._requests
        if self._early:
            early = self._early.popleft()
            if early.ts_ns >= request.ts_ns:
                request.answer = early
            else:
                self._unask(early)
        requests.append(request)
        if len(requests) <= PENDING_LIMIT:
            return True
        self._drop(requests.popleft())
        first, self._overflown = not self._overflown, True
        self._answers_lost = True
        return not first

    def answer(self, response: Response, ts_ns: int) -> Request | None:
        """Take the next final response, begun at `ts_ns`; give the request that it answers."""
        sole = self.sole(ts_ns)
        if sole is not None:
            sole.answer = response
            return sole
        requests = self._requests
        waiting = [request for request in requests if request.answer is None]
        if self._answers_lost or self._doubtful:
            waiting = [request for request in waiting if request.ts_ns <= ts_ns]
            if self._answers_lost and waiting:
                # Clients rarely pipeline: all but the latest request were answered in the gap.
                for request in waiting[:-1]:
                    requests.remove(request)
                    self._drop(request)
                del waiting[:-1]
                self._answers_lost = False
        if waiting:
            waiting[0].answer = response
            return waiting[0]
        if self._doubtful or len(self._early) == EARLY_LIMIT:
            response.lonely = True
        else:
            self._early.append(response)
        return None

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
                request.told = True
                if request.fields:
                    self._exchanges.asked(request)
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

    def lost_requests(self) -> None:
        """Take note of a gap in the client's bytes: some responses will find no request."""
        self._doubtful = True
        while self._early:
            self._unask(self._early.popleft())

    def lost_answers(self) -> None:
        """Take note of a gap in the server's bytes, which may hold any number of responses."""
        self._answers_lost = True

    def closed(self, side: int, how: str, frame: int, ts_ns: int) -> None:
        """Tell who closed the connection while answers were due."""
        if not self._answers_lost:
            for request in self._requests:
                if request.answer is None:
                    self._exchanges.closed(request, side, how, frame, ts_ns)

    def _tell(self, request: Request) -> None:
        request.told = True
        if request.fields:
            self._exchanges.asked(request)

    def _drop(self, request: Request) -> None:
        if not request.told:
            self._tell(request)
        self._exchanges.dropped(request)

    def _unask(self, response: Response) -> None:
        response.lonely = True
        if response.done:
            self.done(response)
