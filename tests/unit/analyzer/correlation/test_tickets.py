"""Which KDC exchange gave a ticket, or refused it."""

from __future__ import annotations

import pytest
from support.correlated import DOMAIN_MEMBER, asked, joined, kerberos, ntlm, reason_of, stream

from analyzer.negotiation.model import SchemeList, Ticket
from analyzer.surroundings.model import KdcExchange

WEB = "HTTP/web.lab.example"
LOCAL = {"user": "operator", "domain": "WEB", "ntlm_server": DOMAIN_MEMBER}
LISTED = SchemeList(90, ("Negotiate", "NTLM"), same_connection=True, whole=True)


def test_a_ticket_leads_to_its_exchange() -> None:
    """Client, name, realm, encryption type and kvno agree; both ends know of each other."""
    given = asked(90, "HTTP/web.lab.example")
    (row,) = joined(kerberos(), kdc=[given])
    assert row.kdc is given
    assert given.explains == [row]


@pytest.mark.parametrize(
    "other",
    [
        {"client": "10.0.0.99"},
        {"ticket_sname": "HTTP/www.lab.example"},
        {"ticket_etype": 23},
        {"ticket_kvno": 3},
        {"ticket_realm": "OTHER"},
        {"reply_ts_ns": 200 * 10**9, "ts_ns": 200 * 10**9},
    ],
)
def test_another_ticket_is_not_taken(other: dict) -> None:
    """One difference is enough, also that it came later."""
    (row,) = joined(kerberos(), kdc=[asked(90, "HTTP/web.lab.example", **other)])
    assert row.kdc is None


def test_the_latest_of_several_tickets() -> None:
    """A renewed ticket takes the older one's place."""
    first, second = asked(50, "HTTP/web.lab.example"), asked(90, "HTTP/web.lab.example")
    (row,) = joined(kerberos(), kdc=[second, first])
    assert row.kdc is second


def test_a_machine_with_addresses_of_both_versions() -> None:
    """The KDC was asked over IPv4, the server over IPv6."""
    given = asked(90, "HTTP/web.lab.example")
    (row,) = joined(kerberos(stream=stream("fd77::20", "fd77::2")), kdc=[given])
    assert row.kdc is given


def test_the_same_cipher_is_the_proof() -> None:
    """Not the latest ticket for the service, but the one that was shown."""
    first = asked(50, "HTTP/web.lab.example", ticket_id=b"first")
    second = asked(90, "HTTP/web.lab.example", ticket_id=b"second")
    one, other = joined(
        kerberos(100, 100, ticket_id=b"second"),
        kerberos(101, 110, ticket_id=b"first"),
        kdc=[first, second],
    )
    assert one.kdc is second
    assert other.kdc is first


@pytest.mark.parametrize(
    "other",
    [
        {"client": "192.0.2.1", "cname": "bob"},  # another host's, another user's
        {"ticket_sname": "host/web.lab.example"},  # the name is in the clear: a tool has changed it
        {"ts_ns": 0, "reply_ts_ns": 1},  # older than any ticket may be, by its clock
        {"ts_ns": 200 * 10**9, "reply_ts_ns": 200 * 10**9, "frame_reply": 300},  # out of order
    ],
)
def test_the_proof_counts_more_than_what_is_said(other: dict) -> None:
    """Whoever asked, when, and for which name: nobody can make the same cipher."""
    given = asked(90, "HTTP/web.lab.example", ticket_id=b"same", **other)
    alike = asked(95, "HTTP/web.lab.example", ticket_id=b"other")
    (row,) = joined(kerberos(user="alice", ticket_id=b"same"), kdc=[given, alike])
    assert row.kdc is given


def test_a_ticket_that_was_never_issued_in_the_capture() -> None:
    """Another cipher is another ticket, however alike it looks."""
    (row,) = joined(
        kerberos(ticket_id=b"older"), kdc=[asked(90, "HTTP/web.lab.example", ticket_id=b"newer")]
    )
    assert row.kdc is None


@pytest.mark.parametrize(("shown", "issued"), [(b"shown", None), (None, b"issued")])
def test_a_ticket_that_is_cut_on_one_side(shown: bytes | None, issued: bytes | None) -> None:
    """Client, name, types and time have to do where one of the ciphers is not there."""
    given = asked(90, "HTTP/web.lab.example", ticket_id=issued)
    (row,) = joined(kerberos(ticket_id=shown), kdc=[given])
    assert row.kdc is given
    (row,) = joined(
        kerberos(ticket_id=shown), kdc=[asked(90, "HTTP/www.lab.example", ticket_id=issued)]
    )
    assert row.kdc is None


