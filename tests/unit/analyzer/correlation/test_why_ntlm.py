"""The reasons for NTLM: each from what shows it, none without evidence, none surer than its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.correlated import (
    CLIENT,
    DOMAIN_MEMBER,
    KDC,
    SECOND,
    SERVER,
    asked,
    joined,
    kerberos,
    ntlm,
    reason_of,
    refused,
    stream,
)

from analyzer.analysis import read
from analyzer.negotiation.model import (
    KerberosRefusal,
    KeyFrames,
    NtlmServer,
    Reason,
    SchemeList,
)
from analyzer.surroundings.kdc_facts import CODE_CUT_OFF
from analyzer.surroundings.model import ConnectionAttempt, SchemesListed
from analyzer.surroundings.name_facts import NameFact

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
HINTED = KeyFrames(99, 100, 101, 102)
STAND_ALONE = NtlmServer(101, "FILES", "server", "FILES", "FILES", "files", "files")
WITH_KERBEROS = ["ms-kerberos", "kerberos", "ntlm"]


def told(reason: Reason) -> tuple[str, str, tuple[int, ...]]:
    """Code, confidence and evidence."""
    return reason.code, reason.confidence, reason.evidence


def test_the_clients_own_list() -> None:
    """What it offered is certain; after a hint some clients name one mechanism only."""
    assert told(reason_of(ntlm())) == ("ntlm_only_client", "certain", (100,))
    hinted = ntlm(hinted_mechs=WITH_KERBEROS, key_frames=HINTED)
    assert told(reason_of(hinted)) == ("ntlm_only_client", "likely", (100,))


def test_the_servers_hint() -> None:
    """A hint without Kerberos settles it; NegoEx beside NTLM may hold more."""
    row = ntlm(hinted_mechs=["ntlm"], key_frames=HINTED)
    assert told(reason_of(row)) == ("ntlm_only_server", "certain", (99,))
    row = ntlm(hinted_mechs=["negoex", "ntlm"], key_frames=HINTED)
    assert told(reason_of(row)) == ("ntlm_only_server", "likely", (99,))


def test_the_servers_challenges() -> None:
    """HTTP's list counts like a hint, less so if it came over another connection."""
    facts = {"scheme": "NTLM", "wrapper": "raw-ntlm", "offered_mechs": None, "neg_states": None}
    row = ntlm(listed=SchemeList(90, ("NTLM", "Basic")), **facts)
    assert told(reason_of(row)) == ("ntlm_only_server", "certain", (90,))
    elsewhere = SchemesListed(CLIENT, SERVER, 80, "http", 90, ("NTLM",))
    assert told(reason_of(ntlm(**facts), lists=[elsewhere])) == (
        "ntlm_only_server",
        "likely",
        (90,),
    )
    later = SchemesListed(CLIENT, SERVER, 80, "http", 200, ("NTLM",))
    assert reason_of(ntlm(**facts), lists=[later]).code == "ntlm_only_client"


@pytest.mark.parametrize(
    "told_by",
    [{"hinted_mechs": ["ntlm"], "key_frames": HINTED}, {"listed": SchemeList(90, ("NTLM",))}],
)
def test_a_server_with_ntlm_only_and_a_client_that_may_be_nobody(told_by: dict) -> None:
    """Without its last token it may be anonymous, which is no matter of what the server lacks."""
    for detail, confidence in (("ntlmv2", "certain"), (None, "likely")):
        row = ntlm(mechanism_detail=detail, **told_by)
        assert told(reason_of(row))[:2] == ("ntlm_only_server", confidence)


def test_lists_that_are_cut() -> None:
    """What a list does not name proves nothing where its end is lost."""
    assert reason_of(ntlm(offer_cut=True)).code == "no_kdc_traffic"
    row = ntlm(hinted_mechs=["ntlm"], hint_cut=True, key_frames=HINTED)
    assert told(reason_of(row)) == ("ntlm_only_client", "certain", (100,))
    row = ntlm(listed=SchemeList(90, ("NTLM",), whole=False), **RAW)
    assert told(reason_of(row)) == ("ntlm_only_client", "likely", (100,))
    assert told(reason_of(ntlm(bytes_lost=True, **RAW))) == ("ntlm_only_client", "likely", (100,))
    elsewhere = SchemesListed(CLIENT, SERVER, 80, "http", 90, ("NTLM",), whole=False)
    assert reason_of(ntlm(**RAW), lists=[elsewhere]).code == "ntlm_only_client"
    both = ntlm(offered_mechs=["ntlm", "kerberos"], offer_cut=True)
    assert told(reason_of(both)) == ("application_chose_ntlm", "possible", (100,))


def test_a_list_against_what_the_server_does() -> None:
    """It answers with a token under Negotiate, so an earlier list without it explains nothing."""
    row = ntlm(scheme="Negotiate", listed=SchemeList(90, ("NTLM",)))
    assert told(reason_of(row)) == ("ntlm_only_client", "certain", (100,))
    silent = KeyFrames(None, 100, None, None)
    row = ntlm(scheme="Negotiate", listed=SchemeList(90, ("NTLM",)), key_frames=silent)
    assert reason_of(row).code == "ntlm_only_server"


