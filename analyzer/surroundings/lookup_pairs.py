"""Finds look-ups that are asked and answered within one block of packets, all at once.

Those are by far the most, and they say the same again and again. Datagrams are told apart by their bytes as
numbers, each text is read once, and questions are matched with answers by numbers too. What is in any way
unusual is left to `NameLookups`: repeated questions or answers, several questions in one, partial answers,
long datagrams, protocols other than DNS. Either way the same facts come out.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.conversation_keys import first_rows
from analyzer.capture.records import rows_at
from analyzer.surroundings.name_facts import Told
from analyzer.surroundings.names import SOURCES, followed
from dissectors.names.dns import HEADER, IDENT, Question, read_dns
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.model import PacketIndex

FEW = 64
"""Datagrams for which it does not pay."""
LONGEST = 128
"""Bytes of a datagram that are compared; a multiple of 8."""

_U32 = np.uint64(32)
_KEPT = np.where(np.arange(LONGEST) < np.arange(LONGEST + 1)[:, None], 0xFF, 0).astype(np.uint8)
"""Mask of the bytes that belong to a datagram, by its length."""


class Pairs(NamedTuple):
    """What is known of some datagrams: `text` is what each answers, a place in `told`; or a word below."""

    text: NDArray[np.intp]
    told: list[Told]


UNKNOWN, ANSWERED = -1, -2
"""Of no pair; a question with its answer in the same block, of which nothing is to be told."""


class LookupPairs:
    """Pairs the look-ups of blocks; its multipliers are secret, so no two can be made to collide."""

    def __init__(self) -> None:
        drawn = np.frombuffer(os.urandom(8 * (LONGEST // 8 + 5)), np.uint64) | np.uint64(1)
        self._text_bits, self._pair_bits = drawn[: LONGEST // 8], drawn[LONGEST // 8 :]

    def find(self, index: PacketIndex, rows: NDArray[np.intp]) -> Pairs | None:
        """Look at the datagrams `rows` of a block; None if it does not pay."""
        if len(rows) < FEW:
            return None
        text = np.full(len(rows), UNKNOWN)
        size, offset = index.payload_len[rows], index.payload_offset[rows]
        fine = (size >= HEADER) & (size <= LONGEST) & (size == index.payload_wire_len[rows])
        fine &= (offset >= 0) & (offset + LONGEST <= len(index.buffer))
        for port in SOURCES:
            fine &= (index.src_port[rows] != port) & (index.dst_port[rows] != port)
        some = np.flatnonzero(fine)
        first, ident = self._texts(index, offset[some], size[some])
        heads = np.flatnonzero(first == np.arange(len(first)))
        number = np.full(len(some), -1)  # of the question
        answers = np.zeros(len(some), np.bool_)
        place = np.full(len(some), UNKNOWN)
        told: list[Told] = []
        questions: dict[Question, int] = {}
        for head in heads.tolist():
            message = read_dns(index.payload(int(rows[some[head]])))
            if message is None or len(message.questions) != 1 or message.partial:
                continue
            [question] = message.questions
            number[head] = questions.setdefault(question, len(questions))
            if message.response:
                answers[head], place[head] = True, len(told)
                addresses, targets, ttl = followed(question.name, message.answers)
                told.append(Told(question, addresses, message.rcode, targets, ttl))
        number, answers, place = number[first], answers[first], place[first]
        known = np.flatnonzero(number >= 0)
        some, answers = some[known], answers[known]
        keys = self._keys(index, rows[some], answers, number[known] << 16 | ident[known])
        group = first_rows(keys)
        of_two = (np.bincount(group, minlength=len(group)) == 2)[group]
        answered = of_two & (np.bincount(group, answers, len(group)) == 1)[group] & ~answers[group]
        text[some[answered]] = np.where(answers, place[known], ANSWERED)[answered]
        return Pairs(text, told)

    def _texts(
        self, index: PacketIndex, offset: NDArray[np.int64], size: NDArray[np.int64]
    ) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """For each datagram the first that says the same, and its own identification."""
        data = rows_at(index.buffer, offset, LONGEST).view(np.uint8).reshape(-1, LONGEST)
        data &= _KEPT[size]
        ident = data[:, 0].astype(np.int64) << 8 | data[:, 1]
        data[:, :IDENT] = 0
        words = data.view(np.uint64)
        first = first_rows(_mixed(words * self._text_bits).sum(axis=1) + size.astype(np.uint64))
        same = (words == words[first]).all(axis=1) & (size == size[first])
        return np.where(same, first, np.arange(len(first))), ident

    def _keys(
        self,
        index: PacketIndex,
        rows: NDArray[np.intp],
        answers: NDArray[np.bool_],
        asked: NDArray[np.int64],
    ) -> NDArray[np.uint64]:
        """The same for what one client asks under one identification, and for its answer."""
        bits = self._pair_bits
        high = np.where(answers, index.dst_hi[rows], index.src_hi[rows])
        low = np.where(answers, index.dst_lo[rows], index.src_lo[rows])
        port = np.where(answers, index.dst_port[rows], index.src_port[rows]).astype(np.uint64)
        keys: NDArray[np.uint64]
        keys = _mixed(high * bits[0]) * bits[1] + _mixed(low * bits[2]) * bits[3]
        keys += _mixed((asked.astype(np.uint64) << np.uint64(16) | port) * bits[4]) * bits[0]
        return keys


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words ^= words >> _U32
    return words
