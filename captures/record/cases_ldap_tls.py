"""The cases over LDAP inside TLS: with the keys in the capture or without, bound to the channel or relayed."""

from cases import Case
from cases_directory import CYRUS, EVERY_MECHANISM, GRACE, MIT, SASL_CLIENT, directory
from cases_ldap import BASE, OPENLDAP, PEOPLE, ldap

LDAPS_DC = "-H ldaps://dc.nego.test"
LDAPS_DIR = "-H ldaps://dir.nego.test"
STARTTLS_DIR = "-ZZ -H ldap://dir.nego.test"
SEARCH = "LDAPTLS_REQCERT=never ldapsearch"
BOUND = f"LDAPSASL_CBINDING=tls-endpoint {SEARCH} -N -O maxssf=0"
CHECKED = "sasl-cbinding tls-endpoint"
SCRAM = "-Y SCRAM-SHA-256-PLUS -U ada -w Engine-1843"
CERTIFICATE = "$LAB/web/between.crt $LAB/web/between.key"


def relayed(name: str, title: str, purpose: str, script: str, **rest) -> Case:
    """A client whose TLS connection ends at a relay, and a server that looks at channel bindings."""
    before = (
        f"login ada; kvno ldap/dir.nego.test; dir_with '{EVERY_MECHANISM}' '{CHECKED}'; "
        "openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=dir.$ZONE -keyout $LAB/web/between.key "
        f"-out $LAB/web/between.crt 2>/dev/null; between dir.nego.test 10.99.0.3 636 tls_relay.py {CERTIFICATE}"
    )
    after = "between_no_more; dir_with"
    return ldap(name, title, purpose, script, before=before, after=after, tls=True, **rest)


CASES = [
    ldap(
        "ldaps_simple",
        "Simple bind inside TLS",
        "Name and password, but not in the clear.",
        f"{SEARCH} -x -D ada@nego.test -w Engine-1843 {LDAPS_DC} {BASE}",
        client=["ldapsearch"],
        tls=True,
    ),
    ldap(
        "ldaps_no_keys",
        "Simple bind inside TLS, without the keys",
        "The same, as most captures have it: TLS on port 636, and nothing of LDAP can be seen.",
        f"{SEARCH} -x -D ada@nego.test -w Engine-1843 {LDAPS_DC} {BASE}",
        client=["ldapsearch"],
        negotiations=0,
    ),
    ldap(
        "ldaps_gss_spnego",
        "GSS-SPNEGO inside TLS",
        "Kerberos with no layer of its own, TLS being one.",
        f"{SEARCH} -N -Y GSS-SPNEGO -O maxssf=0 {LDAPS_DC} {BASE}",
        before="login ada",
        tls=True,
    ),
    ldap(
        "ldaps_ntlm",
        "NTLM inside TLS without channel bindings",
        "Samba's client says that its bindings are zero, and the server does not ask for them.",
        f'ldbsearch --configfile="$conf" {LDAPS_DC} "${{ntlm[@]}}" -U \'NEGO\\ada%Engine-1843\' '
        "--option='tls verify peer = no_check' -b DC=nego,DC=test -s base objectClass",
        client=["ldbsearch"],
        tls=True,
    ),
    ldap(
        "openldap_starttls_simple_keys",
        "OpenLDAP, simple bind inside StartTLS, with the keys",
        "What comes after StartTLS can be read.",
        f"{SEARCH} -x -D uid=ada,{PEOPLE} -w Engine-1843 {STARTTLS_DIR} {GRACE}",
        tls=True,
        **OPENLDAP,
    ),
    ldap(
        "upgraded_to_tls",
        "StartTLS in the middle of a logon",
        "The challenge has come, and the client goes on inside TLS: what comes of the logon is not to be seen.",
        f"{SASL_CLIENT} dc.nego.test 'NEGO\\ada' Engine-1843 GSS-SPNEGO seal upgrade",
        client=["pyspnego"],
    ),
    ldap(
        "ldaps_seal",
        "Sealing inside TLS",
        "Kerberos succeeds, but Samba takes no layer of SASL inside TLS: unwillingToPerform (53).",
        f"{SEARCH} -N -Y GSS-SPNEGO {LDAPS_DC} {BASE}",
        before="login ada; kvno ldap/dc.nego.test",
        tls=True,
    ),
    directory(
        "openldap_starttls_scram_plus",
        "OpenLDAP, SCRAM bound to the channel, inside StartTLS",
        "What ldapsearch calls SCRAM-SHA-256-PLUS, with the bindings of RFC 5929 that both sides agree on.",
        f"{BOUND} {SCRAM} {STARTTLS_DIR} {GRACE}",
        EVERY_MECHANISM,
        CHECKED,
        tls=True,
        **CYRUS,
    ),
    relayed(
        "ldaps_scram_relayed",
        "SCRAM bound to another channel",
        "Something between ends TLS with a certificate of its own: the bindings do not match, and the server says so.",
        f"{BOUND} {SCRAM} {LDAPS_DIR} {GRACE}",
        **CYRUS,
    ),
    relayed(
        "ldaps_gssapi_relayed",
        "A ticket bound to another channel",
        "The same with Kerberos: the server knows that the bindings do not match (its log says so), and says nothing of it.",
        f"{BOUND} -Y GSSAPI {LDAPS_DIR} {GRACE}",
        **MIT,
    ),
]
