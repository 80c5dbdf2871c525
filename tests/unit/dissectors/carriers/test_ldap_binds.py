"""Conversations of binds: which legs belong together, what they carry, how they end."""

import pytest

from dissectors.carriers.base import CLIENT, SERVER, CarrierAnomaly
from dissectors.carriers.ldap import LdapCarrier
from dissectors.span import Span

NTLM = b"NTLMSSP\0"
SPNEGO = bytes.fromhex("60480606") + bytes.fromhex("2b0601050502a03e")
RESP = bytes.fromhex("a1073005a0030a0100")
AP_REQ = bytes.fromhex("601006092a864886f71201020201006e0100")
AP_REP = bytes.fromhex("601006092a864886f71201020202006f0100")
AD_TEXT = (
    b"8009030C: LdapErr: DSID-0C0904DC, comment: AcceptSecurityContext error, data 775, v1db1\0"
)


def ber(tag, *parts):
    """Build an element with the shortest length."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    return bytes([tag, 0x82]) + len(body).to_bytes(2) + body


def bind(message_id, *choice, name=b""):
    """Build a BindRequest."""
    operation = ber(0x60, b"\2\1\3", ber(4, name), *choice)
    return ber(0x30, ber(2, message_id.to_bytes(2)), operation)


def simple(message_id, name=b"", password=b""):
    """Build a simple bind."""
    return bind(message_id, ber(0x80, password), name=name)


def sasl(message_id, mechanism, token=None):
    """Build a SASL bind; without token it has no credentials element."""
    parts = () if token is None else (ber(4, token),)
    return bind(message_id, ber(0xA3, ber(4, mechanism), *parts))


def answer(message_id, code, token=None, *, matched=b"", text=b""):
    """Build a BindResponse."""
    parts = () if token is None else (ber(0x87, token),)
    operation = ber(0x61, ber(0x0A, bytes([code])), ber(4, matched), ber(4, text), *parts)
    return ber(0x30, ber(2, message_id.to_bytes(2)), operation)


def wrap(plain, flags=0):
    """Build an RFC 4121 Wrap token without confidentiality."""
    return b"\x05\x04" + bytes([flags]) + b"\xff\0\x0c\0\0" + b"\0" * 8 + plain + b"c" * 12


class Connection:
    """Says messages one after the other, each in its own frame, and keeps what the carrier tells."""

    def __init__(self, *, started_before=False):
        self.said = []
        self.carrier = LdapCarrier(self.said.append, started_before=started_before)
        self.frame = 0
        self.ends = [0, 0]

    def says(self, side, octets):
        """Feed one segment and return what it made the carrier tell."""
        before = len(self.said)
        self.frame += 1
        window = self.carrier.windows[side]
        window.append(self.ends[side], octets, self.frame, self.frame * 1000)
        self.ends[side] += len(octets)
        self.carrier.feed(side)
        return self.said[before:]

    def client(self, octets):
        """Say something as the client; exactly one thing is told of it."""
        (message,) = self.says(CLIENT, octets)
        return message

    def server(self, octets):
        """Say something as the server; exactly one thing is told of it."""
        (message,) = self.says(SERVER, octets)
        return message

    def loses(self, side, length):
        """Leave out bytes of one side."""
        self.ends[side] += length
        window = self.carrier.windows[side]
        window.restart(self.ends[side])
        window.frame, window.ts_ns = self.frame + 1, 0
        self.carrier.gap(side, length, self.frame + 1, 0)

    def ends_by(self, side, how):
        """End the connection; return what is told of it."""
        before = len(self.said)
        self.carrier.end(side, how, 99, 99_000)
        return self.said[before:]


def test_simple_bind_refused():
    """The name is the user, the error text's number the sub-code; the password is nowhere."""
    talk = Connection()
    request = talk.client(simple(1, b"cn=bob", b"hunter2"))
    response = talk.server(answer(1, 49, text=AD_TEXT))
    exchange = request.exchange
    assert response.exchange is exchange
    assert (exchange.scheme, exchange.mechanism, exchange.user) == ("simple", "simple", "cn=bob")
    assert (exchange.key, exchange.carrier_version) == ("msgid 1", "LDAPv3")
    assert (request.kind, request.token, response.kind, response.token) == (
        "request",
        None,
        "response",
        None,
    )
    status = response.status
    assert (status.verdict, status.code, status.name, status.layer) == (
        "failure",
        49,
        "invalidCredentials",
        "ldap",
    )
    assert status.sub_code == 0x775
    assert status.detail == AD_TEXT.rstrip(b"\0").decode()
    assert "hunter2" not in repr((request, response, exchange, talk.carrier._binds._waiting))


