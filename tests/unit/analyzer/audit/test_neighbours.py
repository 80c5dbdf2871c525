"""How much is looked at to tell which answer led a client astray."""

from __future__ import annotations

import sys

import pytest
from support.finding_rows import CAPTURE, SECOND, Row, columns_of, logon

from analyzer.audit.registry import all_rules
from analyzer.audit.run import audit
from benchmarks.work import Tracer


def led_astray(number: int, client: str, every_ns: int) -> tuple[Row, Row, Row]:
    """A look-up answered by a neighbour, the logon that follows, and the challenge of the wrong server."""
    asked = number * every_ns
    answer = {"capture": CAPTURE, "client": client, "source": "llmnr", "record": "A"}
    answer |= {"name": "files", "addresses": ["10.0.0.2"], "responder": "10.0.0.2"}
    answer |= {"rcode": "NOERROR", "frame": 10 * number, "ts": asked, "broadcast": True}
    row = logon(number, client=client, server_name="10.0.0.2", started=asked + SECOND)
    said = {"capture": CAPTURE, "negotiation_id": number, "frame": 10 * number + 1, "anomalies": 0}
    said |= {"token_type": "NTLM_CHALLENGE", "ntlm_challenge_id": "00"}
    return answer, row, said


def work(count: int, *, clients: bool, every_ns: int) -> int:
    """Lines run by an audit of so many logons, each of which is a hit."""
    made = [
        led_astray(n, f"10.1.{n // 256}.{n % 256}" if clients else "10.0.0.20", every_ns)
        for n in range(1, count + 1)
    ]
    answers, rows, said = (list(each) for each in zip(*made, strict=True))
    columns = columns_of(names=answers, negotiations=rows, tokens=said)
    tracer = Tracer()
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        findings = audit(columns, [all_rules()["NGS-NAME-001"]])
    finally:
        sys.settrace(before)
    assert sum(finding.count for finding in findings) == count
    return sum(number for what, number in tracer.result().items() if what.startswith("lines "))


@pytest.mark.parametrize(
    ("clients", "every_ns"),
    [(True, 30 * SECOND), (False, 30 * SECOND), (True, 1000), (False, 1000)],
    ids=["many clients", "one client", "many clients at once", "one client at once"],
)
def test_twice_as_many_answers_are_twice_the_work(clients: bool, every_ns: int) -> None:
    """Whoever they are for, and however close together they come."""
    once = work(200, clients=clients, every_ns=every_ns)
    assert work(400, clients=clients, every_ns=every_ns) < 2.2 * once
