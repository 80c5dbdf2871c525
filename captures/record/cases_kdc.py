"""The cases with Samba's KDC: MIT's kinit and kvno as clients, impacket where those are too well-behaved.

`kdc` says what is exchanged, in order, as `exchange client service result`.
"""

from cases import Case

ADA = {"ada": "Engine-1843"}
TGT = "krbtgt/NEGO.TEST"
AES = "aes256-cts-hmac-sha1-96"
RC4 = "arcfour-hmac-md5"
PREAUTH = "KDC_ERR_PREAUTH_REQUIRED"
BIG = "KRB_ERR_RESPONSE_TOO_BIG"
SPRAYED = [f"crew{n:02}" for n in range(1, 13)]
ROASTED = [
    "MSSQLSvc/sql.nego.test:1433", "SMTP/mail.nego.test", "HTTP/print.nego.test", "backup/vault.nego.test",
    "MSSQLSvc/stock.nego.test",
]  # fmt: skip


def kdc(name: str, title: str, purpose: str, script: str, said: list[str], **rest) -> Case:
    """One case with MIT's programs unless `rest` says otherwise."""
    rest = {
        "client": ["krb5-user", "mit-krb5"],
        "server": ["samba"],
        "secrets": ADA,
        "negotiations": 0,
    } | rest
    return Case(
        carrier="kdc", name=name, title=title, purpose=purpose, script=script, kdc=said, **rest
    )


def logon(user: str, *results: str) -> list[str]:
    """What an AS exchange is, one line for each answer."""
    return [f"AS {user} {TGT} {result}" for result in results]


def refused(name: str, title: str, user: str, password: str, *results: str, **rest) -> Case:
    """A logon that the KDC refuses."""
    purpose = rest.pop("purpose", f"{title}: what the KDC says to a logon by password.")
    more = rest.pop("more", [])
    return kdc(
        name,
        title,
        purpose,
        f"login {user} '{password}'",
        [*logon(user, *results), *more],
        secrets={user: password},
        **rest,
    )


