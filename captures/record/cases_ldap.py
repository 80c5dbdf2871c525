"""The cases over LDAP: Samba's domain controller and OpenLDAP, with ldapsearch, ldbsearch and others as clients."""

from cases import Case

ADA = {"ada": "Engine-1843"}
DC = "-H ldap://dc.nego.test"
DIR = "-H ldap://dir.nego.test"
BASE = '"${base[@]}"'


def ldap(name: str, title: str, purpose: str, script: str, **rest) -> Case:
    """One case with ldapsearch against the domain controller unless `rest` says otherwise."""
    rest = {
        "client": ["ldapsearch", "cyrus-sasl", "mit-krb5"],
        "server": ["samba"],
        "secrets": ADA,
    } | rest
    return Case(carrier="ldap", name=name, title=title, purpose=purpose, script=script, **rest)


def sasl(mech: str, layer: str, ssf: str, **rest) -> Case:
    """A SASL bind by Kerberos with one security layer."""
    return ldap(
        f"{mech.lower().replace('-', '_')}_{layer}",
        f"SASL {mech}, Kerberos, layer {layer}",
        f"A bind by {mech} with a security layer asked for by {ssf}, a search after it, and the client's TGS exchange.",
        f"ldapsearch -N -Y {mech} -O {ssf} {DC} {BASE}",
        before="login ada",
        **rest,
    )


def ldb(kind: str, layer: str) -> Case:
    """Samba's own client: SPNEGO in a GSS-SPNEGO bind, by Kerberos or NTLM."""
    how = '"${kerberos[@]}"' if kind == "kerberos" else "\"${ntlm[@]}\" -U 'NEGO\\ada%Engine-1843'"
    got = " What it gets is sealed." if (kind, layer) == ("ntlm", "sign") else ""
    return ldap(
        f"samba_{kind}_{layer}",
        f"Samba's client, {kind}, {layer}",
        f"ldbsearch binds by GSS-SPNEGO with {kind} and asks for protection {layer}.{got}",
        f"ldbsearch --configfile=\"$conf\" {DC} {how} --option='client ldap sasl wrapping={layer}' -b DC=nego,DC=test -s base objectClass",
        before="login ada" if kind == "kerberos" else "",
        client=["ldbsearch"],
    )


def simple(name: str, title: str, purpose: str, user: str, password: str, **rest) -> Case:
    """A simple bind to the domain controller."""
    rest = {"secrets": {user: password}, "client": ["ldapsearch"]} | rest
    return ldap(
        name, title, purpose, f"ldapsearch -x -D '{user}' -w '{password}' {DC} {BASE}", **rest
    )


OPENLDAP = {"server": ["openldap"], "client": ["ldapsearch"]}
PEOPLE = "ou=people,o=nego"

