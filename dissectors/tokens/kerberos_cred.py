"""Kerberos messages for data and credentials: KRB-SAFE, KRB-PRIV, KRB-CRED.

    KRB-SAFE  74 30  [0] pvno [1] msg-type [2] safe-body [3] cksum
    KRB-PRIV  75 30  [0] pvno [1] msg-type [3] enc-part
    KRB-CRED  76 30  [0] pvno [1] msg-type [2] tickets [3] enc-part

Spec: RFC 4120 5.6-5.8.
"""

from __future__ import annotations

from dissectors.der import GENERALIZED_TIME, SEQUENCE, Member
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos_parts import NO_TICKET, TicketFacts, read_encrypted, read_ticket
from dissectors.tokens.model import KrbCred, KrbPriv, KrbSafe, Token

TICKET_LIMIT = 64
"""Tickets read of one KRB-CRED."""


def read_safe(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    """Read the members of a KRB-SAFE."""
    body = _members(reader, found.get(2), "safe-body", pos, end)
    checksum = _members(reader, found.get(3), "cksum", pos, end)
    return KrbSafe(
        raw=reader.data,
        user_data=reader.octets(body.get(0), "user-data"),
        timestamp=reader.text(body.get(1), "timestamp", GENERALIZED_TIME),
        seq_number=reader.number(body.get(3), "seq-number"),
        cksumtype=reader.number(checksum.get(0), "cksumtype"),
    )


def read_priv(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    """Read the members of a KRB-PRIV."""
    etype, _, _ = read_encrypted(reader, found.get(3), "enc-part", pos, end)
    return KrbPriv(raw=reader.data, enc_part_etype=etype)


def read_cred(reader: Asn1Reader, found: dict[int, Member], pos: int, end: int) -> Token:
    """Read the members of a KRB-CRED; of several tickets the first is told."""
    tickets = _tickets(reader, found.get(2), pos, end)
    realm, sname, etype, kvno, _ = tickets[0] if tickets else NO_TICKET
    part_etype, _, _ = read_encrypted(reader, found.get(3), "enc-part", pos, end)
    return KrbCred(
        raw=reader.data,
        realm=realm,
        sname=sname,
        etype=etype,
        kvno=kvno,
        tickets=len(tickets),
        enc_part_etype=part_etype,
    )


def _tickets(reader: Asn1Reader, member: Member | None, pos: int, end: int) -> list[TicketFacts]:
    if member is None:
        reader.missing(pos, end, "tickets")
        return []
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "tickets")
        return []
    elements = reader.children(start, stop, TICKET_LIMIT)
    return [read_ticket(reader, element[:3], start, stop) for element in elements]


def _members(
    reader: Asn1Reader, member: Member | None, what: str, pos: int, end: int
) -> dict[int, Member]:
    if member is None:
        reader.missing(pos, end, what)
        return {}
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, what)
        return {}
    return reader.members(start, stop)
