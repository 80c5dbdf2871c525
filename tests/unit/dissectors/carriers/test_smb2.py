"""SMB2 and SMB3 conversations: session setups, negotiates, trees and logoffs."""

from __future__ import annotations

import struct

import pytest

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.smb import SmbCarrier

MORE, OK, LOGON_FAILURE, PENDING = 0xC0000016, 0, 0xC000006D, 0x103
NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT = 0, 1, 2, 3
GUID = bytes(range(16))


def packet(message):
    return struct.pack(">I", len(message)) + message


def header(command, mid, session=0, *, status=0, flags=0, following=0):
    return struct.pack(
        "<4sHHIHHIIQIIQ16s",
        b"\xfeSMB",
        64,
        1,
        status,
        command,
        1,
        flags,
        following,
        mid,
        0,
        0,
        session,
        b"",
    )


def setup_request(token=b"token", *, binding=0, previous=0, offset=88):
    return struct.pack("<HBBIIHHQ", 25, binding, 1, 0, 0, offset, len(token), previous) + token


def setup_response(token=b"reply", flags=0):
    return struct.pack("<HHHH", 9, flags, 72, len(token)) + token


ERROR_BODY = struct.pack("<HBBIB", 9, 0, 0, 0, 0)


def negotiate_request(dialects=(0x0202, 0x0311), mode=1, name=None):
    body = struct.pack("<HHHHI16s", 36, len(dialects), mode, 0, 0, GUID)
    listed = struct.pack(f"<{len(dialects)}H", *dialects)
    if name is None:
        return body + bytes(8) + listed
    contexts = struct.pack("<HHI", 1, 6, 0) + b"preauth!"
    wide = name.encode("utf-16-le")
    contexts += struct.pack("<HHI", 5, len(wide), 0) + wide
    offset = -(-(64 + 36 + len(listed)) // 8) * 8
    pad = bytes(offset - 64 - 36 - len(listed))
    return body + struct.pack("<IHH", offset, 2, 0) + listed + pad + contexts


def negotiate_response(dialect=0x0311, mode=1, token=b"hint", time=132_000_000_000_000_000):
    fixed = struct.pack(
        "<HHHH16sIIIIQQHHI", 65, mode, dialect, 0, GUID, 7, 1, 1, 1, time, 0, 128, len(token), 0
    )
    return fixed + token


def tree_request(path="\\\\files\\docs"):
    wide = path.encode("utf-16-le")
    return struct.pack("<HHHH", 9, 0, 72, len(wide)) + wide


class Conversation:
    """Feeds one message per segment; frames count from 1."""

    def __init__(self):
        self.said = []
        self.carrier = SmbCarrier(self.said.append)
        self.frame = 0
        self.ends = [0, 0]

    def send(self, side, data):
        self.frame += 1
        self.carrier.receive(side, self.ends[side], data, self.frame, self.frame * 1000)
        self.ends[side] += len(data)

    def ask(self, command, mid, body, session=0, flags=0):
        self.send(CLIENT, packet(header(command, mid, session, flags=flags) + body))

    def answer(self, command, mid, body, session=0, status=0, flags=0):
        self.send(
            SERVER, packet(header(command, mid, session, status=status, flags=flags | 1) + body)
        )

    def log_on(self, session=0x11, mid=1):
        self.ask(SESSION_SETUP, mid, setup_request())
        self.answer(SESSION_SETUP, mid, setup_response(), session)
        return self.said[-1].exchange

    def kinds(self):
        return [message.kind for message in self.said]


@pytest.fixture
def talk():
    return Conversation()


def test_three_legs(talk):
    """An NTLM logon: the session id joins the legs, each leg keeps token, frame and status."""
    talk.ask(NEGOTIATE, 0, negotiate_request())
    talk.answer(NEGOTIATE, 0, negotiate_response())
    talk.ask(SESSION_SETUP, 1, setup_request(b"one"))
    talk.answer(SESSION_SETUP, 1, setup_response(b"two"), 0x4000000000000011, MORE)
    talk.ask(SESSION_SETUP, 2, setup_request(b"three"), 0x4000000000000011)
    talk.answer(SESSION_SETUP, 2, setup_response(b""), 0x4000000000000011, OK)
    hint, *legs = talk.said
    assert hint.kind == "hint"
    assert [leg.kind for leg in legs] == ["request", "response"] * 2
    assert [leg.token for leg in legs] == [b"one", b"two", b"three", b""]
    assert [leg.side for leg in legs] == [CLIENT, SERVER] * 2
    assert [leg.frame for leg in legs] == [3, 4, 5, 6]
    assert [leg.ts_ns for leg in legs] == [3000, 4000, 5000, 6000]
    assert [leg.status and leg.status.name for leg in legs] == [
        None,
        "STATUS_MORE_PROCESSING_REQUIRED",
        None,
        "STATUS_SUCCESS",
    ]
    assert len({id(leg.exchange) for leg in legs}) == 1
    exchange = legs[0].exchange
    assert exchange.carrier == "smb2"
    assert exchange.carrier_version == "SMB 3.1.1"
    assert exchange.key == "0x4000000000000011"
    assert exchange.context["dialect"] == "SMB 3.1.1"


def test_token_place(talk):
    """A token's span counts in the stream direction, and only its own frames are listed."""
    message = packet(header(SESSION_SETUP, 1) + setup_request(b"x" * 50))
    talk.send(CLIENT, message[:100])
    talk.send(CLIENT, message[100:])
    (leg,) = talk.said
    assert leg.token_span == (92, 142)
    assert message[92:142] == leg.token
    assert leg.frames == (1, 2)
    assert leg.frame == 2


def test_interleaved_sessions(talk):
    """Two users log on at once over one connection."""
    talk.ask(SESSION_SETUP, 1, setup_request(b"a1"))
    talk.ask(SESSION_SETUP, 2, setup_request(b"b1"))
    talk.answer(SESSION_SETUP, 2, setup_response(b"b2"), 0xB, MORE)
    talk.answer(SESSION_SETUP, 1, setup_response(b"a2"), 0xA, MORE)
    talk.ask(SESSION_SETUP, 3, setup_request(b"a3"), 0xA)
    talk.ask(SESSION_SETUP, 4, setup_request(b"b3"), 0xB)
    talk.answer(SESSION_SETUP, 4, ERROR_BODY, 0xB, LOGON_FAILURE)
    talk.answer(SESSION_SETUP, 3, setup_response(b"a4"), 0xA, OK)
    by_key = {}
    for leg in talk.said:
        by_key.setdefault(leg.exchange.key, []).append(leg.token)
    assert by_key == {
        "0x000000000000000a": [b"a1", b"a2", b"a3", b"a4"],
        "0x000000000000000b": [b"b1", b"b2", b"b3", None],
    }


def test_logon_failure(talk):
    """A refusal has the error body, which holds no token; a new try is a new exchange."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    talk.answer(SESSION_SETUP, 1, ERROR_BODY, 0x11, LOGON_FAILURE)
    talk.ask(SESSION_SETUP, 2, setup_request())
    refused, again = talk.said[1], talk.said[2]
    assert refused.token is None
    assert refused.status == (
        "failure",
        LOGON_FAILURE,
        "STATUS_LOGON_FAILURE",
        "ntstatus",
        None,
        None,
    )
    assert again.exchange is not refused.exchange


REJECT = bytes.fromhex("a1073005a0030a0102")


@pytest.mark.parametrize("padding", [0, 7])
def test_refusal_with_a_token(talk, padding):
    """Some servers refuse with the response's own body: its token is read, its flags mean nothing."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    body = setup_response(REJECT, flags=1) + bytes(padding)
    talk.answer(SESSION_SETUP, 1, body, 0x11, LOGON_FAILURE)
    leg = talk.said[-1]
    assert (leg.token, leg.anomalies) == (REJECT, ())
    assert leg.token_span.end - leg.token_span.start == len(REJECT)
    assert leg.context == {}
    assert "guest" not in leg.exchange.context


def test_refusal_with_an_empty_token(talk):
    """The place of the token is there, as in a success without one."""
    talk.answer(SESSION_SETUP, 1, setup_response(b""), 0x11, LOGON_FAILURE)
    (leg,) = talk.said
    assert leg.token == b""
    assert "bad-length" not in [a.code for a in leg.anomalies]


@pytest.mark.parametrize(
    "body",
    [
        ERROR_BODY,
        ERROR_BODY[:-1],  # without the byte that stands for no data
        struct.pack("<HBBI", 9, 0, 0, 72) + bytes(72),  # a count like an offset
        struct.pack("<HBBI", 9, 1, 0, 16) + struct.pack("<II", 8, 0) + b"\xa1\x07\x30\x05" * 2,
    ],
)
def test_data_of_an_error_is_no_token(talk, body):
    """A count of ERROR that fits its message is never taken for a token's place."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    talk.answer(SESSION_SETUP, 1, body, 0x11, LOGON_FAILURE)
    assert (talk.said[-1].token, talk.said[-1].anomalies) == (None, ())


@pytest.mark.parametrize(
    "body",
    [
        setup_response(b"no token at all"),
        setup_response(REJECT)[:-1],
        struct.pack("<HBBI", 9, 0, 0, 4000) + bytes(8),
    ],
)
def test_a_refusal_that_is_neither(talk, body):
    """Bytes that fit neither body are no token, and the refusal says so."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    talk.answer(SESSION_SETUP, 1, body, 0x11, LOGON_FAILURE)
    leg = talk.said[-1]
    assert leg.token is None
    assert leg.status.verdict == "failure"
    assert [a.code for a in leg.anomalies] == ["bad-length"]


def test_refusal_that_ends_early(talk):
    """A refusal without a body keeps its status and says what is wrong."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    talk.answer(SESSION_SETUP, 1, b"\x09\0", 0x11, LOGON_FAILURE)
    leg = talk.said[-1]
    assert leg.status.name == "STATUS_LOGON_FAILURE"
    assert [a.code for a in leg.anomalies] == ["malformed-message"]


@pytest.mark.parametrize("there", [0, 4])
def test_refusal_whose_end_is_not_captured(talk, there):
    """The token is read as far as it is there, and the cut is told."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    message = packet(
        header(SESSION_SETUP, 1, 0x11, status=LOGON_FAILURE, flags=1) + setup_response(REJECT)
    )
    talk.send(SERVER, message[: 4 + 72 + there])
    talk.carrier.end(None, "capture-end", 3, 3000)
    leg = next(each for each in talk.said if getattr(each, "kind", "") == "response")
    assert leg.token == (REJECT[:there] or None)
    assert [a.code for a in leg.anomalies] == ["cut-off"]


