"""Open Cybersecurity Schema Framework events: 3002 Authentication and 2004 Detection Finding.

Spec: OCSF 1.3.
"""

from __future__ import annotations

import hashlib

from analyzer.report.json_text import json_text
from analyzer.report.siem.record import (
    CLEAR_PASSWORDS,
    OWN_FIELDS,
    Record,
    milliseconds,
    present,
)

VERSION = "1.3.0"
PRODUCT = {"name": "negoscope", "vendor_name": "negoscope"}
OUTCOMES = {"success": (1, "Success"), "failure": (2, "Failure")}
PROTOCOLS = {"ntlm": (1, "NTLM"), "kerberos": (2, "Kerberos"), "digest": (3, "Digest")}
SEVERITIES = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
CONFIDENCES = {"possible": (1, "Low"), "likely": (2, "Medium"), "certain": (3, "High")}


def negotiation(record: Record) -> str:
    """One OCSF Authentication event (class 3002)."""
    status_id, status = OUTCOMES.get(record["outcome"], (0, "Unknown"))
    protocol_id, protocol = PROTOCOLS.get(record["mechanism"], (99, record["mechanism"] or "Other"))
    return json_text(
        present(
            {
                "category_uid": 3,
                "category_name": "Identity & Access Management",
                "class_uid": 3002,
                "class_name": "Authentication",
                "activity_id": 1,
                "activity_name": "Logon",
                "type_uid": 300201,
                "time": milliseconds(record["started"]),
                "start_time": milliseconds(record["started"]),
                "end_time": milliseconds(record["ended"]),
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
                "is_cleartext": record["mechanism"] in CLEAR_PASSWORDS
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
                    "version": VERSION,
                    "product": PRODUCT,
                    "uid": f"{record['capture']}#{record['negotiation_id']}",
                },
                "unmapped": {name: record[name] for name in OWN_FIELDS},
            }
        )
    )


def finding(record: Record) -> str:
    """One finding of the audit as a Detection Finding (class 2004)."""
    severity_id, severity = SEVERITIES[record["severity"]]
    confidence_id, confidence = CONFIDENCES[record["confidence"]]
    parts = [record["rule_id"], record["subject_kind"], record["subject"]]
    if record["subject_kind"] == "negotiation":  # its number is its capture's own
        parts += sorted(record["captures"])
    named = "|".join(parts)
    seen = milliseconds(record["last_seen"])
    return json_text(
        present(
            {
                "category_uid": 2,
                "category_name": "Findings",
                "class_uid": 2004,
                "class_name": "Detection Finding",
                "activity_id": 1,
                "activity_name": "Create",
                "type_uid": 200401,
                "time": seen if seen is not None else 0,
                "start_time": milliseconds(record["first_seen"]),
                "end_time": seen,
                "severity_id": severity_id,
                "severity": severity,
                "status_id": 1,
                "status": "New",
                "confidence_id": confidence_id,
                "confidence": confidence,
                "count": record["count"],
                "message": record["why"],
                "finding_info": {
                    "uid": hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest(),
                    "title": record["title"],
                    "desc": record["why"],
                    "first_seen_time": milliseconds(record["first_seen"]),
                    "last_seen_time": seen,
                    "analytic": {
                        "uid": record["rule_id"],
                        "name": record["title"],
                        "type_id": 1,
                        "type": "Rule",
                    },
                },
                "remediation": {"desc": record["remedy"], "references": record["references"]},
                "resources": [
                    {"name": record["subject"], "type": record["subject_kind"]},
                ],
                "metadata": {"version": VERSION, "product": PRODUCT},
                "unmapped": {
                    "captures": record["captures"],
                    "evidence": record["evidence"],
                    "negotiation_ids": record["negotiation_ids"],
                },
            }
        )
    )