def test_one_cipher_for_several_tickets_proves_nothing() -> None:
    """A capture with made-up ciphers: the names have to do."""
    first = asked(80, "HTTP/web.lab.example", ticket_id=b"dummy")
    second = asked(90, "cifs/fs1.lab.example", ticket_id=b"dummy")
    (row,) = joined(kerberos(ticket_id=b"dummy"), kdc=[first, second])
    assert row.kdc is first


def test_a_ticket_that_was_issued_twice() -> None:
    """A reply sent again: the first to this client that came before the ticket was shown."""
    facts = {"ticket_id": b"same"}
    elsewhere = asked(80, "HTTP/web.lab.example", client="192.0.2.1", frame_reply=5, **facts)
    late = asked(95, "HTTP/web.lab.example", frame_reply=200, **facts)
    again = asked(91, "HTTP/web.lab.example", frame_reply=20, **facts)
    first = asked(90, "HTTP/web.lab.example", frame_reply=12, **facts)
    for many in ([elsewhere, late, again, first], [first, again, late, elsewhere]):
        (row,) = joined(kerberos(ticket_id=b"same"), kdc=many)
        assert row.kdc is first


def test_unknown_service_is_certain_for_the_name_that_the_client_says() -> None:
    """The spec's plainest case: the KDC knows no such name, then NTLM."""
    refusal = asked(99, "HTTP/web.lab.example", 7)
    row = ntlm()
    reason = reason_of(row, kdc=[refusal])
    assert (reason.code, reason.confidence, reason.evidence) == (
        "unknown_service",
        "certain",
        (10, 11),
    )
    assert "HTTP/web.lab.example" in reason.detail
    assert "the client offered only NTLM" in reason.detail
    assert row.kdc is refusal
    assert refusal.explains == [row]


@pytest.mark.parametrize("sname", ["HTTP/web", "HTTP/alias.lab.example"])
def test_a_name_that_is_only_known_is_likely(sname: str) -> None:
    """A short form, or a name that only DNS tells where the client says none."""
    named = "web.lab.example" if sname == "HTTP/web" else None
    row = ntlm(server_name=named, names=("alias.lab.example",))
    reason = reason_of(row, kdc=[asked(99, sname, 7)])
    assert (reason.code, reason.confidence) == ("unknown_service", "likely")


@pytest.mark.parametrize(
    "refusal",
    [
        asked(100 - 15 * 60 - 1, "HTTP/web.lab.example", 7),  # too early
        asked(110, "HTTP/web.lab.example", 7),  # too late
        asked(99, "cifs/web.lab.example", 7),  # another service
        asked(99, "HTTP/www.lab.example", 7),  # another host
        asked(99, "HTTP/web.lab.example", 7, client="10.0.0.99"),
        asked(99, "HTTP/web.lab.example", 25),  # no failure
        asked(99, "krbtgt/LAB.EXAMPLE", 7),
    ],
)
def test_what_does_not_belong_is_not_taken(refusal) -> None:
    """Another time, service, host or client, or no failure: the reason stays with the client's offer."""
    assert reason_of(ntlm(), kdc=[refusal]).code == "ntlm_only_client"


def test_a_ticket_after_all() -> None:
    """What was refused first and granted then explains nothing but the application's choice."""
    reason = reason_of(
        ntlm(),
        kdc=[asked(98, "HTTP/web.lab.example", 7), asked(99, "HTTP/web.lab.example")],
    )
    assert (reason.code, reason.confidence) == ("application_chose_ntlm", "possible")


@pytest.mark.parametrize(
    ("refusal", "granted"),
    [
        ("HTTP/web.lab.example", "HTTP/web"),
        ("HTTP/web", "HTTP/web.lab.example"),
        ("HTTP/web.lab.example", "HTTP/web.lab.example:8080"),
    ],
)
def test_a_ticket_after_all_by_another_form_of_the_name(refusal: str, granted: str) -> None:
    """The short name and the full one are one service, with its port or without."""
    tickets = [asked(98, refusal, 7), asked(99, granted)]
    reason = reason_of(ntlm(), kdc=tickets)
    assert (reason.code, reason.confidence) == ("application_chose_ntlm", "possible")
    assert f"it had a ticket for {granted}" in reason.detail


