"""Which ticket-granting tickets of RC4 look forged."""

from __future__ import annotations

from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.rules.kdc_forged import forged_ticket
from analyzer.tables.schema import TABLES

AES, RC4 = "aes256-cts-hmac-sha1-96", "arcfour-hmac-md5"


def exchange(frame: int, kind: str, sname: str, **cells: Any) -> dict[str, Any]:
    """A row of the table kdc: a ticket was given."""
    row: dict[str, Any] = dict.fromkeys(TABLES["kdc"].names)
    row |= {"capture": "x", "frame_request": frame, "frame_reply": frame + 1, "exchange": kind}
    row |= {"client": "10.0.0.5", "server": "10.0.0.1", "sname": sname, "realm": "LAB.EXAMPLE"}
    return row | {"outcome": "success", "ticket_etype": AES} | cells


def found(*rows: dict[str, Any]) -> int:
    """How many tickets look forged."""
    columns = {name: [row[name] for row in rows] for name in TABLES["kdc"].names}
    return len(list(forged_ticket(Facts({"kdc": columns}))))


USUAL = exchange(1, "AS", "krbtgt/LAB.EXAMPLE", ticket_id="aa")


def brought(**cells: Any) -> dict[str, Any]:
    """A request with a ticket of RC4."""
    shown = {"presented_etype": RC4, "presented_sname": "krbtgt/LAB.EXAMPLE", "presented_id": "bb"}
    return exchange(9, "TGS", "cifs/fs1.lab.example", ticket_id="cc", **(shown | cells))


def test_a_ticket_that_no_reply_gave() -> None:
    """Its realm gives AES only; also where the ticket is cut, so that it cannot be known again."""
    assert found(USUAL, brought()) == 1
    assert found(USUAL, brought(presented_id=None)) == 1
    assert found(USUAL, brought(presented_etype=AES)) == 0


def test_a_ticket_that_a_reply_gave() -> None:
    """The client asked by the domain's NetBIOS name: another realm to the letter, but the same ticket."""
    given = exchange(5, "AS", "krbtgt/LAB", realm="LAB", ticket_etype=RC4, ticket_id="bb")
    assert found(USUAL, given, brought()) == 0
    assert found(USUAL, given | {"ticket_id": "dd"}, brought()) == 1
    assert found(USUAL, given | {"ticket_etype": AES}, brought()) == 1
