"""The cases made by hand for reasons that no other case has.

Spec: RFC 4120 3.3 and 7.5.9, RFC 4178 5, RFC 2817 4.1, RFC 4511 4.2.2, MS-NLMP 2.2.2.1, MS-SFU 3.2.5.2,
MS-SMB2 3.2.4.2.3, MS-ERREF 2.3.
"""

import struct

from frames import Frame
from hand_http import FILETIME, INFO, OK, SERVICE, UNAUTHORIZED, answer, ask
from hand_kdc import REALM, asked, error, tgs
from hand_ldap import bound, sasl_bind, simple_bind, unbind
from hand_smb import negotiate, negotiated
from hand_status import replaced, smb
from made import Made
from talk import Talk, merged

from dissectors.tokens import build

HINTED = ("ms-kerberos", "kerberos", "ntlm")
DIRECTORY = "ldap/dir.nego.test"
SHARE = "cifs/files.nego.test"
KERBEROS, NTLM = "kerberos", "ntlm"
TREE_CONNECT = 3
ACCESS_DENIED, SESSION_EXPIRED = 0xC0000022, 0xC000035C


def ntlm_in_spnego(talk: Talk) -> Talk:
    """The client offers NTLM alone, having no ticket, and is let in."""
    challenge = build.ntlm_challenge(target_name="NEGO", target_info=INFO)
    proof = build.ntlm_authenticate(user="ada", domain="NEGO", workstation="DESK", target_info=INFO)
    offer = build.neg_token_init([NTLM], build.ntlm_negotiate())
    back = build.neg_token_resp("accept-incomplete", NTLM, challenge)
    done = build.neg_token_resp("accept-completed")
    talk.client(ask(offer)).server(answer(UNAUTHORIZED, ("Negotiate", back)))
    talk.client(ask(build.neg_token_resp(None, None, proof)))
    return talk.server(answer(OK, ("Negotiate", done))).close()


def refused_by_kdc(code: str):
    """The ticket is asked for when the server has said Negotiate; the KDC refuses it, NTLM is left."""
    talk = Talk().open().client(ask()).server(answer(UNAUTHORIZED, "Negotiate"))
    kdc = asked(tgs(SERVICE), error(code, SERVICE), at=talk.at, client_port=40_002)
    talk.at = kdc.at
    return merged(ntlm_in_spnego(talk), kdc)


def front_server_may_not():
    """The front server takes ada's ticket, may not act for her at the file server, and lets the share be."""
    front, files = "10.99.0.2", "10.99.0.4"
    ticket = build.neg_token_init([KERBEROS], build.ap_req(sname=SERVICE, realm=REALM))
    done = build.neg_token_resp("accept-completed", KERBEROS, build.ap_rep())
    web = Talk().open().client(ask(ticket))
    share = Talk(files, 445, client=front, client_port=50_001, at=web.at + 2).open()
    share.client(negotiate("files.nego.test"))
    share.server(negotiated(build.neg_token_init2(HINTED), FILETIME))
    own = build.ap_req(sname=f"krbtgt/{REALM}", realm=REALM, ap_options=(), form="bare")
    wanted = build.tgs_req(
        realm=REALM, sname=SHARE,
        kdc_options=("forwardable", "renewable", "canonicalize", "cname-in-addl-tkt"),
        padata=[build.pa_tgs_req(own), build.pa_pac_options(["resource-based-constrained-delegation"])],
        additional_tickets=[build.ticket(SERVICE, realm=REALM)],
    )  # fmt: skip
    kdc = Talk("10.99.0.1", 88, client=front, client_port=50_002, at=share.at)
    kdc.datagrams(wanted, error("KDC_ERR_BADOPTION", SHARE))
    share.at = kdc.at
    share.close()
    web.at = share.at
    web.server(answer(OK, ("Negotiate", done))).close()
    return merged(web, share, kdc)


def nothing_to_show():
    """The client hears the server's mechanisms and leaves."""
    talk = Talk("10.99.0.4", 445).open().client(negotiate("files.nego.test"))
    return talk.server(negotiated(build.neg_token_init2(HINTED), FILETIME)).close().frames


def directory() -> Talk:
    return Talk("10.99.0.3", 389).open()


