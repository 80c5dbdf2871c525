"""pyasn1 and the tolerant walkers on the same tokens: built ones, and those damaged at random.

The two were written apart, by the same specifications: where both take a token, they must read the same
values; where one alone takes it, there is a reason, and the tables below are the complete list of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.der import decoder
from pyasn1.type import univ

from dissectors.span import Field
from dissectors.tokens import build, dissect_token, token_fields
from dissectors.tokens.asn1 import kerberos, spnego
from dissectors.tokens.asn1.notation import Choice
from dissectors.tokens.model import Token
from dissectors.tokens.strict import strict_check, strict_departures
from dissectors.tokens.strict_values import plain

# -- what is built ---------------------------------------------------------------------------------

MECHS = st.sampled_from(["kerberos", "ms-kerberos", "ntlm", "negoex", "1.2.3.4", "2.999.1"])
OCTETS = st.binary(max_size=60).map(lambda value: b"opaque-" + value)
MIC = st.binary(max_size=20).map(lambda value: b"checksum-" + value)
TEXT = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="/"),
    min_size=1,
    max_size=12,
)
NAME = st.lists(TEXT, min_size=1, max_size=3).map("/".join)
INT_32 = st.integers(-(1 << 31), (1 << 31) - 1)
UINT_32 = st.integers(0, (1 << 32) - 1)
TIME = st.datetimes().map(lambda moment: f"{moment:%Y%m%d%H%M%S}Z".rjust(15, "0"))
BITS = st.sets(st.integers(0, 31), max_size=5)
MECH_LIST = st.lists(MECHS, min_size=1, max_size=5)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


TICKET = {
    "realm": TEXT,
    "sname": NAME,
    "etype": INT_32,
    "kvno": maybe(UINT_32),
    "ticket_cipher": OCTETS,
}
KDC_REQ = {
    "realm": TEXT,
    "sname": maybe(NAME),
    "kdc_options": BITS,
    "etypes": st.lists(INT_32, max_size=6),
    "nonce": UINT_32,
    "till": TIME,
    "padata": maybe(st.lists(st.tuples(st.sampled_from([133, 149]), OCTETS), max_size=3)),
}
KDC_REP = {
    "cname": NAME,
    "crealm": TEXT,
    "realm": TEXT,
    "sname": NAME,
    "ticket_etype": INT_32,
    "kvno": maybe(UINT_32),
    "etype": INT_32,
    "ticket_cipher": OCTETS,
    "cipher": OCTETS,
}
Built = tuple[Callable[..., bytes], str, Any, dict[str, st.SearchStrategy[Any]], dict[str, Any]]

BUILT: list[Built] = [
    # builder, name of the message, its type, what varies, what does not
    (
        build.neg_token_init,
        "NegTokenInit",
        spnego.FRAMED_INIT,
        {
            "mech_types": MECH_LIST,
            "mech_token": maybe(OCTETS),
            "req_flags": maybe(st.sets(st.integers(0, 6))),
            "mech_list_mic": maybe(MIC),
        },
        {},
    ),
    (
        build.neg_token_init2,
        "NegTokenInit2",
        spnego.FRAMED_INIT_2,
        {
            "mech_types": maybe(MECH_LIST),
            "mech_token": maybe(OCTETS),
            "req_flags": maybe(st.sets(st.integers(0, 6))),
            "hint_name": TEXT,
            "hint_address": maybe(OCTETS),
            "mech_list_mic": maybe(MIC),
        },
        {},
    ),
    (
        build.neg_token_resp,
        "NegTokenResp",
        spnego.BARE_RESP,
        {
            "neg_state": maybe(st.integers(0, 3)),
            "supported_mech": maybe(MECHS),
            "response_token": maybe(OCTETS),
            "mech_list_mic": maybe(MIC),
            "late_mech_types": maybe(MECH_LIST),
        },
        {},
    ),
    (
        build.ap_req,
        "AP-REQ",
        kerberos.AP_REQ,
        {
            **TICKET,
            "ap_options": BITS,
            "authenticator_etype": INT_32,
            "authenticator_cipher": OCTETS,
        },
        {"form": "bare"},
    ),
    (
        build.ap_rep,
        "AP-REP",
        kerberos.AP_REP,
        {"etype": INT_32, "cipher": OCTETS},
        {"form": "bare"},
    ),
    (
        build.krb_error,
        "KRB-ERROR",
        kerberos.KRB_ERROR,
        {
            "error_code": INT_32,
            "realm": TEXT,
            "sname": NAME,
            "crealm": maybe(TEXT),
            "cname": maybe(NAME),
            "stime": TIME,
            "susec": st.integers(0, 999_999),
            "ctime": maybe(TIME),
            "cusec": maybe(st.integers(0, 999_999)),
            "e_text": maybe(TEXT),
            "e_data": maybe(OCTETS),
        },
        {"form": "bare"},
    ),
    (
        build.as_req,
        "AS-REQ",
        kerberos.AS_REQ,
        {**KDC_REQ, "cname": maybe(NAME), "rtime": maybe(TIME)},
        {},
    ),
    (
        build.tgs_req,
        "TGS-REQ",
        kerberos.TGS_REQ,
        {**KDC_REQ, "authorization_data": maybe(OCTETS)},
        {},
    ),
    (build.as_rep, "AS-REP", kerberos.AS_REP, KDC_REP, {}),
    (build.tgs_rep, "TGS-REP", kerberos.TGS_REP, KDC_REP, {}),
    (build.krb_cred, "KRB-CRED", kerberos.KRB_CRED, {"etype": INT_32, "cipher": OCTETS}, {}),
    (
        build.tgt_req,
        "TGT-REQ",
        kerberos.TGT_REQ,
        {"sname": maybe(NAME), "realm": maybe(TEXT)},
        {"form": "token-id"},
    ),
    (build.tgt_rep, "TGT-REP", kerberos.TGT_REP, TICKET, {"form": "token-id"}),
]
CASES = {name: (builder, kind, varied, fixed) for builder, name, kind, varied, fixed in BUILT}


def message_of(raw: bytes, name: str) -> bytes:
    """The part of a token that is of its type: what follows a token id."""
    return raw[2:] if name.startswith("TGT") else raw


# -- two readings ----------------------------------------------------------------------------------


def accepted(kind: Any, data: bytes) -> Any:
    """pyasn1's value of the whole of `data`; None if it takes it not, or not to its end."""
    try:
        value, rest = decoder.decode(data, asn1Spec=kind)
    except Exception:  # noqa: BLE001 - pyasn1 lets other errors than its own escape
        return None
    return None if rest else value


