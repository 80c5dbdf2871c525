"""One conversation from segments to negotiations: what the reader of a stream tells its sink."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

import pytest
from support.messages import netbios, session_setup

from analyzer.capture.model import IGNORE, CaptureAccount, Stream
from analyzer.negotiation.model import Negotiation, NoticedAnomaly
from analyzer.pipeline import ANOMALIES_PER_KIND, Options, Sink, StreamReader, conclude
from analyzer.unclaimed import QUIET
from dissectors.tokens.build import ap_request, neg_token_init, negoex, ntlm_negotiate

TOKEN = b"NTLMSSP\x00\x01\x00\x00\x00\x05\x02\x08\xa0" + bytes(16)
REQUEST = b"GET / HTTP/1.1\r\nHost: web\r\nAuthorization: NTLM " + b64encode(TOKEN) + b"\r\n\r\n"
ANSWER = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Told(Sink):
    """A sink that remembers."""

    rows: list[Negotiation] = field(default_factory=list)
    loose: list[NoticedAnomaly] = field(default_factory=list)

    def negotiation(self, negotiation: Negotiation) -> None:
        """Take a finished negotiation."""
        self.rows.append(negotiation)

    def anomaly(self, noticed: NoticedAnomaly) -> None:
        """Take an anomaly of no negotiation."""
        self.loose.append(noticed)


@pytest.mark.parametrize("how", ["evicted", "capture-end"])
def test_a_stream_dropped_to_bound_memory_says_so(how: str) -> None:
    """The negotiation that was under way bears the mark; an ordinary end leaves none."""
    told = Told()
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 80, 1, 0, "syn")
    reader = StreamReader(stream, told, Options())
    reader.deliver(0, 0, REQUEST, 1, 1000)
    reader.end(None, how, 2, 2000)
    (row,) = told.rows
    codes = [noticed.anomaly.code for noticed in row.anomalies + told.loose]
    assert ("limit-streams" in codes) == (how == "evicted")
    assert not told.loose


def test_a_gap_behind_very_many_still_marks_who_it_meets() -> None:
    """Each negotiation under way is marked once, however many gaps came before; the rest is counted."""
    told = Told()
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 80, 1, 0, "syn")
    reader = StreamReader(stream, told, Options())
    at = [0, 0]
    more = ANOMALIES_PER_KIND + 20
    for number in range(more):
        reader.deliver(0, at[0], REQUEST, 10 * number + 1, 1000 * number)
        at[0] += len(REQUEST)
        for extra in (1, 2):
            reader.lost(1, at[1], 10, 10 * number + 1 + extra, 1000 * number)
            at[1] += 10
        reader.deliver(1, at[1], ANSWER, 10 * number + 9, 1000 * number)
        at[1] += len(ANSWER)
    reader.end(None, "capture-end", 10 * more, 1000 * more)
    assert len(told.rows) == more
    gaps = [sum(n.anomaly.code == "gap" for n in row.anomalies) for row in told.rows]
    assert min(gaps) == 1
    assert gaps[-20:] == [1] * 20
    [rest] = [n.anomaly.detail for n in told.loose if n.anomaly.code == "limit-anomalies"]
    loose = sum(n.anomaly.code == "gap" for n in told.loose)
    assert rest == f"{2 * more - sum(gaps) - loose} more of gap in this stream"


def test_what_is_odd_is_told_however_deep_it_lies() -> None:
    """Of a token in a NegoEx message in a SPNEGO token, as of the token alone."""
    for token in (cut := TOKEN[:20], neg_token_init(("negoex",), negoex(ap_request(cut)))):
        told = Told()
        reader = reader_of(told)
        head = REQUEST[: REQUEST.index(b"NTLM")]
        scheme = b"NTLM " if token == cut else b"Negotiate "
        deliver(reader, head + scheme + b64encode(token) + b"\r\n\r\n")
        reader.end(None, "capture-end", 2, 2000)
        (row,) = told.rows
        assert "truncated" in {noticed.anomaly.code for noticed in row.anomalies}


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, []),
        (1, ["1 packet was cut by the snap length"]),
        (2, ["2 packets were cut by the snap length"]),
    ],
)
def test_packets_that_were_cut_are_told_in_one_sentence(count: int, said: list[str]) -> None:
    """One, several, none."""
    told = Told()
    conclude(CaptureAccount(truncated_packets=count), told)
    assert [noticed.anomaly.detail for noticed in told.loose] == said
    assert {noticed.anomaly.code for noticed in told.loose} <= {"snaplen"}


# -- streams that no carrier reads ---------------------------------------------------------------------

FOREIGN = b"\xffforeign protocol"


def reader_of(told: Told) -> StreamReader:
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 135, 1, 0, "syn")
    return StreamReader(stream, told, Options())


def deliver(reader: StreamReader, *pieces: bytes, offset: int = 0) -> list[int]:
    """Show pieces of the client's side, one a frame; what the reader answers."""
    answers = []
    for number, piece in enumerate(pieces, 1):
        answers.append(reader.deliver(0, offset, piece, number, number))
        offset += len(piece)
    return answers


