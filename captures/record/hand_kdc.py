"""The exchanges with a KDC made by hand.

Spec: RFC 4120 5.4 and 7.5.9, MS-KILE 2.2.1.
"""

from made import Made
from talk import Talk

from dissectors.tokens import build

REALM = "NEGO.TEST"
AES, AES128, RC4 = 18, 17, 23
STIME = "20261124090000Z"
TGT = f"krbtgt/{REALM}"
NAME_TWICE = (
    "Samba 4.17 answers KDC_ERR_S_PRINCIPAL_UNKNOWN for a name that two accounts have, and the databases of MIT's and "
    "Heimdal's KDC have each name once."
)


def tgs(sname: str) -> bytes:
    """A TGS-REQ by ada with her ticket-granting ticket."""
    proof = build.ap_req(sname=TGT, realm=REALM, ap_options=(), form="bare")
    return build.tgs_req(
        realm=REALM, sname=sname, etypes=(AES, AES128, RC4), padata=[build.pa_tgs_req(proof)]
    )


def error(code: int | str, sname: str, **more) -> bytes:
    return build.krb_error(code, realm=REALM, sname=sname, stime=STIME, form="bare", **more)


def asked(*said: bytes, at: int = 0, client_port: int = 40_001) -> Talk:
    return Talk("10.99.0.1", 88, at=at, client_port=client_port).datagrams(*said)


CASES = [
    Made(
        case="kdc/duplicate_spn", title="A service name that two accounts have", negotiations=0,
        purpose="KDC_ERR_PRINCIPAL_NOT_UNIQUE in answer to a TGS-REQ.",
        frames=lambda: asked(tgs("HTTP/twice.nego.test"), error("KDC_ERR_PRINCIPAL_NOT_UNIQUE", "HTTP/twice.nego.test")).frames,
        kdc=["TGS - HTTP/twice.nego.test KDC_ERR_PRINCIPAL_NOT_UNIQUE"],
        why_by_hand=NAME_TWICE,
    ),
    Made(
        case="kdc/smartcard_required", title="A smart card is required", negotiations=0,
        purpose="KDC_ERR_POLICY with STATUS_SMARTCARD_LOGON_REQUIRED in its e-data.",
        frames=lambda: asked(
            build.as_req(cname="frances", realm=REALM, sname=TGT, padata=[build.pa_enc_timestamp()]),
            error("KDC_ERR_POLICY", TGT, cname="frances", crealm=REALM, e_data=build.kerb_error_data(0xC00002FA)),
        ).frames,
        kdc=[f"AS frances {TGT} KDC_ERR_POLICY"],
        why_by_hand="Samba 4.17 gives an account with the flag random keys, so that its password is answered with "
        "KDC_ERR_PREAUTH_FAILED, and with a ticket if the account needs no pre-authentication.",
    ),
]  # fmt: skip