def test_smb1_without_extended_security() -> None:
    """Whose wish it was, the server's list does not tell."""
    row = ntlm(
        carrier="smb1",
        wrapper="none",
        offered_mechs=None,
        neg_states=None,
        listed=SchemeList(90, ("NTLM",)),
    )
    assert told(reason_of(row)) == ("ntlm_only_client", "possible", (100,))


def test_a_proxy_that_knows_only_ntlm() -> None:
    """The detail says that it was the proxy."""
    row = ntlm(carrier="http-proxy", listed=SchemeList(90, ("NTLM",)))
    reason = reason_of(row)
    assert told(reason) == ("ntlm_only_server", "certain", (90,))
    assert "the proxy lists NTLM" in reason.detail


def test_the_scheme_ntlm_though_negotiate_was_there() -> None:
    """The application chose."""
    row = ntlm(
        scheme="NTLM",
        wrapper="raw-ntlm",
        offered_mechs=None,
        neg_states=None,
        listed=SchemeList(90, ("Negotiate", "NTLM")),
    )
    assert told(reason_of(row)) == ("application_chose_ntlm", "likely", (90, 100))


RAW = {"wrapper": "raw-ntlm", "offered_mechs": None, "neg_states": None}


@pytest.mark.parametrize(
    ("carrier", "scheme", "names", "said"),
    [
        (
            "http",
            "Negotiate",
            ("Negotiate", "NTLM"),
            "raw NTLM under Negotiate where the server lists",
        ),
        (
            "http-proxy",
            "Negotiate",
            ("Negotiate",),
            "raw NTLM under Negotiate where the proxy lists",
        ),
        (
            "ldap",
            "GSS-SPNEGO",
            ("GSSAPI", "GSS-SPNEGO"),
            "raw NTLM under GSS-SPNEGO where the server",
        ),
    ],
)
def test_raw_ntlm_under_a_name_that_could_carry_kerberos(
    carrier: str, scheme: str, names: tuple[str, ...], said: str
) -> None:
    """The same everywhere: an application's choice or a library's last resort, so possible only."""
    reason = reason_of(ntlm(carrier=carrier, scheme=scheme, listed=SchemeList(90, names), **RAW))
    assert told(reason) == ("application_chose_ntlm", "possible", (90, 100))
    assert said in reason.detail
    assert reason.detail.endswith("; also: the client offered only NTLM (raw NTLM)")


def test_raw_ntlm_is_the_weakest_sign_of_a_choice() -> None:
    """What else is seen to keep the client from Kerberos goes before it."""
    row = {"scheme": "Negotiate", "listed": SchemeList(90, ("Negotiate", "NTLM")), **RAW}
    fact = NameFact("dns", CLIENT, "web.lab.example", (), 30, 99 * SECOND, rcode="NXDOMAIN")
    reason = reason_of(ntlm(**row), names=[fact])
    assert reason.code == "target_name_unresolved"
    assert "; also: the client took NTLM though more was there" in reason.detail
    (_, row_after) = joined(kerberos(90, 90), ntlm(**row))
    assert row_after.reason is not None
    assert row_after.reason.evidence == (92, 100)  # Kerberos worked
    assert reason_of(ntlm(**row, server_name="10.0.0.2")).code == "target_is_ip_address"


def test_raw_ntlm_where_nothing_more_was_offered() -> None:
    """What was sent is certain, a choice is not shown.

    A name for NTLM alone leaves room for nothing else, and there may have been another in a list that is
    not in the capture.
    """
    assert told(reason_of(ntlm(scheme="Negotiate", **RAW))) == (
        "ntlm_only_client",
        "certain",
        (100,),
    )
    assert told(reason_of(ntlm(scheme="NTLM", **RAW))) == ("ntlm_only_client", "likely", (100,))
    alone = ntlm(scheme="NTLM", listed=SchemeList(90, ("NTLM", "Basic")), **RAW)
    assert reason_of(alone).detail.endswith("also: the client offered only NTLM (raw NTLM)")


def test_raw_ntlm_though_the_hint_had_kerberos() -> None:
    """A choice, or a client that has nothing else: possible only."""
    row = ntlm(
        wrapper="raw-ntlm",
        offered_mechs=None,
        neg_states=None,
        hinted_mechs=WITH_KERBEROS,
        key_frames=HINTED,
        carrier="smb2",
    )
    reason = reason_of(row)
    assert told(reason) == ("application_chose_ntlm", "possible", (99, 100))
    assert "the client offered only NTLM" in reason.detail


def test_the_server_selects() -> None:
    """Kerberos stood first in the offer."""
    row = ntlm(offered_mechs=["kerberos", "ntlm"], selected_mech="ntlm")
    assert told(reason_of(row)) == ("ntlm_selected_by_server", "likely", (100, 101))


@pytest.mark.parametrize("first", ["negoex", "pku2u", "1.2.3.4"])
def test_the_server_selects_though_another_mechanism_is_first(first: str) -> None:
    """What stands before Kerberos was turned down like it; that no ticket came along says nothing then."""
    row = ntlm(offered_mechs=[first, *WITH_KERBEROS], selected_mech="ntlm")
    reason = reason_of(row)
    assert told(reason) == ("ntlm_selected_by_server", "likely", (100, 101))
    assert f"{first} stands before Kerberos" in reason.detail
    row = ntlm(offered_mechs=[first, "ntlm", "kerberos"], selected_mech="ntlm")
    assert told(reason_of(row)) == ("application_chose_ntlm", "possible", (100,))
    row = ntlm(offered_mechs=[first, "ntlm"], selected_mech="ntlm")
    assert reason_of(row).code == "ntlm_only_client"