@pytest.mark.parametrize(
    ("name", "password", "context"),
    [
        (b"", b"", {"anonymous": True}),
        (b"cn=bob", b"", {"unauthenticated": True}),
        (b"cn=bob", b"x", {}),
    ],
)
def test_binds_that_prove_nothing(name, password, context):
    """Empty passwords are told apart by the name (RFC 4513 5.1)."""
    talk = Connection()
    exchange = talk.client(simple(1, name, password)).exchange
    assert exchange.context == context
    assert exchange.user == (name.decode() or None)


def test_spnego_legs_are_one_exchange_until_the_final_result():
    """Later legs have other message ids; after the result a new exchange begins."""
    talk = Connection()
    first = talk.client(sasl(2, b"GSS-SPNEGO", SPNEGO))
    challenge = talk.server(answer(2, 14, RESP))
    second = talk.client(sasl(3, b"GSS-SPNEGO", RESP))
    result = talk.server(answer(3, 0))
    again = talk.client(sasl(4, b"GSS-SPNEGO", SPNEGO))
    exchange = first.exchange
    assert all(leg.exchange is exchange for leg in (challenge, second, result))
    assert again.exchange is not exchange
    assert (exchange.key, again.exchange.key) == ("msgid 2-3", "msgid 4")
    assert (exchange.scheme, exchange.mechanism) == ("GSS-SPNEGO", None)
    assert (first.token, challenge.token, second.token, result.token) == (SPNEGO, RESP, RESP, None)
    assert [leg.status.verdict for leg in (challenge, result)] == ["continue", "success"]
    assert not any(leg.sasl_layer or leg.anomalies for leg in talk.said)


def test_token_spans_count_in_the_stream():
    """A span leads to the token's bytes in its direction."""
    talk = Connection()
    octets = sasl(2, b"GSS-SPNEGO", SPNEGO)
    start = octets.index(SPNEGO)
    assert talk.client(octets).token_span == Span(start, start + len(SPNEGO))
    talk.server(answer(2, 14, RESP))
    start += len(octets)
    assert talk.client(octets.replace(b"\2\2\0\2", b"\2\2\0\3")).token_span == Span(
        start, start + len(SPNEGO)
    )


def test_another_mechanism_is_another_exchange():
    """A client gives a bind up by binding with another mechanism (RFC 4511 4.2.1)."""
    talk = Connection()
    first = talk.client(sasl(2, b"GSS-SPNEGO", SPNEGO))
    talk.server(answer(2, 14, RESP))
    second = talk.client(sasl(3, b"GSSAPI", AP_REQ))
    third = talk.client(simple(4, b"cn=bob", b"x"))
    assert len({id(leg.exchange) for leg in (first, second, third)}) == 3


def test_a_first_token_in_the_midst_is_another_exchange():
    """SPNEGO starts over after a challenge that was not taken up."""
    talk = Connection()
    first = talk.client(sasl(2, b"GSS-SPNEGO", SPNEGO))
    talk.server(answer(2, 14, RESP))
    assert talk.client(sasl(3, b"GSS-SPNEGO", SPNEGO)).exchange is not first.exchange
    ntlm = talk.client(sasl(4, b"GSS-SPNEGO", NTLM + b"\1\0\0\0"))
    assert ntlm.exchange is not first.exchange
    assert talk.client(sasl(5, b"GSS-SPNEGO", NTLM + b"\3\0\0\0")).exchange is ntlm.exchange


