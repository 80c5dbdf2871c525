"""What a capture lacks never turns into a wrong answer: the same facts, or incomplete ones that say so."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from support import facts
from support.facts import ROOT, Facts, capture_name, captures, facts_of
from support.messages import ntlm_authenticate, resp_token, sasl_bind
from support.packets import Conversation, Packet, pcapng, read_packets, segment_of
from support.transport import Change, cut_to, one_way, snapped

LARGEST = 300_000 if facts.SWEEP else 100_000
"""Packet bytes of a capture worth trying: of all our own, so that only a sweep passes over any."""
RECORDED = captures()
DROPPED = 10_000 if facts.SWEEP else 3  # packets dropped per capture, one at a time
LOSSES: dict[str, Change] = {
    "snap length 96": snapped(96),
    "snap length 200": snapped(200),
    "snap length 60": snapped(60),
    "lower end only": one_way(0),
    "higher end only": one_way(1),
    "first half": lambda packets: packets[: len(packets) // 2],
    "second half": lambda packets: packets[len(packets) // 2 :],
    "every tenth lost": lambda packets: [p for at, p in enumerate(packets) if at % 10],
}
BEYOND_ITS_END = ("http/token_after_failure", "first half")
"""Ends with a refusal; that the client goes on all the same is nothing that a reader could miss."""

GOES_ON = {"http/token_after_failure"}
"""Its client goes on after the verdict: half of it is whole, and another logon than all of it."""
ELSEWHERE = (
    "negotiation_id", "anomalies", "completeness", "exchange", "carrier_version", "flow", "hinted_mechs", "server_name",
    "retry_of", "fallback_from", "fallback_kind", "protection", "signed_messages", "sealed_messages",
    "names", "kdc_frames", "server_signing", "client_signing",
)  # fmt: skip


@cache
def original(path: Path) -> tuple[list[Packet], Facts]:
    """A capture's packets and what is known of them."""
    packets = read_packets(path)
    if sum(len(packet.data) for packet in packets) > LARGEST:
        pytest.skip("a large capture")
    return packets, facts_of(path)


def check(lossy: Facts, known: Facts) -> None:
    """Nothing invented, nothing wrong, and nothing lost without a word."""
    said = {
        name: {row[name] for row in known.negotiations}
        for name in ("user", "domain", "spn", "realm")
    }
    for name, values in said.items():
        found = {row[name] for row in lossy.negotiations}
        assert found <= values | {None}, f"{name} invented"
    verdicts = [verdict(row) for row in known.negotiations]
    unknown = {ports(row) for row in known.negotiations if row["outcome"] == "incomplete"}
    for row in lossy.negotiations:
        if row["outcome"] == "incomplete":
            continue
        said_by_token = row["outcome_source"] == "gss"  # what the carrier says to it may be lost
        known_so = [each[:3] for each in verdicts] if said_by_token else verdicts
        found_so = verdict(row)[:3] if said_by_token else verdict(row)
        assert found_so in known_so or ports(row) in unknown, "an outcome that was never"
        if not lossy.missing and row["completeness"] == "complete":
            apart = {"status", "status_code", "outcome_source"} if said_by_token else set()
            mine = essence(row, apart)
            alike = [other for other in known.negotiations if essence(other, apart) == mine]
            assert alike, "changed in silence"


def ports(row: dict) -> frozenset:
    """Both, in any order: roles are a guess without the handshake."""
    return frozenset((row["client_port"], row["server_port"]))


def verdict(row: dict) -> tuple:
    """What must not change."""
    return ports(row), row["carrier"], row["outcome"], row["status_code"]


def essence(row: dict, apart_too: set[str]) -> list:
    """All but what other messages of the capture tell: what came before, what may have followed.

    Why a logon is NTLM is told by hints, lists and KDC exchanges before it, and a KDC may also tell which
    of user and password was wrong.
    """
    apart = set(ELSEWHERE) | apart_too
    if row["mechanism"] == "ntlm":
        apart |= {"reason_detail", "evidence", "confidence"}
        apart |= {"fallback_reason", "fallback_confidence"}
        told_by_kdc = row["reason"] in {"bad_credentials", "wrong_password", "unknown_user"}
        apart |= {"reason"} if row["outcome"] == "success" or told_by_kdc else set()
    return [value for name, value in row.items() if name not in apart]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param(path, name, id=f"{capture_name(path)}-{name}")
        for at, path in enumerate(RECORDED)
        for turn, name in enumerate(LOSSES)
        if (facts.SWEEP or (at + turn) % 6 == 0) and (capture_name(path), name) != BEYOND_ITS_END
    ],
)
def test_half_a_capture_is_no_wrong_one(path, name, tmp_path):
    """Snap length, one direction, a piece of the capture."""
    if name == "first half" and capture_name(path) in GOES_ON:
        pytest.skip("a verdict, and then more of the same logon")
    packets, known = original(path)
    target = tmp_path / "lossy.pcapng"
    target.write_bytes(pcapng(LOSSES[name](packets)))
    check(facts_of(target), known)