def test_a_kerberos_token_that_the_list_does_not_name() -> None:
    """The client had more than its list says, and an unknown mechanism may be anything."""
    listed = ["1.2.3.4", "ntlm"]
    row = ntlm(offered_mechs=listed, selected_mech="ntlm", optimistic_mech="kerberos")
    reason = reason_of(row)
    assert told(reason) == ("ntlm_selected_by_server", "possible", (100, 101))
    assert "came along with a list that names no Kerberos: 1.2.3.4, ntlm" in reason.detail
    row = ntlm(offered_mechs=listed, selected_mech="ntlm")
    assert told(reason_of(row)) == ("ntlm_only_client", "likely", (100,))


def test_an_offer_that_was_altered_between_two_hops() -> None:
    """Behind the relay the list has an unknown name for Kerberos, whose token came along all the same."""
    capture = CAPTURES / "ldap" / "altered_offer_two_hops" / "capture.pcapng"
    rows = read(str(capture)).tables.columns["negotiations"]
    assert rows["fallback_reason"] == ["ntlm_selected_by_server"] * 2
    assert rows["fallback_confidence"] == ["likely", "possible"]
    for detail in rows["reason_detail"]:
        assert "the list may have been altered on the way" in detail


@pytest.mark.parametrize(("mic", "altered"), [("initiator", True), ("absent", False)])
@pytest.mark.parametrize("listed", [["kerberos", "ntlm"], ["1.2.3.4", "ntlm"]])
def test_an_offer_that_may_have_been_altered(listed: list[str], mic: str, altered: bool) -> None:
    """The server selected from a list whose proof it refused."""
    facts = {"offered_mechs": listed, "selected_mech": "ntlm", "optimistic_mech": "kerberos"}
    row = refused(ntlm(mech_list_mic=mic, **facts), "integrity_failure")
    detail = reason_of(row).detail
    assert ("the list may have been altered on the way" in detail) is altered
    row = refused(ntlm(mech_list_mic=mic, **facts))
    assert "altered" not in reason_of(row).detail


def test_a_kerberos_error_inside() -> None:
    """The acceptor's own word is the strongest evidence."""
    row = ntlm(
        offered_mechs=["kerberos", "ntlm"],
        selected_mech="ntlm",
        kerberos_refusal=KerberosRefusal(101, 41, "KRB_AP_ERR_MODIFIED"),
    )
    reason = reason_of(row)
    assert told(reason) == ("kerberos_refused", "certain", (101,))
    assert "KRB_AP_ERR_MODIFIED" in reason.detail
    assert "the server selected NTLM" in reason.detail


@pytest.mark.parametrize("name", ["10.0.0.2", "[fd77::2]:8080"])
def test_an_address_as_name(name: str) -> None:
    """There is no ticket for addresses."""
    assert told(reason_of(ntlm(server_name=name))) == ("target_is_ip_address", "likely", (100,))


def test_an_address_named_by_who_may_be_nobody() -> None:
    """Where the client's last token is lost it may be anonymous, for which nobody needs a ticket."""
    row = ntlm(server_name="10.0.0.2", mechanism_detail=None)
    assert told(reason_of(row))[:2] == ("target_is_ip_address", "likely")  # it is all there
    row = ntlm(server_name="10.0.0.2", mechanism_detail=None, completeness="gap")
    assert told(reason_of(row))[:2] == ("target_is_ip_address", "possible")


def test_an_address_beside_an_spn_that_is_cut_off() -> None:
    """The SPN stands at the end of the client's last token, and may name a host."""
    row = ntlm(server_name="10.0.0.2", completeness="truncated")
    assert told(reason_of(row))[:2] == ("target_is_ip_address", "possible")
    row = ntlm(server_name="10.0.0.2", spn="HTTP/10.0.0.2", completeness="truncated")
    assert told(reason_of(row))[:2] == ("target_is_ip_address", "likely")


def test_an_address_explains_no_scheme() -> None:
    """A name for NTLM alone is chosen before any ticket is asked for: the address is possible at most."""
    row = {"scheme": "NTLM", "server_name": "10.0.0.2", **RAW}
    assert told(reason_of(ntlm(**row))) == ("target_is_ip_address", "possible", (100,))
    reason = reason_of(ntlm(**row, listed=SchemeList(90, ("Negotiate", "NTLM"))))
    assert told(reason) == ("application_chose_ntlm", "likely", (90, 100))
    assert "; also: the client names the server by its IP address" in reason.detail


def test_an_address_that_has_a_ticket_is_no_reason() -> None:
    """The KDC knows it as a service's host, or Kerberos was used with it."""
    granted = asked(90, "HTTP/10.0.0.2")
    reason = reason_of(ntlm(server_name="10.0.0.2"), kdc=[granted])
    assert told(reason) == ("application_chose_ntlm", "possible", (10, 11, 100))
    assert "IP address" not in reason.detail
    used = kerberos(90, 90, server_name="10.0.0.2", spn="HTTP/10.0.0.2")
    _, second = joined(used, ntlm(server_name="10.0.0.2"))
    assert second.reason is not None
    assert second.reason.code == "application_chose_ntlm"
    by_name = kerberos(90, 90)
    _, second = joined(by_name, ntlm(server_name="10.0.0.2"))
    assert second.reason is not None
    assert second.reason.code == "target_is_ip_address"


