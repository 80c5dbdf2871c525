"""Negotiations in the words of other systems: Elastic Common Schema, OCSF and Zeek logs.

Spec: ECS 8 (event.*, source.*, destination.*, user.*, network.*), OCSF 1.x class 3002 Authentication,
Zeek's ASCII log format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.report.cells import iso_time
from analyzer.report.json_text import json_text
from analyzer.tables.collect import Columns
from dissectors.visible import visible

Record = dict[str, Any]

OWN_FIELDS = (
    "negotiation_id", "stream_id", "first_frame", "last_frame", "legs", "carrier", "carrier_version",
    "scheme", "wrapper", "flow", "hinted_mechs", "offered_mechs", "optimistic_mech", "selected_mech",
    "mechanism", "mechanism_detail", "neg_states", "mech_list_mic", "outcome_source", "status",
    "status_code", "gss_status", "reason", "reason_detail", "evidence", "confidence", "retry_of",
    "fallback_from", "fallback_kind", "realm", "spn", "protection", "channel_binding", "ntlm_mic",
    "completeness",
)  # fmt: skip
"""Columns kept under `negoscope.*` where the other system has no field for them."""

OCSF_OUTCOMES = {"success": (1, "Success"), "failure": (2, "Failure")}
OCSF_PROTOCOLS = {"ntlm": (1, "NTLM"), "kerberos": (2, "Kerberos"), "digest": (3, "Digest")}


def records(values: Columns, rows: Sequence[int]) -> Iterator[Record]:
    """Rows as dicts."""
    for row in rows:
        yield {name: cells[row] for name, cells in values.items()}


def _present(record: Record) -> Record:
    """Without empty branches."""
    made: Record = {}
    for key, value in record.items():
        if isinstance(value, dict):
            value = _present(value)
            if not value:
                continue
        if value is not None:
            made[key] = value
    return made


def _iso(ts_ns: int | None) -> str | None:
    return None if ts_ns is None else iso_time(ts_ns)


def _milliseconds(ts_ns: int | None) -> int | None:
    return None if ts_ns is None else ts_ns // 1_000_000


def _duration(record: Record) -> int | None:
    """Nanoseconds from first to last frame, where both times are known."""
    started, ended = record["started"], record["ended"]
    return None if started is None or ended is None else ended - started


def as_ecs(record: Record) -> str:
    """One Elastic Common Schema document."""
    outcome = record["outcome"] if record["outcome"] != "incomplete" else "unknown"
    return json_text(
        _present(
            {
                "@timestamp": _iso(record["started"]),
                "ecs": {"version": "8.11.0"},
                "event": {
                    "kind": "event",
                    "category": ["authentication", "network"],
                    "type": ["start"],
                    "outcome": outcome,
                    "reason": record["reason_detail"],
                    "start": _iso(record["started"]),
                    "end": _iso(record["ended"]),
                    "duration": _duration(record),
                    "dataset": "negoscope.negotiation",
                },
                "source": {"ip": record["client"], "port": record["client_port"]},
                "destination": {
                    "ip": record["server"],
                    "port": record["server_port"],
                    "domain": record["server_name"],
                },
                "user": {"name": record["user"], "domain": record["domain"]},
                "network": {
                    "community_id": record["community_id"],
                    "protocol": record["carrier"],
                    "transport": "tcp",
                },
                "negoscope": {name: record[name] for name in OWN_FIELDS},
            }
        )
    )


def as_ocsf(record: Record) -> str:
    """One OCSF Authentication event (class 3002)."""
    status_id, status = OCSF_OUTCOMES.get(record["outcome"], (0, "Unknown"))
    protocol_id, protocol = OCSF_PROTOCOLS.get(
        record["mechanism"], (99, record["mechanism"] or "Other")
    )
    return json_text(
        _present(
            {
                "category_uid": 3,
                "category_name": "Identity & Access Management",
                "class_uid": 3002,
                "class_name": "Authentication",
                "activity_id": 1,
                "activity_name": "Logon",
                "type_uid": 300201,
                "time": _milliseconds(record["started"]),
                "start_time": _milliseconds(record["started"]),
                "end_time": _milliseconds(record["ended"]),
                "severity_id": 1,
                "status_id": status_id,
                "status": status,
                "status_code": None
                if record["status_code"] is None
                else str(record["status_code"]),
                "status_detail": record["status"],
                "message": record["reason_detail"],
                "auth_protocol_id": protocol_id,
                "auth_protocol": protocol,
                "is_cleartext": record["mechanism"] in {"basic", "simple", "plain"}
                and record["protection"] != "tls",
                "is_remote": True,
                "logon_type_id": 3,
                "logon_type": "Network",
                "user": {
                    "name": record["user"] or "unknown",
                    "domain": record["domain"] or record["realm"],
                },
                "src_endpoint": {
                    "ip": record["client"],
                    "port": record["client_port"],
                    "hostname": record["workstation"] or None,
                },
                "dst_endpoint": {
                    "ip": record["server"],
                    "port": record["server_port"],
                    "hostname": record["server_name"],
                },
                "service": {"name": record["spn"] or record["carrier"]},
                "metadata": {
                    "version": "1.3.0",
                    "product": {"name": "negoscope", "vendor_name": "negoscope"},
                    "uid": f"{record['capture']}#{record['negotiation_id']}",
                },
                "unmapped": {name: record[name] for name in OWN_FIELDS},
            }
        )
    )


ZEEK_FIELDS: tuple[tuple[str, str, str], ...] = (
    ("ts", "time", "started"),
    ("community_id", "string", "community_id"),
    ("id.orig_h", "addr", "client"),
    ("id.orig_p", "port", "client_port"),
    ("id.resp_h", "addr", "server"),
    ("id.resp_p", "port", "server_port"),
    ("carrier", "string", "carrier"),
    ("scheme", "string", "scheme"),
    ("wrapper", "string", "wrapper"),
    ("hinted_mechs", "vector[string]", "hinted_mechs"),
    ("offered_mechs", "vector[string]", "offered_mechs"),
    ("optimistic_mech", "string", "optimistic_mech"),
    ("selected_mech", "string", "selected_mech"),
    ("mechanism", "string", "mechanism"),
    ("mechanism_detail", "string", "mechanism_detail"),
    ("outcome", "string", "outcome"),
    ("status", "string", "status"),
    ("reason", "string", "reason"),
    ("confidence", "string", "confidence"),
    ("user", "string", "user"),
    ("domain", "string", "domain"),
    ("workstation", "string", "workstation"),
    ("realm", "string", "realm"),
    ("spn", "string", "spn"),
    ("server_name", "string", "server_name"),
    ("protection", "string", "protection"),
    ("completeness", "string", "completeness"),
)
"""(Zeek field, Zeek type, our column)."""


def zeek_lines(values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """A Zeek ASCII log: header lines, one line per negotiation, tabs between fields."""
    yield "#separator \\x09"
    yield "#set_separator\t,"
    yield "#empty_field\t(empty)"
    yield "#unset_field\t-"
    yield "#path\tnegotiation"
    yield "#fields\t" + "\t".join(field for field, _, _ in ZEEK_FIELDS)
    yield "#types\t" + "\t".join(kind for _, kind, _ in ZEEK_FIELDS)
    for row in rows:
        yield "\t".join(_zeek_cell(kind, values[name][row]) for _, kind, name in ZEEK_FIELDS)


def _zeek_cell(kind: str, value: Any) -> str:
    if value is None:
        return "-"
    if kind == "time":
        return f"{value // 1_000_000_000}.{value % 1_000_000_000 // 1000:06d}"
    if kind.startswith("vector"):
        return ",".join(_zeek_text(item).replace(",", "\\x2c") for item in value) or "(empty)"
    return _zeek_text(str(value)) or "(empty)"


def _zeek_text(text: str) -> str:
    shown = visible(text)
    return "\\x2d" if shown == "-" else shown
