"""SPNEGO's own safety: the list of mechanisms and its proof.

Spec: RFC 4178 4.2, 5 and 7.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, place
from analyzer.audit.hops import joined, side_by_side
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.audit.seen_twice import connections

_KERBEROS = {"kerberos", "ms-kerberos"}
_ANSWER = "NTLM answer"
_UPDATE = "Update both sides; use an SPNEGO implementation that demands mechListMIC on reselection."


@rule(
    "NGS-SPNEGO-001",
    "high",
    "Reselection without mechListMIC",
    means="Another mechanism than the client's first choice was taken and nobody proved the list: "
    "it may have been changed on the way.",
    remedy=_UPDATE,
    references=("ATT&CK T1557", "ATT&CK T1562.010", "RFC 4178 5", "RFC 4178 7"),
)
def no_mech_list_mic(row: Any) -> Iterator[Hit]:
    """RFC 4178 5 demands mechListMIC, and the negotiation, all of it there, succeeded without any."""
    if (
        row.mic_needed
        and row.outcome == "success"
        and row.mech_list_mic == "absent"
        and row.completeness == "complete"
    ):
        first = (row.offered_mechs or ["?"])[0]
        why = (
            f"{row.client} wanted {first}, {place(row)} took {row.selected_mech}, and no "
            "mechListMIC was sent"
        )
        yield by_client(row, why)


@rule(
    "NGS-SPNEGO-002",
    "medium",
    "Kerberos token answered by NTLM",
    means="The client had a ticket and sent it; the server, or somebody before it, wanted NTLM.",
    remedy="Give the server a working keytab and let it prefer Kerberos; look for a middle box "
    "if it does.",
    references=("ATT&CK T1557", "ATT&CK T1562.010", "RFC 4178 7"),
)
def downgraded(row: Any) -> Iterator[Hit]:
    """The first token of the client is Kerberos' own, the acceptor selects NTLM."""
    if row.optimistic_mech in _KERBEROS and row.selected_mech == "ntlm":
        yield by_client(row, f"{row.client} sent {place(row)} a ticket and was asked for NTLM")


@rule(
    "NGS-SPNEGO-003",
    "high",
    "Offer changed between two hops",
    means="A middle box hands the client's answer or ticket on, but the list of mechanisms that it offers "
    "is another one.",
    remedy="Find out what the box is; let it pass SPNEGO through, or end the authentication there.",
    references=("ATT&CK T1557", "ATT&CK T1562.010", "RFC 4178 7"),
    table=None,
)
def offer_changed(facts: Facts) -> Iterator[Hit]:
    """Two connections with one NTLM response, or of different hosts with one AP-REQ, and different mechTypes.

    Certain by the response, or where a host is server of one and client of the other; else likely.
    """
    cut = {
        token.negotiation_id
        for token in facts.rows("tokens", "token_type", {"NegTokenInit"})
        if facts.is_cut(token)
    }
    told: set[frozenset[int]] = set()
    for what, tokens in _the_same(facts):
        offered = [
            (token, row)
            for token in tokens
            if (row := facts.by_negotiation[token.negotiation_id]).offered_mechs
            and row.negotiation_id not in cut
        ]
        for these, those in itertools.pairwise(connections(offered)):
            (one, first), (other, second) = side_by_side(these, those)
            numbers = first.negotiation_id, second.negotiation_id
            offers = list(first.offered_mechs), list(second.offered_mechs)
            if (
                offers[0] == offers[1]
                or first.stream_id == second.stream_id
                or first.capture != second.capture
                or (
                    what != _ANSWER
                    and (first.client, first.server) == (second.client, second.server)
                )
                or frozenset(numbers) in told
            ):
                continue
            told.add(frozenset(numbers))
            middle = first.server if first.server == second.client else second.server
            why = (
                f"{first.client} offered {first.server} {', '.join(offers[0])}; "
                f"{second.client} offered {second.server} {', '.join(offers[1])}, with the "
                f"same {what}"
            )
            sure = "certain" if what == _ANSWER or joined(first, second) else "likely"
            frames = (first.first_frame, second.first_frame, one.frame, other.frame)
            yield Hit("server", middle, why, frames, numbers, first.capture, first.started, sure)


def _the_same(facts: Facts) -> Iterator[tuple[str, list[Any]]]:
    """Tokens that prove to be of one client, where there are several: a word for them, and where they are.

    Of an AP-REQ it is the authenticator that is new each time: a cut one may equal another.
    """
    answers: dict[str, list[Any]] = defaultdict(list)
    for token in facts.ntlm_messages:
        if token.ntlm_response_id is not None:
            answers[token.ntlm_response_id].append(token)
    requests: dict[str, list[Any]] = defaultdict(list)
    for token in facts.ap_requests:
        if token.krb_authenticator_length is not None and not facts.is_cut(token):
            requests[token.inner_sha256 or token.sha256].append(token)
    for what, found in ((_ANSWER, answers), ("AP-REQ", requests)):
        for tokens in found.values():
            if len(tokens) > 1:
                yield what, tokens


@rule(
    "NGS-SPNEGO-004",
    "low",
    "Token after the end",
    means="A side goes on after the negotiation was over: a faulty program, or somebody tries "
    "its states out.",
    remedy="Check the program that sent it.",
    references=("ATT&CK T1190", "RFC 4178 4.2.2"),
    table=None,
)
def after_the_end(facts: Facts) -> Iterator[Hit]:
    """A token in a state that has no place for it, though nothing of the connection is missing."""
    for noticed in facts.rows("anomalies"):
        row = facts.by_negotiation.get(noticed.negotiation_id)
        if (
            noticed.code == "token-out-of-order"
            and row is not None
            and row.completeness == "complete"
        ) and (noticed.capture, noticed.stream_id) not in facts.broken_streams:
            why = f"{row.client} and {place(row)}: {noticed.detail}"
            frames = () if noticed.frame is None else (noticed.frame,)
            yield by_client(row, why, evidence=frames)
