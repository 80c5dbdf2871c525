"""What the pipeline says, gathered to tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.audit.registry import all_rules
from analyzer.audit.run import audit
from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount, Stream
from analyzer.pipeline import DecryptedReader, Options, StreamReader, run
from analyzer.tables.collect import Collector, Tables

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def test_a_servers_list_belongs_to_the_negotiation_that_follows() -> None:
    """The scheme that the client took up is the selected one."""
    columns = read(CAPTURES / "http" / "anyauth_kerberos" / "capture.pcapng").tables.columns[
        "offers"
    ]
    rows = list(
        zip(*(columns[n] for n in ("by", "mech", "negotiation_id", "selected")), strict=True)
    )
    assert rows == [
        ("server", "Negotiate", 1, True),
        ("server", "Basic", 1, False),
        ("client", "kerberos", 1, True),
    ]


def test_numbers_go_on_over_several_captures() -> None:
    """1.. in order of first frame, input after input; tokens refer to them."""
    paths = [CAPTURES / "smb" / name / "capture.pcapng" for name in ("two_sessions", "smb311_ntlm")]
    tables = read(paths).tables.columns
    numbers = tables["negotiations"]["negotiation_id"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(tables["tokens"]["negotiation_id"]) <= {None, *numbers}
    names = list(dict.fromkeys(tables["negotiations"]["capture"]))
    assert names == ["two_sessions/capture.pcapng", "smb311_ntlm/capture.pcapng"]


def test_only_the_tables_asked_for_are_filled() -> None:
    """Rows nobody wants cost nothing."""
    tables = read(CAPTURES / "smb" / "two_sessions", tables=["negotiations"]).tables.columns
    assert tables["negotiations"]["capture"]
    assert tables["tokens"]["capture"] == []
    assert tables["offers"]["capture"] == []


def test_negotiations_are_freed_when_their_rows_are_made() -> None:
    """Of what waited for the last one to be over nothing is left."""
    source = Input(str(CAPTURES / "smb" / "two_sessions" / "capture.pcapng"))
    tables = Tables(frozenset())
    collector = Collector(tables, source.name)
    account, seconds = run(source, collector, Options())
    count = len(collector.gathered().negotiations)
    assert count == collector.found > 1
    collector.close(account, seconds)
    assert not any(collector.gathered()[:5])
    assert len(tables.columns["negotiations"]["capture"]) == count


@pytest.mark.parametrize(("reader", "tls"), [(StreamReader, False), (DecryptedReader, True)])
def test_a_servers_list_says_whether_it_came_through_tls(
    reader: type[StreamReader], tls: bool
) -> None:
    """Also one that nobody took up, of which no negotiation tells it."""
    tables = Tables(frozenset({"offers"}))
    collector = Collector(tables, "made.pcap")
    reading = reader(
        Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 443, 1, 0, "syn"), collector, Options()
    )
    reading.deliver(0, 0, b"GET / HTTP/1.1\r\nHost: web\r\n\r\n", 1, 1000)
    answer = b"HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
    reading.deliver(1, 0, answer, 2, 2000)
    reading.end(None, "capture-end", 3, 3000)
    collector.close(CaptureAccount(), 0.0)
    columns = tables.columns["offers"]
    assert (columns["mech"], columns["negotiation_id"], columns["tls"]) == (
        ["Basic"],
        [None],
        [tls],
    )
    assert bool(audit(tables.columns, [all_rules()["NGS-HTTP-002"]])) is not tls
