"""Who asked a KDC: the client of a negotiation, by whichever of its addresses, or somebody else.

A machine may have an IPv4 and an IPv6 address, and mostly asks the KDC by one and the service by the other.
"""

from __future__ import annotations

from enum import Enum

from analyzer.correlation.asked_names import asked_names
from analyzer.correlation.kdc_index import KdcIndex, version
from analyzer.correlation.kdc_rules import Asker
from analyzer.correlation.name_index import NameIndex
from analyzer.correlation.services import account_of, principal
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange

NO_ANSWER = frozenset({52, 85, 86})
"""KRB_ERR_RESPONSE_TOO_BIG says only that the same is to be asked over TCP; the others an acceptor says that
passes requests on and found no KDC, or had no answer from it (draft-ietf-kitten-iakerb 3)."""
_WORDS = {
    Asker.SAME_USER: "for the same user",
    Asker.LOOKED_UP: "which looked the server up",
    Asker.OTHER_VERSION: "whose it is, nothing tells",
    Asker.ANOTHER_LOOKED_UP: "for the same user, while another address looked the server up",
    Asker.ELSEWHERE: "for the same user",
}


def asker_of(negotiation: Negotiation, exchange: KdcExchange, names: NameIndex) -> Asker | None:
    """Who asked the KDC, as seen from the negotiation; None for somebody else."""
    if not same_client(negotiation, exchange):
        return None
    same_user = account_of(negotiation.user) is not None and account_of(exchange.asker) is not None
    return owner_of(exchange.client, negotiation, names, same_user=same_user)


def owner_of(address: str, negotiation: Negotiation, names: NameIndex, *, same_user: bool) -> Asker:
    """What tells that an address, which may be the client's, is; `same_user`: that of the negotiation."""
    client = negotiation.stream.client
    if address == client:
        return Asker.OWN
    if version(address) == version(client):
        return Asker.ELSEWHERE
    looker = names.last_to_look_up(negotiation)
    if looker == address:
        return Asker.SAME_USER if same_user else Asker.LOOKED_UP
    if same_user:
        return Asker.SAME_USER if looker is None else Asker.ANOTHER_LOOKED_UP
    return Asker.OTHER_VERSION


def asked_by(asker: Asker, address: str) -> str:
    """`, asked by 10.0.0.20 for the same user` to put behind other words; "" for the client itself."""
    return "" if asker is Asker.OWN else f", asked by {address}, {_WORDS[asker]}"


def same_client(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """Who asked the KDC may be the client of the negotiation.

    Another address of the other version counts, unless the users differ. Another address of the same version
    counts only for the same user.
    """
    client = negotiation.stream.client
    account, asked_for = account_of(negotiation.user), account_of(exchange.asker)
    if exchange.client == client:
        return not other_account(negotiation, exchange)
    if account is not None and asked_for is not None:
        return account == asked_for and _domain(negotiation, exchange) is Domain.MAY_BE
    return version(exchange.client) != version(client)


def is_for(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """The ticket was asked for this service, or for this user's first ticket."""
    account = account_of(negotiation.user)
    if account is not None and account == account_of(exchange.asker):
        return True
    asked = principal(exchange.sname)
    return asked is not None and any(
        name.match_of(asked.host) is not None for name in asked_names(negotiation)
    )


def other_account(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """Both name a user, and not the same one, or of domains that cannot be the same."""
    account, asked_for = account_of(negotiation.user), account_of(exchange.asker)
    if account is None or asked_for is None:
        return False
    return account != asked_for or _domain(negotiation, exchange) is Domain.OTHER


class Domain(Enum):
    """How the user's domain, as NTLM names it, fits the realm that a KDC was asked in."""

    MAY_BE = "the same, or one is not known"
    UNLIKE = "a short name that is not the realm's first label, as it mostly is"
    OTHER = "another one, or the server itself"


def _domain(negotiation: Negotiation, exchange: KdcExchange) -> Domain:
    """Compare them; what the server's CHALLENGE says of both of its domain's names goes before the rule."""
    domain = (negotiation.domain or "").lower().removesuffix(".")
    # the realm whose KDC is asked for a service's ticket may be another one than the client's
    told = exchange.crealm or (exchange.realm if exchange.exchange == "AS" else None)
    if not domain or not told:
        return Domain.MAY_BE
    realm = told.lower()
    server = negotiation.ntlm_server
    if server is not None and server.nb_domain and server.nb_domain.lower() == domain:
        known = (server.dns_domain or "").lower()
        return Domain.OTHER if known and known != realm else Domain.MAY_BE
    local = server is not None and (server.nb_computer or "").lower() == domain
    if local or ("." in domain and domain != realm):
        return Domain.OTHER
    return Domain.MAY_BE if domain in {realm, realm.partition(".")[0]} else Domain.UNLIKE


def answered_after(
    index: KdcIndex, address: str, asked: tuple[int, int], realm: str | None, until: int
) -> bool:
    """A KDC answered `address` after it `asked` in vain (ns, frame), be it another one or something else.

    An answer from before shows nothing, nor does one by another realm's KDC, where both realms are known.
    """
    # the answer may belong to a request from a little before, so requests are gone through back from `until`
    for exchange in index.answered.latest(address, asked[0] - _SLOWEST_NS, until):
        at = exchange.reply_ts_ns if exchange.reply_ts_ns is not None else exchange.ts_ns
        if (at, exchange.frames[-1]) <= asked or exchange.error_code in NO_ANSWER:
            continue
        told = exchange.realm or exchange.ticket_realm
        if realm is None or told is None or realm.lower() == told.lower():
            return True
    return False


_SLOWEST_NS = 30_000_000_000
"""How long a KDC may take to answer."""
