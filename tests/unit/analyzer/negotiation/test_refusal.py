"""Which reason a refusal is: by code, by place, and by what was sent."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.capture.model import Stream
from analyzer.negotiation.mechanism import mechanism_tokens
from analyzer.negotiation.model import (
    ACCEPTOR,
    INITIATOR,
    CarrierState,
    Negotiation,
    NtlmServer,
    SchemeList,
    State,
    Step,
)
from analyzer.negotiation.refusal import kerberos_cause, status_cause, status_words
from analyzer.negotiation.refusal_http import LARGE_TOKEN, LONG_TOKEN
from analyzer.negotiation.spnego_reject import reject_cause
from analyzer.negotiation.why import explain
from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage, Exchange
from dissectors.span import Span
from dissectors.status import Status
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApReq,
    KrbAsReq,
    KrbError,
    NegTokenInit,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmNegotiate,
    OpaqueToken,
    Token,
)

PROOF = NtlmAuthenticate(raw=b"3", user="alice")


def talk(*tokens: Token | None, schemes: tuple[str, ...] = (), **facts) -> Negotiation:
    """A negotiation over HTTP in which both sides take turns, the client first."""
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 80, 1, 0, "syn")
    exchange = Exchange("http", scheme=facts.get("scheme"))
    made = Negotiation(stream, exchange, "http")
    for at, token in enumerate(tokens):
        side = CLIENT if at % 2 == 0 else SERVER
        role = INITIATOR if side == CLIENT else ACCEPTOR
        kind = "request" if side == CLIENT else "response"
        message = CarrierMessage(kind, side, exchange, at, (at,), at, schemes=schemes)  # type: ignore[arg-type]
        made.steps.append(Step(role, side, at, (at,), at, token, None, message))
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def cause(made: Negotiation, status: Status) -> tuple[str, str]:
    """Code and confidence of a status given in the last step."""
    tokens = [(s, s.token) for s in made.steps if s.token is not None]
    found = status_cause(made, tokens, status, made.steps[-1])
    return found.code, found.confidence


def http(code: int) -> Status:
    return Status("failure", code, str(code), "http")


def ldap(code: int, detail: str | None = None) -> Status:
    return Status("failure", code, "x", "ldap", detail)


def ad(code: int, sub_code: int) -> Status:
    return Status("failure", code, "x", "ldap", "LdapErr", sub_code)


def nt(code: int) -> Status:
    return Status("failure", code, "x", "ntstatus")


@pytest.mark.parametrize(
    ("error", "nt_status", "expected"),
    [
        (37, None, ("clock_skew", "certain")),
        (34, None, ("replay", "certain")),
        (18, None, ("account_disabled", "likely")),
        (18, 0xC0000234, ("account_locked", "certain")),
        (18, 0xC000006D, ("bad_credentials", "likely")),
        (37, 0xC0000133, ("clock_skew", "certain")),
        (12, 0xC0000070, ("workstation_restriction", "certain")),
        (12, None, ("policy_denied", "likely")),
        (8, None, ("duplicate_spn", "likely")),
        (24, None, ("wrong_password", "likely")),
        (41, None, ("service_key_mismatch", "likely")),
        (45, None, ("service_key_mismatch", "certain")),
        (60, None, ("kdc_error", "certain")),
    ],
)
def test_kerberos_errors(error: int, nt_status: int | None, expected: tuple[str, str]) -> None:
    """The NTSTATUS inside is more exact; a code with several meanings is only likely."""
    found = kerberos_cause(KrbError(raw=b"", error_code=error, nt_status=nt_status))
    assert (found.code, found.confidence) == expected


@pytest.mark.parametrize(
    ("status", "facts", "expected"),
    [
        (nt(0xC0000418), {"mechanism": "ntlm"}, ("ntlm_blocked", "certain")),
        (nt(0xC00000BB), {"mechanism": "ntlm"}, ("ntlm_blocked", "likely")),
        (nt(0xC00000BB), {"mechanism": "kerberos"}, ("mechanism_refused", "likely")),
        (nt(0xC000035B), {"mechanism": "ntlm"}, ("channel_binding_mismatch", "certain")),
        (nt(0xC000035C), {"mechanism": "kerberos"}, ("ticket_expired", "likely")),
        (nt(0xC000006D), {"mechanism": "ntlm"}, ("bad_credentials", "likely")),
        (nt(0xC000006D), {"mechanism": "kerberos"}, ("kerberos_refused", "likely")),
        (nt(0xC00000D0), {"mechanism": "ntlm"}, ("server_error", "likely")),
        (nt(0xC0000133), {"mechanism": "ntlm"}, ("clock_skew", "likely")),
        (nt(0xC0000184), {"mechanism": "ntlm"}, ("protocol_error", "likely")),
        (nt(0xC0000192), {"mechanism": "ntlm"}, ("no_logon_server", "likely")),
        (nt(0xC0000203), {"mechanism": "ntlm"}, ("session_expired", "likely")),
        (nt(0xC0000205), {"mechanism": "ntlm"}, ("server_error", "certain")),
        (nt(0xC0000388), {"mechanism": "ntlm"}, ("unspecified_failure", "certain")),
        (ldap(2), {"scheme": "simple"}, ("protocol_error", "likely")),
        (ldap(48), {"scheme": "simple"}, ("mechanism_refused", "likely")),
        (ldap(49), {"mechanism": "kerberos"}, ("kerberos_refused", "likely")),
        (ldap(50), {"scheme": "simple"}, ("policy_denied", "likely")),
        (ad(49, 0x568), {"mechanism": "ntlm"}, ("token_too_large", "likely")),
        (ad(49, 0x57), {"scheme": "simple"}, ("protocol_error", "likely")),
        (ad(49, 0x534), {"mechanism": "ntlm"}, ("unknown_user", "likely")),
        (ad(49, 0x52B), {"mechanism": "ntlm"}, ("bad_credentials", "possible")),
        (ad(49, 0x52B), {"mechanism": "kerberos"}, ("kerberos_refused", "likely")),
        (ad(49, 0x80090308), {"mechanism": "ntlm"}, ("bad_credentials", "possible")),
        (ad(49, 0x8009030C), {"mechanism": "ntlm"}, ("bad_credentials", "likely")),
        (ad(49, 0), {"mechanism": "ntlm"}, ("bad_credentials", "likely")),
        (ad(49, 0x52E), {"mechanism": "kerberos"}, ("kerberos_refused", "likely")),
        (ad(49, 0x775), {"mechanism": "kerberos"}, ("account_locked", "certain")),
        (ad(8, 0x2028), {"scheme": "simple"}, ("stronger_auth_required", "certain")),
        (
            ldap(8, "SASL:[GSSAPI]: Sign or Seal are required."),
            {"scheme": "GSSAPI"},
            ("stronger_auth_required", "certain"),
        ),
        (nt(0xC000035C), {"mechanism": None}, ("session_expired", "certain")),
        (ldap(8), {"mechanism": "ntlm"}, ("stronger_auth_required", "likely")),
        (ldap(49, "80090302: LdapErr"), {"mechanism": "ntlm"}, ("ntlm_blocked", "likely")),
        (ldap(1), {"scheme": "SCRAM-SHA-256", "legs": 1}, ("mechanism_refused", "likely")),
        (ldap(7), {"scheme": "GSSAPI"}, ("no_common_mechanism", "likely")),
        (ldap(13), {"scheme": "simple"}, ("stronger_auth_required", "certain")),
        (
            ldap(48, "SASL(-16): encryption"),
            {"scheme": "PLAIN"},
            ("stronger_auth_required", "likely"),
        ),
        (
            ldap(48, "SASL(-15): too weak"),
            {"scheme": "PLAIN"},
            ("stronger_auth_required", "likely"),
        ),
        (ldap(48, "SASL(-4): no mechanism"), {"scheme": "PLAIN"}, ("mechanism_refused", "likely")),
        (http(503), {"mechanism": "ntlm"}, ("server_error", "likely")),
        (http(413), {"mechanism": "ntlm"}, ("unspecified_failure", "likely")),
    ],
)
def test_codes_of_carriers(status: Status, facts: dict, expected: tuple[str, str]) -> None:
    """The same code may mean different things to different mechanisms."""
    assert cause(talk(PROOF, None, **facts), status) == expected


@pytest.mark.parametrize(
    ("number", "text", "words"),
    [
        (0x52E, "80090308: LdapErr: x, error, data 52e, v1", "invalidCredentials, data 52e"),
        (0x80090308, "80090308: LdapErr: x, error, data 0, v1", "invalidCredentials, 80090308"),
        (0x80090346, "80090346: LdapErr: x, error, data 57, v1", "invalidCredentials, 80090346"),
        (0x80090346, "80090346: LdapErr: data 80090346", "invalidCredentials, data 80090346"),
        (0x534, "80090308: LdapErr: x, error, DATA 534, v1", "invalidCredentials, data 534"),
    ],
)
def test_a_number_is_told_as_the_text_has_it(number: int, text: str, words: str) -> None:
    """Eight digits in front are not what stands behind `data`."""
    status = Status("failure", 49, "invalidCredentials", "ldap", text, number)
    assert status_words(status) == words


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (LARGE_TOKEN + 1, ("token_too_large", "likely")),
        (LONG_TOKEN + 1, ("token_too_large", "possible")),
        (LONG_TOKEN, ("malformed_token", "likely")),
    ],
)
def test_a_long_token_and_bad_request(length: int, expected: tuple[str, str]) -> None:
    """Nothing is wrong with the token but its size."""
    made = talk(NegTokenInit(raw=bytes(length)), None, mechanism="kerberos")
    assert cause(made, http(400)) == expected


@pytest.mark.parametrize("status", [http(401), nt(0xC000000D)])
def test_a_token_that_the_capture_lacks(status: Status) -> None:
    """Only of a token that was seen whole can be said that the server could not read it."""
    assert cause(talk(None), status) == ("malformed_token", "likely")
    for completeness in ("started-before-capture", "gap", "truncated"):
        lost = talk(None, completeness=completeness)
        assert cause(lost, status) == ("unspecified_failure", "certain")


def test_invalid_parameter_to_a_ticket() -> None:
    """Samba's controller says so of a ticket that is over; of one without fault nobody says that it is malformed."""
    sound = KrbApReq(raw=bytes(40), ticket_cipher=(10, 30))
    cut = KrbApReq(raw=bytes(40))
    bad = KrbApReq(
        raw=bytes(40), ticket_cipher=(10, 30), anomalies=(Anomaly("truncated", Span(30, 40)),)
    )
    for token, code in (
        (sound, "kerberos_refused"),
        (cut, "malformed_token"),
        (bad, "malformed_token"),
    ):
        made = talk(token, None, mechanism="kerberos")
        assert cause(made, nt(0xC000000D)) == (code, "likely")
        assert (cause(made, ad(49, 0x57)) == ("kerberos_refused", "likely")) is (token is sound)
    later = talk(sound, None, PROOF, None, mechanism="kerberos")
    assert cause(later, nt(0xC000000D)) == ("malformed_token", "likely")


