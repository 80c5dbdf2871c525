"""The fast lane: the tokens that nearly all traffic is made of, without the careful readers' layers.

What is read here says the same as `decode.decode_token` makes of it, down to the last attribute, and has
nothing odd about its form; tests hold the two against each other. Whatever is odd, rare or of an old
client's making leaves the lane and is read the careful way, from the start. Trees of fields, too.

Each reader of a message is one flat function: it finds places, checks them, and fills its token by
position. They raise ValueError, or IndexError at the end of the bytes, where they give up.

Spec: RFC 2743 3.1, RFC 4178 4.2, RFC 4120 5.5, RFC 4121 4.2.6.2, MS-NLMP 2.2.1.
"""

from __future__ import annotations

import struct

from dissectors.recognise import SPNEGO_OID
from dissectors.tokens.model import Token, WrapToken
from dissectors.tokens.usual_kerberos import FRAME, read_usual_kerberos
from dissectors.tokens.usual_ntlm import read_usual_ntlm
from dissectors.tokens.usual_spnego import read_usual_init, read_usual_resp
from dissectors.tokens.wrap_cfx import SEALED, SENT_BY_ACCEPTOR

# first octets
_RESP = 0xA1
_NTLM = 0x4E
_WRAP = 0x05

_WRAP_TOKEN = b"\x05\x04"
_WRAP_HEADER = struct.Struct(">2xBBHHQ")  # Flags, filler, EC, RRC, SND_SEQ
_FILLER = 0xFF


def read_usual(data: bytes, from_acceptor: bool | None) -> Token | None:
    """Read an outermost token; None if it is not one of the usual."""
    try:
        first = data[0]
        if first == _RESP:
            return read_usual_resp(data, from_acceptor)
        if first == _NTLM:
            return read_usual_ntlm(data)
        if first == _WRAP:
            return _wrap(data)
        if first != FRAME[0]:
            return None
        if not data.startswith(SPNEGO_OID, 2 if data[1] < 0x80 else data[1] - 0x7E):
            return read_usual_kerberos(data)
        return None if from_acceptor else read_usual_init(data, from_acceptor)
    except (IndexError, ValueError):
        return None


def _wrap(data: bytes) -> WrapToken:
    """Read a Wrap token of RFC 4121 with a whole header: signed or sealed traffic has one a message."""
    if len(data) < _WRAP_HEADER.size or not data.startswith(_WRAP_TOKEN):
        raise ValueError
    flags, filler, ec, rrc, sequence = _WRAP_HEADER.unpack_from(data)
    if filler != _FILLER or ec > len(data) - _WRAP_HEADER.size:
        raise ValueError
    from_acceptor = bool(flags & SENT_BY_ACCEPTOR)
    sealed = bool(flags & SEALED)
    return WrapToken(data, (), None, None, sealed, from_acceptor, sequence, flags, ec, rrc)
