"""The cases with a file server that is a member of the domain: what its link to the controller does to a logon."""

from cases import Case
from cases_smb import smb

MEMBER = "//member.nego.test/pub"
ADA_NTLM = "\"${ntlm[@]}\" -U 'NEGO\\ada%Engine-1843' -c exit"
LOGIN = "login ada"


def member(name: str, title: str, purpose: str, script: str, **rest) -> Case:
    """A logon at the member server."""
    return smb(name, title, purpose, f"share {MEMBER} {script}", **rest)


def clock_off(name: str, title: str, purpose: str, offset: str) -> Case:
    """The server's clock is off, and a ticket comes that was good by everybody's clock before.

    The server is the controller: a member server says STATUS_LOGON_FAILURE and sends no KRB-ERROR.
    """
    return smb(
        name,
        title,
        purpose,
        "python $RECIPE/clients/smb_sessions.py krb dc.nego.test",
        client=["smbprotocol", "pyspnego", "mit-krb5"],
        before=f"{LOGIN}; kvno cifs/dc.nego.test; CLOCK={offset} dc_with",
        after="dc_with",
    )


CASES = [
    member(
        "no_logon_server",
        "The server reaches no domain controller",
        "A member server without a route to the controller: STATUS_NO_LOGON_SERVERS.",
        ADA_NTLM,
        before="on member ip route add unreachable 10.99.0.1; on member ip route add unreachable fd99::1; member_with",
        after="on member ip route del unreachable 10.99.0.1; on member ip route del unreachable fd99::1; member_with",
    ),
    member(
        "trust_failure",
        "The server's own account is not known",
        "Somebody has renamed the member server's account at the controller, which does not let it ask any more: "
        "STATUS_NO_TRUST_SAM_ACCOUNT.",
        ADA_NTLM,
        before="named 'GONE$'; member_with 'client ipc signing = auto'",
        after="named 'MEMBER$'; member_with",
    ),
    member(
        "selective_authentication",
        "A domain whose users the server lets not in",
        "A member server with `winbind:ignore domains`: STATUS_AUTHENTICATION_FIREWALL_FAILED, as of selective "
        "authentication over a trust.",
        ADA_NTLM,
        before="member_with 'winbind:ignore domains = NEGO'",
        after="member_with",
    ),
    member(
        "member_local_account",
        "A local account of a server in a domain",
        "The server hints Kerberos, the client prefers it, and the account is the server's own: no KDC knows it.",
        "--use-kerberos=desired -U 'MEMBER\\pat%Harbour-Light-8' -c ls",
        secrets={"pat": "Harbour-Light-8"},
    ),
    member(
        "no_credentials",
        "A client without credentials",
        "It wants Kerberos, has no ticket, hears the server's mechanisms in NEGOTIATE and closes the connection.",
        '"${kerberos[@]}" -c ls',
        secrets={},
    ),
    smb(
        "session_expired",
        "A session that is over",
        "The ticket, and with it the session, is good for ten seconds: STATUS_NETWORK_SESSION_EXPIRED at TREE_CONNECT.",
        "python $RECIPE/clients/smb_sessions.py late member.nego.test",
        client=["smbprotocol", "pyspnego", "mit-krb5"],
        before=LOGIN,
    ),
    smb(
        "session_renewed",
        "A session that is over, and authenticated again",
        "smbtorture's tickets are good for seconds: STATUS_NETWORK_SESSION_EXPIRED in answer to requests for files, and the "
        "same session goes on with a new ticket.",
        "smbtorture -s \"$conf\" //member.nego.test/pub --use-kerberos=required -U 'ada@NEGO.TEST%Engine-1843' "
        "smb2.session.expire1n",
        client=["smbtorture"],
        negotiations=3,
    ),
    smb(
        "ticket_expired_said_by_kdc",
        "A ticket-granting ticket in its last minutes",
        "Samba's KDC takes such tickets for over two minutes before their end: KRB_AP_ERR_TKT_EXPIRED. The client, which "
        "heard the server's mechanisms meanwhile, leaves without a token.",
        "python $RECIPE/clients/smb_sessions.py krb member.nego.test",
        client=["smbprotocol", "pyspnego", "mit-krb5"],
        before="printf '%s\\n' \"${PASSWORD[ada]}\" | kinit -l 90s ada",
    ),
    clock_off(
        "ticket_expired",
        "A ticket that is over by the server's clock",
        "The server's clock is eleven hours ahead, the ticket lives ten: Samba says STATUS_INVALID_PARAMETER and no more.",
        "+11h",
    ),
    clock_off(
        "ticket_not_yet_valid",
        "A ticket of the future by the server's clock",
        "The server's clock is an hour behind: KRB_AP_ERR_TKT_NYV inside SPNEGO.",
        "-1h",
    ),
    smb(
        "name_not_in_dns",
        "A name that DNS does not know",
        "NXDOMAIN with the domain's suffix, silence without it; NetBIOS finds the server by broadcast, and a client of NTLM "
        "goes there.",
        f"share //archive/pub --option='name resolve order=host bcast' {ADA_NTLM}",
        before="rm -f $LAB/desk/private/gencache.tdb; start nmbd member nmbd -F --no-process-group -s $LAB/member/nmbd.conf; "
        "sleep 8",
        after="end member nmbd; dc_with",
    ),
    smb(
        "delegation_refused",
        "A front server that may not act for its user",
        "KDC_ERR_BADOPTION in answer to S4U2proxy; the front server, which runs at the desk, leaves the file server without "
        "a token.",
        "KRB5_KTNAME=FILE:$LAB/front.keytab python $RECIPE/servers/front.py 10.99.0.20 80 member.nego.test & front=$!; "
        "sleep 2; on web env KRB5CCNAME=$LAB/web/cc curl -sS --negotiate -u : --resolve front.nego.test:80:10.99.0.20 http://front.nego.test/; wait $front",
        client=["curl", "mit-krb5", "smbprotocol"],
        before='on web kinit -f -c $LAB/web/cc ada <<<"${PASSWORD[ada]}"; chmod a+r $LAB/web/cc; '
        "kinit -f -k -t $LAB/front.keytab svc-front",
        server=["samba", "mit-krb5"],
        negotiations=2,
    ),
]
