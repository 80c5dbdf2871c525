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

Attempts = list[Negotiation]


def join_chains(negotiations: list[Negotiation]) -> None:
    """Fill `retry_of`, `fallback_from` and `fallback_kind`; `negotiations` are in order of first frame."""
    attempts = [each for each in negotiations if each.mechanism is not None]
    over = _Over(attempts)
    for negotiation in negotiations:
        if _changed_inside(negotiation):
            negotiation.fallback_kind = "in-negotiation"
    for negotiation in attempts:
        earlier = _earlier(over.before(negotiation), negotiation)
        if earlier is not None:
            _link(negotiation, earlier)


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


class _Over:
    """Attempts in the order in which they were over, by what may make two of them one service's."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts: dict[Hashable, Attempts] = defaultdict(list)
        for attempt in sorted(attempts, key=_end):
            address = _address(attempt)
            for key in (address, *_by_name(attempt, address)):
                self._attempts[key].append(attempt)
        self._ends = {key: [_end(n) for n in known] for key, known in self._attempts.items()}

    def before(self, negotiation: Negotiation) -> Attempts:
        """The latest attempts that may be at the same service and were over when this one began."""
        address = _address(negotiation)
        keys: list[Hashable] = [address]
        if negotiation.site is not None:
            keys = [*_by_name(negotiation, address), (address, None)]
        found = [self._latest(key, negotiation) for key in keys]
        if len(found) == 1:
            return found[0]
        together = {attempt.negotiation_id: attempt for each in found for attempt in each}
        return sorted(together.values(), key=_end)[-LOOK_BACK:]

    def _latest(self, key: Hashable, negotiation: Negotiation) -> Attempts:
        known = self._attempts.get(key)
        if known is None:
            return []
        at = bisect_right(self._ends[key], (negotiation.started_ns, negotiation.first_frame))
        return known[max(0, at - LOOK_BACK) : at]


def _end(negotiation: Negotiation) -> tuple[int, int]:
    return negotiation.ended_ns, negotiation.last_frame


def _address(negotiation: Negotiation) -> Hashable:
    """The service by address: one host has many web services, but one SMB and one directory service."""
    stream = negotiation.stream
    kind = family(negotiation.carrier)
    port = stream.server_port if kind in {"http", "http-proxy"} else None
    return kind, stream.client, stream.server, port


def _by_name(negotiation: Negotiation, address: Hashable) -> tuple[Hashable, ...]:
    """The web site at whatever address, and what its short name and full name have in common at this one."""
    site = negotiation.site
    if site is None:
        return ((address, None),) if negotiation.carrier == ORIGIN else ()
    anywhere = family(negotiation.carrier), negotiation.stream.client, site
    return anywhere, (address, label_of(site.host))


def _link(negotiation: Negotiation, earlier: Negotiation) -> None:
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
