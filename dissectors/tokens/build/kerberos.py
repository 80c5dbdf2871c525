"""Kerberos' tokens: AP-REQ, AP-REP, KRB-ERROR, user-to-user's two, IAKERB; and their parts.

Ciphers are dummies unless given: what is in them needs keys. A principal is text, its components cut
at the slashes (`HTTP/web.lab.example`), or a pair of name-type and components.

Spec: RFC 4120 5.5, 5.9, RFC 4121 4.1, draft-swift-win2k-krb-user2user 4, draft-ietf-kitten-iakerb 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from dissectors.codes.krb_error import KRB_ERROR
from dissectors.tokens.asn1 import kerberos as asn1
from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.error import BuildError
from dissectors.tokens.build.spnego import gss_frame
from dissectors.tokens.build.value import der, dummy

Form = Literal["framed", "token-id", "bare"]
"""With frame and token id, without the frame, or without both, as in DCE style."""
Principal = str | tuple[int, Sequence[str]]
Time = str | datetime

REALM = "LAB.EXAMPLE"
SERVICE = "HTTP/web.lab.example"
AES256 = 18
A_TIME = "20260102030405Z"

NT_PRINCIPAL = 1
NT_SRV_INST = 2

_CODES = {name: number for number, name in KRB_ERROR.items()}


@builder
def ap_req(
    *,
    sname: Principal = SERVICE,
    realm: str = REALM,
    etype: int = AES256,
    kvno: int | None = 2,
    ticket_cipher: bytes | None = None,
    authenticator_etype: int = AES256,
    authenticator_cipher: bytes | None = None,
    ap_options: Iterable[str | int] = ("mutual-required",),
    form: Form = "framed",
    mech: str = "kerberos",
) -> bytes:
    """AP-REQ."""
    message = {
        "pvno": 5,
        "msg-type": 14,
        "ap-options": ap_options,
        "ticket": ticket(sname, realm=realm, etype=etype, kvno=kvno, cipher=ticket_cipher),
        "authenticator": encrypted_data(authenticator_etype, None, authenticator_cipher, 160),
    }
    return _formed(der(asn1.AP_REQ, message, "AP-REQ"), b"\x01\x00", form, mech)


@builder
def ap_rep(
    *,
    etype: int = AES256,
    cipher: bytes | None = None,
    form: Form = "framed",
    mech: str = "kerberos",
) -> bytes:
    """AP-REP."""
    message = {"pvno": 5, "msg-type": 15, "enc-part": encrypted_data(etype, None, cipher, 80)}
    return _formed(der(asn1.AP_REP, message, "AP-REP"), b"\x02\x00", form, mech)


@builder
def krb_error(
    error_code: int | str = "KRB_AP_ERR_SKEW",
    *,
    realm: str = REALM,
    sname: Principal = SERVICE,
    crealm: str | None = None,
    cname: Principal | None = None,
    stime: Time = A_TIME,
    susec: int = 0,
    ctime: Time | None = None,
    cusec: int | None = None,
    e_text: str | None = None,
    e_data: bytes | None = None,
    form: Form = "framed",
    mech: str = "kerberos",
) -> bytes:
    """KRB-ERROR; the code by number or name."""
    if isinstance(error_code, str):
        if error_code not in _CODES:
            raise BuildError(f"error_code {error_code!r}: not a name of RFC 4120 7.5.9")
        error_code = _CODES[error_code]
    message = {
        "pvno": 5,
        "msg-type": 30,
        "ctime": ctime,
        "cusec": cusec,
        "stime": stime,
        "susec": susec,
        "error-code": error_code,
        "crealm": crealm,
        "cname": None if cname is None else principal(cname, NT_PRINCIPAL),
        "realm": realm,
        "sname": principal(sname),
        "e-text": e_text,
        "e-data": e_data,
    }
    return _formed(der(asn1.KRB_ERROR, message, "KRB-ERROR"), b"\x03\x00", form, mech)


@builder
def tgt_req(
    *,
    sname: Principal | None = SERVICE,
    realm: str | None = REALM,
    form: Literal["framed", "token-id"] = "framed",
    mech: str = "kerberos-u2u",
) -> bytes:
    """TGT-REQ, by which user-to-user asks for a ticket-granting ticket of the acceptor."""
    message = {
        "pvno": 5,
        "msg-type": 16,
        "server-name": None if sname is None else principal(sname),
        "realm": realm,
    }
    return _formed(der(asn1.TGT_REQ, message, "TGT-REQ"), b"\x04\x00", form, mech)


@builder
def tgt_rep(
    *,
    sname: Principal = f"krbtgt/{REALM}",
    realm: str = REALM,
    etype: int = AES256,
    kvno: int | None = 2,
    ticket_cipher: bytes | None = None,
    form: Literal["framed", "token-id"] = "framed",
    mech: str = "kerberos-u2u",
) -> bytes:
    """TGT-REP, the answer."""
    issued = ticket(sname, realm=realm, etype=etype, kvno=kvno, cipher=ticket_cipher)
    message = {"pvno": 5, "msg-type": 17, "ticket": issued}
    return _formed(der(asn1.TGT_REP, message, "TGT-REP"), b"\x04\x01", form, mech)


@builder
def iakerb(
    message: bytes = b"",
    *,
    realm: str = REALM,
    cookie: bytes | None = None,
    header_flags: Iterable[int] | None = None,
    form: Literal["framed", "token-id"] = "framed",
) -> bytes:
    """IAKERB_PROXY around a bare message to or from a KDC; none asks for the acceptor's realm."""
    header = {"target-realm": realm, "cookie": cookie, "header-flags": header_flags}
    inner = der(asn1.IAKERB_HEADER, header, "IAKERB-HEADER") + message
    return _formed(inner, b"\x05\x01", form, "iakerb")


# -- parts -----------------------------------------------------------------------------------------


def principal(name: Principal, name_type: int = NT_SRV_INST) -> dict[str, Any]:
    """PrincipalName; `name_type` of one given as text."""
    if isinstance(name, str):
        return {"name-type": name_type, "name-string": name.split("/")}
    return {"name-type": name[0], "name-string": name[1]}


def encrypted_data(etype: int, kvno: int | None, cipher: bytes | None, size: int) -> dict[str, Any]:
    """EncryptedData; `size` bytes of dummy if no cipher is given."""
    content = dummy(size) if cipher is None else cipher
    return {"etype": etype, "kvno": kvno, "cipher": content}


@builder
def ticket(
    sname: Principal,
    *,
    realm: str = REALM,
    etype: int = AES256,
    kvno: int | None = 2,
    cipher: bytes | None = None,
) -> dict[str, Any]:
    """Ticket."""
    return {
        "tkt-vno": 5,
        "realm": realm,
        "sname": principal(sname),
        "enc-part": encrypted_data(etype, kvno, cipher, 320),
    }


def _formed(message: bytes, token_id: bytes, form: str, mech: str) -> bytes:
    if form == "bare" and message[0] != 0x30:
        return message
    if form == "token-id":
        return token_id + message
    if form == "framed":
        return gss_frame(mech, token_id + message)
    raise BuildError(f"form {form!r}: framed, token-id or, of a message with its own tag, bare")
