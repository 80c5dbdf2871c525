"""Elastic Common Schema documents: an event for a negotiation, an alert for a finding.

Spec: ECS 8.11: base, event, client, server, source, destination, user, network, related, rule, threat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.report.reference_links import first_link, techniques
from analyzer.report.siem.mapping import Field, constant, copied, kept, moment, writer
from analyzer.report.siem.record import (
    Record,
    account,
    address,
    duration,
    name,
    of_subject,
    protocol,
    rule_of,
    transport,
)
from analyzer.tables.schema import FINDINGS, NEGOTIATIONS

VERSION = "8.11.0"
SEVERITIES = {"info": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
"""Severity of a finding -> `event.severity`, in the bands that Elastic's own rules use."""


def _outcome(record: Record) -> str:
    return "unknown" if record["outcome"] == "incomplete" else record["outcome"]


def _network_type(record: Record) -> str | None:
    ip = address(record["client"])
    return None if ip is None else "ipv6" if ":" in ip else "ipv4"


def _hosts(record: Record) -> list[str]:
    found = (name(record[column]) for column in ("workstation", "server_name"))
    return list(dict.fromkeys(host for host in found if host))


def _addresses(record: Record) -> list[str]:
    found = (address(record[column]) for column in ("client", "server"))
    return list(dict.fromkeys(ip for ip in found if ip))


def _end(branch: str, side: str, named: str) -> tuple[Field, ...]:
    """Address, port and name of an end, under one of its two names in ECS."""
    return (
        copied(f"{branch}.address", side),
        Field(f"{branch}.ip", f"`{side}`", lambda record: address(record[side])),
        copied(f"{branch}.port", f"{side}_port"),
        Field(f"{branch}.domain", f"`{named}`, if a name", lambda record: name(record[named])),
    )


_NEGOTIATION = (
    moment("@timestamp", "started"),
    constant("ecs.version", VERSION),
    constant("event.kind", "event"),
    constant("event.category", ["authentication", "network"]),
    constant("event.type", ["start", "protocol"]),
    constant("event.module", "negoscope"),
    constant("event.dataset", "negoscope.negotiation"),
    Field("event.outcome", "`outcome`; `unknown` for incomplete", _outcome),
    copied("event.reason", "reason_detail"),
    moment("event.start", "started"),
    moment("event.end", "ended"),
    Field("event.duration", "`ended` - `started`, nanoseconds", duration, "duration_ms"),
    *_end("source", "client", "workstation"),
    *_end("client", "client", "workstation"),
    *_end("destination", "server", "server_name"),
    *_end("server", "server", "server_name"),
    copied("user.name", "user"),
    copied("user.domain", "domain"),
    copied("network.community_id", "community_id"),
    Field("network.protocol", "`carrier`: smb, http, ldap", protocol),
    Field("network.transport", "tcp or udp, by `community_id`", transport),
    Field("network.type", "ipv4 or ipv6, by `client`", _network_type),
    Field("related.ip", "`client`, `server`", _addresses),
    Field(
        "related.user",
        "`user`",
        lambda record: [record["user"]] if record["user"] else None,
    ),
    Field("related.hosts", "`workstation`, `server_name`, if names", _hosts),
)
NEGOTIATION = (*_NEGOTIATION, *kept("negoscope", NEGOTIATIONS, _NEGOTIATION))


def _subject(branch: str, kind: str) -> tuple[Field, ...]:
    """A host that a finding is about; a service by its name has no `ip`, which Elastic would refuse."""
    return (
        Field(f"{branch}.address", f"`subject` of kind {kind}", of_subject(kind, str)),
        Field(
            f"{branch}.ip", f"`subject` of kind {kind}, if an address", of_subject(kind, address)
        ),
    )


def _technique(part: int) -> Callable[[Record], list[str]]:
    def ids(record: Record) -> list[str]:
        found = (pair[part] for pair in techniques(record["references"] or ()))
        return list(dict.fromkeys(each for each in found if each))

    return ids


def _of_rule(value: Callable[[Any], str]) -> Callable[[Record], str | None]:
    def read(record: Record) -> str | None:
        rule = rule_of(record)
        return None if rule is None else value(rule)

    return read


def _framework(record: Record) -> str | None:
    return "MITRE ATT&CK" if techniques(record["references"] or ()) else None


def _related(kinds: set[str], value: Callable[[Record], str | None]) -> Callable[[Record], Any]:
    def listed(record: Record) -> list[str] | None:
        found = value(record) if record["subject_kind"] in kinds else None
        return [found] if found else None

    return listed


_FINDING = (
    moment("@timestamp", "last_seen"),
    constant("ecs.version", VERSION),
    constant("event.kind", "alert"),
    constant("event.category", ["authentication", "network"]),
    constant("event.type", ["info"]),
    constant("event.module", "negoscope"),
    constant("event.dataset", "negoscope.finding"),
    Field(
        "event.severity",
        "`severity`: " + ", ".join(f"{word} {number}" for word, number in SEVERITIES.items()),
        lambda record: SEVERITIES[record["severity"]],
    ),
    copied("event.reason", "why"),
    moment("event.start", "first_seen"),
    moment("event.end", "last_seen"),
    copied("message", "title"),
    copied("rule.id", "rule_id"),
    copied("rule.name", "title"),
    Field("rule.description", "what the rule means (docs/rules.md)", _of_rule(lambda r: r.means)),
    Field("rule.category", "the rule's family", _of_rule(lambda r: r.family)),
    constant("rule.ruleset", "negoscope"),
    Field(
        "rule.reference",
        "the first of `references` with a known address",
        lambda record: first_link(record["references"] or ()),
    ),
    Field("threat.framework", "`MITRE ATT&CK` where `references` name it", _framework),
    Field("threat.technique.id", "techniques of `references`", _technique(0)),
    Field("threat.technique.subtechnique.id", "sub-techniques of `references`", _technique(1)),
    *_subject("source", "client"),
    *_subject("client", "client"),
    *_subject("destination", "server"),
    *_subject("server", "server"),
    Field(
        "user.name",
        "`subject` of kind user, without domain or a KDC's realm",
        lambda r: account(r)[0],
    ),
    Field("user.domain", "its domain, or a KDC's realm", lambda r: account(r)[1]),
    Field(
        "related.ip",
        "`subject`, if an address",
        _related({"client", "server"}, lambda record: address(record["subject"])),
    ),
    Field("related.user", "as `user.name`", _related({"user"}, lambda record: account(record)[0])),
)
FINDING = (*_FINDING, *kept("negoscope", FINDINGS, _FINDING))

negotiation = writer(NEGOTIATION)
"""One document of a row of `negotiations`."""
finding = writer(FINDING)
"""One document of a row of `findings`."""
