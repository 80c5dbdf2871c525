"""Conversations put together to negotiations: client legs and server answers in, rows out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from analyzer.capture.model import Stream
from analyzer.correlation import correlate
from analyzer.negotiation.model import Negotiation, NoticedAnomaly
from analyzer.negotiation.rebuild import (
    KEPT_PER_STREAM,
    SPREAD_LIMIT,
    STEPS_LIMIT,
    StreamNegotiations,
)
from analyzer.surroundings.model import Surroundings
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage, Exchange
from dissectors.span import Span
from dissectors.status import Status
from dissectors.tokens.model import (
    KrbApRep,
    KrbApReq,
    KrbError,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Token,
)

KRB, MSKRB, NTLM = "1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2", "1.3.6.1.4.1.311.2.2.10"
MORE = Status("continue", 0xC0000016, "STATUS_MORE_PROCESSING_REQUIRED", "ntstatus")
OK = Status("success", 0, "STATUS_SUCCESS", "ntstatus")
BAD = Status("failure", 0xC000006D, "STATUS_LOGON_FAILURE", "ntstatus")


def stream(role_source: str = "syn") -> Stream:
    """A stream between made-up hosts."""
    return Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 445, 1, 0, role_source)


@dataclass
class Talk:
    """Says lines of a conversation, frame after frame."""

    rows: list[Negotiation] = field(default_factory=list)
    frame: int = 0
    role_source: str = "syn"

    def __post_init__(self) -> None:
        self.book = StreamNegotiations(stream(self.role_source), self.rows.append)
        self.exchange = Exchange("smb2", scheme=None)

    def _say(
        self, kind: str, side: int, token: Token | None, status: Status | None = None, **context
    ) -> None:
        self.frame += 1
        message = CarrierMessage(
            kind=kind,  # type: ignore[arg-type]
            side=side,
            exchange=None if kind == "hint" else self.exchange,
            frame=self.frame,
            frames=(self.frame,),
            ts_ns=self.frame * 1000,
            token=token.raw if token else None,
            status=status,
            context=context,
        )
        self.book.add(message, token)

    def hint(self, *mechs: str) -> Talk:
        self._say("hint", SERVER, NegTokenInit2(raw=b"h", mech_types=mechs), carrier="smb2")
        return self

    def asks(self, token: Token | None) -> Talk:
        self._say("request", CLIENT, token)
        return self

    def answers(self, token: Token | None, status: Status, **context) -> Talk:
        self._say("response", SERVER, token, status, **context)
        return self

    def later(self, side: int, **context) -> Talk:
        self._say("after", side, None, None, **context)
        return self

    def new_exchange(self, carrier: str = "smb2") -> Talk:
        self.exchange = Exchange(carrier)
        return self

    def end(self) -> list[Negotiation]:
        self.book.end()
        for number, row in enumerate(self.rows, 1):
            row.negotiation_id = number
        correlate(self.rows, Surroundings())
        return self.rows


def init(*mechs: str, inner: Token | None = None) -> NegTokenInit:
    """The client's offer."""
    return NegTokenInit(raw=b"i", mech_types=mechs, inner=inner, mech_token=b"t" if inner else None)


def resp(
    state: str | None = None,
    mech: str | None = None,
    inner: Token | None = None,
    mic: bytes | None = None,
):
    """A NegTokenResp."""
    return NegTokenResp(
        raw=b"r",
        neg_state=state,
        supported_mech=mech,
        inner=inner,
        response_token=b"t" if inner else None,
        mech_list_mic=mic,
    )


AP_REQ = KrbApReq(raw=b"q", realm="LAB", sname="cifs/fs", etype=18)
NEGOTIATE, CHALLENGE = NtlmNegotiate(raw=b"1"), NtlmChallenge(raw=b"2", flags=0x20)
AUTHENTICATE = NtlmAuthenticate(raw=b"3", user="alice", domain="LAB", response="ntlmv2", flags=0x30)


