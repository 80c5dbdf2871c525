"""A KDC that DNS does not name is out of reach: when that counts, and how sure it is."""

from __future__ import annotations

import pytest
from support.correlated import (
    CLIENT,
    DOMAIN_MEMBER,
    KDC,
    SECOND,
    SERVER,
    asked,
    ntlm,
    reason_of,
)

from analyzer.surroundings.model import ConnectionAttempt
from analyzer.surroundings.name_facts import NameFact

DOMAIN = {"user": "alice", "domain": "LAB", "ntlm_server": DOMAIN_MEMBER}
NAMES = ["_kerberos._tcp.lab.example", "_kerberos._udp.lab.example"]


def lookup(
    name: str = NAMES[0],
    rcode: str = "NXDOMAIN",
    *,
    at: float = 99,
    frame: int = 30,
    client: str = CLIENT,
    targets: tuple[str, ...] = (),
    source: str = "dns",
) -> NameFact:
    """The client's question for a service's servers, in vain unless there are `targets`."""
    ts_ns = int(at * SECOND)
    return NameFact(source, client, name, (), frame, ts_ns, "SRV", rcode, targets)


def told(*facts: NameFact, **more: object) -> tuple[str, str, tuple[int, ...]]:
    """Code, confidence and evidence of the reason for NTLM after these look-ups."""
    row = {**DOMAIN, **more.pop("row", {})}  # type: ignore[dict-item]
    reason = reason_of(ntlm(**row), names=list(facts), **more)
    return reason.code, reason.confidence, reason.evidence


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "SERVFAIL", "REFUSED", "NOERROR"])
@pytest.mark.parametrize(
    "name",
    [
        *NAMES,
        "_kerberos._tcp.dc._msdcs.lab.example",
        "_kerberos._tcp.berlin._sites.dc._msdcs.lab.example",
        "_kerberos._tcp.berlin._sites.lab.example",
    ],
)
def test_dns_names_no_kdc(name: str, rcode: str) -> None:
    """Whatever it says in place of a name, and however the client asks for its domain."""
    assert told(lookup(name, rcode)) == ("kdc_unreachable", "likely", (30,))


def test_the_sentence_says_what_was_asked_and_answered() -> None:
    """An answer goes before silence."""
    silent = lookup(rcode="no-answer", frame=29)
    reason = reason_of(ntlm(**DOMAIN), names=[silent, lookup(rcode="SERVFAIL")])
    assert reason.evidence == (29, 30)
    assert f"(dns SRV {NAMES[0]}: SERVFAIL)" in reason.detail
    empty = reason_of(ntlm(**DOMAIN), names=[lookup(rcode="NOERROR")])
    assert f"(dns SRV {NAMES[0]}: no server)" in empty.detail


def test_an_answer_of_which_a_part_is_missing() -> None:
    """It may have named a server; that there is no such name it says all the same."""
    assert told(lookup(rcode="NOERROR")._replace(partial=True))[0] != "kdc_unreachable"
    assert told(lookup()._replace(partial=True))[0] == "kdc_unreachable"


def test_silence_of_dns() -> None:
    """One answer may be missing in the capture, two are likely none, if the client waited for them."""
    one, two = lookup(rcode="no-answer"), lookup(NAMES[1], "no-answer", frame=31)
    assert told(one) == ("kdc_unreachable", "possible", (30,))
    assert told(one, two) == ("kdc_unreachable", "likely", (30, 31))
    at_once = lookup(NAMES[1], "no-answer", frame=31, at=99.9)
    assert told(one, at_once) == ("kdc_unreachable", "possible", (30, 31))


@pytest.mark.parametrize(
    "name",
    ["_kpasswd._tcp.lab.example", "_kerberos-master._udp.lab.example", "_ldap._tcp.lab.example"],
)
def test_other_services(name: str) -> None:
    """What may be missing where all is well is no evidence."""
    assert told(lookup(name))[0] == "ntlm_only_client"


def test_a_kdc_that_was_found_after_all() -> None:
    """By the other transport, or because it answers; long before does not count."""
    found = lookup(NAMES[1], "NOERROR", targets=("dc.lab.example",))
    assert told(lookup(), found)[0] == "ntlm_only_client"
    answer = asked(99.5, "ldap/dc1.lab.example")
    assert told(lookup(), kdc=[answer])[0] == "ntlm_only_client"
    assert told(lookup(at=20))[0] == "ntlm_only_client"
    dot = lookup("_kerberos._udp.lab.example", "NOERROR", targets=("",), frame=31)
    assert told(lookup(), dot) == ("kdc_unreachable", "likely", (30, 31))


def test_what_helps_another_realm() -> None:
    """Neither a KDC that DNS names for it, nor an answer of its KDC, nor one from before the question."""
    found = lookup("_kerberos._tcp.other.example", "NOERROR", at=98, targets=("dc.other.example",))
    assert told(found, lookup()) == ("kdc_unreachable", "likely", (30,))
    answer = asked(99.5, "ldap/dc.other.example", realm="OTHER.EXAMPLE", frame_request=40)
    assert told(lookup(), kdc=[answer]) == ("kdc_unreachable", "likely", (30,))
    before = asked(90, "ldap/dc1.lab.example")
    assert told(lookup(), kdc=[before]) == ("kdc_unreachable", "likely", (30,))


def test_whose_realm_it_is() -> None:
    """That of the user or of the server; another one's says little."""
    other = lookup("_kerberos._tcp.elsewhere.example")
    assert told(other) == ("kdc_unreachable", "possible", (30,))
    by_suffix = {"user": "alice@elsewhere.example", "domain": None}
    assert told(other, row=by_suffix) == ("kdc_unreachable", "likely", (30,))
    by_host = {"server_name": "www.elsewhere.example"}
    assert told(other, row=by_host) == ("kdc_unreachable", "likely", (30,))
    unknown = {"user": None, "domain": None, "ntlm_server": None, "server_name": None}
    assert told(other, row=unknown) == ("kdc_unreachable", "likely", (30,))


def test_who_asked_and_when() -> None:
    """Only the client, only by DNS, and only before its first NTLM token."""
    assert told(lookup(client="10.0.0.99"))[0] == "ntlm_only_client"
    assert told(lookup(client="fd77::99"))[0] == "ntlm_only_client"
    assert told(lookup(source="mdns"))[0] == "ntlm_only_client"
    server = NameFact("dns", "fd77::99", "web.lab.example", (SERVER,), 5, 98 * SECOND)
    reason = reason_of(ntlm(**DOMAIN), names=[server, lookup(client="fd77::99")])
    assert (reason.code, reason.confidence) == ("kdc_unreachable", "likely")
    assert reason.detail.partition(";")[0].endswith("NXDOMAIN, asked by fd77::99)")
    assert told(lookup(at=100.05, frame=101))[0] == "ntlm_only_client"


def test_a_kdc_that_was_tried() -> None:
    """What it did goes before what DNS said."""
    tried = ConnectionAttempt(CLIENT, KDC, 88, "tcp", (20, 21), 99 * SECOND, "reset")
    assert told(lookup(), attempts=[tried]) == ("kdc_unreachable", "likely", (20, 21))
