"""SMB framing: borders, compounds, skipping, counting, gaps and the end of a connection."""

from __future__ import annotations

import struct

import pytest

from dissectors.anomaly import CODES
from dissectors.carriers.base import CLIENT, SERVER, CarrierAnomaly, CarrierMessage, Limits
from dissectors.carriers.smb import SmbCarrier

SESSION_SETUP, LOGOFF, TREE_CONNECT, READ, WRITE, IOCTL = 1, 2, 3, 8, 9, 11
SIGNED, RELATED = 8, 4
MORE, PENDING = 0xC0000016, 0x103
ALL_ONES = 0xFFFFFFFFFFFFFFFF


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


def setup_request(token=b"token"):
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token


def setup_response(token=b"reply"):
    return struct.pack("<HHHH", 9, 0, 72, len(token)) + token


def transform(session, size=200):
    return struct.pack("<4s16s16sIHHQ", b"\xfdSMB", b"", b"", size, 0, 1, session) + bytes(size)


def negotiate_response(dialect, mode):
    return struct.pack("<HHHH16sIIIIQQHHI", 65, mode, dialect, 0, b"", 7, 1, 1, 1, 0, 0, 128, 0, 0)


class Wire:
    """Two directions as the pipeline feeds them; every segment is a frame."""

    def __init__(self, **options):
        self.out = []
        self.carrier = SmbCarrier(self.out.append, **options)
        self.frame = 0
        self.ends = [0, 0]

    def send(self, side, data):
        self.frame += 1
        self.carrier.receive(side, self.ends[side], data, self.frame, self.frame * 1000)
        self.ends[side] += len(data)

    def lose(self, side, length):
        self.ends[side] += length
        window = self.carrier.windows[side]
        window.restart(self.ends[side])
        window.frame, window.ts_ns = self.frame + 1, 0
        self.carrier.gap(side, length, self.frame + 1, 0)

    def ask(self, command, mid, body=b"", session=0x11, **kwargs):
        self.send(CLIENT, packet(header(command, mid, session, **kwargs) + body))

    def answer(self, command, mid, body=b"", session=0x11, flags=0, **kwargs):
        self.send(SERVER, packet(header(command, mid, session, flags=flags | 1, **kwargs) + body))

    def log_on(self, session=0x11, mid=1):
        self.ask(SESSION_SETUP, mid, setup_request(), 0)
        self.answer(SESSION_SETUP, mid, setup_response(), session)
        return self.messages[-1].exchange

    @property
    def messages(self):
        return [item for item in self.out if isinstance(item, CarrierMessage)]

    @property
    def anomalies(self):
        return [item.anomaly for item in self.out if isinstance(item, CarrierAnomaly)]

    @property
    def codes(self):
        return [anomaly.code for anomaly in self.anomalies]


@pytest.fixture
def wire():
    return Wire()


def counts(exchange):
    return exchange.signed_messages, exchange.sealed_messages, exchange.plain_messages


# -- protection ----------------------------------------------------------------------------------------


def test_signed_plain_and_sealed_are_counted(wire):
    """Messages after the success count for the exchange that owns their session."""
    exchange = wire.log_on()
    assert counts(exchange) == (0, 0, 0)
    wire.ask(READ, 5, bytes(49), flags=SIGNED)
    wire.answer(READ, 5, bytes(80), flags=SIGNED)
    wire.ask(WRITE, 6, bytes(60))
    wire.send(CLIENT, packet(transform(0x11)))
    wire.send(SERVER, packet(transform(0x11)))
    wire.send(SERVER, packet(transform(0x99)))
    wire.ask(READ, 7, bytes(49), session=0x99, flags=SIGNED)
    assert counts(exchange) == (2, 2, 1)
    assert wire.codes == []


def test_two_sessions_are_counted_apart(wire):
    """Each session's messages belong to its own exchange."""
    first, second = wire.log_on(0x11, 1), wire.log_on(0x22, 2)
    wire.ask(READ, 5, bytes(49), 0x11, flags=SIGNED)
    wire.ask(READ, 6, bytes(49), 0x22)
    assert counts(first) == (1, 0, 0)
    assert counts(second) == (0, 0, 1)