def test_kerberos_in_two_legs() -> None:
    """The ordinary case: hint, offer with token, accepted."""
    talk = Talk().hint(MSKRB, NTLM).asks(init(MSKRB, KRB, inner=AP_REQ))
    (row,) = talk.answers(resp("accept-completed", MSKRB, KrbApRep(raw=b"p")), OK).end()
    assert (row.outcome, row.outcome_source, row.mechanism) == ("success", "both", "kerberos")
    assert row.mechanism_detail == "aes256-cts-hmac-sha1-96"
    assert (row.flow, row.wrapper, row.legs) == ("server-initiated", "spnego", 2)
    assert row.hinted_mechs == ["ms-kerberos", "ntlm"]
    assert row.offered_mechs == ["ms-kerberos", "kerberos"]
    assert (row.optimistic_mech, row.selected_mech) == ("ms-kerberos", "ms-kerberos")
    assert (row.frames, row.neg_states) == ((1, 2, 3), ["accept-completed"])
    assert (row.realm, row.spn, row.user) == ("LAB", "cifs/fs", None)
    assert row.reason is None
    assert row.fallback_kind is None
    assert row.completeness == "complete"


def test_wrong_password() -> None:
    """NTLM in three legs, refused by the carrier alone."""
    talk = (
        Talk()
        .asks(init(NTLM, inner=NEGOTIATE))
        .answers(resp("accept-incomplete", NTLM, CHALLENGE), MORE)
    )
    (row,) = talk.asks(resp(inner=AUTHENTICATE, mic=b"m")).answers(None, BAD).end()
    assert (row.outcome, row.outcome_source) == ("failure", "carrier")
    assert (row.mechanism, row.mechanism_detail) == ("ntlm", "ntlmv2")
    assert (row.user, row.domain) == ("alice", "LAB")
    assert (row.mech_list_mic, row.legs) == ("initiator", 3)
    assert row.reason is not None
    assert (row.reason.code, row.reason.confidence, row.reason.evidence) == (
        "bad_credentials",
        "likely",
        (4,),
    )
    assert row.gss_status == "accept-incomplete"


def test_optimistic_kerberos_answered_by_ntlm_is_one_row() -> None:
    """Six legs, one negotiation: the fallback happened inside it."""
    talk = Talk().asks(init(KRB, NTLM, inner=AP_REQ)).answers(resp("request-mic", NTLM), MORE)
    talk.asks(resp(inner=NEGOTIATE)).answers(resp("accept-incomplete", None, CHALLENGE), MORE)
    talk.asks(resp(inner=AUTHENTICATE, mic=b"m")).answers(
        resp("accept-completed", None, None, b"m"), OK
    )
    (row,) = talk.end()
    assert (row.outcome, row.mechanism, row.optimistic_mech, row.selected_mech) == (
        "success",
        "ntlm",
        "kerberos",
        "ntlm",
    )
    assert (row.fallback_kind, row.legs, row.mech_list_mic) == ("in-negotiation", 6, "both")
    assert row.reason is not None
    assert row.reason.code == "ntlm_selected_by_server"


def test_a_discarded_optimistic_token_was_not_run() -> None:
    """The server picks NTLM and the client goes silent: nothing was run."""
    (row,) = (
        Talk().asks(init(KRB, NTLM, inner=AP_REQ)).answers(resp("request-mic", NTLM), MORE).end()
    )
    assert (row.mechanism, row.outcome, row.selected_mech) == (None, "incomplete", "ntlm")


def test_skew_over_smb_is_incomplete_but_explained() -> None:
    """The carrier says go on, the token says clock skew (spec surprise 6)."""
    error = KrbError(raw=b"e", error_code=37, error="KRB_AP_ERR_SKEW")
    talk = Talk().asks(init(KRB, inner=AP_REQ)).answers(resp("accept-incomplete", KRB, error), MORE)
    (row,) = talk.end()
    assert row.outcome == "incomplete"
    assert row.gss_status == "KRB_AP_ERR_SKEW"
    assert row.reason is not None
    assert (row.reason.code, row.reason.confidence) == ("clock_skew", "certain")


def test_a_capture_that_ends_after_the_skew_was_mended() -> None:
    """The client took the server's time and asked again: what is missing is the answer to that."""
    error = KrbError(raw=b"e", error_code=37, error="KRB_AP_ERR_SKEW")
    talk = Talk().asks(init(KRB, inner=AP_REQ)).answers(resp("accept-incomplete", KRB, error), MORE)
    (row,) = talk.asks(resp(None, inner=AP_REQ)).end()
    assert row.reason is not None
    assert (row.outcome, row.reason.code) == ("incomplete", "capture_ended_early")


