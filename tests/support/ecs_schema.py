"""ECS 8.11 as far as it is written here: fields with their types, and the values that it allows.

Spec: ECS 8.11, field sets base to user and the categorization fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from typing import Any

END = {"address": "keyword", "ip": "ip", "port": "long", "domain": "keyword"}
FIELDS = {
    "@timestamp": "date",
    "message": "text",
    "ecs.version": "keyword",
    "event.kind": "keyword",
    "event.category": "keyword[]",
    "event.type": "keyword[]",
    "event.module": "keyword",
    "event.dataset": "keyword",
    "event.outcome": "keyword",
    "event.reason": "keyword",
    "event.start": "date",
    "event.end": "date",
    "event.duration": "long",
    "event.severity": "long",
    **{f"{end}.{name}": kind for end in ("source", "client") for name, kind in END.items()},
    **{f"{end}.{name}": kind for end in ("destination", "server") for name, kind in END.items()},
    "user.name": "keyword",
    "user.domain": "keyword",
    "network.community_id": "keyword",
    "network.protocol": "keyword",
    "network.transport": "keyword",
    "network.type": "keyword",
    "related.ip": "ip[]",
    "related.user": "keyword[]",
    "related.hosts": "keyword[]",
    "rule.id": "keyword",
    "rule.name": "keyword",
    "rule.description": "keyword",
    "rule.category": "keyword",
    "rule.ruleset": "keyword",
    "rule.reference": "keyword",
    "threat.framework": "keyword",
    "threat.technique.id": "keyword[]",
    "threat.technique.subtechnique.id": "keyword[]",
}
"""Fields of ECS that may be written, with their types; `[]` for those that are arrays."""

KINDS = {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"}
TYPES = {
    "authentication": {"start", "end", "info"},
    "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
}
"""Category -> event types that ECS expects with it."""


def flat(branch: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Fields with their dotted names, without our own."""
    for name, value in branch.items():
        if before + name == "negoscope":
            continue
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def right(kind: str, value: Any) -> bool:
    """Whether Elasticsearch takes a value for a type."""
    if kind.endswith("[]"):
        return isinstance(value, list) and value != [] and all(right(kind[:-2], v) for v in value)
    match kind:
        case "date":
            return datetime.fromisoformat(value).tzinfo is not None
        case "ip":
            return str(ip_address(value)) == value
        case "long":
            return type(value) is int and abs(value) < 1 << 63
        case _:
            return isinstance(value, str) and value != ""


def check(document: dict[str, Any]) -> None:
    """Fields, types and values that ECS allows."""
    for name, value in flat(document):
        assert name in FIELDS, name
        assert right(FIELDS[name], value), (name, value)
    event = document["event"]
    assert document["ecs"] == {"version": "8.11.0"}
    assert event["kind"] in KINDS
    assert event.get("outcome", "unknown") in {"success", "failure", "unknown"}
    for category in event["category"]:
        assert TYPES[category] & set(event["type"])
    assert set(event["type"]) <= set().union(*(TYPES[each] for each in event["category"]))
    assert document.get("network", {}).get("transport", "tcp") in {"tcp", "udp"}
    for one, other in (("source", "client"), ("destination", "server")):
        assert document.get(one) == document.get(other)