def test_an_address_that_the_kdc_refuses() -> None:
    """Then the refusal is the reason, and the address stands beside it."""
    reason = reason_of(ntlm(server_name="10.0.0.2"), kdc=[asked(99, "HTTP/10.0.0.2", 7)])
    assert (reason.code, reason.confidence) == ("unknown_service", "certain")
    assert "; also: the client names the server by its IP address" in reason.detail


def test_the_spn_says_more_than_the_address() -> None:
    """A tool that connects to an address and names the host in the SPN meant the host."""
    row = ntlm(server_name="10.0.0.2", spn="cifs/fs1.lab.example", carrier="smb2")
    assert reason_of(row).code == "ntlm_only_client"


def test_one_machine() -> None:
    """NTLM's own agreement is certain where the addresses agree; each alone, and the name, are likely."""
    agreed = {"ntlm_local_call": True, "mechanism_detail": "local-call"}
    row = ntlm(stream=stream("10.0.0.2", "10.0.0.2"), **agreed)
    assert told(reason_of(row)) == ("target_is_local_host", "certain", (100,))
    assert told(reason_of(ntlm(**agreed))) == ("target_is_local_host", "likely", (100,))
    row = ntlm(stream=stream("127.0.0.1", "127.0.0.1"))
    assert told(reason_of(row)) == ("target_is_local_host", "likely", (100,))
    row = ntlm(server_name="localhost:8080")
    reason = reason_of(row)
    assert told(reason) == ("target_is_local_host", "likely", (100,))
    assert "named localhost, though 10.0.0.20 talks to 10.0.0.2" in reason.detail
    assert "same machine" not in reason.detail  # a tunnel, or a hosts entry


OWN_NAME = {"workstation": "Web", "ntlm_server": DOMAIN_MEMBER, "user": "alice", "domain": "LAB"}


def test_one_machine_by_its_name() -> None:
    """Over another of its addresses; that a name is not another's, addresses that differ do not show."""
    reason = reason_of(ntlm(**OWN_NAME))
    assert told(reason) == ("target_is_local_host", "likely", (3, 102))
    assert "(named web.lab.example, and both call themselves Web, though 10.0.0.20" in reason.detail
    cut = DOMAIN_MEMBER._replace(nb_computer="W")
    assert (
        reason_of(ntlm(**OWN_NAME | {"workstation": "w", "ntlm_server": cut})).code == reason.code
    )
    shared = ntlm(**OWN_NAME, stream=stream("10.0.0.2", "10.0.0.2"))
    assert "10.0.0.2 talks to 10.0.0.2" in reason_of(shared).detail


@pytest.mark.parametrize(
    "facts",
    [
        {"workstation": "DESK"},
        {"workstation": None},
        {"server_name": "other.lab.example"},
        {"server_name": "10.0.0.2"},
        {"ntlm_server": None},
        {"key_frames": KeyFrames(None, 100, 101, None)},
    ],
)
def test_names_that_are_not_one(facts: dict[str, Any]) -> None:
    """Workstation, CHALLENGE and the client's name for the server must all be there, and agree."""
    assert reason_of(ntlm(**(OWN_NAME | facts))).code != "target_is_local_host"


def test_tokens_without_addresses_are_not_one_machine() -> None:
    """Pasted tokens have none, and no capture to miss Kerberos in."""
    row = ntlm(stream=stream("0.0.0.0", "0.0.0.0"))
    assert reason_of(row).code == "ntlm_only_client"


@pytest.mark.parametrize(
    ("domain", "server"),
    [(".", DOMAIN_MEMBER), ("WEB", DOMAIN_MEMBER), ("FILES", STAND_ALONE), ("DESK", STAND_ALONE)],
)
def test_a_local_account(domain: str, server: NtlmServer) -> None:
    """Of the server, or of the client where there is no domain that could know it."""
    row = ntlm(domain=domain, user="admin", workstation="DESK", ntlm_server=server)
    reason = reason_of(row)
    assert (reason.code, reason.confidence) == ("local_account", "likely")
    assert 102 in reason.evidence


def test_a_local_account_behind_a_stronger_reason() -> None:
    """What the server offers is certain; that no KDC knows the account either is told besides."""
    row = ntlm(
        domain="FILES", user="admin", ntlm_server=STAND_ALONE,
        hinted_mechs=["ntlm"], key_frames=HINTED,
    )  # fmt: skip
    reason = reason_of(row)
    assert told(reason) == ("ntlm_only_server", "certain", (99,))
    assert reason.detail.endswith(
        "; also: the account belongs to one machine, not to the domain (of the server FILES)"
    )


def test_a_server_outside() -> None:
    """It has no name of a domain to give."""
    row = ntlm(domain="LAB", user="alice", ntlm_server=STAND_ALONE)
    assert told(reason_of(row)) == ("server_not_in_domain", "likely", (101,))


def test_a_challenge_that_is_cut_off_proves_no_server_outside() -> None:
    """The domain's name may stand in the part that is not there."""
    cut = STAND_ALONE._replace(nb_domain=None, dns_domain=None, dns_computer=None, whole=False)
    row = ntlm(domain="LAB", user="alice", ntlm_server=cut)
    assert reason_of(row).code == "ntlm_only_client"


