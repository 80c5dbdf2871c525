"""Messages of a KDC cut out of a connection: borders, losses, limits, datagrams."""

import pytest
from support.kdc_talk import (
    AS_REP,
    AS_REQ,
    EVERY_KIND,
    PREAUTH_REQUIRED,
    PROOF,
    TGS_REP,
    TGS_REQ,
    Wire,
    over_tcp,
)

from dissectors.carriers.base import CLIENT, SERVER, TOKEN_LIMIT, CarrierAnomaly, Limits
from dissectors.carriers.kdc import KdcCarrier
from dissectors.span import Span
from dissectors.tokens.build import kdc

BIG = kdc.as_rep(cipher=bytes(70_000))
HUGE = kdc.as_rep(cipher=bytes(1_200_000))


def talk(size=None):
    """Two exchanges on one connection."""
    wire = Wire().client(AS_REQ, size=size).server(PREAUTH_REQUIRED, size=size)
    return wire.client(PROOF, TGS_REQ, size=size).server(AS_REP, TGS_REP, size=size).end()


def test_probe_tells_the_side():
    """With the length in front and without; other bytes are nobody's."""
    assert KdcCarrier.probe(over_tcp(AS_REQ)) == KdcCarrier.probe(AS_REQ) == CLIENT
    assert KdcCarrier.probe(over_tcp(AS_REP)) == KdcCarrier.probe(PREAUTH_REQUIRED) == SERVER
    assert KdcCarrier.probe(b"\0\0\0\x44\xfeSMB\x40\0" + bytes(64)) is None
    assert KdcCarrier.probe(b"\0") is None


def test_every_message_is_handed_on():
    """Each as it is, without the length in front, as the kind `kdc` and of no exchange."""
    wire = talk()
    assert wire.tokens == [AS_REQ, PREAUTH_REQUIRED, PROOF, TGS_REQ, AS_REP, TGS_REP]
    assert {(m.kind, m.exchange) for m in wire.messages} == {("kdc", None)}
    assert [m.side for m in wire.messages] == [0, 1, 0, 0, 1, 1]
    assert [m.frame for m in wire.messages] == [1, 2, 3, 3, 4, 4]
    assert wire.codes == []


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100, 1460])
def test_segments_do_not_matter(size):
    """However the bytes are cut, the same messages come out, each with its place and frames."""
    wire = talk(size)
    assert wire.tokens == talk().tokens
    assert [m.token_span for m in wire.messages] == [m.token_span for m in talk().messages]
    assert wire.codes == []
    for message in wire.messages:
        assert message.frame == message.frames[-1]
        assert len(message.frames) >= len(message.token) // size


def test_places_count_in_the_stream():
    """From behind the length."""
    wire = Wire().client(AS_REQ, PROOF)
    first, second = wire.messages
    assert first.token_span == Span(4, 4 + len(AS_REQ))
    assert second.token_span == Span(8 + len(AS_REQ), 8 + len(AS_REQ) + len(PROOF))


# -- losses -----------------------------------------------------------------------------------------


def test_of_a_torn_message_the_beginning_is_handed_on():
    """Its length tells where the next one begins."""
    data = over_tcp(TGS_REP)
    wire = Wire().client(AS_REQ).send(SERVER, data[:60]).lose(SERVER, 100)
    wire.send(SERVER, data[160:] + over_tcp(AS_REP)).end()
    assert wire.tokens == [AS_REQ, TGS_REP[:56], AS_REP]
    (gap,) = wire.messages[1].anomalies
    assert (gap.code, gap.span) == ("gap", Span(56, len(TGS_REP)))
    assert wire.codes == ["gap"]


def test_where_the_border_is_lost_the_next_segment_with_one_counts():
    """What was passed over is told."""
    wire = Wire().client(AS_REQ).lose(CLIENT, 40).send(CLIENT, b"middle of something")
    wire.client(PROOF)
    assert wire.tokens == [AS_REQ, PROOF]
    assert wire.codes == ["desync"]
    assert wire.said[-2].anomaly.span.length == len(b"middle of something")


def test_a_hole_between_messages_is_none_of_a_message():
    """Nothing is told but what comes after."""
    wire = Wire().client(AS_REQ).lose(CLIENT, 300).client(PROOF, size=1)
    assert wire.tokens == [AS_REQ, PROOF]
    assert wire.codes == []


