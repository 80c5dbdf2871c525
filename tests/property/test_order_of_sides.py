"""Which side spoke first is told by acknowledgements, not by the order in which packets were recorded."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.facts import ROOT, SWEEP, Facts, capture_name, captures, facts_of, rows_of
from support.packets import FIN, RST, SYN, Packet, Segment, pcapng, read_packets
from support.tcp_packets import ACK, MS, handshake, index_of, packet
from support.variants import acknowledged_last, ports, segments_of, swapped

from analyzer.analysis import read
from analyzer.capture.engine import StreamEngine
from analyzer.capture.model import CaptureAccount

LARGEST = 300_000
NAMED = (
    "http/negotiate_ntlm", "http/negotiate_ntlm_wrong_password", "http/basic_retry", "http/proxy_ntlm",
    "http/connection_closed", "smb/smb311_ntlm", "smb/encryption_required", "smb/logoff_and_on",
    "smb/nt1_ntlm", "smb/nt1_kerberos", "ldap/samba_ntlm_plain", "ldap/gssapi_seal", "ldap/simple",
    "kdc/tcp_only", "kdc/udp_then_tcp",
)  # fmt: skip
RECORDED = captures() if SWEEP else [ROOT / "captures" / name / "capture.pcapng" for name in NAMED]


@cache
def original(path: Path) -> tuple[list[Packet], list[Segment | None], Facts]:
    """A capture's packets, the TCP segments in them, and what is known of them."""
    packets = read_packets(path)
    if sum(len(each.data) for each in packets) > LARGEST:
        pytest.skip("a large capture")
    return packets, segments_of(packets), facts_of(path)


@pytest.mark.parametrize("path", RECORDED, ids=capture_name)
def test_neighbours_that_changed_places_change_nothing(path, tmp_path):
    """A mirror port or a card of many queues records an answer before its request."""
    packets, _, known = original(path)
    target = tmp_path / "swapped.pcapng"
    for variant in swapped(packets):
        target.write_bytes(pcapng(variant.packets))
        assert facts_of(target).negotiations == known.negotiations, variant.done


@pytest.mark.parametrize("path", RECORDED, ids=capture_name)
def test_an_acknowledged_answer_that_is_missing_is_a_gap(path, tmp_path):
    """The capture ends with the ACK of a payload that it does not hold: nobody was silent."""
    packets, segments, known = original(path)
    ends = {(row["client_port"], row["server_port"]) for row in known.negotiations}
    target = tmp_path / "lost.pcapng"
    for at, place in acknowledged_last(segments):
        said = segments[at]
        assert said is not None
        client, server = ports(said)[::-1]
        if (client, server) not in ends:
            continue  # sent by the client, or of another connection
        target.write_bytes(pcapng([*packets[:at], *packets[at + 1 : place + 1]]))
        rows = [
            row
            for row in rows_of(read(target).tables.columns["negotiations"])
            if (row["client_port"], row["server_port"]) == (client, server)
            and row["outcome"] == "incomplete"
        ]
        assert not {"no_answer", "connection_closed"} & {row["reason"] for row in rows}, at + 1
        if begins_an_answer(segments, at):
            awaiting = [row for row in rows if row["last_frame"] <= at and row["exchange"]]
            assert {row["completeness"] for row in awaiting} <= {"gap"}, at + 1
            assert {row["reason"] for row in awaiting} <= {"gap"}, at + 1


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("http/kerberos_only_server", 8), ("http/clock_skew", 8), ("http/forbidden", 22),
        ("http/iakerb", 4), ("http/negotiate_kerberos", 24), ("http/post_with_body", 20),
        ("ldap/simple_locked", 8), ("ldap/strong_auth_required_simple", 8),
        ("ldap/mutual_auth_failed", 4), ("ldap/no_common_mechanism", 22), ("ldap/gssapi_sign", 20),
        ("smb/smb311_ntlm", 6), ("smb/wrong_password", 9),
    ],
)  # fmt: skip
def test_a_lost_first_word_is_a_gap_of_what_answers_it(name, frame, tmp_path):
    """Also where the loss is told before anything tells the carrier, or the negotiation begins."""
    packets, segments, known = original(ROOT / "captures" / name / "capture.pcapng")
    lost = segments[frame - 1]
    assert lost is not None
    assert lost.payload
    target = tmp_path / "asked.pcapng"
    target.write_bytes(pcapng([*packets[: frame - 1], *packets[frame:]]))
    rows = facts_of(target).negotiations
    assert len(rows) == len(known.negotiations)
    assert {row["outcome"] for row in rows} == {row["outcome"] for row in known.negotiations}
    assert {row["completeness"] for row in rows} == {"gap"}


