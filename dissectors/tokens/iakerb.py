"""IAKERB_PROXY: a Kerberos message to or from a KDC, carried by the acceptor.

    05 01  IAKERB-HEADER 30 { [1] target-realm  [2] cookie  [3] header-flags }  KDC message

Empty realm and no message ask the acceptor for its realm.

Spec: draft-ietf-kitten-iakerb 3; MS-SPNG 3.1.5.3.
"""

from __future__ import annotations

from dissectors.der import OCTET_STRING, UTF8_STRING, Element
from dissectors.der_values import string_text
from dissectors.tokens.asn1_fields import record
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos import read_kerberos
from dissectors.tokens.model import IakerbMessage, OpaqueToken, Token

_KDC_MESSAGES = {
    0x6A: "AS-REQ",
    0x6B: "AS-REP",
    0x6C: "TGS-REQ",
    0x6D: "TGS-REP",
    0x7E: "KRB-ERROR",
}


def read_iakerb(
    reader: Asn1Reader, header: Element, end: int, *, framed: bool = True
) -> IakerbMessage:
    """Read the header, and the message between it and `end`; MIT's library frames its first token only."""
    _, start, stop, after, _ = header
    realm = None
    member = reader.members(start, stop).get(1)
    if member is None:
        reader.missing(start, stop, "target-realm")
    elif member[0] in (UTF8_STRING, OCTET_STRING):  # older MIT releases write an OCTET STRING
        realm = string_text(reader.data[member[1] : member[2]])
    else:
        reader.wrong_tag(*member, "target-realm")
    if reader.fields is not None:
        from dissectors.tokens.kerberos_schema import IAKERB_HEADER  # noqa: PLC0415 - for showing only

        record(reader, header, "IAKERB-HEADER", IAKERB_HEADER)
    token = IakerbMessage(raw=reader.data, realm=realm)
    told = len(reader.anomalies)
    message = None
    if after < end:
        message = reader.read(after, end) if framed else reader.outermost(after, alone=False)
    if message is not None:
        cut = reader.cut or len(reader.anomalies) > told
        token.message = _KDC_MESSAGES.get(message[0])
        if token.message is None:
            reader.wrong_tag(message[0], after, message[2], "the KDC message")
        token.inner = _read_message(reader, message, cut=cut)
        if message[3] < end:
            reader.report("trailing-bytes", message[3], end, "after the KDC message")
    return token


def _read_message(reader: Asn1Reader, message: Element, *, cut: bool) -> Token | None:
    """Read the message as a token of its own; None if it is of no known kind."""
    tag, start, stop, after, at = message
    within = Asn1Reader(reader.data[at:after], reader.base + at, reader.fields, reader.path)
    within.cut = cut  # which is told already
    token = read_kerberos(within, (tag, start - at, stop - at, after - at, 0), bare=False)
    token.anomalies = within.findings()
    return None if isinstance(token, OpaqueToken) else token