def test_gssapi_with_its_layer_legs():
    """Empty leg, offer, choice and last answer are no context tokens (RFC 4752 3)."""
    talk = Connection()
    talk.client(sasl(1, b"GSSAPI", AP_REQ))
    talk.server(answer(1, 14, AP_REP))
    talk.client(sasl(2, b"GSSAPI"))
    talk.server(answer(2, 14, wrap(b"\7\1\0\0")))
    talk.client(sasl(3, b"GSSAPI", wrap(b"\4\xff\xff\xff", flags=4)))
    talk.server(answer(3, 0, b""))
    assert [leg.sasl_layer for leg in talk.said] == [False, False, True, True, True, True]
    assert [len(leg.token) for leg in talk.said] == [18, 18, 0, 32, 32, 0]
    (exchange,) = {id(leg.exchange): leg.exchange for leg in talk.said}.values()
    assert exchange.key == "msgid 1-3"
    assert exchange.context["sasl_layers"] == {"offered": 7, "chosen": 4}


def test_gssapi_offer_without_the_empty_leg():
    """A server whose context needs no reply offers its layers at once."""
    talk = Connection()
    talk.client(sasl(1, b"GSSAPI", AP_REQ))
    offer = talk.server(answer(1, 14, wrap(b"\1\0\0\0")))
    assert offer.sasl_layer
    assert offer.exchange.context["sasl_layers"] == {"offered": 1}


def test_empty_first_leg_is_no_layer_leg():
    """A bind may begin without credentials; that is no token."""
    talk = Connection()
    first = talk.client(sasl(1, b"GSSAPI"))
    assert (first.token, first.sasl_layer) == (None, False)


@pytest.mark.parametrize(
    ("mechanism", "credentials", "name", "user"),
    [
        (b"PLAIN", b"\0bob\0hunter2", "plain", "bob"),
        (b"DIGEST-MD5", b'username="bob",response=hunter2', "digest", "bob"),
        (b"CRAM-MD5", b"bob hunter2", "cram-md5", "bob"),
        (b"SCRAM-SHA-256", b"n,,n=bob,r=hunter2", "scram", "bob"),
        (b"EXTERNAL", b"", "external", None),
    ],
)
def test_sasl_without_gss_keeps_no_credentials(mechanism, credentials, name, user):
    """Mechanisms without GSS give a user, no token and no secret."""
    talk = Connection()
    request = talk.client(sasl(1, mechanism, credentials))
    response = talk.server(answer(1, 14, b"r=hunter2"))
    exchange = request.exchange
    assert (exchange.mechanism, exchange.user) == (name, user)
    assert exchange.scheme == mechanism.decode()
    assert request.token is None
    assert response.token is None
    assert "hunter2" not in repr(talk.said)


@pytest.mark.parametrize(
    ("prompts", "user"),
    [
        ((b"User Name\0", b"Password\0"), "bob"),
        ((b"Password:", b"Password:"), None),
        ((None, None), None),
    ],
)
def test_login_tells_its_user_and_not_its_password(prompts, user):
    """The name is what answers the question for it, and the password is kept nowhere."""
    talk = Connection()
    first = talk.client(sasl(1, b"LOGIN"))
    for asked, (prompt, said) in enumerate(zip(prompts, (b"bob", b"hunter2"), strict=True), 1):
        talk.server(answer(asked, 14, prompt))
        assert talk.client(sasl(asked + 1, b"LOGIN", said)).exchange is first.exchange
    talk.server(answer(3, 49))
    assert first.exchange.user == user
    assert first.exchange.mechanism == "login"
    assert "hunter2" not in repr(talk.said)


def test_gs2_header_is_no_part_of_the_token():
    """The header in front of the first GS2 message is taken off."""
    talk = Connection()
    octets = sasl(1, b"GS2-KRB5", b"n,,\1\0\x6e\x03abc")
    request = talk.client(octets)
    assert request.token == b"\1\0\x6e\x03abc"
    assert octets[slice(*request.token_span)] == request.token


