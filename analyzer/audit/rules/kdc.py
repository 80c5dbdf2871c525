"""What clients ask the KDC for: roasting, delegation, odd requests.

Spec: RFC 4120 3.1 and 3.3, MS-SFU 3.1, MS-KILE 3.3.5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analyzer.audit.bursts import bursts
from analyzer.audit.etypes import only_weak
from analyzer.audit.facts import Facts
from analyzer.audit.hits import kdc_frames, kdc_hit, principal, service, the_kdc
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.negotiation.reasons import is_kdc_refusal
from analyzer.tables.etype_kinds import RC4

_ROAST_WINDOW_NS = 10 * 60 * 1_000_000_000
_ROASTED = 3  # accounts of services asked for with nothing stronger than RC4
_MANY = 6  # services whose tickets happened to be of RC4
_OF_THE_COMPUTER = frozenset(
    {"host", "cifs", "ldap", "gc", "dns", "rpcss", "http", "wsman", "termsrv"}
)
_NO_DELEGATION = frozenset({"KDC_ERR_BADOPTION", "KDC_ERR_POLICY"})
"""What a KDC says that does not let a service act for a user; a wrong clock or name is another thing."""
_BURST_NS = 5 * 1_000_000_000
_IN_A_BURST = 3  # accounts of services, so asked for, that no person needs at once


def _granted(row: Any) -> bool:
    """A ticket was issued, whether or not all of it is in the capture."""
    answered = row.frame_reply is not None and row.proxy_status is None
    return answered and row.outcome != "failure"


def _without_proof(row: Any) -> bool:
    return (
        row.exchange == "AS"
        and _granted(row)
        and row.preauth == "none"
        and not (row.cname or "").startswith("WELLKNOWN/")
    )


@rule(
    "NGS-KDC-001",
    "high",
    "Account without pre-authentication",
    means="Anybody may ask for this account's reply and try passwords on it at leisure (AS-REP "
    "roasting).",
    remedy="Clear 'Do not require Kerberos preauthentication' and change the password to a long "
    "one.",
    references=("ATT&CK T1558.004", "RFC 4120 3.1.1", "Windows event 4768"),
    table="kdc",
)
def no_preauthentication(row: Any) -> Iterator[Hit]:
    """An AS-REQ without any proof that was answered with a ticket."""
    if _without_proof(row):
        why = f"{the_kdc(row)} gave {row.client} a ticket of {principal(row)} without any proof"
        yield kdc_hit("user", principal(row), row, why)


@rule(
    "NGS-KDC-002",
    "high",
    "AS-REP roasting",
    means="The client takes weak encryption only and brings no proof: tools ask so for replies "
    "to crack.",
    remedy="Find the host; change the account's password and demand pre-authentication of it.",
    references=("ATT&CK T1558.004", "Windows event 4768"),
    table="kdc",
)
def asrep_roasting(row: Any) -> Iterator[Hit]:
    """An AS-REQ without proof that lists RC4 or DES only, answered with a ticket."""
    asked = only_weak(row)
    if _without_proof(row) and asked:
        why = (
            f"{row.client} got a ticket of {principal(row)} without proof, asking for "
            f"{', '.join(sorted(asked))} only"
        )
        # no tool asks so; clients do that are older than RC4
        sure = "likely" if asked & RC4 else "possible"
        yield kdc_hit("client", row.client, row, why, sure)


@rule(
    "NGS-KDC-003",
    "high",
    "Kerberoasting",
    means="One client gathers RC4 tickets of many services, whose passwords can then be tried "
    "offline.",
    remedy="Find the host; give the services' accounts AES keys and long passwords (group "
    "managed accounts).",
    references=("ATT&CK T1558.003", "RFC 8429", "Windows event 4769"),
    table=None,
)
def kerberoasting(facts: Facts) -> Iterator[Hit]:
    """Within ten minutes RC4 tickets of three accounts asked for with nothing stronger, or of six services.

    Also tickets of three accounts within five seconds, whatever the requests list. The services of a computer
    have one account.
    """
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in facts.rows("kdc"):
        if row.ticket_etype in RC4 and not (row.sname or "").startswith(("krbtgt/", "kadmin/")):
            found[row.capture, row.client].append(row)
    for (_, client), rows in found.items():
        for run in _roasted(rows):
            only = {row.sname for row in run if only_weak(row)}
            accounts = {_account_of_service(row) for row in run if only_weak(row)}
            every = {row.sname for row in run}
            frames = tuple(frame for row in run for frame in kdc_frames(row))
            why = (
                f"{client} got RC4 tickets of {len(every)} services, {len(only)} of them asked for "
                "with nothing stronger"
            )
            sure = "likely" if len(accounts) >= _ROASTED else "possible"
            yield kdc_hit("client", client, run[0], why, sure)._replace(evidence=frames)


def _roasted(rows: list[Any]) -> Iterator[list[Any]]:
    """Runs of tickets that are too many, told once: by what they ask for, else by number, else by haste."""
    told: set[int] = set()
    alone = [row for row in rows if only_weak(row)]
    accounts = [row for row in rows if not _account_of_service(row).endswith("$")]
    for some, what, least, within_ns in (
        (rows, _service, _MANY, _ROAST_WINDOW_NS),
        (alone, _account_of_service, _ROASTED, _ROAST_WINDOW_NS),
        (accounts, _account_of_service, _IN_A_BURST, _BURST_NS),
    ):
        for run in bursts(some, when=_at, what=what, least=least, within_ns=within_ns):
            if told.isdisjoint(map(id, run)):
                told.update(map(id, run))
                yield run


def _at(row: Any) -> int | None:
    return None if row.ts is None else int(row.ts)


def _service(row: Any) -> str:
    return str(row.sname)


def _account_of_service(row: Any) -> str:
    """Whose key seals it, as far as the name tells: a computer's own services have one account."""
    name = (row.sname or "").partition("@")[0].lower()
    kind, _, host = name.partition("/")
    if kind in _OF_THE_COMPUTER:
        return str(host.partition("/")[0].partition(":")[0].partition(".")[0])
    return str(name)