def test_a_client_outside() -> None:
    """Its own name in place of a domain's, and it asks no KDC."""
    row = ntlm(domain="DESK", user="alice", workstation="DESK", ntlm_server=DOMAIN_MEMBER)
    assert told(reason_of(row)) == ("client_not_in_domain", "possible", (102,))
    row = ntlm(domain="DESK", user="alice", workstation="DESK", ntlm_server=DOMAIN_MEMBER)
    known = asked(50, "ldap/dc1.lab.example")
    assert reason_of(row, kdc=[known]).code == "ntlm_only_client"


def test_a_domain_account_is_not_local() -> None:
    """The ordinary case."""
    row = ntlm(domain="LAB", user="alice", workstation="DESK", ntlm_server=DOMAIN_MEMBER)
    assert reason_of(row).code == "ntlm_only_client"


def test_kerberos_works_with_the_same_server() -> None:
    """So it was possible."""
    first, second = joined(kerberos(90, 90), ntlm())
    assert first.reason is None
    assert second.reason is not None
    assert told(second.reason) == ("application_chose_ntlm", "possible", (92, 100))


def test_kerberos_at_another_site_of_the_same_server() -> None:
    """It says nothing of this one; at a site without a name it may."""
    other = kerberos(90, 90, server_name="app.lab.example", spn="HTTP/app.lab.example")
    _, second = joined(other, ntlm())
    assert told(second.reason) == ("ntlm_only_client", "certain", (100,))
    _, second = joined(kerberos(90, 90, server_name=None), ntlm())
    assert second.reason.code == "application_chose_ntlm"


def attempt(how: str, client: str = CLIENT) -> ConnectionAttempt:
    """A connection to a KDC's port that came to nothing, a second before."""
    return ConnectionAttempt(client, KDC, 88, "tcp", (20, 21), 99 * SECOND, how)


@pytest.mark.parametrize("how", ["no-answer", "reset", "ICMP host unreachable"])
def test_no_kdc_within_reach(how: str) -> None:
    """Every vain attempt counts, unless a KDC answers in the meantime."""
    assert told(reason_of(ntlm(), attempts=[attempt(how)])) == (
        "kdc_unreachable",
        "likely",
        (20, 21),
    )
    answer = asked(99.5, "ldap/dc1.lab.example")
    assert reason_of(ntlm(), attempts=[attempt(how)], kdc=[answer]).code == "ntlm_only_client"
    assert reason_of(ntlm(), attempts=[attempt(how, "10.0.0.99")]).code == "ntlm_only_client"


def test_a_refusal_says_more_than_silence() -> None:
    """One ICMP error is enough, and is what the sentence tells of several attempts."""
    error = ConnectionAttempt(CLIENT, KDC, 88, "udp", (22,), 99 * SECOND, "ICMP port unreachable")
    assert told(reason_of(ntlm(), attempts=[error])) == ("kdc_unreachable", "likely", (22,))
    reason = reason_of(ntlm(), attempts=[attempt("no-answer"), error])
    assert reason.evidence == (20, 21, 22)
    assert f"{KDC} port 88: ICMP port unreachable" in reason.detail


def test_a_request_without_answer() -> None:
    """For this very service it is likely; another single one may be lost in the capture."""
    silent = asked(99, "HTTP/web.lab.example", frame_reply=None, error=None)
    assert told(reason_of(ntlm(), kdc=[silent])) == ("kdc_unreachable", "likely", (10,))
    other = asked(99, "cifs/fs1.lab.example", frame_reply=None, error=None)
    assert told(reason_of(ntlm(), kdc=[other])) == ("kdc_unreachable", "possible", (10,))


def test_an_error_that_is_cut_before_its_code_refused_nothing() -> None:
    """It may have asked for a proof, or to be asked over TCP; that it came is an answer all the same."""
    refused = asked(99, "HTTP/web.lab.example", 7)
    assert reason_of(ntlm(), kdc=[refused]).code == "unknown_service"
    cut = asked(99, "HTTP/web.lab.example", reply_cut=True)
    cut.error = CODE_CUT_OFF
    assert told(reason_of(ntlm(), kdc=[cut])) == ("ntlm_only_client", "certain", (100,))


def test_a_client_that_did_not_wait_had_its_answer() -> None:
    """It goes on after milliseconds: the capture lacks the answer, or the client asks for another reason."""
    lost = asked(99.99, "HTTP/web.lab.example", frame_reply=None, error=None)
    assert told(reason_of(ntlm(), kdc=[lost])) == ("kdc_unreachable", "possible", (10,))


def test_a_proxy_that_reaches_no_kdc() -> None:
    """It says so at once, and nobody has to wait."""
    refused = asked(99.99, "HTTP/web.lab.example", error=None)
    refused.proxy_status, refused.server = 503, KDC
    reason = reason_of(ntlm(), kdc=[refused])
    assert told(reason) == ("kdc_unreachable", "likely", (10, 11))
    assert f"{KDC} port 88, a KDC's proxy: HTTP 503" in reason.detail


def test_a_local_account_needs_no_kdc() -> None:
    """As sure as a KDC out of reach, and nearer to the cause; the KDC is told besides."""
    row = ntlm(domain="FILES", user="admin", ntlm_server=STAND_ALONE)
    reason = reason_of(row, attempts=[attempt("no-answer")])
    assert (reason.code, reason.confidence) == ("local_account", "likely")
    silent = ntlm(domain="LAB", user="ada", ntlm_server=DOMAIN_MEMBER)
    assert reason_of(silent, attempts=[attempt("no-answer")]).code == "kdc_unreachable"


