"""Message borders of an LDAP connection: skipping, layers, hints, StartTLS, gaps, datagrams."""

import pytest

from dissectors.carriers.base import CLIENT, SERVER, CarrierAnomaly
from dissectors.carriers.ldap import LdapCarrier
from dissectors.recognise import wrap_kind
from dissectors.span import Span

TOKEN = bytes.fromhex("60480606") + bytes.fromhex("2b0601050502a03e") + b"t" * 1400
RESP = bytes.fromhex("a1073005a0030a0100")
SEALED = b"\x05\x04\x06\xff" + b"s" * 60
SIGNED = b"\x05\x04\x04\xff" + b"s" * 60
NTLM_WRAP = b"\1\0\0\0" + b"s" * 40


def ber(tag, *parts):
    """Build an element with four length octets, as Active Directory does."""
    body = b"".join(parts)
    return bytes([tag, 0x84]) + len(body).to_bytes(4) + body


def message(message_id, op, *parts):
    """Build an LDAPMessage."""
    return ber(0x30, b"\2\2" + message_id.to_bytes(2), ber(op, *parts))


def spnego_bind(message_id, token=TOKEN):
    """Build a GSS-SPNEGO bind."""
    return message(message_id, 0x60, b"\2\1\3\4\0", ber(0xA3, b"\4\x0aGSS-SPNEGO", ber(4, token)))


def digest_bind(message_id):
    """Build a DIGEST-MD5 bind."""
    return message(message_id, 0x60, b"\2\1\3\4\0", ber(0xA3, b"\4\x0aDIGEST-MD5"))


def anonymous_bind(message_id):
    """Build an anonymous bind."""
    return message(message_id, 0x60, b"\2\1\3\4\0\x80\0")


def bind_answer(message_id, code=0, *rest):
    """Build a BindResponse."""
    return message(message_id, 0x61, bytes([0x0A, 1, code]), b"\4\0\4\0", *rest)


def search(message_id, base=b"", rest=b"attributes"):
    """Build a SearchRequest of scope baseObject."""
    return message(message_id, 0x63, bytes([4, len(base)]) + base, b"\x0a\1\0", rest)


def entry(message_id, *names, name=b""):
    """Build a SearchResultEntry with supportedSASLMechanisms."""
    values = (bytes([4, len(value)]) + value for value in names)
    attribute = ber(0x30, b"\4\x17supportedSASLMechanisms", ber(0x31, *values))
    return message(message_id, 0x64, bytes([4, len(name)]) + name, ber(0x30, attribute))


def done(message_id):
    """Build a SearchResultDone."""
    return message(message_id, 0x65, b"\x0a\1\0\4\0\4\0")


def buffer(content):
    """Put a SASL buffer's length in front."""
    return len(content).to_bytes(4) + content


class Connection:
    """Says segments, each in its own frame, and keeps what the carrier tells."""

    def __init__(self, *, started_before=False, per_message_tokens=False):
        self.said = []
        self.carrier = LdapCarrier(self.said.append, started_before=started_before)
        self.carrier.per_message_tokens = per_message_tokens
        self.frame = 0
        self.ends = [0, 0]

    def says(self, side, octets):
        """Feed one segment and return what it made the carrier tell."""
        before = len(self.said)
        self.frame += 1
        self.carrier.receive(side, self.ends[side], octets, self.frame, self.frame * 1000)
        self.ends[side] += len(octets)
        return self.said[before:]

    def client(self, octets):
        """Say something as the client."""
        return self.says(CLIENT, octets)

    def server(self, octets):
        """Say something as the server."""
        return self.says(SERVER, octets)

    def loses(self, side, length):
        """Leave out bytes of one side."""
        before = len(self.said)
        self.frame += 1
        self.ends[side] += length
        window = self.carrier.windows[side]
        window.restart(self.ends[side])
        window.frame, window.ts_ns = self.frame, self.frame * 1000
        self.carrier.gap(side, length, self.frame, self.frame * 1000)
        return self.said[before:]

    def authenticates(self, *, octets=None):
        """Bind with success; return the exchange."""
        (request,) = self.client(octets or spnego_bind(1))
        self.server(bind_answer(1, 0))
        return request.exchange


