"""The Kerberos messages that tokens carry, as schemas for showing their fields.

Spec: RFC 4120 5.2-5.5, 5.9 and appendix A; draft-swift-win2k-krb-user2user 4;
draft-ietf-kitten-iakerb 3.
"""

from __future__ import annotations

from typing import NamedTuple

from dissectors.codes.krb_error import KRB_ERROR
from dissectors.codes.krb_etype import KRB_ETYPE
from dissectors.tokens.asn1_fields import (
    INTEGER,
    SECRET,
    TEXT,
    ListOf,
    Members,
    Node,
    bits,
    number,
)


class Message(NamedTuple):
    """Name and schema of a message."""

    name: str
    node: Node


AP_OPTIONS = {0: "reserved", 1: "use-session-key", 2: "mutual-required"}

MESSAGE_TYPES = {
    10: "AS-REQ",
    11: "AS-REP",
    12: "TGS-REQ",
    13: "TGS-REP",
    14: "AP-REQ",
    15: "AP-REP",
    16: "TGT-REQ",
    17: "TGT-REP",
    30: "KRB-ERROR",
}

_VERSION = ("pvno", INTEGER)
_TYPE = ("msg-type", number(MESSAGE_TYPES))
_PRINCIPAL = Members({0: ("name-type", INTEGER), 1: ("name-string", ListOf(TEXT))})
_ENCRYPTED = Members(
    {0: ("etype", number(KRB_ETYPE)), 1: ("kvno", INTEGER), 2: ("cipher", SECRET)},
)
_TICKET = Members(
    {
        0: ("tkt-vno", INTEGER),
        1: ("realm", TEXT),
        2: ("sname", _PRINCIPAL),
        3: ("enc-part", _ENCRYPTED),
    }
)
_PADATA = ListOf(Members({1: ("padata-type", INTEGER), 2: ("padata-value", SECRET)}))
_REQ_BODY = Members(
    {
        0: ("kdc-options", bits({})),
        1: ("cname", _PRINCIPAL),
        2: ("realm", TEXT),
        3: ("sname", _PRINCIPAL),
        4: ("from", TEXT),
        5: ("till", TEXT),
        6: ("rtime", TEXT),
        7: ("nonce", SECRET),
        8: ("etype", ListOf(number(KRB_ETYPE))),
        9: ("addresses", SECRET),
        10: ("enc-authorization-data", SECRET),
        11: ("additional-tickets", ListOf(_TICKET)),
    }
)
_KDC_REQ = Members({1: _VERSION, 2: _TYPE, 3: ("padata", _PADATA), 4: ("req-body", _REQ_BODY)})
_KDC_REP = Members(
    {
        0: _VERSION,
        1: _TYPE,
        2: ("padata", _PADATA),
        3: ("crealm", TEXT),
        4: ("cname", _PRINCIPAL),
        5: ("ticket", _TICKET),
        6: ("enc-part", _ENCRYPTED),
    }
)
_KRB_ERROR = Members(
    {
        0: _VERSION,
        1: _TYPE,
        2: ("ctime", TEXT),
        3: ("cusec", INTEGER),
        4: ("stime", TEXT),
        5: ("susec", INTEGER),
        6: ("error-code", number(KRB_ERROR)),
        7: ("crealm", TEXT),
        8: ("cname", _PRINCIPAL),
        9: ("realm", TEXT),
        10: ("sname", _PRINCIPAL),
        11: ("e-text", TEXT),
        12: ("e-data", SECRET),
    }
)

MESSAGES: dict[int, Message] = {
    0x6E: Message(
        "AP-REQ",
        Members(
            {
                0: _VERSION,
                1: _TYPE,
                2: ("ap-options", bits(AP_OPTIONS)),
                3: ("ticket", _TICKET),
                4: ("authenticator", _ENCRYPTED),
            }
        ),
    ),
    0x6F: Message("AP-REP", Members({0: _VERSION, 1: _TYPE, 2: ("enc-part", _ENCRYPTED)})),
    0x7E: Message("KRB-ERROR", _KRB_ERROR),
}

KDC_MESSAGES: dict[int, Message] = {
    0x6A: Message("AS-REQ", _KDC_REQ),
    0x6B: Message("AS-REP", _KDC_REP),
    0x6C: Message("TGS-REQ", _KDC_REQ),
    0x6D: Message("TGS-REP", _KDC_REP),
    0x7E: MESSAGES[0x7E],
}

TGT_REQ = Message(
    "TGT-REQ",
    Members({0: _VERSION, 1: _TYPE, 2: ("server-name", _PRINCIPAL), 3: ("realm", TEXT)}),
)
TGT_REP = Message("TGT-REP", Members({0: _VERSION, 1: _TYPE, 2: ("ticket", _TICKET)}))

IAKERB_HEADER = Members(
    {1: ("target-realm", TEXT), 2: ("cookie", SECRET), 3: ("header-flags", bits({}))}
)
