"""Negotiations without a verdict: who left first, and what an answer meant that was no leg of the logon."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.packets import Conversation, Packet, pcap, read_packets

from analyzer.analysis import read
from dissectors.tokens import build

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
SECOND = 1_000_000_000
NEGOTIATE, CHALLENGE, AUTHENTICATE = (
    build.ntlm_negotiate(),
    build.ntlm_challenge(),
    build.ntlm_authenticate(user="ada", domain="LAB"),
)
TICKET = build.neg_token_init(["kerberos"], build.ap_req(sname="HTTP/web", realm="LAB"))
RESET, FIN = 0x14, 0x11


class Ending(NamedTuple):
    """What a row says of its end."""

    outcome: str
    reason: str
    confidence: str
    detail: str
    evidence: list[int]


def asks(token: bytes, scheme: str = "NTLM", field: str = "Authorization") -> bytes:
    """A GET with a token."""
    return f"GET / HTTP/1.1\r\nHost: web\r\n{field}: {scheme} {b64encode(token).decode()}\r\n\r\n".encode()


def answers(code: int, *lines: str) -> bytes:
    """An answer without content."""
    heads = "".join(f"{line}\r\n" for line in lines)
    return f"HTTP/1.1 {code} X\r\n{heads}Content-Length: 0\r\n\r\n".encode()


CHALLENGED = answers(401, f"WWW-Authenticate: NTLM {b64encode(CHALLENGE).decode()}")


def leave(talk: Conversation, side: int, *, after_ms: int = 1, flags: int = FIN) -> Conversation:
    """A side closes, that long after the last packet; the other one only agrees to a FIN."""
    talk._packet(side, b"", flags, 0)
    talk.next[side] += 1
    late = talk.packets[-2].ts_ns + after_ms * 1_000_000
    talk.packets[-1] = talk.packets[-1]._replace(ts_ns=late)
    if flags == FIN:
        talk._packet(1 - side, b"", FIN, 0)
        talk.packets[-1] = talk.packets[-1]._replace(ts_ns=late + 1)
    return talk


def endings(folder: Path, packets: list[Packet]) -> list[Ending]:
    """The negotiations of a capture, by their ends."""
    path = folder / "endings.pcap"
    path.write_bytes(pcap(packets))
    rows: list[dict[str, Any]] = read(path).negotiations.to_dict("records")
    return [
        Ending(row["outcome"], row["reason"], row["confidence"], row["reason_detail"], list(row["evidence"]))
        for row in rows
    ]  # fmt: skip


def begun() -> Conversation:
    """NTLM's first message and the challenge, in frames 4 and 5."""
    return Conversation(80).client(asks(NEGOTIATE)).server(CHALLENGED)


@pytest.mark.parametrize("flags", [FIN, RESET])
@pytest.mark.parametrize(
    ("side", "after_ms", "code", "sure"),
    [
        (0, 1, "client_gave_up", "possible"),
        (0, 30_000, "client_gave_up", "possible"),
        (1, 1, "connection_closed", "likely"),
        (1, 1_001, "connection_closed", "possible"),
        (1, 30_000, "connection_closed", "possible"),
    ],
)
def test_who_leaves_first_after_the_challenge(
    tmp_path: Path, side: int, after_ms: int, code: str, sure: str, flags: int
) -> None:
    """A server that leaves at once has not waited for the client; later nobody knows whose fault it is."""
    (end,) = endings(tmp_path, leave(begun(), side, after_ms=after_ms, flags=flags).packets)
    assert (end.outcome, end.reason, end.confidence) == ("incomplete", code, sure)
    assert end.evidence == [5, 6]


LAST = "Connection: close"


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("by_request", [False, True])
def test_who_wanted_the_connection_to_end(tmp_path: Path, side: int, *, by_request: bool) -> None:
    """Whoever said so, whichever side closes first; what the client asked for is not the server's doing."""
    first, told = asks(NEGOTIATE), CHALLENGED.replace(b"Content-", f"{LAST}\r\nContent-".encode())
    if by_request:
        first = first.replace(b"Host", f"{LAST}\r\nHost".encode())
    talk = leave(Conversation(80).client(first).server(told), side, after_ms=2_000)
    (end,) = endings(tmp_path, talk.packets)
    wanted = ("client_gave_up", "possible") if by_request else ("connection_closed", "likely")
    assert (end.outcome, end.reason, end.confidence, end.evidence) == (
        "incomplete",
        *wanted,
        [5, 6],
    )
    assert LAST in end.detail


