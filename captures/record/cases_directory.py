"""The cases with an OpenLDAP that is set up otherwise, and what its SASL plugins make of mechanisms without GSS."""

from cases import Case
from cases_ldap import DIR, OPENLDAP, PEOPLE, ldap

GRACE = "-b o=nego uid=grace uid"
CYRUS = {"client": ["ldapsearch", "cyrus-sasl"], "server": ["openldap", "cyrus-sasl"]}
MIT = {
    "client": ["ldapsearch", "cyrus-sasl", "mit-krb5"],
    "server": ["openldap", "cyrus-sasl", "mit-krb5"],
}
EVERY_MECHANISM = "sasl-secprops none"
SIMPLE = f"ldapsearch -x -D uid=ada,{PEOPLE} -w Engine-1843"
SASL_CLIENT = "python $RECIPE/clients/ldap_sasl.py"

NEGOEX_ONLY = "601c06062b0601050502a0123010a00e300c060a2b06010401823702021e"
"""A NegTokenInit whose mechTypes are NegoEx and that has no mechToken (RFC 4178 4.2.1)."""


def directory(name: str, title: str, purpose: str, script: str, *settings: str, **rest) -> Case:
    """A case for which the directory is started with other settings, and as it was afterwards."""
    words = " ".join(f"'{setting}'" for setting in settings)
    before = "; ".join(
        filter(None, [rest.pop("before", ""), f"{rest.pop('env', '')}dir_with {words}"])
    )
    return ldap(name, title, purpose, script, before=before, after="dir_with", **(OPENLDAP | rest))


def by_password(mechanism: str, name: str, what: str) -> list[Case]:
    """A SASL mechanism that proves a password, with the right one and with a wrong one."""

    def one(name: str, password: str, title: str, purpose: str, **rest) -> Case:
        script = f"ldapsearch -O none -Y {mechanism} -U ada -w {password} {DIR} {GRACE}"
        return directory(name, title, purpose, script, EVERY_MECHANISM, **CYRUS, **rest)

    return [
        one(
            name,
            "Engine-1843",
            f"OpenLDAP, {mechanism}",
            f"{what}, accepted.",
        ),
        one(
            f"{name}_wrong_password",
            "not-hers",
            f"OpenLDAP, {mechanism}, wrong password",
            f"{what}, refused.",
            secrets={},
        ),
    ]  # fmt: skip


POLICY = f"ldapsearch -e ppolicy -x {DIR} -D uid=ada,{PEOPLE} -w"


def by_policy(name: str, title: str, purpose: str, before: str) -> Case:
    """A bind with the right password that the directory's password policy refuses."""
    return ldap(
        f"openldap_policy_{name}",
        title,
        purpose,
        f"{POLICY} Engine-1843 {GRACE}",
        before=f"with_policy; {before}",
        after="without_policy",
        **OPENLDAP,
    )