def test_multi_protocol_negotiate(talk):
    """An SMB1 NEGOTIATE is answered in SMB2 with a hint; the real NEGOTIATE brings a second one."""
    smb1 = struct.pack("<4sBIBHH8sHHHHH", b"\xffSMB", 0x72, 0, 0x18, 0xC853, 0, b"", 0, 0, 1, 0, 0)
    names = b"\x02NT LM 0.12\0\x02SMB 2.???\0"
    talk.send(CLIENT, packet(smb1 + struct.pack("<BH", 0, len(names)) + names))
    talk.answer(NEGOTIATE, 0, negotiate_response(0x02FF, token=b"first"))
    talk.ask(NEGOTIATE, 1, negotiate_request())
    talk.answer(NEGOTIATE, 1, negotiate_response(0x0302, token=b"second"))
    talk.ask(SESSION_SETUP, 2, setup_request())
    first, second, leg = talk.said
    assert (first.token, first.context["dialect"]) == (b"first", "SMB 2.???")
    assert "carrier_version" not in first.context
    assert (second.token, second.context["dialect"]) == (b"second", "SMB 3.0.2")
    assert second.context["carrier_version"] == "SMB 3.0.2"
    assert first.context["carrier"] == second.context["carrier"] == "smb2"
    assert first.exchange is second.exchange is None
    assert leg.exchange.carrier_version == "SMB 3.0.2"