@pytest.mark.parametrize("granted", ["HTTP/www.lab.example", "cifs/web.lab.example", "HTTP/web.x"])
def test_a_ticket_for_something_else(granted: str) -> None:
    """Another host, another class of service, another full name."""
    tickets = [asked(98, "HTTP/web.lab.example", 7), asked(99, granted)]
    reason = reason_of(ntlm(), kdc=tickets)
    assert (reason.code, reason.confidence) == ("unknown_service", "certain")


@pytest.mark.parametrize(
    ("user", "asker", "owner", "code"),
    [
        ("alice", "alice", "bob", "unknown_service"),
        ("alice", None, "bob", "unknown_service"),
        (None, "alice", "bob", "unknown_service"),
        ("alice", "alice", "ALICE", "application_chose_ntlm"),
        ("alice", "alice", None, "application_chose_ntlm"),
        (None, None, "bob", "application_chose_ntlm"),
    ],
)
def test_another_users_ticket_takes_no_refusal_back(
    user: str | None, asker: str | None, owner: str | None, code: str
) -> None:
    """Two people, or a person and the machine's own account, share an address."""
    refusal = asked(98, WEB, 7, cname=asker)
    row = ntlm(user=user)
    assert reason_of(row, kdc=[refusal, asked(99, WEB, cname=owner)]).code == code
    shown, row = kerberos(99, 50, user=owner, stream=stream(server="10.0.0.3")), ntlm(user=user)
    joined(shown, row, kdc=[asked(98, WEB, 7, cname=asker)])
    assert (row.fallback_reason == "unknown_service") is (code == "unknown_service")


OTHER_REALM = {"server_name": "web.other.example"}


def test_the_way_to_another_realm() -> None:
    """A refused ticket for the realm in whose domain the server is; which says what was needed only possibly."""
    way = asked(99, "krbtgt/OTHER.EXAMPLE", 7)
    reason = reason_of(ntlm(**OTHER_REALM), kdc=[way])
    assert (reason.code, reason.confidence) == ("unknown_service", "possible")
    assert reason.evidence == (10, 11)
    assert "for krbtgt/OTHER.EXAMPLE, the realm of the server's domain)" in reason.detail
    assert reason_of(ntlm(**OTHER_REALM), kdc=[asked(99, way.sname, 29)]).code == "kdc_error"
    late = asked(100.05, "krbtgt/OTHER.EXAMPLE", 7, frame_request=105, frame_reply=106)
    assert "said after the first NTLM token" in reason_of(ntlm(**OTHER_REALM), kdc=[late]).detail


@pytest.mark.parametrize(
    "kdc",
    [
        [asked(99, "krbtgt/THIRD.EXAMPLE", 7)],
        [asked(99, "krbtgt/HER.EXAMPLE", 7)],
        [asked(99, "krbtgt/OTHER.EXAMPLE", 13, realm="OTHER.EXAMPLE")],
        [asked(99, "krbtgt/OTHER.EXAMPLE", 7, realm=None)],
        [asked(99, "krbtgt/OTHER.EXAMPLE", 7, cname="bob")],
        [asked(99, "krbtgt/OTHER.EXAMPLE", 7, client="10.0.0.99")],
        [asked(80, "krbtgt/OTHER.EXAMPLE", 7)],
        [asked(98, "krbtgt/OTHER.EXAMPLE", 7), asked(99, "krbtgt/OTHER.EXAMPLE")],
    ],
)
def test_what_is_not_the_way(kdc: list[KdcExchange]) -> None:
    """Another realm, the asked KDC's own, another user or client, long ago, or granted after all."""
    assert reason_of(ntlm(user="alice", **OTHER_REALM), kdc=kdc).code == "ntlm_only_client"


def test_the_way_where_the_ticket_was_there() -> None:
    """Who had a ticket for the service needed no way to it."""
    way, had = asked(99, "krbtgt/OTHER.EXAMPLE", 7), asked(50, "HTTP/web.other.example")
    assert reason_of(ntlm(**OTHER_REALM), kdc=[had, way]).code == "application_chose_ntlm"


def test_the_same_user_at_another_address() -> None:
    """Behind address translation the client, or another machine: possible, and the detail says who asked."""
    refusal = asked(99, "HTTP/web.lab.example", 7, client="192.0.2.1", cname="alice")
    reason = reason_of(ntlm(user="alice"), kdc=[refusal])
    assert (reason.code, reason.confidence) == ("unknown_service", "possible")
    assert "asked by 192.0.2.1, for the same user" in reason.detail
    refusal = asked(99, "HTTP/web.lab.example", 7, client="192.0.2.1", cname="bob")
    assert reason_of(ntlm(user="alice"), kdc=[refusal]).code == "ntlm_only_client"


