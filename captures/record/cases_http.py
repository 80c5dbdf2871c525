"""The cases over HTTP: Apache with mod_auth_gssapi, a pyspnego acceptor on port 8080, Squid; curl and others as clients."""

from cases import Case

ADA = {"ada": "Engine-1843"}
WEB = "http://web.nego.test"
RAW = "http://web.nego.test:8080"
APACHE = ["apache", "mod_auth_gssapi", "mit-krb5"]
ACCEPTOR = ["pyspnego"]
LOGIN = "login ada"


def http(name: str, title: str, purpose: str, script: str, **rest) -> Case:
    """One case with curl against Apache unless `rest` says otherwise."""
    rest = {"client": ["curl", "mit-krb5"], "server": APACHE, "secrets": ADA} | rest
    return Case(carrier="http", name=name, title=title, purpose=purpose, script=script, **rest)


def by_ntlm(name: str, title: str, purpose: str, user: str, script: str, **rest) -> Case:
    """SPNEGO with NTLM: no ticket at the desk, but gss-ntlmssp with the credentials of `user` (DOMAIN:name:password)."""
    rest = {
        "client": ["curl", "mit-krb5", "gss-ntlmssp"],
        "server": [*APACHE, "gss-ntlmssp"],
    } | rest
    script = f"echo '{user}' >$LAB/desk/me; export NTLM_USER_FILE=$LAB/desk/me; {script}"
    return http(name, title, purpose, script, **rest)


def raw_ntlm(name: str, title: str, purpose: str, script: str, **rest) -> Case:
    """The NTLM scheme, to the pyspnego acceptor."""
    return http(name, title, purpose, script, client=["curl"], server=ACCEPTOR, **rest)