def test_interim_answers_are_not_counted(wire):
    """Servers do not sign STATUS_PENDING, whatever was agreed."""
    exchange = wire.log_on()
    wire.answer(READ, 5, bytes(9), status=PENDING)
    assert counts(exchange) == (0, 0, 0)


@pytest.mark.parametrize(
    ("dialect", "mode", "signed"), [(0x0311, 1, 0), (0x0311, 3, 2), (0x0302, 1, 2)]
)
def test_tree_connect_signed_by_rule(wire, dialect, mode, signed):
    """SMB 3.1.1 signs TREE_CONNECT always; it tells of the session only where signing is required."""
    wire.answer(0, 0, negotiate_response(dialect, mode), 0)
    exchange = wire.log_on()
    wire.ask(TREE_CONNECT, 5, bytes(8), flags=SIGNED)
    wire.answer(TREE_CONNECT, 5, bytes(16), flags=SIGNED)
    assert exchange.signed_messages == signed
    wire.ask(READ, 6, bytes(49))
    assert exchange.plain_messages == 1


@pytest.mark.parametrize("code", [0x00140204, 0x001401FC])
def test_controls_signed_by_rule(wire, code):
    """VALIDATE_NEGOTIATE_INFO and QUERY_NETWORK_INTERFACE_INFO are signed always; other controls tell."""
    exchange = wire.log_on()
    wire.ask(IOCTL, 5, struct.pack("<HHI", 57, 0, code) + bytes(48), flags=SIGNED)
    assert counts(exchange) == (0, 0, 0)
    wire.ask(IOCTL, 6, struct.pack("<HHI", 57, 0, 0x00060194) + bytes(48), flags=SIGNED)
    assert counts(exchange) == (1, 0, 0)


def test_an_error_that_answers_a_control_does_not_say_which(wire):
    """A server refuses to confirm the dialect, signed by rule; a result tells as any message does."""
    exchange = wire.log_on()
    wire.answer(IOCTL, 5, struct.pack("<HHI", 9, 0, 0) + b"\0", status=0xC0000128, flags=SIGNED)
    assert counts(exchange) == (0, 0, 0)
    wire.answer(IOCTL, 6, struct.pack("<HHI", 49, 0, 0x00060194) + bytes(40), flags=SIGNED)
    assert counts(exchange) == (1, 0, 0)


def test_a_cut_request_ends_no_session(wire):
    """What an answer calls status has another meaning in a request, also in one whose rest is lost."""
    wire.log_on()
    said = len(wire.messages)
    whole = packet(header(WRITE, 5, 0x11, status=0xC000035C) + bytes(200))
    wire.send(CLIENT, whole[:90])
    wire.lose(CLIENT, len(whole) - 90)
    assert len(wire.messages) == said


def test_the_answer_to_a_logoff_still_counts(wire):
    """The session ends with it; what names that session later belongs to nobody."""
    exchange = wire.log_on()
    wire.ask(LOGOFF, 5, bytes(4), flags=SIGNED)
    wire.answer(LOGOFF, 5, bytes(4), flags=SIGNED)
    wire.answer(LOGOFF, 6, bytes(4), flags=SIGNED)
    wire.answer(READ, 7, bytes(80), flags=SIGNED)
    assert counts(exchange) == (2, 0, 0)