def test_only_a_hint_is_a_row_without_legs() -> None:
    """The server named mechanisms, the client never sent a token."""
    talk = Talk().hint(KRB, NTLM).hint(KRB)
    talk.book.closed = True
    (row,) = talk.end()
    assert (row.outcome, row.legs, row.flow, row.carrier) == (
        "incomplete",
        0,
        "server-initiated",
        "smb2",
    )
    assert row.hinted_mechs == ["kerberos"]
    assert row.frames == (1, 2)
    assert row.reason is not None
    assert row.reason.code == "no_credentials"


def test_a_hint_at_the_end_of_a_capture_says_nothing_about_the_client() -> None:
    """The connection was still open: the token may have come next."""
    (row,) = Talk().hint(KRB).end()
    assert row.completeness == "cut-off"
    assert row.reason is not None
    assert row.reason.code == "capture_ended_early"


def test_a_second_session_shares_the_hint_but_not_its_frames() -> None:
    """Frames of a hint belong to the first negotiation of the connection."""
    talk = Talk().hint(NTLM).asks(init(NTLM, inner=NEGOTIATE)).answers(None, BAD)
    talk.new_exchange().asks(init(NTLM, inner=NEGOTIATE)).answers(None, BAD)
    first, second = talk.end()
    assert first.frames == (1, 2, 3)
    assert second.frames == (4, 5)
    assert second.hinted_mechs == ["ntlm"]
    assert second.started_ns == 4000
    assert second.retry_of is first


def test_a_bind_that_only_asked_for_the_list_hands_everything_on() -> None:
    """Token and anomalies of the empty bind belong to the logon that follows; it is no row itself."""
    talk = Talk().asks(None).answers(NegTokenInit2(raw=b"h", mech_types=(KRB,)), MORE)
    owner = talk.book.notice(
        NoticedAnomaly(Anomaly("gap", Span(0, 9), "9 bytes"), 2, 2000, 0)
    ).negotiation
    assert owner is not None
    talk.new_exchange().asks(init(KRB, inner=AP_REQ)).answers(resp("accept-completed", KRB), OK)
    (row,) = talk.end()
    assert row.hinted_mechs == ["kerberos"]
    assert row.frames == (3, 4)
    assert owner.passed_to is row
    assert [n.anomaly.code for n in row.anomalies] == ["gap"]
    assert row.anomalies[0].negotiation is row


def test_another_mechanism_after_a_failure_is_a_fallback() -> None:
    """Kerberos refused, then NTLM on the same connection."""
    error = KrbError(raw=b"e", error_code=41, error="KRB_AP_ERR_MODIFIED")
    talk = Talk().asks(init(KRB, inner=AP_REQ)).answers(resp("reject", None, error), BAD)
    talk.new_exchange().asks(NEGOTIATE).answers(CHALLENGE, MORE).asks(AUTHENTICATE).answers(
        None, OK
    )
    first, second = talk.end()
    assert first.reason is not None
    assert first.reason.code == "service_key_mismatch"
    assert second.fallback_from is first
    assert second.fallback_kind == "same-connection"
    assert second.retry_of is None
    assert (second.wrapper, second.flow, second.offered_mechs) == ("raw-ntlm", "unwrapped", None)


def test_a_new_offer_after_acceptance_is_a_new_negotiation() -> None:
    """One exchange object may hold several attempts; the machine tells."""
    talk = Talk().asks(init(KRB, inner=AP_REQ)).answers(resp("accept-completed", KRB), OK)
    talk.asks(init(KRB, inner=AP_REQ)).answers(resp("accept-completed", KRB), OK)
    assert [row.outcome for row in talk.end()] == ["success", "success"]


def test_ntlm_that_starts_over_after_a_challenge() -> None:
    """A NEGOTIATE after a CHALLENGE leaves the first attempt unfinished."""
    talk = Talk().asks(NEGOTIATE).answers(CHALLENGE, MORE)
    talk.asks(NEGOTIATE).answers(CHALLENGE, MORE).asks(AUTHENTICATE).answers(None, OK)
    first, second = talk.end()
    assert (first.outcome, first.legs) == ("incomplete", 2)
    assert (second.outcome, second.legs) == ("success", 3)