def test_an_answer_that_the_capture_lacks() -> None:
    """It was none in vain, whatever was in vain before; the reason that is left names it."""
    lost = asked(99, "HTTP/web.lab.example", frame_reply=None, error=None)
    lost.transport, lost.reply_lost = "tcp", True
    for attempts in ([], [attempt("no-answer")], [attempt("reset")]):
        reason = reason_of(ntlm(), kdc=[lost], attempts=attempts)
        assert told(reason) == ("ntlm_only_client", "certain", (100,))
        assert reason.detail.endswith(
            "; why, the capture does not show: it lacks the answer of 10.0.0.1 about "
            "HTTP/web.lab.example, asked in frame 10"
        )


@pytest.mark.parametrize(
    "facts",
    [
        {"sname": "HTTP/other.lab.example"},
        {"frame_request": 101},
        {"ts_ns": 80 * SECOND},
        {"cname": "bob"},
    ],
)
def test_a_lost_answer_of_something_else(facts: dict[str, Any]) -> None:
    """Another service's, a later or much earlier one's, another user's: it is not named."""
    lost = asked(99, "HTTP/web.lab.example", frame_reply=None, error=None, reply_lost=True)
    for name, value in facts.items():
        setattr(lost, name, value)
    reason = reason_of(ntlm(user="alice"), kdc=[lost])
    assert reason.code == "ntlm_only_client"
    assert "lacks" not in reason.detail


def test_a_lost_answer_beside_what_is_only_possible() -> None:
    """It may tell another reason, and is named; a sure one needs it not."""
    lost = asked(99, "HTTP/web.lab.example", frame_reply=None, error=None, reply_lost=True)
    unresolved = NameFact("dns", CLIENT, "web.lab.example", (), 30, 99 * SECOND, rcode="NXDOMAIN")
    reason = reason_of(ntlm(), kdc=[lost], names=[unresolved])
    assert (reason.code, "the capture lacks" in reason.detail) == ("target_name_unresolved", True)
    refused = asked(98, "HTTP/web.lab.example", 7, frame_request=8, frame_reply=9)
    reason = reason_of(ntlm(), kdc=[refused, lost])
    assert (reason.code, "the capture lacks" in reason.detail) == ("unknown_service", False)


def test_a_name_that_nobody_knows() -> None:
    """A look-up in vain just before."""
    fact = NameFact("dns", CLIENT, "web.lab.example", (), 30, 99 * SECOND, rcode="NXDOMAIN")
    reason = reason_of(ntlm(), names=[fact])
    assert told(reason) == ("target_name_unresolved", "possible", (30,))
    assert "NXDOMAIN" in reason.detail


@pytest.mark.parametrize("case", ["smb/name_not_in_dns", "http/name_not_in_dns"])
def test_a_name_that_only_netbios_knows(case: str) -> None:
    """DNS was asked in vain, and the client got there all the same: both are said."""
    rows = read(str(CAPTURES / case / "capture.pcapng")).tables.columns["negotiations"]
    assert rows["reason"] == ["target_name_unresolved"]
    (detail,) = rows["reason_detail"]
    assert detail.startswith("a look-up of the server's name failed (dns A ")
    assert f"; nbns found it at {rows['server'][0]})" in detail


def test_a_name_that_the_same_protocol_found_later() -> None:
    """What it was asked for again was found in time: nothing failed."""
    failed = NameFact("dns", CLIENT, "web.lab.example", (), 30, 95 * SECOND, rcode="SERVFAIL")
    found = NameFact("dns", CLIENT, "web.lab.example", (SERVER,), 31, 98 * SECOND)
    assert reason_of(ntlm(), names=[failed, found]).code == "ntlm_only_client"
    other = found._replace(source="nbns")
    assert reason_of(ntlm(), names=[failed, other]).code == "target_name_unresolved"


def test_an_empty_answer_beside_an_address() -> None:
    """No AAAA record is no failure where the A record is there, a moment later too."""
    empty = NameFact("dns", CLIENT, "web.lab.example", (), 30, 99 * SECOND, record="AAAA")
    found = NameFact("dns", CLIENT, "web.lab.example", (SERVER,), 31, 99 * SECOND + 9)
    assert reason_of(ntlm(), names=[empty, found]).code == "ntlm_only_client"
    assert reason_of(ntlm(), names=[empty]).code == "ntlm_only_client"  # nor where it is lost
    assert "no address" in reason_of(ntlm(), names=[empty._replace(record="A")]).detail
    cut_off = empty._replace(partial=True)  # an address may have been in what is missing
    assert reason_of(ntlm(), names=[cut_off]).code == "ntlm_only_client"


def test_a_refusal_after_the_first_token_is_no_cause() -> None:
    """What the KDC says once NTLM has begun is possible at most."""
    late = asked(100.05, "HTTP/web.lab.example", 7, frame_request=105, frame_reply=106)
    reason = reason_of(ntlm(), kdc=[late])
    assert (reason.code, reason.confidence) == ("unknown_service", "possible")