def test_without_any_name_the_class_is_only_possible() -> None:
    """Nothing is known of the server's name: service class and time fit."""
    row = ntlm(server_name=None, carrier="smb2")
    reason = reason_of(row, kdc=[asked(99, "cifs/fs1.lab.example", 7)])
    assert (reason.code, reason.confidence) == ("unknown_service", "possible")


@pytest.mark.parametrize(
    ("error", "code"), [(14, "etype_not_supported"), (12, "kdc_error"), (29, "kdc_error")]
)
def test_other_refusals(error: int, code: str) -> None:
    """What is neither name nor encryption type is named in the detail."""
    reason = reason_of(ntlm(), kdc=[asked(99, "HTTP/web.lab.example", error)])
    assert (reason.code, reason.confidence) == (code, "certain")
    assert "KDC_ERR" in reason.detail


def test_a_client_unknown_to_the_kdc() -> None:
    """A failed AS exchange leaves the client without any ticket, unless a later one succeeds."""
    unknown = asked(99, "krbtgt/LAB.EXAMPLE", 6, exchange="AS", cname="alice")
    assert reason_of(ntlm(user="alice"), kdc=[unknown]).code == "unknown_user"
    assert reason_of(ntlm(user="bob"), kdc=[unknown]).code == "ntlm_only_client"
    known = asked(99.5, "krbtgt/LAB.EXAMPLE", exchange="AS", cname="alice")
    assert reason_of(ntlm(user="alice"), kdc=[unknown, known]).code == "ntlm_only_client"


def test_a_success_is_never_called_a_wrong_password() -> None:
    """The KDC refused the password, NTLM took one: the detail says so, the code stays general."""
    failed = asked(99, "krbtgt/LAB.EXAMPLE", 24, exchange="AS", cname="alice")
    reason = reason_of(ntlm(user="alice", ntlm_server=DOMAIN_MEMBER), kdc=[failed])
    assert (reason.code, reason.confidence) == ("kdc_error", "likely")
    assert "KDC_ERR_PREAUTH_FAILED for the user alice" in reason.detail


@pytest.mark.parametrize(
    ("at", "before"),
    [(89, "11 s"), (80, "20 s"), (-19, "119 s"), (-200, "5 min"), (-799, "14 min")],
)
def test_clients_keep_a_refusal_in_mind(at: float, before: str) -> None:
    """For minutes they ask no KDC again: likely the reason still, with how long before it was."""
    refusal = asked(at, "HTTP/web.lab.example", 7)
    row = ntlm()
    reason = reason_of(row, kdc=[refusal])
    assert (reason.code, reason.confidence) == ("unknown_service", "likely")
    assert f"for HTTP/web.lab.example, {before} before)" in reason.detail
    assert row.kdc is refusal


def test_what_is_not_kept_in_mind() -> None:
    """A ticket granted since, another user's or service's refusal, one by who knows whom."""
    refusal = asked(80, "HTTP/web.lab.example", 7)
    granted = asked(95, "HTTP/web.lab.example")
    assert reason_of(ntlm(), kdc=[refusal, granted]).code == "application_chose_ntlm"
    for other in (
        asked(80, "HTTP/web.lab.example", 7, cname="bob"),
        asked(80, "HTTP/www.lab.example", 7),
        asked(80, "HTTP/web.lab.example", 7, client="fd77::99"),
        asked(80, "HTTP/web.lab.example", 7, client="10.0.0.99", cname="alice"),
    ):
        assert reason_of(ntlm(user="alice"), kdc=[other]).code == "ntlm_only_client"
    nameless = ntlm(server_name=None, carrier="smb2")
    known = asked(80, "cifs/fs1.lab.example", 7)
    assert reason_of(nameless, kdc=[known]).code == "ntlm_only_client"


def test_a_second_visit() -> None:
    """The first has the refusal itself, the second what is left of it."""
    refusal = asked(99, "HTTP/web.lab.example", 7)
    rows = joined(ntlm(100, 100), ntlm(120, 200), kdc=[refusal])
    told = [(row.fallback_reason, row.fallback_confidence) for row in rows]
    assert told == [("unknown_service", "certain"), ("unknown_service", "likely")]


