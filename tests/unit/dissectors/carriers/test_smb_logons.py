"""Which exchange a session setup belongs to, whatever the protocol version."""

from __future__ import annotations

import pytest

from dissectors.anomaly import CODES
from dissectors.carriers.base import Carrier
from dissectors.carriers.smb_logons import (
    Buffer,
    Logons,
    Pdu,
    nt_status,
    remember,
    security_buffer,
    too_short,
    unc_server,
    unmatched,
)

CONTINUE, SUCCESS, REFUSED = nt_status(0xC0000016), nt_status(0), nt_status(0xC000006D)


@pytest.fixture
def said():
    return []


@pytest.fixture
def logons(said):
    return Logons(Carrier(said.append), "smb2", "0x%x", 4)


def pdu(data=bytes(100)):
    return Pdu(1, data, 0, len(data), 7, 7000)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0, "success"),
        (0x0000010B, "success"),
        (0xC0000016, "continue"),
        (0xC000006D, "failure"),
        (0x80000005, "failure"),
    ],
)
def test_verdict(code, verdict):
    """`more processing` has error severity and is none; other severities but success refuse."""
    assert nt_status(code).verdict == verdict
    assert nt_status(code).layer == "ntstatus"


def test_session_number_comes_with_the_answer(logons):
    """The first request has no session; the answer's number joins the later legs to it."""
    exchange = logons.request(0, 1)
    assert exchange.key == ""
    assert logons.response(0x11, 1, CONTINUE) == (exchange, True)
    assert exchange.key == "0x11"
    assert logons.request(0x11, 2) is exchange
    assert logons.response(0x11, 2, SUCCESS) == (exchange, True)
    assert logons.owners == {0x11: exchange}
    assert not logons.open
    assert not logons.asked


def test_interleaved_answers(logons):
    """Two first legs under way at once find their own answers, in any order."""
    first, second = logons.request(0, 1), logons.request(0, 2)
    assert logons.response(0x22, 2, CONTINUE)[0] is second
    assert logons.response(0x11, 1, CONTINUE)[0] is first
    assert logons.request(0x22, 4) is second
    assert logons.request(0x11, 3) is first


def test_established_session_again(logons):
    """An established session that authenticates again is a new exchange."""
    first = logons.request(0, 1)
    logons.response(0x11, 1, SUCCESS)
    second = logons.request(0x11, 2)
    assert second is not first
    assert second.reauthentication
    assert not first.reauthentication
    logons.response(0x11, 2, REFUSED)
    assert logons.owners[0x11] is first
    logons.request(0x11, 3)
    third, _ = logons.response(0x11, 3, SUCCESS)
    assert logons.owners[0x11] is third


def test_refused_session_starts_anew(logons):
    """What was refused is over: the next leg with that number is another attempt."""
    first = logons.request(0, 1)
    logons.response(0x11, 1, CONTINUE)
    logons.request(0x11, 2)
    logons.response(0x11, 2, REFUSED)
    again = logons.request(0x11, 3)
    assert again is not first
    assert not again.reauthentication


def test_only_the_client_was_captured(logons):
    """Without any answer the second leg still belongs to the only first leg."""
    first = logons.request(0, 1)
    assert logons.request(0x11, 2) is first
    assert first.key == "0x11"
    assert logons.response(0x11, 1, CONTINUE) == (first, True)  # it was only late


def test_lost_answer_of_an_earlier_leg(logons, said):
    """Once the final answer is there, nobody waits for the lost one any more."""
    logons.request(0, 1)
    logons.request(0x11, 2)
    logons.response(0x11, 2, SUCCESS)
    logons.closed(1, "fin", 50, 50000)
    assert said == []


def test_two_nameless_legs_are_not_guessed(logons):
    """Of two first legs without answer neither is given the number."""
    legs = [logons.request(0, 1), logons.request(0, 2)]
    assert logons.request(0x11, 3) not in legs


def test_answer_without_request(logons):
    """An answer whose request is missing opens an exchange, and later legs join it."""
    exchange, matched = logons.response(0x11, 9, CONTINUE)
    assert not matched
    assert logons.request(0x11, 10) is exchange


def test_answer_with_another_number(logons):
    """A client may send any old number first; the answer's counts."""
    exchange = logons.request(0x99, 1)
    logons.response(0x11, 1, CONTINUE)
    assert exchange.key == "0x11"
    assert set(logons.open) == {0x11}