@pytest.mark.parametrize(
    ("dialect", "version"),
    [
        (0x0202, "SMB 2.0.2"),
        (0x0210, "SMB 2.1"),
        (0x0300, "SMB 3.0"),
        (0x0302, "SMB 3.0.2"),
        (0x0311, "SMB 3.1.1"),
        (0x0777, "SMB 0x0777"),
    ],
)
def test_dialects(talk, dialect, version):
    """Every dialect has its name, an unknown one its number."""
    talk.answer(NEGOTIATE, 0, negotiate_response(dialect))
    assert talk.said[0].context["dialect"] == version
    assert talk.log_on().carrier_version == version


def test_negotiate_facts(talk):
    """The hint tells both sides' signing, the server's GUID and its clock."""
    talk.ask(NEGOTIATE, 0, negotiate_request(mode=2))
    talk.answer(NEGOTIATE, 0, negotiate_response(mode=1, time=123))
    facts = talk.said[0].context
    assert facts["signing_enabled"]
    assert not facts["signing_required"]
    assert facts["client_signing_required"]
    assert not facts["client_signing_enabled"]
    assert facts["server_guid"] == facts["client_guid"] == GUID.hex()
    assert facts["system_time"] == 123


def test_empty_hint(talk):
    """A server may leave its hint empty: the token's place is there."""
    talk.answer(NEGOTIATE, 0, negotiate_response(token=b""))
    assert talk.said[0].token == b""
    assert talk.said[0].anomalies == ()