def test_of_two_refusals_the_one_that_shows_more() -> None:
    """Just before, rather than long ago, or too late."""
    long_ago = asked(50, "HTTP/web.lab.example", 14, frame_request=8, frame_reply=9)
    fresh = asked(99, "HTTP/web.lab.example", 7)
    late = asked(100.05, "HTTP/web.lab.example", 8, frame_request=105, frame_reply=106)
    assert reason_of(ntlm(), kdc=[long_ago, fresh, late]).code == "unknown_service"
    reason = reason_of(ntlm(), kdc=[long_ago, late])
    assert (reason.code, reason.confidence) == ("etype_not_supported", "likely")


@pytest.mark.parametrize("at", [-20, 99])
@pytest.mark.parametrize("outcome", ["success", "failure", "incomplete"])
def test_a_ticket_shown_since_ends_a_refusal(at: float, outcome: str) -> None:
    """The KDC's later answer may be missing in the capture: that there is a ticket, the AP-REQ shows."""
    refusal = asked(at, WEB, 7)
    between = kerberos(at + 0.5, 50, outcome=outcome)
    _, row = joined(between, ntlm(), kdc=[refusal])
    assert row.fallback_reason != "unknown_service"
    assert row.kdc is None


@pytest.mark.parametrize(
    "other",
    [
        {"at": -30, "frame": 5},  # before the refusal
        {"at": 101, "frame": 200},  # after NTLM
        {"ticket": Ticket(50, None, "HTTP/www.lab.example", 18, 2, 18, (), 300)},
        {"stream": stream("10.0.0.99")},
        {"stream": stream(port=445), "carrier": "smb2", "ticket": Ticket(
            50, None, "cifs/web.lab.example", 18, 2, 18, (), 300)},
    ],
)  # fmt: skip
def test_what_does_not_end_a_refusal(other: dict) -> None:
    """Another time, name of the server, client or service."""
    shown = kerberos(**({"at": 50, "frame": 50} | other))
    row = ntlm()
    joined(*sorted((shown, row), key=lambda n: n.first_frame), kdc=[asked(-20, WEB, 7)])
    assert (row.fallback_reason, row.fallback_confidence) == ("unknown_service", "likely")


def test_the_same_ticket_shown_to_another_address_of_the_server() -> None:
    """Its name is the same, so the KDC knows it."""
    shown = kerberos(50, 50, stream=stream(server="10.0.0.3"))
    _, row = joined(shown, ntlm(), kdc=[asked(-20, WEB, 7)])
    assert row.fallback_reason == "ntlm_only_client"


def test_a_ticket_shown_since_ends_a_failed_logon() -> None:
    """Who shows a ticket has one, so a first ticket was granted; another user's tells nothing."""
    unknown = asked(95, "krbtgt/LAB.EXAMPLE", 6, exchange="AS", cname="alice")
    elsewhere = stream(server="10.0.0.3")
    for user, code in ((None, "ntlm_only_client"), ("bob", "unknown_user")):
        shown = kerberos(97, 50, stream=elsewhere, user=user)
        _, row = joined(shown, ntlm(user="alice"), kdc=[unknown])
        assert row.fallback_reason == code


def test_a_remembered_refusal_gives_way() -> None:
    """To a local account, and to a name for NTLM alone: it is possible then, and the detail names it."""
    for facts, code in (
        (LOCAL, "local_account"),
        ({"scheme": "NTLM", "listed": LISTED}, "application_chose_ntlm"),
    ):
        reason = reason_of(ntlm(**facts), kdc=[asked(50, WEB, 7)])
        assert (reason.code, reason.confidence) == (code, "likely")
        assert "also: the service name is not known" in reason.detail
    assert reason_of(ntlm(), kdc=[asked(50, WEB, 7)]).confidence == "likely"


def test_a_scheme_for_ntlm_alone() -> None:
    """It is chosen before any ticket is asked for, so a fresh refusal too is only possible."""
    fresh = asked(99, WEB, 7)
    reason = reason_of(ntlm(scheme="NTLM", listed=LISTED), kdc=[fresh])
    assert (reason.code, reason.confidence) == ("application_chose_ntlm", "likely")
    reason = reason_of(ntlm(scheme="NTLM"), kdc=[fresh])
    assert (reason.code, reason.confidence) == ("unknown_service", "possible")
    failed = asked(99, "krbtgt/LAB.EXAMPLE", 6, exchange="AS", cname="alice")
    reason = reason_of(ntlm(scheme="NTLM", user="alice"), kdc=[failed])
    assert (reason.code, reason.confidence) == ("unknown_user", "possible")
    assert reason_of(ntlm(scheme="Negotiate"), kdc=[fresh]).confidence == "certain"
