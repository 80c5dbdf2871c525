"""GSS-API framing: an InitialContextToken, or a mechanism's token that goes without.

    60 L  06 L thisMech  innerContextToken

What is inside a frame is told by its own bytes: ms-kerberos may frame a token of kerberos, and a
client may have put anything under an OID. The same readers serve tokens that come unframed.

Spec: RFC 2743 3.1, RFC 1964 1.1, RFC 4121 4.1, RFC 4178 4.2 and appendix C.
"""

from __future__ import annotations

from dissectors.der import OID, SEQUENCE, Reader
from dissectors.mechs import IAKERB, KERBEROS, SPNEGO, mech_family, mech_name
from dissectors.recognise import SPNEGO_OID, TokenKind, kind_within
from dissectors.tokens import asn1_fields
from dissectors.tokens.asn1_fields import record
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.iakerb import read_iakerb
from dissectors.tokens.kerberos import read_kerberos, read_user_to_user
from dissectors.tokens.model import OpaqueToken, Token
from dissectors.tokens.negoex import decode_negoex
from dissectors.tokens.ntlm import decode_ntlm
from dissectors.tokens.per_message import decode_per_message
from dissectors.tokens.recorder import Recorder
from dissectors.tokens.spnego import read_neg_token_init, read_neg_token_resp
from dissectors.tokens.token_id import token_id_text

_TGT_REQ = b"\x04\x00"
_TGT_REP = b"\x04\x01"
_IAKERB_PROXY = b"\x05\x01"


_USUAL_MECHS = {
    SPNEGO_OID: SPNEGO,
    bytes.fromhex("06092a864886f712010202"): KERBEROS,
}
"""OBJECT IDENTIFIER elements that need no reading."""

_OF_SEQUENCES = {
    0xA0: "NegTokenInit",
    0xA1: "NegTokenResp",
    0x6E: "AP-REQ",
    0x6F: "AP-REP",
    0x7E: "KRB-ERROR",
}
"""Messages that are a SEQUENCE in a tag of their own, by that tag."""

FOREIGN = {"ntlm": decode_ntlm, "negoex": decode_negoex, "per-message": decode_per_message}
"""Decoders of tokens that are not ASN.1, by kind."""


def read_framed(reader: Asn1Reader, from_acceptor: bool | None) -> Token:
    """Read a token that begins with `60`."""
    data = reader.data
    frame = reader.outermost()
    if frame is None:
        return OpaqueToken(raw=data)
    _, start, stop, after, _ = frame
    if reader.fields is not None:
        _open_branch(reader, "InitialContextToken", 0, after)
    oid_end = start + 2 + data[start + 1] if start + 1 < stop else stop
    this_mech = _USUAL_MECHS.get(data[start:oid_end]) if reader.fields is None else None
    if this_mech is None or oid_end > stop:
        oid = reader.expect(start, stop, OID, "thisMech")
        if oid is None:
            return OpaqueToken(raw=data)
        this_mech = reader.oid(oid[:3], "thisMech")
        record(reader, oid, "thisMech", asn1_fields.OID)
        oid_end = oid[3]
    start = oid_end
    kind = kind_within(data, start, stop)
    if reader.fields is not None:
        _open_branch(reader, "innerContextToken", start, stop, hidden=kind == "opaque")
    if kind == "kerberos-message":
        token = decode_per_message(data[:stop], reader.fields, reader.base, reader.path)
    elif kind in FOREIGN:
        token = FOREIGN[kind](data[start:stop], reader.fields, reader.base + start, reader.path)
    else:
        token = read_asn1(reader, start, stop, kind, from_acceptor)
        if kind == "spnego-resp":
            reader.report("framed-resp", 0, start)
        elif (
            kind == "opaque"
            and this_mech is not None
            and not reader.cut
            and not _report_no_sequence(reader, start, stop)
        ):
            _report_stranger(reader, start, stop, this_mech)
    token.raw = data
    token.this_mech = this_mech
    return token


def read_asn1(
    reader: Asn1Reader, pos: int, end: int, kind: TokenKind, from_acceptor: bool | None
) -> Token:
    """Read the SPNEGO or Kerberos token that fills `[pos, end)`."""
    data = reader.data
    framed = pos > 0
    token_id = b""
    if kind == "kerberos-id":
        token_id = data[pos : pos + 2]
        if reader.fields is not None:
            tree = Recorder(reader.fields, reader.base, reader.path)
            tree.add("TOK_ID", pos, pos + len(token_id), token_id, token_id_text(token_id))
        pos += 2
    elif kind == "kerberos" and framed:
        reader.missing(pos, pos + 1, "TOK_ID")
    elif kind not in ("spnego-init", "spnego-resp", "kerberos"):
        if not framed:
            _report_no_sequence(reader, pos, end)
        return OpaqueToken(raw=data)
    proxy = token_id == _IAKERB_PROXY  # of two elements, the second a message
    element = reader.read(pos, end) if framed else reader.outermost(pos, alone=not proxy)
    if element is None:
        return OpaqueToken(raw=data)
    if proxy:
        return read_iakerb(reader, element, end, framed=framed)
    if framed and element[3] < end:
        reader.report("trailing-bytes", element[3], end, "inside the frame")
    if kind == "spnego-init":
        if not framed:
            reader.report("unframed-init", 0, element[1])
        return read_neg_token_init(reader, element, from_acceptor)
    if kind == "spnego-resp":
        return read_neg_token_resp(reader, element)
    if token_id in (_TGT_REQ, _TGT_REP):
        return read_user_to_user(reader, element, reply=token_id == _TGT_REP)
    return read_kerberos(reader, element, bare=not framed and not token_id)


def _open_branch(
    reader: Asn1Reader, name: str, start: int, stop: int, *, hidden: bool = False
) -> None:
    """Record a part of the frame; what is recorded next stands below it. `hidden`: nothing will."""
    assert reader.fields is not None
    tree = Recorder(reader.fields, reader.base, reader.path)
    if hidden:
        tree.hide(name, start, stop)
    else:
        tree.add(name, start, stop, None)
    reader.path = f"{reader.path}.{name}" if reader.path else name


def _report_no_sequence(reader: Asn1Reader, start: int, stop: int) -> bool:
    """Report what is a message by its tag and lengths, but holds something else than a SEQUENCE."""
    data = reader.data
    name = _OF_SEQUENCES.get(data[start]) if start < stop else None
    if name is None:
        return False
    quiet = Reader(data)
    outer = quiet.read(start, stop)
    inner = quiet.read(*outer[1:3]) if outer is not None and outer[3] == stop else None
    if outer is None or inner is None or inner[3] != outer[2] or quiet.findings():
        return False
    found = f"{name}: tag {inner[0]:02x} where the SEQUENCE, {SEQUENCE:02x}, belongs"
    reader.report("bad-tag", inner[4], inner[3], found)
    return True


def _report_stranger(reader: Asn1Reader, start: int, stop: int, this_mech: str) -> None:
    """Report a frame of a mechanism that is read here, with content that is not its own."""
    if this_mech in (SPNEGO, IAKERB) or mech_family(this_mech) in ("kerberos", "ntlm", "negoex"):
        reader.report("bad-value", start, stop, f"no token of {mech_name(this_mech)}")