def test_a_protocol_whose_connections_end(tmp_path: Path) -> None:
    """HTTP/1.0, unless a side asks for more (RFC 9112 9.3)."""
    told = CHALLENGED.replace(b"HTTP/1.1", b"HTTP/1.0")
    kept = told.replace(b"Content-", b"Connection: keep-alive\r\nContent-")
    codes = [
        endings(tmp_path, leave(Conversation(80).client(asks(NEGOTIATE)).server(said), 0).packets)[0].reason
        for said in (told, kept)
    ]  # fmt: skip
    assert codes == ["connection_closed", "client_gave_up"]


@pytest.mark.parametrize(
    ("version", "lines", "words"),
    [
        (b"1.0", b"", "HTTP/1.0, without keep-alive"),
        (b"1.0", b"Connection: X-Closely\r\n", "HTTP/1.0, without keep-alive"),
        (b"1.0", b"Connection: close\r\n", LAST),
        (b"1.1", b"Connection: TE, close\r\n", LAST),
        (b"1.1", b"Proxy-Connection: close\r\n", f"Proxy-{LAST}"),
        (b"1.1", b"Connection: X-Closely\r\n", None),
        (b"1.0", b"Connection: keep-alive\r\n", None),
    ],
)
def test_only_what_was_said_is_quoted(
    tmp_path: Path, version: bytes, lines: bytes, words: str | None
) -> None:
    """Of a client that said nothing nobody may read what it did not say."""
    first = asks(NEGOTIATE).replace(b"1.1\r\n", version + b"\r\n" + lines)
    (end,) = endings(tmp_path, leave(Conversation(80).client(first).server(CHALLENGED), 1).packets)
    assert end.reason == ("connection_closed" if words is None else "client_gave_up")
    quoted = f"its own request ended the connection ({words})"
    assert ("its own request" in end.detail, quoted in end.detail) == (words is not None,) * 2


def test_a_challenge_that_nobody_leaves(tmp_path: Path) -> None:
    """The capture may just have ended."""
    (end,) = endings(tmp_path, begun().packets)
    assert end.reason == "capture_ended_early"


def test_a_client_that_goes_on_meanwhile(tmp_path: Path) -> None:
    """Its last message crosses the server's FIN, and is never answered."""
    talk = begun()
    talk._packet(1, b"", FIN, 0)
    talk.next[1] += 1
    leave(talk.client(asks(AUTHENTICATE)), 1, flags=RESET)
    (end,) = endings(tmp_path, talk.packets)
    assert (end.outcome, end.reason) == ("failure", "connection_closed")


def test_a_logon_that_is_not_bound_to_its_connection(tmp_path: Path) -> None:
    """A nonce that was too old is answered anew over any connection: the server's closing breaks nothing."""
    digest = (
        b'GET / HTTP/1.1\r\nHost: web\r\nAuthorization: Digest username="ada", nonce="1"\r\n\r\n'
    )
    stale = answers(401, 'WWW-Authenticate: Digest realm="x", nonce="2", stale=true')
    (end,) = endings(tmp_path, leave(Conversation(80).client(digest).server(stale), 1).packets)
    assert (end.outcome, end.reason) == ("incomplete", "client_gave_up")


def stray(code: int = 401) -> Conversation:
    """An AUTHENTICATE on a connection that had no challenge."""
    refused = answers(code, "WWW-Authenticate: NTLM")
    return leave(Conversation(80).client(asks(AUTHENTICATE)).server(refused), 1)