def test_probe_tells_the_side():
    """Requests are the client's, answers the server's, other bytes nobody's."""
    assert LdapCarrier.probe(spnego_bind(1)) == CLIENT
    assert LdapCarrier.probe(bind_answer(1)) == SERVER
    assert LdapCarrier.probe(buffer(SEALED)) is None
    assert LdapCarrier.probe(b"\x16\x03\x01\x00\xc5\x01") is None


def test_bulk_is_skipped_without_being_held():
    """Of an answer that nobody asked to read only the header is looked at."""
    talk = Connection()
    octets = message(5, 0x64, b"\4\0", b"x" * 100_000)
    talk.server(octets[:40])
    window = talk.carrier.windows[SERVER]
    assert window.skipping == len(octets) - 40
    assert len(window) == 0
    talk.server(octets[40:] + bind_answer(9))
    assert [item.kind for item in talk.said] == ["response"]


def test_several_messages_in_one_segment():
    """Messages follow each other without regard to segments."""
    talk = Connection()
    told = talk.client(search(1, b"dc=x") + spnego_bind(2) + search(3, b"dc=x") + message(4, 0x42))
    assert [item.exchange.key for item in told] == ["msgid 2"]
    told = talk.server(entry(1) + done(1) + bind_answer(2) + entry(3))
    assert [item.status.code for item in told] == [0]


def test_frames_of_a_token_over_several_segments():
    """The frames are those of the token; the message's own is the one in which it ends."""
    talk = Connection()
    octets = search(1, b"dc=x") + spnego_bind(2)
    start = octets.index(TOKEN)
    talk.client(octets[: start - 3])
    talk.client(octets[start - 3 : start + 700])
    talk.client(octets[start + 700 : start + 701])
    (request,) = talk.client(octets[start + 701 :] + search(3, b"dc=x"))
    assert (request.frame, request.frames, request.ts_ns) == (4, (2, 3, 4), 4000)
    assert request.token == TOKEN
    assert request.token_span == Span(start, start + len(TOKEN))


def test_byte_by_byte_is_the_same_as_whole():
    """Segment borders change frames, nothing else."""
    begin = search(1) + spnego_bind(2)
    client = search(3, b"dc=x") + buffer(SEALED) * 2
    server = (
        entry(1, b"GSSAPI")
        + done(1)
        + bind_answer(2, 0, ber(0x87, RESP))
        + done(3)
        + buffer(SIGNED)
    )

    def tell(step):
        talk = Connection(per_message_tokens=True)
        for side, octets in ((CLIENT, begin), (SERVER, server), (CLIENT, client)):
            for at in range(0, len(octets), step):
                talk.says(side, octets[at : at + step])
        exchange = next(item.exchange for item in talk.said if item.kind == "request")
        messages = [
            (item.kind, item.side, item.token, item.token_span, item.status, item.schemes)
            for item in talk.said
        ]
        return messages, exchange.wrapped, exchange.plain_messages

    whole = tell(1 << 20)
    kinds = [told[0] for told in whole[0]]
    assert kinds == ["request", "hint", "response", "after", "after", "after"]
    assert whole[2] == 2
    assert tell(1) == whole
    assert tell(7) == whole


@pytest.mark.parametrize(
    ("content", "key"),
    [(SEALED, b"\x05\x04\x02"), (SIGNED, b"\x05\x04\x00"), (NTLM_WRAP, b"\1\0\0\0")],
)
def test_sasl_buffers_are_counted_by_their_head(content, key):
    """Buffers of both directions show the protection; none is opened."""
    talk = Connection()
    exchange = talk.authenticates()
    talk.client(buffer(content) + buffer(content))
    talk.server(buffer(content)[:50])
    talk.server(buffer(content)[50:] + buffer(content))
    assert exchange.wrapped == {key: 4}
    assert exchange.plain_messages == 0
    assert len(talk.said) == 2


