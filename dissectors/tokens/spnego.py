"""SPNEGO negotiation tokens, read tolerantly: NegTokenInit, NegTokenInit2, NegTokenResp.

    NegTokenInit   [0] mechTypes  [1] reqFlags  [2] mechToken  [3] mechListMIC
    NegTokenInit2  [0] mechTypes  [1] reqFlags  [2] mechToken  [3] negHints  [4] mechListMIC
    NegTokenResp   [0] negState  [1] supportedMech  [2] responseToken  [3] mechListMIC
                   [4] mechTypes of Late Fallback

The inner token is left to the caller. The strict reading of the same tokens is in `strict`.

Spec: RFC 4178 4.2 and appendix A, MS-SPNG 2.2.1, 3.1.5 and appendix A.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors import der
from dissectors.der import ENUMERATED, OCTET_STRING, OID, SEQUENCE, Element, Member, Reader
from dissectors.mechs import SPNEGO
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.model import NegTokenInit, NegTokenInit2, NegTokenResp
from dissectors.tokens.spnego_fields import (
    CONTEXT_FLAGS,
    MECH_LIMIT,
    NEG_STATES,
    record_neg_token_init,
    record_neg_token_resp,
)

_IMPLICIT_REQ_FLAGS = 0x81
_LATE = 0xA4
_REMEMBERED = 256  # bytes of a list that is worth remembering
_MEMBERS = 32  # of one SEQUENCE: there are no more numbers


def read_neg_token_init(
    reader: Asn1Reader, choice: Element, from_acceptor: bool | None
) -> NegTokenInit:
    """Read the `a0` choice; which of the two Init types it is shows in [3], else by the sender."""
    found = reader.sequence(choice[1], choice[2], "NegTokenInit")
    mech_types_der = b""
    mech_types: tuple[str, ...] = ()
    third = found.get(3)
    hinted = third is not None and third[0] == SEQUENCE
    member = found.get(0)
    if member is None:
        if not hinted and not from_acceptor:  # NegTokenInit2 may go without
            reader.missing(choice[1], choice[2], "mechTypes")
    elif member[0] != SEQUENCE:
        reader.wrong_tag(*member, "mechTypes")
    else:
        _, start, stop = member
        mech_types_der = _as_sent(reader.data, start, stop)
        mech_types = _mech_types(reader, start, stop)
    req_flags = _req_flags(reader, found[1]) if 1 in found else None
    mech_token = _inner_token(reader, found.get(2), "mechToken")
    mic = _checksum(reader, found.get(4) if hinted or third is None else third)
    token: NegTokenInit
    if not hinted and not from_acceptor:
        token = NegTokenInit(
            raw=reader.data,
            mech_types=mech_types,
            req_flags=req_flags,
            mech_token=mech_token,
            mech_list_mic=mic,
            mech_types_der=mech_types_der,
        )
    else:
        hints: dict[int, Member] = {}
        if third is not None and hinted:
            hints = reader.members(third[1], third[2])
            if from_acceptor is False:
                reader.report("token-out-of-order", *third[1:], "negHints of an initiator")
        token = NegTokenInit2(
            raw=reader.data,
            mech_types=mech_types,
            req_flags=req_flags,
            mech_token=mech_token,
            mech_list_mic=mic,
            mech_types_der=mech_types_der,
            hint_name=reader.text(hints.get(0), "hintName"),
            hint_address=reader.octets(hints.get(1), "hintAddress"),
        )
    record_neg_token_init(reader, choice, token)
    return token


def read_neg_token_resp(reader: Asn1Reader, choice: Element) -> NegTokenResp:
    """Read the `a1` choice."""
    found = reader.sequence(choice[1], choice[2], "NegTokenResp")
    neg_state = None
    state = reader.number(found.get(0), "negState", ENUMERATED)
    if state is not None:
        neg_state = NEG_STATES.get(state)
        if neg_state is None:
            neg_state = f"unknown({state})"
            reader.report("unknown-value", *found[0][1:], f"negState {state}")
    response_token = _inner_token(reader, found.get(2), "responseToken")
    mic = None
    member = found.get(3)
    if member is not None and member[0] == SEQUENCE:
        # IBM i can answer with its hint in the place of the checksum
        reader.report("mic-foreign", *member[1:], "mechListMIC holds a SEQUENCE, as IBM i sends it")
    elif member is not None:
        mic = _checksum(reader, member)
        if mic and mic == response_token:
            reader.report("mic-duplicate", *member[1:])
    late = None if 4 not in found else _late_mech_types(reader, choice, found[4])
    token = NegTokenResp(
        raw=reader.data,
        neg_state=neg_state,
        supported_mech=reader.oid(found.get(1), "supportedMech"),
        response_token=response_token,
        mech_list_mic=mic,
        late_mech_types=late,
    )
    record_neg_token_resp(reader, choice, token)
    return token


def _late_mech_types(reader: Asn1Reader, choice: Element, member: Member) -> tuple[str, ...] | None:
    """Read the list of Late Fallback, whose tag stands in no published module.

    Besides the SEQUENCE OF that the other lists are, its object identifiers may stand right under the
    tag (an IMPLICIT one), or the list in an OCTET STRING.
    """
    tag, start, stop = member
    if tag == SEQUENCE:
        return _mech_types(reader, start, stop)
    if tag == OID:
        quiet = Reader(reader.data)
        sequence = quiet.read(choice[1], choice[2])
        for element in quiet.children(*sequence[1:3], _MEMBERS) if sequence else ():
            if element[0] == _LATE:
                return _mech_types(reader, element[1], element[2])
    reader.wrong_tag(*member, "mechTypes of Late Fallback")
    if tag == OCTET_STRING:
        quiet = Reader(reader.data)
        inner = quiet.read(start, stop)
        if inner is not None and inner[0] == SEQUENCE and inner[3] == stop:
            return _mech_types(reader, inner[1], inner[2])
    return None


def _inner_token(reader: Asn1Reader, member: Member | None, what: str) -> bytes | None:
    """Content of mechToken or responseToken, as much as is there."""
    if member is not None:
        reader.inner = member[1]
    return reader.octets(member, what)


def _mech_types(reader: Asn1Reader, start: int, stop: int) -> tuple[str, ...]:
    """Read a MechTypeList; the same few lists come again and again."""
    if stop - start <= _REMEMBERED:
        known = plain_list(reader.data[start:stop])
        if known is not None:
            return known
    mechs: list[str] = []
    for tag, first, last, _, _ in reader.children(start, stop, MECH_LIMIT):
        mech = reader.oid((tag, first, last), "a mechType")
        if mech is not None:
            mechs.append(mech)
            if mech == SPNEGO:
                reader.report("spnego-in-spnego", first, last, "in mechTypes")
    return tuple(mechs)


@lru_cache(maxsize=512)
def plain_list(content: bytes) -> tuple[str, ...] | None:
    """Object identifiers of a list without any oddity; None if there is one."""
    reader = Asn1Reader(content)
    elements = reader.children(0, len(content), MECH_LIMIT)
    mechs = tuple(reader.oid(element[:3], "") for element in elements)
    if reader.findings() or SPNEGO in mechs:
        return None
    return tuple(mech for mech in mechs if mech is not None)


def _as_sent(data: bytes, start: int, stop: int) -> bytes:
    """Bytes of the SEQUENCE with content `[start, stop)`, with its header: what the MIC covers."""
    if data[start - 1] == stop - start and data[start - 2] == SEQUENCE:
        return data[start - 2 : stop]
    for octets in range(1, 5):
        at = start - octets - 2
        long_form = bytes((SEQUENCE, 0x80 | octets))
        if data.startswith(long_form, at) and int.from_bytes(data[at + 2 : start]) == stop - start:
            return data[at:stop]
    return b""  # cut, or of indefinite length


def _checksum(reader: Asn1Reader, member: Member | None) -> bytes | None:
    """Content of mechListMIC; half a checksum is none."""
    if member is not None:
        reader.mic = member[1]
    mic = reader.octets(member, "mechListMIC")
    return None if member is not None and member[1] in reader.partial else mic


def _req_flags(reader: Asn1Reader, member: Member) -> tuple[str, ...] | None:
    """Names of the flags; Scapy and others tag them IMPLICIT, against the module of RFC 4178."""
    if member[0] == _IMPLICIT_REQ_FLAGS:
        member = (der.BIT_STRING, member[1], member[2])
    bits = reader.bits(member, "reqFlags")
    return None if bits is None else _flag_names(bits)


@lru_cache(maxsize=128)
def _flag_names(bits: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(CONTEXT_FLAGS.get(bit, f"bit({bit})") for bit in bits)


__all__ = [
    "CONTEXT_FLAGS",
    "MECH_LIMIT",
    "NEG_STATES",
    "read_neg_token_init",
    "read_neg_token_resp",
]