def unclaimed(told: Told) -> list[tuple[int, int | None]]:
    """Stream offset and frame of what was told."""
    found = [noticed for noticed in told.loose if noticed.anomaly.code != "gap"]
    assert {noticed.anomaly.code for noticed in found} <= {"unclaimed-token"}
    return [(noticed.anomaly.span.start, noticed.frame) for noticed in found]


def test_later_tokens_of_a_foreign_protocol_are_told() -> None:
    """A stream that showed a token early stays listened to; each token is a row, split ones too."""
    told = Told()
    reader = reader_of(told)
    far = bytes(20_000)
    answers = deliver(reader, FOREIGN + TOKEN, far, TOKEN[:5], TOKEN[5:] + FOREIGN + TOKEN)
    assert set(answers) == {0}
    reader.end(None, "capture-end", 9, 9)
    first = len(FOREIGN)
    second = first + len(TOKEN) + len(far)
    third = second + len(TOKEN) + len(FOREIGN)
    assert unclaimed(told) == [(first, 1), (second, 4), (third, 4)]


def test_bulk_of_a_foreign_protocol_costs_nothing() -> None:
    """Without a token among its first bytes a stream is dropped; with one after a long silence."""
    assert deliver(reader_of(Told()), b"\xff" * 9000)[-1] == IGNORE
    told = Told()
    reader = reader_of(told)
    answers = deliver(reader, TOKEN, *[b"\xff" * 9000] * 32)
    assert answers.index(IGNORE) * 9000 > QUIET
    assert unclaimed(told) == [(0, 1)]


def test_a_token_before_a_gap_is_told() -> None:
    """What was held of a stream whose carrier was not found yet is not forgotten silently."""
    told = Told()
    reader = reader_of(told)
    deliver(reader, FOREIGN + TOKEN)
    reader.lost(0, len(FOREIGN + TOKEN), 10, 2, 2)
    deliver(reader, REQUEST, offset=len(FOREIGN + TOKEN) + 10)
    reader.end(None, "capture-end", 9, 9)
    assert unclaimed(told) == [(len(FOREIGN), 1)]
    assert [noticed.frame for noticed in told.loose if noticed.anomaly.code == "gap"] == [2]
    assert len(told.rows) == 1


def test_a_carrier_behind_a_foreign_protocol() -> None:
    """A proxy's own handshake may hold a token; what it lets through is read all the same."""
    told = Told()
    reader = reader_of(told)
    deliver(reader, FOREIGN + TOKEN, bytes(9000))
    answer = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"
    reader.deliver(1, 0, answer, 3, 3)
    deliver(reader, REQUEST, offset=len(FOREIGN + TOKEN) + 9000)
    reader.end(None, "capture-end", 9, 9)
    assert unclaimed(told) == [(len(FOREIGN), 1)]
    assert [row.carrier for row in told.rows] == ["http"]


def test_a_flood_of_tokens_is_bounded() -> None:
    """So many rows, and one that counts the rest."""
    told = Told()
    reader = reader_of(told)
    deliver(reader, (FOREIGN + TOKEN) * 400)
    reader.end(None, "capture-end", 9, 9)
    codes = [noticed.anomaly.code for noticed in told.loose]
    assert codes == ["unclaimed-token"] * ANOMALIES_PER_KIND + ["limit-anomalies"]
    assert told.loose[-1].anomaly.detail.startswith("300 more")


def test_a_bind_of_which_only_the_header_was_captured() -> None:
    """A packet cut behind its LDAP header still tells that somebody bound, and what is missing."""
    told = Told()
    reader = reader_of(told)
    deliver(reader, bytes.fromhex("30190201016014"))
    reader.lost(0, 7, 20, 1, 1000)
    reader.end(None, "capture-end", 1, 1000)
    (row,) = told.rows
    assert (row.carrier, row.completeness) == ("ldap", "truncated")


# -- tokens in pieces ----------------------------------------------------------------------------------


def test_a_token_cut_short_by_the_next_is_told_in_its_turn() -> None:
    """A client that starts over amid a token in pieces leaves what came of it, in front of the new token."""
    told = Told()
    reader = reader_of(told)
    begun = b"\x60\x82\x20\x00" + bytes(100)
    deliver(reader, *(netbios(session_setup(token)) for token in (begun, TOKEN)))
    reader.end(None, "capture-end", 3, 3000)
    (row,) = told.rows
    raw = [step.token.raw for step in row.steps if step.token is not None]
    assert raw == [begun, TOKEN]


def test_a_token_cut_short_by_a_cut_one_keeps_its_bytes() -> None:
    """A client that starts over in pieces leaves a token that says it is cut, then the new one, whole."""
    told = Told()
    reader = reader_of(told)
    begun = neg_token_init(["ntlm"], ntlm_negotiate(domain="A" * 9000))[:3000]
    fresh = neg_token_init(["ntlm"], ntlm_negotiate(domain="D" * 9000))
    parts = (begun, fresh[:4000], fresh[4000:])
    deliver(reader, *(netbios(session_setup(part)) for part in parts))
    reader.end(None, "capture-end", 4, 4000)
    (row,) = told.rows
    tokens = [step.token for step in row.steps if step.token is not None]
    assert [token.raw for token in tokens] == [begun, fresh]
    assert "truncated" in [anomaly.code for anomaly in tokens[0].findings]
    assert [anomaly.code for anomaly in tokens[1].findings] == []