def test_plain_messages_after_the_bind():
    """Messages without layer are counted, binds, unbind and unsolicited notices are not."""
    talk = Connection()
    talk.client(search(7, b"dc=x"))
    exchange = talk.authenticates(octets=anonymous_bind(1))
    talk.client(search(2, b"dc=x"))
    talk.server(entry(2) + done(2))
    talk.client(message(3, 0x42))
    talk.server(message(0, 0x78, b"\x0a\1\x34\4\0\4\0"))
    assert exchange.plain_messages == 3
    assert exchange.wrapped == {}


@pytest.mark.parametrize("code", [0, 2])
def test_start_tls_and_abandon_are_no_use_of_the_session(code):
    """They ask nothing of the directory; what comes behind them does, if it is not inside TLS."""
    talk = Connection()
    exchange = talk.authenticates(octets=anonymous_bind(1))
    talk.client(message(2, 0x50, b"\1"))
    talk.client(message(3, 0x77, b"\x80\x16" + b"1.3.6.1.4.1.1466.20037"))
    talk.server(message(3, 0x78, bytes([0x0A, 1, code]), b"\4\0\4\0"))
    assert exchange.plain_messages == 0
    talk.client(search(4, b"dc=x"))
    talk.client(message(5, 0x77, b"\x80\x05" + b"1.2.3"))
    assert exchange.plain_messages == (0 if code == 0 else 2)


def test_messages_after_a_refusal_protect_nothing():
    """What follows a failed or unfinished bind is nobody's."""
    talk = Connection()
    exchange = talk.authenticates()
    (second,) = talk.client(anonymous_bind(2))
    talk.server(bind_answer(2, 49))
    talk.client(search(3, b"dc=x"))
    assert exchange.plain_messages == second.exchange.plain_messages == 0


def test_per_message_tokens_when_asked_for():
    """Each buffer is then a token of its own, in the frame that completes it."""
    talk = Connection(per_message_tokens=True)
    exchange = talk.authenticates()
    octets = buffer(SEALED)
    assert not talk.client(octets[:-1])
    (after,) = talk.client(octets[-1:])
    assert (after.kind, after.exchange, after.token) == ("after", exchange, SEALED)
    assert (after.frame, after.frames) == (4, (3, 4))
    start = len(spnego_bind(1)) + 4
    assert after.token_span == Span(start, start + len(SEALED))
    (after,) = talk.server(buffer(SEALED + b"x" * 70_000))
    assert len(after.token) == 65_536
    assert [anomaly.code for anomaly in after.anomalies] == ["limit-token-size"]


def test_digest_buffers_have_no_head():
    """DIGEST-MD5 puts nothing in front; what stands there in clear is signed, all else may be sealed."""
    talk = Connection(per_message_tokens=True)
    exchange = talk.authenticates(octets=digest_bind(1))
    assert not talk.client(buffer(b"ciphertext"))
    assert not talk.client(buffer(search(2) + bytes(16)))
    kinds = {wrap_kind(key): count for key, count in exchange.wrapped.items()}
    assert kinds == {"unmarked": 1, "sign": 1}


@pytest.mark.parametrize(
    "content", [b"\0\0\0\0" * 9, buffer(b"no wrap token, whatever it is, at all")]
)
def test_zeros_are_no_buffers(content):
    """Bytes that no layer of this exchange sends lose the border."""
    talk = Connection()
    exchange = talk.authenticates()
    talk.client(content)
    assert exchange.wrapped == {}
    talk.client(search(2, b"dc=x"))
    (note,) = talk.said[2:]
    assert note.anomaly.code == "desync"
    assert note.anomaly.span.length == len(content)
    assert exchange.plain_messages == 1


def test_root_dse_lists_the_servers_mechanisms():
    """The answer to a search of the root DSE is a hint."""
    talk = Connection()
    talk.client(search(1))
    (hint,) = talk.server(entry(1, b"GSS-SPNEGO", b"GSSAPI") + done(1))
    assert (hint.kind, hint.side, hint.exchange, hint.token) == ("hint", SERVER, None, None)
    assert hint.schemes == ("GSS-SPNEGO", "GSSAPI")
    assert hint.context == {"carrier": "ldap"}
    assert (hint.frame, hint.frames) == (2, (2,))


