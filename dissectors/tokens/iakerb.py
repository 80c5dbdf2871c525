"""IAKERB_PROXY: a Kerberos message to or from a KDC, carried by the acceptor.

    05 01  IAKERB-HEADER 30 { [1] target-realm  [2] cookie  [3] header-flags }  KDC message

Empty realm and no message ask the acceptor for its realm.

Spec: draft-ietf-kitten-iakerb 3; MS-SPNG 3.1.5.3.
"""

from __future__ import annotations

from dissectors.der import OCTET_STRING, UTF8_STRING, Element, string_text
from dissectors.tokens.asn1_fields import record
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos_schema import IAKERB_HEADER, KDC_MESSAGES
from dissectors.tokens.model import IakerbMessage


def read_iakerb(reader: Asn1Reader, header: Element, end: int) -> IakerbMessage:
    """Read the header, and the message between it and `end`."""
    _, start, stop, after, _ = header
    realm = None
    member = reader.members(start, stop).get(1)
    if member is None:
        reader.missing(start, stop, "target-realm")
    elif member[0] in (UTF8_STRING, OCTET_STRING):  # older MIT releases write an OCTET STRING
        realm = string_text(reader.data[member[1] : member[2]])
    else:
        reader.wrong_tag(*member, "target-realm")
    record(reader, header, "IAKERB-HEADER", IAKERB_HEADER)
    name = None
    message = reader.read(after, end) if after < end else None
    if message is not None:
        known = KDC_MESSAGES.get(message[0])
        if known is None:
            reader.wrong_tag(message[0], after, message[2], "the KDC message")
        else:
            name = known.name
            record(reader, message, name, known.node)
        if message[3] < end:
            reader.report("trailing-bytes", message[3], end, "after the KDC message")
    return IakerbMessage(raw=reader.data, realm=realm, message=name)
