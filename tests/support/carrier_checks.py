"""A conversation of any bytes through the pipeline, cut and torn at will, and what must hold for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import Any

from support.carrier_talks import Talk, Turn
from support.mutate import damage

from analyzer.capture.model import CaptureAccount, Stream
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.negotiation.rebuild import SPREAD_LIMIT, TOUCHES_ALL
from analyzer.pipeline import ANOMALIES_PER_KIND, DatagramReader, Options, StreamReader
from analyzer.report.json_text import json_text
from analyzer.tables.collect import Collector, Tables
from dissectors.anomaly import CODES
from dissectors.carriers.base import TOKEN_LIMIT, Limits
from dissectors.visible import UNSAFE

HELD = 2 * (Limits().held + 200_000)
"""Bytes that the two windows of a carrier may hold."""
Event = tuple[str, int, int, bytes]
"""`data` or `lost`, side, offset, bytes (of what is lost: that many)."""


class Sink(Collector):
    """Makes all rows, and looks at each token and anomaly."""

    def __init__(self, tables: Tables, sent: tuple[bytearray, bytearray]) -> None:
        super().__init__(tables, "made")
        self.sent = sent
        self.whole = True

    def token(
        self, stream: Stream, step: Step, carrier: str, negotiation: Negotiation | None
    ) -> None:
        """Its place is what it says."""
        super().token(stream, step, carrier, negotiation)
        message, token = step.message, step.token
        assert token is not None
        assert len(token.raw) <= TOKEN_LIMIT
        for anomaly in (*message.anomalies, *token.findings):
            assert anomaly.code in CODES
            assert 0 <= anomaly.span.start <= anomaly.span.end, anomaly
        assert message.frames
        if message.token_span is None or stream.transport == "udp":
            return
        start, end = message.token_span
        sent = self.sent[step.message.side ^ self.swapped(stream)]
        assert 0 <= start <= end <= len(sent)
        if not message.base64 and not message.runs and self.whole:
            assert bytes(sent[start:end]) == token.raw

    def swapped(self, stream: Stream) -> int:
        """1 if the carrier said that our client is its server."""
        return int(stream.client_port == 80)

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        """Its code is known and its range is one."""
        super().anomaly(noticed)
        assert noticed.anomaly.code in CODES
        assert 0 <= noticed.anomaly.span.start <= noticed.anomaly.span.end, noticed


def damaged(talk: Talk, others: Sequence[Talk], random: Random) -> list[Turn]:
    """The same with something wrong in some turns, or turns left out, repeated, swapped or foreign."""
    turns = list(talk.turns)
    for _ in range(random.choice((1, 1, 2, 4))):
        if not turns:
            break
        at = random.randrange(len(turns))
        side, data = turns[at]
        how = random.randrange(12)
        if how == 0:
            del turns[at]
        elif how == 1:
            turns.insert(at, random.choice(turns))
        elif how == 2:
            turns[at] = (side ^ 1, data)
        elif how == 3:
            turns[at:at] = random.choice(others).turns[:2]
        else:
            changed = bytearray(data)
            damage(changed, [data for _, data in turns], random)
            turns[at] = (side, bytes(changed[:70_000]))
    return turns


def events(turns: Sequence[Turn], random: Random) -> list[Event]:
    """Segments of random sizes, some of them lost."""
    made: list[Event] = []
    offsets = [0, 0]
    tear = random.random() < 0.3
    size = random.choice((0, 0, 1460, 100, 17, 3, 1))
    for side, data in turns:
        step = size if size and len(data) < 400 * size else max(len(data), 1)
        for at in range(0, len(data), step):
            part = data[at : at + step]
            lost = tear and random.random() < 0.1
            made.append(("lost" if lost else "data", side, offsets[side], part))
            offsets[side] += len(part)
    return made


def converse(made: Sequence[Event], transport: str, random: Random) -> str:
    """Read a conversation to its end; all rows of it as text."""
    started_before = random.random() < 0.2
    stream = Stream(
        0,
        transport,
        "10.0.0.1",
        50_000,
        "10.0.0.2",
        80,
        1,
        0,
        "first",
        started_before=started_before,
    )
    sent = bytearray(), bytearray()
    tables = Tables(secrets=True)
    sink = Sink(tables, sent)
    if transport == "udp":
        datagrams = DatagramReader(stream, sink, Options())
        for frame, (_, side, _, data) in enumerate(made, 1):
            if datagrams.datagram(side, data, 0, frame, frame) < 0:
                break
        datagrams.end(None, "capture-end", len(made) + 1, len(made) + 1)
    else:
        _stream(made, StreamReader(stream, sink, Options()), sink, random)
    sink.close(CaptureAccount(), 0.0)
    columns = tables.columns
    codes = columns["anomalies"]["code"]
    marks = len(TOUCHES_ALL & set(codes)) * (
        SPREAD_LIMIT + len(columns["negotiations"]["negotiation_id"])
    )
    assert len(codes) <= (ANOMALIES_PER_KIND + 1) * len(set(codes)) + marks
    text = json_text({name: _plain(table) for name, table in columns.items()})
    assert not UNSAFE.search(text)
    return text


def _stream(made: Sequence[Event], reader: StreamReader, sink: Sink, random: Random) -> None:
    """As the stream engine would: bytes that a skip passes over are not shown."""
    skips = [0, 0]
    frame = 0
    for frame, (what, side, offset, data) in enumerate(made, 1):
        sink.sent[side].extend(data)
        passed = min(skips[side], len(data))
        skips[side] -= passed
        if passed and skips[side]:
            continue
        if what == "lost":
            sink.whole = False
            if passed == len(data):
                continue
            answer = reader.lost(side, offset + passed, len(data) - passed, frame, frame)
        else:
            answer = reader.deliver(side, offset + passed, data[passed:], frame, frame)
        if answer < 0:
            return
        skips[side] = answer
        if reader.carrier is not None:
            assert sum(len(window.data) for window in reader.carrier.windows) <= HELD
    if random.random() < 0.5:
        reader.end(random.randrange(2), random.choice(("fin", "rst")), frame + 1, frame + 1)
    reader.end(None, random.choice(("capture-end", "evicted", "reused")), frame + 2, frame + 2)


def _plain(table: dict[str, list[Any]]) -> Any:
    cells = {name: values for name, values in table.items() if name != "seconds"}
    return json.loads(json.dumps(cells, default=repr))


def check_talk(turns: Sequence[Turn], transport: str, seed: object) -> None:
    """It is read without an exception, twice with the same rows."""
    first = converse(events(turns, Random(repr(seed))), transport, Random(repr(seed)))
    again = converse(events(turns, Random(repr(seed))), transport, Random(repr(seed)))
    assert (
        sha256(first.encode("utf-8", "surrogatepass")).digest()
        == sha256(again.encode("utf-8", "surrogatepass")).digest()
    )