@pytest.mark.parametrize("frame", [21, 22])
def test_a_chain_goes_on_over_a_proof_or_a_refusal_that_is_lost(frame, tmp_path):
    """The list of schemes that answers a lost AUTHENTICATE shows that it let nobody in; nothing else does."""
    packets, _, _ = original(ROOT / "captures/http/fallback_same_connection/capture.pcapng")
    target = tmp_path / "chain.pcapng"
    target.write_bytes(pcapng([*packets[: frame - 1], *packets[frame:]]))
    rows = rows_of(read(target).tables.columns["negotiations"])
    assert [row["fallback_from"] for row in rows] == [None, 1, None]
    assert [row["retry_of"] for row in rows] == [None, None, 2 if frame == 21 else None]
    # over the lost refusal the chain is possible only; but a choice is none after a ticket that was refused
    sure = "likely" if frame == 21 else "possible"
    assert (rows[2]["reason"], rows[2]["confidence"]) == ("kerberos_refused", sure)
    assert "a Kerberos token was sent and refused (negotiation 1" in rows[2]["reason_detail"]


def begins_an_answer(segments: list[Segment | None], at: int) -> bool:
    """Whether the other side had the last word before."""
    said = segments[at]
    assert said is not None
    for earlier in reversed(segments[:at]):
        if earlier is not None and earlier.payload:
            if earlier.sender == said.receiver:
                return True
            if earlier.sender == said.sender:
                return False
    return False


# -- made-up talk --------------------------------------------------------------------------------------


class Listener:
    """Notes who says what, segments of one side in a row put together."""

    def __init__(self, heard):
        self.heard = heard

    def deliver(self, side, _offset, data, _frame, _ts_ns):
        if self.heard and self.heard[-1][0] == side and isinstance(self.heard[-1][1], bytes):
            data = self.heard.pop()[1] + data
        self.heard.append((side, data))
        return 0

    def lost(self, side, _offset, length, _frame, _ts_ns):
        self.heard.append((side, length))
        return 0

    def conflict(self, *call):
        self.heard.append(call)

    def end(self, side, how, _frame, _ts_ns):
        if side is not None:
            self.heard.append((side, how))


def heard(packets, cuts=()):
    """What is heard of one connection, fed in blocks that begin at `cuts`."""
    said: list = []
    engine = StreamEngine(CaptureAccount(), lambda _: Listener(said), lambda _: None)
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < len(packets)}), len(packets)]
    for begin, end in itertools.pairwise(borders):
        engine.feed(index_of(packets[begin:end], begin + 1))
    engine.finish()
    return said


@st.composite
def talks(draw):
    """A dialogue: packets after the handshake, and what is said. Each side answers the other's last word."""
    isns = draw(st.tuples(*[st.sampled_from([0, 7000, 2**31 - 5, 2**32 - 9])] * 2))
    seq = [isn + 1 for isn in isns]
    side, packets, said = draw(st.integers(0, 1)), [], []
    for turn in range(draw(st.integers(1, 6))):
        data = bytes([turn + 65]) * draw(st.integers(2, 12))
        size = draw(st.integers(2, 12))
        for at in range(0, len(data), size):
            part = data[at : at + size]
            packets.append(packet(side, seq[side], part, ack=seq[1 - side]))
            seq[side] += len(part)
        said.append((side, data))
        if draw(st.booleans()):
            packets.append(packet(1 - side, seq[1 - side], ack=seq[side]))
        side = 1 - side
    how = draw(st.sampled_from(["open", "fin", "rst"]))
    if how == "fin":
        for each in (side, 1 - side):
            packets.append(packet(each, seq[each], flags=FIN | ACK, ack=seq[1 - each]))
            seq[each] += 1
            said.append((each, "fin"))
    elif how == "rst":
        packets.append(packet(side, seq[side], flags=RST | ACK, ack=seq[1 - side]))
        said.append((side, "rst"))
    return handshake(isns), packets, said