def test_invalid_parameter_to_a_mic() -> None:
    """Samba says so of a MIC that is wrong or was taken out, which no fault of the message shows."""

    def answered(mic: str, *faults: Anomaly) -> tuple[str, str]:
        proof = NtlmAuthenticate(raw=bytes(90), user="alice", mic=mic, anomalies=faults)
        made = talk(NtlmNegotiate(raw=b"1"), None, proof, None, mechanism="ntlm", wrapper="spnego")
        return cause(made, nt(0xC000000D))

    assert answered("present") == ("integrity_failure", "likely")
    assert answered("promised-missing") == ("integrity_failure", "likely")
    assert answered("absent") == ("malformed_token", "likely")
    assert answered("present", Anomaly("truncated", Span(0, 1))) == ("malformed_token", "likely")


def test_a_session_that_may_not_be_bound() -> None:
    """The same status says that there are no more connections, unless the client asks for a second one."""
    made = talk(NtlmNegotiate(raw=b"1"), None, mechanism="ntlm")
    assert cause(made, nt(0xC00000D0)) == ("server_error", "likely")
    assert made.exchange is not None
    made.exchange.context["binding"] = True
    for status in (0xC00000D0, 0xC000000D, 0xC00000BB):
        assert cause(made, nt(status)) == ("protocol_error", "likely")


