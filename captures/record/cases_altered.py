"""The cases over LDAP in which something between client and server changes a bit, or is itself the server.

What is recorded is the client's side of it: what the client altered nothing of is seen as it was sent, and what the
server's side altered is seen as it came.
"""

from cases import Case
from cases_directory import GRACE, MIT
from cases_ldap import BASE, DC, DIR, ldap

DC_HOST = ("dc.nego.test", "10.99.0.1")
DIR_HOST = ("dir.nego.test", "10.99.0.3")
LIST_MIC = ("a312041001000000", 8)  # the checksum in a mechListMIC of NTLM
AP_REQ = "06092a864886f71201020201006e"
AP_REP = ("06092a864886f71201020202006f", 80)
KERBEROS = ("06092a864886f712010202", 10)
WRAP = "050404ff"  # a Wrap token of the initiator, RFC 4121 4.2.6.2: signed, subkey of the acceptor
TICKET = "login ada; kvno ldap/dc.nego.test ldap/dir.nego.test"


def altered(
    name: str,
    title: str,
    purpose: str,
    script: str,
    host: tuple[str, str],
    side: str,
    place: tuple[str, int],
    **rest,
) -> Case:
    """A case whose `side` is misunderstood by the other in one bit."""
    words = f"between {host[0]} {host[1]} 389 altering_relay.py {side} {place[0]} {place[1]}"
    before = "; ".join(filter(None, [rest.pop("before", ""), words]))
    return ldap(name, title, purpose, script, before=before, after="between_no_more", **rest)


LDB = f'ldbsearch --configfile="$conf" {DC}'
ROOT = "-b DC=nego,DC=test -s base objectClass"
BY_NTLM = f"{LDB} \"${{ntlm[@]}}\" -U 'NEGO\\ada%Engine-1843' {ROOT}"
BY_KERBEROS = f'{LDB} "${{kerberos[@]}}" {ROOT}'
NTLM_MESSAGE = "4e544c4d5353500003000000"

AT_DESK = (
    f"{TICKET}; start relay desk python $RECIPE/servers/altering_relay.py 389 10.99.0.1:389 client {KERBEROS[0]} {KERBEROS[1]}; "
    "echo 10.99.0.20 dc.nego.test >>/etc/netns/nego-web/hosts; sleep 1"
)

CASES = [
    ldap(
        "altered_offer_two_hops",
        "An offer that is changed between two hops",
        "The relay stands at the desk, so both its sides are seen: Kerberos heads the list that it gets, and an unknown "
        "mechanism the list that it sends.",
        f"me NEGO:ada:Engine-1843; on web ldapsearch -N -Y GSS-SPNEGO {DC} {BASE}",
        before=AT_DESK,
        after="end desk relay; sed -i '/^10.99.0.20 dc/d' /etc/netns/nego-web/hosts",
        client=["ldapsearch", "cyrus-sasl", "mit-krb5", "gss-ntlmssp"],
        negotiations=2,
    ),
    altered(
        "altered_list_mic",
        "The client's mechListMIC is changed on the way",
        "One bit of the checksum over the client's offer is another when it comes to the server.",
        BY_NTLM,
        DC_HOST,
        "client",
        LIST_MIC,
        client=["ldbsearch"],
    ),
    altered(
        "altered_list_mic_of_server",
        "The server's mechListMIC is changed on the way",
        "The server lets the client in; the checksum that comes back is wrong in one bit, and the client leaves.",
        BY_NTLM,
        DC_HOST,
        "server",
        LIST_MIC,
        client=["ldbsearch"],
    ),
    altered(
        "altered_offer",
        "The client's offer is changed on the way",
        "Kerberos, first of the client's list, is no known mechanism when it comes to the server, which chooses NTLM; "
        "the mechListMIC tells.",
        f"me NEGO:ada:Engine-1843; ldapsearch -N -Y GSS-SPNEGO {DC} {BASE}",
        DC_HOST,
        "client",
        KERBEROS,
        before=TICKET,
        client=["ldapsearch", "cyrus-sasl", "mit-krb5", "gss-ntlmssp"],
    ),
    altered(
        "altered_ntlm_mic",
        "NTLM's MIC is changed on the way",
        "One bit of the MIC in AUTHENTICATE is another when it comes to the server.",
        BY_NTLM,
        DC_HOST,
        "client",
        (NTLM_MESSAGE, 72),
        client=["ldbsearch"],
    ),
    altered(
        "altered_ticket",
        "The ticket is changed on the way",
        "One bit of the encrypted ticket is another when it comes to the server; the client fetches a new ticket and is let in.",
        BY_KERBEROS,
        DC_HOST,
        "client",
        (AP_REQ, 300),
        before=TICKET,
        negotiations=2,
        client=["ldbsearch"],
    ),
    altered(
        "altered_ap_rep",
        "The AP-REP is changed on the way, MIT's client",
        "The server's proof does not decrypt: the client says nothing more than that it leaves.",
        f"ldapsearch -N -Y GSSAPI {DIR} {GRACE}",
        DIR_HOST,
        "server",
        AP_REP,
        before=TICKET,
        **MIT,
    ),
    altered(
        "altered_ap_rep_in_spnego",
        "The AP-REP is changed on the way, Samba's client",
        "The same inside SPNEGO with Heimdal as the client.",
        BY_KERBEROS,
        DC_HOST,
        "server",
        AP_REP,
        before=TICKET,
        client=["ldbsearch"],
    ),
    altered(
        "altered_layer",
        "The choice of the layer is changed on the way",
        "Ticket and proof are good; the client's choice of a security layer is wrong in one bit of its checksum.",
        f"ldapsearch -N -Y GSSAPI {DIR} {GRACE}",
        DIR_HOST,
        "client",
        (WRAP, 20),
        before=TICKET,
        **MIT,
    ),
]
