"""What is compared of negotiations and KDC exchanges: a text of each row, and which text is the worse one.

A cell that is not known is no text: it can neither become weaker nor stronger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from analyzer.tables.weakness import RANK, Run, etype_weakness, weakest_of

Row = dict[str, Any]

NOTHING = "nothing"
"""Stands for no mechanism run, no list offered, no protection seen, no reason to name."""


class Aspect(NamedTuple):
    """One thing that is compared."""

    text: Callable[[Row], str | None]  # of a row; None where the row says nothing of it
    order: tuple[str, ...] = ()  # of texts, the best first; none: neither is better


def _cell(name: str) -> Callable[[Row], str | None]:
    return lambda row: row[name]


def _mechanism(row: Row) -> str:
    name, detail = row["mechanism"] or NOTHING, row["mechanism_detail"]
    return f"{name} ({detail})" if detail else name


def family_of(carrier: str) -> str:
    """SMB 1 and SMB 2 lead to the same service."""
    return "smb" if carrier in {"smb1", "smb2"} else carrier


def _offer(row: Row) -> str:
    return " > ".join(row["offered_mechs"]) if row["offered_mechs"] else NOTHING


def _delegation(row: Row) -> str | None:
    return None if row["delegation"] is None else "yes" if row["delegation"] else "no"


_SIGNING = ("required", "enabled", "disabled")

NEGOTIATIONS: dict[str, Aspect] = {
    "carrier": Aspect(_cell("carrier"), ("smb2", "smb1")),
    "mechanism": Aspect(_mechanism),  # by weakness, see `weakness_of`
    "offer": Aspect(_offer),
    "outcome": Aspect(_cell("outcome"), ("success", "incomplete", "failure")),
    "protection": Aspect(lambda row: row["protection"] or NOTHING, ("seal", "tls", "sign", "none")),
    "channel_binding": Aspect(_cell("channel_binding"), ("present", "zero", "absent")),
    "ntlm_mic": Aspect(_cell("ntlm_mic"), ("present", "absent", "promised-missing")),
    "client_signing": Aspect(_cell("client_signing"), _SIGNING),
    "server_signing": Aspect(_cell("server_signing"), _SIGNING),
    "delegation": Aspect(_delegation, ("no", "yes")),
    "reason": Aspect(lambda row: row["reason"] or NOTHING),
}

_ETYPES = ("aes", "des3", "rc4", "des")
"""Kinds of encryption types, the best first."""


def _kind(etype: str | None) -> str:
    weakness = etype_weakness(etype)
    return "aes" if weakness == "kerberos" else weakness


def _ticket(row: Row) -> str | None:
    return None if row["ticket_etype"] is None else _kind(row["ticket_etype"])


def _requested(row: Row) -> str | None:
    """The weakest kind that the client takes."""
    kinds = {_kind(name) for name in row["requested_etypes"] or ()}
    return max(kinds, key=_ETYPES.index, default=None)


def _proof(row: Row) -> str | None:
    """Of a logon that was granted."""
    if row["exchange"] != "AS" or row["outcome"] != "success" or row["preauth"] is None:
        return None
    return "none" if row["preauth"] == "none" else "given"


KDC: dict[str, Aspect] = {
    "ticket": Aspect(_ticket, _ETYPES),
    "weakest requested": Aspect(_requested, _ETYPES),
    "pre-authentication": Aspect(_proof, ("given", "none")),
}


def weakness_of(row: Row) -> int | None:
    """How weak what a negotiation ran is, the weakest first; None where it ran nothing."""
    weakest = weakest_of(Run(*(row[name] for name in Run._fields)))
    return None if weakest is None else RANK[weakest]


WEAK = RANK["tls-password"]
"""Below it is what an audit wants to hear of where there was nothing before: NTLM, RC4, clear passwords."""