def leaves(value: Any, kind: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Path and plain value of every primitive value that is there."""
    if isinstance(kind, Choice):
        yield from leaves(
            value.getComponent(), kind.componentType[value.getName()].asn1Object, path
        )
    elif isinstance(kind, univ.Sequence):
        for member in kind.componentType.namedTypes:
            part = value.getComponentByName(member.name, default=None, instantiate=False)
            if part is not None and part.isValue:
                transparent = member.name == "innerContextToken"
                below = path if transparent else f"{path}.{member.name}"
                below = "InitialContextToken.thisMech" if member.name == "thisMech" else below
                yield from leaves(part, member.asn1Object, below)
    elif isinstance(kind, univ.SequenceOf):
        for index, part in enumerate(value):
            yield from leaves(part, kind.componentType, f"{path}.{index}")
    else:
        yield path, plain(value, kind)


def fields_of(token: Token) -> dict[str, Field]:
    """The walker's fields by path; the frame is no level of it."""
    found = {}
    for field in token_fields(token):
        path = field.path.removeprefix("InitialContextToken.innerContextToken.")
        found.setdefault(path, field)
    return found


def same(field: Field, strict: Any, token: Token) -> bool:
    """Is the walker's value pyasn1's? Of a value that it does not tell, the bytes must be."""
    if field.value is None:
        return isinstance(strict, bytes) and token.bytes_of(field).endswith(strict)
    if isinstance(strict, set):
        return len(field.value) == len([bit for bit in strict if bit < 32])
    return bool(field.value == strict)


# -- built tokens ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_built_tokens_are_read_alike(name: str, data: st.DataObject) -> None:
    """A valid token has no findings, and each of pyasn1's values is the walker's at the same path."""
    builder, kind, varied, fixed = CASES[name]
    given_values = data.draw(st.fixed_dictionaries(varied))
    raw = builder(**given_values, **fixed)
    token = dissect_token(raw, from_acceptor=name == "NegTokenInit2" or None)
    assert token.findings == ()
    assert strict_departures(token) == []
    value = accepted(kind, message_of(raw, name))
    assert value is not None
    fields = fields_of(token)
    for path, strict in leaves(value, kind, name):
        assert path in fields, path
        assert same(fields[path], strict, token), (path, fields[path], strict)


# -- damaged tokens --------------------------------------------------------------------------------

PYASN1_ALONE = {
    # what the walker finds fault with though pyasn1 takes it
    r"bad-value: [\w-]+ cannot be read": "pyasn1 reads an INTEGER without content as 0",
}

_UNREAD = "pvno|msg-type|tkt-vno|name-type|cipher"
WALKER_ALONE = {
    # what the strict check says where the walker is silent and pyasn1 rejects the token
    rf"[\w-]+: \S*\b({_UNREAD})\b": "versions, name types and ciphers are shown, but nothing hangs on them",
    r"missing-field: ": "only what a message is worth nothing without is demanded",
    r"unknown-value: .* an extension": "pyasn1 does not know the extension markers of the modules",
    r"bad-tag: .* has no place in it": "an unknown member is kept by its number",
    r"bad-tag: .*\.(negHints|hintName|hintAddress)": "hints are shown where they are hints, no more",
    r"bad-value: .* not YYYYMMDDhhmmssZ": "a time is text to the walker; pyasn1 wants it in ASCII",
    r"bad-tag: .*\.addresses\.": "addresses are shown, but nothing hangs on them",
    r"strict-mismatch: .* bits, 32 wanted": "flags are read by as many bits as there are",
    r"bad-tag: .*\.enc-part\.(etype|kvno): tag 8\d": "a second member of that number, where the cipher stood",
    r"repeated-field: ": "behind the usual first octets the same member may stand again",
    r"strict-mismatch: .* IA5String": "text is read as UTF-8, as it is sent",
    r"strict-mismatch: .* unsigned number": "numbers are read as signed, as they are sent",
    r"(bad-value|bad-tag|bad-length|not-der|bad-text|non-minimal-length): [^.]*$": "content of what the lines above name",
}


def unexplained(table: dict[str, str], findings: Any) -> list[str]:
    texts = [f"{a.code}: {a.detail}" for a in findings]
    return [text for text in texts if not any(re.match(pattern, text) for pattern in table)]


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 1 << 16), st.sampled_from(["flip", "set", "step"]), st.integers(0, 255)
    ),
    min_size=1,
    max_size=2,
)
ODD_OCTETS = (0x00, 0x01, 0x02, 0x04, 0x1B, 0x24, 0x30, 0x7F, 0x80, 0x81, 0x82, 0xA0, 0xA3, 0xFF)


