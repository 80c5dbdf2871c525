"""The cases that ask why: why it was NTLM and not Kerberos, and why a logon was refused, over HTTP, SMB and LDAP."""

from cases import Case
from cases_http import APACHE, LOGIN, RAW, WEB, by_ntlm, http, raw_ntlm
from cases_ldap import DC as LDAP_DC
from cases_ldap import ldap, simple
from cases_smb import DC, FILES, NTLM_ADA, refused, smb

NOBODY_THERE = "krb5_with 'kdc = 10.99.0.9'"
PORT_CLOSED = "krb5_with 'kdc = 10.99.0.2'"
RC4_ONLY = "krb5_with 'default_tkt_enctypes = arcfour-hmac' 'default_tgs_enctypes = arcfour-hmac'"
NTLM = "NEGO:ada:Engine-1843"
DESIRED = "--use-kerberos=desired -U 'NEGO.TEST\\ada%Engine-1843'"
ROOT = "-b DC=nego,DC=test -s base objectClass"


def ldb(name: str, title: str, purpose: str, server: str, **rest) -> Case:
    """Samba's LDAP client, which prefers Kerberos."""
    script = (
        rest.pop("first", "")
        + f'ldbsearch --configfile="$conf" -H ldap://{server} {DESIRED} {ROOT}'
    )
    return ldap(name, title, purpose, script, **({"client": ["ldbsearch"]} | rest))


def depot(name: str, title: str, purpose: str, setting: str, options: str = "", **rest) -> Case:
    """The stand-alone server with a setting of its own."""
    script = f"share {FILES} {options} \"${{ntlm[@]}}\" -U 'FILES\\ada%Engine-1843' -c ls"
    return smb(
        name, title, purpose, script, before=f"files_with '{setting}'", after="files_with", **rest
    )


HTTP = [
    by_ntlm(
        "fallback_kdc_no_answer",
        "The KDC does not answer, so NTLM",
        "A ticket-granting ticket is at hand, but what is sent to the KDC's address gets no answer: SPNEGO offers NTLM.",
        NTLM,
        f"{NOBODY_THERE}; web --negotiate -u : {WEB}/nego/",
        before=LOGIN,
    ),
    by_ntlm(
        "fallback_kdc_port_closed",
        "No KDC at the address, so NTLM",
        "The KDC's port is closed: ICMP port unreachable and RST, then SPNEGO offers NTLM.",
        NTLM,
        f"{PORT_CLOSED}; web --negotiate -u : {WEB}/nego/",
        before=LOGIN,
    ),
    by_ntlm(
        "fallback_by_address",
        "Asked for by address, so NTLM",
        "The URL has an address in place of a name; the KDC is asked for HTTP/10.99.0.2 and knows no such service.",
        NTLM,
        "web --negotiate -u : http://10.99.0.2/nego/",
        before=LOGIN,
    ),
    by_ntlm(
        "fallback_localhost",
        "Asked for as localhost, so NTLM",
        "A tunnel: the URL says localhost, and the KDC knows no service of that name.",
        NTLM,
        "web --negotiate -u : --connect-to localhost:80:10.99.0.2:80 http://localhost/nego/",
        before=LOGIN,
    ),
    by_ntlm(
        "fallback_etype",
        "No common encryption type, so NTLM",
        "The client takes RC4 only, the account of the service AES only: the KDC refuses the ticket.",
        NTLM,
        f"{RC4_ONLY}; web --negotiate -u : {WEB}/nego/",
        before=f"{RC4_ONLY}; {LOGIN}",
    ),
    by_ntlm(
        "kerberos_only_server",
        "NTLM only meets Kerberos only",
        "A client without ticket offers NTLM; the server's page takes Kerberos.",
        NTLM,
        f"web --negotiate -u : {WEB}/krb/",
    ),
    raw_ntlm(
        "ntlm_only_server",
        "A server that offers nothing but NTLM",
        "The 401 names NTLM only; a client that would take anything, and has a ticket, takes that.",
        f"web --anyauth -u 'NEGO\\ada:Engine-1843' {RAW}/ntlm/",
        before=LOGIN,
    ),
    http(
        "proxy_ntlm",
        "Squid, NTLM only",
        "A proxy that offers nothing but NTLM; three legs on one connection.",
        f"web -x http://proxy.nego.test:3129 --proxy-anyauth -U 'NEGO\\ada:Engine-1843' {WEB}/open/",
        client=["curl"],
        server=["squid"],
    ),
    http(
        "forbidden",
        "Authenticated, then forbidden",
        "The ticket is accepted, the page is for somebody else: 403 with the server's token.",
        f"web --negotiate -u : {WEB}/others/",
        before=LOGIN,
    ),
    http(
        "token_too_large",
        "A token larger than the server's headers may be",
        "A user of many groups has a large ticket; Apache answers 400.",
        "web --negotiate -u : http://web.nego.test:81/krb/",
        before="login charles",
        secrets={"charles": "Difference-22"},
    ),
    http(
        "token_too_large_431",
        "A token too large, said by 431",
        "The same with a server that answers Request Header Fields Too Large.",
        f"web --negotiate -u : {RAW}/small/",
        before="login charles",
        secrets={"charles": "Difference-22"},
        server=["pyspnego"],
    ),
    http(
        "replay",
        "The same token twice",
        "Over a second connection the same AP-REQ is sent again; the server remembers it.",
        "python $RECIPE/clients/http_gss.py web.nego.test /krb/ replay",
        before=LOGIN,
        client=["mit-krb5", "gssapi"],
        negotiations=2,
    ),
    http(
        "not_mutual",
        "The server need not prove itself",
        "The client does not ask for mutual authentication, so there is no AP-REP.",
        "python $RECIPE/clients/http_gss.py web.nego.test /krb/ plain",
        before=LOGIN,
        client=["mit-krb5", "gssapi"],
    ),
    http(
        "raw_kerberos",
        "Kerberos without SPNEGO under the name Negotiate",
        "The Negotiate scheme carries a Kerberos token as it is.",
        "python $RECIPE/clients/http_gss.py web.nego.test /krb/ raw",
        before=LOGIN,
        client=["mit-krb5", "gssapi"],
    ),
    http(
        "delegated",
        "Credentials delegated",
        "The client hands its ticket-granting ticket on to the server, inside the authenticator; the KDC is asked for it.",
        f"web --negotiate --delegation always -u : {WEB}/krb/",
        before="kinit -f ada <<<Engine-1843",
        server=APACHE,
    ),
]