CASES = [
    kdc(
        "logon",
        "A logon by password",
        "The first request has no proof and is told to bring one; the second brings an encrypted timestamp.",
        "login ada",
        logon("ada", PREAUTH, BIG, AES),
    ),
    kdc(
        "logon_and_ticket",
        "A logon and a service ticket",
        "Ticket-granting ticket, then a ticket for the web server, all of AES.",
        "login ada; kvno HTTP/web.nego.test",
        [*logon("ada", PREAUTH, BIG, AES), f"TGS ada HTTP/web.nego.test {AES}"],
    ),
    refused(
        "wrong_password", "Wrong password", "ada", "not-hers", PREAUTH, "KDC_ERR_PREAUTH_FAILED"
    ),
    refused("unknown_user", "Unknown user", "nobody", "whatever", "KDC_ERR_C_PRINCIPAL_UNKNOWN"),
    refused(
        "account_disabled",
        "Disabled account",
        "barbara",
        "Clu-Alpha-75",
        PREAUTH,
        "KDC_ERR_CLIENT_REVOKED",
    ),
    refused(
        "account_locked",
        "Locked account",
        "alan",
        "Bombe-1940",
        PREAUTH,
        "KDC_ERR_CLIENT_REVOKED",
        before="lock alan",
    ),
    refused(
        "account_expired", "Expired account", "ken", "Unics-1969", PREAUTH, "KDC_ERR_CLIENT_REVOKED"
    ),
    refused(
        "password_must_change",
        "Password must be changed first",
        "dennis",
        "Sea-Bell-72",
        PREAUTH,
        "KDC_ERR_KEY_EXPIRED",
        purpose="The KDC says that the key has expired; kinit asks for a ticket to change the password with.",
        more=[f"AS dennis kadmin/changepw {result}" for result in (PREAUTH, BIG, AES)],
    ),
    refused(
        "password_expired",
        "Password too old",
        "niklaus",
        "Oberon-87",
        PREAUTH,
        "KDC_ERR_KEY_EXPIRED",
        purpose="The KDC says that the key has expired; kinit asks for a ticket to change the password with.",
        more=[f"AS niklaus kadmin/changepw {result}" for result in (PREAUTH, BIG, AES)],
    ),
    refused(
        "logon_hours", "Not at this hour", "emmy", "Ring-1921", PREAUTH, "KDC_ERR_CLIENT_REVOKED"
    ),
    kdc(
        "unknown_service",
        "No such service name",
        "The ticket-granting ticket is good, the service's name is nobody's. MIT's library asks twice.",
        "kvno HTTP/nospn.nego.test",
        ["TGS ada HTTP/nospn.nego.test KDC_ERR_S_PRINCIPAL_UNKNOWN"] * 2,
        before="login ada",
    ),
    kdc(
        "etype_not_supported",
        "An encryption type the KDC does not have",
        "The client asks for Camellia only, which Active Directory does not know.",
        "krb5_with 'default_tkt_enctypes = camellia256-cts-cmac' 'permitted_enctypes = camellia256-cts-cmac'; login ada",
        logon("ada", "KDC_ERR_ETYPE_NOSUPP"),
    ),
    kdc(
        "service_etype_not_supported",
        "RC4 asked for a service that has AES only",
        "The client wants a ticket of RC4; the account of the service says AES.",
        "kvno -e arcfour-hmac HTTP/web.nego.test",
        ["TGS ada HTTP/web.nego.test KDC_ERR_ETYPE_NOSUPP"] * 2,
        before="login ada",
    ),
    kdc(
        "rc4_service",
        "A service with RC4 keys only",
        "The client would take AES, the account of the service says RC4, so the ticket is of RC4.",
        "kvno MSSQLSvc/sql.nego.test:1433",
        [f"TGS ada MSSQLSvc/sql.nego.test:1433 {RC4}"],
        before="login ada",
    ),
    kdc(
        "rc4_logon",
        "A logon that asks for RC4",
        "An old or careless client takes RC4 only; the KDC still has such a key.",
        "krb5_with 'default_tkt_enctypes = arcfour-hmac'; login ada",
        logon("ada", PREAUTH, BIG, AES),
    ),
    kdc(
        "clock_skew",
        "Client's clock 20 minutes ahead of the KDC's",
        "The encrypted timestamp is from the future; the error tells the KDC's time.",
        "krb5_with 'kdc_timesync = 0'; echo Engine-1843 | faketime -f +20m kinit ada",
        logon("ada", PREAUTH, "KRB_AP_ERR_SKEW"),
    ),
    kdc(
        "udp_then_tcp",
        "Too big for UDP",
        "A user of many groups: the answer does not fit a datagram, the client asks again over TCP.",
        "krb5_with 'udp_preference_limit = 1400'; login charles",
        logon("charles", PREAUTH, BIG, AES),
        secrets={"charles": "Difference-22"},
    ),
    kdc(
        "tcp_only",
        "Everything over TCP",
        "A client that never uses UDP.",
        "krb5_with 'udp_preference_limit = 1'; login ada; kvno HTTP/web.nego.test",
        [*logon("ada", PREAUTH, AES), f"TGS ada HTTP/web.nego.test {AES}"],
    ),
    kdc(
        "without_preauthentication",
        "An account without pre-authentication",
        "The first request is answered with a ticket; anybody can ask for it and guess the password at leisure.",
        "login rosalind",
        logon("rosalind", BIG, AES),
        secrets={"rosalind": "Photo-51"},
    ),
    kdc(
        "asrep_roasting",
        "Asking for a ticket in another's name",
        "impacket asks for a ticket in the name of an account without pre-authentication, by RC4 and without any password.",
        "GetNPUsers.py -no-pass -dc-ip 10.99.0.1 NEGO.TEST/rosalind",
        logon("rosalind", AES, AES),
        client=["impacket"],
        secrets={},
    ),
    kdc(
        "kerberoasting",
        "Five service tickets of RC4 in a row",
        "One client asks for a ticket of each service whose account has a guessable password, and for RC4 only.",
        f"kvno -e arcfour-hmac {' '.join(ROASTED)}",
        [f"TGS ada {name} {RC4}" for name in ROASTED],
        before="login ada",
    ),
    kdc(
        "password_spraying",
        "One password tried on twelve accounts",
        "Twelve users, one guess each, from one host.",
        f"for user in {' '.join(SPRAYED)}; do login $user Summer-2026; done",
        [line for user in SPRAYED for line in logon(user, PREAUTH, "KDC_ERR_PREAUTH_FAILED")],
        secrets={},
        before=f"unlock {' '.join(SPRAYED)}",
    ),
    kdc(
        "brute_force",
        "Many passwords tried on one account",
        "Six guesses; after the third the account is locked.",
        "for guess in 1 2 3 4 5 6; do login blaise Pascaline-$guess; done",
        [
            *logon("blaise", *[PREAUTH, "KDC_ERR_PREAUTH_FAILED"] * 3),
            *logon("blaise", *[PREAUTH, "KDC_ERR_CLIENT_REVOKED"] * 3),
        ],
        secrets={},
        before="unlock blaise",
        after="unlock blaise",
    ),
    kdc(
        "user_names_tried",
        "Names tried until the KDC knows one",
        "Eight names that do not exist and one that does: the KDC tells them apart before any password.",
        "for user in root admin test guest2 backup2 scanner printer2 www ada; do kinit $user </dev/null; done",
        [
            *(
                line
                for user in (
                    "root",
                    "admin",
                    "test",
                    "guest2",
                    "backup2",
                    "scanner",
                    "printer2",
                    "www",
                )
                for line in logon(user, "KDC_ERR_C_PRINCIPAL_UNKNOWN")
            ),
            *logon("ada", PREAUTH),
        ],
        secrets={},
    ),
    kdc(
        "fast",
        "FAST",
        "The logon is armoured by the ticket of another user: proof and answer cannot be read.",
        "kinit -T FILE:$LAB/desk/cc-armor ada <<<Engine-1843",
        logon("ada", PREAUTH, AES),
        before="KRB5CCNAME=FILE:$LAB/desk/cc-armor login grace",
        secrets=ADA | {"grace": "Nanosecond-11"},
    ),
    kdc(
        "s4u2self_s4u2proxy",
        "A service acts for a user",
        "The front server gets a ticket for itself in the user's name, then one for the file server with it.",
        "kvno -U ada -P -k $LAB/front.keytab cifs/dc.nego.test",
        [f"AS ada {TGT} {PREAUTH}", f"TGS - svc-front {RC4}", f"TGS - cifs/dc.nego.test {AES}"],
        before="kinit -f -k -t $LAB/front.keytab svc-front",
        secrets={},
    ),
    kdc(
        "s4u2proxy_refused",
        "A service acts for a user where it may not",
        "Delegation to the web server was never granted to the front server.",
        "kvno -U ada -P -k $LAB/front.keytab HTTP/web.nego.test",
        [
            f"AS ada {TGT} {PREAUTH}",
            f"TGS - svc-front {RC4}",
            "TGS svc-front HTTP/web.nego.test KDC_ERR_BADOPTION",
        ],
        before="kinit -f -k -t $LAB/front.keytab svc-front",
        secrets={},
    ),
    kdc(
        "user_to_user",
        "User to user",
        "A ticket sealed with the session key of the other side's ticket-granting ticket.",
        "kvno --u2u FILE:$LAB/desk/cc-other HTTP/front.nego.test",
        [f"TGS ada HTTP/front.nego.test {AES}"],
        before="login ada; kinit -c $LAB/desk/cc-other -k -t $LAB/front.keytab svc-front",
    ),
    kdc(
        "renewed",
        "A ticket renewed",
        "The ticket-granting ticket is exchanged for a new one before it ends.",
        "kinit -R",
        [f"TGS ada {TGT} {AES}"],
        before="kinit -r 2d ada <<<Engine-1843",
    ),
    kdc(
        "ticket_by_as_exchange",
        "A service ticket without ticket-granting ticket",
        "The AS exchange names a service instead of the KDC.",
        "kinit -S HTTP/web.nego.test ada <<<Engine-1843",
        [f"AS ada HTTP/web.nego.test {result}" for result in (PREAUTH, BIG, AES)],
    ),
    kdc(
        "found_by_dns",
        "The KDC is looked up in DNS",
        "SRV questions for the realm, then the logon.",
        "krb5_with 'dns_lookup_kdc = true'; sed -i '/kdc = /d' $KRB5_CONFIG; login ada",
        logon("ada", PREAUTH, BIG, AES),
    ),
    kdc(
        "by_http_proxy",
        "Through a KDC proxy over HTTP",
        "The same messages in the bodies of POST requests (MS-KKDCP), in the clear as behind a machine that ends TLS.",
        "python $RECIPE/clients/by_proxy.py web.nego.test:8088 NEGO.TEST ada Engine-1843",
        logon("ada", PREAUTH, AES),
        before="start kdc-proxy web python $RECIPE/servers/kdc_proxy.py 8088 10.99.0.1; sleep 1",
        after="end web kdc-proxy",
        client=["impacket"],
    ),
    kdc(
        "no_answer",
        "Nobody answers at the KDC's address",
        "Datagrams and connection attempts to port 88 that nobody answers, as behind a firewall.",
        "krb5_with 'kdc = 10.99.0.9'; login ada",
        logon("ada", *["no answer"] * 3),
    ),
    kdc(
        "port_closed",
        "No KDC at that address",
        "The host is there, its port 88 is closed: ICMP port unreachable for UDP, RST for TCP.",
        "krb5_with 'kdc = 10.99.0.2'; login ada",
        logon("ada", "no answer"),
    ),
]