def test_access_denied_to_a_mech_list_mic() -> None:
    """The status is policy's as well, so the reason stays, less sure, and names the MIC."""
    for mic, named in ((b"m" * 16, True), (None, False)):
        last = NegTokenResp(raw=b"3", response_token=PROOF, mech_list_mic=mic)
        made = talk(NegTokenInit(raw=b"1"), None, last, None, mechanism="ntlm")
        made.steps[-1].status = made.status = nt(0xC0000022)
        made.carrier_state = CarrierState.FAILED
        reason = explain(made)
        assert reason is not None
        assert (reason.code, reason.confidence) == (
            "policy_denied",
            "possible" if named else "likely",
        )
        assert ("mechListMIC" in reason.detail) == named
        made.steps[-1].status = made.status = ad(49, 5)
        reason = explain(made)
        assert reason is not None
        code, sure = ("integrity_failure", "possible") if named else ("policy_denied", "likely")
        assert (reason.code, reason.confidence) == (code, sure)
        assert reason.detail.endswith("; or policy forbids this logon") == named


@pytest.mark.parametrize("status", [nt(0xC0000413), ad(49, 0x78F)])
@pytest.mark.parametrize(
    ("domain", "sure"),
    [("LAB", "possible"), ("lab.example", "possible"), ("OTHER", "likely"), (None, "likely")],
)
def test_a_firewall_for_authentication(status: Status, domain: str | None, sure: str) -> None:
    """No trust leads to the server's own domain; even to another one the status means more than that."""
    server = NtlmServer(1, "LAB", "domain", "FILES", "LAB", "files.lab.example", "lab.example")
    made = talk(PROOF, None, mechanism="ntlm", domain=domain, ntlm_server=server)
    assert cause(made, status) == ("selective_authentication", sure)
    made.ntlm_server = None
    assert cause(made, status) == ("selective_authentication", "likely")


def test_a_session_that_was_given_elsewhere() -> None:
    """A server looks for a session on the connection alone; unseen bytes may have given it there."""
    made = talk(NtlmNegotiate(raw=b"1"), None, mechanism="ntlm")
    assert cause(made, nt(0xC0000203)) == ("session_expired", "likely")
    assert made.exchange is not None
    made.exchange.context["foreign_session"] = True
    assert cause(made, nt(0xC0000203)) == ("protocol_error", "likely")
    words = status_cause(made, [], nt(0xC0000203), made.steps[-1]).words
    assert words.endswith("the session was not given on this connection")
    made.bytes_lost = True
    assert cause(made, nt(0xC0000203)) == ("session_expired", "possible")
    words = status_cause(made, [], nt(0xC0000203), made.steps[-1]).words
    assert words.endswith("the session was given unseen")


