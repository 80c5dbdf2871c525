"""The joins of a large capture: the work grows as the capture does."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from support.correlated import asked, joined, ntlm, reason_of, refused, stream

from analyzer.correlation import kdc_index
from analyzer.correlation.chains import LOOK_BACK
from analyzer.correlation.context import Context
from analyzer.correlation.kdc_index import KdcIndex, Timeline
from analyzer.correlation.kerberos_use import KerberosUse
from analyzer.correlation.name_index import NameIndex
from analyzer.correlation.refused_tickets import refused_ticket
from analyzer.surroundings.name_facts import NameFact


def busy(count: int):
    """Many clients at one server, each with a refused ticket, a failure and a retry."""
    rows, exchanges = [], []
    for number in range(count):
        client = f"10.1.{number % 50}.{number % 7}"
        at, frame = 100 + number / 1000, 10 * number + 1
        exchanges.append(asked(at - 0.5, "HTTP/web.lab.example", 7, client=client))
        rows.append(refused(ntlm(at, frame, stream=stream(client))))
    return rows, exchanges


@pytest.mark.parametrize("count", [500, 2_000])
def test_each_look_up_sees_few_neighbours(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries looked at per negotiation do not grow with the capture."""
    seen = 0
    latest = Timeline.latest

    def counting(self, key, since_ns, until_ns):
        nonlocal seen
        for entry in latest(self, key, since_ns, until_ns):
            seen += 1
            yield entry

    monkeypatch.setattr(Timeline, "latest", counting)
    rows, exchanges = busy(count)
    joined(*rows, kdc=exchanges)
    assert all(row.kdc is not None for row in rows)
    assert seen / count < 4 * kdc_index.LOOK_BACK


@pytest.mark.parametrize("count", [50, 800])
def test_other_services_of_a_host_cost_nothing(count: int) -> None:
    """However many were refused, those that the negotiation is not about are not gone through."""
    refusals = [asked(99, f"s{n}/web.lab.example", 7) for n in range(count)]
    row = ntlm()
    lines = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        if not frame.f_code.co_filename.endswith("tickets.py"):
            return None
        lines += event == "line"
        return trace

    index = KdcIndex(refusals, [])
    context = Context(index, NameIndex([]), KerberosUse([row]))
    assert not refused_ticket(row, context)  # what is cached is now
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        refused_ticket(row, context)
    finally:
        sys.settrace(before)
    assert 0 < lines < 100


def test_of_two_services_refused_alike_the_latest() -> None:
    """Windows asks for a file server's ticket under either class."""
    first, second = asked(98, "host/web.lab.example", 7), asked(99, "cifs/web.lab.example", 14)
    for kdc, code in (([first, second], "etype_not_supported"), ([second], "etype_not_supported")):
        assert reason_of(ntlm(carrier="smb2"), kdc=kdc).code == code
    second.ts_ns = second.reply_ts_ns = first.ts_ns - 1
    assert reason_of(ntlm(carrier="smb2"), kdc=[first, second]).code == "unknown_service"


def test_a_long_chain_is_searched_a_few_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password guesser's attempts each look at no more than sixteen earlier ones."""
    from analyzer.correlation import chains

    calls = 0
    other_user = chains.other_user

    def counting(one, other):
        nonlocal calls
        calls += 1
        return other_user(one, other)

    monkeypatch.setattr(chains, "other_user", counting)
    connection = stream()
    rows = [
        refused(ntlm(100 + n, 10 * n + 1, stream=connection, user=f"user{n}")) for n in range(300)
    ]
    joined(*rows)
    assert calls <= 2 * LOOK_BACK * len(rows)
    assert [row.retry_of for row in rows] == [None] * len(rows)


def test_names_fill_what_the_negotiation_does_not_show() -> None:
    """The name that led the client to the address, and all names of the address."""
    facts = [
        NameFact("dns", "10.0.0.20", "dc1.lab.example", ("10.0.0.2",), 1, 99 * 10**9),
        NameFact("sni", "10.0.0.99", "alias.lab.example", ("10.0.0.2",), 2, 99 * 10**9, record=""),
    ]
    (row,) = joined(ntlm(server_name=None), names=facts)
    assert row.server_name == "dc1.lab.example"
    assert row.names == ("alias.lab.example",)
    (row,) = joined(ntlm(), names=facts)
    assert row.server_name == "web.lab.example"
    assert row.names == ("dc1.lab.example", "alias.lab.example")


