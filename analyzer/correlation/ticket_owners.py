"""Whose ticket a request to a KDC presents: a TGS-REQ names nobody, but its ticket came in a reply that does.

Spec: RFC 4120 3.3.1, 5.4.1 (cname is of AS-REQs only), 5.4.2; RFC 6806 5 and 6 (aliases of a client).
"""

from __future__ import annotations

from analyzer.correlation.services import account_of
from analyzer.surroundings.model import ANONYMOUS, KdcExchange

Names = tuple[str, ...]


def tell_owners(exchanges: list[KdcExchange]) -> None:
    """Fill `ticket_used_names` where the reply that issued the ticket presented is among `exchanges`.

    The ticket is known by its cipher alone; one that was given to several names (ciphers made up or blanked
    out) tells nothing.
    """
    owners: dict[bytes, Names] = {}
    for exchange in exchanges:
        if exchange.ticket_id is None:
            continue
        names = _names(exchange)
        if names and _account(owners.setdefault(exchange.ticket_id, names)) != _account(names):
            owners[exchange.ticket_id] = ()
    for exchange in exchanges:
        if exchange.ticket_used_id is not None:
            exchange.ticket_used_names = owners.get(exchange.ticket_used_id, ())


def _names(exchange: KdcExchange) -> Names:
    """The client as the KDC calls it, then as it called itself if that is another account's name."""
    told, asked = exchange.ticket_cname, exchange.cname
    names = (told,) if account_of(told) == account_of(asked) else (told, asked)
    return tuple(name for name in names if name and name != ANONYMOUS)


def _account(names: Names) -> str | None:
    return account_of(names[0]) if names else None
