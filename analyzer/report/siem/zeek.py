"""Zeek logs: `gssapi` for negotiations, `notice` for findings; as tabbed text or as JSON lines.

Spec: Zeek's ASCII writer and its JSON variant (`LogAscii::use_json`), connection uids, notice.log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from analyzer.report.json_text import json_text
from analyzer.report.siem import zeek_ascii
from analyzer.report.siem.record import (
    Record,
    account,
    address,
    duration,
    of_subject,
    records,
)
from analyzer.tables.collect import Columns
from dissectors.records import NamedTuple

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_UID_LENGTH = 17  # as many as Zeek's 96 bits take at most


class LogField(NamedTuple):
    """One column of a log."""

    name: str
    kind: str  # Zeek's type
    source: str  # what it is made of, in Markdown
    value: Callable[[Record], Any]


def _same(name: str, kind: str = "string", column: str | None = None) -> LogField:
    """One of our columns as it is."""
    read = column or name
    return LogField(name, kind, f"`{read}`", lambda record: record[read])


def connection_uid(record: Record) -> str:
    """`C` and 17 digits, as Zeek names a connection: the same for every row of it, in every reading."""
    stream, number = record["stream_id"], record["negotiation_id"]
    own = f"n{number}" if stream is None else str(stream)
    key = "\0".join((record["capture"], own, record["community_id"] or ""))
    rest = int.from_bytes(sha256(key.encode("utf-8", "surrogatepass")).digest()[:16])
    digits = []
    for _ in range(_UID_LENGTH):
        rest, digit = divmod(rest, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "C" + "".join(reversed(digits))


NEGOTIATIONS = (
    _same("ts", "time", "started"),
    LogField("uid", "string", "`capture`, `stream_id`, `community_id`", connection_uid),
    _same("id.orig_h", "addr", "client"),
    _same("id.orig_p", "port", "client_port"),
    _same("id.resp_h", "addr", "server"),
    _same("id.resp_p", "port", "server_port"),
    _same("community_id"),
    LogField("duration", "interval", "`ended` - `started`", duration),
    _same("carrier"),
    _same("scheme"),
    _same("wrapper"),
    _same("hinted_mechs", "vector[string]"),
    _same("offered_mechs", "vector[string]"),
    _same("optimistic_mech"),
    _same("selected_mech"),
    _same("mechanism"),
    _same("mechanism_detail"),
    _same("ticket_etype"),
    _same("outcome"),
    _same("status"),
    _same("reason"),
    _same("reason_detail"),
    _same("confidence"),
    _same("fallback_reason"),
    _same("user"),
    _same("domain"),
    _same("workstation"),
    _same("realm"),
    _same("spn"),
    _same("server_name"),
    _same("protection"),
    _same("channel_binding"),
    _same("ntlm_mic"),
    _same("tls", "bool"),
    _same("completeness"),
    _same("negotiation_id", "count"),
    _same("capture"),
)

FINDINGS = (
    _same("ts", "time", "last_seen"),
    _same("note", "enum", "rule_id"),
    _same("msg", "string", "why"),
    _same("sub", "string", "title"),
    LogField("src", "addr", "`subject` of kind client", of_subject("client", address)),
    LogField(
        "dst", "addr", "`subject` of kind server, if an address", of_subject("server", address)
    ),
    _same("n", "count", "count"),
    LogField(
        "user",
        "string",
        "`subject` of kind user, without domain or a KDC's realm",
        lambda r: account(r)[0],
    ),
    _same("subject_kind"),
    _same("subject"),
    _same("severity"),
    _same("confidence"),
    _same("first_seen", "time"),
    _same("remedy"),
    _same("references", "vector[string]"),
    _same("captures", "vector[string]"),
)

LOGS = {"negotiations": ("gssapi", NEGOTIATIONS), "findings": ("notice", FINDINGS)}
"""Our table -> Zeek's path and columns."""

_SPAN = {"negotiations": ("started", "ended"), "findings": ("first_seen", "last_seen")}


def text_lines(table: str, values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """A Zeek ASCII log: header lines, one line per row, tabs between fields, a last line.

    `#open` and `#close` are the times of the rows and not of the writing, so that one capture makes one log;
    1970 where no row has a time.
    """
    path, fields = LOGS[table]
    first, last = (
        [ts for row in rows if (ts := values[column][row]) is not None] for column in _SPAN[table]
    )
    names, kinds = [field.name for field in fields], [field.kind for field in fields]
    yield from zeek_ascii.head(path, names, kinds, min(first, default=None))
    for record in records(values, rows):
        yield zeek_ascii.SEPARATOR.join(
            zeek_ascii.cell(field.kind, field.value(record)) for field in fields
        )
    yield zeek_ascii.tail(max(last, default=None))


def json_lines(table: str, values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """The same as Zeek writes it in JSON: fields that are not set are left out, times are seconds.

    `_path` tells which log it is, as Zeek's JSON streams do.
    """
    path, fields = LOGS[table]
    for record in records(values, rows):
        made: dict[str, Any] = {"_path": path}
        for field in fields:
            value = field.value(record)
            if value is not None:
                made[field.name] = (
                    zeek_ascii.microseconds(value) / 1e6 if field.kind in _TIMES else value
                )
        yield json_text(made)


_TIMES = frozenset({"time", "interval"})
