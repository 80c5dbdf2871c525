"""Kerberos messages in security tokens: AP-REQ, AP-REP, KRB-ERROR, and user-to-user's TGT-REQ/REP.

    AP-REQ     6e 30  [0] pvno [1] msg-type [2] ap-options [3] ticket [4] authenticator
    Ticket     61 30  [0] tkt-vno [1] realm [2] sname [3] enc-part
    AP-REP     6f 30  [0] pvno [1] msg-type [2] enc-part
    KRB-ERROR  7e 30  [2] ctime .. [6] error-code [7] crealm [8] cname [9] realm [10] sname
                      [11] e-text [12] e-data

Only what travels in clear is read; of ciphers the length alone.

Spec: RFC 4120 5.2, 5.3, 5.5, 5.9; RFC 4121 4.1; MS-KILE 2.2.1-2.2.2, 3.4.5.1;
draft-swift-win2k-krb-user2user 4.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.codes.krb_error import KRB_ERROR
from dissectors.der import GENERALIZED_TIME, SEQUENCE, Element, Member
from dissectors.tokens import kerberos_schema
from dissectors.tokens.asn1_fields import record
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.model import (
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
    OpaqueToken,
    Token,
)

NAME_LIMIT = 16
"""Components read of one principal name."""

_AP_REQ = 0x6E
_AP_REP = 0x6F
_KRB_ERROR = 0x7E
_TICKET = 0x61

AP_OPTIONS = kerberos_schema.AP_OPTIONS

_KERB_ERR_TYPE_EXTENDED = 3
_REMEMBERED = 128  # bytes of a name that is worth remembering


def read_kerberos(reader: Asn1Reader, message: Element, *, bare: bool) -> Token:
    """Read a message by its APPLICATION tag; `bare`: neither frame nor token id came before it."""
    tag, start, stop, _, _ = message
    schema = kerberos_schema.MESSAGES.get(tag)
    if schema is None:
        return OpaqueToken(raw=reader.data)
    read, usual = _READERS[tag]
    found = reader.sequence(start, stop, schema.name, usual)
    if 0 in found or 1 in found:
        _check_version(reader, found, usual)
    token = read(reader, found, start, stop)
    if bare and isinstance(token, KrbApReq | KrbApRep):
        token.dce_style = True
    record(reader, message, schema.name, schema.node)
    return token


def read_user_to_user(reader: Asn1Reader, message: Element, *, reply: bool) -> Token:
    """Read a TGT-REQ or TGT-REP, which have no tag of their own: the token id tells them apart."""
    _, start, stop, _, _ = message
    found = reader.members(start, stop)
    schema = kerberos_schema.TGT_REP if reply else kerberos_schema.TGT_REQ
    record(reader, message, schema.name, schema.node)
    if reply:
        realm, sname, etype, kvno = _ticket(reader, found.get(2), start, stop)
        return KrbTgtRep(raw=reader.data, realm=realm, sname=sname, etype=etype, kvno=kvno)
    return KrbTgtReq(
        raw=reader.data,
        realm=reader.text(found.get(3), "realm"),
        sname=_principal(reader, found.get(2), "server-name"),
    )


# -- messages --------------------------------------------------------------------------------------


def _ap_req(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    options = reader.bits(found.get(2), "ap-options")
    realm, sname, etype, kvno = _ticket(reader, found.get(3), pos, end)
    member = found.get(4)
    authenticator_etype, _, length = _encrypted(reader, member, "authenticator", pos, end)
    return KrbApReq(
        raw=reader.data,
        ap_options=() if options is None else _option_names(options),
        realm=realm,
        sname=sname,
        etype=etype,
        kvno=kvno,
        authenticator_etype=authenticator_etype,
        authenticator_length=length,
    )


def _ap_rep(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    etype, _, _ = _encrypted(reader, found.get(2), "enc-part", pos, end)
    return KrbApRep(raw=reader.data, etype=etype)


def _krb_error(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    code = reader.number(found.get(6), "error-code")
    if 6 not in found:
        reader.missing(pos, end, "error-code")
    return KrbError(
        raw=reader.data,
        error_code=code,
        error=None if code is None else KRB_ERROR.get(code, f"unknown({code})"),
        realm=reader.text(found.get(9), "realm"),
        sname=_principal(reader, found.get(10), "sname"),
        crealm=reader.text(found.get(7), "crealm"),
        cname=_principal(reader, found.get(8), "cname"),
        ctime=reader.text(found.get(2), "ctime", GENERALIZED_TIME),
        stime=reader.text(found.get(4), "stime", GENERALIZED_TIME),
        e_text=reader.text(found.get(11), "e-text"),
        nt_status=_nt_status(reader.octets(found.get(12), "e-data")),
    )


_READERS = {
    _AP_REQ: (_ap_req, bytes.fromhex("a003020105 a10302010e")),
    _AP_REP: (_ap_rep, bytes.fromhex("a003020105 a10302010f")),
    _KRB_ERROR: (_krb_error, bytes.fromhex("a003020105 a10302011e")),
}
"""Asn1Reader of each message, and its pvno 5 and msg-type: known octets need no reading."""
_TICKET_VERSION = bytes.fromhex("a003020105")


def _check_version(reader: Asn1Reader, found: dict[int, Member], usual: bytes) -> None:
    """Report a pvno or msg-type that the message should not have."""
    for number, what, wanted in ((0, "pvno", usual[4]), (1, "msg-type", usual[9])):
        value = reader.number(found.get(number), what)
        if value not in (wanted, None):
            reader.report("unknown-value", *found[number][1:], f"{what} {value}")


# -- parts -----------------------------------------------------------------------------------------


def _ticket(
    reader: Asn1Reader, member: Member | None, pos: int, end: int
) -> tuple[str | None, str | None, int | None, int | None]:
    """Realm, service name, etype and kvno of a ticket."""
    if member is None:
        reader.missing(pos, end, "ticket")
        return None, None, None, None
    tag, start, stop = member
    if tag != _TICKET:
        reader.wrong_tag(tag, start, stop, "ticket")
        return None, None, None, None
    found = reader.sequence(start, stop, "Ticket", _TICKET_VERSION)
    realm = reader.text(found.get(1), "realm")
    sname = _principal(reader, found.get(2), "sname")
    etype, kvno, _ = _encrypted(reader, found.get(3), "enc-part", start, stop)
    return realm, sname, etype, kvno


def _encrypted(
    reader: Asn1Reader, member: Member | None, what: str, pos: int, end: int
) -> tuple[int | None, int | None, int | None]:
    """Etype, kvno and cipher length of an EncryptedData."""
    if member is None:
        reader.missing(pos, end, what)
        return None, None, None
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, what)
        return None, None, None
    etype, kvno, skip = _usual_numbers(reader.data[start : min(start + 10, stop)])
    found = reader.members(start + skip, stop)
    if not skip:
        etype = reader.number(found.get(0), "etype")
        kvno = reader.number(found.get(1), "kvno")
    cipher = found.get(2)
    if cipher is None or cipher[1] in reader.partial:
        return etype, kvno, None
    return etype, kvno, cipher[2] - cipher[1]


@lru_cache(maxsize=1024)
def _usual_numbers(head: bytes) -> tuple[int | None, int | None, int]:
    """Etype and kvno in the first octets of an EncryptedData, and how many octets they take.

    Nearly always each has one octet, and the same pairs come again and again. Else all is 0.
    """
    if head[:4] != b"\xa0\x03\x02\x01" or len(head) < 10 or head[4] > 0x7F:
        return None, None, 0
    if head[5] == 0xA2:
        return head[4], None, 5
    if head[5:9] == b"\xa1\x03\x02\x01" and head[9] < 0x80:
        return head[4], head[9], 10
    return None, None, 0


def _principal(reader: Asn1Reader, member: Member | None, what: str) -> str | None:
    """Components of a PrincipalName joined by slashes; the same few names come again and again."""
    if member is None:
        return None
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, what)
        return None
    if stop - start <= _REMEMBERED:
        known = _plain_name(reader.data[start:stop])
        if known is not None:
            return known
    return _joined(reader, start, stop)


@lru_cache(maxsize=2048)
def _plain_name(content: bytes) -> str | None:
    """Read a PrincipalName without any oddity; None if there is one."""
    reader = Asn1Reader(content)
    name = _joined(reader, 0, len(content))
    return None if reader.findings() else name


def _joined(reader: Asn1Reader, start: int, stop: int) -> str | None:
    names = reader.members(start, stop).get(1)
    if names is None:
        reader.missing(start, stop, "name-string")
        return None
    tag, start, stop = names
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "name-string")
        return None
    parts = [
        reader.text(element[:3], "name-string")
        for element in reader.children(start, stop, NAME_LIMIT)
    ]
    if reader.cut and stop == len(reader.data):
        return None  # the first half of a name is another name
    return "/".join(part for part in parts if part is not None)


def _nt_status(e_data: bytes | None) -> int | None:
    """NTSTATUS in the KERB-ERROR-DATA that Windows puts into e-data; other forms have none.

    SEQUENCE { [1] data-type INTEGER 3, [2] data-value OCTET STRING { status, reserved, flags } }
    """
    if not e_data or e_data[0] != SEQUENCE:
        return None
    reader = Asn1Reader(e_data)  # what is odd in foreign e-data is not the token's fault
    sequence = reader.read(0, len(e_data))
    if sequence is None:
        return None
    content = e_data[sequence[1] : sequence[1] + 1]
    if content != b"\xa1":  # METHOD-DATA and TYPED-DATA begin with a SEQUENCE
        return None
    found = reader.members(sequence[1], sequence[2])
    if reader.number(found.get(1), "data-type") != _KERB_ERR_TYPE_EXTENDED:
        return None
    value = reader.octets(found.get(2), "data-value")
    return int.from_bytes(value[:4], "little") if value and len(value) >= 4 else None


@lru_cache(maxsize=64)
def _option_names(bits: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(AP_OPTIONS.get(bit, f"bit({bit})") for bit in bits)
