"""The chain that a negotiation is part of: what it takes up, what takes it up, and the whole in one line.

Chains are as long as a password guesser is patient, so each part says a bounded number of attempts and
counts the rest.

Spec: RFC 4178 3.2, RFC 4559 4, MS-SPNG 3.1.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.negotiation.model import Negotiation
from dissectors.visible import visible

BEFORE_SHOWN = 4
"""Earlier attempts that have a line each."""
NEXT_SHOWN = 8
"""Attempts that take up the same one."""
WHOLE_SHOWN = 9
"""Attempts that the line of the whole chain names, before it names the ends and this one only."""
BESIDE_SHOWN = 3
OUTCOMES = {"failure": "failed"}
INSIDE = "in-negotiation"


def chain_lines(negotiation: Negotiation, *, of_text: bool = False) -> list[str]:
    """Lines of the verdict about the attempts before and after it; none for one that stands alone.

    `of_text`: it was given as text, which does not tell over which connection it went.
    """
    before = list(_before(negotiation))
    lines = []
    if before or negotiation.followed_by or negotiation.fallback_kind == INSIDE:
        whole = [*reversed(before), negotiation, *_after(negotiation)]
        lines.append(f"chain     {_whole(whole, len(before))}")
    lines += _labelled("before", _before_words(negotiation, before, of_text=of_text))
    lines += _labelled("next", _next_words(negotiation, of_text=of_text))
    return lines


def _before(negotiation: Negotiation) -> Iterator[Negotiation]:
    """The attempts that lead to it, latest first; each began before the one that takes it up."""
    latest = negotiation
    while (earlier := latest.retry_of or latest.fallback_from) is not None:
        yield earlier
        latest = earlier


def _after(negotiation: Negotiation) -> Iterator[Negotiation]:
    """The attempts that follow; of several that take up the same one, that which was taken up again."""
    latest = negotiation
    while latest.followed_by:
        went_on = (taker for taker in latest.followed_by if taker.followed_by)
        latest = next(went_on, latest.followed_by[-1])
        yield latest


# -- the whole in one line ---------------------------------------------------------------------------------


def _whole(chain: list[Negotiation], here: int) -> str:
    """First to last; of a long chain the ends and the neighbours of this one."""
    kept = set(range(len(chain)))
    if len(chain) > WHOLE_SHOWN:
        last = len(chain) - 1
        kept &= {0, 1, here - 1, here, here + 1, last - 1, last}
    parts, place = [], 0
    for at in sorted(kept):
        if at - place == 1:  # as short as a count of it
            parts.append(_attempt(chain, place, here))
        elif at > place:
            parts.append(f"… {at - place:,} more …")
        parts.append(_attempt(chain, at, here))
        place = at + 1
    return " → ".join(parts)


def _attempt(chain: list[Negotiation], at: int, here: int) -> str:
    """One attempt: mechanism, number, outcome; and others that took up the same one beside it."""
    attempt = chain[at]
    words = f"{_ran(attempt)} {attempt.negotiation_id} {_outcome(attempt)}"
    if at == here and len(chain) > 1:
        words += " (this)"
    rest = [one for one in chain[at - 1].followed_by if one is not attempt] if at else []
    if rest:
        listed = ", ".join(str(one.negotiation_id) for one in rest[:BESIDE_SHOWN])
        more = f" and {len(rest) - BESIDE_SHOWN:,} more" if len(rest) > BESIDE_SHOWN else ""
        words += f" (beside it {listed}{more})"
    return words


def _ran(attempt: Negotiation) -> str:
    mechanism = visible(attempt.mechanism or "no mechanism")
    if attempt.fallback_kind == INSIDE and attempt.optimistic_mech:
        return f"({visible(attempt.optimistic_mech)} → {mechanism})"
    return mechanism


def _outcome(attempt: Negotiation) -> str:
    return OUTCOMES.get(attempt.outcome, attempt.outcome)


# -- its neighbours ----------------------------------------------------------------------------------------


def _before_words(
    negotiation: Negotiation, before: list[Negotiation], *, of_text: bool
) -> list[str]:
    """What it takes up, what that took up, and so on; of a long chain also the first attempt."""
    made, latest = [], negotiation
    for earlier in before[:BEFORE_SHOWN]:
        verb = "tries again after" if latest.retry_of is earlier else "falls back from"
        who = "" if latest is negotiation else "which "
        place = f", {_where(earlier, latest)}" if latest is negotiation and not of_text else ""
        made.append(f"{who}{verb} negotiation {earlier.negotiation_id} {_said(earlier)}{place}")
        latest = earlier
    if len(before) > BEFORE_SHOWN:
        first = before[-1]
        made.append(
            f"and {len(before) - BEFORE_SHOWN:,} before that, the first negotiation "
            f"{first.negotiation_id} {_said(first)}"
        )
    return made


def _next_words(negotiation: Negotiation, *, of_text: bool) -> list[str]:
    """What took it up."""
    takers, made = negotiation.followed_by, []
    for taker in takers[:NEXT_SHOWN]:
        words, notes = "tried again", []
        if taker.retry_of is not negotiation:
            words, notes = (
                f"{visible(taker.mechanism or 'another mechanism')} then followed",
                ["fallback"],
            )
        if not of_text:
            notes.append(_where(negotiation, taker))
        noted = f" ({', '.join(notes)})" if notes else ""
        made.append(f"{words} in negotiation {taker.negotiation_id}{noted}: {_outcome(taker)}")
    if len(takers) > NEXT_SHOWN:
        made.append(f"and {len(takers) - NEXT_SHOWN:,} more")
    return made


def _where(earlier: Negotiation, later: Negotiation) -> str:
    kind = earlier.went_on_over(later)
    return kind.replace("-", " ") + (f" {later.carrier}" if kind == "other-carrier" else "")


def _said(attempt: Negotiation) -> str:
    """Mechanism and the last word about it: Kerberos's own error, else the carrier's status."""
    said = attempt.gss_status if attempt.mechanism == "kerberos" else None
    said = said or (attempt.status.name if attempt.status is not None else None)
    return f"({', '.join(visible(word) for word in (attempt.mechanism, said) if word)})"


def _labelled(label: str, words: list[str]) -> list[str]:
    """Lines of the verdict, the first with its label."""
    return [f"{label if place == 0 else '':10}{text}" for place, text in enumerate(words)]
