"""Elastic Common Schema documents.

Spec: ECS 8.11: base, event, source, destination, user, network, host, rule, threat.
"""

from __future__ import annotations

from ipaddress import ip_address

from analyzer.report.json_text import json_text
from analyzer.report.siem.record import OWN_FIELDS, Record, duration, iso, present

VERSION = "8.11.0"
SEVERITIES = {"info": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
"""Severity of a finding -> `event.severity`, in the bands that Elastic's own rules use."""


def negotiation(record: Record) -> str:
    """One Elastic Common Schema document."""
    outcome = record["outcome"] if record["outcome"] != "incomplete" else "unknown"
    return json_text(
        present(
            {
                "@timestamp": iso(record["started"]),
                "ecs": {"version": VERSION},
                "event": {
                    "kind": "event",
                    "category": ["authentication", "network"],
                    "type": ["start"],
                    "outcome": outcome,
                    "reason": record["reason_detail"],
                    "start": iso(record["started"]),
                    "end": iso(record["ended"]),
                    "duration": duration(record),
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


def finding(record: Record) -> str:
    """One finding of the audit as an ECS alert."""
    subject, kind = record["subject"], record["subject_kind"]
    return json_text(
        present(
            {
                "@timestamp": iso(record["last_seen"]),
                "ecs": {"version": VERSION},
                "event": {
                    "kind": "alert",
                    "category": ["authentication", "network"],
                    "type": ["indicator" if record["confidence"] == "possible" else "info"],
                    "severity": SEVERITIES[record["severity"]],
                    "reason": record["why"],
                    "start": iso(record["first_seen"]),
                    "end": iso(record["last_seen"]),
                    "dataset": "negoscope.finding",
                },
                "message": record["title"],
                "rule": {
                    "id": record["rule_id"],
                    "name": record["title"],
                    "description": record["remedy"],
                    "reference": "; ".join(record["references"] or []) or None,
                },
                "source": _host(subject) if kind == "client" else None,
                "destination": _host(subject) if kind == "server" else None,
                "user": {"name": subject if kind == "user" else None},
                "negoscope": {
                    name: record[name]
                    for name in (
                        "subject_kind",
                        "subject",
                        "count",
                        "negotiation_ids",
                        "evidence",
                        "confidence",
                        "captures",
                    )
                },
            }
        )
    )


def _host(subject: str) -> dict[str, str]:
    """An address as such; a service's name only as what it is called: Elastic refuses it as an `ip`."""
    try:
        ip_address(subject)
    except ValueError:
        return {"address": subject}
    return {"ip": subject, "address": subject}
