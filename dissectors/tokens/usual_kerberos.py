"""Kerberos' AP-REQ and AP-REP in their frames as everybody sends them, each read by one flat function.

    60 06 09 2a864886f712010202  01 00  6e 30 ...      (lengths left out)

Nearly every element ends where its container does, so a glance at its length is all there is to read.
`kerberos` reads all others, and what is shown.

Spec: RFC 4120 5.3, 5.5; RFC 1964 1.1; RFC 4121 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from dissectors.der_values import set_bits
from dissectors.mechs import KERBEROS
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos_parts import name_bits, read_principal, usual_numbers
from dissectors.tokens.kerberos_types import AP_OPTIONS
from dissectors.tokens.model import KrbApRep, KrbApReq, Token
from dissectors.tokens.usual_again import Forms, Told
from dissectors.tokens.usual_der import element_end, inside

FRAME = b"\x60"
"""Tag of an InitialContextToken."""
_OID = bytes.fromhex("06092a864886f712010202")
AP_REQ = _OID + b"\x01\x00\x6e"
AP_REP = _OID + b"\x02\x00\x6f"
"""What follows the tag and length of the frame."""

# tags of nested elements, from the outermost on
_AP_REQ_TAGS = b"\x6e\x30"
_AP_REP_TAGS = b"\x6f\x30"
_TICKET_TAGS = b"\xa3\x61\x30"  # [3] in AP-REQ
_TICKET_PART_TAGS = b"\xa3\x30"  # [3] in Ticket: an EncryptedData, as the next two
_AUTHENTICATOR_TAGS = b"\xa4\x30"
_AP_REP_PART_TAGS = b"\xa2\x30"
_CIPHER_TAGS = b"\xa2\x04"
# members before those that vary
_AP_REQ_START = bytes.fromhex("a003020105 a10302010e a2070305")  # up to the length of ap-options
_AP_REP_START = bytes.fromhex("a003020105 a10302010f")
_AP_OPTIONS = 5  # octets of their BIT STRING
_TICKET_START = bytes.fromhex("a003020105")
_NUMBERS = 10  # octets of etype and kvno
_REMEMBERED = 512  # octets of a realm and a service's name that are worth remembering


def read_usual_kerberos(data: bytes) -> Token:
    """Read a framed token; everything odd raises ValueError."""
    kind, facts = _FORMS.of(data)
    return kind(data, (), KERBEROS, None, *facts)


_Form = tuple[Callable[..., Token], tuple[Any, ...]]
"""The token's class, and its attributes behind those that all tokens have."""


def _form(data: bytes) -> Told[_Form]:
    content = inside(data, 0, len(data), FRAME)
    if data.startswith(AP_REQ, content):
        return _ap_req(data, content + len(AP_REQ) - 1)
    if data.startswith(AP_REP, content):
        return _ap_rep(data, content + len(AP_REP) - 1)
    raise ValueError


_FORMS = Forms(_form)


def _ap_req(data: bytes, at: int) -> Told[_Form]:
    end = len(data)
    at = inside(data, at, end, _AP_REQ_TAGS)
    if not data.startswith(_AP_REQ_START, at):
        raise ValueError
    at += len(_AP_REQ_START)
    ticket = at + _AP_OPTIONS
    options = _option_names(data[at:ticket])

    authenticator = element_end(data, ticket)
    at = inside(data, ticket, authenticator, _TICKET_TAGS)
    if not data.startswith(_TICKET_START, at):
        raise ValueError
    at += len(_TICKET_START)
    sname = at + 2 + data[at + 1]
    part = sname + 2 + data[sname + 1]
    realm, service = _service(data[at:part])
    at = inside(data, part, authenticator, _TICKET_PART_TAGS)
    etype, kvno, cipher = _encrypted(data, at, authenticator)
    at = inside(data, authenticator, end, _AUTHENTICATOR_TAGS)
    authenticator_etype, _, proof = _encrypted(data, at, end)
    places = (cipher, authenticator)
    facts = (options, realm, service, etype, kvno, authenticator_etype, end - proof, False, places)
    return cipher, authenticator, proof, (KrbApReq, facts)


def _ap_rep(data: bytes, at: int) -> Told[_Form]:
    end = len(data)
    at = inside(data, at, end, _AP_REP_TAGS)
    if not data.startswith(_AP_REP_START, at):
        raise ValueError
    at = inside(data, at + len(_AP_REP_START), end, _AP_REP_PART_TAGS)
    etype, _, cipher = _encrypted(data, at, end)
    return cipher, end, end, (KrbApRep, (etype,))


def _encrypted(data: bytes, at: int, end: int) -> tuple[int | None, int | None, int]:
    """Etype, kvno and start of the cipher of an EncryptedData with the content `[at, end)`."""
    etype, kvno, skip = usual_numbers(data[at : at + _NUMBERS])
    if not skip:
        raise ValueError
    return etype, kvno, inside(data, at + skip, end, _CIPHER_TAGS)


# -- what comes again and again --------------------------------------------------------------------


@lru_cache(maxsize=64)
def _option_names(content: bytes) -> tuple[str, ...]:
    bits = set_bits(content)
    if bits is None or len(content) != _AP_OPTIONS:
        raise ValueError
    return name_bits(bits, AP_OPTIONS)


def _service(content: bytes) -> tuple[str, str]:
    if len(content) > _REMEMBERED:
        raise ValueError
    return _read_service(content)


@lru_cache(maxsize=2048)
def _read_service(content: bytes) -> tuple[str, str]:
    """Realm and sname, the members [1] and [2] of a ticket, without any oddity."""
    reader = Asn1Reader(content)
    found = reader.members(0, len(content))
    realm = reader.text(found.get(1), "realm")
    sname = read_principal(reader, found.get(2), "sname")
    if realm is None or sname is None or len(found) > 2 or reader.findings():
        raise ValueError
    return realm, sname
