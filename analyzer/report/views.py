"""Which columns of a table people see first on a terminal, and under which heading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from analyzer.report.cells import text_cell
from analyzer.report.grid import GridColumn
from analyzer.tables.collect import Columns
from analyzer.tables.schema import Column, Table
from dissectors.records import NamedTuple
from dissectors.visible import visible


class View(NamedTuple):
    """One heading of the short form: what it shows of a row, and its importance (1: always)."""

    heading: str
    cell: Callable[[dict[str, Any]], str]
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


def _of(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: "" if row[name] is None else visible(str(row[name]))


def _list_of(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: visible(" > ".join(row[name])) if row[name] else ""


def _some_of(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: visible(", ".join(row[name])) if row[name] else ""


def _counts_of(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: visible(", ".join(f"{key} {count}" for key, count in row[name].items()))


def _end(address: str, port: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: f"{row[address]}:{row[port]}" if row[address] is not None else ""


def _kdc_error(row: dict[str, Any]) -> str:
    if row["proxy_status"] is not None:
        return f"HTTP {row['proxy_status']}"
    return visible(row["error"] or _UNANSWERED.get(row["answer"], ""))


def _mechanism(row: dict[str, Any]) -> str:
    if row["mechanism"] is None:
        return ""
    detail = row["mechanism_detail"]
    if detail is None:
        return visible(row["mechanism"])
    return visible(f"{row['mechanism']} {SHORT_DETAILS.get(detail, detail)}")


def _offered(row: dict[str, Any]) -> str:
    listed = row["offered_mechs"]
    return visible(" > ".join(listed) if listed else row["scheme"] or "")


def _who(row: dict[str, Any]) -> str:
    user, domain = row["user"], row["domain"]
    return visible(f"{domain}\\{user}" if user and domain else user or "")


def _service(row: dict[str, Any]) -> str:
    """With the realm that issued the ticket, which need not be the user's."""
    realm = f"@{row['realm']}" if row["realm"] else ""
    return visible((row["spn"] or "") + realm)


def _some_ids(row: dict[str, Any]) -> str:
    """The first negotiations, and how many more there are: `1,2,3,4,+2`."""
    ids = row["negotiation_ids"] or []
    rest = len(ids) - IDS_SHOWN
    return ",".join([*map(str, ids[:IDS_SHOWN]), *([f"+{rest}"] if rest > 0 else [])])


def _frames(row: dict[str, Any]) -> str:
    return f"{row['first_frame']}-{row['last_frame']}"


def _status(row: dict[str, Any]) -> str:
    return visible((row["status"] or "").removeprefix("STATUS_"))


def _ticket(row: dict[str, Any]) -> str:
    etype = row["ticket_etype"]
    return "" if etype is None else visible(SHORT_DETAILS.get(etype, etype))


def _accepted(row: dict[str, Any]) -> str:
    told = visible(", ".join(f"{key} {count}" for key, count in row["accepted"].items()))
    return told or ("nothing" if row["mechanisms"] else "")


VIEWS: dict[str, tuple[View, ...]] = {
    "negotiations": (
        View("id", _of("negotiation_id"), right=True),
        View("frames", _frames, keep=6),
        View("client", _of("client"), keep=3),
        View("server", _end("server", "server_port"), keep=3),
        View("carrier", _of("carrier"), keep=3),
        View("offered", _offered, keep=5),
        View("selected", _of("selected_mech"), keep=6),
        View("run", _mechanism),
        View("outcome", _of("outcome")),
        View("status", _status, keep=2),
        View("reason", _of("reason"), keep=2),
        View("who", _who, keep=5),
        View("service", _service, keep=5),
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
        View("selected", lambda row: "yes" if row["selected"] else "", keep=2),
        View("optimistic", lambda row: "yes" if row["optimistic"] else "", keep=2),
    ),
    "anomalies": (
        View("frame", _of("frame"), right=True),
        View("stream", _of("stream_id"), right=True, keep=3),
        View("neg", _of("negotiation_id"), right=True, keep=2),
        View("severity", _of("severity")),
        View("code", _of("code")),
        View("group", _of("group"), keep=3),
        View("bytes", lambda row: f"{row['offset']}+{row['length']}", keep=3),
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
        View("lost", lambda row: visible("; ".join(row["lost"] or [row["error"] or ""])), keep=2),
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
        View("ticket", _ticket, keep=2),
        View("error", _kdc_error),
        View("referral", _of("referral"), keep=3),
        View("continues", _of("continues"), right=True, keep=4),
        View("neg", _some_ids, keep=3),
    ),
    "names": (
        View("frame", _of("frame"), right=True),
        View("client", _of("client")),
        View("by", _of("source")),
        View("name", _of("name")),
        View("record", _of("record"), keep=3),
        View("addresses", lambda row: visible(", ".join(row["addresses"] or []))),
        View("answer", _of("rcode"), keep=2),
        View("from", _of("responder"), keep=3),
        View("leads to", lambda row: visible(", ".join(row["targets"] or [])), keep=4),
    ),
    "findings": (
        View("rule", _of("rule_id")),
        View("severity", _of("severity")),
        View("what", _of("title")),
        View("who", _of("subject")),
        View("times", _of("count"), right=True, keep=3),
        View("sure", _of("confidence"), keep=4),
        View("neg", _some_ids, keep=5),
        View("why", _of("why"), keep=2),
    ),
    "hosts": (
        View("host", _of("host")),
        View("role", _of("role")),
        View("negotiations", _of("negotiations"), keep=3, right=True),
        View("failed", _of("failure"), keep=3, right=True),
        View("ran", _counts_of("mechanisms")),
        View("accepted", _accepted, keep=2),
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
    dicts = [{name: cells[row] for name, cells in values.items()} for row in rows]
    return [
        GridColumn(view.heading, [view.cell(row) for row in dicts], view.keep, view.right)
        for view in views
    ]


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
