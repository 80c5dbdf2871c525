"""The cases that ask why it was NTLM over HTTP: KDCs that cannot be found or reached, other realms, machines in no domain."""

from cases import Case
from cases_ends import MIT
from cases_http import LOGIN, WEB, by_ntlm, http

ADA = "NEGO:ada:Engine-1843"
TICKET = "HTTP/web.nego.test"
PAGE = f"web -4 --negotiate -u : {WEB}/nego/"
OTHER = "export KRB5_CONFIG=$LAB/dir/realm/krb5.conf"
OTHER_LOGIN = f"{OTHER}; kinit ada@OTHER.TEST <<<Engine-1843"
SAMBA = "/usr/bin/python3 $RECIPE/servers/samba_acceptor.py 8081"
DNSMASQ = (
    "start dns dir dnsmasq -k --conf-file=/dev/null --no-hosts --no-resolv --domain-needed "
    "--server=/nego.test/10.99.0.1"
)
ASK_DNSMASQ = (
    "printf 'search nego.test\\nnameserver 10.99.0.3\\n' >$LAB/desk/resolv.conf; "
    "mount --bind $LAB/desk/resolv.conf /etc/resolv.conf"
)
NMBD = (
    "own=$LAB/web/nmb; mkdir -p $own; { printf '[global]\\nnetbios name = INTRANET\\nworkgroup = NEGO\\n'; "
    'for kind in lock state cache pid; do echo "$kind directory = $own"; done; echo "private dir = $own"; } >$own.conf; '
    "start nmb web nmbd -F --no-process-group -s $own.conf"
)
REJECT = "-p {} --dport 88 -j REJECT --reject-with icmp-port-unreachable"


def unreachable(name: str, title: str, purpose: str, script: str, **rest) -> Case:
    """curl has a ticket-granting ticket, gets no further one and offers NTLM."""
    rest["before"] = "; ".join(filter(None, [LOGIN, rest.get("before")]))
    return by_ntlm(name, title, purpose, ADA, script, **rest)


def among_samba(
    name: str, title: str, purpose: str, server: str, conf: str, user: str, **rest
) -> Case:
    """SPNEGO with NTLM between Samba's library at the desk and on `server`."""
    host = f"{server}.nego.test:8081"
    return http(
        name,
        title,
        purpose,
        f"/usr/bin/python3 $RECIPE/clients/http_samba.py {host} /nego/ Negotiate spnego '{user}' Engine-1843",
        before=f"start samba {server} {SAMBA} {conf}; sleep 2",
        after=f"end {server} samba",
        client=["samba"],
        server=["samba"],
        **rest,
    )


CASES = [
    unreachable(
        "fallback_kdc_not_in_dns",
        "No KDC in DNS, so NTLM",
        "The client looks for its realm's KDC over UDP and TCP; there are no such names, and SPNEGO offers NTLM.",
        f"kdc_by_dns; {PAGE}",
        before="kdc_in_dns delete",
        after="kdc_in_dns add",
    ),
    unreachable(
        "fallback_kdc_dns_down",
        "Nobody can say where the KDC is, so NTLM",
        "The name server is silent: the look-up of the realm's KDCs gets no answer, and SPNEGO offers NTLM.",
        "kdc_by_dns; echo 'nameserver 10.99.0.9' >$LAB/desk/resolv.conf; "
        "echo 'options timeout:1 attempts:1' >>$LAB/desk/resolv.conf; "
        f"mount --bind $LAB/desk/resolv.conf /etc/resolv.conf; {PAGE} --resolve web.nego.test:80:10.99.0.2",
    ),
    unreachable(
        "fallback_kdc_port_unreachable",
        "ICMP instead of a ticket, so NTLM",
        "A packet filter answers whatever is sent to the KDC's port with ICMP port unreachable; SPNEGO offers NTLM.",
        f"krb5_with 'kdc = 10.99.0.2'; {PAGE}",
        before=f"for proto in tcp udp; do on web iptables -A INPUT {REJECT.format('$proto')}; done",
        after="on web iptables -F INPUT",
        kdc=[f"TGS - {TICKET} no answer"],
    ),
    unreachable(
        "fallback_kdc_prohibited",
        "A router before the KDC, so NTLM",
        "The KDC is behind a router that lets nobody through: administratively prohibited, over IPv6.",
        f"krb5_with 'kdc = [fd99:1::88]' 'udp_preference_limit = 1'; {PAGE}",
        before="on dir sysctl -qw net.ipv6.conf.all.forwarding=1; on dir ip -6 route add prohibit fd99:1::/64; "
        "ip -6 route add fd99:1::/64 via fd99::3; sleep 1",
        after="ip -6 route del fd99:1::/64; on dir ip -6 route del prohibit fd99:1::/64; "
        "on dir sysctl -qw net.ipv6.conf.all.forwarding=0",
        kdc=[f"TGS - {TICKET} no answer"],
    ),
    by_ntlm(
        "kdc_without_database",
        "NTLM since the KDC has lost its database",
        "The database of MIT's KDC is gone: KRB_ERR_GENERIC in answer to the TGS-REQ, then NTLM in SPNEGO.",
        ADA,
        f"{OTHER}; {PAGE}",
        before=f"{OTHER_LOGIN}; mv $LAB/dir/realm/principal $LAB/dir/realm/gone",
        after="mv $LAB/dir/realm/gone $LAB/dir/realm/principal",
        kdc=[f"TGS - {TICKET} KRB_ERR_GENERIC"] * 2,
    ),
    among_samba(
        "server_without_domain",
        "A server in a workgroup",
        "The challenge's target is the server itself and so is its domain; a local account has the name and password of the "
        "user, who is of a domain.",
        "files",
        "$LAB/files/kiosk/etc/smb.conf realm=",
        "NEGO\\ada",
    ),
    among_samba(
        "client_without_domain",
        "A client in a workgroup",
        "The user's domain is the client's own name; the controller, which does not know it, takes the account of that name.",
        "dc",
        "$LAB/dc/ad/etc/smb.conf",
        "DESK\\ada",
    ),
    by_ntlm(
        "local_account",
        "A local account of a server in a domain",
        "The server offers Negotiate, and the account's domain is the server's own name: no KDC knows it.",
        "WEB:operator:Own-Key-5",
        f"web -4 --anyauth -u : {WEB}:8083/",
        before="echo WEB:operator:Own-Key-5 >$LAB/web/own-users; chmod a+r $LAB/web/own-users; "
        "start own web env NTLM_USER_FILE=$LAB/web/own-users NETBIOS_COMPUTER_NAME=WEB NETBIOS_DOMAIN_NAME=NEGO "
        "$LAB/venv/bin/python $RECIPE/servers/gss_acceptor.py 8083 ntlm; sleep 1",
        after="end web own",
        server=["gss-ntlmssp", *MIT],
        secrets={"operator": "Own-Key-5"},
    ),
    by_ntlm(
        "name_not_in_dns",
        "A name that DNS does not know",
        "NXDOMAIN with suffix and without; NetBIOS finds the host by broadcast, and NTLM follows.",
        ADA,
        f"{ASK_DNSMASQ}; web -4 --negotiate -u : http://intranet/nego/; "
        "at=$(nmblookup -s $conf intranet | sed -n 's/ intranet<00>$//p'); "
        "web -4 --negotiate -u : --resolve intranet:80:$at http://intranet/nego/",
        before=f"{DNSMASQ}; {NMBD}; sleep 6",
        after="end web nmb; end dir dns",
        server=["samba", "dnsmasq", "apache", "mod_auth_gssapi", "gss-ntlmssp"],
    ),
]
