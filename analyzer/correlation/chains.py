"""Attempts that follow each other: the same mechanism again, or another one after a failure.

Both attempts are of one client towards one service: the same carrier (or a version of it) and the same
server. Over HTTP the service is the site, by the name and port that the client asked for, at whatever
address; only where no name is known on one of the two sides, or one name is the short form of the other,
address and port must do. A proxy that asks for credentials of its own is known by its address alone. A
success ends a chain, and so does another user's attempt.

Spec: RFC 4178 3.2, RFC 4559 4, RFC 9110 11.5 and 11.7, MS-SPNG 3.1.5.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable
from operator import attrgetter

from analyzer.capture.model import NO_TIME
from analyzer.correlation.services import account_of, family, label_of, same_host
from analyzer.negotiation.mechanism import KERBEROS_NAMES
from analyzer.negotiation.model import Negotiation
from analyzer.negotiation.site import ORIGIN

SECOND = 1_000_000_000
NEW_CONNECTION_NS = 120 * SECOND
"""How long after a failure a new connection still counts as another try: people type passwords."""
SAME_CONNECTION_NS = 600 * SECOND
LOOK_BACK = 16
"""Earlier attempts that are looked at, latest first."""
_END = attrgetter("ended_ns", "last_frame")

Attempts = list[Negotiation]


def join_chains(negotiations: list[Negotiation]) -> None:
    """Fill `retry_of`, `fallback_from` and `fallback_kind`; `negotiations` are in order of first frame."""
    attempts = [each for each in negotiations if each.mechanism is not None]
    services = list(map(_services, attempts))
    at: dict[Hashable, Attempts] = defaultdict(list)
    for attempt, keys in zip(attempts, services, strict=True):
        if attempt.optimistic_mech != attempt.mechanism and _changed_inside(attempt):
            attempt.fallback_kind = "in-negotiation"
        for key in keys:
            at[key].append(attempt)
    for together in at.values():
        if len(together) > 1:
            together.sort(key=_END)
    for attempt, (address, *names) in zip(attempts, services, strict=True):
        # one that names a site may follow one that names none
        places = (*names, (address, None)) if attempt.site is not None else (address,)
        known = [
            others
            for place in places
            if (others := at.get(place)) and (len(others) > 1 or others[0] is not attempt)
        ]
        if known:
            _link(attempt, _before(known, attempt))


def link_forward(negotiations: list[Negotiation]) -> None:
    """Fill `followed_by` from `retry_of` and `fallback_from`, in order of the negotiations' numbers.

    Links both ways make circles that only the garbage collector frees, so this is for negotiations that
    are kept to be looked at.
    """
    takers: dict[int, Attempts] = defaultdict(list)
    for negotiation in negotiations:
        earlier = negotiation.retry_of or negotiation.fallback_from
        if earlier is not None:
            takers[id(earlier)].append(negotiation)
    for negotiation in negotiations:
        negotiation.followed_by = tuple(takers.get(id(negotiation), ()))


def _services(negotiation: Negotiation) -> list[Hashable]:
    """Keys of the service by address, then, for HTTP, by name.

    One host has many web services, but one SMB and one directory service. Of a web site these are the site at
    whatever address, and at this address what its short and its full name have in common.
    """
    stream, site = negotiation.stream, negotiation.site
    kind = family(negotiation.carrier)
    port = stream.server_port if kind in {"http", "http-proxy"} else None
    address = kind, stream.client, stream.server, port
    if site is not None:
        return [address, (kind, stream.client, site), (address, label_of(site.host))]
    return [address, (address, None)] if kind == ORIGIN else [address]


def _before(known: list[Attempts], negotiation: Negotiation) -> Attempts:
    """The latest attempts that were over when this one began, in this order."""
    began = negotiation.started_ns, negotiation.first_frame
    found = []
    for attempts in known:
        at = bisect_right(attempts, began, key=_END)
        found.append(attempts[max(0, at - LOOK_BACK) : at])
    if len(found) == 1:
        return found[0]
    together = {id(attempt): attempt for each in found for attempt in each}
    return sorted(together.values(), key=_END)[-LOOK_BACK:]


def _link(negotiation: Negotiation, before: Attempts) -> None:
    earlier = _earlier(before, negotiation)
    if earlier is None:
        return
    if earlier.mechanism == negotiation.mechanism:
        negotiation.retry_of = earlier
    else:
        negotiation.fallback_from = earlier
        over_what = earlier.went_on_over(negotiation)
        negotiation.fallback_kind = negotiation.fallback_kind or over_what


def _earlier(candidates: Attempts, negotiation: Negotiation) -> Negotiation | None:
    """The failed attempt that this one takes up; None if there is none, or a success came between."""
    for earlier in reversed(candidates):
        # numbers too: what lies in one packet, or without times, has nothing else to tell the order
        if earlier.negotiation_id >= negotiation.negotiation_id:
            continue
        if earlier.last_frame > negotiation.first_frame:
            continue
        if other_user(earlier, negotiation):
            continue
        if not _at_one_site(earlier, negotiation):
            continue
        if earlier.outcome == "success":
            return None
        if not _is_over(earlier) and not _asked_anew(earlier, negotiation):
            return None
        return earlier if _soon(earlier, negotiation) else None
    return None


def _at_one_site(earlier: Negotiation, negotiation: Negotiation) -> bool:
    """Nothing tells the sites apart, or only that one name is the short form of the other.

    Short and full name stand for one host where both lead to one address, unless that is a proxy's, which
    shows by its port.
    """
    one, other = earlier.site, negotiation.site
    if one is None or other is None or one == other:
        return True
    return one.port == other.port == negotiation.stream.server_port and same_host(
        one.host, other.host
    )


def _is_over(earlier: Negotiation) -> bool:
    """It failed, or was given up in sight of the capture; what the capture lacks may be a success."""
    return earlier.outcome == "failure" or earlier.completeness == "complete"


def _asked_anew(earlier: Negotiation, negotiation: Negotiation) -> bool:
    """The server asked for credentials again on a connection that NTLM would have opened (RFC 4559 6).

    So what the capture lacks of the earlier attempt was no success that lasted.
    """
    listed = negotiation.listed
    return (
        earlier.mechanism == "ntlm"
        and earlier.stream is negotiation.stream
        and listed is not None
        and earlier.last_frame < listed.frame <= negotiation.first_frame
    )


def _soon(earlier: Negotiation, negotiation: Negotiation) -> bool:
    if NO_TIME in {earlier.ended_ns, negotiation.started_ns}:
        return earlier.stream is negotiation.stream
    same = earlier.stream is negotiation.stream
    limit = SAME_CONNECTION_NS if same else NEW_CONNECTION_NS
    return negotiation.started_ns - earlier.ended_ns <= limit


def other_user(one: Negotiation, other: Negotiation) -> bool:
    """Both say who they are, by themselves or by their ticket's request, and differ."""
    first, second = _account(one), _account(other)
    return first is not None and second is not None and first != second


def _account(negotiation: Negotiation) -> str | None:
    account = account_of(negotiation.user)
    if account is None and negotiation.kdc is not None and negotiation.mechanism != "ntlm":
        account = account_of(negotiation.kdc.asker)
    return account


def _changed_inside(negotiation: Negotiation) -> bool:
    """The optimistic token was of another mechanism than was run in the end."""
    optimistic, run = negotiation.optimistic_mech, negotiation.mechanism
    if optimistic is None or run is None:
        return False
    return (optimistic in KERBEROS_NAMES and run not in KERBEROS_FAMILY) or (
        optimistic not in KERBEROS_NAMES and optimistic != run
    )


KERBEROS_FAMILY = KERBEROS_NAMES | {"iakerb"}