def test_other_entries_are_no_hint():
    """Neither another search's entry nor one after the search is done is read."""
    talk = Connection()
    talk.client(search(1) + search(2, b"dc=x"))
    assert not talk.server(entry(2, b"GSSAPI"))
    assert not talk.server(done(1) + entry(1, b"GSSAPI"))


def test_open_root_searches_are_bounded():
    """Searches that are never answered do not pile up in silence."""
    talk = Connection()
    for number in range(256):
        talk.client(search(number))
    (note,) = talk.client(search(256))
    assert note.anomaly.code == "limit-count"


def start_tls(code):
    """Have a connection ask for TLS; return it and what the answer told."""
    talk = Connection()
    talk.client(message(1, 0x77, b"\x80\x16" + b"1.3.6.1.4.1.1466.20037"))
    return talk, talk.server(message(1, 0x78, bytes([0x0A, 1, code]), b"\4\0\4\0"))


def test_start_tls_ends_the_reading():
    """Behind StartTLS everything is TLS's, whatever it looks like."""
    talk, (after,) = start_tls(0)
    assert (after.kind, after.side, after.exchange) == ("after", SERVER, None)
    assert after.context["event"] == "starttls"
    assert [anomaly.code for anomaly in after.anomalies] == ["encrypted"]
    assert talk.carrier.windows[CLIENT].skipping > 1 << 40
    assert not talk.client(spnego_bind(2))
    assert not talk.server(bind_answer(2))


def test_start_tls_refused():
    """A refusal changes nothing."""
    talk, told = start_tls(2)
    assert not told
    assert len(talk.client(spnego_bind(2))) == 1


def test_start_tls_whose_answer_is_lost():
    """A handshake at the beginning of a segment tells as much."""
    talk = Connection()
    talk.client(message(1, 0x77, b"\x80\x16" + b"1.3.6.1.4.1.1466.20037"))
    talk.loses(SERVER, 40)
    (after,) = talk.server(b"\x16\x03\x03\x00\x7a\x02")
    assert after.context["event"] == "starttls"
    assert not talk.client(spnego_bind(2))


def test_extended_operations_of_other_kinds():
    """Only StartTLS matters."""
    talk = Connection()
    talk.client(message(1, 0x77, b"\x80\x05" + b"1.2.3"))
    assert not talk.server(message(1, 0x78, b"\x0a\1\0\4\0\4\0"))
    assert len(talk.client(spnego_bind(2))) == 1


def test_a_bind_beyond_the_limit_is_not_held():
    """More than 1 MiB is told and skipped; the connection goes on."""
    talk = Connection()
    octets = spnego_bind(1, b"x" * 1_100_000)
    (note,) = talk.client(octets[:1000])
    assert isinstance(note, CarrierAnomaly)
    assert note.anomaly.code == "limit-message-size"
    assert note.anomaly.span == Span(0, len(octets))
    assert talk.carrier.windows[CLIENT].skipping == len(octets) - 1000
    (request,) = talk.client(octets[1000:] + spnego_bind(2))
    assert request.exchange.key == "msgid 2"


def test_an_unbelievable_length_is_no_message():
    """16 MiB and more are taken for lost borders."""
    talk = Connection()
    talk.client(b"\x30\x84\x7f\0\0\0\2\1\1\x64\x84\x70\0\0\0\4\0")
    talk.carrier.end(None, "capture-end", 9, 9)
    (note,) = talk.said
    assert note.anomaly.code == "desync"


def test_a_message_of_the_other_side_is_no_message():
    """A client that sends answers has lost its borders."""
    talk = Connection()
    assert not talk.client(bind_answer(1) + spnego_bind(2))
    told = talk.client(spnego_bind(3))
    assert told[0].anomaly.code == "desync"
    assert told[1].exchange.key == "msgid 3"


