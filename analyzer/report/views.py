"""Which columns of a table people see first on a terminal, and under which heading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analyzer.report.cells import text_cell
from analyzer.report.grid import GridColumn
from analyzer.report.remembered import Remembered, picked
from analyzer.tables.collect import Columns
from analyzer.tables.schema import Column, Table
from dissectors.records import NamedTuple
from dissectors.visible import visible


class Shown(NamedTuple):
    """Columns whose cells are shown together, and the text that is made of those of a row."""

    names: tuple[str, ...]
    text: Callable[..., str]


class View(NamedTuple):
    """One heading of the short form: what it shows of a row, and its importance (1: always)."""

    heading: str
    cell: Shown
    keep: int = 1
    right: bool = False


SHORT_DETAILS = {
    "aes128-cts-hmac-sha1-96": "aes128",
    "aes256-cts-hmac-sha1-96": "aes256",
    "aes128-cts-hmac-sha256-128": "aes128-sha2",
    "aes256-cts-hmac-sha384-192": "aes256-sha2",
    "arcfour-hmac-md5": "rc4",
}
"""Encryption types as people call them; the tables keep the full names."""
IDS_SHOWN = 4
_UNANSWERED = {"none": "no answer", "lost": "answer lost", "torn": "end of answer lost"}


def _of(name: str) -> Shown:
    return Shown((name,), lambda cell: "" if cell is None else visible(str(cell)))


def _list_of(name: str, between: str = " > ") -> Shown:
    return Shown((name,), lambda cell: visible(between.join(cell)) if cell else "")


def _some_of(name: str) -> Shown:
    return _list_of(name, ", ")


def _yes_of(name: str) -> Shown:
    return Shown((name,), lambda cell: "yes" if cell else "")


def _counts(counts: dict[str, int]) -> str:
    return visible(", ".join(f"{key} {count}" for key, count in counts.items()))


def _end(address: str, port: str) -> Shown:
    return Shown((address, port), lambda at, number: f"{at}:{number}" if at is not None else "")


def _kdc_error(status: int | None, error: str | None, answer: str | None) -> str:
    if status is not None:
        return f"HTTP {status}"
    return visible(error or _UNANSWERED.get(answer or "", ""))


def _mechanism(mechanism: str | None, detail: str | None) -> str:
    if mechanism is None:
        return ""
    if detail is None:
        return visible(mechanism)
    return visible(f"{mechanism} {SHORT_DETAILS.get(detail, detail)}")


def _offered(listed: list[str] | None, scheme: str | None) -> str:
    return visible(" > ".join(listed) if listed else scheme or "")


def _who(user: str | None, domain: str | None) -> str:
    return visible(f"{domain}\\{user}" if user and domain else user or "")


def _service(spn: str | None, realm: str | None) -> str:
    """With the realm that issued the ticket, which need not be the user's."""
    return visible((spn or "") + (f"@{realm}" if realm else ""))


def _some_ids(listed: list[int] | None) -> str:
    """The first negotiations, and how many more there are: `1,2,3,4,+2`."""
    ids = listed or []
    rest = len(ids) - IDS_SHOWN
    return ",".join([*map(str, ids[:IDS_SHOWN]), *([f"+{rest}"] if rest > 0 else [])])


def _status(status: str | None) -> str:
    return visible((status or "").removeprefix("STATUS_"))


def _ticket(etype: str | None) -> str:
    return "" if etype is None else visible(SHORT_DETAILS.get(etype, etype))


def _accepted(accepted: dict[str, int], mechanisms: dict[str, int]) -> str:
    return _counts(accepted) or ("nothing" if mechanisms else "")


def _lost(lost: list[str] | None, error: str | None) -> str:
    return visible("; ".join(lost or [error or ""]))