def server_not_proved():
    """The AP-REP does not prove the server's key, and the client says so."""
    talk = directory()
    talk.client(sasl_bind(1, "GSSAPI", build.ap_req(sname=DIRECTORY, realm=REALM)))
    talk.server(bound(1, 14, credentials=build.ap_rep()))
    no = build.krb_error(
        "KRB_AP_ERR_MUT_FAIL", realm=REALM, sname=DIRECTORY, stime="20261124090000Z"
    )
    talk.client(sasl_bind(2, "GSSAPI", no))
    talk.server(bound(2, 49, "SASL(-13): authentication failure: GSSAPI Failure"))
    return talk.client(unbind(3)).close().frames


def mechanism_not_there():
    """The server has no GSS-SPNEGO."""
    token = build.neg_token_init([KERBEROS], build.ap_req(sname=DIRECTORY, realm=REALM))
    talk = directory().client(sasl_bind(1, "GSS-SPNEGO", token))
    talk.server(bound(1, 7, "SASL(-4): no mechanism available: Couldn't find mech GSS-SPNEGO"))
    return talk.client(unbind(2)).close().frames


def password_refused(code: int, said: str, *, version: int = 3) -> list[Frame]:
    """A simple bind, which the server refuses before it looks at the password."""
    name, password = "uid=ada,ou=people,dc=nego,dc=test", "dummy-password"
    talk = directory().client(simple_bind(1, name, password, version=version))
    talk.server(bound(1, code, said))
    return talk.client(unbind(2)).close().frames


def in_the_clear() -> list[Frame]:
    """A password without TLS, which the server no longer takes."""
    return password_refused(13, "confidentiality required")


def old_protocol() -> list[Frame]:
    """LDAPv2, which servers take only if they are told to."""
    said = "historical protocol version requested, use LDAPv3 instead"
    return password_refused(2, said, version=2)


def expired() -> list[Frame]:
    """The answer to TREE_CONNECT is that the session is over."""
    old, new = (
        b"\xfeSMB" + struct.pack("<HHIH", 64, 1, status, TREE_CONNECT)
        for status in (ACCESS_DENIED, SESSION_EXPIRED)
    )
    return replaced("smb/share_denied", old, new)


CASES = [
    Made(
        case="http/duplicate_spn", title="NTLM since two accounts have the service's name",
        purpose="KDC_ERR_PRINCIPAL_NOT_UNIQUE in answer to the TGS-REQ, then NTLM in SPNEGO.",
        frames=lambda: refused_by_kdc("KDC_ERR_PRINCIPAL_NOT_UNIQUE"),
        kdc=[f"TGS - {SERVICE} KDC_ERR_PRINCIPAL_NOT_UNIQUE"],
        why_by_hand="Samba 4.17's KDC answers KDC_ERR_S_PRINCIPAL_UNKNOWN for a name that was written into two accounts, and in MIT's "
        "KDC a name is the key of its entry.",
    ),
    Made(
        case="smb/delegation_refused", title="A front server that may not act for its user",
        purpose="KDC_ERR_BADOPTION in answer to S4U2proxy; the front server leaves the file server without a token.",
        frames=front_server_may_not, negotiations=2, kdc=[f"TGS - {SHARE} KDC_ERR_BADOPTION"],
    ),
    Made(
        case="smb/no_credentials", title="A client without credentials",
        purpose="It hears the server's mechanisms in NEGOTIATE and closes the connection.",
        frames=nothing_to_show,
    ),
    smb("too_many_sessions", 0xC0000205, "The server has no room for a session", "STATUS_INSUFF_SERVER_RESOURCES, which says nothing about the logon."),
    Made(
        case="smb/session_expired", title="A session that is over",
        purpose="STATUS_NETWORK_SESSION_EXPIRED at TREE_CONNECT; the client would have to authenticate again.",
        source="smb/share_denied", frames=expired,
    ),
    Made(
        case="ldap/mutual_auth_failed", title="A server that does not prove itself",
        purpose="The client answers the AP-REP by KRB_AP_ERR_MUT_FAIL.",
        frames=server_not_proved,
    ),
    Made(
        case="ldap/no_common_mechanism", title="A SASL mechanism that the server has not",
        purpose="authMethodNotSupported in answer to GSS-SPNEGO.",
        frames=mechanism_not_there,
    ),
    Made(
        case="ldap/confidentiality_required", title="No password without TLS",
        purpose="confidentialityRequired in answer to a simple bind.",
        frames=in_the_clear,
    ),
    Made(
        case="ldap/version_2", title="LDAPv2",
        purpose="protocolError in answer to a bind of the old version.",
        frames=old_protocol,
    ),
]  # fmt: skip
