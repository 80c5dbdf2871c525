"""Every declared class of difference: with the bytes that it is about it applies, with a near miss it does not."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from support.messages import (
    KERBEROS,
    NTLM,
    NTLM_NEGOTIATE,
    SPNEGO,
    der,
    init_token,
    netbios,
    ntlm_authenticate,
    ntlm_challenge,
    resp_token,
    session_setup,
)
from support.tshark_talks import HINTS, IAKERB, NEGOEX, negoex_exchange, negoex_nego, offer

from analyzer.crosscheck.declared import DECLARED, declare
from analyzer.crosscheck.difference import (
    BYTES,
    CELL,
    POSITION,
    ROW,
    VALUE,
    Conversation,
    Difference,
)
from analyzer.crosscheck.our_tokens import OurToken
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.tshark_tokens import TheirPacket, TheirToken
from dissectors.tokens import dissect_token

WRAP = bytes.fromhex("050406ff0000001c") + bytes(40)
NTLM_OID = "1.3.6.1.4.1.311.2.2.10"


def node(name: str, raw: bytes = b"", *children: Node, show: str = "", pos: int = 0) -> Node:
    """A field; all of a name in `_PROTOCOLS` are protocols."""
    made = Node(name, show, pos, len(raw), raw.hex())
    made.children = list(children)
    made.is_protocol = name in {"ldap", "smb2", "ntlmssp", "spnego", "gss-api", "tcp", "http"}
    return made


def packet(*protocols: Node, port: int = 445) -> TheirPacket:
    tree = node("packet", b"", *protocols)
    return TheirPacket(tree, 5, 0, "", None, None, port, 40_000, [])


def difference(
    kind: str,
    column: str,
    ours: Any,
    theirs: Any,
    raw: bytes | None = None,
    *,
    acceptor: bool | None = None,
    their: TheirToken | None = None,
    shown: TheirPacket | None = None,
    seen: Conversation | None = None,
    path: str | None = None,
    its: Node | None = None,
) -> Difference:
    """A difference about the token `raw`; `path` ends that of one of its fields."""
    our_token = field = None
    if raw is not None:
        token = dissect_token(raw, from_acceptor=acceptor)
        our_token = OurToken({"frame": 5, "stream_id": 0, "token_index": 0}, token, 0)
        if path is not None:
            field = next(f for f in token.fields if f.path.endswith(path))
            column = field.path
    found = Difference(kind, column, ours, theirs, 5, our_token, field=field, node=its)
    found.their_token, found.packet = their, shown
    found.conversation = seen or Conversation()
    return found


def their_ntlm(kind: str, *fields: Node) -> TheirToken:
    tree = node("ntlmssp", b"", *fields)
    return TheirToken("smb2", kind, tree, outer=[tree])


# -- NTLM ---------------------------------------------------------------------------------------------


def null_string(user: bytes, kind: str = VALUE) -> Difference:
    raw = ntlm_authenticate(user)
    shown = user or raw[36:44]
    its = node("ntlmssp.auth.username", shown, show="NULL")
    their = their_ntlm("NTLM_AUTHENTICATE", its)
    ours = "NULL" if user else None
    if kind == CELL:
        return difference(CELL, "ntlm_user", ours or "", "NULL", raw, their=their)
    return difference(VALUE, "UserName", ours, "NULL", raw, their=their, its=its)


def empty_key(key: bytes) -> Difference:
    raw = ntlm_authenticate(b"a\0", key=key)
    its = node("ntlmssp.auth.sesskey", raw[52:60])
    their = their_ntlm("NTLM_AUTHENTICATE", its)
    return difference(VALUE, "Key", None, its.raw, raw, their=their, its=its)


def descriptor(by: int) -> Difference:
    raw = ntlm_authenticate(b"a\0")
    its = node("ntlmssp.string.length", b"\2\0", pos=300 + 88 + 36 + by)
    owner = node("ntlmssp.auth.username", b"a\0", its, pos=300 + 88)
    their = their_ntlm("NTLM_AUTHENTICATE", owner)
    return difference(
        POSITION, "", 36, its.pos, raw, their=their, path="UserNameFields.Len", its=its
    )


def empty_pair(name: bytes) -> Difference:
    raw = ntlm_challenge(b"12345678", name)
    return difference(VALUE, "", "", None, raw, path=".MsvAvNbDomainName")


def empty_pair_cell(name: bytes) -> Difference:
    raw = ntlm_challenge(b"12345678", name)
    ours = {"MsvAvNbDomainName": name.decode("utf-16-le")}
    return difference(CELL, "ntlm_target_info", ours, {}, raw)


def bad_field(name: str) -> Difference:
    whole = ntlm_authenticate(b"a\0", lm=bytes(24))
    raw = whole[:12] + struct.pack("<HHI", 24, 24, 0x7FFFFF00) + whole[20:]
    their = their_ntlm("NTLM_AUTHENTICATE")
    return difference(
        VALUE, "", "a", None, raw, their=their, shown=packet(node(name)), path=".UserName"
    )


# -- SPNEGO -------------------------------------------------------------------------------------------


def state(number: int, named: str) -> Difference:
    return difference(CELL, "neg_state", named, f"Unknown ({number})", resp_token(b"", number))


def lone_resp(*seen: str) -> Difference:
    return difference(
        CELL,
        "token_type",
        "NegTokenResp",
        "opaque",
        resp_token(b"", 1),
        shown=packet(node("smb2", b"", node("gssapi.unknown_header"))),
        seen=Conversation(their_kinds=frozenset(seen)),
    )


def lone_resp_in_ldap(raw: bytes, *seen: str) -> Difference:
    creds = node("ldap.serverSaslCreds", resp_token(b"", 1))
    shown = packet(node("ldap", b"", creds))
    seen_before = Conversation(their_kinds=frozenset(seen))
    return difference(ROW, "", "NegTokenResp", None, raw, shown=shown, seen=seen_before)


def inner_of_resp(last: str | None) -> Difference:
    raw = resp_token(ntlm_authenticate(b"a\0"))
    seen = Conversation(their_last_mech=last)
    return difference(CELL, "inner_type", "NTLM_AUTHENTICATE", "opaque", raw, seen=seen)


def inner_of_init(*mechs: bytes) -> Difference:
    raw = offer(*mechs, more=der(0xA2, der(4, NTLM_NEGOTIATE)))
    return difference(CELL, "inner_type", "NTLM_NEGOTIATE", "opaque", raw)


def inner_of_hint(shown: bytes | None = None) -> Difference:
    inner = negoex_nego(1)
    raw = offer(NEGOEX, more=der(0xA2, der(4, inner)) + HINTS)
    carried = node("spnego.mechToken", inner if shown is None else shown)
    their = TheirToken("smb2", "NegTokenInit2", carried, element=carried, outer=[carried])
    return difference(CELL, "inner_type", "NEGOEX", "opaque", raw, acceptor=True, their=their)


def init_from(port: int) -> Difference:
    raw = init_token(NTLM, NTLM_NEGOTIATE)
    carried = node("spnego.mechToken", NTLM_NEGOTIATE)
    their = TheirToken("http", "NegTokenInit", carried, element=carried, outer=[carried])
    shown = packet(port=port)
    return difference(CELL, "inner_type", "NTLM_NEGOTIATE", "opaque", raw, their=their, shown=shown)


def hint(port: int) -> Difference:
    raw = offer(NTLM, more=HINTS)
    name = "not_defined_in_RFC4178@please_ignore"
    shown = packet(port=port)
    return difference(CELL, "hint_name", name, None, raw, acceptor=True, shown=shown)


def late(*more: bytes) -> Difference:
    raw = der(0xA1, der(0x30, der(0xA0, der(10, b"\2")), *more))
    return difference(CELL, "mech_types", ["ntlm"], None, raw)


def vector(shown: bytes) -> Difference:
    return difference(BYTES, "", b"", shown, negoex_exchange(5, 0), path="ByteArrayLength")


def framed_by(oid: str) -> Difference:
    raw = der(0x60, IAKERB, b"\x05\x01", der(0x30, der(0xA1, der(0x0C, b"LAB"))))
    tree = node("gss-api", raw, node("gss-api.OID", show=oid))
    their = TheirToken("http", "opaque", tree, outer=[tree])
    return difference(CELL, "token_type", "IAKERB", "opaque", raw, their=their)


# -- carriers -----------------------------------------------------------------------------------------


def wrap_in_bind(*below: Node) -> Difference:
    shown = packet(node("ldap", b"", node("ldap.credentials", WRAP, *below)))
    return difference(ROW, "", "GSS_WRAP", None, WRAP, shown=shown)


def buffer(*below: Node, of: bytes = WRAP) -> Difference:
    shown = packet(node("ldap", b"", node("", of, *below)))
    return difference(ROW, "", "GSS_WRAP", None, WRAP, shown=shown)


def hint_in_bind(*below: Node) -> Difference:
    raw = offer(NTLM, more=HINTS)
    tree = node("spnego", raw, *below)
    their = TheirToken("ldap", "opaque", tree, outer=[tree])
    shown = packet(node("ldap", b"", node("ldap.serverSaslCreds", raw), tree))
    return difference(
        CELL, "token_type", "NegTokenInit2", "opaque", raw, acceptor=True, their=their, shown=shown
    )


def sasl_ntlm(field: str) -> Difference:
    raw = ntlm_challenge(b"12345678")
    shown = packet(node("ldap", b"", node(field, raw)))
    return difference(ROW, "", "NTLM_CHALLENGE", None, raw, shown=shown)


def foreign(raw: bytes) -> Difference:
    tree = node("gss-api", raw, node("gssapi.unknown_header"))
    their = TheirToken("ldap", "opaque", tree, raw, outer=[tree])
    return difference(ROW, "", None, "opaque", their=their)


def header(before: str) -> Difference:
    raw = init_token(NTLM, NTLM_NEGOTIATE)
    value = before + b64encode(raw).decode()
    shown = packet(node("http", b"", node("http.www_authenticate", show=value)))
    return difference(ROW, "", "NegTokenInit", None, raw, shown=shown)


def cut(name: str) -> Difference:
    raw = init_token(NTLM, NTLM_NEGOTIATE)[:40]
    return difference(ROW, "", "NegTokenInit", None, raw, shown=packet(node(name)))


def gap(lost_in: int | None) -> Difference:
    seen = Conversation(lost_in=lost_in)
    shown = packet(node("tcp", b"", node("tcp.payload")))
    return difference(ROW, "", "NegTokenResp", None, resp_token(b"", 1), shown=shown, seen=seen)


def port(message: bytes) -> Difference:
    raw = init_token(NTLM, NTLM_NEGOTIATE)
    shown = packet(node("tcp", b"", node("tcp.payload", message)))
    return difference(ROW, "", "NegTokenInit", None, raw, shown=shown)


def not_read(carrier: str) -> Difference:
    return difference(ROW, "", None, "opaque", their=TheirToken(carrier, "opaque", node("x")))


def cut_token(raw: bytes) -> Difference:
    shown = packet(node("gss-api", raw, node("gss-api.OID", show="1.3.6.1.5.5.2")))
    return difference(ROW, "", "NegTokenInit", None, raw, shown=shown)


def iakerb_inside(carried: bytes) -> Difference:
    inner = der(0x60, IAKERB, b"\x05\x01", der(0x30, der(0xA1, der(0x0C, b"LAB"))))
    raw = offer(IAKERB, more=der(0xA2, der(4, inner)))
    shown = node("spnego.mechToken", carried or inner)
    their = TheirToken("http", "NegTokenInit", shown, element=shown, outer=[shown])
    return difference(CELL, "inner_type", "IAKERB", "opaque", raw, their=their)


def inside(*protocols: str) -> Difference:
    shown = packet(*(node(name) for name in protocols))
    their = TheirToken("http", "NTLM_NEGOTIATE", node("ntlmssp"))
    return difference(ROW, "", None, "NTLM_NEGOTIATE", their=their, shown=shown)


SMB2 = netbios(session_setup(init_token(NTLM, NTLM_NEGOTIATE)))
LATE = der(0xA4, der(0x30, NTLM))

CASES: dict[str, tuple[Callable[[], Difference], Callable[[], Difference]]] = {
    "tshark-null-string": (lambda: null_string(b""), lambda: null_string(b"N\0U\0L\0L\0")),
    "tshark-empty-as-descriptor": (lambda: empty_key(b""), lambda: empty_key(bytes(16))),
    "tshark-descriptor-position": (lambda: descriptor(0), lambda: descriptor(1)),
    "tshark-empty-pair-left-out": (lambda: empty_pair(b""), lambda: empty_pair(b"L\0")),
    "tshark-stops-at-bad-field": (lambda: bad_field("_ws.malformed"), lambda: bad_field("smb2")),
    "tshark-negstate-3": (lambda: state(3, "request-mic"), lambda: state(7, "unknown(7)")),
    "tshark-resp-without-init": (lone_resp, lambda: lone_resp("NegTokenInit")),
    "tshark-conversation-mech": (lambda: inner_of_resp(None), lambda: inner_of_resp(NTLM_OID)),
    "tshark-optimistic-mismatch": (
        lambda: inner_of_init(KERBEROS, NTLM),
        lambda: inner_of_init(NTLM, KERBEROS),
    ),
    "tshark-hint-token": (inner_of_hint, lambda: inner_of_hint(b"another")),
    "tshark-init2-by-port": (lambda: hint(8080), lambda: hint(80)),
    "tshark-init-by-port": (lambda: init_from(1001), lambda: init_from(1024)),
    "tshark-late-fallback": (lambda: late(LATE), late),
    "tshark-negoex-vector-length": (lambda: vector(b"\x0d\0"), lambda: vector(b"\x0e\0")),
    "tshark-cut-token": (
        lambda: cut_token(init_token(NTLM, NTLM_NEGOTIATE)[:-9]),
        lambda: cut_token(init_token(NTLM, NTLM_NEGOTIATE)),
    ),
    "tshark-unknown-mechanism": (
        lambda: framed_by("1.3.6.1.5.2.5"),
        lambda: framed_by("1.3.6.1.5.5.2"),
    ),
    "tshark-wrap-in-bind": (wrap_in_bind, lambda: wrap_in_bind(node("gss-api"))),
    "tshark-sasl-buffer-without-bind": (buffer, lambda: buffer(of=WRAP[:-1])),
    "tshark-hint-in-bind": (hint_in_bind, lambda: hint_in_bind(node("spnego.MechType"))),
    "tshark-sasl-ntlm-challenge": (
        lambda: sasl_ntlm("ldap.serverSaslCreds"),
        lambda: sasl_ntlm("ldap.matchedDN"),
    ),
    "tshark-gss-without-token": (lambda: foreign(b"n,,n=ada"), lambda: foreign(resp_token(b"", 1))),
    "tshark-scheme-case": (lambda: header("negotiate "), lambda: header("Negotiate ")),
    "tshark-several-challenges": (
        lambda: header('Basic realm="x", Negotiate '),
        lambda: header("Bearer "),
    ),
    "tshark-snaplen": (lambda: cut("_ws.short"), lambda: cut("http")),
    "tshark-behind-gap": (lambda: gap(4), lambda: gap(6)),
    "tshark-unknown-port": (lambda: port(SMB2), lambda: port(SMB2[4:])),
    "ours-tls": (lambda: inside("tcp", "tls", "http"), lambda: inside("tcp", "http")),
    "ours-dcerpc": (lambda: not_read("dcerpc"), lambda: not_read("http")),
    "ours-dns-tkey": (lambda: not_read("dns-tkey"), lambda: not_read("ldap")),
    "ours-mime-multipart": (lambda: not_read("mime-multipart"), lambda: not_read("smb2")),
}
"""Class -> a difference of it, and one that is nearly one."""


def test_every_class_has_a_case() -> None:
    """None is left without its bytes."""
    assert set(CASES) == set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_applies(name: str) -> None:
    """The class is proved by the bytes that it is about."""
    assert declare(CASES[name][0]()) == name


@pytest.mark.parametrize("name", DECLARED)
def test_near_miss(name: str) -> None:
    """One thing is otherwise, and no class covers it."""
    assert declare(CASES[name][1]()) is None


def test_cells_of_the_same_cause() -> None:
    """The column of an empty name is declared as its field is; one that is not empty is not."""
    assert declare(null_string(b"", CELL)) == "tshark-null-string"
    assert declare(null_string(b"N\0U\0L\0L\0", CELL)) is None
    assert declare(empty_pair_cell(b"")) == "tshark-empty-pair-left-out"
    assert declare(empty_pair_cell(b"L\0")) is None


def test_a_lone_resp_in_ldap() -> None:
    """Bytes that tshark shows as bytes; others, or after an offer, are not explained by it."""
    raw = resp_token(b"", 1)
    assert declare(lone_resp_in_ldap(raw)) == "tshark-resp-without-init"
    assert declare(lone_resp_in_ldap(resp_token(b"", 0))) is None
    assert declare(lone_resp_in_ldap(raw, "NegTokenInit")) is None


def test_texts_of_the_list() -> None:
    """Each class says in whole sentences what is shown and what is right, and where that is written."""
    for name, each in DECLARED.items():
        assert name.startswith(("tshark-", "ours-")), name
        assert each.shows.endswith("."), name
        assert each.why.endswith("."), name
        assert each.spec, name
        assert each.example, name


def test_a_plain_disagreement_is_unexplained() -> None:
    """A value that is just another one has no class."""
    raw = init_token(NTLM, NTLM_NEGOTIATE)
    assert SPNEGO in raw
    assert declare(difference(CELL, "ntlm_flags", 1, 2, raw, shown=packet())) is None


def test_a_mechanism_that_tshark_does_not_know_inside_spnego() -> None:
    """The bytes that tshark shows are the token's; others prove nothing."""
    assert declare(iakerb_inside(b"")) == "tshark-unknown-mechanism"
    assert declare(iakerb_inside(b"another")) is None