def test_success_without_session_owns_nothing(logons):
    """Number 0 is no session: later messages without one are nobody's."""
    logons.request(0, 1)
    logons.response(0, 1, SUCCESS)
    assert logons.owners == {}


def test_tables_are_bounded(logons):
    """Beyond the limit the oldest goes, and it is counted."""
    for number in range(1, 20):
        logons.request(0, number)
        logons.tree_request(0, number, None)
    assert len(logons.asked) == len(logons.trees) == 4
    assert logons.overflows == 30
    for number in range(1, 20):
        logons.response(number, 100 + number, SUCCESS)
    assert len(logons.owners) == 4


def test_remember_replaces():
    """A known key is replaced without loss even in a full table."""
    table = {1: "a", 2: "b"}
    assert not remember(table, 1, "c", 2)
    assert remember(table, 3, "d", 2)
    assert table == {2: "b", 3: "d"}


def test_tree_of_a_chained_logon(logons, said):
    """A share asked for before the session had its number is told by the answer's."""
    logons.tree_request(0, 1, "\\\\files\\docs")
    logons.request(0, 1)
    exchange, _ = logons.response(0x11, 1, SUCCESS)
    logons.tree_response(pdu(), 0x11, 1, nt_status(0xC00000CC))
    assert exchange.server_name == "files"
    (after,) = said
    assert (after.kind, after.exchange) == ("after", exchange)
    assert after.status.name == "STATUS_BAD_NETWORK_NAME"
    assert after.context == {"event": "tree-connect", "path": "\\\\files\\docs"}


def test_first_tree_names_the_server(logons, said):
    """The first UNC path names the server; later ones change nothing and successes say nothing."""
    logons.server_name = "early"
    exchange = logons.request(0, 1)
    assert exchange.server_name == "early"
    logons.response(0x11, 1, SUCCESS)
    logons.tree_request(0x11, 2, "\\\\files\\docs")
    logons.tree_request(0x11, 3, "\\\\other\\docs")
    logons.tree_response(pdu(), 0x11, 2, SUCCESS)
    assert exchange.server_name == "files"
    assert exchange.context["path"] == "\\\\files\\docs"
    assert said == []


def test_closed_tells_who_is_awaited(logons, said):
    """Each exchange without an end is told once, with the side that owed the next leg."""
    waiting = logons.request(0, 1)
    idle = logons.request(0, 2)
    logons.response(0x22, 2, CONTINUE)
    done = logons.request(0, 3)
    logons.response(0x33, 3, SUCCESS)
    logons.closed(1, "rst", 50, 50000)
    told = {id(message.exchange): message for message in said}
    assert len(said) == len(told) == 2
    assert id(done) not in told
    assert told[id(waiting)].context == {
        "event": "closed",
        "by": "server",
        "how": "rst",
        "awaited": "server",
    }
    assert told[id(idle)].context["awaited"] == "client"
    assert told[id(idle)].frames == (50,)


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("\\\\files\\docs", "files"),
        ("\\\\files", "files"),
        ("docs", None),
        ("\\\\", None),
        ("\\docs", None),
    ],
)
def test_unc_server(path, server):
    """Only a UNC path names a server."""
    assert unc_server(path) == server


def test_security_buffer():
    """A token is cut where it is announced; what is missing or misplaced is told."""
    data = bytes(range(100))
    assert security_buffer(pdu(data), 70, 5, 64) == Buffer(data[70:75], 70)
    assert security_buffer(pdu(data), 0, 0, 64).token == b""
    short = security_buffer(pdu(data), 90, 20, 64)
    assert short.token == data[90:]
    assert [a.code for a in short.anomalies] == ["bad-length"]
    for offset in (10, 100, 60000):
        misplaced = security_buffer(pdu(data), offset, 5, 64)
        assert misplaced.token is None
        assert [a.code for a in misplaced.anomalies] == ["bad-offset"]


def test_every_code_is_registered():
    """The anomalies made here are codes of the registry."""
    noted = (too_short(pdu(), "x"), *unmatched(pdu(), Buffer()).anomalies)
    codes = {anomaly.code for anomaly in noted}
    assert codes <= set(CODES)