@rule(
    "NGS-KDC-004",
    "info",
    "A service acts for a user (S4U)",
    means="Constrained delegation: the service gets tickets in users' names, without their "
    "passwords.",
    remedy="Check that the service may do so, and only for the services it needs.",
    references=("ATT&CK T1558", "MS-SFU 1.3", "Windows event 4769"),
    table="kdc",
)
def s4u(row: Any) -> Iterator[Hit]:
    """A TGS-REQ with PA-FOR-USER, or with a ticket as evidence (cname-in-addl-tkt)."""
    if row.s4u is not None:
        ended = "granted" if _granted(row) else _not_granted(row)
        whom = f" for {row.for_user}" if row.for_user else ""
        why = f"{row.client} asked for {service(row)}{whom} (S4U2{row.s4u}), {ended}"
        yield kdc_hit("client", row.client, row, why)


def _not_granted(row: Any) -> str:
    if row.proxy_status is not None:
        return f"refused: HTTP {row.proxy_status} of the KDC proxy"
    if row.error is None:
        return "the answer is lost" if row.answer == "lost" else "and no answer was seen"
    refused = is_kdc_refusal(row.error_code, row.referral, cut=row.reply_cut)
    return f"{'refused' if refused else 'answered'}: {row.error}"


@rule(
    "NGS-KDC-005",
    "info",
    "User-to-user ticket",
    means="The ticket is sealed with a session key: usual for peers, and a way to read a PAC by "
    "one's own key.",
    remedy="Check that the client has a use for it.",
    references=("ATT&CK T1558", "RFC 4120 2.9.2", "RFC 4120 3.7", "Windows event 4769"),
    table="kdc",
)
def user_to_user(row: Any) -> Iterator[Hit]:
    """A TGS-REQ with enc-tkt-in-skey."""
    if row.u2u:
        yield kdc_hit(
            "client",
            row.client,
            row,
            f"{row.client} asked for a user-to-user ticket of {service(row)}",
        )


@rule(
    "NGS-KDC-006",
    "low",
    "Service ticket by an AS exchange",
    means="The ticket was had without a ticket-granting ticket, past policies that look at the "
    "second step only; "
    "tools roast services this way.",
    remedy="Check which program asks so; old ones do.",
    references=("ATT&CK T1558.003", "RFC 4120 3.1"),
    table="kdc",
)
def service_by_as(row: Any) -> Iterator[Hit]:
    """An AS-REQ answered with a ticket for something else than krbtgt or the password service."""
    if (
        row.exchange == "AS"
        and _granted(row)
        and row.sname
        and not row.sname.startswith(("krbtgt/", "kadmin/", "kadmin@"))
    ):
        why = f"{row.client} got a ticket for {row.sname} as {principal(row)} from an AS exchange"
        yield kdc_hit("client", row.client, row, why)


@rule(
    "NGS-KDC-007",
    "low",
    "Service name that two accounts have",
    means="The KDC gives no ticket for it, so clients fall back to NTLM; the second account may "
    "be a stranger's.",
    remedy="Find both with `setspn -X` and remove the wrong one.",
    references=("ATT&CK T1557", "RFC 4120 7.5.9", "Windows event 11 (KDC)"),
    table="kdc",
)
def duplicate_name(row: Any) -> Iterator[Hit]:
    """KDC_ERR_PRINCIPAL_NOT_UNIQUE."""
    if row.error == "KDC_ERR_PRINCIPAL_NOT_UNIQUE":
        why = f"{the_kdc(row)} knows {service(row)} twice"
        yield kdc_hit("server", row.sname or "?", row, why)


@rule(
    "NGS-KDC-008",
    "info",
    "Referred to another realm",
    means="The service is of another realm: its tickets come over a trust.",
    remedy="Check that the trust is meant, and its direction.",
    references=("ATT&CK T1482", "RFC 6806 8", "KB4490425", "Windows event 4769"),
    table="kdc",
)
def referred(row: Any) -> Iterator[Hit]:
    """The KDC answers with a ticket-granting ticket of another realm."""
    if row.referral is not None:
        asked = f"{row.client} asked {row.realm or the_kdc(row)} for {service(row)}"
        why = f"{asked} and was referred to {row.referral}"
        yield kdc_hit("client", row.client, row, why)


@rule(
    "NGS-KDC-009",
    "low",
    "Delegation refused",
    means="A service asked for a ticket in a user's name, and the KDC does not let it: a setting is "
    "missing, the user's account or ticket may not be delegated, or somebody tries.",
    remedy="Check the service's delegation settings; if it needs none, find out what asked.",
    references=("ATT&CK T1558", "MS-SFU 3.2.5.2"),
    table="kdc",
)
def delegation_refused(row: Any) -> Iterator[Hit]:
    """S4U2proxy answered with KDC_ERR_BADOPTION or KDC_ERR_POLICY: other errors are not about delegation.

    Not for a computer's account itself (`web$`): Windows asks so in the course of a logon, and is refused.
    """
    if (row.sname or "").partition("@")[0].endswith("$"):
        return
    if row.s4u == "proxy" and row.error in _NO_DELEGATION:
        why = f"{row.client} was refused a ticket for {service(row)} in a user's name ({row.error})"
        yield kdc_hit("client", row.client, row, why)
