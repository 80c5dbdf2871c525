"""Logons that were refused, and which refusals are one try of one account.

A client whose Kerberos logon the KDC refuses takes the same password to the server by NTLM, which refuses it
again; a server that is given a password asks the KDC itself; and one request may be sent to several KDCs,
or again to the same, each of which refuses it. Each is one try. An account is known by its name and domain,
which may be written as NetBIOS or as DNS name, or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import account, kdc_frames, principal, the_kdc
from analyzer.audit.seen_twice import once
from dissectors.records import NamedTuple

_ONE_TRY_NS = (
    10 * 1_000_000_000
)  # from the KDC's refusal to the NTLM logon that the client then begins
_NETBIOS_LENGTH = 15
_OWN = "@"  # before an address: the accounts of that host itself, which a client names by the domain `.`

_REFUSED = {"bad_credentials", "wrong_password", "unknown_user", "account_locked"}
_KDC_REFUSED = {
    "KDC_ERR_PREAUTH_FAILED": "wrong_password",
    "KDC_ERR_CLIENT_REVOKED": "account_locked",
    "KDC_ERR_C_PRINCIPAL_UNKNOWN": "unknown_user",
}


class Refusal(NamedTuple):
    """One answer that refuses a logon."""

    ts: int
    capture: str
    client: str
    user: str  # without domain, lower case
    domain: str  # lower case; empty if it is not said
    shown: str
    why: str
    frames: tuple[int, ...]
    numbers: tuple[int, ...]
    host: str  # who refused
    where: str  # the same in words
    by_kdc: bool
    repeats: int | None = None  # frame of the earlier request that it was sent in again


class Try(NamedTuple):
    """Refusals of one account that one attempt to log on brought."""

    account: tuple[str, str]  # user and domain, comparable within one client
    refusals: tuple[Refusal, ...]

    @property
    def ts(self) -> int:
        """When the first refusal came."""
        return self.refusals[0].ts

    @property
    def whys(self) -> set[str]:
        """Reasons of all its refusals."""
        return {each.why for each in self.refusals}


def refusals(facts: Facts) -> Iterator[Refusal]:
    """Refusals of a name or password by servers, then by KDCs.

    Answers that say nothing of the password (pre-authentication required, too big for UDP) are none; nor are
    the copies that a capture on both sides of a NAT has of them.
    """
    refused = (
        row
        for row in facts.rows("negotiations", "reason", _REFUSED)
        if row.outcome == "failure" and row.user
    )
    for row in once(refused):
        user, domain = _split(row.user, row.domain)
        yield Refusal(
            row.started or 0,
            row.capture,
            row.client,
            user,
            _OWN + row.server if domain == "." else domain,
            account(row.user, row.domain),
            row.reason,
            (row.last_frame,),
            (row.negotiation_id,),
            row.server,
            f"{row.server} over {row.carrier}",
            by_kdc=False,
        )
    for row in facts.rows("kdc"):
        reason = _reason_of_kdc(facts, row)
        if reason is not None and row.exchange == "AS" and row.cname and row.client:
            user, domain = _split(row.cname, None)
            yield Refusal(
                row.ts or 0,
                row.capture,
                row.client,
                user,
                domain or (row.crealm or row.realm or "").lower(),
                principal(row),
                reason,
                kdc_frames(row),
                tuple(row.negotiation_ids or ()),
                row.server,
                the_kdc(row),
                by_kdc=True,
                repeats=row.continues,
            )


def _reason_of_kdc(facts: Facts, row: Any) -> str | None:
    reason = _KDC_REFUSED.get(row.error or "")
    if row.nt_status not in {None, "STATUS_ACCOUNT_LOCKED_OUT", "STATUS_WRONG_PASSWORD"}:
        return None  # disabled, expired: refused for another cause
    if reason == "account_locked" and (row.capture, row.frame_reply) in facts.cut_frames:
        return None  # the status that tells these apart is cut off
    return reason


def _split(user: str, domain: str | None) -> tuple[str, str]:
    r"""User and domain of `ada` with a domain beside it, `LAB\ada`, `ada@lab.example`; a DN is a user."""
    if "=" in user:
        return user.lower(), ""
    before, _, name = user.rpartition("\\")
    name, _, behind = name.partition("@")
    said = (domain or before or behind).lower()
    return name.lower(), said.rstrip(".") or said


def tries_by_client(facts: Facts) -> dict[tuple[str, str], list[Try]]:
    """Tries by capture and client, in no order: refusals that are one try are together."""
    said = list(refusals(facts))
    asked_by = {n: each for each in said if not each.by_kdc for n in each.numbers}
    of_server: dict[int, list[Refusal]] = defaultdict(list)  # by id() of the server's refusal
    by_client: dict[tuple[str, str], list[Refusal]] = defaultdict(list)
    for each in said:
        told = next((asked_by[n] for n in each.numbers if n in asked_by), None)
        if each.by_kdc and told is not None:
            of_server[id(told)].append(each)  # whoever asked the KDC, it was about this logon
        else:
            by_client[each.capture, each.client].append(each)
    netbios = _netbios_names(facts)
    found: dict[tuple[str, str], list[Try]] = {}
    for (capture, client), ones in by_client.items():
        found[capture, client] = [
            Try(who, tuple(sorted(both, key=lambda one: one.ts)))
            for who, alike in _by_account(ones, netbios[capture])
            for both in _paired(alike, of_server)
        ]
    return found


def _paired(alike: list[Refusal], of_server: dict[int, list[Refusal]]) -> Iterator[list[Refusal]]:
    """Refusals of one account: a server's with what a KDC said of it, or said to the client just before."""
    waiting: list[Refusal] = []  # what KDCs said of one request
    for each in sorted(alike, key=lambda one: one.ts):
        if each.by_kdc:
            # what a refusal carries on is its own request, sent again: another password makes another one
            if waiting and each.repeats not in {one.frames[0] for one in waiting}:
                yield waiting
                waiting = []
            waiting.append(each)
            continue
        one_try = [*of_server.get(id(each), ()), each]
        if waiting:
            if len(one_try) == 1 and each.ts - waiting[-1].ts <= _ONE_TRY_NS:
                one_try += waiting
            else:
                yield waiting
            waiting = []
        yield one_try
    if waiting:
        yield waiting


