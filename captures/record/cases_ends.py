"""The cases about how logons over HTTP end when they do not succeed: silence, resets, errors, and tokens out of place."""

from cases import Case
from cases_kdc import AES, TGT
from cases_http import ACCEPTOR, LOGIN, RAW, WEB, http, raw_ntlm

OWN = RAW.replace("8080", "8082")
BY_NTLM = f"web -4 --ntlm -u 'NEGO\\ada:Engine-1843' {OWN}/ntlm/"
PYSPNEGO = "start own web env NTLM_USER_FILE=$LAB/web/ntlm-users python $RECIPE/servers/acceptor.py 8082; sleep 1"
END = "end web own"
MIT = ["mit-krb5", "gssapi"]
IAKERB = "python $RECIPE/clients/http_iakerb.py"
STEPS = "python $RECIPE/clients/http_steps.py"
RAW_CLIENT = "python $RECIPE/clients/http_raw.py"

STEPS = "python $RECIPE/clients/http_steps.py"
RAW_CLIENT = "python $RECIPE/clients/http_raw.py"


def cut_after(letters: int) -> str:
    """curl with the begin of a token in its header, that many letters of base64."""
    return (
        f"head=$(python $RECIPE/clients/http_gss.py web.nego.test /krb/ show | cut -c1-{letters}); "
        'web -4 -H "Authorization: Negotiate $head"'
    )


def by_mit(keytab: str, mechanisms: str = "kerberos") -> str:
    """Start an acceptor by MIT's library on port 8083."""
    return (
        f"start own web env KRB5_KTNAME={keytab} NTLM_USER_FILE=$LAB/web/ntlm-users "
        f"$LAB/venv/bin/python $RECIPE/servers/gss_acceptor.py 8083 {mechanisms}; sleep 1"
    )


def keytab_of(name: str, number: int) -> str:
    """Make a keytab with this one key, for the case's time."""
    return (
        f"rm -f $LAB/own.keytab; printf 'addent -password -p {name}@NEGO.TEST -k {number} -e aes256-cts-hmac-sha1-96"
        "\\nSome-Other-Secret-9\\nwkt %s\\n' $LAB/own.keytab | ktutil; chmod a+r $LAB/own.keytab; "
    )


def at_mit(name: str, title: str, purpose: str, keytab: str, *, first: str = "") -> Case:
    """A ticket for the acceptor by MIT's library, which has a keytab of this case's own."""
    return http(
        name,
        title,
        purpose,
        f"web -4 --negotiate -u : {WEB}:8083/",
        before=f"{LOGIN}; kvno HTTP/web.nego.test; {first}{by_mit(keytab)}",
        after=END,
        server=MIT,
    )


def ticket(name: str, title: str, purpose: str, kind: str) -> Case:
    """A ticket with wrong times, from a client that wants the server to prove itself."""
    return http(
        name,
        title,
        purpose,
        f"python $RECIPE/clients/http_ticket.py web.nego.test /krb/ $LAB/web.keytab {kind} mutual",
        client=["impacket"],
    )


