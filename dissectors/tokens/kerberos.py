"""Kerberos messages in security tokens: AP-REQ, AP-REP, KRB-ERROR, and user-to-user's TGT-REQ/REP.

    AP-REQ     6e 30  [0] pvno [1] msg-type [2] ap-options [3] ticket [4] authenticator
    AP-REP     6f 30  [0] pvno [1] msg-type [2] enc-part
    KRB-ERROR  7e 30  [2] ctime [3] cusec [4] stime [5] susec [6] error-code [7] crealm [8] cname
                      [9] realm [10] sname [11] e-text [12] e-data

Only what travels in clear is read; of ciphers the length alone. `kerberos_kdc` reads the messages to and
from a KDC, `kerberos_cred` those for data and credentials.

Spec: RFC 4120 5.5, 5.9; RFC 4121 4.1; MS-KILE 2.2.1-2.2.2, 3.4.5.1;
draft-swift-win2k-krb-user2user 4.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.codes.krb_error import KRB_ERROR
from dissectors.der import GENERALIZED_TIME, OCTET_STRING, Element, Member
from dissectors.tokens.asn1_fields import record
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos_cred import read_cred, read_priv, read_safe
from dissectors.tokens.kerberos_e_data import EXTENDED, e_data_form, is_ext_error
from dissectors.tokens.kerberos_kdc import read_as_rep, read_as_req, read_tgs_rep, read_tgs_req
from dissectors.tokens.kerberos_parts import (
    NAME_LIMIT,
    is_armored,
    name_bits,
    read_encrypted,
    read_padata,
    read_principal,
    read_ticket,
)
from dissectors.tokens.kerberos_types import AP_OPTIONS
from dissectors.tokens.model import (
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
    OpaqueToken,
    Token,
)

__all__ = ["AP_OPTIONS", "NAME_LIMIT", "read_kerberos", "read_user_to_user"]

_PA_PW_SALT = 3
_STATUS_LENGTH = 4


def read_kerberos(reader: Asn1Reader, message: Element, *, bare: bool) -> Token:
    """Read a message by its APPLICATION tag; `bare`: neither frame nor token id came before it."""
    tag, start, stop, _, _ = message
    known = _READERS.get(tag)
    if known is None:
        return OpaqueToken(raw=reader.data)
    name, read, usual = known
    found = reader.sequence(start, stop, name, usual)
    first = usual[0] & 0x1F
    if first in found or first + 1 in found:
        _check_version(reader, found, usual)
    token = read(reader, found, start, stop)
    if bare and isinstance(token, KrbApReq | KrbApRep):
        token.dce_style = True
    if reader.fields is not None:
        from dissectors.tokens.kerberos_schema import MESSAGES  # noqa: PLC0415 - for showing only

        record(reader, message, name, MESSAGES[tag].node)
    return token


def read_user_to_user(reader: Asn1Reader, message: Element, *, reply: bool) -> Token:
    """Read a TGT-REQ or TGT-REP, which have no tag of their own: the token id tells them apart."""
    _, start, stop, _, _ = message
    found = reader.members(start, stop)
    if reader.fields is not None:
        from dissectors.tokens.kerberos_schema import TGT_REP, TGT_REQ  # noqa: PLC0415 - see above

        schema = TGT_REP if reply else TGT_REQ
        record(reader, message, schema.name, schema.node)
    if reply:
        realm, sname, etype, kvno, _ = read_ticket(reader, found.get(2), start, stop)
        return KrbTgtRep(raw=reader.data, realm=realm, sname=sname, etype=etype, kvno=kvno)
    return KrbTgtReq(
        raw=reader.data,
        realm=reader.text(found.get(3), "realm"),
        sname=read_principal(reader, found.get(2), "server-name"),
    )


# -- messages --------------------------------------------------------------------------------------


def _ap_req(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    options = reader.bits(found.get(2), "ap-options")
    realm, sname, etype, kvno, cipher = read_ticket(reader, found.get(3), pos, end)
    member = found.get(4)
    authenticator_etype, _, proof = read_encrypted(reader, member, "authenticator", pos, end)
    return KrbApReq(
        raw=reader.data,
        ap_options=None if options is None else _option_names(options),
        realm=realm,
        sname=sname,
        etype=etype,
        kvno=kvno,
        authenticator_etype=authenticator_etype,
        authenticator_length=None if proof is None else proof[1] - proof[0],
        ticket_cipher=cipher,
    )


def _ap_rep(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    etype, _, _ = read_encrypted(reader, found.get(2), "enc-part", pos, end)
    return KrbApRep(raw=reader.data, etype=etype)


def _krb_error(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    code = reader.number(found.get(6), "error-code")
    if 6 not in found:
        reader.missing(pos, end, "error-code")
    e_data = reader.octets(found.get(12), "e-data")
    padata_types, armored, nt_status = _e_data(e_data, reader, found[12][1] if 12 in found else end)
    return KrbError(
        raw=reader.data,
        error_code=code,
        error=None if code is None else KRB_ERROR.get(code, f"unknown({code})"),
        realm=reader.text(found.get(9), "realm"),
        sname=read_principal(reader, found.get(10), "sname"),
        crealm=reader.text(found.get(7), "crealm"),
        cname=read_principal(reader, found.get(8), "cname"),
        ctime=reader.text(found.get(2), "ctime", GENERALIZED_TIME),
        cusec=reader.number(found.get(3), "cusec"),
        stime=reader.text(found.get(4), "stime", GENERALIZED_TIME),
        susec=reader.number(found.get(5), "susec"),
        e_text=reader.text(found.get(11), "e-text"),
        e_data=e_data,
        padata_types=padata_types,
        armored=armored,
        nt_status=nt_status,
    )


_READERS = {
    0x6A: ("AS-REQ", read_as_req, bytes.fromhex("a103020105 a20302010a")),
    0x6B: ("AS-REP", read_as_rep, bytes.fromhex("a003020105 a10302010b")),
    0x6C: ("TGS-REQ", read_tgs_req, bytes.fromhex("a103020105 a20302010c")),
    0x6D: ("TGS-REP", read_tgs_rep, bytes.fromhex("a003020105 a10302010d")),
    0x6E: ("AP-REQ", _ap_req, bytes.fromhex("a003020105 a10302010e")),
    0x6F: ("AP-REP", _ap_rep, bytes.fromhex("a003020105 a10302010f")),
    0x74: ("KRB-SAFE", read_safe, bytes.fromhex("a003020105 a103020114")),
    0x75: ("KRB-PRIV", read_priv, bytes.fromhex("a003020105 a103020115")),
    0x76: ("KRB-CRED", read_cred, bytes.fromhex("a003020105 a103020116")),
    0x7E: ("KRB-ERROR", _krb_error, bytes.fromhex("a003020105 a10302011e")),
}
"""By tag: name, reader of the members, and the usual pvno 5 and msg-type, which need no reading."""


def _check_version(reader: Asn1Reader, found: dict[int, Member], usual: bytes) -> None:
    """Report a pvno or msg-type that the message should not have."""
    first = usual[0] & 0x1F
    for number, what, wanted in ((first, "pvno", usual[4]), (first + 1, "msg-type", usual[9])):
        value = reader.number(found.get(number), what)
        if value not in (wanted, None):
            reader.report("unknown-value", *found[number][1:], f"{what} {value}")


def _e_data(
    e_data: bytes | None, outer: Asn1Reader, at: int
) -> tuple[tuple[int, ...], bool, int | None]:
    """Types of the pre-authentication data in e-data, FAST in it, and the NTSTATUS that Windows puts there.

    `at` is where e-data begins for the reader `outer`, which learns of limits.
    """
    if not e_data:
        return (), False, None
    form = e_data_form(e_data)
    if form not in ("METHOD-DATA", "KERB-ERROR-DATA"):
        return (), False, None
    reader = Asn1Reader(e_data)  # what is odd in foreign e-data is not the token's fault
    sequence = reader.read(0, len(e_data))
    if sequence is None:
        return (), False, None
    status: int | None = None
    if form == "METHOD-DATA":
        padata = read_padata(reader, sequence[:3])
        for code, span, detail in reader.anomalies:
            if code == "limit-count":
                outer.report(code, at + span.start, at + span.end, detail)
        for number, value in padata:
            if number == _PA_PW_SALT and value is not None and value[0] == OCTET_STRING:
                content = e_data[value[1] : value[2]]
                status = _status(content) if is_ext_error(content) else status
        return tuple(number for number, _ in padata), is_armored(reader, padata), status
    found = reader.members(sequence[1], sequence[2])
    if reader.number(found.get(1), "data-type") != EXTENDED:
        return (), False, None
    content = reader.octets(found.get(2), "data-value") or b""
    return (), False, _status(content) if len(content) >= _STATUS_LENGTH else None


def _status(value: bytes) -> int:
    return int.from_bytes(value[:_STATUS_LENGTH], "little")


@lru_cache(maxsize=64)
def _option_names(bits: tuple[int, ...]) -> tuple[str, ...]:
    return name_bits(bits, AP_OPTIONS)