def damaged(raw: bytes, changes: list[tuple[int, str, int]]) -> bytes:
    data = bytearray(raw)
    for where, how, what in changes:
        at = where % min(len(data), 120)  # ciphers are long, and dull
        if how == "flip":
            data[at] ^= 1 << what % 8
        elif how == "set":
            data[at] = ODD_OCTETS[what % len(ODD_OCTETS)]
        else:
            data[at] = (data[at] + (1 if what % 2 else -1)) % 256
    return bytes(data)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=150, deadline=None)
@given(changes=CHANGES)
def test_damaged_tokens_are_judged_alike(name: str, changes: list[tuple[int, str, int]]) -> None:
    """One reading alone takes a token only for a reason of the tables; both read the same values."""
    builder, kind, _, fixed = CASES[name]
    raw = damaged(builder(**fixed), changes)
    hinted = name == "NegTokenInit2" or None
    token = dissect_token(raw, from_acceptor=hinted)
    value = accepted(kind, message_of(raw, name))
    if (
        token.token_type == "opaque"
        or token.token_type != dissect_token(builder(**fixed)).token_type
    ):
        return  # it is something else now, and not read by this type
    if value is not None:
        faults = [a for a in token.anomalies if a.code.startswith(("bad-", "missing-"))]
        assert unexplained(PYASN1_ALONE, faults) == []
        fields = fields_of(token)
        for path, strict in () if faults else leaves(value, kind, name):
            assert same(fields[path], strict, token), (path, fields[path], strict)
    elif not token.findings:
        found = strict_check(token)
        assert found
        assert unexplained(WALKER_ALONE, found) == []