def test_messages_read_before_the_success_count(wire):
    """Where the server's bytes are late, the client's side is read first; the session is the same."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    wire.answer(SESSION_SETUP, 1, setup_response(), 0x11, status=MORE)
    wire.ask(SESSION_SETUP, 2, setup_request(), 0x11)
    wire.ask(READ, 3, bytes(49), 0x11, flags=SIGNED)
    wire.send(CLIENT, packet(transform(0x11)))
    wire.answer(SESSION_SETUP, 2, setup_response(), 0x11)
    wire.answer(READ, 3, bytes(80), 0x11, flags=SIGNED)
    assert counts(wire.messages[-1].exchange) == (2, 1, 0)


# -- borders -------------------------------------------------------------------------------------------


def test_bodies_are_skipped(wire):
    """Of a READ answer only the header is held; the next message follows behind its body."""
    wire.log_on()
    body = 1_000_000
    wire.send(SERVER, struct.pack(">I", 64 + body) + header(READ, 5, 0x11, flags=1) + bytes(100))
    window = wire.carrier.windows[SERVER]
    assert window.skipping == body - 100
    wire.send(
        SERVER,
        bytes(body - 100) + packet(header(SESSION_SETUP, 6, 0x22, flags=1) + setup_response()),
    )
    assert wire.messages[-1].exchange.key == "0x0000000000000022"
    assert wire.codes == []


def test_feeding_byte_by_byte_changes_nothing():
    """The same stream in segments of one byte gives the same messages and counts."""
    stream = [
        (CLIENT, packet(header(SESSION_SETUP, 1) + setup_request(b"one"))),
        (
            SERVER,
            packet(header(SESSION_SETUP, 1, 0x11, status=MORE, flags=1) + setup_response(b"two")),
        ),
        (CLIENT, packet(header(SESSION_SETUP, 2, 0x11) + setup_request(b"three"))),
        (
            SERVER,
            b"\x85\x00\x00\x00"
            + packet(header(SESSION_SETUP, 2, 0x11, flags=1) + setup_response(b"")),
        ),
        (
            CLIENT,
            packet(header(IOCTL, 3, 0x11, flags=SIGNED) + bytes(56)) + packet(transform(0x11)),
        ),
        (SERVER, packet(header(READ, 3, 0x11, flags=1) + bytes(300))),
        (CLIENT, packet(header(LOGOFF, 4, 0x11) + bytes(4))),
    ]
    whole, bytewise = Wire(), Wire()
    for side, data in stream:
        whole.send(side, data)
        for at in range(len(data)):
            bytewise.send(side, data[at : at + 1])
    assert len(whole.messages) == 5
    for one, other in zip(whole.messages, bytewise.messages, strict=True):
        assert (one.kind, one.side, one.token, one.token_span) == (
            other.kind,
            other.side,
            other.token,
            other.token_span,
        )
        assert (one.status, one.context) == (other.status, other.context)
        assert counts(one.exchange) == counts(other.exchange) == (1, 1, 2)
    assert whole.codes == bytewise.codes == []


def test_netbios_session(wire):
    """A NetBIOS session names the server and shortens lengths to 17 bits."""
    name = b"\x20" + b"EGEJEMEFFDCACACACACACACACACACACA" + b"\x00"
    wire.send(CLIENT, b"\x81\x00\x00")
    wire.send(CLIENT, b"\x44" + name)
    wire.send(CLIENT, name)
    wire.send(SERVER, b"\x82\x00\x00\x00")
    message = header(SESSION_SETUP, 1) + setup_request()
    wire.send(CLIENT, b"\x00\xfe" + struct.pack(">H", len(message)) + message)
    (leg,) = wire.messages
    assert leg.exchange.server_name == "FILES"
    assert wire.codes == []


@pytest.mark.parametrize("wildcard", ["*SMBSERVER"])
def test_netbios_wildcard_is_no_name(wire, wildcard):
    """`*SMBSERVER` asks for whoever answers."""
    letters = bytes(
        0x41 + half for byte in wildcard.ljust(16).encode() for half in divmod(byte, 16)
    )
    name = b"\x20" + letters + b"\x00"
    wire.send(
        CLIENT,
        b"\x81\x00\x00\x44" + name + name + packet(header(SESSION_SETUP, 1) + setup_request()),
    )
    assert wire.messages[0].exchange.server_name is None


def test_long_direct_message(wire):
    """Direct TCP lengths have 24 bits: a message of 300,000 bytes is followed by the next one."""
    message = header(READ, 5, 0x11) + bytes(300_000)
    wire.send(CLIENT, packet(message) + packet(header(SESSION_SETUP, 6) + setup_request()))
    assert [leg.token for leg in wire.messages] == [b"token"]


def test_compressed_messages_are_told_once(wire):
    """Compressed messages are passed over and told once per connection."""
    message = struct.pack("<4sIHHI", b"\xfcSMB", 100, 1, 0, 0) + bytes(40)
    wire.send(CLIENT, packet(message) * 3 + packet(header(SESSION_SETUP, 1) + setup_request()))
    assert wire.codes == ["compressed-message"]
    assert len(wire.messages) == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x28" + b"\xfeXMB" + bytes(36),
        b"\x00\x00\x00\x30" + b"\xfeSMB\x40\x00" + bytes(42),
        b"\x00\x00\x00\x50" + b"\xfeSMB\x41\x00" + bytes(74),
        b"\x00\x00\x00\x28" + b"\xffXMB" + bytes(36),
        b"\x00\x00\x00\x50" + b"\xfdXMB" + bytes(76),
        b"\x00\x00\x00\x28" + b"\xfdSMB" + bytes(36),
        b"\x00\x00\x00\x28" + b"\xfcXMB" + bytes(36),
        b"\x90\x00\x00\x04abcd",
        b"\x81\x00\xff\x00" + bytes(40),
        b"no SMB at all, but SMB in the text: SMB, \xfeSMB",
    ],
)
def test_lost_border(wire, rubbish):
    """What is no message is passed over, and its range is told."""
    wire.log_on()
    begin = wire.ends[CLIENT]
    wire.send(CLIENT, rubbish)
    wire.ask(SESSION_SETUP, 5, setup_request(b"next"), 0)
    assert [(a.code, a.span) for a in wire.anomalies] == [("desync", (begin, begin + len(rubbish)))]
    assert wire.messages[-1].token == b"next"


def test_flood_of_rubbish(wire):
    """A thousand lost borders end with a word about it, not with a thousand rows."""
    good = packet(header(READ, 1, 0x11) + bytes(8))
    wire.send(CLIENT, (b"rubbish!" + good) * 1000)
    assert len(wire.codes) == 64
    assert wire.codes[-1] == "limit-anomalies"


def test_beginning_inside_a_message(wire):
    """A capture that begins inside a body finds the next message."""
    wire.send(SERVER, bytes(5000))
    wire.send(
        SERVER, bytes(123) + packet(header(SESSION_SETUP, 9, 0x11, flags=1) + setup_response())
    )
    assert [(a.code, a.span) for a in wire.anomalies] == [("desync", (0, 5123))]
    (leg,) = wire.messages
    assert leg.context["request_missing"]


# -- gaps ----------------------------------------------------------------------------------------------


def test_gap_between_messages(wire):
    """Where whole messages are lost the next one follows at once: nothing is given up."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    wire.lose(CLIENT, 500)
    wire.ask(SESSION_SETUP, 3, setup_request(b"later"), 0)
    assert [leg.token for leg in wire.messages] == [b"token", b"later"]
    assert wire.codes == []


