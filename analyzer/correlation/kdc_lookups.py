"""Why NTLM: the client asked DNS for its realm's KDC, and no server was named.

Only the records that every client asks for tell it: those of a master KDC or of the password service may be
missing where all is well.

Spec: RFC 4120 7.2.3.2, RFC 2782, MS-ADTS 6.3.2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzer.correlation.askers import answered_after
from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex, other_version
from analyzer.correlation.services import host_of, server_names
from analyzer.correlation.turn_to_ntlm import first_ntlm, went_on_at_once
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.name_facts import NameFact

EMPTY = "no server"
LISTED = 8
"""Questions in vain that are listed as evidence, the latest ones."""
SURE = 2
"""Questions without any answer that make it likely: a single answer may be missing in the capture.

Who goes on at once had them all.
"""


def kdc_not_named(
    negotiation: Negotiation, index: KdcIndex, since: int, of_client: Callable[[str], bool]
) -> Iterator[Finding]:
    """The look-ups of this client for a KDC that came to nothing, if nothing helped the same realm's."""
    client, until = negotiation.stream.client, negotiation.ended_ns
    first_token = first_ntlm(negotiation)
    for asker in (client, other_version(client)):
        vain = [
            fact
            for fact in index.no_kdc_named.latest(asker, since, until)
            if of_client(fact.client)
            and (first_token is None or fact.frame < first_token)
            and not _helped(fact, index, since, until)
        ]
        if not vain:
            continue
        own = [fact for fact in vain if _is_wanted(_realm(fact.name), negotiation)]
        shown = (own or vain)[:LISTED]
        said = [fact for fact in shown if fact.rcode != "no-answer"]
        waited = bool(own) and not went_on_at_once(negotiation, own[0].ts_ns)
        sure = "likely" if own and (said or (waited and len(own) >= SURE)) else "possible"
        latest = (said or shown)[0]
        words = f"dns SRV {latest.name}: {EMPTY if latest.rcode == 'NOERROR' else latest.rcode}"
        if latest.client != client:
            words += f", asked by {latest.client}"
        frames = sorted({fact.frame for fact in shown})
        yield Finding("kdc_unreachable", sure, tuple(frames), words)
        return


def _helped(vain: NameFact, index: KdcIndex, since: int, until: int) -> bool:
    """Another look-up named a KDC of the same realm, before or after, or a KDC of it answered then."""
    realm = _realm(vain.name)
    named = index.kdc_named.latest(vain.client, since, until)
    if any(_realm(fact.name) == realm for fact in named):
        return True
    return answered_after(index, vain.client, (vain.ts_ns, vain.frame), realm, until)


def _realm(name: str) -> str:
    """The domain that a service's name is asked in: without service, site and the controllers' branch."""
    domain = name.split(".", 2)[2]
    before, _, rest = domain.partition("._msdcs.")
    if rest and (before == "dc" or before.endswith("._sites.dc")):
        return rest
    before, _, rest = domain.partition("._sites.")
    return rest if rest and "." not in before else domain


def _is_wanted(realm: str, negotiation: Negotiation) -> bool:
    """The realm is the user's or the server's, as far as the negotiation tells any."""
    user = (negotiation.user or "").lower().rpartition("@")
    domain = (negotiation.domain or "").lower().removesuffix(".")
    told = negotiation.ntlm_server
    known = {domain, user[2] if user[1] else "", host_of(told.dns_domain or "") if told else ""}
    known.discard("")
    hosts = [name.host for name in server_names(negotiation) if "." in name.host]
    if not known and not hosts:
        return True
    if realm in known or realm.partition(".")[0] == domain:
        return True
    return any(host == realm or host.endswith(f".{realm}") for host in hosts)