@pytest.mark.parametrize("status", [http(401), http(407), nt(0xC000006D), ldap(49)])
@pytest.mark.parametrize("mechanism", ["kerberos", "ntlm"])
def test_a_token_that_ends_too_early(status: Status, mechanism: str) -> None:
    """No server can have read the whole of it; where the capture lacks its end, nobody knows."""
    short = (Anomaly("truncated", Span(0, 2), "2 bytes of 9"),)
    proof = KrbApReq(raw=b"60") if mechanism == "kerberos" else PROOF
    refused = {"kerberos": "kerberos_refused", "ntlm": "bad_credentials"}[mechanism]
    for inner, outer, completeness, code in [
        (short, (), "complete", "malformed_token"),
        ((), short, "complete", "malformed_token"),
        ((), (), "complete", refused),
        (short, (), "gap", refused),
    ]:
        within = dataclasses.replace(proof, anomalies=inner)
        token = NegTokenInit(raw=b"60", anomalies=outer, mech_token=within.raw, inner=within)
        made = talk(token, None, mechanism=mechanism, completeness=completeness, scheme="Negotiate")
        tokens = [(made.steps[0], within)]
        found = status_cause(made, tokens, status, made.steps[-1])
        assert (found.code, found.confidence) == (code, "likely")


@pytest.mark.parametrize("status", [ldap(49), ad(49, 0x52E), nt(0xC000006D)])
def test_credentials_that_the_capture_lacks(status: Status) -> None:
    """They may have been a ticket, of which the code says nothing."""
    assert cause(talk(None), status) == ("bad_credentials", "likely")
    lost = talk(None, completeness="gap")
    assert cause(lost, status) == ("bad_credentials", "possible")


@pytest.mark.parametrize(
    ("status", "otherwise"),
    [(ldap(49), "bad_credentials"), (ad(49, 0x57), "protocol_error"), (ad(49, 0x52E), "bad_credentials")],
)  # fmt: skip
def test_a_token_that_ldap_could_not_read(status: Status, otherwise: str) -> None:
    """The code says of a token only that it was not taken; what is wrong with it is to be seen."""
    cut = Anomaly("truncated", Span(0, 1))
    odd = Anomaly("bad-text", Span(0, 1))
    assert cause(talk(OpaqueToken(raw=b"no token"), None), status) == ("malformed_token", "likely")
    assert cause(talk(NegTokenInit(raw=b"1", anomalies=(cut,)), None), status) == (
        "malformed_token",
        "likely",
    )
    for sound in (
        talk(OpaqueToken(raw=b""), None),  # an empty leg
        talk(NegTokenInit(raw=b"1", anomalies=(odd,)), None),
        talk(OpaqueToken(raw=b"of a mechanism's own"), None, mechanism="scram"),
    ):
        assert cause(sound, status)[0] == otherwise
    lost = talk(NegTokenInit(raw=b"1", anomalies=(cut,)), None, completeness="gap")
    unsure = {"protocol_error": "unspecified_failure"}.get(otherwise, otherwise)
    assert cause(lost, status)[0] == unsure


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (0, ("password_expired", "certain")),
        (1, ("account_locked", "certain")),
        (2, ("password_must_change", "certain")),
        (5, ("bad_credentials", "likely")),  # of a password that is too short
    ],
)
def test_what_a_password_policy_says(error: int, expected: tuple[str, str]) -> None:
    """The control beside an answer is more exact than its code."""
    made = talk(None, None, scheme="simple", mechanism="simple")
    made.steps[-1].message.context = {"policy_error": error}
    assert cause(made, ldap(49)) == expected


def test_what_a_directory_says_in_words() -> None:
    """Where the code does not tell what was wrong, its text may; a number in it is told as such."""

    def words(status: Status) -> str:
        made = talk(PROOF, None, scheme="GSSAPI")
        return status_cause(made, [], status, made.steps[-1]).words

    assert words(ldap(53, "SASL:[GSSAPI]: Sign or Seal\0")) == "x: SASL:[GSSAPI]: Sign or Seal"
    assert words(ldap(53)) == "x"
    assert words(ldap(53, "long" * 100)).endswith("longlong...")
    assert words(ad(53, 0x2077)) == "x, data 2077"
    assert words(ldap(49, "not its own")) == "x"


