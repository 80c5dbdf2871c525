"""Where Kerberos was run: which clients showed a ticket to which servers, which were accepted, and when.

Spec: RFC 4120 3.2 (the AP exchange).
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from operator import attrgetter

from analyzer.capture.model import NO_TIME
from analyzer.correlation.chains import NEW_CONNECTION_NS
from analyzer.correlation.kdc_index import Timeline, other_version, version
from analyzer.correlation.kdc_rules import BEFORE_NS
from analyzer.correlation.services import account_of, family, principal, same_host
from analyzer.negotiation.model import Negotiation
from analyzer.negotiation.site import may_be_one
from analyzer.surroundings.model import KdcExchange


class KerberosUse:
    """Kerberos negotiations of a capture, by client and server."""

    def __init__(self, negotiations: list[Negotiation]) -> None:
        run = [n for n in negotiations if n.mechanism == "kerberos" or n.ticket is not None]
        self.clients = {n.stream.client for n in run}
        """Addresses that sent a Kerberos token."""
        self._accepted: Timeline[Negotiation] = Timeline()
        for negotiation in sorted(run, key=attrgetter("ended_ns")):
            if negotiation.mechanism == "kerberos" and negotiation.outcome == "success":
                self._accepted.add(_key(negotiation), negotiation.ended_ns, negotiation)
        self._with_ticket = [n for n in run if n.ticket is not None]  # an AP-REQ was shown
        self._with_ticket.sort(key=attrgetter("started_ns"))
        self._shown: Timeline[Negotiation] = Timeline()
        for negotiation in self._with_ticket:
            for key in _service_keys(negotiation):
                self._shown.add(key, negotiation.started_ns, negotiation)

    @cached_property
    def _shown_by(self) -> Timeline[Negotiation]:
        """The same by client, and by ticket; of interest only where some ticket was refused."""
        found: Timeline[Negotiation] = Timeline()
        for negotiation in self._with_ticket:
            client, ticket = negotiation.stream.client, negotiation.ticket
            keys: list[Hashable] = [client, version(client)]
            if ticket is not None and ticket.sname is not None:
                name = ticket.sname.lower()
                keys += [(client, name), (version(client), name)]
            for key in keys:
                found.add(key, negotiation.started_ns, negotiation)
        return found

    def accepted(self, negotiation: Negotiation) -> Negotiation | None:
        """The latest Kerberos logon of the same client at the same server that succeeded before.

        Not one of another user, or at another web site, as far as both are known.
        """
        # where packets carry no time, all have the same: then the frames alone tell what came first
        before = self._accepted.latest(_key(negotiation), NO_TIME, negotiation.started_ns)
        account = account_of(negotiation.user)
        for other in before:
            if other.last_frame > negotiation.first_frame:
                continue
            if not may_be_one(other.site, negotiation.site):
                continue
            whose = ticket_account(other)
            if account is None or whose is None or account == whose:
                return other
        return None

    def came_to_nothing(self, negotiation: Negotiation) -> Negotiation | None:
        """The latest Kerberos logon of the same client at the same service just before, unless it succeeded.

        Not one of another user, or at another web site, as far as both are known; a site's other addresses
        count as well. One without an end seen counts on the same connection, and elsewhere for some seconds.
        """
        until = negotiation.started_ns
        account = account_of(negotiation.user)
        before = [
            other
            for key in _service_keys(negotiation)
            for other in self._shown.latest(key, until - NEW_CONNECTION_NS, until)
        ]
        before.sort(key=lambda n: (n.started_ns, n.first_frame), reverse=True)
        for other in before:
            if other.last_frame >= negotiation.first_frame or other.mechanism != "kerberos":
                continue
            if not may_be_one(other.site, negotiation.site):
                continue
            if account is None or ticket_account(other) in {None, account}:
                near = other.stream is negotiation.stream or until - other.ended_ns <= BEFORE_NS
                gone = other.outcome == "failure" or (other.outcome == "incomplete" and near)
                return other if gone else None
        return None

    def had_ticket_since(self, negotiation: Negotiation, refused: KdcExchange) -> bool:
        """After the refusal and before the negotiation its client showed a ticket for what was refused.

        Of the same name, or to the same server as far as the ticket is not for another host: a server has
        several names, of which a KDC may know one and not the other. Not another user's, as far as both are
        known.
        """
        stream = negotiation.stream
        account = account_of(negotiation.user or refused.asker)
        asked = principal(refused.sname)
        name, by_server = (
            (refused.sname or "").lower(),
            (stream.server, family(negotiation.carrier)),
        )
        for client in dict.fromkeys((stream.client, refused.client)):
            for shown_at, key in (
                (self._shown_by, (client, name)),
                (self._shown, (client, *by_server)),
            ):
                for other in _since(shown_at, key, negotiation, refused):
                    if account is not None and ticket_account(other) not in {None, account}:
                        continue
                    shown = principal(other.ticket.sname if other.ticket is not None else None)
                    if shown is None or asked is None or same_host(shown.host, asked.host):
                        return True
        return False

    def had_any_since(self, negotiation: Negotiation, refused: KdcExchange) -> bool:
        """After a first ticket was refused its client showed one to whatever server; not another user's.

        At an address of the other IP version the same user's, since nothing else tells that it is the client.
        """
        account = account_of(refused.asker)
        own = dict.fromkeys((negotiation.stream.client, refused.client))
        if any(
            account is None or ticket_account(other) in {None, account}
            for client in own
            for other in _since(self._shown_by, client, negotiation, refused)
        ):
            return True
        other_addresses = other_version(negotiation.stream.client)
        others = _since(self._shown_by, other_addresses, negotiation, refused)
        return account is not None and any(ticket_account(other) == account for other in others)

    def shown_at_another(self, negotiation: Negotiation, refused: KdcExchange) -> list[Negotiation]:
        """Logons in between with a ticket of the refused name, by addresses of the other IP version."""
        key = other_version(negotiation.stream.client), (refused.sname or "").lower()
        return _since(self._shown_by, key, negotiation, refused)


def _since(
    shown: Timeline[Negotiation], key: Hashable, negotiation: Negotiation, refused: KdcExchange
) -> list[Negotiation]:
    """What was shown between the two, by time and by frame."""
    found = shown.latest(key, refused.ts_ns, negotiation.started_ns)
    first, last = refused.frames[-1], negotiation.first_frame
    return [
        other
        for other in found
        if other.ticket is not None
        and other is not negotiation
        and first < other.ticket.frame < last
    ]


def _service_keys(negotiation: Negotiation) -> list[tuple[str, Hashable, str]]:
    """The client, the service by address and, if it has one, by its web site, and the carrier's family."""
    stream, kind = negotiation.stream, family(negotiation.carrier)
    places: list[Hashable] = [stream.server]
    if negotiation.site is not None:
        places.append(negotiation.site)
    return [(stream.client, place, kind) for place in places]


def _key(negotiation: Negotiation) -> tuple[str, str, str]:
    stream = negotiation.stream
    return stream.client, stream.server, negotiation.carrier


def ticket_account(negotiation: Negotiation) -> str | None:
    """Whose ticket it was, by the negotiation or by the KDC that issued it."""
    kdc = negotiation.kdc
    return account_of(negotiation.user or (kdc.asker if kdc is not None else None))