def test_refused_negotiate(talk):
    """A server that refuses every dialect gives no hint."""
    talk.answer(NEGOTIATE, 0, ERROR_BODY, status=0xC00000BB)
    assert talk.said == []


def test_net_name(talk):
    """SMB 3.1.1 names the server in the NEGOTIATE; the first share's name is the better one."""
    talk.ask(NEGOTIATE, 0, negotiate_request(name="files.example"))
    talk.answer(NEGOTIATE, 0, negotiate_response())
    exchange = talk.log_on()
    assert talk.said[0].context["server_name"] == "files.example"
    assert exchange.server_name == "files.example"
    talk.ask(TREE_CONNECT, 5, tree_request("\\\\10.0.0.7\\docs"), 0x11)
    assert exchange.server_name == "10.0.0.7"


def test_net_name_only_in_3_1_1(talk):
    """Older dialects have a time where 3.1.1 points to its contexts."""
    request = negotiate_request((0x0202, 0x0210), name="files.example")
    talk.ask(NEGOTIATE, 0, request)
    assert talk.log_on().server_name is None


def test_reauthentication(talk):
    """An established session that sets itself up again is a second exchange with the same key."""
    first = talk.log_on()
    talk.ask(SESSION_SETUP, 5, setup_request(), 0x11, flags=8)
    talk.answer(SESSION_SETUP, 5, setup_response(), 0x11, MORE, flags=8)
    talk.ask(SESSION_SETUP, 6, setup_request(), 0x11, flags=8)
    talk.answer(SESSION_SETUP, 6, setup_response(), 0x11, OK, flags=8)
    second = talk.said[-1].exchange
    assert second is not first
    assert (second.key, second.reauthentication) == (first.key, True)
    assert [leg.exchange for leg in talk.said[2:]] == [second] * 4
    assert (first.signed_messages, second.signed_messages) == (0, 0)


def test_session_binding(talk):
    """A session of another connection binds this one: an exchange of its own, and it says so."""
    talk.ask(SESSION_SETUP, 1, setup_request(binding=1), 0x11)
    talk.answer(SESSION_SETUP, 1, setup_response(), 0x11, MORE)
    talk.ask(SESSION_SETUP, 2, setup_request(binding=1), 0x11)
    request, _, second = talk.said
    assert request.context == {"binding": True}
    assert request.exchange is second.exchange
    assert request.exchange.reauthentication
    assert request.exchange.context["binding"]