CASES = [
    sasl("GSSAPI", "none", "maxssf=0"),
    sasl("GSSAPI", "sign", "minssf=1,maxssf=1"),
    sasl("GSSAPI", "seal", "minssf=56"),
    sasl("GSS-SPNEGO", "none", "maxssf=0"),
    sasl("GSS-SPNEGO", "seal", "minssf=56"),
    ldb("kerberos", "plain"),
    ldb("kerberos", "sign"),
    ldb("kerberos", "seal"),
    ldb("ntlm", "plain"),
    ldb("ntlm", "sign"),
    ldb("ntlm", "seal"),
    ldap(
        "samba_ntlm_wrong_password",
        "NTLM, wrong password",
        "The last leg of NTLM is answered with invalidCredentials and a diagnostic message.",
        f'ldbsearch --configfile="$conf" {DC} "${{ntlm[@]}}" -U \'NEGO\\ada%not-hers\' -b DC=nego,DC=test -s base objectClass',
        client=["ldbsearch"],
        secrets={},
    ),
    ldap(
        "samba_fallback_no_spn",
        "No such service name, so NTLM",
        "The server is asked for by an alias the KDC does not know: the ticket is refused and the client binds by NTLM.",
        "ldbsearch --configfile=\"$conf\" -H ldap://alias.nego.test --use-kerberos=desired -U 'NEGO.TEST\\ada%Engine-1843' "
        "-b DC=nego,DC=test -s base objectClass",
        client=["ldbsearch"],
    ),
    simple(
        "simple",
        "Simple bind by user principal name",
        "Name and password in the clear, accepted.",
        "ada@nego.test",
        "Engine-1843",
    ),
    simple(
        "simple_nt_name",
        "Simple bind by DOMAIN\\user",
        "Active Directory takes a name of this form.",
        "NEGO\\ada",
        "Engine-1843",
    ),
    simple(
        "simple_wrong_password",
        "Simple bind, wrong password",
        "invalidCredentials with Active Directory's sub-code 52e.",
        "ada@nego.test",
        "not-hers",
    ),
    simple(
        "simple_unknown_user",
        "Simple bind, unknown user",
        "What the controller says of a name it does not know.",
        "nobody@nego.test",
        "x",
    ),
    simple(
        "simple_disabled",
        "Simple bind, disabled account",
        "Sub-code 533.",
        "barbara@nego.test",
        "Clu-Alpha-75",
    ),
    simple(
        "simple_locked",
        "Simple bind, locked account",
        "Sub-code 775.",
        "alan@nego.test",
        "Bombe-1940",
    ),
    simple(
        "simple_must_change",
        "Simple bind, password must be changed",
        "Sub-code 773.",
        "dennis@nego.test",
        "Sea-Bell-72",
    ),
    simple(
        "simple_expired",
        "Simple bind, expired account",
        "Sub-code 701.",
        "ken@nego.test",
        "Unics-1969",
    ),
    ldap(
        "anonymous",
        "Anonymous bind",
        "A simple bind without name and password.",
        f"ldapsearch -x {DC} -b '' -s base supportedSASLMechanisms",
        client=["ldapsearch"],
        secrets={},
    ),
    ldap(
        "no_bind",
        "A search and no bind",
        "Asking the root DSE needs no bind: there is nothing to find here.",
        "python $RECIPE/clients/ldap_rebind.py dc.nego.test",
        client=[],
        secrets={},
        negotiations=0,
    ),
    ldap(
        "rebind",
        "Wrong, then right, then another user on one connection",
        "Three binds on one connection, told apart by their message ids.",
        "python $RECIPE/clients/ldap_rebind.py dc.nego.test ada@nego.test=not-hers ada@nego.test=Engine-1843 grace@nego.test=Nanosecond-11",
        client=[],
        secrets=ADA | {"grace": "Nanosecond-11"},
        negotiations=3,
    ),
    ldap(
        "two_binds_at_once",
        "Simple and SASL clients at the same time",
        "Two connections bind at the same time, one simple and one by GSSAPI; they must not mix.",
        f"ldapsearch -N -Y GSSAPI {DC} {BASE} & ldapsearch -x -D grace@nego.test -w Nanosecond-11 {DC} {BASE}; wait",
        before="login ada; kvno ldap/dc.nego.test",
        secrets=ADA | {"grace": "Nanosecond-11"},
        negotiations=2,
    ),
    ldap(
        "clock_skew",
        "GSSAPI with a clock 20 minutes ahead",
        "The ticket is good, the authenticator is from the future.",
        f"faketime -f +20m ldapsearch -N -Y GSSAPI {DC} {BASE}",
        before="login ada; kvno ldap/dc.nego.test",
    ),
    ldap(
        "ipv4",
        "GSS-SPNEGO over IPv4",
        "The same over IPv4, the other cases of this server being IPv6.",
        f"echo 10.99.0.1 dc.nego.test >>/etc/hosts; ldapsearch -N -Y GSS-SPNEGO {DC} {BASE}",
        before="login ada",
        after="sed -i '/dc.nego.test/d' /etc/netns/nego-desk/hosts",
    ),
    ldap(
        "openldap_gssapi_seal",
        "OpenLDAP, GSSAPI, sealed",
        "MIT Kerberos on both sides; the security layer is negotiated in two legs after the ticket.",
        f"ldapsearch -N -Y GSSAPI {DIR} -b o=nego uid=grace uid",
        before="login ada",
        server=["openldap", "cyrus-sasl", "mit-krb5"],
    ),
    ldap(
        "openldap_gss_spnego",
        "OpenLDAP, GSS-SPNEGO",
        "Cyrus SASL's GSS-SPNEGO on both sides.",
        f"ldapsearch -N -Y GSS-SPNEGO {DIR} -b o=nego uid=grace uid",
        before="login ada",
        server=["openldap", "cyrus-sasl", "mit-krb5"],
    ),
    ldap(
        "openldap_simple",
        "OpenLDAP, simple bind",
        "A distinguished name and a password, accepted.",
        f"ldapsearch -x -D uid=ada,{PEOPLE} -w Engine-1843 {DIR} -b o=nego uid=grace uid",
        **OPENLDAP,
    ),
    ldap(
        "openldap_simple_refused",
        "OpenLDAP, simple bind, wrong password",
        "invalidCredentials without any diagnostic: the wire does not tell a wrong name from a wrong password.",
        f"ldapsearch -x -D uid=ada,{PEOPLE} -w not-hers {DIR} -b o=nego uid=grace uid",
        secrets={},
        **OPENLDAP,
    ),
    ldap(
        "openldap_unauthenticated",
        "OpenLDAP, unauthenticated bind",
        "A name with an empty password: the server answers success and the session is anonymous.",
        f"python $RECIPE/clients/ldap_rebind.py dir.nego.test uid=ada,{PEOPLE}=",
        secrets={},
        server=["openldap"],
        client=[],
    ),
    ldap(
        "openldap_starttls_simple",
        "OpenLDAP, simple bind inside StartTLS",
        "What comes after StartTLS cannot be read: no bind is seen, and the capture says why.",
        f"LDAPTLS_REQCERT=never ldapsearch -ZZ -x -D uid=ada,{PEOPLE} -w Engine-1843 {DIR} -b o=nego uid=grace uid",
        negotiations=0,
        **OPENLDAP,
    ),
    ldap(
        "openldap_scram",
        "OpenLDAP, SCRAM-SHA-256",
        "A SASL mechanism that is no GSS mechanism: seen, named, not decoded.",
        f"ldapsearch -Y SCRAM-SHA-256 -U ada -w Engine-1843 {DIR} -b o=nego uid=grace uid",
        **OPENLDAP,
    ),
    ldap(
        "mechanism_refused",
        "A SASL mechanism the server does not have",
        "The client asks the controller for SCRAM and gets operationsError.",
        f"ldapsearch -Y SCRAM-SHA-256 -U ada -w Engine-1843 {DC} {BASE}",
        secrets={},
    ),
    ldap(
        "impacket_kerberos",
        "impacket, Kerberos",
        "Another client's habits: the AP-REQ comes without the GSS-API framing.",
        "GetADUsers.py -k -no-pass -dc-host dc.nego.test -dc-ip 10.99.0.1 NEGO.TEST/ada",
        before="login ada; kvno ldap/dc.nego.test",
        client=["impacket"],
    ),
    ldap(
        "impacket_ntlm",
        "impacket, NTLM",
        "The same client by NTLM: empty workstation, mechListMIC on both sides, and sealed.",
        "GetADUsers.py -dc-host dc.nego.test -dc-ip 10.99.0.1 NEGO.TEST/ada:Engine-1843",
        client=["impacket"],
    ),
]