@pytest.mark.parametrize("status", [ldap(49), ad(49, 0x57)])
def test_an_offer_without_a_token_that_ldap_refused(status: Status) -> None:
    """Neither ticket nor password was sent: what the server did not take can only be the list."""
    offer = NegTokenInit(raw=b"1", mech_types=("negoex",))
    assert cause(talk(offer, None), status) == ("no_common_mechanism", "likely")
    for other in (
        talk(NegTokenInit(raw=b"1", mech_token=b"2"), None),
        talk(offer, None, selected_mech="negoex"),
        talk(offer, None, offer, None),
        talk(NegTokenInit(raw=b"1", anomalies=(Anomaly("truncated", Span(0, 1)),)), None),
    ):
        assert cause(other, status)[0] != "no_common_mechanism"


@pytest.mark.parametrize(
    ("status", "facts", "expected"),
    [
        (ad(49, 5), {"mech_list_mic": b"1"}, ("integrity_failure", "possible")),
        (ad(49, 5), {}, ("policy_denied", "likely")),
        (ad(49, 0x57), {"ntlm_mic": "present"}, ("integrity_failure", "possible")),
        (ad(49, 0x57), {"ntlm_mic": "promised-missing"}, ("integrity_failure", "possible")),
        (ad(49, 0x57), {"ntlm_mic": "absent"}, ("protocol_error", "likely")),
        (ad(49, 0x52E), {"mech_list_mic": b"1", "ntlm_mic": "present"}, ("bad_credentials", "likely")),
        (ldap(80, "GSSAPI Error: A token had an invalid Message Integrity Check (MIC)"), {},
         ("integrity_failure", "certain")),
        (ldap(80, "SASL(-5): bad protocol / cancel: Channel bindings mismatch in SCRAM-SHA-256"), {},
         ("channel_binding_mismatch", "certain")),
        (ldap(80, "GSSAPI Error: Unspecified GSS failure"), {}, ("server_error", "likely")),
        (ad(49, 0x418), {}, ("ntlm_blocked", "certain")),
    ],
)  # fmt: skip
def test_a_checksum_or_binding_that_ldap_refused(
    status: Status, facts: dict, expected: tuple
) -> None:
    """Samba says it by codes that mean other things too, Cyrus SASL in words (captures/ldap/altered_*)."""
    last = NegTokenResp(raw=b"1", mech_list_mic=facts.pop("mech_list_mic", None))
    assert cause(talk(last, None, mechanism="ntlm", **facts), status) == expected


def test_a_proof_that_the_capture_lacks() -> None:
    """Refused before the client proved anything: only where nothing of the client's can be missing."""
    facts = {"mechanism": "ntlm", "scheme": "NTLM"}
    assert cause(talk(NtlmNegotiate(raw=b"1"), None, **facts), http(401)) == (
        "mechanism_refused",
        "likely",
    )
    lost = talk(NtlmNegotiate(raw=b"1"), None, completeness="gap", **facts)
    assert cause(lost, http(401)) == ("unspecified_failure", "certain")
    cut = talk(NtlmNegotiate(raw=b"1"), None, completeness="truncated", **facts)
    assert cause(cut, http(401)) == ("mechanism_refused", "likely")  # cut elsewhere
    cut.steps[0].message.anomalies = (Anomaly("snaplen", Span(0, 1)),)
    assert cause(cut, http(401)) == ("unspecified_failure", "certain")


def test_operations_error_to_an_unseen_bind() -> None:
    """Active Directory says so to names that it does not know; without the bind it is less sure."""
    assert cause(talk(None), ldap(1)) == ("server_error", "likely")
    lost = talk(None, completeness="started-before-capture")
    assert cause(lost, ldap(1)) == ("server_error", "possible")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (
            IakerbMessage(raw=b"", inner=KrbAsReq(raw=b"", padata_types=(149, 150))),
            "mechanism_refused",
        ),
        (IakerbMessage(raw=b"", inner=KrbAsReq(raw=b"", padata_types=(149, 2))), "bad_credentials"),
        (IakerbMessage(raw=b""), "mechanism_refused"),
        (KrbApReq(raw=b""), "bad_credentials"),
    ],
)
def test_a_question_for_the_kdc_proves_nothing(token: Token, code: str) -> None:
    """IAKERB's first AS-REQ has no proof of the password; one with an encrypted timestamp has."""
    made = talk(token, None, mechanism="iakerb", scheme="Negotiate")
    assert cause(made, http(401)) == (code, "likely")


def test_ntlm_that_was_taken_off_the_list() -> None:
    """Listed, tried, listed no more: blocked; refused while still listed: the password."""
    listed = SchemeList(1, ("Negotiate", "NTLM"))
    facts = {"scheme": "NTLM", "mechanism": "ntlm", "listed": listed}
    assert cause(talk(PROOF, None, schemes=("Negotiate",), **facts), http(401)) == (
        "ntlm_blocked",
        "likely",
    )
    assert cause(talk(PROOF, None, schemes=("Negotiate", "NTLM"), **facts), http(401)) == (
        "bad_credentials",
        "likely",
    )


def test_a_first_message_proves_no_password() -> None:
    """401 to NTLM's NEGOTIATE refuses the mechanism."""
    made = talk(NtlmNegotiate(raw=b"1"), None, mechanism="ntlm", scheme="NTLM")
    assert cause(made, http(401)) == ("mechanism_refused", "likely")