def test_gap_inside_a_message(wire):
    """The rest of a cut message is passed over, and the range from its beginning is told."""
    message = packet(header(READ, 1, 0x11) + bytes(400))
    wire.send(CLIENT, message[:30])
    wire.lose(CLIENT, 100)
    wire.send(CLIENT, message[130:])
    wire.ask(SESSION_SETUP, 3, setup_request(b"later"), 0)
    assert [(a.code, a.span) for a in wire.anomalies] == [("desync", (0, len(message)))]
    assert wire.messages[-1].token == b"later"


def test_gap_inside_a_token(wire):
    """The beginning of a token whose rest is lost is handed on as such."""
    message = packet(header(SESSION_SETUP, 1) + setup_request(b"t" * 400))
    wire.send(CLIENT, message[:200])
    wire.lose(CLIENT, 100)
    wire.send(CLIENT, message[300:])
    wire.answer(SESSION_SETUP, 1, setup_response(), 0x11)
    request, response = wire.messages
    assert request.token == b"t" * (200 - 92)
    assert [a.code for a in request.anomalies] == ["gap"]
    assert (request.frame, request.frames) == (1, (1,))
    assert request.token_span == (92, 200)
    assert response.exchange is request.exchange


@pytest.mark.parametrize(("kept", "told"), [(70, "gap"), (85, "gap")])
def test_gap_before_the_token(wire, kept, told):
    """An answer cut before its token still has its status."""
    message = packet(
        header(SESSION_SETUP, 1, 0x11, status=MORE, flags=1) + setup_response(bytes(300))
    )
    wire.send(SERVER, message[:kept])
    wire.lose(SERVER, len(message) - kept)
    (leg,) = wire.messages
    assert leg.status.verdict == "continue"
    assert told in [a.code for a in leg.anomalies]


