"""Open Cybersecurity Schema Framework events: 3002 Authentication and 2004 Detection Finding.

Spec: OCSF 1.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer import __version__
from analyzer.report.finding_id import MADE_OF, finding_id
from analyzer.report.reference_links import technique_link, techniques
from analyzer.report.siem.mapping import Field, constant, copied, kept, writer
from analyzer.report.siem.record import (
    Record,
    anonymous,
    duration,
    in_clear,
    is_hostname,
    milliseconds,
    rule_of,
)
from analyzer.tables.schema import FINDINGS, NEGOTIATIONS

VERSION = "1.3.0"
OUTCOMES = {"success": (1, "Success"), "failure": (2, "Failure")}
UNKNOWN = (0, "Unknown")
PROTOCOLS = {
    "ntlm": (1, "NTLM"),
    "kerberos": (2, "Kerberos"),
    "iakerb": (2, "Kerberos"),
    "digest": (3, "Digest"),
    "ms-digest": (3, "Digest"),
    "openid20": (4, "OpenID"),
    "saml20": (5, "SAML"),
    "saml20ec": (5, "SAML"),
    "bearer": (6, "OAUTH 2.0"),
    "oauthbearer": (6, "OAUTH 2.0"),
    "xoauth2": (6, "OAUTH 2.0"),
    "eap-aes128": (9, "EAP"),
    "eap-aes256": (9, "EAP"),
}
"""Mechanism -> `auth_protocol_id` and its caption; any other is 99 with its own name."""
SEVERITIES = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
CONFIDENCES = {"possible": (1, "Low"), "likely": (2, "Medium"), "certain": (3, "High")}


def _pair(
    path: str, source: str, value: Callable[[Record], tuple[int, str]]
) -> tuple[Field, Field]:
    """A number of the schema and its caption, which must go together."""
    return (
        Field(f"{path}_id", source, lambda record: value(record)[0]),
        Field(path, f"caption of `{path}_id`", lambda record: value(record)[1]),
    )


def _class(category: tuple[int, str], uid: int, name: str, activity: str) -> tuple[Field, ...]:
    """Which class and activity it is: activity 1 in both."""
    return (
        constant("category_uid", category[0]),
        constant("category_name", category[1]),
        constant("class_uid", uid),
        constant("class_name", name),
        constant("activity_id", 1),
        constant("activity_name", activity),
        constant("type_uid", uid * 100 + 1),
        constant("type_name", f"{name}: {activity}"),
    )


def _time(path: str, column: str) -> Field:
    return Field(
        path, f"`{column}`, milliseconds since 1970", lambda record: milliseconds(record[column])
    )


def _required_time(column: str) -> Field:
    return Field(
        "time",
        f"`{column}`, milliseconds since 1970; 0 where it is not known, since the schema demands it",
        lambda record: milliseconds(record[column]) or 0,
    )


def _metadata(uid: Field, log_name: str) -> tuple[Field, ...]:
    return (
        constant("metadata.version", VERSION),
        constant("metadata.product.name", "negoscope"),
        constant("metadata.product.vendor_name", "negoscope"),
        Field("metadata.product.version", "of negoscope", lambda _: __version__),
        constant("metadata.log_name", log_name),
        uid,
    )


def _protocol(record: Record) -> tuple[int, str]:
    mechanism = record["mechanism"]
    return PROTOCOLS.get(mechanism, (99, mechanism)) if mechanism else UNKNOWN


def _logon_type(record: Record) -> tuple[int, str]:
    return (8, "Network Cleartext") if in_clear(record) else (3, "Network")


def _status_code(record: Record) -> str | None:
    code = record["status_code"]
    if code is None:
        return None
    return f"{code:#010x}" if record["carrier"] in {"smb1", "smb2"} else str(code)


def _user(record: Record) -> str:
    return "anonymous" if anonymous(record) else record["user"] or "unknown"


def _user_type(record: Record) -> tuple[int | None, str | None]:
    if anonymous(record):
        return 99, "Anonymous"
    return (None, None) if record["user"] else UNKNOWN


def _endpoint(path: str, side: str, named: str) -> tuple[Field, ...]:
    def hostname(record: Record) -> str | None:
        return record[named] if is_hostname(record[named]) else None

    def name(record: Record) -> str | None:
        return None if is_hostname(record[named]) else record[named]

    return (
        copied(f"{path}.ip", side),
        copied(f"{path}.port", f"{side}_port"),
        Field(f"{path}.hostname", f"`{named}`, if a host name", hostname, named),
        Field(f"{path}.name", f"`{named}`, if anything else", name),
    )


_NEGOTIATION = (
    *_class((3, "Identity & Access Management"), 3002, "Authentication", "Logon"),
    _required_time("started"),
    _time("start_time", "started"),
    _time("end_time", "ended"),
    Field(
        "duration",
        "`ended` - `started`, milliseconds",
        lambda record: milliseconds(duration(record)),
    ),
    constant("severity_id", 1),
    constant("severity", "Informational"),
    *_pair(
        "status",
        "`outcome`: success 1, failure 2, incomplete 0",
        lambda record: OUTCOMES.get(record["outcome"], UNKNOWN),
    ),
    Field("status_code", "`status_code`, hexadecimal over SMB", _status_code),
    copied("status_detail", "status"),
    copied("message", "reason_detail"),
    *_pair(
        "auth_protocol",
        "`mechanism`: "
        + ", ".join(f"{name} {number}" for name, (number, _) in PROTOCOLS.items())
        + "; any other 99, with its own name as `auth_protocol`; null 0",
        _protocol,
    ),
    Field(
        "is_cleartext",
        "`mechanism`, `mechanism_detail`, `tls`, `reason`: a password or bearer token went over the wire "
        "as it is",
        in_clear,
    ),
    constant("is_remote", True),
    *_pair("logon_type", "8 where `is_cleartext`, else 3", _logon_type),
    Field("user.name", "`user`; `anonymous` or `unknown` where none is claimed", _user),
    Field(
        "user.type_id",
        "99 for an anonymous logon, 0 where no user is seen, else left out",
        lambda record: _user_type(record)[0],
    ),
    Field("user.type", "caption of `user.type_id`", lambda record: _user_type(record)[1]),
    copied("user.domain", "domain"),
    *_endpoint("src_endpoint", "client", "workstation"),
    *_endpoint("dst_endpoint", "server", "server_name"),
    Field(
        "service.name", "`spn`, else `carrier`", lambda record: record["spn"] or record["carrier"]
    ),
    *_metadata(
        Field(
            "metadata.uid",
            "`capture`#`negotiation_id`",
            lambda record: f"{record['capture']}#{record['negotiation_id']}",
        ),
        "negotiations",
    ),
)
NEGOTIATION = (*_NEGOTIATION, *kept("unmapped", NEGOTIATIONS, _NEGOTIATION))


def _finding_uid(record: Record) -> str:
    named = (record[name] for name in ("rule_id", "subject_kind", "subject", "captures"))
    return finding_id(*named)


def _attacks(record: Record) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for technique, part in techniques(record["references"] or ()):
        attack = {"technique": {"uid": technique, "src_url": technique_link(technique)}}
        if part is not None:
            attack["sub_technique"] = {"uid": part, "src_url": technique_link(part)}
        made.append(attack)
    return made


def _resources(record: Record) -> list[dict[str, str]]:
    return [{"name": record["subject"], "type": record["subject_kind"]}]


def _analytic(record: Record) -> dict[str, Any]:
    made = {"uid": record["rule_id"], "name": record["title"], "type_id": 1, "type": "Rule"}
    rule = rule_of(record)
    return made if rule is None else {**made, "category": rule.family, "desc": rule.means}


_FINDING = (
    *_class((2, "Findings"), 2004, "Detection Finding", "Create"),
    _required_time("last_seen"),
    _time("start_time", "first_seen"),
    _time("end_time", "last_seen"),
    *_pair(
        "severity",
        "`severity`: " + ", ".join(f"{word} {n}" for word, (n, _) in SEVERITIES.items()),
        lambda record: SEVERITIES[record["severity"]],
    ),
    constant("status_id", 1),
    constant("status", "New"),
    *_pair(
        "confidence",
        "`confidence`: " + ", ".join(f"{word} {n}" for word, (n, _) in CONFIDENCES.items()),
        lambda record: CONFIDENCES[record["confidence"]],
    ),
    copied("count", "count"),
    copied("message", "why"),
    Field(
        "finding_info.uid",
        MADE_OF,
        _finding_uid,
    ),
    copied("finding_info.title", "title"),
    copied("finding_info.desc", "why"),
    _time("finding_info.first_seen_time", "first_seen"),
    _time("finding_info.last_seen_time", "last_seen"),
    copied("finding_info.data_sources", "captures"),
    Field("finding_info.analytic", "`rule_id`, `title`, the rule's family and meaning", _analytic),
    Field("finding_info.attacks", "ATT&CK techniques of `references`", _attacks),
    copied("remediation.desc", "remedy"),
    copied("remediation.references", "references"),
    Field("resources", "`subject` as name, `subject_kind` as type", _resources),
    *_metadata(copied("metadata.event_code", "rule_id"), "findings"),
)
FINDING = (*_FINDING, *kept("unmapped", FINDINGS, _FINDING))

negotiation = writer(NEGOTIATION)
"""One Authentication event (class 3002), of a row of `negotiations`."""
finding = writer(FINDING)
"""One Detection Finding (class 2004), of a row of `findings`."""