def reject(*tokens: Token, **facts) -> tuple[str, str]:
    """Code and confidence of the reject that the last token is."""
    made = talk(*tokens, state=State.REJECTED, legs=len(tokens), **facts)
    found = reject_cause(made, made.steps[-1])
    return found.code, found.confidence


def test_where_a_reject_stands() -> None:
    """As the first answer, after a MIC, from the initiator, or anywhere else."""
    no = NegTokenResp(raw=b"n", neg_state="reject")
    offer = NegTokenInit(raw=b"o")
    with_mic = NegTokenResp(raw=b"m", mech_list_mic=b"m", response_token=b"t")
    answer = NegTokenResp(raw=b"a", neg_state="request-mic")
    assert reject(offer, no) == ("no_common_mechanism", "likely")
    apart = {"hinted_mechs": ["kerberos"], "offered_mechs": ["ntlm"]}
    assert reject(offer, no, **apart) == ("no_common_mechanism", "certain")
    assert reject(offer, answer, with_mic, no) == ("integrity_failure", "likely")
    assert reject(offer, answer, no) == ("integrity_failure", "likely")
    assert reject(offer, KrbError(raw=b"e")) == ("unspecified_failure", "certain")
    plain = NegTokenResp(raw=b"p", response_token=b"t")
    assert reject(offer, answer, plain, no, selected_mech="ntlm") == (
        "unspecified_failure",
        "certain",
    )


ANSWER = NegTokenResp(raw=b"a", neg_state="accept-incomplete", supported_mech="kerberos")
NO = NegTokenResp(raw=b"n", neg_state="reject")


@pytest.mark.parametrize(
    ("tokens", "rejects", "code", "evidence"),
    [
        # a MIC alone
        ([NegTokenResp(raw=b"m", mech_list_mic=b"m"), NO], 3, "integrity_failure", (2, 3)),
        # with a token of the mechanism, which may be what was refused
        (
            [NegTokenResp(raw=b"m", mech_list_mic=b"m", response_token=b"t"), NO],
            3,
            "kerberos_refused",
            (3,),
        ),
        # the client's own word, which the server only echoes
        ([NO, None], 2, "integrity_failure", (1, 2, 3)),
    ],
)
def test_a_list_that_was_changed(
    tokens: list[Token | None], rejects: int, code: str, evidence: tuple[int, ...]
) -> None:
    """401 says less than a reject that can be about the list only."""
    made = talk(
        NegTokenInit(raw=b"o"), ANSWER, *tokens, mechanism="kerberos", outcome="failure",
        state=State.REJECTED, carrier_state=CarrierState.FAILED, status=http(401),
    )  # fmt: skip
    made.steps[rejects].state_after = State.REJECTED
    made.steps[-1].status = made.status
    reason = explain(made)
    assert reason is not None
    assert (reason.code, reason.evidence) == (code, evidence)
    assert "MIC" in reason.detail


def test_a_client_that_goes_on_after_the_reject() -> None:
    """It was refused before it proved anything; that its proof is refused too says nothing of a password."""
    offer = NegTokenInit(raw=b"o", mech_types=("1.3.6.1.4.1.311.2.2.10",))
    proof = NegTokenResp(raw=b"p", inner=PROOF, response_token=b"p")
    made = talk(
        offer, NO, proof, NO, mechanism="ntlm", outcome="failure", state=State.REJECTED,
        carrier_state=CarrierState.FAILED, status=http(401), legs=4,
    )  # fmt: skip
    for step in made.steps[1:]:
        step.state_after = State.REJECTED
    made.steps[-1].status = made.status
    reason = explain(made)
    assert reason is not None
    assert (reason.code, reason.evidence) == ("no_common_mechanism", (1,))


@pytest.mark.parametrize(
    ("code", "event", "expected"),
    [
        (0xC0000022, "tree-connect", "authenticated, then refused (tree-connect, x)"),
        (0xC0000022, "", "authenticated, then refused (x)"),
        (
            0xC000035C,
            "tree-connect",
            "the session has expired: the client has to authenticate again (tree-connect, x)",
        ),
        (0xC00000CC, "tree-connect", None),  # no such share
    ],
)
def test_what_came_after_a_success(code: int, event: str, expected: str | None) -> None:
    """The event and the status are named; a status that is not about who asks is no reason."""
    made = talk(
        None, None, outcome="success", carrier_state=CarrierState.SUCCEEDED,
        mechanism="ntlm", mechanism_detail="ntlmv2",
    )  # fmt: skip
    assert made.exchange is not None
    context = {"event": event} if event else {}
    later = CarrierMessage(
        "after", SERVER, made.exchange, 9, (9,), 9, status=nt(code), context=context
    )
    made.steps.append(Step(ACCEPTOR, SERVER, 9, (9,), 9, None, nt(code), later))
    reason = explain(made)
    assert (None if reason is None else reason.detail) == expected
    assert reason is None or (reason.confidence, reason.evidence) == ("certain", (9,))


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("ntlmv2", "stronger_auth_required"),
        (None, "access_denied"),  # its proof is not in the capture: it may be nobody's session
    ],
)
def test_an_unsigned_session_that_is_refused(detail: str | None, expected: str) -> None:
    """Where the server demands signing, a known user's session that signs nothing is refused for that."""
    made = talk(
        None, None, outcome="success", carrier_state=CarrierState.SUCCEEDED,
        mechanism="ntlm", mechanism_detail=detail, server_signing="required",
    )  # fmt: skip
    assert made.exchange is not None
    later = CarrierMessage(
        "after", SERVER, made.exchange, 9, (9,), 9, status=nt(0xC0000022), context={}
    )
    made.steps.append(Step(ACCEPTOR, SERVER, 9, (9,), 9, None, nt(0xC0000022), later))
    reason = explain(made)
    assert reason is not None
    assert (reason.code, reason.confidence) == (expected, "likely")


