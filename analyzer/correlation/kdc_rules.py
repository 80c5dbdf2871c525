"""How sure a reason is that rests on a KDC's word: by its use, the name asked for, who asked, and when.

Of the rules that fit, the one that allows least counts. The table of them in `docs/reasons.md` is
generated from here.
"""

from __future__ import annotations

from enum import Enum

from analyzer.correlation.finding import STRENGTH
from dissectors.records import NamedTuple

SECOND = 1_000_000_000
BEFORE_NS = 10 * SECOND
"""How long before a negotiation its client may have asked for the ticket that it lacks."""
AFTER_NS = 2 * SECOND
"""How long after it: the clocks of two captured interfaces differ, and clients also ask when challenged."""
REMEMBERED_NS = 15 * 60 * SECOND
"""How long a client may hold to a refusal without asking anew: Windows' SpnCacheTimeout (KB837361)."""


class Rule(NamedTuple):
    """The most that a reason may be, and where."""

    confidence: str  # `certain`, `likely`, `possible`
    where: str  # as docs/reasons.md says it


class Use(Enum):
    """What the KDC's word is taken for."""

    NO_TICKET = Rule("certain", "why NTLM: a ticket for the service was refused")
    NO_FIRST_TICKET = Rule(
        "likely",
        f"why NTLM: a first ticket (AS) was refused in the {BEFORE_NS // SECOND} s before, and since "
        "then no ticket granted, be it the user's at an address of the other IP version, nor any shown",
    )
    LEFT = Rule(
        "likely",
        "a failure: the client heard the server's mechanisms, was refused a ticket and left without a token; "
        "here the service's class may stand for a name",
    )
    ACCOUNT = Rule(
        "likely",
        "a failure: the server refuses the password (`bad_credentials`), and a KDC says of the account why, "
        "to the server meanwhile, or just before to the client: its own address, or one of the other IP "
        "version for the same user, to whom no first ticket was granted since",
    )


class Match(Enum):
    """How well a refused name fits the server, best first."""

    NAMED = Rule("certain", "the host asked for is the one that the client names to the server")
    KNOWN = Rule(
        "likely",
        "the client names no host, or an address, and the host asked for is known from the server, DNS (a "
        "reverse look-up too) or TLS; or it is the short form of what the client names, or what DNS made of "
        f"it: by CNAME, or by the client's reverse look-up in the {BEFORE_NS // SECOND} s before",
    )
    OWN_NAME = Rule(
        "possible",
        "the client names another host, and the one asked for is the server's own name by its CHALLENGE or "
        "a reverse look-up; no other logon names that one and took the refusal up",
    )
    REALM = Rule(
        "possible",
        "no ticket for the server was refused, but the way to it: one for the KDC of another realm "
        "(`krbtgt`), in whose DNS domain the server's name is",
    )
    CLASS_ONLY = Rule(
        "possible", "no name of the server is known: the service's class and the time fit"
    )


class Asker(Enum):
    """Who asked the KDC, as seen from the negotiation; never another user, as far as both are known."""

    OWN = Rule("certain", "the client's own address asked")
    SAME_USER = Rule(
        "likely",
        "an address of the other IP version asked, and for the same user: one machine has both",
    )
    LOOKED_UP = Rule(
        "likely",
        "an address of the other IP version asked, which was the last to look the server's address up "
        "before",
    )
    OTHER_VERSION = Rule(
        "possible",
        "an address of the other IP version asked, which did not log on itself for want of the ticket, and "
        "nothing tells whose it is",
    )
    ANOTHER_LOOKED_UP = Rule(
        "possible",
        "an address of the other IP version asked for the same user, but the last to look the server's "
        "address up before was another one of that version",
    )
    ELSEWHERE = Rule(
        "possible",
        "another address of the same IP version asked for the same user: the client behind address "
        "translation, or another machine",
    )


class When(Enum):
    """When the KDC refused."""

    JUST_BEFORE = Rule(
        "certain", f"the request is at most {BEFORE_NS // SECOND} s older than the negotiation"
    )
    REMEMBERED = Rule(
        "likely",
        f"the request is up to {REMEMBERED_NS // SECOND // 60} min older, from an address that is the "
        "client's at least likely, and since then no other one was granted, nor a ticket shown to the "
        "service: clients keep a refusal in mind",
    )
    UNTIMED = Rule(
        "possible",
        "the packets carry no time: only their order tells that it was before, not how long",
    )
    LATE = Rule(
        "possible",
        "the answer came after the client's first NTLM token, at most "
        f"{AFTER_NS // SECOND} s after the negotiation",
    )


class Beside(Enum):
    """What else the negotiation shows, as far as it speaks against the KDC's word as the cause."""

    NTLM_ALONE = Rule(
        "possible",
        "why NTLM: the client uses a name for NTLM alone (scheme NTLM, Sicily), which is chosen before any "
        "ticket is asked for",
    )
    OTHER_CAUSE = Rule(
        "possible",
        f"why NTLM: the request is more than {BEFORE_NS // SECOND} s older, and another cause fits too: a "
        "local account, no KDC within reach, or what either side offered or chose",
    )
    NAMED_BY_ANOTHER = Rule(
        "possible",
        "another logon took the refusal up, which names the host asked for, and this one does not",
    )
    USED_BY_ANOTHER = Rule(
        "likely",
        "the logon of another user at the same address took the refusal up, and whose request it was, "
        "nothing tells",
    )
    TICKET_AT_ANOTHER = Rule(
        "likely",
        "an address of the other IP version, and nothing tells whose it is, was granted just this ticket "
        "since, or showed it",
    )


def weakest(*rules: Beside | None) -> Beside | None:
    """The one that allows least; None if there is none."""
    found = [rule for rule in rules if rule is not None]
    return max(found, key=lambda rule: STRENGTH[rule.value.confidence], default=None)


def least(*confidences: str) -> str:
    """The weakest of several confidences."""
    return max(confidences, key=STRENGTH.__getitem__)
