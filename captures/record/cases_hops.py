"""The cases about boxes between client and server, and about SPNEGO's proof of the list that such a box may change.

The client of a box is at dir, the box itself at the desk: both hops are recorded.
"""

from cases import Case
from cases_ends import MIT, by_mit
from cases_http import APACHE, LOGIN, RAW, WEB, by_ntlm, http
from cases_ntlm import ADA

DC = "dc.nego.test:8081"
SAMBA = "/usr/bin/python3 $RECIPE/servers/samba_acceptor.py 8081 $LAB/dc/ad/etc/smb.conf"
NO_KERBEROS = "gensec:krb5=no gensec:gssapi_krb5=no gensec:gse_krb5=no gensec:fake_gssapi_krb5=no"
AS_OF_2000 = "spnego:simulate_w2k=yes"
AT_DIR = "on dir env KRB5CCNAME=$LAB/dir/cc"
LOGIN_AT_DIR = f"{AT_DIR} kinit ada <<<Engine-1843"
OWN = f"{WEB}:8083"


def between(port: int, server: str, change: str) -> str:
    """Start the box."""
    program = "$LAB/venv/bin/python $RECIPE/servers/between.py"
    return f"start between desk {program} {port} 10.99.0.2:{server} {change}; sleep 1"


def through(port: int, server: str, change: str, script: str, **rest) -> dict:
    """What the box needs, and the two negotiations it makes of one."""
    before = "; ".join(filter(None, [rest.pop("before", ""), between(port, server, change)]))
    after = "; ".join(filter(None, ["end desk between", rest.pop("after", "")]))
    return {"script": script, "before": before, "after": after, "negotiations": 2} | rest


def by_samba(
    name: str, title: str, purpose: str, client: str = "", server: str = NO_KERBEROS
) -> Case:
    """Samba's library on both sides; the client has a ticket, the server has no Kerberos."""
    return http(
        name,
        title,
        purpose,
        f"/usr/bin/python3 $RECIPE/clients/http_samba.py {DC} /nego/ Negotiate spnego {ADA} kerberos=desired {client}",
        before=f"start samba dc {SAMBA} {server}; sleep 2",
        after="end dc samba",
        client=["samba"],
        server=["samba"],
    )


def changed(name: str, title: str, purpose: str, change: str) -> Case:
    """curl with a ticket and a password, whose offer the box changes."""
    script = (
        f"{AT_DIR} NTLM_USER_FILE=$LAB/desk/me curl -sS -o /dev/null --negotiate -u : "
        f"--connect-to web.nego.test:80:10.99.0.20:80 {WEB}/nego/"
    )
    how = through(80, "80", change, f"echo; {script}", before=LOGIN_AT_DIR)
    return by_ntlm(name, title, purpose, "NEGO:ada:Engine-1843", how.pop("script"), **how)


CASES = [
    by_samba(
        "reselection_with_mic",
        "Reselection with mechListMIC",
        "The server takes NTLM in place of the preferred Kerberos; both sides prove the list of mechanisms.",
    ),
    by_samba(
        "reselection_without_mic",
        "Reselection without mechListMIC",
        "The same between two sides that are told to behave like Windows 2000: nobody proves the list, which could have been "
        "changed on the way.",
        AS_OF_2000,
        f"{NO_KERBEROS} {AS_OF_2000}",
    ),
    by_samba(
        "reselection_client_mic",
        "Reselection, and the client alone proves the list",
        "The server behaves like Windows 2000: it asks for a mechListMIC, gets one and sends none of its own.",
        "",
        f"{NO_KERBEROS} {AS_OF_2000}",
    ),
    http(
        "mic_of_windows_2000",
        "The server's token twice",
        "A server that behaves like Windows 2000 puts its AP-REP into mechListMIC as well (RFC 4178, appendix C).",
        f"web -4 --negotiate -u : http://{DC}/nego/",
        before=f"{LOGIN}; kvno HTTP/dc.nego.test; start samba dc {SAMBA} {AS_OF_2000}; sleep 2",
        after="end dc samba",
        server=["samba"],
    ),
    changed(
        "offer_cut_between_hops",
        "An offer that lost its first mechanism on the way",
        "The box answers the client's offer of Kerberos and NTLM itself and asks the server for NTLM only; it takes out the "
        "proof of the list as well. The NTLM messages are the same on both hops.",
        "cut",
    ),
    changed(
        "offer_reordered_between_hops",
        "An offer whose order was changed on the way",
        "The client wants Kerberos, then NTLM; the box asks the server for NTLM, then Kerberos, with the same NTLM messages.",
        "reorder",
    ),
    http(
        "offer_changed",
        "An offer that was changed on the way",
        "A box puts a mechanism before the client's Kerberos. Kerberos is through on both sides, the client's mechListMIC that "
        "follows alone is rejected: the list that came is not the one that was sent.",
        **through(
            8083,
            "8083",
            "prepend",
            f"{AT_DIR} python $RECIPE/clients/http_steps.py web.nego.test:8083=10.99.0.20:8083 / negotiate",
            before=f"{LOGIN_AT_DIR}; {by_mit('$LAB/web.keytab')}",
            after="end web own",
        ),
        client=["pyspnego", "mit-krb5"],
        server=MIT,
    ),
    http(
        "one_host_on_two_hops",
        "A client's NTLM sent on, both times for one host",
        "A host in between sends NEGOTIATE and AUTHENTICATE on, and asks for the host that the client asks for: a proxy, or a "
        "relay behind a false name.",
        **through(
            8080,
            "8080",
            "nothing",
            "on dir curl -sS -o /dev/null --ntlm -u 'NEGO\\ada:Engine-1843' "
            f"--connect-to web.nego.test:8080:10.99.0.20:8080 {RAW}/ntlm/",
        ),
        client=["curl"],
        server=["pyspnego"],
    ),
    http(
        "damaged_ticket",
        "A ticket damaged on the way",
        "A box turns one bit of what the client sealed; the server cannot tell that from a wrong key.",
        **through(
            80,
            "80",
            "damage",
            f"{AT_DIR} curl -sS -o /dev/null --negotiate -u : --connect-to web.nego.test:80:10.99.0.20:80 {WEB}/krb/",
            before=LOGIN_AT_DIR,
        ),
        server=APACHE,
    ),
    http(
        "proxy_ntlm_in_negotiate",
        "Raw NTLM to a proxy that lists Negotiate",
        "The proxy would take Negotiate and NTLM; the client says Negotiate and sends NTLM without SPNEGO. Whether it wanted "
        "that or had nothing else, the bytes do not tell.",
        "python $RECIPE/clients/http_raw.py web.nego.test /open/ Negotiate 'NEGO\\ada' Engine-1843 "
        "via proxy.nego.test:3130 for proxy.nego.test",
        before="start both web squid -N -n both -f $LAB/web/squid-both.conf; sleep 2",
        after="end web both",
        client=["pyspnego"],
        server=["squid"],
    ),
    http(
        "two_sites",
        "Two web sites at one address",
        "A ticket is refused at stale.nego.test; then the same client logs on to app.nego.test, which lists NTLM only. The one "
        "has nothing to do with the other.",
        f"web -4 --negotiate -u : http://stale.nego.test/krb/; web -4 --anyauth -u 'NEGO\\ada:Engine-1843' {RAW.replace('web', 'app')}/ntlm/",
        before=f"{LOGIN}; kvno HTTP/stale.nego.test",
        server=[*APACHE, "pyspnego"],
        negotiations=2,
    ),
]