CASES = [
    http(
        "negotiate_kerberos",
        "Negotiate, Kerberos",
        "curl sends its ticket with the first request, without being asked; the 200 brings the server's answer.",
        f"web --negotiate -u : {WEB}/krb/",
        before=LOGIN,
    ),
    http(
        "login_and_negotiate",
        "From password to page in one capture",
        "DNS, AS exchange, TGS exchange and an HTTP request by Kerberos.",
        f"login ada; web --negotiate -u : {WEB}/krb/",
    ),
    http(
        "negotiate_kerberos_ipv4_ipv6",
        "The same page over IPv4 and over IPv6",
        "Two negotiations with the same service on two addresses.",
        f"web -4 --negotiate -u : {WEB}/krb/; web -6 --negotiate -u : {WEB}/krb/",
        before=LOGIN,
        negotiations=2,
    ),
    by_ntlm(
        "negotiate_ntlm",
        "Negotiate, NTLM inside SPNEGO",
        "No ticket at the desk: SPNEGO offers NTLM only and the connection is authenticated in three legs.",
        "NEGO:ada:Engine-1843",
        f"web --negotiate -u : {WEB}/nego/",
    ),
    by_ntlm(
        "negotiate_ntlm_wrong_password",
        "Negotiate, NTLM, wrong password",
        "The last leg of NTLM is answered with 401.",
        "NEGO:ada:not-hers",
        f"web --negotiate -u : {WEB}/nego/",
        secrets={},
    ),
    by_ntlm(
        "fallback_in_negotiation",
        "Kerberos tried first, server wants NTLM",
        "The client's first token carries a ticket; the server selects NTLM and both go on with it in the same negotiation.",
        "NEGO:ada:Engine-1843",
        f"web --negotiate -u : {WEB}/ntlm/",
        before=LOGIN,
    ),
    by_ntlm(
        "fallback_no_spn",
        "No such service name, so NTLM",
        "The server has a second name that nobody registered: the KDC refuses the ticket, SPNEGO offers NTLM.",
        "NEGO:ada:Engine-1843",
        "web --negotiate -u : http://nospn.nego.test/nego/",
        before=LOGIN,
    ),
    by_ntlm(
        "kerberos_then_ntlm",
        "Kerberos refused, then NTLM on a new connection",
        "The server cannot decrypt the ticket and says 401; the user logs off and goes on by NTLM.",
        "NEGO:ada:Engine-1843",
        "web --negotiate -u : http://stale.nego.test/nego/; kdestroy -q; web --negotiate -u : http://stale.nego.test/nego/",
        before=LOGIN,
        negotiations=2,
    ),
    http(
        "service_key_mismatch",
        "The service's keytab is out of date",
        "The ticket was sealed with a key the server does not have; the 401 brings a KRB-ERROR, KRB_AP_ERR_BAD_INTEGRITY.",
        "web --negotiate -u : http://stale.nego.test/krb/",
        before=LOGIN,
    ),
    http(
        "clock_skew",
        "Client's clock 20 minutes ahead",
        "The ticket is good, the authenticator is from the future.",
        f"faketime -f +20m curl -sS -o /dev/null -w '%{{http_code}}\\n' --negotiate -u : {WEB}/krb/",
        before=f"{LOGIN}; kvno HTTP/web.nego.test",
    ),
    http(
        "ticket_expired",
        "An expired ticket",
        "The ticket ended ten hours ago, the client's clock is right. The server says reject and no reason, so the wire does not tell.",
        "python $RECIPE/clients/http_ticket.py web.nego.test /krb/ $LAB/web.keytab expired",
        client=["impacket"],
    ),
    http(
        "ticket_not_yet_valid",
        "A ticket of tomorrow",
        "The ticket begins in ten hours. The server says reject and no reason.",
        "python $RECIPE/clients/http_ticket.py web.nego.test /krb/ $LAB/web.keytab early",
        client=["impacket"],
    ),
    http(
        "ticket_expired_said",
        "An expired ticket, and the server says so",
        "The client asks for mutual authentication, so that the reject brings KRB_AP_ERR_TKT_EXPIRED.",
        "python $RECIPE/clients/http_ticket.py web.nego.test /krb/ $LAB/web.keytab expired mutual",
        client=["impacket"],
    ),
    http(
        "ticket_not_yet_valid_said",
        "A ticket of tomorrow, and the server says so",
        "The client asks for mutual authentication, so that the reject brings KRB_AP_ERR_TKT_NYV.",
        "python $RECIPE/clients/http_ticket.py web.nego.test /krb/ $LAB/web.keytab early mutual",
        client=["impacket"],
    ),
    http(
        "no_credentials",
        "Challenged, and nothing to answer with",
        "A client without ticket and password gets 401 and leaves: no token, so no negotiation.",
        f"web --negotiate -u : {WEB}/krb/",
        negotiations=0,
    ),
    http(
        "open_page",
        "A page that needs no logon",
        "No authentication at all: nothing to find.",
        f"web {WEB}/open/",
        negotiations=0,
        secrets={},
        client=["curl"],
    ),
    raw_ntlm(
        "ntlm",
        "NTLM scheme",
        "Three legs of NTLM without SPNEGO, on one connection.",
        f"web --ntlm -u 'NEGO\\ada:Engine-1843' {RAW}/ntlm/",
    ),
    raw_ntlm(
        "ntlm_wrong_password",
        "NTLM scheme, wrong password",
        "The third leg is answered with 401.",
        f"web --ntlm -u 'NEGO\\ada:not-hers' {RAW}/ntlm/",
        secrets={},
    ),
    raw_ntlm(
        "ntlm_unknown_user",
        "NTLM scheme, unknown user",
        "The wire tells no difference from a wrong password.",
        f"web --ntlm -u 'NEGO\\nobody:whatever' {RAW}/ntlm/",
        secrets={},
    ),
    raw_ntlm(
        "ntlm_retry",
        "NTLM scheme, wrong then right password",
        "Two attempts; the second points back to the first.",
        f"web --ntlm -u 'NEGO\\ada:not-hers' {RAW}/ntlm/; web --ntlm -u 'NEGO\\ada:Engine-1843' {RAW}/ntlm/",
        negotiations=2,
    ),
    raw_ntlm(
        "ntlm_though_more_was_offered",
        "The client chose NTLM though Negotiate was offered",
        "A first visit without credentials is offered both schemes; the application then insists on NTLM.",
        f"web {RAW}/both/; web --ntlm -u 'NEGO\\ada:Engine-1843' {RAW}/both/",
    ),
    raw_ntlm(
        "ntlm_keep_alive",
        "One NTLM logon, many requests",
        "The connection is authenticated once and serves eight requests.",
        f"curl -sS --ntlm -u 'NEGO\\ada:Engine-1843' '{RAW}/ntlm/page[1-8]'",
    ),
    raw_ntlm(
        "ntlm_in_negotiate",
        "Raw NTLM under the name Negotiate",
        "The Negotiate scheme carries NTLM messages without SPNEGO.",
        "python $RECIPE/clients/http_raw.py web.nego.test:8080 /nego/ Negotiate 'NEGO\\ada' Engine-1843",
    ),
    raw_ntlm(
        "ntlm_small_segments",
        "NTLM in small segments",
        "The path takes packets of 200 bytes: headers are spread over many frames.",
        f"web -4 --ntlm -u 'NEGO\\ada:Engine-1843' {RAW}/ntlm/",
        before="ip route replace 10.99.0.2 dev eth0 mtu lock 200 advmss 160",
        after="ip route del 10.99.0.2 dev eth0",
    ),
    http(
        "ntlm_scheme_refused",
        "NTLM scheme offered by a server that cannot take it",
        "Apache offers NTLM beside Negotiate and refuses the first token of it; curl tries a second time on the connection.",
        f"web --ntlm -u 'NEGO\\ada:Engine-1843' {WEB}/nego/",
        client=["curl"],
        negotiations=2,
    ),
    http(
        "basic",
        "Basic",
        "Name and password in the clear, accepted.",
        f"web -u ada:Engine-1843 {WEB}/basic/",
        client=["curl"],
        server=["apache"],
    ),
    http(
        "basic_retry",
        "Basic, wrong then right password on one connection",
        "401, then 200 with other credentials.",
        f"curl -sS -o /dev/null -u ada:not-hers {WEB}/basic/ --next -sS -o /dev/null -u ada:Engine-1843 {WEB}/basic/",
        negotiations=2,
        client=["curl"],
        server=["apache"],
    ),
    http(
        "basic_pipelined",
        "Three requests in one write",
        "HTTP/1.1 pipelining: good, bad and good credentials; the answers come in order.",
        "python $RECIPE/clients/http_pipeline.py web.nego.test ada=Engine-1843 ada=not-hers ada=Engine-1843",
        negotiations=3,
        client=[],
        server=["apache"],
    ),
    http(
        "digest",
        "Digest",
        "A challenge with a nonce and its answer, accepted.",
        f"web --digest -u ada:Engine-1843 {WEB}/digest/",
        client=["curl"],
        server=["apache"],
    ),
    http(
        "digest_wrong_password",
        "Digest, wrong password",
        "The answer to the nonce is refused.",
        f"web --digest -u ada:not-hers {WEB}/digest/",
        client=["curl"],
        server=["apache"],
        secrets={},
    ),
    http(
        "anyauth_kerberos",
        "The client takes the best that is offered",
        "401 offers Negotiate and Basic; curl --anyauth comes back with a ticket.",
        f"web --anyauth -u : {WEB}/any/",
        before=LOGIN,
    ),
    http(
        "anyauth_basic",
        "Basic where Negotiate would be taken too",
        "A page that accepts both: curl, told to use Basic, sends it unasked, and Apache checks it with the KDC.",
        f"web --basic -u ada:Engine-1843 {WEB}/any/",
        client=["curl"],
    ),
    http(
        "keep_alive_kerberos",
        "Every request authenticates itself",
        "Six requests on one connection, each with a ticket of its own: six negotiations.",
        f"curl -sS -o /dev/null --negotiate -u : '{WEB}/krb/index.html?[1-6]'",
        before=LOGIN,
        negotiations=6,
    ),
    http(
        "post_with_body",
        "A POST with a body",
        "The token is in the head, 12 kB of body follow, and the answer comes after them.",
        f"head -c 12000 /dev/zero | tr '\\0' x | web --negotiate -u : --data-binary @- {WEB}/krb/",
        before=LOGIN,
    ),
    http(
        "proxy_kerberos",
        "Squid, Kerberos",
        "Proxy-Authorization with a ticket in the first request; Squid answers without any token.",
        f"web -x http://proxy.nego.test:3128 --proxy-negotiate -U : {WEB}/open/",
        before=LOGIN,
        server=["squid", "mit-krb5"],
    ),
    http(
        "proxy_and_origin_kerberos",
        "Squid and Apache behind it, both by Kerberos",
        "One request holds two tokens for two servers.",
        f"web -x http://proxy.nego.test:3128 --proxy-negotiate -U : --negotiate -u : {WEB}/krb/",
        before=LOGIN,
        server=["squid", *APACHE],
        negotiations=2,
    ),
    http(
        "proxy_basic",
        "Squid, Basic",
        "A password for the proxy in the clear.",
        f"web -x http://proxy.nego.test:3128 --proxy-basic -U ada:Engine-1843 {WEB}/open/",
        client=["curl"],
        server=["squid"],
    ),
    http(
        "proxy_basic_wrong_password",
        "Squid, Basic, wrong password",
        "407 again.",
        f"web -x http://proxy.nego.test:3128 --proxy-basic -U ada:not-hers {WEB}/open/",
        client=["curl"],
        server=["squid"],
        secrets={},
    ),
    http(
        "proxy_no_credentials",
        "Squid, and nothing to answer with",
        "A client without credentials gets 407 and leaves: no negotiation.",
        f"web -x http://proxy.nego.test:3128 {WEB}/open/",
        client=["curl"],
        server=["squid"],
        secrets={},
        negotiations=0,
    ),
]