@pytest.mark.parametrize(
    ("size", "kept", "lost"),
    [(600, 80, True), (600, 140, True), (600, 200, True), (600, 900, None), (0, 132, None)],
)
def test_a_hint_that_the_capture_cut_away_may_have_been_one(wire, size, kept, lost):
    """Whether the server spoke of mechanisms first is then not known."""
    body = negotiate_response(0x0311, 1)[:-8]
    said = packet(header(0, 0, flags=1) + body + struct.pack("<HHI", 128, size, 0))
    whole = said + bytes(size) if size else said
    wire.send(SERVER, (struct.pack(">I", len(whole) - 4) + whole[4:])[:kept])
    if kept < len(whole):
        wire.lose(SERVER, len(whole) - kept)
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    assert wire.messages[-1].exchange.context.get("hint_lost") is lost


def test_a_lost_negotiation_may_have_held_a_hint(wire):
    """Also where all of the answer is missing."""
    wire.lose(SERVER, 300)
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    assert wire.messages[-1].exchange.context["hint_lost"]


def test_gap_inside_an_smb1_message(wire):
    """SMB1 messages cut by a gap are read as far as they go."""
    smb1 = struct.pack(
        "<4sBIBHH8sHHHHH", b"\xffSMB", 0x73, 0xC000006D, 0x80, 0xC001, 0, b"", 0, 0, 1, 7, 9
    )
    message = packet(smb1 + bytes(60))
    wire.send(SERVER, message[:50])
    wire.lose(SERVER, len(message) - 50)
    (leg,) = wire.messages
    assert leg.status.name == "STATUS_LOGON_FAILURE"


def test_lost_answer_is_not_paired_with_the_next(wire):
    """An answer belongs to its own MessageId even where another answer is lost."""
    wire.ask(SESSION_SETUP, 1, setup_request(b"a"), 0)
    wire.ask(SESSION_SETUP, 2, setup_request(b"b"), 0)
    wire.lose(SERVER, 200)
    wire.answer(SESSION_SETUP, 2, setup_response(), 0x22)
    lost, answered, response = wire.messages
    assert response.exchange is answered.exchange
    assert lost.exchange.key == ""


# -- compounds -----------------------------------------------------------------------------------------


def element(command, mid, body, *, last=False, **kwargs):
    body += bytes(-len(body) % 8)
    return header(command, mid, following=0 if last else 64 + len(body), **kwargs) + body


def test_compound_is_walked(wire):
    """Each element is read by itself; related ones take the session of the one before."""
    exchange = wire.log_on()
    compound = (
        element(READ, 5, bytes(48), session=0x11, flags=SIGNED)
        + element(WRITE, 6, bytes(80), session=ALL_ONES, flags=RELATED | SIGNED)
        + element(SESSION_SETUP, 7, setup_request(b"inner"), last=True)
    )
    wire.send(CLIENT, packet(compound) + packet(header(READ, 8, 0x11, flags=SIGNED) + bytes(49)))
    assert counts(exchange) == (3, 0, 0)
    assert wire.messages[-1].token == b"inner"
    assert wire.codes == []