def test_a_name_that_was_looked_up_was_not_said_to_the_server() -> None:
    """Whoever asked for it: the client may have meant another, unless its SPN says the same."""
    refused = asked(99, "HTTP/srv.lab.example", 7)
    six = stream("fd00::20", "fd00::2")
    own = led("10.0.0.20", "srv.lab.example", 98)
    other = led("10.0.0.20", "srv.lab.example", 98, "fd00::2")
    for row, fact, sure in (
        (ntlm(server_name=None), own, "likely"),
        (ntlm(server_name=None, spn="HTTP/srv.lab.example"), own, "certain"),
        (ntlm(server_name=None, stream=six), other, "likely"),
        (ntlm(server_name="srv.lab.example"), own, "certain"),
    ):
        joined(row, names=[fact], kdc=[refused])
        assert (row.server_name, row.fallback_reason) == ("srv.lab.example", "unknown_service")
        assert row.fallback_confidence == sure


def test_a_reverse_look_up_tells_a_name() -> None:
    """It is one of the server's names, but not the one that the client meant."""
    pointer = NameFact(
        "dns", "10.0.0.20", "2.0.0.10.in-addr.arpa", (), 1, 99 * 10**9, "PTR",
        targets=("2.0-25.0.0.10.in-addr.arpa", "srv.lab.example"),
    )  # fmt: skip
    (row,) = joined(ntlm(server_name=None), names=[pointer])
    assert (row.server_name, row.names) == (None, ("srv.lab.example",))
    again = pointer._replace(ts_ns=99 * 10**9 + 1, targets=("other.lab.example",))
    (row,) = joined(ntlm(), names=[*[pointer] * 40, again])
    assert row.names == ("srv.lab.example", "other.lab.example")
    refused = asked(99, "HTTP/srv.lab.example", 8)
    (row,) = joined(ntlm(), names=[pointer], kdc=[refused])
    assert (row.fallback_reason, row.fallback_confidence) == ("duplicate_spn", "likely")
    (row,) = joined(ntlm(), kdc=[refused])
    assert row.fallback_reason == "ntlm_only_client"
    service = pointer._replace(name="_http._tcp.local", source="mdns")
    (row,) = joined(ntlm(), names=[service])
    assert row.names == ()


def led(
    client: str, name: str, at: float, address: str = "10.0.0.2", ttl: int | None = None
) -> NameFact:
    """An answer that leads to the server."""
    fact = NameFact("dns", client, name, (address,), 1, int(at * 10**9))
    return fact._replace(ttl=ttl)


@pytest.mark.parametrize(
    ("before", "ttl", "found"),
    [
        (60, None, True),
        (61, None, False),
        (61, 0, False),
        (61, 900, True),
        (901, 900, False),
        (86_400, 2_000_000_000, True),
        (86_401, 2_000_000_000, False),
    ],
)
def test_a_name_is_of_use_as_long_as_its_answer_holds(
    before: int, ttl: int | None, found: bool
) -> None:
    """By the TTL, at least a minute and at most a day."""
    at = 200_000
    fact = led("10.0.0.20", "dc1.lab.example", at - before, ttl=ttl)
    (row,) = joined(ntlm(at, server_name=None), names=[fact])
    assert row.server_name == ("dc1.lab.example" if found else None)


def test_a_name_may_be_asked_for_over_the_other_protocol() -> None:
    """Of the addresses of the other version it is not known whose they are: they must agree."""
    six = stream("fd00::20", "fd00::2")
    by_v4 = led("10.0.0.20", "dc1.lab.example", 99, "fd00::2")
    (row,) = joined(ntlm(server_name=None, stream=six), names=[by_v4])
    assert (row.server_name, row.names) == ("dc1.lab.example", ())
    another = led("10.0.0.21", "web.lab.example", 98, "fd00::2")
    (row,) = joined(ntlm(server_name=None, stream=six), names=[another, by_v4])
    assert (row.server_name, row.names) == (None, ("web.lab.example", "dc1.lab.example"))
    own = led("fd00::20", "web.lab.example", 97, "fd00::2")
    (row,) = joined(ntlm(server_name=None, stream=six), names=[own, by_v4])
    assert row.server_name == "web.lab.example"
    stranger = led("fd00::21", "web.lab.example", 97, "fd00::2")
    (row,) = joined(ntlm(server_name=None, stream=six), names=[stranger])
    assert (row.server_name, row.names) == (None, ("web.lab.example",))
