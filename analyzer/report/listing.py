"""The negotiations that an explorer lists: for each column the texts that occur, and per row which one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from analyzer.report.views import SHORT_DETAILS
from analyzer.tables.collect import Columns
from dissectors.records import NamedTuple
from dissectors.visible import shortened, visible

SECOND = 1_000_000_000


class Listed(NamedTuple):
    """A column: different texts, and for each row the place of its text in them; None where there is none."""

    texts: list[str]
    cells: list[int | None]


def listing(negotiations: Columns) -> dict[str, Listed]:
    """Return what is listed of the rows of `negotiations`, by name; text is safe to print, and short."""
    one = negotiations.__getitem__
    plain = ("capture", "client", "server", "carrier", "mechanism", "outcome", "reason", "status")
    made = {name: _listed(one(name)) for name in plain}
    made["id"] = _listed(map(str, one("negotiation_id")))
    made["started"] = _listed(map(_time, one("started")))
    made["offered"] = _listed(map(_offered, one("offered_mechs"), one("scheme")))
    made["ran"] = _listed(map(_ran, one("mechanism"), one("mechanism_detail")))
    made["user"] = _listed(map(_who, one("user"), one("domain")))
    made["service"] = _listed(map(_service, one("spn"), one("server_name")))
    return made


def _listed(cells: Iterable[str | None]) -> Listed:
    places: dict[str, int] = {}
    found = [None if cell is None else places.setdefault(cell, len(places)) for cell in cells]
    return Listed([shortened(visible(text)) for text in places], found)


def _time(at_ns: int | None) -> str | None:
    if at_ns is None:
        return None
    moment = datetime.fromtimestamp(at_ns // SECOND, UTC)
    return f"{moment:%m-%d %H:%M:%S}.{at_ns % SECOND // 1_000_000:03}"


def _offered(listed: Sequence[str] | None, scheme: str | None) -> str | None:
    return " > ".join(listed) if listed else scheme


def _ran(mechanism: str | None, detail: str | None) -> str | None:
    if mechanism is None or detail is None:
        return mechanism
    return f"{mechanism} {SHORT_DETAILS.get(detail, detail)}"


def _who(user: str | None, domain: str | None) -> str | None:
    return f"{domain}\\{user}" if user and domain else user or None


def _service(spn: str | None, name: Any) -> str | None:
    return spn or name