def test_compound_over_many_segments(wire):
    """A compound's session setup ends where the whole packet ends."""
    tree = struct.pack("<HHHH", 9, 0, 72, 8) + "\\\\ab".encode("utf-16-le")
    compound = packet(
        element(SESSION_SETUP, 7, setup_request(b"inner"))
        + element(TREE_CONNECT, 8, tree, last=True)
    )
    for at in range(0, len(compound), 40):
        wire.send(CLIENT, compound[at : at + 40])
    (leg,) = wire.messages
    assert leg.token == b"inner"
    assert leg.frame == wire.frame
    assert len(leg.frames) == 1


@pytest.mark.parametrize("following", [8, 63, 65, 70, 120, 0xFFFFFFF8])
def test_bad_next_command(wire, following):
    """A NextCommand that points astray ends the compound, and the next packet is read."""
    wire.send(CLIENT, packet(header(READ, 5, 0x11, following=following) + bytes(100)))
    wire.ask(SESSION_SETUP, 6, setup_request(b"next"), 0)
    assert wire.codes == ["malformed-message"]
    assert wire.messages[-1].token == b"next"


def test_element_that_is_no_smb(wire):
    """Rubbish between elements costs the rest of the packet only."""
    wire.send(CLIENT, packet(header(READ, 5, 0x11, following=72) + bytes(8) + bytes(72)))
    wire.ask(SESSION_SETUP, 6, setup_request(b"next"), 0)
    assert wire.codes == ["malformed-message"]
    assert wire.messages[-1].token == b"next"


@pytest.mark.parametrize(
    ("count", "codes"), [(128, []), (129, ["limit-count"]), (5000, ["limit-count"])]
)
def test_compound_limit(wire, count, codes):
    """More than 128 elements are not walked."""
    wire.send(
        CLIENT, packet(header(READ, 5, 0x11, following=64) * (count - 1) + header(READ, 5, 0x11))
    )
    wire.ask(SESSION_SETUP, 6, setup_request(b"next"), 0)
    assert wire.codes == codes
    assert wire.messages[-1].token == b"next"


# -- distrust ------------------------------------------------------------------------------------------


def test_client_cannot_answer_itself(wire):
    """A success that the client sends is left alone."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    wire.send(CLIENT, packet(header(SESSION_SETUP, 1, 0x11, flags=1) + setup_response()) * 2)
    assert [leg.kind for leg in wire.messages] == ["request"]
    assert wire.codes == ["malformed-message"] * 2


def test_oversized_session_setup():
    """A session setup beyond what is held is read as far as that and then passed over."""
    wire = Wire(limits=Limits(held=1000))
    message = packet(header(SESSION_SETUP, 1) + setup_request(b"x" * 40) + bytes(50_000))
    for at in range(0, len(message), 500):
        wire.send(CLIENT, message[at : at + 500])
        assert len(wire.carrier.windows[CLIENT].data) <= 1500
    wire.ask(SESSION_SETUP, 2, setup_request(b"next"), 0)
    assert [leg.token for leg in wire.messages] == [b"x" * 40, b"next"]
    assert wire.codes == ["limit-message-size"]


def test_message_too_large_to_believe():
    """A length beyond the limit is no length."""
    wire = Wire(limits=Limits(message=4000))
    wire.send(CLIENT, struct.pack(">I", 5000) + header(READ, 5, 0x11))
    wire.ask(SESSION_SETUP, 6, setup_request(b"next"), 0)
    assert wire.codes == ["desync"]
    assert wire.messages[-1].token == b"next"


def test_too_many_open_sessions():
    """Tables are bounded; that it happened is told once."""
    wire = Wire(limits=Limits(exchanges=8))
    for mid in range(50):
        wire.ask(SESSION_SETUP, mid, setup_request(), 0)
    assert len(wire.carrier.smb2.logons.asked) == 8
    assert wire.codes == ["limit-count"]


# -- the end -------------------------------------------------------------------------------------------


def closed(wire):
    return [
        (m.side, m.context["by"], m.context["how"], m.frame)
        for m in wire.messages
        if m.kind == "after"
    ]


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_server_closes_without_answer(wire, how):
    """Every exchange without an end is told once who closed the connection."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    wire.carrier.end(SERVER, how, 50, 50_000)
    wire.carrier.end(CLIENT, "rst", 51, 51_000)
    assert closed(wire) == [(SERVER, "server", how, 50)]
    assert wire.messages[-1].context["awaited"] == "server"