def test_server_closing_instead_of_answering_is_a_refusal() -> None:
    """No verdict exists, but the server ended it."""
    talk = Talk().asks(NEGOTIATE).later(SERVER, event="closed", by="server", how="fin")
    (row,) = talk.end()
    assert (row.outcome, row.outcome_source, row.status) == ("failure", "carrier", None)
    assert row.reason is not None
    assert (row.reason.code, row.reason.confidence) == ("connection_closed", "likely")
    assert row.reason.evidence == (1, 2)  # what was not answered, and the end
    assert row.frames == (1,)


def test_client_leaving_after_a_challenge_is_incomplete() -> None:
    """Nobody refused anything."""
    talk = (
        Talk()
        .asks(NEGOTIATE)
        .answers(CHALLENGE, MORE)
        .later(CLIENT, event="closed", by="client", how="fin")
    )
    (row,) = talk.end()
    assert (row.outcome, row.completeness) == ("incomplete", "complete")
    assert row.reason is not None
    assert (row.reason.code, row.reason.evidence) == ("client_gave_up", (2, 3))


def test_capture_that_ends_early() -> None:
    """Without a close the capture may just have ended."""
    (row,) = Talk().asks(NEGOTIATE).answers(CHALLENGE, MORE).end()
    assert (row.outcome, row.completeness) == ("incomplete", "cut-off")
    assert row.reason is not None
    assert row.reason.code == "capture_ended_early"


def test_capture_that_starts_late() -> None:
    """An AUTHENTICATE without what came before, on a connection whose SYN was not seen."""
    talk = Talk(role_source="port")
    talk.asks(resp(inner=AUTHENTICATE)).answers(resp("accept-completed"), OK)
    (row,) = talk.end()
    assert (row.flow, row.completeness, row.outcome) == (
        "unknown",
        "started-before-capture",
        "success",
    )
    (row,) = Talk(role_source="port").asks(resp(inner=AUTHENTICATE)).end()
    assert row.reason is not None
    assert (row.reason.code, row.reason.confidence) == ("capture_started_late", "certain")


def test_a_connection_whose_beginning_was_seen_is_not_older() -> None:
    """Its first messages are lost bytes, or no ordinary ones: the capture did not start late."""
    (row,) = Talk().asks(resp(inner=AUTHENTICATE)).end()
    assert (row.flow, row.completeness) == ("unknown", "cut-off")
    assert row.reason is not None
    assert (row.reason.code, row.reason.confidence) == ("capture_ended_early", "certain")
    assert "though the connection's SYN was seen" in row.reason.detail
    for talk, code in (
        (Talk().asks(resp(inner=AUTHENTICATE)), "no_answer"),
        (Talk().asks(resp(inner=AUTHENTICATE)).answers(CHALLENGE, MORE), "client_gave_up"),
    ):
        (row,) = talk.later(CLIENT, event="closed", by="client", how="fin").end()
        assert row.completeness == "complete"
        assert row.reason is not None
        assert (row.reason.code, row.reason.confidence) == (code, "possible")
        assert "though the connection's SYN was seen" in row.reason.detail
    talk = Talk()
    talk.book.notice(NoticedAnomaly(Anomaly("gap", Span(10, 20)), 1, 0, 0))
    (row,) = talk.asks(resp(inner=AUTHENTICATE)).answers(resp("accept-completed"), OK).end()
    assert row.completeness == "gap"


@pytest.mark.parametrize(
    ("role_source", "lost", "found"),
    [
        ("syn", True, ("gap", "gap", "likely")),
        ("port", False, ("started-before-capture", "capture_started_late", "likely")),
        ("syn", False, ("complete", "no_answer", "possible")),
    ],
)
def test_answer_that_cannot_be_told_from_others(role_source, lost, found) -> None:
    """The carrier saw answers to one of several requests: that is no silence, if any may be lost."""
    talk = Talk(role_source=role_source)
    if lost:
        talk.book.notice(NoticedAnomaly(Anomaly("gap", Span(10, 20)), 1, 0, 0))
    talk.asks(NEGOTIATE).exchange.context["answer_unknown"] = True
    talk.book.closed = True
    (row,) = talk.end()
    assert row.reason is not None
    assert (row.completeness, row.reason.code, row.reason.confidence) == found