SMB = [
    refused("password_expired", "Password too old", "niklaus", "Oberon-87"),
    refused("logon_hours", "Not at this hour", "emmy", "Ring-1921"),
    refused("workstation_restriction", "Not from this workstation", "hedy", "Hop-1941"),
    refused(
        "account_restriction",
        "A member of Protected Users",
        "katherine",
        "Orbit-62",
        purpose="Such an account may not log on by NTLM: STATUS_ACCOUNT_RESTRICTION.",
    ),
    smb(
        "wrong_password_said_by_kdc",
        "The KDC tells what NTLM does not: wrong password",
        "A client that prefers Kerberos tries the password with the KDC (KDC_ERR_PREAUTH_FAILED), then by NTLM "
        "(STATUS_LOGON_FAILURE).",
        f"share {DC} --use-kerberos=desired -U 'NEGO.TEST\\ada%not-hers' -c ls",
        secrets={},
    ),
    smb(
        "unknown_user_said_by_kdc",
        "The KDC tells what NTLM does not: unknown user",
        "A client that prefers Kerberos asks the KDC (KDC_ERR_C_PRINCIPAL_UNKNOWN), then tries NTLM (STATUS_LOGON_FAILURE).",
        f"share {DC} --use-kerberos=desired -U 'NEGO.TEST\\nobody%whatever' -c ls",
        secrets={},
    ),
    smb(
        "fallback_kdc_no_answer",
        "The KDC does not answer, so NTLM",
        "What is sent to the KDC's address gets no answer; the client goes on with NTLM.",
        f"{NOBODY_THERE}; share {DC} {DESIRED} -c ls",
    ),
    smb(
        "fallback_kdc_port_closed",
        "No KDC at the address, so NTLM",
        "The KDC's port is closed; the client goes on with NTLM.",
        f"{PORT_CLOSED}; share {DC} {DESIRED} -c ls",
    ),
    smb(
        "fallback_localhost",
        "Asked for as localhost, so NTLM",
        "A tunnel: the client is told localhost and does not ask the KDC for such a name.",
        f"share //localhost/pub -I 10.99.0.1 {DESIRED} -c ls",
    ),
    smb(
        "fallback_ntlm_only_server",
        "A server outside the domain, so NTLM",
        "The client has asked the KDC for tickets and prefers Kerberos; the server hints NTLM only, and knows the user.",
        f"share {FILES} {DESIRED} -c ls",
        before="echo 'ada = ada@NEGO.TEST' >$LAB/files/map; files_with \"username map = $LAB/files/map\"",
        after="files_with",
    ),
    smb(
        "fallback_local_account",
        "A local account, so NTLM",
        "The client prefers Kerberos; the account's domain is the server itself, which no KDC knows.",
        f"share {FILES} --use-kerberos=desired -U 'FILES\\ada%Engine-1843' -c ls",
    ),
    smb(
        "kerberos_only_client",
        "Kerberos only meets NTLM only",
        "The client must use Kerberos, the server hints NTLM only: the client leaves without a token.",
        f'share {FILES} "${{kerberos[@]}}" -c ls',
        before=LOGIN,
    ),
    smb(
        "ntlm_though_kerberos_works",
        "NTLM by choice",
        "The same client has a ticket for the server and uses it, then an application insists on NTLM.",
        f'share {DC} "${{kerberos[@]}}" -c exit; share {DC} {NTLM_ADA}',
        before=LOGIN,
        negotiations=2,
    ),
    depot(
        "ntlm_blocked",
        "NTLM forbidden by the server",
        "A server with `ntlm auth = disabled`: STATUS_NTLM_BLOCKED.",
        "ntlm auth = disabled",
    ),
    depot(
        "ntlmv1_refused",
        "NTLMv1 refused",
        "The server takes NTLMv2 only; to this client it says that the password is wrong.",
        "ntlm auth = ntlmv2-only",
        "--option='client ntlmv2 auth=no'",
    ),
    depot(
        "signing_required",
        "Signing required by the server",
        "The negotiate response demands signatures, and every message after the logon has one.",
        "server signing = mandatory",
    ),
    depot(
        "signing_off",
        "No signing",
        "Neither side wants signatures: after the logon nothing is protected.",
        "server signing = disabled",
        "--option='client signing=disabled' --option='client ipc signing=disabled'",
    ),
    depot(
        "encryption_required",
        "Encryption demanded of a client that cannot",
        "The server wants SMB 3 encryption, the client speaks SMB 2.1.",
        "server smb encrypt = required",
        "--option='client max protocol=SMB2_10'",
    ),
    smb(
        "share_denied",
        "Logged on, but not to this share",
        "The session is granted, the tree connect says STATUS_ACCESS_DENIED.",
        "share //files.nego.test/grace \"${ntlm[@]}\" -U 'FILES\\ada%Engine-1843' -c ls",
    ),
]

