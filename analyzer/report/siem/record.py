"""Rows as dicts, and readings of them that several formats share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from analyzer.audit.hits import NO_NAME, NOT_SEEN
from analyzer.audit.model import Rule
from analyzer.audit.registry import all_rules
from analyzer.negotiation.community_id import PROTOCOLS, flow_id
from analyzer.report.cells import iso_time
from analyzer.tables.collect import Columns
from analyzer.tables.weakness import CLEAR_CREDENTIALS, WITHOUT_ACCOUNT, WITHOUT_SECRET

Record = dict[str, Any]

_LONGEST_ADDRESS = 64  # characters, with a zone
_LONGEST_HOSTNAME = 253
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")


def records(values: Columns, rows: Sequence[int]) -> Iterator[Record]:
    """Rows as dicts."""
    for row in rows:
        yield {name: cells[row] for name, cells in values.items()}


def iso(ts_ns: int | None) -> str | None:
    """ISO 8601, None where the time is not known."""
    return None if ts_ns is None else iso_time(ts_ns)


def milliseconds(ts_ns: int | None) -> int | None:
    """Milliseconds since 1970 UTC."""
    return None if ts_ns is None else ts_ns // 1_000_000


def duration(record: Record) -> int | None:
    """Nanoseconds from first to last frame, where both times are known."""
    started, ended = record["started"], record["ended"]
    return None if started is None or ended is None else ended - started


def is_address(text: str | None) -> bool:
    """Whether it is an IP address, and no name."""
    return text is not None and len(text) <= _LONGEST_ADDRESS and _is_address(text)


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def address(text: str | None) -> str | None:
    """The text if it is an IP address."""
    return text if is_address(text) else None


def name(text: str | None) -> str | None:
    """The text if it is no IP address."""
    return None if is_address(text) else text


def is_hostname(text: str | None) -> bool:
    """Whether it is a host name by DNS' rules, and no address."""
    if not text or len(text) > _LONGEST_HOSTNAME or is_address(text):
        return False
    return _HOSTNAME.fullmatch(text) is not None


def transport(record: Record) -> str | None:
    """`tcp` or `udp`: the one that the row's Community ID was made with."""
    ends = record["client"], record["client_port"], record["server"], record["server_port"]
    if record["community_id"] is None or None in ends or not is_address(record["client"]):
        return None
    for protocol in PROTOCOLS:
        if flow_id(protocol, *ends) == record["community_id"]:
            return protocol
    return None


def protocol(record: Record) -> str:
    """The carrier without its version or way: `smb`, `http`, `ldap`."""
    carrier: str = record["carrier"]
    return {"smb1": "smb", "smb2": "smb", "http-proxy": "http"}.get(carrier, carrier)


def anonymous(record: Record) -> bool:
    """Whether the logon names no account on purpose."""
    if record["reason"] == "anonymous" or record["mechanism"] == "anonymous":
        return True
    return record["mechanism_detail"] == "anonymous" or (
        record["mechanism"] == "simple" and not record["user"]
    )


def in_clear(record: Record) -> bool:
    """Whether a password or bearer token went over the wire as it is."""
    return (
        record["mechanism"] in CLEAR_CREDENTIALS
        and not record["tls"]
        and not anonymous(record)
        and record["reason"] not in WITHOUT_ACCOUNT
        and record["mechanism_detail"] not in WITHOUT_SECRET
    )


def account(record: Record) -> tuple[str | None, str | None]:
    r"""Name and domain of a finding's account; None where it is about none.

    Written `DOMAIN\name`, or `name@REALM` where a KDC was asked. A name with `@` that a server was given
    is one name, as it is in `negotiations`.
    """
    subject: str = record["subject"]
    nameless = subject.rpartition("\\")[2] in {NO_NAME, NOT_SEEN}
    if record["subject_kind"] != "user" or nameless:
        return None, None
    if "=" in subject:  # a distinguished name, in which a backslash is an escape
        return subject, None
    if _is_principal(record):
        user, _, realm = subject.rpartition("@")
        nameless = user in {"", NOT_SEEN}
        return (None, None) if nameless else (user, None if realm == "?" else realm)
    domain, _, user = subject.rpartition("\\")
    return user, domain or None


def _is_principal(record: Record) -> bool:
    """The account is written as in an exchange with a KDC: by the rule, or since it is of no negotiation."""
    rule = rule_of(record)
    of_kdc = rule is not None and rule.family.startswith("kdc")
    return "@" in record["subject"] and (of_kdc or not record["negotiation_ids"])


def of_subject(kind: str, value: Callable[[str], str | None]) -> Callable[[Record], str | None]:
    """What reads `value` of a finding's subject where that is of this kind."""
    return lambda record: value(record["subject"]) if record["subject_kind"] == kind else None


def rule_of(record: Record) -> Rule | None:
    """The rule of a finding."""
    return all_rules().get(record["rule_id"])
