"""Kerberos messages, recorded, cut and mutated: every byte has a field, ciphers stay hidden, time is short."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.facts import SWEEP
from support.kerberos_messages import (
    IAKERB_OID,
    ap_req,
    der,
    encrypted,
    flags,
    framed,
    kdc_req,
    message,
    number,
    padata,
    principal,
    recorded,
    text,
    ticket,
    time,
)

from dissectors.anomaly import CODES
from dissectors.span import Field
from dissectors.tokens import TOKEN_LIMIT, dissect_token, token_fields
from dissectors.tokens.decode import decode_token
from dissectors.tokens.model import OpaqueToken, Token
from dissectors.visible import UNSAFE

HEADERS = 3  # of one branch: a context tag, an APPLICATION tag, a SEQUENCE


@cache
def built() -> tuple[bytes, ...]:
    """One message of every kind, with everything in it that can be opened."""
    info = der(0x30, der(0x30, der(0xA0, number(18)), der(0xA1, text("LABalice"))))
    checksum = der(0x30, der(0xA0, number(16)), der(0xA1, der(4, bytes(12))))
    user = der(0x30, der(0xA0, principal("bob")), der(0xA1, text("LAB")), der(0xA2, checksum))
    armor = der(0x30, der(0xA0, number(1)), der(0xA1, der(4, ap_req("krbtgt", "LAB"))))
    fast = der(0xA0, der(0x30, der(0xA0, armor), der(0xA1, checksum), der(0xA2, encrypted(18, 60))))
    groups = der(0xA0, der(0x30, der(0xA0, der(0x30, number(1), number(2)))))
    answers = der(
        0x30,
        padata(19, info),
        padata(11, info),
        padata(3, b"LAB.EXAMPLEalice"),
        padata(136, der(0xA0, der(0x30, der(0xA0, encrypted(18, 30))))),
        padata(133, b"MIT1"),
        padata(2, b""),
        padata(999, b"\x01\x02"),
    )
    status = der(
        0x30, der(0xA1, number(3)), der(0xA2, der(4, bytes.fromhex("720000c0") + bytes(8)))
    )
    address = der(0x30, der(0xA0, number(2)), der(0xA1, der(4, bytes(4))))
    body = (
        der(0xA0, flags(1, 8, 15, 27)),
        der(0xA1, principal("alice", kind=1)),
        der(0xA2, text("LAB.EXAMPLE")),
        der(0xA3, principal("krbtgt", "LAB.EXAMPLE")),
        der(0xA5, time("20370913024805Z")),
        der(0xA7, number(123456)),
        der(0xA8, der(0x30, number(18), number(-133))),
        der(0xA9, der(0x30, address)),
        der(0xAA, encrypted(18, 20)),
        der(0xAB, der(0x30, ticket(encrypted(18, 30), "host"))),
    )
    part = ticket(encrypted(18, 90, (7 << 16) + 3), "krbtgt", "LAB")
    reply = (
        der(0xA2, answers),
        der(0xA3, text("LAB")),
        der(0xA4, principal("alice")),
        der(0xA5, part),
        der(0xA6, encrypted(18, 70)),
    )
    error = message(
        0x7E,
        30,
        der(0xA4, time("20260102030405Z")),
        der(0xA5, number(99)),
        der(0xA6, number(25)),
        der(0xA9, text("LAB")),
        der(0xAA, principal("krbtgt", "LAB")),
        der(0xAC, der(4, answers)),
    )
    safe_body = der(0x30, der(0xA0, der(4, b"data")), der(0xA3, number(7)), der(0xA4, address))
    as_req = kdc_req(0x6A, 10, *body, pa=(padata(2, encrypted(18, 50)), padata(151, groups)))
    return (
        as_req,
        kdc_req(
            0x6C, 12, *body, pa=(padata(1, ap_req("krbtgt")), padata(129, user), padata(136, fast))
        ),
        message(0x6B, 11, *reply),
        message(0x6D, 13, *reply),
        ap_req("HTTP", "web"),
        message(0x6F, 15, der(0xA2, encrypted(18, 60))),
        error,
        message(0x7E, 30, der(0xA6, number(7)), der(0xAC, der(4, status))),
        message(0x74, 20, der(0xA2, safe_body), der(0xA3, checksum)),
        message(0x75, 21, der(0xA3, encrypted(18, 60))),
        message(0x76, 22, der(0xA2, der(0x30, part, part)), der(0xA3, encrypted(0, 60))),
        framed("0501", der(0x30, der(0xA1, der(0x0C, b"LAB"))), as_req, oid=IAKERB_OID),
        framed("0501", der(0x30, der(0xA1, der(0x0C, b"LAB"))), error, oid=IAKERB_OID),
        framed("0401", der(0x30, der(0xA0, number(5)), der(0xA1, number(17)), der(0xA2, part))),
    )


def headers_end(data: bytes, start: int, content: int) -> int:
    """Where tag and length octets end that begin at `start`, none of them beyond `content`."""
    at = start
    for _ in range(HEADERS):
        if at >= content:
            break
        if data[at] & 0x1F == 0x1F:  # a tag number of several octets
            at += 1
            while at < content and data[at] & 0x80:
                at += 1
        length = data[at + 1]
        at += 2 + (length & 0x7F if length > 0x80 else 0)
    return at


def told(data: bytes) -> Token:
    """Dissect bytes and check that the tree leaves none out; return the token.

    Of a bare message the walk itself must do that, before anybody looks for what was left unread.
    """
    fields: list[Field] = []
    token = decode_token(data, None, fields)
    if data[0] == 0x60:
        fields = token_fields(token)
    if not fields or isinstance(token, OpaqueToken):
        return token
    path: list[tuple[Field, list[Field]]] = []
    branches = []
    for field in fields:
        while path and not field.path.startswith(path[-1][0].path + "."):
            path.pop()
        if path:
            path[-1][1].append(field)
        path.append((field, []))
        branches.append(path[-1])
    limited = any(field.path.count(".") == 1 and field.name == "unread" for field in fields)
    for field, children in branches:
        start, end = field.span
        if not children:
            if field.value is None and not field.text and not field.secret:  # an empty branch
                assert headers_end(data, start, end) == end, field
            continue
        assert headers_end(data, start, children[0].span.start) == children[0].span.start, field
        for one, other in pairwise(children):
            assert one.span.end == other.span.start or limited, (one, other)
        assert children[-1].span.end == end or limited, (field, children[-1])
    after = fields[0].span.end
    if after < len(data) and data[0] != 0x60:
        spans = [a.span for a in token.findings if a.code in ("trailing-bytes", "truncated")]
        assert any(span.start <= after and span.end == len(data) for span in spans)
    return token


def shown(data: bytes) -> list[Field]:
    """Fields of any token: in range, nothing invisible in their texts, every byte in one that tells it."""
    token = dissect_token(data)
    for anomaly in token.findings:
        assert anomaly.code in CODES
        assert 0 <= anomaly.span.start <= anomaly.span.end <= len(data)
    fields = token_fields(token)
    for field in fields:
        assert 0 <= field.span.start <= field.span.end <= len(data)
        assert not UNSAFE.search(field.text)
        assert field.path.endswith(field.name)
        assert not (field.secret and field.value is not None)
    repr(token)
    return fields


def sample(few: int) -> list[bytes]:
    """Recorded messages: all of them in a sweep, else some."""
    found = recorded()
    return list(found if SWEEP else Random(few).sample(found, min(few, len(found))))


def test_recorded_messages_leave_no_byte_out() -> None:
    """Whole messages of captures are told to the last byte, none of it unread; ciphers are hidden."""
    assert len(recorded()) > 50
    for data in (*recorded(), *built()):
        token = told(data)
        fields = shown(data)
        if not token.findings:
            assert not [field for field in fields if field.name == "unread"]
        for field in fields:
            if field.name == "cipher":
                assert (field.secret, field.value) == (True, None)


def test_built_messages_are_sound() -> None:
    """The built messages have nothing odd in them."""
    for data in built():
        assert dissect_token(data).findings == ()


def test_prefixes_leave_no_byte_out() -> None:
    """Messages cut at every byte are told as far as they go, and never pass for whole."""
    for data in (*built(), *sample(12)):
        for size in range(1, len(data), 1 if len(data) < 700 or SWEEP else 7):
            token = told(data[:size])
            shown(data[:size])
            assert token.findings or isinstance(token, OpaqueToken)


@given(
    st.integers(0, 2**16),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=5),
)
@settings(max_examples=4000 if SWEEP else 1000, deadline=None)
def test_mutations_leave_no_byte_out(which: int, changes: list[tuple[int, int]]) -> None:
    """However a message is damaged, each of its bytes is told and nothing raises."""
    examples = (*built(), *sample(40))
    data = bytearray(examples[which % len(examples)])
    for where, value in changes:
        data[where % len(data)] = value
    told(bytes(data))
    shown(bytes(data))


NESTED = 0x30.to_bytes() + b"\x80"
PA_ETYPE_INFO2 = padata(19, der(0x30, der(0x30, der(0xA0, number(18)))))
HOSTILE = {
    "5,000 padata": kdc_req(0x6A, 10, pa=(der(0x30, der(0xA1, number(2))),) * 5000),
    "2,000 opened padata": kdc_req(0x6A, 10, pa=(PA_ETYPE_INFO2,) * 2000),
    "salts of zeros": kdc_req(0x6A, 10, pa=(padata(3, bytes(1000)),) * 60),
    "20,000 etypes": kdc_req(0x6A, 10, der(0xA8, der(0x30, number(18) * 20_000))),
    "unknown members": kdc_req(0x6A, 10, der(0xBE, b"\x04\0") * 15_000),
    "lengths of 2^64": kdc_req(0x6A, 10, (b"\xa2\x88" + b"\xff" * 8) * 6000),
    "100,000 deep": der(0x6E, NESTED * 100_000),
    "100,000 deep in padata": kdc_req(0x6C, 12, pa=(padata(1, b"\x6e\x80" * 100_000),)),
    "100,000 deep in e-data": message(0x7E, 30, der(0xAC, der(4, NESTED * 100_000))),
    "long lengths": der(0x7E, der(0x30, b"\x30\x84\0\0\0\0" * 10_000)),
    "5,000 tickets": message(0x76, 22, der(0xA2, der(0x30, der(0x61, der(0x30)) * 5000))),
    "9,000 names": message(0x7E, 30, der(0xAA, principal(*["x"] * 9000))),
    "length itself of 2^64": b"\x6a\x88"
    + b"\xff" * 8
    + b"\x30\x88"
    + b"\xff" * 8
    + b"\xa1\x03\2\1\5",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_bounded(name: str) -> None:
    """64 KiB of anything are told in a moment, in a bounded number of fields and anomalies."""
    data = HOSTILE[name]
    began = process_time()
    token = dissect_token(data)
    fields = token_fields(token)
    assert process_time() - began < 1  # 0.05 s on an idle machine
    assert len(token.findings) < 60
    assert len(fields) < 1100
    shown(data)
    told(data[:TOKEN_LIMIT])