@pytest.mark.parametrize("carrier", ["http", "http-proxy", "ldap", "smb2"])
def test_requests_that_wait_when_the_capture_ends(carrier) -> None:
    """A client that did not wait for an answer has given none of them up."""
    talk = Talk()
    for _ in range(3):
        talk.new_exchange(carrier).asks(NEGOTIATE)
    rows = talk.end()
    assert [row.completeness for row in rows] == ["cut-off"] * 3
    assert [row.reason and row.reason.code for row in rows] == ["capture_ended_early"] * 3


@pytest.mark.parametrize("carrier", ["http", "ldap"])
def test_a_later_answer_that_comes_alone(carrier) -> None:
    """That to the first would have come before it; a challenge not taken up is over likewise."""
    talk = Talk().new_exchange(carrier).asks(NEGOTIATE)
    talk.new_exchange(carrier).asks(NEGOTIATE).answers(CHALLENGE, MORE)
    talk.new_exchange(carrier).asks(NEGOTIATE)
    rows = talk.end()
    assert [(row.completeness, row.reason and row.reason.code) for row in rows] == [
        ("complete", "no_answer"),
        ("complete", "client_gave_up"),
        ("cut-off", "capture_ended_early"),
    ]


def test_one_direction_from_the_beginning_on() -> None:
    """The SYN was seen, the client's messages are not there: lost, not older than the capture."""
    talk = Talk()
    talk.book.one_direction = True
    (row,) = talk.answers(CHALLENGE, MORE, request_missing=True).end()
    assert row.completeness == "gap"
    assert row.reason is not None
    assert row.reason.code == "one_direction"


def test_answer_without_its_question_takes_no_hint() -> None:
    """What lies between hint and answer is lost: the two may belong to different attempts."""
    talk = Talk().hint(KRB).answers(resp("accept-completed"), OK, request_missing=True)
    late, hint = sorted(talk.end(), key=lambda row: -row.first_frame)
    assert (late.flow, late.hinted_mechs, late.frames) == ("unknown", None, (2,))
    assert (hint.legs, hint.frames) == (0, (1,))


def test_conflicting_verdicts_are_told() -> None:
    """The token accepts, the carrier refuses."""
    (row,) = Talk().asks(init(KRB, inner=AP_REQ)).answers(resp("accept-completed", KRB), BAD).end()
    assert (row.outcome, row.outcome_source) == ("failure", "conflict")
    assert [noticed.anomaly.code for noticed in row.anomalies] == ["verdict-conflict"]


def test_rules_between_tokens() -> None:
    """A first reply without negState, a changed selection, a MIC that never came."""
    talk = Talk().asks(init(KRB, NTLM)).answers(resp(None, NTLM), MORE)
    talk.asks(resp(inner=NEGOTIATE)).answers(resp("accept-incomplete", KRB, CHALLENGE), MORE)
    (row,) = talk.end()
    codes = [noticed.anomaly.code for noticed in row.anomalies]
    assert codes == ["missing-neg-state", "late-selection-change"]
    talk = Talk().asks(init(KRB, NTLM)).answers(resp("request-mic", NTLM), MORE)
    talk.asks(resp(inner=NEGOTIATE)).answers(resp("accept-completed"), OK)
    (row,) = talk.end()
    assert [noticed.anomaly.code for noticed in row.anomalies] == ["mic-missing"]


def test_a_gap_hangs_on_what_was_open() -> None:
    """Loss during the exchange explains why it is incomplete."""
    talk = Talk().asks(NEGOTIATE)
    gap = NoticedAnomaly(Anomaly("gap", Span(10, 20)), 7, 0, 0)
    assert talk.book.notice(gap).negotiation is not None
    (row,) = talk.end()
    assert row.completeness == "gap"
    assert row.reason is not None
    assert (row.reason.code, row.reason.evidence) == ("gap", (7,))