def test_a_gap_inside_a_bind_keeps_the_border():
    """Of a cut bind the beginning is told, and the next message is found behind it."""
    talk = Connection()
    octets = spnego_bind(1)
    talk.client(octets[:600])
    (request,) = talk.loses(CLIENT, 300)
    assert request.exchange.scheme == "GSS-SPNEGO"
    assert request.token == octets[octets.index(TOKEN) : 600]
    assert [anomaly.code for anomaly in request.anomalies] == ["gap"]
    assert (request.frame, request.frames) == (1, (1,))
    (second,) = talk.client(octets[900:] + anonymous_bind(2))
    assert second.exchange.scheme == "simple"
    assert not isinstance(talk.server(bind_answer(1, 14))[0], CarrierAnomaly)


def test_a_gap_behind_a_cut_message_loses_the_border():
    """Where the gap outlasts the message, segments are tried until one begins a message."""
    talk = Connection()
    talk.client(spnego_bind(1)[:600])
    talk.loses(CLIENT, 5000)
    assert not talk.client(b"in the midst of something")
    assert not talk.client(b"\x30 looks like one at first" + b"." * 20)
    told = talk.client(spnego_bind(2))
    assert told[0].anomaly.code == "desync"
    assert told[0].anomaly.span == Span(5600, 5600 + 25 + 45)
    assert told[1].exchange.key == "msgid 2"


@pytest.mark.parametrize(("how", "code"), [("capture-end", "cut-off"), ("evicted", "gap")])
@pytest.mark.parametrize("size", [1, 600])
def test_the_capture_ends_inside_a_bind(how, code, size):
    """The bytes are told, and of the bind what is there, however they came."""
    talk = Connection()
    octets = spnego_bind(1)[:600]
    for at in range(0, 600, size):
        assert not talk.client(octets[at : at + size])
    talk.carrier.end(None, how, 999, 999)
    note, request = talk.said
    assert (note.anomaly.code, note.anomaly.span) == (code, Span(0, 600))
    assert note.frame == request.frame == 600 // size
    assert request.token == octets[octets.index(TOKEN[:100]) :]
    assert [anomaly.code for anomaly in request.anomalies] == [code]


def test_the_capture_ends_inside_an_answer():
    """Its result counts; the token is as long as it is."""
    talk = Connection()
    request = talk.client(spnego_bind(1))[0]
    talk.server(bind_answer(1, 14, ber(0x87, RESP))[:-3])
    talk.carrier.end(None, "capture-end", 9, 9)
    note, answer = talk.said[1:]
    assert note.anomaly.code == "cut-off"
    assert (answer.exchange, answer.token) == (request.exchange, RESP[:-3])
    assert answer.status.verdict == "continue"


@pytest.mark.parametrize("octets", [search(1)[:5], buffer(SEALED)[:20], b"\x30"])
def test_the_capture_ends_inside_something_else(octets):
    """That it ends there is all there is to tell."""
    talk = Connection(per_message_tokens=True)
    talk.authenticates()
    before = len(talk.said)
    talk.client(octets)
    talk.carrier.end(None, "capture-end", 9, 9)
    (note,) = talk.said[before:]
    assert (note.anomaly.code, note.anomaly.span.length) == ("cut-off", len(octets))


def test_the_sender_ends_inside_a_bind():
    """A FIN inside a message is the sender's fault, and half a bind asks for nothing."""
    talk = Connection()
    talk.client(spnego_bind(1)[:600])
    talk.carrier.end(CLIENT, "fin", 9, 9)
    talk.carrier.end(None, "capture-end", 9, 9)
    (note,) = talk.said
    assert (note.anomaly.code, note.anomaly.span) == ("malformed-message", Span(0, 600))


def test_bytes_that_wait_for_a_border_are_passed_over_at_the_end():
    """Too few to tell what they are."""
    talk = Connection()
    talk.loses(CLIENT, 5000)
    talk.client(b"\x30\x05")
    talk.carrier.end(None, "capture-end", 9, 9)
    (note,) = talk.said
    assert (note.anomaly.code, note.anomaly.detail) == ("desync", "2 bytes passed over")


def test_a_gap_between_messages():
    """A segment that begins a message needs no word."""
    talk = Connection()
    talk.loses(CLIENT, 5000)
    (request,) = talk.client(spnego_bind(2))
    assert request.token_span.start > 5000