def _by_account(
    ones: Iterable[Refusal], netbios: dict[str, str]
) -> Iterator[tuple[tuple[str, str], list[Refusal]]]:
    """Refusals of one client, account by account."""
    by_user: dict[str, list[Refusal]] = defaultdict(list)
    for each in ones:
        by_user[each.user].append(each)
    for user, alike in by_user.items():
        domains = _same_domains({each.domain for each in alike}, netbios)
        by_domain: dict[str, list[Refusal]] = defaultdict(list)
        for each in alike:
            by_domain[domains[each.domain]].append(each)
        for domain, same in by_domain.items():
            yield (user, domain), same


def _same_domains(domains: set[str], netbios: dict[str, str]) -> dict[str, str]:
    """What stands for each domain: a NetBIOS name is its DNS name, and no name the only one there is."""
    full = sorted(each for each in domains if "." in each and not each.startswith(_OWN))
    short: dict[str, set[str]] = defaultdict(set)
    for each in full:
        short[netbios.get(each, each.partition(".")[0][:_NETBIOS_LENGTH])].add(each)
    stands = {each: each for each in full}
    for each in domains - {*full, ""}:
        same = short.get(each, set())
        stands[each] = next(iter(same)) if len(same) == 1 else each
    if "" in domains:
        named = set(stands.values())
        stands[""] = named.pop() if len(named) == 1 else ""
    return stands


def _netbios_names(facts: Facts) -> dict[str, dict[str, str]]:
    """By capture: DNS names of domains and their NetBIOS names, as servers say them in a CHALLENGE."""
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for token in facts.challenges.values():
        info = token.ntlm_target_info or {}
        dns, short = info.get("MsvAvDnsDomainName"), info.get("MsvAvNbDomainName")
        if dns and short:
            names[token.capture][str(dns).lower()] = str(short).lower()
    return names