@settings(max_examples=300, deadline=None)
@given(st.data(), talks(), st.sets(st.integers(1, 30), max_size=5))
def test_any_order_of_a_dialogue_is_heard_as_it_was_said(data, talk, cuts):
    """Within the grace, whatever is recorded before what it answers."""
    begin, packets, said = talk
    assert heard(begin + packets, cuts) == said
    assert heard(begin + data.draw(st.permutations(packets)), cuts) == said


@settings(max_examples=200, deadline=None)
@given(st.data(), talks(), st.sets(st.integers(1, 30), max_size=5))
def test_what_is_acknowledged_and_never_comes_is_lost_in_its_place(data, talk, cuts):
    """One segment is missing: its length is told, where it was said, if anybody acknowledges it.

    A single byte with nothing behind it may as well be a FIN.
    """
    begin, packets, said = talk
    spoken = [at for at, each in enumerate(packets) if each[2]]
    assume(len(spoken) > 1)  # else nobody would look at the connection
    at = data.draw(st.sampled_from(spoken))
    side, seq, gone = packets[at][:3]
    rest = packets[:at] + packets[at + 1 :]
    end = (seq + len(gone)) & 0xFFFF_FFFF
    told = any(each[0] != side and each[4] == end for each in rest) and len(gone) > 1
    behind = any(each[0] == side and each[1] == end and (each[2] or each[3] & FIN) for each in rest)
    found = heard(begin + rest, cuts)
    expected = sum(len(each[1]) for each in said if isinstance(each[1], bytes))
    if told or behind:
        assert (side, len(gone)) in found
        whole = [(who, what if isinstance(what, int) else len(what)) for who, what in found]
        order = [(who, len(what)) for who, what in said]
        assert turns(whole) == turns(order)
    assert sum(len(each[1]) for each in found if isinstance(each[1], bytes)) == expected - len(gone)


def turns(talk: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sum up what each side says, or loses, in a row."""
    return [
        (side, sum(length for _, length in row))
        for side, row in itertools.groupby(talk, key=lambda each: each[0])
    ]


def test_one_direction_is_not_waited_for():
    """Where nothing of a side is captured, what is said to it is not held and it has lost nothing."""
    packets = [packet(0, 99, flags=SYN), packet(0, 100, b"a", ack=500)]
    packets += [packet(0, 100 + at, b"b", ack=500 + 10 * at) for at in range(1, 9)]
    assert heard(packets) == heard(packets, range(9)) == [(0, b"abbbbbbbb")]


@pytest.mark.parametrize("cuts", [(), range(20)])
def test_what_waits_for_missing_bytes_does_not_wait_long(cuts):
    """200 ms after it came, what the other side is missing is given up; what comes of it then is news."""
    begin = handshake((99, 499))
    first = packet(0, 100, b"ask", ack=500, ts_ns=4 * MS)
    second = packet(0, 103, b"more", ack=505, ts_ns=5 * MS)
    late = packet(1, 500, b"reply", ack=103, ts_ns=204 * MS)
    assert heard([*begin, first, second, late], cuts) == [(0, b"ask"), (1, b"reply"), (0, b"more")]
    late = packet(1, 500, b"reply", ack=103, ts_ns=205 * MS)
    told = [(0, b"ask"), (1, 5), (0, b"more"), (1, b"reply")]
    assert heard([*begin, first, second, late], cuts) == told


@pytest.mark.parametrize("cuts", [(), range(20)])
def test_one_number_may_be_a_fin(cuts):
    """The last ACK of a connection covers a FIN that was not captured: no byte is missing."""
    packets = [*handshake((99, 499)), packet(0, 100, b"ask", ack=500), packet(1, 500, ack=104)]
    assert heard(packets, cuts) == [(0, b"ask")]
    packets[-1] = packet(1, 500, ack=105)
    assert heard(packets, cuts) == [(0, b"ask"), (0, 2)]