@pytest.mark.parametrize("size", [0, 100], ids=["as sent", "small segments"])
@pytest.mark.parametrize("path", RECORDED[:: 1 if facts.SWEEP else 5], ids=capture_name)
def test_one_lost_packet_is_no_wrong_answer(path, size, tmp_path):
    """Each packet with payload is lost once."""
    packets, known = original(path)
    if size:
        packets = cut_to(size)(packets)
    sent = [at for at, packet in enumerate(packets) if has_payload(packet)]
    step = max(1, len(sent) // DROPPED)
    target = tmp_path / "lossy.pcapng"
    for at in sent[RECORDED.index(path) % step :: step][:DROPPED]:
        target.write_bytes(pcapng(packets[:at] + packets[at + 1 :]))
        check(facts_of(target), known)


def has_payload(packet: Packet) -> bool:
    """Whether it carries bytes of a connection."""
    segment = segment_of(packet)
    return segment is not None and bool(segment.payload)


def test_a_connection_closed_behind_a_gap_refuses_nothing(tmp_path):
    """Whether the server answered the bind cannot be known when its bytes are missing."""
    bind = bytes.fromhex("30170201016012020103040463 6e3d61800778787878787878".replace(" ", ""))
    answer = bytes.fromhex("300c02010161070a010004000400")
    silent = Conversation(389).client(bind).close()
    answered = Conversation(389).client(bind).server(answer).close()
    lossy = [packet for packet in answered.packets if answer not in packet.data]
    found = []
    for packets in (silent.packets, answered.packets, lossy):
        target = tmp_path / "bind.pcapng"
        target.write_bytes(pcapng(packets))
        (row,) = facts_of(target).negotiations
        found.append((row["outcome"], row["reason"]))
    assert found == [("failure", "connection_closed"), ("success", None), ("incomplete", "gap")]


def test_a_connection_closed_after_half_an_exchange_refuses_nothing(tmp_path):
    """An AUTHENTICATE whose challenge is not in the capture may have been answered as well.

    With the SYN in it, nothing is older than the capture.
    """
    late = sasl_bind(b"GSS-SPNEGO", resp_token(ntlm_authenticate(b"a\0", nt=bytes(24))), 2)
    target = tmp_path / "late.pcapng"
    target.write_bytes(pcapng(Conversation(389).client(late).close().packets))
    (row,) = facts_of(target).negotiations
    assert (row["outcome"], row["reason"]) == ("incomplete", "no_answer")


def test_half_a_name_is_none(tmp_path):
    """The server that SMB 2's client names in the last of its negotiate contexts (MS-SMB2 2.2.3.1.4)."""
    packets, known = original(ROOT / "captures" / "smb" / "account_disabled" / "capture.pcapng")
    (whole,) = {row["server_name"] for row in known.negotiations}
    target = tmp_path / "lossy.pcapng"
    found = set()
    for size in range(240, 340):
        target.write_bytes(pcapng(snapped(size)(packets)))
        found |= {row["server_name"] for row in facts_of(target).negotiations}
    assert found == {whole, None}


def test_smb_1_names_nobody_by_half_a_name(tmp_path):
    """User, domain and server stand at the end of its messages (MS-CIFS 2.2.4.53.1, 2.2.4.55.1)."""
    packets, known = original(
        ROOT / "captures" / "smb" / "nt1_no_extended_security" / "capture.pcapng"
    )
    target = tmp_path / "lossy.pcapng"
    for size in range(110, 320, 3):
        target.write_bytes(pcapng(snapped(size)(packets)))
        for row in facts_of(target).negotiations:
            for name in ("user", "domain", "server_name"):
                assert row[name] in {each[name] for each in known.negotiations} | {None}, size
            whole = row["user"] and row["mechanism_detail"]
            assert whole or row["completeness"] == "truncated", size
