"""SPNEGO's tokens, and the GSS-API frame of any first token.

Spec: RFC 2743 3.1, RFC 4178 4.2, MS-SPNG 2.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.mechs import SPNEGO
from dissectors.tokens.asn1 import spnego as asn1
from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.error import BuildError
from dissectors.tokens.build.mech import mech_oid
from dissectors.tokens.build.value import der

PLEASE_IGNORE = "not_defined_in_RFC4178@please_ignore"


@builder
def neg_token_init(
    mech_types: Iterable[str] = ("kerberos", "ntlm"),
    mech_token: bytes | None = None,
    *,
    req_flags: Iterable[str | int] | None = None,
    mech_list_mic: bytes | None = None,
    framed: bool = True,
) -> bytes:
    """NegTokenInit, an initiator's offer; `framed`: as InitialContextToken."""
    init = {
        "mechTypes": _mechs(mech_types),
        "reqFlags": req_flags,
        "mechToken": mech_token,
        "mechListMIC": mech_list_mic,
    }
    if not framed:
        return der(asn1.BARE_INIT, init, "NegTokenInit")
    frame = {"thisMech": SPNEGO, "innerContextToken": init}
    return der(asn1.FRAMED_INIT, frame, "NegTokenInit")


@builder
def neg_token_init2(
    mech_types: Iterable[str] | None = ("kerberos", "ntlm"),
    mech_token: bytes | None = None,
    *,
    req_flags: Iterable[str | int] | None = None,
    hint_name: str | None = PLEASE_IGNORE,
    hint_address: bytes | None = None,
    mech_list_mic: bytes | None = None,
    framed: bool = True,
) -> bytes:
    """NegTokenInit2, an acceptor's hint; without a hint's name and address it has no negHints."""
    hints = None
    if hint_name is not None or hint_address is not None:
        hints = {"hintName": hint_name, "hintAddress": hint_address}
    init = {
        "mechTypes": None if mech_types is None else _mechs(mech_types),
        "reqFlags": req_flags,
        "mechToken": mech_token,
        "negHints": hints,
        "mechListMIC": mech_list_mic,
    }
    if not framed:
        return der(asn1.BARE_INIT_2, init, "NegTokenInit2")
    frame = {"thisMech": SPNEGO, "innerContextToken": init}
    return der(asn1.FRAMED_INIT_2, frame, "NegTokenInit2")


@builder
def neg_token_resp(
    neg_state: str | int | None = "accept-incomplete",
    supported_mech: str | None = None,
    response_token: bytes | None = None,
    mech_list_mic: bytes | None = None,
    *,
    late_mech_types: Iterable[str] | None = None,
) -> bytes:
    """NegTokenResp, every later token of both sides; a negState without a name is given as its number."""
    resp = {
        "negState": neg_state,
        "supportedMech": None if supported_mech is None else mech_oid(supported_mech),
        "responseToken": response_token,
        "mechListMIC": mech_list_mic,
        "mechTypes": None if late_mech_types is None else _mechs(late_mech_types),
    }
    return der(asn1.BARE_RESP, resp, "NegTokenResp")


@builder
def gss_frame(mech: str, inner: bytes) -> bytes:
    """InitialContextToken of a mechanism, around a token of any format."""
    content = der(asn1.MechType, mech_oid(mech), "thisMech") + inner
    size = len(content)
    if size < 0x80:
        return bytes((0x60, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((0x60, 0x80 | len(octets))) + octets + content


def _mechs(mechs: Iterable[str]) -> list[str]:
    if isinstance(mechs, str):
        raise BuildError(f"mech_types is a list of mechanisms, not {mechs!r} alone")
    return [mech_oid(mech) for mech in mechs]
