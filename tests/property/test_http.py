"""Whatever bytes an HTTP connection is made of, nothing raises, and segment borders change nothing."""

import base64
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from support.segment_lanes import check_lanes

from dissectors.anomaly import CODES
from dissectors.carriers.base import CLIENT, SERVER, TOKEN_LIMIT, CarrierAnomaly
from dissectors.carriers.http import HttpCarrier
from dissectors.carriers.http_auth import (
    challenges,
    credentials,
    decode_cut_token68,
    decode_token68,
)

SECRET = b"correct horse"
TOKENS = [
    b"",
    bytes.fromhex("604806062b0601050502a03e"),
    bytes.fromhex("a1073005a0030a0100"),
    b"NTLMSSP\0\1\0\0\0",
    b"NTLMSSP\0\3\0\0\0" + b"x" * 50,
]

schemes = st.sampled_from([b"Negotiate", b"ntlm", b"Kerberos", b"CredSSP", b"X-Own"])
token68 = st.sampled_from(TOKENS).map(base64.b64encode) | st.sampled_from([b"!!", b"YI I", b"a=b"])
spoken = st.one_of(
    st.builds(lambda scheme, text: scheme + b" " + text, schemes, token68),
    schemes,
    st.just(b"Basic " + base64.b64encode(b"bob:" + SECRET)),
    st.just(b'Digest username="bob", realm="a, NTLM b"'),
    st.just(SECRET),
)
fields = st.lists(
    st.one_of(
        st.builds(
            lambda name, value: name + b": " + value,
            st.sampled_from(
                [
                    b"Authorization",
                    b"proxy-authorization",
                    b"WWW-Authenticate",
                    b"Proxy-Authenticate",
                    b"Authentication-Info",
                ]
            ),
            st.lists(spoken, min_size=1, max_size=3).map(b", ".join),
        ),
        st.sampled_from(
            [
                b"Content-Length: 3",
                b"Content-Length: 0",
                b"Content-Length: x",
                b"Transfer-Encoding: chunked",
                b"Connection: close",
                b"Connection: keep-alive",
                b"Expect: 100-continue",
                b"Host: web",
                b"User-Agent: any",
                b'Content-Type: multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"',
                b" folded",
                b"",
            ]
        ),
    ),
    max_size=5,
)
starts = {
    CLIENT: st.sampled_from(
        [
            b"GET /a HTTP/1.1",
            b"HEAD /a HTTP/1.0",
            b"CONNECT web:1 HTTP/1.1",
            b"POST http://a/ HTTP/1.1",
            b"POST /KdcProxy HTTP/1.1",
        ]
    ),
    SERVER: st.sampled_from(
        [
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 401 No",
            b"HTTP/1.0 407 No",
            b"HTTP/1.1 100 Go on",
            b"HTTP/1.1 101 Switch",
            b"HTTP/1.1 304",
        ]
    ),
}
bodies = st.sampled_from(
    [b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"\x16\x03\x01\0\5", b"\r\n\r\n", b"\xff" * 9]
)


def messages(side):
    """Start line, fields and a body that need not fit them."""
    return st.builds(
        lambda start, lines, body: (side, b"\r\n".join([start, *lines]) + b"\r\n\r\n" + body),
        starts[side],
        fields,
        bodies,
    )


pieces = st.one_of(
    messages(CLIENT),
    messages(SERVER),
    messages(CLIENT),
    messages(SERVER),
    st.tuples(st.sampled_from([CLIENT, SERVER]), st.binary(max_size=40)),
)


def converse(conversation, *, size=None, gaps=(), started_before=False):
    """Feed a conversation; at the places in `gaps` a piece is lost instead."""
    said = []
    carrier = HttpCarrier(said.append, started_before=started_before)
    offsets = [0, 0]
    for number, (side, data) in enumerate(conversation, 1):
        window = carrier.windows[side]
        if number - 1 in gaps and not window.skipping:
            offsets[side] += len(data)
            window.restart(offsets[side])
            carrier.gap(side, len(data), number, number)
            if not window.skipping:
                carrier.feed(side)
            continue
        for at in range(0, len(data), size or max(len(data), 1)):
            part = data[at : at + size] if size else data
            window.append(offsets[side], part, number, number)
            offsets[side] += len(part)
            if not window.skipping:
                carrier.feed(side)
    for side, how in ((SERVER, "fin"), (CLIENT, "fin"), (None, "capture-end")):
        carrier.end(side, how, 999, 999)
    return said