def test_kerberos_later_or_of_another_user() -> None:
    """It does not show that this logon could have been Kerberos."""
    row, _ = joined(ntlm(), kerberos(200, 200))
    assert row.reason is not None
    assert row.reason.code == "ntlm_only_client"
    _, row = joined(kerberos(90, 90, user="bob"), ntlm(user="alice"))
    assert row.reason is not None
    assert row.reason.code == "ntlm_only_client"


def test_a_stranger_without_a_kdc() -> None:
    """A host of the other IP version is the client only where something says so."""
    assert reason_of(ntlm(), attempts=[attempt("reset", "fd77::99")]).code == "ntlm_only_client"


def test_nothing_seen() -> None:
    """An offer that is not in the capture, and no Kerberos of this client: possible, never more."""
    late = {"offered_mechs": None, "completeness": "started-before-capture"}
    assert told(reason_of(ntlm(**late))) == ("no_kdc_traffic", "possible", (100,))
    elsewhere = asked(20, "ldap/dc1.lab.example")
    (row,) = joined(ntlm(**late), kdc=[elsewhere])
    assert row.reason is None


def test_a_failure_keeps_its_reason() -> None:
    """Why it was NTLM stands in the detail, with frames and confidence."""
    reason = reason_of(refused(ntlm()), kdc=[asked(99, "HTTP/web.lab.example", 7)])
    assert (reason.code, reason.confidence, reason.evidence) == (
        "bad_credentials",
        "likely",
        (102,),
    )
    assert "; NTLM since the service name is not known" in reason.detail
    assert reason.detail.endswith("[frames 10, 11, certain]")


def test_a_stated_failure_is_not_explained_by_why_ntlm() -> None:
    """However little it says: what kept the client from Kerberos did not refuse its password."""
    row = refused(ntlm())
    row.reason = Reason("bad_credentials", "refused", (102,), "possible")
    reason = reason_of(row, kdc=[asked(99, "HTTP/web.lab.example", 7)])
    assert told(reason) == ("bad_credentials", "possible", (102,))
    assert "; NTLM since the service name is not known" in reason.detail


def test_why_ntlm_has_a_place_of_its_own() -> None:
    """Whatever came of the logon: success, failure, flaw; none for Kerberos and anonymous logons."""
    for row in (
        ntlm(),
        refused(ntlm()),
        ntlm(reason=Reason("guest_access", "guest", (102,), "certain")),
        ntlm(outcome="incomplete", reason=Reason("client_gave_up", "?", (101,), "possible")),
    ):
        (made,) = joined(row, kdc=[asked(99, "HTTP/web.lab.example", 7)])
        assert (made.fallback_reason, made.fallback_confidence) == ("unknown_service", "certain")
    for row in (kerberos(), ntlm(mechanism_detail="anonymous")):
        (made,) = joined(row)
        assert (made.fallback_reason, made.fallback_confidence) == (None, None)


def test_why_another_mechanism_than_before() -> None:
    """The attempt before came to nothing; where it is NTLM, only what kept it from Kerberos counts."""
    basic = {"mechanism": "basic", "scheme": "Basic"}
    _, made = joined(refused(ntlm()), kerberos(102, 110, **basic))
    assert made.fallback_from is not None
    assert (made.fallback_reason, made.fallback_confidence) == ("bad_credentials", "likely")
    sure = ntlm(outcome="failure", reason=Reason("account_locked", "it is", (102,), "certain"))
    _, made = joined(sure, kerberos(102, 110, **basic))
    assert (made.fallback_reason, made.fallback_confidence) == ("account_locked", "likely")
    _, made = joined(refused(kerberos(**basic)), ntlm(102, 110))
    assert made.fallback_from is not None
    assert made.fallback_reason not in {None, "bad_credentials"}


def test_a_mere_pattern_gives_way_to_the_kdc() -> None:
    """A client that gave up after it was refused a ticket; the pattern stays named."""
    row = ntlm(outcome="incomplete", reason=Reason("client_gave_up", "silence", (101,), "possible"))
    reason = reason_of(row, kdc=[asked(99, "HTTP/web.lab.example", 7)])
    assert (reason.code, reason.confidence) == ("unknown_service", "certain")
    assert reason.detail.endswith("; also: silence")


def test_anonymous_logons_need_no_kerberos() -> None:
    """Their reason is that they are anonymous."""
    weak = Reason("anonymous", "anonymous", (102,), "certain")
    assert reason_of(ntlm(mechanism_detail="anonymous", reason=weak)) == weak


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (7, "unknown_service"),
        (8, "duplicate_spn"),
        (13, "kdc_error"),
        (29, "kdc_error"),
        (32, "ticket_expired"),
        (33, "ticket_not_yet_valid"),
        (37, "clock_skew"),
        (41, "kdc_error"),
    ],
)
def test_what_the_kdc_says_of_the_service(error: int, code: str) -> None:
    """Its errors about the service's name are reasons of their own, others are named in the detail."""
    reason = reason_of(ntlm(), kdc=[asked(99, "HTTP/web.lab.example", error)])
    assert reason.code == code
    assert "HTTP/web.lab.example" in reason.detail


def test_a_user_that_the_kdc_alone_does_not_know() -> None:
    """NTLM let the same user in, so the account is there: nothing may say that it does not exist."""
    unknown = asked(99, "krbtgt/LAB", 6, exchange="AS", cname="alice")
    reason = reason_of(ntlm(user="alice"), kdc=[unknown])
    assert (reason.code, reason.confidence) == ("unknown_user", "likely")
    assert reason.detail.startswith("the user name is not known to the KDC or server (KDC_ERR_C_PR")


