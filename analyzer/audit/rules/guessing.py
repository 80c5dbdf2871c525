"""Passwords and names that are tried out: patterns of refusals over users and time.

What counts is a try: a logon that the KDC refused and then the server is one (`audit.refusals`).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.audit.bursts import bursts, many_of_one
from analyzer.audit.facts import Facts
from analyzer.audit.model import Hit
from analyzer.audit.refusals import Try, tries_by_client
from analyzer.audit.registry import rule

_WINDOW_NS = 15 * 60 * 1_000_000_000
_SPRAYED = 5  # accounts
_FEW_TRIES = 3  # of each of them
_GUESSED = 5  # passwords for one account
_NAMES_TRIED = 5
_NAMED = 3  # places that a sentence lists by name


def _tries(facts: Facts, reasons: set[str]) -> Iterator[tuple[str, list[Try]]]:
    """Each client with its tries that were refused for one of `reasons`."""
    for (_, client), tries in tries_by_client(facts).items():
        yield client, [each for each in tries if not reasons.isdisjoint(each.whys)]


def _at(one: Try) -> int | None:
    return one.ts or None


def _account(one: Try) -> tuple[str, str]:
    return one.account


def _told(kind: str, subject: str, run: list[Try], why: str, sure: str = "likely") -> Hit:
    said = [refusal for one in run for refusal in one.refusals]
    frames = tuple(frame for each in said for frame in each.frames)
    numbers = tuple(dict.fromkeys(number for each in said for number in each.numbers))
    capture = said[0].capture
    return Hit(kind, subject, why, frames, numbers, capture, run[0].ts or None, sure)


def _by_whom(run: list[Try]) -> str:
    """Who refused: by name while they are few, else how many they are."""
    said = [refusal for one in run for refusal in one.refusals]
    places = list(dict.fromkeys(each.where for each in said))
    if len(places) <= _NAMED:
        last = places.pop()
        return f"{', '.join(places)} and {last}" if places else last
    counted = (
        (len({each.host for each in said if each.by_kdc is by_kdc}), word)
        for by_kdc, word in ((False, "server"), (True, "KDC"))
    )
    return " and ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in counted if n)


def _during(run: list[Try]) -> str:
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
    for client, tries in _tries(facts, wanted):
        often = many_of_one(
            tries, when=_at, what=_account, least=_FEW_TRIES + 1, within_ns=_WINDOW_NS
        )
        left_out = {id(each) for run in often for each in run}
        rest = [each for each in tries if id(each) not in left_out]
        for run in bursts(rest, when=_at, what=_account, least=_SPRAYED, within_ns=_WINDOW_NS):
            if all(each.whys == {"unknown_user"} for each in run):
                continue  # names are tried, not passwords
            users = len({each.account for each in run})
            why = f"{client} was refused as {users} users {_during(run)} by {_by_whom(run)}"
            yield _told("client", client, run, why)


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
    """At least five tries of one account refused to one client within 15 minutes.

    An account is a name in a domain. What a KDC refused, and a server within ten seconds after it, is one
    try, and so is one request that several KDCs refused.
    """
    wanted = {"bad_credentials", "wrong_password", "account_locked"}
    for client, tries in _tries(facts, wanted):
        for run in many_of_one(
            tries, when=_at, what=_account, least=_GUESSED, within_ns=_WINDOW_NS
        ):
            who = run[0].refusals[0].shown
            why = (
                f"{client} was refused {len(run)} times as {who} {_during(run)} by {_by_whom(run)}"
            )
            yield _told("user", who, run, why)


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
    for client, tries in _tries(facts, {"unknown_user"}):
        for run in bursts(tries, when=_at, what=_account, least=_NAMES_TRIED, within_ns=_WINDOW_NS):
            users = len({each.account for each in run})
            why = f"{client} asked {_by_whom(run)} for {users} names that do not exist"
            yield _told("client", client, run, why)


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
    """A logon refused for the account's lock-out; by the KDC and then by the server is once."""
    for _, tries in _tries(facts, {"account_locked"}):
        for one in tries:
            said = [each for each in one.refusals if each.why == "account_locked"]
            # the KDC's code may mean a disabled account as well
            best = min(said, key=lambda each: each.by_kdc)
            who = best.shown
            why = f"{who} from {best.client} was refused by {best.where}: the account is locked"
            sure = "possible" if best.by_kdc else "certain"
            yield _told("user", who, [Try(one.account, tuple(said))], why, sure)