@pytest.mark.parametrize(
    ("state", "context", "sure"),
    [
        (State.ACCEPTED, {}, "certain"),
        (State.OFFERED, {"let_in": True}, "certain"),
        (State.OFFERED, {}, "likely"),  # nothing shows that the token was taken
    ],
)
def test_a_page_that_is_not_for_the_user(state: str, context: dict, sure: str) -> None:
    """HTTP says it in the answer to the logon itself."""
    made = talk(
        None, None, outcome="success", status=http(403), carrier_state=CarrierState.SUCCEEDED,
        state=state,
    )  # fmt: skip
    made.steps[-1].status = made.status
    made.steps[-1].message.context.update(context)
    reason = explain(made)
    assert reason is not None
    assert (reason.code, reason.confidence, reason.detail) == (
        "access_denied",
        sure,
        "authenticated, then refused (HTTP 403)",
    )


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("snaplen", http(401), ("truncated", "certain")),
        ("gap", http(401), ("gap", "certain")),
        ("cut-off", ldap(49), ("gap", "certain")),
        ("snaplen", ldap(53), ("truncated", "certain")),
        # what the code or the text that is there says stays said
        ("snaplen", ldap(13), ("stronger_auth_required", "certain")),
        ("snaplen", ad(49, 0x533), ("account_disabled", "certain")),
        ("snaplen", ldap(48, "SASL(-15): to"), ("stronger_auth_required", "likely")),
        ("snaplen", http(431), ("token_too_large", "possible")),
        ("snaplen", nt(0xC000006D), ("bad_credentials", "likely")),
    ],
)
def test_an_answer_that_is_cut(code: str, status: Status, expected: tuple[str, str]) -> None:
    """That it says no more than its code is not known where the rest of it is lost."""
    made = talk(PROOF, None, mechanism="ntlm", scheme="NTLM")
    made.steps[-1].message.anomalies = (Anomaly(code, Span(0, 1)),)
    assert cause(made, status) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [(None, ("truncated", "certain")), (KrbApReq(raw=b"t"), ("kerberos_refused", "likely"))],
)
def test_a_last_token_that_is_cut(last: Token | None, expected: tuple[str, str]) -> None:
    """The client may have refused by itself; a ticket is known by its beginning."""
    token = NegTokenResp(raw=b"p", inner=last)
    made = talk(NegTokenInit(raw=b"o", inner=KrbApReq(raw=b"t")), ANSWER, token, None)
    made.mechanism = "kerberos"
    made.steps[2].message.anomalies = (Anomaly("snaplen", Span(0, 1)),)
    tokens = mechanism_tokens(made.steps)
    found = status_cause(made, tokens, ldap(49), made.steps[-1])
    assert (found.code, found.confidence) == expected


def test_a_reject_that_is_cut() -> None:
    """Whether it selects a mechanism, or holds an error, is not known."""
    offer = NegTokenInit(raw=b"o")
    made = talk(offer, NegTokenResp(raw=b"n", neg_state="reject"), state=State.REJECTED, legs=2)
    made.steps[-1].message.anomalies = (Anomaly("snaplen", Span(0, 1)),)
    found = reject_cause(made, made.steps[-1])
    assert (found.code, found.confidence) == ("truncated", "certain")


@pytest.mark.parametrize("facts", [{"offer_cut": True}, {"hint_cut": True}])
def test_lists_of_which_one_is_cut_may_share_something(facts: dict) -> None:
    """Only two whole lists prove that they have nothing in common."""
    no = NegTokenResp(raw=b"n", neg_state="reject")
    apart = {"hinted_mechs": ["kerberos"], "offered_mechs": ["ntlm"], **facts}
    assert reject(NegTokenInit(raw=b"o"), no, **apart) == ("no_common_mechanism", "likely")