LDAP = [
    simple(
        "simple_password_expired",
        "Simple bind, password too old",
        "Sub-code 532.",
        "niklaus@nego.test",
        "Oberon-87",
    ),
    simple(
        "simple_logon_hours",
        "Simple bind, not at this hour",
        "Sub-code 530.",
        "emmy@nego.test",
        "Ring-1921",
    ),
    simple(
        "simple_workstation",
        "Simple bind, not from this workstation",
        "Sub-code 531.",
        "hedy@nego.test",
        "Hop-1941",
    ),
    simple(
        "simple_protected_user",
        "Simple bind, Protected Users",
        "Sub-code 52f: such an account may not log on so.",
        "katherine@nego.test",
        "Orbit-62",
    ),
    ldb(
        "fallback_kdc_no_answer",
        "The KDC does not answer, so NTLM",
        "What is sent to the KDC's address gets no answer; the client binds by NTLM.",
        "dc.nego.test",
        first=f"{NOBODY_THERE}; ",
    ),
    ldb(
        "fallback_by_address",
        "Asked for by address, so NTLM",
        "An address has no service name; the client binds by NTLM.",
        "10.99.0.1",
    ),
    ldap(
        "strong_auth_required_simple",
        "Simple bind where signing or TLS is demanded",
        "The controller answers strongerAuthRequired (8).",
        f'ldapsearch -x -D ada@nego.test -w Engine-1843 {LDAP_DC} "${{base[@]}}"',
        client=["ldapsearch"],
        before="dc_with 'ldap server require strong auth = yes'",
    ),
    ldap(
        "strong_auth_required_sasl",
        "SASL bind without signing where it is demanded",
        "Kerberos succeeds, but the bind asks for no protection: strongerAuthRequired (8).",
        f'ldapsearch -N -Y GSSAPI -O maxssf=0 {LDAP_DC} "${{base[@]}}"',
        before=LOGIN,
        after="dc_with",
    ),
]

CASES = [*HTTP, *SMB, *LDAP]