CASES = [
    by_policy(
        "locked",
        "OpenLDAP, account locked",
        "After two wrong passwords the right one is refused; a control beside the answer says accountLocked.",
        f"for guess in 1 2; do {POLICY} guess-$guess {GRACE}; done",
    ),
    by_policy(
        "expired",
        "OpenLDAP, password too old",
        "The server's clock is two days ahead, its policy allows one; the control says passwordExpired.",
        'clock=+2d dir_with "${policy[@]}"',
    ),
    directory(
        "confidentiality_required",
        "No password without TLS",
        "confidentialityRequired in answer to a simple bind.",
        f"{SIMPLE} {DIR} {GRACE}",
        "security simple_bind=128",
    ),
    ldap(
        "version_2",
        "LDAPv2",
        "protocolError in answer to a bind of the old version.",
        f"{SIMPLE} -P 2 {DIR} {GRACE}",
        **OPENLDAP,
    ),
    directory(
        "no_common_mechanism",
        "A SASL mechanism that the server has not",
        "authMethodNotSupported in answer to GSS-SPNEGO.",
        f"ldapsearch -N -Y GSS-SPNEGO {DIR} {GRACE}",
        "mech_list: GSSAPI",
        before="login ada",
        **MIT,
    ),
    directory(
        "openldap_simple_disallowed",
        "OpenLDAP, simple bind not allowed",
        "The server takes no simple binds at all, and says so before it looks at the password.",
        f"{SIMPLE} {DIR} {GRACE}",
        "disallow bind_simple",
    ),
    directory(
        "openldap_anonymous_disallowed",
        "OpenLDAP, anonymous bind not allowed",
        "inappropriateAuthentication in answer to a bind without name and password.",
        f"ldapsearch -x {DIR} {GRACE}",
        "disallow bind_anon",
        secrets={},
    ),
    directory(
        "openldap_backend_down",
        "OpenLDAP, the directory behind it does not answer",
        "The name belongs to a directory that this one would have to ask, and that is down: unavailable.",
        f"ldapsearch -x -D uid=ada,o=away -w Engine-1843 {DIR} -b o=away uid=grace uid",
        "moduleload back_ldap",
        "database ldap",
        "suffix o=away",
        "uri ldap://10.99.0.2:390",
    ),
    *by_password("CRAM-MD5", "openldap_cram_md5", "A keyed digest of the server's challenge"),
    *by_password(
        "DIGEST-MD5",
        "openldap_digest_md5",
        "Challenge and response of RFC 2831, with a security layer behind them if it succeeds",
    ),
    directory(
        "openldap_digest_md5_sign",
        "OpenLDAP, DIGEST-MD5, signed",
        "The layer asked for is auth-int: what follows the bind has MACs and can be read.",
        f"ldapsearch -O minssf=1,maxssf=1 -Y DIGEST-MD5 -U ada -w Engine-1843 {DIR} {GRACE}",
        EVERY_MECHANISM,
        **CYRUS,
    ),
    directory(
        "openldap_scram_wrong_password",
        "OpenLDAP, SCRAM-SHA-256, wrong password",
        "The client's proof does not fit the stored key.",
        f"ldapsearch -Y SCRAM-SHA-256 -U ada -w not-hers {DIR} {GRACE}",
        secrets={},
        **CYRUS,
    ),
    directory(
        "openldap_login",
        "OpenLDAP, SASL LOGIN, no password store",
        "Name and password in the clear in two legs; the server has nothing to check them with and answers other (80).",
        f"ldapsearch -O none -Y LOGIN -U ada -w Engine-1843 {DIR} {GRACE}",
        EVERY_MECHANISM,
        **CYRUS,
    ),
    directory(
        "openldap_sasl_anonymous",
        "OpenLDAP, SASL ANONYMOUS",
        "A SASL bind that proves nothing, accepted.",
        f"ldapsearch -O none -Y ANONYMOUS {DIR} {GRACE}",
        EVERY_MECHANISM,
        secrets={},
        **CYRUS,
    ),
    *by_password(
        "NTLM", "openldap_ntlm", "Cyrus SASL's own NTLM plugin on both sides, without SPNEGO"
    ),
    directory(
        "openldap_ntlm_sign",
        "OpenLDAP, NTLM in SPNEGO, signatures asked for",
        "gss-ntlmssp on both sides: the flags negotiate signing and no sealing, yet what follows is sealed.",
        f"me NEGO:ada:Engine-1843; ldapsearch -N -Y GSS-SPNEGO -O minssf=1,maxssf=1 {DIR} {GRACE}",
        client=["ldapsearch", "cyrus-sasl", "gss-ntlmssp"],
        server=["openldap", "cyrus-sasl", "gss-ntlmssp"],
    ),
    directory(
        "openldap_ntlm_unknown_user",
        "OpenLDAP, NTLM in SPNEGO, unknown user",
        "The server's list of accounts does not have the name.",
        f"me NEGO:linus:Penguin-91; ldapsearch -N -Y GSS-SPNEGO {DIR} {GRACE}",
        client=["ldapsearch", "cyrus-sasl", "gss-ntlmssp"],
        server=["openldap", "cyrus-sasl", "gss-ntlmssp"],
        secrets={},
    ),
    directory(
        "openldap_stale_key",
        "OpenLDAP, ticket for an older key",
        "The server's key is not the one that the KDC used: it cannot decrypt the ticket.",
        f"ldapsearch -N -Y GSSAPI {DIR} {GRACE}",
        before="login ada",
        env="keytab=$LAB/dir-stale.keytab ",
        **MIT,
    ),
    directory(
        "openldap_layer_too_weak",
        "OpenLDAP, a layer too weak for the client",
        "The ticket is good on both sides; the server offers signatures only, the client wants to seal and leaves.",
        f"ldapsearch -N -Y GSSAPI -O minssf=56 {DIR} {GRACE}",
        "sasl-secprops maxssf=1",
        before="login ada",
        **MIT,
    ),
    directory(
        "openldap_malformed_token",
        "OpenLDAP, bytes that are no token",
        "A GSSAPI bind whose credentials end where the ticket should begin.",
        f"{SASL_CLIENT} dir.nego.test - - GSSAPI 6082040006092a864886f71201020201006e8203ef",
        client=[],
        secrets={},
    ),
    ldap(
        "ticket_expired",
        "A ticket that is over",
        "A ticket of 20 seconds, sent when it is over by a client that does not look; Samba says no more than data 57.",
        "python $RECIPE/clients/ldap_ticket.py dc.nego.test",
        before=(
            "sed -i 's/^.libdefaults.$/&\\n    clockskew = 5/' /etc/netns/nego-dc/krb5.conf; dc_with; "
            "unlock ada; echo Engine-1843 | kinit -l 20s -S ldap/dc.nego.test ada; sleep 27"
        ),
        after="sed -i '/clockskew/d' /etc/netns/nego-dc/krb5.conf; dc_with; unlock ada",
        client=["impacket"],
    ),
    ldap(
        "malformed_token",
        "Bytes that are no token, Samba",
        "A GSS-SPNEGO bind whose credentials are no token of any mechanism.",
        f"{SASL_CLIENT} dc.nego.test - - GSS-SPNEGO 4e656761746976650d0a",
        client=[],
        secrets={},
    ),
    ldap(
        "negoex_only",
        "An offer of NegoEx alone, Samba",
        "The client's list has a mechanism that the server does not, and no token: data 57, and no negState.",
        f"{SASL_CLIENT} dc.nego.test - - GSS-SPNEGO {NEGOEX_ONLY}",
        client=[],
        secrets={},
    ),
    ldap(
        "openldap_negoex_only",
        "An offer of NegoEx alone, OpenLDAP",
        "The same to MIT's library behind Cyrus SASL, which hands no token on.",
        f"{SASL_CLIENT} dir.nego.test - - GSS-SPNEGO {NEGOEX_ONLY}",
        client=[],
        server=["openldap", "cyrus-sasl", "mit-krb5"],
        secrets={},
    ),
    ldap(
        "impacket_anonymous",
        "impacket, NTLM without a name",
        "An AUTHENTICATE without name and response, accepted; Samba closes the connection when the first sealed message comes.",
        "GetADUsers.py -no-pass -dc-host dc.nego.test -dc-ip 10.99.0.1 NEGO.TEST/",
        client=["impacket"],
        secrets={},
    ),
    ldap(
        "openldap_sicily",
        "OpenLDAP, Sicily bind",
        "ldap3's NTLM is Active Directory's old way of binding, which this server does not know.",
        "python $RECIPE/clients/ldap_sicily.py dir.nego.test 'NEGO\\ada' Engine-1843",
        client=["ldap3"],
        server=["openldap"],
    ),
    ldap(
        "sicily_closed",
        "Sicily bind, answered by closing",
        "Samba does not know Active Directory's old way of binding and closes the connection.",
        "python $RECIPE/clients/ldap_sicily.py dc.nego.test 'NEGO\\ada' Engine-1843",
        client=["ldap3"],
    ),
    ldap(
        "pyspnego_ntlm_sign",
        "NTLM, only signatures negotiated",
        "The client's flags ask for signing and not for sealing; Samba grants that, and yet both seal.",
        f"{SASL_CLIENT} dc.nego.test 'NEGO\\ada' Engine-1843 GSS-SPNEGO sign",
        client=["pyspnego"],
    ),
    ldap(
        "pyspnego_ntlm_raw",
        "NTLM without SPNEGO in a GSS-SPNEGO bind",
        "The mechanism's name says SPNEGO, its credentials are NTLM messages as they are.",
        f"{SASL_CLIENT} dc.nego.test 'NEGO\\ada' Engine-1843 GSS-SPNEGO seal raw",
        client=["pyspnego"],
    ),
    ldap(
        "pyspnego_ntlm_mechanism",
        "A SASL mechanism named NTLM",
        "Samba takes NTLM under its own name as well.",
        f"{SASL_CLIENT} dc.nego.test 'NEGO\\ada' Engine-1843 NTLM seal",
        client=["pyspnego"],
    ),
    ldap(
        "client_gave_up",
        "The client leaves when the challenge has come",
        "The server's challenge comes, and the client closes the connection without another word.",
        f"{SASL_CLIENT} dc.nego.test 'NEGO\\ada' Engine-1843 GSS-SPNEGO seal leave",
        client=["pyspnego"],
    ),
    ldap(
        "no_answer",
        "A server that does not answer",
        "The server's process is stopped: its host takes the connection and the bind, nobody answers, and the client leaves.",
        f"timeout -s INT 6 {SIMPLE} {DIR} {GRACE}",
        before="kill -STOP $(cat $LAB/dir/slapd.pid)",
        after="kill -CONT $(cat $LAB/dir/slapd.pid)",
        **OPENLDAP,
    ),
    ldap(
        "openldap_killed",
        "The server ends during the logon",
        "The server's process is killed while its answer to the ticket is due.",
        f"(sleep 1; kill -KILL $(cat $LAB/dir/slapd.pid)) & ldapsearch -N -Y GSSAPI {DIR} {GRACE}",
        before="login ada; kvno ldap/dir.nego.test; kill -STOP $(cat $LAB/dir/slapd.pid)",
        after="start_directory",
        **MIT,
    ),
]