def test_an_authenticate_without_a_challenge_is_no_matter_of_passwords(tmp_path: Path) -> None:
    """On a connection that is whole; where the challenge may be missing, the password may be wrong."""
    packets = stray().packets
    (end,) = endings(tmp_path, packets)
    assert (end.outcome, end.reason, end.confidence) == ("failure", "protocol_error", "likely")
    assert "no challenge" in end.detail
    (end,) = endings(tmp_path, packets[3:])
    assert end.reason == "bad_credentials"
    (end,) = endings(tmp_path, stray(200).packets)
    assert end.outcome == "success"
    whole = begun().client(asks(AUTHENTICATE)).server(answers(401, "WWW-Authenticate: NTLM"))
    (end,) = endings(tmp_path, whole.packets)
    assert end.reason == "bad_credentials"


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("code", [200, 204, 302, 403, 404, 421, 425, 426])
def test_an_answer_that_passes_the_logon_by(tmp_path: Path, code: int, side: int) -> None:
    """NTLM's first message cannot be what let the client in, or what was forbidden."""
    talk = leave(Conversation(80).client(asks(NEGOTIATE)).server(answers(code)), side)
    (end,) = endings(tmp_path, talk.packets)
    assert end[:3] == ("incomplete", "logon_not_taken_up", "likely")
    assert (f"HTTP {code}" in end.detail, end.evidence) == (True, [5])


def test_a_server_that_failed_says_more(tmp_path: Path) -> None:
    """Also behind the closing of the connection."""
    talk = leave(Conversation(80).client(asks(NEGOTIATE)).server(answers(503)), 1)
    (end,) = endings(tmp_path, talk.packets)
    assert end[:3] == ("incomplete", "server_error", "possible")


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("token", [NEGOTIATE, TICKET])
def test_a_proxy_that_asks_for_itself(tmp_path: Path, token: bytes, side: int) -> None:
    """The origin server's credentials were not looked at, and the proxy did answer."""
    scheme = "NTLM" if token is NEGOTIATE else "Negotiate"
    asked = answers(407, "Proxy-Authenticate: Negotiate")
    talk = leave(Conversation(3128).client(asks(token, scheme)).server(asked), side)
    (end,) = endings(tmp_path, talk.packets)
    assert end[:3] == ("incomplete", "client_gave_up", "possible")
    assert "a proxy asked for credentials of its own, HTTP 407" in end.detail


def test_a_proxy_that_was_content_then(tmp_path: Path) -> None:
    """What it asked for first is forgotten once the origin server has answered."""
    talk = Conversation(3128).client(asks(TICKET, "Negotiate")).server(answers(407))
    talk.client(asks(TICKET, "Negotiate")).server(answers(200))
    path = tmp_path / "proxy.pcap"
    path.write_bytes(pcap(leave(talk, 1).packets))
    row = read(path).tables.columns["negotiations"]
    assert (row["outcome"], row["status"], row["reason"]) == (["success"], ["200"], [None])


@pytest.mark.parametrize(
    ("protocol", "outcome", "reason"),
    [("TLS/1.2, TLS/1.0", "incomplete", "encrypted"), ("websocket", "success", None)],
)
def test_another_protocol_from_here_on(
    tmp_path: Path, protocol: str, outcome: str, reason: str | None
) -> None:
    """TLS comes before the server's word on the request (RFC 2817 3.3); a web socket is what it let in."""
    switched = answers(101, "Connection: Upgrade", f"Upgrade: {protocol}")
    switched = switched.replace(b"Content-Length: 0\r\n", b"")
    talk = Conversation(80).client(asks(TICKET, "Negotiate")).server(switched)
    path = tmp_path / "switched.pcap"
    path.write_bytes(pcap(leave(talk.client(b"\x16\x03\x01"), 1).packets))
    row = read(path).tables.columns["negotiations"]
    assert (row["outcome"], row["reason"]) == ([outcome], [reason])


@pytest.mark.parametrize("kept", [29, 30, 28])
def test_a_client_that_unbinds_has_left_itself(kept: int, tmp_path: Path) -> None:
    """LDAP's unbindRequest in frame 28 says so, whose FIN is captured or not; no server closed anything."""
    packets = read_packets(CAPTURES / "ldap/openldap_layer_too_weak/capture.pcapng")
    found = endings(tmp_path, packets)
    assert [end.reason for end in found] == ["client_gave_up"]
    assert found[0].evidence == [27, 28]
    if kept > 28:  # one of the FINs is missing
        assert endings(tmp_path, [*packets[: kept - 1], *packets[kept:]]) == found
    else:  # the capture ends behind it
        assert endings(tmp_path, packets[:kept]) == found
