"""What is compared of negotiations and KDC exchanges: a text of each row, and which text is the worse one.

A cell that is not known is no text: it can neither become weaker nor stronger. Where it is not known because
the capture lacks a part of the row, the text is `NOT_SEEN`: it may be as bad as the other side's, or as good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.tables.etype_kinds import OTHER, etype_kind
from analyzer.tables.weakness import NO_SECRET, RANK, TICKETS, Run, etype_weakness, weakest_of
from dissectors.records import NamedTuple

Row = dict[str, Any]

NOTHING = "nothing"
"""Stands for no mechanism run, no list offered, no protection seen, no reason to name."""
NOT_SEEN = "not seen"
"""Stands for what a row may have and does not show, since the capture ends, begins or is cut within it."""


class Aspect(NamedTuple):
    """One thing that is compared."""

    text: Callable[[Row], str | None]  # of a row; None where the row has nothing of it
    # texts, the best first, those that are as good as each other in a set; none: neither is better
    order: tuple[str | frozenset[str], ...] = ()
    grows: bool = False  # half a row may show a better or worse text than the whole one
    usual: bool = True  # every row has something of it, so that a side which shows nothing is told

    def place(self, text: str) -> int | None:
        """Of a text in the order; None for one that can't be compared."""
        for place, there in enumerate(self.order):
            if text == there or (isinstance(there, frozenset) and text in there):
                return place
        return None


def in_part(row: Row) -> bool:
    """The capture lacks something of a negotiation."""
    return bool(row["completeness"] != "complete")


def begins_unseen(row: Row) -> bool:
    """Or the NEGOTIATE before it, by which SMB's signatures mean what they do (MS-SMB2 3.2.4.1.1)."""
    unseen = family_of(row["carrier"]) == "smb" and row["server_signing"] is None
    return in_part(row) or unseen


def _cell(name: str, otherwise: str | None = None) -> Callable[[Row], str | None]:
    """The text of a cell; `otherwise` where it is null and the capture lacks nothing."""

    def text(row: Row) -> str | None:
        if row[name] is None:
            return NOT_SEEN if in_part(row) else otherwise
        return str(row[name])

    return text


def _signing(name: str) -> Callable[[Row], str | None]:
    """What a side of SMB demands: not seen without its NEGOTIATE, also of a whole negotiation."""

    def text(row: Row) -> str | None:
        if row[name] is None:
            return NOT_SEEN if family_of(row["carrier"]) == "smb" else None
        return str(row[name])

    return text


def _mechanism(row: Row) -> str:
    name, detail = row["mechanism"], row["mechanism_detail"]
    if name is None:
        return NOT_SEEN if in_part(row) else NOTHING
    return f"{name} ({detail})" if detail and detail != NO_SECRET else str(name)


def _outcome(row: Row) -> str:
    """That nothing came of it is only known where all of it is there."""
    return NOT_SEEN if row["outcome"] == "incomplete" and in_part(row) else str(row["outcome"])


def family_of(carrier: str) -> str:
    """SMB 1 and SMB 2 lead to the same service."""
    return "smb" if carrier in {"smb1", "smb2"} else carrier


def _offer(row: Row) -> str:
    if not row["offered_mechs"]:
        return NOT_SEEN if in_part(row) else NOTHING
    return " > ".join(row["offered_mechs"])


def _delegation(row: Row) -> str | None:
    if row["delegation"] is None:
        return NOT_SEEN if in_part(row) else None
    return "yes" if row["delegation"] else "no"


_SIGNING = ("required", "enabled", "disabled")

NEGOTIATIONS: dict[str, Aspect] = {
    "carrier": Aspect(_cell("carrier"), ("smb2", "smb1")),
    "mechanism": Aspect(_mechanism),  # by weakness, see `weakness_of`
    "offer": Aspect(_offer),
    "outcome": Aspect(_outcome, ("success", "incomplete", "failure")),
    "protection": Aspect(_cell("protection", NOTHING), ("seal", "tls", "sign", "none"), grows=True),
    "channel_binding": Aspect(_cell("channel_binding"), ("present", "zero", "absent"), usual=False),
    "ntlm_mic": Aspect(_cell("ntlm_mic"), ("present", "absent", "promised-missing"), usual=False),
    "client_signing": Aspect(_signing("client_signing"), _SIGNING, grows=True, usual=False),
    "server_signing": Aspect(_signing("server_signing"), _SIGNING, usual=False),
    "delegation": Aspect(_delegation, ("no", "yes"), usual=False),
    "reason": Aspect(_cell("reason", NOTHING)),
}

NOT_WEAK = frozenset({"aes", "camellia"})
"""Kinds of encryption types that are as good as each other."""
_ETYPES = (NOT_WEAK, "des3", "rc4", "des")
"""Kinds of encryption types, the best first; what is of no kind is neither better nor worse."""
_WEAKEST = ("des", "rc4", "des3", "aes", "camellia", OTHER)
"""Which kind of a list is told; what is of no kind only where nothing else is asked for."""


def _ticket(row: Row) -> str | None:
    """Of a ticket that was issued; an answer that is not all there may hold one."""
    if row["ticket_etype"] is None:
        return None if row["outcome"] == "failure" else NOT_SEEN
    kind = etype_kind(row["ticket_etype"])
    return str(row["ticket_etype"]) if kind == OTHER else kind


def _requested(row: Row) -> str | None:
    """The weakest kind that the client takes; a list that is cut may go on."""
    if row["request_cut"] is not False:
        return NOT_SEEN
    kinds = {etype_kind(name) for name in row["requested_etypes"] or ()}
    return next((kind for kind in _WEAKEST if kind in kinds), None)


def _proof(row: Row) -> str | None:
    """Of a logon that was granted."""
    if row["exchange"] != "AS" or row["outcome"] == "failure":
        return None
    if row["outcome"] != "success" or row["preauth"] is None:
        return NOT_SEEN
    return "none" if row["preauth"] == "none" else "given"


KDC: dict[str, Aspect] = {
    "ticket": Aspect(_ticket, _ETYPES),
    "weakest requested": Aspect(_requested, _ETYPES, usual=False),
    "pre-authentication": Aspect(_proof, ("given", "none"), usual=False),
}


def weakness_of(row: Row) -> int | None:
    """How weak what a negotiation ran is, the weakest first; None where that is nothing, or not seen."""
    if in_part(row) and not _how_is_seen(row):
        return None
    weakest = weakest_of(Run(*(row[name] for name in Run._fields)))
    return None if weakest is None else RANK[weakest]


def may_be_weaker(row: Row) -> bool:
    """The capture lacks a part of the negotiation by which it may be weaker than what is seen of it.

    Also how it ended: only who was let in may have been let in as a guest.
    """
    return in_part(row) and not (_how_is_seen(row) and row["outcome"] != "incomplete")


def _how_is_seen(row: Row) -> bool:
    """Not only which mechanism was run, but also NTLM's response, or the ticket; `spnego` is none yet."""
    if row["mechanism"] == "ntlm":
        return row["mechanism_detail"] is not None
    if row["mechanism"] in TICKETS:
        return row["ticket_etype"] is not None
    return row["mechanism"] not in {None, "spnego"}


def ticket_weakness(row: Row) -> int | None:
    """The same of the ticket that a KDC gave."""
    return None if row["ticket_etype"] is None else RANK[etype_weakness(row["ticket_etype"])]


WEAK = RANK["tls-password"]
"""Below it is what an audit wants to hear of where there was nothing before: NTLM, RC4, clear passwords."""