CASES = [
    ticket(
        "des_ticket_refused",
        "A ticket of DES, refused",
        "Ticket and authenticator are of single DES, as from a KDC of long ago; MIT's library finds no such key: "
        "KRB_AP_ERR_BADKEYVER.",
        "des",
    ),
    at_mit(
        "no_key",
        "The server has no key for the ticket",
        "401 with KRB_AP_ERR_BADKEYVER: the keytab has the name, but not the number of the key.",
        "$LAB/own.keytab",
        first=keytab_of("HTTP/web.nego.test", 1),
    ),
    at_mit(
        "keytab_of_another",
        "The server's keytab has another name only",
        "401 with KRB_AP_ERR_NOT_US: the ticket is for a service that the keytab does not name.",
        "$LAB/own.keytab",
        first=keytab_of("HTTP/other.nego.test", 2),
    ),
    at_mit(
        "server_error",
        "The server fails over a token",
        "Its keytab is missing: 500 in answer to a ticket.",
        "$LAB/there-is-none.keytab",
    ),
    http(
        "malformed_token",
        "A token that ends too early",
        "The first 200 bytes of a NegTokenInit, which break off inside the ticket; Apache answers 401 and rejects.",
        "head=$(python $RECIPE/clients/http_gss.py web.nego.test /krb/ show | cut -c1-268); "
        f'web -4 -H "Authorization: Negotiate $head" {WEB}/krb/',
        before=f"{LOGIN}; kvno HTTP/web.nego.test",
        client=["curl", *MIT],
    ),
    raw_ntlm(
        "connection_closed",
        "The server hangs up",
        "It dies before it has read the first leg of NTLM, which is answered with a reset.",
        f"kill -STOP $(cat $LAB/web/own.pid); {BY_NTLM} & sleep 1; kill -KILL $(cat $LAB/web/own.pid); wait $!",
        before=PYSPNEGO,
        after="rm $LAB/web/own.pid",
    ),
    http(
        "client_gave_up",
        "The client hangs up",
        "A scanner wants the names in the server's challenge and nothing more: it closes the connection.",
        "nmap -n -Pn -p 8080 --script http-ntlm-info --script-args http-ntlm-info.root=/ntlm/ 10.99.0.2",
        client=["nmap"],
        server=ACCEPTOR,
        secrets={},
    ),
    raw_ntlm(
        "no_answer",
        "The server says nothing",
        "It is stopped, though its machine still takes what comes; after ten seconds the client closes the connection.",
        f"kill -STOP $(cat $LAB/web/own.pid); {BY_NTLM} --max-time 10",
        before=PYSPNEGO,
        after=f"kill -CONT $(cat $LAB/web/own.pid); {END}",
    ),
    http(
        "ntlm_on_an_open_page",
        "NTLM's first message, and the page comes",
        "The client expects to be asked and sends NTLM's first message at once; the page is for everybody.",
        f"web -4 --ntlm -u 'NEGO\\ada:Engine-1843' {WEB}/open/",
        client=["curl"],
        server=["apache"],
    ),
    http(
        "proxy_asks_first",
        "A ticket for the web server, and the proxy asks for itself",
        "The request has credentials for the origin server; the proxy answers 407, and the client leaves.",
        f"web -4 -x http://proxy.nego.test:3128 --negotiate -u : {WEB}/krb/",
        before=f"{LOGIN}; kvno HTTP/web.nego.test",
        server=["squid"],
    ),
    http(
        "token_after_failure",
        "A token after the reject",
        "The server takes no NTLM and rejects the offer; the client sends the next leg all the same and is refused again.",
        f"{STEPS} web.nego.test:8083 / offer insist",
        before=by_mit("$LAB/web.keytab"),
        after=END,
        client=["pyspnego"],
        server=MIT,
    ),
    http(
        "ntlm_not_kept",
        "NTLM through a load balancer that keeps no connection",
        "The challenge ends its connection; the client answers it over a new one, where the server knows nothing of it and "
        "refuses.",
        f"{RAW_CLIENT} web.nego.test:8084 /ntlm/ NTLM 'NEGO\\ada' Engine-1843",
        before="start own web python $RECIPE/servers/between.py 8084 10.99.0.2:8080 no-affinity; sleep 1",
        after=END,
        client=["pyspnego"],
        server=["pyspnego"],
        negotiations=2,
    ),
    http(
        "fallback_same_connection",
        "Three attempts on one connection",
        "A ticket that the server cannot decrypt, then NTLM with a wrong password and with the right one; the connection "
        "stays.",
        f"{STEPS} stale.nego.test:8080 /both/ ticket pause:1 'ntlm:NEGO\\ada:not-hers' pause:6 'ntlm:NEGO\\ada:Engine-1843'",
        before=f"{LOGIN}; kvno HTTP/stale.nego.test",
        client=["mit-krb5", "gssapi", "pyspnego"],
        server=ACCEPTOR,
        negotiations=3,
    ),
    http(
        "iakerb_raw",
        "Kerberos through the acceptor, by MIT's library",
        "IAKERB without SPNEGO: AS and TGS exchange travel inside the negotiation's tokens, of which only the first and the last "
        "are framed, then the ticket.",
        f"{IAKERB} web.nego.test:8083 / ada@NEGO.TEST Engine-1843",
        before=by_mit("$LAB/web.keytab", "iakerb raw"),
        after=END,
        client=["mit-krb5"],
        server=MIT,
        kdc=[
            f"AS ada {TGT} KDC_ERR_PREAUTH_REQUIRED",
            f"AS ada {TGT} {AES}",
            f"TGS ada HTTP/web.nego.test {AES}",
        ],
    ),
    http(
        "iakerb_wrong_password",
        "Kerberos through the acceptor, wrong password",
        "What the KDC says of the encrypted timestamp comes inside a token: KDC_ERR_PREAUTH_FAILED.",
        f"{IAKERB} web.nego.test:8083 / ada@NEGO.TEST not-hers",
        before=by_mit("$LAB/web.keytab", "iakerb raw"),
        after=END,
        client=["mit-krb5"],
        server=MIT,
        secrets={},
        kdc=[
            f"AS ada {TGT} KDC_ERR_PREAUTH_REQUIRED",
            f"AS ada {TGT} KDC_ERR_PREAUTH_FAILED",
        ],
    ),
    http(
        "iakerb_refused",
        "A server that does not know IAKERB",
        "401 to the first question for the KDC, which proves nothing yet.",
        f"{IAKERB} web.nego.test:8083 / ada@NEGO.TEST Engine-1843",
        before=by_mit("$LAB/web.keytab", ""),
        after=END,
        client=["mit-krb5"],
        server=MIT,
        kdc=[f"AS ada {TGT} no answer"],
    ),
    http(
        "upgraded_to_tls",
        "A ticket, and then TLS",
        "A print server is asked with a ticket in the clear and for TLS; it agrees to TLS (101), and what comes of the logon is "
        "not to be seen: it takes passwords only.",
        "python $RECIPE/clients/http_upgrade.py web.nego.test:631 /",
        before=f"{LOGIN}; kvno HTTP/web.nego.test; start cups web cupsd -f -c $LAB/web/print/server/cupsd.conf "
        "-s $LAB/web/print/server/cups-files.conf; sleep 2",
        after="end web cups",
        client=MIT,
        server=["cups"],
    ),
]
