"""What is read of a usual bind in short is what the careful reader reads, and no other bind is taken for one."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st
from support.carrier_talks import talks

from dissectors.anomaly import Anomaly
from dissectors.carriers import ldap_message
from dissectors.carriers.ldap_message import read_bind_request, read_bind_response
from dissectors.carriers.ldap_pdu import BIND_REQUEST, BIND_RESPONSE, read_head

SIZES = st.one_of(st.integers(0, 300), st.sampled_from([65_520, 65_535, 65_536, 70_000]))
FORMS = ("shortest", "four octets")
CHANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=2)


def ber(tag: int, content: bytes, form: str) -> bytes:
    """An element whose length is written in one of the usual ways."""
    size = len(content)
    if form == "four octets":
        return bytes((tag, 0x84)) + size.to_bytes(4) + content
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def request(mechanism: bytes, token: bytes | None, form: str) -> bytes:
    """A BindRequest in its LDAPMessage."""
    sasl = b"\x04" + bytes((len(mechanism),)) + mechanism
    sasl += b"" if token is None else ber(0x04, token, form)
    bind = ber(BIND_REQUEST, b"\2\1\3\4\0" + ber(0xA3, sasl, form), form)
    return ber(0x30, b"\2\1\7" + bind, form)


def response(token: bytes | None, form: str) -> bytes:
    """A BindResponse in its LDAPMessage."""
    credentials = b"" if token is None else ber(0x87, token, form)
    bind = ber(BIND_RESPONSE, b"\x0a\1\x0e\4\0\4\0" + credentials, form)
    return ber(0x30, b"\2\1\7" + bind, form)


def check(octets: bytes) -> bool:
    """Both ways read the same of a message, cut or not; whether the short one was taken."""
    head = read_head(octets)
    if head is None or head.op not in {BIND_REQUEST, BIND_RESPONSE}:
        return False
    asks = head.op == BIND_REQUEST
    read = read_bind_request if asks else read_bind_response
    told: list[Anomaly] = []
    usual = read(octets, head, told)
    careful: list[Anomaly] = []
    short_way = "_usual_request" if asks else "_usual_response"
    with patch.object(ldap_message, short_way, return_value=None):
        assert usual == read(octets, head, careful)
    assert told == careful
    return getattr(ldap_message, short_way)(octets, head.body, head.stop) is not None


@given(st.sampled_from([b"GSS-SPNEGO", b"GSSAPI"]), SIZES, st.sampled_from(FORMS))
@example(b"GSSAPI", 0, "shortest")
@example(b"GSSAPI", 0, "four octets")
def test_tokens_of_all_sizes_take_the_short_way(mechanism: bytes, size: int, form: str) -> None:
    """Whatever the size, in both forms."""
    for octets in (request(mechanism, bytes(size), form), response(bytes(size), form)):
        assert check(octets)


@given(
    st.sampled_from([b"GSS-SPNEGO", b"GSSAPI", b"gssapi", b"PLAIN", b"GSS", b""]),
    st.one_of(st.none(), st.binary(max_size=200)),
    st.sampled_from(FORMS),
    CHANGES,
    st.integers(0, 40),
)
def test_changed_and_cut_binds(
    mechanism: bytes, token: bytes | None, form: str, changes: list[tuple[int, int]], cut: int
) -> None:
    """What is odd is left to the careful reader."""
    for whole in (request(mechanism, token, form), response(token, form)):
        octets = bytearray(whole)
        for at, value in changes:
            octets[at % len(octets)] = value
        check(bytes(octets))
        check(bytes(octets[: max(len(octets) - cut, 1)]))


def test_every_captured_bind() -> None:
    """All binds of the recorded conversations, whole and with each octet of their heads changed."""
    taken = 0
    for talk in talks("ldap", all_captures=True):
        for _, said in talk.turns:
            taken += check(said)
            for at in range(min(len(said), 60)):
                check(said[:at] + bytes((said[at] ^ 1 << at % 8,)) + said[at + 1 :])
    assert taken
