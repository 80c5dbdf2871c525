"""Signs of relayed NTLM: the same challenge or answer at two places, names that do not fit.

A middle box that hands its client's own messages on is no relay: over SMB 2 both hops then have one session
id. Over HTTP both ask for one host then, and with a relay behind a false name too: `handed_on` tells these.
The same packets seen twice (a mirror port, two captures of one connection, both sides of a NAT) are one
connection; where a firewall may have renumbered it, what is told is possible (`seen_twice`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, by_server, place
from analyzer.audit.hops import (
    by_middle,
    handed_on,
    joined,
    less_sure,
    may_be_forwarded,
    middle_of,
    near,
    pairs_of,
)
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.audit.seen_twice import connections, ends, one_connection
from analyzer.audit.targets import also_at, misfit, names_by_address, names_of, target_of

_CONSTANT = 3  # servers that give one client the same challenge: no relay needs so many

FIXED_CHALLENGES = {
    "1dce6604591efb43": "1122334455667788",
    "55c53f5d49029790": "0123456789abcdef",
    "66840dda154e8a11": "0102030405060708",
    "af5570f5a1810b7a": "0000000000000000",
    "12a3ae445661ce5d": "ffffffffffffffff",
    "c34ab6abb7b2bb59": "4141414141414141",
}
"""Challenges that traps and test servers are known to send, by `ntlm_challenge_id`."""

_SIGN = (
    "Require SMB signing, LDAP signing and channel binding (Extended Protection) on every server; "
    "find out who the middle host is."
)


@rule(
    "NGS-RELAY-001",
    "high",
    "Same NTLM challenge from two servers",
    means="A challenge is random and used once. Two servers that send the same one are a server "
    "and somebody "
    "who hands its challenge on.",
    remedy=_SIGN,
    references=("ATT&CK T1557.001", "MS-NLMP 3.2.5.1.1"),
    table=None,
)
def same_challenge(facts: Facts) -> Iterator[Hit]:
    """Two connections to different servers, within two minutes, with one ServerChallenge.

    Not where one client gets it from several servers (NGS-RELAY-005 looks at that), nor with a well-known
    one (NGS-RELAY-004), nor over HTTP for one host (NGS-RELAY-006).
    """
    for one, first, other, second in pairs_of(facts, "ntlm_challenge_id"):
        if first.server == second.server or first.client == second.client:
            continue  # who relays is a client himself; servers may share a constant challenge
        if one.ntlm_challenge_id in FIXED_CHALLENGES:
            continue
        if not near(one, other) or handed_on(first, second):
            continue
        middle = middle_of(first, second)
        victims, targets = {first.client, second.client}, {first.server, second.server}
        reflected = (victims & targets) - {middle}
        back = ", back to the host it asked" if reflected else ""
        why = (
            f"{first.server} challenged {first.client} ({first.carrier}) with the challenge that "
            f"{second.server} gave {second.client} ({second.carrier}){back}"
        )
        sure = (
            "certain" if joined(first, second) and not may_be_forwarded(first, second) else "likely"
        )
        sure = less_sure(facts, first, second, sure)
        yield by_middle(first, second, why, (one.frame, other.frame), sure)


@rule(
    "NGS-RELAY-002",
    "critical",
    "Same NTLM response on two connections",
    means="A client's answer was used a second time at another place: the logon was relayed. Over one "
    "protocol a port forwarder, or a reverse proxy that asks for another host, may look the same: then "
    "it is likely only; possible, where all messages are the same, in step.",
    remedy=_SIGN + " End the sessions of the relayed account and look at what was done with them.",
    references=("ATT&CK T1557.001", "MS-NLMP 3.1.5.1.2"),
    table=None,
)
def same_response(facts: Facts) -> Iterator[Hit]:
    """One NT response in AUTHENTICATE messages of two connections that are not one exchange handed on.

    Over HTTP for one host, or where the host of one is not in the capture, NGS-RELAY-006 looks at them.
    """
    for one, first, other, second in pairs_of(facts, "ntlm_response_id"):
        if first.server == second.server and first.client == second.client:
            continue  # a client that repeats itself over a new connection
        if not near(one, other) or handed_on(first, second):
            continue
        said = (
            f"the answer of {first.user or 'somebody'} from {first.client} to {first.server} "
            f"({first.carrier})"
        )
        why = (
            f"{said} was sent by {second.client} to {second.server} ({second.carrier}), which "
            f"ended in {second.outcome}"
        )
        sure = "likely" if may_be_forwarded(first, second) else "certain"
        sure = less_sure(facts, first, second, sure)
        yield by_middle(first, second, why, (one.frame, other.frame), sure)


@rule(
    "NGS-RELAY-003",
    "high",
    "NTLM meant for another server or service",
    means="The client wrote into its protected answer whom it meant, and that is not who got it.",
    remedy=_SIGN
    + " Servers with 'Microsoft network server: Server SPN target name validation level' refuse this.",
    references=("ATT&CK T1557.001", "MS-NLMP 2.2.2.1"),
    table=None,
)
def other_target(facts: Facts) -> Iterator[Hit]:
    """MsvAvTargetName names a host that is neither the one asked for nor what the server calls itself.

    Full names are compared whole, a short one by the first label; where the domains alone differ it is
    possible. So it is where the service is another one than the carrier's (HOST stands for all). Where it is
    not known for which host the client asked, as LDAP never says it, no more is judged than the service and
    an address in place of the host: one that is none of the server's is possible, as it may be translated on
    the way, and likely if it is the one that the answer came from.
    """
    given = names_by_address(facts)
    for token in facts.authenticates:
        row, target = facts.by_negotiation[token.negotiation_id], target_of(token.ntlm_target_name)
        challenge = facts.challenges.get(token.negotiation_id)
        cut = facts.is_cut(token) or (challenge is not None and facts.is_cut(challenge))
        if target is None or cut:
            continue
        names = names_of(row, challenge, also_at(target, row, given))
        found = misfit(target, names, row)
        if found is None:
            continue
        what, sure = found
        shown = ", ".join(names.shown[:3])
        known = f" ({shown})" if what == "host" and shown else ""
        why = (
            f"the answer that {row.client} brought to {place(row)}{known} was written for "
            f"{token.ntlm_target_name}"
        )
        yield by_client(row, why, sure, token.frames)


@rule(
    "NGS-RELAY-004",
    "high",
    "Challenge that known tools send",
    means="This challenge has tables made for it: the server is a trap that gathers responses, "
    "or a test server.",
    remedy="Find the server and switch it off; change the passwords of those who answered it.",
    references=("ATT&CK T1557.001", "ATT&CK T1110.002", "MS-NLMP 3.2.5.1.1"),
    table=None,
)
def fixed_challenge(facts: Facts) -> Iterator[Hit]:
    """ServerChallenge has one of a few constant values."""
    for token in facts.ntlm_messages:
        row = facts.by_negotiation[token.negotiation_id]
        value = FIXED_CHALLENGES.get(token.ntlm_challenge_id or "")
        if value is not None:
            why = f"{row.server} challenges {row.client} with the well-known {value}"
            yield by_server(row, why, evidence=token.frames)


@rule(
    "NGS-RELAY-005",
    "high",
    "Server repeats its challenge",
    means="A challenge must be new each time; this server's is not, so that answers can be "
    "replayed or looked up.",
    remedy="Replace the server's NTLM implementation, or find out whose trap it is.",
    references=("ATT&CK T1557.001", "MS-NLMP 3.2.5.1.1"),
    table=None,
)
def repeated_challenge(facts: Facts) -> Iterator[Hit]:
    """One server sends a ServerChallenge on two connections, or three servers and more to one client.

    One connection before and behind a NAT is one; possible, where all else of two is the same as well.
    """
    given: dict[tuple[str, str, str], list[tuple[Any, Any]]] = defaultdict(list)
    constant: dict[tuple[str, str, str], dict[str, tuple[Any, Any]]] = defaultdict(dict)
    for token in facts.ntlm_messages:
        row = facts.by_negotiation[token.negotiation_id]
        if token.ntlm_challenge_id is not None:
            value = token.ntlm_challenge_id
            given[token.capture, row.server, value].append((token, row))
            constant[token.capture, row.client, value].setdefault(row.server, (token, row))
    for (_, server, _), pairs in given.items():
        if len(pairs) == 1:
            continue  # as most challenges
        ((one, first), *_), *others = connections(pairs)
        for (other, second), *_ in others:
            if ends(first) == ends(second) or one_connection(first, second):
                continue
            if first.client != second.client and handed_on(first, second):
                continue
            clients = " and ".join(sorted({first.client, second.client}))
            why = f"{server} gave {clients} one challenge on two connections"
            sure = less_sure(facts, first, second, "certain")
            hit = by_middle(first, second, why, (one.frame, other.frame), sure)
            yield hit._replace(subject=server)
    yield from _of_many_servers(constant)


def _of_many_servers(
    constant: dict[tuple[str, str, str], dict[str, tuple[Any, Any]]],
) -> Iterator[Hit]:
    """Servers of their own that give one client the same challenge, all of them."""
    for (_, client, _), servers in constant.items():
        (_, first), *_others = servers.values()
        own = {
            server: pair
            for server, pair in servers.items()
            if pair[1] is first or not handed_on(first, pair[1])
        }
        if len(own) >= _CONSTANT:
            (one, _), (two, _), *_ = own.values()
            for server, (token, row) in own.items():
                why = f"{server} gave {client} the challenge that {len(own) - 1} other servers gave"
                another = two if token is one else one
                yield by_server(row, why, evidence=(*token.frames, *another.frames))
