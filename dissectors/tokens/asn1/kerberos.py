"""Kerberos' messages: between client and service, with a KDC, and user-to-user's two.

Spec: RFC 4120 5.4-5.9 and appendix A; draft-swift-win2k-krb-user2user 4 (TGT-REQ, TGT-REP);
draft-ietf-kitten-iakerb 3, MS-SPNG 3.1.5.3 (IAKERB-HEADER).
"""

from __future__ import annotations

from typing import Any

from pyasn1.type import char, univ

from dissectors.codes.krb_kdc_options import KRB_KDC_OPTIONS
from dissectors.tokens.asn1.kerberos_types import (
    METHOD_DATA,
    Checksum,
    EncryptedData,
    HostAddress,
    HostAddresses,
    Int32,
    KerberosFlags,
    KerberosString,
    KerberosTime,
    Microseconds,
    PrincipalName,
    ProtocolVersion,
    Realm,
    Ticket,
    UInt32,
)
from dissectors.tokens.asn1.notation import (
    application,
    optional,
    required,
    sequence,
    sequence_of,
    values,
)


def _message_type(number: int) -> Any:
    """INTEGER (number)."""
    bounds = {"bounds": (number, number)}
    return type("MessageType", (univ.Integer,), bounds)()


def _opening(message: int, first: int = 0) -> tuple[Any, Any]:
    """Members that every message begins with."""
    version = required("pvno", first, ProtocolVersion())
    return version, required("msg-type", first + 1, _message_type(message))


# -- client and service ----------------------------------------------------------------------------


class APOptions(KerberosFlags):
    """Options of an AP-REQ."""

    namedValues = values({0: "reserved", 1: "use-session-key", 2: "mutual-required"})  # noqa: N815


AP_REQ = application(
    14,
    sequence(
        *_opening(14),
        required("ap-options", 2, APOptions()),
        required("ticket", 3, Ticket),
        required("authenticator", 4, EncryptedData),
    ),
)
AP_REP = application(15, sequence(*_opening(15), required("enc-part", 2, EncryptedData)))

KRB_SAFE = application(
    20,
    sequence(
        *_opening(20),
        required(
            "safe-body",
            2,
            sequence(
                required("user-data", 0, univ.OctetString()),
                optional("timestamp", 1, KerberosTime()),
                optional("usec", 2, Microseconds()),
                optional("seq-number", 3, UInt32()),
                required("s-address", 4, HostAddress),
                optional("r-address", 5, HostAddress),
            ),
        ),
        required("cksum", 3, Checksum),
    ),
)
KRB_PRIV = application(21, sequence(*_opening(21), required("enc-part", 3, EncryptedData)))
KRB_CRED = application(
    22,
    sequence(
        *_opening(22),
        required("tickets", 2, sequence_of(Ticket)),
        required("enc-part", 3, EncryptedData),
    ),
)
KRB_ERROR = application(
    30,
    sequence(
        *_opening(30),
        optional("ctime", 2, KerberosTime()),
        optional("cusec", 3, Microseconds()),
        required("stime", 4, KerberosTime()),
        required("susec", 5, Microseconds()),
        required("error-code", 6, Int32()),
        optional("crealm", 7, Realm),
        optional("cname", 8, PrincipalName),
        required("realm", 9, Realm),
        required("sname", 10, PrincipalName),
        optional("e-text", 11, KerberosString()),
        optional("e-data", 12, univ.OctetString()),
    ),
)

# -- with a KDC ------------------------------------------------------------------------------------


class KDCOptions(KerberosFlags):
    """Options of a request."""

    namedValues = values(KRB_KDC_OPTIONS)  # noqa: N815


KDC_REQ_BODY = sequence(
    required("kdc-options", 0, KDCOptions()),
    optional("cname", 1, PrincipalName),
    required("realm", 2, Realm),
    optional("sname", 3, PrincipalName),
    optional("from", 4, KerberosTime()),
    required("till", 5, KerberosTime()),
    optional("rtime", 6, KerberosTime()),
    required("nonce", 7, UInt32()),
    required("etype", 8, sequence_of(Int32())),
    optional("addresses", 9, HostAddresses),
    optional("enc-authorization-data", 10, EncryptedData),
    optional("additional-tickets", 11, sequence_of(Ticket)),
)


def _kdc_req(number: int) -> Any:
    return application(
        number,
        sequence(
            *_opening(number, 1),
            optional("padata", 3, METHOD_DATA),
            required("req-body", 4, KDC_REQ_BODY),
        ),
    )


def _kdc_rep(number: int) -> Any:
    return application(
        number,
        sequence(
            *_opening(number),
            optional("padata", 2, METHOD_DATA),
            required("crealm", 3, Realm),
            required("cname", 4, PrincipalName),
            required("ticket", 5, Ticket),
            required("enc-part", 6, EncryptedData),
        ),
    )


AS_REQ = _kdc_req(10)
AS_REP = _kdc_rep(11)
TGS_REQ = _kdc_req(12)
TGS_REP = _kdc_rep(13)

# -- user-to-user, IAKERB --------------------------------------------------------------------------

TGT_REQ = sequence(
    *_opening(16),
    optional("server-name", 2, PrincipalName),
    optional("realm", 3, Realm),
)
TGT_REP = sequence(*_opening(17), required("ticket", 2, Ticket))

IAKERB_HEADER = sequence(
    required("target-realm", 1, char.UTF8String()),
    optional("cookie", 2, univ.OctetString()),
    optional("header-flags", 3, univ.BitString()),
    extensible=True,
)
OLD_IAKERB_HEADER = sequence(
    required("target-realm", 1, univ.OctetString()),
    optional("cookie", 2, univ.OctetString()),
    extensible=True,
)
"""As MIT releases wrote it that mistook the type of the realm."""

MESSAGES: dict[int, tuple[str, Any]] = {
    0x6A: ("AS-REQ", AS_REQ),
    0x6B: ("AS-REP", AS_REP),
    0x6C: ("TGS-REQ", TGS_REQ),
    0x6D: ("TGS-REP", TGS_REP),
    0x6E: ("AP-REQ", AP_REQ),
    0x6F: ("AP-REP", AP_REP),
    0x74: ("KRB-SAFE", KRB_SAFE),
    0x75: ("KRB-PRIV", KRB_PRIV),
    0x76: ("KRB-CRED", KRB_CRED),
    0x7E: ("KRB-ERROR", KRB_ERROR),
}
"""Name and type of each message, by its identifier octet."""