def test_sicily_from_discovery_to_success():
    """Each leg says success; packages and challenge are not the end (MS-ADTS 5.1.1.1.3)."""
    talk = Connection()
    discovery = talk.client(bind(1, ber(0x89)))
    packages = talk.server(answer(1, 0, matched=b"NTLM;DPA"))
    negotiate = talk.client(bind(2, ber(0x8A, NTLM + b"\1\0\0\0"), name=b"NTLM"))
    challenge = talk.server(answer(2, 0, matched=NTLM + b"\2\0\0\0"))
    talk.client(bind(3, ber(0x8B, NTLM + b"\3\0\0\0")))
    result = talk.server(answer(3, 0))
    exchange = discovery.exchange
    assert all(leg.exchange is exchange for leg in talk.said)
    assert (exchange.scheme, exchange.user, exchange.key) == ("Sicily", None, "msgid 1-3")
    assert (discovery.token, packages.token, packages.schemes) == (None, None, ("NTLM", "DPA"))
    assert (negotiate.token, challenge.token) == (NTLM + b"\1\0\0\0", NTLM + b"\2\0\0\0")
    assert [leg.status.verdict for leg in (packages, challenge, result)] == [
        "continue",
        "continue",
        "success",
    ]
    assert result.token is None


@pytest.mark.parametrize("shown", [b"", NTLM, NTLM[:4], NTLM + b"\2\0"])
def test_sicilys_challenge_is_no_end_however_little_of_it_is_there(shown):
    """Success to sicilyNegotiate is never the user's: the proof is still to come."""
    talk = Connection()
    talk.client(bind(1, ber(0x8A, NTLM + b"\1\0\0\0"), name=b"NTLM"))
    assert talk.server(answer(1, 0, matched=shown)).status.verdict == "continue"


def test_sicily_refused_and_begun_again():
    """Negotiate without discovery begins an exchange; the user may stand in the name field."""
    talk = Connection()
    first = talk.client(bind(1, ber(0x8A, NTLM + b"\1\0\0\0"), name=b"alice"))
    talk.server(answer(1, 0, matched=NTLM + b"\2\0\0\0"))
    talk.client(bind(2, ber(0x8B, NTLM + b"\3\0\0\0")))
    assert talk.server(answer(2, 49, text=AD_TEXT)).status.verdict == "failure"
    second = talk.client(bind(3, ber(0x8A, NTLM + b"\1\0\0\0"), name=b"alice"))
    assert first.exchange.user == "alice"
    assert second.exchange is not first.exchange


def test_unknown_choice_keeps_its_number():
    """LDAPv2's Kerberos choices are named by number."""
    talk = Connection()
    assert talk.client(bind(1, ber(0x81, b"ticket"))).exchange.scheme == "unknown(1)"


def test_answers_find_their_request_by_message_id():
    """Binds sent at once (AD's fast bind) are answered in any order."""
    talk = Connection()
    first = talk.client(simple(1, b"cn=a", b"x"))
    second = talk.client(simple(2, b"cn=b", b"x"))
    assert talk.server(answer(2, 0)).exchange is second.exchange
    assert talk.server(answer(1, 49)).exchange is first.exchange


def test_an_answer_without_request_is_an_exchange_of_its_own():
    """It is told as such, with the token it carries."""
    talk = Connection()
    response = talk.server(answer(9, 14, RESP))
    assert response.context == {"request_missing": True}
    assert [anomaly.code for anomaly in response.anomalies] == ["unmatched-response"]
    assert response.token == RESP
    assert (response.exchange.key, response.exchange.scheme) == ("msgid 9", None)
    assert talk.server(answer(10, 0)).exchange is response.exchange
    assert response.exchange.key == "msgid 9-10"


def test_a_capture_that_starts_between_the_legs():
    """The client's next leg joins the answer whose request is older than the capture."""
    talk = Connection(started_before=True)
    response = talk.server(answer(9, 14, RESP))
    assert not response.anomalies
    request = talk.client(sasl(10, b"GSS-SPNEGO", RESP))
    assert request.exchange is response.exchange
    assert (request.token, request.exchange.scheme) == (RESP, "GSS-SPNEGO")
    assert request.exchange.carrier_version == "LDAPv3"


