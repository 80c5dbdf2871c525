"""Requests to a KDC and its answers: AS-REQ, AS-REP, TGS-REQ, TGS-REP.

    KDC-REQ       6a|6c 30  [1] pvno [2] msg-type [3] padata [4] req-body
    KDC-REQ-BODY  30        [0] kdc-options [1] cname [2] realm [3] sname [4] from [5] till [6] rtime
                            [7] nonce [8] etype [9] addresses [10] enc-authorization-data
                            [11] additional-tickets
    KDC-REP       6b|6d 30  [0] pvno [1] msg-type [2] padata [3] crealm [4] cname [5] ticket [6] enc-part

Spec: RFC 4120 5.4, MS-SFU 2.2.1-2.2.2.
"""

from __future__ import annotations

from dissectors.codes.krb_kdc_options import KRB_KDC_OPTIONS
from dissectors.der import GENERALIZED_TIME, OCTET_STRING, SEQUENCE, Member
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos_parts import (
    NO_TICKET,
    TicketFacts,
    is_armored,
    name_bits,
    read_encrypted,
    read_padata,
    read_principal,
    read_ticket,
)
from dissectors.tokens.model import (
    KrbAsRep,
    KrbAsReq,
    KrbKdcRep,
    KrbKdcReq,
    KrbTgsRep,
    KrbTgsReq,
    Token,
)

ETYPE_LIMIT = 64
"""Encryption types read of one request, and items of its other lists."""

_SHOWN_ONLY = (9, 11)  # addresses and additional-tickets: lists that only the tree shows
_AP_REQ = 0x6E
_AP_REQ_VERSION = bytes.fromhex("a003020105 a10302010e")
_PA_TGS_REQ = 1
_PA_FOR_USER = 129
_PA_S4U_X509_USER = 130


def read_as_req(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    """Read the members of an AS-REQ."""
    return _read_request(KrbAsReq, reader, found, pos, end)


def read_tgs_req(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    """Read the members of a TGS-REQ."""
    return _read_request(KrbTgsReq, reader, found, pos, end)


def read_as_rep(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    """Read the members of an AS-REP."""
    return _read_reply(KrbAsRep, reader, found, pos, end)


def read_tgs_rep(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    """Read the members of a TGS-REP."""
    return _read_reply(KrbTgsRep, reader, found, pos, end)


def _read_request(
    kind: type[KrbKdcReq], reader: Asn1Reader, found: dict[int, Member], pos: int, end: int
) -> Token:
    padata = read_padata(reader, found.get(3))
    ticket = NO_TICKET
    for_user = None
    for number, value in padata:
        if number == _PA_TGS_REQ:
            ticket = _ticket_shown(reader, value)
        elif number in (_PA_FOR_USER, _PA_S4U_X509_USER) and for_user is None:
            for_user = _impersonated(reader, value, number)
    body = _body(reader, found.get(4), pos, end)
    if body and 2 not in body:
        reader.missing(pos, end, "realm")
    for number in _SHOWN_ONLY:
        if number in body and body[number][0] == SEQUENCE:
            reader.children(*body[number][1:], ETYPE_LIMIT)  # tells if there are more
    return kind(
        raw=reader.data,
        padata_types=tuple(number for number, _ in padata),
        armored=is_armored(reader, padata),
        kdc_options=name_bits(reader.bits(body.get(0), "kdc-options"), KRB_KDC_OPTIONS),
        cname=read_principal(reader, body.get(1), "cname"),
        realm=reader.text(body.get(2), "realm"),
        sname=read_principal(reader, body.get(3), "sname"),
        from_time=reader.text(body.get(4), "from", GENERALIZED_TIME),
        till=reader.text(body.get(5), "till", GENERALIZED_TIME),
        rtime=reader.text(body.get(6), "rtime", GENERALIZED_TIME),
        nonce=reader.number(body.get(7), "nonce"),
        etypes=_etypes(reader, body.get(8)),
        for_user=for_user,
        ticket_realm=ticket[0],
        ticket_sname=ticket[1],
        ticket_etype=ticket[2],
        ticket_kvno=ticket[3],
        ticket_cipher=ticket[4],
    )


def _body(reader: Asn1Reader, member: Member | None, pos: int, end: int) -> dict[int, Member]:
    if member is None:
        reader.missing(pos, end, "req-body")
        return {}
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "req-body")
        return {}
    return reader.members(start, stop)


def _etypes(reader: Asn1Reader, member: Member | None) -> tuple[int, ...]:
    """Encryption types that the client takes, most wanted first."""
    if member is None:
        return ()
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "etype")
        return ()
    numbers = [reader.number(e[:3], "etype") for e in reader.children(start, stop, ETYPE_LIMIT)]
    return tuple(number for number in numbers if number is not None)


def _ticket_shown(reader: Asn1Reader, value: Member | None) -> TicketFacts:
    """Read the ticket in the AP-REQ by which a TGS-REQ is authenticated."""
    message = _opened(reader, value, _AP_REQ, "PA-TGS-REQ")
    if message is None:
        return NO_TICKET
    found = reader.sequence(*message, "AP-REQ", _AP_REQ_VERSION)
    return read_ticket(reader, found.get(3), *message)


def _impersonated(reader: Asn1Reader, value: Member | None, number: int) -> str | None:
    """Read the user for whom a service asks (S4U2self)."""
    content = _opened(reader, value, SEQUENCE, "padata-value")
    if content is None:
        return None
    found = reader.members(*content)
    if number == _PA_FOR_USER:
        return read_principal(reader, found.get(0), "userName")
    user = found.get(0)
    if user is None or user[0] != SEQUENCE:
        return None
    return read_principal(reader, reader.members(user[1], user[2]).get(1), "cname")


def _opened(
    reader: Asn1Reader, value: Member | None, tag: int, what: str
) -> tuple[int, int] | None:
    """Content of the element in an OCTET STRING, which must have `tag`."""
    if value is None or value[0] != OCTET_STRING:
        return None
    element = reader.expect(value[1], value[2], tag, what)
    return None if element is None else (element[1], element[2])


def _read_reply(
    kind: type[KrbKdcRep], reader: Asn1Reader, found: dict[int, Member], pos: int, end: int
) -> Token:
    padata = read_padata(reader, found.get(2))
    realm, sname, etype, kvno, cipher = read_ticket(reader, found.get(5), pos, end)
    part_etype, part_kvno, _ = read_encrypted(reader, found.get(6), "enc-part", pos, end)
    return kind(
        raw=reader.data,
        padata_types=tuple(number for number, _ in padata),
        armored=is_armored(reader, padata),
        crealm=reader.text(found.get(3), "crealm"),
        cname=read_principal(reader, found.get(4), "cname"),
        realm=realm,
        sname=sname,
        etype=etype,
        kvno=kvno,
        enc_part_etype=part_etype,
        enc_part_kvno=part_kvno,
        ticket_cipher=cipher,
    )