def shape(said):
    """Make what was said comparable: exchanges by order of appearance."""
    ids = {}
    return [
        item
        if isinstance(item, CarrierAnomaly)
        else (
            item.kind,
            item.exchange and ids.setdefault(id(item.exchange), len(ids)),
            item.frame,
            item.frames,
            item.token,
            item.status,
            item.schemes,
            item.anomalies,
            item.context,
        )
        for item in said
    ]


@given(st.lists(pieces, max_size=8), st.sets(st.integers(0, 7), max_size=3), st.booleans())
@settings(max_examples=400, deadline=None)
def test_nothing_raises_and_every_code_is_registered(conversation, gaps, started_before):
    """Anomaly codes are of the registry, verdicts have their request before them, secrets stay in."""
    asked = set()
    said = converse(conversation, gaps=gaps, started_before=started_before)
    for item in said:
        anomalies = (item.anomaly,) if isinstance(item, CarrierAnomaly) else item.anomalies
        assert all(anomaly.code in CODES for anomaly in anomalies)
        if isinstance(item, CarrierAnomaly):
            continue
        assert item.token is None or len(item.token) <= TOKEN_LIMIT
        if item.kind == "request":
            asked.add(id(item.exchange))
        elif item.kind == "response":
            assert item.status is not None
            assert id(item.exchange) in asked or item.context.get("request_missing")
    assert SECRET.decode() not in repr(said)


well_formed = st.lists(
    st.one_of(
        st.builds(
            lambda value: (CLIENT, b"GET / HTTP/1.1\r\nAuthorization: " + value + b"\r\n\r\n"),
            spoken,
        ),
        st.builds(
            lambda code, value, body: (
                SERVER,
                b"HTTP/1.1 %d X\r\nWWW-Authenticate: %b\r\nContent-Length: %d\r\n\r\n%b"
                % (code, value, len(body), body),
            ),
            st.sampled_from([200, 401, 407]),
            spoken,
            st.binary(max_size=30),
        ),
    ),
    max_size=8,
)


@given(well_formed, st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_segment_borders_change_nothing(conversation, size):
    """Any cut of well-formed messages into segments tells the same."""
    assert shape(converse(conversation, size=size)) == shape(converse(conversation))


@given(st.binary(max_size=200) | spoken)
def test_header_grammar_takes_anything(value):
    """Field values are the peer's to choose."""
    for challenge in challenges(value):
        assert 0 < len(challenge.scheme) <= 32
    credentials(value)
    decode_token68(value)
    decode_cut_token68(value)


@given(st.binary(max_size=100))
def test_token68_round_trip(token):
    """What base64 says is what comes out, with or without padding."""
    text = base64.b64encode(token)
    assert decode_token68(text) == token
    assert decode_token68(text.rstrip(b"=")) == token


line_ends = st.sampled_from([b"\n", b"\r", b"\n\n", b"\r\n\r\n", b"\r\n ", b"\r\n\t", b""])
cuts = st.lists(st.tuples(st.integers(0, 300), line_ends), max_size=2)


def with_odd_lines(data, changes):
    """Put line ends, or white space behind one, where a change says; an empty one takes a byte out."""
    for at, end in changes:
        data = data[:at] + end + data[at + (not end) :]
    return data


@given(st.lists(st.tuples(pieces, cuts, st.integers(1, 400)), max_size=8), st.integers(0, 1 << 32))
@settings(max_examples=400, deadline=None)
def test_what_is_read_straight_from_a_segment_is_what_the_window_gives(conversation, seed):
    """Whole heads are taken in passing; the thorough way says the same of all of them."""
    events, offsets = [], [0, 0]
    for (side, data), changes, size in conversation:
        odd = with_odd_lines(data, changes)
        for part in (odd[:size], odd[size:]):
            if part:
                events.append(("data", side, offsets[side], part))
                offsets[side] += len(part)
    check_lanes(HttpCarrier, events, Random(seed))
