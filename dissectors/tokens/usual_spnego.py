"""SPNEGO's envelopes as everybody sends them, each read by one flat function, and what they carry.

Members in their order, lengths as DER wants them, a MIC about which nothing can be odd. `spnego` reads all
others, hints of acceptors among them, and what is shown. An odd token in a usual envelope is read the
careful way alone.

Spec: RFC 4178 4.2.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.der import ENUMERATED
from dissectors.der_values import oid_text
from dissectors.mechs import KERBEROS, MS_KERBEROS, SPNEGO
from dissectors.recognise import SPNEGO_OID
from dissectors.tokens.decode import compare_inner, decode_token, is_plain_mic
from dissectors.tokens.model import KrbApReq, NegTokenInit, NegTokenResp, Token
from dissectors.tokens.spnego import NEG_STATES, plain_list
from dissectors.tokens.usual_again import Forms, Told
from dissectors.tokens.usual_der import element_end, inside
from dissectors.tokens.usual_kerberos import FRAME, read_usual_kerberos
from dissectors.tokens.usual_ntlm import read_usual_ntlm

# tags of nested elements, from the outermost on
_INIT_TAGS = b"\xa0\x30"
_RESP_TAGS = b"\xa1\x30"
_LIST_TAGS = b"\xa0"
_TOKEN_TAGS = b"\xa2\x04"
_MIC_TAGS = b"\xa3\x04"
_SEQUENCE = b"\x30"
_OID = b"\x06"
# members by their context tags
_STATE = 0xA0
_MECH = 0xA1
_TOKEN = 0xA2
_NEG_STATES = {bytes((_STATE, 3, ENUMERATED, 1, n)): name for n, name in NEG_STATES.items()}
_NEG_STATE = 5  # octets of the member negState
_KERBEROS = frozenset({KERBEROS, MS_KERBEROS})
_REMEMBERED = 256  # bytes of a list that is worth remembering


def read_usual_init(data: bytes, from_acceptor: bool | None) -> NegTokenInit:
    """Read a framed NegTokenInit of an initiator; everything odd raises ValueError."""
    mech_types, mech_types_der, at, after, mic_at = _INIT_FORMS.of(data)
    mech_token = data[at:after] if at else None
    mic = _mic(data[mic_at:], mech_token) if mic_at else None
    inner = _usual_inner(mech_token) if mech_token else None
    token = NegTokenInit(data, (), SPNEGO, inner, mech_types, None, mech_token, mic, mech_types_der)
    if not mech_token:
        return token
    if inner is None:
        token.inner = decode_token(mech_token, from_acceptor, base=at, depth=2)
    if type(inner) is not KrbApReq or mech_types[0] not in _KERBEROS:
        compare_inner(token, at)
    return token


def _init_form(data: bytes) -> Told[tuple[tuple[str, ...], bytes, int, int, int]]:
    """Tell mechTypes, their DER, where mechToken begins and ends, where the MIC begins; 0: there is none."""
    end = len(data)
    content = inside(data, 0, end, FRAME)
    at = inside(data, content + len(SPNEGO_OID), end, _INIT_TAGS)
    after = element_end(data, at)
    mech_types_der = data[inside(data, at, after, _LIST_TAGS) : after]
    mech_types = _mech_types(mech_types_der)
    at, after = _token(data, after)
    mic_at = 0 if after == end else inside(data, after, end, _MIC_TAGS)
    form = (mech_types, mech_types_der, at, after, mic_at)
    return at or after, after, mic_at or after, form


def read_usual_resp(data: bytes, from_acceptor: bool | None) -> NegTokenResp:
    """Read a NegTokenResp; everything odd raises ValueError."""
    neg_state, supported_mech, at, after, mic_at = _RESP_FORMS.of(data)
    response_token = data[at:after] if at else None
    mic = _mic(data[mic_at:], response_token) if mic_at else None
    inner = _usual_inner(response_token) if response_token else None
    token = NegTokenResp(data, (), None, inner, neg_state, supported_mech, response_token, mic)
    if inner is None and response_token:
        token.inner = decode_token(response_token, from_acceptor, base=at, depth=2)
        compare_inner(token, at)
    return token


def _resp_form(data: bytes) -> Told[tuple[str | None, str | None, int, int, int]]:
    """Tell negState, supportedMech, where responseToken begins and ends, where the MIC begins."""
    end = len(data)
    after = inside(data, 0, end, _RESP_TAGS)
    neg_state = supported_mech = None
    if after < end and data[after] == _STATE:
        neg_state = _NEG_STATES.get(data[after : after + _NEG_STATE])
        if neg_state is None:
            raise ValueError
        after += _NEG_STATE
    if after < end and data[after] == _MECH:
        at = after + 2
        after = at + data[after + 1]
        supported_mech = _mech(data[at:after])
    at, after = _token(data, after)
    mic_at = 0 if after == end else inside(data, after, end, _MIC_TAGS)
    return at or after, after, mic_at or after, (neg_state, supported_mech, at, after, mic_at)


_INIT_FORMS = Forms(_init_form)
_RESP_FORMS = Forms(_resp_form)


def _token(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of a token begins, if the member at `at` is one (0: it is not), and ends."""
    if at == len(data) or data[at] != _TOKEN:
        return 0, at
    after = element_end(data, at)
    return inside(data, at, after, _TOKEN_TAGS), after


def _mic(mic: bytes, content: bytes | None) -> bytes:
    """The content of mechListMIC, if nothing can be odd about it beside that of the token."""
    if mic == content or not is_plain_mic(mic):
        raise ValueError
    return mic


def _usual_inner(content: bytes) -> Token | None:
    """Read the token inside; None if it is not one of the usual."""
    try:
        if content.startswith(FRAME):
            return read_usual_kerberos(content)
        return read_usual_ntlm(content)
    except (IndexError, ValueError):
        return None


# -- what comes again and again --------------------------------------------------------------------


def _mech_types(der: bytes) -> tuple[str, ...]:
    if len(der) > _REMEMBERED:
        raise ValueError
    return _read_mech_types(der)


@lru_cache(maxsize=512)
def _read_mech_types(der: bytes) -> tuple[str, ...]:
    """Object identifiers of a MechTypeList without any oddity."""
    mechs = plain_list(der[inside(der, 0, len(der), _SEQUENCE) :])
    if not mechs:
        raise ValueError
    return mechs


@lru_cache(maxsize=256)
def _mech(element: bytes) -> str:
    """Dotted text of an OBJECT IDENTIFIER."""
    mech = oid_text(element[inside(element, 0, len(element), _OID) :])
    if mech is None:
        raise ValueError
    return mech
