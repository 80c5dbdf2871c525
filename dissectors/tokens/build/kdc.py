"""Kerberos' messages with a KDC, bare as they travel: AS and TGS exchanges, KRB-CRED; pre-authentication.

Spec: RFC 4120 5.4, 5.8, 5.2.7, MS-KILE 2.2.3, 2.2.10, MS-SFU 2.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dissectors.tokens.asn1 import kerberos as asn1
from dissectors.tokens.asn1 import padata as holes
from dissectors.tokens.asn1.kerberos_types import METHOD_DATA, EncryptedData
from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.kerberos import (
    AES256,
    NT_PRINCIPAL,
    REALM,
    SERVICE,
    Principal,
    Time,
    encrypted_data,
    principal,
    ticket,
)
from dissectors.tokens.build.value import der, dummy

PaData = tuple[int, bytes]
"""padata-type and padata-value."""

A_LATER_TIME = "20370913024805Z"
ETYPES = (AES256, 17, 23)


@builder
def as_req(
    *,
    cname: Principal | None = "alice",
    realm: str = REALM,
    sname: Principal | None = f"krbtgt/{REALM}",
    kdc_options: Iterable[str | int] = ("forwardable", "renewable", "canonicalize"),
    etypes: Sequence[int] = ETYPES,
    padata: Iterable[PaData] | None = None,
    nonce: int = 1,
    till: Time = A_LATER_TIME,
    rtime: Time | None = None,
    addresses: Iterable[tuple[int, bytes]] | None = None,
) -> bytes:
    """AS-REQ."""
    client = None if cname is None else principal(cname, NT_PRINCIPAL)
    body = _body(realm, sname, kdc_options, etypes, nonce, till)
    body |= {"cname": client, "rtime": rtime, "addresses": _addresses(addresses)}
    return _request(10, asn1.AS_REQ, "AS-REQ", padata, body)


@builder
def tgs_req(
    *,
    realm: str = REALM,
    sname: Principal | None = SERVICE,
    kdc_options: Iterable[str | int] = ("forwardable", "renewable", "canonicalize"),
    etypes: Sequence[int] = ETYPES,
    padata: Iterable[PaData] | None = None,
    nonce: int = 1,
    till: Time = A_LATER_TIME,
    authorization_data: bytes | None = None,
    additional_tickets: Iterable[dict[str, Any]] | None = None,
) -> bytes:
    """TGS-REQ; `authorization_data` is a cipher, `additional_tickets` are of `ticket`."""
    body = _body(realm, sname, kdc_options, etypes, nonce, till)
    if authorization_data is not None:
        body["enc-authorization-data"] = encrypted_data(AES256, None, authorization_data, 0)
    body["additional-tickets"] = additional_tickets
    return _request(12, asn1.TGS_REQ, "TGS-REQ", padata, body)


@builder
def as_rep(
    *,
    cname: Principal = "alice",
    crealm: str = REALM,
    sname: Principal = f"krbtgt/{REALM}",
    realm: str = REALM,
    ticket_etype: int = AES256,
    kvno: int | None = 2,
    etype: int = AES256,
    ticket_cipher: bytes | None = None,
    cipher: bytes | None = None,
    padata: Iterable[PaData] | None = None,
) -> bytes:
    """AS-REP; `etype` of the part for the client, `ticket_etype` of the ticket."""
    issued = ticket(sname, realm=realm, etype=ticket_etype, kvno=kvno, cipher=ticket_cipher)
    return _reply(11, asn1.AS_REP, "AS-REP", cname, crealm, issued, etype, cipher, padata)


@builder
def tgs_rep(
    *,
    cname: Principal = "alice",
    crealm: str = REALM,
    sname: Principal = SERVICE,
    realm: str = REALM,
    ticket_etype: int = AES256,
    kvno: int | None = 2,
    etype: int = AES256,
    ticket_cipher: bytes | None = None,
    cipher: bytes | None = None,
    padata: Iterable[PaData] | None = None,
) -> bytes:
    """TGS-REP."""
    issued = ticket(sname, realm=realm, etype=ticket_etype, kvno=kvno, cipher=ticket_cipher)
    return _reply(13, asn1.TGS_REP, "TGS-REP", cname, crealm, issued, etype, cipher, padata)


@builder
def krb_cred(
    *,
    tickets: Iterable[dict[str, Any]] | None = None,
    etype: int = AES256,
    cipher: bytes | None = None,
) -> bytes:
    """KRB-CRED: delegated credentials."""
    message = {
        "pvno": 5,
        "msg-type": 22,
        "tickets": [ticket(f"krbtgt/{REALM}")] if tickets is None else tickets,
        "enc-part": encrypted_data(etype, None, cipher, 200),
    }
    return der(asn1.KRB_CRED, message, "KRB-CRED")


# -- pre-authentication ----------------------------------------------------------------------------


@builder
def pa_enc_timestamp(*, etype: int = AES256, cipher: bytes | None = None) -> PaData:
    """PA-ENC-TIMESTAMP: the proof that a client knows the password."""
    return 2, der(EncryptedData, encrypted_data(etype, None, cipher, 56), "PA-ENC-TIMESTAMP")


@builder
def pa_pac_request(*, include_pac: bool = True) -> PaData:
    """KERB-PA-PAC-REQUEST."""
    return 128, der(holes.KERB_PA_PAC_REQUEST, {"include-pac": include_pac}, "KERB-PA-PAC-REQUEST")


@builder
def pa_pac_options(flags: Iterable[str | int] = ("claims",)) -> PaData:
    """PA-PAC-OPTIONS."""
    return 167, der(holes.PA_PAC_OPTIONS, {"flags": flags}, "PA-PAC-OPTIONS")


@builder
def pa_for_user(user: Principal = "alice", *, realm: str = REALM) -> PaData:
    """PA-FOR-USER: S4U2self for `user`."""
    value = {
        "userName": principal(user, NT_PRINCIPAL),
        "userRealm": realm,
        "cksum": {"cksumtype": -138, "checksum": dummy(16)},
        "auth-package": "Kerberos",
    }
    return 129, der(holes.PA_FOR_USER, value, "PA-FOR-USER")


@builder
def pa_tgs_req(ap_req: bytes) -> PaData:
    """PA-TGS-REQ around a bare AP-REQ with a ticket-granting ticket."""
    return 1, ap_req


@builder
def pa_etype_info2(entries: Iterable[tuple[int, str | None]] = ((AES256, None),)) -> PaData:
    """PA-ETYPE-INFO2: etypes and salts."""
    value = [{"etype": etype, "salt": salt} for etype, salt in entries]
    return 19, der(holes.ETYPE_INFO2, value, "ETYPE-INFO2")


@builder
def method_data(padata: Iterable[PaData]) -> bytes:
    """METHOD-DATA, the e-data of an error that asks for pre-authentication."""
    return der(METHOD_DATA, _padata(padata), "METHOD-DATA")


@builder
def kerb_error_data(nt_status: int) -> bytes:
    """KERB-ERROR-DATA, the e-data by which Windows names an NTSTATUS."""
    status = nt_status.to_bytes(4, "little") + bytes(4) + (1).to_bytes(4, "little")
    value = {"data-type": 3, "data-value": status}
    return der(holes.KERB_ERROR_DATA, value, "KERB-ERROR-DATA")


# -- parts -----------------------------------------------------------------------------------------


def _body(
    realm: str,
    sname: Principal | None,
    options: Iterable[str | int],
    etypes: Sequence[int],
    nonce: int,
    till: Time,
) -> dict[str, Any]:
    return {
        "kdc-options": options,
        "realm": realm,
        "sname": None if sname is None else principal(sname),
        "till": till,
        "nonce": nonce,
        "etype": etypes,
    }


def _request(
    number: int, kind: Any, name: str, padata: Iterable[PaData] | None, body: dict[str, Any]
) -> bytes:
    given = None if padata is None else _padata(padata)
    message = {"pvno": 5, "msg-type": number, "padata": given, "req-body": body}
    return der(kind, message, name)


def _reply(
    number: int,
    kind: Any,
    name: str,
    cname: Principal,
    crealm: str,
    issued: dict[str, Any],
    etype: int,
    cipher: bytes | None,
    padata: Iterable[PaData] | None,
) -> bytes:
    message = {
        "pvno": 5,
        "msg-type": number,
        "padata": None if padata is None else _padata(padata),
        "crealm": crealm,
        "cname": principal(cname, NT_PRINCIPAL),
        "ticket": issued,
        "enc-part": encrypted_data(etype, None, cipher, 240),
    }
    return der(kind, message, name)


def _padata(padata: Iterable[PaData]) -> list[dict[str, Any]]:
    return [{"padata-type": number, "padata-value": value} for number, value in padata]


def _addresses(addresses: Iterable[tuple[int, bytes]] | None) -> list[dict[str, Any]] | None:
    if addresses is None:
        return None
    return [{"addr-type": number, "address": address} for number, address in addresses]