def test_a_session_of_another_connection(talk):
    """It is told of a session that no answer gave on this connection, however it ended there."""
    talk.log_on()
    talk.ask(SESSION_SETUP, 5, setup_request(), 0x22)
    talk.answer(SESSION_SETUP, 5, setup_response(), 0x22, 0xC0000203)
    assert talk.said[-1].exchange.context["foreign_session"]
    talk.ask(SESSION_SETUP, 6, setup_request(), 0x22)  # the refusal gave nothing
    assert talk.said[-1].exchange.context["foreign_session"]
    talk.answer(SESSION_SETUP, 6, setup_response(), 0x22, 0xC0000203)
    talk.ask(LOGOFF, 7, bytes(4), 0x11)
    for mid, session, binding in ((8, 0x11, 0), (9, 0, 0), (10, 0x33, 1)):
        talk.ask(SESSION_SETUP, mid, setup_request(binding=binding), session)
        assert "foreign_session" not in talk.said[-1].exchange.context


def test_previous_session(talk):
    """A reconnecting client names the session it lost."""
    talk.ask(SESSION_SETUP, 1, setup_request(previous=0x99))
    assert talk.said[0].context == {"previous_session": "0x0000000000000099"}


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [(None, 1, (True, False)), (3, 1, (True, True)), (1, 2, (True, True)), (1, 0, (True, False))],
)
def test_both_requests_tell_the_clients_signing(talk, first, then, said):
    """NEGOTIATE and SESSION_SETUP each have a SecurityMode; what either says holds (3.3.5.5)."""
    if first is not None:
        talk.ask(NEGOTIATE, 0, negotiate_request(mode=first))
        talk.answer(NEGOTIATE, 0, negotiate_response())
    setup = bytearray(setup_request())
    setup[3] = then
    talk.ask(SESSION_SETUP, 1, bytes(setup))
    facts = talk.said[-1].exchange.context
    assert (facts["client_signing_enabled"], facts["client_signing_required"]) == said


@pytest.mark.parametrize(
    ("flags", "context"),
    [(1, {"guest": True}), (2, {"null": True}), (4, {"encrypt": True}), (0, {})],
)
def test_session_flags(talk, flags, context):
    """Guest, null and encrypted sessions are told by the success alone."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    talk.answer(SESSION_SETUP, 1, setup_response(flags=flags), 0x11)
    assert talk.said[-1].context == context
    assert talk.said[-1].exchange.context.items() >= context.items()


def test_interim_answer(talk):
    """STATUS_PENDING is no answer: the real one comes under the same MessageId."""
    talk.ask(SESSION_SETUP, 1, setup_request())
    talk.answer(SESSION_SETUP, 1, ERROR_BODY, 0x11, PENDING, flags=2)
    talk.answer(SESSION_SETUP, 1, setup_response(), 0x11, OK)
    assert talk.kinds() == ["request", "response"]
    assert talk.said[0].exchange is talk.said[1].exchange


def test_answer_without_request(talk):
    """An answer whose request the capture lacks opens an exchange and says so."""
    talk.answer(SESSION_SETUP, 7, setup_response(), 0x11)
    (leg,) = talk.said
    assert leg.context["request_missing"]
    assert [a.code for a in leg.anomalies] == ["unmatched-response"]


def test_tree_connect_refused(talk):
    """A share refused to an authenticated session is told with its path and status."""
    exchange = talk.log_on()
    talk.ask(TREE_CONNECT, 5, tree_request("\\\\files\\secret"), 0x11)
    talk.answer(TREE_CONNECT, 5, ERROR_BODY, 0x11, 0xC0000022)
    after = talk.said[-1]
    assert after.kind == "after"
    assert after.exchange is exchange
    assert after.side == SERVER
    assert after.status.name == "STATUS_ACCESS_DENIED"
    assert after.context == {"event": "tree-connect", "path": "\\\\files\\secret"}


READ, EXPIRED = 8, 0xC000035C


@pytest.mark.parametrize("cuts", [(), (30,), (4, 68), (70,)])
def test_a_session_that_is_over(talk, cuts):
    """Whatever is asked for: it is told once, of the logon that the session is of, however the answer is cut."""
    first, other = talk.log_on(), talk.log_on(0x22, 2)
    for mid in (3, 4):
        talk.ask(READ, mid, bytes(49), 0x11)
        answer = packet(header(READ, mid, 0x11, status=EXPIRED, flags=1) + ERROR_BODY)
        for begin, end in zip((0, *cuts), (*cuts, len(answer)), strict=True):
            talk.send(SERVER, answer[begin:end])
    told = [message for message in talk.said if message.kind == "after"]
    assert [(one.exchange, one.side, one.context) for one in told] == [
        (first, SERVER, {"event": "use"})
    ]
    assert told[0].status.name == "STATUS_NETWORK_SESSION_EXPIRED"
    talk.ask(SESSION_SETUP, 5, setup_request(), 0x11)
    talk.answer(SESSION_SETUP, 5, setup_response(), 0x11)
    again = talk.said[-1].exchange
    assert again.reauthentication
    talk.answer(READ, 6, ERROR_BODY, 0x11, EXPIRED)
    assert (talk.said[-1].kind, talk.said[-1].exchange) == ("after", again)
    assert other.plain_messages == 0


def test_a_session_that_is_over_and_nobodys(talk):
    """Neither a session that nobody saw set up, nor what a client says in the server's place, is told."""
    talk.answer(READ, 3, ERROR_BODY, 0x77, EXPIRED)
    talk.log_on()
    said = len(talk.said)
    talk.send(CLIENT, packet(header(READ, 4, 0x11, status=EXPIRED) + bytes(49)))
    talk.send(CLIENT, packet(header(READ, 5, 0x11, status=EXPIRED, flags=1) + ERROR_BODY))
    assert len(talk.said) == said


