"""Pair questions for names with their answers; each pair, and each half of one, is a fact.

Spec: RFC 1035 4.1, RFC 4795 2, RFC 6762 6 and 18.1 (mDNS answers by name, not by id), RFC 1002 4.2.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from analyzer.surroundings.name_facts import AnsweredNames, NameFact
from dissectors.names.dns import ANSWERS, IDENT, QUESTIONS, Answer, DnsMessage, Question, read_dns
from dissectors.records import NamedTuple

WAITING = 4096
"""Questions that wait for an answer; the oldest is told as unanswered when there are more."""
TOLD = 100_000
"""Facts of one capture; of what comes later only the first of its kind is told."""
_FACTS = QUESTIONS + ANSWERS
"""At most that one datagram tells, those included that wait no longer because of it."""

SOURCES = {5353: "mdns", 5355: "llmnr", 137: "nbns"}
_NO_ANSWER = "no-answer"

End = tuple[str, int]
_Key = tuple[End, bytes, Question]
_Asked = tuple[str, str, int, int, bool]  # source, client, frame, time, whether everybody was asked
_EVERYBODY: End = ("", 0)


class NameLookups:
    """The look-ups of one capture."""

    def __init__(self, tell: Callable[[NameFact | AnsweredNames], None]) -> None:
        self._tell = tell
        self._waiting: OrderedDict[_Key, _Asked] = OrderedDict()
        self._told = 0
        self._seen: set[tuple[str, str, tuple[str, ...]]] = set()

    def add(self, data: bytes, sender: End, receiver: End, frame: int, ts_ns: int) -> None:
        """Read a datagram that looks like a look-up."""
        source = SOURCES.get(sender[1]) or SOURCES.get(receiver[1]) or "dns"
        message = read_dns(data, netbios=source == "nbns")
        if message is None:
            return
        ident = data[:IDENT]
        broadcast = source != "dns" and not message.of_server
        if message.response:
            self._answered(message, ident, source, sender, receiver, frame, ts_ns, broadcast)
            return
        waiting = self._waiting
        for question in message.questions:
            key = self._key(source, sender, ident, question)
            if key not in waiting:
                waiting[key] = (source, sender[0], frame, ts_ns, broadcast)
        while len(waiting) > WAITING:
            self._unanswered(*waiting.popitem(last=False))

    def answered_at_once(self, fact: NameFact, port: int, ident: bytes) -> None:
        """Tell an answer to what was asked just before, which was not told here, from the client's `port`."""
        if self._waiting:  # perhaps it had been asked already, long before
            asked = Question(fact.name, fact.record)
            self._waiting.pop(((fact.client, port), ident, asked), None)
        self._say(fact)

    def has_room(self, lookups: int, others: int) -> bool:
        """Whether all may be told that some look-ups, answered or not, and some other datagrams say."""
        return self._told + lookups + others * _FACTS <= TOLD

    def idents(self) -> bytes:
        """Identifications of the questions that wait, one behind the other."""
        return b"".join([ident for _, ident, _ in self._waiting])

    def tell_all(self, answers: AnsweredNames) -> None:
        """Tell answers to what was asked just before, which was not told here and does not wait."""
        self._told += len(answers)
        self._tell(answers)

    def finish(self) -> None:
        """Tell what got no answer."""
        while self._waiting:
            self._unanswered(*self._waiting.popitem(last=False))

    @staticmethod
    def _key(source: str, client: End, ident: bytes, question: Question) -> _Key:
        # An mDNS answer goes to everybody, with no id: its name is all that pairs it.
        return (_EVERYBODY, b"", question) if source == "mdns" else (client, ident, question)

    def _answered(
        self,
        message: DnsMessage,
        ident: bytes,
        source: str,
        sender: End,
        receiver: End,
        frame: int,
        ts_ns: int,
        broadcast: bool,
    ) -> None:
        rcode, questions, answers = message.rcode, message.questions, message.answers
        if not questions:
            asked = (Question(answer.name, answer.record) for answer in answers)
            questions = tuple(dict.fromkeys(asked))
        for question in questions:
            key = self._key(source, receiver, ident, question)
            waited = self._waiting.pop(key, None)
            client = receiver[0] if waited is None else waited[1]
            of_all = broadcast if waited is None else waited[4]
            name, record = question
            found, targets, ttl = followed(name, answers)
            responder = sender[0]
            fact = (source, client, name, found, frame, ts_ns, record, rcode, targets, responder)
            self._say(NameFact._make((*fact, of_all, ttl, message.partial)))

    def _unanswered(self, key: _Key, asked: _Asked) -> None:
        source, client, frame, ts_ns, broadcast = asked
        name, record = key[2]
        fact = NameFact(source, client, name, (), frame, ts_ns, record, _NO_ANSWER)
        self._say(fact._replace(broadcast=broadcast))

    def _say(self, fact: NameFact) -> None:
        self._told += 1
        if self._told > TOLD:
            kind = fact.client, fact.name, fact.addresses
            if kind in self._seen or len(self._seen) >= TOLD:
                return
            self._seen.add(kind)
        self._tell(fact)


class Followed(NamedTuple):
    """Where a name leads."""

    addresses: tuple[str, ...]
    targets: tuple[str, ...]  # names on the way
    ttl: int | None  # of the record that holds the shortest time, seconds; None: there is none


def followed(name: str, answers: tuple[Answer, ...]) -> Followed:
    """Follow a name over its aliases."""
    if len(answers) == 1 and answers[0].name == name and len(answers[0].addresses) == 1:
        return Followed(answers[0].addresses, (), answers[0].ttl)  # as nearly always
    names = {name: None}
    addresses: dict[str, None] = {}
    ttl: int | None = None
    for answer in answers:  # aliases stand before what they lead to (RFC 1034 3.6.2)
        if answer.name not in names:
            continue
        ttl = answer.ttl if ttl is None else min(ttl, answer.ttl)
        addresses.update(dict.fromkeys(answer.addresses))
        if answer.target is not None:
            names[answer.target] = None
    return Followed(tuple(addresses), tuple(names)[1:], ttl)