def test_garbage_is_passed_over_and_told():
    """A foreign length or message ends the trust in borders until one is seen again."""
    wire = Wire().client(AS_REQ).send(CLIENT, b"\0\0\0\x40" + b"x" * 64).client(PROOF).end()
    assert wire.tokens == [AS_REQ, PROOF]
    assert wire.codes == ["desync"]


def test_an_answer_from_the_client_is_garbage():
    """Replies come from servers."""
    wire = Wire().client(AS_REQ).client(AS_REP).client(PROOF)
    assert wire.tokens == [AS_REQ, PROOF]
    assert wire.codes == ["desync"]


@pytest.mark.parametrize(
    ("how", "code"), [("capture-end", "cut-off"), ("rst", "gap"), ("fin", "gap")]
)
def test_a_message_without_an_end_is_handed_on(how, code):
    """The anomaly says why the rest is not there."""
    side = None if how == "capture-end" else SERVER
    wire = Wire().client(AS_REQ).send(SERVER, over_tcp(AS_REP)[:200]).end(side, how)
    assert wire.tokens == [AS_REQ, AS_REP[:196]]
    assert wire.codes == [code]
    assert wire.end().tokens == [AS_REQ, AS_REP[:196]]


def test_of_what_is_too_short_only_the_loss_is_told():
    """A few bytes are no message."""
    wire = Wire().client(AS_REQ).send(SERVER, over_tcp(AS_REP)[:7]).end()
    assert wire.tokens == [AS_REQ]
    assert wire.codes == ["cut-off"]


# -- limits -----------------------------------------------------------------------------------------


def test_a_large_message_is_cut():
    """It is read as far as a token may be."""
    wire = Wire().server(BIG, AS_REP)
    assert [len(token) for token in wire.tokens] == [TOKEN_LIMIT, len(AS_REP)]
    assert wire.codes == ["limit-token-size"]
    assert wire.messages[0].token_span == Span(4, 4 + TOKEN_LIMIT)


def test_a_huge_message_is_not_held():
    """It is passed over as it comes, and the next one is read."""
    wire = Wire().send(SERVER, over_tcp(HUGE)[:5000])
    assert len(wire.carrier.windows[SERVER]) == 0
    wire.send(SERVER, over_tcp(HUGE)[5000:], 60_000).server(AS_REP)
    assert wire.tokens == [AS_REP]
    assert wire.codes == ["limit-message-size"]


def test_a_length_beyond_belief_is_none():
    """Half a gigabyte is not waited for."""
    wire = Wire().send(CLIENT, b"\x1f\xff\xff\xff" + AS_REQ).client(PROOF)
    assert wire.tokens == [PROOF]
    assert wire.codes == ["desync"]
    assert Limits().message < 0x1FFF_FFFF


def test_garbage_for_ever_is_told_so_often():
    """The notes of one connection are bounded."""
    wire = Wire()
    for _ in range(500):
        wire.send(CLIENT, b"garbage without an end").client(AS_REQ)
    assert len(wire.messages) == 500
    assert wire.codes == ["desync"] * 64


# -- datagrams --------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", EVERY_KIND, ids=lambda m: f"{m[0]:02x}")
def test_a_datagram_is_a_message(message):
    """Without a length in front; its place counts in the datagram."""
    said = []
    side = KdcCarrier.probe(message)
    KdcCarrier(said.append).datagram_received(side, message, 3, 30)
    (told,) = said
    assert (told.kind, told.token, told.frame, told.frames) == ("kdc", message, 3, (3,))
    assert told.token_span == Span(0, len(message))


def test_a_cut_datagram_is_one_too():
    """The snap length leaves its beginning."""
    said = []
    KdcCarrier(said.append).datagram_received(CLIENT, AS_REQ[:40], 3, 30)
    assert said[0].token == AS_REQ[:40]


@pytest.mark.parametrize(
    "data", [b"", b"\x30\x05hello", AS_REP, b"\x6a", b"\x6a\x82\x01\x00\x31\0\0"]
)
def test_other_datagrams_are_told(data):
    """Between messages of a KDC they are odd: no message, or one that only a server sends."""
    said = []
    KdcCarrier(said.append).datagram_received(CLIENT, data, 3, 30)
    assert isinstance(said[0], CarrierAnomaly)
    assert said[0].anomaly.code == "malformed-message"
