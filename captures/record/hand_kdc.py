"""The exchanges with a KDC made by hand.

Spec: RFC 4120 5.4 and 7.5.9, RFC 6806 8, MS-KILE 2.2.1.
"""

from made import Made
from talk import Talk, merged

from dissectors.tokens import build

REALM, OTHER = "NEGO.TEST", "OTHER.TEST"
AES, AES128, RC4, DES_MD5, DES_CRC = 18, 17, 23, 3, 1
STIME = "20261124090000Z"
TGT = f"krbtgt/{REALM}"


def tgs(sname: str, realm: str = REALM, etypes=(AES, AES128, RC4), **more) -> bytes:
    """A TGS-REQ by ada with her ticket-granting ticket."""
    proof = build.ap_req(sname=f"krbtgt/{realm}", realm=REALM, ap_options=(), form="bare")
    return build.tgs_req(
        realm=realm, sname=sname, etypes=etypes, padata=[build.pa_tgs_req(proof)], **more
    )


def error(code: int | str, sname: str, **more) -> bytes:
    return build.krb_error(code, realm=REALM, sname=sname, stime=STIME, form="bare", **more)


def asked(*said: bytes, server: str = "10.99.0.1", at: int = 0, client_port: int = 40_001) -> Talk:
    return Talk(server, 88, at=at, client_port=client_port).datagrams(*said)


def referral():
    service = "HTTP/web.other.test"
    near = asked(
        tgs(service), build.tgs_rep(cname="ada", crealm=REALM, sname=f"krbtgt/{OTHER}", realm=REALM)
    )
    far = asked(
        tgs(service, OTHER), build.tgs_rep(cname="ada", crealm=REALM, sname=service, realm=OTHER),
        server="10.99.0.7", at=5, client_port=40_002,
    )  # fmt: skip
    return merged(near, far)


CASES = [
    Made(
        case="kdc/duplicate_spn", title="A service name that two accounts have", negotiations=0,
        purpose="KDC_ERR_PRINCIPAL_NOT_UNIQUE in answer to a TGS-REQ.",
        frames=lambda: asked(tgs("HTTP/twice.nego.test"), error("KDC_ERR_PRINCIPAL_NOT_UNIQUE", "HTTP/twice.nego.test")).frames,
        kdc=["TGS - HTTP/twice.nego.test KDC_ERR_PRINCIPAL_NOT_UNIQUE"],
    ),
    Made(
        case="kdc/smartcard_required", title="A smart card is required", negotiations=0,
        purpose="KDC_ERR_POLICY with STATUS_SMARTCARD_LOGON_REQUIRED in its e-data.",
        frames=lambda: asked(
            build.as_req(cname="frances", realm=REALM, sname=TGT, padata=[build.pa_enc_timestamp()]),
            error("KDC_ERR_POLICY", TGT, cname="frances", crealm=REALM, e_data=build.kerb_error_data(0xC00002FA)),
        ).frames,
        kdc=[f"AS frances {TGT} KDC_ERR_POLICY"],
    ),
    Made(
        case="kdc/des", title="DES asked for and given", negotiations=0,
        purpose="A client that takes DES only, and a ticket of des-cbc-md5.",
        frames=lambda: asked(
            tgs("nfs/old.nego.test", etypes=(DES_MD5, DES_CRC)),
            build.tgs_rep(cname="ada", crealm=REALM, sname="nfs/old.nego.test", realm=REALM, ticket_etype=DES_MD5),
        ).frames,
        kdc=["TGS ada nfs/old.nego.test des-cbc-md5"],
    ),
    Made(
        case="kdc/referral", title="A referral to another realm", negotiations=0,
        purpose="The service is of another realm: the KDC answers with that realm's ticket-granting ticket, and the client asks there.",
        frames=referral,
        kdc=[f"TGS ada HTTP/web.other.test referral to {OTHER}", "TGS ada HTTP/web.other.test aes256-cts-hmac-sha1-96"],
    ),
]  # fmt: skip
