"""Built, cut and mutated tokens: nothing raises, nothing is invented, both readings agree."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_mutations import MUTATIONS, mutated

from dissectors.anomaly import CODES
from dissectors.tokens import TOKEN_LIMIT, dissect_token, token_fields
from dissectors.tokens.model import NegTokenInit, NegTokenResp, Token
from dissectors.tokens.strict import strict_check, strict_departures
from dissectors.visible import UNSAFE


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + size.to_bytes(width) + content


@cache
def examples() -> tuple[bytes, ...]:
    """Whole tokens of every kind, to be cut and mutated."""
    number = der(0x02, b"\x05")
    name = der(0x30, der(0xA0, number), der(0xA1, der(0x30, der(0x1B, b"HTTP"), der(0x1B, b"web"))))
    cipher = der(
        0x30, der(0xA0, der(0x02, b"\x12")), der(0xA1, number), der(0xA2, der(4, bytes(150)))
    )
    ticket = der(
        0x61,
        der(
            0x30,
            der(0xA0, number),
            der(0xA1, der(0x1B, b"LAB")),
            der(0xA2, name),
            der(0xA3, cipher),
        ),
    )
    kind = der(0xA1, der(0x02, b"\x0e"))
    options = der(0xA2, b"\x03\x05\x00\x20\x00\x00\x00")
    ap_req = der(
        0x6E,
        der(0x30, der(0xA0, number), kind, options, der(0xA3, ticket), der(0xA4, cipher)),
    )
    ap_rep = der(
        0x6F, der(0x30, der(0xA0, number), der(0xA1, der(0x02, b"\x0f")), der(0xA2, cipher))
    )
    status = der(0x30, der(0xA1, der(0x02, b"\x03")), der(0xA2, der(4, bytes(12))))
    error = der(
        0x7E,
        der(
            0x30,
            der(0xA6, der(0x02, b"\x25")),
            der(0xA9, der(0x1B, b"LAB")),
            der(0xAA, name),
            der(0xAC, der(4, status)),
        ),
    )
    krb5 = bytes.fromhex("06092a864886f712010202")
    spnego = bytes.fromhex("06062b0601050502")
    iakerb = bytes.fromhex("06062b0601050205")
    ntlm = bytes.fromhex("060a2b06010401823702020a")
    negotiate = b"NTLMSSP\0" + bytes.fromhex("01000000978208e2") + bytes(24)
    framed = der(0x60, krb5, b"\x01\x00", ap_req)
    mechs = der(0xA0, der(0x30, krb5, ntlm))
    only_ntlm = der(0xA0, der(0x30, ntlm))
    hints = der(0xA3, der(0x30, der(0xA0, der(0x1B, b"please_ignore"))))
    flags = der(0xA1, b"\x03\x02\x01\x76")
    state = der(0xA0, b"\x0a\x01\x01")
    header = der(0x30, der(0xA1, der(0x0C, b"LAB")))
    request = der(0x6A, der(0x30, der(0xA4, der(0x30, der(0xA2, der(0x1B, b"LAB"))))))
    return (
        framed,
        ap_req,
        ap_rep,
        der(0x60, krb5, b"\x03\x00", error),
        der(0x60, krb5, b"\x04\x01", der(0x30, der(0xA2, ticket))),
        der(0x60, iakerb, b"\x05\x01", header, request),
        der(0x60, spnego, der(0xA0, der(0x30, mechs, flags, der(0xA2, der(4, framed))))),
        der(0x60, spnego, der(0xA0, der(0x30, only_ntlm, der(0xA2, der(4, negotiate))))),
        der(0x60, spnego, der(0xA0, der(0x30, mechs, hints))),
        der(
            0xA1,
            der(
                0x30,
                state,
                der(0xA1, ntlm),
                der(0xA2, der(4, ap_rep)),
                der(0xA3, der(4, bytes(16))),
            ),
        ),
        der(0xA0, der(0x30, mechs)),
        b"\xa1\x02\x30\x00",
        negotiate,
    )


def chain(token: Token | None) -> list[Token]:
    found = []
    while token is not None:
        found.append(token)
        token = token.inner
    return found


def check(data: bytes, from_acceptor: bool | None = None) -> Token:
    """Dissect, show and check what must hold for any bytes."""
    token = dissect_token(data, from_acceptor=from_acceptor)
    assert token.raw == data
    for part in chain(token):
        for anomaly in part.anomalies:
            assert anomaly.code in CODES
            assert 0 <= anomaly.span.start <= anomaly.span.end <= len(data)
    for field in token_fields(token):
        assert 0 <= field.span.start <= field.span.end <= len(data)
        assert not UNSAFE.search(field.text)
        assert field.path.endswith(field.name)
    repr(token)
    return token


def test_every_prefix_is_flagged() -> None:
    """Each token cut at every byte is decoded without raising and never passes for whole."""
    for whole in examples():
        for size in range(1, len(whole)):
            token = check(whole[:size])
            assert any(part.anomalies for part in chain(token)), whole[:size].hex()


def test_whole_tokens_have_no_fault() -> None:
    """The examples themselves are well-formed, but for the one without its frame."""
    for whole in examples():
        codes = [a.code for part in chain(check(whole)) for a in part.anomalies]
        assert codes == (["unframed-init"] if whole[0] == 0xA0 else [])


@given(
    st.integers(0, len(examples()) - 1),
    MUTATIONS,
    st.sampled_from([None, True, False]),
)
@settings(max_examples=3000, deadline=None)
def test_mutations_never_raise(
    which: int, mutations: list[tuple[str, int, int]], from_acceptor: bool | None
) -> None:
    """However a token is damaged, decoding, showing and the strict reading give an answer."""
    data = mutated(examples()[which], mutations)
    token = check(data, from_acceptor)
    for anomaly in strict_check(token):
        assert 0 <= anomaly.span.start <= anomaly.span.end <= len(data)


@given(st.integers(0, len(examples()) - 1), MUTATIONS)
@settings(max_examples=1500, deadline=None)
def test_what_the_strict_reading_takes_the_tolerant_takes(
    which: int, mutations: list[tuple[str, int, int]]
) -> None:
    """A SPNEGO token without departures from its module and DER has no malformed part for us."""
    data = mutated(examples()[which], mutations)
    token = dissect_token(data)
    if isinstance(token, NegTokenInit | NegTokenResp) and not strict_departures(token):
        groups = {CODES[a.code].group for a in token.anomalies}
        assert not groups & {"malformed", "limit"}, token.anomalies


@given(st.binary(max_size=300))
@settings(max_examples=1500, deadline=None)
def test_any_bytes(data: bytes) -> None:
    """Bytes that were never a token are handled like one."""
    check(data)
    check(b"\x60\x40\x06\x06\x2b\x06\x01\x05\x05\x02" + data)


def test_work_is_bounded_for_the_largest_token() -> None:
    """A token full of oddities gives few anomalies and a bounded number of fields."""
    for filler in (
        b"\x06\x00",
        b"\xa5\x02\x04\x00",
        b"\x30\x80",
        b"\xa2\x84\x00\x00\x00\x02\x04\x00",
    ):
        body = filler * ((TOKEN_LIMIT - 100) // len(filler))
        data = der(0x60, bytes.fromhex("06062b0601050502"), der(0xA0, der(0x30, body)))
        token = check(data)
        assert len(token.anomalies) < 50
        assert len(token_fields(token)) < 1100
