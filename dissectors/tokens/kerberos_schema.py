"""The Kerberos messages that tokens and KDC exchanges carry, as schemas for showing their fields.

Spec: RFC 4120 5.4-5.9 and appendix A; draft-swift-win2k-krb-user2user 4; draft-ietf-kitten-iakerb 3,
MS-SPNG 3.1.5.3.
"""

from __future__ import annotations

from dissectors.codes.krb_error import KRB_ERROR
from dissectors.codes.krb_kdc_options import KRB_KDC_OPTIONS
from dissectors.der import SEQUENCE
from dissectors.records import NamedTuple
from dissectors.tokens.asn1_leaves import (
    INTEGER,
    OCTETS,
    OPAQUE,
    TEXT,
    TIME,
    bits,
    number,
)
from dissectors.tokens.asn1_nodes import ByContent, Inside, ListOf, Members, Node
from dissectors.tokens.kerberos_e_data import ERROR_DATA, TYPED_DATA, e_data_form
from dissectors.tokens.kerberos_padata import PADATA_OF_REPLY, PADATA_OF_REQUEST
from dissectors.tokens.kerberos_types import (
    ADDRESS,
    ADDRESSES,
    AP_REQ,
    CHECKSUM,
    ENCRYPTED,
    ETYPE,
    MESSAGE_TYPE,
    MICROSECONDS,
    PRINCIPAL,
    TICKET,
    VERSION,
)


class Message(NamedTuple):
    """Name and schema of a message."""

    name: str
    node: Node


_REQ_BODY = Members(
    {
        0: ("kdc-options", bits(KRB_KDC_OPTIONS)),
        1: ("cname", PRINCIPAL),
        2: ("realm", TEXT),
        3: ("sname", PRINCIPAL),
        4: ("from", TIME),
        5: ("till", TIME),
        6: ("rtime", TIME),
        7: ("nonce", INTEGER),
        8: ("etype", ListOf(ETYPE)),
        9: ("addresses", ADDRESSES),
        10: ("enc-authorization-data", ENCRYPTED),
        11: ("additional-tickets", ListOf(TICKET)),
    }
)
_KDC_REQ = Members(
    {1: VERSION, 2: MESSAGE_TYPE, 3: ("padata", PADATA_OF_REQUEST), 4: ("req-body", _REQ_BODY)}
)
_KDC_REP = Members(
    {
        0: VERSION,
        1: MESSAGE_TYPE,
        2: ("padata", PADATA_OF_REPLY),
        3: ("crealm", TEXT),
        4: ("cname", PRINCIPAL),
        5: ("ticket", TICKET),
        6: ("enc-part", ENCRYPTED),
    }
)

_E_DATA: dict[str | None, Node] = {
    "METHOD-DATA": Inside({SEQUENCE: ("METHOD-DATA", PADATA_OF_REPLY)}),
    "TYPED-DATA": Inside({SEQUENCE: ("TYPED-DATA", TYPED_DATA)}),
    "KERB-ERROR-DATA": Inside({SEQUENCE: ("KERB-ERROR-DATA", ERROR_DATA)}),
    None: OCTETS,
}
_KRB_ERROR = Members(
    {
        0: VERSION,
        1: MESSAGE_TYPE,
        2: ("ctime", TIME),
        3: ("cusec", MICROSECONDS),
        4: ("stime", TIME),
        5: ("susec", MICROSECONDS),
        6: ("error-code", number(KRB_ERROR)),
        7: ("crealm", TEXT),
        8: ("cname", PRINCIPAL),
        9: ("realm", TEXT),
        10: ("sname", PRINCIPAL),
        11: ("e-text", TEXT),
        12: ("e-data", ByContent(lambda content: _E_DATA[e_data_form(content)])),
    }
)

_SAFE_BODY = Members(
    {
        0: ("user-data", OPAQUE),
        1: ("timestamp", TIME),
        2: ("usec", MICROSECONDS),
        3: ("seq-number", INTEGER),
        4: ("s-address", ADDRESS),
        5: ("r-address", ADDRESS),
    }
)
_KRB_SAFE = Members(
    {0: VERSION, 1: MESSAGE_TYPE, 2: ("safe-body", _SAFE_BODY), 3: ("cksum", CHECKSUM)}
)
_KRB_PRIV = Members({0: VERSION, 1: MESSAGE_TYPE, 3: ("enc-part", ENCRYPTED)})
_KRB_CRED = Members(
    {0: VERSION, 1: MESSAGE_TYPE, 2: ("tickets", ListOf(TICKET)), 3: ("enc-part", ENCRYPTED)}
)

MESSAGES: dict[int, Message] = {
    0x6A: Message("AS-REQ", _KDC_REQ),
    0x6B: Message("AS-REP", _KDC_REP),
    0x6C: Message("TGS-REQ", _KDC_REQ),
    0x6D: Message("TGS-REP", _KDC_REP),
    0x6E: Message("AP-REQ", AP_REQ),
    0x6F: Message("AP-REP", Members({0: VERSION, 1: MESSAGE_TYPE, 2: ("enc-part", ENCRYPTED)})),
    0x74: Message("KRB-SAFE", _KRB_SAFE),
    0x75: Message("KRB-PRIV", _KRB_PRIV),
    0x76: Message("KRB-CRED", _KRB_CRED),
    0x7E: Message("KRB-ERROR", _KRB_ERROR),
}
"""Messages by their APPLICATION tag."""

KDC_TAGS = (0x6A, 0x6B, 0x6C, 0x6D, 0x7E)
"""Tags of messages between a client and a KDC."""

TGT_REQ = Message(
    "TGT-REQ",
    Members({0: VERSION, 1: MESSAGE_TYPE, 2: ("server-name", PRINCIPAL), 3: ("realm", TEXT)}),
)
TGT_REP = Message("TGT-REP", Members({0: VERSION, 1: MESSAGE_TYPE, 2: ("ticket", TICKET)}))

IAKERB_HEADER = Members(
    {1: ("target-realm", TEXT), 2: ("cookie", OCTETS), 3: ("header-flags", bits({}))}
)