def test_an_attempt_without_end_is_cut_into_several() -> None:
    """Whoever goes on for ever makes nobody look through ever more steps; that it was cut is told."""
    talk = Talk()
    for _ in range(STEPS_LIMIT):
        talk.asks(NEGOTIATE).answers(resp("accept-incomplete"), MORE)
    rows = talk.end()
    assert [len(row.steps) for row in rows] == [STEPS_LIMIT] * 2
    assert [n.anomaly.code for row in rows for n in row.anomalies].count("limit-count") == 1


def test_a_second_proof_belongs_to_another_attempt() -> None:
    """Its beginning and the first one's answer are lost; the same one sent again is no other."""
    other = NtlmAuthenticate(raw=b"another")
    talk = Talk().asks(NEGOTIATE).asks(AUTHENTICATE).asks(AUTHENTICATE)
    rows = talk.asks(resp(inner=other)).answers(None, OK).end()
    assert [(len(row.steps), row.outcome) for row in rows] == [(3, "incomplete"), (2, "success")]


def test_an_old_attempt_takes_no_answer_with_it() -> None:
    """One exchange with more attempts than are kept: the oldest is concluded, the latest still gets its answer."""
    talk = Talk()
    attempts = KEPT_PER_STREAM + 5
    for _ in range(attempts):
        talk.asks(NEGOTIATE).answers(CHALLENGE, MORE)
    rows = talk.end()
    assert len(rows) == attempts
    assert {len(row.steps) for row in rows} == {2}


def test_many_gaps_in_many_negotiations_are_not_multiplied() -> None:
    """Each negotiation under way is marked, but a hundred gaps in a thousand make no hundred thousand rows."""
    talk = Talk()
    for _ in range(2 * SPREAD_LIMIT):
        talk.new_exchange().asks(NEGOTIATE)
    gaps = [NoticedAnomaly(Anomaly("gap", Span(at, at + 1)), at, 0, 0) for at in range(9000, 9100)]
    owners = [talk.book.notice(gap).negotiation for gap in gaps]
    assert owners[0] is not None
    assert owners[1:] == [None] * 99  # such a gap has a row of its own
    rows = talk.end()
    assert len(rows) == 2 * SPREAD_LIMIT
    assert {len(row.anomalies) for row in rows} == {1}
    assert {row.completeness for row in rows} == {"gap"}


@pytest.mark.parametrize(
    ("flag", "reason"),
    [("guest", "guest_access"), ("null", "anonymous")],
    ids=["guest", "null session"],
)
def test_weak_successes(flag: str, reason: str) -> None:
    """STATUS_SUCCESS may mean guest or nobody."""
    talk = (
        Talk()
        .asks(NEGOTIATE)
        .answers(CHALLENGE, MORE)
        .asks(AUTHENTICATE)
        .answers(None, OK, **{flag: True})
    )
    (row,) = talk.end()
    assert row.outcome == "success"
    assert row.reason is not None
    assert (row.reason.code, row.reason.confidence) == (reason, "certain")


def test_logon_without_gss() -> None:
    """A simple bind: the carrier's own words are all there is."""
    talk = Talk()
    talk.exchange = Exchange(
        "ldap",
        scheme="simple",
        mechanism="simple",
        user="cn=alice",
        context={"unauthenticated": True},
    )
    talk.asks(None).answers(None, Status("success", 0, "success", "ldap"))
    (row,) = talk.end()
    assert (row.wrapper, row.mechanism, row.user, row.legs) == ("none", "simple", "cn=alice", 1)
    assert (row.mech_list_mic, row.neg_states) == (None, None)
    assert row.reason is not None
    assert row.reason.code == "unauthenticated_bind"


def test_protection_is_counted_after_success_only() -> None:
    """NTLM wrappers are sealed if the agreed flags say so."""
    talk = Talk()
    talk.exchange.wrapped[b"\x01\x00\x00\x00"] = 5
    talk.asks(NEGOTIATE).answers(CHALLENGE, MORE).asks(AUTHENTICATE).answers(None, OK)
    (row,) = talk.end()
    assert (row.protection, row.sealed_messages) == ("seal", 5)
    talk = Talk()
    talk.exchange.signed_messages = 5
    (row,) = talk.asks(NEGOTIATE).answers(None, BAD).end()
    assert (row.protection, row.signed_messages) == (None, 0)