def test_answer_behind_the_clients_fin(wire):
    """A client may close its side and still be answered."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    wire.carrier.end(CLIENT, "fin", 50, 50_000)
    wire.answer(SESSION_SETUP, 1, setup_response())
    wire.carrier.end(SERVER, "fin", 52, 52_000)
    assert closed(wire) == []


def test_client_closes(wire):
    """Without an answer it is the client's FIN that counts, as it came first."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    wire.answer(SESSION_SETUP, 1, setup_response(), status=MORE)
    wire.carrier.end(CLIENT, "fin", 50, 50_000)
    wire.carrier.end(SERVER, "fin", 51, 51_000)
    assert closed(wire) == [(CLIENT, "client", "fin", 50)]
    assert wire.messages[-1].context["awaited"] == "client"


@pytest.mark.parametrize("heard", [True, False])
def test_capture_ends_behind_the_clients_fin(wire, heard):
    """Where nothing of the server was captured nobody can say that it did not answer."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    if heard:
        wire.answer(SESSION_SETUP, 1, setup_response(), status=MORE)
    wire.carrier.end(CLIENT, "fin", 50, 50_000)
    wire.carrier.end(None, "capture-end", 60, 60_000)
    assert len(closed(wire)) == heard


def test_capture_end_closes_nothing(wire):
    """The end of the capture is not the end of the connection."""
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    wire.carrier.end(None, "capture-end", 60, 60_000)
    assert closed(wire) == []
    assert wire.codes == []


@pytest.mark.parametrize(("how", "code"), [("capture-end", "cut-off"), ("evicted", "gap")])
def test_capture_ends_inside_a_token(wire, how, code):
    """What is there of the last token is handed on with its loss."""
    wire.send(CLIENT, packet(header(SESSION_SETUP, 1) + setup_request(b"t" * 400))[:200])
    wire.carrier.end(None, how, 60, 60_000)
    (leg,) = wire.messages
    assert leg.token == b"t" * 108
    assert [a.code for a in leg.anomalies] == [code]
    assert [(a.code, a.span) for a in wire.anomalies] == [(code, (0, 200))]


def test_sender_ends_inside_a_message(wire):
    """A FIN inside a message is the sender's fault."""
    wire.send(CLIENT, packet(header(SESSION_SETUP, 1) + setup_request(b"t" * 400))[:200])
    wire.carrier.end(CLIENT, "fin", 60, 60_000)
    wire.carrier.end(None, "capture-end", 61, 61_000)
    assert wire.codes == ["malformed-message"]
    assert wire.messages == []


def test_end_while_lost(wire):
    """Bytes that no border followed are told at the end."""
    wire.send(CLIENT, b"nothing of interest in here")
    wire.carrier.end(None, "capture-end", 60, 60_000)
    assert [(a.code, a.span) for a in wire.anomalies] == [("desync", (0, 27))]


def test_registered_codes(wire):
    """Anomalies carry codes of the registry and the frame they are in."""
    wire.send(CLIENT, b"rubbish" * 10)
    wire.ask(SESSION_SETUP, 1, setup_request(), 0)
    (anomaly,) = [item for item in wire.out if isinstance(item, CarrierAnomaly)]
    assert anomaly.anomaly.code in CODES
    assert (anomaly.side, anomaly.frame) == (CLIENT, 1)


def test_probe():
    """The carrier tells the side by the reply flag."""
    assert SmbCarrier.probe(packet(header(READ, 1) + bytes(49))) == CLIENT
    assert SmbCarrier.probe(packet(header(READ, 1, flags=1) + bytes(49))) == SERVER
    assert SmbCarrier.probe(b"HTTP/1.1 200 OK\r\n") is None
