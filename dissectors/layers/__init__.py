"""Scapy layers over negoscope's own decoders: tokens, carriers, and a session that joins streams.

`import dissectors.layers` changes nothing in Scapy: `bind()` does, and `GSSSession` is asked for by name.
docs/scapy.md shows all of it.

What a representation (`show()`, `repr()`, `summary()`) tells is redacted and visible: secrets appear as
`<24 bytes>`, control characters as escapes. The fields' values keep the bytes.
"""

from __future__ import annotations

from dissectors.layers.av_pairs import GSS_NTLM_AV_PAIR
from dissectors.layers.binding import bind, unbind
from dissectors.layers.carriers import (
    GSS_HTTP,
    GSS_LDAP,
    GSS_SMB,
    GSS_Carrier,
    GSS_Message,
    tokens,
)
from dissectors.layers.gss import GSS_Token
from dissectors.layers.kerberos import (
    GSS_IAKERB,
    GSS_KRB_AP_REP,
    GSS_KRB_AP_REQ,
    GSS_KRB_ERROR,
    GSS_KRB_TGT_REP,
    GSS_KRB_TGT_REQ,
)
from dissectors.layers.negoex import GSS_NegoEx, GSS_NegoEx_Message
from dissectors.layers.ntlm import GSS_NTLM_AUTHENTICATE, GSS_NTLM_CHALLENGE, GSS_NTLM_NEGOTIATE
from dissectors.layers.packet import GSS_Opaque
from dissectors.layers.per_message import GSS_Mic, GSS_Wrap
from dissectors.layers.session import GSSSession
from dissectors.layers.spnego import GSS_NegTokenInit, GSS_NegTokenInit2, GSS_NegTokenResp

__all__ = [
    "GSS_HTTP",
    "GSS_IAKERB",
    "GSS_KRB_AP_REP",
    "GSS_KRB_AP_REQ",
    "GSS_KRB_ERROR",
    "GSS_KRB_TGT_REP",
    "GSS_KRB_TGT_REQ",
    "GSS_LDAP",
    "GSS_NTLM_AUTHENTICATE",
    "GSS_NTLM_AV_PAIR",
    "GSS_NTLM_CHALLENGE",
    "GSS_NTLM_NEGOTIATE",
    "GSS_SMB",
    "GSSSession",
    "GSS_Carrier",
    "GSS_Message",
    "GSS_Mic",
    "GSS_NegTokenInit",
    "GSS_NegTokenInit2",
    "GSS_NegTokenResp",
    "GSS_NegoEx",
    "GSS_NegoEx_Message",
    "GSS_Opaque",
    "GSS_Token",
    "GSS_Wrap",
    "bind",
    "tokens",
    "unbind",
]