def test_tree_connect_of_strangers(talk):
    """A share refused to a session that nobody saw set up is nobody's business."""
    talk.ask(TREE_CONNECT, 5, tree_request(), 0x77)
    talk.answer(TREE_CONNECT, 5, ERROR_BODY, 0x77, 0xC0000022)
    assert talk.said == []


def test_logoff(talk):
    """LOGOFF ends the session; its number may not be counted on afterwards."""
    exchange = talk.log_on()
    talk.ask(LOGOFF, 5, bytes(4), 0x11)
    after = talk.said[-1]
    assert (after.kind, after.side, after.context) == ("after", CLIENT, {"event": "logoff"})
    assert after.exchange is exchange
    talk.ask(SESSION_SETUP, 6, setup_request(), 0x11)
    assert not talk.said[-1].exchange.reauthentication


@pytest.mark.parametrize(
    ("body", "code", "token"),
    [
        (setup_request(b"token", offset=500), "bad-offset", None),
        (setup_request(b"token", offset=20), "bad-offset", None),
        (setup_request(b"token")[:-2], "bad-length", b"tok"),
        (setup_request(b"")[:10], "malformed-message", None),
    ],
)
def test_malformed_request(talk, body, code, token):
    """A broken session setup is still a leg, with its fault."""
    talk.ask(SESSION_SETUP, 1, body)
    (leg,) = talk.said
    assert leg.token == token
    assert [a.code for a in leg.anomalies] == [code]


def test_malformed_answers(talk):
    """Answers that end early keep their status and say what is wrong."""
    talk.answer(NEGOTIATE, 0, bytes(10))
    talk.ask(NEGOTIATE, 1, bytes(10))
    talk.ask(SESSION_SETUP, 2, setup_request())
    talk.answer(SESSION_SETUP, 2, b"\x09", 0x11)
    hint, _, leg = talk.said
    assert [a.code for a in hint.anomalies] == ["malformed-message"]
    assert leg.status.verdict == "success"
    assert [a.code for a in leg.anomalies] == ["malformed-message"]


@pytest.mark.parametrize(
    "body", [bytes(4), struct.pack("<HHHH", 9, 0, 72, 400), struct.pack("<HHHH", 9, 0, 10, 4)]
)
def test_unreadable_tree_path(talk, body):
    """A path that cannot be read leaves the server's name alone."""
    exchange = talk.log_on()
    talk.ask(TREE_CONNECT, 5, body, 0x11)
    assert exchange.server_name is None


def test_net_name_contexts_out_of_bounds(talk):
    """Negotiate contexts that point outside the message are no name."""
    body = bytearray(negotiate_request(name="x"))
    for offset in (0, 10, 5000):
        body[28:32] = struct.pack("<I", offset)
        talk.ask(NEGOTIATE, 0, bytes(body))
    assert talk.log_on().server_name is None