@pytest.mark.parametrize("code", [25, 52, 91])
def test_steps_to_a_first_ticket_explain_nothing(code: int) -> None:
    """By them a KDC asks for one more round; so by the realm to go on in, but not by none."""
    facts = {"exchange": "AS", "cname": "alice"}
    step = asked(99, "krbtgt/LAB", code, **facts)
    assert reason_of(ntlm(user="alice"), kdc=[step]).code == "ntlm_only_client"
    referred = asked(99, "krbtgt/LAB", 68, referral="OTHER.EXAMPLE", **facts)
    assert reason_of(ntlm(user="alice"), kdc=[referred]).code == "ntlm_only_client"
    lost = asked(99, "krbtgt/LAB", 68, **facts)
    assert reason_of(ntlm(user="alice"), kdc=[lost]).code == "kdc_error"


def test_a_client_that_was_not_captured_may_have_asked_a_kdc() -> None:
    """Where only the server's side is there, a missing Kerberos request tells nothing."""
    path = CAPTURES / "http/server_only/capture.pcapng"
    columns = read(path).tables.columns["negotiations"]
    assert all("no Kerberos request" not in (words or "") for words in columns["reason_detail"])


def test_what_was_offered_and_not_why() -> None:
    """Where the capture holds no Kerberos request of the client, it cannot tell why, and says so."""
    nothing = "; also: the capture holds no Kerberos request of this client (none from 10.0.0.20)"
    reason = reason_of(ntlm(user="alice"))
    assert (reason.code, reason.confidence) == ("ntlm_only_client", "certain")
    assert reason.detail.endswith(nothing)
    for known in (
        asked(50, "ldap/dc1.lab.example"),
        asked(50, "ldap/dc1.lab.example", client="fd77::20", cname="alice"),
    ):
        reason = reason_of(ntlm(user="alice"), kdc=[known])
        assert reason.code == "ntlm_only_client"
        assert reason.detail.endswith("; why, the capture does not show")
    assert nothing not in reason_of(ntlm(server_name="10.0.0.2")).detail  # a cause


def test_evidence_is_in_order_of_frames() -> None:
    """Whichever message shows it first."""
    later = asked(99, "HTTP/web.lab.example", 7, frame_request=41, frame_reply=40)
    assert reason_of(ntlm(), kdc=[later]).evidence == (40, 41)
    failed = reason_of(refused(ntlm()), kdc=[later])
    assert failed.detail.endswith("[frames 40, 41, certain]")


def test_kerberos_failed_though_nothing_leads_back_to_it() -> None:
    """An attempt in between that is cut off breaks the chain: possible, for two minutes."""
    failed = refused(kerberos(100, 100), "service_key_mismatch")
    cut = ntlm(101, 110, outcome="incomplete", completeness="gap")
    for at, code in ((102, "kerberos_refused"), (300, "ntlm_only_client")):
        _, _, row = joined(failed, cut, ntlm(at, 120))
        assert row.fallback_from is None
        assert (row.fallback_reason, row.fallback_confidence) == (
            code, "possible" if code == "kerberos_refused" else "certain",
        )  # fmt: skip
    for between in (kerberos(101, 110), refused(kerberos(101, 110, user="bob"))):
        _, _, row = joined(failed, between, ntlm(102, 120, user="alice"))
        assert row.fallback_reason == (
            "application_chose_ntlm" if between.outcome == "success" else "kerberos_refused"
        )


CHOSEN = {"scheme": "NTLM", "listed": SchemeList(90, ("Negotiate", "NTLM")), **RAW}
CUT = {"outcome": "incomplete", "completeness": "gap"}


@pytest.mark.parametrize(
    ("at", "same_connection", "facts", "told_of"),
    [
        (99, False, {}, ("kerberos_refused", "possible")),
        (70, True, {}, ("kerberos_refused", "possible")),
        (70, False, {}, ("application_chose_ntlm", "likely")),
        (99, True, {"user": "bob"}, ("application_chose_ntlm", "likely")),
        (99, True, {"outcome": "success"}, ("application_chose_ntlm", "likely")),
    ],
)
def test_kerberos_whose_end_is_not_in_the_capture(
    at: float, same_connection: bool, facts: dict, told_of: tuple[str, str]
) -> None:
    """It may have been refused, so that NTLM need not be what the application chose: also for a next password."""
    connection = stream()
    before = kerberos(at, 50, stream=connection if same_connection else stream(), **(CUT | facts))
    first = refused(ntlm(100, 100, stream=connection, user="ada", **CHOSEN))
    _, *tries = joined(before, first, ntlm(101, 110, stream=connection, user="ada", **CHOSEN))
    assert tries[1].retry_of is first
    for row in tries:
        assert (row.fallback_reason, row.fallback_confidence) == told_of


@pytest.mark.parametrize("case", ["logoff_and_on", "two_sessions", "retry_same_connection"])
def test_a_client_that_asks_the_kdc_over_the_other_ip_version(case: str) -> None:
    """Requests of the address that looked the server up are in the capture, for whichever name."""
    for row in read(CAPTURES / "smb" / case / "capture.pcapng").negotiations.itertuples():
        assert row.fallback_reason == "ntlm_only_client"
        assert "no Kerberos request" not in row.reason_detail