VIEWS: dict[str, tuple[View, ...]] = {
    "negotiations": (
        View("id", _of("negotiation_id"), right=True),
        View("frames", Shown(("first_frame", "last_frame"), "{}-{}".format), keep=6),
        View("client", _of("client"), keep=3),
        View("server", _end("server", "server_port"), keep=3),
        View("carrier", _of("carrier"), keep=3),
        View("offered", Shown(("offered_mechs", "scheme"), _offered), keep=5),
        View("selected", _of("selected_mech"), keep=6),
        View("run", Shown(("mechanism", "mechanism_detail"), _mechanism)),
        View("outcome", _of("outcome")),
        View("status", Shown(("status",), _status), keep=2),
        View("reason", _of("reason"), keep=2),
        View("who", Shown(("user", "domain"), _who), keep=5),
        View("service", Shown(("spn", "realm"), _service), keep=5),
        View("then", _of("protection"), keep=5),
    ),
    "tokens": (
        View("frame", _of("frame"), right=True),
        View("neg", _of("negotiation_id"), right=True, keep=2),
        View("from", _end("src", "src_port")),
        View("to", _end("dst", "dst_port"), keep=3),
        View("carrier", _of("carrier"), keep=2),
        View("token", _of("token_type")),
        View("inside", _of("inner_type")),
        View("bytes", _of("length"), right=True, keep=3),
        View("mechanisms", _list_of("mech_types"), keep=2),
        View("state", _of("neg_state"), keep=2),
        View("selected", _of("supported_mech"), keep=2),
        View("user", _of("ntlm_user"), keep=3),
        View("service", _of("krb_sname"), keep=3),
        View("error", _of("krb_error"), keep=3),
    ),
    "offers": (
        View("neg", _of("negotiation_id"), right=True),
        View("client", _of("client")),
        View("server", _of("server")),
        View("carrier", _of("carrier")),
        View("by", _of("by")),
        View("rank", _of("rank"), right=True),
        View("mechanism", _of("mech")),
        View("OID", _of("oid"), keep=3),
        View("selected", _yes_of("selected"), keep=2),
        View("optimistic", _yes_of("optimistic"), keep=2),
    ),
    "anomalies": (
        View("frame", _of("frame"), right=True),
        View("stream", _of("stream_id"), right=True, keep=3),
        View("neg", _of("negotiation_id"), right=True, keep=2),
        View("severity", _of("severity")),
        View("code", _of("code")),
        View("group", _of("group"), keep=3),
        View("bytes", Shown(("offset", "length"), "{}+{}".format), keep=3),
        View("detail", _of("detail")),
    ),
    "captures": (
        View("capture", _of("capture")),
        View("format", _of("format"), keep=2),
        View("packets", _of("packets"), right=True),
        View("bytes", _of("bytes"), right=True, keep=3),
        View("streams", _of("streams"), right=True, keep=3),
        View("tokens", _of("tokens"), right=True),
        View("negotiations", _of("negotiations"), right=True),
        View("anomalies", _of("anomalies"), right=True),
        View("missing TCP bytes", _of("tcp_bytes_missing"), right=True, keep=2),
        View("undecoded", _of("packets_undecoded"), right=True, keep=2),
        View("lost", Shown(("lost", "error"), _lost), keep=2),
    ),
    "kdc": (
        View("request", _of("frame_request"), right=True),
        View("reply", _of("frame_reply"), right=True),
        View("client", _of("client"), keep=3),
        View("KDC", _end("server", "server_port"), keep=4),
        View("over", _of("transport"), keep=4),
        View("exchange", _of("exchange")),
        View("who", _of("cname")),
        View("service", _of("sname")),
        View("realm", _of("realm"), keep=5),
        View("preauth", _of("preauth"), keep=4),
        View("ticket", Shown(("ticket_etype",), _ticket), keep=2),
        View("error", Shown(("proxy_status", "error", "answer"), _kdc_error)),
        View("referral", _of("referral"), keep=3),
        View("continues", _of("continues"), right=True, keep=4),
        View("neg", Shown(("negotiation_ids",), _some_ids), keep=3),
    ),
    "names": (
        View("frame", _of("frame"), right=True),
        View("client", _of("client")),
        View("by", _of("source")),
        View("name", _of("name")),
        View("record", _of("record"), keep=3),
        View("addresses", _some_of("addresses")),
        View("answer", _of("rcode"), keep=2),
        View("from", _of("responder"), keep=3),
        View("leads to", _some_of("targets"), keep=4),
    ),
    "findings": (
        View("rule", _of("rule_id")),
        View("severity", _of("severity")),
        View("what", _of("title")),
        View("who", _of("subject")),
        View("times", _of("count"), right=True, keep=3),
        View("sure", _of("confidence"), keep=4),
        View("neg", Shown(("negotiation_ids",), _some_ids), keep=5),
        View("why", _of("why"), keep=2),
    ),
    "hosts": (
        View("host", _of("host")),
        View("role", _of("role")),
        View("negotiations", _of("negotiations"), keep=3, right=True),
        View("failed", _of("failure"), keep=3, right=True),
        View("ran", Shown(("mechanisms",), _counts)),
        View("accepted", Shown(("accepted", "mechanisms"), _accepted), keep=2),
        View("offers", _some_of("offers"), keep=3),
        View("weakest", _of("weakest")),
        View("e.g. id", _of("weakest_negotiation_id"), keep=2, right=True),
        View("signing", _of("signing"), keep=3),
        View("names", _some_of("names"), keep=4),
        View("users", _some_of("users"), keep=4),
        View("OS", _of("os"), keep=5),
        View("carriers", _some_of("carriers"), keep=5),
    ),
}


def short_form(table: Table, values: Columns, rows: Sequence[int]) -> list[GridColumn]:
    """The columns that answer the table's question at a glance; the capture's name if there are several."""
    views = VIEWS[table.name]
    if table.name != "captures" and len(set(values.get("capture", ()))) > 1:
        views = (View("capture", _of("capture"), keep=2), *views)
    kinds = {column.name: column.kind for column in table.columns}
    return [
        GridColumn(view.heading, _texts(view.cell, kinds, values, rows), view.keep, view.right)
        for view in views
    ]


def _texts(
    shown: Shown, kinds: Mapping[str, str], values: Columns, rows: Sequence[int]
) -> list[str]:
    """The texts of all rows. What rows have in common is made once."""
    cells = [picked(values[name], rows) for name in shown.names]
    found = {kinds[name] for name in shown.names}
    if found & {"strs", "ints", "dict"} or found == {"int"}:
        return list(map(shown.text, *cells))
    known = Remembered(lambda row: shown.text(*row))
    return list(map(known.__getitem__, zip(*cells, strict=True)))


def chosen_form(
    columns: Sequence[Column], values: Columns, rows: Sequence[int]
) -> list[GridColumn]:
    """The columns a user has named, all of them."""
    return [
        GridColumn(
            column.name,
            [text_cell(column, values[column.name][row]) for row in rows],
            right=column.kind in {"int", "float"},
        )
        for column in columns
    ]