def relayed(
    error: int,
    *padata: int,
    later: Token | None = None,
    crealm: str | None = None,
    cut: bool = False,
    unasked: bool = False,
) -> tuple[str, str] | None:
    """Code and confidence where the KDC's error comes through the acceptor."""
    request = KrbAsReq(raw=b"q", padata_types=padata)
    refusal = KrbError(raw=b"e", error_code=error, sname="krbtgt/LAB", crealm=crealm)
    made = talk(
        NegTokenInit(raw=b"o", inner=IakerbMessage(raw=b"i", inner=request)),
        NegTokenResp(raw=b"a", inner=IakerbMessage(raw=b"i", inner=refusal)),
        *([later] if later is not None else []),
        mechanism="iakerb", abandoned=True,
    )  # fmt: skip
    if cut:
        made.steps[1].message.anomalies = (Anomaly("snaplen", Span(0, 1)),)
    if unasked:
        made.steps[1].message.context["request_missing"] = True
    reason = explain(made)
    assert reason is not None
    return reason.code, reason.confidence


def test_what_a_kdc_says_through_the_acceptor() -> None:
    """IAKERB: the KDC's word counts, unless it is a step of the exchange or the client went on."""
    assert relayed(6) == ("unknown_user", "certain")
    assert relayed(85) == ("kdc_unreachable", "certain")
    assert relayed(86) == ("kdc_unreachable", "certain")
    assert relayed(7) == ("unknown_service", "certain")
    assert relayed(24, 2) == ("wrong_password", "certain")
    assert relayed(24, 16) == ("wrong_password", "likely")  # a smart card
    assert relayed(24, 2, unasked=True) == ("wrong_password", "likely")  # by what proof is lost
    assert relayed(25) == ("client_gave_up", "possible")
    assert relayed(52) == ("client_gave_up", "possible")
    assert relayed(68, crealm="OTHER") == ("client_gave_up", "possible")  # where to go on
    assert relayed(68) == ("kdc_error", "certain")
    assert relayed(68, cut=True) == ("client_gave_up", "possible")  # where to is cut off
    again = IakerbMessage(raw=b"i", inner=KrbAsReq(raw=b"q", padata_types=(2,)))
    assert relayed(24, 2, later=again) == ("no_answer", "possible")


@pytest.mark.parametrize(
    ("length", "sure"), [(LONG_TOKEN + 1, "likely"), (LONG_TOKEN, "possible"), (0, "likely")]
)
def test_fields_that_are_too_large(length: int, sure: str) -> None:
    """431 is about all fields; a small token is hardly to blame, one that was not seen may be."""
    made = talk(NegTokenInit(raw=bytes(length)), None, mechanism="kerberos")
    assert cause(made, http(431)) == ("token_too_large", sure)


def test_a_session_that_expired_was_whose() -> None:
    """The status says of Kerberos that its ticket is over, of other mechanisms that a session is."""
    expired = nt(0xC000035C)._replace(name="STATUS_NETWORK_SESSION_EXPIRED")
    assert cause(talk(None, None, mechanism="kerberos"), expired) == ("ticket_expired", "likely")
    for mechanism in ("ntlm", None):
        made = talk(None, None, mechanism=mechanism, outcome="failure", status=expired)
        made.carrier_state = CarrierState.FAILED
        made.steps[-1].status = expired
        reason = explain(made)
        assert reason is not None
        assert (reason.code, reason.confidence) == ("session_expired", "certain")
        assert reason.detail == (
            "the session has expired: the client has to authenticate again "
            "(STATUS_NETWORK_SESSION_EXPIRED)"
        )


def test_a_refusal_that_may_be_the_password_or_the_list() -> None:
    """Both stand in the detail, in the order of which the code is, and neither as a mere addition."""
    proof = NegTokenResp(raw=b"m", mech_list_mic=b"m", response_token=b"t", inner=PROOF)
    made = talk(
        NegTokenInit(raw=b"o"), ANSWER, proof, NO, mechanism="ntlm", outcome="failure",
        state=State.REJECTED, carrier_state=CarrierState.FAILED, status=http(401),
    )  # fmt: skip
    made.steps[-1].state_after = State.REJECTED
    made.steps[-1].status = made.status
    reason = explain(made)
    assert reason is not None
    assert reason.code == "bad_credentials"
    assert reason.detail == (
        "user name or password is wrong; the wire does not tell which (HTTP 401); "
        "or a MIC or checksum did not match (negState reject as the answer to a mechListMIC)"
    )


@pytest.mark.parametrize("status", [nt(0xC000000D), ad(49, 0x57)])
def test_a_bad_parameter_in_a_token_that_the_capture_cut(status: Status) -> None:
    """Whether the token was sound, nobody knows: what cut it is all that can be said."""
    cut = KrbApReq(raw=bytes(40))
    made = talk(cut, None, mechanism="kerberos", completeness="truncated")
    made.steps[0].message.anomalies = (Anomaly("snaplen", Span(0, 1)),)
    assert cause(made, status) == ("truncated", "certain")
    unseen = talk(None, None, completeness="gap")
    assert cause(unseen, status) == ("unspecified_failure", "certain")
