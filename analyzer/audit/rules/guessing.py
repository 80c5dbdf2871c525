"""Passwords and names that are tried out: patterns of refusals over users and time.

A refusal counts once: the same logon refused by the KDC and then by the server is two. Answers that say
nothing of the password (pre-authentication required, too big for UDP) are none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.audit.bursts import bursts, many_of_one
from analyzer.audit.facts import Facts
from analyzer.audit.hits import account, kdc_frames, principal
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_WINDOW_NS = 15 * 60 * 1_000_000_000
_SPRAYED = 5  # accounts
_FEW_TRIES = 3  # of each of them
_GUESSED = 5  # passwords for one account
_NAMES_TRIED = 5

_REFUSED = {"bad_credentials", "wrong_password", "unknown_user", "account_locked"}
_KDC_REFUSED = {
    "KDC_ERR_PREAUTH_FAILED": "wrong_password",
    "KDC_ERR_CLIENT_REVOKED": "account_locked",
    "KDC_ERR_C_PRINCIPAL_UNKNOWN": "unknown_user",
}


class _Refusal(NamedTuple):
    ts: int
    capture: str
    client: str
    user: str  # without domain, lower case
    shown: str
    why: str
    frames: tuple[int, ...]
    numbers: tuple[int, ...]
    where: str


def _refusals(facts: Facts) -> Iterator[_Refusal]:
    for row in facts.rows("negotiations"):
        if row.outcome == "failure" and row.reason in _REFUSED and row.user:
            yield _Refusal(
                row.started or 0,
                row.capture,
                row.client,
                _bare(row.user),
                account(row.user, row.domain),
                row.reason,
                (row.last_frame,),
                (row.negotiation_id,),
                f"{row.server} over {row.carrier}",
            )
    for row in facts.rows("kdc"):
        reason = _KDC_REFUSED.get(row.error or "")
        if row.nt_status not in {None, "STATUS_ACCOUNT_LOCKED_OUT", "STATUS_WRONG_PASSWORD"}:
            reason = None  # disabled, expired: refused for another cause
        elif reason == "account_locked" and (row.capture, row.frame_reply) in facts.cut_frames:
            reason = None  # the status that tells these apart is cut off
        if reason is not None and row.exchange == "AS" and row.cname and row.client:
            shown = principal(row)
            numbers = tuple(row.negotiation_ids or ())
            where = f"the KDC {row.server}"
            yield _Refusal(
                row.ts or 0,
                row.capture,
                row.client,
                _bare(row.cname),
                shown,
                reason,
                kdc_frames(row),
                numbers,
                where,
            )


def _bare(user: str) -> str:
    return user.partition("@")[0].rpartition("\\")[2].lower()


def _by_client(facts: Facts, reasons: set[str]) -> dict[tuple[str, str], list[_Refusal]]:
    found: dict[tuple[str, str], list[_Refusal]] = defaultdict(list)
    for each in _refusals(facts):
        if each.why in reasons:
            found[each.capture, each.client].append(each)
    return found


def _at(refusal: _Refusal) -> int:
    return refusal.ts


def _user(refusal: _Refusal) -> str:
    return refusal.user


def _told(kind: str, subject: str, run: list[_Refusal], why: str, confidence: str) -> Hit:
    frames = tuple(frame for each in run for frame in each.frames)
    numbers = tuple(dict.fromkeys(number for each in run for number in each.numbers))
    return Hit(kind, subject, why, frames, numbers, run[0].capture, run[0].ts or None, confidence)


def _during(run: list[_Refusal]) -> str:
    seconds = (run[-1].ts - run[0].ts) // 1_000_000_000
    if seconds < 2:
        return "in a moment"
    return f"in {seconds} s" if seconds < 120 else f"in {seconds // 60} min"


@rule(
    "NGS-GUESS-001",
    "high",
    "Password spraying",
    means="One host fails as many users, with few tries each: a password is tried on all of them.",
    remedy="Find the host; check whether one of its logons succeeded; change weak passwords, and "
    "forbid common ones.",
    references=("ATT&CK T1110.003", "Windows events 4771, 4776, 4625"),
    table=None,
)
def spraying(facts: Facts) -> Iterator[Hit]:
    """At least five accounts refused to one client within 15 minutes, with at most three tries of each.

    For their passwords, or some of them as unknown names. An account that is tried more often is left out
    (NGS-GUESS-002 looks at it).
    """
    wanted = {"bad_credentials", "wrong_password", "unknown_user"}
    for (_, client), refusals in _by_client(facts, wanted).items():
        often = many_of_one(
            refusals, when=_at, what=_user, least=_FEW_TRIES + 1, within_ns=_WINDOW_NS
        )
        left_out = {id(each) for run in often for each in run}
        rest = [each for each in refusals if id(each) not in left_out]
        for run in bursts(rest, when=_at, what=_user, least=_SPRAYED, within_ns=_WINDOW_NS):
            if all(each.why == "unknown_user" for each in run):
                continue  # names are tried, not passwords
            users = {each.user for each in run}
            why = f"{client} was refused as {len(users)} users {_during(run)} by {run[0].where}"
            yield _told("client", client, run, why, "likely")


@rule(
    "NGS-GUESS-002",
    "high",
    "Passwords tried on one account",
    means="One account is refused again and again: somebody guesses, or an old password is "
    "stored somewhere.",
    remedy="Find the host; if it is a forgotten service or device, give it the new password.",
    references=("ATT&CK T1110.001", "Windows events 4771, 4776, 4740"),
    table=None,
)
def brute_force(facts: Facts) -> Iterator[Hit]:
    """At least five refusals of one account to one client within 15 minutes."""
    wanted = {"bad_credentials", "wrong_password", "account_locked"}
    for (_, client), refusals in _by_client(facts, wanted).items():
        for tries in many_of_one(
            refusals, when=_at, what=_user, least=_GUESSED, within_ns=_WINDOW_NS
        ):
            who = tries[0].shown
            why = f"{client} was refused {len(tries)} times as {who} {_during(tries)}"
            yield _told("user", who, tries, why, "likely")


@rule(
    "NGS-GUESS-003",
    "medium",
    "User names tried out",
    means="The KDC tells unknown names from known ones before any password: somebody makes a "
    "list of users.",
    remedy="Find the host; watch the accounts that it found.",
    references=("ATT&CK T1087.002", "ATT&CK T1589", "Windows event 4768"),
    table=None,
)
def names_tried(facts: Facts) -> Iterator[Hit]:
    """At least five different names unknown to the KDC or server, asked by one client within 15 minutes."""
    for (_, client), refusals in _by_client(facts, {"unknown_user"}).items():
        for run in bursts(refusals, when=_at, what=_user, least=_NAMES_TRIED, within_ns=_WINDOW_NS):
            users = {each.user for each in run}
            why = f"{client} asked {run[0].where} for {len(users)} names that do not exist"
            yield _told("client", client, run, why, "likely")


@rule(
    "NGS-GUESS-004",
    "low",
    "Account locked out",
    means="Too many wrong passwords were given before: somebody guesses, or an old password is "
    "stored somewhere.",
    remedy="Look for the refusals that locked it (Windows event 4740 names the host).",
    references=("ATT&CK T1110", "Windows event 4740"),
    table=None,
)
def locked_out(facts: Facts) -> Iterator[Hit]:
    """A logon refused for the account's lock-out."""
    for each in _refusals(facts):
        if each.why == "account_locked":
            # the KDC's code may mean a disabled account as well
            sure = "possible" if each.where.startswith("the KDC") else "certain"
            why = (
                f"{each.shown} from {each.client} was refused by {each.where}: the account is "
                "locked"
            )
            yield _told("user", each.shown, [each], why, sure)