def test_a_gap_inside_a_skip_is_harmless():
    """Bytes that would have been skipped may be missing."""
    talk = Connection()
    octets = message(5, 0x64, b"\4\0", b"x" * 1000)
    talk.server(octets[:100])
    talk.ends[SERVER] += 500
    assert not talk.server(octets[600:] + bind_answer(1))[0].token


def test_a_gap_between_buffers():
    """A SASL buffer at the beginning of a segment is a border too."""
    talk = Connection()
    exchange = talk.authenticates()
    talk.loses(CLIENT, 100)
    talk.client(b"rest of a buffer, and not the beginning of one")
    talk.client(buffer(SEALED))
    assert exchange.wrapped == {b"\x05\x04\x02": 1}
    assert [item.anomaly.code for item in talk.said[2:]] == ["desync"]


def test_a_gap_inside_a_buffer():
    """A buffer's length tells where the next one begins."""
    talk = Connection(per_message_tokens=True)
    exchange = talk.authenticates()
    talk.client(buffer(SEALED)[:20])
    talk.loses(CLIENT, 20)
    (after,) = talk.client(buffer(SEALED)[40:] + buffer(SIGNED))
    assert after.token == SIGNED
    assert exchange.wrapped == {b"\x05\x04\x00": 1}


def test_tiny_segments_after_a_gap():
    """A border is found though its first segment is too short to tell."""
    talk = Connection()
    talk.loses(CLIENT, 10)
    for octet in spnego_bind(2):
        talk.client(bytes([octet]))
    (request,) = talk.said
    assert request.token == TOKEN


def test_a_lost_answer_still_shows_protection():
    """Buffers behind a bind whose answer is lost belong to it."""
    talk = Connection()
    (request,) = talk.client(spnego_bind(1))
    talk.loses(SERVER, 40)
    talk.client(buffer(SEALED))
    talk.server(buffer(SEALED))
    assert request.exchange.wrapped == {b"\x05\x04\x02": 2}


def test_an_answer_without_request_may_be_followed_by_buffers():
    """A capture that begins with the server's success shows the protection."""
    talk = Connection(started_before=True)
    (response,) = talk.server(bind_answer(1, 0, ber(0x87, RESP)))
    talk.client(buffer(SIGNED))
    assert response.exchange.wrapped == {b"\x05\x04\x00": 1}


def test_cldap_answers_list_mechanisms():
    """A datagram's entry of the root DSE is a hint; requests and other entries are not."""
    said = []
    carrier = LdapCarrier(said.append)
    carrier.datagram_received(CLIENT, search(1), 1, 1000)
    carrier.datagram_received(SERVER, entry(1, b"GSSAPI") + done(1), 2, 2000)
    carrier.datagram_received(SERVER, message(2, 0x64, b"\4\0", b"\x30\0") + done(2), 3, 3000)
    (hint,) = said
    assert (hint.kind, hint.schemes, hint.frame, hint.ts_ns) == ("hint", ("GSSAPI",), 2, 2000)


def test_cldap_broken_datagram():
    """What is no message, or not all of one, is told."""
    said = []
    carrier = LdapCarrier(said.append)
    carrier.datagram_received(SERVER, done(1) + entry(2, b"GSSAPI")[:-1], 7, 7000)
    (note,) = said
    assert (note.anomaly.code, note.frame) == ("malformed-message", 7)
    assert note.anomaly.span == Span(len(done(1)), len(done(1)) + len(entry(2, b"GSSAPI")) - 1)


def test_foreign_bytes_lose_the_border_until_a_segment_begins_a_message():
    """What is neither message nor buffer is passed over, a second gap included."""
    talk = Connection()
    exchange = talk.authenticates()
    assert not talk.client(b"\x16\x03\x03 who knows" + search(2, b"dc=x"))
    assert not talk.loses(CLIENT, 9)
    (note,) = talk.client(search(3, b"dc=x"))
    assert (note.anomaly.code, note.frame) == ("desync", 3)
    assert exchange.plain_messages == 1