def test_a_sicily_answer_without_request_is_known_by_its_challenge():
    """NTLM in matchedDN's place is Sicily's."""
    talk = Connection(started_before=True)
    challenge = talk.server(answer(9, 0, matched=NTLM + b"\2\0\0\0"))
    assert (challenge.exchange.scheme, challenge.status.verdict) == ("Sicily", "continue")
    response = talk.client(bind(10, ber(0x8B, NTLM + b"\3\0\0\0")))
    assert response.exchange is challenge.exchange


def test_text_of_other_mechanisms_is_no_token():
    """Credentials of a bind that was not seen are a token only if they look like one."""
    talk = Connection(started_before=True)
    assert talk.server(answer(9, 14, b"r=nonce,s=salt")).token is None


def test_only_the_client_was_captured():
    """Without answers, tokens that begin nothing are later legs of the same exchange."""
    talk = Connection()
    first = talk.client(sasl(1, b"GSS-SPNEGO", SPNEGO))
    assert talk.client(sasl(2, b"GSS-SPNEGO", RESP)).exchange is first.exchange
    assert talk.client(sasl(3, b"GSS-SPNEGO", SPNEGO)).exchange is not first.exchange
    kerberos = talk.client(sasl(4, b"GSSAPI", AP_REQ))
    assert talk.client(sasl(5, b"GSSAPI")).exchange is kerberos.exchange
    assert talk.client(sasl(6, b"GSSAPI", wrap(b"\4\0\0\0"))).exchange is kerberos.exchange
    assert talk.client(sasl(7, b"GSSAPI", AP_REQ)).exchange is not kerberos.exchange


def test_a_lost_request_does_not_break_the_exchange():
    """The answer to a lost leg belongs to the exchange that waited for it."""
    talk = Connection()
    first = talk.client(sasl(1, b"GSS-SPNEGO", SPNEGO))
    talk.server(answer(1, 14, RESP))
    talk.loses(CLIENT, 500)
    result = talk.server(answer(2, 0, RESP))
    assert result.exchange is first.exchange
    assert not result.anomalies


@pytest.mark.parametrize("kept", [12, 16, 20, 24])
@pytest.mark.parametrize("answered", [True, False])
def test_a_request_cut_before_its_kind_goes_on_where_it_was_asked_for(kept, answered):
    """Behind a saslBindInProgress it is the next leg; else it is an attempt of which nothing is known."""
    talk = Connection()
    first = talk.client(sasl(1, b"GSS-SPNEGO", SPNEGO))
    if answered:
        talk.server(answer(1, 14, RESP))
    octets = sasl(2, b"GSS-SPNEGO", RESP)
    talk.says(CLIENT, octets[:kept])
    talk.loses(CLIENT, len(octets) - kept)
    request = talk.said[-1]
    assert (request.kind, request.token) == ("request", None)
    assert (request.exchange is first.exchange) == answered
    result = talk.server(answer(2, 0, RESP))
    assert result.exchange is request.exchange
    assert result.token == RESP


def test_credentials_that_are_cut_away_are_no_empty_ones():
    """Only a whole bind without credentials is an empty leg."""
    talk = Connection()
    talk.client(sasl(1, b"GSSAPI", AP_REQ))
    talk.server(answer(1, 14, AP_REP))
    octets = sasl(2, b"GSSAPI", wrap(b"\1\0\0\0"))
    kept = octets.index(b"GSSAPI") + 6
    talk.says(CLIENT, octets[:kept])
    talk.loses(CLIENT, len(octets) - kept)
    assert (talk.said[-1].token, talk.said[-1].sasl_layer) == (None, False)


