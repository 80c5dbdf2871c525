"""The cases made by hand for reasons that no other case has.

Spec: RFC 4120 3.2.4 and 7.5.9, RFC 4511 4.2, MS-ERREF 2.3.
"""

from frames import Frame
from hand_http import INFO, OK, SERVICE, UNAUTHORIZED, answer, ask
from hand_kdc import NAME_TWICE, REALM, asked, error, tgs
from hand_ldap import bound, sasl_bind, unbind
from hand_status import smb
from made import Made
from talk import Talk, merged

from dissectors.tokens import build

DIRECTORY = "ldap/dir.nego.test"
KERBEROS, NTLM = "kerberos", "ntlm"


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


CASES = [
    Made(
        case="http/duplicate_spn", title="NTLM since two accounts have the service's name",
        purpose="KDC_ERR_PRINCIPAL_NOT_UNIQUE in answer to the TGS-REQ, then NTLM in SPNEGO.",
        frames=lambda: refused_by_kdc("KDC_ERR_PRINCIPAL_NOT_UNIQUE"),
        kdc=[f"TGS - {SERVICE} KDC_ERR_PRINCIPAL_NOT_UNIQUE"],
        why_by_hand=NAME_TWICE,
    ),
    smb("too_many_sessions", 0xC0000205, "The server has no room for a session", "STATUS_INSUFF_SERVER_RESOURCES, which says nothing about the logon.",
        "Samba 4.17 holds the status for tree connects alone (make_connection), and its limit is 65,535 sessions of one connection."),
    Made(
        case="ldap/mutual_auth_failed", title="A server that does not prove itself",
        purpose="The client answers the AP-REP by KRB_AP_ERR_MUT_FAIL.",
        why_by_hand=(
            "The lab's clients that check an AP-REP, MIT's and Samba's, leave without a KRB-ERROR when a relay has altered "
            "it (ldap/altered_ap_rep, ldap/altered_ap_rep_in_spnego)."
        ),
        frames=server_not_proved,
    ),
]  # fmt: skip
