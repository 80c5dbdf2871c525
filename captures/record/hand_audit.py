"""Signs of attacks and of carelessness that the lab would not show: tickets out of stolen hashes.

Spec: RFC 4120 5.4.
"""

from frames import Frame
from hand_kdc import AES, AES128, RC4, REALM, TGT, asked, tgs
from made import Made
from talk import Talk, merged

from dissectors.tokens import build

SERVICE = "cifs/files.nego.test"
USUAL = (AES, AES128, RC4)
PROOF = [build.pa_enc_timestamp()]


def logon(user: str, key: int, *, etypes=USUAL, at: int = 0, client_port: int = 40_001) -> Talk:
    """An AS exchange in which the user proves the password by the key of one encryption type."""
    return asked(
        build.as_req(cname=user, realm=REALM, sname=TGT, etypes=etypes, padata=PROOF),
        build.as_rep(cname=user, crealm=REALM, sname=TGT, realm=REALM, etype=key),
        at=at, client_port=client_port,
    )  # fmt: skip


def ticket(*, sealed_with: int, at: int, client: str) -> Talk:
    """A TGS exchange with a ticket-granting ticket of one encryption type."""
    proof = build.ap_req(sname=TGT, realm=REALM, etype=sealed_with, ap_options=(), form="bare")
    return Talk("10.99.0.1", 88, client=client, client_port=40_003, at=at).datagrams(
        build.tgs_req(realm=REALM, sname=SERVICE, padata=[build.pa_tgs_req(proof)]),
        build.tgs_rep(cname="ada", crealm=REALM, sname=SERVICE, realm=REALM),
    )


def forged() -> list[Frame]:
    """One host logs on, another one comes with a ticket that the KDC did not issue."""
    usual = asked(
        tgs(SERVICE), build.tgs_rep(cname="ada", crealm=REALM, sname=SERVICE, realm=REALM),
        at=10, client_port=40_002,
    )  # fmt: skip
    return merged(logon("ada", AES), usual, ticket(sealed_with=RC4, at=2000, client="10.99.0.66"))


def by_hash() -> list[Frame]:
    """A host whose user logs on with AES, and a program on it that has only another user's hash."""
    return merged(
        logon("ada", AES), logon("grace", RC4, etypes=(RC4,), at=2000, client_port=40_002)
    )


CASES = [
    Made(
        case="kdc/forged_ticket", title="A ticket-granting ticket of RC4 that the KDC did not issue", negotiations=0,
        purpose="The KDC seals its ticket-granting tickets with AES; another host brings one of RC4, as forgers make them.",
        frames=forged,
        kdc=[
            f"AS ada {TGT} aes256-cts-hmac-sha1-96", f"TGS ada {SERVICE} aes256-cts-hmac-sha1-96",
            f"TGS ada {SERVICE} aes256-cts-hmac-sha1-96",
        ],
    ),
    Made(
        case="kdc/logon_by_hash", title="A logon with an NT hash from a host that has AES", negotiations=0,
        purpose="One user logs on with AES, then from the same host another one with RC4 alone.",
        frames=by_hash,
        kdc=[f"AS {user} {TGT} aes256-cts-hmac-sha1-96" for user in ("ada", "grace")],
    ),
]  # fmt: skip