def test_a_lost_request_after_a_result_is_nobody_elses():
    """Without an unfinished exchange the answer makes one of its own."""
    talk = Connection()
    first = talk.client(simple(1, b"cn=a", b"x"))
    talk.server(answer(1, 0))
    talk.loses(CLIENT, 50)
    assert talk.server(answer(2, 49)).exchange is not first.exchange


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_the_server_closes_instead_of_answering(how):
    """A bind without an answer is told at the end of the connection."""
    talk = Connection()
    request = talk.client(bind(1, ber(0x8A, NTLM + b"\1\0\0\0"), name=b"alice"))
    (after,) = talk.ends_by(SERVER, how)
    assert (after.kind, after.exchange, after.frame) == ("after", request.exchange, 99)
    assert after.context == {"event": "closed", "by": "server", "how": how}
    assert not talk.ends_by(CLIENT, "fin")
    assert not talk.ends_by(None, "capture-end")


def test_a_half_closed_connection_still_gets_its_answer():
    """After the client's FIN the server may answer; only then is nothing missing."""
    talk = Connection()
    request = talk.client(simple(1, b"cn=a", b"x"))
    assert not talk.ends_by(CLIENT, "fin")
    assert talk.server(answer(1, 0)).exchange is request.exchange
    assert not talk.ends_by(SERVER, "fin")


def test_the_client_leaves_in_the_midst():
    """A client that does not take up the challenge is told to have left."""
    talk = Connection()
    talk.client(sasl(1, b"GSS-SPNEGO", SPNEGO))
    talk.server(answer(1, 14, RESP))
    talk.ends_by(CLIENT, "fin")
    (after,) = talk.ends_by(SERVER, "fin")
    assert after.context == {"event": "closed", "by": "client", "how": "fin"}


def test_a_capture_that_ends_tells_nothing_of_closing():
    """The end of the file is not the end of the connection."""
    talk = Connection()
    talk.client(simple(1, b"cn=a", b"x"))
    assert not talk.ends_by(None, "capture-end")


def test_open_binds_are_bounded():
    """A client that never waits loses its oldest binds, and that is told."""
    talk = Connection()
    for number in range(256):
        talk.client(simple(number, b"cn=a", b"x"))
    before = len(talk.said)
    talk.says(CLIENT, simple(300, b"cn=a", b"x"))
    note = talk.said[before]
    assert isinstance(note, CarrierAnomaly)
    assert note.anomaly.code == "limit-count"
    assert note.exchange is talk.said[0].exchange
    assert talk.server(answer(0, 0)).context == {"request_missing": True}


@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_malformed_binds_are_told(side):
    """A bind that cannot be read is an anomaly of the connection, and of the exchange it answers."""
    talk = Connection()
    waiting = talk.client(simple(1, b"cn=a", b"x")).exchange
    operation = b"\x60\x03\4\1x" if side == CLIENT else b"\x61\x03\4\1x"
    (note,) = talk.says(side, ber(0x30, b"\2\1\1", operation))
    assert isinstance(note, CarrierAnomaly)
    assert note.anomaly.code == "malformed-message"
    assert note.exchange is waiting
    assert note.anomaly.span.length == 10


def test_bind_name_beside_sasl():
    """A name in a SASL bind is kept as a fact, not as the user."""
    talk = Connection()
    octets = bind(1, ber(0xA3, ber(4, b"GSS-SPNEGO"), ber(4, SPNEGO)), name=b"User1")
    exchange = talk.client(octets).exchange
    assert (exchange.user, exchange.context) == (None, {"name": "User1"})


def test_a_secret_that_may_be_lost_is_not_denied():
    """That no password was sent is known only as long as all of the client's binds are there."""
    talk = Connection()
    exchange = talk.client(sasl(1, b"PLAIN")).exchange
    assert exchange.mechanism_detail == "no-secret"
    talk.server(answer(1, 14))
    assert exchange.mechanism_detail == "no-secret"
    talk.loses(CLIENT, 40)
    talk.server(answer(2, 49))
    assert exchange.mechanism_detail is None


def test_a_secret_that_was_sent_stays_so():
    """Also where another message without one follows it."""
    talk = Connection()
    exchange = talk.client(sasl(1, b"OAUTHBEARER", b"n,,\1auth=Bearer t\1\1")).exchange
    talk.server(answer(1, 14, b"{}"))
    assert talk.client(sasl(2, b"OAUTHBEARER", b"\1")).exchange is exchange
    assert exchange.mechanism_detail is None
